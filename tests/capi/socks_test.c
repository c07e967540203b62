/* Requests through SOCKS5 proxies (Q18, RFC 1928, RFC 1929). */
#include "support.h"

static xh_options *through(const char *proxy) { return opt_str(opt_alone(NULL), XH_OPT_PROXY, proxy); }

static const char *nginx(const char *port) { return peer_url(peer_nginx(), port, "/text"); }

static void fails(const char *url, xh_options *o, xh_status status) {
    rec r = {0};
    if (rec_start(&r, url, o) != NULL) {
        rec_finish(&r);
        REC_FAILED(&r, status, XH_PHASE_PROXY);
        XT_CHECK_EQ(xh_error_request_sent(rec_error(&r)), 0);
        XT_CHECK_VIEW(xh_error_component(rec_error(&r)), "prox");
        ORDER_IS(&r, "ETX");
    }
    rec_end(&r);
}

static void socks(const socks_options *how, const char *url, const char *auth, const char *request) {
    rec r = {0};
    socks_peer *p = socks_start(how);
    if (rec_start(&r, url, opt_ca(through(fmt("socks5://%s127.0.0.1:%d", auth, socks_port(p))))) != NULL) {
        rec_finish(&r);
        REC_OK(&r, 200);
        if (request != NULL && strstr(socks_requests(p), request) == NULL)
            XT_FAIL("%s is not in %s", request, socks_requests(p));
    }
    rec_end(&r);
    socks_stop(p);
}

XT_TEST(q18_socks5_gets_the_name) {
    socks(NULL, fmt("http://far.away.test:%d/text", peer_port(peer_nginx(), "http")), "", "domain far.away.test ");
}
XT_TEST(q18_socks5_gets_an_address) {
    socks(NULL, fmt("http://127.0.0.1:%d/text", peer_port(peer_nginx(), "http")), "", "ipv4 127.0.0.1 ");
}
XT_TEST(q18_socks5_with_https) { socks(NULL, nginx("https"), "", "domain localhost "); }
XT_TEST(q18_socks5_with_user_and_password) {
    socks_options how;
    memset(&how, 0, sizeof how);
    how.user = "u";
    how.password = "p";
    socks(&how, nginx("http"), "u:p@", NULL);
}
XT_TEST(q18_socks5_in_single_bytes) {
    socks_options how;
    memset(&how, 0, sizeof how);
    how.byte_by_byte = 1;
    socks(&how, nginx("http"), "", NULL);
}
XT_TEST(q18_socks5_answers_with_each_kind_of_address) {
    socks_options how;
    memset(&how, 0, sizeof how);
    how.bind_type = 3;
    socks(&how, nginx("http"), "", NULL);
    how.bind_type = 4;
    socks(&how, nginx("http"), "", NULL);
}

static void socks_fails(const socks_options *how, const char *auth, xh_status status) {
    socks_peer *p = socks_start(how);
    fails(nginx("http"), through(fmt("socks5://%s127.0.0.1:%d", auth, socks_port(p))), status);
    socks_stop(p);
}

XT_TEST(q18_socks5_refusals) {
    socks_options how;
    memset(&how, 0, sizeof how);
    for (how.reply = 1; how.reply <= 8; how.reply++) socks_fails(&how, "", XH_E_PROXY_REFUSED);
}
XT_TEST(q18_socks5_wants_credentials) {
    socks_options how;
    memset(&how, 0, sizeof how);
    how.user = "u";
    how.password = "p";
    socks_fails(&how, "", XH_E_PROXY_AUTH);
    socks_fails(&how, "u:wrong@", XH_E_PROXY_AUTH);
}
XT_TEST(q18_socks5_accepts_no_method) {
    socks_options how;
    memset(&how, 0, sizeof how);
    how.method = 0xFF;
    socks_fails(&how, "", XH_E_PROXY_AUTH);
}

XT_TEST(q18_socks5_a_name_too_long_is_refused_before_connecting) {
    rec r = {0};
    socks_peer *p = socks_start(NULL);
    char name[300];
    for (size_t i = 0; i < sizeof name; i++) name[i] = i % 60 == 59 ? '.' : 'a';
    name[270] = 0;
    xh_error *err = NULL;
    rec_start_err(&r, fmt("http://%s/", name), through(fmt("socks5://127.0.0.1:%d", socks_port(p))), &err);
    if (r.made == XH_OK) {
        rec_finish(&r);
        REC_FAILED(&r, XH_E_PROXY_NAME_TOO_LONG, -1);
    } else {
        XT_CHECK(r.made == XH_E_PROXY_NAME_TOO_LONG || r.made == XH_E_INVALID_URL);
    }
    XT_CHECK_EQ(socks_connections(p), 0);
    xh_error_free(err);
    rec_end(&r);
    socks_stop(p);
}

CAPI_MAIN("socks")
