#include "xh/base.h"

#include <Poco/Version.h>
#include <openssl/crypto.h>

#include <cstdio>

#include "base/alloc_hook.h"
#include "base/clock.h"
#include "base/live.h"
#include "base/log.h"
#include "base/thread_hooks.h"
#include "guard.h"
#include "loop/library.h"

namespace {

struct StatusRow {
    xh_status number;
    int32_t kind;
    const char* name;
    const char* code;
    const char* text;
};

constexpr StatusRow kStatuses[] = {
#define XH_ROW(name, number, kind, code, text) {number, XH_KIND_##kind, "XH_" #name, code, text},
    XH_STATUS_MAP(XH_ROW)
#undef XH_ROW
};
constexpr StatusRow kUnknown = {XH_STATUS_END_, XH_KIND_NONE, "XH_E_UNKNOWN", "XH_E_UNKNOWN",
                                "an error of a later version"};

const StatusRow& row_of(xh_status status) noexcept {
    for (const StatusRow& row : kStatuses)
        if (row.number == status) return row;
    return kUnknown;
}

}  // namespace

const char* xh_status_name(xh_status status) { return row_of(status).name; }
const char* xh_status_code(xh_status status) { return row_of(status).code; }
const char* xh_status_text(xh_status status) { return row_of(status).text; }
int32_t xh_status_kind(xh_status status) { return row_of(status).kind; }

uint32_t xh_version(void) { return XH_VERSION; }

const char* xh_version_string(void) {
    struct Line {
        char text[96];
        Line() noexcept {
            std::snprintf(text, sizeof text, "xh/%d.%d.%d Poco/%d.%d.%d OpenSSL/%s", XH_VERSION_MAJOR, XH_VERSION_MINOR,
                          XH_VERSION_PATCH, static_cast<int>(POCO_VERSION >> 24),
                          static_cast<int>((POCO_VERSION >> 16) & 0xff), static_cast<int>((POCO_VERSION >> 8) & 0xff),
                          OpenSSL_version(OPENSSL_VERSION_STRING));
        }
    };
    static const Line line;
    return line.text;
}

int32_t xh_has_feature(const char* name) {
    static constexpr const char* kFeatures[] = {"tls", "gzip", "deflate", "br", "zstd", "idn", "unix"};
    if (!name) return 0;
    for (const char* feature : kFeatures)
        if (std::strcmp(feature, name) == 0) return 1;
    return 0;
}

void xh_free(void* ptr) { xh::base::release_memory(ptr); }

xh_status xh_set_allocator(xh_malloc_fn malloc_fn, xh_realloc_fn realloc_fn, xh_free_fn free_fn, void* ctx) {
    bool all = malloc_fn && realloc_fn && free_fn;
    if (!all && (malloc_fn || realloc_fn || free_fn)) return XH_E_INVALID_ARGUMENT;
    xh::base::AllocHook hook{malloc_fn, realloc_fn, free_fn, ctx};
    return xh::base::set_alloc_hook(all ? &hook : nullptr) ? XH_OK : XH_E_STATE;
}

xh_status xh_set_log(int32_t level, xh_log_fn fn, void* user_data, xh_destroy_fn destroy) {
    if (level < XH_LOG_NONE || level > XH_LOG_DEBUG) return XH_E_INVALID_ARGUMENT;
    return xh::capi::guard([&] { return xh::base::set_log(level, fn, user_data, destroy); });
}

xh_status xh_set_thread_hooks(void (*on_start)(void*), void (*on_stop)(void*), void* user_data) {
    return xh::base::set_thread_hooks({on_start, on_stop, user_data}) ? XH_OK : XH_E_STATE;
}

xh_status xh_shutdown(int64_t timeout_ms) {
    return xh::capi::guard([&]() -> xh_status {
        switch (xh::loop::library::shutdown(xh::base::deadline_after(xh::base::monotonic_ns(), timeout_ms))) {
            case xh::loop::Drive::Self: return XH_E_WOULD_DEADLOCK;
            case xh::loop::Drive::TimedOut: return XH_TIMEOUT;
            default: return XH_OK;
        }
    });
}

int64_t xh_debug_live(int32_t kind) {
    if (kind < XH_LIVE_HANDLES || kind > XH_LIVE_BYTES) return -1;
    if (kind == XH_LIVE_BYTES) return xh::base::live_bytes();
    return xh::base::g_live[kind].load(std::memory_order_relaxed);
}
