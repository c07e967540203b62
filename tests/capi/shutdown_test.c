/* xh_shutdown: ends all work in every phase, joins, leaves handles readable; a new handle starts the library again (L02,
 * ffi 1.8.1). */
#include "process.h"
#include "support.h"

static int64_t pull_nothing(char *buf, size_t cap, void *user_data) {
    (void)buf;
    (void)cap;
    (void)user_data;
    return -1;
}

static int g_pull_destroyed;
static void pull_destroyed(void *user_data) {
    (void)user_data;
    __atomic_fetch_add(&g_pull_destroyed, 1, __ATOMIC_SEQ_CST);
}

static void pause_it(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    if (xh_request_event_type(event) == XH_EVENT_HEADERS) xh_request_pause(request);
}

static void check_stopped(rec *r) {
    XT_CHECK_EQ(xh_request_terminated(r->request), 1);
    XT_CHECK_EQ(rec_count(r, XH_EVENT_TERMINATE), 1);
    XT_CHECK_EQ(rec_count(r, XH_EVENT_ERROR), 1);
    XT_CHECK_EQ(r->destroyed, 1);
    REC_FAILED(r, XH_E_SHUTDOWN, -1);
    rec_finish(r);
}

static void check_nothing_alive_but_handles(void) {
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_SOCKETS), 0);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_THREADS), 0);
}

XT_TEST(shutdown_ends_requests_in_every_phase_exactly_once) {
    enum { COUNT = 10 };
    rec r[COUNT] = {{0}};
    peer *nginx = peer_nginx();
    script_peer *silent = script_start("loop\naccept\nstall"), *head = script_start("loop\nread-head\nstall");
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 1));
    xh_options *o = xh_options_new();
    r[6].hook = pause_it;
    g_pull_destroyed = 0;
    XT_CHECK(rec_start(&r[0], fmt("http://127.0.0.1:%d/", deaf_port()), NULL) != NULL);  /* connecting */
    XT_CHECK(rec_start(&r[1], script_url(silent, "https", "/x"), opt_ca(NULL)) != NULL); /* in the handshake */
    XT_CHECK(rec_start(&r[2], script_url(head, "http", "/x"), NULL) != NULL);            /* waiting for the head */
    XT_CHECK(rec_start(&r[3], peer_url(nginx, "http", "/slow/1m.bin"), NULL) != NULL);   /* in the body */
    XT_CHECK(rec_start(&r[4], peer_url(nginx, "https", "/slow/1m.bin"), opt_ca(NULL)) != NULL);
    XT_CHECK(rec_start(&r[5], peer_url(nginx, "http", "/slow/1m.bin"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(rec_start(&r[6], peer_url(nginx, "http", "/big-pattern"), NULL) != NULL); /* paused */
    XT_CHECK(rec_start(&r[7], peer_url(nginx, "http", "/text"), opt_ptr(NULL, XH_OPT_AGENT, agent)) !=
             NULL); /* queued */
    XT_CHECK_EQ(xh_options_set_body_pull(o, pull_nothing, -1, NULL, pull_destroyed), XH_OK);
    XT_CHECK(rec_start(&r[8], script_url(head, "http", "/x"), opt_str(o, XH_OPT_METHOD, "PUT")) != NULL); /* sending */
    XT_CHECK(rec_start(&r[9], script_url(head, "http", "/x"), NULL) != NULL); /* released already */
    xh_request_retain(r[9].request);
    xh_request_release(r[9].request);
    for (int i = 3; i <= 6; i++) XT_CHECK(rec_await(&r[i], XH_EVENT_HEADERS, 1));
    XT_CHECK(script_wait_connections(silent, 1, LONG_MS));
    XT_CHECK(script_wait_received(head, 1, 10, LONG_MS));

    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    check_nothing_alive_but_handles();
    XT_CHECK_EQ(g_pull_destroyed, 1);
    for (int i = 0; i < COUNT; i++) check_stopped(&r[i]);
    XT_CHECK_EQ(xh_response_status(xh_request_response(r[3].request)), 200); /* readable as before */
    XT_CHECK(xh_request_url(r[2].request).len > 0);
    for (int i = 0; i < COUNT; i++) rec_end(&r[i]);
    xh_agent_release(agent);
    script_stop(silent);
    script_stop(head);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_HANDLES), 0);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_BUFFERS), 0);
}

