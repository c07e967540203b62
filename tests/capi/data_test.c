/* What a response's body is given as (Q06, Q19, Q25): type by MIME, charsets, JSON, the head's readers. */
#include "support.h"

/* The body's type under dataType auto for a Content-Type (NULL: none). */
static void auto_is(const char *content_type, int32_t type) {
    rec r = {0};
    const char *line = content_type == NULL ? "" : fmt("content-type: %s" NL, content_type);
    if (rec_script(&r, fmt("read-head\n" HEAD_OK "%scontent-length: 2" NL NL "42'", line), NULL)) {
        REC_OK(&r, 200);
        if (xh_response_body_type(xh_request_response(r.request)) != type)
            XT_FAIL("%s is %d", line, xh_response_body_type(xh_request_response(r.request)));
        BODY_IS(&r, "42");
        XT_CHECK_EQ(xh_response_json(xh_request_response(r.request)) != NULL, type == XH_DATA_OBJECT);
    }
    rec_end(&r);
}

XT_TEST(q06_auto_gives_an_object_for_json) {
    auto_is("application/json", XH_DATA_OBJECT);
    auto_is("application/json; charset=utf-8", XH_DATA_OBJECT);
    auto_is("APPLICATION/JSON", XH_DATA_OBJECT);
    auto_is("application/problem+json", XH_DATA_OBJECT);
}

XT_TEST(q06_auto_gives_text_for_text) {
    auto_is("text/plain", XH_DATA_TEXT);
    auto_is("text/html; charset=utf-8", XH_DATA_TEXT);
    auto_is("text/csv", XH_DATA_TEXT);
    auto_is("application/javascript", XH_DATA_TEXT);
    auto_is("text/javascript", XH_DATA_TEXT);
    auto_is("application/xml", XH_DATA_TEXT);
    auto_is("image/svg+xml", XH_DATA_TEXT);
    auto_is("message/http", XH_DATA_TEXT);
    auto_is("application/x-www-form-urlencoded", XH_DATA_TEXT);
}

XT_TEST(q06_auto_gives_bytes_for_all_else) {
    auto_is(NULL, XH_DATA_BLOB);
    auto_is("application/octet-stream", XH_DATA_BLOB);
    auto_is("image/png", XH_DATA_BLOB);
    auto_is("nonsense", XH_DATA_BLOB);
    auto_is("application/jsonish", XH_DATA_BLOB);
}

/* With a dataType given, whatever the Content-Type says. */
static void given_is(const char *data_type, const char *content_type, int32_t type) {
    rec r = {0};
    if (rec_script(&r, fmt("read-head\n" HEAD_OK "content-type: %s" NL "content-length: 2" NL NL "42'", content_type),
                   opt_str(NULL, XH_OPT_DATA_TYPE, data_type))) {
        REC_OK(&r, 200);
        XT_CHECK_EQ(xh_response_body_type(xh_request_response(r.request)), type);
        BODY_IS(&r, "42");
    }
    rec_end(&r);
}

XT_TEST(q06_a_given_type_counts_before_the_mime_type) {
    given_is("text", "application/json", XH_DATA_TEXT);
    given_is("text", "image/png", XH_DATA_TEXT);
    given_is("blob", "text/plain", XH_DATA_BLOB);
    given_is("blob", "application/json", XH_DATA_BLOB);
    given_is("object", "text/plain", XH_DATA_OBJECT);
}

XT_TEST(q06_other_data_types_are_refused) {
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_DATA_TYPE, "json", XH_NTS), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_options_set_int(o, XH_OPT_DATA_TYPE, 4), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_options_set_int(o, XH_OPT_DATA_TYPE, -1), XH_E_OPTION_VALUE);
    xh_options_release(o);
}

/* ---- charsets ---------------------------------------------------------------------------------------------------------------------------- */

