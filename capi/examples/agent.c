/* Many requests over few kept connections: an agent with a limit, and its counters.
 *
 *     agent URL [COUNT [CONNECTIONS]]
 *
 * All requests are made at once; those that find no free connection wait in the agent's queue, in their order.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <xh/xh.h>

static void print_counters(const char *when, const xh_agent *agent) {
    printf("%-8s in use %" PRId64 ", free %" PRId64 ", queued %" PRId64 ", made %" PRId64 ", reused %" PRId64
           ", sent %" PRId64 " bytes, received %" PRId64 " bytes\n",
           when, xh_agent_count(agent, XH_COUNT_SOCKETS), xh_agent_count(agent, XH_COUNT_FREE_SOCKETS),
           xh_agent_count(agent, XH_COUNT_QUEUED), xh_agent_count(agent, XH_COUNT_CREATED),
           xh_agent_count(agent, XH_COUNT_REUSED), xh_agent_count(agent, XH_COUNT_BYTES_SENT),
           xh_agent_count(agent, XH_COUNT_BYTES_RECEIVED));
}

static xh_agent *make_agent(int64_t connections) {
    xh_agent *agent = NULL;
    xh_options *options = xh_options_new();
    if (options == NULL) return NULL;
    xh_options_set_int(options, XH_OPT_KEEP_ALIVE, 1);
    if (xh_options_set_int(options, XH_OPT_MAX_SOCKETS, connections) == XH_OK) xh_agent_new(options, &agent, NULL);
    xh_options_release(options);
    return agent;
}

int main(int argc, char **argv) {
    size_t count = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : 20, made = 0, good = 0;
    int64_t connections = argc > 3 ? (int64_t)strtoll(argv[3], NULL, 10) : 2;
    xh_request **requests;
    xh_options *options;
    xh_agent *agent;

    if (argc < 2 || argc > 4 || count == 0 || count > 100000) {
        fputs("usage: agent URL [COUNT [CONNECTIONS]]\n", stderr);
        return 2;
    }
    requests = calloc(count, sizeof *requests);
    options = xh_options_new();
    agent = make_agent(connections);
    if (requests == NULL || options == NULL || agent == NULL) {
        fputs("agent: cannot be made\n", stderr);
        free(requests);
        xh_options_release(options);
        xh_agent_release(agent);
        return 1;
    }
    xh_options_set_ptr(options, XH_OPT_AGENT, agent);
    for (; made < count; made++) {
        xh_error *refused = NULL;
        xh_status status = xh_request_new(argv[1], XH_NTS, options, NULL, &requests[made], &refused);
        if (status < 0) {
            fprintf(stderr, "agent: %s\n", refused != NULL ? xh_error_message(refused).ptr : xh_status_text(status));
            xh_error_free(refused);
            break;
        }
    }
    print_counters("started", agent);
    for (size_t i = 0; i < made; i++) {
        xh_wait(requests[i], -1);
        if (xh_request_error_count(requests[i]) == 0) {
            good++;
        } else {
            fprintf(stderr, "agent: %s\n", xh_error_message(xh_request_error_at(requests[i], 0)).ptr);
        }
        xh_request_release(requests[i]);
    }
    print_counters("ended", agent);
    printf("%zu of %zu answered\n", good, count);
    xh_agent_close_free(agent);
    xh_agent_release(agent);
    xh_options_release(options);
    free(requests);
    return good == count ? 0 : 1;
}
