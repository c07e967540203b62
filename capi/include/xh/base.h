/** @file base.h
 *  What every other header stands on: export macros, status codes, strings, versions, process-wide hooks.
 *  Includes only <stddef.h> and <stdint.h>. The rules that hold everywhere are in xh.h.
 */
#ifndef XH_BASE_H
#define XH_BASE_H

#include <stddef.h>
#include <stdint.h>

#if defined(_WIN32)
#define XH_CALL __cdecl
#if defined(XH_BUILD)
#define XH_API __declspec(dllexport)
#else
#define XH_API __declspec(dllimport)
#endif
#else
#define XH_CALL
#define XH_API __attribute__((visibility("default")))
#endif

#ifdef __cplusplus
#define XH_BEGIN_DECLS extern "C" {
#define XH_END_DECLS }
#else
#define XH_BEGIN_DECLS
#define XH_END_DECLS
#endif

XH_BEGIN_DECLS

#define XH_VERSION_MAJOR 1 /**< a break of the interface */
#define XH_VERSION_MINOR 0 /**< additions */
#define XH_VERSION_PATCH 0 /**< repairs */
/** The version of the headers: major << 16 | minor << 8 | patch. Compare with xh_version(). */
#define XH_VERSION ((XH_VERSION_MAJOR << 16) | (XH_VERSION_MINOR << 8) | XH_VERSION_PATCH)

/** Length argument that means "the text ends at its NUL". */
#define XH_NTS ((size_t)-1)

/** Result of every function that can fail: 0 is good, positive is good with a remark, negative is an error.
 *  Numbers are frozen; a reader treats an unknown negative number as "other error". */
typedef int32_t xh_status;

/** A view of bytes. `ptr` is NULL when the thing is absent and not NULL when it is empty; text is also NUL-terminated
 *  (`ptr[len] == 0`). How long a view lives is said where it is returned. */
typedef struct xh_str {
    const char *ptr; /**< the bytes, or NULL */
    size_t len;      /**< how many, without the NUL */
} xh_str;

/** Destroys a user_data or frees a borrowed buffer. Called exactly once, on any thread, with no lock held. It may call
 *  any xh function but xh_wait. */
typedef void(XH_CALL *xh_destroy_fn)(void *user_data);

/* The one list of statuses: X(NAME, number, kind, code, text).
 * NAME gives the constant XH_<NAME>. `kind` is a constant of XH_KIND_*. `code` is the stable name that Node's programs
 * know (N05), or the xh name where Node has none. */
