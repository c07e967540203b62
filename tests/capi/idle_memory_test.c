/* What an idle kept connection costs: at most 1 KiB of the process's memory, everything counted that malloc gives out in
 * this process: xh, POCO and OpenSSL. With TLS it is 12 KiB, or, where OpenSSL's own objects for a connection are larger,
 * what those take plus 2 KiB; they are measured here, too, in a client that has nothing else. */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "process.h"
#include "support.h"

static int g_paused;

static void pause_at_head(xh_request *request, const xh_request_event *event, void *user_data) {
    (void)event;
    (void)user_data;
    XT_CHECK_EQ(xh_request_pause(request), XH_OK);
    g_paused++;
}

/* Makes `count` requests that are under way at the same time, each on a connection that is kept afterwards. They start one
 * after the other, so that TLS sessions are resumed as they are in a program that runs for a while; each is held by a
 * response that is not taken until all are there. */
static void run_at_once(xh_loop *loop, xh_agent *agent, const char *url, int count) {
    xh_request **requests = calloc((size_t)count, sizeof *requests);
    xh_options *o = opt_ptr(opt_ca(NULL), XH_OPT_AGENT, agent);
    xh_request_callbacks callbacks;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.on_headers = pause_at_head;
    g_paused = 0;
    for (int i = 0; i < count; i++) {
        XT_CHECK_EQ(xh_request_new(url, XH_NTS, o, &callbacks, &requests[i], NULL), XH_OK);
        while (g_paused == i && !xh_request_terminated(requests[i])) XT_CHECK_EQ(xh_loop_poll(loop, -1), XH_OK);
    }
    xh_options_release(o);
    for (int i = 0; i < count; i++) XT_CHECK_EQ(xh_request_resume(requests[i]), XH_OK);
    for (int i = 0; i < count; i++) {
        XT_CHECK_EQ(xh_wait(requests[i], LONG_MS), XH_OK);
        if (xh_request_error_count(requests[i]) > 0)
            XT_FAIL("%s", xh_error_message(xh_request_error_at(requests[i], 0)).ptr);
        xh_request_release(requests[i]);
    }
    free(requests);
}

/* ---- OpenSSL alone --------------------------------------------------------------------------------------------------- */

/* One exchange on a new connection that stays open; *session is resumed and renewed. */
static SSL *bare_connection(SSL_CTX *context, int port, SSL_SESSION **session) {
    static const char request[] = "GET /text HTTP/1.1\r\nHost: localhost\r\n\r\n";
    struct sockaddr_in to;
    char answer[4096];
    SSL *ssl = SSL_new(context);
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    memset(&to, 0, sizeof to);
    to.sin_family = AF_INET;
    to.sin_port = htons((uint16_t)port);
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    XT_CHECK_EQ(connect(fd, (struct sockaddr *)&to, sizeof to), 0);
    SSL_set_fd(ssl, fd);
    SSL_set_tlsext_host_name(ssl, "localhost");
    if (*session != NULL) SSL_set_session(ssl, *session);
    XT_CHECK_EQ(SSL_connect(ssl), 1);
    XT_CHECK_EQ(SSL_write(ssl, request, sizeof request - 1), (int)sizeof request - 1);
    XT_CHECK(SSL_read(ssl, answer, sizeof answer) > 0);
    SSL_SESSION_free(*session);
    *session = SSL_get1_session(ssl);
    XT_CHECK_EQ(SSL_free_buffers(ssl), 1);
    return ssl;
}

/* Bytes that each of `count` idle connections takes. */
static int64_t bare_cost(int port, int count) {
    SSL_CTX *context = SSL_CTX_new(TLS_client_method());
    SSL **connections = calloc((size_t)count, sizeof *connections);
    SSL_SESSION *session = NULL;
    int64_t before;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
    XT_CHECK_EQ(SSL_CTX_load_verify_locations(context, cert_file("ca.pem"), NULL), 1);
    SSL *first = bare_connection(context, port, &session);
    before = malloc_bytes();
    for (int i = 0; i < count; i++) connections[i] = bare_connection(context, port, &session);
    int64_t cost = (malloc_bytes() - before) / count;
    for (int i = 0; i <= count; i++) {
        SSL *ssl = i < count ? connections[i] : first;
        close(SSL_get_fd(ssl));
        SSL_free(ssl);
    }
    SSL_SESSION_free(session);
    SSL_CTX_free(context);
    free(connections);
    return cost;
}

/* ---- xh --------------------------------------------------------------------------------------------------------------- */

/* What `count` further idle connections cost, when there are enough already that nothing else has to grow. */
static int64_t cost_of(const char *port, int count) {
    enum { FIRST = 300 };
    const char *url = peer_url(peer_nginx(), port, "/text");
    xh_loop *loop = NULL;
    XT_CHECK_EQ(xh_loop_new(&loop), XH_OK);
    xh_agent *agent = agent_keep(
        opt_int(opt_int(opt_ptr(NULL, XH_OPT_LOOP, loop), XH_OPT_MAX_FREE_SOCKETS, -1), XH_OPT_AGENT_TIMEOUT_MS, -1));
    run_at_once(loop, agent, url, FIRST);
    int64_t before = malloc_bytes(), own_before = xh_debug_live(XH_LIVE_BYTES);
    XT_CHECK_EQ(xh_agent_count(agent, XH_COUNT_FREE_SOCKETS), FIRST);
    run_at_once(loop, agent, url, FIRST + count);
    int64_t cost = (malloc_bytes() - before) / count, own = (xh_debug_live(XH_LIVE_BYTES) - own_before) / count;
    XT_CHECK_EQ(xh_agent_count(agent, XH_COUNT_FREE_SOCKETS), FIRST + count);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_SOCKETS), FIRST + count);
    printf("%s: each of %d idle connections costs %" PRId64 " bytes, of them %" PRId64 " in objects of xh\n", port,
           count, cost, own);
    xh_agent_release(agent);
    XT_CHECK_EQ(xh_loop_poll(loop, 0), XH_OK); /* all is closed and freed before anything else is measured */
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_SOCKETS), 0);
    xh_loop_release(loop);
    return cost > own ? cost : own;
}

XT_TEST(idle_kept_connection_costs_at_most_1_kib) { XT_CHECK(cost_of("http", 1000) <= 1024); }

XT_TEST(idle_kept_connection_with_tls_costs_at_most_12_kib_or_what_openssl_takes) {
    int64_t bare = bare_cost(peer_port(peer_nginx(), "https"), 200), cost = cost_of("https", 200);
    printf("OpenSSL alone: %" PRId64 " bytes\n", bare);
    XT_CHECK(cost <= 12 * 1024 || cost <= bare + 2048);
}

int main(int argc, char **argv) {
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < 4096) {
        files.rlim_cur = files.rlim_max < 4096 ? files.rlim_max : 4096;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    return live_main("idle_memory", argc, argv);
}
