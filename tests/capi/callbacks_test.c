/* Order and number of callbacks on every path (Q12-Q15, Q22). The recorder checks the order of each test of each file;
 * here are the paths themselves. */
#include "support.h"

#define SERVER "loop\nread-head\n" SEND_OK

static void script_order(const char *script, xh_options *o, const char *order) {
    rec r = {0};
    if (rec_script(&r, script, o)) ORDER_IS(&r, order);
    rec_end(&r);
}

XT_TEST(q15_order_of_a_response_with_data) { script_order("read-head\n" SEND_OK, NULL, "HDRTX"); }
XT_TEST(q15_order_of_a_response_without_data) {
    script_order("read-head\n" HEAD_OK "content-length: 0" NL NL "'", NULL, "HRTX");
}
XT_TEST(q15_order_after_interim_responses) {
    script_order("read-head\nsend 'HTTP/1.1 102 X" NL NL "HTTP/1.1 103 Early Hints" NL "link: </a>" NL NL "'\n" SEND_OK,
                 NULL, "IIHDRTX");
}
XT_TEST(q15_order_of_a_cut_in_the_head) { script_order("read-head\n" HEAD_OK "'\nclose", NULL, "ETX"); }
XT_TEST(q15_order_of_a_cut_in_the_body) {
    script_order("read-head\n" HEAD_OK "content-length: 3" NL NL "ok'\nclose", NULL, "HDETX");
}
XT_TEST(q15_order_of_a_garbage_answer) { script_order("read-head\nsend 'garbage" NL NL "'\nclose", NULL, "ETX"); }
XT_TEST(q15_order_of_a_status_that_is_no_success) {
    script_order("read-head\nsend 'HTTP/1.1 500 X" NL "content-length: 2" NL NL "no'", NULL, "HDRTX");
}
XT_TEST(q15_order_after_a_timeout) { script_order("read-head\nstall", opt_real(NULL, XH_OPT_TIMEOUT, 0.05), "ETX"); }
XT_TEST(q15_order_after_a_timeout_in_the_body) {
    script_order("read-head\n" HEAD_OK "content-length: 3" NL NL "ok'\nstall", opt_real(NULL, XH_OPT_TIMEOUT, 0.2),
                 "HDETX");
}

XT_TEST(q15_order_of_a_refused_connection) {
    rec r = {0};
    rec_run(&r, fmt("http://127.0.0.1:%d/", refused_port()), NULL);
    ORDER_IS(&r, "ETX");
    rec_end(&r);
}

XT_TEST(q15_order_of_a_name_that_does_not_exist) {
    rec r = {0};
    rec_run(&r, "http://does-not-exist.invalid/", NULL);
    ORDER_IS(&r, "ETX");
    XT_CHECK_EQ(xh_status_kind(xh_error_status(rec_error(&r))), XH_KIND_DNS);
    XT_CHECK_EQ(xh_error_phase(rec_error(&r)), XH_PHASE_LOOKUP);
    rec_end(&r);
}

XT_TEST(q15_order_of_a_terminated_request) {
    rec r = {0};
    script_peer *p = script_start("read-head\nemit got\nexpect-closed");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), NULL) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_CHECK_EQ(xh_terminate(r.request), XH_OK);
    rec_finish(&r);
    ORDER_IS(&r, "ETX");
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(q15_order_of_a_request_terminated_at_once) {
    for (int i = 0; i < 20; i++) {
        rec r = {0};
        script_peer *p = script_start(SERVER);
        XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), NULL) != NULL);
        xh_terminate(r.request);
        rec_finish(&r);
        if (rec_error(&r) != NULL) REC_FAILED(&r, XH_E_CANCELLED, -1);
        rec_end(&r);
        script_failures_expected(p);
        script_stop(p);
    }
}

