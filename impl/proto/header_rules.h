#pragma once
// What may stand in a head, and how equal names are joined (N03, M01). The one set of validators: writer, options, redirects,
// trailers and cookies all ask here.

#include <string_view>

#include "proto/http_names.h"
#include "xh/base.h"

namespace xh::proto {

/// XH_OK, XH_E_INVALID_METHOD.
xh_status check_method(std::string_view method) noexcept;
/// A request target in bytes as sent: not empty, printable ASCII, no space, no "#". XH_OK, XH_E_INVALID_PATH.
xh_status check_target(std::string_view target) noexcept;
/// A token. XH_OK, XH_E_INVALID_HEADER_NAME.
xh_status check_header_name(std::string_view name) noexcept;
/// No CR, LF, NUL or other control byte but HTAB; obs-text is allowed. A view without data means "no value given".
/// XH_OK, XH_E_INVALID_HEADER_VALUE, XH_E_UNDEFINED_HEADER_VALUE.
xh_status check_header_value(std::string_view value) noexcept;
/// The rule of values holds for a reason phrase too; it may be empty. XH_OK, XH_E_INVALID_HEADER_VALUE.
xh_status check_reason(std::string_view reason) noexcept;

/// Host header (RFC 9112 3.2): a name or address and a port. Empty is valid: the target has no authority then.
bool is_valid_host(std::string_view host) noexcept;

/// A target in one of the four forms that fits its method (RFC 9112 3.2); its bytes are checked as in check_target.
bool is_valid_request_target(std::string_view method, std::string_view target) noexcept;

/// How a repeated header becomes one value (M01).
enum class Join : uint8_t {
    Comma,      ///< ", "
    Semicolon,  ///< "; ": cookie
    List,       ///< stays a list: set-cookie
    First,      ///< later ones are dropped
};
/// @param join_duplicates  Node's joinDuplicateHeaders: names of the First group are joined by comma then
Join join_rule(Known name, bool join_duplicates = false) noexcept;

/// Concerns one connection only and is never forwarded or kept (RFC 9110 7.6.1, with the old names).
bool is_hop_by_hop(Known name) noexcept;
/// May not stand in a trailer section, neither sent nor received: framing, routing, authentication (RFC 9110 6.5.1).
bool is_forbidden_trailer(Known name) noexcept;

}  // namespace xh::proto
