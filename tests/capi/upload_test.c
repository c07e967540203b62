/* Sending a body: pulled pieces, large files, progress, answers that come before it has gone (Q04). */
#define _GNU_SOURCE
#include <unistd.h>

#include "support.h"

/* ---- pulled -------------------------------------------------------------------------------------------------------------------- */

typedef struct source {
    int64_t left;      /* bytes still to come */
    int64_t fail_at;   /* -2 when so much is left; -1 never */
    int wait_at_first; /* answers -1 that often */
    size_t piece;      /* most bytes at a time */
    uint64_t offset;
    int calls, waits, destroyed, after_end, ended;
} source;

static int64_t XH_CALL pull(char *buf, size_t cap, void *source_) {
    source *s = (source *)source_;
    s->calls++;
    if (s->ended) s->after_end++;
    if (s->wait_at_first > 0) {
        s->wait_at_first--;
        __atomic_add_fetch(&s->waits, 1, __ATOMIC_SEQ_CST);
        return -1;
    }
    if (s->fail_at >= 0 && s->left <= s->fail_at) {
        s->ended = 1;
        return -2;
    }
    if (s->left == 0) {
        s->ended = 1;
        return 0;
    }
    size_t n = cap < s->piece ? cap : s->piece;
    if ((int64_t)n > s->left) n = (size_t)s->left;
    net_pattern(buf, s->offset, n);
    s->offset += n;
    s->left -= (int64_t)n;
    return (int64_t)n;
}

static void XH_CALL destroy(void *source_) { __atomic_add_fetch(&((source *)source_)->destroyed, 1, __ATOMIC_SEQ_CST); }

static int is_destroyed(void *source_) {
    return __atomic_load_n(&((source *)source_)->destroyed, __ATOMIC_SEQ_CST) > 0;
}

static int has_waited(void *source_) { return __atomic_load_n(&((source *)source_)->waits, __ATOMIC_SEQ_CST) > 0; }

static source make_source(int64_t bytes, size_t piece) {
    source s;
    memset(&s, 0, sizeof s);
    s.left = bytes;
    s.piece = piece;
    s.fail_at = -1;
    return s;
}

static xh_options *pulled(source *s, int64_t length) {
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "POST");
    XT_CHECK_EQ(xh_options_set_body_pull(o, pull, length, s, destroy), XH_OK);
    return o;
}

/* Destroyed once, and not asked after its end. */
static void is_done(source *s) {
    XT_CHECK(await(is_destroyed, s));
    XT_CHECK_EQ(s->destroyed, 1);
    XT_CHECK_EQ(s->after_end, 0);
}

static void reflects(int64_t bytes, size_t piece, int64_t length) {
    rec r = {0};
    source s = make_source(bytes, piece);
    rec_run(&r, peer_url(peer_apache(), "http", "/reflect"), pulled(&s, length));
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.len, bytes);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    rec_end(&r);
    is_done(&s);
}

XT_TEST(q04_pull_with_length) { reflects(1 << 20, 10000, 1 << 20); }
XT_TEST(q04_pull_without_length) { reflects(1 << 20, 10000, -1); }
XT_TEST(q04_pull_byte_by_byte) { reflects(3000, 1, -1); }

XT_TEST(q04_pull_with_length_sends_the_length) {
    rec r = {0};
    source s = make_source(100, 100);
    script_peer *p = script_start("read-head\nread-body\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), pulled(&s, 100));
    SENT(p, 1, "ontent-Length: 100\r\n");
    NOT_SENT(p, 1, "transfer-encoding");
    rec_end(&r);
    is_done(&s);
    script_stop(p);
}

XT_TEST(q04_pull_without_length_is_chunked) {
    rec r = {0};
    source s = make_source(16, 16);
    script_peer *p = script_start("read-head\nread-body\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), pulled(&s, -1));
    SENT(p, 1, "ransfer-Encoding: chunked\r\n");
    NOT_SENT(p, 1, "content-length");
    SENT(p, 1, "\r\n0\r\n\r\n");
    rec_end(&r);
    is_done(&s);
    script_stop(p);
}

XT_TEST(q04_pull_of_nothing_is_an_empty_body) {
    rec r = {0};
    source s = make_source(0, 1);
    script_peer *p = script_start("read-head\nread-body\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), pulled(&s, -1));
    REC_OK(&r, 200);
    SENT(p, 1, "\r\n\r\n0\r\n\r\n");
    rec_end(&r);
    is_done(&s);
    script_stop(p);
}

XT_TEST(q04_pull_waits_for_resume) {
    rec r = {0};
    source s = make_source(4, 4);
    s.wait_at_first = 3;
    script_peer *p = script_start("read-head\nread-body\n" SEND_OK);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), pulled(&s, 4)) != NULL);
    for (int i = 1; i <= 3; i++) {
        while (__atomic_load_n(&s.waits, __ATOMIC_SEQ_CST) < i && has_waited(&s) >= 0) sleep_ms(1);
        XT_CHECK_EQ(xh_wait(r.request, 0), XH_TIMEOUT);
        XT_CHECK_EQ(xh_request_resume_body(r.request), XH_OK);
    }
    rec_finish(&r);
    REC_OK(&r, 200);
    XT_CHECK_EQ(s.waits, 3);
    rec_end(&r);
    is_done(&s);
    script_stop(p);
}

