/* Out of memory at every allocation (ffi 1.5.5, 1.8.6), and who owns user data when a call fails (ffi 1.4.2).
 *
 * The allocator of this program counts what is out and fails where a test says so, in the thread that asks for it. A walk
 * does the same work again and again, with allocation 1 failing, then 2, and so on until nothing failed any more. */
#define _GNU_SOURCE
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"
#include "support.h"

/* ---- the allocator ------------------------------------------------------------------------------------------------------ */

static int64_t g_blocks;          /* given out and not freed */
static __thread int64_t t_until;  /* allocations until one fails; 0 none fails */
static __thread int64_t t_burst;  /* how many fail then */
static __thread int64_t t_failed; /* how many have failed */
static int g_ctx, g_wrong_ctx;

static int shall_fail(void) {
    if (t_until == 0) return 0;
    if (t_until > 1) {
        t_until--;
        return 0;
    }
    if (t_burst-- <= 0) {
        t_until = 0;
        return 0;
    }
    t_failed++;
    return 1;
}

static void *my_malloc(size_t size, void *ctx) {
    if (ctx != &g_ctx) g_wrong_ctx++;
    if (shall_fail()) return NULL;
    void *block = malloc(size);
    if (block != NULL) __atomic_fetch_add(&g_blocks, 1, __ATOMIC_RELAXED);
    return block;
}

static void *my_realloc(void *old, size_t size, void *ctx) {
    if (ctx != &g_ctx) g_wrong_ctx++;
    if (shall_fail()) return NULL;
    void *block = realloc(old, size);
    if (block != NULL && old == NULL) __atomic_fetch_add(&g_blocks, 1, __ATOMIC_RELAXED);
    return block;
}

static void my_free(void *block, void *ctx) {
    if (ctx != &g_ctx) g_wrong_ctx++;
    if (block != NULL) __atomic_fetch_sub(&g_blocks, 1, __ATOMIC_RELAXED);
    free(block);
}

static void fail_from(int64_t n, int64_t burst) {
    t_until = n;
    t_burst = burst;
    t_failed = 0;
}

/* Ends the failing; how many have failed. */
static int64_t stop_failing(void) {
    int64_t failed = t_failed;
    t_until = t_failed = 0;
    return failed;
}

/* ---- one piece of work, from the options to the end of the request ------------------------------------------------------------- */

typedef struct {
    const char *url;
    const char *ca; /* NULL without TLS */
    int queue;      /* events into a queue instead of callbacks */
    int body;       /* 0 none, 1 text, 2 pulled */
} work;

typedef struct {
    xh_loop *loop;
    xh_queue *queue;
    xh_options *options;
    xh_agent *agent;
    xh_request *request;
    int pulled, pull_destroyed, pull_given;
    int terminates, destroyed, errors, responses, given; /* given: the user data passed to the request */
} run;

/* XH_OK and XH_E_NOMEM are right; anything else is a fault. 1 to go on. */
static int went_on(xh_status status, unsigned line) {
    if (status < 0 && status != XH_E_NOMEM) xt_failed(line, __FILE__, "%s", xh_status_name(status));
    return status >= 0;
}
#define STEP(call)                                                                                                     \
    do {                                                                                                               \
        if (!went_on((call), __LINE__)) return 0;                                                                      \
    } while (0)

static int64_t pull(char *buf, size_t cap, void *user_data) {
    run *r = user_data;
    if (r->pulled++ >= 3) return 0;
    memset(buf, 'x', cap < 3000 ? cap : 3000);
    return cap < 3000 ? (int64_t)cap : 3000;
}
static void pull_destroyed(void *user_data) { ((run *)user_data)->pull_destroyed++; }

static void on_event(xh_request *request, const xh_request_event *event, void *user_data) {
    run *r = user_data;
    int32_t type = xh_request_event_type(event);
    if (r->terminates > 0 || r->destroyed > 0) XT_FAIL("a callback after the last one");
    r->errors += type == XH_EVENT_ERROR;
    r->responses += type == XH_EVENT_RESPONSE;
    r->terminates += type == XH_EVENT_TERMINATE;
    if (type == XH_EVENT_DATA) xh_buf_release(xh_data_keep(event));
    if (type == XH_EVENT_ERROR) {
        XT_CHECK(xh_request_event_error(event) != NULL);
        XT_CHECK(xh_request_error_count(request) >= 1);
    }
}
static void on_destroy(void *user_data) { ((run *)user_data)->destroyed++; }

