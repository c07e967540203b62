#pragma once
// Parses one head (start line and header lines up to the empty line) or one trailer section, in pieces of any size.
// A head that comes whole is read where it lies: no copy, no allocation. Otherwise its bytes are gathered in a bounded buffer
// and parsing goes on where it stopped, so the cost is linear even at one byte a call.

#include "base/alloc.h"
#include "proto/head_scan.h"
#include "proto/http1_framing.h"
#include "proto/http1_types.h"

namespace xh::proto {

class HeadParser {
public:
    enum class Result : uint8_t { More, Done, Error };

    void configure(const Limits& limits, Leniency leniency) noexcept;
    void begin_head(Role role) noexcept;
    void begin_trailers() noexcept;

    /// @param used  out: bytes taken of p; on Done up to the first byte behind the empty line
    Result feed(const char* p, size_t n, size_t& used);

    /// After Done, until the next begin or feed: the head with its framing decided (trailers: data, size, headers only).
    const Head& head() const noexcept { return head_; }
    Head& head() noexcept { return head_; }
    /// After Error: what is wrong, and at which byte of the head.
    xh_status error() const noexcept { return error_; }
    uint32_t error_at() const noexcept { return error_at_; }
    /// Bytes of the head so far (after Done: its size).
    uint32_t bytes() const noexcept { return bytes_; }
    /// Gives back what an unusually large head made it keep.
    void trim_memory() noexcept;

private:
    enum class Kind : uint8_t { Request, Response, Trailers };

    void begin(Kind kind, uint32_t limit) noexcept;
    Result gather(const char* p, size_t n, size_t& used);
    Result scan(const char* data, uint32_t avail);
    Result scan_avx2(const char* data, uint32_t avail);
    Result scan_blocks(const char* data, uint32_t avail, scan::MasksRun masks_run);
    Result lines_of(const char* data, uint32_t avail, const scan::Masks* masks, uint32_t blocks, uint32_t n);
    static uint64_t exact_bad(const char* data, uint32_t pos, uint32_t n, uint64_t odd, uint64_t lf,
                              uint64_t carry) noexcept;
    xh_status bad_line_error() const noexcept;
    Result bad_line_end(const char* data, uint32_t lf) noexcept;
    Result bad_byte(const char* data, uint32_t at) noexcept;
    Result scan_lenient(char* data, uint32_t avail);
    Result take_lenient_line(char* data, uint32_t avail, uint32_t end, uint32_t next);
    Result finish(const char* data, uint32_t end);

    bool start_line(const char* data, uint32_t begin, uint32_t end);
    bool status_line(const char* data, uint32_t begin, uint32_t end);
    bool request_line(const char* data, uint32_t begin, uint32_t end);
    bool version(const char* data, uint32_t at) noexcept;
    bool field(const char* data, uint32_t begin, uint32_t end, uint32_t avail);
    bool slow_field(const char* data, uint32_t begin, uint32_t end);
    bool add_field(const char* data, uint32_t begin, uint32_t name_len, uint32_t colon, uint32_t end, Known known);
    bool take_framing(const char* data, const HeaderSpan& header);
    bool grow(uint32_t begin);
    bool fail(xh_status error, uint32_t at) noexcept;

    Head head_;
    Framing framing_;
    Kind kind_ = Kind::Response;
    bool start_pending_ = true;
    bool lenient_lines_ = false;
    Leniency leniency_ = 0;
    uint32_t limit_ = 16384;
    uint32_t max_headers_ = 2000;
    uint32_t max_head_ = 16384;
    uint32_t max_trailers_ = 16384;
    uint32_t scan_ = 0;   // first byte not looked at
    uint32_t line_ = 0;   // start of the current line
    uint64_t carry_ = 0;  // 1 when the byte before scan_ is CR, which LF has to follow
    uint32_t count_ = 0;
    uint32_t capacity_ = 0;  // of spans_, within max_headers_
    uint32_t end_ = 0;
    uint32_t bytes_ = 0;
    xh_status error_ = XH_OK;
    uint32_t error_at_ = 0;
    base::Vec<HeaderSpan> spans_;  // used up to count_, size is the capacity
    base::String buffer_;          // the head so far, when it came in pieces
};

}  // namespace xh::proto
