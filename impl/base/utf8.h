#pragma once
// UTF-8 as Unicode defines it: shortest forms only, no surrogates, nothing above U+10FFFF.

#include <cstdint>
#include <string_view>

#include "base/alloc.h"

namespace xh::base {

/// Length of the longest valid prefix. A character cut off by the end counts as invalid.
std::size_t utf8_valid_prefix(std::string_view text) noexcept;

inline bool utf8_valid(std::string_view text) noexcept { return utf8_valid_prefix(text) == text.size(); }

/// How many bytes of `text`, from its start, are ASCII.
std::size_t ascii_prefix(std::string_view text) noexcept;

/// One character at the start of `text`.
struct Utf8Char {
    enum Kind : uint8_t {
        Good,     ///< `value` and `size` are set
        Partial,  ///< all of `text` begins a character that needs more bytes
        Bad       ///< `size` bytes (at least 1) can be no part of a character: the "maximal subpart" of Unicode 3.9
    };
    Kind kind;
    uint8_t size;
    char32_t value;
};
/// `text` must not be empty.
Utf8Char utf8_next(std::string_view text) noexcept;

/// Appends one character. `value` must be a scalar value (not a surrogate, at most U+10FFFF).
void utf8_append(String& out, char32_t value);

/// Checks text that comes in pieces; a character may be cut anywhere.
class Utf8Checker {
public:
    /// False as soon as no continuation could make the text valid; then false for ever.
    bool feed(std::string_view piece) noexcept;
    /// True when the text fed so far is valid and complete.
    bool complete() const noexcept { return good_ && held_ == 0; }

private:
    char hold_[4] = {};
    uint8_t held_ = 0;
    bool good_ = true;
};

}  // namespace xh::base
