/** @file error.h
 *  Errors as a list of records: index 0 is what the caller sees, the last is the root. No thread-local last error exists.
 */
#ifndef XH_ERROR_H
#define XH_ERROR_H

#include "xh/base.h"

XH_BEGIN_DECLS

/** One error of a handle's list, or the one that a call gave out. Immutable; readable from any thread.
 *  An error taken from a handle is borrowed until the release of that handle; one that a call stored through its
 *  `xh_error **err` is owned by the caller and freed with xh_error_free(). */
typedef struct xh_error xh_error;

/** Where the work was when it failed. */
enum {
    XH_PHASE_NONE = 0,    /**< before it started: a refused argument */
    XH_PHASE_QUEUE = 1,   /**< waiting for a connection of the agent */
    XH_PHASE_LOOKUP = 2,  /**< looking the host name up */
    XH_PHASE_CONNECT = 3, /**< connecting the socket */
    XH_PHASE_PROXY = 4,   /**< asking the proxy for a tunnel */
    XH_PHASE_TLS = 5,     /**< in the TLS handshake */
    XH_PHASE_SEND = 6,    /**< sending the request */
    XH_PHASE_HEAD = 7,    /**< waiting for or reading the response's head */
    XH_PHASE_BODY = 8,    /**< reading the response's body */
    XH_PHASE_DONE = 9     /**< after the whole response: converting it, or in a callback */
};

/** @name Readers of one error
 *  `error` NULL gives 0, -1 or an absent view. Views live as long as the error.   @thread any   @since 1.0   @req Q23
 *  @{ */
/** The status. @thread any @req Q23 */
XH_API xh_status XH_CALL xh_error_status(const xh_error *error);
/** What happened, to which peer, and what to do; one English sentence. @thread any @req Q23 */
XH_API xh_str XH_CALL xh_error_message(const xh_error *error);
/** Four letters that name the part that failed: "xhrq" request, "xhag" agent, "dns ", "sock", "tls ", "prox", "http",
 *  "code", "capi". @thread any @req Q23 */
XH_API xh_str XH_CALL xh_error_component(const xh_error *error);
/** XH_PHASE_*. @thread any @req Q23 */
XH_API int32_t XH_CALL xh_error_phase(const xh_error *error);
/** The peer as "host:port" or "address:port"; absent when none was involved. @thread any @req Q23 */
XH_API xh_str XH_CALL xh_error_peer(const xh_error *error);
/** errno of the system call that failed, 0 when none did. @thread any @req Q23 */
XH_API int32_t XH_CALL xh_error_os_error(const xh_error *error);
/** The TLS alert that the peer sent, -1 when none. @thread any @req Q23 */
XH_API int32_t XH_CALL xh_error_tls_alert(const xh_error *error);
/** The verification result (X509_V_ERR_* of OpenSSL), 0 when none. @thread any @req Q23 */
XH_API int32_t XH_CALL xh_error_tls_verify(const xh_error *error);
/** Depth in the chain of the certificate that failed (0 is the peer's own), -1 when none. @thread any @req Q23 */
XH_API int32_t XH_CALL xh_error_tls_depth(const xh_error *error);
/** Subject of that certificate; absent when none. @thread any @req Q23 */
XH_API xh_str XH_CALL xh_error_tls_subject(const xh_error *error);
/** The hop (redirects, auth rounds and retries count) in which it happened, from 0. @thread any @req Q23 */
XH_API int32_t XH_CALL xh_error_hop(const xh_error *error);
/** 1 when at least one byte of the request had been handed to the system for sending. @thread any @req Q23 */
XH_API int32_t XH_CALL xh_error_request_sent(const xh_error *error);
/** 1 when sending the request again cannot have a double effect: it had not left, or its method is idempotent.
 *  @thread any @req Q23 A15 */
XH_API int32_t XH_CALL xh_error_safe_to_retry(const xh_error *error);
/** @} */

/** Frees an error that a call stored through `xh_error **err`. NULL is ignored. An error that belongs to a handle must not
 *  be given.   @thread any   @since 1.0 */
XH_API void XH_CALL xh_error_free(xh_error *error);

XH_END_DECLS

#endif
