// link: ssl
/** @file bench_server.c
 *  The peer of all clients of `./dev bench`: a bare epoll HTTP/1.1 server, plain on one port and TLS 1.3 on another.
 *
 *  bench_server CERT KEY SECONDS
 *
 *  Prints {"http":PORT,"https":PORT} and ends when its standard input closes or after SECONDS.
 *  /128 /1k      fixed answers on a kept connection       /head  a 700 byte head of 12 lines and a body of 128 bytes
 *  /big/N        N bytes                                  /close/... the same with "Connection: close"
 *  /stat         {"connections":C,"handshakes":H,"resumed":R} since the last /stat
 *  One request at a time per connection; a second one before the answer is complete is not served.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BIG_BUFFER = 1 << 20, IN_ROOM = 2048, TLS_PIECE = 16384, EVENTS = 256 };

struct conn {
    int fd;
    int close_after;
    SSL* ssl;
    int counted;
    size_t in_len;
    const char* out; /* what is left of head and small body */
    size_t out_len;
    uint64_t big_left; /* what is left of a counted body, sent from g_big */
    char head[512];
    char in[IN_ROOM];
};

static char* g_big;
static char g_128[512], g_1k[2048], g_page[1024];
static size_t g_128_len, g_1k_len, g_page_len;
static char g_128_close[512], g_1k_close[2048], g_page_close[1024];
static size_t g_128_close_len, g_1k_close_len, g_page_close_len;
static SSL_CTX* g_ctx;
static int g_epoll;
static long g_connections, g_handshakes, g_resumed;

static const char k_date[] = "Date: Tue, 04 Mar 2025 10:20:30 GMT\r\n";

static void die(const char* what) {
    fprintf(stderr, "bench_server: %s: %s\n", what, strerror(errno));
    exit(1);
}

static size_t make_fixed(char* out, size_t body, const char* extra, int close_after) {
    int n = sprintf(out,
                    "HTTP/1.1 200 OK\r\nServer: bench\r\n%sContent-Type: text/plain; charset=utf-8\r\n%s"
                    "Content-Length: %zu\r\nETag: \"5f1b-80-61d2\"\r\nConnection: %s\r\n\r\n",
                    k_date, extra, body, close_after ? "close" : "keep-alive");
    memset(out + n, 'x', body);
    return (size_t)n + body;
}

static void make_answers(void) {
    static const char page[] =
        "Cache-Control: public, max-age=3600, stale-while-revalidate=86400\r\n"
        "Last-Modified: Mon, 03 Mar 2025 08:00:00 GMT\r\nVary: Accept-Encoding, Cookie\r\n"
        "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload\r\n"
        "Content-Security-Policy: default-src 'self'; img-src * data:; script-src 'self' 'unsafe-inline'\r\n"
        "Set-Cookie: session=0123456789abcdef0123456789abcdef; Path=/; Secure; HttpOnly; SameSite=Lax\r\n";
    g_128_len = make_fixed(g_128, 128, "", 0);
    g_128_close_len = make_fixed(g_128_close, 128, "", 1);
    g_1k_len = make_fixed(g_1k, 1024, "", 0);
    g_1k_close_len = make_fixed(g_1k_close, 1024, "", 1);
    g_page_len = make_fixed(g_page, 128, page, 0);
    g_page_close_len = make_fixed(g_page_close, 128, page, 1);
    g_big = malloc(BIG_BUFFER);
    if (g_big == NULL) die("malloc");
    memset(g_big, 'b', BIG_BUFFER);
}

static void conn_free(struct conn* c) {
    if (c->ssl != NULL) {
        ERR_clear_error();
        SSL_shutdown(c->ssl);
        SSL_free(c->ssl);
    }
    close(c->fd);
    free(c);
}

