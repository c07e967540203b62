#pragma once
// The chunked coding (RFC 9112 7.1) without its trailer section: tells framing bytes from data bytes.

#include "proto/http1_types.h"

namespace xh::proto {

/// A pull parser over pushed bytes: next() eats framing and stops where data begins. No buffer, no allocation.
class ChunkedDecoder {
public:
    enum class Event : uint8_t {
        More,  ///< all bytes were framing; give more
        Data,  ///< `data` bytes at p + used belong to the body; call take() for those that were used
        Last,  ///< the line of the last chunk is over; the trailer section (at least an empty line) follows at p + used
        Error,  ///< status(); the bad byte is at p + used. Every later call says the same
    };
    struct Step {
        Event event;
        size_t used;
        size_t data;
    };

    void reset(const Limits& limits, Leniency leniency) noexcept;
    Step next(const char* p, size_t n) noexcept;
    /// Says that k (at most the last step's `data`) bytes of the data are used up.
    void take(size_t k) noexcept { left_ -= k; }

    xh_status status() const noexcept { return status_; }
    uint64_t body_bytes() const noexcept { return announced_ - left_; }

private:
    enum class State : uint8_t {
        SizeFirst,  ///< first digit of a size
        Size,       ///< further digits, or the end of the size
        SizeSpace,  ///< behind spaces after the size (leniency)
        ExtName0,   ///< behind ";": first byte of a name
        ExtName,
        ExtValue0,   ///< behind "=": first byte of a value
        ExtValue,    ///< in a token
        ExtQuoted,   ///< in a quoted string
        ExtEscaped,  ///< behind "\" in a quoted string
        ExtAfter,    ///< behind a quoted string
        SizeLf,      ///< behind the CR of a size line
        Data,
        DataCr,  ///< behind the data
        DataLf,
        Done,
    };

    xh_status framing_byte(char c, bool& again) noexcept;
    xh_status size_digit(char c) noexcept;
    xh_status size_end(char c) noexcept;
    xh_status extension(char c) noexcept;
    xh_status size_line_done() noexcept;

    State state_ = State::SizeFirst;
    uint8_t digits_ = 0;
    Leniency leniency_ = 0;
    xh_status status_ = XH_OK;
    uint32_t max_ext_ = 16384;
    uint32_t ext_bytes_ = 0;
    uint64_t size_ = 0;       // of the chunk whose line is read
    uint64_t left_ = 0;       // of the current chunk's data
    uint64_t announced_ = 0;  // sum of the sizes so far
    uint64_t max_body_ = UINT64_MAX;
    int64_t excess_ = 0;  // framing bytes beyond what the data excuses
    uint32_t line_bytes_ = 0;
};

}  // namespace xh::proto
