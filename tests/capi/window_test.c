/* Backpressure: pause, resume, consume, kept data, bounded memory (Q13). */
#include "support.h"

#define BODY_ONLY opt_int(NULL, XH_OPT_RETURN_RESPONSE_BODY, 0)

/* A peer with a body of so many bytes of the pattern. */
static script_peer *pattern_peer(size_t bytes) {
    return script_startf("read-head\n" HEAD_OK "content-length: %zu" NL NL "'\nsend-pattern %zu\nwait-close", bytes,
                         bytes);
}

static void pause_at_headers(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    if (xh_request_event_type(event) == XH_EVENT_HEADERS) XT_CHECK_EQ(xh_request_pause(request), XH_OK);
}

XT_TEST(q13_a_paused_request_gets_no_data) {
    rec r = {0};
    r.hook = pause_at_headers;
    XT_REQUIRE(rec_start(&r, peer_url(peer_nginx(), "http", "/file/1m.bin"), NULL) != NULL);
    XT_CHECK(rec_await(&r, XH_EVENT_HEADERS, 1));
    XT_CHECK_EQ(xh_wait(r.request, 50), XH_TIMEOUT);
    XT_CHECK_EQ(rec_count(&r, XH_EVENT_DATA), 0);
    XT_CHECK_EQ(xh_request_resume(r.request), XH_OK);
    rec_finish(&r);
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.len, 1 << 20);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    rec_end(&r);
}

XT_TEST(q13_a_paused_request_holds_small_answers_too) {
    rec r = {0};
    r.hook = pause_at_headers;
    script_peer *p = script_start("read-head\n" SEND_OK "wait-close");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), opt_alone(NULL)) != NULL);
    XT_CHECK(rec_await(&r, XH_EVENT_HEADERS, 1));
    XT_CHECK_EQ(xh_wait(r.request, 50), XH_TIMEOUT);
    XT_CHECK_EQ(rec_count(&r, XH_EVENT_DATA), 0);
    xh_request_resume(r.request);
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

static void big_and_paused(const char *url, xh_options *o) {
    rec r = {0};
    r.hook = pause_at_headers;
    r.drop_data = 1;
    if (rec_start(&r, url, o) == NULL) return;
    XT_CHECK(rec_await(&r, XH_EVENT_HEADERS, 1));
    long before = resident_kib();
    int64_t bytes = xh_debug_live(XH_LIVE_BYTES);
    XT_CHECK_EQ(xh_wait(r.request, 400), XH_TIMEOUT);
    printf("[grew by %ld KiB, %lld KiB of the library's] ", resident_kib() - before,
           (long long)(xh_debug_live(XH_LIVE_BYTES) - bytes) / 1024);
    XT_CHECK(resident_kib() - before < 1024);
    XT_CHECK(xh_debug_live(XH_LIVE_BYTES) - bytes < 1 << 20);
    XT_CHECK_EQ(rec_count(&r, XH_EVENT_DATA), 0);
    xh_terminate(r.request);
    rec_finish(&r);
    rec_end(&r);
}

XT_TEST(q13_a_paused_gibibyte_grows_nothing) { big_and_paused(peer_url(peer_nginx(), "http", "/big"), BODY_ONLY); }
XT_TEST(q13_a_paused_gibibyte_grows_nothing_over_tls) {
    big_and_paused(peer_url(peer_nginx(), "https", "/big"), opt_ca(BODY_ONLY));
}

XT_TEST(q13_a_gibibyte_that_is_read_grows_nothing) {
    rec r = {0};
    r.drop_data = 1;
    long before = resident_kib();
    rec_run(&r, peer_url(peer_nginx(), "http", "/big"), BODY_ONLY);
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.bytes, 1u << 30);
    printf("[grew by %ld KiB, %d callbacks] ", resident_kib() - before, r.count[XH_EVENT_DATA]);
    rec_end(&r);
}