/* Bytes written, 0 when the socket is full, -1 on an error. */
static ssize_t conn_write(struct conn* c, const char* p, size_t n) {
    if (c->ssl == NULL) {
        ssize_t w = send(c->fd, p, n, MSG_NOSIGNAL);
        if (w < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
        return w;
    }
    size_t done = 0;
    ERR_clear_error();
    if (n > TLS_PIECE) n = TLS_PIECE;
    if (SSL_write_ex(c->ssl, p, n, &done)) return (ssize_t)done;
    int e = SSL_get_error(c->ssl, 0);
    return e == SSL_ERROR_WANT_WRITE || e == SSL_ERROR_WANT_READ ? 0 : -1;
}

static ssize_t conn_read(struct conn* c, char* p, size_t n) {
    if (c->ssl == NULL) {
        ssize_t r = recv(c->fd, p, n, 0);
        if (r < 0) return errno == EAGAIN || errno == EINTR ? 0 : -1;
        return r == 0 ? -1 : r;
    }
    size_t done = 0;
    ERR_clear_error();
    int ok = SSL_read_ex(c->ssl, p, n, &done);
    if (!c->counted && SSL_is_init_finished(c->ssl)) {
        c->counted = 1;
        g_handshakes++;
        g_resumed += SSL_session_reused(c->ssl);
    }
    if (ok) return (ssize_t)done;
    int e = SSL_get_error(c->ssl, 0);
    return e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE ? 0 : -1;
}

/* 1 when all is written, 0 when the socket is full, -1 when the connection is to be freed. */
static int conn_flush(struct conn* c) {
    while (c->out_len > 0) {
        ssize_t w = conn_write(c, c->out, c->out_len);
        if (w <= 0) return (int)w;
        c->out += w;
        c->out_len -= (size_t)w;
    }
    while (c->big_left > 0) {
        size_t n = c->big_left < BIG_BUFFER ? (size_t)c->big_left : BIG_BUFFER;
        ssize_t w = conn_write(c, g_big, n);
        if (w <= 0) return (int)w;
        c->big_left -= (uint64_t)w;
    }
    return c->close_after ? -1 : 1;
}

static void answer_stat(struct conn* c) {
    char body[128];
    int n = sprintf(body, "{\"connections\":%ld,\"handshakes\":%ld,\"resumed\":%ld}", g_connections, g_handshakes,
                    g_resumed);
    g_connections = g_handshakes = g_resumed = 0;
    c->out = c->head;
    c->out_len =
        (size_t)sprintf(c->head, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", n, body);
    c->close_after = 1;
}

/* Chooses the answer for the request in c->in; -1 when it is none of ours. */
static int conn_answer(struct conn* c) {
    const char* path = c->in + 4;
    if (memcmp(c->in, "GET /", 5) != 0) return -1;
    if (memcmp(path, "/close/", 7) == 0) {
        c->close_after = 1;
        path += 6;
    }
    int cl = c->close_after;
    if (memcmp(path, "/128 ", 5) == 0) {
        c->out = cl ? g_128_close : g_128;
        c->out_len = cl ? g_128_close_len : g_128_len;
    } else if (memcmp(path, "/1k ", 4) == 0) {
        c->out = cl ? g_1k_close : g_1k;
        c->out_len = cl ? g_1k_close_len : g_1k_len;
    } else if (memcmp(path, "/head ", 6) == 0) {
        c->out = cl ? g_page_close : g_page;
        c->out_len = cl ? g_page_close_len : g_page_len;
    } else if (memcmp(path, "/big/", 5) == 0) {
        c->big_left = strtoull(path + 5, NULL, 10);
        c->out = c->head;
        c->out_len = (size_t)sprintf(c->head,
                                     "HTTP/1.1 200 OK\r\nServer: bench\r\n%sContent-Type: application/octet-stream\r\n"
                                     "Content-Length: %llu\r\nConnection: %s\r\n\r\n",
                                     k_date, (unsigned long long)c->big_left, cl ? "close" : "keep-alive");
    } else if (memcmp(path, "/stat ", 6) == 0) {
        answer_stat(c);
    } else {
        return -1;
    }
    return 0;
}

/* Reads until the socket is empty (edge-triggered) and answers each complete request; -1 when to be freed. */
static int conn_readable(struct conn* c) {
    for (;;) {
        size_t room = IN_ROOM - 1 - c->in_len;
        if (room == 0) return -1;
        ssize_t r = conn_read(c, c->in + c->in_len, room);
        if (r <= 0) return (int)r;
        c->in_len += (size_t)r;
        c->in[c->in_len] = 0;
        if (c->in_len >= 16 && memcmp(c->in + c->in_len - 4, "\r\n\r\n", 4) == 0) {
            if (conn_answer(c) != 0) return -1;
            c->in_len = 0;
            if (conn_flush(c) < 0) return -1;
        }
        if (c->ssl == NULL && (size_t)r < room) return 0;
    }
}

static void accept_all(int listener, int tls) {
    for (int i = 0; i < 64; i++) {
        int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd < 0) return;
        struct conn* c = calloc(1, sizeof *c);
        if (c == NULL) die("calloc");
        c->fd = fd;
        g_connections++;
        if (tls) {
            c->ssl = SSL_new(g_ctx);
            if (c->ssl == NULL || !SSL_set_fd(c->ssl, fd)) die("SSL_new");
            SSL_set_accept_state(c->ssl);
        }
        struct epoll_event ev = {.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data.ptr = c};
        if (epoll_ctl(g_epoll, EPOLL_CTL_ADD, fd, &ev) != 0) die("epoll_ctl");
    }
}

static int make_listener(int* port) {
    int one = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0) die("socket");
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one); /* accepted sockets inherit it */
    if (bind(fd, (struct sockaddr*)&a, sizeof a) != 0 || listen(fd, 4096) != 0) die("bind");
    getsockname(fd, (struct sockaddr*)&a, &len);
    *port = ntohs(a.sin_port);
    return fd;
}

