/* Loops of the caller beside the program's own waiting, and several threads at one loop (L07). */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include "process.h"
#include "support.h"

static xh_loop *new_loop(void) {
    xh_loop *loop = NULL;
    XT_CHECK_EQ(xh_loop_new(&loop), XH_OK);
    return loop;
}

static xh_options *on(xh_loop *loop) { return opt_alone(opt_ptr(opt_ca(NULL), XH_OPT_LOOP, loop)); }

static const char *text_url(void) { return peer_url(peer_nginx(), "http", "/text"); }

static void check_here(rec *r) { XT_CHECK(pthread_equal(r->loop_thread, pthread_self())); }

/* ---- the descriptor --------------------------------------------------------------------------------------------------- */

static int readable(int fd, int timeout_ms) {
    struct pollfd p = {.fd = fd, .events = POLLIN};
    return poll(&p, 1, timeout_ms) == 1 && (p.revents & POLLIN);
}

XT_TEST(l07_fd_is_non_blocking_closed_on_exec_and_always_the_same) {
    xh_loop *loop = new_loop();
    int fd = xh_loop_fd(loop);
    XT_CHECK(fd >= 0);
    XT_CHECK(fcntl(fd, F_GETFL) & O_NONBLOCK);
    XT_CHECK(fcntl(fd, F_GETFD) & FD_CLOEXEC);
    XT_CHECK_EQ(xh_loop_fd(loop), fd);
    XT_CHECK_EQ(xh_loop_fd(NULL), -1);
    XT_CHECK(!readable(fd, 0));
    XT_CHECK_EQ(xh_loop_timeout_ms(loop), -1);
    xh_loop_release(loop);
    XT_CHECK(fcntl(fd, F_GETFL) < 0); /* closed with the loop */
}

/* A loop around poll(2) as a program would write it. */
static void drive_by_poll(xh_loop *loop, rec *r, int count) {
    for (;;) {
        int left = 0;
        for (int i = 0; i < count; i++) left += !xh_request_terminated(r[i].request);
        if (left == 0) return;
        int64_t limit = xh_loop_timeout_ms(loop);
        if (!readable(xh_loop_fd(loop), limit < 0 ? LONG_MS : (int)limit) && limit < 0) {
            XT_FAIL("the descriptor stays silent and no timer is due");
            return;
        }
        XT_CHECK_EQ(xh_loop_poll(loop, 0), XH_OK);
    }
}

XT_TEST(l07_fd_and_timeout_drive_many_requests_over_http_and_https) {
    enum { COUNT = 30 };
    xh_loop *loop = new_loop();
    rec r[COUNT] = {{0}};
    for (int i = 0; i < COUNT; i++)
        XT_REQUIRE(rec_start(&r[i], peer_url(peer_nginx(), i % 2 ? "https" : "http", "/file/64k.bin"), on(loop)) !=
                   NULL);
    drive_by_poll(loop, r, COUNT);
    for (int i = 0; i < COUNT; i++) {
        rec_finish(&r[i]);
        REC_OK(&r[i], 200);
        XT_CHECK_EQ(r[i].bytes, 65536);
        XT_CHECK_EQ(rec_count(&r[i], XH_EVENT_TERMINATE), 1);
        check_here(&r[i]);
        rec_end(&r[i]);
    }
    XT_CHECK(!readable(xh_loop_fd(loop), 0));
    xh_loop_release(loop);
}

static void *terminate_it(void *request) {
    XT_CHECK_EQ(xh_terminate(request), XH_OK);
    return NULL;
}

XT_TEST(l07_fd_becomes_readable_by_a_call_on_another_thread) {
    script_peer *p = script_start("read-head\nstall");
    xh_loop *loop = new_loop();
    rec r = {0};
    pthread_t thread;
    int fd = xh_loop_fd(loop);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), on(loop)) != NULL);
    while (script_connections(p) == 0 || script_received_bytes(p, 1) == 0) XT_CHECK_EQ(xh_loop_poll(loop, 1), XH_OK);
    while (readable(fd, 0)) XT_CHECK_EQ(xh_loop_poll(loop, 0), XH_OK);
    XT_CHECK_EQ(pthread_create(&thread, NULL, terminate_it, r.request), 0);
    XT_CHECK(readable(fd, LONG_MS));
    pthread_join(thread, NULL);
    XT_CHECK_EQ(xh_loop_poll(loop, 0), XH_OK);
    XT_CHECK_EQ(xh_request_terminated(r.request), 1);
    rec_finish(&r);
    REC_FAILED(&r, XH_E_CANCELLED, XH_PHASE_HEAD);
    rec_end(&r);
    xh_loop_release(loop);
    script_stop(p);
}

