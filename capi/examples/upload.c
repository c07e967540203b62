/* A streamed upload: xh asks for the body piece by piece, as fast as the server takes it, and tells how far it is.
 *
 *     upload URL [BYTES]
 *
 * The body (8 MiB unless BYTES is given) is never in memory as a whole. A program whose data is not there yet returns -1
 * from the pull callback and calls xh_request_resume_body() when it is.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <xh/xh.h>

typedef struct {
    int64_t made;
    int64_t length;
} source;

/* Writes the next piece: lines of letters. 0 ends the body. */
static int64_t pull(char *buf, size_t cap, void *user_data) {
    source *s = user_data;
    int64_t left = s->length - s->made;
    size_t piece = left < (int64_t)cap ? (size_t)left : cap;
    for (size_t i = 0; i < piece; i++) {
        int64_t column = (s->made + (int64_t)i) % 64;
        buf[i] = (char)(column == 63 ? '\n' : 'A' + column % 26);
    }
    s->made += (int64_t)piece;
    return (int64_t)piece;
}

static void on_upload(xh_request *request, const xh_request_event *event, void *user_data) {
    int64_t bytes = xh_request_event_bytes(event), total = xh_request_event_total(event);
    int *shown = user_data, percent = total > 0 ? (int)(bytes * 100 / total) : 100;
    (void)request;
    if (percent / 10 == *shown / 10) return;
    *shown = percent;
    fprintf(stderr, "sent %" PRId64 " of %" PRId64 " bytes (%d %%)\n", bytes, total, percent);
}

int main(int argc, char **argv) {
    int shown = 0, failed;
    int64_t length = argc > 2 ? (int64_t)strtoll(argv[2], NULL, 10) : 8 * 1024 * 1024;
    xh_request_callbacks callbacks = {0};
    xh_request *request = NULL;
    xh_error *refused = NULL;
    xh_options *options;
    source *body;
    xh_status status;

    if (argc < 2 || argc > 3 || length < 0) {
        fputs("usage: upload URL [BYTES]\n", stderr);
        return 2;
    }
    options = xh_options_new();
    body = calloc(1, sizeof *body);
    if (options == NULL || body == NULL) {
        xh_options_release(options);
        free(body);
        return 1;
    }
    body->length = length;
    xh_options_set_str(options, XH_OPT_METHOD, "PUT", XH_NTS);
    xh_options_set_header(options, "content-type", XH_NTS, "text/plain", XH_NTS);
    /* Ask before sending: a server that refuses says so before the body is on its way. */
    xh_options_set_int(options, XH_OPT_EXPECT_CONTINUE_MS, 1000);
    status = xh_options_set_body_pull(options, pull, length, body, free);
    if (status < 0) {
        free(body); /* not taken */
    } else {
        callbacks.size = sizeof callbacks;
        callbacks.user_data = &shown;
        callbacks.on_upload = on_upload;
        status = xh_request_new(argv[1], XH_NTS, options, &callbacks, &request, &refused);
    }
    xh_options_release(options);
    if (status < 0) {
        fprintf(stderr, "upload: %s\n", refused != NULL ? xh_error_message(refused).ptr : xh_status_text(status));
        xh_error_free(refused);
        return 2;
    }

    xh_wait(request, -1);
    failed = xh_request_error_count(request) > 0;
    if (failed) {
        fprintf(stderr, "upload: %s\n", xh_error_message(xh_request_error_at(request, 0)).ptr);
    } else {
        xh_response *response = xh_request_response(request);
        printf("answered %d %s\n", xh_response_status(response), xh_response_status_text(response).ptr);
        failed = xh_response_status(response) >= 400;
    }
    xh_request_release(request);
    return failed;
}
