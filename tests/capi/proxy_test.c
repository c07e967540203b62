/* Requests through proxies (Q18). */
#define _GNU_SOURCE
#include "support.h"

static xh_options *through(const char *proxy) { return opt_str(opt_alone(NULL), XH_OPT_PROXY, proxy); }

static xh_options *credentials(xh_options *o, const char *name, const char *password, const char *method) {
    opt_str(o, XH_OPT_PROXY_AUTH_NAME, name);
    opt_str(o, XH_OPT_PROXY_AUTH_PASSWORD, password);
    return method == NULL ? o : opt_str(o, XH_OPT_PROXY_AUTH_METHOD, method);
}

static const char *squid(const char *port) { return fmt("http://127.0.0.1:%d", peer_port(peer_squid(), port)); }
static const char *nginx(const char *port) { return peer_url(peer_nginx(), port, "/text"); }

static void gives(const char *url, xh_options *o, int32_t status) {
    rec r = {0};
    if (rec_start(&r, url, o) != NULL) {
        rec_finish(&r);
        REC_OK(&r, status);
        if (status == 200) BODY_IS(&r, "hello from nginx\n");
    }
    rec_end(&r);
}

static void fails(const char *url, xh_options *o, xh_status status, const char *answer) {
    rec r = {0};
    if (rec_start(&r, url, o) != NULL) {
        rec_finish(&r);
        REC_FAILED(&r, status, XH_PHASE_PROXY);
        XT_CHECK_EQ(xh_error_request_sent(rec_error(&r)), 0);
        XT_CHECK_VIEW(xh_error_component(rec_error(&r)), "prox");
        if (answer != NULL && !view_has(xh_request_proxy_answer(r.request), answer))
            XT_FAIL("%s is not in the proxy's answer: %s", answer, xh_request_proxy_answer(r.request).ptr);
        ORDER_IS(&r, "ETX");
    }
    rec_end(&r);
}

