/* JSON values through the C API (Q04, Q06): ownership, errors, exact numbers, building. */
#include "xtest.h"

#include <math.h>

#include "xh/json.h"

#define TEXT(json, expected)                                                                                           \
    do {                                                                                                               \
        xh_str text_ = {NULL, 0};                                                                                      \
        XT_CHECK_EQ(xh_json_stringify((json), 0, &text_), XH_OK);                                                      \
        XT_CHECK_VIEW(text_, expected);                                                                                \
        if (text_.ptr != NULL) XT_CHECK_EQ(text_.ptr[text_.len], 0);                                                   \
        xh_free((void *)text_.ptr);                                                                                    \
    } while (0)

static int64_t bytes_before;

XT_BEFORE_EACH { bytes_before = xh_debug_live(XH_LIVE_BYTES); }
XT_AFTER_EACH { XT_CHECK_EQ(xh_debug_live(XH_LIVE_BYTES), bytes_before); }

static xh_json *parsed(const char *text) {
    xh_json *json = NULL;
    xh_error *err = NULL;
    XT_CHECK_EQ(xh_json_parse(text, XH_NTS, &json, &err), XH_OK);
    XT_CHECK(err == NULL);
    return json;
}

XT_TEST(a_text_is_read_walked_and_released) {
    xh_json *json = parsed("{\"b\":true,\"n\":[1,2.5,\"x\"],\"z\":null}"), *list;
    int32_t flag = 0;
    int64_t whole = 0;
    double real = 0;
    xh_str text;
    XT_REQUIRE(json != NULL);
    XT_CHECK_EQ(xh_json_type(json), XH_JSON_OBJECT);
    XT_CHECK_EQ(xh_json_count(json), 3);
    XT_CHECK_VIEW(xh_json_key_at(json, 1), "n");
    XT_CHECK(xh_json_key_at(json, 3).ptr == NULL);
    XT_CHECK_EQ(xh_json_type(xh_json_at(json, 2)), XH_JSON_NULL);
    XT_CHECK(xh_json_at(json, 3) == NULL);
    XT_CHECK(xh_json_get(json, "nothing", XH_NTS) == NULL);
    XT_CHECK_EQ(xh_json_bool(xh_json_get(json, "b", 1), &flag), XH_OK);
    XT_CHECK_EQ(flag, 1);
    list = xh_json_retain(xh_json_get(json, "n", XH_NTS));
    xh_json_release(json);
    XT_CHECK_EQ(xh_json_count(list), 3);
    XT_CHECK_EQ(xh_json_integer(xh_json_at(list, 0), &whole), XH_OK);
    XT_CHECK_EQ(whole, 1);
    XT_CHECK_EQ(xh_json_number(xh_json_at(list, 1), &real), XH_OK);
    XT_CHECK(real == 2.5);
    XT_CHECK_EQ(xh_json_integer(xh_json_at(list, 1), &whole), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_json_string(xh_json_at(list, 2), &text), XH_OK);
    XT_CHECK_VIEW(text, "x");
    XT_CHECK_EQ(xh_json_string(xh_json_at(list, 0), &text), XH_E_JSON_TYPE);
    XT_CHECK_EQ(xh_json_number(xh_json_at(list, 2), &real), XH_E_JSON_TYPE);
    XT_CHECK_EQ(xh_json_bool(list, &flag), XH_E_JSON_TYPE);
    xh_json_release(list);
}

XT_TEST(a_broken_text_gives_a_place_and_leaves_out_alone) {
    xh_json *mark = parsed("1"), *out = mark;
    xh_error *err = NULL;
    XT_CHECK_EQ(xh_json_parse("[1,\n 2,]", XH_NTS, &out, &err), XH_E_INVALID_JSON);
    XT_CHECK(out == mark);
    XT_REQUIRE(err != NULL);
    XT_CHECK_EQ(xh_error_status(err), XH_E_INVALID_JSON);
    XT_CHECK_VIEW(xh_error_message(err), "line 2, column 4: unexpected byte ']' in value");
    xh_error_free(err);
    XT_CHECK_EQ(xh_json_parse("[1", XH_NTS, &out, NULL), XH_E_INVALID_JSON);
    XT_CHECK_EQ(xh_json_parse("[1]garbage", 3, &out, NULL), XH_OK);
    XT_CHECK(out != mark);
    xh_json_release(out);
    xh_json_release(mark);
}