XT_TEST(q04_pull_is_not_asked_while_it_waits) {
    rec r = {0};
    source s = make_source(4, 4);
    s.wait_at_first = 1;
    script_peer *p = script_start("read-head\nread-body\n" SEND_OK);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), pulled(&s, 4)) != NULL);
    XT_CHECK(await(has_waited, &s));
    XT_CHECK_EQ(xh_wait(r.request, 30), XH_TIMEOUT);
    XT_CHECK_EQ(s.calls, 1);
    xh_request_resume_body(r.request);
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    is_done(&s);
    script_stop(p);
}

XT_TEST(q04_pull_that_fails_ends_the_request) {
    rec r = {0};
    source s = make_source(100000, 1000);
    s.fail_at = 50000;
    script_peer *p = script_start("read-head\nexpect-closed");
    rec_run(&r, script_url(p, "http", "/x"), pulled(&s, 100000));
    REC_FAILED(&r, XH_E_CALLBACK, XH_PHASE_SEND);
    ORDER_IS(&r, "ETX");
    rec_end(&r);
    is_done(&s);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(q04_pull_that_ends_early_is_a_mismatch) {
    rec r = {0};
    source s = make_source(50, 10);
    script_peer *p = script_start("read-head\nexpect-closed");
    rec_run(&r, script_url(p, "http", "/x"), pulled(&s, 100));
    REC_FAILED(&r, XH_E_CONTENT_LENGTH_MISMATCH, XH_PHASE_SEND);
    rec_end(&r);
    is_done(&s);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(q04_pull_gives_no_more_than_its_length) {
    rec r = {0};
    source s = make_source(150, 100);
    script_peer *p =
        script_start("read-head\nread-body\nsend 'HTTP/1.1 200 OK" NL "content-length: 0" NL NL "'\nexpect-closed");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), pulled(&s, 100)) != NULL);
    rec_finish(&r);
    const char *head = strstr(script_received(p, 1, NULL), "\r\n\r\n");
    if (head != NULL) XT_CHECK(strlen(head + 4) <= 100);
    if (rec_error(&r) != NULL) REC_FAILED(&r, XH_E_CONTENT_LENGTH_MISMATCH, -1);
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(q04_pull_feeds_one_request_only) {
    rec r = {0};
    source s = make_source(4, 4);
    xh_options *o = pulled(&s, 4);
    xh_options_retain(o);
    XT_REQUIRE(rec_script(&r, "read-head\nread-body\n" SEND_OK, o));
    REC_OK(&r, 200);
    rec_end(&r);
    REFUSED("http://127.0.0.1/", o, XH_E_BODY_USED);
    is_done(&s);
}

XT_TEST(q04_a_refused_request_has_not_used_the_pulled_body) {
    rec r = {0};
    source s = make_source(4, 4);
    xh_options *o = pulled(&s, 4);
    xh_options_retain(o);
    XT_CHECK_EQ(xh_options_set_header(o, "content-length", XH_NTS, "5", XH_NTS), XH_OK);
    XT_CHECK_EQ(xh_request_new("http://127.0.0.1/", XH_NTS, o, NULL, NULL, NULL), XH_E_CONTENT_LENGTH_MISMATCH);
    XT_CHECK_EQ(xh_options_remove_header(o, "content-length", XH_NTS), XH_OK);
    XT_REQUIRE(rec_script(&r, "read-head\nread-body\n" SEND_OK, o));
    REC_OK(&r, 200);
    rec_end(&r);
    xh_options_release(o);
    is_done(&s);
}

