/* Options: types, ranges, reading back, JSON (Q01, Q04, Q09). */
#include "support.h"

enum kind { INT, BOOL, REAL, STR, BYTES, PTR, ENUM };

static const struct option {
    const char *name;
    int32_t number;
    enum kind type;
    const char *json;
} options[] = {
#define ROW(name, number, type, json, note) {#name, number, type, json},
    XH_OPTION_MAP(ROW)
#undef ROW
};
#define COUNT (sizeof options / sizeof options[0])

XT_TEST(options_take_their_own_type_only) {
    xh_options *o = xh_options_new();
    for (size_t i = 0; i < COUNT; i++) {
        const struct option *p = &options[i];
        int is_int = p->type == INT || p->type == BOOL || p->type == ENUM;
        xh_status s = xh_options_set_int(o, p->number, 1);
        if (!is_int && s != XH_E_OPTION_TYPE) XT_FAIL("%s by set_int: %s", p->name, xh_status_name(s));
        s = xh_options_set_real(o, p->number, 1.0);
        if (s != (p->type == REAL ? XH_OK : XH_E_OPTION_TYPE))
            XT_FAIL("%s by set_real: %s", p->name, xh_status_name(s));
        s = xh_options_set_bytes(o, p->number, "x", 1);
        if (s != (p->type == BYTES ? XH_OK : XH_E_OPTION_TYPE))
            XT_FAIL("%s by set_bytes: %s", p->name, xh_status_name(s));
        s = xh_options_set_ptr(o, p->number, NULL);
        if (s != (p->type == PTR ? XH_OK : XH_E_OPTION_TYPE)) XT_FAIL("%s by set_ptr: %s", p->name, xh_status_name(s));
        if (p->type != STR && p->type != ENUM) {
            s = xh_options_set_str(o, p->number, "x", 1);
            if (s != XH_E_OPTION_TYPE) XT_FAIL("%s by set_str: %s", p->name, xh_status_name(s));
        }
    }
    xh_options_release(o);
}

XT_TEST(options_that_do_not_exist_are_unknown) {
    static const int32_t numbers[] = {0, -1, 19, 999, XH_OPT_END_, INT32_MAX, INT32_MIN};
    int64_t i64 = 0;
    double real = 0;
    xh_options *o = xh_options_new();
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        XT_CHECK_EQ(xh_options_set_int(o, numbers[i], 1), XH_E_UNKNOWN_OPTION);
        XT_CHECK_EQ(xh_options_set_real(o, numbers[i], 1), XH_E_UNKNOWN_OPTION);
        XT_CHECK_EQ(xh_options_set_str(o, numbers[i], "x", 1), XH_E_UNKNOWN_OPTION);
        XT_CHECK_EQ(xh_options_set_bytes(o, numbers[i], "x", 1), XH_E_UNKNOWN_OPTION);
        XT_CHECK_EQ(xh_options_set_ptr(o, numbers[i], NULL), XH_E_UNKNOWN_OPTION);
        XT_CHECK_EQ(xh_options_get_int(o, numbers[i], &i64), XH_E_UNKNOWN_OPTION);
        XT_CHECK_EQ(xh_options_get_real(o, numbers[i], &real), XH_E_UNKNOWN_OPTION);
    }
    xh_options_release(o);
}

XT_TEST(options_read_back_their_defaults) {
    static const struct {
        int32_t number;
        int64_t value;
    } defaults[] = {{XH_OPT_AUTOMATIC_REDIRECTIONS, 1},
                    {XH_OPT_MAX_REDIRECTIONS, 5},
                    {XH_OPT_FORBID_INSECURE_REDIRECT, 0},
                    {XH_OPT_DATA_TYPE, XH_DATA_AUTO},
                    {XH_OPT_DECODE_DATA, 0},
                    {XH_OPT_RETURN_RESPONSE_BODY, 1},
                    {XH_OPT_DECOMPRESS, 1},
                    {XH_OPT_EXPECT_CONTINUE_MS, -1},
                    {XH_OPT_STALL_TIMEOUT_MS, -1},
                    {XH_OPT_VALIDATE_TLS_CERTIFICATE, 1},
                    {XH_OPT_SYSTEM_STORE, 1},
                    {XH_OPT_SESSION_CACHE, 1},
                    {XH_OPT_PROXY_FROM_ENVIRONMENT, 0},
                    {XH_OPT_FAMILY, 0},
                    {XH_OPT_NO_DELAY, 1},
                    {XH_OPT_RECEIVE_WINDOW, 262144},
                    {XH_OPT_MANUAL_CONSUME, 0},
                    {XH_OPT_MAX_HEADERS, 2000},
                    {XH_OPT_MAX_BODY_BYTES, -1},
                    {XH_OPT_MAX_CODING_RATIO, 1000},
                    {XH_OPT_MAX_INTERIM, 16},
                    {XH_OPT_LENIENCY, 0},
                    {XH_OPT_NO_AGENT, 0},
                    {XH_OPT_KEEP_ALIVE, 0},
                    {XH_OPT_KEEP_ALIVE_MSECS, 1000},
                    {XH_OPT_MAX_SOCKETS, -1},
                    {XH_OPT_MAX_TOTAL_SOCKETS, -1},
                    {XH_OPT_MAX_FREE_SOCKETS, 256},
                    {XH_OPT_SCHEDULING, XH_SCHEDULING_LIFO},
                    {XH_OPT_MAX_CONNECTION_AGE_MS, 600000}};
    xh_options *o = xh_options_new();
    for (size_t i = 0; i < sizeof defaults / sizeof defaults[0]; i++) {
        int64_t value = -77;
        xh_status s = xh_options_get_int(o, defaults[i].number, &value);
        if (s != XH_OK || value != defaults[i].value)
            XT_FAIL("option %d reads %lld", defaults[i].number, (long long)value);
    }
    xh_options_release(o);
}