XT_TEST(q13_compressed_data_stays_compressed_while_paused) {
    rec r = {0};
    r.hook = pause_at_headers;
    r.drop_data = 1;
    XT_REQUIRE(rec_start(&r, peer_url(peer_nginx(), "http", "/gzip/1m.bin"),
                         opt_int(BODY_ONLY, XH_OPT_DECODE_DATA, 1)) != NULL);
    XT_CHECK(rec_await(&r, XH_EVENT_HEADERS, 1));
    XT_CHECK_EQ(xh_wait(r.request, 50), XH_TIMEOUT);
    xh_request_resume(r.request);
    rec_finish(&r);
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.bytes, 1 << 20);
    rec_end(&r);
}

XT_TEST(q13_a_mebibyte_comes_in_at_most_64_callbacks) {
    rec r = {0};
    r.drop_data = 1;
    int best = 1 << 30;
    /* The size of pieces depends on when the sender is scheduled: the best of a few runs is what the library allows. */
    for (int i = 0; i < 5; i++) {
        rec_run(&r, peer_url(peer_nginx(), "http", "/file/1m.bin"), BODY_ONLY);
        if (r.count[XH_EVENT_DATA] < best) best = r.count[XH_EVENT_DATA];
        rec_end(&r);
        r.drop_data = 1;
    }
    printf("[%d callbacks] ", best);
    XT_CHECK(best <= 64);
}

XT_TEST(q13_the_window_bounds_each_piece) {
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "http", "/file/1m.bin"), opt_int(NULL, XH_OPT_RECEIVE_WINDOW, 4096));
    REC_OK(&r, 200);
    XT_CHECK(r.count[XH_EVENT_DATA] >= (1 << 20) / 4096);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    rec_end(&r);
}

/* ---- consume ------------------------------------------------------------------------------------------------------------------------------ */

static int64_t g_bytes;

static void count_bytes(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    (void)request;
    if (xh_request_event_type(event) == XH_EVENT_DATA)
        __atomic_add_fetch(&g_bytes, (int64_t)xh_request_event_data(event).len, __ATOMIC_SEQ_CST);
}

static int has_bytes(void *wanted) { return __atomic_load_n(&g_bytes, __ATOMIC_SEQ_CST) >= *(int64_t *)wanted; }

XT_TEST(q13_manual_consume_gives_no_more_than_the_window) {
    rec r = {0};
    int64_t wanted = 65536;
    g_bytes = 0;
    r.hook = count_bytes;
    xh_options *o = opt_int(opt_int(NULL, XH_OPT_MANUAL_CONSUME, 1), XH_OPT_RECEIVE_WINDOW, 65536);
    XT_REQUIRE(rec_start(&r, peer_url(peer_nginx(), "http", "/file/1m.bin"), o) != NULL);
    for (int i = 1; i < 16; i++) {
        XT_CHECK(await(has_bytes, &wanted));
        XT_CHECK_EQ(xh_wait(r.request, 5), XH_TIMEOUT);
        XT_CHECK_EQ(__atomic_load_n(&g_bytes, __ATOMIC_SEQ_CST), wanted);
        XT_CHECK_EQ(xh_request_consume(r.request, 65536), XH_OK);
        wanted += 65536;
    }
    XT_CHECK_EQ(xh_request_consume(r.request, (size_t)-1), XH_OK);
    rec_finish(&r);
    REC_OK(&r, 200);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    rec_end(&r);
}

XT_TEST(q13_consume_without_the_option_is_a_wrong_state) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    XT_CHECK_EQ(xh_request_consume(r.request, 1), XH_E_STATE);
    rec_end(&r);
}

/* ---- many cycles -------------------------------------------------------------------------------------------------------------------------- */

static void pause_each_time(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    if (xh_request_event_type(event) == XH_EVENT_DATA) xh_request_pause(request);
}

static int advanced(void *arg) {
    rec *r = (rec *)arg;
    xh_request_resume(r->request);
    return xh_wait(r->request, 0) != XH_TIMEOUT;
}

