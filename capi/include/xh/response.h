/** @file response.h
 *  The final response of a request: head, trailers, body (Q25).
 */
#ifndef XH_RESPONSE_H
#define XH_RESPONSE_H

#include "xh/base.h"
#include "xh/json.h"

XH_BEGIN_DECLS

/** Counted. Immutable but for the body, which appears when all of it has come. Readable from any thread; views live until
 *  its release. */
typedef struct xh_response xh_response;

/** One more reference. @return `response`   @thread any   @since 1.0   @req Q25 */
XH_API xh_response *XH_CALL xh_response_retain(xh_response *response);
/** One reference less. NULL is ignored.   @thread any   @since 1.0 */
XH_API void XH_CALL xh_response_release(xh_response *response);

/** The status code, 100..999.   @thread any   @since 1.0   @req Q25 */
XH_API int32_t XH_CALL xh_response_status(const xh_response *response);
/** The reason phrase as received; may be empty.   @thread any   @since 1.0   @req Q25 */
XH_API xh_str XH_CALL xh_response_status_text(const xh_response *response);
/** The version on the wire: "HTTP/1.1" or "HTTP/1.0".   @thread any   @since 1.0   @req Q16 */
XH_API xh_str XH_CALL xh_response_protocol(const xh_response *response);
/** The url that answered, after redirects.   @thread any   @since 1.0   @req Q03 */
XH_API xh_str XH_CALL xh_response_url(const xh_response *response);

/** The number of header lines as received.   @thread any   @since 1.0   @req Q25 */
XH_API size_t XH_CALL xh_response_header_count(const xh_response *response);
/** Header line `index` in the order received: the name in lower case, the value without white space around it.
 *  @return XH_OK; XH_E_NOT_FOUND past the end   @thread any   @since 1.0   @req Q25 */
XH_API xh_status XH_CALL xh_response_header_at(const xh_response *response, size_t index, xh_str *name, xh_str *value);
/** The same with the name as received.   @thread any   @since 1.0   @req Q25 */
XH_API xh_status XH_CALL xh_response_raw_header_at(const xh_response *response, size_t index, xh_str *name,
                                                   xh_str *value);
/** Value number `nth` (from 0) among the lines of that name, in any case; absent when there are fewer.
 *  @thread any   @since 1.0   @req Q25 */
XH_API xh_str XH_CALL xh_response_header(const xh_response *response, const char *name, size_t name_len, size_t nth);
/** The number of trailer lines; known when the body has ended.   @thread any   @since 1.0   @req Q25 */
XH_API size_t XH_CALL xh_response_trailer_count(const xh_response *response);
/** Trailer line `index`, as xh_response_raw_header_at().   @thread any   @since 1.0   @req Q25 */
XH_API xh_status XH_CALL xh_response_trailer_at(const xh_response *response, size_t index, xh_str *name, xh_str *value);

/** What the body was made into by XH_OPT_DATA_TYPE: XH_DATA_TEXT, XH_DATA_BLOB, XH_DATA_OBJECT; -1 while it has not come or
 *  when it is not returned or went to XH_OPT_OUTPUT_FILE.   @thread any   @since 1.0   @req Q06 Q25 */
XH_API int32_t XH_CALL xh_response_body_type(const xh_response *response);
/** The collected body: decoded; text is UTF-8; an object is its JSON text as received (in UTF-8). Absent while it has not
 *  come or when it is not returned or went to XH_OPT_OUTPUT_FILE.   @thread any   @since 1.0   @req Q06 Q19 Q25 */
XH_API xh_str XH_CALL xh_response_body(const xh_response *response);
/** The body of XH_DATA_OBJECT as a value; borrowed until release of the response. NULL otherwise.
 *  @thread any   @since 1.0   @req Q06 Q25 */
XH_API xh_json *XH_CALL xh_response_json(const xh_response *response);

XH_END_DECLS

#endif
