/* The body of a request: kinds, encodings, headers (Q04, Q08, Q09). */
#include "support.h"

#define TAKES_BODY "read-head\nread-body\n" SEND_OK

/* Sends what the options say; the head must have the line, and the body must be these bytes. */
static void sends(xh_options *o, const char *line, const void *body, size_t len) {
    rec r = {0};
    script_peer *p = script_start(TAKES_BODY);
    if (rec_start(&r, script_url(p, "http", "/x"), o) != NULL) {
        rec_finish(&r);
        REC_OK(&r, 200);
        size_t n = 0;
        const char *all = script_received(p, 1, &n), *end = strstr(all, "\r\n\r\n");
        if (line != NULL) SENT(p, 1, line);
        if (XT_CHECK(end != NULL)) XT_CHECK_BYTES(end + 4, n - (size_t)(end + 4 - all), body, len);
    }
    rec_end(&r);
    script_stop(p);
}

static xh_options *text(const char *encoding, const char *body) {
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    if (encoding != NULL) opt_str(o, XH_OPT_ENCODING, encoding);
    XT_CHECK_EQ(xh_options_set_body_text(o, body, XH_NTS), XH_OK);
    return o;
}

XT_TEST(q04_text_is_text_plain_utf8) {
    sends(text(NULL, "h\xc3\xa9"), "ontent-Type: text/plain; charset=UTF-8\r\n", "h\xc3\xa9", 3);
}

XT_TEST(q08_text_in_latin1) {
    sends(text("ISO-8859-1", "h\xc3\xa9"), "ontent-Type: text/plain; charset=ISO-8859-1\r\n", "h\xe9", 2);
}

XT_TEST(q08_text_in_windows_1252) {
    sends(text("windows-1252", "\xe2\x82\xac"), "charset=windows-1252\r\n", "\x80", 1);
}

XT_TEST(q08_text_in_utf16_big_endian) { sends(text("UTF-16BE", "h\xc3\xa9"), "charset=UTF-16BE\r\n", "\0h\0\xe9", 4); }

XT_TEST(q08_the_encoding_is_ignored_when_a_header_gives_the_type) {
    sends(opt_header(text("ISO-8859-1", "h\xc3\xa9"), "content-type", "text/markdown"),
          "content-type: text/markdown\r\n", "h\xc3\xa9", 3);
}

XT_TEST(q04_a_content_type_of_the_caller_stays_alone) {
    rec r = {0};
    script_peer *p = script_start(TAKES_BODY);
    rec_run(&r, script_url(p, "http", "/x"), opt_header(text(NULL, "x"), "Content-TYPE", "a/b"));
    SENT(p, 1, "Content-TYPE: a/b\r\n");
    NOT_SENT(p, 1, "text/plain");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q08_an_unknown_encoding_is_refused) {
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_ENCODING, "klingon", XH_NTS), XH_E_UNKNOWN_ENCODING);
    xh_options_release(o);
}

XT_TEST(q08_text_that_the_encoding_cannot_express_is_refused) {
    REFUSED("http://127.0.0.1/", text("ISO-8859-1", "\xe2\x82\xac"), XH_E_UNENCODABLE);
}

XT_TEST(q04_text_that_is_no_utf8_is_refused) {
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_set_body_text(o, "\xff", 1), XH_E_INVALID_UTF8);
    xh_options_release(o);
}

XT_TEST(q04_bytes_are_octet_stream) {
    sends(opt_body(NULL, "POST", "\0\r\n\xff", 4), "ontent-Type: application/octet-stream\r\n", "\0\r\n\xff", 4);
}

XT_TEST(q04_json_is_application_json) {
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_json(o, "{\"a\":[1,\"\xc3\xa9\"]}", XH_NTS), XH_OK);
    sends(o, "ontent-Type: application/json; charset=utf-8\r\n", "{\"a\":[1,\"\xc3\xa9\"]}", 14);
}

XT_TEST(q04_json_that_is_none_is_refused) {
    static const char *const texts[] = {"", "{", "{\"a\":}", "[1,]", "nul", "{} x", "\"\x01\"", "{'a':1}"};
    xh_options *o = xh_options_new();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        xh_status s = xh_options_set_body_json(o, texts[i], XH_NTS);
        if (s != XH_E_INVALID_JSON) XT_FAIL("%s gave %s", texts[i], xh_status_name(s));
    }
    xh_options_release(o);
}

