#pragma once
// The final response (Q25): its head in one block, its body when that has come.

#include <atomic>

#include "base/live.h"
#include "base/ref.h"
#include "json/json.h"
#include "proto/http1_types.h"
#include "xh/options.h"

namespace xh::client {

struct TrailerField {
    base::String name;
    base::String value;
};

/// Immutable but for the body, which is published once.
class Response final : public base::Counted {
public:
    struct Line {
        std::string_view name;   ///< as received
        std::string_view lower;  ///< in lower case
        std::string_view value;
        proto::Known known;
    };

    /// One block holds the object, its index and the texts, each NUL-terminated.
    static base::Ref<Response> make(const proto::Head& head, std::string_view url);

    int status() const noexcept { return status_; }
    std::string_view reason() const noexcept { return reason_; }
    std::string_view protocol() const noexcept { return minor_ == 0 ? "HTTP/1.0" : "HTTP/1.1"; }
    std::string_view url() const noexcept { return url_; }
    std::size_t count() const noexcept { return count_; }
    const Line& line(std::size_t i) const noexcept { return lines_[i]; }
    /// The `nth` value of a name in any case; data() nullptr when there are fewer.
    std::string_view find(std::string_view name, std::size_t nth) const noexcept;
    std::string_view find(proto::Known known) const noexcept;

    // written by the loop's thread before publish(), read by others after it
    base::String body;
    base::Ref<json::Value> json;
    base::Vec<TrailerField> trailers;
    int32_t body_type = -1;
    void publish() noexcept { complete_.store(true, std::memory_order_release); }
    bool complete() const noexcept { return complete_.load(std::memory_order_acquire); }

private:
    Response() = default;
    int status_ = 0;
    uint8_t minor_ = 1;
    std::string_view reason_;
    std::string_view url_;
    Line* lines_ = nullptr;
    std::size_t count_ = 0;
    std::atomic<bool> complete_{false};
    base::Live<XH_LIVE_HANDLES> live_;
};

}  // namespace xh::client
