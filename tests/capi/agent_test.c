/* The pool (Q28, A01-A06, A09, A10, A12-A15). */
#include "support.h"

static const char *nginx(const char *port) { return peer_url(peer_nginx(), port, "/text"); }

static int64_t count(xh_agent *agent, int32_t counter) { return xh_agent_count(agent, counter); }

#define SERVER "loop\nrepeat { read-head; " SERVER_OK " }"
#define SERVER_OK "send 'HTTP/1.1 200 OK" NL "content-length: 2" NL NL "ok'"

/* ---- keep-alive --------------------------------------------------------------------------------------------------------------------------- */

XT_TEST(a14_the_global_agent_keeps_connections) {
    rec r = {0};
    script_peer *p = script_start(SERVER);
    for (int i = 0; i < 3; i++) {
        rec_run(&r, script_url(p, "http", "/"), NULL);
        REC_OK(&r, 200);
        XT_CHECK_EQ(xh_request_hop_reused(r.request, 0), i > 0);
        rec_end(&r);
    }
    XT_CHECK_EQ(script_connections(p), 1);
    script_stop(p);
}

XT_TEST(a14_the_global_agent_is_one_and_keeps_for_five_seconds) {
    xh_agent *a = NULL, *b = NULL;
    int64_t value = 0;
    XT_CHECK_EQ(xh_agent_global(&a), XH_OK);
    XT_CHECK_EQ(xh_agent_global(&b), XH_OK);
    XT_CHECK(xh_agent_id(a) == xh_agent_id(b) && xh_agent_id(a) != 0);
    XT_CHECK_EQ(xh_agent_get_int(a, XH_OPT_KEEP_ALIVE, &value), XH_OK);
    XT_CHECK_EQ(value, 1);
    XT_CHECK_EQ(xh_agent_get_int(a, XH_OPT_AGENT_TIMEOUT_MS, &value), XH_OK);
    XT_CHECK_EQ(value, 5000);
    xh_agent_release(a);
    xh_agent_release(b);
}

XT_TEST(a01_an_own_agent_keeps_nothing_by_default) {
    xh_agent *agent = NULL;
    XT_CHECK_EQ(xh_agent_new(NULL, &agent, NULL), XH_OK);
    XT_CHECK_EQ(agent_get(agent, nginx("http"), NULL), 0);
    XT_CHECK_EQ(agent_get(agent, nginx("http"), NULL), 0);
    XT_CHECK_EQ(count(agent, XH_COUNT_CREATED), 2);
    XT_CHECK_EQ(count(agent, XH_COUNT_REUSED), 0);
    xh_agent_release(agent);
}

XT_TEST(a01_without_keep_alive_the_server_is_told_to_close) {
    rec r = {0};
    xh_agent *agent = NULL;
    script_peer *p = script_start("read-head\n" SEND_OK "expect-eof");
    XT_CHECK_EQ(xh_agent_new(NULL, &agent, NULL), XH_OK);
    rec_run(&r, script_url(p, "http", "/"), opt_ptr(NULL, XH_OPT_AGENT, agent));
    REC_OK(&r, 200);
    XT_CHECK(sent_has_nocase(p, 1, "connection: close\r\n"));
    rec_end(&r);
    xh_agent_release(agent);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(a01_an_agent_with_keep_alive_keeps) {
    xh_agent *agent = agent_keep(NULL);
    XT_CHECK_EQ(agent_get(agent, nginx("http"), NULL), 0);
    XT_CHECK_EQ(agent_get(agent, nginx("http"), NULL), 1);
    XT_CHECK_EQ(count(agent, XH_COUNT_CREATED), 1);
    XT_CHECK_EQ(count(agent, XH_COUNT_REUSED), 1);
    XT_CHECK_EQ(count(agent, XH_COUNT_FREE_SOCKETS), 1);
    XT_CHECK_EQ(count(agent, XH_COUNT_SOCKETS), 0);
    XT_CHECK(count(agent, XH_COUNT_BYTES_SENT) > 0 && count(agent, XH_COUNT_BYTES_RECEIVED) > 0);
    XT_CHECK_EQ(count(agent, 99), -1);
    xh_agent_release(agent);
}

XT_TEST(a13_no_agent_is_a_connection_of_its_own) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK "expect-eof");
    rec_run(&r, script_url(p, "http", "/"), opt_alone(NULL));
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_request_hop_reused(r.request, 0), 0);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    rec_end(&r);
    script_stop(p);
}

