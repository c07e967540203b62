/* The url and the start of a request (Q01, Q02). */
#include "support.h"

#define SERVER "loop\nread-head\n" SEND_OK

/* Sends a GET to before + host:port + after; the first line and the Host line must be these. */
static void line_is(const char *before, const char *after, const char *request_line) {
    rec r = {0};
    script_peer *p = script_start(SERVER);
    char url[512], host[64];
    snprintf(host, sizeof host, "127.0.0.1:%d", script_port(p));
    snprintf(url, sizeof url, "%s%s%s", before, host, after);
    if (rec_start(&r, url, NULL) != NULL) {
        rec_finish(&r);
        REC_OK(&r, 200);
        SENT(p, 1, fmt("%s HTTP/1.1\r\n", request_line));
        SENT(p, 1, fmt("Host: %s\r\n", host));
    }
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q01_the_request_is_sent_at_once_without_a_wait) {
    rec r = {0};
    script_peer *p = script_start("read-head\nemit got\nwait-signal go\n" SEND_OK);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), NULL) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_CHECK_EQ(xh_wait(r.request, 0), XH_TIMEOUT);
    XT_CHECK(xh_request_response(r.request) == NULL);
    script_signal(p, "go");
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q01_options_callbacks_out_and_err_may_be_absent) {
    script_peer *p = script_start(SERVER);
    XT_CHECK_EQ(xh_request_new(script_url(p, "http", "/x"), XH_NTS, NULL, NULL, NULL, NULL), XH_OK);
    XT_CHECK(script_wait_connections(p, 1, LONG_MS));
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    SENT(p, 1, "GET /x HTTP/1.1\r\n");
    script_stop(p);
}

