#pragma once
// xh_queue: events that wait to be drained.

#include <pthread.h>

#include "base/alloc.h"
#include "base/live.h"
#include "base/process.h"
#include "base/ref.h"
#include "client/request.h"
#include "xh/queue.h"

struct xh_queue final : xh::base::Counted {
    /// Throws std::system_error when there is no descriptor.
    xh_queue();

    /// References of the application; without one nobody can drain, and events are given back as they come.
    void hold() noexcept;
    void unhold() noexcept;
    /// Room for the events that a request must be able to give, whatever the memory: its answer and its end.
    void reserve();
    /// Takes over the references in `event`. Throws std::bad_alloc for an event without reserved room.
    void push(const xh_event& event, bool reserved);
    int64_t drain(xh_event* out, std::size_t count, std::size_t event_size);
    int fd() const noexcept { return fd_; }
    bool usable() const noexcept { return generation_ == xh::base::fork_generation(); }

private:
    ~xh_queue() override;
    void grow_to(std::size_t needed);
    void give_back_all() noexcept;

    static constexpr std::size_t kReservedPerRequest = 2;

    std::atomic<uint32_t> handles_{1};
    uint32_t generation_ = xh::base::fork_generation();
    int fd_;
    pthread_mutex_t mutex_;
    xh::base::Vec<xh_event> ring_;  // size is a power of two
    std::size_t first_ = 0;
    std::size_t count_ = 0;
    std::size_t reserved_ = 0;
    xh::base::Live<XH_LIVE_HANDLES> live_;
};

namespace xh::capi {

/// Gives back what an event holds.
void release_event(xh_event& event) noexcept;

}  // namespace xh::capi