XT_TEST(a01_a_server_that_closes_is_not_kept) {
    xh_agent *agent = agent_keep(NULL);
    XT_CHECK_EQ(agent_get(agent, nginx("close"), NULL), 0);
    XT_CHECK_EQ(agent_get(agent, nginx("close"), NULL), 0);
    XT_CHECK_EQ(count(agent, XH_COUNT_FREE_SOCKETS), 0);
    xh_agent_release(agent);
}

XT_TEST(a01_a_request_that_says_close_is_the_last_of_its_connection) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("loop\nread-head\n" SEND_OK "wait-close");
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), opt_header(NULL, "Connection", "close")), 0);
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(a01_an_answer_until_close_is_not_kept) {
    xh_agent *agent = agent_keep(NULL);
    XT_CHECK_EQ(agent_get(agent, peer_url(peer_nginx(), "http", "/until-close/1k.bin"), NULL), 0);
    XT_CHECK_EQ(count(agent, XH_COUNT_FREE_SOCKETS), 0);
    xh_agent_release(agent);
}

XT_TEST(a01_http_1_0_is_kept_only_when_it_says_so) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("on-connection 1:\nread-head\nsend 'HTTP/1.0 200 OK" NL "content-length: 2" NL NL
                                  "ok'\nexpect-closed\n"
                                  "on-connection 2:\nread-head\nsend 'HTTP/1.0 200 OK" NL "connection: keep-alive" NL
                                  "content-length: 2" NL NL "ok'\nread-head\n" SEND_OK);
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 1);
    xh_agent_release(agent);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(a01_a_limit_of_requests_of_the_server_is_fine) {
    xh_agent *agent = agent_keep(NULL);
    int reused = 0;
    for (int i = 0; i < 9; i++) reused += agent_get(agent, nginx("keep3"), NULL) == 1;
    XT_CHECK_EQ(reused, 6);
    xh_agent_release(agent);
}

XT_TEST(a06_the_hint_of_the_server_is_honoured) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("on-connection 1:\nread-head\nsend 'HTTP/1.1 200 OK" NL "keep-alive: timeout=1" NL
                                  "content-length: 2" NL NL "ok'\nexpect-eof\non-connection 2:\nread-head\n" SEND_OK);
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS)); /* we close before the server would */
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(a06_a_free_connection_is_closed_after_the_timeout) {
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_AGENT_TIMEOUT_MS, 100));
    script_peer *p = script_start("read-head\n" SEND_OK "expect-eof");
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    XT_CHECK(agent_await(agent, XH_COUNT_FREE_SOCKETS, 0));
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(a06_an_old_connection_is_not_reused) {
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_CONNECTION_AGE_MS, 1));
    XT_CHECK_EQ(agent_get(agent, nginx("http"), NULL), 0);
    sleep_ms(5);
    XT_CHECK_EQ(agent_get(agent, nginx("http"), NULL), 0);
    xh_agent_release(agent);
}

/* ---- limits and order ---------------------------------------------------------------------------------------------------------------------- */

