#include "proto/chunked.h"

#include "base/ascii.h"

namespace xh::proto {

namespace {
constexpr int kMaxDigits = 16;
// A chunk excuses 16 bytes of framing and two per byte of data; what is above adds up.
constexpr int64_t kExcusedPerChunk = 16;
}  // namespace

void ChunkedDecoder::reset(const Limits& limits, Leniency leniency) noexcept {
    *this = ChunkedDecoder();
    leniency_ = leniency;
    max_ext_ = limits.max_chunk_ext;
    max_body_ = limits.max_body_bytes;
}

ChunkedDecoder::Step ChunkedDecoder::next(const char* p, size_t n) noexcept {
    size_t used = 0;
    if (status_ != XH_OK) return {Event::Error, 0, 0};
    for (;;) {
        if (state_ == State::Data) {
            if (left_ == 0) {
                state_ = State::DataCr;
            } else {
                const size_t there = n - used;
                if (there == 0) return {Event::More, used, 0};
                return {Event::Data, used, left_ < there ? static_cast<size_t>(left_) : there};
            }
        }
        if (state_ == State::Done) return {Event::Last, used, 0};
        if (used == n) return {Event::More, used, 0};
        bool again = false;
        status_ = framing_byte(p[used], again);
        if (status_ != XH_OK) return {Event::Error, used, 0};
        if (!again) {
            ++used;
            ++line_bytes_;
        }
    }
}

// `again`: the byte belongs to the next state.
xh_status ChunkedDecoder::framing_byte(char c, bool& again) noexcept {
    switch (state_) {
        case State::SizeFirst:
        case State::Size:
            if (base::hex_value(c) >= 0) return size_digit(c);
            return state_ == State::Size ? size_end(c) : XH_E_BAD_CHUNK;
        case State::SizeSpace: return base::is_ows(c) ? XH_OK : size_end(c);
        case State::SizeLf:
            if (c != '\n') {
                if ((leniency_ & kLenientOptionalLfAfterCr) == 0) return XH_E_BAD_LINE_END;
                again = true;
            }
            return size_line_done();
        case State::DataCr:
            if (c == '\r') {
                state_ = State::DataLf;
            } else if (c == '\n' && (leniency_ & kLenientOptionalCrBeforeLf) != 0) {
                state_ = State::SizeFirst;
            } else if ((leniency_ & kLenientOptionalCrlfAfterChunk) != 0) {
                again = true;
                state_ = State::SizeFirst;
            } else {
                return XH_E_BAD_CHUNK;
            }
            return XH_OK;
        case State::DataLf:
            state_ = State::SizeFirst;
            if (c == '\n') return XH_OK;
            if ((leniency_ & kLenientOptionalLfAfterCr) == 0) return XH_E_BAD_LINE_END;
            again = true;
            return XH_OK;
        default: return extension(c);
    }
}

xh_status ChunkedDecoder::size_digit(char c) noexcept {
    if (state_ == State::SizeFirst) {
        size_ = 0;
        digits_ = 0;
        state_ = State::Size;
    }
    // Bounds the number of digits too, so leading zeros are no endless line.
    if (++digits_ > kMaxDigits || (size_ >> 59) != 0) return XH_E_BAD_CHUNK;
    size_ = (size_ << 4) | static_cast<uint64_t>(base::hex_value(c));
    return XH_OK;
}

xh_status ChunkedDecoder::size_end(char c) noexcept {
    if (c == '\r') {
        state_ = State::SizeLf;
        return XH_OK;
    }
    if (c == '\n') return (leniency_ & kLenientOptionalCrBeforeLf) != 0 ? size_line_done() : XH_E_BAD_LINE_END;
    if (c == ';') {
        state_ = State::ExtName0;
        return ++ext_bytes_ > max_ext_ ? XH_E_CHUNK_OVERHEAD : XH_OK;
    }
    if (base::is_ows(c) && (leniency_ & kLenientSpacesAfterChunkSize) != 0) {
        state_ = State::SizeSpace;
        return ++ext_bytes_ > max_ext_ ? XH_E_CHUNK_OVERHEAD : XH_OK;
    }
    return XH_E_BAD_CHUNK;
}

// Extensions are read only to find the true end of the line: ";" name [ "=" ( token / quoted string ) ].
xh_status ChunkedDecoder::extension(char c) noexcept {
    const bool token = base::has_class(c, base::kToken);
    bool end = false;
    switch (state_) {
        case State::ExtName0:
        case State::ExtName:
            if (token) {
                state_ = State::ExtName;
            } else if (state_ == State::ExtName && c == '=') {
                state_ = State::ExtValue0;
            } else {
                end = true;
            }
            if (end && state_ == State::ExtName0) return XH_E_BAD_CHUNK;
            break;
        case State::ExtValue0:
            if (!token && c != '"') return XH_E_BAD_CHUNK;
            state_ = token ? State::ExtValue : State::ExtQuoted;
            break;
        case State::ExtValue: end = !token; break;
        case State::ExtQuoted:
        case State::ExtEscaped:
            if (!base::has_class(c, base::kValue)) return XH_E_BAD_CHUNK;
            if (state_ == State::ExtEscaped) {
                state_ = State::ExtQuoted;
            } else if (c == '"') {
                state_ = State::ExtAfter;
            } else if (c == '\\') {
                state_ = State::ExtEscaped;
            }
            break;
        default: end = true; break;
    }
    if (end) return size_end(c);
    return ++ext_bytes_ > max_ext_ ? XH_E_CHUNK_OVERHEAD : XH_OK;
}

xh_status ChunkedDecoder::size_line_done() noexcept {
    if (size_ == 0) {
        state_ = State::Done;
        return XH_OK;
    }
    if (size_ > max_body_ || announced_ > max_body_ - size_) return XH_E_BODY_TOO_LARGE;
    if (size_ > INT64_MAX - announced_) return XH_E_BAD_CHUNK;
    const int64_t data = size_ > (1u << 30) ? (1 << 30) : static_cast<int64_t>(size_);
    excess_ += static_cast<int64_t>(line_bytes_) - kExcusedPerChunk - 2 * data;
    if (excess_ < 0) excess_ = 0;
    if (excess_ > max_ext_) return XH_E_CHUNK_OVERHEAD;
    line_bytes_ = 0;
    announced_ += size_;
    left_ = size_;
    state_ = State::Data;
    return XH_OK;
}

}  // namespace xh::proto