XT_TEST(new_request_after_shutdown_starts_the_library_again) {
    for (int i = 0; i < 10; i++) {
        rec r = {0};
        rec_run(&r, peer_url(peer_nginx(), i % 2 ? "https" : "http", "/text"), opt_ca(NULL));
        REC_OK(&r, 200);
        rec_end(&r);
        XT_CHECK(xh_debug_live(XH_LIVE_THREADS) > 0);
        XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
        check_nothing_alive_but_handles();
        if (i % 3 == 0) XT_CHECK_EQ(xh_shutdown(0), XH_OK);
    }
}

XT_TEST(old_handles_are_refused_after_shutdown_and_released) {
    xh_agent *agent = agent_keep(NULL);
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "http", "/text"), opt_ptr(NULL, XH_OPT_AGENT, agent));
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    BODY_IS(&r, "hello from nginx\n");
    XT_CHECK_EQ(xh_wait(r.request, -1), XH_OK);
    XT_CHECK_EQ(xh_agent_set_int(agent, XH_OPT_MAX_SOCKETS, 4), XH_E_SHUTDOWN);
    XT_CHECK_EQ(xh_agent_close_free(agent), XH_E_SHUTDOWN);
    XT_CHECK_EQ(xh_agent_destroy(agent), XH_E_SHUTDOWN);
    XT_CHECK(xh_agent_id(agent) != 0);
    REFUSED("http://127.0.0.1:1/", opt_ptr(NULL, XH_OPT_AGENT, agent), XH_E_SHUTDOWN);
    xh_agent_release(agent);
    rec_end(&r);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_HANDLES), 0);
}

/* ---- where it is refused ---------------------------------------------------------------------------------------------- */

static xh_status g_in_callback[8];
static void shut_down_in_callback(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    (void)request;
    if (xh_request_event_type(event) < 8) g_in_callback[xh_request_event_type(event)] = xh_shutdown(-1);
}

static xh_status g_in_destroy;
static void shut_down_in_destroy(void *user_data) {
    (void)user_data;
    g_in_destroy = xh_shutdown(-1);
}

XT_TEST(shutdown_in_a_callback_is_refused) {
    rec r = {.hook = shut_down_in_callback};
    memset(g_in_callback, 0, sizeof g_in_callback);
    rec_run(&r, peer_url(peer_nginx(), "http", "/text"), NULL);
    REC_OK(&r, 200);
    rec_end(&r);
    XT_CHECK_EQ(g_in_callback[XH_EVENT_HEADERS], XH_E_WOULD_DEADLOCK);
    XT_CHECK_EQ(g_in_callback[XH_EVENT_DATA], XH_E_WOULD_DEADLOCK);
    XT_CHECK_EQ(g_in_callback[XH_EVENT_RESPONSE], XH_E_WOULD_DEADLOCK);
    XT_CHECK_EQ(g_in_callback[XH_EVENT_TERMINATE], XH_E_WOULD_DEADLOCK);

    xh_request_callbacks callbacks;
    xh_request *request = NULL;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.destroy = shut_down_in_destroy;
    XT_CHECK_EQ(xh_request_new(peer_url(peer_nginx(), "http", "/text"), XH_NTS, NULL, &callbacks, &request, NULL),
                XH_OK);
    XT_CHECK_EQ(xh_wait(request, LONG_MS), XH_OK);
    XT_CHECK_EQ(g_in_destroy, XH_E_WOULD_DEADLOCK);
    xh_request_release(request);
}

