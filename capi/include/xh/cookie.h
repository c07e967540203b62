/** @file cookie.h
 *  The cookies of an agent (RFC 6265bis). Requests with XH_OPT_COOKIES keep what their answers set, redirects and answers
 *  that ask for credentials included, and send it again.
 *
 *  The library has no list of public suffixes, so every cookie stays with the one host that set it; the port does not
 *  matter, as in that text. A Domain attribute is only checked: it must be that host or a parent of it, with a dot inside,
 *  and be no address; otherwise the cookie is refused. Letter case does not matter. Secure cookies are set and sent over TLS
 *  only, and nothing that comes without TLS replaces or hides one. The prefixes __Secure- and __Host- are obeyed, HttpOnly is
 *  kept, and SameSite limits nothing but that None asks for Secure: no page starts these requests.
 *
 *  Bounds: 4096 bytes of name and value, 1024 of an attribute, 400 days, 50 cookies of a host, 3000 of an agent; the expired
 *  go first, then those not used for longest. Cookies live in memory; they go with the agent.
 *
 *  The cookies are worked out for each hop and stand behind a Cookie header of the caller, in one line. Over a proxy they
 *  are those of the server; a 407 sets none.
 */
#ifndef XH_COOKIE_H
#define XH_COOKIE_H

#include "xh/agent.h"

XH_BEGIN_DECLS

/** How many cookies the agent has that have not expired; -1 for NULL, in a forked child and after xh_shutdown().
 *  @thread any   @since 1.0   @req Q28 */
XH_API int64_t XH_CALL xh_agent_cookie_count(xh_agent *agent);
/** Forgets them all.   @return XH_OK; XH_E_FORKED   @thread any   @since 1.0   @req Q28 */
XH_API xh_status XH_CALL xh_agent_cookies_clear(xh_agent *agent);
/** Takes a cookie as if an answer from `url` had set it: `text` is the value of a Set-Cookie header. One that has expired
 *  deletes.
 *  @param url  as for xh_request_new(): no scheme means https
 *  @return XH_OK; XH_E_INVALID_URL; XH_E_UNSUPPORTED_SCHEME; XH_E_COOKIE_REFUSED: no cookie, too large, a control byte, or
 *          that url may not set it; XH_E_FORKED   @thread any   @since 1.0   @req Q28 */
XH_API xh_status XH_CALL xh_agent_set_cookie(xh_agent *agent, const char *url, size_t url_len, const char *text,
                                             size_t len);
/** Copies the cookies that have not expired, the oldest first, NUL-terminated, into `buf`:
 *  `[{"name":"a","value":"b","domain":"example.com","path":"/","expires":null,"secure":true,"httpOnly":false}]`.
 *  `domain` is the host; `expires` is in seconds since 1970, null for a cookie that has no end. Bytes that are not UTF-8 are
 *  shown as U+FFFD. The text may grow between two calls: ask again when it does not fit.
 *  @param needed  the size with the NUL; may be NULL
 *  @return XH_OK; XH_E_BUFFER_TOO_SMALL, nothing written; XH_E_FORKED   @thread any   @since 1.0   @req Q28 */
XH_API xh_status XH_CALL xh_agent_cookies_json(xh_agent *agent, char *buf, size_t cap, size_t *needed);

XH_END_DECLS

#endif