#define XH_STATUS_MAP(X)                                                                                               \
    X(OK, 0, NONE, "OK", "success")                                                                                    \
    X(TIMEOUT, 1, NONE, "TIMEOUT", "the time given to the call is up, the work goes on")                               \
    X(FULL, 2, NONE, "FULL", "taken; the buffer is now full, a drain event follows")                                   \
    /* usage: the call was refused, nothing was sent and nothing will be called back */                                \
    X(E_INVALID_ARGUMENT, -1, USAGE, "ERR_INVALID_ARG_VALUE", "an argument is not valid")                              \
    X(E_NOMEM, -2, USAGE, "ENOMEM", "out of memory")                                                                   \
    X(E_INTERNAL, -3, USAGE, "XH_E_INTERNAL", "internal error")                                                        \
    X(E_STATE, -4, USAGE, "ERR_INVALID_STATE", "not allowed in the present state")                                     \
    X(E_NOT_SUPPORTED, -5, USAGE, "ERR_FEATURE_UNAVAILABLE_ON_PLATFORM", "not supported by this build or platform")    \
    X(E_WOULD_DEADLOCK, -6, USAGE, "XH_E_WOULD_DEADLOCK", "waiting here would wait for this very thread")              \
    X(E_FORKED, -7, USAGE, "XH_E_FORKED", "the handle belongs to the parent process")                                  \
    X(E_SHUTDOWN, -8, USAGE, "XH_E_SHUTDOWN", "the library has been shut down since the handle was made")              \
    X(E_UNKNOWN_OPTION, -9, USAGE, "XH_E_UNKNOWN_OPTION", "this option does not exist in this version")                \
    X(E_OPTION_TYPE, -10, USAGE, "ERR_INVALID_ARG_TYPE", "the option takes a value of another type")                   \
    X(E_OPTION_VALUE, -11, USAGE, "ERR_OUT_OF_RANGE", "the option does not take this value")                           \
    X(E_OPTION_CONFLICT, -12, USAGE, "XH_E_OPTION_CONFLICT", "two options contradict each other")                      \
    X(E_BUFFER_TOO_SMALL, -13, USAGE, "XH_E_BUFFER_TOO_SMALL", "the buffer is too small, the needed size was stored")  \
    X(E_INVALID_UTF8, -14, USAGE, "ERR_ENCODING_INVALID_ENCODED_DATA", "text is not valid UTF-8")                      \
    X(E_INVALID_URL, -15, USAGE, "ERR_INVALID_URL", "the URL is not valid")                                            \
    X(E_UNSUPPORTED_SCHEME, -16, USAGE, "ERR_INVALID_PROTOCOL", "the URL's scheme is not supported")                   \
    X(E_INVALID_METHOD, -17, USAGE, "ERR_INVALID_HTTP_TOKEN", "the method is not a token")                             \
    X(E_INVALID_HEADER_NAME, -18, USAGE, "ERR_INVALID_HTTP_TOKEN", "the header name is not a token")                   \
    X(E_INVALID_HEADER_VALUE, -19, USAGE, "ERR_INVALID_CHAR", "the header value holds a forbidden byte")               \
    X(E_UNDEFINED_HEADER_VALUE, -20, USAGE, "ERR_HTTP_INVALID_HEADER_VALUE", "the header value is missing")            \
    X(E_INVALID_PATH, -21, USAGE, "ERR_UNESCAPED_CHARACTERS", "the path holds a byte that must be escaped")            \
    X(E_INVALID_JSON, -22, USAGE, "XH_E_INVALID_JSON", "the text is not valid JSON")                                   \
    X(E_UNKNOWN_ENCODING, -23, USAGE, "ERR_ENCODING_NOT_SUPPORTED", "the character encoding is not known")             \
    X(E_UNENCODABLE, -24, USAGE, "XH_E_UNENCODABLE", "the text has a character that the encoding cannot express")      \
    X(E_FILE, -25, USAGE, "XH_E_FILE", "the file cannot be read or written")                                           \
    X(E_BODY_USED, -26, USAGE, "XH_E_BODY_USED", "a pulled body can be sent by one request only")                      \
    X(E_INVALID_PROXY, -27, USAGE, "XH_E_INVALID_PROXY", "the proxy's URL is not valid")                               \
    X(E_CONTENT_LENGTH_MISMATCH, -28, USAGE, "ERR_HTTP_CONTENT_LENGTH_MISMATCH", "the body and content-length differ") \
    X(E_BODY_NOT_ALLOWED, -29, USAGE, "ERR_HTTP_BODY_NOT_ALLOWED", "this message can have no body")                    \
    X(E_HEADERS_SENT, -30, USAGE, "ERR_HTTP_HEADERS_SENT", "the head has been sent already")                           \
    X(E_WRITE_AFTER_END, -31, USAGE, "ERR_STREAM_WRITE_AFTER_END", "the body was ended already")                       \
    X(E_AGENT_DESTROYED, -32, USAGE, "XH_E_AGENT_DESTROYED", "the agent was destroyed")                                \
    X(E_NOT_FOUND, -33, USAGE, "XH_E_NOT_FOUND", "there is no such item")                                              \
    X(E_JSON_TYPE, -34, USAGE, "XH_E_JSON_TYPE", "the JSON value is of another type")                                  \
    X(E_UNKNOWN_SIZE, -35, USAGE, "XH_E_UNKNOWN_SIZE", "this size of a struct is not known to this version")           \
    X(E_COOKIE_REFUSED, -36, USAGE, "XH_E_COOKIE_REFUSED", "the text is no cookie, or this host may not set it")       \
    /* name look-up */                                                                                                 \
    X(E_HOST_NOT_FOUND, -100, DNS, "ENOTFOUND", "the host name does not exist")                                        \
    X(E_DNS_TEMPORARY, -101, DNS, "EAI_AGAIN", "the name server did not answer")                                       \
    X(E_DNS_FAILED, -102, DNS, "EAI_FAIL", "the name look-up failed")                                                  \
    X(E_DNS_NO_ADDRESS, -103, DNS, "ENODATA", "the host has no address of the family asked for")                       \
    /* connect */                                                                                                      \
    X(E_CONNECTION_REFUSED, -120, CONNECT, "ECONNREFUSED", "the connection was refused")                               \
    X(E_HOST_UNREACHABLE, -121, CONNECT, "EHOSTUNREACH", "the host cannot be reached")                                 \
    X(E_NETWORK_UNREACHABLE, -122, CONNECT, "ENETUNREACH", "the network cannot be reached")                            \
    X(E_ADDRESS_IN_USE, -123, CONNECT, "EADDRINUSE", "the local address is in use")                                    \
    X(E_ADDRESS_NOT_AVAILABLE, -124, CONNECT, "EADDRNOTAVAIL", "the local address is not available")                   \
    X(E_CONNECT_FAILED, -125, CONNECT, "XH_E_CONNECT_FAILED", "the connection could not be made")                      \
    X(E_TOO_MANY_FILES, -126, CONNECT, "EMFILE", "the process has no file descriptor left")                            \
    X(E_SOCKET_PATH, -127, CONNECT, "ENOENT", "the Unix socket cannot be connected")                                   \
    /* proxy */                                                                                                        \
    X(E_PROXY_REFUSED, -140, PROXY, "XH_E_PROXY_REFUSED", "the proxy refused to make the connection")                  \
    X(E_PROXY_AUTH, -141, PROXY, "XH_E_PROXY_AUTH", "the proxy asks for credentials or refused them")                  \
    X(E_PROXY_PROTOCOL, -142, PROXY, "XH_E_PROXY_PROTOCOL", "the proxy's answer is not understood")                    \
    X(E_PROXY_NAME_TOO_LONG, -143, PROXY, "XH_E_PROXY_NAME_TOO_LONG", "the host name is too long for SOCKS5")          \
    /* TLS */                                                                                                          \
    X(E_TLS_UNKNOWN_CA, -160, TLS, "UNABLE_TO_GET_ISSUER_CERT_LOCALLY", "the certificate's issuer is not trusted")     \
    X(E_TLS_SELF_SIGNED, -161, TLS, "DEPTH_ZERO_SELF_SIGNED_CERT", "the certificate is self-signed")                   \
    X(E_TLS_EXPIRED, -162, TLS, "CERT_HAS_EXPIRED", "the certificate has expired")                                     \
    X(E_TLS_NOT_YET_VALID, -163, TLS, "CERT_NOT_YET_VALID", "the certificate is not valid yet")                        \
    X(E_TLS_WRONG_HOST, -164, TLS, "ERR_TLS_CERT_ALTNAME_INVALID", "the certificate is for another host")              \
    X(E_TLS_REVOKED, -165, TLS, "CERT_REVOKED", "the certificate was revoked")                                         \
    X(E_TLS_WEAK, -166, TLS, "XH_E_TLS_WEAK", "a key or signature of the certificate is too weak")                     \
    X(E_TLS_CERTIFICATE, -167, TLS, "XH_E_TLS_CERTIFICATE", "the certificate was not accepted")                        \
    X(E_TLS_HANDSHAKE, -168, TLS, "EPROTO", "the TLS handshake failed")                                                \
    X(E_TLS_VERSION, -169, TLS, "ERR_SSL_UNSUPPORTED_PROTOCOL", "no TLS version that both sides allow")                \
    X(E_TLS_ALERT, -170, TLS, "ERR_SSL_TLSV1_ALERT", "the peer ended the TLS connection with an alert")                \
    X(E_TLS_CLIENT_CERTIFICATE, -171, TLS, "XH_E_TLS_CLIENT_CERTIFICATE", "the client certificate cannot be used")     \
    X(E_TLS_CA, -172, TLS, "XH_E_TLS_CA", "the certificate authorities cannot be loaded")                              \
    X(E_TLS_PIN, -173, TLS, "XH_E_TLS_PIN", "the certificate's key is none of the pinned keys")                        \
    X(E_TLS_PROTOCOL, -174, TLS, "XH_E_TLS_PROTOCOL", "the TLS stream is broken")                                      \
    X(E_TLS_CIPHERS, -175, TLS, "XH_E_TLS_CIPHERS", "the list of ciphers is not valid")                                \
    /* deadlines: the error names the one that fired */                                                                \
    X(E_TIMEOUT_QUEUE, -200, TIMEOUT, "XH_E_TIMEOUT_QUEUE", "no connection came free in time")                         \
    X(E_TIMEOUT_LOOKUP, -201, TIMEOUT, "XH_E_TIMEOUT_LOOKUP", "the name look-up took too long")                        \
    X(E_TIMEOUT_CONNECT, -202, TIMEOUT, "ETIMEDOUT", "the connection took too long")                                   \
    X(E_TIMEOUT_TLS, -203, TIMEOUT, "XH_E_TIMEOUT_TLS", "the TLS handshake took too long")                             \
    X(E_TIMEOUT_HEAD, -204, TIMEOUT, "XH_E_TIMEOUT_HEAD", "the head of the response took too long")                    \
    X(E_TIMEOUT_STALL, -205, TIMEOUT, "XH_E_TIMEOUT_STALL", "no byte moved for too long")                              \
    X(E_TIMEOUT_TOTAL, -206, TIMEOUT, "XH_E_TIMEOUT_TOTAL", "the request as a whole took too long")                    \
    /* protocol: the peer's message is broken */                                                                       \
    X(E_BAD_STATUS_LINE, -220, PROTOCOL, "HPE_INVALID_CONSTANT", "the status line is not valid")                       \
    X(E_BAD_VERSION, -221, PROTOCOL, "HPE_INVALID_VERSION", "the HTTP version is not supported")                       \
    X(E_BAD_HEADER, -222, PROTOCOL, "HPE_INVALID_HEADER_TOKEN", "a header line is not valid")                          \
    X(E_BAD_LINE_END, -223, PROTOCOL, "HPE_LF_EXPECTED", "a line does not end in CR LF")                               \
    X(E_BAD_CONTENT_LENGTH, -224, PROTOCOL, "HPE_UNEXPECTED_CONTENT_LENGTH", "content-length is not valid")            \
    X(E_BAD_TRANSFER_ENCODING, -225, PROTOCOL, "HPE_INVALID_TRANSFER_ENCODING", "transfer-encoding is not valid")      \
    X(E_BAD_CHUNK, -226, PROTOCOL, "HPE_INVALID_CHUNK_SIZE", "a chunk is not valid")                                   \
    X(E_TRUNCATED, -227, PROTOCOL, "XH_E_TRUNCATED", "the message ended before its end")                               \
    X(E_BAD_CODING, -228, PROTOCOL, "XH_E_BAD_CODING", "the content coding is broken")                                 \
    X(E_UNKNOWN_CODING, -229, PROTOCOL, "XH_E_UNKNOWN_CODING", "the content coding is not known")                      \
    X(E_BAD_REQUEST_LINE, -230, PROTOCOL, "HPE_INVALID_METHOD", "the request line is not valid")                       \
    X(E_UNEXPECTED_UPGRADE, -231, PROTOCOL, "XH_E_UNEXPECTED_UPGRADE", "the server switched protocols unasked")        \
    X(E_UNEXPECTED_DATA, -232, PROTOCOL, "XH_E_UNEXPECTED_DATA", "the server sent bytes that nobody asked for")        \
    X(E_BAD_REDIRECT, -233, PROTOCOL, "XH_E_BAD_REDIRECT", "the redirect's location is not valid")                     \
    X(E_BAD_CHALLENGE, -234, PROTOCOL, "XH_E_BAD_CHALLENGE", "the authentication challenge is not valid")              \
    X(E_BAD_CHARSET, -235, PROTOCOL, "XH_E_BAD_CHARSET", "the body is not text of its charset")                        \
    X(E_BODY_NOT_JSON, -236, PROTOCOL, "XH_E_BODY_NOT_JSON", "the body is not valid JSON")                             \
    X(E_BAD_HOST, -237, PROTOCOL, "XH_E_BAD_HOST", "the host header is missing, repeated or not valid")                \
    X(E_BAD_MULTIPART, -238, PROTOCOL, "XH_E_BAD_MULTIPART", "the multipart body is not valid")                        \
    X(E_BAD_RANGE, -239, PROTOCOL, "XH_E_BAD_RANGE", "the part of the body is not the one that was asked for")         \
    /* limits */                                                                                                       \
    X(E_HEADER_OVERFLOW, -250, LIMIT, "HPE_HEADER_OVERFLOW", "the head is larger than allowed")                        \
    X(E_TOO_MANY_HEADERS, -251, LIMIT, "XH_E_TOO_MANY_HEADERS", "the head has more lines than allowed")                \
    X(E_BODY_TOO_LARGE, -252, LIMIT, "XH_E_BODY_TOO_LARGE", "the body is larger than allowed")                         \
    X(E_DECODED_TOO_LARGE, -253, LIMIT, "XH_E_DECODED_TOO_LARGE", "the decoded body is larger than allowed")           \
    X(E_CODING_RATIO, -254, LIMIT, "XH_E_CODING_RATIO", "the body grows more than allowed when it is decoded")         \
    X(E_TOO_MANY_CODINGS, -255, LIMIT, "XH_E_TOO_MANY_CODINGS", "more than two content codings")                       \
    X(E_TOO_MANY_INTERIM, -256, LIMIT, "XH_E_TOO_MANY_INTERIM", "more interim responses than allowed")                 \
    X(E_CHUNK_OVERHEAD, -257, LIMIT, "HPE_CHUNK_EXTENSIONS_OVERFLOW", "too much chunk overhead for the data")          \
    X(E_TOO_MANY_PARTS, -258, LIMIT, "XH_E_TOO_MANY_PARTS", "more parts than allowed")                                 \
    /* closed */                                                                                                       \
    X(E_CONNECTION_RESET, -270, CLOSED, "ECONNRESET", "socket hang up")                                                \
    X(E_CONNECTION_CLOSED, -271, CLOSED, "ECONNRESET", "the peer closed the connection before it answered")            \
    X(E_WRITE_FAILED, -272, CLOSED, "EPIPE", "the peer no longer takes data")                                          \
    X(E_IO, -273, CLOSED, "EIO", "input or output failed")                                                             \
    /* redirects */                                                                                                    \
    X(E_BODY_NOT_REPLAYABLE, -280, REDIRECT, "XH_E_BODY_NOT_REPLAYABLE", "the body cannot be sent a second time")      \
    X(E_INSECURE_REDIRECT, -281, REDIRECT, "XH_E_INSECURE_REDIRECT", "the redirect from https to http is forbidden")   \
    /* ended by the application */                                                                                     \
    X(E_CANCELLED, -300, CANCELLED, "ABORT_ERR", "the request was terminated")                                         \
    X(E_CALLBACK, -301, CALLBACK, "XH_E_CALLBACK", "a callback of the application failed")