XT_TEST(a02_requests_over_the_limit_wait_and_start_in_order) {
    enum { N = 6 };
    rec r[N];
    memset(r, 0, sizeof r);
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 1));
    script_peer *p =
        script_start("read-head\nemit got\nwait-signal go\n" SEND_OK "repeat { read-head; " SERVER_OK " }");
    for (int i = 0; i < N; i++)
        XT_REQUIRE(rec_start(&r[i], script_url(p, "http", fmt("/%d", i)), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_CHECK(agent_await(agent, XH_COUNT_QUEUED, N - 1));
    XT_CHECK_EQ(count(agent, XH_COUNT_SOCKETS), 1);
    script_signal(p, "go");
    for (int i = 0; i < N; i++) {
        rec_finish(&r[i]);
        REC_OK(&r[i], 200);
    }
    XT_CHECK_EQ(script_connections(p), 1);
    const char *at = script_received(p, 1, NULL);
    for (int i = 0; i < N; i++) {
        at = strstr(at, fmt("GET /%d ", i));
        if (!XT_CHECK(at != NULL)) break;
    }
    for (int i = 0; i < N; i++) rec_end(&r[i]);
    script_stop(p);
    xh_agent_release(agent);
}

XT_TEST(a02_the_limit_is_for_each_origin) {
    rec r = {0};
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 1));
    script_peer *p = script_start("read-head\nemit got\nwait-close");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_CHECK_EQ(agent_get(agent, nginx("http"), NULL), 0);
    xh_terminate(r.request);
    rec_end(&r);
    script_stop(p);
    xh_agent_release(agent);
}

XT_TEST(a03_the_total_limit_is_over_all_origins) {
    rec r = {0}, second = {0};
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_TOTAL_SOCKETS, 1));
    script_peer *p = script_start("read-head\nemit got\nwait-signal go\n" SEND_OK "wait-close");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_REQUIRE(rec_start(&second, nginx("http"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(agent_await(agent, XH_COUNT_QUEUED, 1));
    script_signal(p, "go");
    rec_finish(&r);
    rec_finish(&second); /* the free connection of the other origin has to give way */
    REC_OK(&r, 200);
    REC_OK(&second, 200);
    rec_end(&r);
    rec_end(&second);
    script_stop(p);
    xh_agent_release(agent);
}

/* So many requests at once that each needs a connection; then all are free. */
static void open_several(xh_agent *agent, script_peer *p, int n) {
    rec r[8];
    memset(r, 0, sizeof r);
    for (int i = 0; i < n; i++)
        if (rec_start(&r[i], script_url(p, "http", "/"), opt_ptr(NULL, XH_OPT_AGENT, agent)) == NULL) return;
    for (int i = 0; i < n; i++) XT_CHECK(script_wait_event(p, "got", LONG_MS));
    for (int i = 0; i < n; i++) script_signal(p, "go");
    for (int i = 0; i < n; i++) {
        rec_finish(&r[i]);
        REC_OK(&r[i], 200);
        rec_end(&r[i]);
    }
}

#define GATED "loop\nread-head\nemit got\nwait-signal go\n" SEND_OK "repeat { read-head; " SERVER_OK " }"

XT_TEST(a04_free_connections_over_the_limit_are_closed) {
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_FREE_SOCKETS, 2));
    script_peer *p = script_start(GATED);
    open_several(agent, p, 4);
    XT_CHECK(agent_await(agent, XH_COUNT_FREE_SOCKETS, 2));
    XT_CHECK_EQ(script_connections(p), 4);
    xh_agent_release(agent);
    script_stop(p);
}

