/* What the tests of the request share: a recorder of callbacks, short forms for options, checks that hold for every
 * request (Q12-Q15), and the counters of what is alive.
 *
 *     rec r = {0};
 *     rec_run(&r, peer_url(peer_nginx(), "http", "/text"), NULL);
 *     REC_OK(&r, 200);
 *     rec_end(&r);
 *
 * Options given to rec_start and rec_run are released by them. A recorder lives until its request has ended: rec_end waits
 * for that.
 */
#ifndef XH_TESTS_CAPI_SUPPORT_H
#define XH_TESTS_CAPI_SUPPORT_H

#include "xtest.h"

#include "peers.h"
#include "xh/xh.h"

/* 1 in a build with a sanitizer: there, all is slow and memory is not what it seems. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

/* How long a test waits for what must come; reaching it is a failure. */
#define LONG_MS 30000
/* A line end inside a text of a script. */
#define NL "\\r\\n"
/* A whole good answer as a step of a script; the connection stays. */
#define SEND_OK "send 'HTTP/1.1 200 OK" NL "content-length: 2" NL NL "ok'\n"
/* A head that goes on: HEAD_OK "content-length: 2" NL NL "ok'". */
#define HEAD_OK "send 'HTTP/1.1 200 OK" NL

typedef struct rec rec;
typedef void (*rec_hook)(rec *r, xh_request *request, const xh_request_event *event);

struct rec {
    /* Set before the start. */
    rec_hook hook;    /* called in every callback, with no lock held */
    void *arg;        /* for the hook */
    int without_data; /* no on_data */
    int drop_data;    /* data is counted but not kept */
    int with_trace;
    /* What has happened. Read it after the end, or with rec_await. */
    xh_request *request;
    xh_status made;  /* what xh_request_new returned */
    char order[512]; /* I H D > R E T, X is the destruction; D once for a run of them */
    char *data;      /* what on_data gave */
    size_t len, cap;
    char *trace; /* what on_trace gave, a line each */
    size_t trace_len, trace_cap;
    uint64_t bytes;                                                     /* of on_data */
    int64_t upload_bytes, upload_total, download_bytes, download_total; /* of the last event */
    char next_url[512];                                                 /* of the last redirect */
    int information;                                                    /* status of the last interim response */
    int64_t terminate_ns;                                               /* when on_terminate came */
    /* Inside. */
    int count[16];
    int destroyed, inside, in_new;
    char fault[160];
    pthread_t maker, loop_thread;
};

/* ---- a request --------------------------------------------------------------------------------------------------- */

xh_request_callbacks rec_callbacks(rec *r);
/* Starts a request and releases the options. A refusal is no failure: it stands in r->made and in *err (may be NULL). */
xh_request *rec_start_err(rec *r, const char *url, xh_options *options, xh_error **err);
/* The same where it must start. NULL when it did not. */
xh_request *rec_start_(rec *r, const char *url, xh_options *options, unsigned line, const char *file);
/* For a test that calls xh_request_new with rec_callbacks() itself. */
void rec_made(rec *r, xh_request *request);
/* Waits for the end and checks what holds for every request. */
void rec_finish_(rec *r, unsigned line, const char *file);
/* Waits for the end, releases the request, frees what was recorded. */
void rec_end(rec *r);
/* Waits until that event has come n times. */
int rec_await(rec *r, int event, int n);
int rec_count(rec *r, int event);
/* Its user data was destroyed: nothing touches it any more. For await(). */
int rec_gone(void *rec_);

#define rec_start(r, url, options) rec_start_((r), (url), (options), __LINE__, __FILE__)
#define rec_finish(r) rec_finish_((r), __LINE__, __FILE__)
#define rec_run(r, url, options)                                                                                       \
    do {                                                                                                               \
        if (rec_start_((r), (url), (options), __LINE__, __FILE__) == NULL) return;                                     \
        rec_finish_((r), __LINE__, __FILE__);                                                                          \
    } while (0)

/* The request ended with a response of that status. */
int rec_ok_(rec *r, int32_t status, unsigned line, const char *file);
#define REC_OK(r, status) rec_ok_((r), (status), __LINE__, __FILE__)
/* The request ended with that error, in that phase (-1: any). */
int rec_failed_(rec *r, xh_status status, int32_t phase, unsigned line, const char *file);
#define REC_FAILED(r, status, phase) rec_failed_((r), (status), (phase), __LINE__, __FILE__)
/* xh_request_new refused with that status: nothing was kept, called or destroyed. Frees err. */
void refused_(const char *url, size_t len, xh_options *options, xh_status status, unsigned line, const char *file);
#define REFUSED(url, options, status) refused_((url), XH_NTS, (options), (status), __LINE__, __FILE__)
#define REFUSED_N(url, len, options, status) refused_((url), (len), (options), (status), __LINE__, __FILE__)

