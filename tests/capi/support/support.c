/* Short forms for options, agents and scripted peers; what is alive around each test. */
#define _GNU_SOURCE
#include <errno.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

#include "support.h"

static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;

/* ---- what a scripted peer has received ------------------------------------------------------------------------------ */

int sent_has(script_peer *p, int connection, const char *text) {
    size_t len = 0;
    const char *all = script_received(p, connection, &len);
    return memmem(all, len, text, strlen(text)) != NULL;
}

int sent_has_nocase(script_peer *p, int connection, const char *text) {
    size_t len = 0, wanted = strlen(text);
    const char *all = script_received(p, connection, &len);
    for (size_t i = 0; i + wanted <= len; i++)
        if (strncasecmp(all + i, text, wanted) == 0) return 1;
    return 0;
}

int sent_count(script_peer *p, int connection, const char *text) {
    size_t len = 0, wanted = strlen(text);
    const char *at = script_received(p, connection, &len), *end = at + len;
    int n = 0;
    while ((at = memmem(at, (size_t)(end - at), text, wanted)) != NULL) {
        n++;
        at += wanted;
    }
    return n;
}

/* ---- options ---------------------------------------------------------------------------------------------------------- */

static xh_options *set(xh_options *o) { return o != NULL ? o : xh_options_new(); }

static xh_options *taken(xh_options *o, int32_t option, xh_status status) {
    if (status != XH_OK) XT_FAIL("option %d was refused: %s", option, xh_status_name(status));
    return o;
}

xh_options *opt_int(xh_options *o, int32_t option, int64_t value) {
    o = set(o);
    return taken(o, option, xh_options_set_int(o, option, value));
}

xh_options *opt_real(xh_options *o, int32_t option, double value) {
    o = set(o);
    return taken(o, option, xh_options_set_real(o, option, value));
}

xh_options *opt_str(xh_options *o, int32_t option, const char *value) {
    o = set(o);
    return taken(o, option, xh_options_set_str(o, option, value, XH_NTS));
}

xh_options *opt_ptr(xh_options *o, int32_t option, void *value) {
    o = set(o);
    return taken(o, option, xh_options_set_ptr(o, option, value));
}

xh_options *opt_header(xh_options *o, const char *name, const char *value) {
    o = set(o);
    return taken(o, 0, xh_options_add_header(o, name, XH_NTS, value, XH_NTS));
}

xh_options *opt_json(xh_options *o, const char *json) {
    xh_error *err = NULL;
    o = set(o);
    if (xh_options_set_json(o, json, XH_NTS, &err) != XH_OK) {
        XT_FAIL("%s was refused: %s", json, err == NULL ? "" : xh_error_message(err).ptr);
        xh_error_free(err);
    }
    return o;
}

xh_options *opt_ca(xh_options *o) { return opt_str(o, XH_OPT_CA_FILE, cert_file("ca.pem")); }

xh_options *opt_alone(xh_options *o) { return opt_int(o, XH_OPT_NO_AGENT, 1); }

xh_options *opt_body(xh_options *o, const char *method, const void *bytes, size_t len) {
    o = opt_str(o, XH_OPT_METHOD, method);
    return taken(o, 0, xh_options_set_body_bytes(o, bytes, len));
}

/* ---- agents ------------------------------------------------------------------------------------------------------------ */

xh_agent *agent_keep(xh_options *o) {
    xh_agent *agent = NULL;
    xh_error *err = NULL;
    o = opt_int(o, XH_OPT_KEEP_ALIVE, 1);
    if (xh_agent_new(o, &agent, &err) != XH_OK) {
        XT_FAIL("no agent: %s", err == NULL ? "" : xh_error_message(err).ptr);
        xh_error_free(err);
    }
    xh_options_release(o);
    return agent;
}

int agent_get(xh_agent *agent, const char *url, xh_options *o) {
    rec r = {0};
    int reused = -1;
    if (rec_start(&r, url, opt_ptr(o, XH_OPT_AGENT, agent)) != NULL) {
        rec_finish(&r);
        if (REC_OK(&r, 200)) reused = xh_request_hop_reused(r.request, xh_request_hop_count(r.request) - 1);
    }
    rec_end(&r);
    return reused;
}

struct counter {
    xh_agent *agent;
    int32_t counter;
    int64_t value;
};

static int counted(void *arg) {
    const struct counter *c = (const struct counter *)arg;
    return xh_agent_count(c->agent, c->counter) == c->value;
}

int agent_await(xh_agent *agent, int32_t counter, int64_t value) {
    struct counter c;
    c.agent = agent;
    c.counter = counter;
    c.value = value;
    return await(counted, &c);
}

/* ---- the rest ----------------------------------------------------------------------------------------------------------- */

