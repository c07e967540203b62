/* Loops of the caller (L07). */
#define _GNU_SOURCE
#include "support.h"

#include <poll.h>

static xh_loop *make_loop(void) {
    xh_loop *loop = NULL;
    XT_CHECK_EQ(xh_loop_new(&loop), XH_OK);
    return loop;
}

static xh_options *on(xh_loop *loop) { return opt_ptr(NULL, XH_OPT_LOOP, loop); }

static void check_thread(rec *r, xh_request *request, const xh_request_event *event) {
    (void)request;
    (void)event;
    XT_CHECK(pthread_equal(pthread_self(), *(pthread_t *)r->arg));
}

static const char *nginx(const char *path) { return peer_url(peer_nginx(), "http", path); }

XT_TEST(l07_wait_drives_an_idle_loop_itself) {
    rec r = {0};
    pthread_t self = pthread_self();
    xh_loop *loop = make_loop();
    int64_t threads = xh_debug_live(XH_LIVE_THREADS);
    r.hook = check_thread;
    r.arg = &self;
    rec_run(&r, nginx("/file/64k.bin"), on(loop));
    REC_OK(&r, 200);
    XT_CHECK(xh_debug_live(XH_LIVE_THREADS) <= threads);
    rec_end(&r);
    xh_loop_release(loop);
}

XT_TEST(l07_nothing_happens_until_the_loop_is_driven) {
    rec r = {0};
    xh_loop *loop = make_loop();
    XT_REQUIRE(rec_start(&r, nginx("/text"), on(loop)) != NULL);
    sleep_ms(20);
    XT_CHECK_STR(r.order, "");
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    xh_loop_release(loop);
}

XT_TEST(l07_poll_with_a_time_limit) {
    rec r = {0};
    xh_loop *loop = make_loop();
    XT_CHECK_EQ(xh_loop_poll(loop, 0), XH_OK);
    XT_CHECK_EQ(xh_loop_poll(loop, 10), XH_OK);
    XT_REQUIRE(rec_start(&r, nginx("/file/64k.bin"), on(loop)) != NULL);
    for (int i = 0; i < 100000 && xh_wait(r.request, 0) != XH_OK && !xh_request_terminated(r.request); i++)
        XT_CHECK_EQ(xh_loop_poll(loop, 1000), XH_OK);
    REC_OK(&r, 200);
    rec_end(&r);
    xh_loop_release(loop);
}

XT_TEST(l07_the_descriptor_says_when_to_poll) {
    rec r = {0};
    xh_loop *loop = make_loop();
    XT_REQUIRE(rec_start(&r, nginx("/file/1m.bin"), on(loop)) != NULL);
    XT_CHECK(xh_loop_fd(loop) >= 0);
    int64_t until = now_ns() + (int64_t)LONG_MS * 1000000;
    while (!xh_request_terminated(r.request) && now_ns() < until) {
        struct pollfd p;
        p.fd = xh_loop_fd(loop);
        p.events = POLLIN;
        p.revents = 0;
        int64_t limit = xh_loop_timeout_ms(loop);
        poll(&p, 1, limit < 0 || limit > LONG_MS ? LONG_MS : (int)limit);
        XT_CHECK_EQ(xh_loop_poll(loop, 0), XH_OK);
    }
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.len, 1 << 20);
    rec_end(&r);
    XT_CHECK_EQ(xh_loop_fd(NULL), -1);
    xh_loop_release(loop);
}

XT_TEST(l07_timers_count_in_the_descriptors_time_limit) {
    rec r = {0};
    xh_loop *loop = make_loop();
    script_peer *p = script_start("read-head\nstall");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), opt_real(on(loop), XH_OPT_TIMEOUT, 0.1)) != NULL);
    int64_t until = now_ns() + (int64_t)LONG_MS * 1000000;
    while (!xh_request_terminated(r.request) && now_ns() < until) {
        struct pollfd fd;
        fd.fd = xh_loop_fd(loop);
        fd.events = POLLIN;
        fd.revents = 0;
        int64_t limit = xh_loop_timeout_ms(loop);
        XT_CHECK(limit <= 110);
        poll(&fd, 1, limit < 0 ? LONG_MS : (int)limit);
        xh_loop_poll(loop, 0);
    }
    REC_FAILED(&r, XH_E_TIMEOUT_TOTAL, -1);
    rec_end(&r);
    script_stop(p);
    xh_loop_release(loop);
}

