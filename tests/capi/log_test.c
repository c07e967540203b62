/* xh_set_log: levels, replacement and its destructor, no nested line, no secret (ffi 1.8.7). */
#include "support.h"

enum { MOST = 4096 };
typedef struct {
    pthread_mutex_t lock;
    int lines, too_high, malformed, destroyed, after_destroy;
    char text[MOST * 64];
    size_t len;
} sink;

static sink g_sinks[3];
static int g_level[3];
static __thread int t_depth;
static int g_nested;
static int g_calls_back; /* the log function uses the library itself */

static void sink_init(int i, int level) {
    memset(&g_sinks[i], 0, sizeof g_sinks[i]);
    pthread_mutex_init(&g_sinks[i].lock, NULL);
    g_level[i] = level;
}

static void on_log(int32_t level, uint64_t id, const char *component, xh_str text, void *user_data) {
    sink *s = user_data;
    (void)id;
    if (t_depth++ > 0) __atomic_fetch_add(&g_nested, 1, __ATOMIC_SEQ_CST);
    pthread_mutex_lock(&s->lock);
    s->lines++;
    if (s->destroyed) s->after_destroy++;
    if (level < XH_LOG_ERROR || level > g_level[s - g_sinks]) s->too_high++;
    if (component == NULL || strlen(component) != 4 || text.ptr == NULL || text.ptr[text.len] != 0 ||
        memchr(text.ptr, '\n', text.len) != NULL)
        s->malformed++;
    if (s->len + text.len + 1 < sizeof s->text) {
        memcpy(s->text + s->len, text.ptr, text.len);
        s->len += text.len;
        s->text[s->len++] = '\n';
    }
    int lines = s->lines;
    pthread_mutex_unlock(&s->lock);
    if (g_calls_back && lines < 20) {
        xh_request *request = NULL;
        if (xh_request_new("http://127.0.0.1:1/", XH_NTS, NULL, NULL, &request, NULL) == XH_OK) xh_terminate(request);
        xh_request_release(request);
    }
    t_depth--;
}

static void on_destroy(void *user_data) {
    sink *s = user_data;
    pthread_mutex_lock(&s->lock);
    s->destroyed++;
    pthread_mutex_unlock(&s->lock);
}

static int is_destroyed(void *sink_) {
    sink *s = sink_;
    pthread_mutex_lock(&s->lock);
    int destroyed = s->destroyed;
    pthread_mutex_unlock(&s->lock);
    return destroyed;
}

/* It may come a moment later, when another thread is inside the function. */
static void check_destroyed(int i) {
    XT_CHECK(await(is_destroyed, &g_sinks[i]));
    XT_CHECK_EQ(g_sinks[i].destroyed, 1);
}

/* One request that works, one that is refused, one whose peer breaks off. */
static void do_work(void) {
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "https", "/text"), opt_ca(NULL));
    REC_OK(&r, 200);
    rec_end(&r);
    rec_run(&r, fmt("http://127.0.0.1:%d/", refused_port()), NULL);
    REC_FAILED(&r, XH_E_CONNECTION_REFUSED, XH_PHASE_CONNECT);
    rec_end(&r);
    rec_script(&r, "read-head\nsend 'HTTP/1.1 200 OK" NL "content-length: 9" NL NL "cut'\nclose", NULL);
    REC_FAILED(&r, XH_E_TRUNCATED, XH_PHASE_BODY);
    rec_end(&r);
}

static void check_sink(int i) {
    pthread_mutex_lock(&g_sinks[i].lock);
    XT_CHECK_EQ(g_sinks[i].too_high, 0);
    XT_CHECK_EQ(g_sinks[i].malformed, 0);
    XT_CHECK_EQ(g_sinks[i].after_destroy, 0);
    pthread_mutex_unlock(&g_sinks[i].lock);
    XT_CHECK_EQ(g_nested, 0);
}

XT_TEST(log_gives_lines_up_to_its_level_and_is_silent_when_taken_away) {
    for (int level = XH_LOG_NONE; level <= XH_LOG_DEBUG; level++) {
        sink_init(0, level);
        XT_CHECK_EQ(xh_set_log(level, on_log, &g_sinks[0], on_destroy), XH_OK);
        do_work();
        XT_CHECK_EQ(g_sinks[0].destroyed, 0);
        XT_CHECK_EQ(xh_set_log(XH_LOG_NONE, NULL, NULL, NULL), XH_OK);
        check_destroyed(0);
        int lines = g_sinks[0].lines;
        if (level == XH_LOG_NONE) XT_CHECK_EQ(lines, 0);
        if (level == XH_LOG_DEBUG) XT_CHECK(lines > 0);
        do_work();
        XT_CHECK_EQ(g_sinks[0].lines, lines);
        check_sink(0);
    }
}