static xh_status g_in_hooks;
static void shut_down_on_stop(void *user_data) {
    (void)user_data;
    g_in_hooks = xh_shutdown(-1);
}

XT_TEST(shutdown_in_a_thread_hook_is_refused) {
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    XT_CHECK_EQ(xh_set_thread_hooks(NULL, shut_down_on_stop, NULL), XH_OK);
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "http", "/text"), NULL);
    rec_end(&r);
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    XT_CHECK_EQ(g_in_hooks, XH_E_WOULD_DEADLOCK);
    XT_CHECK_EQ(xh_set_thread_hooks(NULL, NULL, NULL), XH_OK);
}

/* ---- a callback that does not return, several that shut down, requests that begin meanwhile ------------------------------ */

static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_changed = PTHREAD_COND_INITIALIZER;
static int g_open;
static void wait_open(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    (void)request;
    if (xh_request_event_type(event) != XH_EVENT_HEADERS) return;
    pthread_mutex_lock(&g_lock);
    while (!g_open) pthread_cond_wait(&g_changed, &g_lock);
    pthread_mutex_unlock(&g_lock);
}

static int head_came(void *request) { return xh_request_response(request) != NULL; }

XT_TEST(shutdown_gives_up_on_a_callback_that_does_not_return) {
    rec r = {.hook = wait_open};
    g_open = 0;
    XT_REQUIRE(rec_start(&r, peer_url(peer_nginx(), "http", "/text"), NULL) != NULL);
    XT_CHECK(await(head_came, r.request));
    XT_CHECK_EQ(xh_shutdown(20), XH_TIMEOUT);
    XT_CHECK_EQ(xh_request_terminated(r.request), 0);
    pthread_mutex_lock(&g_lock);
    g_open = 1;
    pthread_cond_broadcast(&g_changed);
    pthread_mutex_unlock(&g_lock);
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    XT_CHECK_EQ(xh_request_terminated(r.request), 1);
    rec_finish(&r);
    rec_end(&r);
    check_nothing_alive_but_handles();
}

static void *shut_down(void *result) {
    *(xh_status *)result = xh_shutdown(-1);
    return NULL;
}

XT_TEST(shutdown_from_four_threads_at_once) {
    for (int round = 0; round < 10; round++) {
        pthread_t threads[4];
        xh_status results[4] = {-1, -1, -1, -1};
        rec r[4] = {{0}};
        for (int i = 0; i < 4; i++) rec_start(&r[i], peer_url(peer_nginx(), "http", "/slow/1m.bin"), NULL);
        for (int i = 0; i < 4; i++) XT_CHECK_EQ(pthread_create(&threads[i], NULL, shut_down, &results[i]), 0);
        for (int i = 0; i < 4; i++) {
            pthread_join(threads[i], NULL);
            XT_CHECK_EQ(results[i], XH_OK);
        }
        for (int i = 0; i < 4; i++) {
            check_stopped(&r[i]);
            rec_end(&r[i]);
        }
    }
}

static int g_stop, g_refused;
static void *start_requests(void *url) {
    while (!__atomic_load_n(&g_stop, __ATOMIC_SEQ_CST)) {
        rec r = {0};
        xh_error *err = NULL;
        if (rec_start_err(&r, url, NULL, &err) != NULL) {
            rec_finish(&r);
            XT_CHECK_EQ(rec_count(&r, XH_EVENT_TERMINATE), 1);
            if (rec_count(&r, XH_EVENT_ERROR)) REC_FAILED(&r, XH_E_SHUTDOWN, -1);
        } else {
            __atomic_fetch_add(&g_refused, 1, __ATOMIC_SEQ_CST);
            XT_CHECK_EQ(r.made, XH_E_SHUTDOWN);
            XT_CHECK_EQ(r.destroyed, 0);
        }
        xh_error_free(err);
        rec_end(&r);
    }
    return NULL;
}