XT_TEST(q04_a_body_goes_with_any_method) {
    static const char *const methods[] = {"GET", "DELETE", "OPTIONS", "PATCH", "REPORT", "x-own"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        sends(opt_body(NULL, methods[i], "body", 4), "ontent-Length: 4\r\n", "body", 4);
}

XT_TEST(q10_the_method_is_sent_as_given) {
    static const char *const methods[] = {"get", "PROPFIND", "M-SEARCH", "!#$%&'*+-.^_`|~9aZ"};
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        sends(opt_str(NULL, XH_OPT_METHOD, methods[i]), fmt("%s /x HTTP/1.1\r\n", methods[i]), "", 0);
}

XT_TEST(q10_the_method_is_get_by_default) { sends(NULL, "GET /x HTTP/1.1\r\n", "", 0); }

XT_TEST(q04_an_empty_body_of_a_post_has_length_zero) {
    sends(opt_str(NULL, XH_OPT_METHOD, "POST"), "ontent-Length: 0\r\n", "", 0);
    sends(opt_str(NULL, XH_OPT_METHOD, "PUT"), "ontent-Length: 0\r\n", "", 0);
    sends(text(NULL, ""), "ontent-Length: 0\r\n", "", 0);
}

XT_TEST(q04_a_get_without_body_has_no_length) {
    rec r = {0};
    script_peer *p = script_start(TAKES_BODY);
    rec_run(&r, script_url(p, "http", "/x"), NULL);
    NOT_SENT(p, 1, "content-length");
    NOT_SENT(p, 1, "content-type");
    NOT_SENT(p, 1, "transfer-encoding");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q04_the_last_body_counts) {
    xh_options *o = text(NULL, "first");
    XT_CHECK_EQ(xh_options_set_body_bytes(o, "second", 6), XH_OK);
    sends(o, "application/octet-stream", "second", 6);
}

XT_TEST(q04_a_body_can_be_taken_away) {
    xh_options *o = text(NULL, "first");
    XT_CHECK_EQ(xh_options_set_body_bytes(o, NULL, 0), XH_OK);
    sends(o, "ontent-Length: 0\r\n", "", 0);
}

XT_TEST(q04_a_copied_body_may_change_at_once) {
    char bytes[] = "first";
    xh_options *o = opt_body(NULL, "POST", bytes, 5);
    memset(bytes, 'x', 5);
    sends(o, NULL, "first", 5);
}

XT_TEST(q04_a_large_body_arrives_whole) {
    rec r = {0};
    size_t len = 3 << 20;
    char *bytes = malloc(len);
    net_pattern(bytes, 0, len);
    rec_run(&r, peer_url(peer_apache(), "http", "/reflect"), opt_body(NULL, "POST", bytes, len));
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.len, len);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    free(bytes);
    rec_end(&r);
}

XT_TEST(q04_a_large_body_arrives_whole_over_tls) {
    rec r = {0};
    size_t len = 3 << 20;
    char *bytes = malloc(len);
    net_pattern(bytes, 0, len);
    rec_run(&r, peer_url(peer_apache(), "https", "/reflect"), opt_ca(opt_body(NULL, "POST", bytes, len)));
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.len, len);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    free(bytes);
    rec_end(&r);
}

XT_TEST(q04_httpbin_reads_the_json_body) {
    rec r = {0};
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_json(o, "{\"name\":\"jones\"}", XH_NTS), XH_OK);
    rec_run(&r, peer_url(peer_httpbin(), "http", "/post"), o);
    REC_OK(&r, 200);
    XT_CHECK(view_has(rec_body(&r), "\"json\""));
    XT_CHECK(view_has(rec_body(&r), "jones"));
    rec_end(&r);
}

/* ---- borrowed ---------------------------------------------------------------------------------------------------------------- */

static void XH_CALL count_release(void *n) { __atomic_add_fetch((int *)n, 1, __ATOMIC_SEQ_CST); }

static int released(void *n) { return __atomic_load_n((int *)n, __ATOMIC_SEQ_CST) > 0; }

XT_TEST(q04_a_borrowed_body_is_released_once_after_the_request) {
    rec r = {0};
    int n = 0;
    script_peer *p = script_start("read-head\nread-body\nemit got\nwait-signal go\n" SEND_OK);
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_borrow(o, "borrowed", 8, count_release, &n), XH_OK);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), o) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    script_signal(p, "go");
    rec_finish(&r);
    SENT(p, 1, "\r\n\r\nborrowed");
    rec_end(&r);
    XT_CHECK(await(released, &n));
    XT_CHECK_EQ(n, 1);
    script_stop(p);
}

XT_TEST(q04_a_borrowed_body_is_released_when_the_set_is_given_up) {
    int n = 0;
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_set_body_borrow(o, "borrowed", 8, count_release, &n), XH_OK);
    XT_CHECK_EQ(n, 0);
    xh_options_release(o);
    XT_CHECK_EQ(n, 1);
}

