#include "xh/error.h"

#include "guard.h"

using xh::capi::error_of;
using xh::capi::text_out;

namespace {

xh_str present_or_absent(const xh::base::String& text) { return !text.empty() ? text_out(text) : xh_str{nullptr, 0}; }

}  // namespace

xh_status xh_error_status(const xh_error* error) { return error ? error_of(error)->status : XH_OK; }
xh_str xh_error_message(const xh_error* error) {
    return error ? xh::capi::text_out_present(error_of(error)->message) : xh_str{nullptr, 0};
}
xh_str xh_error_component(const xh_error* error) {
    return error ? text_out(error_of(error)->component) : xh_str{nullptr, 0};
}
int32_t xh_error_phase(const xh_error* error) { return error ? error_of(error)->phase : XH_PHASE_NONE; }
xh_str xh_error_peer(const xh_error* error) {
    return error ? present_or_absent(error_of(error)->peer) : xh_str{nullptr, 0};
}
int32_t xh_error_os_error(const xh_error* error) { return error ? error_of(error)->os_error : 0; }
int32_t xh_error_tls_alert(const xh_error* error) { return error ? error_of(error)->tls_alert : -1; }
int32_t xh_error_tls_verify(const xh_error* error) { return error ? error_of(error)->tls_verify : 0; }
int32_t xh_error_tls_depth(const xh_error* error) { return error ? error_of(error)->tls_depth : -1; }
xh_str xh_error_tls_subject(const xh_error* error) {
    return error ? present_or_absent(error_of(error)->tls_subject) : xh_str{nullptr, 0};
}
int32_t xh_error_hop(const xh_error* error) { return error ? error_of(error)->hop : 0; }
int32_t xh_error_request_sent(const xh_error* error) { return error && error_of(error)->request_sent; }
int32_t xh_error_safe_to_retry(const xh_error* error) { return error && error_of(error)->safe_to_retry; }
void xh_error_free(xh_error* error) { delete error_of(error); }
