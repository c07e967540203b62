/** @file options.h
 *  Options of requests and agents: one opaque set, typed setters keyed by a number, or the whole as one JSON object with
 *  the names of the texts. Every option works in every combination or is refused with its own error.
 */
#ifndef XH_OPTIONS_H
#define XH_OPTIONS_H

#include "xh/error.h"

XH_BEGIN_DECLS

/** A set of options. Counted. XH_SINGLE: one thread at a time may set; once given to a request or agent the values were
 *  copied (cheaply), so the set may be changed, shared and released at will. */
typedef struct xh_options xh_options;

/* The one list of options: X(NAME, number, type, json, unit or range).
 * type INT: xh_options_set_int. BOOL: set_int with 0 or 1. REAL: set_real. STR: set_str. BYTES: set_bytes. PTR: set_ptr.
 * ENUM: set_int with the constant or set_str with the name of the texts. `json` is the property of xh_options_set_json. */
#define XH_OPTION_MAP(X)                                                                                               \
    /* the request (Q) */                                                                                              \
    X(METHOD, 1, STR, "method", "a token; default GET")                                                                \
    X(AUTOMATIC_REDIRECTIONS, 2, BOOL, "automaticRedirections", "default 1")                                           \
    X(MAX_REDIRECTIONS, 3, INT, "maxRedirections", "0..100, default 5; the next one is given as the response")         \
    X(FORBID_INSECURE_REDIRECT, 4, BOOL, "forbidInsecureRedirect", "default 0: https to http is followed, bare")       \
    X(DATA_TYPE, 5, ENUM, "dataType", "auto, text, blob, object; default auto")                                        \
    X(DECODE_DATA, 6, BOOL, "decodeData", "default 0: on_data gets the bytes as coded")                                \
    X(ENCODING, 7, STR, "encoding", "of a text body; default UTF-8")                                                   \
    X(PROTOCOL, 8, ENUM, "protocol", "auto, HTTP1; default auto")                                                      \
    X(RETURN_RESPONSE_BODY, 9, BOOL, "returnResponseBody", "default 1")                                                \
    X(DECOMPRESS, 10, BOOL, "decompress", "default 1: Accept-Encoding is sent and the collected body decoded")         \
    X(EXPECT_CONTINUE_MS, 11, INT, "expectContinueMs", "-1 off (default); else Expect is sent and this long waited")   \
    X(SECRET_HEADERS, 12, STR, "secretHeaders", "names, separated by commas: dropped when the origin changes")         \
    X(BODY_FILE, 13, STR, "bodyFile", "path of a file that is the body")                                               \
    X(OUTPUT_FILE, 14, STR, "outputFile", "path where a 2xx body is put, whole or not at all; see below")              \
    X(RESUME, 15, BOOL, "resume", "default 0. 1: what came of outputFile is kept and continued; see below")            \
    /* deadlines; -1 is none */                                                                                        \
    X(TIMEOUT, 20, REAL, "timeout", "seconds for the whole request; default none")                                     \
    X(QUEUE_TIMEOUT_MS, 21, INT, "queueTimeoutMs", "waiting for a connection")                                         \
    X(LOOKUP_TIMEOUT_MS, 22, INT, "lookupTimeoutMs", "name look-up")                                                   \
    X(CONNECT_TIMEOUT_MS, 23, INT, "connectTimeoutMs", "connecting, proxy included")                                   \
    X(TLS_TIMEOUT_MS, 24, INT, "tlsTimeoutMs", "TLS handshake")                                                        \
    X(HEAD_TIMEOUT_MS, 25, INT, "headTimeoutMs", "from the request sent to the response's head")                       \
    X(STALL_TIMEOUT_MS, 26, INT, "stallTimeoutMs", "no byte moved, unless the application holds it up")                \
    /* TLS */                                                                                                          \
    X(MIN_TLS_VERSION, 40, ENUM, "minTLSVersion", "TLSv1_0, TLSv1_1, TLSv1_2, TLSv1_3; default TLSv1_2")               \
    X(MAX_TLS_VERSION, 41, ENUM, "maxTLSVersion", "the same names; default the newest")                                \
    X(VALIDATE_TLS_CERTIFICATE, 42, BOOL, "validateTLSCertificate", "default 1. 0: anybody can pose as the server")    \
    X(CERTIFICATES_FOLDER, 43, STR, "certificatesFolder", "folder with cert.pem and key.pem")                          \
    X(CLIENT_CERT_PEM, 44, STR, "cert", "client certificate and chain as PEM text")                                    \
    X(CLIENT_KEY_PEM, 45, STR, "key", "its key as PEM text")                                                           \
    X(CLIENT_PFX, 46, BYTES, "pfx", "certificate and key as PKCS#12 (base64 in JSON)")                                 \
    X(CLIENT_KEY_PASSPHRASE, 47, STR, "passphrase", "of the key or the PKCS#12")                                       \
    X(CA_PEM, 48, STR, "ca", "own authorities as PEM text; lists of revoked certificates in it are obeyed")            \
    X(CA_FILE, 49, STR, "caFile", "file or folder of authorities")                                                     \
    X(SYSTEM_STORE, 50, BOOL, "systemStore", "default 1: the system's authorities are trusted, too")                   \
    X(CIPHERS, 51, STR, "ciphers", "OpenSSL's list for TLS 1.2 and below")                                             \
    X(PINS, 52, STR, "pins", "base64 SHA-256 of public keys, separated by ';'; one must match")                        \
    X(SERVER_NAME, 53, STR, "servername", "replaces the host for SNI and verification")                                \
    X(SESSION_CACHE, 54, BOOL, "sessionCache", "default 1: TLS sessions are resumed")                                  \
    X(KEYLOG_FILE, 55, STR, "keylogFile", "danger: its reader can decrypt the traffic")                                \
    X(IGNORE_UNEXPECTED_EOF, 56, BOOL, "ignoreUnexpectedEof", "danger: a cut answer passes for a whole one")           \
    /* authentication and proxy; in JSON serverAuthentication and proxyAuthentication {name, password, method} */      \
    X(SERVER_AUTH_NAME, 60, STR, "serverAuthentication.name", "user name")                                             \
    X(SERVER_AUTH_PASSWORD, 61, STR, "serverAuthentication.password", "password")                                      \
    X(SERVER_AUTH_METHOD, 62, ENUM, "serverAuthentication.method", "auto, basic, digest; default auto")                \
    X(PROXY, 63, STR, "proxy", "http://, https:// or socks5://[user:password@]host:port; empty is none")               \
    X(PROXY_AUTH_NAME, 64, STR, "proxyAuthentication.name", "user name")                                               \
    X(PROXY_AUTH_PASSWORD, 65, STR, "proxyAuthentication.password", "password")                                        \
    X(PROXY_AUTH_METHOD, 66, ENUM, "proxyAuthentication.method", "auto, basic, digest; default auto")                  \
    X(PROXY_FROM_ENVIRONMENT, 67, BOOL, "proxyFromEnvironment", "default 0. 1: http_proxy, https_proxy, no_proxy")     \
    X(NO_PROXY, 68, STR, "noProxy", "hosts that go direct, as in no_proxy")                                            \
    X(PROXY_TUNNEL, 69, BOOL, "proxyTunnel", "default 0. 1: CONNECT for http urls, too")                               \
    /* connection */                                                                                                   \
    X(FAMILY, 80, INT, "family", "0 any, 4, 6; default 0")                                                             \
    X(LOCAL_ADDRESS, 81, STR, "localAddress", "numeric address to connect from")                                       \
    X(LOCAL_PORT, 82, INT, "localPort", "0..65535, default 0: any")                                                    \
    X(SOCKET_PATH, 83, STR, "socketPath", "Unix socket instead of the url's host and port")                            \
    X(NO_DELAY, 84, BOOL, "noDelay", "default 1: TCP_NODELAY")                                                         \
    /* limits and windows; bytes */                                                                                    \
    X(RECEIVE_WINDOW, 100, INT, "receiveWindow", "most bytes given to on_data and not consumed; default 262144")       \
    X(MANUAL_CONSUME, 101, BOOL, "manualConsume", "default 0: on_data's return consumes")                              \
    X(MAX_HEAD_BYTES, 102, INT, "maxHeaderSize", "default xh_max_header_size()")                                       \
    X(MAX_HEADERS, 103, INT, "maxHeadersCount", "default 2000; 0 no limit but the size")                               \
    X(MAX_BODY_BYTES, 104, INT, "maxBodyBytes", "most decoded bytes; default -1: none for on_data, 2 GiB collected")   \
    X(MAX_CODING_RATIO, 105, INT, "maxCodingRatio", "most decoded bytes for one coded; default 1000, 0 none")          \
    X(MAX_INTERIM, 106, INT, "maxInterimResponses", "default 16")                                                      \
    X(LENIENCY, 107, INT, "insecureHTTPParser",                                                                        \
      "XH_LENIENT_* added up (JSON true: all); such a connection is not kept")                                         \
    /* where it runs */                                                                                                \
    X(AGENT, 120, PTR, "", "xh_agent *; default the global agent of the loop")                                         \
    X(NO_AGENT, 121, BOOL, "noAgent", "default 0. 1: a connection of its own, closed after the answer")                \
    X(LOOP, 122, PTR, "", "xh_loop *; default the library's loop")                                                     \
    X(QUEUE, 123, PTR, "", "xh_queue *; events go there and callbacks are not allowed")                                \
    X(TOKEN, 124, INT, "token", "comes back in each event of the queue")                                               \
    X(TRACE_CREDENTIALS, 125, BOOL, "traceCredentials", "danger: on_trace shows passwords and cookies")                \
    /* agents (A) */                                                                                                   \
    X(KEEP_ALIVE, 140, BOOL, "keepAlive", "default 0 for an own agent, 1 for the global one")                          \
    X(KEEP_ALIVE_MSECS, 141, INT, "keepAliveMsecs", "TCP keep-alive initial delay, default 1000; -1 off")              \
    X(MAX_SOCKETS, 142, INT, "maxSockets", "for an origin; default -1: no limit")                                      \
    X(MAX_TOTAL_SOCKETS, 143, INT, "maxTotalSockets", "over all origins; default -1: no limit")                        \
    X(MAX_FREE_SOCKETS, 144, INT, "maxFreeSockets", "kept for an origin; default 256")                                 \
    X(SCHEDULING, 145, ENUM, "scheduling", "lifo, fifo; default lifo")                                                 \
    X(AGENT_TIMEOUT_MS, 146, INT, "agentTimeout", "a free socket is closed after it; -1 never. Global agent 5000")     \
    X(MAX_CONNECTION_AGE_MS, 147, INT, "maxConnectionAge", "no reuse of an older connection; default 600000, -1 any")  \
    /* what a request leaves with its agent (Q28) */                                                                   \
    X(COOKIES, 148, BOOL, "cookies", "default 0. 1: cookies of answers are kept with the agent and sent again")

