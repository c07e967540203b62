/** @file request.h
 *  One HTTP request, sent when it is made, answered through callbacks (4D's HTTPRequest).
 */
#ifndef XH_REQUEST_H
#define XH_REQUEST_H

#include "xh/options.h"
#include "xh/response.h"

XH_BEGIN_DECLS

/** A request under way or ended. Counted. Releasing the last reference while it is under way only detaches: callbacks
 *  still come, up to on_terminate. */
typedef struct xh_request xh_request;

/** What a callback is told. Borrowed for the call. */
typedef struct xh_request_event xh_request_event;

/** A counted, read-only piece of received data that outlives its callback and may cross threads. */
typedef struct xh_buf xh_buf;

/** What happened. @req Q22 */
enum {
    XH_EVENT_INFORMATION = 1, /**< an interim response (1xx but 101): xh_request_event_status */
    XH_EVENT_HEADERS = 2,
    XH_EVENT_DATA = 3,
    XH_EVENT_RESPONSE = 4,
    XH_EVENT_ERROR = 5,
    XH_EVENT_TERMINATE = 6,
    XH_EVENT_REDIRECT = 7, /**< a redirect is about to be followed: xh_request_event_data is the next url */
    XH_EVENT_UPLOAD = 8,   /**< body bytes have been handed to the system: xh_request_event_bytes and _total */
    XH_EVENT_DOWNLOAD = 9, /**< body bytes came: xh_request_event_bytes and _total */
    XH_EVENT_TRACE = 10    /**< a line of the wire log: xh_request_event_data */
};

/** A callback of a request. Runs on the thread of the request's loop. Two callbacks of one request never overlap and none
 *  runs inside the call that started the request. Every xh function may be called in it; xh_wait on this loop's requests
 *  returns XH_E_WOULD_DEADLOCK. No exception or longjmp may leave it. */
typedef void(XH_CALL *xh_request_fn)(xh_request *request, const xh_request_event *event, void *user_data);

/** The callbacks of a request; each may be NULL. Copied. Order:
 *  on_information* on_headers? on_data* (on_response | on_error) on_terminate, with on_redirect, on_upload, on_download
 *  and on_trace between. A later version appends slots; `size` tells which are there. */
typedef struct xh_request_callbacks {
    size_t size;           /**< sizeof(xh_request_callbacks) */
    void *user_data;       /**< given to each callback; owned by the request once it was made */
    xh_destroy_fn destroy; /**< destroys user_data: once, after on_terminate returned; not when an error was returned */
    xh_request_fn on_headers;     /**< once, when the final response's head has come. @req Q12 */
    xh_request_fn on_data;        /**< zero or more times; only data of the final response. @req Q13 */
    xh_request_fn on_response;    /**< once, when all of the response has come; never with on_error. @req Q14 */
    xh_request_fn on_error;       /**< once, when the request failed or was terminated. @req Q14 */
    xh_request_fn on_terminate;   /**< exactly once, last, always. @req Q15 */
    xh_request_fn on_information; /**< for each interim response */
    xh_request_fn on_redirect;    /**< before a redirect is followed; xh_terminate in it ends the request. @req Q03 */
    xh_request_fn on_upload;      /**< at most once for each piece sent. @req Q04 */
    xh_request_fn on_download;    /**< at most once for each piece received. @req Q13 */
    xh_request_fn on_trace;       /**< wire log; credentials are hidden unless XH_OPT_TRACE_CREDENTIALS */
} xh_request_callbacks;

/** Makes a request and sends it; returns without waiting. Refused arguments are told at once and nothing is called back.
 *  @param url        see spec Q02: no scheme means https
 *  @param options    NULL for the defaults; copied
 *  @param callbacks  NULL for none; copied. user_data passes to the request when XH_OK is returned, and only then
 *  @param out        owned by the caller; NULL when no handle is wanted; unchanged on error
 *  @param err        what was wrong; may be NULL; unchanged on XH_OK; free with xh_error_free()
 *  @return XH_OK; XH_E_INVALID_URL; XH_E_UNSUPPORTED_SCHEME; XH_E_OPTION_CONFLICT (returnResponseBody false without on_data
 *          or outputFile; callbacks together with a queue; loop and agent that differ); XH_E_BODY_USED; XH_E_UNENCODABLE; XH_E_FILE;
 *          XH_E_AGENT_DESTROYED; XH_E_FORKED
 *  @thread any   @calls nothing   @since 1.0   @req Q01 Q02 Q19 Q28 */
XH_API xh_status XH_CALL xh_request_new(const char *url, size_t url_len, const xh_options *options,
                                        const xh_request_callbacks *callbacks, xh_request **out, xh_error **err);

