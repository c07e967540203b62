/** @file json.h
 *  JSON values: the body of a response as an object, bodies to send, and a reader and writer for programs that have none.
 *
 *  A value is counted and opaque. One that was read from text, or is part of another, never changes again: any thread may
 *  read it, and it may be part of several others. Only a new (or copied) array or object can be filled, by one thread at a
 *  time, until it becomes part of another value.
 *
 *  Whole numbers from -2^63 to 2^64-1 are exact; greater ones keep their digits and are written as they were read; all
 *  others are doubles. NaN and infinity do not exist. Text is UTF-8; U+0000 in it is allowed, so use the lengths.
 *  At most 128 levels of arrays and objects stand inside each other.
 */
#ifndef XH_JSON_H
#define XH_JSON_H

#include "xh/base.h"
#include "xh/error.h"

XH_BEGIN_DECLS

/** One value: null, a truth value, a number, a text, an array or an object. Counted. */
typedef struct xh_json xh_json;

/** What a value is. */
enum {
    XH_JSON_NULL = 0,
    XH_JSON_BOOL = 1,
    XH_JSON_NUMBER = 2,
    XH_JSON_STRING = 3,
    XH_JSON_ARRAY = 4,
    XH_JSON_OBJECT = 5
};

/** Adds a reference. @return the same value; NULL for NULL   @thread any   @since 1.0 */
XH_API xh_json *XH_CALL xh_json_retain(xh_json *json);
/** Takes a reference; the last one frees the value. NULL is ignored.   @thread any   @since 1.0 */
XH_API void XH_CALL xh_json_release(xh_json *json);

/** Reads one JSON text (RFC 8259): any value at the top, nothing but blanks behind it; a byte order mark is skipped. Of
 *  members with the same name the last counts.
 *  @param text  UTF-8; copied
 *  @param out   owned by the caller, frozen; unchanged on error
 *  @param err   the place and the reason: "line 3, column 7: ..."; may be NULL; unchanged on XH_OK
 *  @return XH_OK; XH_E_INVALID_JSON: also for invalid UTF-8, lone surrogates, more than 128 levels, and numbers beyond the
 *          range of a double such as 1e400   @thread any   @since 1.0   @req Q04 Q06 */
XH_API xh_status XH_CALL xh_json_parse(const char *text, size_t len, xh_json **out, xh_error **err);

/** Writes a value as text, member order kept.
 *  @param indent  0 for one line without blanks; 1..16 for lines, that many blanks per level
 *  @param out     NUL-terminated; free `out->ptr` with xh_free()
 *  @return XH_OK; XH_E_INVALID_ARGUMENT for another indent   @thread any   @since 1.0   @req Q04 Q06 */
XH_API xh_status XH_CALL xh_json_stringify(const xh_json *json, int32_t indent, xh_str *out);

/** XH_JSON_* of a value; -1 for NULL.   @thread any   @since 1.0   @req Q06 */
XH_API int32_t XH_CALL xh_json_type(const xh_json *json);
/** How many elements or members it has; 0 for every other type and NULL.   @thread any   @since 1.0   @req Q06 */
XH_API size_t XH_CALL xh_json_count(const xh_json *json);
/** The name of member `index`, in the order of the text; absent past the end and for other types.
 *  @return a view that lives until the object is changed or released   @thread any   @since 1.0   @req Q06 */
XH_API xh_str XH_CALL xh_json_key_at(const xh_json *json, size_t index);
/** Element or member value `index`; NULL past the end and for other types.
 *  @return borrowed until the holder is changed or released; retain to keep   @thread any   @since 1.0   @req Q06 */
XH_API xh_json *XH_CALL xh_json_at(const xh_json *json, size_t index);
/** The member of that name; NULL when there is none and for other types.
 *  @return borrowed until the object is changed or released; retain to keep   @thread any   @since 1.0   @req Q06 */
XH_API xh_json *XH_CALL xh_json_get(const xh_json *json, const char *key, size_t len);

/** Reads a bool as 0 or 1. @param out  unchanged on error   @return XH_OK; XH_E_JSON_TYPE   @thread any   @since 1.0   @req Q06 */
XH_API xh_status XH_CALL xh_json_bool(const xh_json *json, int32_t *out);
/** Reads a number as the nearest double. @param out  unchanged on error
 *  @return XH_OK; XH_E_JSON_TYPE; XH_E_OPTION_VALUE when it is beyond every double   @thread any   @since 1.0   @req Q06 */
XH_API xh_status XH_CALL xh_json_number(const xh_json *json, double *out);
/** Reads a whole number; 1.0 and 1e3 are whole. @param out  unchanged on error
 *  @return XH_OK; XH_E_JSON_TYPE; XH_E_OPTION_VALUE when it has a fraction or does not fit: xh_json_stringify() then gives
 *          its digits   @thread any   @since 1.0   @req Q06 */