/* ---- squid ------------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q18_http_through_squid) {
    rec r = {0};
    rec_run(&r, nginx("http"), through(squid("open")));
    REC_OK(&r, 200);
    XT_CHECK(rec_header(&r, "via").len > 0);
    XT_CHECK_VIEW(xh_request_hop_remote(r.request, 0), fmt("127.0.0.1:%d", peer_port(peer_squid(), "open")));
    rec_end(&r);
}

XT_TEST(q18_https_through_squid) {
    rec r = {0};
    rec_run(&r, nginx("https"), opt_ca(through(squid("open"))));
    REC_OK(&r, 200);
    XT_CHECK(rec_header(&r, "via").ptr == NULL);
    XT_CHECK(xh_request_hop_time(r.request, 0, XH_TIME_PROXY_END) > 0);
    rec_end(&r);
}

XT_TEST(q18_http_through_a_tunnel_of_squid) {
    rec r = {0};
    rec_run(&r, nginx("http"), opt_int(through(squid("open")), XH_OPT_PROXY_TUNNEL, 1));
    REC_OK(&r, 200);
    XT_CHECK(rec_header(&r, "via").ptr == NULL);
    rec_end(&r);
}

XT_TEST(q18_squid_basic_for_http) {
    gives(nginx("http"), credentials(through(squid("basic")), "proxyuser", "secret", NULL), 200);
}
XT_TEST(q18_squid_basic_for_https) {
    gives(nginx("https"), opt_ca(credentials(through(squid("basic")), "proxyuser", "secret", NULL)), 200);
}
XT_TEST(q18_squid_basic_sent_at_once) {
    gives(nginx("http"), credentials(through(squid("basic")), "proxyuser", "secret", "basic"), 200);
}
XT_TEST(q18_squid_digest_for_http) {
    gives(nginx("http"), credentials(through(squid("digest")), "proxyuser", "secret", NULL), 200);
}
XT_TEST(q18_squid_digest_for_https) {
    gives(nginx("https"), opt_ca(credentials(through(squid("digest")), "proxyuser", "secret", NULL)), 200);
}
XT_TEST(q18_squid_digest_when_both_are_offered) {
    gives(nginx("https"), opt_ca(credentials(through(squid("both")), "proxyuser", "secret", NULL)), 200);
    gives(nginx("http"), credentials(through(squid("both")), "proxyuser", "secret", "digest"), 200);
}

XT_TEST(q18_credentials_in_the_proxys_url) {
    gives(nginx("http"), through(fmt("http://proxyuser:secret@127.0.0.1:%d", peer_port(peer_squid(), "basic"))), 200);
    gives(nginx("https"),
          opt_ca(through(fmt("http://proxyuser:secret@127.0.0.1:%d", peer_port(peer_squid(), "basic")))), 200);
}

XT_TEST(q18_without_credentials_407_is_the_response_of_http) { gives(nginx("http"), through(squid("basic")), 407); }
XT_TEST(q18_wrong_credentials_give_407_for_http) {
    gives(nginx("http"), credentials(through(squid("basic")), "proxyuser", "wrong", NULL), 407);
}
XT_TEST(q18_without_credentials_a_tunnel_is_an_error) {
    fails(nginx("https"), opt_ca(through(squid("basic"))), XH_E_PROXY_AUTH, "407");
}
XT_TEST(q18_wrong_credentials_are_an_error_for_a_tunnel) {
    fails(nginx("https"), opt_ca(credentials(through(squid("digest")), "proxyuser", "wrong", NULL)), XH_E_PROXY_AUTH,
          "407");
}
XT_TEST(q18_a_forbidden_tunnel_gives_the_proxys_answer) {
    fails(fmt("https://localhost:%d/", peer_port(peer_squid(), "denied")), opt_ca(through(squid("open"))),
          XH_E_PROXY_REFUSED, "403");
}
XT_TEST(q18_a_tunnel_to_a_refused_port_gives_the_proxys_answer) {
    fails(fmt("https://localhost:%d/", refused_port()), opt_ca(through(squid("open"))), XH_E_PROXY_REFUSED, "503");
}

XT_TEST(q18_a_name_that_only_the_proxy_knows) {
    rec r = {0};
    rec_run(&r, fmt("http://other.xh.test:%d/text", peer_port(peer_nginx(), "http")), through(squid("open")));
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q18_a_tunnel_is_kept_and_reused) {
    xh_agent *agent = agent_keep(NULL);
    XT_CHECK_EQ(agent_get(agent, nginx("https"), opt_ca(opt_str(NULL, XH_OPT_PROXY, squid("open")))), 0);
    XT_CHECK_EQ(agent_get(agent, nginx("https"), opt_ca(opt_str(NULL, XH_OPT_PROXY, squid("open")))), 1);
    xh_agent_release(agent);
}

/* ---- on the wire --------------------------------------------------------------------------------------------------------------------- */

#define PROXY(p) fmt("http://127.0.0.1:%d", script_port(p))