/* The body's text for bytes (as in a script) of a Content-Type. */
static void text_is(const char *content_type, const char *bytes, int len, const char *data_type, const char *text) {
    rec r = {0};
    if (rec_script(
            &r,
            fmt("read-head\n" HEAD_OK "content-type: %s" NL "content-length: %d" NL NL "%s'", content_type, len, bytes),
            opt_str(NULL, XH_OPT_DATA_TYPE, data_type))) {
        REC_OK(&r, 200);
        BODY_IS(&r, text);
    }
    rec_end(&r);
}

XT_TEST(q06_latin1_becomes_utf8) { text_is("text/plain; charset=ISO-8859-1", "h\\xe9", 2, "auto", "h\xc3\xa9"); }
XT_TEST(q06_windows_1252_becomes_utf8) {
    text_is("text/plain; charset=\"Windows-1252\"", "\\x80", 1, "auto", "\xe2\x82\xac");
}
XT_TEST(q06_utf16_becomes_utf8) { text_is("text/plain; charset=UTF-16BE", "\\x00h\\x00\\xe9", 4, "auto", "h\xc3\xa9"); }
XT_TEST(q06_utf8_stays) { text_is("text/plain; charset=utf-8", "h\\xc3\\xa9", 3, "auto", "h\xc3\xa9"); }
XT_TEST(q06_text_without_charset_is_utf8) { text_is("text/plain", "h\\xc3\\xa9", 3, "auto", "h\xc3\xa9"); }
XT_TEST(q06_a_charset_does_not_touch_bytes) { text_is("text/plain; charset=ISO-8859-1", "h\\xe9", 2, "blob", "h\xe9"); }
XT_TEST(q06_json_of_a_charset_becomes_utf8) {
    text_is("application/json; charset=ISO-8859-1", "\"\\xe9\"", 3, "auto", "\"\xc3\xa9\"");
}

XT_TEST(q06_on_data_gets_the_bytes_of_the_wire) {
    rec r = {0};
    XT_REQUIRE(rec_script(
        &r, "read-head\n" HEAD_OK "content-type: text/plain; charset=ISO-8859-1" NL "content-length: 2" NL NL "h\\xe9'",
        NULL));
    XT_CHECK_BYTES(r.data, r.len, "h\xe9", 2);
    rec_end(&r);
}

XT_TEST(q06_nginx_sends_latin1) {
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "http", "/latin1"), NULL);
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_response_body_type(xh_request_response(r.request)), XH_DATA_TEXT);
    XT_CHECK(r.len > 0 && rec_body(&r).len > r.len); /* a byte became two */
    rec_end(&r);
}

XT_TEST(q06_bytes_that_are_not_of_the_charset_are_replaced) {
    text_is("text/plain; charset=utf-8", "a\\xffb", 3, "auto",
            "a\xef\xbf\xbd"
            "b");
    text_is("text/plain; charset=utf-8", "a\\xc3", 2, "text", "a\xef\xbf\xbd");
}

XT_TEST(q06_an_unknown_charset_is_an_error_when_text_was_asked_for) {
    rec r = {0};
    XT_REQUIRE(rec_script(
        &r, "read-head\n" HEAD_OK "content-type: text/plain; charset=klingon" NL "content-length: 3" NL NL "abc'",
        opt_str(NULL, XH_OPT_DATA_TYPE, "text")));
    REC_FAILED(&r, XH_E_UNKNOWN_ENCODING, XH_PHASE_DONE);
    ORDER_IS(&r, "HDETX");
    rec_end(&r);
}

XT_TEST(q06_text_of_an_unknown_charset_stays_bytes_by_itself) {
    rec r = {0};
    XT_REQUIRE(rec_script(
        &r, "read-head\n" HEAD_OK "content-type: text/plain; charset=klingon" NL "content-length: 3" NL NL "abc'",
        NULL));
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_response_body_type(xh_request_response(r.request)), XH_DATA_BLOB);
    BODY_IS(&r, "abc");
    rec_end(&r);
}