static int set_options(run *r, const work *w) {
    r->options = xh_options_new();
    if (r->options == NULL) return 0;
    STEP(xh_options_set_ptr(r->options, XH_OPT_LOOP, r->loop));
    STEP(xh_options_set_json(
        r->options,
        "{\"method\":\"POST\",\"headers\":{\"x-a-long-name\":[\"a value that is longer than a small "
        "string\",\"2\"]},\"timeout\":60,\"keepAlive\":true}",
        XH_NTS, NULL));
    STEP(
        xh_options_add_header(r->options, "x-one", XH_NTS, "another value that is longer than a small string", XH_NTS));
    STEP(xh_options_set_str(r->options, XH_OPT_SERVER_AUTH_NAME, "a user name of some length", XH_NTS));
    STEP(xh_options_set_str(r->options, XH_OPT_SERVER_AUTH_PASSWORD, "secret", XH_NTS));
    if (w->ca != NULL) STEP(xh_options_set_str(r->options, XH_OPT_CA_FILE, w->ca, XH_NTS));
    if (w->queue) STEP(xh_options_set_ptr(r->options, XH_OPT_QUEUE, r->queue));
    if (w->body == 1) STEP(xh_options_set_body_text(r->options, "a body that is sent with the request", XH_NTS));
    if (w->body == 2) {
        STEP(xh_options_set_body_pull(r->options, pull, 9000, r, pull_destroyed));
        r->pull_given = 1;
    }
    STEP(xh_agent_new(r->options, &r->agent, NULL));
    STEP(xh_options_set_ptr(r->options, XH_OPT_AGENT, r->agent));
    return 1;
}

static int make_request(run *r, const work *w) {
    xh_request_callbacks callbacks;
    xh_error *err = NULL;
    xh_status status;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.user_data = r;
    callbacks.destroy = on_destroy;
    callbacks.on_headers = callbacks.on_data = callbacks.on_response = callbacks.on_error = on_event;
    callbacks.on_terminate = callbacks.on_upload = callbacks.on_download = on_event;
    status = xh_request_new(w->url, XH_NTS, r->options, w->queue ? NULL : &callbacks, &r->request, &err);
    xh_error_free(err);
    STEP(status);
    r->given = !w->queue;
    return 1;
}

static void drain(run *r) {
    xh_event events[8];
    int64_t n;
    while ((n = xh_queue_drain(r->queue, events, 8, sizeof events[0])) > 0) {
        for (int64_t i = 0; i < n; i++) {
            if (r->terminates > 0) XT_FAIL("an event after the last one");
            r->errors += events[i].type == XH_EVENT_ERROR;
            r->responses += events[i].type == XH_EVENT_RESPONSE;
            r->terminates += events[i].type == XH_EVENT_TERMINATE;
        }
        xh_event_done(events, (size_t)n, sizeof events[0]);
    }
    if (n < 0 && n != XH_E_NOMEM) XT_FAIL("drain: %s", xh_status_name((xh_status)n));
}

static void drive(run *r, const work *w) {
    int64_t end = now_ms() + LONG_MS;
    while (!xh_request_terminated(r->request) || (w->queue && r->terminates == 0)) {
        xh_status status = xh_loop_poll(r->loop, 100);
        if (status != XH_OK && status != XH_E_NOMEM) XT_FAIL("poll: %s", xh_status_name(status));
        if (w->queue) drain(r);
        if (now_ms() < end) continue;
        XT_FAIL("the request does not end");
        return;
    }
    /* Readable, memory or not. */
    XT_CHECK_EQ(r->terminates, 1);
    XT_CHECK_EQ(r->errors + r->responses, 1);
    XT_CHECK_EQ(xh_request_error_count(r->request) > 0, r->errors == 1);
    XT_CHECK(xh_request_url(r->request).ptr != NULL);
    if (r->responses) XT_CHECK(xh_response_status(xh_request_response(r->request)) > 0);
}

