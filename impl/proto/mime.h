#pragma once
// Content-Type: type, parameters, and what it makes of a body (Q06).

#include <string_view>

#include "base/alloc.h"

namespace xh::proto {

/// A parsed Content-Type field (RFC 9110 8.3.1), tolerant: a parameter that is broken is skipped, the first of equal names
/// counts. Also reads other `token; name=value` fields such as Content-Disposition.
class MediaType {
public:
    /// False when there is no type/subtype of two tokens; the object is then empty.
    bool parse(std::string_view field);
    /// Like parse for a field whose first part is one token ("attachment").
    bool parse_disposition(std::string_view field);

    /// "text/html", lower case.
    std::string_view essence() const noexcept { return essence_; }
    std::string_view type() const noexcept;
    std::string_view subtype() const noexcept;
    /// Unquoted value of a parameter; data() is nullptr when it is absent. The name is given in lower case.
    std::string_view param(std::string_view name) const noexcept;
    std::string_view charset() const noexcept { return param("charset"); }

private:
    struct Param {
        base::String name, value;
    };
    bool parse_params(std::string_view rest);

    base::String essence_;
    base::Vec<Param> params_;
};

enum class BodyKind : unsigned char { Bytes, Text, Object };

/// What dataType "auto" makes of a body with this Content-Type. Without allocation.
///  - Object: application/json, text/json, anything +json;
///  - Text: text/*, javascript, ecmascript, xml, anything +xml, message/http, application/x-www-form-urlencoded;
///  - Bytes: everything else, and no or a broken Content-Type.
BodyKind body_kind(std::string_view content_type) noexcept;

}  // namespace xh::proto
