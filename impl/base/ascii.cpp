#include "base/ascii.h"

#include <cstring>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace xh::base {

const char* skip_class(const char* p, const char* end, uint8_t bits) noexcept {
    while (p != end && has_class(*p, bits)) ++p;
    return p;
}

const char* find_bad_value(const char* p, const char* end) noexcept {
#if defined(__SSE2__)
    const __m128i limit = _mm_set1_epi8(0x1f), del = _mm_set1_epi8(0x7f), tab = _mm_set1_epi8('\t');
    for (; end - p >= 16; p += 16) {
        const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
        const __m128i low = _mm_cmpeq_epi8(_mm_min_epu8(v, limit), v);
        const __m128i bad = _mm_or_si128(_mm_andnot_si128(_mm_cmpeq_epi8(v, tab), low), _mm_cmpeq_epi8(v, del));
        const unsigned mask = static_cast<unsigned>(_mm_movemask_epi8(bad));
        if (mask != 0) return p + __builtin_ctz(mask);
    }
#endif
    return skip_class(p, end, kValue);
}

bool is_token(std::string_view text) noexcept {
    return !text.empty() && skip_class(text.data(), text.data() + text.size(), kToken) == text.data() + text.size();
}

bool iequals(std::string_view a, std::string_view b) noexcept {
    if (a.size() != b.size()) return false;
    for (size_t i = 0; i < a.size(); ++i)
        if (a[i] != b[i] && lower(a[i]) != lower(b[i])) return false;
    return true;
}

bool istarts_with(std::string_view text, std::string_view prefix) noexcept {
    return text.size() >= prefix.size() && iequals(text.substr(0, prefix.size()), prefix);
}

int icompare(std::string_view a, std::string_view b) noexcept {
    const size_t n = a.size() < b.size() ? a.size() : b.size();
    for (size_t i = 0; i < n; ++i) {
        const int d = static_cast<uint8_t>(lower(a[i])) - static_cast<uint8_t>(lower(b[i]));
        if (d != 0) return d;
    }
    return a.size() == b.size() ? 0 : (a.size() < b.size() ? -1 : 1);
}

uint64_t ihash(std::string_view text, uint64_t seed) noexcept {
    uint64_t h = 0xcbf29ce484222325ull ^ seed;
    for (char c : text) h = (h ^ static_cast<uint8_t>(lower(c))) * 0x100000001b3ull;
    return h;
}

std::string_view trim_ows(std::string_view text) noexcept {
    while (!text.empty() && is_ows(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_ows(text.back())) text.remove_suffix(1);
    return text;
}

bool next_list_item(std::string_view& rest, std::string_view& item) noexcept {
    if (rest.data() == nullptr) return false;
    bool quoted = false;
    for (size_t i = 0; i < rest.size(); ++i) {
        const char c = rest[i];
        if (quoted && c == '\\') {
            ++i;
        } else if (c == '"') {
            quoted = !quoted;
        } else if (c == ',' && !quoted) {
            item = trim_ows(rest.substr(0, i));
            rest.remove_prefix(i + 1);
            return true;
        }
    }
    item = trim_ows(rest);
    rest = std::string_view();
    return true;
}

namespace {

/// Eight bytes at once: bit 7 of each byte of `upper` says that it is a capital, which needs bit 5.
uint64_t lower_word(uint64_t v) noexcept {
    constexpr uint64_t kOnes = 0x0101010101010101u, kHigh = 0x8080808080808080u;
    const uint64_t low = v & ~kHigh;
    const uint64_t from_a = low + kOnes * (0x80 - 'A'), past_z = low + kOnes * (0x80 - 'Z' - 1);
    const uint64_t upper = from_a & ~past_z & ~v & kHigh;
    return v | (upper >> 2);
}

}  // namespace

void lower_copy(char* dst, const char* src, size_t n) noexcept {
    size_t i = 0;
#if defined(__SSE2__)
    const __m128i before = _mm_set1_epi8('A' - 1), after = _mm_set1_epi8('Z' + 1), bit = _mm_set1_epi8(0x20);
    for (; n - i >= 16; i += 16) {
        const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(src + i));
        const __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(v, before), _mm_cmplt_epi8(v, after));
        _mm_storeu_si128(reinterpret_cast<__m128i*>(dst + i), _mm_or_si128(v, _mm_and_si128(upper, bit)));
    }
#endif
    uint64_t word;
    if (n >= 8) {
        // The last words may overlap: lowering twice does no harm.
        for (; n - i >= 8; i += 8) {
            std::memcpy(&word, src + i, 8);
            word = lower_word(word);
            std::memcpy(dst + i, &word, 8);
        }
        if (i == n) return;
        std::memcpy(&word, src + n - 8, 8);
        word = lower_word(word);
        std::memcpy(dst + n - 8, &word, 8);
        return;
    }
    for (; i < n; ++i) dst[i] = lower(src[i]);
}

void lower_in_place(String& text) noexcept { lower_copy(text.data(), text.data(), text.size()); }

String lower_string(std::string_view text) {
    String out(text.size(), '\0');
    lower_copy(out.data(), text.data(), text.size());
    return out;
}

bool parse_decimal(std::string_view text, uint64_t& out) noexcept {
    if (text.empty()) return false;
    uint64_t value = 0;
    size_t i = 0;
    for (; i < text.size() && i < 19; ++i) {  // so many digits cannot overflow
        if (!is_digit(text[i])) return false;
        value = value * 10 + static_cast<uint64_t>(text[i] - '0');
    }
    for (; i < text.size(); ++i) {
        if (!is_digit(text[i])) return false;
        const uint64_t digit = static_cast<uint64_t>(text[i] - '0');
        if (value > (UINT64_MAX - digit) / 10) return false;
        value = value * 10 + digit;
    }
    out = value;
    return true;
}

bool parse_hex(std::string_view text, uint64_t& out) noexcept {
    if (text.empty()) return false;
    uint64_t value = 0;
    for (char c : text) {
        const int digit = hex_value(c);
        if (digit < 0 || (value >> 60) != 0) return false;
        value = (value << 4) | static_cast<uint64_t>(digit);
    }
    out = value;
    return true;
}

size_t write_decimal(char* out, uint64_t value) noexcept {
    char text[20];
    size_t n = 0;
    do {
        text[n++] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    for (size_t i = 0; i < n; ++i) out[i] = text[n - 1 - i];
    return n;
}

size_t write_hex(char* out, uint64_t value) noexcept {
    char text[16];
    size_t n = 0;
    do {
        text[n++] = "0123456789abcdef"[value & 15];
        value >>= 4;
    } while (value != 0);
    for (size_t i = 0; i < n; ++i) out[i] = text[n - 1 - i];
    return n;
}

void append_decimal(String& out, uint64_t value) {
    char text[20];
    out.append(text, write_decimal(text, value));
}

}  // namespace xh::base
