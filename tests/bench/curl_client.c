// link: curl
/** @file curl_client.c
 *  libcurl as a peer of `./dev bench`: the multi interface on epoll (multi_socket), and the easy interface for one request
 *  at a time and for large bodies. Handles are kept and used again, as libcurl advises.
 */
#include "bench.h"

#include <curl/curl.h>
#include <sys/epoll.h>
#include <unistd.h>

enum { EVENTS = 256 };

static struct bench_args g_a;
static struct bench_span g_span;
static CURLM* g_multi;
static int g_epoll;
static long g_timeout_ms = -1;
static long g_started, g_done;
static uint64_t g_bytes;

static size_t on_body(char* data, size_t size, size_t count, void* user) {
    (void)data;
    (void)user;
    g_bytes += size * count;
    return size * count;
}

static int on_socket(CURL* easy, curl_socket_t fd, int what, void* user, void* known) {
    struct epoll_event ev = {0};
    (void)easy;
    (void)user;
    if (what == CURL_POLL_REMOVE) {
        epoll_ctl(g_epoll, EPOLL_CTL_DEL, fd, NULL);
        return 0;
    }
    ev.events = (what & CURL_POLL_IN ? EPOLLIN : 0) | (what & CURL_POLL_OUT ? EPOLLOUT : 0);
    ev.data.fd = fd;
    if (known == NULL) {
        epoll_ctl(g_epoll, EPOLL_CTL_ADD, fd, &ev);
        curl_multi_assign(g_multi, fd, &g_epoll);
    } else {
        epoll_ctl(g_epoll, EPOLL_CTL_MOD, fd, &ev);
    }
    return 0;
}

static int on_timer(CURLM* multi, long timeout_ms, void* user) {
    (void)multi;
    (void)user;
    g_timeout_ms = timeout_ms;
    return 0;
}

static CURL* make_easy(void) {
    char url[256];
    CURL* e = curl_easy_init();
    bench_url(&g_a, bench_warm_path(&g_a), url, sizeof url);
    curl_easy_setopt(e, CURLOPT_URL, url);
    curl_easy_setopt(e, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(e, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(e, CURLOPT_PROXY, "");
    curl_easy_setopt(e, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(e, CURLOPT_USERAGENT, "bench");
    if (bench_is_tls(&g_a)) curl_easy_setopt(e, CURLOPT_CAINFO, g_a.ca);
    if (bench_is_big(&g_a)) curl_easy_setopt(e, CURLOPT_BUFFERSIZE, 256L * 1024);
    if (bench_is_fresh(&g_a)) curl_easy_setopt(e, CURLOPT_FORBID_REUSE, 1L);
    if (bench_is(&g_a, "tls-full")) curl_easy_setopt(e, CURLOPT_SSL_SESSIONID_CACHE, 0L);
    return e;
}

static void take_ended(void) {
    int left;
    CURLMsg* m;
    while ((m = curl_multi_info_read(g_multi, &left)) != NULL) {
        CURL* e = m->easy_handle;
        if (m->msg != CURLMSG_DONE) continue;
        if (m->data.result != CURLE_OK) bench_die(curl_easy_strerror(m->data.result));
        curl_multi_remove_handle(g_multi, e);
        if (++g_done == g_a.warm) bench_start(&g_span, 0);
        if (g_started < g_a.warm + g_a.n) {
            g_started++;
            curl_multi_add_handle(g_multi, e);
        }
    }
}

static void run_multi(void) {
    long total = g_a.warm + g_a.n;
    int running;
    g_epoll = epoll_create1(EPOLL_CLOEXEC);
    g_multi = curl_multi_init();
    curl_multi_setopt(g_multi, CURLMOPT_SOCKETFUNCTION, on_socket);
    curl_multi_setopt(g_multi, CURLMOPT_TIMERFUNCTION, on_timer);
    curl_multi_setopt(g_multi, CURLMOPT_MAXCONNECTS, (long)g_a.conc * 2);
    if (g_a.warm == 0) bench_start(&g_span, 0);
    for (; g_started < g_a.conc && g_started < total; g_started++) curl_multi_add_handle(g_multi, make_easy());
    while (g_done < total) {
        struct epoll_event evs[EVENTS];
        int n = g_timeout_ms == 0 ? 0 : epoll_wait(g_epoll, evs, EVENTS, (int)g_timeout_ms);
        if (n <= 0) {
            g_timeout_ms = -1;
            curl_multi_socket_action(g_multi, CURL_SOCKET_TIMEOUT, 0, &running);
        }
        for (int i = 0; i < n; i++) {
            int bits = (evs[i].events & EPOLLIN ? CURL_CSELECT_IN : 0) |
                       (evs[i].events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
                       (evs[i].events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
            curl_multi_socket_action(g_multi, evs[i].data.fd, bits, &running);
        }
        take_ended();
    }
    bench_stop(&g_span, &g_a, g_done - g_a.warm, 0);
}

static void run_easy(void) {
    CURL* e = make_easy();
    char url[256];
    bench_url(&g_a, g_a.path, url, sizeof url);
    for (long i = -g_a.warm; i < g_a.n; i++) {
        if (i == 0) {
            bench_start(&g_span, bench_is(&g_a, "one") ? g_a.n : 0);
            g_bytes = 0;
            curl_easy_setopt(e, CURLOPT_URL, url);
        }
        uint64_t t = bench_now();
        CURLcode r = curl_easy_perform(e);
        if (r != CURLE_OK) bench_die(curl_easy_strerror(r));
        if (i >= 0) bench_sample(&g_span, bench_now() - t);
    }
    bench_stop(&g_span, &g_a, g_a.n, g_bytes);
    curl_easy_cleanup(e);
}

int main(int argc, char** argv) {
    g_a = bench_parse(argc, argv);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (bench_is(&g_a, "one") || bench_is_big(&g_a))
        run_easy();
    else
        run_multi();
    return 0;
}
