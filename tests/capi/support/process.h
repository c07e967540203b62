/* Facts of the test's own process, and children of it. Nothing here needs the library. */
#ifndef XH_TESTS_CAPI_PROCESS_H
#define XH_TESTS_CAPI_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* How long a child may take at most: a guard against hanging, not a measure. */
#define CHILD_MS 60000

int64_t now_ms(void);
int count_fds(void);
int count_threads(void);
/* Bytes that malloc has given out in this process, all libraries together; -1 where a sanitizer replaces malloc. */
int64_t malloc_bytes(void);

/* Runs this program again as `argv0 --child arguments..` (at most 8, the last is NULL); returns its process id. */
pid_t child_start(const char *const *arguments);
/* Waits for a child, kills one that takes longer. Its exit code, 128 + the signal that ended it, or -1 for too long. */
int child_wait(pid_t pid, int timeout_ms);
/* Both in one. */
int child_run(const char *const *arguments);

#endif
