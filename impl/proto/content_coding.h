#pragma once
// Content-Encoding of received bodies: gzip, deflate, br, zstd, at most two on top of each other. Bytes in, bytes out; the
// caller owns both buffers, so a paused body keeps its compressed form.
//
//   gzip, x-gzip   several members in a row; what follows the last member and is no member is ignored (servers pad)
//   deflate        zlib format, or raw when the first two bytes are no zlib header; trailing bytes ignored
//   br             trailing bytes are an error
//   zstd           several frames, windows of at most 8 MiB (RFC 9659); trailing bytes are an error
//   identity       skipped, not counted
//
// A body of no bytes is the empty body in every coding: that is what HEAD, 204 and careless servers send.

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/alloc.h"
#include "xh/base.h"

namespace xh::proto {

/// What to send as Accept-Encoding.
constexpr std::string_view kAcceptEncoding = "gzip, deflate, br, zstd";

enum class ContentCoding : uint8_t { Gzip, Deflate, Brotli, Zstd };

constexpr std::size_t kMaxCodings = 2;

/// The codings in the order they were applied, over all field lines.
struct CodingList {
    ContentCoding codings[kMaxCodings];
    std::size_t count = 0;

    /// @return XH_E_UNKNOWN_CODING; XH_E_TOO_MANY_CODINGS
    xh_status add(std::string_view field) noexcept;
};

/// Bounds against decompression bombs; each also holds for what passes between two codings.
struct CodingLimits {
    /// Decoded bytes in all.
    uint64_t max_decoded = UINT64_MAX;
    /// Decoded bytes per coded byte, checked once `ratio_floor` bytes were decoded. Measured over 16 MiB with gzip, br and
    /// zstd: logs and HTML lists 11 to 56, JSON records 15 to 56, sparse tables 211 to 326; one record over and over 343 in
    /// gzip, blank space 1028. Above 1000 there is only blank space, one record over and over (br, zstd), or a bomb. The
    /// floor lets small blank images and files through.
    uint32_t max_ratio = 1000;
    uint64_t ratio_floor = 8u << 20;
};

/// One coding. Implemented by coding_*.cpp.
class CodingStage : public base::Allocated {
public:
    enum class Step : uint8_t {
        NeedInput,   ///< all input is used and all its output is written
        NeedOutput,  ///< `out` is full; call again with more room, even without input
        Error        ///< `status()` says what; for ever
    };
    virtual ~CodingStage() = default;
    /// Moves `in` and `out` forward over what was read and written.
    virtual Step run(std::string_view& in, char*& out, std::size_t& room) noexcept = 0;
    /// True when the stream may end here: it has ended, or nothing came.
    virtual bool at_end() const noexcept = 0;

    xh_status status() const noexcept { return status_; }
    /// The codec's own words about the error; static text, may be empty.
    const char* detail() const noexcept { return detail_; }

protected:
    Step fail(xh_status status, const char* detail) noexcept {
        status_ = status;
        detail_ = detail ? detail : "";
        return Step::Error;
    }

private:
    xh_status status_ = XH_OK;
    const char* detail_ = "";
};

std::unique_ptr<CodingStage> make_gzip_stage();
std::unique_ptr<CodingStage> make_deflate_stage();
std::unique_ptr<CodingStage> make_brotli_stage();
std::unique_ptr<CodingStage> make_zstd_stage();

class ContentDecoder : public base::Allocated {
public:
    enum class Result : uint8_t {
        NeedInput,   ///< everything given was used; nothing is held back
        NeedOutput,  ///< `out` is full; call again, with the rest of the input or with none
        Error        ///< `status()`; later calls give the same
    };

    /// @param fields  the values of all Content-Encoding lines, in order
    /// @param status  XH_OK; XH_E_UNKNOWN_CODING; XH_E_TOO_MANY_CODINGS
    /// @return nullptr on error, and with XH_OK when there is nothing to decode
    static std::unique_ptr<ContentDecoder> create(const std::string_view* fields, std::size_t count,
                                                  const CodingLimits& limits, xh_status& status);

    /// Decodes from `in` (n bytes) to `out` (cap bytes, at least 1); says how many were read and written. Bytes written
    /// count even when the result is Error.
    Result decode(const char* in, std::size_t n, std::size_t& used, char* out, std::size_t cap,
                  std::size_t& produced) noexcept;

    /// Call when the body has ended and the last result was NeedInput.
    /// @return XH_OK; XH_E_TRUNCATED when the coded data goes on; the status of an earlier error
    xh_status finish() noexcept;

    xh_status status() const noexcept { return status_; }
    const char* detail() const noexcept { return detail_; }
    uint64_t bytes_in() const noexcept { return total_in_; }
    uint64_t bytes_out() const noexcept { return total_out_; }

private:
    static constexpr std::size_t kMiddle = 16 * 1024;

    explicit ContentDecoder(const CodingLimits& limits) noexcept : limits_(limits) {}
    Result fail(xh_status status, const char* detail) noexcept;
    Result run_one(std::string_view& in, char*& out, std::size_t& room) noexcept;
    Result run_two(std::string_view& in, char*& out, std::size_t& room) noexcept;
    /// Whether `total` decoded bytes are within the limits.
    bool within(uint64_t total) noexcept;

    CodingLimits limits_;
    std::unique_ptr<CodingStage> first_;   // reads the body
    std::unique_ptr<CodingStage> second_;  // reads what first_ wrote; or none
    base::Vec<char> middle_;
    std::size_t middle_at_ = 0;
    std::size_t middle_end_ = 0;
    bool first_full_ = false;  // first_ stopped at a full buffer and may have more
    bool second_full_ = false;
    uint64_t total_in_ = 0;
    uint64_t total_middle_ = 0;
    uint64_t total_out_ = 0;
    xh_status status_ = XH_OK;
    const char* detail_ = "";
};

}  // namespace xh::proto
