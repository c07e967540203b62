/* The recorder of callbacks, and what a request came to. */
#define _GNU_SOURCE
#include <errno.h>
#include <time.h>

#include "support.h"

static pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t g_changed = PTHREAD_COND_INITIALIZER;

/* ---- the recorder -------------------------------------------------------------------------------------------------- */

static void fault(rec *r, const char *text) {
    if (r->fault[0] == 0) snprintf(r->fault, sizeof r->fault, "%s", text);
}

static void note(rec *r, char letter) {
    size_t n = strlen(r->order);
    if (letter == 'D' && n > 0 && r->order[n - 1] == 'D') return;
    if (n + 1 < sizeof r->order) r->order[n] = letter;
}

static void append(char **to, size_t *len, size_t *cap, const char *bytes, size_t n) {
    if (*len + n + 1 > *cap) {
        size_t wanted = (*len + n + 1) * 2;
        char *bigger = realloc(*to, wanted);
        if (bigger == NULL) abort();
        *to = bigger;
        *cap = wanted;
    }
    if (n > 0) memcpy(*to + *len, bytes, n);
    *len += n;
    (*to)[*len] = 0;
}

/* What may not follow what, seen from the counts before this event. */
static void check_order(rec *r, int type) {
    const int *c = r->count;
    if (c[XH_EVENT_TERMINATE] > 0 || r->destroyed > 0) fault(r, "a callback after on_terminate");
    if (c[XH_EVENT_RESPONSE] + c[XH_EVENT_ERROR] > 0 && type != XH_EVENT_TERMINATE && type != XH_EVENT_TRACE)
        fault(r, "a callback after on_response or on_error that is not on_terminate");
    if (type == XH_EVENT_TERMINATE && c[XH_EVENT_RESPONSE] + c[XH_EVENT_ERROR] != 1)
        fault(r, "on_terminate without on_response or on_error");
    if (type == XH_EVENT_HEADERS && c[XH_EVENT_HEADERS] > 0) fault(r, "on_headers twice");
    if (type == XH_EVENT_DATA && c[XH_EVENT_HEADERS] == 0) fault(r, "on_data before on_headers");
    if (type == XH_EVENT_RESPONSE && c[XH_EVENT_HEADERS] == 0) fault(r, "on_response before on_headers");
    if (type == XH_EVENT_REDIRECT && c[XH_EVENT_HEADERS] > 0) fault(r, "on_redirect after on_headers");
    if (r->in_new && pthread_equal(pthread_self(), r->maker)) fault(r, "a callback inside xh_request_new");
}

static void check_event(rec *r, xh_request *request, const xh_request_event *event, int type) {
    xh_str data = xh_request_event_data(event);
    if (r->request != NULL && request != r->request) fault(r, "another request was given");
    if (xh_request_event_type(event) != type) fault(r, "the event's type does not fit its slot");
    if (type != XH_EVENT_DATA && type != XH_EVENT_REDIRECT && type != XH_EVENT_TRACE && data.ptr != NULL)
        fault(r, "data with an event that has none");
    if (type == XH_EVENT_DATA && (data.ptr == NULL || data.len == 0)) fault(r, "on_data without data");
    if ((type == XH_EVENT_ERROR) != (xh_request_event_error(event) != NULL)) fault(r, "error and event do not fit");
    if (xh_request_terminated(request)) fault(r, "terminated before on_terminate has returned");
}

