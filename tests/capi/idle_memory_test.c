/* What an idle kept connection costs: at most 1 KiB of the process's memory, with TLS at most 12 KiB, everything counted
 * that malloc gives out in this process: xh, POCO and OpenSSL. */
#include <sys/resource.h>

#include "process.h"
#include "support.h"

/* Makes `count` connections that are alive at the same time and kept, on a loop of this thread. */
static xh_agent *make_idle(xh_loop *loop, const char *url, int count) {
    xh_agent *agent = agent_keep(opt_int(opt_int(opt_ptr(NULL, XH_OPT_LOOP, loop), XH_OPT_MAX_FREE_SOCKETS, count),
                                         XH_OPT_AGENT_TIMEOUT_MS, -1));
    xh_request **requests = calloc((size_t)count, sizeof *requests);
    xh_options *o = opt_ptr(opt_ca(NULL), XH_OPT_AGENT, agent);
    /* The loop runs only when all are made: none finds a free connection. */
    for (int i = 0; i < count; i++) XT_CHECK_EQ(xh_request_new(url, XH_NTS, o, NULL, &requests[i], NULL), XH_OK);
    xh_options_release(o);
    for (int i = 0; i < count; i++) {
        XT_CHECK_EQ(xh_wait(requests[i], LONG_MS), XH_OK);
        if (xh_request_error_count(requests[i]) > 0)
            XT_FAIL("%s", xh_error_message(xh_request_error_at(requests[i], 0)).ptr);
        xh_request_release(requests[i]);
    }
    free(requests);
    return agent;
}

static void measure(const char *port, int count, int64_t limit) {
    const char *url = peer_url(peer_nginx(), port, "/text");
    xh_loop *loop = NULL;
    XT_CHECK_EQ(xh_loop_new(&loop), XH_OK);
    xh_agent *first = make_idle(loop, url, 1); /* what is there once for all is there now */
    int64_t before = malloc_bytes(), own_before = xh_debug_live(XH_LIVE_BYTES);
    xh_agent *agent = make_idle(loop, url, count);
    int64_t after = malloc_bytes(), own_after = xh_debug_live(XH_LIVE_BYTES);
    int64_t idle = xh_agent_count(agent, XH_COUNT_FREE_SOCKETS);
    XT_CHECK_EQ(idle, xh_agent_count(agent, XH_COUNT_CREATED));
    XT_CHECK(idle * 10 >= count * 9);
    if (idle > 0) {
        printf("%s: %" PRId64 " idle connections, each %" PRId64 " bytes, of them %" PRId64 " of xh's own objects\n", port,
               idle, (after - before) / idle, (own_after - own_before) / idle);
        XT_CHECK((after - before) / idle <= limit);
        XT_CHECK((own_after - own_before) / idle <= limit);
    }
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_SOCKETS), idle + 1);
    xh_agent_release(agent);
    xh_agent_release(first);
    xh_loop_release(loop);
}

XT_TEST(idle_kept_connection_costs_at_most_1_kib) { measure("http", 1000, 1024); }

XT_TEST(idle_kept_connection_with_tls_costs_at_most_12_kib) { measure("https", 200, 12 * 1024); }

int main(int argc, char **argv) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 4096) {
        files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    return live_main("idle_memory", argc, argv);
}