static int do_all(run *r, const work *w) {
    STEP(xh_loop_new(&r->loop));
    if (w->queue) STEP(xh_queue_new(&r->queue));
    if (!set_options(r, w) || !make_request(r, w)) return 0;
    drive(r, w);
    return 1;
}

/* Does the work with failing allocations; returns how many failed. */
static int64_t attempt(const work *w, int64_t n, int64_t burst, int *complete) {
    run r;
    memset(&r, 0, sizeof r);
    if (n > 0) fail_from(n, burst);
    *complete = do_all(&r, w) && r.responses == 1;
    xh_request_release(r.request);
    xh_agent_release(r.agent);
    xh_options_release(r.options);
    xh_queue_release(r.queue);
    if (r.loop != NULL) xh_loop_poll(r.loop, 0); /* the agent's connections are closed by their loop */
    xh_loop_release(r.loop);
    int64_t failed = stop_failing();
    XT_CHECK_EQ(r.destroyed, r.given);
    XT_CHECK_EQ(r.pull_destroyed, r.pull_given);
    return failed;
}

static int64_t blocks_now(void) { return __atomic_load_n(&g_blocks, __ATOMIC_RELAXED); }

static void check_alive(const int64_t *alive, int64_t blocks, int64_t n) {
    static const char *const names[] = {"handles", "buffers", "sockets", "threads"};
    for (int i = 0; i < 4; i++)
        if (xh_debug_live(i) != alive[i])
            XT_FAIL("allocation %" PRId64 " failed: %" PRId64 " %s instead of %" PRId64, n, xh_debug_live(i), names[i],
                    alive[i]);
    int64_t left = blocks_now() - blocks;
    if (left > 0) XT_FAIL("allocation %" PRId64 " failed: %" PRId64 " blocks left", n, left);
}

/* Blocks of OpenSSL belong to caches that grow as they like: with TLS only the library's own counters are compared. */
static void walk(const work *w, int64_t burst) {
    int64_t alive[4], blocks;
    int complete = 0;
    for (int i = 0; i < 3; i++) attempt(w, 0, 0, &complete); /* what is kept for ever is there now */
    XT_REQUIRE(complete);
    for (int i = 0; i < 4; i++) alive[i] = xh_debug_live(i);
    blocks = w->ca == NULL ? blocks_now() : INT64_MAX;
    for (int64_t n = 1; n < 20000; n++) {
        int64_t failed = attempt(w, n, burst, &complete);
        check_alive(alive, blocks, n);
        if (failed == 0) {
            printf("%" PRId64 " allocations, each failed once\n", n - 1);
            XT_CHECK(complete);
            XT_CHECK(n > 20);
            return;
        }
    }
    XT_FAIL("it never gets by without a failure");
}

#define ANSWER                                                                                                         \
    "loop\nread-head\nread-body\nsend 'HTTP/1.1 200 OK" NL "content-type: text/plain; charset=latin1" NL               \
    "x-long: 01234567890123456789012345678901234567890123456789" NL "content-length: 5" NL NL                          \
    "gr\\xfcn\\n'\n"                                                                                                   \
    "again"
#define CHUNKED                                                                                                        \
    "loop\nread-head\nread-body\nsend 'HTTP/1.1 100 Continue" NL NL "HTTP/1.1 200 OK" NL "trailer: x-t" NL             \
    "transfer-encoding: chunked" NL NL "'\nsend-chunks 20000 5000\nsend '0" NL "x-t: yes" NL NL "'"

/* ---- the first use ---------------------------------------------------------------------------------------------------------- */

/* This comes before all other tests: the children are forked before this process uses the library itself. */

/* In a child that never used the library: 7 when nothing failed any more, 8 when it did and all went well. */
static int first_use(const work *w, int64_t n, int64_t burst) {
    int complete = 0;
    int64_t failed = attempt(w, n, burst, &complete);
    xt_state_.failures += failed == 0 && !complete;
    /* Then there is memory again, and the library works as if nothing had been. */
    attempt(w, 0, 0, &complete);
    if (w->ca == NULL) xt_state_.failures += !complete;
    if (xh_shutdown(-1) != XH_OK) return 3;
    for (int i = 0; i < 4; i++)
        if (xh_debug_live(i) != 0) return 4 + i;
    return xt_state_.failures > 0 ? 1 : failed == 0 ? 70 : 80;
}