XT_TEST(shutdown_while_other_threads_start_requests) {
    const char *url = peer_url(peer_nginx(), "http", "/text");
    pthread_t threads[3];
    g_stop = 0;
    for (int i = 0; i < 3; i++) XT_CHECK_EQ(pthread_create(&threads[i], NULL, start_requests, (void *)url), 0);
    for (int i = 0; i < 50; i++) XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    __atomic_store_n(&g_stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 3; i++) pthread_join(threads[i], NULL);
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    check_nothing_alive_but_handles();
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_HANDLES), 0);
}

/* ---- loops of the caller and queues -------------------------------------------------------------------------------------- */

XT_TEST(shutdown_ends_requests_of_an_idle_loop_of_the_caller) {
    xh_loop *loop = NULL;
    rec r = {0};
    XT_CHECK_EQ(xh_loop_new(&loop), XH_OK);
    XT_REQUIRE(rec_start(&r, peer_url(peer_nginx(), "http", "/slow/1m.bin"), opt_ptr(NULL, XH_OPT_LOOP, loop)) != NULL);
    while (rec_count(&r, XH_EVENT_HEADERS) == 0) XT_CHECK_EQ(xh_loop_poll(loop, LONG_MS), XH_OK);
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    check_stopped(&r);
    check_nothing_alive_but_handles();
    XT_CHECK_EQ(xh_loop_poll(loop, 0), XH_E_SHUTDOWN);
    rec_end(&r);
    xh_loop_release(loop);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_HANDLES), 0);
}

static void *run_loop(void *loop) {
    xh_status status = xh_loop_run(loop);
    if (status != XH_OK && status != XH_E_SHUTDOWN) XT_FAIL("xh_loop_run: %s", xh_status_name(status));
    return NULL;
}

XT_TEST(shutdown_ends_requests_of_a_loop_that_another_thread_drives) {
    pthread_t thread;
    xh_loop *loop = NULL;
    rec r = {0};
    XT_CHECK_EQ(xh_loop_new(&loop), XH_OK);
    XT_CHECK_EQ(pthread_create(&thread, NULL, run_loop, loop), 0);
    XT_CHECK(rec_start(&r, peer_url(peer_nginx(), "http", "/slow/1m.bin"), opt_ptr(NULL, XH_OPT_LOOP, loop)) != NULL);
    XT_CHECK(rec_await(&r, XH_EVENT_HEADERS, 1));
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    check_stopped(&r);
    xh_loop_stop(loop);
    pthread_join(thread, NULL);
    rec_end(&r);
    xh_loop_release(loop);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_HANDLES), 0);
}

XT_TEST(shutdown_puts_the_last_event_into_queues) {
    xh_queue *queue = NULL;
    xh_event events[16];
    xh_request *request = NULL;
    int terminates = 0;
    XT_CHECK_EQ(xh_queue_new(&queue), XH_OK);
    xh_options *o = opt_ptr(NULL, XH_OPT_QUEUE, queue);
    XT_CHECK_EQ(xh_request_new(peer_url(peer_nginx(), "http", "/slow/1m.bin"), XH_NTS, o, NULL, &request, NULL), XH_OK);
    xh_options_release(o);
    XT_CHECK(await(head_came, request));
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    for (;;) {
        int64_t n = xh_queue_drain(queue, events, 16, sizeof events[0]);
        XT_CHECK(n >= 0);
        if (n <= 0) break;
        for (int64_t i = 0; i < n; i++) {
            XT_CHECK_EQ(terminates, 0);
            terminates += events[i].type == XH_EVENT_TERMINATE;
            if (events[i].type == XH_EVENT_TERMINATE) XT_CHECK_EQ(events[i].status, XH_E_SHUTDOWN);
        }
        xh_event_done(events, (size_t)n, sizeof events[0]);
    }
    XT_CHECK_EQ(terminates, 1);
    xh_request_release(request);
    xh_queue_release(queue);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_HANDLES), 0);
}

int main(int argc, char **argv) { return live_main("shutdown", argc, argv); }
