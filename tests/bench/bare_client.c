// link: ssl
/** @file bare_client.c
 *  The limit that `./dev bench` measures against: the least work that can make these requests on epoll. It trusts the
 *  server, knows the shape of its answers and handles no error but by ending.
 */
#define _GNU_SOURCE
#include "bench.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { BUFFER = 256 * 1024, EVENTS = 256 };

enum phase { CONNECTING, HANDSHAKING, WAITING };

struct conn {
    int fd;
    enum phase phase;
    SSL* ssl;
    size_t have; /* bytes of an answer that came in pieces, kept in part */
    char part[4096];
};

static struct bench_args g_a;
static struct bench_span g_span;
static struct sockaddr_in g_addr;
static SSL_CTX* g_ctx;
static SSL_SESSION* g_session; /* the latest ticket, for tls-resumed */
static char g_request[512];
static size_t g_request_len;
static char* g_buffer;
static int g_epoll;
static long g_opened, g_started, g_done;

static void conn_close(struct conn* c) {
    if (c->ssl != NULL) {
        SSL_shutdown(c->ssl);
        SSL_free(c->ssl);
        c->ssl = NULL;
    }
    close(c->fd);
}

static void conn_open(struct conn* c) {
    int one = 1;
    g_opened++;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (c->fd < 0) bench_die("socket");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    if (connect(c->fd, (struct sockaddr*)&g_addr, sizeof g_addr) != 0 && errno != EINPROGRESS) bench_die("connect");
    c->phase = CONNECTING;
    c->have = 0;
    struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
    if (epoll_ctl(g_epoll, EPOLL_CTL_ADD, c->fd, &ev) != 0) bench_die("epoll_ctl");
}

static void conn_send(struct conn* c) {
    c->phase = WAITING;
    g_started++;
    if (c->ssl != NULL) {
        size_t done;
        if (!SSL_write_ex(c->ssl, g_request, g_request_len, &done)) bench_die("SSL_write");
    } else if (send(c->fd, g_request, g_request_len, MSG_NOSIGNAL) != (ssize_t)g_request_len) {
        bench_die("send");
    }
}

static void conn_tls(struct conn* c) {
    c->ssl = SSL_new(g_ctx);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
    X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(c->ssl), "127.0.0.1");
    if (g_session != NULL) SSL_set_session(c->ssl, g_session);
    c->phase = HANDSHAKING;
}

/* Bytes read; 0 when there is nothing now. */
static size_t conn_recv(struct conn* c, char* p, size_t n) {
    if (c->ssl != NULL) {
        size_t done = 0;
        ERR_clear_error();
        if (SSL_read_ex(c->ssl, p, n, &done)) return done;
        if (SSL_get_error(c->ssl, 0) == SSL_ERROR_WANT_READ) return 0;
        bench_die("SSL_read");
    }
    ssize_t r = recv(c->fd, p, n, 0);
    if (r > 0) return (size_t)r;
    if (r < 0 && errno == EAGAIN) return 0;
    bench_die("recv");
    return 0;
}

/* The length of head and body together once the head is complete, else 0. `head` is set to the head's length. */
static uint64_t answer_length(const char* p, size_t n, size_t* head) {
    const char* end = memmem(p, n, "\r\n\r\n", 4);
    if (end == NULL) return 0;
    *head = (size_t)(end - p) + 4;
    for (const char* line = p; line < end;) {
        line = (const char*)memchr(line, '\n', (size_t)(end + 2 - line)) + 1;
        if ((line[0] | 0x20) == 'c' && strncasecmp(line, "content-length:", 15) == 0)
            return *head + strtoull(line + 15, NULL, 10);
    }
    bench_die("no content-length");
    return 0;
}

/* True when one whole small answer has been received. */
static int conn_take(struct conn* c) {
    size_t head;
    if (c->have == 0) {
        size_t n = conn_recv(c, g_buffer, BUFFER);
        uint64_t whole = answer_length(g_buffer, n, &head);
        if (whole != 0 && n >= whole) return 1;
        if (n > sizeof c->part) bench_die("answer too large");
        memcpy(c->part, g_buffer, n);
        c->have = n;
    } else {
        c->have += conn_recv(c, c->part + c->have, sizeof c->part - c->have);
        uint64_t whole = answer_length(c->part, c->have, &head);
        if (whole != 0 && c->have >= whole) {
            c->have = 0;
            return 1;
        }
    }
    return 0;
}

static void count_done(void) {
    if (++g_done == g_a.warm) bench_start(&g_span, 0);
}

/* get: a fixed set of kept connections, each sends the next request when its answer is in. */
static void get_event(struct conn* c) {
    if (!conn_take(c)) return;
    count_done();
    if (g_started < g_a.warm + g_a.n) conn_send(c);
}