enum {
#define XH_STATUS_ENUM(name, number, kind, code, text) XH_##name = number,
    XH_STATUS_MAP(XH_STATUS_ENUM)
#undef XH_STATUS_ENUM
        XH_STATUS_END_ = -32768 /**< never returned; keeps the list's last comma legal in C99 and C++ */
};

/** What an error is about; the third column of XH_STATUS_MAP. */
enum {
    XH_KIND_NONE = 0,
    XH_KIND_USAGE = 1,
    XH_KIND_DNS = 2,
    XH_KIND_CONNECT = 3,
    XH_KIND_PROXY = 4,
    XH_KIND_TLS = 5,
    XH_KIND_TIMEOUT = 6,
    XH_KIND_PROTOCOL = 7,
    XH_KIND_LIMIT = 8,
    XH_KIND_CLOSED = 9,
    XH_KIND_REDIRECT = 10,
    XH_KIND_CANCELLED = 11,
    XH_KIND_CALLBACK = 12
};

/** The name of a status as it stands in this header ("XH_E_CANCELLED"); "XH_E_UNKNOWN" for a number that is none.
 *  @return static text, never NULL   @thread any   @since 1.0   @req N05 */
XH_API const char *XH_CALL xh_status_name(xh_status status);

/** The name that Node's programs know ("ECONNRESET", "HPE_HEADER_OVERFLOW", "ABORT_ERR"); the xh name where Node has none.
 *  @return static text, never NULL   @thread any   @since 1.0   @req N05 */