/* ---- JSON --------------------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q06_json_that_is_none_is_an_error_when_an_object_was_asked_for) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r,
                          "read-head\n" HEAD_OK "content-type: application/json" NL "content-length: 4" NL NL "{oh}'",
                          opt_str(NULL, XH_OPT_DATA_TYPE, "object")));
    REC_FAILED(&r, XH_E_BODY_NOT_JSON, XH_PHASE_DONE);
    ORDER_IS(&r, "HDETX");
    XT_CHECK_EQ(xh_response_status(xh_request_response(r.request)), 200);
    XT_CHECK(xh_response_json(xh_request_response(r.request)) == NULL);
    rec_end(&r);
}

XT_TEST(q06_json_that_is_none_is_given_as_text_by_itself) {
    rec r = {0};
    XT_REQUIRE(rec_script(
        &r, "read-head\n" HEAD_OK "content-type: application/json" NL "content-length: 4" NL NL "{oh}'", NULL));
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_response_body_type(xh_request_response(r.request)), XH_DATA_TEXT);
    BODY_IS(&r, "{oh}");
    rec_end(&r);
}

XT_TEST(q06_json_that_is_none_is_fine_as_text) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r,
                          "read-head\n" HEAD_OK "content-type: application/json" NL "content-length: 4" NL NL "{oh}'",
                          opt_str(NULL, XH_OPT_DATA_TYPE, "text")));
    REC_OK(&r, 200);
    BODY_IS(&r, "{oh}");
    rec_end(&r);
}

XT_TEST(q06_an_empty_body_of_a_json_type_is_no_error) {
    rec r = {0};
    XT_REQUIRE(
        rec_script(&r, "read-head\nsend 'HTTP/1.1 204 No Content" NL "content-type: application/json" NL NL "'", NULL));
    REC_OK(&r, 204);
    XT_CHECK(xh_response_json(xh_request_response(r.request)) == NULL);
    rec_end(&r);
}

XT_TEST(q06_nginx_sends_json) {
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "http", "/json"), NULL);
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_response_body_type(xh_request_response(r.request)), XH_DATA_OBJECT);
    XT_CHECK(xh_response_json(xh_request_response(r.request)) != NULL);
    rec_end(&r);
}

XT_TEST(q06_httpbin_sends_text) {
    rec r = {0};
    rec_run(&r, peer_url(peer_httpbin(), "http", "/encoding/utf8"), NULL);
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_response_body_type(xh_request_response(r.request)), XH_DATA_TEXT);
    XT_CHECK(rec_body(&r).len > 0);
    rec_end(&r);
}

/* ---- returnResponseBody (Q19) ----------------------------------------------------------------------------------------------------------------- */

XT_TEST(q19_false_without_on_data_is_refused) {
    xh_request_callbacks c;
    memset(&c, 0, sizeof c);
    c.size = sizeof c;
    xh_error *err = NULL;
    xh_options *o = opt_int(NULL, XH_OPT_RETURN_RESPONSE_BODY, 0);
    XT_CHECK_EQ(xh_request_new("http://127.0.0.1/", XH_NTS, o, &c, NULL, &err), XH_E_OPTION_CONFLICT);
    XT_CHECK(err != NULL && xh_error_message(err).len > 0);
    xh_error_free(err);
    XT_CHECK_EQ(xh_request_new("http://127.0.0.1/", XH_NTS, o, NULL, NULL, NULL), XH_E_OPTION_CONFLICT);
    xh_options_release(o);
}

XT_TEST(q19_false_gives_the_data_but_no_body) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, opt_int(NULL, XH_OPT_RETURN_RESPONSE_BODY, 0)));
    REC_OK(&r, 200);
    XT_CHECK_STR(r.data, "ok");
    XT_CHECK(rec_body(&r).ptr == NULL);
    XT_CHECK_EQ(xh_response_body_type(xh_request_response(r.request)), -1);
    rec_end(&r);
}

XT_TEST(q19_true_gives_both) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    XT_CHECK_STR(r.data, "ok");
    BODY_IS(&r, "ok");
    rec_end(&r);
}

