#pragma once
// Vector work under the head parser: which of the next 64 bytes are control bytes or LF, and how long a header name is.

#include <cstdint>
#include <cstring>

#include "base/ascii.h"

// XH_NO_SIMD leaves the plain code, as on processors that are none of these.
#if defined(__SSE2__) && !defined(XH_NO_SIMD)
#include <emmintrin.h>
#define XH_HEAD_SCAN_SSE2 1
#endif
#if defined(__x86_64__) && defined(__GNUC__) && !defined(XH_NO_SIMD)
#define XH_HEAD_SCAN_AVX2 1
#define XH_TARGET_AVX2 __attribute__((target("avx2,bmi,bmi2")))
#endif
#if defined(__GNUC__)
#define XH_ALWAYS_INLINE inline __attribute__((always_inline))
#else
#define XH_ALWAYS_INLINE inline
#endif

namespace xh::proto::scan {

/// Bit i stands for byte i of a block of 64.
struct Masks {
    uint64_t odd;  ///< control bytes (HTAB and LF too), DEL and bytes above 0x7f: all that needs a second look
    uint64_t lf;
};

#if defined(XH_HEAD_SCAN_SSE2)

XH_ALWAYS_INLINE __m128i load16(const char* p) noexcept { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p)); }
XH_ALWAYS_INLINE uint64_t mask16(__m128i v) noexcept { return static_cast<uint32_t>(_mm_movemask_epi8(v)); }

XH_ALWAYS_INLINE Masks masks16(const char* p) noexcept {
    const __m128i v = load16(p);
    // As signed numbers plus one, all of the odd bytes are below 0x21.
    const __m128i odd = _mm_cmplt_epi8(_mm_add_epi8(v, _mm_set1_epi8(1)), _mm_set1_epi8(0x21));
    return {mask16(odd), mask16(_mm_cmpeq_epi8(v, _mm_set1_epi8('\n')))};
}

/// @param p  64 readable bytes
XH_ALWAYS_INLINE Masks masks(const char* p) noexcept {
    const Masks a = masks16(p), b = masks16(p + 16), c = masks16(p + 32), d = masks16(p + 48);
    return {a.odd | b.odd << 16 | c.odd << 32 | d.odd << 48, a.lf | b.lf << 16 | c.lf << 32 | d.lf << 48};
}

/// Bits of the 16 bytes that are neither letter, digit nor "-": tells where nearly every name ends; never past its colon.
XH_ALWAYS_INLINE unsigned name_stops(__m128i v) noexcept {
    const __m128i low = _mm_or_si128(v, _mm_set1_epi8(0x20));
    const __m128i letter = _mm_sub_epi8(low, _mm_set1_epi8('a')), digit = _mm_sub_epi8(v, _mm_set1_epi8('0'));
    const __m128i is_letter = _mm_cmpeq_epi8(_mm_min_epu8(letter, _mm_set1_epi8(25)), letter);
    const __m128i is_digit = _mm_cmpeq_epi8(_mm_min_epu8(digit, _mm_set1_epi8(9)), digit);
    const __m128i good = _mm_or_si128(_mm_or_si128(is_letter, is_digit), _mm_cmpeq_epi8(v, _mm_set1_epi8('-')));
    return static_cast<unsigned>(_mm_movemask_epi8(good)) ^ 0xffffu;
}

#else

XH_ALWAYS_INLINE Masks masks(const char* p) noexcept {
    Masks m{0, 0};
    for (int i = 0; i < 64; ++i) {
        const unsigned char c = static_cast<unsigned char>(p[i]);
        m.odd |= static_cast<uint64_t>(c < 0x20 || c >= 0x7f) << i;
        m.lf |= static_cast<uint64_t>(c == '\n') << i;
    }
    return m;
}

#endif

/// The masks of `n` bytes (1..64) at data[pos], where the readable bytes end at data[pos + n] when n < 64.
XH_ALWAYS_INLINE Masks masks_at(const char* data, size_t pos, size_t n) noexcept {
    if (n == 64) return masks(data + pos);
    const size_t total = pos + n;
    if (total >= 64) {
        Masks m = masks(data + total - 64);
        m.odd >>= 64 - n;
        m.lf >>= 64 - n;
        return m;
    }
    char block[64];
    std::memset(block, ' ', sizeof(block));
    std::memcpy(block, data + pos, n);
    return masks(block);
}

/// Masks of `blocks` (at most kRun) whole blocks.
using MasksRun = void (*)(const char* p, size_t blocks, Masks* out);
inline constexpr size_t kRun = 16;
void masks_run(const char* p, size_t blocks, Masks* out) noexcept;
#if defined(XH_HEAD_SCAN_AVX2)
void masks_run_avx2(const char* p, size_t blocks, Masks* out) noexcept;
/// Asks the processor once.
bool has_avx2() noexcept;
#endif

XH_ALWAYS_INLINE unsigned lowest(uint64_t bits) noexcept { return static_cast<unsigned>(__builtin_ctzll(bits)); }

}  // namespace xh::proto::scan