XT_TEST(missing_arguments_are_refused) {
    xh_json *json = parsed("{}"), *out = NULL;
    xh_str text;
    int32_t flag;
    int64_t whole;
    double real;
    XT_CHECK_EQ(xh_json_parse(NULL, 0, &out, NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_parse("1", 1, NULL, NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_stringify(NULL, 0, &text), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_stringify(json, 0, NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_stringify(json, -1, &text), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_stringify(json, 17, &text), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_type(NULL), -1);
    XT_CHECK_EQ(xh_json_count(NULL), 0);
    XT_CHECK(xh_json_get(NULL, "a", 1) == NULL);
    XT_CHECK(xh_json_get(json, NULL, 0) == NULL);
    XT_CHECK(xh_json_at(NULL, 0) == NULL);
    XT_CHECK(xh_json_key_at(NULL, 0).ptr == NULL);
    XT_CHECK_EQ(xh_json_bool(NULL, &flag), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_integer(json, NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_integer(NULL, &whole), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_number(NULL, &real), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_string(NULL, &text), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_new_object(NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_new_string(NULL, 1, &out), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_copy(NULL, &out), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_set(NULL, "a", 1, json), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_set(json, "a", 1, NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_append(NULL, json), XH_E_INVALID_ARGUMENT);
    XT_CHECK(out == NULL);
    XT_CHECK(xh_json_retain(NULL) == NULL);
    xh_json_release(NULL);
    xh_json_release(json);
}

XT_TEST(values_are_built_and_written) {
    xh_json *object = NULL, *array = NULL, *value = NULL;
    xh_str text = {NULL, 0};
    XT_REQUIRE(xh_json_new_object(&object) == XH_OK && xh_json_new_array(&array) == XH_OK);
    XT_CHECK_EQ(xh_json_append_null(array), XH_OK);
    XT_CHECK_EQ(xh_json_append_bool(array, 5), XH_OK);
    XT_CHECK_EQ(xh_json_append_integer(array, INT64_MIN), XH_OK);
    XT_CHECK_EQ(xh_json_append_number(array, 0.5), XH_OK);
    XT_CHECK_EQ(xh_json_append_string(array, "a\0\"", 3), XH_OK);
    XT_CHECK_EQ(xh_json_set_null(object, "n", XH_NTS), XH_OK);
    XT_CHECK_EQ(xh_json_set_bool(object, "f", XH_NTS, 0), XH_OK);
    XT_CHECK_EQ(xh_json_set_integer(object, "i", XH_NTS, 7), XH_OK);
    XT_CHECK_EQ(xh_json_set_number(object, "d", XH_NTS, 1e100), XH_OK);
    XT_CHECK_EQ(xh_json_set_string(object, "s", XH_NTS, "\xC3\xA9", XH_NTS), XH_OK);
    XT_CHECK_EQ(xh_json_set(object, "a", XH_NTS, array), XH_OK);
    XT_CHECK_EQ(xh_json_set_integer(object, "n", 1, 1), XH_OK);
    TEXT(object,
         "{\"n\":1,\"f\":false,\"i\":7,\"d\":1e+100,\"s\":\"\xC3\xA9\",\"a\":[null,true,-9223372036854775808,0.5,"
         "\"a\\u0000\\\"\"]}");
    XT_CHECK_EQ(xh_json_new_string("x", 1, &value), XH_OK);
    TEXT(value, "\"x\"");
    XT_CHECK_EQ(xh_json_stringify(array, 1, &text), XH_OK);
    XT_CHECK_VIEW(text, "[\n null,\n true,\n -9223372036854775808,\n 0.5,\n \"a\\u0000\\\"\"\n]");
    xh_free((void *)text.ptr);
    xh_json_release(value);
    XT_CHECK_EQ(xh_json_new_bool(1, &value), XH_OK);
    TEXT(value, "true");
    xh_json_release(value);
    XT_CHECK_EQ(xh_json_new_null(&value), XH_OK);
    TEXT(value, "null");
    xh_json_release(value);
    XT_CHECK_EQ(xh_json_new_integer(-3, &value), XH_OK);
    TEXT(value, "-3");
    xh_json_release(value);
    XT_CHECK_EQ(xh_json_new_number(2.0, &value), XH_OK);
    TEXT(value, "2");
    xh_json_release(value);
    xh_json_release(array);
    xh_json_release(object);
}

XT_TEST(bad_values_and_frozen_holders_are_refused) {
    xh_json *object = NULL, *array = NULL, *read = parsed("{\"a\":[]}"), *copy = NULL, *out = NULL;
    XT_REQUIRE(xh_json_new_object(&object) == XH_OK && xh_json_new_array(&array) == XH_OK);
    XT_CHECK_EQ(xh_json_new_number(NAN, &out), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_json_append_number(array, INFINITY), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_json_set_number(object, "x", 1, -INFINITY), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_json_new_string("\xFF", 1, &out), XH_E_INVALID_UTF8);
    XT_CHECK_EQ(xh_json_append_string(array, "\xFF", 1), XH_E_INVALID_UTF8);
    XT_CHECK_EQ(xh_json_set_string(object, "\xFF", 1, "x", 1), XH_E_INVALID_UTF8);
    XT_CHECK_EQ(xh_json_append_null(object), XH_E_JSON_TYPE);
    XT_CHECK_EQ(xh_json_set_null(array, "x", 1), XH_E_JSON_TYPE);
    XT_CHECK_EQ(xh_json_set(object, "self", XH_NTS, object), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_append(array, array), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_json_set(object, "a", 1, array), XH_OK);
    XT_CHECK_EQ(xh_json_append_null(array), XH_E_STATE);
    XT_CHECK_EQ(xh_json_set_null(read, "x", 1), XH_E_STATE);
    XT_CHECK_EQ(xh_json_append_null(xh_json_get(read, "a", 1)), XH_E_STATE);
    XT_CHECK_EQ(xh_json_copy(read, &copy), XH_OK);
    XT_CHECK_EQ(xh_json_set_integer(copy, "b", 1, 2), XH_OK);
    TEXT(copy, "{\"a\":[],\"b\":2}");
    TEXT(read, "{\"a\":[]}");
    XT_CHECK(out == NULL);
    xh_json_release(copy);
    xh_json_release(read);
    xh_json_release(array);
    xh_json_release(object);
}

XT_MAIN("json")
