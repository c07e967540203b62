/* Seven deadlines, each with its own error (Q20), and what they do not count. */
#include "support.h"

#define SHORT 80

/* The request ends with that error in that phase; the message names the deadline. */
static void runs_out(const char *url, xh_options *o, xh_status status, int32_t phase) {
    rec r = {0};
    if (rec_start(&r, url, o) != NULL) {
        rec_finish(&r);
        REC_FAILED(&r, status, phase);
        XT_CHECK_EQ(xh_status_kind(status), XH_KIND_TIMEOUT);
        XT_CHECK(xh_error_message(rec_error(&r)).len > 0);
    }
    rec_end(&r);
}

static void script_runs_out(const char *scheme, const char *script, xh_options *o, xh_status status, int32_t phase) {
    script_peer *p = script_start(script);
    runs_out(script_url(p, scheme, "/x"), o, status, phase);
    script_stop(p);
}

/* ---- each fires ----------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q20_total_while_connecting) {
    runs_out(fmt("http://127.0.0.1:%d/", deaf_port()), opt_real(NULL, XH_OPT_TIMEOUT, 0.08), XH_E_TIMEOUT_TOTAL,
             XH_PHASE_CONNECT);
}
XT_TEST(q20_total_in_the_handshake) {
    script_runs_out("https", "stall", opt_ca(opt_real(NULL, XH_OPT_TIMEOUT, 0.08)), XH_E_TIMEOUT_TOTAL, XH_PHASE_TLS);
}
XT_TEST(q20_total_while_waiting_for_the_head) {
    script_runs_out("http", "read-head\nstall", opt_real(NULL, XH_OPT_TIMEOUT, 0.08), XH_E_TIMEOUT_TOTAL,
                    XH_PHASE_HEAD);
}
XT_TEST(q20_total_in_the_body) {
    script_runs_out("http", "read-head\n" HEAD_OK "content-length: 9" NL NL "ok'\nstall",
                    opt_real(NULL, XH_OPT_TIMEOUT, 0.2), XH_E_TIMEOUT_TOTAL, XH_PHASE_BODY);
}
XT_TEST(q20_total_although_bytes_trickle) {
    script_runs_out("http", "read-head\n" HEAD_OK "content-length: 9000" NL NL "'\nrepeat { send 'x'; pause 10 }",
                    opt_real(NULL, XH_OPT_TIMEOUT, 0.2), XH_E_TIMEOUT_TOTAL, XH_PHASE_BODY);
}
XT_TEST(q20_total_over_redirects) {
    script_runs_out("http",
                    "repeat { read-head; send 'HTTP/1.1 302 X" NL "content-length: 0" NL "location: /x" NL NL
                    "'; pause 20 }",
                    opt_int(opt_real(NULL, XH_OPT_TIMEOUT, 0.2), XH_OPT_MAX_REDIRECTIONS, 100), XH_E_TIMEOUT_TOTAL, -1);
}

XT_TEST(q20_connect) {
    runs_out(fmt("http://127.0.0.1:%d/", deaf_port()), opt_int(NULL, XH_OPT_CONNECT_TIMEOUT_MS, SHORT),
             XH_E_TIMEOUT_CONNECT, XH_PHASE_CONNECT);
}
XT_TEST(q20_connect_while_the_proxy_says_nothing) {
    script_peer *p = script_start("read-head\nstall");
    xh_options *o = opt_str(opt_int(NULL, XH_OPT_CONNECT_TIMEOUT_MS, SHORT), XH_OPT_PROXY,
                            fmt("http://127.0.0.1:%d", script_port(p)));
    runs_out("https://server.test/", o, XH_E_TIMEOUT_CONNECT, XH_PHASE_PROXY);
    script_stop(p);
}
XT_TEST(q20_connect_while_the_socks_proxy_says_nothing) {
    for (int silent = 1; silent <= 2; silent++) {
        socks_options how;
        memset(&how, 0, sizeof how);
        how.silent = silent;
        socks_peer *p = socks_start(&how);
        xh_options *o = opt_str(opt_int(NULL, XH_OPT_CONNECT_TIMEOUT_MS, SHORT), XH_OPT_PROXY,
                                fmt("socks5://127.0.0.1:%d", socks_port(p)));
        runs_out("http://127.0.0.1:1/", o, XH_E_TIMEOUT_CONNECT, XH_PHASE_PROXY);
        socks_stop(p);
    }
}
XT_TEST(q20_tls) {
    script_runs_out("https", "stall", opt_ca(opt_int(NULL, XH_OPT_TLS_TIMEOUT_MS, SHORT)), XH_E_TIMEOUT_TLS,
                    XH_PHASE_TLS);
}
XT_TEST(q20_tls_although_bytes_trickle) {
    script_runs_out(
        "https",
        "send-slow 5 "
        "'\\x16\\x03\\x03\\x10\\x00aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'\nstall",
        opt_ca(opt_int(NULL, XH_OPT_TLS_TIMEOUT_MS, SHORT)), XH_E_TIMEOUT_TLS, XH_PHASE_TLS);
}
XT_TEST(q20_head) {
    script_runs_out("http", "read-head\nstall", opt_int(NULL, XH_OPT_HEAD_TIMEOUT_MS, SHORT), XH_E_TIMEOUT_HEAD,
                    XH_PHASE_HEAD);
}
XT_TEST(q20_head_that_never_ends) {
    script_runs_out("http", "read-head\n" HEAD_OK "'\nrepeat { send 'a: b" NL "'; pause 10 }",
                    opt_int(NULL, XH_OPT_HEAD_TIMEOUT_MS, SHORT), XH_E_TIMEOUT_HEAD, XH_PHASE_HEAD);
}
XT_TEST(q20_head_is_not_put_off_by_interim_responses) {
    script_runs_out("http", "read-head\nrepeat { send 'HTTP/1.1 102 X" NL NL "'; pause 10 }",
                    opt_int(opt_int(NULL, XH_OPT_HEAD_TIMEOUT_MS, SHORT), XH_OPT_MAX_INTERIM, 100000),
                    XH_E_TIMEOUT_HEAD, XH_PHASE_HEAD);
}
XT_TEST(q20_stall_in_the_body) {
    script_runs_out("http", "read-head\n" HEAD_OK "content-length: 9" NL NL "ok'\nstall",
                    opt_int(NULL, XH_OPT_STALL_TIMEOUT_MS, SHORT), XH_E_TIMEOUT_STALL, XH_PHASE_BODY);
}
XT_TEST(q20_stall_while_waiting_for_the_head) {
    script_runs_out("http", "read-head\nstall", opt_int(NULL, XH_OPT_STALL_TIMEOUT_MS, SHORT), XH_E_TIMEOUT_STALL,
                    XH_PHASE_HEAD);
}

static int64_t XH_CALL pull_for_ever(char *buf, size_t cap, void *none) {
    (void)none;
    memset(buf, 'x', cap);
    return (int64_t)cap;
}

static xh_options *endless_upload(void) {
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_pull(o, pull_for_ever, -1, NULL, NULL), XH_OK);
    return o;
}

XT_TEST(q20_stall_while_uploading) {
    script_runs_out("http", "rcvbuf 4096\nread-head\nstall", opt_int(endless_upload(), XH_OPT_STALL_TIMEOUT_MS, SHORT),
                    XH_E_TIMEOUT_STALL, XH_PHASE_SEND);
}

XT_TEST(q20_queue) {
    rec r = {0};
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 1));
    script_peer *p = script_start("read-head\nemit got\nwait-close");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    runs_out(script_url(p, "http", "/y"), opt_int(opt_ptr(NULL, XH_OPT_AGENT, agent), XH_OPT_QUEUE_TIMEOUT_MS, SHORT),
             XH_E_TIMEOUT_QUEUE, XH_PHASE_QUEUE);
    XT_CHECK_EQ(xh_agent_count(agent, XH_COUNT_QUEUED), 0);
    xh_terminate(r.request);
    rec_end(&r);
    script_stop(p);
    xh_agent_release(agent);
}

XT_TEST(q20_the_total_counts_the_time_in_the_queue) {
    rec r = {0};
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 1));
    script_peer *p = script_start("read-head\nemit got\nwait-close");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    runs_out(script_url(p, "http", "/y"), opt_real(opt_ptr(NULL, XH_OPT_AGENT, agent), XH_OPT_TIMEOUT, 0.08),
             XH_E_TIMEOUT_TOTAL, XH_PHASE_QUEUE);
    xh_terminate(r.request);
    rec_end(&r);
    script_stop(p);
    xh_agent_release(agent);
}

/* ---- and they do not fire when they should not ------------------------------------------------------------------------------------------ */

