/* fork() with the library alive (ffi 1.8.3): the child's calls on old handles are refused, release works, new requests
 * work, the parent notices nothing. A child that finds all well ends with 7. */
#define _GNU_SOURCE
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "process.h"
#include "support.h"

/* Threads are started in children of a process with threads: what TSan forbids unless told. It also sleeps a second at the
 * end of each for threads that are not there. */
const char *__tsan_default_options(void);
const char *__tsan_default_options(void) { return "die_after_fork=0:atexit_sleep_ms=0"; }

/* And TSan ends a child whose new thread gets the stack of a thread that the parent had: a child of a build with it leaves
 * out what starts threads. */
#if defined(__SANITIZE_THREAD__)
enum { NEW_THREADS = 0 };
#else
enum { NEW_THREADS = 1 };
#endif

/* A child has no stacks of the parent's threads: what only those hold looks lost to the search for leaks. */
static pid_t g_searched;
int __lsan_is_turned_off(void);
int __lsan_is_turned_off(void) { return getpid() != g_searched; }

/* What the parent has alive at the fork. */
typedef struct {
    xh_options *options;
    xh_agent *agent;
    xh_loop *loop;
    xh_queue *queue;
    xh_request *in_flight, *ended, *on_loop, *queued;
    xh_response *response;
    rec r;
} things;

static void make_things(things *t) {
    peer *nginx = peer_nginx();
    xh_options *o;
    memset(t, 0, sizeof *t);
    t->agent = agent_keep(NULL);
    t->options = opt_ptr(opt_ca(NULL), XH_OPT_AGENT, t->agent);
    XT_CHECK_EQ(xh_request_new(peer_url(nginx, "https", "/text"), XH_NTS, t->options, NULL, &t->ended, NULL), XH_OK);
    XT_CHECK_EQ(xh_wait(t->ended, LONG_MS), XH_OK);
    t->response = xh_response_retain(xh_request_response(t->ended));
    XT_CHECK_EQ(xh_loop_new(&t->loop), XH_OK);
    XT_CHECK_EQ(xh_queue_new(&t->queue), XH_OK);
    t->r.drop_data = 1;
    t->in_flight = rec_start(&t->r, peer_url(nginx, "https", "/slow/1m.bin"), xh_options_retain(t->options));
    o = opt_ptr(NULL, XH_OPT_LOOP, t->loop);
    XT_CHECK_EQ(xh_request_new(peer_url(nginx, "http", "/slow/1m.bin"), XH_NTS, o, NULL, &t->on_loop, NULL), XH_OK);
    XT_CHECK_EQ(xh_loop_poll(t->loop, 0), XH_OK);
    xh_options_release(o);
    o = opt_ptr(NULL, XH_OPT_QUEUE, t->queue);
    XT_CHECK_EQ(xh_request_new(peer_url(nginx, "http", "/slow/1m.bin"), XH_NTS, o, NULL, &t->queued, NULL), XH_OK);
    xh_options_release(o);
    XT_CHECK(rec_await(&t->r, XH_EVENT_DATA, 1));
}

static void release_all(things *t) {
    xh_options_release(t->options);
    xh_agent_release(t->agent);
    xh_loop_release(t->loop);
    xh_queue_release(t->queue);
    xh_request_release(t->ended);
    xh_request_release(t->on_loop);
    xh_request_release(t->queued);
    xh_response_release(t->response);
}

/* In the parent: everything goes on, then ends. */
static void end_things(things *t) {
    int data = rec_count(&t->r, XH_EVENT_DATA);
    XT_CHECK(rec_await(&t->r, XH_EVENT_DATA, data + 1));
    XT_CHECK_EQ(xh_terminate(t->in_flight), XH_OK);
    rec_finish(&t->r);
    REC_FAILED(&t->r, XH_E_CANCELLED, -1);
    XT_CHECK_EQ(rec_count(&t->r, XH_EVENT_TERMINATE), 1);
    XT_CHECK_EQ(xh_terminate(t->on_loop), XH_OK);
    XT_CHECK_EQ(xh_wait(t->on_loop, LONG_MS), XH_OK);
    XT_CHECK_EQ(xh_terminate(t->queued), XH_OK);
    release_all(t);
    rec_end(&t->r);
}