/** The numbers of the options: XH_OPT_<NAME>. Never reused. */
enum {
#define XH_OPTION_ENUM(name, number, type, json, note) XH_OPT_##name = number,
    XH_OPTION_MAP(XH_OPTION_ENUM)
#undef XH_OPTION_ENUM
        XH_OPT_END_ = 32767 /**< no option */
};

/* XH_OPT_OUTPUT_FILE: the body of a final 2xx answer goes to a temporary file in the folder of the path (mode 0600) and is
 * renamed onto the path, with the mode that the umask gives, when all of it has come and was right: before on_response. A
 * reader sees the old file or the new one; a symbolic link is replaced, not followed. Nothing is left behind when the request
 * fails, is terminated, or gets another answer, whose body is collected as usual; a process that is killed leaves the
 * temporary file ".xh-*.tmp". The data are not forced to the disk (fsync). They are written on the loop's thread, piece by
 * piece as they come, so a slow disk slows the loop. The file gets decoded bytes unless XH_OPT_DECOMPRESS is 0; on_data, when
 * there is one, gets all the bytes, too. xh_request_new() opens the folder: it refuses with XH_E_FILE one that does not exist,
 * and a path that is there and no regular file. Later troubles end the request with XH_E_FILE in XH_PHASE_BODY. HEAD is
 * XH_E_OPTION_CONFLICT.
 *
 * XH_OPT_RESUME: what came is kept in "<path>.part" when the request fails or is terminated, with the answer's validator (a
 * strong ETag, else a Last-Modified earlier than its Date) in "<path>.part.meta"; without one, nothing is kept. The next
 * request of the same url with this option asks for the rest (Range, If-Range). Then
 * - 206 with the right Content-Range and validator is appended; when it brings less than the rest, XH_E_TRUNCATED follows
 *   and the next request goes on there. Any other 206 is XH_E_BAD_RANGE, and the part is dropped;
 * - another 2xx starts from the beginning;
 * - 416 with the length of the part completes it: the response's status is 416, its body is not returned. At any other 416
 *   the part is dropped and the request is made once more without Range, as a hop of its own;
 * - any other answer is collected as usual and leaves the part as it is.
 * Nothing is decoded, and no Accept-Encoding is sent. on_data and on_download tell of what the answer brings, not of what was
 * there. One request at a time has the part, others are refused with XH_E_FILE (EWOULDBLOCK). XH_E_OPTION_CONFLICT: without
 * XH_OPT_OUTPUT_FILE, with a method other than GET, with XH_OPT_DECODE_DATA, with an own Range or If-Range header. */

