/** @file loop.h
 *  Where work runs: on the library's own loop (a thread that starts at first use), or on a loop that the caller drives.
 */
#ifndef XH_LOOP_H
#define XH_LOOP_H

#include "xh/error.h"

XH_BEGIN_DECLS

/** A loop that the caller drives. Counted. What runs on it keeps it alive. Its callbacks run inside xh_loop_run,
 *  xh_loop_poll or xh_wait, on the thread that calls them. */
typedef struct xh_loop xh_loop;

/** Makes a loop. No thread is started.
 *  @param out  owned by the caller; unchanged on error
 *  @return XH_OK; XH_E_TOO_MANY_FILES   @thread any   @since 1.0   @req L07 */
XH_API xh_status XH_CALL xh_loop_new(xh_loop **out);
/** One more reference. @return `loop`   @thread any   @since 1.0 */
XH_API xh_loop *XH_CALL xh_loop_retain(xh_loop *loop);
/** One reference less. NULL is ignored. Work on the loop is ended when the last reference, those of its requests and
 *  agents included, is gone; it never blocks.   @thread any   @since 1.0 */
XH_API void XH_CALL xh_loop_release(xh_loop *loop);

/** Drives the loop until xh_loop_stop(). One thread at a time.
 *  @return XH_OK after xh_loop_stop; XH_E_STATE when another thread drives it; XH_E_WOULD_DEADLOCK inside a callback of it
 *  @thread XH_SINGLE   @blocks until stopped   @since 1.0   @req L07 */
XH_API xh_status XH_CALL xh_loop_run(xh_loop *loop);
/** Does what is due and waits at most `timeout_ms` for something to become due; -1 without limit, 0 not at all.
 *  @return XH_OK; XH_E_STATE; XH_E_WOULD_DEADLOCK as xh_loop_run   @thread XH_SINGLE   @blocks up to timeout   @since 1.0   @req L07 */
XH_API xh_status XH_CALL xh_loop_poll(xh_loop *loop, int64_t timeout_ms);
/** Makes xh_loop_run return, or the next one when none runs.   @thread any   @since 1.0   @req L07 */
XH_API xh_status XH_CALL xh_loop_stop(xh_loop *loop);
/** A non-blocking descriptor that is readable when xh_loop_poll(loop, 0) has something to do; wait on it together with
 *  xh_loop_timeout_ms(). It belongs to the loop: do not close, read or write it. -1 for NULL.
 *  @thread any   @since 1.0   @req L07 */
XH_API int32_t XH_CALL xh_loop_fd(xh_loop *loop);
/** How long to wait on the descriptor at most: milliseconds until a timer is due, 0 now, -1 without limit.
 *  @thread XH_SINGLE   @since 1.0   @req L07 */
XH_API int64_t XH_CALL xh_loop_timeout_ms(xh_loop *loop);
/** A number that no other handle ever has.   @thread any   @since 1.0 */
XH_API uint64_t XH_CALL xh_loop_id(const xh_loop *loop);

XH_END_DECLS

#endif