XT_TEST(q15_order_at_shutdown) {
    rec r = {0}, second = {0};
    script_peer *p =
        script_start("on-connection 1:\nread-head\nemit got\nwait-close\non-connection 2:\nread-head\n" HEAD_OK
                     "content-length: 9" NL NL "ok'\nwait-close");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), NULL) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_REQUIRE(rec_start(&second, script_url(p, "http", "/"), NULL) != NULL);
    XT_CHECK(rec_await(&second, XH_EVENT_DATA, 1));
    XT_CHECK_EQ(xh_shutdown(LONG_MS), XH_OK);
    ORDER_IS(&r, "ETX");
    ORDER_IS(&second, "HDETX");
    rec_finish(&r);
    rec_finish(&second);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_THREADS), 0);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_SOCKETS), 0);
    rec_end(&r);
    rec_end(&second);
    script_stop(p);
}

XT_TEST(q15_a_request_after_shutdown_starts_the_library_again) {
    rec r = {0};
    XT_CHECK_EQ(xh_shutdown(LONG_MS), XH_OK);
    XT_CHECK_EQ(xh_shutdown(LONG_MS), XH_OK);
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    REC_OK(&r, 200);
    rec_end(&r);
}

/* ---- what may be done in a callback ------------------------------------------------------------------------------------------------- */

typedef struct doing {
    int event;
    void (*fn)(xh_request *request);
} doing;

static void do_it(rec *r, xh_request *request, const xh_request_event *event) {
    const doing *d = (const doing *)r->arg;
    if (xh_request_event_type(event) == d->event) d->fn(request);
}

/* The function is called in each kind of callback in turn; the request must end in order. */
static void in_each_callback(void (*fn)(xh_request *request), int error_before) {
    static const int events[] = {XH_EVENT_INFORMATION, XH_EVENT_HEADERS,  XH_EVENT_DATA,   XH_EVENT_RESPONSE,
                                 XH_EVENT_TERMINATE,   XH_EVENT_REDIRECT, XH_EVENT_UPLOAD, XH_EVENT_DOWNLOAD};
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        rec r = {0};
        doing d;
        d.event = events[i];
        d.fn = fn;
        r.hook = do_it;
        r.arg = &d;
        script_peer *p =
            script_start("loop\nread-head\nread-body\nsend 'HTTP/1.1 307 X" NL "content-length: 0" NL
                         "location: /b" NL NL "'\nread-head\nread-body\nsend 'HTTP/1.1 102 X" NL NL "'\n" SEND_OK);
        script_failures_expected(p);
        if (rec_start(&r, script_url(p, "http", "/"), opt_body(NULL, "POST", "body", 4)) != NULL) {
            rec_finish(&r);
            if (!XT_CHECK(r.count[events[i]] > 0)) XT_FAIL("event %d did not come: %s", events[i], r.order);
            if (error_before != 0 && events[i] != XH_EVENT_RESPONSE && events[i] != XH_EVENT_TERMINATE)
                REC_FAILED(&r, error_before, -1);
            else
                REC_OK(&r, 200);
        }
        rec_end(&r);
        script_stop(p);
    }
}

static void terminate(xh_request *request) { XT_CHECK_EQ(xh_terminate(request), XH_OK); }
static void terminate_twice(xh_request *request) {
    xh_terminate(request);
    xh_terminate(request);
}
static void fail_it(xh_request *request) {
    XT_CHECK_EQ(xh_fail(request, XH_E_CALLBACK, "my own words", XH_NTS), XH_OK);
}
static void wait_for_it(xh_request *request) {
    XT_CHECK_EQ(xh_wait(request, LONG_MS), XH_E_WOULD_DEADLOCK);
    XT_CHECK_EQ(xh_wait(request, 0), XH_E_WOULD_DEADLOCK);
}
static void shut_down(xh_request *request) {
    (void)request;
    XT_CHECK_EQ(xh_shutdown(LONG_MS), XH_E_WOULD_DEADLOCK);
}
static void count_references(xh_request *request) {
    XT_CHECK(xh_request_retain(request) == request);
    xh_request_release(request);
}
static void read_all(xh_request *request) {
    XT_CHECK(xh_request_url(request).len > 0);
    XT_CHECK_VIEW(xh_request_method(request), "POST");
    XT_CHECK(xh_request_hop_count(request) > 0);
    xh_request_error_count(request);
    xh_response_header_count(xh_request_response(request));
}
static void pause_and_resume(xh_request *request) {
    XT_CHECK_EQ(xh_request_pause(request), XH_OK);
    XT_CHECK_EQ(xh_request_resume(request), XH_OK);
}

