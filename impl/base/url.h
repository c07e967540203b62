#pragma once
// URLs of requests, proxies and redirects (Q02).
//
//   {http,https,ws,wss}://[user[:password]@]host[:port][/path][?query][#fragment]       no scheme means https
//
// Path and query stay as they were given; only bytes that may not stand in a request are percent-encoded (controls, space,
// non-ASCII, " < > \ ^ ` { | } and a "%" that starts no %XX). What is a path can never change the authority.
// Refused with XH_E_INVALID_URL: CR, LF and NUL anywhere; any other control, space or backslash in the authority; an empty
// host; several "@"; ports that are not 1..65535; an IPv6 zone id; a last label that is a number but no strict dotted quad
// ("127.1", "0x7f.1", "2130706433"): system resolvers read such names as addresses, other readers of the URL do not.

#include <cstdint>
#include <string_view>

#include "base/alloc.h"
#include "xh/base.h"

namespace xh::base {

enum class Scheme : uint8_t { Http, Https, Ws, Wss, Socks5, Socks5h };

std::string_view scheme_name(Scheme scheme) noexcept;
uint16_t default_port(Scheme scheme) noexcept;
/// https and wss.
bool is_secure(Scheme scheme) noexcept;

enum class HostKind : uint8_t { Name, Ipv4, Ipv6 };

/// Encodes a host name of valid UTF-8 to ASCII (IDN); false when it cannot.
using IdnEncoder = bool (*)(std::string_view name, String& ascii);

struct UrlRules {
    Scheme default_scheme = Scheme::Https;  ///< of a text without scheme
    bool proxy = false;                     ///< allows socks5 and socks5h too, refuses ws and wss
    IdnEncoder idn = nullptr;               ///< without one, non-ASCII hosts are refused
};

/// A parsed URL: one text and offsets into it, so that parsing allocates at most once. Views live until the next parse.
class Url {
public:
    Url() noexcept = default;
    Url(const Url&) = default;
    Url& operator=(const Url&) = default;
    Url(Url&& other) noexcept { *this = static_cast<Url&&>(other); }
    Url& operator=(Url&& other) noexcept;

    /// @return XH_E_INVALID_URL; XH_E_UNSUPPORTED_SCHEME. On error the URL is empty.
    xh_status parse(std::string_view text, const UrlRules& rules = {});

    /// Resolves a reference (a Location field) as RFC 3986 5.2 says, removing dot segments. `base` may be this object.
    /// A fragment is inherited when the reference has none (RFC 9110 10.2.2); credentials never are.
    xh_status resolve(const Url& base, std::string_view reference, const UrlRules& rules = {});

    bool empty() const noexcept { return text_.empty(); }
    Scheme scheme() const noexcept { return scheme_; }
    bool secure() const noexcept { return is_secure(scheme_); }
    HostKind host_kind() const noexcept { return host_kind_; }
    /// Lower case, ASCII; an IPv6 address in canonical form without brackets.
    std::string_view host() const noexcept { return view(host_, host_end_); }
    uint16_t port() const noexcept { return port_; }
    /// host[:port] without the scheme's default port: the Host header's value.
    std::string_view authority() const noexcept { return view(authority_, path_); }
    /// scheme://host[:port]
    std::string_view origin() const noexcept { return view(0, path_); }
    /// What goes into the request line: path and query, never empty.
    std::string_view target() const noexcept { return view(path_, fragment_); }
    std::string_view path() const noexcept { return view(path_, query_); }
    /// With its "?"; empty when there is none.
    std::string_view query() const noexcept { return view(query_, fragment_); }
    /// With its "#"; empty when there is none.
    std::string_view fragment() const noexcept { return view(fragment_, href_end_); }
    /// Everything but the credentials.
    std::string_view href() const noexcept { return view(0, href_end_); }
    /// href() without the fragment: the absolute form for a proxy.
    std::string_view absolute() const noexcept { return view(0, fragment_); }

    bool has_credentials() const noexcept { return has_credentials_; }
    /// Percent-decoded, without controls; any other bytes.
    std::string_view user() const noexcept { return view(href_end_, user_end_); }
    std::string_view password() const noexcept { return std::string_view(text_).substr(user_end_); }

private:
    struct Parts;

    std::string_view view(uint32_t from, uint32_t to) const noexcept {
        return std::string_view(text_).substr(from, to - from);
    }
    void clear() noexcept;
    bool take_plain(std::string_view text);
    xh_status build(const Parts& parts, const UrlRules& rules);
    bool put_host(std::string_view host, const UrlRules& rules);
    bool put_credentials(std::string_view userinfo);

    // "https://host:8080/path?query#fragment" and, behind it, user and password, decoded.
    String text_;
    uint32_t authority_ = 0;
    uint32_t host_ = 0;
    uint32_t host_end_ = 0;
    uint32_t path_ = 0;
    uint32_t query_ = 0;
    uint32_t fragment_ = 0;
    uint32_t href_end_ = 0;
    uint32_t user_end_ = 0;
    uint16_t port_ = 0;
    Scheme scheme_ = Scheme::Https;
    HostKind host_kind_ = HostKind::Name;
    bool has_credentials_ = false;
};

/// Same scheme, host and port: what credentials and connections are bound to.
bool origin_equal(const Url& a, const Url& b) noexcept;

/// Appends `text` with the bytes percent-encoded that may not stand in a path or query (`"` `<` `\` space, controls ...).
void append_escaped(String& out, std::string_view text);

}  // namespace xh::base
