/* The library is loaded, used, closed and loaded again (L02, ffi 1.8.4). This program is not linked with it. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>

#include "xtest.h"

#include "peers.h"
#include "process.h"
#include "xh/xh.h"

/* The functions that a round uses, found by name. */
typedef struct {
    void *handle;
    __typeof__(xh_options_new) *options_new;
    __typeof__(xh_options_release) *options_release;
    __typeof__(xh_options_set_str) *options_set_str;
    __typeof__(xh_request_new) *request_new;
    __typeof__(xh_wait) *wait;
    __typeof__(xh_request_response) *response;
    __typeof__(xh_response_status) *status;
    __typeof__(xh_request_error_at) *error_at;
    __typeof__(xh_error_message) *error_message;
    __typeof__(xh_request_release) *release;
    __typeof__(xh_shutdown) *shutdown;
    __typeof__(xh_debug_live) *live;
} api;

static void *find(api *a, const char *name) {
    void *found = a->handle == NULL ? NULL : dlsym(a->handle, name);
    if (found == NULL) {
        fprintf(stderr, "%s: %s\n", name, dlerror());
        exit(1);
    }
    return found;
}

/* A function pointer from dlsym, without a cast that C forbids. */
#define FIND(a, field, name)                                                                                           \
    do {                                                                                                               \
        void *found_ = find((a), (name));                                                                              \
        memcpy(&(a)->field, &found_, sizeof found_);                                                                   \
    } while (0)

