/* Handles, buffers, sockets and threads are back at their start after every way in which things can end (ffi 1.8.8). */
#include "process.h"
#include "support.h"

static int64_t g_start[4];

static int is_back(void *unused) {
    (void)unused;
    for (int i = 0; i < 4; i++)
        if (xh_debug_live(i) != g_start[i]) return 0;
    return 1;
}

/* The library's threads exist from here on; connections of the global agent do not count. */
XT_BEFORE_EACH {
    xh_agent *global = NULL;
    rec r = {0};
    rec_start(&r, fmt("http://localhost:%d/text", peer_port(peer_nginx(), "http")), NULL);
    rec_end(&r);
    XT_CHECK_EQ(xh_agent_global(&global), XH_OK);
    XT_CHECK_EQ(xh_agent_close_free(global), XH_OK);
    XT_CHECK(agent_await(global, XH_COUNT_FREE_SOCKETS, 0));
    xh_agent_release(global);
    for (int i = 0; i < 4; i++) g_start[i] = xh_debug_live(i);
}

XT_AFTER_EACH {
    static const char *const names[] = {"handles", "buffers", "sockets", "threads"};
    if (await(is_back, NULL)) return;
    for (int i = 0; i < 4; i++)
        if (xh_debug_live(i) != g_start[i])
            XT_FAIL("%s: %" PRId64 " at the start, %" PRId64 " at the end", names[i], g_start[i], xh_debug_live(i));
}

static xh_options *own(void) { return opt_alone(opt_ca(NULL)); }

XT_TEST(leak_unknown_kinds_of_counters_are_told) {
    XT_CHECK_EQ(xh_debug_live(-1), -1);
    XT_CHECK_EQ(xh_debug_live(5), -1);
    for (int i = XH_LIVE_HANDLES; i <= XH_LIVE_BYTES; i++) XT_CHECK(xh_debug_live(i) >= 0);
}

XT_TEST(leak_counters_count_what_is_alive) {
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_HANDLES), g_start[XH_LIVE_HANDLES] + 1);
    int64_t bytes = xh_debug_live(XH_LIVE_BYTES);
    opt_header(o, "x-long", "0123456789012345678901234567890123456789012345678901234567890123456789");
    XT_CHECK(xh_debug_live(XH_LIVE_BYTES) >= bytes + 64);
    xh_options_retain(o);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_HANDLES), g_start[XH_LIVE_HANDLES] + 1);
    xh_options_release(o);
    xh_options_release(o);
    xh_agent *agent = agent_keep(NULL);
    XT_CHECK_EQ(agent_get(agent, peer_url(peer_nginx(), "http", "/text"), NULL), 0);
    XT_CHECK(agent_await(agent, XH_COUNT_FREE_SOCKETS, 1));
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_SOCKETS), g_start[XH_LIVE_SOCKETS] + 1);
    xh_agent_release(agent);
}

XT_TEST(leak_good_answers) {
    static const char *const paths[] = {
        "/text",       "/empty",      "/file/1m.bin", "/chunked/64k.bin", "/until-close/1k.bin", "/gzip/text.txt",
        "/redirect/3", "/status/204", "/json"};
    for (size_t i = 0; i < sizeof paths / sizeof paths[0]; i++)
        for (int tls = 0; tls < 2; tls++) {
            rec r = {0};
            if (rec_start(&r, peer_url(peer_nginx(), tls ? "https" : "http", paths[i]), own()) != NULL) {
                rec_finish(&r);
                XT_CHECK_EQ(rec_count(&r, XH_EVENT_TERMINATE), 1);
                XT_CHECK_EQ(rec_count(&r, XH_EVENT_RESPONSE), 1);
            }
            rec_end(&r);
        }
}

XT_TEST(leak_failures) {
    static const char *const scripts[] = {"reset",
                                          "read-head\nreset",
                                          "read-head\nclose",
                                          "read-head\nsend 'garbage'\nclose",
                                          "read-head\nsend 'HTTP/1.1 200 OK" NL "content-length: 100" NL NL "x'\nreset",
                                          "read-head\nsend 'HTTP/1.1 200 OK" NL "transfer-encoding: chunked" NL NL
                                          "zz'\nclose"};
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
        for (int tls = 0; tls < 2; tls++) {
            rec r = {0};
            if (tls)
                rec_script_tls(&r, fmt("tls\n%s", scripts[i]), opt_alone(NULL));
            else
                rec_script(&r, scripts[i], opt_alone(NULL));
            XT_CHECK_EQ(rec_count(&r, XH_EVENT_TERMINATE), 1);
            XT_CHECK_EQ(rec_count(&r, XH_EVENT_ERROR), 1);
            rec_end(&r);
        }
    rec r = {0};
    rec_run(&r, fmt("http://127.0.0.1:%d/", refused_port()), NULL);
    rec_end(&r);
    rec_run(&r, peer_url(peer_nginx(), "https-expired", "/text"), opt_ca(NULL));
    XT_CHECK_EQ(rec_count(&r, XH_EVENT_ERROR), 1);
    rec_end(&r);
    rec_run(&r, fmt("https://127.0.0.1:%d/", peer_port(peer_nginx(), "http")), NULL); /* no TLS there */
    XT_CHECK_EQ(rec_count(&r, XH_EVENT_ERROR), 1);
    rec_end(&r);
}

