/* Authentication at the server (Q17). */
#include "support.h"

static xh_options *user(const char *name, const char *password, const char *method) {
    xh_options *o = opt_str(NULL, XH_OPT_SERVER_AUTH_NAME, name);
    opt_str(o, XH_OPT_SERVER_AUTH_PASSWORD, password);
    return method == NULL ? o : opt_str(o, XH_OPT_SERVER_AUTH_METHOD, method);
}

/* On a connection and with a memory of its own: nothing is known of the server yet. */
static void gives(const char *url, xh_options *o, int32_t status, size_t hops) {
    rec r = {0};
    if (rec_start(&r, url, opt_alone(o)) != NULL) {
        rec_finish(&r);
        REC_OK(&r, status);
        XT_CHECK_EQ(xh_request_hop_count(r.request), hops);
        XT_CHECK_EQ(r.count[XH_EVENT_HEADERS], 1);
    }
    rec_end(&r);
}

static const char *nginx(const char *path) { return peer_url(peer_nginx(), "http", path); }
static const char *apache(const char *path) { return peer_url(peer_apache(), "http", path); }
static const char *httpbin(const char *path) { return peer_url(peer_httpbin(), "http", path); }

/* ---- basic ---------------------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q17_basic_is_sent_at_once_when_basic_was_asked_for) {
    gives(nginx("/basic/text"), user("user", "secret", "basic"), 200, 1);
}
XT_TEST(q17_auto_answers_a_basic_challenge) { gives(nginx("/basic/text"), user("user", "secret", NULL), 200, 2); }
XT_TEST(q17_a_wrong_password_ends_with_401) { gives(nginx("/basic/text"), user("user", "wrong", NULL), 401, 2); }
XT_TEST(q17_a_wrong_password_for_basic_ends_with_401) {
    gives(nginx("/basic/text"), user("user", "wrong", "basic"), 401, 1);
}
XT_TEST(q17_without_credentials_401_is_the_response) { gives(nginx("/basic/text"), NULL, 401, 1); }
XT_TEST(q17_names_and_passwords_are_utf8) {
    gives(nginx("/basic-utf8/text"), user("m\xc3\xbcller", "p\xc3\xa4ssword", NULL), 200, 2);
}
XT_TEST(q17_httpbin_basic) { gives(httpbin("/basic-auth/user/secret"), user("user", "secret", NULL), 200, 2); }

XT_TEST(q17_auto_sends_nothing_before_a_challenge) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/"), user("user", "secret", NULL));
    REC_OK(&r, 200);
    NOT_SENT(p, 1, "authorization");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q17_a_header_of_the_caller_goes_when_there_are_no_credentials) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/"), opt_header(NULL, "authorization", "Bearer abc"));
    SENT(p, 1, "authorization: Bearer abc\r\n");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q17_credentials_take_the_place_of_a_header) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/"), opt_header(user("user", "secret", "basic"), "authorization", "Bearer abc"));
    SENT(p, 1, "Authorization: Basic dXNlcjpzZWNyZXQ=\r\n");
    NOT_SENT(p, 1, "Bearer");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q17_options_count_before_the_credentials_of_the_url) {
    gives(fmt("http://user:wrong@127.0.0.1:%d/basic/text", peer_port(peer_nginx(), "http")),
          user("user", "secret", NULL), 200, 2);
}

/* ---- digest ----------------------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q17_apache_digest) { gives(apache("/digest/text"), user("user", "secret", "digest"), 200, 2); }
XT_TEST(q17_apache_digest_by_auto) { gives(apache("/digest/text"), user("user", "secret", NULL), 200, 2); }
XT_TEST(q17_apache_digest_with_a_query) {
    gives(apache("/digest/text?a=b&c=%22d%22"), user("user", "secret", NULL), 200, 2);
}
XT_TEST(q17_apache_digest_wrong_password) { gives(apache("/digest/text"), user("user", "wrong", NULL), 401, 2); }
XT_TEST(q17_apache_digest_from_the_url) {
    gives(fmt("http://user:secret@127.0.0.1:%d/digest/text", peer_port(peer_apache(), "http")), NULL, 200, 2);
}
XT_TEST(q17_httpbin_digest_md5) {
    gives(httpbin("/digest-auth/auth/user/secret/MD5"), user("user", "secret", NULL), 200, 2);
}
XT_TEST(q17_httpbin_digest_sha256) {
    gives(httpbin("/digest-auth/auth/user/secret/SHA-256"), user("user", "secret", NULL), 200, 2);
}
XT_TEST(q17_httpbin_digest_auth_int) {
    gives(httpbin("/digest-auth/auth-int/user/secret/MD5"), user("user", "secret", NULL), 200, 2);
}

XT_TEST(q17_digest_goes_with_a_body) {
    rec r = {0};
    xh_options *o = user("user", "secret", "digest");
    opt_body(o, "POST", "the body", 8);
    rec_run(&r, apache("/digest/reflect"), o);
    REC_OK(&r, 200);
    XT_CHECK_STR(r.data, "the body");
    rec_end(&r);
}

XT_TEST(q17_the_nonce_is_used_again_with_a_higher_count) {
    xh_agent *agent = agent_keep(NULL);
    for (int i = 0; i < 3; i++) {
        rec r = {0};
        rec_run(&r, apache("/digest/text"), opt_ptr(user("user", "secret", "digest"), XH_OPT_AGENT, agent));
        REC_OK(&r, 200);
        XT_CHECK_EQ(xh_request_hop_count(r.request), i == 0 ? 2 : 1);
        rec_end(&r);
    }
    xh_agent_release(agent);
}

XT_TEST(q17_the_count_goes_up_over_a_kept_connection) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p =
        script_start("read-head\nsend 'HTTP/1.1 401 No" NL "content-length: 0" NL
                     "www-authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\"" NL NL
                     "'\nread-head\nexpect 'nc=00000001'\n" SEND_OK "read-head\nexpect 'nc=00000002'\n" SEND_OK);
    for (int i = 0; i < 2; i++) {
        rec r = {0};
        rec_run(&r, script_url(p, "http", "/"), opt_ptr(user("user", "secret", NULL), XH_OPT_AGENT, agent));
        REC_OK(&r, 200);
        rec_end(&r);
    }
    script_stop(p);
    xh_agent_release(agent);
}

XT_TEST(q17_a_stale_nonce_is_replaced) {
    xh_agent *agent = agent_keep(NULL);
    for (int i = 0; i < 2; i++) {
        rec r = {0};
        rec_run(&r, apache("/digest-short/text"), opt_ptr(user("user", "secret", "digest"), XH_OPT_AGENT, agent));
        REC_OK(&r, 200);
        rec_end(&r);
        if (i == 0) sleep_ms(1500); /* the nonce lives 1 s there; either way the answer must be 200 */
    }
    xh_agent_release(agent);
}