XH_API const char *XH_CALL xh_status_code(xh_status status);

/** One English sentence without a full stop. @return static text, never NULL   @thread any   @since 1.0 */
XH_API const char *XH_CALL xh_status_text(xh_status status);

/** XH_KIND_* of a status; XH_KIND_NONE for 0 and above.   @thread any   @since 1.0 */
XH_API int32_t XH_CALL xh_status_kind(xh_status status);

/** The version of the loaded library, packed as XH_VERSION.   @thread any   @since 1.0   @req L01 */
XH_API uint32_t XH_CALL xh_version(void);

/** The same as text, with the versions of POCO and the TLS library: "xh/1.0.0 Poco/1.11.0 OpenSSL/3.0.19".
 *  @return static text   @thread any   @since 1.0 */
XH_API const char *XH_CALL xh_version_string(void);

/** 1 when the library was built with `name` ("tls", "br", "zstd", "gzip", "idn", "unix"), else 0.   @thread any   @since 1.0 */
XH_API int32_t XH_CALL xh_has_feature(const char *name);

/** Frees memory that a function gave out and documented as "free with xh_free". NULL is ignored.   @thread any   @since 1.0 */
XH_API void XH_CALL xh_free(void *ptr);

/** As malloc. `ctx` is the last argument of xh_set_allocator. */
typedef void *(XH_CALL *xh_malloc_fn)(size_t size, void *ctx);
/** As realloc. */
typedef void *(XH_CALL *xh_realloc_fn)(void *ptr, size_t size, void *ctx);
/** As free. */
typedef void(XH_CALL *xh_free_fn)(void *ptr, void *ctx);

