#pragma once
// The options of an agent (A01-A06); changed while it runs, from any thread (A12).

#include <atomic>
#include <cstdint>

namespace xh::agent {

struct Settings {
    std::atomic<bool> keep_alive{false};
    std::atomic<int64_t> keep_alive_msecs{1000};
    std::atomic<int64_t> max_sockets{-1};
    std::atomic<int64_t> max_total_sockets{-1};
    std::atomic<int64_t> max_free_sockets{256};
    std::atomic<bool> fifo{false};
    std::atomic<int64_t> timeout_ms{-1};
    std::atomic<int64_t> max_age_ms{600000};

    /// A connection may serve a second request: kept for it, or because requests can queue for it (as Node decides).
    bool reuses() const noexcept {
        return keep_alive.load(std::memory_order_relaxed) || max_sockets.load(std::memory_order_relaxed) >= 0;
    }
};

struct Counters {
    std::atomic<int64_t> sockets{0};
    std::atomic<int64_t> free_sockets{0};
    std::atomic<int64_t> queued{0};
    std::atomic<int64_t> created{0};
    std::atomic<int64_t> reused{0};
    std::atomic<int64_t> retried{0};
    std::atomic<int64_t> bytes_sent{0};
    std::atomic<int64_t> bytes_received{0};
};

/// One writer, the loop's thread: a plain add without the bus lock.
inline void bump(std::atomic<int64_t>& counter, int64_t n) noexcept {
    counter.store(counter.load(std::memory_order_relaxed) + n, std::memory_order_relaxed);
}

}  // namespace xh::agent
