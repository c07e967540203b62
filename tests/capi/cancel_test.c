/* xh_terminate from another thread in each phase (Q26). How long it took is printed; only a generous bound decides. */
#include "support.h"

#include <time.h>

static int64_t g_worst_ns;

/* Ends a request that is under way, and sees that it ends at once with XH_E_CANCELLED. */
static void cancel(rec *r, const char *phase_name, int32_t phase) {
    int64_t before = now_ns(), called;
    XT_CHECK_EQ(xh_terminate(r->request), XH_OK);
    called = now_ns() - before;
    rec_finish(r);
    int64_t took = r->terminate_ns - before;
    if (took > g_worst_ns) g_worst_ns = took;
    printf("[%s: call %lld us, on_terminate after %lld us] ", phase_name, (long long)called / 1000,
           (long long)took / 1000);
    XT_CHECK(took < (int64_t)2000 * 1000000);
    REC_FAILED(r, XH_E_CANCELLED, phase);
    XT_CHECK_EQ(xh_status_kind(XH_E_CANCELLED), XH_KIND_CANCELLED);
    XT_CHECK(strchr(r->order, 'R') == NULL);
}

XT_TEST(q26_while_queued) {
    rec first = {0}, r = {0};
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 1));
    script_peer *p = script_start("read-head\nemit got\nwait-signal go\n" SEND_OK "wait-close");
    XT_REQUIRE(rec_start(&first, script_url(p, "http", "/x"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/y"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(agent_await(agent, XH_COUNT_QUEUED, 1));
    cancel(&r, "queued", XH_PHASE_QUEUE);
    XT_CHECK(agent_await(agent, XH_COUNT_QUEUED, 0));
    script_signal(p, "go");
    rec_finish(&first);
    REC_OK(&first, 200);
    rec_end(&first);
    rec_end(&r);
    script_stop(p);
    xh_agent_release(agent);
}

XT_TEST(q26_while_resolving) {
    /* No resolver can be made to hang from outside; the moment after the start is as near as it goes. */
    for (int i = 0; i < 10; i++) {
        rec r = {0};
        XT_REQUIRE(rec_start(&r, fmt("http://name-%d.does-not-exist.invalid/", i), NULL) != NULL);
        xh_terminate(r.request);
        rec_finish(&r);
        XT_CHECK(xh_error_status(rec_error(&r)) == XH_E_CANCELLED ||
                 xh_status_kind(xh_error_status(rec_error(&r))) == XH_KIND_DNS);
        rec_end(&r);
    }
}

/* Waits until the request is in that state of its first hop: moment `done` has come. */
struct hop_at {
    xh_request *request;
    int32_t moment;
};

static int reached(void *arg) {
    const struct hop_at *h = (const struct hop_at *)arg;
    return xh_request_hop_count(h->request) > 0 && xh_request_hop_time(h->request, 0, h->moment) >= 0;
}

static void await_moment(rec *r, int32_t moment) {
    struct hop_at h;
    h.request = r->request;
    h.moment = moment;
    XT_CHECK(await(reached, &h));
}

XT_TEST(q26_while_connecting) {
    rec r = {0};
    XT_REQUIRE(rec_start(&r, fmt("http://127.0.0.1:%d/", deaf_port()), NULL) != NULL);
    await_moment(&r, XH_TIME_QUEUE_END);
    cancel(&r, "connecting", XH_PHASE_CONNECT);
    XT_CHECK_EQ(xh_error_request_sent(rec_error(&r)), 0);
    rec_end(&r);
}

XT_TEST(q26_while_the_proxy_makes_a_tunnel) {
    rec r = {0};
    script_peer *p = script_start("read-head\nemit got\nexpect-closed");
    XT_REQUIRE(rec_start(&r, "https://server.test/",
                         opt_str(NULL, XH_OPT_PROXY, fmt("http://127.0.0.1:%d", script_port(p)))) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    cancel(&r, "proxy", XH_PHASE_PROXY);
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(q26_in_the_handshake) {
    rec r = {0};
    script_peer *p = script_start("read-some\nemit got\nexpect-closed");
    XT_REQUIRE(rec_start(&r, script_url(p, "https", "/x"), NULL) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    cancel(&r, "tls", XH_PHASE_TLS);
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

static int64_t XH_CALL pull_for_ever(char *buf, size_t cap, void *none) {
    (void)none;
    memset(buf, 'x', cap);
    return (int64_t)cap;
}

static int64_t XH_CALL pull_nothing(char *buf, size_t cap, void *none) {
    (void)buf;
    (void)cap;
    (void)none;
    return -1;
}

static void while_uploading(xh_body_pull_fn pull, const char *script, const char *name) {
    rec r = {0};
    script_peer *p = script_start(script);
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_pull(o, pull, -1, NULL, NULL), XH_OK);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), o) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    cancel(&r, name, XH_PHASE_SEND);
    XT_CHECK_EQ(xh_error_request_sent(rec_error(&r)), 1);
    XT_CHECK_EQ(xh_error_safe_to_retry(rec_error(&r)), 0);
    rec_end(&r);
    /* A peer that reads no more does not even hear of the end. */
    if (strstr(script, "stall") == NULL) XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(q26_while_uploading) {
    while_uploading(pull_for_ever, "capture off\nread-head\nemit got\nexpect-closed", "upload");
}
XT_TEST(q26_while_the_server_takes_no_more) {
    while_uploading(pull_for_ever, "rcvbuf 4096\nread-head\nemit got\nstall", "upload, stuck");
}
XT_TEST(q26_while_the_application_has_no_data) {
    while_uploading(pull_nothing, "read-head\nemit got\nexpect-closed", "upload, waiting");
}

XT_TEST(q26_while_waiting_for_the_head) {
    rec r = {0};
    script_peer *p = script_start("read-head\nemit got\nexpect-closed");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), NULL) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    cancel(&r, "head", XH_PHASE_HEAD);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q26_while_waiting_for_100_continue) {
    rec r = {0};
    script_peer *p = script_start("read-head\nemit got\nexpect-closed");
    xh_options *o = opt_int(opt_body(NULL, "POST", "x", 1), XH_OPT_EXPECT_CONTINUE_MS, LONG_MS * 2);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), o) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    cancel(&r, "100-continue", -1);
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(q26_while_reading_the_body) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" HEAD_OK "content-length: 100" NL NL "ok'\nexpect-closed");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), NULL) != NULL);
    XT_CHECK(rec_await(&r, XH_EVENT_DATA, 1));
    cancel(&r, "body", XH_PHASE_BODY);
    ORDER_IS(&r, "HDETX");
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(q26_while_reading_a_fast_body) {
    rec r = {0};
    r.drop_data = 1;
    XT_REQUIRE(rec_start(&r, peer_url(peer_nginx(), "http", "/big"), opt_int(NULL, XH_OPT_RETURN_RESPONSE_BODY, 0)) !=
               NULL);
    XT_CHECK(rec_await(&r, XH_EVENT_DATA, 20));
    cancel(&r, "fast body", XH_PHASE_BODY);
    rec_end(&r);
}

XT_TEST(q26_while_reading_a_fast_body_over_tls) {
    rec r = {0};
    r.drop_data = 1;
    XT_REQUIRE(rec_start(&r, peer_url(peer_nginx(), "https", "/big"),
                         opt_ca(opt_int(NULL, XH_OPT_RETURN_RESPONSE_BODY, 0))) != NULL);
    XT_CHECK(rec_await(&r, XH_EVENT_DATA, 20));
    cancel(&r, "fast body, tls", XH_PHASE_BODY);
    rec_end(&r);
}

static void pause_at_headers(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    if (xh_request_event_type(event) == XH_EVENT_HEADERS) xh_request_pause(request);
}

XT_TEST(q26_while_paused) {
    rec r = {0};
    r.hook = pause_at_headers;
    XT_REQUIRE(rec_start(&r, peer_url(peer_nginx(), "http", "/file/1m.bin"), NULL) != NULL);
    XT_CHECK(rec_await(&r, XH_EVENT_HEADERS, 1));
    cancel(&r, "paused", XH_PHASE_BODY);
    ORDER_IS(&r, "HETX");
    rec_end(&r);
}

/* ---- against the end ------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q26_after_the_end_it_has_no_effect) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    XT_CHECK_EQ(xh_terminate(r.request), XH_OK);
    XT_CHECK_EQ(xh_terminate(r.request), XH_OK);
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_request_error_count(r.request), 0);
    rec_end(&r);
}

static void *terminator(void *request) {
    for (int i = 0; i < 3; i++) xh_terminate((xh_request *)request);
    xh_request_release((xh_request *)request);
    return NULL;
}

XT_TEST(q26_many_races_of_threads_against_the_end) {
    int cancelled = 0;
    const char *url = fmt("%s", peer_url(peer_nginx(), "http", "/file/128.bin"));
    for (int i = 0; i < 300; i++) {
        rec r = {0};
        pthread_t threads[2];
        XT_REQUIRE(rec_start(&r, url, NULL) != NULL);
        for (int k = 0; k < 2; k++) {
            if (k == 1) { /* spread the moments */
                struct timespec pause;
                pause.tv_sec = 0;
                pause.tv_nsec = (i % 20) * 20000;
                nanosleep(&pause, NULL);
            }
            xh_request_retain(r.request);
            if (pthread_create(&threads[k], NULL, terminator, r.request) != 0) abort();
        }
        rec_finish(&r);
        if (rec_error(&r) != NULL) {
            cancelled++;
            REC_FAILED(&r, XH_E_CANCELLED, -1);
        }
        for (int k = 0; k < 2; k++) pthread_join(threads[k], NULL);
        rec_end(&r);
    }
    printf("[%d of 300 were cancelled] ", cancelled);
}