/** Sets the allocator of the library (all three, or all NULL for malloc, realloc and free).
 *  It must be thread-safe and return memory aligned for any type; NULL from it becomes XH_E_NOMEM.
 *  @return XH_OK; XH_E_INVALID_ARGUMENT when only some are given; XH_E_STATE when memory is in use already
 *  @thread any, before the first other call   @since 1.0 */
XH_API xh_status XH_CALL xh_set_allocator(xh_malloc_fn malloc_fn, xh_realloc_fn realloc_fn, xh_free_fn free_fn,
                                          void *ctx);

enum { XH_LOG_NONE = 0, XH_LOG_ERROR = 1, XH_LOG_WARNING = 2, XH_LOG_INFO = 3, XH_LOG_DEBUG = 4 };

/** Takes one log line. `id` is the handle's xh id or 0; `component` is static text; `text` lives for the call. Called on any
 *  thread, concurrently. A line logged from inside the function is dropped. Bodies, credentials and cookies are never logged. */
typedef void(XH_CALL *xh_log_fn)(int32_t level, uint64_t id, const char *component, xh_str text, void *user_data);

/** Sets the log function; NULL makes the library silent, which is the default.
 *  @param destroy  runs once when the function was replaced and no call to it runs any more; only if XH_OK was returned
 *  @thread any   @since 1.0 */