XT_TEST(q20_none_fires_when_all_goes_well) {
    rec r = {0};
    xh_options *o = opt_real(opt_ca(NULL), XH_OPT_TIMEOUT, 60);
    for (int32_t i = XH_OPT_QUEUE_TIMEOUT_MS; i <= XH_OPT_STALL_TIMEOUT_MS; i++) opt_int(o, i, 60000);
    rec_run(&r, peer_url(peer_nginx(), "https", "/file/1m.bin"), o);
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q20_the_head_deadline_does_not_count_the_body) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" HEAD_OK "content-length: 4" NL NL "'\npause 600\nsend 'body'",
                          opt_int(NULL, XH_OPT_HEAD_TIMEOUT_MS, 500)));
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q20_the_head_deadline_does_not_count_the_upload) {
    rec r = {0};
    char *bytes = calloc(1, 8 << 20);
    XT_REQUIRE(rec_script(&r, "rcvbuf 65536\ncapture off\nread-head\npause 600\nread-body\n" SEND_OK,
                          opt_int(opt_body(NULL, "POST", bytes, 8 << 20), XH_OPT_HEAD_TIMEOUT_MS, 500)));
    REC_OK(&r, 200);
    free(bytes);
    rec_end(&r);
}

XT_TEST(q20_the_stall_deadline_is_put_off_by_bytes) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" HEAD_OK "content-length: 8" NL NL "'\nrepeat 8 { pause 100; send 'x' }",
                          opt_int(NULL, XH_OPT_STALL_TIMEOUT_MS, 500)));
    REC_OK(&r, 200);
    rec_end(&r);
}