/** XH_OPT_DATA_TYPE: what the response's body is given as. @req Q06 */
enum { XH_DATA_AUTO = 0, XH_DATA_TEXT = 1, XH_DATA_BLOB = 2, XH_DATA_OBJECT = 3 };
/** XH_OPT_PROTOCOL. "auto" is HTTP/1.1 in this version. @req Q16 */
enum { XH_PROTOCOL_AUTO = 0, XH_PROTOCOL_HTTP1 = 1 };
/** XH_OPT_MIN_TLS_VERSION and XH_OPT_MAX_TLS_VERSION. @req Q11 */
enum { XH_TLS_DEFAULT = 0, XH_TLS_1_0 = 1, XH_TLS_1_1 = 2, XH_TLS_1_2 = 3, XH_TLS_1_3 = 4 };
/** XH_OPT_SERVER_AUTH_METHOD and XH_OPT_PROXY_AUTH_METHOD. "auto" answers what is asked for, digest before basic.
 *  @req Q17 Q18 */
enum { XH_AUTH_AUTO = 0, XH_AUTH_BASIC = 1, XH_AUTH_DIGEST = 2 };
/** XH_OPT_SCHEDULING. @req A05 */
enum { XH_SCHEDULING_LIFO = 0, XH_SCHEDULING_FIFO = 1 };

