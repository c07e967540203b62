#pragma once
// xh_buf: kept data.

#include "base/buffer.h"
#include "base/live.h"
#include "client/request.h"
#include "xh/request.h"

struct xh_buf final : xh::base::Counted {
    explicit xh_buf(xh::base::Slice kept) noexcept : slice(std::move(kept)) {}
    xh::base::Slice slice;
    xh::base::Live<XH_LIVE_BUFFERS> live;

private:
    ~xh_buf() override = default;
};

struct xh_request_event {
    const xh::client::RequestEvent& event;
};

namespace xh::capi {

/// Keeps the data of an event; a small piece does not hold a whole receive buffer. Throws std::bad_alloc.
xh_buf* keep_data(const client::RequestEvent& event);

}  // namespace xh::capi
