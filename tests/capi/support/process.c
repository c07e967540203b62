#include "process.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int count_entries(const char *path) {
    int count = 0;
    DIR *dir = opendir(path);
    if (dir == NULL) return -1;
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir))
        if (entry->d_name[0] != '.') count++;
    closedir(dir);
    return count;
}

int count_fds(void) { return count_entries("/proc/self/fd") - 1; /* the folder's own */ }

int count_threads(void) { return count_entries("/proc/self/task"); }

int64_t malloc_bytes(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
    return -1;
#else
    struct mallinfo2 info = mallinfo2();
    return (int64_t)(info.uordblks + info.hblkhd);
#endif
}

pid_t child_start(const char *const *arguments) {
    char *argv[16] = {(char *)"child", (char *)"--child"};
    pid_t pid;
    for (int i = 0; i < 8 && arguments[i] != NULL; i++) argv[i + 2] = (char *)arguments[i];
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        execv("/proc/self/exe", argv);
        _exit(127);
    }
    return pid;
}

int child_wait(pid_t pid, int timeout_ms) {
    int64_t end = now_ms() + timeout_ms;
    int status = 0;
    if (pid < 0) return -1;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        struct timespec step = {0, 1000000};
        if (now_ms() >= end) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
        nanosleep(&step, NULL);
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int child_run(const char *const *arguments) { return child_wait(child_start(arguments), CHILD_MS); }