XT_TEST(q26_terminate_in_each_callback) { in_each_callback(terminate, XH_E_CANCELLED); }
XT_TEST(q26_terminate_twice_in_each_callback) { in_each_callback(terminate_twice, XH_E_CANCELLED); }
XT_TEST(q14_fail_in_each_callback) { in_each_callback(fail_it, XH_E_CALLBACK); }
XT_TEST(q27_wait_in_each_callback_would_deadlock) { in_each_callback(wait_for_it, 0); }
XT_TEST(q15_shutdown_in_each_callback_would_deadlock) { in_each_callback(shut_down, 0); }
XT_TEST(q15_retain_and_release_in_each_callback) { in_each_callback(count_references, 0); }
XT_TEST(q24_reading_in_each_callback) { in_each_callback(read_all, 0); }
XT_TEST(q13_pause_and_resume_in_each_callback) { in_each_callback(pause_and_resume, 0); }

static void fail_with_words(rec *r, xh_request *request, const xh_request_event *event) {
    if (xh_request_event_type(event) == XH_EVENT_HEADERS) xh_fail(request, *(int *)r->arg, "my own words", 12);
}

XT_TEST(q14_fail_gives_status_and_words) {
    rec r = {0};
    int status = XH_E_INVALID_JSON;
    r.hook = fail_with_words;
    r.arg = &status;
    XT_REQUIRE(rec_script(&r, "read-head\n" HEAD_OK "content-length: 9" NL NL "'\nwait-close", NULL));
    REC_FAILED(&r, XH_E_INVALID_JSON, -1);
    XT_CHECK(view_has(xh_error_message(rec_error(&r)), "my own words"));
    ORDER_IS(&r, "HETX");
    rec_end(&r);
}

XT_TEST(q14_fail_with_a_status_that_is_no_error_is_a_failed_callback) {
    rec r = {0};
    int status = 7;
    r.hook = fail_with_words;
    r.arg = &status;
    XT_REQUIRE(rec_script(&r, "read-head\n" HEAD_OK "content-length: 9" NL NL "'\nwait-close", NULL));
    REC_FAILED(&r, XH_E_CALLBACK, -1);
    rec_end(&r);
}

/* The last reference given up in a callback: what is left of the request still comes. */
static void give_up(rec *r, xh_request *request, const xh_request_event *event) {
    if (xh_request_event_type(event) != *(int *)r->arg) return;
    *(int *)r->arg = 0; /* once */
    xh_request_release(request);
}

XT_TEST(q15_the_last_reference_may_go_in_any_callback) {
    static int events[] = {XH_EVENT_HEADERS, XH_EVENT_DATA, XH_EVENT_RESPONSE, XH_EVENT_TERMINATE};
    for (int i = 0; i < 4; i++) {
        rec r = {0};
        script_peer *p = script_start("read-head\nwait-signal go\n" SEND_OK);
        r.hook = give_up;
        r.arg = &events[i];
        XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), NULL) != NULL);
        script_signal(p, "go");
        XT_CHECK(await(rec_gone, &r));
        ORDER_IS(&r, "HDRTX");
        r.request = NULL; /* not ours any more */
        rec_end(&r);
        script_stop(p);
    }
}