XT_TEST(q04_pull_is_destroyed_when_it_was_never_used) {
    source s = make_source(4, 4);
    xh_options *o = pulled(&s, 4);
    xh_options_release(o);
    XT_CHECK_EQ(s.calls, 0);
    is_done(&s);
}

XT_TEST(q04_pull_is_destroyed_when_the_request_fails) {
    rec r = {0};
    source s = make_source(4, 4);
    rec_run(&r, fmt("http://127.0.0.1:%d/", refused_port()), pulled(&s, 4));
    REC_FAILED(&r, XH_E_CONNECTION_REFUSED, XH_PHASE_CONNECT);
    XT_CHECK_EQ(s.calls, 0);
    rec_end(&r);
    is_done(&s);
}

XT_TEST(q04_pull_that_was_refused_is_not_destroyed) {
    source s = make_source(4, 4);
    xh_options *o = xh_options_new();
    XT_CHECK(xh_options_set_body_pull(o, NULL, 4, &s, destroy) < 0);
    XT_CHECK(xh_options_set_body_pull(o, pull, -2, &s, destroy) < 0);
    xh_options_release(o);
    XT_CHECK_EQ(s.destroyed, 0);
}

XT_TEST(q04_a_set_with_a_pulled_body_cannot_be_copied) {
    source s = make_source(4, 4);
    xh_options *o = pulled(&s, 4);
    XT_CHECK(xh_options_copy(o) == NULL);
    xh_options_release(o);
    is_done(&s);
}

XT_TEST(q04_a_cancelled_upload_destroys_the_pulled_body) {
    rec r = {0};
    source s = make_source(INT64_MAX, 65536);
    script_peer *p = script_start("capture off\nread-head\nwait-close");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), pulled(&s, -1)) != NULL);
    XT_CHECK(script_wait_received(p, 1, 1 << 20, LONG_MS));
    xh_terminate(r.request);
    rec_finish(&r);
    REC_FAILED(&r, XH_E_CANCELLED, -1);
    rec_end(&r);
    is_done(&s);
    script_stop(p);
}

/* ---- progress ----------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q04_upload_progress_ends_at_the_whole) {
    rec r = {0};
    source s = make_source(1 << 20, 50000);
    rec_run(&r, peer_url(peer_nginx(), "http", "/upload/progress.bin"),
            opt_str(pulled(&s, 1 << 20), XH_OPT_METHOD, "PUT"));
    XT_CHECK(xh_response_status(xh_request_response(r.request)) / 100 == 2);
    XT_CHECK(r.count[XH_EVENT_UPLOAD] > 0);
    XT_CHECK_EQ(r.upload_bytes, 1 << 20);
    XT_CHECK_EQ(r.upload_total, 1 << 20);
    rec_end(&r);
}

XT_TEST(q04_upload_progress_of_an_unknown_length) {
    rec r = {0};
    source s = make_source(100000, 50000);
    XT_REQUIRE(rec_script(&r, "read-head\nread-body\n" SEND_OK, pulled(&s, -1)));
    XT_CHECK_EQ(r.upload_bytes, 100000);
    XT_CHECK_EQ(r.upload_total, -1);
    rec_end(&r);
}

XT_TEST(q04_no_upload_progress_without_a_body) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    XT_CHECK_EQ(r.count[XH_EVENT_UPLOAD], 0);
    rec_end(&r);
}

static long g_most;

static void look_at_memory(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    (void)request;
    if (xh_request_event_type(event) == XH_EVENT_UPLOAD && resident_kib() > g_most) g_most = resident_kib();
}

XT_TEST(q04_a_file_of_two_gibibytes_needs_little_memory) {
    rec r = {0};
    int mebibytes = SANITIZED ? 128 : 2048;
    const char *path = pattern_file("huge.bin", 1);
    XT_CHECK_EQ(truncate(path, (off_t)mebibytes << 20), 0);
    script_peer *p = script_startf("capture off\nread-head\nrepeat %d { read 1048576 }\n" SEND_OK, mebibytes);
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "PUT");
    XT_CHECK_EQ(xh_options_set_body_file(o, path, XH_NTS), XH_OK);
    long before = resident_kib();
    g_most = 0;
    r.hook = look_at_memory;
    rec_run(&r, script_url(p, "http", "/x"), o);
    REC_OK(&r, 200);
    XT_CHECK(script_received_bytes(p, 1) > (uint64_t)mebibytes << 20);
    printf("[grew by %ld KiB] ", g_most - before);
    XT_CHECK(g_most - before < 16 * 1024);
    rec_end(&r);
    script_stop(p);
    unlink(path);
}

/* ---- an answer before the body has gone --------------------------------------------------------------------------------------------------- */

