/* Queue mode (L07): events are drained, nothing is called back. */
#define _GNU_SOURCE
#include "support.h"

#include <fcntl.h>
#include <poll.h>

static xh_queue *make_queue(void) {
    xh_queue *queue = NULL;
    XT_CHECK_EQ(xh_queue_new(&queue), XH_OK);
    return queue;
}

/* Data comes as events when the body is not collected. */
static xh_options *to(xh_queue *queue, int64_t token) {
    xh_options *o = opt_int(opt_ptr(NULL, XH_OPT_QUEUE, queue), XH_OPT_TOKEN, token);
    return opt_int(o, XH_OPT_RETURN_RESPONSE_BODY, 0);
}

static xh_request *start(const char *url, xh_options *o) {
    xh_request *request = NULL;
    XT_CHECK_EQ(xh_request_new(url, XH_NTS, o, NULL, &request, NULL), XH_OK);
    xh_options_release(o);
    return request;
}

/* Waits on the descriptor, then takes up to n events. */
static int64_t next(xh_queue *queue, xh_event *events, size_t n) {
    struct pollfd p;
    p.fd = xh_queue_fd(queue);
    p.events = POLLIN;
    p.revents = 0;
    if (poll(&p, 1, LONG_MS) != 1) XT_FAIL("no event came");
    return xh_queue_drain(queue, events, n, sizeof(xh_event));
}

typedef struct tally {
    char order[64];
    uint64_t bytes;
    int64_t wrong;
    xh_status last;
    int ended;
} tally;

static void count(tally *t, const xh_event *e) {
    static const char letters[] = "?IHDRET>ud?";
    size_t n = strlen(t->order);
    char c = e->type >= 1 && e->type <= 10 ? letters[e->type] : '?';
    if (n + 1 < sizeof t->order && c != 'u' && c != 'd' && !(c == 'D' && n > 0 && t->order[n - 1] == 'D'))
        t->order[n] = c;
    if (e->type == XH_EVENT_DATA) {
        if (e->buf == NULL || e->data.len == 0) t->wrong++;
        if (net_pattern_check(e->data.ptr, t->bytes, e->data.len) != -1) t->wrong++;
        t->bytes += e->data.len;
    } else if (e->buf != NULL) {
        t->wrong++;
    }
    if (e->type == XH_EVENT_TERMINATE) {
        t->ended++;
        t->last = e->status;
    }
}

static void drain_to_the_end(xh_queue *queue, tally *t, uint64_t token) {
    xh_event events[16];
    while (!t->ended) {
        int64_t n = next(queue, events, 16);
        if (n < 0) {
            XT_FAIL("drain gave %lld", (long long)n);
            return;
        }
        for (int64_t i = 0; i < n; i++) {
            if (events[i].token != token || events[i].request == NULL ||
                events[i].id != xh_request_id(events[i].request))
                t->wrong++;
            count(t, &events[i]);
        }
        xh_event_done(events, (size_t)n, sizeof(xh_event));
    }
    XT_CHECK_EQ(t->wrong, 0);
}

XT_TEST(l07_events_of_a_response) {
    tally t = {{0}, 0, 0, 0, 0};
    xh_queue *queue = make_queue();
    xh_request *request = start(peer_url(peer_nginx(), "http", "/file/1m.bin"), to(queue, 42));
    drain_to_the_end(queue, &t, 42);
    XT_CHECK_STR(t.order, "HDRT");
    XT_CHECK_EQ(t.bytes, 1 << 20);
    XT_CHECK_EQ(t.last, XH_OK);
    XT_CHECK_EQ(xh_response_status(xh_request_response(request)), 200);
    xh_request_release(request);
    xh_queue_release(queue);
}

XT_TEST(l07_a_collected_body_comes_without_data_events) {
    tally t = {{0}, 0, 0, 0, 0};
    xh_queue *queue = make_queue();
    xh_request *request =
        start(peer_url(peer_nginx(), "http", "/file/64k.bin"), opt_int(to(queue, 1), XH_OPT_RETURN_RESPONSE_BODY, 1));
    drain_to_the_end(queue, &t, 1);
    XT_CHECK_STR(t.order, "HRT");
    XT_CHECK_EQ(xh_response_body(xh_request_response(request)).len, 65536);
    xh_request_release(request);
    xh_queue_release(queue);
}

XT_TEST(l07_a_body_as_large_as_the_window_ends_before_it_is_given_back) {
    xh_event events[64];
    size_t n = 0;
    int ended = 0;
    xh_queue *queue = make_queue();
    xh_request *request =
        start(peer_url(peer_nginx(), "http", "/file/64k.bin"), opt_int(to(queue, 1), XH_OPT_RECEIVE_WINDOW, 65536));
    while (!ended && n < 64) {
        int64_t got = next(queue, events + n, 64 - n);
        if (!XT_CHECK(got > 0)) break;
        n += (size_t)got;
        ended = events[n - 1].type == XH_EVENT_TERMINATE;
    }
    XT_CHECK(ended);
    xh_event_done(events, n, sizeof(xh_event));
    xh_request_release(request);
    xh_queue_release(queue);
}

XT_TEST(l07_events_of_an_error) {
    tally t = {{0}, 0, 0, 0, 0};
    xh_queue *queue = make_queue();
    xh_request *request = start(fmt("http://127.0.0.1:%d/", refused_port()), to(queue, 1));
    drain_to_the_end(queue, &t, 1);
    XT_CHECK_STR(t.order, "ET");
    XT_CHECK_EQ(t.last, XH_E_CONNECTION_REFUSED);
    XT_CHECK_EQ(xh_request_error_count(request) > 0, 1);
    xh_request_release(request);
    xh_queue_release(queue);
}

