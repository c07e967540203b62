/* Every callback of a request, printed in the order in which it comes.
 *
 *     callbacks URL
 *
 * on_information* on_headers? on_data* (on_response | on_error) on_terminate, with on_redirect, on_upload, on_download
 * and on_trace between. on_terminate is always the last one; then the user data is destroyed, then xh_wait returns.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <xh/xh.h>

/* The user data: made for one request, owned by it as soon as xh_request_new has returned XH_OK. */
typedef struct {
    int count;
} numbering;

/* One function serves all slots here; a program would give each slot its own. */
static void on_event(xh_request *request, const xh_request_event *event, void *user_data) {
    numbering *n = user_data;
    xh_str data = xh_request_event_data(event);
    printf("%3d  %-11s", ++n->count, xh_request_event_name(event));
    switch (xh_request_event_type(event)) {
        case XH_EVENT_HEADERS:
            printf(" status %d, %zu header lines", xh_response_status(xh_request_response(request)),
                   xh_response_header_count(xh_request_response(request)));
            break;
        case XH_EVENT_DATA:
            printf(" %zu bytes", data.len); /* lent until this function returns; xh_data_keep() keeps it longer */
            break;
        case XH_EVENT_INFORMATION: printf(" status %d", xh_request_event_status(event)); break;
        case XH_EVENT_REDIRECT: printf(" status %d, to %s", xh_request_event_status(event), data.ptr); break;
        case XH_EVENT_UPLOAD:
        case XH_EVENT_DOWNLOAD:
            printf(" %" PRId64 " of %" PRId64, xh_request_event_bytes(event), xh_request_event_total(event));
            break;
        case XH_EVENT_TRACE: printf(" %.*s", (int)data.len, data.ptr); break;
        case XH_EVENT_ERROR: printf(" %s", xh_error_message(xh_request_event_error(event)).ptr); break;
        default: break;
    }
    putchar('\n');
}

static void destroy(void *user_data) {
    numbering *n = user_data;
    printf("     user data destroyed after %d callbacks\n", n->count);
    free(n);
}

int main(int argc, char **argv) {
    xh_request_callbacks callbacks = {0};
    xh_request *request = NULL;
    xh_error *refused = NULL;
    xh_status status;
    int failed;

    if (argc != 2) {
        fputs("usage: callbacks URL\n", stderr);
        return 2;
    }
    callbacks.size = sizeof callbacks;
    callbacks.user_data = calloc(1, sizeof(numbering));
    if (callbacks.user_data == NULL) return 1;
    callbacks.destroy = destroy;
    callbacks.on_headers = on_event;
    callbacks.on_data = on_event;
    callbacks.on_response = on_event;
    callbacks.on_error = on_event;
    callbacks.on_terminate = on_event;
    callbacks.on_information = on_event;
    callbacks.on_redirect = on_event;
    callbacks.on_upload = on_event;
    callbacks.on_download = on_event;
    callbacks.on_trace = on_event;

    status = xh_request_new(argv[1], XH_NTS, NULL, &callbacks, &request, &refused);
    if (status < 0) {
        xh_str message = xh_error_message(refused);
        fprintf(stderr, "callbacks: %s\n", message.ptr != NULL ? message.ptr : xh_status_text(status));
        xh_error_free(refused);
        free(callbacks.user_data); /* an error was returned: the user data is still ours */
        return 2;
    }
    xh_wait(request, -1);
    puts("     xh_wait returns");
    failed = xh_request_error_count(request) > 0;
    xh_request_release(request);
    return failed;
}
