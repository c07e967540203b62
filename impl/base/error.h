#pragma once
// One error, and the list of them that a handle keeps (Q23).

#include <string_view>

#include "base/alloc.h"
#include "xh/base.h"
#include "xh/error.h"

namespace xh::base {

/// Static names of the parts that report errors; four letters each.
namespace component {
constexpr const char* kRequest = "xhrq";
constexpr const char* kAgent = "xhag";
constexpr const char* kDns = "dns ";
constexpr const char* kSocket = "sock";
constexpr const char* kTls = "tls ";
constexpr const char* kProxy = "prox";
constexpr const char* kHttp = "http";
constexpr const char* kCoding = "code";
constexpr const char* kApi = "capi";
}  // namespace component

struct Error : Allocated {
    xh_status status = XH_OK;
    const char* component = component::kApi;
    int32_t phase = XH_PHASE_NONE;
    int32_t os_error = 0;
    int32_t tls_alert = -1;
    int32_t tls_verify = 0;
    int32_t tls_depth = -1;
    int32_t hop = 0;
    bool request_sent = false;
    bool safe_to_retry = false;
    String message;
    String peer;
    String tls_subject;

    Error() = default;
    Error(xh_status code, const char* part, int32_t where, std::string_view text, std::string_view to = {})
        : status(code), component(part), phase(where), message(text), peer(to) {}
    explicit operator bool() const noexcept { return status != XH_OK; }
};

/// Index 0 is what the caller sees, the last is the root.
using ErrorList = Vec<Error>;

/// The status that stands for an errno of connect, send or recv; `fallback` when none does.
xh_status status_of_errno(int os_error, xh_status fallback) noexcept;
/// "connection refused (ECONNREFUSED)": the system's text and symbol.
String errno_text(int os_error);

}  // namespace xh::base