XT_TEST(q19_without_on_data_the_body_is_collected) {
    rec r = {0};
    r.without_data = 1;
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    ORDER_IS(&r, "HRTX");
    BODY_IS(&r, "ok");
    rec_end(&r);
}

XT_TEST(q19_a_collected_body_has_a_limit) {
    rec r = {0};
    r.without_data = 1;
    rec_run(&r, peer_url(peer_nginx(), "http", "/file/64k.bin"), opt_int(NULL, XH_OPT_MAX_BODY_BYTES, 65535));
    REC_FAILED(&r, XH_E_BODY_TOO_LARGE, XH_PHASE_BODY);
    rec_end(&r);
    r.without_data = 1;
    rec_run(&r, peer_url(peer_nginx(), "http", "/file/64k.bin"), opt_int(NULL, XH_OPT_MAX_BODY_BYTES, 65536));
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q19_the_limit_counts_chunks_and_unknown_lengths_too) {
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "http", "/chunked/1k.bin"), opt_int(NULL, XH_OPT_MAX_BODY_BYTES, 1023));
    REC_FAILED(&r, XH_E_BODY_TOO_LARGE, XH_PHASE_BODY);
    rec_end(&r);
    rec_run(&r, peer_url(peer_nginx(), "http", "/until-close/1k.bin"), opt_int(NULL, XH_OPT_MAX_BODY_BYTES, 1023));
    REC_FAILED(&r, XH_E_BODY_TOO_LARGE, XH_PHASE_BODY);
    rec_end(&r);
}

/* ---- the response (Q25) --------------------------------------------------------------------------------------------------------------------------- */

#define HEAD_PEER                                                                                                      \
    "read-head\nsend 'HTTP/1.1 207 Multi  Status " NL "Content-Type:text/plain" NL "X-One:   1  " NL "x-ONE: 2" NL     \
    "X-Empty:" NL "content-length: 2" NL NL "ok'\n"

XT_TEST(q25_status_and_text) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\nsend 'HTTP/1.1 299 Some Words Here" NL "content-length: 0" NL NL "'", NULL));
    XT_CHECK_EQ(xh_response_status(xh_request_response(r.request)), 299);
    XT_CHECK_VIEW(xh_response_status_text(xh_request_response(r.request)), "Some Words Here");
    XT_CHECK_VIEW(xh_response_protocol(xh_request_response(r.request)), "HTTP/1.1");
    rec_end(&r);
}

XT_TEST(q25_an_empty_status_text) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\nsend 'HTTP/1.1 200 " NL "content-length: 0" NL NL "'", NULL));
    XT_CHECK_VIEW(xh_response_status_text(xh_request_response(r.request)), "");
    rec_end(&r);
}

XT_TEST(q25_names_are_lower_case_and_raw_names_are_not) {
    rec r = {0};
    xh_str name, value;
    XT_REQUIRE(rec_script(&r, HEAD_PEER, NULL));
    const xh_response *a = xh_request_response(r.request);
    XT_CHECK_EQ(xh_response_header_count(a), 5);
    XT_CHECK_EQ(xh_response_header_at(a, 0, &name, &value), XH_OK);
    XT_CHECK_VIEW(name, "content-type");
    XT_CHECK_VIEW(value, "text/plain");
    XT_CHECK_EQ(xh_response_raw_header_at(a, 0, &name, &value), XH_OK);
    XT_CHECK_VIEW(name, "Content-Type");
    XT_CHECK_EQ(xh_response_raw_header_at(a, 2, &name, &value), XH_OK);
    XT_CHECK_VIEW(name, "x-ONE");
    XT_CHECK_EQ(xh_response_header_at(a, 5, &name, &value), XH_E_NOT_FOUND);
    XT_CHECK_EQ(xh_response_raw_header_at(a, 5, &name, &value), XH_E_NOT_FOUND);
    rec_end(&r);
}