static void walk_first_use(const work *w, int64_t burst) {
    for (int64_t n = 1; n < 20000; n++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            alarm(CHILD_MS / 1000);
            _exit(first_use(w, n, burst));
        }
        int code = child_wait(pid, CHILD_MS);
        if (code == 70) return;
        if (code != 80) XT_FAIL("allocation %" PRId64 " of the first use: exit code %d", n, code);
    }
    XT_FAIL("it never gets by without a failure");
}

XT_TEST(memory_fails_at_the_first_use_of_the_process) {
    script_peer *p = script_start(ANSWER);
    work w = {script_url(p, "http", "/some/path"), NULL, 0, 1};
    XT_REQUIRE(blocks_now() == 0);
    walk_first_use(&w, 1);
    walk_first_use(&w, INT64_MAX);
    script_stop(p);
}

/* ---- in a process that has used the library ----------------------------------------------------------------------- */

XT_TEST(memory_fails_at_every_single_allocation_of_a_request) {
    script_peer *p = script_start(ANSWER);
    work w = {script_url(p, "http", "/some/path"), NULL, 0, 1};
    walk(&w, 1);
    script_stop(p);
}

XT_TEST(memory_fails_for_three_allocations_in_a_row) {
    script_peer *p = script_start(ANSWER);
    work w = {script_url(p, "http", "/some/path"), NULL, 0, 1};
    walk(&w, 3);
    script_stop(p);
}

XT_TEST(memory_fails_from_one_allocation_on_until_all_is_released) {
    script_peer *p = script_start(ANSWER);
    work w = {script_url(p, "http", "/some/path"), NULL, 0, 1};
    walk(&w, INT64_MAX);
    script_stop(p);
}

XT_TEST(memory_fails_while_a_pulled_body_is_sent_and_chunks_come) {
    script_peer *p = script_start(CHUNKED);
    work w = {script_url(p, "http", "/some/path"), NULL, 0, 2};
    walk(&w, 1);
    script_stop(p);
}

XT_TEST(memory_fails_in_queue_mode) {
    script_peer *p = script_start(CHUNKED);
    work w = {script_url(p, "http", "/some/path"), NULL, 1, 1};
    walk(&w, 1);
    walk(&w, INT64_MAX);
    script_stop(p);
}

XT_TEST(memory_fails_on_the_way_through_redirects_and_decoding) {
    script_peer *p =
        script_start("loop\nread-head\nread-body\nsend 'HTTP/1.1 302 Found" NL "location: /gone" NL
                     "content-length: 3" NL NL "abc'\nread-head\nsend 'HTTP/1.1 401 Unauthorized" NL
                     "www-authenticate: Digest realm=\"r\", nonce=\"abcdef\", qop=\"auth\", algorithm=SHA-256" NL
                     "content-length: 0" NL NL "'\nread-head\nsend 'HTTP/1.1 200 OK" NL "content-encoding: gzip" NL
                     "content-length: 25" NL NL
                     "\\x1f\\x8b\\x08\\x00\\x00\\x00\\x00\\x00\\x00\\x03\\xcb\\x48\\xcd\\xc9\\xc9\\x07\\x00"
                     "\\x86\\xa6\\x10\\x36\\x05\\x00\\x00\\x00'");
    work w = {script_url(p, "http", "/some/path"), NULL, 0, 1};
    walk(&w, 1);
    script_stop(p);
}

XT_TEST(memory_fails_with_tls) {
    work w = {peer_url(peer_nginx(), "https", "/text"), cert_file("ca.pem"), 0, 1};
    walk(&w, 1);
}

/* ---- who owns user data ------------------------------------------------------------------------------------------------------- */

static int g_destroyed;
static char g_data;
static void count_destroy(void *user_data) {
    if (user_data != &g_data) XT_FAIL("another user data");
    g_destroyed++;
}
static int64_t pull_end(char *buf, size_t cap, void *user_data) {
    (void)buf;
    (void)cap;
    (void)user_data;
    return 0;
}
static void ignore_log(int32_t level, uint64_t id, const char *component, xh_str text, void *user_data) {
    (void)level;
    (void)id;
    (void)component;
    (void)text;
    (void)user_data;
}