XT_TEST(l07_fd_wakes_for_a_name_look_up_and_for_a_new_request) {
    xh_loop *loop = new_loop();
    rec r = {0};
    int fd = xh_loop_fd(loop);
    XT_CHECK(!readable(fd, 0));
    XT_REQUIRE(rec_start(&r, fmt("http://localhost:%d/text", peer_port(peer_nginx(), "http")), on(loop)) != NULL);
    XT_CHECK(xh_loop_timeout_ms(loop) == 0 || readable(fd, 0));
    drive_by_poll(loop, &r, 1);
    rec_finish(&r);
    REC_OK(&r, 200);
    check_here(&r);
    rec_end(&r);
    xh_loop_release(loop);
}

/* ---- several threads --------------------------------------------------------------------------------------------------- */

typedef struct {
    xh_loop *loop;
    pthread_t thread;
    xh_status result;
} runner;

static void *run_thread(void *r) {
    ((runner *)r)->result = xh_loop_run(((runner *)r)->loop);
    return NULL;
}

/* A thread that drives the loop; when this returns, it does. */
static void runner_start(runner *r, xh_loop *loop) {
    r->loop = loop;
    r->result = -1;
    XT_CHECK_EQ(pthread_create(&r->thread, NULL, run_thread, r), 0);
    /* A request that has ended shows that somebody drives; this thread does not, since a wait of 0 only asks. */
    rec probe = {0};
    XT_REQUIRE(rec_start(&probe, text_url(), on(loop)) != NULL);
    while (xh_wait(probe.request, 0) == XH_TIMEOUT) sleep_ms(1);
    XT_CHECK(pthread_equal(probe.loop_thread, r->thread));
    rec_end(&probe);
}

static void runner_stop(runner *r) {
    XT_CHECK_EQ(xh_loop_stop(r->loop), XH_OK);
    pthread_join(r->thread, NULL);
    XT_CHECK_EQ(r->result, XH_OK);
}

XT_TEST(l07_only_one_thread_drives_and_the_others_are_told_or_wait) {
    xh_loop *loop = new_loop();
    runner driver;
    rec r = {0};
    runner_start(&driver, loop);
    XT_CHECK_EQ(xh_loop_poll(loop, 0), XH_E_STATE);
    XT_CHECK_EQ(xh_loop_run(loop), XH_E_STATE);
    XT_CHECK(rec_start(&r, text_url(), on(loop)) != NULL); /* wakes the sleeping driver */
    XT_CHECK_EQ(xh_wait(r.request, LONG_MS), XH_OK);       /* waits for the driver */
    XT_CHECK(pthread_equal(r.loop_thread, driver.thread));
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    runner_stop(&driver);
    XT_CHECK_EQ(xh_loop_poll(loop, 0), XH_OK);
    xh_loop_release(loop);
}

