#pragma once
// Which encodings there are, and the POCO object for each.

#include <Poco/TextEncoding.h>

#include <memory>
#include <string_view>

namespace xh::proto {

enum class CharsetKind : unsigned char { Utf8, Utf16, Utf16Le, Utf16Be, Utf32Le, Utf32Be, Table };

struct Charset {
    std::string_view name;
    CharsetKind kind;
    std::unique_ptr<Poco::TextEncoding> (*make)();  ///< for CharsetKind::Table
};

/// nullptr when the label is not known. `reading` applies the web's rule that ISO-8859-1 and US-ASCII mean windows-1252.
const Charset* find_charset(std::string_view label, bool reading) noexcept;

}  // namespace xh::proto