XT_TEST(q04_a_borrowed_body_is_released_when_another_takes_its_place) {
    int n = 0;
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_set_body_borrow(o, "borrowed", 8, count_release, &n), XH_OK);
    XT_CHECK_EQ(xh_options_set_body_bytes(o, "x", 1), XH_OK);
    XT_CHECK_EQ(n, 1);
    xh_options_release(o);
    XT_CHECK_EQ(n, 1);
}

XT_TEST(q04_a_borrowed_body_that_was_refused_is_not_released) {
    int n = 0;
    xh_options *o = xh_options_new();
    XT_CHECK(xh_options_set_body_borrow(o, NULL, 8, count_release, &n) < 0);
    xh_options_release(o);
    XT_CHECK_EQ(n, 0);
}

XT_TEST(q04_a_borrowed_body_is_released_when_the_request_fails) {
    rec r = {0};
    int n = 0;
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_borrow(o, "borrowed", 8, count_release, &n), XH_OK);
    rec_run(&r, fmt("http://127.0.0.1:%d/", refused_port()), o);
    REC_FAILED(&r, XH_E_CONNECTION_REFUSED, XH_PHASE_CONNECT);
    rec_end(&r);
    XT_CHECK(await(released, &n));
    XT_CHECK_EQ(n, 1);
}

XT_TEST(q04_a_copy_of_the_set_shares_the_borrowed_body) {
    int n = 0;
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_set_body_borrow(o, "borrowed", 8, count_release, &n), XH_OK);
    xh_options *copy = xh_options_copy(o);
    xh_options_release(o);
    XT_CHECK_EQ(n, 0);
    sends(opt_str(copy, XH_OPT_METHOD, "POST"), NULL, "borrowed", 8);
    XT_CHECK(await(released, &n));
    XT_CHECK_EQ(n, 1);
}

/* ---- a file ---------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q04_a_file_is_sent_with_its_length) {
    rec r = {0};
    const char *path = pattern_file("body.bin", 1 << 20);
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_file(o, path, XH_NTS), XH_OK);
    rec_run(&r, peer_url(peer_apache(), "http", "/reflect"), o);
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.len, 1 << 20);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    rec_end(&r);
}

XT_TEST(q04_a_file_can_be_named_as_option) {
    const char *path = pattern_file("option.bin", 5);
    char bytes[5];
    net_pattern(bytes, 0, 5);
    sends(opt_str(opt_str(NULL, XH_OPT_METHOD, "PUT"), XH_OPT_BODY_FILE, path), "ontent-Length: 5\r\n", bytes, 5);
}

XT_TEST(q04_an_empty_file_is_an_empty_body) {
    const char *path = pattern_file("empty.bin", 0);
    sends(opt_str(opt_str(NULL, XH_OPT_METHOD, "PUT"), XH_OPT_BODY_FILE, path), "ontent-Length: 0\r\n", "", 0);
}

static xh_options *file(const char *path) {
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_file(o, path, XH_NTS), XH_OK);
    return o;
}

XT_TEST(q04_a_missing_file_is_refused_by_its_name) {
    xh_error *err = NULL;
    xh_options *o = file("/nowhere/at/all");
    XT_CHECK_EQ(xh_request_new("http://127.0.0.1/", XH_NTS, o, NULL, NULL, &err), XH_E_FILE);
    XT_CHECK(view_has(xh_error_message(err), "/nowhere/at/all"));
    XT_CHECK_EQ(xh_error_os_error(err), 2);
    xh_error_free(err);
    xh_options_release(o);
    REFUSED("http://127.0.0.1/", file("/nowhere/at/all"), XH_E_FILE);
}

XT_TEST(q04_a_folder_is_no_file) { REFUSED("http://127.0.0.1/", file(net_temp_dir()), XH_E_FILE); }

/* ---- headers (Q09) ----------------------------------------------------------------------------------------------------------------- */

