/* Cookies of an agent (Q28, RFC 6265bis): kept from every answer, sent to where they belong, off unless asked for. */
#include "support.h"

/* An answer that sets cookies; the connection stays. */
#define SETS(cookie) "send 'HTTP/1.1 200 OK" NL "content-length: 2" NL "set-cookie: " cookie NL NL "ok'\n"
#define NEXT "read-head\n" SEND_OK

static xh_options *with(xh_agent *agent) { return opt_int(opt_ptr(NULL, XH_OPT_AGENT, agent), XH_OPT_COOKIES, 1); }

/* One GET through the agent with its cookies. */
static void get(xh_agent *agent, const char *url, xh_options *more) {
    rec r = {0};
    if (rec_start(&r, url, opt_int(opt_ptr(more, XH_OPT_AGENT, agent), XH_OPT_COOKIES, 1)) != NULL) {
        rec_finish(&r);
        REC_OK(&r, 200);
    }
    rec_end(&r);
}

static xh_status set(xh_agent *agent, const char *url, const char *text) {
    return xh_agent_set_cookie(agent, url, XH_NTS, text, XH_NTS);
}

/* The jar as text. */
static const char *json(xh_agent *agent) {
    static char out[65536];
    out[0] = 0;
    XT_CHECK_EQ(xh_agent_cookies_json(agent, out, sizeof out, NULL), XH_OK);
    return out;
}

XT_TEST(q28_a_cookie_comes_back_with_the_next_request) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("read-head\n" SETS("a=b; Path=/; HttpOnly" NL "Set-Cookie: c=d") NEXT);
    get(agent, script_url(p, "http", "/x"), NULL);
    NOT_SENT(p, 1, "cookie:");
    get(agent, script_url(p, "http", "/y"), NULL);
    SENT(p, 1, "GET /y HTTP/1.1\r\n");
    SENT(p, 1, "\r\nCookie: a=b; c=d\r\n");
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 2);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(q28_without_the_option_nothing_is_kept_or_sent) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("read-head\n" SETS("a=b") "read-head\n" SETS("c=d") "read-head\n" SEND_OK);
    agent_get(agent, script_url(p, "http", "/"), NULL);
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 0);
    get(agent, script_url(p, "http", "/"), NULL);
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 1);
    agent_get(agent, script_url(p, "http", "/"), NULL);
    NOT_SENT(p, 1, "cookie:");
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(q28_each_agent_has_its_own_cookies) {
    xh_agent *one = agent_keep(NULL), *other = agent_keep(NULL);
    script_peer *p = script_start("on-connection 1:\nread-head\n" SETS("a=b") "on-connection 2:\nread-head\n" SEND_OK);
    get(one, script_url(p, "http", "/"), NULL);
    get(other, script_url(p, "http", "/"), NULL);
    NOT_SENT(p, 2, "cookie:");
    XT_CHECK_EQ(xh_agent_cookie_count(one), 1);
    XT_CHECK_EQ(xh_agent_cookie_count(other), 0);
    xh_agent_release(one);
    xh_agent_release(other);
    script_stop(p);
}