/** Makes an empty set: every option has its default.
 *  @return owned by the caller, end with xh_options_release(); NULL only when memory is out   @thread any   @since 1.0   @req Q01 */
XH_API xh_options *XH_CALL xh_options_new(void);
/** A new set with the same values; bodies from a callback are not copied (XH_E_STATE gives NULL).
 *  @thread any   @since 1.0 */
XH_API xh_options *XH_CALL xh_options_copy(const xh_options *options);
/** One more reference. @return `options`   @thread any   @since 1.0 */
XH_API xh_options *XH_CALL xh_options_retain(xh_options *options);
/** One reference less. NULL is ignored.   @thread any   @since 1.0 */
XH_API void XH_CALL xh_options_release(xh_options *options);

/** Sets an INT, BOOL or ENUM option.
 *  @return XH_OK; XH_E_UNKNOWN_OPTION; XH_E_OPTION_TYPE when it takes another type; XH_E_OPTION_VALUE out of range
 *  @thread XH_SINGLE   @since 1.0   @req Q03 Q06 Q07 Q11 Q16 Q19 Q21 A01 */
XH_API xh_status XH_CALL xh_options_set_int(xh_options *options, int32_t option, int64_t value);
/** Sets a REAL option; NaN, infinity and negative numbers but -1 (none) are XH_E_OPTION_VALUE.
 *  @thread XH_SINGLE   @since 1.0   @req Q20 */