XT_TEST(log_function_that_is_replaced_is_destroyed_once_and_called_no_more) {
    sink_init(0, XH_LOG_DEBUG);
    sink_init(1, XH_LOG_DEBUG);
    XT_CHECK_EQ(xh_set_log(XH_LOG_DEBUG, on_log, &g_sinks[0], on_destroy), XH_OK);
    do_work();
    XT_CHECK_EQ(xh_set_log(XH_LOG_DEBUG, on_log, &g_sinks[1], on_destroy), XH_OK);
    check_destroyed(0);
    XT_CHECK_EQ(g_sinks[1].destroyed, 0);
    int lines = g_sinks[0].lines;
    do_work();
    XT_CHECK_EQ(g_sinks[0].lines, lines);
    XT_CHECK(g_sinks[1].lines > 0);
    XT_CHECK_EQ(xh_set_log(XH_LOG_NONE, NULL, NULL, NULL), XH_OK);
    XT_CHECK_EQ(xh_set_log(XH_LOG_NONE, NULL, NULL, NULL), XH_OK);
    check_destroyed(0);
    check_destroyed(1);
    check_sink(0);
    check_sink(1);
}

XT_TEST(log_function_that_uses_the_library_is_not_called_inside_itself) {
    sink_init(0, XH_LOG_DEBUG);
    g_calls_back = 1;
    XT_CHECK_EQ(xh_set_log(XH_LOG_DEBUG, on_log, &g_sinks[0], on_destroy), XH_OK);
    do_work();
    XT_CHECK_EQ(xh_set_log(XH_LOG_NONE, NULL, NULL, NULL), XH_OK);
    check_destroyed(0);
    g_calls_back = 0;
    check_sink(0);
}

static int g_stop;
static void *replace(void *unused) {
    (void)unused;
    for (int i = 0; !__atomic_load_n(&g_stop, __ATOMIC_SEQ_CST); i++) {
        if (i >= 2) check_destroyed(i % 2);
        sink_init(i % 2, XH_LOG_DEBUG);
        xh_set_log(XH_LOG_DEBUG, on_log, &g_sinks[i % 2], on_destroy);
    }
    return NULL;
}

XT_TEST(log_may_be_replaced_while_other_threads_log) {
    pthread_t thread;
    g_stop = 0;
    sink_init(0, XH_LOG_DEBUG);
    sink_init(1, XH_LOG_DEBUG);
    XT_CHECK_EQ(pthread_create(&thread, NULL, replace, NULL), 0);
    for (int i = 0; i < 20; i++) do_work();
    __atomic_store_n(&g_stop, 1, __ATOMIC_SEQ_CST);
    pthread_join(thread, NULL);
    XT_CHECK_EQ(xh_set_log(XH_LOG_NONE, NULL, NULL, NULL), XH_OK);
    for (int i = 0; i < 2; i++) {
        check_destroyed(i);
        check_sink(i);
    }
}

XT_TEST(log_holds_no_credential_no_cookie_no_body) {
    static const char *const secrets[] = {"pass-one",  "pass-two",   "token-three",     "cookie-four",
                                          "body-five", "answer-six", "setcookie-seven", "dXNlcjpwYXNzLW9uZQ"};
    sink_init(0, XH_LOG_DEBUG);
    XT_CHECK_EQ(xh_set_log(XH_LOG_DEBUG, on_log, &g_sinks[0], on_destroy), XH_OK);
    script_peer *p = script_start("loop\nread-head\nread-body\nsend 'HTTP/1.1 200 OK" NL
                                  "set-cookie: a=setcookie-seven" NL "content-length: 10" NL NL "answer-six'\n");
    xh_options *o = opt_body(NULL, "POST", "body-five", 9);
    o = opt_str(opt_str(o, XH_OPT_SERVER_AUTH_NAME, "user"), XH_OPT_SERVER_AUTH_PASSWORD, "pass-one");
    o = opt_int(o, XH_OPT_SERVER_AUTH_METHOD, XH_AUTH_BASIC);
    o = opt_header(opt_header(o, "x-api", "token-three"), "cookie", "b=cookie-four");
    o = opt_str(o, XH_OPT_SECRET_HEADERS, "x-api");
    rec r = {0};
    if (rec_start(&r, script_url(p, "http", "/x"), o) != NULL) {
        rec_finish(&r);
        REC_OK(&r, 200);
    }
    rec_end(&r);
    if (rec_start(&r, fmt("http://user:pass-two@127.0.0.1:%d/x", script_port(p)), NULL) != NULL) {
        rec_finish(&r);
        REC_OK(&r, 200);
    }
    rec_end(&r);
    rec_run(&r, fmt("http://user:pass-two@127.0.0.1:%d/x", refused_port()), NULL);
    rec_end(&r);
    XT_CHECK_EQ(xh_set_log(XH_LOG_NONE, NULL, NULL, NULL), XH_OK);
    check_destroyed(0);
    script_stop(p);
    g_sinks[0].text[g_sinks[0].len] = 0;
    for (size_t i = 0; i < sizeof secrets / sizeof secrets[0]; i++)
        if (strstr(g_sinks[0].text, secrets[i]) != NULL) XT_FAIL("%s was logged", secrets[i]);
    XT_CHECK(g_sinks[0].lines > 0);
    check_sink(0);
}

CAPI_MAIN("log")