/* The first of two connections, or the second, is taken when both are free. */
static void taken_by(const char *scheduling, int newest) {
    xh_agent *agent = agent_keep(opt_str(NULL, XH_OPT_SCHEDULING, scheduling));
    script_peer *p = script_start(
        "on-connection 1:\nread-head\nemit got\nwait-signal one\n" SEND_OK "repeat { read-head; " SERVER_OK
        " }\n"
        "on-connection 2:\nread-head\nemit got\nwait-signal two\n" SEND_OK "repeat { read-head; " SERVER_OK " }");
    rec r[2];
    memset(r, 0, sizeof r);
    for (int i = 0; i < 2; i++) {
        if (rec_start(&r[i], script_url(p, "http", "/first"), opt_ptr(NULL, XH_OPT_AGENT, agent)) == NULL) return;
        XT_CHECK(script_wait_event(p, "got", LONG_MS));
    }
    script_signal(p, "one");
    rec_finish(&r[0]);
    XT_CHECK(agent_await(agent, XH_COUNT_FREE_SOCKETS, 1));
    script_signal(p, "two");
    rec_finish(&r[1]);
    XT_CHECK(agent_await(agent, XH_COUNT_FREE_SOCKETS, 2));
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/third"), NULL), 1);
    XT_CHECK_EQ(sent_has(p, newest ? 2 : 1, "/third"), 1);
    rec_end(&r[0]);
    rec_end(&r[1]);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(a05_lifo_takes_the_newest) { taken_by("lifo", 1); }
XT_TEST(a05_fifo_takes_the_oldest) { taken_by("fifo", 0); }

XT_TEST(a12_limits_can_be_changed_later) {
    int64_t value = 0;
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 3));
    XT_CHECK_EQ(xh_agent_get_int(agent, XH_OPT_MAX_SOCKETS, &value), XH_OK);
    XT_CHECK_EQ(value, 3);
    XT_CHECK_EQ(xh_agent_set_int(agent, XH_OPT_MAX_SOCKETS, 7), XH_OK);
    XT_CHECK_EQ(xh_agent_get_int(agent, XH_OPT_MAX_SOCKETS, &value), XH_OK);
    XT_CHECK_EQ(value, 7);
    XT_CHECK_EQ(xh_agent_get_int(agent, XH_OPT_MAX_FREE_SOCKETS, &value), XH_OK);
    XT_CHECK_EQ(value, 256);
    XT_CHECK_EQ(xh_agent_get_int(agent, XH_OPT_MAX_TOTAL_SOCKETS, &value), XH_OK);
    XT_CHECK_EQ(value, -1);
    XT_CHECK_EQ(xh_agent_set_int(agent, XH_OPT_MAX_SOCKETS, 0), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_agent_set_int(agent, XH_OPT_MAX_BODY_BYTES, 7), XH_E_OPTION_TYPE);
    XT_CHECK_EQ(xh_agent_set_int(agent, 9999, 7), XH_E_UNKNOWN_OPTION);
    xh_agent_release(agent);
}