/** Waits until the request has ended: on_terminate has returned and user_data is destroyed.
 *  On a loop of the caller that nobody drives, this thread drives it meanwhile.
 *  @param timeout_ms  -1 without limit, 0 asks only
 *  @return XH_OK when it has ended (at once when it already had); XH_TIMEOUT; XH_E_WOULD_DEADLOCK in a callback of its loop;
 *          XH_E_FORKED
 *  @thread any-but-callback   @blocks up to timeout   @since 1.0   @req Q27 */
XH_API xh_status XH_CALL xh_wait(xh_request *request, int64_t timeout_ms);

/** Ends the request with XH_E_CANCELLED: at once, in any phase, from any thread and in any callback. on_error, then
 *  on_terminate follow. Without effect when it has ended.
 *  @return XH_OK; XH_E_FORKED   @thread any   @blocks never   @since 1.0   @req Q26 */
XH_API xh_status XH_CALL xh_terminate(xh_request *request);

/** Ends the request with an error of the application, for a callback that failed. XH_E_CALLBACK when `status` is not
 *  negative.   @thread any   @since 1.0   @req Q14 */
XH_API xh_status XH_CALL xh_fail(xh_request *request, xh_status status, const char *text, size_t len);

/** One more reference. @return `request`   @thread any   @since 1.0 */
XH_API xh_request *XH_CALL xh_request_retain(xh_request *request);
/** One reference less. NULL is ignored. Legal everywhere and for ever.   @thread any   @since 1.0 */
XH_API void XH_CALL xh_request_release(xh_request *request);
/** A number that no other handle ever has.   @thread any   @since 1.0 */
XH_API uint64_t XH_CALL xh_request_id(const xh_request *request);

/** Stops the giving of data; what the window holds stays in the socket. Takes effect before the next on_data.
 *  @thread any   @since 1.0   @req Q13 */
XH_API xh_status XH_CALL xh_request_pause(xh_request *request);
/** Goes on after xh_request_pause().   @thread any   @since 1.0   @req Q13 */
XH_API xh_status XH_CALL xh_request_resume(xh_request *request);
/** Gives back `bytes` of the window with XH_OPT_MANUAL_CONSUME; more than was given out counts as all.
 *  @return XH_OK; XH_E_STATE without that option   @thread any   @since 1.0   @req Q13 */
XH_API xh_status XH_CALL xh_request_consume(xh_request *request, size_t bytes);
/** A pulled body that had answered -1 has something again.   @thread any   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_request_resume_body(xh_request *request);

/** @name What the request was made with (Q24)
 *  Views live until release.   @thread any   @since 1.0   @req Q24
 *  @{ */
/** The url as given, without its credentials. @thread any @req Q24 */
XH_API xh_str XH_CALL xh_request_url(const xh_request *request);
/** @thread any @req Q24 */
XH_API xh_str XH_CALL xh_request_method(const xh_request *request);
/** XH_DATA_*. @thread any @req Q24 */
XH_API int32_t XH_CALL xh_request_data_type(const xh_request *request);
/** "UTF-8" when it was not given. @thread any @req Q24 */
XH_API xh_str XH_CALL xh_request_encoding(const xh_request *request);
/** "auto" or "HTTP1" as given until the response's head has come, then the version used: "HTTP/1.1". @thread any @req Q16 Q24 */
XH_API xh_str XH_CALL xh_request_protocol(const xh_request *request);
/** 1 or 0. @thread any @req Q24 */
XH_API int32_t XH_CALL xh_request_return_response_body(const xh_request *request);
/** Seconds; -1 when it was not set. @thread any @req Q24 */
XH_API double XH_CALL xh_request_timeout(const xh_request *request);
/** The number of header lines given in the options. @thread any @req Q24 */
XH_API size_t XH_CALL xh_request_header_count(const xh_request *request);
/** Header line `index` as given. XH_E_NOT_FOUND past the end. @thread any @req Q24 */
XH_API xh_status XH_CALL xh_request_header_at(const xh_request *request, size_t index, xh_str *name, xh_str *value);
/** 1 after on_terminate has returned. @thread any @req Q24 */
XH_API int32_t XH_CALL xh_request_terminated(const xh_request *request);
/** @} */

/** The response; NULL until its head has come. Borrowed until release of the request; retain it to keep it longer.
 *  @thread any   @since 1.0   @req Q25 */
XH_API xh_response *XH_CALL xh_request_response(const xh_request *request);

/** The number of errors; 0 while there is none. Index 0 is what happened, the last is the root; between them the attempts.
 *  @thread any   @since 1.0   @req Q23 */
XH_API size_t XH_CALL xh_request_error_count(const xh_request *request);
/** Error `index`; borrowed until release of the request; NULL past the end.   @thread any   @since 1.0   @req Q23 */
XH_API const xh_error *XH_CALL xh_request_error_at(const xh_request *request, size_t index);
/** What a proxy answered when it refused: head and at most 64 KiB of body, as received; absent otherwise.
 *  @thread any   @since 1.0   @req Q18 */
XH_API xh_str XH_CALL xh_request_proxy_answer(const xh_request *request);