static void make_tls(const char* cert, const char* key) {
    g_ctx = SSL_CTX_new(TLS_server_method());
    if (g_ctx == NULL) die("SSL_CTX_new");
    SSL_CTX_set_min_proto_version(g_ctx, TLS1_3_VERSION);
    SSL_CTX_set_mode(g_ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    SSL_CTX_set_session_id_context(g_ctx, (const unsigned char*)"bench", 5);
    if (SSL_CTX_use_certificate_chain_file(g_ctx, cert) != 1 ||
        SSL_CTX_use_PrivateKey_file(g_ctx, key, SSL_FILETYPE_PEM) != 1) {
        ERR_print_errors_fp(stderr);
        exit(1);
    }
}

static int stdin_closed(void) {
    char b[64];
    ssize_t r = read(0, b, sizeof b);
    return r == 0 || (r < 0 && errno != EAGAIN && errno != EINTR);
}

static void conn_event(struct conn* c, uint32_t events) {
    int dead = 0;
    if ((events & EPOLLOUT) != 0 && (c->out_len > 0 || c->big_left > 0)) dead = conn_flush(c) < 0;
    if (!dead && (events & (EPOLLIN | EPOLLERR | EPOLLHUP | EPOLLRDHUP)) != 0) dead = conn_readable(c) < 0;
    if (dead || (events & (EPOLLERR | EPOLLHUP)) != 0) conn_free(c);
}

int main(int argc, char** argv) {
    int http_port, https_port;
    char http_tag, https_tag, stdin_tag;
    if (argc != 4) {
        fprintf(stderr, "usage: bench_server CERT KEY SECONDS\n");
        return 2;
    }
    signal(SIGPIPE, SIG_IGN);
    make_answers();
    make_tls(argv[1], argv[2]);
    alarm((unsigned)atoi(argv[3])); /* the limit of its life; SIGALRM's default action ends the process */
    g_epoll = epoll_create1(EPOLL_CLOEXEC);
    int http = make_listener(&http_port), https = make_listener(&https_port);
    struct epoll_event ev = {.events = EPOLLIN, .data.ptr = &http_tag};
    epoll_ctl(g_epoll, EPOLL_CTL_ADD, http, &ev);
    ev.data.ptr = &https_tag;
    epoll_ctl(g_epoll, EPOLL_CTL_ADD, https, &ev);
    ev.data.ptr = &stdin_tag;
    epoll_ctl(g_epoll, EPOLL_CTL_ADD, 0, &ev); /* refused for a file or /dev/null: then only the limit ends us */
    printf("{\"http\":%d,\"https\":%d}\n", http_port, https_port);
    fflush(stdout);
    for (;;) {
        struct epoll_event evs[EVENTS];
        int n = epoll_wait(g_epoll, evs, EVENTS, -1);
        if (n < 0 && errno != EINTR) die("epoll_wait");
        for (int i = 0; i < n; i++) {
            void* p = evs[i].data.ptr;
            if (p == &http_tag)
                accept_all(http, 0);
            else if (p == &https_tag)
                accept_all(https, 1);
            else if (p == &stdin_tag) {
                if (stdin_closed()) return 0;
            } else {
                conn_event(p, evs[i].events);
            }
        }
    }
}
