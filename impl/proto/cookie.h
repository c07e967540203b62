#pragma once
// Cookies as RFC 6265bis reads them (Q28): one Set-Cookie value, its dates and paths, and whether a host may set it.
//
// There is no list of public suffixes here, so no cookie ever reaches another host than the one that set it. A Domain attribute
// is only checked: it must be the host or a parent of it, have two labels at least and be no address; whatever fails that is
// refused with its cookie, and a cookie that passes is kept for its host alone. SameSite is read and limits nothing: no page
// starts these requests, there is no site they could come from. Times are seconds since 1970, UTC.

#include <cstdint>
#include <string_view>

namespace xh::proto {

enum class SameSite : uint8_t { Unset, None, Lax, Strict };

/// Name and value together.
constexpr std::size_t kMostCookieBytes = 4096;
/// A longer value of an attribute is passed over.
constexpr std::size_t kMostCookieAttribute = 1024;
/// No cookie is kept for longer than 400 days.
constexpr int64_t kMostCookieAge = int64_t{400} * 24 * 3600;
/// The cookie lives as long as its store.
constexpr int64_t kSessionCookie = INT64_MAX;

/// Views into the text.
struct SetCookie {
    std::string_view name;  ///< may be empty when the value is not
    std::string_view value;
    std::string_view domain;           ///< without one leading dot, in the case it came in; empty: none was given
    std::string_view path;             ///< starts with "/"; empty: the default path
    int64_t expires = kSessionCookie;  ///< not after `now`: the cookie is to be deleted
    SameSite same_site = SameSite::Unset;
    bool secure = false;
    bool http_only = false;
};

/// Reads a Set-Cookie value. Refused: control bytes but HTAB anywhere, an empty cookie, name and value of more than
/// kMostCookieBytes. Attributes that are not understood are passed over.
bool parse_set_cookie(std::string_view text, int64_t now, SetCookie& out) noexcept;

/// Reads a cookie-date in any of the forms that servers write (RFC 6265bis 5.1.1); `out` is unchanged otherwise.
bool parse_cookie_date(std::string_view text, int64_t& out) noexcept;

/// Whether this host may set the cookie: its domain (above), Secure only over TLS, SameSite=None only with Secure, the prefixes
/// "__Secure-" and "__Host-" in any case, which a cookie without name may not imitate.
/// @param host    as of a Url: ASCII, an address without brackets; its case does not matter
/// @param secure  the answer came over TLS
bool may_set_cookie(const SetCookie& cookie, std::string_view host, bool secure) noexcept;

/// `host` is `domain` or a name below it. Case is folded; an address matches itself only.
bool cookie_domain_match(std::string_view host, std::string_view domain) noexcept;

/// The path of a cookie that was given none, from the path of the url: up to its last "/".
std::string_view cookie_default_path(std::string_view url_path) noexcept;

/// A cookie of `cookie_path` goes along to `url_path`: equal, or a folder of it.
bool cookie_path_match(std::string_view url_path, std::string_view cookie_path) noexcept;

}  // namespace xh::proto
