#pragma once
// Heads, chunk lines and trailers as bytes (RFC 9112). Everything written goes through header_rules: this is the one door to
// the wire, so a CR LF in a value cannot become a header line.

#include <string_view>

#include "base/alloc.h"
#include "proto/http_names.h"
#include "xh/base.h"

namespace xh::proto {

/// Appends one head (or last chunk with trailers) to a caller's string, which keeps its capacity from use to use.
/// The first error sticks: nothing more is appended, and finish() cuts the string back to where it was.
class HeadWriter {
public:
    /// @param max_bytes  how long the head may become; XH_E_HEADER_OVERFLOW above it
    explicit HeadWriter(base::String& out, size_t max_bytes = 1u << 20) noexcept
        : out_(out), start_(out.size()), limit_(max_bytes) {}

    /// @param minor  0 or 1 of HTTP/1.x
    void request_line(std::string_view method, std::string_view target, int minor = 1);
    /// @param status  100..999 (else XH_E_INVALID_ARGUMENT); `reason` may be empty
    void status_line(unsigned status, std::string_view reason, int minor = 1);
    /// One header line; order and case are kept. Content-Length and Transfer-Encoding given here count as framing:
    /// a bad length is XH_E_INVALID_HEADER_VALUE, a second length or both together XH_E_OPTION_CONFLICT.
    void field(std::string_view name, std::string_view value);
    /// A header line of a caller whose name was checked before (check_header_name, known_header); the value is checked here.
    void checked_field(Known known, std::string_view name, std::string_view value);
    /// A line that xh itself writes: `name` is a constant with its colon and space ("Host: "); the value is checked.
    /// Not for framing, which has functions of its own.
    void own_field(std::string_view name, std::string_view value);
    void content_length(uint64_t length);
    void chunked();
    /// Starts the end of a chunked body: "0 CRLF". Trailer fields may follow (framing names are refused), then finish().
    void last_chunk();

    bool has_length() const noexcept { return has_length_; }
    bool has_transfer_encoding() const noexcept { return has_transfer_encoding_; }
    xh_status status() const noexcept { return status_; }

    /// Writes the empty line. XH_OK, or the first error.
    xh_status finish();

private:
    bool room(size_t n);
    void line(std::string_view a, std::string_view b, std::string_view c);
    void fail(xh_status status) noexcept;
    bool framing(Known known, std::string_view value);

    base::String& out_;
    size_t start_;
    size_t limit_;
    xh_status status_ = XH_OK;
    bool has_length_ = false;
    bool has_transfer_encoding_ = false;
    bool trailers_ = false;
};

/// Longest chunk line: 16 digits and CR LF.
inline constexpr size_t kMaxChunkLine = 18;
/// Writes the line before a chunk of `size` bytes (not 0: that would end the body); CR LF follows the data. Returns its length.
size_t write_chunk_line(char* out, uint64_t size) noexcept;
/// The end of a chunked body without trailers.
inline constexpr std::string_view kLastChunk = "0\r\n\r\n";
inline constexpr std::string_view kCrLf = "\r\n";

}  // namespace xh::proto