/* A call that takes user data, and what ends its life. */
typedef struct {
    const char *name;
    xh_status (*call)(void **handle);
    void (*end)(void *handle);
} taker;

static xh_options *g_options;
static xh_loop *g_loop;
static const char *g_url;

static xh_status take_borrow(void **handle) {
    (void)handle;
    return xh_options_set_body_borrow(g_options, "bytes", 5, count_destroy, &g_data);
}
static xh_status take_pull(void **handle) {
    (void)handle;
    return xh_options_set_body_pull(g_options, pull_end, -1, &g_data, count_destroy);
}
static void drop_body(void *handle) {
    (void)handle;
    XT_CHECK_EQ(xh_options_set_body_bytes(g_options, NULL, 0), XH_OK);
}
static xh_status take_log(void **handle) {
    (void)handle;
    return xh_set_log(XH_LOG_ERROR, ignore_log, &g_data, count_destroy);
}
static void drop_log(void *handle) {
    (void)handle;
    XT_CHECK_EQ(xh_set_log(XH_LOG_NONE, NULL, NULL, NULL), XH_OK);
}
static xh_status take_request(void **handle) {
    xh_request_callbacks callbacks;
    xh_request *request = NULL;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.user_data = &g_data;
    callbacks.destroy = count_destroy;
    xh_status status = xh_request_new(g_url, XH_NTS, g_options, &callbacks, &request, NULL);
    *handle = request;
    return status;
}
static void end_request(void *handle) {
    xh_terminate(handle);
    XT_CHECK_EQ(xh_wait(handle, LONG_MS), XH_OK);
    xh_request_release(handle);
}

XT_TEST(user_data_passes_with_ok_and_only_then_when_memory_fails) {
    static const taker takers[] = {{"xh_options_set_body_borrow", take_borrow, drop_body},
                                   {"xh_options_set_body_pull", take_pull, drop_body},
                                   {"xh_set_log", take_log, drop_log},
                                   {"xh_request_new", take_request, end_request}};
    g_url = fmt("http://127.0.0.1:%d/", refused_port());
    XT_CHECK_EQ(xh_loop_new(&g_loop), XH_OK);
    for (size_t i = 0; i < sizeof takers / sizeof takers[0]; i++)
        for (int64_t n = 1, failed = 1; failed > 0 && n < 1000; n++) {
            void *handle = NULL;
            g_options = opt_ptr(NULL, XH_OPT_LOOP, g_loop);
            g_destroyed = 0;
            fail_from(n, 1);
            xh_status status = takers[i].call(&handle);
            failed = stop_failing();
            if (status != XH_OK && (status != XH_E_NOMEM || failed == 0))
                XT_FAIL("%s: %s", takers[i].name, xh_status_name(status));
            if (g_destroyed != 0) XT_FAIL("%s: destroyed inside the call, allocation %" PRId64, takers[i].name, n);
            if (status != XH_OK && handle != NULL) XT_FAIL("%s: a handle with an error", takers[i].name);
            if (status == XH_OK) takers[i].end(handle);
            xh_options_release(g_options);
            if (g_destroyed != (status == XH_OK))
                XT_FAIL("%s, allocation %" PRId64 ": %s and destroyed %d times", takers[i].name, n,
                        xh_status_name(status), g_destroyed);
        }
    xh_loop_release(g_loop);
}