static void pause_at_headers(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    if (xh_request_event_type(event) == XH_EVENT_HEADERS) xh_request_pause(request);
}

XT_TEST(q20_the_stall_deadline_stops_while_the_application_pauses) {
    rec r = {0};
    script_peer *p =
        script_start("read-head\n" HEAD_OK "content-length: 20000000" NL NL "'\nsend-zero 20000000\nwait-close");
    r.hook = pause_at_headers;
    r.drop_data = 1;
    xh_options *o = opt_int(opt_int(NULL, XH_OPT_STALL_TIMEOUT_MS, 150), XH_OPT_RETURN_RESPONSE_BODY, 0);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), o) != NULL);
    XT_CHECK(rec_await(&r, XH_EVENT_HEADERS, 1));
    XT_CHECK_EQ(xh_wait(r.request, 500), XH_TIMEOUT);
    xh_request_resume(r.request);
    rec_finish(&r);
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.bytes, 20000000);
    rec_end(&r);
    script_stop(p);
}

static int64_t XH_CALL pull_later(char *buf, size_t cap, void *n) {
    (void)buf;
    (void)cap;
    return __atomic_add_fetch((int *)n, 1, __ATOMIC_SEQ_CST) == 1 ? -1 : 0;
}

XT_TEST(q20_the_stall_deadline_stops_while_the_application_has_no_data) {
    rec r = {0};
    int n = 0;
    script_peer *p = script_start("read-head\nread-body\n" SEND_OK);
    xh_options *o = opt_int(opt_str(NULL, XH_OPT_METHOD, "POST"), XH_OPT_STALL_TIMEOUT_MS, 150);
    XT_CHECK_EQ(xh_options_set_body_pull(o, pull_later, -1, &n, NULL), XH_OK);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), o) != NULL);
    XT_CHECK_EQ(xh_wait(r.request, 500), XH_TIMEOUT);
    xh_request_resume_body(r.request);
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q20_the_total_goes_on_while_the_application_pauses) {
    rec r = {0};
    r.hook = pause_at_headers;
    XT_REQUIRE(rec_script(&r,
                          "read-head\n" HEAD_OK "content-length: 20000000" NL NL "'\nsend-zero 20000000\nwait-close",
                          opt_real(NULL, XH_OPT_TIMEOUT, 0.2)));
    REC_FAILED(&r, XH_E_TIMEOUT_TOTAL, XH_PHASE_BODY);
    rec_end(&r);
}

/* ---- values --------------------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q20_values_of_timeout) {
    double value = 0;
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_get_real(o, XH_OPT_TIMEOUT, &value), XH_OK);
    XT_CHECK(value < 0 && value > -1.5);
    XT_CHECK_EQ(xh_options_set_real(o, XH_OPT_TIMEOUT, -2.0), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_options_set_real(o, XH_OPT_TIMEOUT, strtod("nan", NULL)), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_options_set_real(o, XH_OPT_TIMEOUT, strtod("inf", NULL)), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_options_set_real(o, XH_OPT_TIMEOUT, 2.5), XH_OK);
    XT_CHECK_EQ(xh_options_get_real(o, XH_OPT_TIMEOUT, &value), XH_OK);
    XT_CHECK(value > 2.4 && value < 2.6);
    XT_CHECK_EQ(xh_options_set_real(o, XH_OPT_TIMEOUT, -1.0), XH_OK);
    XT_CHECK_EQ(xh_options_set_int(o, XH_OPT_STALL_TIMEOUT_MS, -2), XH_E_OPTION_VALUE);
    xh_options_release(o);
}

XT_TEST(q20_deadlines_are_different_errors) {
    static const xh_status all[] = {XH_E_TIMEOUT_QUEUE, XH_E_TIMEOUT_LOOKUP, XH_E_TIMEOUT_CONNECT, XH_E_TIMEOUT_TLS,
                                    XH_E_TIMEOUT_HEAD,  XH_E_TIMEOUT_STALL,  XH_E_TIMEOUT_TOTAL};
    for (int i = 0; i < 7; i++)
        for (int k = 0; k < i; k++) XT_CHECK(strcmp(xh_status_text(all[i]), xh_status_text(all[k])) != 0);
}

CAPI_MAIN("timeout")