/* In a child: says what does not hold, and leaves. */
#define MUST(cond)                                                                                                     \
    do {                                                                                                               \
        if (!(cond)) {                                                                                                 \
            dprintf(2, "child: %s:%d: %s does not hold\n", __FILE__, __LINE__, #cond);                                 \
            _exit(1);                                                                                                  \
        }                                                                                                              \
    } while (0)

static int fresh_get(const char *url, int ca) {
    xh_request *request = NULL;
    xh_options *o;
    int status;
    if (!NEW_THREADS) return 200;
    o = ca ? xh_options_new() : NULL;
    if (ca) xh_options_set_str(o, XH_OPT_CA_FILE, cert_file("ca.pem"), XH_NTS);
    if (xh_request_new(url, XH_NTS, o, NULL, &request, NULL) != XH_OK) return -1;
    xh_options_release(o);
    if (xh_wait(request, LONG_MS) != XH_OK) return -2;
    status = xh_request_error_count(request) > 0 ? xh_error_status(xh_request_error_at(request, 0))
                                                 : xh_response_status(xh_request_response(request));
    xh_request_release(request);
    return status;
}

static void child_calls(things *t) {
    xh_event event;
    int64_t n;
    xh_request *request = NULL;
    xh_options *o;
    MUST(xh_terminate(t->in_flight) == XH_E_FORKED);
    MUST(xh_fail(t->in_flight, XH_E_CALLBACK, "x", 1) == XH_E_FORKED);
    MUST(xh_wait(t->in_flight, -1) == XH_E_FORKED);
    MUST(xh_wait(t->on_loop, -1) == XH_E_FORKED);
    MUST(xh_request_pause(t->in_flight) == XH_E_FORKED);
    MUST(xh_request_resume(t->in_flight) == XH_E_FORKED);
    MUST(xh_request_resume_body(t->in_flight) == XH_E_FORKED);
    MUST(xh_agent_close_free(t->agent) == XH_E_FORKED);
    MUST(xh_agent_destroy(t->agent) == XH_E_FORKED);
    MUST(xh_agent_set_int(t->agent, XH_OPT_MAX_SOCKETS, 1) == XH_E_FORKED);
    MUST(xh_loop_poll(t->loop, 0) == XH_E_FORKED);
    MUST(xh_loop_run(t->loop) == XH_E_FORKED);
    MUST(xh_loop_stop(t->loop) == XH_E_FORKED);
    MUST(xh_queue_drain(t->queue, &event, 1, sizeof event) == XH_E_FORKED);
    MUST(xh_request_new("http://127.0.0.1/", XH_NTS, t->options, NULL, &request, NULL) == XH_E_FORKED);
    o = xh_options_new();
    if (xh_options_set_ptr(o, XH_OPT_LOOP, t->loop) == XH_OK)
        MUST(xh_request_new("http://127.0.0.1/", XH_NTS, o, NULL, &request, NULL) == XH_E_FORKED);
    xh_options_release(o);
    MUST(request == NULL);
    /* What is immutable stays readable. */
    MUST(xh_response_status(t->response) == 200);
    MUST(xh_response_body(t->response).len == strlen("hello from nginx\n"));
    MUST(xh_request_id(t->in_flight) != 0);
    n = xh_agent_count(t->agent, XH_COUNT_CREATED);
    MUST(n >= -1);
}

/* Calls on what the parent made, releases it, uses the library anew, ends by exit(). */
static void child_uses_library(things *t, const char *http, const char *https) {
    alarm(CHILD_MS / 1000);
    child_calls(t);
    release_all(t);
    xh_request_release(t->in_flight);
    MUST(fresh_get(http, 0) == 200);
    MUST(fresh_get(https, 1) == 200);
    MUST(fresh_get(http, 0) == 200);
    exit(7);
}

XT_TEST(forked_child_is_refused_old_handles_and_gets_new_ones) {
    const char *http = peer_url(peer_nginx(), "http", "/text"), *https = peer_url(peer_nginx(), "https", "/text");
    things t;
    make_things(&t);
    for (int i = 0; i < 5; i++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) child_uses_library(&t, http, https);
        XT_CHECK_EQ(child_wait(pid, CHILD_MS), 7);
    }
    end_things(&t);
}