XT_TEST(q13_ten_thousand_pauses_and_resumes_lose_nothing) {
    rec r = {0};
    r.hook = pause_each_time;
    script_peer *p = pattern_peer(64 << 20);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), opt_int(BODY_ONLY, XH_OPT_RECEIVE_WINDOW, 4096)) != NULL);
    int64_t until = now_ns() + (int64_t)LONG_MS * 1000000;
    while (rec_count(&r, XH_EVENT_DATA) < 10000 && now_ns() < until) {
        int n = rec_count(&r, XH_EVENT_DATA);
        xh_request_resume(r.request);
        while (rec_count(&r, XH_EVENT_DATA) == n && xh_wait(r.request, 0) == XH_TIMEOUT && now_ns() < until)
            if (!rec_await(&r, XH_EVENT_DATA, n + 1)) break;
    }
    XT_CHECK(rec_count(&r, XH_EVENT_DATA) >= 10000);
    xh_terminate(r.request);
    rec_finish(&r);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    rec_end(&r);
    script_stop(p);
}

static void *toggles(void *request) {
    for (int i = 0; i < 5000; i++) {
        xh_request_pause((xh_request *)request);
        xh_request_resume((xh_request *)request);
    }
    return NULL;
}

XT_TEST(q13_pauses_and_resumes_from_other_threads_lose_nothing) {
    rec r = {0};
    pthread_t threads[2];
    script_peer *p = pattern_peer(64 << 20);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), BODY_ONLY) != NULL);
    for (int i = 0; i < 2; i++)
        if (pthread_create(&threads[i], NULL, toggles, r.request) != 0) abort();
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
    XT_CHECK(await(advanced, &r));
    rec_finish(&r);
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.len, 64 << 20);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    rec_end(&r);
    script_stop(p);
}

/* ---- kept data ---------------------------------------------------------------------------------------------------------------------------- */

static xh_buf *g_kept[4096];
static int g_kept_count;

static void keep(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    (void)request;
    if (xh_request_event_type(event) != XH_EVENT_DATA) {
        XT_CHECK(xh_data_keep(event) == NULL);
        return;
    }
    if (g_kept_count < 4096) g_kept[g_kept_count++] = xh_data_keep(event);
}

static void kept_from(const char *url, xh_options *o, size_t len) {
    rec r = {0};
    size_t at = 0;
    g_kept_count = 0;
    r.hook = keep;
    if (rec_start(&r, url, o) == NULL) return;
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    for (int i = 0; i < g_kept_count; i++) {
        xh_str view = xh_buf_data(g_kept[i]);
        if (!XT_CHECK(g_kept[i] != NULL && view.ptr != NULL)) break;
        XT_CHECK_EQ(net_pattern_check(view.ptr, at, view.len), -1);
        at += view.len;
    }
    XT_CHECK_EQ(at, len);
    for (int i = 0; i < g_kept_count; i++) {
        XT_CHECK(xh_buf_retain(g_kept[i]) == g_kept[i]);
        xh_buf_release(g_kept[i]);
        xh_buf_release(g_kept[i]);
    }
}

XT_TEST(q13_kept_data_outlives_its_request) {
    kept_from(peer_url(peer_nginx(), "http", "/file/1m.bin"), NULL, 1 << 20);
    kept_from(peer_url(peer_nginx(), "http", "/file/128.bin"), NULL, 128);
    kept_from(peer_url(peer_nginx(), "https", "/file/1m.bin"), opt_ca(NULL), 1 << 20);
    kept_from(peer_url(peer_nginx(), "http", "/chunked/1k.bin"), NULL, 1024);
    kept_from(peer_url(peer_nginx(), "http", "/gzip/1m.bin"), opt_int(NULL, XH_OPT_DECODE_DATA, 1), 1 << 20);
    xh_buf_release(NULL);
    XT_CHECK(xh_data_keep(NULL) == NULL);
    XT_CHECK(xh_buf_data(NULL).ptr == NULL);
}

XT_TEST(q13_pause_after_the_end_is_no_error) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    XT_CHECK(xh_request_pause(r.request) >= XH_E_STATE);
    XT_CHECK(xh_request_resume(r.request) >= XH_E_STATE);
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q13_a_slow_body_comes_as_it_is_sent) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" HEAD_OK NL "one'\nwait-signal go\nsend 'two'\nclose");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), NULL) != NULL);
    XT_CHECK(rec_await(&r, XH_EVENT_DATA, 1));
    XT_CHECK_STR(r.data, "one");
    script_signal(p, "go");
    rec_finish(&r);
    BODY_IS(&r, "onetwo");
    rec_end(&r);
    script_stop(p);
}

CAPI_MAIN("window")