XH_API xh_status XH_CALL xh_options_set_real(xh_options *options, int32_t option, double value);
/** Sets a STR or ENUM option. The text is copied. NULL with length 0 brings the default back.
 *  @return also XH_E_INVALID_UTF8; XH_E_INVALID_METHOD, XH_E_UNKNOWN_ENCODING, XH_E_INVALID_PROXY for those options
 *  @thread XH_SINGLE   @since 1.0   @req Q05 Q08 Q10 Q17 Q18 */
XH_API xh_status XH_CALL xh_options_set_str(xh_options *options, int32_t option, const char *text, size_t len);
/** Sets a BYTES option. Copied.   @thread XH_SINGLE   @since 1.0   @req Q05 */
XH_API xh_status XH_CALL xh_options_set_bytes(xh_options *options, int32_t option, const void *bytes, size_t len);
/** Sets a PTR option. The handle is retained by the set. NULL brings the default back.
 *  @thread XH_SINGLE   @since 1.0   @req Q28 L07 */
XH_API xh_status XH_CALL xh_options_set_ptr(xh_options *options, int32_t option, void *handle);

/** Reads an INT, BOOL or ENUM option, set or default.
 *  @param out  unchanged on error   @return XH_OK; XH_E_UNKNOWN_OPTION; XH_E_OPTION_TYPE   @thread XH_SINGLE   @since 1.0 */
XH_API xh_status XH_CALL xh_options_get_int(const xh_options *options, int32_t option, int64_t *out);
/** Reads a REAL option; -1 when it is not set.   @thread XH_SINGLE   @since 1.0 */
XH_API xh_status XH_CALL xh_options_get_real(const xh_options *options, int32_t option, double *out);
/** Copies a STR or BYTES option, or the name of an ENUM value, NUL-terminated, into `buf`.
 *  @param needed  the size with the NUL; may be NULL
 *  @return XH_OK; XH_E_BUFFER_TOO_SMALL, nothing written   @thread XH_SINGLE   @since 1.0 */
XH_API xh_status XH_CALL xh_options_get_str(const xh_options *options, int32_t option, char *buf, size_t cap,
                                            size_t *needed);

/** Adds a header line; lines of one name are sent in the order of adding. Name and value are checked (N03) and copied.
 *  @return XH_OK; XH_E_INVALID_HEADER_NAME; XH_E_INVALID_HEADER_VALUE; XH_E_UNDEFINED_HEADER_VALUE for a NULL value;
 *          XH_E_OPTION_VALUE for a header that xh must write itself (transfer-encoding, connection: upgrade)
 *  @thread XH_SINGLE   @since 1.0   @req Q09 */
XH_API xh_status XH_CALL xh_options_add_header(xh_options *options, const char *name, size_t name_len,
                                               const char *value, size_t value_len);
/** The same, in place of all lines of that name.   @thread XH_SINGLE   @since 1.0   @req Q09 */
XH_API xh_status XH_CALL xh_options_set_header(xh_options *options, const char *name, size_t name_len,
                                               const char *value, size_t value_len);
