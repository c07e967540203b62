#pragma once
// The body of the final response on its way to the application: window, decoding, collecting, conversion (Q06, Q07, Q13).

#include <memory>

#include "base/buffer.h"
#include "client/file_sink.h"
#include "client/options.h"
#include "client/response.h"
#include "proto/content_coding.h"

namespace xh::client {

/// Hears the pieces that go to on_data.
class DataTaker {
public:
    /// `buffer` holds the bytes, for keeping them.
    virtual void on_body_data(std::string_view data, base::Buffer* buffer) = 0;
    /// True while the application takes no more: it paused, or ended the request.
    virtual bool data_stopped() const noexcept = 0;

protected:
    ~DataTaker() = default;
};

/// Where the pieces go.
struct BodyWay {
    bool to_app = false;       ///< to on_data
    bool keep = true;          ///< to the response, when XH_OPT_RETURN_RESPONSE_BODY wants it, or to the file
    FileSink* file = nullptr;  ///< takes the body instead of the response; started, and borrowed until finish()
};

class IncomingBody {
public:
    explicit IncomingBody(DataTaker& taker) noexcept : taker_(taker) {}

    /// The head has come.
    /// @return XH_OK; XH_E_UNKNOWN_CODING, XH_E_TOO_MANY_CODINGS
    xh_status begin(const Options& options, const Response& response, const BodyWay& way, int64_t announced);

    /// Takes coded bytes as they come; fewer than n when the application takes no more now. `error` is set when it fails.
    std::size_t take(const char* data, std::size_t n, base::Buffer* buffer, base::Error& error);
    /// Goes on with what is held back; true when nothing is.
    bool drain(base::Error& error);
    /// The message has ended and nothing is held back: checks that the coding has ended, too, and gives the body to the
    /// response.
    void finish(const Options& options, Response& response, base::Error& error);

    void consume(std::size_t n) noexcept;
    bool stopped() const noexcept { return (to_app_ && manual_ && credit_ <= 0) || taker_.data_stopped(); }
    /// Coded bytes that came.
    uint64_t received() const noexcept { return received_; }

private:
    std::size_t give(std::string_view data, base::Buffer* buffer);
    std::size_t take_plain(const char* data, std::size_t n, base::Buffer* buffer, base::Error& error);
    std::size_t take_coded_for_app(const char* data, std::size_t n, base::Error& error);
    bool collect_coded(std::string_view data, base::Error& error);
    bool collect(std::string_view data, base::Error& error);
    bool decode_failed(base::Error& error) const;

    static constexpr std::size_t kDecodeBytes = 64 * 1024;

    DataTaker& taker_;
    FileSink* file_ = nullptr;
    std::unique_ptr<proto::ContentDecoder> decoder_;
    base::Ref<base::Buffer> decoded_;
    base::String collected_;
    int64_t credit_ = 0;
    int64_t window_ = 0;
    uint64_t received_ = 0;
    uint64_t most_ = 0;
    uint64_t given_ = 0;
    bool to_app_ = false;
    bool decode_for_app_ = false;
    bool keep_ = false;
    bool manual_ = false;
    bool decoder_full_ = false;  // it holds output that did not fit
};

/// Turns a collected body into what XH_OPT_DATA_TYPE asks for.
void convert_body(int32_t data_type, base::String body, Response& response, base::Error& error);

}  // namespace xh::client
