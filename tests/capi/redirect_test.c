/* Redirects (Q03). */
#include "support.h"

#define REDIRECT(code, location)                                                                                       \
    "send 'HTTP/1.1 " code " Moved" NL "content-length: 3" NL "location: " location NL NL "old'\n"

static const char *nginx_url(const char *path) { return peer_url(peer_nginx(), "http", path); }

XT_TEST(q03_five_redirects_are_followed) {
    rec r = {0};
    rec_run(&r, nginx_url("/redirect/5"), NULL);
    REC_OK(&r, 200);
    BODY_IS(&r, "hello from nginx\n");
    XT_CHECK_EQ(xh_request_hop_count(r.request), 6);
    XT_CHECK_EQ(r.count[XH_EVENT_REDIRECT], 5);
    rec_end(&r);
}

XT_TEST(q03_the_sixth_redirect_is_the_response) {
    rec r = {0};
    rec_run(&r, nginx_url("/redirect/6"), NULL);
    REC_OK(&r, 302);
    XT_CHECK(rec_header(&r, "location").len > 0);
    XT_CHECK_EQ(r.count[XH_EVENT_REDIRECT], 5);
    rec_end(&r);
}

XT_TEST(q03_a_loop_ends_with_the_sixth_as_response) {
    rec r = {0};
    rec_run(&r, nginx_url("/redirect-loop"), NULL);
    XT_CHECK(xh_response_status(xh_request_response(r.request)) / 100 == 3);
    XT_CHECK_EQ(xh_request_hop_count(r.request), 6);
    rec_end(&r);
}

XT_TEST(q03_more_are_followed_when_the_option_says_so) {
    rec r = {0};
    rec_run(&r, nginx_url("/redirect/12"), opt_int(NULL, XH_OPT_MAX_REDIRECTIONS, 12));
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q03_none_is_followed_with_a_limit_of_zero) {
    rec r = {0};
    rec_run(&r, nginx_url("/redirect/1"), opt_int(NULL, XH_OPT_MAX_REDIRECTIONS, 0));
    REC_OK(&r, 302);
    XT_CHECK_EQ(r.count[XH_EVENT_REDIRECT], 0);
    rec_end(&r);
}

XT_TEST(q03_none_is_followed_when_it_is_off) {
    rec r = {0};
    rec_run(&r, nginx_url("/redirect/1"), opt_int(NULL, XH_OPT_AUTOMATIC_REDIRECTIONS, 0));
    REC_OK(&r, 302);
    ORDER_IS(&r, "HDRTX");
    rec_end(&r);
}

XT_TEST(q03_an_absolute_location_is_followed) {
    rec r = {0};
    rec_run(&r, nginx_url("/redirect-abs/2"), NULL);
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q03_only_the_last_answer_reaches_headers_and_data) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" REDIRECT("302", "/b") "read-head\n" SEND_OK, NULL));
    ORDER_IS(&r, ">HDRTX");
    XT_CHECK_STR(r.data, "ok");
    rec_end(&r);
}

XT_TEST(q03_history_has_url_and_status_of_each_hop) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" REDIRECT("301", "/b?c") "read-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/a"), NULL);
    XT_CHECK_EQ(xh_request_hop_count(r.request), 2);
    XT_CHECK_EQ(xh_request_hop_status(r.request, 0), 301);
    XT_CHECK_EQ(xh_request_hop_status(r.request, 1), 200);
    XT_CHECK_VIEW(xh_request_hop_url(r.request, 0), script_url(p, "http", "/a"));
    XT_CHECK_VIEW(xh_request_hop_url(r.request, 1), script_url(p, "http", "/b?c"));
    XT_CHECK_VIEW(xh_response_url(xh_request_response(r.request)), script_url(p, "http", "/b?c"));
    XT_CHECK_STR(r.next_url, script_url(p, "http", "/b?c"));
    XT_CHECK_EQ(xh_request_hop_reused(r.request, 1), 1);
    rec_end(&r);
    script_stop(p);
}

static void terminate_at_redirect(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    if (xh_request_event_type(event) != XH_EVENT_REDIRECT) return;
    XT_CHECK_EQ(xh_request_event_status(event), 302);
    xh_terminate(request);
}

XT_TEST(q03_terminate_in_on_redirect_ends_the_request) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" REDIRECT("302", "/b") "wait-close");
    r.hook = terminate_at_redirect;
    rec_run(&r, script_url(p, "http", "/a"), NULL);
    REC_FAILED(&r, XH_E_CANCELLED, -1);
    ORDER_IS(&r, ">ETX");
    NOT_SENT(p, 1, "/b");
    rec_end(&r);
    script_stop(p);
}

