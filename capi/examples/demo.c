/* Fetches a URL and tells what happened on the way: the head of the response, a progress bar, the timeline of each hop,
 * the size of the body. When it fails: what happened, in which phase and with which peer, then every attempt.
 *
 *     demo [--ca FILE] [--insecure] [--proxy URL] [--timeout SECONDS] [--method M] [--data TEXT] URL
 *
 * Ends with 0 when a response came (whatever its status), 1 when the request failed, 2 when it was called wrongly.
 */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
#include <xh/xh.h>

/* What the callbacks share. They run on the library's thread while main waits, so nothing here needs a lock. */
typedef struct {
    int tty;
    int shown; /* a progress line is on the screen */
    int64_t shown_at_ms;
    int64_t started_ms;
    int64_t wire_bytes; /* of the body, as they came */
    int64_t wire_total; /* -1 while unknown */
    int64_t body_bytes; /* of the body, decoded */
} view;

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What a server sends must not steer the terminal. */
static void print_safe(FILE *out, xh_str text) {
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        putc(c < 32 || c == 127 ? '?' : c, out);
    }
}

static void print_size(FILE *out, double bytes) {
    static const char *const units[] = {"bytes", "KiB", "MiB", "GiB", "TiB"};
    size_t unit = 0;
    while (bytes >= 1024 && unit < 4) {
        bytes /= 1024;
        unit++;
    }
    fprintf(out, unit == 0 ? "%.0f %s" : "%.1f %s", bytes, units[unit]);
}

/* ---- callbacks ---------------------------------------------------------------------------------------------------- */

static void show_progress(view *v, int last) {
    enum { WIDTH = 40 };
    int64_t now = now_ms();
    if (!last && now - v->shown_at_ms < (v->tty ? 50 : 1000)) return;
    v->shown_at_ms = now;
    v->shown = 1;
    if (v->tty) putc('\r', stderr);
    if (v->wire_total > 0) {
        int filled = (int)(v->wire_bytes * WIDTH / v->wire_total);
        putc('[', stderr);
        for (int i = 0; i < WIDTH; i++) putc(i < filled ? '=' : i == filled ? '>' : ' ', stderr);
        fprintf(stderr, "] %3d %%  ", (int)(v->wire_bytes * 100 / v->wire_total));
    }
    print_size(stderr, (double)v->wire_bytes);
    if (v->wire_total > 0) {
        fputs(" of ", stderr);
        print_size(stderr, (double)v->wire_total);
    }
    if (now > v->started_ms) {
        fputs(", ", stderr);
        print_size(stderr, (double)v->wire_bytes * 1000 / (double)(now - v->started_ms));
        fputs("/s", stderr);
    }
    fputs(v->tty ? "\x1b[K" : "\n", stderr);
    fflush(stderr);
}

static void on_redirect(xh_request *request, const xh_request_event *event, void *user_data) {
    (void)request;
    (void)user_data;
    printf("%d, redirected to ", xh_request_event_status(event));
    print_safe(stdout, xh_request_event_data(event));
    fputs("\n", stdout);
}

static void on_headers(xh_request *request, const xh_request_event *event, void *user_data) {
    view *v = user_data;
    xh_response *response = xh_request_response(request);
    xh_str name, value;
    (void)event;
    print_safe(stdout, xh_response_protocol(response));
    printf(" %d ", xh_response_status(response));
    print_safe(stdout, xh_response_status_text(response));
    fputs("\n", stdout);
    for (size_t i = 0; xh_response_raw_header_at(response, i, &name, &value) == XH_OK; i++) {
        print_safe(stdout, name);
        fputs(": ", stdout);
        print_safe(stdout, value);
        fputs("\n", stdout);
    }
    fputs("\n", stdout);
    fflush(stdout);
    v->started_ms = now_ms();
}

static void on_data(xh_request *request, const xh_request_event *event, void *user_data) {
    view *v = user_data;
    (void)request;
    v->body_bytes += (int64_t)xh_request_event_data(event).len;
}