XT_TEST(l07_a_waiter_takes_over_when_the_driver_stops) {
    xh_loop *loop = new_loop();
    script_peer *p = script_start("read-head\nemit got\nwait-signal go\n" SEND_OK);
    runner driver;
    rec r = {0};
    runner_start(&driver, loop);
    XT_CHECK(rec_start(&r, script_url(p, "http", "/x"), on(loop)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    runner_stop(&driver);
    script_signal(p, "go");
    XT_CHECK_EQ(xh_wait(r.request, LONG_MS), XH_OK);
    check_here(&r);
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    xh_loop_release(loop);
    script_stop(p);
}

/* ---- inside callbacks ------------------------------------------------------------------------------------------------------ */

static xh_status g_wait[8], g_poll[8], g_run[8], g_same_wait, g_other_wait;
static xh_request *g_other_loop_request, *g_same_loop_request;

static void wait_inside(rec *r, xh_request *request, const xh_request_event *event) {
    int32_t type = xh_request_event_type(event);
    if (type > XH_EVENT_REDIRECT) return;
    g_wait[type] = xh_wait(request, -1);
    g_poll[type] = xh_loop_poll(r->arg, -1);
    g_run[type] = xh_loop_run(r->arg);
    if (type != XH_EVENT_HEADERS) return;
    g_same_wait = xh_wait(g_same_loop_request, -1);
    g_other_wait = xh_wait(g_other_loop_request, LONG_MS);
}

XT_TEST(l07_wait_poll_and_run_inside_a_callback_would_deadlock_but_not_for_another_loop) {
    xh_loop *loop = new_loop();
    rec r = {.hook = wait_inside, .arg = loop}, other = {0}, same = {0};
    script_peer *p = script_start("read-head\nwait-signal go\n" SEND_OK);
    XT_REQUIRE(rec_start(&other, text_url(), NULL) != NULL); /* on the library's loop */
    XT_REQUIRE(rec_start(&same, script_url(p, "http", "/x"), on(loop)) != NULL);
    g_other_loop_request = other.request;
    g_same_loop_request = same.request;
    XT_REQUIRE(rec_start(&r, peer_url(peer_nginx(), "http", "/redirect/1"), on(loop)) != NULL);
    rec_finish(&r);
    REC_OK(&r, 200);
    static const int types[] = {XH_EVENT_HEADERS, XH_EVENT_DATA, XH_EVENT_RESPONSE, XH_EVENT_TERMINATE,
                                XH_EVENT_REDIRECT};
    for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
        XT_CHECK_EQ(g_wait[types[i]], XH_E_WOULD_DEADLOCK);
        XT_CHECK_EQ(g_poll[types[i]], XH_E_WOULD_DEADLOCK);
        XT_CHECK_EQ(g_run[types[i]], XH_E_WOULD_DEADLOCK);
    }
    XT_CHECK_EQ(g_same_wait, XH_E_WOULD_DEADLOCK);
    XT_CHECK_EQ(g_other_wait, XH_OK);
    script_signal(p, "go");
    rec_finish(&other);
    rec_finish(&same);
    REC_OK(&other, 200);
    REC_OK(&same, 200);
    rec_end(&other);
    rec_end(&same);
    rec_end(&r);
    xh_loop_release(loop);
    script_stop(p);
}

/* ---- loops and agents ------------------------------------------------------------------------------------------------------ */

XT_TEST(l07_loop_and_agent_that_differ_are_refused) {
    xh_loop *a = new_loop(), *b = new_loop();
    xh_agent *agent = agent_keep(opt_ptr(NULL, XH_OPT_LOOP, a));
    REFUSED(text_url(), opt_ptr(opt_ptr(NULL, XH_OPT_LOOP, b), XH_OPT_AGENT, agent), XH_E_OPTION_CONFLICT);
    rec r = {0};
    rec_run(&r, text_url(), opt_ptr(opt_ptr(NULL, XH_OPT_LOOP, a), XH_OPT_AGENT, agent));
    REC_OK(&r, 200);
    rec_end(&r);
    xh_agent_release(agent);
    xh_loop_release(a);
    xh_loop_release(b);
}

XT_TEST(l07_agent_on_a_loop_of_the_caller_reuses_its_connection) {
    xh_loop *loop = new_loop();
    xh_agent *agent = agent_keep(opt_ptr(NULL, XH_OPT_LOOP, loop));
    for (int i = 0; i < 5; i++) {
        rec r = {0};
        rec_run(&r, peer_url(peer_nginx(), "https", "/text"), opt_ptr(opt_ca(NULL), XH_OPT_AGENT, agent));
        REC_OK(&r, 200);
        XT_CHECK_EQ(xh_request_hop_reused(r.request, 0), i > 0);
        check_here(&r);
        rec_end(&r);
    }
    XT_CHECK_EQ(xh_agent_count(agent, XH_COUNT_CREATED), 1);
    XT_CHECK_EQ(xh_agent_count(agent, XH_COUNT_REUSED), 4);
    xh_agent_release(agent);
    xh_loop_release(loop);
}

CAPI_MAIN("loop_drive")