XT_TEST(leak_refused_arguments) {
    for (int i = 0; i < 10; i++) {
        REFUSED("http://", NULL, XH_E_INVALID_URL);
        REFUSED("ftp://localhost/", NULL, XH_E_UNSUPPORTED_SCHEME);
        xh_error *err = NULL;
        xh_options *o = xh_options_new();
        XT_CHECK_EQ(xh_options_set_json(o, "{\"metod\":1}", XH_NTS, &err), XH_E_UNKNOWN_OPTION);
        xh_error_free(err);
        xh_options_release(o);
    }
}

XT_TEST(leak_released_before_the_end) {
    for (int i = 0; i < 20; i++) {
        rec r = {0};
        if (rec_start(&r, peer_url(peer_nginx(), i % 2 ? "https" : "http", "/file/64k.bin"), own()) == NULL) continue;
        xh_request_release(r.request); /* detached: the callbacks still come */
        XT_CHECK(rec_await(&r, XH_EVENT_TERMINATE, 1));
        XT_CHECK_EQ(rec_count(&r, XH_EVENT_RESPONSE), 1);
        XT_CHECK(await(rec_gone, &r));
        r.request = NULL;
        rec_end(&r);
    }
}

XT_TEST(leak_cancelled_at_once) {
    for (int i = 0; i < 50; i++) {
        rec r = {0};
        if (rec_start(&r, peer_url(peer_nginx(), i % 2 ? "https" : "http", "/file/1m.bin"), own()) == NULL) continue;
        for (int j = 0; j < i * 200; j++) __asm__ volatile(""); /* a different moment each time */
        XT_CHECK_EQ(xh_terminate(r.request), XH_OK);
        rec_finish(&r);
        XT_CHECK_EQ(rec_count(&r, XH_EVENT_TERMINATE), 1);
        rec_end(&r);
    }
}

/* ---- what outlives the request ------------------------------------------------------------------------------------------- */

enum { KEPT = 64 };
static xh_buf *g_kept[KEPT];
static int g_kept_count;
static void keep(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    (void)request;
    if (xh_request_event_type(event) == XH_EVENT_DATA && g_kept_count < KEPT) {
        xh_buf *buf = xh_data_keep(event);
        XT_CHECK(buf != NULL);
        xh_str in = xh_request_event_data(event), out = xh_buf_data(buf);
        XT_CHECK_BYTES(in.ptr, in.len, out.ptr, out.len);
        g_kept[g_kept_count++] = buf;
    } else if (xh_request_event_type(event) != XH_EVENT_DATA) {
        XT_CHECK(xh_data_keep(event) == NULL);
    }
}

XT_TEST(leak_kept_data_outlives_everything) {
    rec r = {.hook = keep, .drop_data = 1};
    uint64_t offset = 0;
    g_kept_count = 0;
    if (rec_start(&r, peer_url(peer_nginx(), "http", "/file/1m.bin"), own()) != NULL) rec_finish(&r);
    REC_OK(&r, 200);
    XT_CHECK(rec_count(&r, XH_EVENT_DATA) <= 64); /* a body of 1 MiB */
    rec_end(&r);
    XT_CHECK(xh_debug_live(XH_LIVE_BUFFERS) > g_start[XH_LIVE_BUFFERS]);
    for (int i = 0; i < g_kept_count; i++) {
        xh_str data = xh_buf_data(g_kept[i]);
        XT_CHECK_EQ(net_pattern_check(data.ptr, offset, data.len), -1);
        offset += data.len;
        XT_CHECK(xh_buf_retain(g_kept[i]) == g_kept[i]);
        xh_buf_release(g_kept[i]);
        xh_buf_release(g_kept[i]);
    }
    XT_CHECK_EQ(offset, 1 << 20);
}

XT_TEST(leak_response_outlives_its_request) {
    rec r = {0};
    xh_response *response = NULL;
    if (rec_start(&r, peer_url(peer_nginx(), "https", "/json"), own()) != NULL) {
        rec_finish(&r);
        response = xh_response_retain(xh_request_response(r.request));
    }
    rec_end(&r);
    XT_CHECK_EQ(xh_response_status(response), 200);
    XT_CHECK(xh_response_body(response).len > 0);
    XT_CHECK(xh_response_json(response) != NULL);
    XT_CHECK(xh_response_header(response, "content-type", XH_NTS, 0).ptr != NULL);
    xh_response_release(response);
}

