/** @file module.h
 *  Lists and process-wide defaults (Node's http module object).
 */
#ifndef XH_MODULE_H
#define XH_MODULE_H

#include "xh/base.h"

XH_BEGIN_DECLS

/** The number of METHODS.   @thread any   @since 1.0   @req N01 */
XH_API size_t XH_CALL xh_method_count(void);
/** METHODS[index] in alphabetical order; NULL past the end. Static text.   @thread any   @since 1.0   @req N01 */
XH_API const char *XH_CALL xh_method_at(size_t index);
/** STATUS_CODES[code]: "Not Found"; NULL for a code without a name. Static text.   @thread any   @since 1.0   @req N01 */
XH_API const char *XH_CALL xh_status_message(int32_t code);
/** The codes of STATUS_CODES in ascending order; 0 past the end.   @thread any   @since 1.0   @req N01 */
XH_API int32_t XH_CALL xh_status_message_at(size_t index);

/** The process-wide default of XH_OPT_MAX_HEAD_BYTES: 16384.   @thread any   @since 1.0   @req N02 */
XH_API size_t XH_CALL xh_max_header_size(void);
/** Sets it, for requests made from now on: 1..16777216.
 *  @return XH_OK; XH_E_OPTION_VALUE   @thread any   @since 1.0   @req N02 */
XH_API xh_status XH_CALL xh_set_max_header_size(size_t bytes);

/** @return XH_OK; XH_E_INVALID_HEADER_NAME (code ERR_INVALID_HTTP_TOKEN)   @thread any   @since 1.0   @req N03 */
XH_API xh_status XH_CALL xh_validate_header_name(const char *name, size_t len);
/** `value` NULL is undefined: XH_E_UNDEFINED_HEADER_VALUE (code ERR_HTTP_INVALID_HEADER_VALUE).
 *  @return XH_OK; XH_E_INVALID_HEADER_VALUE (code ERR_INVALID_CHAR); XH_E_INVALID_HEADER_NAME
 *  @thread any   @since 1.0   @req N03 */
XH_API xh_status XH_CALL xh_validate_header_value(const char *name, size_t name_len, const char *value, size_t len);

/** The most idle parsers that are kept for reuse in the process: 1000.   @thread any   @since 1.0   @req N04 */
XH_API size_t XH_CALL xh_max_idle_http_parsers(void);
/** Sets it. Surplus ones are freed as loops come across them.   @thread any   @since 1.0   @req N04 */
XH_API xh_status XH_CALL xh_set_max_idle_http_parsers(size_t count);

XH_END_DECLS

#endif