static void *run(void *loop) {
    xh_status status;
    while ((status = xh_loop_run((xh_loop *)loop)) == XH_E_STATE) sleep_ms(1); /* someone looks whether it is driven */
    XT_CHECK_EQ(status, XH_OK);
    return NULL;
}

static int is_driven(void *loop) { return xh_loop_poll((xh_loop *)loop, 0) == XH_E_STATE; }

XT_TEST(l07_run_and_stop) {
    rec r = {0};
    pthread_t thread;
    xh_loop *loop = make_loop();
    if (pthread_create(&thread, NULL, run, loop) != 0) abort();
    XT_CHECK(await(is_driven, loop));
    r.hook = check_thread;
    r.arg = &thread;
    rec_run(&r, nginx("/file/64k.bin"), on(loop));
    REC_OK(&r, 200);
    rec_end(&r);
    XT_CHECK_EQ(xh_loop_stop(loop), XH_OK);
    pthread_join(thread, NULL);
    xh_loop_release(loop);
}

XT_TEST(l07_a_stop_before_run_counts_for_it) {
    xh_loop *loop = make_loop();
    XT_CHECK_EQ(xh_loop_stop(loop), XH_OK);
    XT_CHECK_EQ(xh_loop_run(loop), XH_OK);
    xh_loop_release(loop);
}

static void drive_inside(rec *r, xh_request *request, const xh_request_event *event) {
    (void)request;
    (void)event;
    XT_CHECK_EQ(xh_loop_poll((xh_loop *)r->arg, 0), XH_E_WOULD_DEADLOCK);
    XT_CHECK_EQ(xh_loop_run((xh_loop *)r->arg), XH_E_WOULD_DEADLOCK);
}

XT_TEST(l07_loops_do_not_nest) {
    rec r = {0};
    xh_loop *loop = make_loop();
    r.hook = drive_inside;
    r.arg = loop;
    rec_run(&r, nginx("/text"), on(loop));
    REC_OK(&r, 200);
    rec_end(&r);
    xh_loop_release(loop);
}

XT_TEST(l07_one_thread_at_a_time) {
    pthread_t thread;
    xh_loop *loop = make_loop();
    if (pthread_create(&thread, NULL, run, loop) != 0) abort();
    XT_CHECK(await(is_driven, loop));
    XT_CHECK_EQ(xh_loop_run(loop), XH_E_STATE);
    xh_loop_stop(loop);
    pthread_join(thread, NULL);
    xh_loop_release(loop);
}

XT_TEST(l07_terminate_from_another_thread_wakes_a_loop) {
    rec r = {0};
    pthread_t thread;
    xh_loop *loop = make_loop();
    script_peer *p = script_start("read-head\nemit got\nexpect-closed");
    if (pthread_create(&thread, NULL, run, loop) != 0) abort();
    XT_CHECK(await(is_driven, loop));
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), on(loop)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    xh_terminate(r.request);
    rec_finish(&r);
    REC_FAILED(&r, XH_E_CANCELLED, -1);
    rec_end(&r);
    xh_loop_stop(loop);
    pthread_join(thread, NULL);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
    xh_loop_release(loop);
}

