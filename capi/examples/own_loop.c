/* The program's own loop: several requests beside whatever else the program waits for, all in one thread.
 *
 *     own_loop URL
 *
 * xh starts no thread for the requests here. poll(2) waits on the descriptor of the xh loop together with the descriptors
 * of the program (standard input stands for them: a line on it ends the requests), at most until the next timer of xh.
 */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <xh/xh.h>

enum { COUNT = 4 };

static int left = COUNT;
static int failures = 0;

/* Runs inside xh_loop_poll, on this program's only thread. */
static void on_terminate(xh_request *request, const xh_request_event *event, void *user_data) {
    const char *name = user_data;
    (void)event;
    left--;
    if (xh_request_error_count(request) > 0) {
        failures++;
        printf("%s: %s\n", name, xh_error_message(xh_request_error_at(request, 0)).ptr);
    } else {
        xh_response *response = xh_request_response(request);
        printf("%s: status %d, %zu bytes\n", name, xh_response_status(response), xh_response_body(response).len);
    }
}

static xh_status start(xh_loop *loop, const char *url, const char *name, xh_request **out) {
    xh_request_callbacks callbacks = {0};
    xh_error *refused = NULL;
    xh_status status;
    xh_options *options = xh_options_new();
    if (options == NULL) return XH_E_NOMEM;
    callbacks.size = sizeof callbacks;
    callbacks.user_data = (void *)name;
    callbacks.on_terminate = on_terminate;
    xh_options_set_ptr(options, XH_OPT_LOOP, loop);
    status = xh_request_new(url, XH_NTS, options, &callbacks, out, &refused);
    if (status < 0)
        fprintf(stderr, "own_loop: %s\n", refused != NULL ? xh_error_message(refused).ptr : xh_status_text(status));
    xh_error_free(refused);
    xh_options_release(options);
    return status;
}

/* Waits for the loop or for standard input; 0 when the program shall go on. */
static int turn(xh_loop *loop, xh_request **requests, int *input) {
    struct pollfd fds[2];
    int64_t limit = xh_loop_timeout_ms(loop);
    fds[0].fd = xh_loop_fd(loop);
    fds[0].events = POLLIN;
    fds[1].fd = *input;
    fds[1].events = POLLIN;
    fds[0].revents = fds[1].revents = 0;
    if (poll(fds, 2, limit > 60000 ? 60000 : (int)limit) < 0 && errno != EINTR) {
        fprintf(stderr, "own_loop: poll: %s\n", strerror(errno));
        return 1;
    }
    if (fds[1].revents != 0) {
        char line[256];
        ssize_t got = read(*input, line, sizeof line);
        if (got > 0) {
            for (int i = 0; i < COUNT; i++) xh_terminate(requests[i]);
        } else {
            *input = -1; /* nobody types: poll leaves a negative descriptor out */
        }
    }
    return xh_loop_poll(loop, 0) < 0; /* does what is due; calls the callbacks */
}

int main(int argc, char **argv) {
    static const char *const names[COUNT] = {"first", "second", "third", "fourth"};
    xh_request *requests[COUNT] = {NULL};
    xh_loop *loop = NULL;
    int input = STDIN_FILENO, broken = 0;

    if (argc != 2) {
        fputs("usage: own_loop URL\n", stderr);
        return 2;
    }
    if (xh_loop_new(&loop) < 0) return 1;
    for (int i = 0; i < COUNT && !broken; i++) broken = start(loop, argv[1], names[i], &requests[i]) < 0;
    while (!broken && left > 0) broken = turn(loop, requests, &input);

    for (int i = 0; i < COUNT; i++) xh_request_release(requests[i]);
    xh_loop_release(loop);
    return broken ? 2 : failures > 0;
}
