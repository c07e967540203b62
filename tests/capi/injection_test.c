/* What an attacker may try through the arguments (what-users-ask 13): refused before anything is sent. */
#include "support.h"

static const struct {
    const char *text;
    size_t len;
} evil[] = {{"a\r\nx-evil: 1", 12},
            {"a\nx-evil: 1", 11},
            {"a\rx-evil: 1", 11},
            {"a\0b", 3},
            {"a\r\n\r\nGET /evil HTTP/1.1", 23}};
#define EVIL (sizeof evil / sizeof evil[0])

/* A request with these options either is refused, or reaches the server without the evil line. */
static void harmless(const char *url_tail, size_t tail_len, xh_options *o) {
    rec r = {0};
    char url[512];
    script_peer *p = script_start("loop\nread-head\nread-body\n" SEND_OK);
    script_failures_expected(p);
    xh_request_callbacks c = rec_callbacks(&r);
    int n = snprintf(url, sizeof url, "http://127.0.0.1:%d", script_port(p));
    memcpy(url + n, url_tail, tail_len);
    xh_request *request = NULL;
    xh_status s = xh_request_new(url, (size_t)n + tail_len, o, &c, &request, NULL);
    rec_made(&r, request);
    xh_options_release(o);
    if (s == XH_OK) {
        rec_finish(&r);
        if (sent_has(p, 1, "\nx-evil") || sent_has(p, 1, "\rx-evil") || sent_has(p, 1, "\nGET /evil"))
            XT_FAIL("evil was sent");
        XT_CHECK_EQ(script_connections(p) <= 1, 1);
    } else {
        XT_CHECK_EQ(r.destroyed, 0);
        XT_CHECK_EQ(script_connections(p), 0);
    }
    rec_end(&r);
    script_stop(p);
}

XT_TEST(line_ends_in_the_method_are_refused) {
    xh_options *o = xh_options_new();
    for (size_t i = 0; i < EVIL; i++)
        XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_METHOD, evil[i].text, evil[i].len), XH_E_INVALID_METHOD);
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_METHOD, "GET /evil HTTP/1.1", XH_NTS), XH_E_INVALID_METHOD);
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_METHOD, "", 0), XH_E_INVALID_METHOD);
    xh_options_release(o);
}

XT_TEST(line_ends_in_the_url_are_refused) {
    for (size_t i = 0; i < EVIL; i++) {
        char url[128];
        static const char *const heads[] = {"http://127.0.0.1/", "http://127.0.0.1/?", "http://127.0.0.1/#", "http://h",
                                            "http://u:p"};
        for (int k = 0; k < 5; k++) {
            size_t n = strlen(heads[k]);
            memcpy(url, heads[k], n);
            memcpy(url + n, evil[i].text, evil[i].len);
            n += evil[i].len;
            if (k == 4) {
                memcpy(url + n, "@h/", 3);
                n += 3;
            }
            REFUSED_N(url, n, NULL, XH_E_INVALID_URL);
        }
    }
}

XT_TEST(line_ends_encoded_in_the_url_stay_encoded) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/a%0d%0ax-evil:%201"), NULL);
    SENT(p, 1, "GET /a%0d%0ax-evil:%201 HTTP/1.1\r\n");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(line_ends_encoded_in_the_host_are_refused) {
    REFUSED("http://h%0d%0ax-evil/", NULL, XH_E_INVALID_URL);
    REFUSED("http://h%00x/", NULL, XH_E_INVALID_URL);
}

