/** @file agent.h
 *  The pool of connections that requests go through (Node's Agent).
 */
#ifndef XH_AGENT_H
#define XH_AGENT_H

#include "xh/options.h"

XH_BEGIN_DECLS

/** A pool on one loop. Counted. Any number of threads may use one. Requests keep their agent alive. */
typedef struct xh_agent xh_agent;

/** Makes an agent from the agent options of a set (KEEP_ALIVE .. MAX_CONNECTION_AGE_MS, and LOOP).
 *  @param options  NULL for the defaults (keepAlive 0); copied
 *  @param out      owned by the caller; unchanged on error
 *  @return XH_OK   @thread any   @since 1.0   @req Q28 A01 A02 A03 A04 A05 A06 */
XH_API xh_status XH_CALL xh_agent_new(const xh_options *options, xh_agent **out, xh_error **err);
/** The agent that requests without one use: keepAlive 1, timeout 5 s, on the library's loop. A new reference.
 *  @param out  owned by the caller   @thread any   @since 1.0   @req A14 */
XH_API xh_status XH_CALL xh_agent_global(xh_agent **out);
/** One more reference. @return `agent`   @thread any   @since 1.0 */
XH_API xh_agent *XH_CALL xh_agent_retain(xh_agent *agent);
/** One reference less. NULL is ignored. With the last one its free connections are closed.   @thread any   @since 1.0 */
XH_API void XH_CALL xh_agent_release(xh_agent *agent);
/** A number that no other handle ever has.   @thread any   @since 1.0 */
XH_API uint64_t XH_CALL xh_agent_id(const xh_agent *agent);
/** Closes every connection of the agent; requests on them end with XH_E_CONNECTION_RESET, queued ones with
 *  XH_E_AGENT_DESTROYED, later ones are refused.   @thread any   @since 1.0   @req A09 */
XH_API xh_status XH_CALL xh_agent_destroy(xh_agent *agent);
/** Closes the connections that no request uses.   @thread any   @since 1.0   @req A09 */
XH_API xh_status XH_CALL xh_agent_close_free(xh_agent *agent);

/** Changes an agent option (INT, BOOL or ENUM) for what happens from now on.
 *  @return as xh_options_set_int; XH_E_OPTION_TYPE also for an option that is not an agent's   @thread any   @since 1.0   @req A12 */
XH_API xh_status XH_CALL xh_agent_set_int(xh_agent *agent, int32_t option, int64_t value);
/** Reads it.   @thread any   @since 1.0   @req A12 */
XH_API xh_status XH_CALL xh_agent_get_int(const xh_agent *agent, int32_t option, int64_t *out);

/** What xh_agent_count counts. @req A10 */
enum {
    XH_COUNT_SOCKETS = 0, /**< connections in use, those being made included */
    XH_COUNT_FREE_SOCKETS = 1,
    XH_COUNT_QUEUED = 2,  /**< requests that wait for a connection */
    XH_COUNT_CREATED = 3, /**< connections made since the start */
    XH_COUNT_REUSED = 4,  /**< requests that went over a kept connection */
    XH_COUNT_RETRIED = 5, /**< requests sent again because their kept connection was stale */
    XH_COUNT_BYTES_SENT = 6,
    XH_COUNT_BYTES_RECEIVED = 7
};
/** A counter of the agent; -1 for an unknown one. Exact on the loop's thread, a moment old elsewhere.
 *  @thread any   @since 1.0   @req A10 */
XH_API int64_t XH_CALL xh_agent_count(const xh_agent *agent, int32_t counter);

XH_END_DECLS

#endif
