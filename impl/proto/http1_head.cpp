#include "proto/http1_head.h"

#include "base/ascii.h"
#include "proto/head_scan.h"
#include "proto/header_rules.h"

namespace xh::proto {

namespace {
constexpr size_t kKeptSpans = 64;     // of a pooled parser
constexpr size_t kKeptBuffer = 4096;  // of a pooled parser
constexpr size_t kGatherStep = 1024;  // copied at most beyond the end of a head in pieces
}  // namespace

void HeadParser::configure(const Limits& limits, Leniency leniency) noexcept {
    leniency_ = leniency;
    lenient_lines_ = (leniency & (kLenientHeaders | kLenientOptionalLfAfterCr | kLenientOptionalCrBeforeLf)) != 0;
    max_head_ = limits.max_head_bytes;
    max_trailers_ = limits.max_trailer_bytes;
    max_headers_ = limits.max_headers == 0 ? UINT32_MAX : limits.max_headers;
}

void HeadParser::begin_head(Role role) noexcept {
    begin(role == Role::Request ? Kind::Request : Kind::Response, max_head_);
    framing_.reset(role, leniency_);
}

void HeadParser::begin_trailers() noexcept { begin(Kind::Trailers, max_trailers_); }

void HeadParser::begin(Kind kind, uint32_t limit) noexcept {
    kind_ = kind;
    limit_ = limit;
    start_pending_ = kind != Kind::Trailers;
    head_ = Head();
    scan_ = line_ = count_ = end_ = bytes_ = error_at_ = 0;
    capacity_ = spans_.size() < max_headers_ ? static_cast<uint32_t>(spans_.size()) : max_headers_;
    carry_ = 0;
    error_ = XH_OK;
    buffer_.clear();
}

void HeadParser::trim_memory() noexcept {
    if (spans_.size() > kKeptSpans) spans_ = base::Vec<HeaderSpan>();
    if (buffer_.capacity() > kKeptBuffer) buffer_ = base::String();
}

bool HeadParser::fail(xh_status error, uint32_t at) noexcept {
    error_ = error;
    error_at_ = at;
    return false;
}

HeadParser::Result HeadParser::feed(const char* p, size_t n, size_t& used) {
    used = 0;
    if (!buffer_.empty() || lenient_lines_) return gather(p, n, used);
    const uint32_t avail = n < limit_ ? static_cast<uint32_t>(n) : limit_;
    const Result result = scan(p, avail);
    if (result == Result::Done) {
        used = end_;
    } else if (result == Result::More) {
        if (avail == limit_) {
            fail(XH_E_HEADER_OVERFLOW, limit_);
            return Result::Error;
        }
        buffer_.assign(p, avail);
        used = bytes_ = avail;
    }
    return result;
}

HeadParser::Result HeadParser::gather(const char* p, size_t n, size_t& used) {
    while (used < n) {
        const size_t before = buffer_.size();
        size_t step = n - used < kGatherStep ? n - used : kGatherStep;
        if (step > limit_ - before) step = limit_ - before;
        buffer_.append(p + used, step);
        const uint32_t avail = static_cast<uint32_t>(buffer_.size());
        const Result result = lenient_lines_ ? scan_lenient(buffer_.data(), avail) : scan(buffer_.data(), avail);
        if (result == Result::Done) used += end_ - before;
        if (result != Result::More) return result;
        used += step;
        bytes_ = avail;
        if (avail == limit_) {
            fail(XH_E_HEADER_OVERFLOW, limit_);
            return Result::Error;
        }
    }
    return Result::More;
}

// An LF without CR.
HeadParser::Result HeadParser::bad_line_end(const char* data, uint32_t lf) noexcept {
    if (base::has_class(data[lf - 1], base::kValue)) {
        fail(XH_E_BAD_LINE_END, lf);
    } else {
        fail(bad_line_error(), lf - 1);
    }
    return Result::Error;
}

HeadParser::Result HeadParser::bad_byte(const char* data, uint32_t at) noexcept {
    const bool line_end = data[at] == '\n' || data[at] == '\r' || (at > 0 && data[at - 1] == '\r');
    fail(line_end ? XH_E_BAD_LINE_END : bad_line_error(), at);
    return Result::Error;
}

// Bits of the bytes that may not stand where they are: control bytes but HTAB, LF without CR, anything but LF after CR.
uint64_t HeadParser::exact_bad(const char* data, uint32_t pos, uint32_t n, uint64_t odd, uint64_t lf,
                               uint64_t carry) noexcept {
    uint64_t cr = 0, other = 0;
    for (uint64_t rest = odd & ~lf; rest != 0; rest &= rest - 1) {
        const unsigned i = scan::lowest(rest);
        if (data[pos + i] == '\r') {
            cr |= uint64_t{1} << i;
        } else if (!base::has_class(data[pos + i], base::kValue)) {
            other |= uint64_t{1} << i;
        }
    }
    return (other | (((cr << 1) | carry) ^ lf)) & (~uint64_t{0} >> (64 - n));
}

HeadParser::Result HeadParser::finish(const char* data, uint32_t end) {
    end_ = bytes_ = end;
    head_.data = data;
    head_.size = end;
    head_.headers = spans_.data();
    head_.header_count = count_;
    if (kind_ == Kind::Trailers) return Result::Done;
    const xh_status status = framing_.decide(head_);
    if (status == XH_OK) return Result::Done;
    fail(status, end);
    return Result::Error;
}

bool HeadParser::grow(uint32_t begin) {
    if (count_ >= max_headers_) return fail(XH_E_TOO_MANY_HEADERS, begin);
    if (count_ == spans_.size()) spans_.resize(spans_.empty() ? 32 : spans_.size() * 2);
    capacity_ = spans_.size() < max_headers_ ? static_cast<uint32_t>(spans_.size()) : max_headers_;
    return true;
}

XH_ALWAYS_INLINE bool HeadParser::add_field(const char* data, uint32_t begin, uint32_t name_len, uint32_t colon,
                                            uint32_t end, Known known) {
    // A line end stands at data[end], so the white space has an end.
    uint32_t first = colon + 1;
    if (data[first] == ' ') ++first;
    while (__builtin_expect(base::is_ows(data[first]), 0)) ++first;
    uint32_t last = end;
    while (last > first && __builtin_expect(base::is_ows(data[last - 1]), 0)) --last;
    if (__builtin_expect(count_ == capacity_, 0) && !grow(begin)) return false;
    HeaderSpan& span = spans_[count_++];
    span.name = {begin, name_len};
    span.value = {first, last - first};
    span.known = known;
    return known == Known::None || known > kLastFraming || take_framing(data, span);
}

bool HeadParser::take_framing(const char* data, const HeaderSpan& header) {
    const std::string_view value(data + header.value.pos, header.value.len);
    if (kind_ == Kind::Trailers) {
        // Framing that comes after the body is an attempt at smuggling, whatever it says (RFC 9110 6.5.1).
        if (header.known == Known::ContentLength || header.known == Known::TransferEncoding ||
            header.known == Known::Host)
            return fail(XH_E_BAD_HEADER, header.name.pos);
        return true;
    }
    const xh_status status = framing_.take(header.known, value);
    return status == XH_OK || fail(status, header.value.pos);
}

#if defined(XH_HEAD_SCAN_SSE2)

namespace {

// `v` holds the first 16 bytes at the name, which may go on behind the name.
XH_ALWAYS_INLINE Known known_of(const char* name, uint32_t len, __m128i v) noexcept {
    const uint32_t key = static_cast<uint32_t>(_mm_cvtsi128_si32(v)) & 0xffffffu;
    const uint8_t id = known_slots.ids[known_slot(key | 0x202020u, len)];
    if (known_lengths[id] != len) return Known::None;
    const char* text = known_texts[id];
    const __m128i space = _mm_set1_epi8(0x20);
    const uint64_t head = scan::mask16(_mm_cmpeq_epi8(_mm_or_si128(v, space), scan::load16(text)));
    if (len <= 16) return ((head + 1) & ((uint64_t{1} << len) - 1)) == 0 ? static_cast<Known>(id) : Known::None;
    const __m128i tail = _mm_or_si128(scan::load16(name + len - 16), space);
    const uint64_t rest = scan::mask16(_mm_cmpeq_epi8(tail, scan::load16(text + len - 16)));
    return (head & rest) == 0xffff ? static_cast<Known>(id) : Known::None;
}

}  // namespace

XH_ALWAYS_INLINE bool HeadParser::field(const char* data, uint32_t begin, uint32_t end, uint32_t avail) {
    const char* name = data + begin;
    if (__builtin_expect(avail - begin < 32, 0)) return slow_field(data, begin, end);
    const __m128i v = scan::load16(name);
    unsigned stops = scan::name_stops(v);
    if (stops == 0) stops = scan::name_stops(scan::load16(name + 16)) << 16;
    if (stops == 0) return slow_field(data, begin, end);
    const uint32_t len = static_cast<uint32_t>(__builtin_ctz(stops));
    if (len < 2 || name[len] != ':') return slow_field(data, begin, end);
    return add_field(data, begin, len, begin + len, end, known_of(name, len, v));
}

#else

XH_ALWAYS_INLINE bool HeadParser::field(const char* data, uint32_t begin, uint32_t end, uint32_t) {
    return slow_field(data, begin, end);
}

#endif

// The same code twice: for any processor, and for those with AVX2, where it needs fewer instructions.
HeadParser::Result HeadParser::scan(const char* data, uint32_t avail) {
#if defined(XH_HEAD_SCAN_AVX2)
    if (scan::has_avx2()) return scan_avx2(data, avail);
#endif
    return scan_blocks(data, avail, scan::masks_run);
}

#if defined(XH_HEAD_SCAN_AVX2)
XH_TARGET_AVX2 HeadParser::Result HeadParser::scan_avx2(const char* data, uint32_t avail) {
    return scan_blocks(data, avail, scan::masks_run_avx2);
}
#endif

XH_ALWAYS_INLINE HeadParser::Result HeadParser::scan_blocks(const char* data, uint32_t avail,
                                                            scan::MasksRun masks_run) {
    scan::Masks masks[scan::kRun];
    while (scan_ < avail) {
        const uint32_t left = avail - scan_;
        uint32_t blocks = 1, n = 64;
        if (left < 64) {
            n = left;
            masks[0] = scan::masks_at(data, scan_, n);
        } else {
            blocks = left / 64 < scan::kRun ? left / 64 : scan::kRun;
            masks_run(data + scan_, blocks, masks);
        }
        const Result result = lines_of(data, avail, masks, blocks, n);
        if (result != Result::More) return result;
    }
    return Result::More;
}

// The lines that end in `blocks` blocks of n bytes (64, or fewer in a single one). In nearly every head each odd byte is an LF
// or the CR before it; a block where that does not hold is looked at again, exactly. What the fast look cannot tell (that the
// byte before LF is CR) is tested per line.
XH_ALWAYS_INLINE HeadParser::Result HeadParser::lines_of(const char* data, uint32_t avail, const scan::Masks* masks,
                                                         uint32_t blocks, uint32_t n) {
    uint32_t pos = scan_, line = line_;
    uint64_t carry = carry_;
    for (const scan::Masks* last = masks + blocks; masks != last; ++masks, pos += n) {
        const uint64_t lf_bits = masks->lf, before_lf = masks->odd & ~lf_bits;
        uint64_t bad = (((before_lf << 1) | carry) ^ lf_bits) & (~uint64_t{0} >> (64 - n));
        if (__builtin_expect(bad != 0, 0)) bad = exact_bad(data, pos, n, masks->odd, lf_bits, carry);
        for (uint64_t ends = lf_bits & ((bad & (~bad + 1)) - 1); ends != 0; ends &= ends - 1) {
            const uint32_t lf = pos + scan::lowest(ends), end = lf - 1;
            if (__builtin_expect(data[end] != '\r', 0)) return bad_line_end(data, lf);
            if (__builtin_expect(start_pending_, 0)) {
                if (!start_line(data, line, end)) return Result::Error;
            } else {
                if (end == line) return finish(data, lf + 1);
                if (!field(data, line, end, avail)) return Result::Error;
            }
            line = lf + 1;
        }
        if (__builtin_expect(bad != 0, 0)) return bad_byte(data, pos + scan::lowest(bad));
        carry = (before_lf >> (n - 1)) & 1;
        if (__builtin_expect(carry != 0, 0) &&
            data[pos + n - 1] != '\r') {  // nothing may hide at the border of two blocks
            carry = 0;
            if (!base::has_class(data[pos + n - 1], base::kValue)) return bad_byte(data, pos + n - 1);
        }
    }
    scan_ = pos;
    line_ = line;
    carry_ = carry;
    return Result::More;
}

bool HeadParser::slow_field(const char* data, uint32_t begin, uint32_t end) {
    const char* stop = base::skip_class(data + begin, data + end, base::kToken);
    const uint32_t name_end = static_cast<uint32_t>(stop - data);
    uint32_t colon = name_end;
    if ((leniency_ & kLenientHeaders) != 0 && name_end > begin)
        while (colon < end && base::is_ows(data[colon])) ++colon;
    if (name_end == begin || colon == end || data[colon] != ':') return fail(XH_E_BAD_HEADER, colon);
    const std::string_view name(data + begin, name_end - begin);
    return add_field(data, begin, name_end - begin, colon, end, known_header(name));
}

}  // namespace xh::proto
