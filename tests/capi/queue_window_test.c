/* The queue mode (ffi 1.9): its window, what events hold, what becomes of events that nobody drains. */
#define _GNU_SOURCE
#include <poll.h>
#include <unistd.h>

#include "process.h"
#include "support.h"

static xh_queue *new_queue(void) {
    xh_queue *queue = NULL;
    XT_CHECK_EQ(xh_queue_new(&queue), XH_OK);
    return queue;
}

/* The body comes as events only. */
static xh_options *into(xh_queue *queue, int64_t token) {
    xh_options *o = opt_int(opt_ptr(opt_ca(NULL), XH_OPT_QUEUE, queue), XH_OPT_TOKEN, token);
    return opt_int(o, XH_OPT_RETURN_RESPONSE_BODY, 0);
}

static xh_request *start(const char *url, xh_options *o) {
    xh_request *request = NULL;
    xh_error *err = NULL;
    if (xh_request_new(url, XH_NTS, o, NULL, &request, &err) != XH_OK) XT_FAIL("%s", xh_error_message(err).ptr);
    xh_error_free(err);
    xh_options_release(o);
    return request;
}

static int readable(xh_queue *queue, int timeout_ms) {
    struct pollfd p = {.fd = xh_queue_fd(queue), .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1 && (p.revents & POLLIN);
}

/* The next event; waits for it. 0 when none comes. */
static int next(xh_queue *queue, xh_event *event) {
    int64_t n = xh_queue_drain(queue, event, 1, sizeof *event);
    if (n == 0) {
        if (!readable(queue, LONG_MS)) return XT_FAIL("no event comes");
        n = xh_queue_drain(queue, event, 1, sizeof *event);
    }
    if (n != 1) XT_FAIL("drain gives %lld though the descriptor is readable", (long long)n);
    return n == 1;
}

static void done(xh_event *event) { xh_event_done(event, 1, sizeof *event); }

/* ---- the window -------------------------------------------------------------------------------------------------------- */

XT_TEST(l07_queue_holds_no_more_than_the_window_until_events_are_done) {
    enum { WINDOW = 65536, MOST = 4096 };
    static xh_event held[MOST];
    xh_queue *queue = new_queue();
    script_peer *p = script_start("capture off\nread-head\nsend 'HTTP/1.1 200 OK" NL "content-length: 67108864" NL NL
                                  "'\nsend-pattern 64M");
    xh_request *request = start(script_url(p, "http", "/x"), opt_int(into(queue, 9), XH_OPT_RECEIVE_WINDOW, WINDOW));
    uint64_t offset = 0, most = 0;
    int ended = 0;
    while (!ended) {
        /* Takes all that comes without giving anything back: the window is the limit. */
        uint64_t pending = 0;
        size_t count = 0;
        while (count < MOST && !ended && pending < WINDOW && readable(queue, pending > 0 ? 20 : LONG_MS)) {
            int64_t n = xh_queue_drain(queue, held + count, MOST - count, sizeof held[0]);
            for (int64_t i = 0; i < n; i++) {
                xh_event *e = &held[count + (size_t)i];
                ended |= e->type == XH_EVENT_TERMINATE;
                if (e->type != XH_EVENT_DATA) continue;
                if (net_pattern_check(e->data.ptr, offset, e->data.len) != -1)
                    XT_FAIL("wrong byte at %" PRIu64, offset);
                offset += e->data.len;
                pending += e->data.len;
            }
            count += n > 0 ? (size_t)n : 0;
        }
        if (count == 0) {
            XT_FAIL("no event comes at byte %" PRIu64, offset);
            break;
        }
        if (pending > most) most = pending;
        if (pending == WINDOW && offset < 64 << 20) {
            xh_event e; /* shut: nothing may come before something is given back */
            XT_CHECK_EQ(xh_queue_drain(queue, &e, 1, sizeof e), 0);
        }
        xh_event_done(held, count, sizeof held[0]);
    }
    XT_CHECK(most <= WINDOW);
    XT_CHECK_EQ(offset, 64 << 20);
    XT_CHECK_EQ(xh_wait(request, LONG_MS), XH_OK);
    XT_CHECK_EQ(xh_request_error_count(request), 0);
    xh_request_release(request);
    xh_queue_release(queue);
    script_stop(p);
}

static script_peer *g_peer;
static uint64_t g_sent;
static int stands_still(void *unused) {
    (void)unused;
    uint64_t sent = script_sent_bytes(g_peer, 1);
    int still = sent == g_sent && sent > 0;
    g_sent = sent;
    sleep_ms(20);
    return still;
}

XT_TEST(l07_queue_that_nobody_drains_does_not_grow) {
    xh_queue *queue = new_queue();
    g_sent = 0;
    g_peer = script_start("capture off\nsndbuf 65536\nread-head\nsend 'HTTP/1.1 200 OK" NL
                          "content-length: 268435456" NL NL "'\nsend-zero 256M");
    int64_t bytes = malloc_bytes(), own = xh_debug_live(XH_LIVE_BYTES);
    xh_request *request = start(script_url(g_peer, "http", "/x"), into(queue, 9));
    XT_CHECK(await(stands_still, NULL));
    XT_CHECK(g_sent < 256u << 20);
    XT_CHECK(malloc_bytes() - bytes < 1 << 20);
    XT_CHECK(xh_debug_live(XH_LIVE_BYTES) - own < 1 << 20);
    XT_CHECK_EQ(xh_terminate(request), XH_OK);
    XT_CHECK_EQ(xh_wait(request, LONG_MS), XH_OK); /* nobody needs to drain for that */
    xh_event e;
    int terminates = 0;
    while (xh_queue_drain(queue, &e, 1, sizeof e) == 1) {
        XT_CHECK_EQ(terminates, 0);
        terminates += e.type == XH_EVENT_TERMINATE;
        done(&e);
    }
    XT_CHECK_EQ(terminates, 1);
    xh_request_release(request);
    xh_queue_release(queue);
    script_stop(g_peer);
}

/* ---- what events hold --------------------------------------------------------------------------------------------------- */

XT_TEST(l07_events_keep_their_request_and_data_until_done_and_longer_when_retained) {
    xh_queue *queue = new_queue();
    xh_event e[64];
    size_t count = 0;
    xh_buf *kept = NULL;
    xh_request_release(start(peer_url(peer_nginx(), "http", "/text"), into(queue, 5)));
    do {
        if (count == 64 || !next(queue, &e[count])) break;
    } while (e[count++].type != XH_EVENT_TERMINATE);
    xh_queue_release(queue); /* events that were drained stay */
    for (size_t i = 0; i < count; i++) {
        XT_CHECK_EQ(xh_request_id(e[i].request), e[i].id);
        XT_CHECK_EQ(e[i].buf != NULL, e[i].type == XH_EVENT_DATA);
        if (e[i].type != XH_EVENT_DATA) continue;
        XT_CHECK_VIEW(e[i].data, "hello from nginx\n");
        XT_CHECK(xh_buf_data(e[i].buf).ptr == e[i].data.ptr && xh_buf_data(e[i].buf).len == e[i].data.len);
        if (kept == NULL) kept = xh_buf_retain(e[i].buf);
    }
    xh_event_done(e, count, sizeof e[0]);
    XT_CHECK_VIEW(xh_buf_data(kept), "hello from nginx\n");
    xh_buf_release(kept);
}

XT_TEST(l07_token_may_be_used_again_after_terminate_and_interim_answers_are_events) {
    xh_queue *queue = new_queue();
    xh_event e;
    for (int round = 0; round < 3; round++) {
        script_peer *p = script_start("read-head\nsend 'HTTP/1.1 103 Early Hints" NL NL "'\nstall");
        xh_request *request = start(script_url(p, "http", "/x"), into(queue, 1));
        XT_CHECK(next(queue, &e) && e.type == XH_EVENT_INFORMATION);
        XT_CHECK_EQ(e.status, 103);
        XT_CHECK_EQ(e.token, 1);
        XT_CHECK_EQ(e.id, xh_request_id(request));
        done(&e);
        XT_CHECK_EQ(xh_terminate(request), XH_OK);
        XT_CHECK(next(queue, &e) && e.type == XH_EVENT_ERROR);
        XT_CHECK_EQ(e.status, XH_E_CANCELLED);
        done(&e);
        XT_CHECK(next(queue, &e) && e.type == XH_EVENT_TERMINATE);
        XT_CHECK_EQ(e.status, XH_E_CANCELLED);
        done(&e);
        XT_CHECK_EQ(xh_wait(request, LONG_MS), XH_OK);
        XT_CHECK_EQ(xh_queue_drain(queue, &e, 1, sizeof e), 0);
        xh_request_release(request);
        script_stop(p);
    }
    xh_queue_release(queue);
}

/* ---- events that nobody drains: what is alive is compared after each test ---------------------------------------------------- */

XT_TEST(l07_queue_released_after_the_end_gives_undrained_events_back) {
    xh_queue *queue = new_queue();
    xh_request *requests[8];
    for (int i = 0; i < 8; i++) requests[i] = start(peer_url(peer_nginx(), "http", "/file/64k.bin"), into(queue, i));
    for (int i = 0; i < 8; i++) XT_CHECK_EQ(xh_wait(requests[i], LONG_MS), XH_OK);
    xh_queue_release(queue);
    for (int i = 0; i < 8; i++) xh_request_release(requests[i]);
}

XT_TEST(l07_queue_released_before_the_end_gives_undrained_events_back) {
    xh_queue *queue = new_queue();
    xh_request *requests[8];
    for (int i = 0; i < 8; i++) requests[i] = start(peer_url(peer_nginx(), "http", "/file/1m.bin"), into(queue, i));
    xh_queue_release(queue);
    for (int i = 0; i < 8; i++) {
        XT_CHECK_EQ(xh_terminate(requests[i]), XH_OK);
        XT_CHECK_EQ(xh_wait(requests[i], LONG_MS), XH_OK);
        xh_request_release(requests[i]);
    }
}

static int64_t g_handles;
static int handles_are_back(void *unused) {
    (void)unused;
    return xh_debug_live(XH_LIVE_HANDLES) <= g_handles;
}

XT_TEST(l07_queue_released_while_requests_run_that_nobody_holds) {
    g_handles = xh_debug_live(XH_LIVE_HANDLES);
    /* More than the window: it can be taken only because nobody waits for it any more. */
    xh_queue *queue = new_queue();
    for (int i = 0; i < 4; i++)
        xh_request_release(
            start(peer_url(peer_nginx(), i % 2 ? "http" : "https", "/file/1m.bin"), opt_alone(into(queue, i))));
    xh_queue_release(queue);
    XT_CHECK(await(handles_are_back, NULL));
}

/* ---- refusals ------------------------------------------------------------------------------------------------------------- */

static int g_called;
static void on_any(xh_request *request, const xh_request_event *event, void *user_data) {
    (void)request;
    (void)event;
    (void)user_data;
    g_called++;
}
static void on_destroy(void *user_data) {
    (void)user_data;
    g_called++;
}

XT_TEST(l07_refused_requests_put_nothing_into_the_queue_and_call_nothing) {
    xh_queue *queue = new_queue();
    xh_options *o = into(queue, 1);
    xh_request_callbacks callbacks;
    xh_request *request = NULL;
    xh_error *err = NULL;
    xh_event e;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.on_terminate = on_any;
    callbacks.destroy = on_destroy;
    g_called = 0;
    XT_CHECK_EQ(xh_request_new("http://127.0.0.1:1/", XH_NTS, o, &callbacks, &request, &err), XH_E_OPTION_CONFLICT);
    XT_CHECK(request == NULL);
    XT_CHECK(err != NULL && xh_error_message(err).len > 0);
    xh_error_free(err);
    XT_CHECK_EQ(g_called, 0);
    XT_CHECK_EQ(xh_request_new("http://", XH_NTS, o, NULL, &request, NULL), XH_E_INVALID_URL);
    XT_CHECK_EQ(xh_queue_drain(queue, &e, 1, sizeof e), 0);
    XT_CHECK_EQ(xh_queue_drain(queue, &e, 0, sizeof e), 0);
    XT_CHECK_EQ(xh_queue_drain(queue, NULL, 1, sizeof e), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_queue_new(NULL), XH_E_INVALID_ARGUMENT);
    xh_event_done(NULL, 0, sizeof e);
    xh_options_release(o);
    xh_queue_release(queue);
}

/* ---- with a loop of the caller, and with another thread that drains --------------------------------------------------------- */

XT_TEST(l07_queue_on_a_loop_of_the_caller) {
    xh_queue *queue = new_queue();
    xh_loop *loop = NULL;
    xh_event e[64];
    int terminates = 0;
    XT_CHECK_EQ(xh_loop_new(&loop), XH_OK);
    xh_request *request = start(peer_url(peer_nginx(), "https", "/text"), opt_ptr(into(queue, 3), XH_OPT_LOOP, loop));
    XT_CHECK_EQ(xh_queue_drain(queue, e, 64, sizeof e[0]), 0); /* nobody has driven the loop */
    while (terminates == 0) {
        XT_CHECK_EQ(xh_loop_poll(loop, -1), XH_OK);
        int64_t n = xh_queue_drain(queue, e, 64, sizeof e[0]);
        for (int64_t i = 0; i < n; i++) terminates += e[i].type == XH_EVENT_TERMINATE;
        if (n > 0) xh_event_done(e, (size_t)n, sizeof e[0]);
    }
    XT_CHECK_EQ(terminates, 1);
    XT_CHECK_EQ(xh_wait(request, LONG_MS), XH_OK);
    XT_CHECK_EQ(xh_response_status(xh_request_response(request)), 200);
    xh_request_release(request);
    xh_loop_release(loop);
    xh_queue_release(queue);
}

static int g_terminates;
static void *drain_thread(void *queue) {
    xh_event e[16];
    while (g_terminates < 100) {
        if (!readable(queue, LONG_MS)) {
            XT_FAIL("no event comes");
            return NULL;
        }
        int64_t n = xh_queue_drain(queue, e, 16, sizeof e[0]);
        for (int64_t i = 0; i < n; i++) {
            g_terminates += e[i].type == XH_EVENT_TERMINATE;
            if (e[i].type == XH_EVENT_HEADERS && e[i].token % 5 == 0) xh_terminate(e[i].request);
        }
        if (n > 0) xh_event_done(e, (size_t)n, sizeof e[0]);
    }
    return NULL;
}

XT_TEST(l07_queue_drained_by_one_thread_while_another_starts_and_cancels) {
    xh_queue *queue = new_queue();
    pthread_t thread;
    g_terminates = 0;
    XT_CHECK_EQ(pthread_create(&thread, NULL, drain_thread, queue), 0);
    for (int i = 0; i < 100; i++) {
        xh_request *request = start(peer_url(peer_nginx(), "http", "/file/64k.bin"), into(queue, i));
        if (i % 3 == 0) xh_terminate(request);
        xh_request_release(request);
    }
    pthread_join(thread, NULL);
    XT_CHECK_EQ(g_terminates, 100);
    xh_queue_release(queue);
}

CAPI_MAIN("queue_window")