XT_TEST(q25_several_values_stay_several) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, HEAD_PEER, NULL));
    const xh_response *a = xh_request_response(r.request);
    XT_CHECK_VIEW(xh_response_header(a, "X-one", XH_NTS, 0), "1");
    XT_CHECK_VIEW(xh_response_header(a, "x-onexx", 5, 1), "2");
    XT_CHECK(xh_response_header(a, "x-one", XH_NTS, 2).ptr == NULL);
    XT_CHECK(xh_response_header(a, "x-none", XH_NTS, 0).ptr == NULL);
    XT_CHECK_VIEW(xh_response_header(a, "x-empty", XH_NTS, 0), "");
    rec_end(&r);
}

XT_TEST(q25_nginx_sends_three_cookies) {
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "http", "/cookies"), NULL);
    const xh_response *a = xh_request_response(r.request);
    XT_CHECK(xh_response_header(a, "set-cookie", XH_NTS, 2).ptr != NULL);
    XT_CHECK(xh_response_header(a, "set-cookie", XH_NTS, 3).ptr == NULL);
    rec_end(&r);
}

XT_TEST(q25_header_values_are_bytes) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" HEAD_OK "x-bytes: \\xe9\\xff\\tz" NL "content-length: 0" NL NL "'", NULL));
    HEADER_IS(&r, "x-bytes", "\xe9\xff\tz");
    rec_end(&r);
}

XT_TEST(q25_views_are_terminated) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, HEAD_PEER, NULL));
    const xh_response *a = xh_request_response(r.request);
    xh_str name, value, text = xh_response_status_text(a), body = xh_response_body(a);
    XT_CHECK_EQ(text.ptr[text.len], 0);
    XT_CHECK_EQ(body.ptr[body.len], 0);
    for (size_t i = 0; i < xh_response_header_count(a); i++) {
        xh_response_header_at(a, i, &name, &value);
        XT_CHECK(name.ptr[name.len] == 0 && value.ptr[value.len] == 0);
        xh_response_raw_header_at(a, i, &name, &value);
        XT_CHECK(name.ptr[name.len] == 0 && value.ptr[value.len] == 0);
    }
    rec_end(&r);
}

XT_TEST(q25_a_retained_response_outlives_its_request) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, HEAD_PEER, NULL));
    xh_response *a = xh_response_retain(xh_request_response(r.request));
    rec_end(&r);
    XT_CHECK_EQ(xh_response_status(a), 207);
    XT_CHECK_VIEW(xh_response_body(a), "ok");
    XT_CHECK_VIEW(xh_response_header(a, "x-one", XH_NTS, 1), "2");
    xh_response_release(a);
}

static void look_at_headers(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    const xh_response *a = xh_request_response(request);
    if (xh_request_event_type(event) == XH_EVENT_HEADERS) {
        XT_CHECK(a != NULL && xh_response_status(a) == 200);
        XT_CHECK(xh_response_body(a).ptr == NULL);
        XT_CHECK_EQ(xh_response_body_type(a), -1);
    } else if (xh_request_event_type(event) == XH_EVENT_RESPONSE) {
        XT_CHECK_VIEW(xh_response_body(a), "ok");
    }
}

XT_TEST(q25_the_body_is_absent_until_it_has_come) {
    rec r = {0};
    r.hook = look_at_headers;
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q25_the_response_is_absent_until_the_status_has_come) {
    rec r = {0};
    script_peer *p = script_start("read-head\nemit got\nwait-signal go\n" SEND_OK);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), NULL) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_CHECK(xh_request_response(r.request) == NULL);
    script_signal(p, "go");
    rec_finish(&r);
    XT_CHECK(xh_request_response(r.request) != NULL);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q25_readers_take_no_response) {
    XT_CHECK_EQ(xh_response_header_count(NULL), 0);
    XT_CHECK(xh_response_body(NULL).ptr == NULL);
    XT_CHECK(xh_response_header(NULL, "a", 1, 0).ptr == NULL);
    xh_response_release(NULL);
}

CAPI_MAIN("data")