static api load(void) {
    api a;
    a.handle = dlopen(XH_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    FIND(&a, options_new, "xh_options_new");
    FIND(&a, options_release, "xh_options_release");
    FIND(&a, options_set_str, "xh_options_set_str");
    FIND(&a, request_new, "xh_request_new");
    FIND(&a, wait, "xh_wait");
    FIND(&a, response, "xh_request_response");
    FIND(&a, status, "xh_response_status");
    FIND(&a, error_at, "xh_request_error_at");
    FIND(&a, error_message, "xh_error_message");
    FIND(&a, release, "xh_request_release");
    FIND(&a, shutdown, "xh_shutdown");
    FIND(&a, live, "xh_debug_live");
    return a;
}

static int calls, destroys;
static void on_terminate(xh_request *request, const xh_request_event *event, void *user_data) {
    (void)request;
    (void)event;
    (void)user_data;
    __atomic_fetch_add(&calls, 1, __ATOMIC_SEQ_CST);
}
static void on_destroy(void *user_data) {
    (void)user_data;
    __atomic_fetch_add(&destroys, 1, __ATOMIC_SEQ_CST);
}

static xh_request *start(const api *a, const char *url) {
    xh_request_callbacks callbacks;
    xh_request *request = NULL;
    xh_options *options = a->options_new();
    static const char *ca;
    if (ca == NULL) ca = cert_file("ca.pem"); /* each call of it takes memory */
    memset(&callbacks, 0, sizeof callbacks);
    callbacks.size = sizeof callbacks;
    callbacks.on_terminate = on_terminate;
    callbacks.destroy = on_destroy;
    XT_CHECK_EQ(a->options_set_str(options, XH_OPT_CA_FILE, ca, XH_NTS), XH_OK);
    XT_CHECK_EQ(a->request_new(url, XH_NTS, options, &callbacks, &request, NULL), XH_OK);
    a->options_release(options);
    return request;
}

static void get(const api *a, const char *url) {
    xh_request *request = start(a, url);
    XT_REQUIRE(request != NULL);
    XT_CHECK_EQ(a->wait(request, CHILD_MS), XH_OK);
    if (a->error_at(request, 0) != NULL) XT_FAIL("%s", a->error_message(a->error_at(request, 0)).ptr);
    XT_CHECK_EQ(a->status(a->response(request)), 200);
    a->release(request);
}

XT_TEST(l02_load_use_shutdown_close_and_again_100_times_without_growth) {
    enum { ROUNDS = 100, WARM = 5 };
    const char *http = peer_url(peer_nginx(), "http", "/text"), *https = peer_url(peer_nginx(), "https", "/text");
    int fds = 0, threads = 0;
    int64_t bytes = 0;
    calls = destroys = 0;
    for (int round = 0; round < ROUNDS; round++) {
        api a = load();
        get(&a, http);
        get(&a, https);
        XT_CHECK_EQ(a.shutdown(-1), XH_OK);
        for (int kind = XH_LIVE_HANDLES; kind <= XH_LIVE_THREADS; kind++) XT_CHECK_EQ(a.live(kind), 0);
        XT_CHECK_EQ(dlclose(a.handle), 0);
        if (round == WARM) {
            fds = count_fds();
            threads = count_threads();
        } else if (round > WARM) {
            XT_CHECK_EQ(count_fds(), fds);
            XT_CHECK_EQ(count_threads(), threads);
        }
        if (round == ROUNDS / 2) bytes = malloc_bytes();
    }
    XT_CHECK_EQ(calls, 2 * ROUNDS);
    XT_CHECK_EQ(destroys, 2 * ROUNDS);
    /* Less than a small leak in each round would make. */
    if (malloc_bytes() - bytes > ROUNDS / 2 * 64) XT_FAIL("memory grew by %" PRId64 " bytes", malloc_bytes() - bytes);
}

XT_TEST(l02_loading_alone_starts_no_thread_and_opens_no_file) {
    int fds = count_fds(), threads = count_threads();
    void *handle = dlopen(XH_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    XT_REQUIRE(handle != NULL);
    XT_CHECK_EQ(count_fds(), fds);
    XT_CHECK_EQ(count_threads(), threads);
    XT_CHECK_EQ(dlclose(handle), 0);
}

XT_TEST(l02_close_with_requests_in_flight_leaves_the_process_whole) {
    const char *const arguments[] = {"close", peer_url(peer_nginx(), "http", "/slow/1m.bin"),
                                     peer_url(peer_nginx(), "https", "/slow/1m.bin"), cert_file("ca.pem"), NULL};
    XT_CHECK_EQ(child_run(arguments), 0);
}

/* The object that gives a name when it is looked up through the library's own scope. */
static int comes_from_library(void *handle, const char *name) {
    Dl_info info;
    void *found = dlsym(handle, name);
    return found != NULL && dladdr(found, &info) != 0 && strstr(info.dli_fname, "libxh") != NULL;
}

XT_TEST(l01_nothing_but_xh_names_comes_from_the_library) {
    static const char *const foreign[] = {"SSL_new",
                                          "SSL_CTX_new",
                                          "SSL_read",
                                          "EVP_DigestInit_ex",
                                          "CRYPTO_malloc",
                                          "OPENSSL_init_ssl",
                                          "BIO_new",
                                          "inflate",
                                          "deflate",
                                          "BrotliDecoderCreateInstance",
                                          "ZSTD_createDCtx",
                                          "_Znwm",
                                          "_ZdlPv",
                                          "malloc",
                                          "free",
                                          "realloc",
                                          "pthread_create",
                                          "__cxa_throw",
                                          "_ZN4Poco9ExceptionC1ERKSsi",
                                          "_ZTIN4Poco9ExceptionE",
                                          "_ZTISt9bad_alloc",
                                          "_ZN2xh4base8allocateEm"};
    void *handle = dlopen(XH_LIBRARY, RTLD_NOW | RTLD_LOCAL);
    XT_REQUIRE(handle != NULL);
    XT_CHECK(comes_from_library(handle, "xh_request_new"));
    for (size_t i = 0; i < sizeof foreign / sizeof foreign[0]; i++)
        if (comes_from_library(handle, foreign[i])) XT_FAIL("%s comes from the library", foreign[i]);
    dlclose(handle);
}

/* In a child: requests in flight, the library closed, the program ends by its own. */
static int close_child(char **argv) {
    xh_request *requests[8];
    api a = load();
    xh_options *options = a.options_new();
    a.options_set_str(options, XH_OPT_CA_FILE, argv[5], XH_NTS);
    for (int i = 0; i < 8; i++)
        if (a.request_new(argv[3 + i % 2], XH_NTS, options, NULL, &requests[i], NULL) != XH_OK) return 1;
    a.options_release(options);
    a.wait(requests[0], 100);
    for (int i = 0; i < 8; i++) a.release(requests[i]);
    if (dlclose(a.handle) != 0) return 2;
    return 0;
}

int main(int argc, char **argv) {
    if (argc == 6 && strcmp(argv[1], "--child") == 0) return close_child(argv);
    return xt_main("dlopen", argc, argv);
}