XT_TEST(q28_the_callers_own_cookies_come_first_in_one_line) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start(NEXT);
    XT_CHECK_EQ(set(agent, script_url(p, "http", "/"), "a=jar"), XH_OK);
    xh_options *o = opt_header(NULL, "Cookie", "own=1; a=own");
    opt_header(o, "cookie", "more=2");
    get(agent, script_url(p, "http", "/"), o);
    SENT(p, 1, "\r\nCookie: own=1; a=own; more=2; a=jar\r\n");
    XT_CHECK_EQ(sent_count(p, 1, "ookie:"), 1);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(q28_the_answer_of_a_redirect_sets_for_the_next_hop) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("read-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL "location: /b" NL
                                  "set-cookie: session=1; path=/" NL NL "'\n" NEXT);
    rec_run(&r, script_url(p, "http", "/a"), with(agent));
    REC_OK(&r, 200);
    SENT(p, 1, "GET /b HTTP/1.1\r\n");
    XT_CHECK_EQ(sent_count(p, 1, "Cookie: session=1\r\n"), 1);
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(q28_a_redirect_works_without_an_agent_of_ones_own) {
    rec r = {0};
    script_peer *p = script_start("on-connection 1:\nread-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL
                                  "location: /b" NL "set-cookie: session=1" NL NL "'\non-connection 2:\n" NEXT);
    rec_run(&r, script_url(p, "http", "/a"), opt_int(opt_alone(NULL), XH_OPT_COOKIES, 1));
    REC_OK(&r, 200);
    SENT(p, 2, "Cookie: session=1\r\n");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q28_a_redirect_to_another_host_takes_nothing_along) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *to = script_start("listen dual\nread-head\n" SEND_OK);
    script_peer *from = script_startf("read-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL
                                      "set-cookie: first=1" NL "location: http://localhost:%d/b" NL NL "'\n",
                                      script_port(to));
    XT_CHECK_EQ(set(agent, "http://localhost/", "there=1"), XH_OK);
    xh_options *o = opt_header(with(agent), "Cookie", "own=1");
    rec_run(&r, script_url(from, "http", "/a"), o);
    REC_OK(&r, 200);
    SENT(from, 1, "Cookie: own=1\r\n");
    SENT(to, 1, "Cookie: there=1\r\n");
    NOT_SENT(to, 1, "first=1");
    NOT_SENT(to, 1, "own=1");
    XT_CHECK(strstr(json(agent), "\"name\":\"first\",\"value\":\"1\",\"domain\":\"127.0.0.1\"") != NULL);
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(from);
    script_stop(to);
}

XT_TEST(q28_an_answer_of_401_sets_for_the_next_round) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("read-head\nsend 'HTTP/1.1 401 X" NL "content-length: 0" NL "set-cookie: round=1" NL
                                  "www-authenticate: Basic realm=\"x\"" NL NL "'\n" NEXT);
    xh_options *o = opt_str(with(agent), XH_OPT_SERVER_AUTH_NAME, "user");
    opt_str(o, XH_OPT_SERVER_AUTH_PASSWORD, "secret");
    rec_run(&r, script_url(p, "http", "/"), o);
    REC_OK(&r, 200);
    XT_CHECK_EQ(sent_count(p, 1, "Cookie: round=1\r\n"), 1);
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(q28_a_407_of_a_proxy_sets_nothing) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("read-head\nsend 'HTTP/1.1 407 X" NL "content-length: 0" NL "set-cookie: proxy=1" NL
                                  "proxy-authenticate: Basic realm=\"x\"" NL NL "'\nread-head\n" SETS("server=1"));
    xh_options *o = opt_str(with(agent), XH_OPT_PROXY, fmt("http://user:pass@127.0.0.1:%d", script_port(p)));
    rec_run(&r, "http://server.test/", o);
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 1);
    XT_CHECK(strstr(json(agent), "\"name\":\"server\",\"value\":\"1\",\"domain\":\"server.test\"") != NULL);
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(q28_secure_cookies_go_over_tls_only) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *tls = script_start("tls\nread-head\n" SETS("a=b; Secure") NEXT);
    script_peer *bare = script_start("listen dual\nread-head\n" SETS("a=stolen") NEXT);
    get(agent, script_url(tls, "https", "/"), opt_ca(NULL));
    get(agent, fmt("http://localhost:%d/", script_port(bare)), NULL);
    NOT_SENT(bare, 1, "a=b");
    get(agent, fmt("http://localhost:%d/", script_port(bare)), NULL);
    NOT_SENT(bare, 1, "cookie:");
    get(agent, script_url(tls, "https", "/"), opt_ca(NULL));
    SENT(tls, 1, "Cookie: a=b\r\n");
    xh_agent_release(agent);
    script_stop(tls);
    script_stop(bare);
}