/* ---- agents, loops, queues ---------------------------------------------------------------------------------------------- */

XT_TEST(leak_agent_released_first_and_last) {
    for (int last = 0; last < 2; last++) {
        xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 2));
        rec r[6] = {{0}};
        for (int i = 0; i < 6; i++)
            rec_start(&r[i], peer_url(peer_nginx(), "http", "/file/64k.bin"), opt_ptr(NULL, XH_OPT_AGENT, agent));
        if (!last) xh_agent_release(agent);
        for (int i = 0; i < 6; i++) {
            rec_finish(&r[i]);
            REC_OK(&r[i], 200);
            rec_end(&r[i]);
        }
        if (last) xh_agent_release(agent);
    }
}

XT_TEST(leak_agent_destroyed_with_requests) {
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 2));
    rec r[6] = {{0}};
    for (int i = 0; i < 6; i++)
        rec_start(&r[i], peer_url(peer_nginx(), "http", "/slow/1m.bin"), opt_ptr(NULL, XH_OPT_AGENT, agent));
    XT_CHECK(rec_await(&r[0], XH_EVENT_HEADERS, 1));
    XT_CHECK(rec_await(&r[1], XH_EVENT_HEADERS, 1));
    XT_CHECK_EQ(xh_agent_destroy(agent), XH_OK);
    for (int i = 0; i < 6; i++) {
        rec_finish(&r[i]);
        REC_FAILED(&r[i], i < 2 ? XH_E_CONNECTION_RESET : XH_E_AGENT_DESTROYED, -1);
        rec_end(&r[i]);
    }
    REFUSED("http://127.0.0.1:1/", opt_ptr(NULL, XH_OPT_AGENT, agent), XH_E_AGENT_DESTROYED);
    xh_agent_release(agent);
}

static int g_destroyed, g_terminated;
static void count_destroy(void *user_data) {
    (void)user_data;
    __atomic_fetch_add(&g_destroyed, 1, __ATOMIC_SEQ_CST);
}
static void count_terminate(xh_request *request, const xh_request_event *event, void *user_data) {
    (void)request;
    (void)event;
    (void)user_data;
    __atomic_fetch_add(&g_terminated, 1, __ATOMIC_SEQ_CST);
}

XT_TEST(leak_loop_that_is_abandoned_with_requests) {
    enum { COUNT = 5 };
    xh_loop *loop = NULL;
    xh_request_callbacks callbacks;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.destroy = count_destroy;
    callbacks.on_terminate = count_terminate;
    g_destroyed = g_terminated = 0;
    XT_CHECK_EQ(xh_loop_new(&loop), XH_OK);
    xh_options *o = opt_ptr(opt_ca(NULL), XH_OPT_LOOP, loop);
    for (int i = 0; i < COUNT; i++) {
        const char *url = peer_url(peer_nginx(), i % 2 ? "https" : "http", "/slow/1m.bin");
        XT_CHECK_EQ(xh_request_new(url, XH_NTS, o, &callbacks, NULL, NULL), XH_OK);
        if (i == 2) XT_CHECK_EQ(xh_loop_poll(loop, 0), XH_OK); /* some have begun, some have not */
    }
    xh_options_release(o);
    xh_loop_release(loop);
    XT_CHECK(await(is_back, NULL));
    XT_CHECK_EQ(__atomic_load_n(&g_destroyed, __ATOMIC_SEQ_CST), COUNT);
    XT_CHECK_EQ(__atomic_load_n(&g_terminated, __ATOMIC_SEQ_CST), COUNT);
}

XT_TEST(leak_queue_that_is_released_with_events) {
    for (int i = 0; i < 4; i++) {
        xh_queue *queue = NULL;
        xh_request *requests[8] = {NULL};
        XT_CHECK_EQ(xh_queue_new(&queue), XH_OK);
        xh_options *o = opt_ptr(own(), XH_OPT_QUEUE, queue);
        for (int j = 0; j < 8; j++)
            XT_CHECK_EQ(xh_request_new(peer_url(peer_nginx(), j % 2 ? "https" : "http", "/file/64k.bin"), XH_NTS, o,
                                       NULL, i % 2 ? &requests[j] : NULL, NULL),
                        XH_OK);
        xh_options_release(o);
        for (int j = 0; i == 1 && j < 8; j++) XT_CHECK_EQ(xh_wait(requests[j], LONG_MS), XH_OK);
        xh_queue_release(queue);
        for (int j = 0; j < 8; j++) xh_request_release(requests[j]);
    }
}

int main(int argc, char **argv) { return live_main("leak", argc, argv); }