XT_TEST(options_out_of_range_are_refused_and_change_nothing) {
    static const struct {
        int32_t number;
        int64_t value;
    } bad[] = {{XH_OPT_AUTOMATIC_REDIRECTIONS, 2},
               {XH_OPT_AUTOMATIC_REDIRECTIONS, -1},
               {XH_OPT_MAX_REDIRECTIONS, 101},
               {XH_OPT_MAX_REDIRECTIONS, -1},
               {XH_OPT_FAMILY, 5},
               {XH_OPT_LOCAL_PORT, 65536},
               {XH_OPT_LOCAL_PORT, -1},
               {XH_OPT_CONNECT_TIMEOUT_MS, -2},
               {XH_OPT_RECEIVE_WINDOW, 0},
               {XH_OPT_RECEIVE_WINDOW, -1},
               {XH_OPT_MAX_HEADERS, -1},
               {XH_OPT_MAX_CODING_RATIO, -1},
               {XH_OPT_MIN_TLS_VERSION, 5},
               {XH_OPT_MAX_SOCKETS, 0},
               {XH_OPT_MAX_SOCKETS, -2},
               {XH_OPT_SCHEDULING, 2},
               {XH_OPT_MAX_HEAD_BYTES, 0},
               {XH_OPT_SERVER_AUTH_METHOD, 3},
               {XH_OPT_MAX_BODY_BYTES, -2},
               {XH_OPT_EXPECT_CONTINUE_MS, -2}};
    xh_options *o = xh_options_new();
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        int64_t before = 0, after = 1;
        xh_options_get_int(o, bad[i].number, &before);
        xh_status s = xh_options_set_int(o, bad[i].number, bad[i].value);
        if (s != XH_E_OPTION_VALUE)
            XT_FAIL("option %d = %lld gave %s", bad[i].number, (long long)bad[i].value, xh_status_name(s));
        xh_options_get_int(o, bad[i].number, &after);
        XT_CHECK_EQ(before, after);
    }
    xh_options_release(o);
}

XT_TEST(options_texts_read_back) {
    char buf[16] = "untouched";
    size_t needed = 0;
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "REPORT");
    XT_CHECK_EQ(xh_options_get_str(o, XH_OPT_METHOD, buf, 6, &needed), XH_E_BUFFER_TOO_SMALL);
    XT_CHECK_EQ(needed, 7);
    XT_CHECK_STR(buf, "untouched");
    XT_CHECK_EQ(xh_options_get_str(o, XH_OPT_METHOD, buf, 7, NULL), XH_OK);
    XT_CHECK_STR(buf, "REPORT");
    opt_int(o, XH_OPT_DATA_TYPE, XH_DATA_OBJECT);
    XT_CHECK_EQ(xh_options_get_str(o, XH_OPT_DATA_TYPE, buf, sizeof buf, NULL), XH_OK);
    XT_CHECK_STR(buf, "object");
    xh_options_release(o);
}

XT_TEST(options_no_text_brings_the_default_back) {
    char buf[32];
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "PUT");
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_METHOD, NULL, 0), XH_OK);
    XT_CHECK_EQ(xh_options_get_str(o, XH_OPT_METHOD, buf, sizeof buf, NULL), XH_OK);
    XT_CHECK_STR(buf, "GET");
    xh_options_release(o);
}

XT_TEST(options_texts_are_utf8) {
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_SERVER_AUTH_NAME, "\xff\xfe", 2), XH_E_INVALID_UTF8);
    xh_options_release(o);
}