static void on_download(xh_request *request, const xh_request_event *event, void *user_data) {
    view *v = user_data;
    (void)request;
    v->wire_bytes = xh_request_event_bytes(event);
    v->wire_total = xh_request_event_total(event);
    show_progress(v, 0);
}

/* ---- the report --------------------------------------------------------------------------------------------------- */

static void print_timeline(const xh_request *request) {
    static const struct {
        int32_t moment;
        const char *name;
    } rows[] = {
        {XH_TIME_QUEUE_END, "queue"},       {XH_TIME_LOOKUP_END, "name look-up"},
        {XH_TIME_CONNECT_END, "connect"},   {XH_TIME_PROXY_END, "proxy"},
        {XH_TIME_TLS_END, "TLS"},           {XH_TIME_SEND_END, "request sent"},
        {XH_TIME_FIRST_BYTE, "first byte"}, {XH_TIME_END, "last byte"},
    };
    const xh_error *error = xh_request_error_at(request, 0); /* NULL when it did not fail */
    size_t failed_hop = error != NULL ? (size_t)xh_error_hop(error) : SIZE_MAX;
    for (size_t hop = 0; hop < xh_request_hop_count(request); hop++) {
        int64_t start = xh_request_hop_time(request, hop, XH_TIME_START), before = start, at;
        int32_t status = xh_request_hop_status(request, hop);
        xh_str local = xh_request_hop_local(request, hop), remote = xh_request_hop_remote(request, hop);
        xh_str tls = xh_request_hop_tls_version(request, hop);

        printf("hop %zu: ", hop + 1);
        print_safe(stdout, xh_request_hop_url(request, hop));
        if (status != 0) printf(" answered %d", status);
        fputs("\n", stdout);
        if (remote.ptr != NULL) {
            fputs("  ", stdout);
            print_safe(stdout, local);
            fputs(" -> ", stdout);
            print_safe(stdout, remote);
            if (xh_request_hop_reused(request, hop)) fputs(", reused", stdout);
            fputs("\n", stdout);
        }
        if (tls.ptr != NULL) {
            fputs("  ", stdout);
            print_safe(stdout, tls);
            fputs(" ", stdout);
            print_safe(stdout, xh_request_hop_tls_cipher(request, hop));
            if (xh_request_hop_tls_resumed(request, hop)) fputs(", session resumed", stdout);
            fputs("\n", stdout);
        }
        for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
            int at_end = rows[i].moment == XH_TIME_END;
            at = xh_request_hop_time(request, hop, rows[i].moment);
            if (at < 0) continue; /* did not take place */
            printf("  %-14s %10.1f ms\n", at_end && hop == failed_hop ? "failed" : rows[i].name,
                   (double)(at - before) / 1e6);
            before = at;
        }
        printf("  %-14s %10.1f ms\n", "total", (double)(before - start) / 1e6);
    }
}

static const char *phase_name(int32_t phase) {
    static const char *const names[] = {"before it started",   "waiting for a connection", "in the name look-up",
                                        "connecting",          "asking the proxy",         "in the TLS handshake",
                                        "sending the request", "waiting for the response", "reading the body",
                                        "after the response"};
    return phase >= 0 && phase < (int32_t)(sizeof names / sizeof names[0]) ? names[phase] : "in an unknown phase";
}

/* One line: what, where, with whom. */
static void print_error(const char *lead, const xh_error *error) {
    xh_str peer = xh_error_peer(error);
    fprintf(stderr, "%s%s (%s", lead, xh_status_name(xh_error_status(error)), phase_name(xh_error_phase(error)));
    if (peer.ptr != NULL) {
        fputs(", peer ", stderr);
        print_safe(stderr, peer);
    }
    fputs("): ", stderr);
    print_safe(stderr, xh_error_message(error));
    fputs("\n", stderr);
}

/* ---- the command line --------------------------------------------------------------------------------------------- */

static int usage(void) {
    fputs("usage: demo [--ca FILE] [--insecure] [--proxy URL] [--timeout SECONDS] [--method M] [--data TEXT] URL\n",
          stderr);
    return 2;
}

