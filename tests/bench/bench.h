/** @file bench.h
 *  What the C and C++ clients of `./dev bench` share: the command line, the measured span and the one line of result.
 *
 *  Every client is called   client MODE PORT CONC WARM N PATH CA
 *  and makes WARM + N requests to 127.0.0.1:PORT (in the modes big and bigs the warm-up asks for /128, on the same connection). The span that counts starts when WARM requests have ended and stops with
 *  the last one, so start-up, connection set-up and just-in-time compilers stay outside of it.
 */
#pragma once

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct bench_args {
    const char* mode; /* get, one, big, bigs, new, tls-full, tls-resumed */
    int port;
    int conc; /* requests in flight */
    long warm;
    long n;
    const char* path;
    const char* ca; /* PEM file of the authority that signed the server's certificate */
};

struct bench_span {
    struct rusage usage0;
    uint64_t t0;
    uint64_t* samples; /* latency of each measured request, ns; only in mode "one" */
    long sample_count;
    long sample_room;
};

static inline uint64_t bench_now(void) {
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * 1000000000u + (uint64_t)ts.tv_nsec;
}

__attribute__((noreturn)) static inline void bench_die(const char* what) {
    fprintf(stderr, "bench: %s\n", what);
    _Exit(1);
}

static inline struct bench_args bench_parse(int argc, char** argv) {
    struct bench_args a;
    if (argc != 8) {
        fprintf(stderr, "usage: %s MODE PORT CONC WARM N PATH CA\n", argv[0]);
        exit(2);
    }
    a.mode = argv[1];
    a.port = atoi(argv[2]);
    a.conc = atoi(argv[3]);
    a.warm = atol(argv[4]);
    a.n = atol(argv[5]);
    a.path = argv[6];
    a.ca = argv[7];
    return a;
}

static inline int bench_is(const struct bench_args* a, const char* mode) { return strcmp(a->mode, mode) == 0; }

/** True when the connection is TLS: bigs, tls-full, tls-resumed. */
static inline int bench_is_tls(const struct bench_args* a) {
    return bench_is(a, "bigs") || strncmp(a->mode, "tls-", 4) == 0;
}

/** One large body: big, bigs. */
static inline int bench_is_big(const struct bench_args* a) { return strncmp(a->mode, "big", 3) == 0; }

/** A new connection for each request: new, tls-full, tls-resumed. */
static inline int bench_is_fresh(const struct bench_args* a) {
    return bench_is(a, "new") || strncmp(a->mode, "tls-", 4) == 0;
}

static inline const char* bench_warm_path(const struct bench_args* a) { return bench_is_big(a) ? "/128" : a->path; }

static inline void bench_url(const struct bench_args* a, const char* path, char* out, size_t size) {
    snprintf(out, size, "%s://127.0.0.1:%d%s", bench_is_tls(a) ? "https" : "http", a->port, path);
}

static inline void bench_start(struct bench_span* s, long samples) {
    memset(s, 0, sizeof *s);
    if (samples > 0) {
        s->samples = (uint64_t*)malloc((size_t)samples * sizeof(uint64_t));
        if (s->samples == NULL) bench_die("out of memory");
        memset(s->samples, 0, (size_t)samples * sizeof(uint64_t)); /* pages present before the span starts */
        s->sample_room = samples;
    }
    getrusage(RUSAGE_SELF, &s->usage0);
    s->t0 = bench_now();
}

static inline void bench_sample(struct bench_span* s, uint64_t ns) {
    if (s->sample_count < s->sample_room) s->samples[s->sample_count++] = ns;
}

static inline int bench_compare_u64(const void* x, const void* y) {
    uint64_t a = *(const uint64_t*)x, b = *(const uint64_t*)y;
    return (a > b) - (a < b);
}

static inline long long bench_tv_us(struct timeval from, struct timeval to) {
    return (long long)(to.tv_sec - from.tv_sec) * 1000000 + (to.tv_usec - from.tv_usec);
}

/** Ends the span and prints the result as one line of JSON. `bytes` counts body bytes of the span, 0 when not counted. */
static inline void bench_stop(struct bench_span* s, const struct bench_args* a, long done, uint64_t bytes) {
    struct rusage u;
    uint64_t t = bench_now();
    long long user, sys;
    uint64_t p50 = 0, p99 = 0;
    getrusage(RUSAGE_SELF, &u);
    user = bench_tv_us(s->usage0.ru_utime, u.ru_utime);
    sys = bench_tv_us(s->usage0.ru_stime, u.ru_stime);
    if (s->sample_count > 0) {
        qsort(s->samples, (size_t)s->sample_count, sizeof(uint64_t), bench_compare_u64);
        p50 = s->samples[s->sample_count / 2];
        p99 = s->samples[s->sample_count * 99 / 100];
    }
    printf(
        "{\"mode\":\"%s\",\"requests\":%ld,\"wall_us\":%lld,\"user_us\":%lld,\"sys_us\":%lld,\"p50_ns\":%llu,"
        "\"p99_ns\":%llu,\"bytes\":%llu}\n",
        a->mode, done, (long long)((t - s->t0) / 1000), user, sys, (unsigned long long)p50, (unsigned long long)p99,
        (unsigned long long)bytes);
    fflush(stdout);
    free(s->samples);
    s->samples = NULL;
}