XT_TEST(options_a_copy_stands_alone) {
    int64_t value = 0;
    xh_options *o = opt_int(NULL, XH_OPT_MAX_REDIRECTIONS, 7), *copy = xh_options_copy(o);
    opt_int(o, XH_OPT_MAX_REDIRECTIONS, 8);
    xh_options_release(o);
    XT_CHECK_EQ(xh_options_get_int(copy, XH_OPT_MAX_REDIRECTIONS, &value), XH_OK);
    XT_CHECK_EQ(value, 7);
    XT_CHECK(xh_options_retain(copy) == copy);
    xh_options_release(copy);
    xh_options_release(copy);
    xh_options_release(NULL);
}

XT_TEST(options_no_set_is_an_invalid_argument) {
    XT_CHECK_EQ(xh_options_set_int(NULL, XH_OPT_FAMILY, 4), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_options_set_str(NULL, XH_OPT_METHOD, "x", 1), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_options_add_header(NULL, "a", 1, "b", 1), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_options_set_json(NULL, "{}", 2, NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK(xh_options_copy(NULL) == NULL);
}

/* ---- JSON ----------------------------------------------------------------------------------------------------------------------------------- */

XT_TEST(json_takes_every_option_by_its_name) {
    for (size_t i = 0; i < COUNT; i++) {
        const struct option *p = &options[i];
        if (p->json[0] == 0 || strchr(p->json, '.') != NULL) continue;
        const char *value = "1";
        if (p->type == BOOL) value = "true";
        if (p->type == REAL) value = "1.5";
        if (p->type == STR) value = "\"1\"";
        if (p->type == BYTES) value = "\"MQ==\"";
        if (p->number == XH_OPT_METHOD) value = "\"PUT\"";
        if (p->number == XH_OPT_ENCODING) value = "\"UTF-8\"";
        if (p->number == XH_OPT_PROXY) value = "\"http://h:1\"";
        if (p->number == XH_OPT_DATA_TYPE) value = "\"text\"";
        if (p->number == XH_OPT_PROTOCOL) value = "\"HTTP1\"";
        if (p->number == XH_OPT_MIN_TLS_VERSION || p->number == XH_OPT_MAX_TLS_VERSION) value = "\"TLSv1_2\"";
        if (p->number == XH_OPT_SCHEDULING) value = "\"fifo\"";
        if (p->number == XH_OPT_FAMILY) value = "4";
        if (p->number == XH_OPT_PINS) value = "\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"";
        if (p->number == XH_OPT_LOCAL_ADDRESS) value = "\"127.0.0.1\"";
        if (p->number == XH_OPT_RECEIVE_WINDOW || p->number == XH_OPT_MAX_HEAD_BYTES) value = "65536";
        xh_error *err = NULL;
        xh_options *o = xh_options_new();
        xh_status s = xh_options_set_json(o, fmt("{\"%s\":%s}", p->json, value), XH_NTS, &err);
        if (s != XH_OK)
            XT_FAIL("%s: %s gave %s: %s", p->json, value, xh_status_name(s), err ? xh_error_message(err).ptr : "");
        xh_error_free(err);
        xh_options_release(o);
    }
}

XT_TEST(json_makes_the_same_request_as_the_setters) {
    rec r = {0};
    script_peer *p = script_start("read-head\nread-body\n" SEND_OK);
    rec_run(
        &r, script_url(p, "http", "/x"),
        opt_json(NULL,
                 "{\"method\":\"POST\",\"headers\":{\"a\":[\"1\",\"2\"],\"b\":\"3\"},\"timeout\":2.5,\"body\":\"text\","
                 "\"dataType\":\"blob\",\"automaticRedirections\":false,\"returnResponseBody\":true}"));
    REC_OK(&r, 200);
    SENT(p, 1, "POST /x HTTP/1.1\r\n");
    SENT(p, 1, "a: 1\r\n");
    SENT(p, 1, "a: 2\r\n");
    SENT(p, 1, "b: 3\r\n");
    SENT(p, 1, "text/plain; charset=UTF-8\r\n");
    SENT(p, 1, "\r\n\r\ntext");
    XT_CHECK_EQ(xh_request_data_type(r.request), XH_DATA_BLOB);
    XT_CHECK(xh_request_timeout(r.request) > 2.4);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(json_bodies_may_be_objects_arrays_and_bytes) {
    static const char *const sets[][3] = {
        {"{\"method\":\"POST\",\"body\":{\"a\":1}}", "application/json; charset=utf-8\r\n", "\r\n\r\n{\"a\":1}"},
        {"{\"method\":\"POST\",\"body\":[1,2]}", "application/json; charset=utf-8\r\n", "\r\n\r\n[1,2]"},
        {"{\"method\":\"POST\",\"bodyBase64\":\"aGk=\"}", "application/octet-stream\r\n", "\r\n\r\nhi"},
        {"{\"method\":\"POST\",\"body\":\"\xc3\xa9\",\"encoding\":\"ISO-8859-1\"}", "charset=ISO-8859-1\r\n",
         "\r\n\r\n\xe9"},
        {"{\"encoding\":\"ISO-8859-1\",\"method\":\"POST\",\"body\":\"\xc3\xa9\"}", "charset=ISO-8859-1\r\n",
         "\r\n\r\n\xe9"}};
    for (size_t i = 0; i < sizeof sets / sizeof sets[0]; i++) {
        rec r = {0};
        script_peer *p = script_start("read-head\nread-body\n" SEND_OK);
        rec_run(&r, script_url(p, "http", "/x"), opt_json(NULL, sets[i][0]));
        SENT(p, 1, sets[i][1]);
        SENT(p, 1, sets[i][2]);
        rec_end(&r);
        script_stop(p);
    }
}

XT_TEST(json_authentication_objects) {
    rec r = {0};
    rec_run(
        &r, peer_url(peer_nginx(), "http", "/basic/text"),
        opt_json(NULL, "{\"serverAuthentication\":{\"name\":\"user\",\"password\":\"secret\",\"method\":\"basic\"}}"));
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_request_hop_count(r.request), 1);
    rec_end(&r);
    xh_options_release(opt_json(NULL, "{\"proxyAuthentication\":{\"name\":\"user\",\"password\":\"secret\"}}"));
}

static void json_refused(const char *json, xh_status status, const char *property) {
    xh_error *err = NULL;
    xh_options *o = opt_int(NULL, XH_OPT_MAX_REDIRECTIONS, 7);
    xh_status s = xh_options_set_json(o, json, XH_NTS, &err);
    if (s != status) XT_FAIL("%s gave %s", json, xh_status_name(s));
    if (err == NULL || xh_error_status(err) != s) XT_FAIL("%s gave no error", json);
    if (err != NULL && property != NULL && strstr(xh_error_message(err).ptr, property) == NULL)
        XT_FAIL("%s: %s is not named in: %s", json, property, xh_error_message(err).ptr);
    int64_t value = 0;
    xh_options_get_int(o, XH_OPT_MAX_REDIRECTIONS, &value);
    if (value != 7) XT_FAIL("%s has changed something", json);
    xh_error_free(err);
    xh_options_release(o);
}

XT_TEST(json_refusals_name_the_property_and_change_nothing) {
    json_refused("{\"maxRedirections\":3", XH_E_INVALID_JSON, NULL);
    json_refused("[]", XH_E_OPTION_TYPE, NULL);
    json_refused("{\"maxRedirections\":3,\"nonsense\":1}", XH_E_UNKNOWN_OPTION, "nonsense");
    json_refused("{\"maxRedirections\":3,\"timeout\":\"1\"}", XH_E_OPTION_TYPE, "timeout");
    json_refused("{\"maxRedirections\":3,\"timeout\":-3}", XH_E_OPTION_VALUE, "timeout");
    json_refused("{\"maxRedirections\":3,\"decodeData\":1.5}", XH_E_OPTION_TYPE, "decodeData");
    json_refused("{\"maxRedirections\":3,\"dataType\":\"jpeg\"}", XH_E_OPTION_VALUE, "dataType");
    json_refused("{\"maxRedirections\":3,\"method\":\"a b\"}", XH_E_INVALID_METHOD, "method");
    json_refused("{\"maxRedirections\":3,\"headers\":{\"a b\":\"c\"}}", XH_E_INVALID_HEADER_NAME, "a b");
    json_refused("{\"maxRedirections\":3,\"headers\":{\"a\":\"c\\r\\nd: e\"}}", XH_E_INVALID_HEADER_VALUE, "a");
    json_refused("{\"maxRedirections\":3,\"headers\":{\"a\":{}}}", XH_E_OPTION_TYPE, "headers");
    json_refused("{\"maxRedirections\":3,\"headers\":[]}", XH_E_OPTION_TYPE, "headers");
    json_refused("{\"maxRedirections\":3,\"serverAuthentication\":{\"user\":\"x\"}}", XH_E_UNKNOWN_OPTION, "user");
    json_refused("{\"maxRedirections\":3,\"bodyBase64\":\"*\"}", XH_E_OPTION_VALUE, "bodyBase64");
    json_refused("{\"maxRedirections\":300}", XH_E_OPTION_VALUE, "maxRedirections");
    json_refused("{\"maxRedirections\":3,\"minTLSVersion\":\"TLSv1.2\"}", XH_E_OPTION_VALUE, "minTLSVersion");
    json_refused("{\"maxRedirections\":3,\"proxy\":\"ftp://x\"}", XH_E_INVALID_PROXY, "proxy");
    json_refused("{\"maxRedirections\":3,\"encoding\":\"klingon\"}", XH_E_UNKNOWN_ENCODING, "encoding");
}

XT_TEST(json_of_an_empty_object_changes_nothing) { xh_options_release(opt_json(NULL, "{}")); }

CAPI_MAIN("options")