static char *g_texts[64];
static unsigned g_text;

const char *fmt(const char *format, ...) {
    va_list args;
    char *text = NULL;
    va_start(args, format);
    if (vasprintf(&text, format, args) < 0) abort();
    va_end(args);
    pthread_mutex_lock(&g_lock);
    char **slot = &g_texts[g_text++ % 64];
    free(*slot);
    *slot = text;
    pthread_mutex_unlock(&g_lock);
    return text;
}

int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

void sleep_ms(int64_t ms) {
    struct timespec t;
    t.tv_sec = (time_t)(ms / 1000);
    t.tv_nsec = (long)(ms % 1000) * 1000000;
    while (nanosleep(&t, &t) != 0 && errno == EINTR) {
    }
}

int await(int (*fn)(void *arg), void *arg) {
    int64_t until = now_ns() + (int64_t)LONG_MS * 1000000;
    while (!fn(arg)) {
        if (now_ns() > until) return 0;
        sleep_ms(2);
    }
    return 1;
}

const char *pattern_file(const char *name, size_t n) {
    const char *path = fmt("%s/%s", net_temp_dir(), name);
    char *bytes = malloc(n + 1);
    FILE *f = fopen(path, "wb");
    if (bytes == NULL || f == NULL) abort();
    net_pattern(bytes, 0, n);
    if (fwrite(bytes, 1, n, f) != n) abort();
    fclose(f);
    free(bytes);
    return path;
}

long resident_kib(void) {
    long all = 0, pages = 0;
    FILE *f = SANITIZED ? NULL : fopen("/proc/self/statm", "r");
    if (f == NULL) return 0;
    if (fscanf(f, "%ld %ld", &all, &pages) != 2) pages = 0;
    fclose(f);
    return pages * (sysconf(_SC_PAGESIZE) / 1024);
}

char *slurp(const char *path, size_t *len) {
    FILE *f = fopen(path, "rb");
    char *all = NULL, piece[4096];
    size_t have = 0, n;
    if (f == NULL) return NULL;
    do {
        n = fread(piece, 1, sizeof piece, f);
        char *bigger = realloc(all, have + n + 1);
        if (bigger == NULL) abort();
        all = bigger;
        memcpy(all + have, piece, n);
        have += n;
        all[have] = 0;
    } while (n > 0);
    fclose(f);
    if (len != NULL) *len = have;
    return all;
}

/* ---- what is alive ------------------------------------------------------------------------------------------------------- */

static int64_t g_alive[3];

static void close_free(void) {
    xh_agent *agent = NULL;
    if (xh_agent_global(&agent) != XH_OK) return;
    xh_agent_close_free(agent);
    xh_agent_release(agent);
}

/* The library's loop and global agent exist from here on. */
static void warm(void) {
    static int done;
    xh_request *request = NULL;
    if (done) return;
    done = 1;
    if (xh_request_new(fmt("http://127.0.0.1:%d/", refused_port()), XH_NTS, NULL, NULL, &request, NULL) != XH_OK)
        return;
    xh_wait(request, LONG_MS);
    xh_request_release(request);
}

static int quiet(void *arg) {
    (void)arg;
    for (int i = 0; i < 3; i++)
        if (xh_debug_live(i) > g_alive[i]) return 0;
    return 1;
}

void live_before(void) {
    warm();
    close_free();
    for (int i = 0; i < 3; i++) g_alive[i] = xh_debug_live(i);
}

void live_after(void) {
    static const char *const names[] = {"handles", "buffers", "sockets"};
    int64_t until = now_ns() + (int64_t)3000 * 1000000;
    close_free();
    while (!quiet(NULL) && now_ns() < until) sleep_ms(1);
    for (int i = 0; i < 3; i++)
        if (xh_debug_live(i) > g_alive[i])
            XT_FAIL("%s alive: %lld before the test, %lld after it", names[i], (long long)g_alive[i],
                    (long long)xh_debug_live(i));
}

static int no_thread(void *none) {
    (void)none;
    return xh_debug_live(XH_LIVE_THREADS) == 0;
}

int live_main(const char *suite, int argc, char **argv) {
    int code = xt_main(suite, argc, argv);
    xh_status status = xh_shutdown(LONG_MS);
    await(no_thread, NULL); /* a look-up under way is not waited for by xh_shutdown: the system ends it when it likes */
    for (int i = 0; i < 4; i++) {
        if (xh_debug_live(i) == 0 && status == XH_OK) continue;
        fprintf(stderr, "after xh_shutdown (%s) kind %d has %lld alive\n", xh_status_name(status), i,
                (long long)xh_debug_live(i));
        code = code == 0 ? 1 : code;
    }
    for (int i = 0; i < 64; i++) free(g_texts[i]);
    return code;
}
