#pragma once
// Which proxy, if any, the environment names for a request (Q18). Pure functions on the variables' texts.

#include <cstdint>
#include <string_view>

#include "base/url.h"

namespace xh::proto {

/// True when NO_PROXY says that `host` is reached directly. Entries are separated by commas or blanks:
///   *                      every host
///   example.com            the host and every name under it; ".example.com" and "*.example.com" mean the same
///   example.com:8080       only this port; works with every form but CIDR
///   192.0.2.1, ::1, [::1]  that address; [::1]:8080 with a port
///   10.0.0.0/8, fd00::/8   the network
/// Addresses match addresses only (a v4 address inside ::ffff:0:0/96 counts as v4), names match names only; nothing is
/// looked up. Case and one trailing dot do not matter. Entries that are none of these are ignored.
/// @param host  as Url::host() gives it: without brackets
bool no_proxy_matches(std::string_view no_proxy, std::string_view host, uint16_t port) noexcept;

/// The variables; data() nullptr or empty when not set.
struct ProxyEnvironment {
    std::string_view http_proxy, HTTP_PROXY;
    std::string_view https_proxy, HTTPS_PROXY;
    std::string_view all_proxy, ALL_PROXY;
    std::string_view no_proxy, NO_PROXY;
    /// REQUEST_METHOD: in a CGI program HTTP_PROXY is the client's "Proxy:" header, so it is ignored ("httpoxy").
    std::string_view REQUEST_METHOD;
};

/// The proxy's URL as the environment gives it (a view into `env`), empty for a direct connection. The lower-case variable
/// counts before the upper-case one; all_proxy counts when that of the scheme is not set. ws counts as http, wss as https.
std::string_view proxy_from_environment(const base::Url& url, const ProxyEnvironment& env) noexcept;

}  // namespace xh::proto
