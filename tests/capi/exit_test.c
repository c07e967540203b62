/* exit() with requests in flight: the process ends with its own exit code, soon, and no callback is made any more
 * (ffi 1.8.2). Each run is a process of its own. */
#define _GNU_SOURCE
#include <poll.h>
#include <unistd.h>

#include "process.h"
#include "support.h"

enum { REQUESTS = 50, RUNS = 60 };

/* ---- the child ---------------------------------------------------------------------------------------------------- */

static int g_over;  /* the library's own exit handler has run */
static int g_heads; /* responses that have begun */
static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_changed = PTHREAD_COND_INITIALIZER;

static void on_any(xh_request *request, const xh_request_event *event, void *user_data) {
    (void)request;
    (void)user_data;
    if (__atomic_load_n(&g_over, __ATOMIC_SEQ_CST)) _exit(70);
    if (xh_request_event_type(event) != XH_EVENT_HEADERS) return;
    pthread_mutex_lock(&g_lock);
    g_heads++;
    pthread_cond_broadcast(&g_changed);
    pthread_mutex_unlock(&g_lock);
}

static void exit_in_callback(xh_request *request, const xh_request_event *event, void *user_data) {
    on_any(request, event, user_data);
    exit(7);
}

/* Registered before the library registers its own: so it runs after that. */
static void after_library(void) { __atomic_store_n(&g_over, 1, __ATOMIC_SEQ_CST); }

static void wait_heads(int count) {
    pthread_mutex_lock(&g_lock);
    while (g_heads < count) pthread_cond_wait(&g_changed, &g_lock);
    pthread_mutex_unlock(&g_lock);
}

static int start_all(char **urls, const char *ca, const char *how, xh_loop *loop) {
    xh_options *options = xh_options_new();
    xh_request_callbacks callbacks;
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.on_headers = strcmp(how, "callback") == 0 ? exit_in_callback : on_any;
    callbacks.on_data = callbacks.on_error = callbacks.on_response = callbacks.on_terminate = on_any;
    xh_options_set_str(options, XH_OPT_CA_FILE, ca, XH_NTS);
    xh_options_set_ptr(options, XH_OPT_LOOP, loop);
    for (int i = 0; i < REQUESTS; i++) {
        xh_request *request = NULL;
        if (xh_request_new(urls[i % 2], XH_NTS, options, &callbacks, &request, NULL) != XH_OK) return 0;
        if (i % 3 == 0) xh_request_release(request); /* some are held at the end, some are not */
    }
    xh_options_release(options);
    return 1;
}

/* --child MOMENT HTTP HTTPS CA PIPE; exit code 7 is right. When exit() is called is written to the pipe. */
static int child(char **argv) {
    const char *moment = argv[2];
    xh_loop *loop = NULL;
    int64_t begin;
    atexit(after_library);
    if (strcmp(moment, "own-loop") == 0 && xh_loop_new(&loop) != XH_OK) return 1;
    if (!start_all(argv + 3, argv[5], moment, loop)) return 1;
    if (strcmp(moment, "some") == 0) wait_heads(REQUESTS / 5);
    if (strcmp(moment, "all") == 0) wait_heads(REQUESTS);
    if (strcmp(moment, "callback") == 0) pause();
    while (loop != NULL && g_heads < REQUESTS / 2) xh_loop_poll(loop, -1);
    begin = now_ms();
    if (write(atoi(argv[6]), &begin, sizeof begin) != (ssize_t)sizeof begin) return 1;
    exit(7);
}

/* ---- the test ----------------------------------------------------------------------------------------------------- */

/* Milliseconds from exit() to the end of the process, -1 when that is not known. */
static int64_t run(const char *moment) {
    char pipe_text[16];
    int fds[2], code;
    int64_t begin = 0, end;
    const char *arguments[] = {moment,
                               peer_url(peer_nginx(), "http", "/slow/1m.bin"),
                               peer_url(peer_nginx(), "https", "/slow/1m.bin"),
                               cert_file("ca.pem"),
                               pipe_text,
                               NULL};
    if (pipe(fds) != 0) return XT_FAIL("no pipe") - 1;
    snprintf(pipe_text, sizeof pipe_text, "%d", fds[1]);
    code = child_run(arguments);
    end = now_ms();
    close(fds[1]);
    if (code != 7) XT_FAIL("%s: exit code %d", moment, code);
    if (read(fds[0], &begin, sizeof begin) != (ssize_t)sizeof begin) end = begin - 1;
    close(fds[0]);
    return end - begin;
}

static int compare(const void *a, const void *b) {
    const int64_t *x = a, *y = b;
    return *x < *y ? -1 : *x > *y;
}

XT_TEST(exit_with_50_requests_in_flight_60_times) {
    static const char *const moments[] = {"at-once", "some", "all"};
    int64_t took[RUNS];
    for (int i = 0; i < RUNS; i++) took[i] = run(moments[i % 3]);
    qsort(took, RUNS, sizeof took[0], compare);
    printf("from exit() to the end: median %" PRId64 " ms, longest %" PRId64 " ms\n", took[RUNS / 2], took[RUNS - 1]);
    /* One run may be slow because of the machine; half of them are not. */
    XT_CHECK(took[RUNS / 2] < 1000);
}

XT_TEST(exit_with_requests_on_a_loop_of_the_caller) {
    for (int i = 0; i < 5; i++) run("own-loop");
}

XT_TEST(exit_called_in_a_callback) {
    for (int i = 0; i < 5; i++) run("callback");
}

int main(int argc, char **argv) {
    if (argc == 7 && strcmp(argv[1], "--child") == 0) return child(argv);
    return xt_main("exit", argc, argv);
}
