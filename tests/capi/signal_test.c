/* Signals are the application's (ffi 1.8.5): no handler is changed, no SIGPIPE is raised, the library's threads take no
 * signal. SIGPIPE has its default action here: it would end this program. */
#define _GNU_SOURCE
#include <dirent.h>
#include <signal.h>
#include <unistd.h>

#include "process.h"
#include "support.h"

typedef struct {
    struct sigaction actions[65];
    sigset_t mask;
} signals;

static void read_signals(signals *s) {
    memset(s, 0, sizeof *s);
    for (int i = 1; i < 65; i++) sigaction(i, NULL, &s->actions[i]);
    pthread_sigmask(SIG_SETMASK, NULL, &s->mask);
}

static void check_signals(const signals *before) {
    signals now;
    read_signals(&now);
    for (int i = 1; i < 65; i++) {
        XT_CHECK(now.actions[i].sa_handler == before->actions[i].sa_handler);
        XT_CHECK_EQ(now.actions[i].sa_flags, before->actions[i].sa_flags);
        XT_CHECK_EQ(sigismember(&now.mask, i), sigismember(&before->mask, i));
    }
}

XT_TEST(signal_handlers_and_masks_are_not_touched) {
    peer *nginx = peer_nginx();
    signals before;
    read_signals(&before);
    rec r = {0};
    rec_run(&r, peer_url(nginx, "https", "/text"), opt_ca(NULL));
    REC_OK(&r, 200);
    rec_end(&r);
    check_signals(&before);
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    check_signals(&before);
}

/* ---- SIGPIPE -------------------------------------------------------------------------------------------------------- */

static void unblock_sigpipe(void) {
    sigset_t set;
    signal(SIGPIPE, SIG_DFL);
    sigemptyset(&set);
    sigaddset(&set, SIGPIPE);
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

/* An upload to a peer that goes away while it is sent; on the library's loop or on one that this thread drives. */
static void cut_upload(const char *scheme, const char *script, int own_loop) {
    enum { SIZE = 8 << 20 };
    script_peer *p = script_start(script);
    char *body = calloc(1, SIZE);
    xh_loop *loop = NULL;
    xh_options *o = opt_body(opt_alone(opt_ca(NULL)), "PUT", body, SIZE);
    rec r = {0};
    if (own_loop) {
        XT_CHECK_EQ(xh_loop_new(&loop), XH_OK);
        o = opt_ptr(o, XH_OPT_LOOP, loop);
    }
    if (rec_start(&r, script_url(p, scheme, "/x"), o) != NULL) {
        /* Drives the loop on this very thread. */
        while (own_loop && !xh_request_terminated(r.request)) XT_CHECK_EQ(xh_loop_poll(loop, LONG_MS), XH_OK);
        rec_finish(&r);
        XT_CHECK_EQ(rec_count(&r, XH_EVENT_ERROR), 1);
        if (rec_error(&r) != NULL && xh_error_phase(rec_error(&r)) != XH_PHASE_TLS)
            XT_CHECK_EQ(xh_status_kind(xh_error_status(rec_error(&r))), XH_KIND_CLOSED);
    }
    rec_end(&r);
    xh_loop_release(loop);
    script_stop(p);
    free(body);
}

static void cut_all(const char *scheme, const char *prefix) {
    static const char *const ends[] = {"read-head\nreset", "read-head\nread 100000\nreset", "read-head\nclose",
                                       "read-head\nread 5000\nclose"};
    unblock_sigpipe();
    for (int round = 0; round < 3; round++)
        for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
            for (int own_loop = 0; own_loop < 2; own_loop++)
                cut_upload(scheme, fmt("rcvbuf 4096\n%s%s", prefix, ends[i]), own_loop);
}

XT_TEST(no_sigpipe_when_the_peer_goes_in_an_upload) { cut_all("http", ""); }

XT_TEST(no_sigpipe_when_the_peer_goes_in_an_upload_by_tls) { cut_all("https", "tls\n"); }

XT_TEST(no_sigpipe_when_the_peer_goes_before_the_tls_handshake) {
    unblock_sigpipe();
    for (int own_loop = 0; own_loop < 2; own_loop++) {
        cut_upload("https", "reset", own_loop);
        cut_upload("https", "read-some\nreset", own_loop);
        cut_upload("https", "close", own_loop);
    }
}

/* Terminate sends close_notify: to a peer that is gone already it must be silent, too. */
XT_TEST(no_sigpipe_when_a_tls_connection_is_closed_under_a_peer_that_is_gone) {
    unblock_sigpipe();
    for (int i = 0; i < 5; i++) {
        script_peer *p = script_start("tls\nread-head\nsend 'HTTP/1.1 200 OK" NL "content-length: 100" NL NL
                                      "half'\n"
                                      "emit sent\nwait-signal go\nreset");
        rec r = {0};
        if (rec_start(&r, script_url(p, "https", "/x"), opt_alone(opt_ca(NULL))) != NULL) {
            XT_CHECK(script_wait_event(p, "sent", LONG_MS));
            XT_CHECK(rec_await(&r, XH_EVENT_HEADERS, 1));
            script_signal(p, "go");
            XT_CHECK(script_wait_closed(p, 1, LONG_MS));
            xh_terminate(r.request);
            rec_finish(&r);
            XT_CHECK_EQ(rec_count(&r, XH_EVENT_ERROR), 1);
        }
        rec_end(&r);
        script_stop(p);
    }
}

/* ---- the threads of the library ---------------------------------------------------------------------------------------- */

/* The value of a line of /proc/self/task/TID/status as a hexadecimal number. */
static unsigned long long task_mask(const char *tid, const char *field) {
    char path[300], line[256];
    unsigned long long mask = 0;
    snprintf(path, sizeof path, "/proc/self/task/%s/status", tid);
    FILE *f = fopen(path, "r");
    if (f == NULL) return 0;
    while (fgets(line, sizeof line, f) != NULL)
        if (strncmp(line, field, strlen(field)) == 0) mask = strtoull(line + strlen(field), NULL, 16);
    fclose(f);
    return mask;
}

static int is_ours(const char *tid) {
    char path[300], name[64] = "";
    snprintf(path, sizeof path, "/proc/self/task/%s/comm", tid);
    FILE *f = fopen(path, "r");
    if (f == NULL) return 0;
    if (fgets(name, sizeof name, f) == NULL) name[0] = 0;
    fclose(f);
    return strncmp(name, "xh-", 3) == 0;
}

XT_TEST(threads_of_the_library_block_all_signals) {
    rec r = {0};
    int ours = 0;
    rec_run(&r, fmt("http://localhost:%d/text", peer_port(peer_nginx(), "http")), NULL);
    REC_OK(&r, 200);
    DIR *dir = opendir("/proc/self/task");
    XT_REQUIRE(dir != NULL);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        unsigned long long blocked;
        if (entry->d_name[0] == '.' || !is_ours(entry->d_name)) continue;
        ours++;
        blocked = task_mask(entry->d_name, "SigBlk:");
        for (int s = 1; s < 32; s++) {
            if (s == SIGKILL || s == SIGSTOP) continue;
            if (((blocked >> (s - 1)) & 1) == 0) XT_FAIL("signal %d is not blocked", s);
        }
    }
    closedir(dir);
    XT_CHECK_EQ(ours, xh_debug_live(XH_LIVE_THREADS));
    XT_CHECK(ours >= 1);
    rec_end(&r);
}

int main(int argc, char **argv) { return live_main("signal", argc, argv); }