static void take(rec *r, xh_request *request, const xh_request_event *event, int type) {
    static const char letters[] =
        "?IHDRET>?"
        "??";
    xh_str data = xh_request_event_data(event);
    pthread_mutex_lock(&g_lock);
    if (r->inside++ > 0) fault(r, "two callbacks at once");
    check_order(r, type);
    check_event(r, request, event, type);
    if (type <= XH_EVENT_REDIRECT) note(r, letters[type]);
    switch (type) {
        case XH_EVENT_DATA:
            r->bytes += data.len;
            if (!r->drop_data) append(&r->data, &r->len, &r->cap, data.ptr, data.len);
            break;
        case XH_EVENT_TRACE:
            append(&r->trace, &r->trace_len, &r->trace_cap, data.ptr, data.len);
            append(&r->trace, &r->trace_len, &r->trace_cap, "\n", 1);
            break;
        case XH_EVENT_UPLOAD:
            if (xh_request_event_bytes(event) < r->upload_bytes && r->count[XH_EVENT_REDIRECT] == 0 &&
                xh_request_hop_count(request) <= 1)
                fault(r, "upload goes backwards");
            r->upload_bytes = xh_request_event_bytes(event);
            r->upload_total = xh_request_event_total(event);
            break;
        case XH_EVENT_DOWNLOAD:
            r->download_bytes = xh_request_event_bytes(event);
            r->download_total = xh_request_event_total(event);
            break;
        case XH_EVENT_REDIRECT:
            snprintf(r->next_url, sizeof r->next_url, "%.*s", (int)data.len, data.ptr == NULL ? "" : data.ptr);
            break;
        case XH_EVENT_INFORMATION: r->information = xh_request_event_status(event); break;
        case XH_EVENT_TERMINATE: r->terminate_ns = now_ns(); break;
        default: break;
    }
    r->loop_thread = pthread_self();
    pthread_mutex_unlock(&g_lock);
    if (r->hook != NULL) r->hook(r, request, event);
    pthread_mutex_lock(&g_lock);
    r->inside--;
    r->count[type]++;
    pthread_cond_broadcast(&g_changed);
    pthread_mutex_unlock(&g_lock);
}

#define SLOT(name, type)                                                                                               \
    static void XH_CALL name(xh_request *request, const xh_request_event *event, void *rec_) {                         \
        take((rec *)rec_, request, event, type);                                                                       \
    }
SLOT(on_information, XH_EVENT_INFORMATION)
SLOT(on_headers, XH_EVENT_HEADERS)
SLOT(on_data, XH_EVENT_DATA)
SLOT(on_response, XH_EVENT_RESPONSE)
SLOT(on_error, XH_EVENT_ERROR)
SLOT(on_terminate, XH_EVENT_TERMINATE)
SLOT(on_redirect, XH_EVENT_REDIRECT)
SLOT(on_upload, XH_EVENT_UPLOAD)
SLOT(on_download, XH_EVENT_DOWNLOAD)
SLOT(on_trace, XH_EVENT_TRACE)

static void XH_CALL on_destroy(void *rec_) {
    rec *r = (rec *)rec_;
    pthread_mutex_lock(&g_lock);
    if (r->inside > 0) fault(r, "destroyed inside a callback");
    if (r->count[XH_EVENT_TERMINATE] == 0) fault(r, "destroyed before on_terminate");
    r->destroyed++;
    note(r, 'X');
    pthread_cond_broadcast(&g_changed);
    pthread_mutex_unlock(&g_lock);
}

xh_request_callbacks rec_callbacks(rec *r) {
    xh_request_callbacks c;
    memset(&c, 0, sizeof c);
    c.size = sizeof c;
    c.user_data = r;
    c.destroy = on_destroy;
    c.on_headers = on_headers;
    c.on_data = r->without_data ? NULL : on_data;
    c.on_response = on_response;
    c.on_error = on_error;
    c.on_terminate = on_terminate;
    c.on_information = on_information;
    c.on_redirect = on_redirect;
    c.on_upload = on_upload;
    c.on_download = on_download;
    c.on_trace = r->with_trace ? on_trace : NULL;
    return c;
}

void rec_made(rec *r, xh_request *request) {
    pthread_mutex_lock(&g_lock);
    r->in_new = 0;
    r->request = request;
    pthread_mutex_unlock(&g_lock);
}

xh_request *rec_start_err(rec *r, const char *url, xh_options *options, xh_error **err) {
    xh_request_callbacks callbacks = rec_callbacks(r);
    xh_request *request = NULL;
    r->maker = pthread_self();
    pthread_mutex_lock(&g_lock);
    r->in_new = 1;
    pthread_mutex_unlock(&g_lock);
    r->made = xh_request_new(url, XH_NTS, options, &callbacks, &request, err);
    rec_made(r, request);
    xh_options_release(options);
    return request;
}