XT_TEST(user_data_stays_with_the_caller_when_the_call_is_refused) {
    xh_request_callbacks callbacks;
    xh_request *request = NULL;
    xh_queue *queue = NULL;
    xh_options *o = xh_options_new();
    g_destroyed = 0;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.user_data = &g_data;
    callbacks.destroy = count_destroy;
    XT_CHECK_EQ(xh_options_set_body_borrow(NULL, "x", 1, count_destroy, &g_data), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_options_set_body_borrow(o, NULL, 5, count_destroy, &g_data), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_options_set_body_pull(NULL, pull_end, -1, &g_data, count_destroy), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_options_set_body_pull(o, NULL, -1, &g_data, count_destroy), XH_E_INVALID_ARGUMENT);
    XT_CHECK(xh_options_set_body_pull(o, pull_end, -2, &g_data, count_destroy) < 0);
    XT_CHECK_EQ(xh_request_new(NULL, 0, o, &callbacks, &request, NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_request_new("http://", XH_NTS, o, &callbacks, &request, NULL), XH_E_INVALID_URL);
    XT_CHECK_EQ(xh_request_new("ftp://h/", XH_NTS, o, &callbacks, &request, NULL), XH_E_UNSUPPORTED_SCHEME);
    callbacks.size = 0;
    XT_CHECK(xh_request_new("http://127.0.0.1/", XH_NTS, o, &callbacks, &request, NULL) < 0);
    callbacks.size = sizeof callbacks;
    XT_CHECK_EQ(xh_options_set_int(o, XH_OPT_RETURN_RESPONSE_BODY, 0), XH_OK);
    XT_CHECK_EQ(xh_request_new("http://127.0.0.1/", XH_NTS, o, &callbacks, &request, NULL), XH_E_OPTION_CONFLICT);
    XT_CHECK_EQ(xh_options_set_int(o, XH_OPT_RETURN_RESPONSE_BODY, 1), XH_OK);
    XT_CHECK_EQ(xh_queue_new(&queue), XH_OK);
    XT_CHECK_EQ(xh_options_set_ptr(o, XH_OPT_QUEUE, queue), XH_OK);
    callbacks.on_terminate = on_event;
    XT_CHECK_EQ(xh_request_new("http://127.0.0.1/", XH_NTS, o, &callbacks, &request, NULL), XH_E_OPTION_CONFLICT);
    XT_CHECK(request == NULL);
    xh_queue_release(queue);
    xh_options_release(o);
    XT_CHECK_EQ(g_destroyed, 0);
}

XT_TEST(user_data_of_a_body_is_destroyed_once_however_its_life_ends) {
    for (int way = 0; way < 6; way++) {
        xh_options *o = opt_str(NULL, XH_OPT_METHOD, "PUT"), *copy;
        xh_request *request = NULL;
        const char *url = fmt("http://127.0.0.1:%d/", refused_port());
        g_destroyed = 0;
        if (way % 2)
            XT_CHECK_EQ(xh_options_set_body_borrow(o, "bytes", 5, count_destroy, &g_data), XH_OK);
        else
            XT_CHECK_EQ(xh_options_set_body_pull(o, pull_end, -1, &g_data, count_destroy), XH_OK);
        switch (way / 2) {
            case 0: /* replaced */
                XT_CHECK_EQ(xh_options_set_body_text(o, "text", XH_NTS), XH_OK);
                XT_CHECK_EQ(g_destroyed, 1);
                break;
            case 1: /* used by a request, the set released first */
                XT_CHECK_EQ(xh_request_new(url, XH_NTS, o, NULL, &request, NULL), XH_OK);
                break;
            default: /* a copy shares borrowed bytes, and cannot share a callback */
                copy = xh_options_copy(o);
                XT_CHECK_EQ(copy != NULL, way % 2);
                xh_options_release(copy);
                XT_CHECK_EQ(g_destroyed, 0);
                break;
        }
        xh_options_release(o);
        if (request != NULL) XT_CHECK_EQ(xh_wait(request, LONG_MS), XH_OK);
        xh_request_release(request);
        if (g_destroyed != 1) XT_FAIL("way %d: destroyed %d times", way, g_destroyed);
    }
}

/* ---- the setting itself ------------------------------------------------------------------------------------------------------------ */

XT_TEST(allocator_is_refused_once_memory_is_in_use) {
    XT_CHECK_EQ(xh_set_allocator(my_malloc, NULL, my_free, &g_ctx), XH_E_INVALID_ARGUMENT);
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_set_allocator(my_malloc, my_realloc, my_free, &g_ctx), XH_E_STATE);
    XT_CHECK_EQ(xh_set_allocator(NULL, NULL, NULL, NULL), XH_E_STATE);
    xh_options_release(o);
    XT_CHECK(blocks_now() > 0);
    XT_CHECK_EQ(g_wrong_ctx, 0);
}

int main(int argc, char **argv) {
    if (xh_set_allocator(my_malloc, NULL, my_free, &g_ctx) != XH_E_INVALID_ARGUMENT ||
        xh_set_allocator(my_malloc, my_realloc, my_free, &g_ctx) != XH_OK)
        return 1;
    return live_main("alloc", argc, argv);
}