#define CHALLENGE(text) "send 'HTTP/1.1 401 No" NL "content-length: 2" NL text NL NL "no'\n"

/* The answer to a challenge, as the Authorization line of the second request. */
static const char *answer_to(const char *challenge, xh_options *o, char *line, size_t size) {
    rec r = {0};
    line[0] = 0;
    script_peer *p = script_start(fmt("read-head\nread-body\nsend 'HTTP/1.1 401 No" NL "content-length: 2" NL "%s" NL NL
                                      "no'\nread-head\nread-body\n" SEND_OK,
                                      challenge));
    script_failures_expected(p);
    if (rec_start(&r, script_url(p, "http", "/dir/index.html?q"), o) != NULL) {
        rec_finish(&r);
        const char *at = strstr(script_received(p, 1, NULL), "\r\nAuthorization: ");
        if (at != NULL) snprintf(line, size, "%.*s", (int)strcspn(at + 17, "\r"), at + 17);
    }
    rec_end(&r);
    script_stop(p);
    return line;
}

static int has(const char *line, const char *text) {
    return strstr(line, text) != NULL ? XT_CHECK(1) : XT_FAIL("%s is not in: %s", text, line);
}

XT_TEST(q17_the_answer_has_all_that_the_challenge_gave) {
    char line[1024];
    answer_to("WWW-Authenticate: Digest realm=\"a realm\", nonce=\"abc\", opaque=\"xyz\", qop=\"auth\", algorithm=MD5",
              user("user", "secret", NULL), line, sizeof line);
    has(line, "Digest ");
    has(line, "username=\"user\"");
    has(line, "realm=\"a realm\"");
    has(line, "nonce=\"abc\"");
    has(line, "opaque=\"xyz\"");
    has(line, "uri=\"/dir/index.html?q\"");
    has(line, "algorithm=MD5");
    has(line, "qop=auth");
    has(line, "nc=00000001");
    has(line, "cnonce=\"");
    has(line, "response=\"");
}