XH_API xh_status XH_CALL xh_set_log(int32_t level, xh_log_fn fn, void *user_data, xh_destroy_fn destroy);

/** Runs on each thread that the library makes, first and last thing; for runtimes that attach threads. Either may be NULL.
 *  @return XH_OK; XH_E_STATE when a thread exists already   @thread any, before the first request   @since 1.0   @req L07 */
XH_API xh_status XH_CALL xh_set_thread_hooks(void(XH_CALL *on_start)(void *), void(XH_CALL *on_stop)(void *),
                                             void *user_data);

/** Ends all work (each handle gets its last callback), joins the library's threads and frees what it kept.
 *  Handles stay legal to read and release; other calls on them return XH_E_SHUTDOWN. A new handle starts the library again.
 *  @param timeout_ms  at most this long; -1 without limit
 *  @return XH_OK; XH_TIMEOUT when some callback did not return in time; XH_E_WOULD_DEADLOCK on a thread of the library
 *  @thread any-but-callback   @blocks up to timeout   @since 1.0   @req L02 */
XH_API xh_status XH_CALL xh_shutdown(int64_t timeout_ms);

/** What xh_debug_live counts. */
enum {
    XH_LIVE_HANDLES = 0,
    XH_LIVE_BUFFERS = 1, /**< xh_buf: received data that the application keeps */
    XH_LIVE_SOCKETS = 2,
    XH_LIVE_THREADS = 3,
    XH_LIVE_BYTES = 4 /**< bytes given out by the allocator of xh and not freed yet */
};

/** How many objects of a kind are alive now; -1 for an unknown kind. For tests that look for leaks.   @thread any   @since 1.0 */
XH_API int64_t XH_CALL xh_debug_live(int32_t kind);

XH_END_DECLS

#endif