/* A script is started, a GET of /x made, the end awaited, the script stopped. 0 when it could not be made. */
int rec_script_(rec *r, const char *scheme, const char *script, xh_options *options, unsigned line, const char *file);
#define rec_script(r, script, options) rec_script_((r), "http", (script), (options), __LINE__, __FILE__)
/* The same for a script that begins with "tls". The options get the test authority. */
#define rec_script_tls(r, script, options) rec_script_((r), "https", (script), opt_ca(options), __LINE__, __FILE__)

/* The response's body and a header of it; absent without. */
xh_str rec_body(const rec *r);
xh_str rec_header(const rec *r, const char *name);
const xh_error *rec_error(const rec *r);
#define BODY_IS(r, text) XT_CHECK_VIEW(rec_body(r), text)
#define HEADER_IS(r, name, text) XT_CHECK_VIEW(rec_header(r, name), text)
int view_has(xh_str view, const char *text);
/* The order of callbacks, XT_CHECK_STR's manner. */
#define ORDER_IS(r, text) XT_CHECK_STR((r)->order, (text))

/* ---- what a scripted peer has received ----------------------------------------------------------------------------- */

int sent_has(script_peer *p, int connection, const char *text);
/* How often the text occurs. */
int sent_count(script_peer *p, int connection, const char *text);
/* Like sent_has, without regard to case: for header names. */
int sent_has_nocase(script_peer *p, int connection, const char *text);
#define SENT(p, i, text)                                                                                               \
    (sent_has((p), (i), (text)) ? XT_CHECK(1) : XT_FAIL("%s was not sent: %s", (text), script_received((p), (i), NULL)))
#define NOT_SENT(p, i, text)                                                                                           \
    (sent_has_nocase((p), (i), (text)) ? XT_FAIL("%s was sent: %s", (text), script_received((p), (i), NULL))           \
                                       : XT_CHECK(1))

/* ---- options ------------------------------------------------------------------------------------------------------- */

/* Each makes a set when it is given NULL, checks that the value was taken, and returns the set. */
xh_options *opt_int(xh_options *o, int32_t option, int64_t value);
xh_options *opt_real(xh_options *o, int32_t option, double value);
xh_options *opt_str(xh_options *o, int32_t option, const char *value);
xh_options *opt_ptr(xh_options *o, int32_t option, void *value);
xh_options *opt_header(xh_options *o, const char *name, const char *value);
xh_options *opt_json(xh_options *o, const char *json);
/* The test authority. */
xh_options *opt_ca(xh_options *o);
/* A connection of its own. */
xh_options *opt_alone(xh_options *o);
/* The bytes as body, copied. */
xh_options *opt_body(xh_options *o, const char *method, const void *bytes, size_t len);

/* ---- agents --------------------------------------------------------------------------------------------------------- */

/* An agent with keepAlive and the further options (released). */
xh_agent *agent_keep(xh_options *o);
/* A GET through an agent whose answer is checked to be 200; 1 when it went over a kept connection, -1 on failure. */
int agent_get(xh_agent *agent, const char *url, xh_options *o);
/* Waits until a counter of the agent has the value. */
int agent_await(xh_agent *agent, int32_t counter, int64_t value);

/* ---- the rest -------------------------------------------------------------------------------------------------------- */

/* A text that lives until the test ends. */
__attribute__((format(printf, 1, 2))) const char *fmt(const char *format, ...);
int64_t now_ns(void);
void sleep_ms(int64_t ms);
/* Waits until fn(arg) is not 0; 0 when it does not become so. */
int await(int (*fn)(void *arg), void *arg);
/* A file in the temporary folder with n bytes of net_pattern. */
const char *pattern_file(const char *name, size_t n);
/* Resident memory of the process; 0 in a sanitized build, where it tells nothing. */
long resident_kib(void);
/* The content of a file, NUL-terminated; free it. NULL when it cannot be read. */
char *slurp(const char *path, size_t *len);

/* Around each test: what is alive must be what was alive before. */
void live_before(void);
void live_after(void);
/* After all tests: shutdown leaves nothing alive. */
int live_main(const char *suite, int argc, char **argv);

#define CAPI_MAIN(suite)                                                                                               \
    XT_BEFORE_EACH { live_before(); }                                                                                  \
    XT_AFTER_EACH { live_after(); }                                                                                    \
    int main(int argc, char **argv) { return live_main(suite, argc, argv); }

#endif
