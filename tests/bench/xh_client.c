// link: xh
/** @file xh_client.c
 *  xh in `./dev bench`: the public headers only. Everything runs on one loop that this program drives, with an agent of its
 *  own; a new request is started from on_terminate of the last.
 */
#include "bench.h"

#include <xh/xh.h>

static struct bench_args g_a;
static struct bench_span g_span;
static xh_loop* g_loop;
static xh_agent* g_agent;
static xh_options* g_options;
static xh_request_callbacks g_callbacks;
static char g_url[256];
static size_t g_url_len;
static long g_started, g_done;
static uint64_t g_bytes;

static void must(xh_status status, const char* what) {
    if (status >= 0) return;
    fprintf(stderr, "bench: %s: %s (%s)\n", what, xh_status_text(status), xh_status_name(status));
    _Exit(1);
}

static void set_path(const char* path) {
    bench_url(&g_a, path, g_url, sizeof g_url);
    g_url_len = strlen(g_url);
}

static void start_request(xh_request** out) {
    g_started++;
    must(xh_request_new(g_url, g_url_len, g_options, &g_callbacks, out, NULL), "xh_request_new");
}

static void XH_CALL on_error(xh_request* request, const xh_request_event* event, void* user) {
    size_t i, n = xh_request_error_count(request);
    (void)event;
    (void)user;
    for (i = 0; i < n; i++) {
        xh_str text = xh_error_message(xh_request_error_at(request, i));
        fprintf(stderr, "bench: %.*s\n", (int)text.len, text.ptr);
    }
    _Exit(1);
}

static void XH_CALL on_response(xh_request* request, const xh_request_event* event, void* user) {
    xh_response* response = xh_request_response(request);
    (void)event;
    (void)user;
    if (xh_response_status(response) != 200) bench_die("the status is not 200");
    g_bytes += xh_response_body(response).len;
}

static void XH_CALL on_data(xh_request* request, const xh_request_event* event, void* user) {
    (void)request;
    (void)user;
    g_bytes += xh_request_event_data(event).len;
}

static void XH_CALL on_terminate(xh_request* request, const xh_request_event* event, void* user) {
    (void)request;
    (void)event;
    (void)user;
    if (++g_done == g_a.warm) bench_start(&g_span, 0);
    if (g_started < g_a.warm + g_a.n)
        start_request(NULL);
    else if (g_done == g_a.warm + g_a.n)
        xh_loop_stop(g_loop);
}

/* get, new, tls-full, tls-resumed: CONC requests in flight on a loop that runs until the last has ended. */
static void run_many(void) {
    long i, first = g_a.warm + g_a.n;
    if (first > g_a.conc) first = g_a.conc;
    if (first == 0) return;
    g_callbacks.on_terminate = on_terminate;
    if (g_a.warm == 0) bench_start(&g_span, 0);
    for (i = 0; i < first; i++) start_request(NULL);
    must(xh_loop_run(g_loop), "xh_loop_run");
    bench_stop(&g_span, &g_a, g_done - g_a.warm, 0);
}

/* one, big, bigs: xh_wait drives the idle loop. */
static void run_waiting(void) {
    long i;
    for (i = -g_a.warm; i < g_a.n; i++) {
        xh_request* request;
        uint64_t t;
        if (i == 0) {
            set_path(g_a.path);
            g_bytes = 0;
            bench_start(&g_span, bench_is(&g_a, "one") ? g_a.n : 0);
        }
        t = bench_now();
        start_request(&request);
        must(xh_wait(request, -1), "xh_wait");
        xh_request_release(request);
        if (i >= 0) bench_sample(&g_span, bench_now() - t);
    }
    if (g_a.n == 0) bench_start(&g_span, 0);
    bench_stop(&g_span, &g_a, g_a.n, g_bytes);
}

static void set_int(xh_options* options, int32_t option, int64_t value) {
    must(xh_options_set_int(options, option, value), "xh_options_set_int");
}

static void make_agent(void) {
    xh_options* o = xh_options_new();
    must(xh_loop_new(&g_loop), "xh_loop_new");
    must(xh_options_set_ptr(o, XH_OPT_LOOP, g_loop), "loop");
    set_int(o, XH_OPT_KEEP_ALIVE, !bench_is_fresh(&g_a));
    set_int(o, XH_OPT_MAX_SOCKETS, g_a.conc);
    must(xh_agent_new(o, &g_agent, NULL), "xh_agent_new");
    xh_options_release(o);
}

static void make_options(void) {
    g_options = xh_options_new();
    must(xh_options_set_ptr(g_options, XH_OPT_AGENT, g_agent), "agent");
    set_int(g_options, XH_OPT_DECOMPRESS, 0); /* no peer sends Accept-Encoding here either */
    must(xh_options_set_header(g_options, "User-Agent", XH_NTS, "bench", XH_NTS), "header");
    must(xh_options_set_header(g_options, "Accept", XH_NTS, "*/*", XH_NTS), "header");
    if (bench_is_tls(&g_a)) must(xh_options_set_str(g_options, XH_OPT_CA_FILE, g_a.ca, XH_NTS), "caFile");
    if (bench_is(&g_a, "tls-full")) set_int(g_options, XH_OPT_SESSION_CACHE, 0);
    g_callbacks.size = sizeof g_callbacks;
    g_callbacks.on_error = on_error;
    if (bench_is_big(&g_a)) {
        set_int(g_options, XH_OPT_RETURN_RESPONSE_BODY, 0);
        g_callbacks.on_data = on_data;
    } else {
        g_callbacks.on_response = on_response;
    }
}

int main(int argc, char** argv) {
    g_a = bench_parse(argc, argv);
    make_agent();
    make_options();
    set_path(bench_warm_path(&g_a));
    if (bench_is(&g_a, "one") || bench_is_big(&g_a))
        run_waiting();
    else
        run_many();
    xh_options_release(g_options);
    xh_agent_release(g_agent);
    xh_loop_release(g_loop);
    return 0;
}