XT_TEST(a12_a_raised_limit_starts_what_waits) {
    rec r[2];
    memset(r, 0, sizeof r);
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 1));
    script_peer *p = script_start("on-connection 1:\nread-head\nemit got\nwait-signal go\n" SEND_OK
                                  "wait-close\n"
                                  "on-connection 2:\nread-head\n" SEND_OK "wait-close");
    for (int i = 0; i < 2; i++)
        XT_REQUIRE(rec_start(&r[i], script_url(p, "http", "/"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_CHECK(agent_await(agent, XH_COUNT_QUEUED, 1));
    XT_CHECK_EQ(xh_agent_set_int(agent, XH_OPT_MAX_SOCKETS, 2), XH_OK);
    rec_finish(&r[1]);
    REC_OK(&r[1], 200);
    script_signal(p, "go");
    rec_finish(&r[0]);
    rec_end(&r[0]);
    rec_end(&r[1]);
    xh_agent_release(agent);
    script_stop(p);
}

/* ---- stale connections (A15) ----------------------------------------------------------------------------------------------------------------- */

XT_TEST(a15_a_connection_that_the_server_closed_is_noticed) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p =
        script_start("on-connection 1:\nread-head\n" SEND_OK "close\non-connection 2:\nread-head\n" SEND_OK);
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    XT_CHECK(agent_await(agent, XH_COUNT_FREE_SOCKETS, 0));
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    xh_agent_release(agent);
    script_stop(p);
}

/* The second request goes over the kept connection, which then breaks without an answer. */
static script_peer *breaks(const char *how) {
    return script_startf("on-connection 1:\nread-head\n" SEND_OK
                         "read-head\n%s\non-connection 2:\nread-head\nread-body\n" SEND_OK
                         "on-connection 3:\nread-head\n" SEND_OK,
                         how);
}

XT_TEST(a15_a_get_over_a_stale_connection_is_sent_again) {
    static const char *const ends[] = {"close", "reset"};
    for (int i = 0; i < 2; i++) {
        rec r = {0};
        xh_agent *agent = agent_keep(NULL);
        script_peer *p = breaks(ends[i]);
        XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/a"), NULL), 0);
        rec_run(&r, script_url(p, "http", "/b"), opt_ptr(NULL, XH_OPT_AGENT, agent));
        REC_OK(&r, 200);
        ORDER_IS(&r, "HDRTX");
        XT_CHECK_EQ(xh_request_hop_count(r.request), 2);
        XT_CHECK_EQ(xh_request_hop_reused(r.request, 0), 1);
        XT_CHECK_EQ(xh_request_hop_reused(r.request, 1), 0);
        XT_CHECK_EQ(count(agent, XH_COUNT_RETRIED), 1);
        SENT(p, 1, "GET /b ");
        SENT(p, 2, "GET /b ");
        rec_end(&r);
        xh_agent_release(agent);
        script_stop(p);
    }
}

XT_TEST(a15_a_put_with_a_body_is_sent_again_whole) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = breaks("read-body; close");
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/a"), NULL), 0);
    rec_run(&r, script_url(p, "http", "/b"), opt_ptr(opt_body(NULL, "PUT", "body", 4), XH_OPT_AGENT, agent));
    REC_OK(&r, 200);
    SENT(p, 2, "\r\n\r\nbody");
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(a15_a_post_is_not_sent_again) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = breaks("read-body; close");
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/a"), NULL), 0);
    rec_run(&r, script_url(p, "http", "/b"), opt_ptr(opt_body(NULL, "POST", "body", 4), XH_OPT_AGENT, agent));
    REC_FAILED(&r, XH_E_CONNECTION_CLOSED, XH_PHASE_HEAD);
    XT_CHECK_EQ(xh_error_request_sent(rec_error(&r)), 1);
    XT_CHECK_EQ(xh_error_safe_to_retry(rec_error(&r)), 0);
    XT_CHECK_EQ(script_connections(p), 1);
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(a15_it_is_sent_again_once_only) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p =
        script_start("on-connection 1:\nread-head\n" SEND_OK "read-head\nclose\non-connection 2:\nread-head\nclose");
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/a"), NULL), 0);
    rec_run(&r, script_url(p, "http", "/b"), opt_ptr(NULL, XH_OPT_AGENT, agent));
    REC_FAILED(&r, XH_E_CONNECTION_CLOSED, XH_PHASE_HEAD);
    XT_CHECK_EQ(script_connections(p), 2);
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(a15_not_after_a_byte_of_the_answer) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = breaks("send 'HTTP/1.1 2'; close");
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/a"), NULL), 0);
    rec_run(&r, script_url(p, "http", "/b"), opt_ptr(NULL, XH_OPT_AGENT, agent));
    REC_FAILED(&r, XH_E_TRUNCATED, XH_PHASE_HEAD);
    XT_CHECK_EQ(script_connections(p), 1);
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(a15_not_on_a_new_connection) {
    rec r = {0};
    script_peer *p = script_start("read-head\nclose");
    rec_run(&r, script_url(p, "http", "/b"), NULL);
    REC_FAILED(&r, XH_E_CONNECTION_CLOSED, XH_PHASE_HEAD);
    XT_CHECK_EQ(script_connections(p), 1);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(a15_bytes_on_a_free_connection_close_it) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("on-connection 1:\nread-head\n" SEND_OK "wait-signal go\nsend 'HTTP/1.1 408 X" NL
                                  "content-length: 0" NL NL "'\nexpect-closed\non-connection 2:\nread-head\n" SEND_OK);
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    script_signal(p, "go");
    XT_CHECK(agent_await(agent, XH_COUNT_FREE_SOCKETS, 0));
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    xh_agent_release(agent);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(a15_a_server_that_restarts_is_no_error) {
    peer *n = peer_nginx_start();
    xh_agent *agent = agent_keep(NULL);
    const char *url = fmt("%s", peer_url(n, "http", "/text"));
    for (int i = 0; i < 3; i++) {
        XT_CHECK_EQ(agent_get(agent, url, NULL), 0);
        XT_CHECK_EQ(agent_get(agent, url, NULL), 1);
        peer_kill(n);
        peer_restart(n);
    }
    xh_agent_release(agent);
    peer_stop(n);
}

CAPI_MAIN("agent")
