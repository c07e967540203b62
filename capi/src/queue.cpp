#include "xh/queue.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/lock.h"
#include "buf_handle.h"
#include "guard.h"
#include "queue_handle.h"
#include "request_handle.h"

xh_queue::xh_queue() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    pthread_mutex_init(&mutex_, nullptr);
}

xh_queue::~xh_queue() {
    pthread_mutex_destroy(&mutex_);
    ::close(fd_);
}

void xh_queue::hold() noexcept {
    handles_.fetch_add(1, std::memory_order_relaxed);
    retain();
}

void xh_queue::unhold() noexcept {
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1 && usable()) give_back_all();
    release();
}

void xh_queue::grow_to(std::size_t needed) {
    if (needed <= ring_.size()) return;
    std::size_t size = ring_.empty() ? 64 : ring_.size();
    while (size < needed) size *= 2;
    xh::base::Vec<xh_event> wider(size);
    for (std::size_t i = 0; i < count_; ++i) wider[i] = ring_[(first_ + i) & (ring_.size() - 1)];
    ring_ = std::move(wider);
    first_ = 0;
}

void xh_queue::reserve() {
    xh::base::Lock lock(mutex_);
    grow_to(count_ + reserved_ + kReservedPerRequest);
    reserved_ += kReservedPerRequest;
}

void xh_queue::push(const xh_event& event, bool reserved) {
    if (handles_.load(std::memory_order_acquire) == 0) {
        xh_event given_back = event;
        xh::capi::release_event(given_back);
        return;
    }
    {
        xh::base::Lock lock(mutex_);
        if (reserved)
            --reserved_;
        else
            grow_to(count_ + reserved_ + 1);
        ring_[(first_ + count_++) & (ring_.size() - 1)] = event;
        // Under the lock: the descriptor must not become readable after the event was taken.
        uint64_t one = 1;
        if (count_ == 1) [[maybe_unused]]
            ssize_t n = ::write(fd_, &one, sizeof one);
    }
    if (handles_.load(std::memory_order_acquire) == 0) give_back_all();  // the last handle went meanwhile
}

void xh_queue::give_back_all() noexcept {
    xh_event event;
    while (drain(&event, 1, sizeof event) == 1) xh::capi::release_event(event);
}

int64_t xh_queue::drain(xh_event* out, std::size_t count, std::size_t event_size) {
    xh::base::Lock lock(mutex_);
    std::size_t taken = 0;
    auto* at = reinterpret_cast<char*>(out);
    for (; taken < count && count_ > 0; ++taken, --count_) {
        std::memcpy(at + taken * event_size, &ring_[first_], event_size);
        first_ = (first_ + 1) & (ring_.size() - 1);
    }
    uint64_t ignored;
    if (count_ == 0 && taken > 0) [[maybe_unused]]
        ssize_t n = ::read(fd_, &ignored, sizeof ignored);
    return static_cast<int64_t>(taken);
}

void xh::capi::release_event(xh_event& event) noexcept {
    if (event.buf) {
        event.request->consume(event.buf->slice.len);
        event.buf->release();
    }
    if (event.request) event.request->unhold();
    event.buf = nullptr;
    event.request = nullptr;
}

xh_status xh_queue_new(xh_queue** out) {
    if (!out) return XH_E_INVALID_ARGUMENT;
    return xh::capi::guard([&]() -> xh_status {
        try {
            *out = new xh_queue();
            return XH_OK;
        } catch (const std::system_error& error) {
            return xh::base::status_of_errno(error.code().value(), XH_E_INTERNAL);
        }
    });
}

xh_queue* xh_queue_retain(xh_queue* queue) {
    if (queue) queue->hold();
    return queue;
}

void xh_queue_release(xh_queue* queue) {
    if (queue) queue->unhold();
}

int32_t xh_queue_fd(const xh_queue* queue) { return queue ? queue->fd() : -1; }

int64_t xh_queue_drain(xh_queue* queue, xh_event* events, size_t count, size_t event_size) {
    if (!queue || (!events && count > 0)) return XH_E_INVALID_ARGUMENT;
    if (event_size != sizeof(xh_event)) return XH_E_UNKNOWN_SIZE;
    if (!queue->usable()) return XH_E_FORKED;
    return queue->drain(events, count, event_size);
}

void xh_event_done(xh_event* events, size_t count, size_t event_size) {
    if (!events || event_size != sizeof(xh_event)) return;
    for (size_t i = 0; i < count; ++i) xh::capi::release_event(events[i]);
}