XT_TEST(l07_events_of_a_cancelled_request) {
    tally t = {{0}, 0, 0, 0, 0};
    xh_queue *queue = make_queue();
    script_peer *p = script_start("read-head\nemit got\nexpect-closed");
    xh_request *request = start(script_url(p, "http", "/"), to(queue, 1));
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    xh_terminate(request);
    drain_to_the_end(queue, &t, 1);
    XT_CHECK_STR(t.order, "ET");
    XT_CHECK_EQ(t.last, XH_E_CANCELLED);
    xh_request_release(request);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
    xh_queue_release(queue);
}

XT_TEST(l07_an_undrained_queue_is_bounded_by_the_window) {
    tally t = {{0}, 0, 0, 0, 0};
    xh_queue *queue = make_queue();
    xh_options *o = opt_int(to(queue, 1), XH_OPT_RECEIVE_WINDOW, 65536);
    int64_t bytes = xh_debug_live(XH_LIVE_BYTES);
    script_peer *p =
        script_start("read-head\n" HEAD_OK "content-length: 67108864" NL NL "'\nsend-pattern 67108864\nwait-close");
    xh_request *request = start(script_url(p, "http", "/"), o);
    XT_CHECK_EQ(xh_wait(request, 300), XH_TIMEOUT);
    XT_CHECK(xh_debug_live(XH_LIVE_BYTES) - bytes < 1 << 20);
    drain_to_the_end(queue, &t, 1);
    XT_CHECK_EQ(t.bytes, 64 << 20);
    xh_request_release(request);
    script_stop(p);
    xh_queue_release(queue);
}

XT_TEST(l07_the_descriptor_is_nonblocking_and_silent_without_events) {
    xh_queue *queue = make_queue();
    xh_event event;
    struct pollfd p;
    p.fd = xh_queue_fd(queue);
    p.events = POLLIN;
    p.revents = 0;
    XT_CHECK(p.fd >= 0 && (fcntl(p.fd, F_GETFL) & O_NONBLOCK) != 0 && (fcntl(p.fd, F_GETFD) & FD_CLOEXEC) != 0);
    XT_CHECK_EQ(poll(&p, 1, 0), 0);
    XT_CHECK_EQ(xh_queue_drain(queue, &event, 1, sizeof event), 0);
    XT_CHECK_EQ(xh_queue_fd(NULL), -1);
    xh_queue_release(queue);
    xh_queue_release(NULL);
}

XT_TEST(l07_the_descriptor_falls_silent_when_all_is_drained) {
    tally t = {{0}, 0, 0, 0, 0};
    struct pollfd p;
    xh_queue *queue = make_queue();
    xh_request *request = start(peer_url(peer_nginx(), "http", "/file/128.bin"), to(queue, 1));
    drain_to_the_end(queue, &t, 1);
    p.fd = xh_queue_fd(queue);
    p.events = POLLIN;
    p.revents = 0;
    XT_CHECK_EQ(poll(&p, 1, 0), 0);
    xh_request_release(request);
    xh_queue_release(queue);
}

XT_TEST(l07_the_size_of_an_event_is_checked) {
    char bytes[sizeof(xh_event) + 64];
    xh_queue *queue = make_queue();
    XT_CHECK_EQ(xh_queue_drain(queue, (xh_event *)(void *)bytes, 1, sizeof bytes), XH_E_UNKNOWN_SIZE);
    XT_CHECK_EQ(xh_queue_drain(NULL, (xh_event *)(void *)bytes, 1, sizeof(xh_event)), XH_E_INVALID_ARGUMENT);
    xh_queue_release(queue);
}

XT_TEST(l07_callbacks_and_a_queue_exclude_each_other) {
    xh_queue *queue = make_queue();
    REFUSED("http://127.0.0.1/", to(queue, 1), XH_E_OPTION_CONFLICT);
    xh_queue_release(queue);
}

XT_TEST(l07_many_requests_share_a_queue) {
    enum { N = 50 };
    static tally t[N];
    memset(t, 0, sizeof t);
    xh_event events[64];
    xh_queue *queue = make_queue();
    const char *url = fmt("%s", peer_url(peer_nginx(), "http", "/file/64k.bin"));
    int ended = 0;
    for (int i = 0; i < N; i++) xh_request_release(start(url, to(queue, i)));
    while (ended < N) {
        int64_t n = next(queue, events, 64);
        if (!XT_CHECK(n >= 0)) break;
        for (int64_t i = 0; i < n; i++) {
            count(&t[events[i].token], &events[i]);
            ended += events[i].type == XH_EVENT_TERMINATE;
        }
        xh_event_done(events, (size_t)n, sizeof(xh_event));
    }
    for (int i = 0; i < N; i++) {
        XT_CHECK_STR(t[i].order, "HDRT");
        XT_CHECK_EQ(t[i].bytes, 65536);
        XT_CHECK_EQ(t[i].wrong, 0);
    }
    xh_queue_release(queue);
}

XT_TEST(l07_events_that_nobody_drained_are_given_back) {
    xh_queue *queue = make_queue();
    xh_request *request = start(peer_url(peer_nginx(), "http", "/file/64k.bin"), to(queue, 1));
    sleep_ms(50);
    XT_CHECK(xh_queue_retain(queue) == queue);
    xh_queue_release(queue);
    xh_terminate(request);
    xh_wait(request, 200); /* an event that waits may keep it from ending; the counters of the test decide */
    xh_request_release(request);
    xh_queue_release(queue);
}

CAPI_MAIN("queue")
