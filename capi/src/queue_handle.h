#pragma once
// xh_queue: events that wait to be drained.

#include <pthread.h>

#include "base/alloc.h"
#include "base/live.h"
#include "base/ref.h"
#include "client/request.h"
#include "xh/queue.h"

struct xh_queue final : xh::base::Counted {
    /// Throws std::system_error when there is no descriptor.
    xh_queue();

    /// Room for the events that a request must be able to give, whatever the memory: its answer and its end.
    void reserve();
    /// Takes over the references in `event`. Throws std::bad_alloc for an event without reserved room.
    void push(const xh_event& event, bool reserved);
    int64_t drain(xh_event* out, std::size_t count, std::size_t event_size);
    int fd() const noexcept { return fd_; }

private:
    ~xh_queue() override;
    void grow_to(std::size_t needed);

    static constexpr std::size_t kReservedPerRequest = 2;

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