XT_TEST(q17_without_qop_there_is_no_count) {
    char line[1024];
    answer_to("WWW-Authenticate: Digest realm=\"r\", nonce=\"abc\"", user("user", "secret", NULL), line, sizeof line);
    has(line, "response=\"");
    XT_CHECK(strstr(line, "nc=") == NULL);
    XT_CHECK(strstr(line, "qop") == NULL);
}

XT_TEST(q17_session_algorithms) {
    char line[1024];
    answer_to("WWW-Authenticate: Digest realm=\"r\", nonce=\"abc\", qop=\"auth\", algorithm=MD5-sess",
              user("u", "p", NULL), line, sizeof line);
    has(line, "algorithm=MD5-sess");
    answer_to("WWW-Authenticate: Digest realm=\"r\", nonce=\"abc\", qop=\"auth\", algorithm=SHA-256-sess",
              user("u", "p", NULL), line, sizeof line);
    has(line, "algorithm=SHA-256-sess");
}

XT_TEST(q17_auth_int_alone) {
    char line[1024];
    xh_options *o = user("u", "p", NULL);
    opt_body(o, "POST", "body", 4);
    answer_to("WWW-Authenticate: Digest realm=\"r\", nonce=\"abc\", qop=\"auth-int\"", o, line, sizeof line);
    has(line, "qop=auth-int");
}

XT_TEST(q17_the_stronger_algorithm_is_chosen) {
    char line[1024];
    answer_to("WWW-Authenticate: Digest realm=\"r\", nonce=\"abc\", qop=\"auth\", algorithm=MD5" NL
              "WWW-Authenticate: Digest realm=\"r\", nonce=\"def\", qop=\"auth\", algorithm=SHA-256",
              user("u", "p", NULL), line, sizeof line);
    has(line, "algorithm=SHA-256");
    has(line, "nonce=\"def\"");
}

XT_TEST(q17_digest_is_chosen_before_basic) {
    char line[1024];
    answer_to("WWW-Authenticate: Basic realm=\"b\", Digest realm=\"r\", nonce=\"abc\", qop=\"auth\"",
              user("u", "p", NULL), line, sizeof line);
    has(line, "Digest ");
    answer_to("WWW-Authenticate: Basic realm=\"b\"" NL
              "WWW-Authenticate: Digest realm=\"r\", nonce=\"abc\", qop=\"auth\"",
              user("u", "p", NULL), line, sizeof line);
    has(line, "Digest ");
}

XT_TEST(q17_basic_beside_unknown_schemes) {
    char line[1024];
    answer_to("WWW-Authenticate: Negotiate, Bearer realm=\"x\", basic realm=\"b\"", user("u", "p", NULL), line,
              sizeof line);
    has(line, "Basic dTpw");
}