XT_TEST(q18_an_http_proxy_gets_the_whole_url) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK);
    rec_run(&r, "http://user:pw@server.test:8080/a?b#c", through(PROXY(p)));
    REC_OK(&r, 200);
    SENT(p, 1, "GET http://server.test:8080/a?b HTTP/1.1\r\n");
    SENT(p, 1, "Host: server.test:8080\r\n");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q18_connect_names_the_host_and_not_an_address) {
    rec r = {0};
    script_peer *p = script_start("read-head\nsend 'HTTP/1.1 502 No" NL "content-length: 0" NL NL "'\nexpect-closed");
    rec_run(&r, "https://server.test/a", through(PROXY(p)));
    REC_FAILED(&r, XH_E_PROXY_REFUSED, XH_PHASE_PROXY);
    SENT(p, 1, "CONNECT server.test:443 HTTP/1.1\r\n");
    SENT(p, 1, "Host: server.test:443\r\n");
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(q18_connect_carries_nothing_of_the_request) {
    rec r = {0};
    script_peer *p = script_start("read-head\nsend 'HTTP/1.1 502 No" NL "content-length: 0" NL NL "'\nexpect-closed");
    xh_options *o = opt_header(through(PROXY(p)), "Authorization", "Bearer top");
    opt_header(o, "Cookie", "c=top");
    opt_header(o, "x-own", "top");
    rec_run(&r, "https://server.test/secret-path", o);
    NOT_SENT(p, 1, "top");
    NOT_SENT(p, 1, "secret-path");
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(q18_proxy_authorization_does_not_go_through_the_tunnel) {
    rec r = {0};
    script_peer *server = script_start("tls\nread-head\n" SEND_OK);
    script_peer *p = script_startf("read-head\nexpect 'roxy-Authorization: Basic'\nsend 'HTTP/1.1 200 Connected" NL NL
                                   "'\ntunnel %d",
                                   script_port(server));
    rec_run(&r, script_url(server, "https", "/x"), opt_ca(credentials(through(PROXY(p)), "u", "p", "basic")));
    REC_OK(&r, 200);
    NOT_SENT(server, 1, "proxy-authorization");
    rec_end(&r);
    script_stop(p);
    script_stop(server);
}

XT_TEST(q18_proxy_authorization_does_not_go_to_a_direct_server) {
    rec r = {0};
    script_peer *server = script_start("read-head\n" SEND_OK);
    rec_run(&r, script_url(server, "http", "/x"), credentials(opt_alone(NULL), "u", "p", "basic"));
    REC_OK(&r, 200);
    NOT_SENT(server, 1, "proxy-authorization");
    rec_end(&r);
    script_stop(server);
}

XT_TEST(q18_proxy_authorization_of_the_caller_stays_behind_after_a_redirect) {
    rec r = {0};
    script_peer *server = script_start("read-head\n" SEND_OK);
    script_peer *p = script_startf("read-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL
                                   "location: http://127.0.0.1:%d/b" NL NL "'\nexpect-closed",
                                   script_port(server));
    xh_options *o = opt_header(through(PROXY(p)), "Proxy-Authorization", "Basic dTpw");
    opt_str(o, XH_OPT_NO_PROXY, fmt("127.0.0.1:%d", script_port(server)));
    rec_run(&r, "http://server.test/", o);
    REC_OK(&r, 200);
    NOT_SENT(server, 1, "proxy-authorization");
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
    script_stop(server);
}

XT_TEST(q18_connect_is_asked_again_after_407) {
    rec r = {0};
    script_peer *server = script_start("tls\nread-head\n" SEND_OK);
    script_peer *p = script_startf("read-head\nexpect-not 'roxy-Authorization'\nsend 'HTTP/1.1 407 No" NL
                                   "content-length: 4" NL "proxy-authenticate: Basic realm=\"x\"" NL NL
                                   "body'\nread-head\nexpect 'roxy-Authorization: Basic dTpw'\n"
                                   "send 'HTTP/1.1 200 Connected" NL NL "'\ntunnel %d",
                                   script_port(server));
    rec_run(&r, script_url(server, "https", "/x"), opt_ca(credentials(through(PROXY(p)), "u", "p", NULL)));
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
    script_stop(server);
}

XT_TEST(q18_connect_is_asked_again_on_a_new_connection) {
    rec r = {0};
    script_peer *server = script_start("tls\nread-head\n" SEND_OK);
    script_peer *p = script_startf("on-connection 1:\nread-head\nsend 'HTTP/1.1 407 No" NL "content-length: 0" NL
                                   "connection: close" NL "proxy-authenticate: Basic realm=\"x\"" NL NL
                                   "'\non-connection 2:\nread-head\nexpect 'roxy-Authorization: Basic dTpw'\n"
                                   "send 'HTTP/1.1 200 Connected" NL NL "'\ntunnel %d",
                                   script_port(server));
    rec_run(&r, script_url(server, "https", "/x"), opt_ca(credentials(through(PROXY(p)), "u", "p", NULL)));
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
    script_stop(server);
}

static void connect_answered(const char *answer, xh_status status) {
    rec r = {0};
    script_peer *p = script_startf("read-head\n%s", answer);
    if (rec_start(&r, "https://server.test/", through(PROXY(p))) != NULL) {
        rec_finish(&r);
        if (!REC_FAILED(&r, status, XH_PHASE_PROXY)) XT_FAIL("after %s", answer);
    }
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q18_proxies_that_do_not_speak_http) {
    connect_answered("send 'garbage" NL NL "'\nclose", XH_E_PROXY_PROTOCOL);
    connect_answered("close", XH_E_PROXY_PROTOCOL);
    connect_answered("send 'HTTP/1.1 200 Conn'\nclose", XH_E_PROXY_PROTOCOL);
}

XT_TEST(q18_a_redirect_of_connect_is_not_followed) {
    connect_answered("send 'HTTP/1.1 302 X" NL "location: http://127.0.0.1/" NL "content-length: 0" NL NL
                     "'\nwait-close",
                     XH_E_PROXY_REFUSED);
}

XT_TEST(q18_the_answer_of_the_proxy_has_head_and_body) {
    rec r = {0};
    script_peer *p = script_start("read-head\nsend 'HTTP/1.1 451 Not Here" NL "x-why: law" NL "content-length: 6" NL NL
                                  "reason'\nwait-close");
    rec_run(&r, "https://server.test/", through(PROXY(p)));
    REC_FAILED(&r, XH_E_PROXY_REFUSED, XH_PHASE_PROXY);
    XT_CHECK(view_has(xh_request_proxy_answer(r.request), "HTTP/1.1 451 Not Here\r\n"));
    XT_CHECK(view_has(xh_request_proxy_answer(r.request), "x-why: law\r\n"));
    XT_CHECK(view_has(xh_request_proxy_answer(r.request), "\r\n\r\nreason"));
    XT_CHECK(view_has(xh_error_message(rec_error(&r)), "451"));
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q18_an_answer_without_end_does_not_hold_the_request) {
    rec r = {0};
    script_peer *p =
        script_start("read-head\nsend 'HTTP/1.1 403 No" NL "content-length: 1000000000" NL NL "'\nsend-zero 1G");
    rec_run(&r, "https://server.test/", through(PROXY(p)));
    REC_FAILED(&r, XH_E_PROXY_REFUSED, XH_PHASE_PROXY);
    XT_CHECK(xh_request_proxy_answer(r.request).len < 70000);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q18_a_refused_proxy_names_the_proxy) {
    rec r = {0};
    rec_run(&r, "http://server.test/", through(fmt("http://127.0.0.1:%d", refused_port())));
    REC_FAILED(&r, XH_E_CONNECTION_REFUSED, XH_PHASE_CONNECT);
    XT_CHECK(view_has(xh_error_peer(rec_error(&r)), fmt("127.0.0.1:%d", refused_port())));
    rec_end(&r);
}

XT_TEST(q18_an_https_proxy) {
    rec r = {0};
    script_peer *p = script_start("tls\nread-head\n" SEND_OK);
    rec_run(&r, "http://server.test/a", opt_ca(through(fmt("https://localhost:%d", script_port(p)))));
    REC_OK(&r, 200);
    SENT(p, 1, "GET http://server.test/a HTTP/1.1\r\n");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q18_tls_in_tls) {
    rec r = {0};
    script_peer *server = script_start("tls\nread-head\n" SEND_OK);
    script_peer *p =
        script_startf("tls\nread-head\nsend 'HTTP/1.1 200 Connected" NL NL "'\ntunnel %d", script_port(server));
    rec_run(&r, script_url(server, "https", "/x"), opt_ca(through(fmt("https://localhost:%d", script_port(p)))));
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
    script_stop(server);
}

XT_TEST(q18_an_https_proxy_is_verified) {
    rec r = {0};
    script_peer *p = script_start("tls wrong-host\nread-head\n" SEND_OK);
    rec_run(&r, "http://server.test/a", opt_ca(through(fmt("https://localhost:%d", script_port(p)))));
    REC_FAILED(&r, XH_E_TLS_WRONG_HOST, -1);
    rec_end(&r);
    script_stop(p);
}

/* ---- which proxy ---------------------------------------------------------------------------------------------------------------------------- */

static void clear_environment(void) {
    static const char *const names[] = {"http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY",   "all_proxy",
                                        "ALL_PROXY",  "no_proxy",   "NO_PROXY",    "REQUEST_METHOD"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) unsetenv(names[i]);
}

XT_TEST(q18_the_environment_counts_only_on_request) {
    rec r = {0};
    script_peer *p = script_start("loop\nread-head\n" SEND_OK);
    clear_environment();
    setenv("http_proxy", PROXY(p), 1);
    rec_run(&r, nginx("http"), opt_alone(NULL));
    REC_OK(&r, 200);
    XT_CHECK_EQ(script_connections(p), 0);
    rec_end(&r);
    rec_run(&r, "http://server.test/", opt_int(opt_alone(NULL), XH_OPT_PROXY_FROM_ENVIRONMENT, 1));
    REC_OK(&r, 200);
    XT_CHECK_EQ(script_connections(p), 1);
    rec_end(&r);
    clear_environment();
    script_stop(p);
}

XT_TEST(q18_no_proxy_of_the_environment_counts) {
    rec r = {0};
    script_peer *p = script_start("loop\nread-head\n" SEND_OK);
    clear_environment();
    setenv("http_proxy", PROXY(p), 1);
    setenv("no_proxy", "127.0.0.1,.other.test", 1);
    rec_run(&r, nginx("http"), opt_int(opt_alone(NULL), XH_OPT_PROXY_FROM_ENVIRONMENT, 1));
    REC_OK(&r, 200);
    XT_CHECK_EQ(script_connections(p), 0);
    rec_end(&r);
    clear_environment();
    script_stop(p);
}

XT_TEST(q18_the_option_counts_before_the_environment) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK);
    clear_environment();
    setenv("http_proxy", fmt("http://127.0.0.1:%d", refused_port()), 1);
    rec_run(&r, "http://server.test/", opt_int(through(PROXY(p)), XH_OPT_PROXY_FROM_ENVIRONMENT, 1));
    REC_OK(&r, 200);
    rec_end(&r);
    clear_environment();
    script_stop(p);
}

