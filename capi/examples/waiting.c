/* A request without callbacks: start it, do something else, wait for it, read what came.
 *
 *     waiting URL [SECONDS]
 *
 * After SECONDS (10 unless given) it loses its patience and ends the request; xh_wait then returns within a moment.
 */
#include <stdio.h>
#include <stdlib.h>
#include <xh/xh.h>

int main(int argc, char **argv) {
    double patience = argc > 2 ? strtod(argv[2], NULL) : 10;
    xh_request *request = NULL;
    xh_error *refused = NULL;
    xh_response *response;
    xh_status status;
    int failed;

    if (argc < 2 || argc > 3 || !(patience >= 0 && patience < 1e9)) {
        fputs("usage: waiting URL [SECONDS]\n", stderr);
        return 2;
    }
    status = xh_request_new(argv[1], XH_NTS, NULL, NULL, &request, &refused);
    if (status < 0) {
        xh_str message = xh_error_message(refused);
        fprintf(stderr, "waiting: %s\n", message.ptr != NULL ? message.ptr : xh_status_text(status));
        xh_error_free(refused);
        return 2;
    }

    /* The request is on its way; this thread is free. A limit of 0 only asks. */
    puts(xh_wait(request, 0) == XH_OK ? "ended already" : "under way");

    if (xh_wait(request, (int64_t)(patience * 1000)) == XH_TIMEOUT) {
        puts("no more patience");
        xh_terminate(request);
        xh_wait(request, -1);
    }

    /* Response and errors stay readable until the request is released. */
    failed = xh_request_error_count(request) > 0;
    for (size_t i = 0; i < xh_request_error_count(request); i++)
        fprintf(stderr, "waiting: %s\n", xh_error_message(xh_request_error_at(request, i)).ptr);
    response = xh_request_response(request);
    if (response != NULL && !failed) {
        xh_str type = xh_response_header(response, "content-type", XH_NTS, 0);
        xh_str body = xh_response_body(response);
        printf("status %d, %s, %zu bytes\n", xh_response_status(response), type.ptr != NULL ? type.ptr : "no type",
               body.len);
        if (xh_response_body_type(response) != XH_DATA_BLOB) fwrite(body.ptr, 1, body.len, stdout);
    }
    xh_request_release(request);
    return failed;
}
