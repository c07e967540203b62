/* What tests share that look at servers from outside, with curl and with bare sockets. Nothing here uses the library. */
#ifndef XH_TESTS_CAPI_OUTSIDE_H
#define XH_TESTS_CAPI_OUTSIDE_H

#include "xtest.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

/* A guard against hanging, not a measure. */
#define OUTSIDE_MS 30000

/* What a shell command prints, cut at the size of the buffer; `code` takes its exit code. */
__attribute__((format(printf, 2, 3))) static inline const char *shell(int *code, const char *format, ...) {
    static char out[1 << 18];
    char command[4096];
    va_list args;
    size_t n;
    FILE *pipe;
    int status;
    va_start(args, format);
    vsnprintf(command, sizeof command, format, args);
    va_end(args);
    pipe = popen(command, "r");
    if (pipe == NULL) abort();
    n = fread(out, 1, sizeof out - 1, pipe);
    out[n] = 0;
    status = pclose(pipe);
    if (code != NULL) *code = WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    return out;
}

/* curl without a configuration of its own, proxies of the environment, or a progress meter. */
#define CURL "curl -q -sS --noproxy '*' --max-time 60 "
#define CURL_PROXY "curl -q -sS --max-time 60 "

static inline int has(const char *text, const char *part) {
    if (strstr(text, part) != NULL) return 1;
    XT_FAIL("no \"%s\" in \"%.1500s\"", part, text);
    return 0;
}

static inline int dial(int port) {
    struct sockaddr_in a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t)port);
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (struct sockaddr *)&a, sizeof a) != 0) {
        int error = errno;
        close(fd);
        errno = error;
        return -1;
    }
    return fd;
}

static inline void put(int fd, const char *text) {
    XT_CHECK_EQ(send(fd, text, strlen(text), MSG_NOSIGNAL), strlen(text));
}

/* Reads to the end; returns the bytes read, or -1 - errno when the connection was reset. */
static inline int take(int fd, char *out, size_t size) {
    size_t n = 0;
    for (;;) {
        struct pollfd p = {fd, POLLIN, 0};
        ssize_t got;
        if (poll(&p, 1, OUTSIDE_MS) != 1) return -1 - ETIMEDOUT;
        got = recv(fd, out + n, size - 1 - n, 0);
        if (got < 0) return -1 - errno;
        n += (size_t)got;
        out[n] = 0;
        if (got == 0 || n + 1 == size) return (int)n;
    }
}

static inline int exact(int fd, char *out, size_t n) {
    size_t done = 0;
    while (done < n) {
        struct pollfd p = {fd, POLLIN, 0};
        ssize_t got;
        if (poll(&p, 1, OUTSIDE_MS) != 1) return 0;
        got = recv(fd, out + done, n - done, 0);
        if (got <= 0) return 0;
        done += (size_t)got;
    }
    return 1;
}

#endif