XT_TEST(q28_the_path_limits_a_cookie) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p =
        script_start("read-head\n" SETS("deep=1" NL "set-cookie: root=1; path=/") NEXT "read-head\n" SEND_OK);
    get(agent, script_url(p, "http", "/x/y"), NULL);
    get(agent, script_url(p, "http", "/xy"), NULL);
    XT_CHECK_EQ(sent_count(p, 1, "Cookie: root=1\r\n"), 1);
    get(agent, script_url(p, "http", "/x/z"), NULL);
    XT_CHECK_EQ(sent_count(p, 1, "Cookie: deep=1; root=1\r\n"), 1);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(q28_a_server_deletes_its_cookie) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start(
        "read-head\n" SETS("a=1; max-age=1000") "read-head\n" SETS("a=; expires=Thu, 01 Jan 1970 00:00:00 GMT") NEXT);
    get(agent, script_url(p, "http", "/"), NULL);
    get(agent, script_url(p, "http", "/"), NULL);
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 0);
    get(agent, script_url(p, "http", "/"), NULL);
    XT_CHECK_EQ(sent_count(p, 1, "Cookie:"), 1);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(q28_a_domain_in_mixed_case_does_not_reach_other_hosts) { /* CVE-2023-46218 */
    xh_agent *agent = agent_keep(NULL);
    XT_CHECK_EQ(set(agent, "http://curl.co.uk/", "a=b; domain=co.UK"), XH_OK);
    XT_CHECK_EQ(set(agent, "http://CURL.Co.uK/", "a=c; domain=.Curl.CO.uk"), XH_OK);
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 1);
    XT_CHECK(strstr(json(agent), "\"domain\":\"curl.co.uk\"") != NULL);
    XT_CHECK_EQ(set(agent, "http://curl.test/", "a=b; domain=TEST"), XH_E_COOKIE_REFUSED);
    XT_CHECK_EQ(set(agent, "http://curl.test/", "a=b; domain=.test"), XH_E_COOKIE_REFUSED);
    XT_CHECK_EQ(set(agent, "http://127.0.0.1/", "a=b; domain=127.0.0.1"), XH_E_COOKIE_REFUSED);
    xh_agent_release(agent);
}

XT_TEST(q28_a_broken_cookie_does_not_harm_the_answer) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("read-head\n" SETS("=" NL "set-cookie: a=b; domain=com" NL "set-cookie:" NL
                                                     "set-cookie: good=1; path" NL "set-cookie: __Host-x=1"));
    rec_run(&r, script_url(p, "http", "/"), with(agent));
    REC_OK(&r, 200);
    BODY_IS(&r, "ok");
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 1);
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(q28_a_trace_hides_cookies) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("read-head\n" SETS("new=topsecret"));
    XT_CHECK_EQ(set(agent, script_url(p, "http", "/"), "old=topsecret"), XH_OK);
    r.with_trace = 1;
    rec_run(&r, script_url(p, "http", "/"), with(agent));
    SENT(p, 1, "Cookie: old=topsecret\r\n");
    XT_CHECK(r.trace != NULL && strstr(r.trace, "Cookie: ***") != NULL && strstr(r.trace, "topsecret") == NULL);
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(q28_a_real_server_sets_three) {
    xh_agent *agent = agent_keep(NULL);
    get(agent, peer_url(peer_nginx(), "http", "/cookies"), NULL);
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 3);
    xh_agent_release(agent);
}

XT_TEST(q28_set_count_json_and_clear) {
    xh_agent *agent = agent_keep(NULL);
    size_t needed = 0;
    char small[3] = "?";
    XT_CHECK_STR(json(agent), "[]");
    XT_CHECK_EQ(set(agent, "h.test/x/y", "a=b; secure; httponly"), XH_OK);
    const char *one =
        "[{\"name\":\"a\",\"value\":\"b\",\"domain\":\"h.test\",\"path\":\"/x\",\"expires\":null,"
        "\"secure\":true,\"httpOnly\":true}]";
    XT_CHECK_STR(json(agent), one);
    XT_CHECK_EQ(xh_agent_cookies_json(agent, small, sizeof small, &needed), XH_E_BUFFER_TOO_SMALL);
    XT_CHECK_EQ(needed, strlen(one) + 1);
    XT_CHECK_STR(small, "?");
    XT_CHECK_EQ(xh_agent_cookies_json(agent, NULL, 0, &needed), XH_E_BUFFER_TOO_SMALL);
    XT_CHECK_EQ(xh_agent_set_cookie(agent, "http://h.test/?", 14, "c=d; max-age=9;", 14), XH_OK);
    xh_json *parsed = NULL;
    XT_CHECK_EQ(xh_json_parse(json(agent), XH_NTS, &parsed, NULL), XH_OK);
    XT_CHECK_EQ(xh_json_count(parsed), 2);
    XT_CHECK_EQ(xh_json_type(xh_json_get(xh_json_at(parsed, 1), "expires", XH_NTS)), XH_JSON_NUMBER);
    xh_json_release(parsed);
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 2);
    XT_CHECK_EQ(set(agent, "http://h.test/", "c=; max-age=0"), XH_OK);
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 1);
    XT_CHECK_EQ(xh_agent_cookies_clear(agent), XH_OK);
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 0);
    xh_agent_release(agent);
}

