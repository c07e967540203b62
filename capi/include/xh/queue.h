/** @file queue.h
 *  Queue mode: events wait in a queue that the application drains, and no callback is made at all. For Go, and for
 *  programs with a loop of their own.
 */
#ifndef XH_QUEUE_H
#define XH_QUEUE_H

#include "xh/request.h"

XH_BEGIN_DECLS

/** Counted. A request gives XH_EVENT_HEADERS, DATA (only when XH_OPT_RETURN_RESPONSE_BODY is 0: a collected body is read from
 *  the response), RESPONSE or ERROR, and TERMINATE; INFORMATION for interim responses. Any number of requests may share one. One thread at a time drains it. Its memory is bounded by the windows of
 *  its requests: data counts as consumed only when xh_event_done() gives it back. */
typedef struct xh_queue xh_queue;

/** One event, filled by xh_queue_drain(). A later version appends fields; the caller's sizeof tells which it knows. */
typedef struct xh_event {
    int32_t type;        /**< XH_EVENT_* */
    xh_status status;    /**< of XH_EVENT_ERROR and TERMINATE: XH_OK or the error; of INFORMATION: the status code */
    uint64_t id;         /**< xh_request_id() */
    uint64_t token;      /**< XH_OPT_TOKEN; may be used again after XH_EVENT_TERMINATE */
    xh_request *request; /**< retained until xh_event_done() */
    xh_buf *buf;         /**< the data of XH_EVENT_DATA, retained until xh_event_done(); else NULL */
    xh_str data;         /**< view of it */
} xh_event;

/** Makes a queue. @param out  owned by the caller   @return XH_OK; XH_E_TOO_MANY_FILES   @thread any   @since 1.0   @req L07 */
XH_API xh_status XH_CALL xh_queue_new(xh_queue **out);
/** One more reference. @return `queue`   @thread any   @since 1.0 */
XH_API xh_queue *XH_CALL xh_queue_retain(xh_queue *queue);
/** One reference less. NULL is ignored. Events that nobody drained are given back.   @thread any   @since 1.0 */
XH_API void XH_CALL xh_queue_release(xh_queue *queue);
/** A non-blocking descriptor, readable while events wait. It belongs to the queue: do not read or close it. -1 for NULL.
 *  @thread any   @since 1.0   @req L07 */
XH_API int32_t XH_CALL xh_queue_fd(const xh_queue *queue);
/** Takes up to `count` events in their order; never blocks.
 *  @param event_size  sizeof(xh_event) of the caller; XH_E_UNKNOWN_SIZE when no version up to the library's has it
 *  @return the number of events taken, 0 when none waits; or a negative status   @thread one at a time   @since 1.0   @req L07 */
XH_API int64_t XH_CALL xh_queue_drain(xh_queue *queue, xh_event *events, size_t count, size_t event_size);
/** Gives back what `count` events hold: buffers, references, and their bytes of the window.
 *  @thread any   @since 1.0   @req L07 */
XH_API void XH_CALL xh_event_done(xh_event *events, size_t count, size_t event_size);

XH_END_DECLS

#endif
