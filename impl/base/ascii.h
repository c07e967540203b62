#pragma once
// Text of the wire as bytes: character classes of RFC 9110, case-insensitive compare, numbers. No locale anywhere.
// Functions take views and never read outside them.

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/alloc.h"

namespace xh::base {

/// Bits of char_class.
enum CharClass : uint8_t {
    kToken = 1,    ///< tchar (RFC 9110 5.6.2)
    kValue = 2,    ///< byte of a field value: HTAB, SP, VCHAR, obs-text (RFC 9110 5.5)
    kTarget = 4,   ///< byte of a request target: printable ASCII without SP and "#"
    kDigit = 8,    ///< 0-9
    kHex = 16,     ///< 0-9 a-f A-F
    kAlpha = 32,   ///< a-z A-Z
    kHost = 64,    ///< byte of a Host value: reg-name, address, brackets, colon; no comma, slash, at, backslash
    kUpper = 128,  ///< A-Z
};

namespace detail {
constexpr bool contains(std::string_view set, char c) {
    for (char s : set)
        if (s == c) return true;
    return false;
}
constexpr uint8_t classify(int c) {
    const bool digit = c >= '0' && c <= '9', upper = c >= 'A' && c <= 'Z', alpha = upper || (c >= 'a' && c <= 'z');
    const bool hex = digit || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
    int bits = (digit ? kDigit : 0) | (upper ? kUpper : 0) | (alpha ? kAlpha : 0) | (hex ? kHex : 0);
    if (c > 0 && c < 128) {
        const char ch = static_cast<char>(c);
        if (digit || alpha || contains("!#$%&'*+-.^_`|~", ch)) bits |= kToken;
        if (digit || alpha || contains("-._~%!$&'()*+;=[]:", ch)) bits |= kHost;
        if (c > 0x20 && c < 0x7f && c != '#') bits |= kTarget;
    }
    if (c == '\t' || (c >= 0x20 && c != 0x7f)) bits |= kValue;
    return static_cast<uint8_t>(bits);
}
constexpr std::array<uint8_t, 256> make_classes() {
    std::array<uint8_t, 256> table{};
    for (int c = 0; c < 256; ++c) table[static_cast<size_t>(c)] = classify(c);
    return table;
}
}  // namespace detail

inline constexpr std::array<uint8_t, 256> char_class = detail::make_classes();

inline bool has_class(char c, uint8_t bits) noexcept { return (char_class[static_cast<uint8_t>(c)] & bits) != 0; }
inline bool is_digit(char c) noexcept { return static_cast<uint8_t>(c - '0') < 10; }
inline bool is_alpha(char c) noexcept { return static_cast<uint8_t>((c | 0x20) - 'a') < 26; }
inline bool is_ows(char c) noexcept { return c == ' ' || c == '\t'; }

constexpr char lower(char c) noexcept { return (c >= 'A' && c <= 'Z') ? static_cast<char>(c | 0x20) : c; }

/// Value of a hexadecimal digit, or -1.
constexpr int hex_value(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    const char l = lower(c);
    return (l >= 'a' && l <= 'f') ? l - 'a' + 10 : -1;
}

/// First position in [p, end) whose byte has none of the class bits; end when all have one.
const char* skip_class(const char* p, const char* end, uint8_t bits) noexcept;
/// First byte in [p, end) that may not stand in a field value (CTL but HTAB, DEL); end when there is none.
const char* find_bad_value(const char* p, const char* end) noexcept;

bool is_token(std::string_view text) noexcept;  ///< at least one tchar and nothing else
bool iequals(std::string_view a, std::string_view b) noexcept;
bool istarts_with(std::string_view text, std::string_view prefix) noexcept;
/// <0, 0, >0 like strcmp, over the lower-cased bytes.
int icompare(std::string_view a, std::string_view b) noexcept;
/// FNV-1a over the lower-cased bytes: for tables of header or host names, not for hostile keys without a seed.
uint64_t ihash(std::string_view text, uint64_t seed = 0) noexcept;

/// Without SP and HTAB at both ends (OWS of RFC 9110).
std::string_view trim_ows(std::string_view text) noexcept;
/// The next element of a comma list, trimmed; `rest` moves behind it. Empty elements are returned as empty views.
/// Commas inside quoted strings do not separate. false when the list is used up.
bool next_list_item(std::string_view& rest, std::string_view& item) noexcept;

/// Copies n bytes in lower case; dst may be src.
void lower_copy(char* dst, const char* src, size_t n) noexcept;
void lower_in_place(String& text) noexcept;
String lower_string(std::string_view text);

/// Digits only (no sign, no space, at least one) and no overflow; `out` is unchanged otherwise.
bool parse_decimal(std::string_view text, uint64_t& out) noexcept;
bool parse_hex(std::string_view text, uint64_t& out) noexcept;

/// Both write without NUL and return the length; at most 20 and 16 bytes.
size_t write_decimal(char* out, uint64_t value) noexcept;
size_t write_hex(char* out, uint64_t value) noexcept;
void append_decimal(String& out, uint64_t value);

}  // namespace xh::base