XT_TEST(q01_a_missing_url_is_an_invalid_argument) {
    rec r = {0};
    xh_request_callbacks c = rec_callbacks(&r);
    XT_CHECK_EQ(xh_request_new(NULL, 0, NULL, &c, NULL, NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_request_new(NULL, XH_NTS, NULL, &c, NULL, NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(r.destroyed, 0);
}

XT_TEST(q01_callbacks_without_a_size_are_refused) {
    rec r = {0};
    xh_request_callbacks c = rec_callbacks(&r);
    c.size = 0;
    XT_CHECK_EQ(xh_request_new("http://127.0.0.1/", XH_NTS, NULL, &c, NULL, NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(r.destroyed, 0);
}

XT_TEST(q01_slots_behind_the_size_are_not_called) {
    rec r = {0};
    xh_request *request = NULL;
    script_peer *p = script_start(SERVER);
    xh_request_callbacks c = rec_callbacks(&r);
    c.size = offsetof(xh_request_callbacks, on_information);
    c.on_download = (xh_request_fn)(uintptr_t)1; /* calling it would crash */
    XT_CHECK_EQ(xh_request_new(script_url(p, "http", "/x"), XH_NTS, NULL, &c, &request, NULL), XH_OK);
    rec_made(&r, request);
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q01_options_may_be_changed_and_released_after_the_start) {
    rec r = {0};
    xh_request_callbacks c = rec_callbacks(&r);
    script_peer *p = script_start("read-head\nwait-signal go\n" SEND_OK);
    xh_options *o = opt_header(NULL, "x-before", "1");
    xh_request *request = NULL;
    XT_CHECK_EQ(xh_request_new(script_url(p, "http", "/x"), XH_NTS, o, &c, &request, NULL), XH_OK);
    rec_made(&r, request);
    opt_header(o, "x-after", "1");
    opt_str(o, XH_OPT_METHOD, "PUT");
    xh_options_release(o);
    script_signal(p, "go");
    rec_finish(&r);
    SENT(p, 1, "GET /x ");
    SENT(p, 1, "x-before: 1\r\n");
    NOT_SENT(p, 1, "x-after");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q02_no_scheme_means_https) {
    rec r = {0};
    peer *n = peer_nginx();
    rec_run(&r, fmt("localhost:%d/text", peer_port(n, "https")), opt_ca(NULL));
    REC_OK(&r, 200);
    BODY_IS(&r, "hello from nginx\n");
    XT_CHECK(xh_request_hop_tls_version(r.request, 0).len > 0);
    rec_end(&r);
}

XT_TEST(q02_an_ipv4_address_with_port) { line_is("http://", "/a/b", "GET /a/b"); }
XT_TEST(q02_a_missing_path_is_a_slash) { line_is("http://", "", "GET /"); }
XT_TEST(q02_a_query_without_path_gets_a_slash) { line_is("http://", "?x=1", "GET /?x=1"); }
XT_TEST(q02_an_empty_query_is_kept) { line_is("http://", "/p?", "GET /p?"); }
XT_TEST(q02_a_quoted_query_is_percent_encoded) {
    line_is("http://", "/path?name=\"jones\"", "GET /path?name=%22jones%22");
}
XT_TEST(q02_a_space_is_percent_encoded) { line_is("http://", "/a b?c d", "GET /a%20b?c%20d"); }
XT_TEST(q02_other_letters_are_percent_encoded_as_utf8) {
    line_is("http://", "/\xc3\xa9?\xe2\x82\xac", "GET /%C3%A9?%E2%82%AC");
}
XT_TEST(q02_what_is_encoded_is_not_encoded_again) {
    line_is("http://", "/a%20b?x=%22&y=%2f", "GET /a%20b?x=%22&y=%2f");
}
XT_TEST(q02_a_fragment_is_not_sent) { line_is("http://", "/a?b#c?d", "GET /a?b"); }
XT_TEST(q02_the_scheme_is_read_in_any_case) { line_is("HtTp://", "/a", "GET /a"); }
XT_TEST(q02_credentials_are_not_in_target_or_host) { line_is("http://john:smith@", "/a", "GET /a"); }
XT_TEST(q02_a_user_without_password) { line_is("http://john@", "/a", "GET /a"); }
XT_TEST(q02_a_user_with_an_empty_password) { line_is("http://john:@", "/a", "GET /a"); }
XT_TEST(q02_two_slashes_in_the_path_do_not_change_the_host) {
    line_is("http://", "//evil.example/a", "GET //evil.example/a");
}
XT_TEST(q02_an_at_sign_in_the_path_does_not_change_the_host) {
    line_is("http://", "/a@evil.example:1/", "GET /a@evil.example:1/");
}
XT_TEST(q02_an_at_sign_in_the_query_does_not_change_the_host) {
    line_is("http://", "?a@evil.example/", "GET /?a@evil.example/");
}
XT_TEST(q02_a_backslash_in_the_path_does_not_change_the_host) {
    line_is("http://", "/\\evil.example", "GET /%5Cevil.example");
}

XT_TEST(q02_the_length_of_the_url_counts) {
    rec r = {0};
    xh_request_callbacks c = rec_callbacks(&r);
    script_peer *p = script_start(SERVER);
    const char *url = fmt("http://127.0.0.1:%d/abcdef", script_port(p));
    xh_request *request = NULL;
    XT_CHECK_EQ(xh_request_new(url, strlen(url) - 3, NULL, &c, &request, NULL), XH_OK);
    rec_made(&r, request);
    rec_finish(&r);
    SENT(p, 1, "GET /abc HTTP/1.1\r\n");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q02_an_ipv6_address) {
    rec r = {0};
    if (!net_has_ipv6()) return;
    script_peer *p = script_start("listen ipv6\nread-head\n" SEND_OK);
    rec_run(&r, fmt("http://[0:0:0:0:0:0:0:1]:%d/index.html", script_port(p)), NULL);
    REC_OK(&r, 200);
    SENT(p, 1, "GET /index.html HTTP/1.1\r\n");
    SENT(p, 1, fmt("Host: [::1]:%d\r\n", script_port(p)));
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q02_a_name_with_port) {
    rec r = {0};
    script_peer *p = script_start("listen dual\n" SERVER);
    rec_run(&r, fmt("http://LocalHost:%d/a", script_port(p)), NULL);
    REC_OK(&r, 200);
    SENT(p, 1, fmt("Host: localhost:%d\r\n", script_port(p)));
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q02_the_default_port_is_not_in_the_host_header) {
    rec r = {0};
    script_peer *p = script_start(SERVER);
    rec_run(&r, "http://xh.test:80/a", opt_str(NULL, XH_OPT_PROXY, fmt("http://127.0.0.1:%d", script_port(p))));
    REC_OK(&r, 200);
    SENT(p, 1, "GET http://xh.test/a HTTP/1.1\r\n");
    SENT(p, 1, "Host: xh.test\r\n");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q02_an_international_name_is_sent_as_ascii) {
    rec r = {0};
    if (!xh_has_feature("idn")) return;
    script_peer *p = script_start(SERVER);
    rec_run(&r,
            "http://b\xc3\xbc"
            "cher.test/",
            opt_str(NULL, XH_OPT_PROXY, fmt("http://127.0.0.1:%d", script_port(p))));
    REC_OK(&r, 200);
    SENT(p, 1, "Host: xn--bcher-kva.test\r\n");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q02_credentials_in_the_url_answer_a_basic_challenge) {
    rec r = {0};
    rec_run(&r, fmt("http://user:secret@127.0.0.1:%d/basic/text", peer_port(peer_nginx(), "http")), NULL);
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q02_credentials_in_the_url_are_percent_decoded) {
    rec r = {0};
    script_peer *p = script_start(
        "read-head\nexpect-not \"uthorization\"\n"
        "send 'HTTP/1.1 401 Who' "
        "'" NL "www-authenticate: Basic realm=\"x\"" NL "content-length: 0" NL NL
        "'\n"
        "read-head\n" SEND_OK);
    rec_run(&r, fmt("http://a%%40b:c%%3Ad@127.0.0.1:%d/", script_port(p)), NULL);
    REC_OK(&r, 200);
    SENT(p, 1, "Authorization: Basic YUBiOmM6ZA==\r\n"); /* a@b:c:d */
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q02_credentials_are_not_in_what_reads_back) {
    rec r = {0};
    script_peer *p = script_start(SERVER);
    rec_run(&r, fmt("http://john:smith@127.0.0.1:%d/a", script_port(p)), NULL);
    XT_CHECK(!view_has(xh_request_url(r.request), "smith"));
    XT_CHECK(!view_has(xh_request_hop_url(r.request, 0), "smith"));
    XT_CHECK(!view_has(xh_response_url(xh_request_response(r.request)), "smith"));
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q02_urls_that_are_none_are_refused) {
    static const char *const urls[] = {"",
                                       " ",
                                       "http://",
                                       "https://",
                                       "http:///x",
                                       "http://:80/",
                                       "http://h:0",
                                       "http://h:x",
                                       "http://h:99999",
                                       "http://h:65536/",
                                       "http://[::1/",
                                       "http://[::1]x/",
                                       "http://[]/",
                                       "http://[zz]/",
                                       "http://a b/",
                                       "http://h\r\nX: y/",
                                       "http://h/\r\nX: y",
                                       "http://h/\n",
                                       "http://u@v@h/",
                                       "http://h\\@evil/",
                                       "http://127.1/",
                                       "http://0x7f.1/",
                                       "http://2130706433/",
                                       "http://user:pass@/",
                                       "http://[fe80::1%25eth0]/",
                                       "http://h:80:90/",
                                       "http://h%00/",
                                       "http://\x01h/"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        xh_error *err = NULL;
        xh_status status = xh_request_new(urls[i], XH_NTS, NULL, NULL, NULL, &err);
        if (status != XH_E_INVALID_URL) XT_FAIL("\"%s\" gave %s", urls[i], xh_status_name(status));
        if (err == NULL || xh_error_status(err) != status) XT_FAIL("\"%s\" gave no error", urls[i]);
        xh_error_free(err);
    }
}

XT_TEST(q02_a_refused_url_changes_nothing_and_calls_nothing) { REFUSED("http://", NULL, XH_E_INVALID_URL); }

XT_TEST(q02_a_nul_in_the_url_is_refused) { REFUSED_N("http://h/a\0b", 12, NULL, XH_E_INVALID_URL); }

XT_TEST(q02_a_url_that_is_no_utf8_is_refused_or_encoded) {
    rec r = {0};
    xh_status status = XH_OK;
    script_peer *p = script_start(SERVER);
    script_failures_expected(p);
    rec_start_err(&r, fmt("http://127.0.0.1:%d/\xff\xfe", script_port(p)), NULL, NULL);
    status = r.made;
    if (status == XH_OK) {
        rec_finish(&r);
        SENT(p, 1, "GET /%FF%FE HTTP/1.1\r\n");
    } else {
        XT_CHECK(status == XH_E_INVALID_URL || status == XH_E_INVALID_UTF8);
    }
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q02_other_schemes_are_refused) {
    REFUSED("ftp://127.0.0.1/", NULL, XH_E_UNSUPPORTED_SCHEME);
    REFUSED("ws://127.0.0.1/", NULL, XH_E_UNSUPPORTED_SCHEME);
    REFUSED("file:///etc/passwd", NULL, XH_E_UNSUPPORTED_SCHEME);
}

XT_TEST(q02_the_message_of_a_refusal_shows_no_password) {
    xh_error *err = NULL;
    XT_CHECK_EQ(xh_request_new("http://john:smith@h:99999/", XH_NTS, NULL, NULL, NULL, &err), XH_E_INVALID_URL);
    XT_CHECK(!view_has(xh_error_message(err), "smith"));
    xh_error_free(err);
}

XT_TEST(q02_ids_are_never_the_same) {
    uint64_t last = 0;
    script_peer *p = script_start(SERVER);
    for (int i = 0; i < 3; i++) {
        rec r = {0};
        rec_run(&r, script_url(p, "http", "/x"), opt_alone(NULL));
        XT_CHECK(xh_request_id(r.request) > last);
        last = xh_request_id(r.request);
        rec_end(&r);
    }
    script_stop(p);
}

CAPI_MAIN("url")