/* new, tls-full, tls-resumed: each request on a connection of its own. */
static void new_event(struct conn* c, uint32_t events) {
    if (c->phase == CONNECTING) {
        if ((events & EPOLLOUT) == 0) return;
        if (g_ctx == NULL) {
            conn_send(c);
            return;
        }
        conn_tls(c);
    }
    if (c->phase == HANDSHAKING) {
        ERR_clear_error();
        int r = SSL_do_handshake(c->ssl);
        if (r != 1) {
            if (SSL_get_error(c->ssl, r) == SSL_ERROR_WANT_READ) return;
            ERR_print_errors_fp(stderr);
            bench_die("handshake");
        }
        conn_send(c);
        return;
    }
    if ((events & EPOLLIN) == 0 || !conn_take(c)) return;
    conn_close(c);
    count_done();
    if (g_opened < g_a.warm + g_a.n) conn_open(c);
}

static void run_small(int fresh) {
    struct conn* conns = calloc((size_t)g_a.conc, sizeof *conns);
    long total = g_a.warm + g_a.n;
    if (g_a.warm == 0) bench_start(&g_span, 0);
    for (int i = 0; i < g_a.conc && i < total; i++) conn_open(&conns[i]);
    while (g_done < total) {
        struct epoll_event evs[EVENTS];
        int n = epoll_wait(g_epoll, evs, EVENTS, -1);
        for (int i = 0; i < n && g_done < total; i++) {
            struct conn* c = evs[i].data.ptr;
            if (fresh)
                new_event(c, evs[i].events);
            else if (c->phase == CONNECTING)
                conn_send(c);
            else
                get_event(c);
        }
    }
    bench_stop(&g_span, &g_a, g_done - g_a.warm, 0);
}

/* Waits for `events` on the only connection. */
static void wait_one(void) {
    struct epoll_event ev;
    while (epoll_wait(g_epoll, &ev, 1, -1) != 1) {
    }
}

static void run_one(void) {
    static struct conn c;
    conn_open(&c);
    wait_one();
    for (g_done = -g_a.warm; g_done < g_a.n; g_done++) {
        if (g_done == 0) bench_start(&g_span, g_a.n);
        uint64_t t = bench_now();
        conn_send(&c);
        do wait_one();
        while (!conn_take(&c));
        if (g_done >= 0) bench_sample(&g_span, bench_now() - t);
    }
    bench_stop(&g_span, &g_a, g_a.n, 0);
}

/* Receives one large answer and gives the length of its body. */
static uint64_t take_big(struct conn* c) {
    size_t head = 0;
    uint64_t whole = 0, have = 0;
    conn_send(c);
    wait_one();
    while (whole == 0 || have < whole) {
        size_t n = conn_recv(c, g_buffer, BUFFER);
        if (have == 0 && n > 0) {
            whole = answer_length(g_buffer, n, &head);
            if (whole == 0) bench_die("head in pieces");
        }
        have += n;
        if (have < whole && (c->ssl != NULL ? n == 0 : n < BUFFER)) wait_one();
    }
    return whole - head;
}

static void make_request(const char* path) {
    g_request_len = (size_t)snprintf(
        g_request, sizeof g_request,
        "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUser-Agent: bench\r\nAccept: */*\r\n\r\n", path, g_a.port);
}

static void run_big(void) {
    static struct conn c;
    uint64_t bytes = 0;
    conn_open(&c);
    wait_one();
    if (g_ctx != NULL) {
        conn_tls(&c);
        while (SSL_do_handshake(c.ssl) != 1) wait_one();
    }
    for (long i = 0; i < g_a.warm; i++) take_big(&c);
    make_request(g_a.path);
    bench_start(&g_span, 0);
    for (long i = 0; i < g_a.n; i++) bytes += take_big(&c);
    bench_stop(&g_span, &g_a, g_a.n, bytes);
}

static int keep_session(SSL* ssl, SSL_SESSION* session) {
    (void)ssl;
    SSL_SESSION_free(g_session);
    g_session = session;
    return 1;
}

static void make_tls(void) {
    g_ctx = SSL_CTX_new(TLS_client_method());
    SSL_CTX_set_verify(g_ctx, SSL_VERIFY_PEER, NULL);
    if (SSL_CTX_load_verify_file(g_ctx, g_a.ca) != 1) bench_die("the CA cannot be loaded");
    SSL_CTX_set_session_cache_mode(g_ctx, SSL_SESS_CACHE_OFF);
    if (bench_is(&g_a, "tls-resumed")) {
        SSL_CTX_set_session_cache_mode(g_ctx, SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL);
        SSL_CTX_sess_set_new_cb(g_ctx, keep_session);
    }
}

int main(int argc, char** argv) {
    g_a = bench_parse(argc, argv);
    g_addr.sin_family = AF_INET;
    g_addr.sin_port = htons((uint16_t)g_a.port);
    g_addr.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    make_request(bench_warm_path(&g_a));
    g_buffer = malloc(BUFFER);
    memset(g_buffer, 0, BUFFER);
    g_epoll = epoll_create1(EPOLL_CLOEXEC);
    if (bench_is_tls(&g_a)) make_tls();
    if (bench_is(&g_a, "get"))
        run_small(0);
    else if (bench_is(&g_a, "one"))
        run_one();
    else if (bench_is_big(&g_a))
        run_big();
    else if (bench_is_fresh(&g_a))
        run_small(1);
    else
        bench_die("unknown mode");
    return 0;
}