XT_TEST(q17_digest_never_answers_basic) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" CHALLENGE("www-authenticate: Basic realm=\"x\"") "wait-close");
    rec_run(&r, script_url(p, "http", "/"), user("user", "secret", "digest"));
    REC_OK(&r, 401);
    NOT_SENT(p, 1, "authorization");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q17_an_unknown_algorithm_is_not_answered) {
    rec r = {0};
    script_peer *p = script_start(
        "read-head\n" CHALLENGE("www-authenticate: Digest realm=\"x\", nonce=\"n\", algorithm=KLINGON") "wait-close");
    rec_run(&r, script_url(p, "http", "/"), user("user", "secret", NULL));
    REC_OK(&r, 401);
    NOT_SENT(p, 1, "authorization");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q17_a_stale_challenge_is_answered_once_more) {
    rec r = {0};
    script_peer *p = script_start(
        "read-head\n" CHALLENGE("www-authenticate: Digest realm=\"x\", nonce=\"one\", qop=\"auth\"") "read-head\nexpect 'one'\n"
        CHALLENGE("www-authenticate: Digest realm=\"x\", nonce=\"two\", qop=\"auth\", stale=true") "read-head\nexpect 'two'\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/"), user("user", "secret", NULL));
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_request_hop_count(r.request), 3);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q17_stale_for_ever_ends_with_401) {
    rec r = {0};
    script_peer *p =
        script_start("repeat { read-head; send 'HTTP/1.1 401 No" NL "content-length: 0" NL
                     "www-authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\", stale=true" NL NL "' }");
    rec_run(&r, script_url(p, "http", "/"), user("user", "secret", NULL));
    REC_OK(&r, 401);
    XT_CHECK(xh_request_hop_count(r.request) <= 4);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q17_data_of_the_round_is_not_given) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" CHALLENGE("www-authenticate: Basic realm=\"x\"") "read-head\n" SEND_OK,
                          user("u", "p", NULL)));
    ORDER_IS(&r, "HDRTX");
    XT_CHECK_STR(r.data, "ok");
    XT_CHECK_EQ(xh_request_hop_status(r.request, 0), 401);
    rec_end(&r);
}

static int64_t XH_CALL pull_once(char *buf, size_t cap, void *left) {
    (void)cap;
    if ((*(int *)left)-- <= 0) return 0;
    buf[0] = 'x';
    return 1;
}

XT_TEST(q17_a_pulled_body_cannot_go_through_a_round) {
    rec r = {0};
    int left = 1;
    xh_options *o = opt_str(user("u", "p", NULL), XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_pull(o, pull_once, 1, &left, NULL), XH_OK);
    XT_REQUIRE(
        rec_script(&r, "read-head\nread-body\n" CHALLENGE("www-authenticate: Basic realm=\"x\"") "wait-close", o));
    REC_FAILED(&r, XH_E_BODY_NOT_REPLAYABLE, -1);
    rec_end(&r);
}

XT_TEST(q17_a_connection_that_is_closed_with_the_challenge_is_replaced) {
    rec r = {0};
    script_peer *p =
        script_start("on-connection 1:\nread-head\nsend 'HTTP/1.1 401 No" NL "content-length: 0" NL
                     "connection: close" NL "www-authenticate: Digest realm=\"x\", nonce=\"n\", qop=\"auth\"" NL NL
                     "'\non-connection 2:\nread-head\nexpect 'Digest'\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/"), user("user", "secret", NULL));
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q17_other_methods_are_refused) {
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_SERVER_AUTH_METHOD, "ntlm", XH_NTS), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_SERVER_AUTH_METHOD, "digest", XH_NTS), XH_OK);
    xh_options_release(o);
}

XT_TEST(q17_a_colon_in_the_name_cannot_go_by_basic) {
    rec r = {0};
    xh_error *err = NULL;
    script_peer *p = script_start("loop\nread-head\n" SEND_OK);
    script_failures_expected(p);
    if (rec_start_err(&r, script_url(p, "http", "/"), user("a:b", "c", "basic"), &err) != NULL) {
        rec_finish(&r);
        NOT_SENT(p, 1, "YTpiOmM="); /* a:b:c would be user a with password b:c */
    }
    xh_error_free(err);
    rec_end(&r);
    script_stop(p);
}

CAPI_MAIN("auth")
