#include "base/utf8.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace xh::base {

std::size_t ascii_prefix(std::string_view text) noexcept {
    const char* p = text.data();
    const std::size_t n = text.size();
    std::size_t i = 0;
#if defined(__SSE2__)
    for (; i + 64 <= n; i += 64) {
        const __m128i* v = reinterpret_cast<const __m128i*>(p + i);
        const __m128i all = _mm_or_si128(_mm_or_si128(_mm_loadu_si128(v), _mm_loadu_si128(v + 1)),
                                         _mm_or_si128(_mm_loadu_si128(v + 2), _mm_loadu_si128(v + 3)));
        if (_mm_movemask_epi8(all) != 0) break;
    }
    for (; i + 16 <= n; i += 16) {
        const int mask = _mm_movemask_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i)));
        if (mask != 0) return i + static_cast<std::size_t>(__builtin_ctz(static_cast<unsigned>(mask)));
    }
#else
    for (; i + 8 <= n; i += 8) {
        uint64_t word;
        std::memcpy(&word, p + i, 8);
        if (word & 0x8080808080808080ull) break;
    }
#endif
    while (i < n && static_cast<unsigned char>(p[i]) < 0x80) ++i;
    return i;
}

Utf8Char utf8_next(std::string_view text) noexcept {
    const auto* p = reinterpret_cast<const unsigned char*>(text.data());
    const unsigned lead = p[0];
    if (lead < 0x80) return {Utf8Char::Good, 1, lead};
    // The second byte's range rules out overlong forms, surrogates and values above U+10FFFF; the others are 80..BF.
    unsigned low = 0x80, high = 0xBF, size;
    char32_t value;
    if (lead >= 0xC2 && lead <= 0xDF) {
        size = 2;
        value = lead & 0x1F;
    } else if (lead >= 0xE0 && lead <= 0xEF) {
        size = 3;
        value = lead & 0x0F;
        if (lead == 0xE0) low = 0xA0;
        if (lead == 0xED) high = 0x9F;
    } else if (lead >= 0xF0 && lead <= 0xF4) {
        size = 4;
        value = lead & 0x07;
        if (lead == 0xF0) low = 0x90;
        if (lead == 0xF4) high = 0x8F;
    } else {
        return {Utf8Char::Bad, 1, 0};
    }
    for (unsigned i = 1; i < size; ++i) {
        if (i == text.size()) return {Utf8Char::Partial, static_cast<uint8_t>(i), 0};
        if (p[i] < low || p[i] > high) return {Utf8Char::Bad, static_cast<uint8_t>(i), 0};
        value = (value << 6) | (p[i] & 0x3F);
        low = 0x80;
        high = 0xBF;
    }
    return {Utf8Char::Good, static_cast<uint8_t>(size), value};
}

std::size_t utf8_valid_prefix(std::string_view text) noexcept {
    std::size_t i = 0;
    while (i < text.size()) {
        if (static_cast<unsigned char>(text[i]) < 0x80) {
            i += ascii_prefix(text.substr(i));
            continue;
        }
        const Utf8Char next = utf8_next(text.substr(i));
        if (next.kind != Utf8Char::Good) return i;
        i += next.size;
    }
    return i;
}

void utf8_append(String& out, char32_t value) {
    char bytes[4];
    std::size_t size;
    if (value < 0x80) {
        bytes[0] = static_cast<char>(value);
        size = 1;
    } else if (value < 0x800) {
        bytes[0] = static_cast<char>(0xC0 | (value >> 6));
        size = 2;
    } else if (value < 0x10000) {
        bytes[0] = static_cast<char>(0xE0 | (value >> 12));
        size = 3;
    } else {
        bytes[0] = static_cast<char>(0xF0 | (value >> 18));
        size = 4;
    }
    for (std::size_t i = size; i-- > 1; value >>= 6) bytes[i] = static_cast<char>(0x80 | (value & 0x3F));
    out.append(bytes, size);
}

bool Utf8Checker::feed(std::string_view piece) noexcept {
    if (!good_) return false;
    while (held_ != 0 && !piece.empty()) {
        hold_[held_++] = piece.front();
        piece.remove_prefix(1);
        const Utf8Char next = utf8_next({hold_, held_});
        if (next.kind == Utf8Char::Bad) return good_ = false;
        if (next.kind == Utf8Char::Good) held_ = 0;
    }
    piece.remove_prefix(utf8_valid_prefix(piece));
    if (piece.empty()) return true;
    if (utf8_next(piece).kind == Utf8Char::Bad) return good_ = false;
    std::memcpy(hold_, piece.data(), piece.size());
    held_ = static_cast<uint8_t>(piece.size());
    return true;
}

}  // namespace xh::base