#define LARGE (64 << 20)

XT_TEST(q04_an_early_answer_is_given_when_the_server_closes) {
    rec r = {0};
    source s = make_source(LARGE, 65536);
    XT_REQUIRE(rec_script(&r,
                          "capture off\nread-head\nsend 'HTTP/1.1 413 Large" NL "content-length: 5" NL
                          "connection: close" NL NL "large'\nclose",
                          pulled(&s, LARGE)));
    REC_OK(&r, 413);
    BODY_IS(&r, "large");
    rec_end(&r);
    is_done(&s);
}

XT_TEST(q04_an_early_answer_is_given_when_the_server_reads_no_more) {
    rec r = {0};
    source s = make_source(LARGE, 65536);
    XT_REQUIRE(
        rec_script(&r, "capture off\nread-head\nsend 'HTTP/1.1 413 Large" NL "content-length: 5" NL NL "large'\nstall",
                   pulled(&s, LARGE)));
    REC_OK(&r, 413);
    rec_end(&r);
    is_done(&s);
}

XT_TEST(q04_an_early_answer_is_given_over_tls) {
    rec r = {0};
    source s = make_source(LARGE, 65536);
    XT_REQUIRE(rec_script_tls(
        &r, "capture off\ntls\nread-head\nsend 'HTTP/1.1 413 Large" NL "content-length: 5" NL NL "large'\nclose",
        pulled(&s, LARGE)));
    REC_OK(&r, 413);
    BODY_IS(&r, "large");
    rec_end(&r);
    is_done(&s);
}

XT_TEST(q04_an_early_answer_leaves_no_connection_for_reuse) {
    rec r = {0};
    source s = make_source(LARGE, 65536);
    xh_agent *agent = agent_keep(NULL);
    script_peer *p =
        script_start("on-connection 1:\ncapture off\nread-head\nsend 'HTTP/1.1 413 Large" NL "content-length: 0" NL NL
                     "'\nwait-close\n"
                     "on-connection 2:\nread-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), opt_ptr(pulled(&s, LARGE), XH_OPT_AGENT, agent));
    REC_OK(&r, 413);
    rec_end(&r);
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/x"), NULL), 0);
    script_stop(p);
    xh_agent_release(agent);
}

XT_TEST(q04_nginx_refuses_a_large_upload_with_413) {
    rec r = {0};
    source s = make_source(LARGE, 65536);
    rec_run(&r, peer_url(peer_nginx(), "http", "/small-upload/x"), opt_str(pulled(&s, LARGE), XH_OPT_METHOD, "PUT"));
    REC_OK(&r, 413);
    rec_end(&r);
}

XT_TEST(q04_nginx_refuses_a_large_upload_with_413_over_tls) {
    rec r = {0};
    source s = make_source(LARGE, 65536);
    rec_run(&r, peer_url(peer_nginx(), "https", "/small-upload/x"),
            opt_ca(opt_str(pulled(&s, LARGE), XH_OPT_METHOD, "PUT")));
    REC_OK(&r, 413);
    rec_end(&r);
}

XT_TEST(q04_a_reset_while_uploading_is_an_error) {
    rec r = {0};
    source s = make_source(LARGE, 65536);
    XT_REQUIRE(rec_script(&r, "capture off\nread-head\nread 1000000\nreset", pulled(&s, LARGE)));
    XT_CHECK(rec_error(&r) != NULL);
    XT_CHECK_EQ(xh_status_kind(xh_error_status(rec_error(&r))), XH_KIND_CLOSED);
    XT_CHECK_EQ(xh_error_request_sent(rec_error(&r)), 1);
    XT_CHECK_EQ(xh_error_safe_to_retry(rec_error(&r)), 0);
    rec_end(&r);
    is_done(&s);
}

CAPI_MAIN("upload")
