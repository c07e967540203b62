#include "xh/queue.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "buf_handle.h"
#include "guard.h"
#include "queue_handle.h"
#include "request_handle.h"

xh_queue::xh_queue() : fd_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (fd_ < 0) throw std::system_error(errno, std::generic_category(), "eventfd");
    pthread_mutex_init(&mutex_, nullptr);
}

xh_queue::~xh_queue() {
    for (; count_ > 0; --count_) {
        xh::capi::release_event(ring_[first_]);
        first_ = (first_ + 1) & (ring_.size() - 1);
    }
    pthread_mutex_destroy(&mutex_);
    ::close(fd_);
}

namespace {

struct Lock {
    explicit Lock(pthread_mutex_t& mutex) noexcept : mutex_(mutex) { pthread_mutex_lock(&mutex_); }
    ~Lock() { pthread_mutex_unlock(&mutex_); }
    pthread_mutex_t& mutex_;
};

}  // namespace

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
    Lock lock(mutex_);
    grow_to(count_ + reserved_ + kReservedPerRequest);
    reserved_ += kReservedPerRequest;
}

void xh_queue::push(const xh_event& event, bool reserved) {
    bool was_empty;
    {
        Lock lock(mutex_);
        if (reserved) --reserved_;
        else grow_to(count_ + reserved_ + 1);
        was_empty = count_ == 0;
        ring_[(first_ + count_++) & (ring_.size() - 1)] = event;
    }
    uint64_t one = 1;
    if (was_empty) [[maybe_unused]] ssize_t n = ::write(fd_, &one, sizeof one);
}

int64_t xh_queue::drain(xh_event* out, std::size_t count, std::size_t event_size) {
    Lock lock(mutex_);
    std::size_t taken = 0;
    auto* at = reinterpret_cast<char*>(out);
    for (; taken < count && count_ > 0; ++taken, --count_) {
        std::memcpy(at + taken * event_size, &ring_[first_], event_size);
        first_ = (first_ + 1) & (ring_.size() - 1);
    }
    uint64_t ignored;
    if (count_ == 0 && taken > 0) [[maybe_unused]] ssize_t n = ::read(fd_, &ignored, sizeof ignored);
    return static_cast<int64_t>(taken);
}

void xh::capi::release_event(xh_event& event) noexcept {
    if (event.buf) {
        event.request->consume(event.buf->slice.len);
        event.buf->release();
    }
    if (event.request) event.request->release();
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
    if (queue) queue->retain();
    return queue;
}

void xh_queue_release(xh_queue* queue) {
    if (queue) queue->release();
}

int32_t xh_queue_fd(const xh_queue* queue) { return queue ? queue->fd() : -1; }

int64_t xh_queue_drain(xh_queue* queue, xh_event* events, size_t count, size_t event_size) {
    if (!queue || (!events && count > 0)) return XH_E_INVALID_ARGUMENT;
    if (event_size != sizeof(xh_event)) return XH_E_UNKNOWN_SIZE;
    return queue->drain(events, count, event_size);
}

void xh_event_done(xh_event* events, size_t count, size_t event_size) {
    if (!events || event_size != sizeof(xh_event)) return;
    for (size_t i = 0; i < count; ++i) xh::capi::release_event(events[i]);
}
