#pragma once
// Counters of what is alive (xh_debug_live), so that a test can see a leak by its kind.

#include <atomic>
#include <cstdint>

#include "xh/base.h"

namespace xh::base {

extern std::atomic<int64_t> g_live[4];

inline void live_add(int kind, int64_t n) noexcept { g_live[kind].fetch_add(n, std::memory_order_relaxed); }

/// Bytes that the allocator has given out and not got back.
int64_t live_bytes() noexcept;

/// Counts its owner as alive from construction to destruction.
template <int Kind>
class Live {
public:
    Live() noexcept { live_add(Kind, 1); }
    Live(const Live&) noexcept { live_add(Kind, 1); }
    Live& operator=(const Live&) noexcept { return *this; }
    ~Live() { live_add(Kind, -1); }
};

}  // namespace xh::base