XH_API xh_status XH_CALL xh_json_integer(const xh_json *json, int64_t *out);
/** Reads a string. @param out  lives as long as the value; unchanged on error
 *  @return XH_OK; XH_E_JSON_TYPE   @thread any   @since 1.0   @req Q06 */
XH_API xh_status XH_CALL xh_json_string(const xh_json *json, xh_str *out);

/** Makes an empty array. @param out  owned by the caller   @thread any   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_json_new_array(xh_json **out);
/** Makes an empty object. @param out  owned by the caller   @thread any   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_json_new_object(xh_json **out);
/** Makes a null. @param out  owned by the caller   @thread any   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_json_new_null(xh_json **out);
/** Makes a bool: false for 0, true for all else. @param out  owned by the caller   @thread any   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_json_new_bool(int32_t value, xh_json **out);
/** Makes a whole number. @param out  owned by the caller   @thread any   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_json_new_integer(int64_t value, xh_json **out);
/** Makes a number. @param out  owned by the caller
 *  @return XH_OK; XH_E_OPTION_VALUE for NaN and infinity   @thread any   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_json_new_number(double value, xh_json **out);
/** Makes a string, copied. @param out  owned by the caller
 *  @return XH_OK; XH_E_INVALID_UTF8   @thread any   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_json_new_string(const char *text, size_t len, xh_json **out);
/** Makes an array or object with the same members, which can be filled; the members themselves are shared. Other values are
 *  retained. @param out  owned by the caller   @thread any   @since 1.0   @req Q04 */
XH_API xh_status XH_CALL xh_json_copy(const xh_json *json, xh_json **out);

/** @name Filling an object
 *  A member of that name is replaced and keeps its place, others go to the end.
 *  @return XH_OK; XH_E_JSON_TYPE when it is no object; XH_E_STATE when it can no longer be changed; XH_E_INVALID_UTF8
 *  @thread XH_SINGLE   @since 1.0   @req Q04
 *  @{ */
/** Sets a member to a value, which is retained and frozen.
 *  @return also XH_E_INVALID_ARGUMENT for the object itself and for more than 128 levels   @thread XH_SINGLE   @req Q04 */
XH_API xh_status XH_CALL xh_json_set(xh_json *object, const char *key, size_t key_len, xh_json *value);
/** Sets a member to null. @thread XH_SINGLE @req Q04 */
XH_API xh_status XH_CALL xh_json_set_null(xh_json *object, const char *key, size_t key_len);
/** Sets a member to a bool. @thread XH_SINGLE @req Q04 */
XH_API xh_status XH_CALL xh_json_set_bool(xh_json *object, const char *key, size_t key_len, int32_t value);
/** Sets a member to a whole number. @thread XH_SINGLE @req Q04 */
XH_API xh_status XH_CALL xh_json_set_integer(xh_json *object, const char *key, size_t key_len, int64_t value);
/** Sets a member to a number. @return also XH_E_OPTION_VALUE for NaN and infinity   @thread XH_SINGLE   @req Q04 */
XH_API xh_status XH_CALL xh_json_set_number(xh_json *object, const char *key, size_t key_len, double value);
/** Sets a member to a string. @thread XH_SINGLE @req Q04 */
XH_API xh_status XH_CALL xh_json_set_string(xh_json *object, const char *key, size_t key_len, const char *text,
                                            size_t len);
/** @} */

/** @name Filling an array
 *  @return XH_OK; XH_E_JSON_TYPE when it is no array; XH_E_STATE when it can no longer be changed
 *  @thread XH_SINGLE   @since 1.0   @req Q04
 *  @{ */
/** Appends a value, which is retained and frozen.
 *  @return also XH_E_INVALID_ARGUMENT for the array itself and for more than 128 levels   @thread XH_SINGLE   @req Q04 */
XH_API xh_status XH_CALL xh_json_append(xh_json *array, xh_json *value);
/** Appends a null. @thread XH_SINGLE @req Q04 */
XH_API xh_status XH_CALL xh_json_append_null(xh_json *array);
/** Appends a bool. @thread XH_SINGLE @req Q04 */
XH_API xh_status XH_CALL xh_json_append_bool(xh_json *array, int32_t value);
/** Appends a whole number. @thread XH_SINGLE @req Q04 */
XH_API xh_status XH_CALL xh_json_append_integer(xh_json *array, int64_t value);
/** Appends a number. @return also XH_E_OPTION_VALUE for NaN and infinity   @thread XH_SINGLE   @req Q04 */
XH_API xh_status XH_CALL xh_json_append_number(xh_json *array, double value);
/** Appends a string. @return also XH_E_INVALID_UTF8   @thread XH_SINGLE   @req Q04 */
XH_API xh_status XH_CALL xh_json_append_string(xh_json *array, const char *text, size_t len);
/** @} */

XH_END_DECLS

#endif
