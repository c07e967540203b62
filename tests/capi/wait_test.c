/* xh_wait (Q27). */
#include "support.h"

#define GATED "read-head\nemit got\nwait-signal go\n" SEND_OK

XT_TEST(q27_it_returns_when_the_request_has_ended) {
    rec r = {0};
    script_peer *p = script_start(GATED);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), NULL) != NULL);
    script_signal(p, "go");
    XT_CHECK_EQ(xh_wait(r.request, -1), XH_OK);
    XT_CHECK_EQ(r.destroyed, 1);
    XT_CHECK_EQ(xh_request_terminated(r.request), 1);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q27_it_returns_when_the_time_is_up) {
    rec r = {0};
    script_peer *p = script_start(GATED);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), NULL) != NULL);
    int64_t before = now_ns();
    XT_CHECK_EQ(xh_wait(r.request, 60), XH_TIMEOUT);
    XT_CHECK(now_ns() - before >= (int64_t)59 * 1000000);
    XT_CHECK_EQ(xh_request_terminated(r.request), 0);
    script_signal(p, "go");
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q27_it_returns_at_once_when_the_request_has_ended_already) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    XT_CHECK_EQ(xh_wait(r.request, -1), XH_OK);
    XT_CHECK_EQ(xh_wait(r.request, 0), XH_OK);
    rec_end(&r);
}

XT_TEST(q27_zero_asks_only) {
    rec r = {0};
    script_peer *p = script_start(GATED);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), NULL) != NULL);
    XT_CHECK_EQ(xh_wait(r.request, 0), XH_TIMEOUT);
    script_signal(p, "go");
    rec_finish(&r);
    rec_end(&r);
    script_stop(p);
}

static void *waiter(void *request) {
    XT_CHECK_EQ(xh_wait((xh_request *)request, LONG_MS), XH_OK);
    XT_CHECK_EQ(xh_request_terminated((xh_request *)request), 1);
    xh_request_release((xh_request *)request);
    return NULL;
}

XT_TEST(q27_several_threads_wait_for_one_request) {
    rec r = {0};
    pthread_t threads[4];
    script_peer *p = script_start(GATED);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), NULL) != NULL);
    for (int i = 0; i < 4; i++) {
        xh_request_retain(r.request);
        if (pthread_create(&threads[i], NULL, waiter, r.request) != 0) abort();
    }
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    script_signal(p, "go");
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q27_terminate_and_wait_is_a_barrier) {
    for (int i = 0; i < 100; i++) {
        rec r = {0};
        XT_REQUIRE(rec_start(&r, peer_url(peer_nginx(), "http", "/file/64k.bin"), NULL) != NULL);
        xh_terminate(r.request);
        XT_CHECK_EQ(xh_wait(r.request, LONG_MS), XH_OK);
        XT_CHECK_EQ(r.destroyed, 1);
        rec_end(&r);
    }
}

/* A callback of one request that waits for another of the same loop would wait for its own thread. */
static rec g_other;

static void wait_for_other(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    (void)request;
    if (xh_request_event_type(event) == XH_EVENT_HEADERS)
        XT_CHECK_EQ(xh_wait(g_other.request, LONG_MS), XH_E_WOULD_DEADLOCK);
}

XT_TEST(q27_waiting_for_another_of_the_same_loop_in_a_callback_would_deadlock) {
    rec r = {0};
    script_peer *p = script_start(GATED);
    memset(&g_other, 0, sizeof g_other);
    XT_REQUIRE(rec_start(&g_other, script_url(p, "http", "/"), NULL) != NULL);
    r.hook = wait_for_other;
    rec_run(&r, peer_url(peer_nginx(), "http", "/text"), NULL);
    REC_OK(&r, 200);
    script_signal(p, "go");
    rec_finish(&g_other);
    rec_end(&g_other);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q27_no_request_is_an_invalid_argument) { XT_CHECK_EQ(xh_wait(NULL, 0), XH_E_INVALID_ARGUMENT); }

CAPI_MAIN("wait")