XT_TEST(q18_http_proxy_in_capitals_is_ignored_in_a_cgi_program) {
    rec r = {0};
    clear_environment();
    setenv("HTTP_PROXY", fmt("http://127.0.0.1:%d", refused_port()), 1);
    setenv("REQUEST_METHOD", "GET", 1);
    rec_run(&r, nginx("http"), opt_int(opt_alone(NULL), XH_OPT_PROXY_FROM_ENVIRONMENT, 1));
    REC_OK(&r, 200);
    rec_end(&r);
    clear_environment();
}

XT_TEST(q18_hosts_of_no_proxy_go_direct) {
    static const char *const lists[] = {"127.0.0.1", "*", "10.0.0.0/8, 127.0.0.0/8", "other.test 127.0.0.1"};
    for (int i = 0; i < 4; i++) {
        xh_options *o = through(fmt("http://127.0.0.1:%d", refused_port()));
        gives(nginx("http"), opt_str(o, XH_OPT_NO_PROXY, lists[i]), 200);
    }
}

XT_TEST(q18_an_empty_proxy_is_none) { gives(nginx("http"), through(""), 200); }

XT_TEST(q18_proxies_that_are_no_url_are_refused) {
    static const char *const texts[] = {"http://", "ftp://h:1", "http://h:99999", "http://h:1\r\n", "socks5://"};
    xh_options *o = xh_options_new();
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        xh_status s = xh_options_set_str(o, XH_OPT_PROXY, texts[i], XH_NTS);
        if (s != XH_E_INVALID_PROXY) XT_FAIL("%s gave %s", texts[i], xh_status_name(s));
    }
    xh_options_release(o);
}

XT_TEST(q18_each_hop_of_a_redirect_chooses_its_proxy) {
    rec r = {0};
    script_peer *p = script_startf("read-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL "location: %s" NL NL
                                   "'\nexpect-closed",
                                   nginx("http"));
    rec_run(&r, "http://server.test/", opt_str(through(PROXY(p)), XH_OPT_NO_PROXY, "127.0.0.1"));
    REC_OK(&r, 200);
    BODY_IS(&r, "hello from nginx\n");
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

CAPI_MAIN("proxy")
