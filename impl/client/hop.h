#pragma once
// What is remembered of one hop: the timeline (XH_TIME_*), who answered, over what.

#include <atomic>
#include <memory>

#include "base/alloc.h"
#include "base/clock.h"
#include "conn/conn_info.h"
#include "xh/request.h"

namespace xh::client {

/// Written by the loop's thread. Other threads read it when the request has ended, or take what is there: each field is one
/// word or fixed once the hop has its connection.
struct Hop : base::Allocated {
    static constexpr int kMoments = XH_TIME_END + 1;

    explicit Hop(int64_t now) noexcept {
        for (auto& moment : times) moment.store(-1, std::memory_order_relaxed);
        times[XH_TIME_START].store(now, std::memory_order_relaxed);
    }
    void mark(int moment, int64_t when) noexcept { times[moment].store(when, std::memory_order_relaxed); }
    int64_t at(int moment) const noexcept { return times[moment].load(std::memory_order_relaxed); }

    std::atomic<int64_t> times[kMoments];
    std::atomic<int32_t> status{0};
    base::String url;                    ///< empty for the first hop of a request: its own url
    std::atomic<bool> connected{false};  ///< the fields below are fixed
    bool reused = false;
    base::Ref<const conn::ConnInfo> connection;
    std::unique_ptr<Hop> next;
};

}  // namespace xh::client