/** @name The event of a callback
 *  Views live until the callback returns.   @thread loop   @since 1.0   @req Q22
 *  @{ */
/** XH_EVENT_*. @thread loop @req Q22 */
XH_API int32_t XH_CALL xh_request_event_type(const xh_request_event *event);
/** The name of the text: "headers", "data", "response", "error", "terminate", .. @thread loop @req Q22 */
XH_API const char *XH_CALL xh_request_event_name(const xh_request_event *event);
/** The bytes of XH_EVENT_DATA; the url of REDIRECT; the line of TRACE; absent otherwise. @thread loop @req Q13 Q22 */
XH_API xh_str XH_CALL xh_request_event_data(const xh_request_event *event);
/** The status code of INFORMATION and REDIRECT, else 0. @thread loop @req Q22 */
XH_API int32_t XH_CALL xh_request_event_status(const xh_request_event *event);
/** Body bytes so far, for UPLOAD and DOWNLOAD. @thread loop @req Q22 */
XH_API int64_t XH_CALL xh_request_event_bytes(const xh_request_event *event);
/** Body bytes in all, -1 when unknown. @thread loop @req Q22 */
XH_API int64_t XH_CALL xh_request_event_total(const xh_request_event *event);
/** The error of XH_EVENT_ERROR (the first of the list), else NULL. @thread loop @req Q22 Q23 */
XH_API const xh_error *XH_CALL xh_request_event_error(const xh_request_event *event);
/** @} */

/** Keeps the data of XH_EVENT_DATA beyond the callback, without a copy when it is large.
 *  @return owned by the caller; NULL when the event has no data or memory is out   @thread loop   @since 1.0   @req Q13 */
XH_API xh_buf *XH_CALL xh_data_keep(const xh_request_event *event);
/** The bytes of a kept buffer.   @thread any   @since 1.0 */
XH_API xh_str XH_CALL xh_buf_data(const xh_buf *buf);
/** One more reference. @return `buf`   @thread any   @since 1.0 */
XH_API xh_buf *XH_CALL xh_buf_retain(xh_buf *buf);
/** One reference less. NULL is ignored.   @thread any   @since 1.0 */
XH_API void XH_CALL xh_buf_release(xh_buf *buf);

/** Moments of a hop. @req Q25 */
enum {
    XH_TIME_START = 0,     /**< the hop began (for the first: the request was made) */
    XH_TIME_QUEUE_END = 1, /**< it got its connection or began to make one */
    XH_TIME_LOOKUP_END = 2,
    XH_TIME_CONNECT_END = 3,
    XH_TIME_PROXY_END = 4,
    XH_TIME_TLS_END = 5,
    XH_TIME_SEND_END = 6,   /**< head and body were handed to the system */
    XH_TIME_FIRST_BYTE = 7, /**< the first byte of the response came */
    XH_TIME_END = 8         /**< the last byte came, or the hop failed */
};

/** @name The timeline: one hop for each exchange (redirects, authentication rounds, retries)
 *  Complete when the request has ended; until then what has happened so far.
 *  @{ */
/** The number of hops begun. @thread any @req Q03 Q25 */
XH_API size_t XH_CALL xh_request_hop_count(const xh_request *request);
/** A moment XH_TIME_* of hop `hop`, monotonic nanoseconds; -1 when it did not take place (a reused connection has no
 *  look-up) or not yet. @thread any @req Q25 */
XH_API int64_t XH_CALL xh_request_hop_time(const xh_request *request, size_t hop, int32_t moment);
/** The url of a hop, without credentials. @thread any @req Q03 */
XH_API xh_str XH_CALL xh_request_hop_url(const xh_request *request, size_t hop);
/** The status code that the hop was answered with; 0 when it was not. @thread any @req Q03 */
XH_API int32_t XH_CALL xh_request_hop_status(const xh_request *request, size_t hop);
/** 1 when the hop went over a kept connection. @thread any @req A15 */
XH_API int32_t XH_CALL xh_request_hop_reused(const xh_request *request, size_t hop);
/** "address:port" of the peer (a proxy when there is one). @thread any @req Q25 */
XH_API xh_str XH_CALL xh_request_hop_remote(const xh_request *request, size_t hop);
/** "address:port" of this end. @thread any @req Q25 */
XH_API xh_str XH_CALL xh_request_hop_local(const xh_request *request, size_t hop);
/** "TLSv1.3"; absent without TLS. @thread any @req Q11 */
XH_API xh_str XH_CALL xh_request_hop_tls_version(const xh_request *request, size_t hop);
/** The cipher; absent without TLS. @thread any @req Q11 */
XH_API xh_str XH_CALL xh_request_hop_tls_cipher(const xh_request *request, size_t hop);
/** 1 when the TLS session was resumed. @thread any @req Q11 */
XH_API int32_t XH_CALL xh_request_hop_tls_resumed(const xh_request *request, size_t hop);
/** @} */

XH_END_DECLS

#endif