/** Takes all lines of that name out. XH_E_NOT_FOUND when there is none.   @thread XH_SINGLE   @since 1.0   @req Q09 */
XH_API xh_status XH_CALL xh_options_remove_header(xh_options *options, const char *name, size_t name_len);

/** The body is text: sent in XH_OPT_ENCODING as "text/plain; charset=<encoding>" unless a header says otherwise. Copied.
 *  One of the xh_options_set_body functions replaces the body of another.
 *  @return XH_OK; XH_E_INVALID_UTF8   @thread XH_SINGLE   @since 1.0   @req Q04 Q08 */
XH_API xh_status XH_CALL xh_options_set_body_text(xh_options *options, const char *text, size_t len);
/** The body is bytes: "application/octet-stream". Copied. NULL with length 0 takes the body away.
 *  @thread XH_SINGLE   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_options_set_body_bytes(xh_options *options, const void *bytes, size_t len);
/** The same without a copy: the bytes must not change until `release(user_data)`, called once on any thread when neither
 *  the set nor a request needs them. On error nothing was taken and `release` is not called.
 *  @thread XH_SINGLE   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_options_set_body_borrow(xh_options *options, const void *bytes, size_t len,
                                                    xh_destroy_fn release, void *user_data);
/** The body is a JSON text: "application/json; charset=utf-8". Checked and copied.
 *  @return XH_OK; XH_E_INVALID_JSON   @thread XH_SINGLE   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_options_set_body_json(xh_options *options, const char *json, size_t len);
/** The body is a file, read while it is sent. Opened by xh_request_new(), which refuses one that cannot be opened.
 *  @return XH_OK   @thread XH_SINGLE   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_options_set_body_file(xh_options *options, const char *path, size_t len);

/** Produces the next piece of a body.
 *  @param buf   to be filled, at most `cap` bytes
 *  @return      > 0 bytes written; 0 the body has ended; -1 nothing now, xh_request_resume_body() will be called;
 *               -2 failed: the request ends with XH_E_CALLBACK
 *  On the loop's thread, one call at a time, until 0 or -2 is returned or the request has ended. */
typedef int64_t(XH_CALL *xh_body_pull_fn)(char *buf, size_t cap, void *user_data);

/** The body is asked for piece by piece. It can feed one request only (XH_E_BODY_USED for a second) and cannot be sent
 *  again after a redirect 307, 308 or an authentication round (XH_E_BODY_NOT_REPLAYABLE), unless nothing was pulled yet.
 *  @param length   bytes that will come, or -1: sent chunked
 *  @param destroy  once, on any thread, after the last call; not when an error is returned
 *  @thread XH_SINGLE   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_options_set_body_pull(xh_options *options, xh_body_pull_fn pull, int64_t length,
                                                  void *user_data, xh_destroy_fn destroy);

/** Sets many options from one JSON object with the names of XH_OPTION_MAP, and
 *  "headers": {"name": "value" or ["value", ..]}, "body": text (text), object or array (JSON), "bodyBase64": bytes,
 *  "serverAuthentication" and "proxyAuthentication": {"name":..,"password":..,"method":..}. All or nothing.
 *  `{"method":"POST","headers":{"a":["1","2"]},"timeout":2.5}`
 *  @param err  what was wrong with which property; may be NULL; unchanged on XH_OK
 *  @return XH_OK; XH_E_INVALID_JSON; XH_E_UNKNOWN_OPTION; XH_E_OPTION_TYPE; XH_E_OPTION_VALUE; as the setters
 *  @thread XH_SINGLE   @since 1.0   @req Q01 Q04 Q09 */
XH_API xh_status XH_CALL xh_options_set_json(xh_options *options, const char *json, size_t len, xh_error **err);

XH_END_DECLS

#endif