XT_TEST(q09_several_values_are_several_lines_in_order) {
    rec r = {0};
    script_peer *p = script_start(TAKES_BODY);
    xh_options *o = opt_header(NULL, "X-Many", "1");
    opt_header(o, "x-between", "b");
    opt_header(o, "x-many", "2");
    rec_run(&r, script_url(p, "http", "/x"), o);
    const char *all = script_received(p, 1, NULL), *one = strstr(all, "X-Many: 1\r\n"),
               *two = strstr(all, "x-many: 2\r\n");
    XT_CHECK(one != NULL && two != NULL && one < two);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q09_set_takes_the_place_of_all_lines_of_a_name) {
    rec r = {0};
    script_peer *p = script_start(TAKES_BODY);
    xh_options *o = opt_header(opt_header(NULL, "X-Many", "1"), "x-many", "2");
    XT_CHECK_EQ(xh_options_set_header(o, "x-MANY", XH_NTS, "3", XH_NTS), XH_OK);
    rec_run(&r, script_url(p, "http", "/x"), o);
    SENT(p, 1, "x-MANY: 3\r\n");
    NOT_SENT(p, 1, "x-many: 1");
    NOT_SENT(p, 1, "x-many: 2");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q09_a_header_can_be_taken_out) {
    rec r = {0};
    script_peer *p = script_start(TAKES_BODY);
    xh_options *o = opt_header(NULL, "x-one", "1");
    XT_CHECK_EQ(xh_options_remove_header(o, "X-ONE", XH_NTS), XH_OK);
    XT_CHECK_EQ(xh_options_remove_header(o, "X-ONE", XH_NTS), XH_E_NOT_FOUND);
    rec_run(&r, script_url(p, "http", "/x"), o);
    NOT_SENT(p, 1, "x-one");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q09_values_are_bytes) {
    sends(opt_header(opt_header(NULL, "x-bytes", "\xe9\xff"), "x-empty", ""), "x-bytes: \xe9\xff\r\n", "", 0);
}

XT_TEST(q09_invalid_names_are_refused) {
    static const char *const names[] = {"",         " ",   "a b", "a:",  "a\r\n", "a\tb",
                                        "\xc3\xa9", "(a)", "a\"", "{a}", "a/b",   "a@b"};
    xh_options *o = xh_options_new();
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        xh_status s = xh_options_add_header(o, names[i], XH_NTS, "v", XH_NTS);
        if (s != XH_E_INVALID_HEADER_NAME) XT_FAIL("\"%s\" gave %s", names[i], xh_status_name(s));
        XT_CHECK_EQ(xh_options_set_header(o, names[i], XH_NTS, "v", XH_NTS), XH_E_INVALID_HEADER_NAME);
    }
    XT_CHECK_EQ(xh_options_add_header(o, "a\0b", 3, "v", 1), XH_E_INVALID_HEADER_NAME);
    xh_options_release(o);
}

XT_TEST(q09_invalid_values_are_refused) {
    static const char *const values[] = {"a\r\nb: c", "a\rb", "a\nb", "\x01", "a\x7f", "\x1b[0m"};
    xh_options *o = xh_options_new();
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++) {
        xh_status s = xh_options_add_header(o, "x", XH_NTS, values[i], XH_NTS);
        if (s != XH_E_INVALID_HEADER_VALUE) XT_FAIL("value %zu gave %s", i, xh_status_name(s));
        XT_CHECK_EQ(xh_options_set_header(o, "x", XH_NTS, values[i], XH_NTS), XH_E_INVALID_HEADER_VALUE);
    }
    XT_CHECK_EQ(xh_options_add_header(o, "x", 1, "a\0b", 3), XH_E_INVALID_HEADER_VALUE);
    XT_CHECK_EQ(xh_options_add_header(o, "x", 1, NULL, 0), XH_E_UNDEFINED_HEADER_VALUE);
    XT_CHECK_EQ(xh_options_add_header(o, "x", 1, "a\tb c", XH_NTS), XH_OK);
    xh_options_release(o);
}

XT_TEST(q09_headers_that_the_library_writes_are_refused) {
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_add_header(o, "Transfer-Encoding", XH_NTS, "chunked", XH_NTS), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_options_add_header(o, "Connection", XH_NTS, "upgrade", XH_NTS), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_options_set_header(o, "transfer-encoding", XH_NTS, "gzip", XH_NTS), XH_E_OPTION_VALUE);
    xh_options_release(o);
}

XT_TEST(q09_a_content_length_that_is_not_the_bodys_is_refused) {
    xh_options *o = opt_header(opt_body(NULL, "POST", "body", 4), "content-length", "5");
    REFUSED("http://127.0.0.1/", o, XH_E_CONTENT_LENGTH_MISMATCH);
}

XT_TEST(q09_a_host_header_of_the_caller_is_sent_alone) {
    rec r = {0};
    script_peer *p = script_start(TAKES_BODY);
    rec_run(&r, script_url(p, "http", "/x"), opt_header(NULL, "host", "virtual.test"));
    SENT(p, 1, "host: virtual.test\r\n");
    NOT_SENT(p, 1, "host: 127.0.0.1");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q09_the_caller_can_ask_for_the_connection_to_close) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK "expect-eof");
    rec_run(&r, script_url(p, "http", "/x"), opt_header(NULL, "Connection", "close"));
    REC_OK(&r, 200);
    SENT(p, 1, "Connection: close\r\n");
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    rec_end(&r);
    script_stop(p);
}

CAPI_MAIN("body")
