#pragma once
// What a redirect does to the next request (Q03, RFC 9110 15.4).

#include <string_view>

namespace xh::proto {

struct RedirectStep {
    bool follow = false;     ///< the status is a redirect that can be followed when a Location came with it
    bool to_get = false;     ///< the method becomes GET
    bool drop_body = false;  ///< the body and the headers that describe it are not sent again
};

/// 301, 302: POST becomes GET. 303: everything but GET and HEAD becomes GET. 307, 308: method and body stay.
/// `method` is compared case-sensitively, as methods are.
RedirectStep redirect_step(int status, std::string_view method) noexcept;

/// What the step crosses.
struct RedirectCrossing {
    bool origin = false;  ///< scheme, host or port changes, so https to http and back too
    bool body_dropped = false;
};

/// Whether a request header set by the caller goes along. Once dropped it is not restored on later hops.
///  - always dropped: proxy-authorization (it belongs to one proxy hop);
///  - dropped when the origin changes: authorization, cookie, cookie2, host, and those the caller
///    marked as secret. Origin and Referer stay: they name the page that started the chain, not the server it goes to;
///  - dropped with the body: content-*, transfer-encoding, expect, trailer, digest fields.
bool redirect_keeps(std::string_view header_name, bool marked_secret, const RedirectCrossing& crossing) noexcept;

}  // namespace xh::proto