XT_TEST(q28_wrong_arguments_are_refused) {
    xh_agent *agent = agent_keep(NULL);
    XT_CHECK_EQ(set(agent, "http://h.test/", ""), XH_E_COOKIE_REFUSED);
    XT_CHECK_EQ(set(agent, "http://h.test/", "a=b\r\nx: y"), XH_E_COOKIE_REFUSED);
    XT_CHECK_EQ(xh_agent_set_cookie(agent, "http://h.test/", XH_NTS, "a=\0b", 4), XH_E_COOKIE_REFUSED);
    XT_CHECK_EQ(set(agent, "http://h.test/", "a=b; secure"), XH_E_COOKIE_REFUSED);
    XT_CHECK_EQ(set(agent, "http://", "a=b"), XH_E_INVALID_URL);
    XT_CHECK_EQ(set(agent, "ws://h.test/", "a=b"), XH_E_UNSUPPORTED_SCHEME);
    XT_CHECK_EQ(set(agent, "ftp://h.test/", "a=b"), XH_E_UNSUPPORTED_SCHEME);
    XT_CHECK_EQ(set(NULL, "http://h.test/", "a=b"), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(set(agent, NULL, "a=b"), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(set(agent, "http://h.test/", NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_agent_cookie_count(NULL), -1);
    XT_CHECK_EQ(xh_agent_cookies_clear(NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_agent_cookies_json(NULL, NULL, 0, NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_agent_cookie_count(agent), 0);
    xh_agent_release(agent);
}

XT_TEST(q28_the_option_is_a_requests_own) {
    int64_t value = -1;
    xh_options *o = opt_json(NULL, "{\"cookies\":true}");
    XT_CHECK_EQ(xh_options_get_int(o, XH_OPT_COOKIES, &value), XH_OK);
    XT_CHECK_EQ(value, 1);
    XT_CHECK_EQ(xh_options_set_int(o, XH_OPT_COOKIES, 2), XH_E_OPTION_VALUE);
    xh_options_release(o);
    o = xh_options_new();
    XT_CHECK_EQ(xh_options_get_int(o, XH_OPT_COOKIES, &value), XH_OK);
    XT_CHECK_EQ(value, 0);
    xh_options_release(o);
    xh_agent *agent = agent_keep(NULL);
    XT_CHECK_EQ(xh_agent_set_int(agent, XH_OPT_COOKIES, 1), XH_E_OPTION_TYPE);
    xh_agent_release(agent);
}

/* ---- many threads -------------------------------------------------------------------------------------------------- */

struct shared {
    xh_agent *agent;
    const char *url;
};

static void *uses(void *arg) {
    const struct shared *s = (const struct shared *)arg;
    char out[8192], text[32];
    for (int i = 0; i < 200; i++) {
        snprintf(text, sizeof text, "c%d=1; path=/", i % 20);
        XT_CHECK_EQ(set(s->agent, s->url, text), XH_OK);
        xh_status status = xh_agent_cookies_json(s->agent, out, sizeof out, NULL);
        XT_CHECK(status == XH_OK);
        XT_CHECK(xh_agent_cookie_count(s->agent) >= 0);
        if (i % 50 == 49) XT_CHECK_EQ(xh_agent_cookies_clear(s->agent), XH_OK);
    }
    return NULL;
}

XT_TEST(q28_threads_set_and_read_while_requests_run) {
    pthread_t threads[3];
    struct shared s = {agent_keep(NULL), peer_url(peer_nginx(), "http", "/cookies")};
    for (int i = 0; i < 3; i++) XT_REQUIRE(pthread_create(&threads[i], NULL, uses, &s) == 0);
    for (int i = 0; i < 20; i++) get(s.agent, s.url, NULL);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    XT_CHECK(xh_agent_cookie_count(s.agent) <= 23);
    xh_agent_release(s.agent);
}

CAPI_MAIN("cookie")