xh_request *rec_start_(rec *r, const char *url, xh_options *options, unsigned line, const char *file) {
    xh_error *err = NULL;
    xh_request *request = rec_start_err(r, url, options, &err);
    if (r->made != XH_OK) {
        xt_failed(line, file, "%s was refused: %s %s", url, xh_status_name(r->made),
                  err == NULL ? "" : xh_error_message(err).ptr);
        xh_error_free(err);
        return NULL;
    }
    if (err != NULL || request == NULL) xt_failed(line, file, "XH_OK with an error or without a request");
    return request;
}

static void check_errors(rec *r, unsigned line, const char *file) {
    size_t n = xh_request_error_count(r->request);
    if ((n > 0) != (r->count[XH_EVENT_ERROR] > 0)) xt_failed(line, file, "%zu errors, order %s", n, r->order);
    for (size_t i = 0; i < n; i++) {
        const xh_error *e = xh_request_error_at(r->request, i);
        if (e == NULL || xh_error_status(e) >= 0 || xh_error_message(e).len == 0 || xh_error_component(e).len != 4)
            xt_failed(line, file, "error %zu has no status, message or component", i);
    }
    if (xh_request_error_at(r->request, n) != NULL) xt_failed(line, file, "an error past the end");
}

void rec_finish_(rec *r, unsigned line, const char *file) {
    if (r->request == NULL) {
        xt_failed(line, file, "there is no request");
        return;
    }
    xh_status waited = xh_wait(r->request, LONG_MS);
    if (waited != XH_OK) {
        xt_failed(line, file, "xh_wait gave %s, order %s", xh_status_name(waited), r->order);
        xh_terminate(r->request);
        waited = xh_wait(r->request, LONG_MS);
        if (waited != XH_OK) {
            fprintf(stderr, "a request does not end: %s\n", xh_status_name(waited));
            _Exit(3);
        }
    }
    pthread_mutex_lock(&g_lock);
    const int *c = r->count;
    int good = c[XH_EVENT_TERMINATE] == 1 && r->destroyed == 1 && c[XH_EVENT_RESPONSE] + c[XH_EVENT_ERROR] == 1 &&
               r->fault[0] == 0;
    pthread_mutex_unlock(&g_lock);
    if (!good) xt_failed(line, file, "callbacks are wrong: %s, order %s", r->fault, r->order);
    if (!xh_request_terminated(r->request)) xt_failed(line, file, "ended, and terminated reads 0");
    check_errors(r, line, file);
}

void rec_end(rec *r) {
    if (r->request != NULL) {
        if (xh_wait(r->request, LONG_MS) != XH_OK) {
            xh_terminate(r->request);
            if (xh_wait(r->request, LONG_MS) != XH_OK) _Exit(3);
        }
        xh_request_release(r->request);
    }
    free(r->data);
    free(r->trace);
    memset(r, 0, sizeof *r);
}

/* A moment LONG_MS ahead on the clock of condition variables. */
static struct timespec deadline(void) {
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    t.tv_sec += LONG_MS / 1000;
    return t;
}

int rec_await(rec *r, int event, int n) {
    struct timespec until = deadline();
    int ok = 1;
    pthread_mutex_lock(&g_lock);
    while (r->count[event] < n && ok) ok = pthread_cond_timedwait(&g_changed, &g_lock, &until) != ETIMEDOUT;
    ok = r->count[event] >= n;
    pthread_mutex_unlock(&g_lock);
    return ok;
}

int rec_count(rec *r, int event) {
    pthread_mutex_lock(&g_lock);
    int n = r->count[event];
    pthread_mutex_unlock(&g_lock);
    return n;
}

int rec_gone(void *rec_) {
    pthread_mutex_lock(&g_lock);
    int gone = ((rec *)rec_)->destroyed > 0;
    pthread_mutex_unlock(&g_lock);
    return gone;
}