/* ---- methods and bodies ------------------------------------------------------------------------------------------------- */

/* The second request of a method with the body "body" after that code. */
static void rewrites(const char *code, const char *method, const char *second, int body) {
    rec r = {0};
    script_peer *p = script_startf("read-head\nread-body\nsend 'HTTP/1.1 %s X" NL "content-length: 0" NL
                                   "location: /b" NL NL "'\nread-head\nread-body\n" SEND_OK,
                                   code);
    xh_options *o = opt_body(NULL, method, "body", 4);
    opt_header(o, "content-language", "en");
    opt_header(o, "x-other", "1");
    if (rec_start(&r, script_url(p, "http", "/a"), o) != NULL) {
        rec_finish(&r);
        REC_OK(&r, 200);
        XT_CHECK(script_wait_closed(p, 1, LONG_MS));
        if (strcmp(second, "HEAD") != 0) BODY_IS(&r, "ok");
        const char *b = strstr(script_received(p, 1, NULL), fmt("%s /b HTTP/1.1\r\n", second));
        if (b == NULL) {
            XT_FAIL("%s %s: %s", code, method, script_received(p, 1, NULL));
        } else {
            XT_CHECK_EQ(strstr(b, "\r\n\r\nbody") != NULL, body);
            XT_CHECK_EQ(strstr(b, "application/octet-stream") != NULL, body);
            XT_CHECK_EQ(strstr(b, "content-language") != NULL, body);
            XT_CHECK(strstr(b, "x-other: 1") != NULL);
        }
    }
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q03_301_post_becomes_get) { rewrites("301", "POST", "GET", 0); }
XT_TEST(q03_302_post_becomes_get) { rewrites("302", "POST", "GET", 0); }
XT_TEST(q03_303_post_becomes_get) { rewrites("303", "POST", "GET", 0); }
XT_TEST(q03_303_put_becomes_get) { rewrites("303", "PUT", "GET", 0); }
XT_TEST(q03_303_delete_becomes_get) { rewrites("303", "DELETE", "GET", 0); }
XT_TEST(q03_301_put_stays) { rewrites("301", "PUT", "PUT", 1); }
XT_TEST(q03_302_put_stays) { rewrites("302", "PUT", "PUT", 1); }
XT_TEST(q03_307_post_stays_with_its_body) { rewrites("307", "POST", "POST", 1); }
XT_TEST(q03_308_post_stays_with_its_body) { rewrites("308", "POST", "POST", 1); }
XT_TEST(q03_308_get_keeps_its_body) { rewrites("308", "GET", "GET", 1); }
XT_TEST(q03_307_other_method_stays) { rewrites("307", "PATCH", "PATCH", 1); }

XT_TEST(q03_303_head_stays_head) {
    rec r = {0};
    script_peer *p = script_start("read-head\nsend 'HTTP/1.1 303 X" NL "location: /b" NL NL "'\nread-head\n" HEAD_OK
                                  "content-length: 2" NL NL "'");
    rec_run(&r, script_url(p, "http", "/a"), opt_str(NULL, XH_OPT_METHOD, "HEAD"));
    REC_OK(&r, 200);
    SENT(p, 1, "HEAD /b HTTP/1.1\r\n");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q03_a_file_is_sent_again) {
    rec r = {0};
    const char *path = pattern_file("again.bin", 300000);
    script_peer *p = script_start("read-head\nread-body\n" REDIRECT("307", "/b") "read-head\nread-body\n" SEND_OK);
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "PUT");
    XT_CHECK_EQ(xh_options_set_body_file(o, path, XH_NTS), XH_OK);
    rec_run(&r, script_url(p, "http", "/a"), o);
    REC_OK(&r, 200);
    XT_CHECK(script_received_bytes(p, 1) > 600000);
    XT_CHECK_EQ(sent_count(p, 1, "ontent-Length: 300000\r\n"), 2);
    rec_end(&r);
    script_stop(p);
}

static int64_t XH_CALL pull_once(char *buf, size_t cap, void *left) {
    (void)cap;
    if ((*(int *)left)-- <= 0) return 0;
    memcpy(buf, "piece", 5);
    return 5;
}

XT_TEST(q03_a_pulled_body_cannot_be_sent_again) {
    rec r = {0};
    int left = 1;
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_pull(o, pull_once, 5, &left, NULL), XH_OK);
    XT_REQUIRE(rec_script(&r, "read-head\nread-body\n" REDIRECT("307", "/b") "wait-close", o));
    REC_FAILED(&r, XH_E_BODY_NOT_REPLAYABLE, -1);
    ORDER_IS(&r, "ETX");
    rec_end(&r);
}

