/* xh_set_thread_hooks and the threads that the library makes (L07, ffi 1.2.5). */
#define _GNU_SOURCE
#include <unistd.h>

#include "process.h"
#include "support.h"

static int g_marker; /* its address is the user data */
static int g_starts, g_stops, g_wrong_data;
static __thread int t_started;

static void on_start(void *user_data) {
    if (user_data != &g_marker) __atomic_fetch_add(&g_wrong_data, 1, __ATOMIC_SEQ_CST);
    t_started++;
    __atomic_fetch_add(&g_starts, 1, __ATOMIC_SEQ_CST);
}

static void on_stop(void *user_data) {
    if (user_data != &g_marker || t_started != 1) __atomic_fetch_add(&g_wrong_data, 1, __ATOMIC_SEQ_CST);
    __atomic_fetch_add(&g_stops, 1, __ATOMIC_SEQ_CST);
}

static int g_without_hook, g_small_stack, g_bad_name;

/* In every callback: this thread ran the hook, has a stack of 1 MiB at least and a name of the library. */
static void look(rec *r, xh_request *request, const xh_request_event *event) {
    pthread_attr_t attributes;
    size_t size = 0;
    char name[32] = "";
    (void)r;
    (void)request;
    (void)event;
    if (t_started != 1) g_without_hook++;
    if (pthread_getattr_np(pthread_self(), &attributes) == 0) {
        pthread_attr_getstacksize(&attributes, &size);
        pthread_attr_destroy(&attributes);
    }
    if (size < 1024 * 1024) g_small_stack++;
    pthread_getname_np(pthread_self(), name, sizeof name);
    if (strncmp(name, "xh-loop", 7) != 0) g_bad_name++;
}

static void get_with_name(void) {
    rec r = {0};
    r.hook = look;
    /* A name, so that a resolver thread takes part. */
    rec_run(&r, fmt("http://localhost:%d/text", peer_port(peer_nginx(), "http")), NULL);
    REC_OK(&r, 200);
    XT_CHECK_EQ(rec_count(&r, XH_EVENT_TERMINATE), 1);
    rec_end(&r);
}

XT_TEST(hooks_run_first_and_last_on_every_thread) {
    xh_shutdown(-1);
    XT_CHECK_EQ(xh_set_thread_hooks(on_start, on_stop, &g_marker), XH_OK);
    XT_CHECK_EQ(g_starts, 0);
    get_with_name();
    XT_CHECK(g_starts >= 1);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_THREADS), g_starts - g_stops);
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    XT_CHECK_EQ(g_stops, g_starts);
    XT_CHECK_EQ(g_wrong_data, 0);
    XT_CHECK_EQ(g_without_hook, 0);
    XT_CHECK_EQ(g_small_stack, 0);
    XT_CHECK_EQ(g_bad_name, 0);
}

XT_TEST(hooks_are_refused_when_a_thread_exists_and_taken_after_shutdown) {
    get_with_name();
    XT_CHECK_EQ(xh_set_thread_hooks(NULL, NULL, NULL), XH_E_STATE);
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    XT_CHECK_EQ(xh_set_thread_hooks(NULL, NULL, NULL), XH_OK);
    int starts = g_starts;
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "http", "/text"), NULL);
    REC_OK(&r, 200);
    rec_end(&r);
    XT_CHECK_EQ(g_starts, starts);
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
}

XT_TEST(one_hook_may_be_absent) {
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    int starts = g_starts, stops = g_stops;
    XT_CHECK_EQ(xh_set_thread_hooks(on_start, NULL, &g_marker), XH_OK);
    get_with_name();
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    XT_CHECK(g_starts > starts);
    XT_CHECK_EQ(g_stops, stops);
    XT_CHECK_EQ(xh_set_thread_hooks(NULL, NULL, NULL), XH_OK);
}

XT_TEST(shutdown_leaves_no_thread_and_a_caller_driven_loop_makes_none) {
    peer_nginx();
    XT_CHECK_EQ(xh_shutdown(-1), XH_OK);
    int threads = count_threads();
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_THREADS), 0);
    xh_loop *loop = NULL;
    XT_CHECK_EQ(xh_loop_new(&loop), XH_OK);
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "http", "/text"), opt_ptr(NULL, XH_OPT_LOOP, loop));
    REC_OK(&r, 200);
    XT_CHECK(pthread_equal(r.loop_thread, pthread_self()));
    rec_end(&r);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_THREADS), 0);
    XT_CHECK_EQ(count_threads(), threads);
    xh_loop_release(loop);
}

int main(int argc, char **argv) { return live_main("thread_hooks", argc, argv); }