XT_TEST(forked_child_that_only_exits_ends_well) {
    things t;
    make_things(&t);
    for (int i = 0; i < 10; i++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            alarm(CHILD_MS / 1000);
            exit(7);
        }
        XT_CHECK_EQ(child_wait(pid, CHILD_MS), 7);
    }
    end_things(&t);
}

XT_TEST(forked_child_may_shut_the_library_down_before_and_after_use) {
    const char *http = peer_url(peer_nginx(), "http", "/text");
    things t;
    make_things(&t);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(CHILD_MS / 1000);
        MUST(xh_shutdown(-1) == XH_OK);
        MUST(fresh_get(http, 0) == 200);
        MUST(xh_shutdown(-1) == XH_OK);
        exit(7);
    }
    XT_CHECK_EQ(child_wait(pid, CHILD_MS), 7);
    end_things(&t);
}

/* A grandchild finds two generations of old handles. */
XT_TEST(forked_child_may_fork_again) {
    const char *http = peer_url(peer_nginx(), "http", "/text");
    things t;
    make_things(&t);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(CHILD_MS / 1000);
        MUST(fresh_get(http, 0) == 200);
        pid_t grandchild = fork();
        if (grandchild == 0) {
            alarm(CHILD_MS / 1000);
            child_calls(&t);
            MUST(fresh_get(http, 0) == 200);
            exit(7);
        }
        MUST(child_wait(grandchild, CHILD_MS) == 7);
        MUST(fresh_get(http, 0) == 200);
        exit(7);
    }
    XT_CHECK_EQ(child_wait(pid, CHILD_MS), 7);
    end_things(&t);
}

/* ---- forks at any moment: some lock of the library may be held just then --------------------------------------------- */

static int g_stop;

static void *churn(void *url) {
    while (!__atomic_load_n(&g_stop, __ATOMIC_SEQ_CST)) {
        xh_request *requests[4] = {NULL};
        for (int i = 0; i < 4; i++) xh_request_new(url, XH_NTS, NULL, NULL, &requests[i], NULL);
        for (int i = 0; i < 4; i++) {
            if (i % 2) xh_terminate(requests[i]);
            xh_wait(requests[i], LONG_MS);
            xh_request_release(requests[i]);
        }
    }
    return NULL;
}

XT_TEST(fork_while_requests_start_and_end_on_other_threads) {
    const char *http = peer_url(peer_nginx(), "http", "/text");
    pthread_t threads[2];
    g_stop = 0;
    for (int i = 0; i < 2; i++) XT_CHECK_EQ(pthread_create(&threads[i], NULL, churn, (void *)http), 0);
    for (int i = 0; i < 40; i++) {
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            alarm(CHILD_MS / 1000);
            /* ASan of this age does not lock its own allocator around fork(): the child finds it locked for ever when a thread
             * was in malloc just then. */
            if (SANITIZED) _exit(7);
            MUST(fresh_get(http, 0) == 200);
            exit(7);
        }
        XT_CHECK_EQ(child_wait(pid, CHILD_MS), 7);
    }
    __atomic_store_n(&g_stop, 1, __ATOMIC_SEQ_CST);
    for (int i = 0; i < 2; i++) pthread_join(threads[i], NULL);
}

/* ---- fork and exec ------------------------------------------------------------------------------------------------------ */

/* The exit code of the program run anew: how many descriptors it was given. */
static int inherited(void) {
    const char *const arguments[] = {"count", NULL};
    return child_run(arguments);
}

XT_TEST(no_descriptor_of_the_library_survives_exec) {
    peer *nginx = peer_nginx();
    int before;
    things t;
    cert_file("ca.pem");
    xh_shutdown(-1);
    peer_url(nginx, "https", "/text");
    before = inherited();
    XT_CHECK(before >= 3 && before < 100);
    make_things(&t);
    XT_CHECK_EQ(inherited(), before);
    end_things(&t);
}

int main(int argc, char **argv) {
    signal(SIGALRM, SIG_DFL);
    g_searched = getpid();
    if (argc == 3 && strcmp(argv[1], "--child") == 0) return count_fds();
    return xt_main("fork", argc, argv);
}
