/* The queue mode: no callback at all. Events of many requests wait in one queue that the program drains when it likes.
 *
 *     queue URL [COUNT]
 *
 * The token that a request was given comes back in each of its events: here it is the index of a table.
 */
#define _POSIX_C_SOURCE 200809L
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <xh/xh.h>

typedef struct {
    int32_t status;
    size_t bytes;
} row;

static xh_status start(xh_queue *queue, const char *url, size_t token) {
    xh_error *refused = NULL;
    xh_status status;
    xh_options *options = xh_options_new();
    if (options == NULL) return XH_E_NOMEM;
    xh_options_set_ptr(options, XH_OPT_QUEUE, queue);
    xh_options_set_int(options, XH_OPT_TOKEN, (int64_t)token);
    xh_options_set_int(options, XH_OPT_RETURN_RESPONSE_BODY, 0); /* the data comes as events */
    /* No handle is wanted: each event carries the request. */
    status = xh_request_new(url, XH_NTS, options, NULL, NULL, &refused);
    if (status < 0)
        fprintf(stderr, "queue: %s\n", refused != NULL ? xh_error_message(refused).ptr : xh_status_text(status));
    xh_error_free(refused);
    xh_options_release(options);
    return status;
}

/* Returns 1 when the event was the last one of its request. */
static int handle(const xh_event *event, row *rows) {
    row *r = &rows[event->token];
    switch (event->type) {
        case XH_EVENT_HEADERS: r->status = xh_response_status(xh_request_response(event->request)); return 0;
        case XH_EVENT_DATA:
            r->bytes += event->data.len; /* valid until xh_event_done */
            return 0;
        case XH_EVENT_ERROR:
            fprintf(stderr, "request %zu: %s\n", (size_t)event->token,
                    xh_error_message(xh_request_error_at(event->request, 0)).ptr);
            r->status = -1;
            return 0;
        default: return event->type == XH_EVENT_TERMINATE;
    }
}

int main(int argc, char **argv) {
    size_t count = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 100;
    size_t left = 0, good = 0, bytes = 0, drains = 0;
    xh_queue *queue = NULL;
    row *rows;

    if (argc < 2 || argc > 3 || count == 0 || count > 100000) {
        fputs("usage: queue URL [COUNT]\n", stderr);
        return 2;
    }
    rows = calloc(count, sizeof *rows);
    if (rows == NULL || xh_queue_new(&queue) < 0) {
        free(rows);
        return 1;
    }
    while (left < count && start(queue, argv[1], left) >= 0) left++;

    while (left > 0) {
        xh_event events[64];
        struct pollfd wait = {0};
        int64_t got;
        wait.fd = xh_queue_fd(queue);
        wait.events = POLLIN;
        poll(&wait, 1, -1);
        got = xh_queue_drain(queue, events, 64, sizeof events[0]);
        if (got < 0) break;
        drains += got > 0;
        for (int64_t i = 0; i < got; i++) left -= (size_t)handle(&events[i], rows);
        xh_event_done(events, (size_t)got, sizeof events[0]); /* gives buffers and window back */
    }

    for (size_t i = 0; i < count; i++) {
        good += rows[i].status > 0;
        bytes += rows[i].bytes;
    }
    printf("%zu of %zu answered, %zu bytes, %zu drains\n", good, count, bytes, drains);
    xh_queue_release(queue);
    free(rows);
    return good == count ? 0 : 1;
}