XT_TEST(q15_a_request_that_nobody_holds_runs_to_its_end) {
    rec r = {0};
    xh_request_callbacks c = rec_callbacks(&r);
    script_peer *p = script_start("read-head\nwait-signal go\n" SEND_OK);
    XT_CHECK_EQ(xh_request_new(script_url(p, "http", "/"), XH_NTS, NULL, &c, NULL, NULL), XH_OK);
    script_signal(p, "go");
    XT_CHECK(await(rec_gone, &r));
    ORDER_IS(&r, "HDRTX");
    rec_end(&r);
    script_stop(p);
}

/* A new request from within a callback. */
static rec g_inner;

static void start_another(rec *r, xh_request *request, const xh_request_event *event) {
    (void)request;
    if (xh_request_event_type(event) == XH_EVENT_TERMINATE) rec_start(&g_inner, (const char *)r->arg, NULL);
}

XT_TEST(q15_a_request_may_be_made_in_a_callback) {
    rec r = {0};
    script_peer *p = script_start(SERVER);
    memset(&g_inner, 0, sizeof g_inner);
    r.hook = start_another;
    r.arg = (void *)(uintptr_t)script_url(p, "http", "/inner");
    rec_run(&r, script_url(p, "http", "/outer"), opt_alone(NULL));
    rec_finish(&g_inner);
    REC_OK(&g_inner, 200);
    rec_end(&r);
    rec_end(&g_inner);
    script_stop(p);
}

/* ---- the event (Q22) ------------------------------------------------------------------------------------------------------------------ */

static void check_name(rec *r, xh_request *request, const xh_request_event *event) {
    static const char *const names[] = {"",          "information", "headers", "data",     "response", "error",
                                        "terminate", "redirect",    "upload",  "download", "trace"};
    int type = xh_request_event_type(event);
    (void)r;
    (void)request;
    XT_CHECK_STR(xh_request_event_name(event), names[type]);
    if (type != XH_EVENT_INFORMATION && type != XH_EVENT_REDIRECT) XT_CHECK_EQ(xh_request_event_status(event), 0);
    if (type == XH_EVENT_DATA) XT_CHECK_EQ(xh_request_event_data(event).ptr != NULL, 1);
}

XT_TEST(q22_names_of_events) {
    rec r = {0};
    r.hook = check_name;
    r.with_trace = 1;
    XT_REQUIRE(rec_script(&r,
                          "read-head\nread-body\nsend 'HTTP/1.1 307 X" NL "content-length: 0" NL "location: /b" NL NL
                          "'\nread-head\nread-body\nsend 'HTTP/1.1 103 X" NL NL "'\n" SEND_OK,
                          opt_body(NULL, "POST", "body", 4)));
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.information, 103);
    XT_CHECK(r.trace_len > 0);
    rec_end(&r);
    r.hook = check_name;
    XT_REQUIRE(rec_script(&r, "read-head\nreset", NULL));
    XT_CHECK_EQ(r.count[XH_EVENT_ERROR], 1);
    rec_end(&r);
}

XT_TEST(q22_readers_take_no_event) {
    XT_CHECK_EQ(xh_request_event_type(NULL), 0);
    XT_CHECK(xh_request_event_data(NULL).ptr == NULL);
    XT_CHECK(xh_request_event_error(NULL) == NULL);
}

static void check_thread(rec *r, xh_request *request, const xh_request_event *event) {
    (void)request;
    (void)event;
    pthread_t *seen = (pthread_t *)r->arg;
    if (seen[1] == 0) {
        seen[0] = pthread_self();
        seen[1] = 1;
    }
    XT_CHECK(pthread_equal(seen[0], pthread_self()));
    XT_CHECK(!pthread_equal(pthread_self(), r->maker));
}

XT_TEST(l07_callbacks_run_on_the_loops_thread) {
    rec r = {0};
    pthread_t seen[2] = {0, 0};
    r.hook = check_thread;
    r.arg = seen;
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    REC_OK(&r, 200);
    rec_end(&r);
}

CAPI_MAIN("callbacks")