XT_TEST(l07_a_request_keeps_its_loop_alive) {
    rec r = {0};
    xh_loop *loop = make_loop();
    XT_REQUIRE(rec_start(&r, nginx("/text"), on(loop)) != NULL);
    xh_loop_release(loop);
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(l07_a_loop_that_goes_ends_its_requests) {
    rec r = {0};
    xh_request_callbacks c = rec_callbacks(&r);
    xh_loop *loop = make_loop();
    xh_options *o = on(loop);
    XT_CHECK_EQ(xh_request_new(nginx("/text"), XH_NTS, o, &c, NULL, NULL), XH_OK);
    xh_options_release(o);
    XT_CHECK_EQ(xh_loop_poll(loop, 0), XH_OK);
    xh_loop_release(loop);
    XT_CHECK(await(rec_gone, &r));
    XT_CHECK(strstr(r.order, "TX") != NULL);
    rec_end(&r);
}

XT_TEST(l07_an_agent_on_a_loop) {
    xh_agent *agent = NULL;
    xh_loop *loop = make_loop(), *other = make_loop();
    xh_options *o = opt_int(on(loop), XH_OPT_KEEP_ALIVE, 1);
    XT_CHECK_EQ(xh_agent_new(o, &agent, NULL), XH_OK);
    xh_options_release(o);
    XT_CHECK_EQ(agent_get(agent, nginx("/text"), NULL), 0);
    XT_CHECK_EQ(agent_get(agent, nginx("/text"), on(loop)), 1);
    REFUSED(nginx("/text"), opt_ptr(on(other), XH_OPT_AGENT, agent), XH_E_OPTION_CONFLICT);
    xh_agent_release(agent);
    xh_loop_release(loop);
    xh_loop_release(other);
}

XT_TEST(l07_https_through_a_loop_of_the_caller) {
    rec r = {0};
    xh_loop *loop = make_loop();
    rec_run(&r, peer_url(peer_nginx(), "https", "/file/1m.bin"), opt_ca(on(loop)));
    REC_OK(&r, 200);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    rec_end(&r);
    xh_loop_release(loop);
}

XT_TEST(l07_several_waits_on_one_loop) {
    rec r[8];
    memset(r, 0, sizeof r);
    xh_loop *loop = make_loop();
    for (int i = 0; i < 8; i++) XT_REQUIRE(rec_start(&r[i], nginx("/file/64k.bin"), on(loop)) != NULL);
    for (int i = 7; i >= 0; i--) {
        rec_finish(&r[i]);
        REC_OK(&r[i], 200);
        rec_end(&r[i]);
    }
    xh_loop_release(loop);
}

static void *wait_for_it(void *rec_) {
    rec *r = (rec *)rec_;
    rec_finish(r);
    REC_OK(r, 200);
    return NULL;
}

XT_TEST(l07_several_threads_wait_on_one_idle_loop) {
    rec r[4];
    pthread_t threads[4];
    memset(r, 0, sizeof r);
    xh_loop *loop = make_loop();
    for (int i = 0; i < 4; i++) XT_REQUIRE(rec_start(&r[i], nginx("/file/64k.bin"), on(loop)) != NULL);
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, wait_for_it, &r[i]) != 0) abort();
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    for (int i = 0; i < 4; i++) rec_end(&r[i]);
    xh_loop_release(loop);
}

XT_TEST(l07_wait_with_a_time_limit_on_an_idle_loop) {
    rec r = {0};
    xh_loop *loop = make_loop();
    script_peer *p = script_start("read-head\nemit got\nwait-signal go\n" SEND_OK);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), on(loop)) != NULL);
    XT_CHECK_EQ(xh_wait(r.request, 50), XH_TIMEOUT);
    script_signal(p, "go");
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
    xh_loop_release(loop);
}

XT_TEST(l07_ids_and_references) {
    xh_loop *a = make_loop(), *b = make_loop();
    XT_CHECK(xh_loop_id(a) != xh_loop_id(b) && xh_loop_id(a) != 0);
    XT_CHECK(xh_loop_retain(a) == a);
    xh_loop_release(a);
    xh_loop_release(a);
    xh_loop_release(b);
    xh_loop_release(NULL);
    XT_CHECK_EQ(xh_loop_new(NULL), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(xh_loop_run(NULL), XH_E_INVALID_ARGUMENT);
}

CAPI_MAIN("loop")