/* ---- what a request came to ---------------------------------------------------------------------------------------- */

const xh_error *rec_error(const rec *r) { return r->request == NULL ? NULL : xh_request_error_at(r->request, 0); }

static void describe(rec *r, char *out, size_t size) {
    const xh_error *e = rec_error(r);
    const xh_response *response = r->request == NULL ? NULL : xh_request_response(r->request);
    if (r->request == NULL)
        snprintf(out, size, "there is no request");
    else if (e != NULL)
        snprintf(out, size, "error %s in phase %d: %s", xh_status_name(xh_error_status(e)), xh_error_phase(e),
                 xh_error_message(e).ptr);
    else
        snprintf(out, size, "response %d", response == NULL ? 0 : xh_response_status(response));
}

int rec_ok_(rec *r, int32_t status, unsigned line, const char *file) {
    const xh_response *response = r->request == NULL ? NULL : xh_request_response(r->request);
    if (response != NULL && rec_error(r) == NULL && xh_response_status(response) == status &&
        r->count[XH_EVENT_RESPONSE] == 1)
        return xt_held(line, file);
    char text[600];
    describe(r, text, sizeof text);
    return xt_failed(line, file, "%s, not response %d", text, status);
}

int rec_failed_(rec *r, xh_status status, int32_t phase, unsigned line, const char *file) {
    const xh_error *e = rec_error(r);
    if (e != NULL && xh_error_status(e) == status && (phase < 0 || xh_error_phase(e) == phase) &&
        r->count[XH_EVENT_ERROR] == 1)
        return xt_held(line, file);
    char text[600];
    describe(r, text, sizeof text);
    return xt_failed(line, file, "%s, not error %s in phase %d", text, xh_status_name(status), phase);
}

void refused_(const char *url, size_t len, xh_options *options, xh_status status, unsigned line, const char *file) {
    rec r = {0};
    xh_request_callbacks callbacks = rec_callbacks(&r);
    xh_request *untouched = (xh_request *)(void *)&r, *request = untouched;
    xh_error *err = NULL;
    xh_status made = xh_request_new(url, len, options, &callbacks, &request, &err);
    xh_options_release(options);
    if (made != status) xt_failed(line, file, "%s, not %s", xh_status_name(made), xh_status_name(status));
    if (made == XH_OK) {
        r.request = request;
        xh_terminate(request);
        rec_end(&r);
        return;
    }
    if (request != untouched) xt_failed(line, file, "out was changed by a refusal");
    if (err == NULL || xh_error_status(err) != made || xh_error_message(err).len == 0)
        xt_failed(line, file, "the refusal does not say what was wrong");
    if (xh_error_phase(err) != XH_PHASE_NONE || xh_error_request_sent(err))
        xt_failed(line, file, "a refusal is before the first phase");
    xh_error_free(err);
    if (r.order[0] != 0 || r.destroyed) xt_failed(line, file, "callbacks after a refusal: %s", r.order);
    xt_held(line, file);
}

int rec_script_(rec *r, const char *scheme, const char *script, xh_options *options, unsigned line, const char *file) {
    script_peer *p = script_start(script);
    int ok = rec_start_(r, script_url(p, scheme, "/x"), options, line, file) != NULL;
    if (ok) rec_finish_(r, line, file);
    script_stop(p);
    return ok;
}

xh_str rec_body(const rec *r) {
    xh_str none = {NULL, 0};
    const xh_response *response = r->request == NULL ? NULL : xh_request_response(r->request);
    return response == NULL ? none : xh_response_body(response);
}

xh_str rec_header(const rec *r, const char *name) {
    xh_str none = {NULL, 0};
    const xh_response *response = r->request == NULL ? NULL : xh_request_response(r->request);
    return response == NULL ? none : xh_response_header(response, name, XH_NTS, 0);
}

int view_has(xh_str view, const char *text) {
    return view.ptr != NULL && memmem(view.ptr, view.len, text, strlen(text)) != NULL;
}