XT_TEST(line_ends_encoded_in_credentials_do_not_come_out) {
    rec r = {0};
    xh_error *err = NULL;
    script_peer *p = script_start("loop\nread-head\n" SEND_OK);
    script_failures_expected(p);
    rec_start_err(&r, fmt("http://u%%0d%%0ax-evil:p@127.0.0.1:%d/", script_port(p)),
                  opt_str(NULL, XH_OPT_SERVER_AUTH_METHOD, "basic"), &err);
    if (r.made == XH_OK) {
        rec_finish(&r);
        NOT_SENT(p, 1, "x-evil");
    } else {
        XT_CHECK_EQ(r.made, XH_E_INVALID_URL);
    }
    xh_error_free(err);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(line_ends_in_header_names_and_values_are_refused) {
    xh_options *o = xh_options_new();
    for (size_t i = 0; i < EVIL; i++) {
        XT_CHECK_EQ(xh_options_add_header(o, evil[i].text, evil[i].len, "v", 1), XH_E_INVALID_HEADER_NAME);
        XT_CHECK_EQ(xh_options_add_header(o, "n", 1, evil[i].text, evil[i].len), XH_E_INVALID_HEADER_VALUE);
        XT_CHECK_EQ(xh_options_set_header(o, "n", 1, evil[i].text, evil[i].len), XH_E_INVALID_HEADER_VALUE);
        XT_CHECK_EQ(xh_options_add_header(o, "content-type", XH_NTS, evil[i].text, evil[i].len),
                    XH_E_INVALID_HEADER_VALUE);
        XT_CHECK_EQ(xh_options_add_header(o, "host", XH_NTS, evil[i].text, evil[i].len), XH_E_INVALID_HEADER_VALUE);
    }
    xh_options_release(o);
}

XT_TEST(line_ends_in_texts_of_options_do_not_reach_the_wire) {
    static const int32_t numbers[] = {
        XH_OPT_SERVER_AUTH_NAME, XH_OPT_SERVER_AUTH_PASSWORD, XH_OPT_ENCODING,       XH_OPT_SERVER_NAME,
        XH_OPT_PROXY_AUTH_NAME,  XH_OPT_PROXY_AUTH_PASSWORD,  XH_OPT_SECRET_HEADERS, XH_OPT_NO_PROXY};
    for (size_t k = 0; k < sizeof numbers / sizeof numbers[0]; k++) {
        for (size_t i = 0; i < EVIL; i++) {
            xh_options *o = opt_str(NULL, XH_OPT_SERVER_AUTH_METHOD, "basic");
            opt_str(o, XH_OPT_PROXY_AUTH_METHOD, "basic");
            opt_str(o, XH_OPT_METHOD, "POST");
            XT_CHECK_EQ(xh_options_set_body_text(o, "x", 1), XH_OK);
            xh_options_set_str(o, numbers[k], evil[i].text, evil[i].len);
            harmless("/", 1, o);
        }
    }
}

XT_TEST(digest_names_with_quotes_are_escaped) {
    rec r = {0};
    script_peer *p = script_start("read-head\nsend 'HTTP/1.1 401 X" NL "content-length: 0" NL
                                  "www-authenticate: Digest realm=\"a\\\"b\", nonce=\"n\", qop=\"auth\"" NL NL
                                  "'\nread-head\n" SEND_OK);
    xh_options *o = opt_str(NULL, XH_OPT_SERVER_AUTH_NAME, "u\", realm=\"evil");
    opt_str(o, XH_OPT_SERVER_AUTH_PASSWORD, "p");
    rec_run(&r, script_url(p, "http", "/"), o);
    const char *sent = script_received(p, 1, NULL);
    XT_CHECK(strstr(sent, "username=\"u\", realm=\"evil\"") == NULL);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(a_challenge_cannot_inject_lines) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r,
                          "read-head\nsend 'HTTP/1.1 401 X" NL "content-length: 0" NL
                          "www-authenticate: Digest realm=\"a\\x01b\", nonce=\"n\\x01\", qop=\"auth\"" NL NL
                          "'\nwait-close",
                          opt_str(opt_str(NULL, XH_OPT_SERVER_AUTH_NAME, "u"), XH_OPT_SERVER_AUTH_PASSWORD, "p")));
    XT_CHECK(rec_error(&r) != NULL);
    rec_end(&r);
}

XT_TEST(a_location_cannot_inject_lines) {
    rec r = {0};
    script_peer *p = script_start("read-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL
                                  "location: /a%0d%0ax-evil:%201" NL NL "'\nread-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/"), NULL);
    SENT(p, 1, "GET /a%0d%0ax-evil:%201 HTTP/1.1\r\n");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(a_path_never_changes_the_authority) {
    static const char *const tails[] = {"//127.0.0.2/", "/\\127.0.0.2/",   "/@127.0.0.2/",     "?@127.0.0.2/",
                                        "#@127.0.0.2/", "/..//127.0.0.2/", "/a:b@127.0.0.2:1/"};
    for (size_t i = 0; i < sizeof tails / sizeof tails[0]; i++) {
        rec r = {0};
        script_peer *p = script_start("read-head\n" SEND_OK);
        rec_run(&r, fmt("http://127.0.0.1:%d%s", script_port(p), tails[i]), NULL);
        REC_OK(&r, 200);
        SENT(p, 1, fmt("Host: 127.0.0.1:%d\r\n", script_port(p)));
        rec_end(&r);
        script_stop(p);
    }
}

CAPI_MAIN("injection")
