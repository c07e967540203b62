/** @file malloc_count.c
 *  Counts calls of malloc, calloc, realloc and the aligned kin in a process; preloaded by `run`, which compares two run
 *  lengths. At the end the count goes to descriptor BENCH_COUNT_FD as one line.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

extern void* __libc_malloc(size_t);
extern void* __libc_calloc(size_t, size_t);
extern void* __libc_realloc(void*, size_t);
extern void* __libc_memalign(size_t, size_t);

static unsigned long g_calls;

static void count(void) { __atomic_fetch_add(&g_calls, 1, __ATOMIC_RELAXED); }

void* malloc(size_t n) {
    count();
    return __libc_malloc(n);
}

void* calloc(size_t n, size_t size) {
    count();
    return __libc_calloc(n, size);
}

void* realloc(void* p, size_t n) {
    count();
    return __libc_realloc(p, n);
}

void* aligned_alloc(size_t align, size_t n) {
    count();
    return __libc_memalign(align, n);
}

int posix_memalign(void** out, size_t align, size_t n) {
    count();
    *out = __libc_memalign(align, n);
    return *out == NULL ? 12 : 0;
}

__attribute__((destructor)) static void report(void) {
    const char* fd = getenv("BENCH_COUNT_FD");
    char line[32];
    if (fd == NULL) return;
    int n = snprintf(line, sizeof line, "%lu\n", g_calls);
    if (write(atoi(fd), line, (size_t)n) != n) return;
}
