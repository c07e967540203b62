/* The wire log: it shows heads and hides credentials. */
#include "support.h"

static int traced(const rec *r, const char *text) { return r->trace != NULL && strstr(r->trace, text) != NULL; }

static xh_options *secrets(void) {
    xh_options *o = opt_header(NULL, "Authorization", "Bearer hidden-1");
    opt_header(o, "Cookie", "c=hidden-2");
    opt_header(o, "X-Api-Key", "hidden-3");
    opt_header(o, "X-Plain", "visible");
    opt_header(o, "Proxy-Authorization", "Basic hidden-4");
    return opt_str(o, XH_OPT_SECRET_HEADERS, "x-api-key");
}

#define ANSWER                                                                                                         \
    "read-head\n" HEAD_OK "set-cookie: s=hidden-5" NL "x-answer: visible-too" NL "content-length: 2" NL NL "ok'\n"

XT_TEST(trace_shows_heads) {
    rec r = {0};
    r.with_trace = 1;
    XT_REQUIRE(rec_script(&r, ANSWER, secrets()));
    REC_OK(&r, 200);
    XT_CHECK(traced(&r, "GET /x HTTP/1.1"));
    XT_CHECK(traced(&r, "X-Plain: visible"));
    XT_CHECK(traced(&r, "HTTP/1.1 200 OK"));
    XT_CHECK(traced(&r, "x-answer: visible-too"));
    rec_end(&r);
}

XT_TEST(trace_hides_credentials) {
    rec r = {0};
    r.with_trace = 1;
    XT_REQUIRE(rec_script(&r, ANSWER, secrets()));
    XT_CHECK(r.trace_len > 0);
    if (traced(&r, "hidden")) XT_FAIL("a secret is in: %s", r.trace);
    XT_CHECK(traced(&r, "Authorization:"));
    XT_CHECK(traced(&r, "Cookie:"));
    rec_end(&r);
}

XT_TEST(trace_hides_credentials_of_the_url) {
    rec r = {0};
    r.with_trace = 1;
    rec_run(&r, fmt("http://user:secret@127.0.0.1:%d/basic/text", peer_port(peer_nginx(), "http")), NULL);
    REC_OK(&r, 200);
    XT_CHECK(r.trace_len > 0);
    XT_CHECK(!traced(&r, "secret"));
    XT_CHECK(!traced(&r, "dXNlcjpzZWNyZXQ"));
    rec_end(&r);
}

XT_TEST(trace_hides_credentials_of_the_proxy) {
    rec r = {0};
    r.with_trace = 1;
    rec_run(&r, peer_url(peer_nginx(), "https", "/text"),
            opt_alone(opt_ca(opt_str(NULL, XH_OPT_PROXY,
                                     fmt("http://proxyuser:secret@127.0.0.1:%d", peer_port(peer_squid(), "basic"))))));
    REC_OK(&r, 200);
    XT_CHECK(!traced(&r, "secret"));
    XT_CHECK(!traced(&r, "cHJveHl1c2VyOnNlY3JldA"));
    rec_end(&r);
}

XT_TEST(trace_shows_credentials_when_it_is_told_to) {
    rec r = {0};
    r.with_trace = 1;
    XT_REQUIRE(rec_script(&r, ANSWER, opt_int(secrets(), XH_OPT_TRACE_CREDENTIALS, 1)));
    XT_CHECK(traced(&r, "Bearer hidden-1"));
    XT_CHECK(traced(&r, "c=hidden-2"));
    XT_CHECK(traced(&r, "hidden-3"));
    XT_CHECK(traced(&r, "hidden-5"));
    rec_end(&r);
}

XT_TEST(trace_shows_each_hop) {
    rec r = {0};
    r.with_trace = 1;
    rec_run(&r, peer_url(peer_nginx(), "http", "/redirect/2"), NULL);
    XT_CHECK(traced(&r, "GET /redirect/2 HTTP/1.1"));
    XT_CHECK(traced(&r, "GET /redirect/1 HTTP/1.1"));
    XT_CHECK(traced(&r, "GET /text HTTP/1.1"));
    rec_end(&r);
}

/* ---- the log of the library ------------------------------------------------------------------------------------------------------------ */

static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
static char g_log[1 << 16];
static int g_destroyed;

static void XH_CALL on_log(int32_t level, uint64_t id, const char *component, xh_str text, void *user_data) {
    (void)id;
    (void)user_data;
    pthread_mutex_lock(&g_lock);
    size_t n = strlen(g_log);
    snprintf(g_log + n, sizeof g_log - n, "%d %s %.*s\n", level, component, (int)text.len, text.ptr);
    pthread_mutex_unlock(&g_lock);
}

static void XH_CALL on_log_destroyed(void *user_data) {
    (void)user_data;
    __atomic_add_fetch(&g_destroyed, 1, __ATOMIC_SEQ_CST);
}

XT_TEST(log_has_no_credentials_and_ends_when_it_is_told_to) {
    rec r = {0};
    XT_CHECK_EQ(xh_set_log(XH_LOG_DEBUG, on_log, NULL, on_log_destroyed), XH_OK);
    rec_run(&r, fmt("http://user:secret@127.0.0.1:%d/basic/text", peer_port(peer_nginx(), "http")),
            opt_header(NULL, "cookie", "c=hidden"));
    REC_OK(&r, 200);
    rec_end(&r);
    rec_run(&r, fmt("http://127.0.0.1:%d/", refused_port()), NULL);
    rec_end(&r);
    XT_CHECK_EQ(xh_set_log(XH_LOG_NONE, NULL, NULL, NULL), XH_OK);
    XT_CHECK_EQ(__atomic_load_n(&g_destroyed, __ATOMIC_SEQ_CST), 1);
    pthread_mutex_lock(&g_lock);
    XT_CHECK(strstr(g_log, "secret") == NULL && strstr(g_log, "hidden") == NULL && strstr(g_log, "dXNlcjpz") == NULL);
    pthread_mutex_unlock(&g_lock);
}

CAPI_MAIN("trace")