/* Fills the options from the arguments; NULL when they make no sense. */
static const char *read_arguments(int argc, char **argv, xh_options *options) {
    const char *url = NULL;
    int method_given = 0, data_given = 0;
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i], *value = i + 1 < argc ? argv[i + 1] : NULL;
        xh_status status;
        if (strcmp(name, "--insecure") == 0) {
            xh_options_set_int(options, XH_OPT_VALIDATE_TLS_CERTIFICATE, 0);
            continue;
        }
        if (strncmp(name, "--", 2) != 0) {
            if (url != NULL) return NULL;
            url = name;
            continue;
        }
        if (value == NULL) return NULL;
        i++;
        if (strcmp(name, "--ca") == 0) {
            status = xh_options_set_str(options, XH_OPT_CA_FILE, value, XH_NTS);
        } else if (strcmp(name, "--proxy") == 0) {
            status = xh_options_set_str(options, XH_OPT_PROXY, value, XH_NTS);
        } else if (strcmp(name, "--timeout") == 0) {
            char *end;
            double seconds = strtod(value, &end);
            status =
                *value == 0 || *end != 0 ? XH_E_OPTION_VALUE : xh_options_set_real(options, XH_OPT_TIMEOUT, seconds);
        } else if (strcmp(name, "--method") == 0) {
            method_given = 1;
            status = xh_options_set_str(options, XH_OPT_METHOD, value, XH_NTS);
        } else if (strcmp(name, "--data") == 0) {
            data_given = 1;
            status = xh_options_set_body_text(options, value, XH_NTS);
        } else {
            return NULL;
        }
        if (status < 0) {
            fprintf(stderr, "demo: %s %s: %s\n", name, value, xh_status_text(status));
            return NULL;
        }
    }
    if (data_given && !method_given) xh_options_set_str(options, XH_OPT_METHOD, "POST", XH_NTS);
    return url;
}

int main(int argc, char **argv) {
    view v = {0};
    xh_request_callbacks callbacks = {0};
    xh_request *request = NULL;
    xh_error *refused = NULL;
    xh_options *options = xh_options_new();
    const char *url = options == NULL ? NULL : read_arguments(argc, argv, options);
    xh_status status;
    int failed;

    if (url == NULL) {
        xh_options_release(options);
        return usage();
    }
    v.tty = isatty(STDERR_FILENO);
    v.wire_total = -1;
    v.started_ms = v.shown_at_ms = now_ms();

    /* The body is looked at as it comes, decoded, and not collected: a download of any size needs no memory. */
    xh_options_set_int(options, XH_OPT_RETURN_RESPONSE_BODY, 0);
    xh_options_set_int(options, XH_OPT_DECODE_DATA, 1);
    callbacks.size = sizeof callbacks;
    callbacks.user_data = &v;
    callbacks.on_redirect = on_redirect;
    callbacks.on_headers = on_headers;
    callbacks.on_data = on_data;
    callbacks.on_download = on_download;

    status = xh_request_new(url, XH_NTS, options, &callbacks, &request, &refused);
    xh_options_release(options); /* the request has its own copy */
    if (status < 0) {
        if (refused != NULL) {
            print_error("demo: ", refused);
        } else {
            fprintf(stderr, "demo: %s\n", xh_status_text(status));
        }
        xh_error_free(refused);
        return 2;
    }

    xh_wait(request, -1);
    failed = xh_request_error_count(request) > 0;
    if (v.wire_bytes > 0) show_progress(&v, 1);
    if (v.tty && v.shown) putc('\n', stderr);
    print_timeline(request);
    printf("body: %" PRId64 " bytes", v.body_bytes);
    if (v.body_bytes != v.wire_bytes) printf(", sent as %" PRId64, v.wire_bytes);
    fputs(failed ? ", not complete\n" : "\n", stdout);
    fflush(stdout);
    if (failed) {
        print_error("demo: ", xh_request_error_at(request, 0));
        for (size_t i = 1; i < xh_request_error_count(request); i++)
            print_error("  attempt: ", xh_request_error_at(request, i));
    }
    xh_request_release(request);
    return failed ? 1 : 0;
}
