#include "xh/loop.h"

#include <system_error>

#include "guard.h"
#include "loop_handle.h"

using xh::capi::guard;
using xh::loop::Drive;

namespace {

xh_status status_of(Drive drive) noexcept {
    switch (drive) {
        case Drive::Busy: return XH_E_STATE;
        case Drive::Self: return XH_E_WOULD_DEADLOCK;
        default: return XH_OK;
    }
}

xh_status check(xh_loop* loop) noexcept {
    if (!loop) return XH_E_INVALID_ARGUMENT;
    return loop->loop->check();
}

}  // namespace

xh_status xh_loop_new(xh_loop** out) {
    if (!out) return XH_E_INVALID_ARGUMENT;
    return guard([&]() -> xh_status {
        try {
            *out = new xh_loop(xh::loop::Loop::make());
            return XH_OK;
        } catch (const std::system_error& error) {
            return xh::base::status_of_errno(error.code().value(), XH_E_INTERNAL);
        }
    });
}

xh_loop* xh_loop_retain(xh_loop* loop) {
    if (loop) loop->retain();
    return loop;
}

void xh_loop_release(xh_loop* loop) {
    if (loop) loop->release();
}

xh_status xh_loop_run(xh_loop* loop) {
    if (xh_status status = check(loop)) return status;
    return guard([&] { return status_of(loop->loop->run()); });
}

xh_status xh_loop_poll(xh_loop* loop, int64_t timeout_ms) {
    if (xh_status status = check(loop)) return status;
    return guard([&] { return status_of(loop->loop->poll(timeout_ms)); });
}

xh_status xh_loop_stop(xh_loop* loop) {
    if (xh_status status = check(loop)) return status;
    loop->loop->stop();
    return XH_OK;
}

int32_t xh_loop_fd(xh_loop* loop) { return loop ? loop->loop->fd() : -1; }

int64_t xh_loop_timeout_ms(xh_loop* loop) { return loop ? loop->loop->next_in_ms() : -1; }

uint64_t xh_loop_id(const xh_loop* loop) { return loop ? loop->loop->id() : 0; }