XT_TEST(q26_terminate_and_release_at_once) {
    for (int i = 0; i < 100; i++) {
        rec r = {0};
        XT_REQUIRE(rec_start(&r, peer_url(peer_nginx(), "http", "/file/128.bin"), NULL) != NULL);
        xh_request *request = r.request;
        r.request = NULL;
        xh_terminate(request);
        xh_request_release(request);
        XT_CHECK(await(rec_gone, &r));
        rec_end(&r);
    }
}

XT_TEST(q26_a_cancelled_request_does_not_disturb_others_of_its_agent) {
    xh_agent *agent = agent_keep(NULL);
    const char *url = fmt("%s", peer_url(peer_nginx(), "http", "/file/64k.bin"));
    for (int i = 0; i < 30; i++) {
        rec victim = {0}, r = {0};
        XT_REQUIRE(rec_start(&victim, url, opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
        XT_REQUIRE(rec_start(&r, url, opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
        xh_terminate(victim.request);
        rec_finish(&r);
        REC_OK(&r, 200);
        XT_CHECK_EQ(r.len, 65536);
        XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
        rec_end(&victim);
        rec_end(&r);
    }
    xh_agent_release(agent);
}

XT_TEST(q26_a_name_that_cannot_be_looked_up_does_not_delay_others) {
    rec slow = {0}, r = {0};
    XT_REQUIRE(rec_start(&slow, "http://slow.does-not-exist.invalid/", NULL) != NULL);
    rec_run(&r, peer_url(peer_nginx(), "http", "/text"), NULL);
    REC_OK(&r, 200);
    rec_end(&r);
    rec_end(&slow);
}

XT_TEST(q26_terminate_of_no_request_is_an_invalid_argument) {
    XT_CHECK_EQ(xh_terminate(NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_fail(NULL, XH_E_CALLBACK, NULL, 0), XH_E_INVALID_ARGUMENT);
    xh_request_release(NULL);
    printf("[worst: %lld us] ", (long long)g_worst_ns / 1000);
}

CAPI_MAIN("cancel")