XT_TEST(q03_a_pulled_body_is_no_hindrance_when_the_method_becomes_get) {
    rec r = {0};
    int left = 1;
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_pull(o, pull_once, 5, &left, NULL), XH_OK);
    XT_REQUIRE(rec_script(&r, "read-head\nread-body\n" REDIRECT("303", "/b") "read-head\n" SEND_OK, o));
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q03_a_pulled_body_that_was_not_asked_for_yet_goes_along) {
    rec r = {0};
    int left = 1;
    script_peer *p =
        script_start("on-connection 1:\nread-head\nsend 'HTTP/1.1 307 X" NL "content-length: 0" NL "location: /b" NL NL
                     "'\nexpect-closed\n"
                     "on-connection 2:\nread-head\nsend 'HTTP/1.1 100 Continue" NL NL "'\nread-body\n" SEND_OK);
    xh_options *o = opt_int(opt_str(NULL, XH_OPT_METHOD, "POST"), XH_OPT_EXPECT_CONTINUE_MS, LONG_MS);
    XT_CHECK_EQ(xh_options_set_body_pull(o, pull_once, 5, &left, NULL), XH_OK);
    rec_run(&r, script_url(p, "http", "/a"), o);
    REC_OK(&r, 200);
    SENT(p, 2, "POST /b HTTP/1.1\r\n");
    SENT(p, 2, "\r\n\r\npiece");
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

/* ---- where it goes ---------------------------------------------------------------------------------------------------------- */

/* From /dir/a?q to the location; the second request's target must be this. */
static void goes_to(const char *location, const char *target) {
    rec r = {0};
    script_peer *p = script_startf("read-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL "location: %s" NL NL
                                   "'\nread-head\n" SEND_OK,
                                   location);
    if (rec_start(&r, script_url(p, "http", "/dir/a?q"), NULL) != NULL) {
        rec_finish(&r);
        REC_OK(&r, 200);
        SENT(p, 1, fmt("GET %s HTTP/1.1\r\n", target));
    }
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q03_a_location_relative_to_the_root) { goes_to("/b", "/b"); }
XT_TEST(q03_a_location_relative_to_the_folder) { goes_to("b", "/dir/b"); }
XT_TEST(q03_a_location_one_folder_up) { goes_to("../b", "/b"); }
XT_TEST(q03_a_location_far_too_many_folders_up) { goes_to("../../../b", "/b"); }
XT_TEST(q03_a_location_of_a_query_only) { goes_to("?x", "/dir/a?x"); }
XT_TEST(q03_a_location_with_a_fragment) { goes_to("/b#c", "/b"); }
XT_TEST(q03_a_location_with_a_space) { goes_to("/b c", "/b%20c"); }
XT_TEST(q03_a_location_with_other_bytes) { goes_to("/\\xc3\\xa9", "/%C3%A9"); }

XT_TEST(q03_a_location_without_scheme_keeps_the_scheme) {
    rec r = {0};
    script_peer *to = script_start("read-head\n" SEND_OK);
    script_peer *from = script_startf("read-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL
                                      "location: //127.0.0.1:%d/b" NL NL "'",
                                      script_port(to));
    rec_run(&r, script_url(from, "http", "/a"), NULL);
    REC_OK(&r, 200);
    SENT(to, 1, "GET /b HTTP/1.1\r\n");
    SENT(to, 1, fmt("Host: 127.0.0.1:%d\r\n", script_port(to)));
    rec_end(&r);
    script_stop(from);
    script_stop(to);
}

static void bad_location(const char *location) {
    rec r = {0};
    script_peer *p = script_startf(
        "read-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL "location: %s" NL NL "'\nwait-close", location);
    if (rec_start(&r, script_url(p, "http", "/a"), NULL) != NULL) {
        rec_finish(&r);
        if (!REC_FAILED(&r, XH_E_BAD_REDIRECT, -1)) XT_FAIL("with the location %s", location);
    }
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q03_a_location_that_is_no_url_is_an_error) {
    bad_location("http://");
    bad_location("http://[::1/");
    bad_location("http://h:99999/");
}

XT_TEST(q03_a_location_of_another_scheme_is_an_error) {
    bad_location("ftp://127.0.0.1/x");
    bad_location("file:///etc/passwd");
    bad_location("javascript:alert(1)");
}

XT_TEST(q03_a_redirect_without_location_is_the_response) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\nsend 'HTTP/1.1 302 X" NL "content-length: 2" NL NL "ok'", NULL));
    REC_OK(&r, 302);
    BODY_IS(&r, "ok");
    rec_end(&r);
}

XT_TEST(q03_300_304_305_and_306_are_responses) {
    static const char *const codes[] = {"300", "304", "305", "306"};
    for (int i = 0; i < 4; i++) {
        rec r = {0};
        if (rec_script(
                &r, fmt("read-head\nsend 'HTTP/1.1 %s X" NL "content-length: 0" NL "location: /b" NL NL "'", codes[i]),
                NULL))
            REC_OK(&r, atoi(codes[i]));
        rec_end(&r);
    }
}

/* ---- what goes along to another origin ------------------------------------------------------------------------------------------ */

static xh_options *secrets(void) {
    xh_options *o = opt_header(NULL, "Authorization", "Bearer top");
    opt_header(o, "Cookie", "c=top");
    opt_header(o, "X-Api-Key", "top");
    opt_header(o, "X-Plain", "1");
    return opt_str(o, XH_OPT_SECRET_HEADERS, "x-other, x-api-key");
}

static script_peer *redirect_to(const char *url) {
    return script_startf("read-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL "location: %s" NL NL "'", url);
}

XT_TEST(q03_secrets_go_along_within_the_origin) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" REDIRECT("302", "/b") "read-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/a"), secrets());
    XT_CHECK_EQ(sent_count(p, 1, "Authorization: Bearer top\r\n"), 2);
    XT_CHECK_EQ(sent_count(p, 1, "Cookie: c=top\r\n"), 2);
    XT_CHECK_EQ(sent_count(p, 1, "X-Api-Key: top\r\n"), 2);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q03_secrets_stay_behind_when_the_port_changes) {
    rec r = {0};
    script_peer *to = script_start("read-head\n" SEND_OK);
    script_peer *from = redirect_to(script_url(to, "http", "/b"));
    rec_run(&r, script_url(from, "http", "/a"), secrets());
    REC_OK(&r, 200);
    SENT(from, 1, "Authorization: Bearer top\r\n");
    NOT_SENT(to, 1, "top");
    SENT(to, 1, "X-Plain: 1\r\n");
    rec_end(&r);
    script_stop(from);
    script_stop(to);
}

XT_TEST(q03_secrets_stay_behind_when_the_host_changes) {
    rec r = {0};
    script_peer *to = script_start("listen dual\nread-head\n" SEND_OK);
    script_peer *from = redirect_to(fmt("http://localhost:%d/b", script_port(to)));
    rec_run(&r, script_url(from, "http", "/a"), secrets());
    REC_OK(&r, 200);
    NOT_SENT(to, 1, "top");
    rec_end(&r);
    script_stop(from);
    script_stop(to);
}

XT_TEST(q03_secrets_do_not_come_back_on_a_later_hop) {
    rec r = {0};
    script_peer *other = redirect_to(nginx_url("/echo"));
    rec_run(&r, nginx_url(fmt("/redirect-to/302/http/127.0.0.1:%d/b", script_port(other))), secrets());
    REC_OK(&r, 200);
    XT_CHECK(r.len > 0 && strstr(r.data, "top") == NULL);
    XT_CHECK_EQ(xh_request_hop_count(r.request), 3);
    NOT_SENT(other, 1, "top");
    rec_end(&r);
    script_stop(other);
}

XT_TEST(q03_a_host_header_of_the_caller_stays_behind) {
    rec r = {0};
    script_peer *to = script_start("read-head\n" SEND_OK);
    script_peer *from = redirect_to(script_url(to, "http", "/b"));
    rec_run(&r, script_url(from, "http", "/a"), opt_header(NULL, "Host", "virtual.test"));
    SENT(from, 1, "Host: virtual.test\r\n");
    SENT(to, 1, fmt("Host: 127.0.0.1:%d\r\n", script_port(to)));
    NOT_SENT(to, 1, "virtual.test");
    rec_end(&r);
    script_stop(from);
    script_stop(to);
}

XT_TEST(q03_server_authentication_is_for_the_first_origin_only) {
    rec r = {0};
    script_peer *to = script_start("read-head\nsend 'HTTP/1.1 401 X" NL "content-length: 0" NL
                                   "www-authenticate: Basic realm=\"x\"" NL NL "'\nwait-close");
    script_peer *from = redirect_to(script_url(to, "http", "/b"));
    xh_options *o = opt_str(NULL, XH_OPT_SERVER_AUTH_NAME, "user");
    opt_str(o, XH_OPT_SERVER_AUTH_PASSWORD, "secret");
    rec_run(&r, script_url(from, "http", "/a"), o);
    REC_OK(&r, 401);
    NOT_SENT(to, 1, "authorization");
    rec_end(&r);
    script_stop(from);
    script_stop(to);
}

XT_TEST(q03_credentials_of_the_url_are_for_the_first_origin_only) {
    rec r = {0};
    script_peer *to = script_start("read-head\nsend 'HTTP/1.1 401 X" NL "content-length: 0" NL
                                   "www-authenticate: Basic realm=\"x\"" NL NL "'\nwait-close");
    script_peer *from = redirect_to(script_url(to, "http", "/b"));
    rec_run(&r, fmt("http://user:secret@127.0.0.1:%d/a", script_port(from)), NULL);
    REC_OK(&r, 401);
    NOT_SENT(to, 1, "authorization");
    rec_end(&r);
    script_stop(from);
    script_stop(to);
}

XT_TEST(q03_http_to_https_is_followed) {
    rec r = {0};
    script_peer *from = redirect_to(peer_url(peer_nginx(), "https", "/text"));
    rec_run(&r, script_url(from, "http", "/a"), opt_ca(NULL));
    REC_OK(&r, 200);
    BODY_IS(&r, "hello from nginx\n");
    rec_end(&r);
    script_stop(from);
}

XT_TEST(q03_https_to_http_is_followed_without_secrets) {
    rec r = {0};
    script_peer *to = script_start("read-head\n" SEND_OK);
    script_peer *from =
        script_startf("tls\nread-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL "location: %s" NL NL "'",
                      script_url(to, "http", "/b"));
    rec_run(&r, script_url(from, "https", "/a"), opt_ca(secrets()));
    REC_OK(&r, 200);
    SENT(from, 1, "Bearer top");
    NOT_SENT(to, 1, "top");
    rec_end(&r);
    script_stop(from);
    script_stop(to);
}

XT_TEST(q03_https_to_http_can_be_forbidden) {
    rec r = {0};
    script_peer *to = script_start("loop\nread-head\n" SEND_OK);
    script_peer *from = script_startf("tls\nread-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL
                                      "location: %s" NL NL "'\nwait-close",
                                      script_url(to, "http", "/b"));
    rec_run(&r, script_url(from, "https", "/a"), opt_ca(opt_int(NULL, XH_OPT_FORBID_INSECURE_REDIRECT, 1)));
    REC_FAILED(&r, XH_E_INSECURE_REDIRECT, -1);
    XT_CHECK_EQ(script_connections(to), 0);
    rec_end(&r);
    script_stop(from);
    script_stop(to);
}

XT_TEST(q03_http_to_http_is_not_what_the_ban_means) {
    rec r = {0};
    rec_run(&r, nginx_url("/redirect-abs/2"), opt_int(NULL, XH_OPT_FORBID_INSECURE_REDIRECT, 1));
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q03_credentials_in_a_location_are_not_sent_unasked) {
    rec r = {0};
    script_peer *to = script_start("read-head\n" SEND_OK);
    script_peer *from = redirect_to(fmt("http://evil:pw@127.0.0.1:%d/b", script_port(to)));
    rec_run(&r, script_url(from, "http", "/a"), NULL);
    REC_OK(&r, 200);
    NOT_SENT(to, 1, "authorization");
    XT_CHECK(!view_has(xh_request_hop_url(r.request, 1), "evil"));
    rec_end(&r);
    script_stop(from);
    script_stop(to);
}

XT_TEST(q03_a_redirect_to_a_refused_port_names_the_hop) {
    rec r = {0};
    script_peer *from = redirect_to(fmt("http://127.0.0.1:%d/b", refused_port()));
    rec_run(&r, script_url(from, "http", "/a"), NULL);
    REC_FAILED(&r, XH_E_CONNECTION_REFUSED, XH_PHASE_CONNECT);
    XT_CHECK_EQ(xh_error_hop(rec_error(&r)), 1);
    ORDER_IS(&r, ">ETX");
    rec_end(&r);
    script_stop(from);
}

XT_TEST(q03_a_large_body_of_a_redirect_is_not_waited_for) {
    rec r = {0};
    script_peer *p = script_start("on-connection 1:\nread-head\nsend 'HTTP/1.1 302 X" NL "content-length: 100000000" NL
                                  "location: /b" NL NL
                                  "'\n"
                                  "send-zero 1M\nstall\non-connection 2:\nread-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/a"), NULL);
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

CAPI_MAIN("redirect")
