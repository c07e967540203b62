#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "base/alloc.h"
#include "loop/contain.h"
#include "loop/poller.h"

namespace xh::loop {

namespace {

[[noreturn]] void fail(const char* what) { throw std::system_error(errno, std::generic_category(), what); }

}  // namespace

Poller::Poller() : epoll_(::epoll_create1(EPOLL_CLOEXEC)), wake_(-1), events_(nullptr) {
    if (epoll_ < 0) fail("epoll_create1");
    ::fcntl(epoll_, F_SETFL, O_NONBLOCK);  // of no effect but that Go's runtime agrees to wait on it
    wake_ = ::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    bool added = false;
    if (wake_ >= 0) {
        epoll_event event{};
        event.events = EPOLLIN | EPOLLET;  // never read: each write is an edge of its own
        event.data.ptr = nullptr;
        added = ::epoll_ctl(epoll_, EPOLL_CTL_ADD, wake_, &event) == 0;
        if (added) events_ = static_cast<epoll_event*>(base::try_allocate(sizeof(epoll_event) * kBatch));
    }
    if (events_) return;
    const int error = added ? 0 : errno;
    if (wake_ >= 0) ::close(wake_);
    ::close(epoll_);
    if (!error) throw std::bad_alloc();
    throw std::system_error(error, std::generic_category(), "eventfd");
}

Poller::~Poller() {
    base::release_memory(events_);
    ::close(wake_);
    ::close(epoll_);
}

bool Poller::add(Watch& watch) noexcept {
    epoll_event event{};
    event.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;
    event.data.ptr = &watch;
    return ::epoll_ctl(epoll_, EPOLL_CTL_ADD, watch.fd(), &event) == 0;
}

void Poller::remove(Watch& watch) noexcept {
    // A descriptor that a child process inherited would stay in the set after close, so it is taken out by name.
    ::epoll_ctl(epoll_, EPOLL_CTL_DEL, watch.fd(), nullptr);
    for (int i = next_; i < count_; ++i)
        if (events_[i].data.ptr == &watch) events_[i].data.ptr = nullptr;
}

void Poller::wait(int64_t timeout_ms, void (*before_dispatch)(void*), void* ctx) {
    constexpr int64_t kLongest = 1000 * 60 * 60;
    int limit = timeout_ms < 0 ? -1 : static_cast<int>(timeout_ms > kLongest ? kLongest : timeout_ms);
    int count = ::epoll_wait(epoll_, events_, kBatch, limit);
    count_ = count < 0 ? 0 : count;
    before_dispatch(ctx);
    for (next_ = 0; next_ < count_;) {
        const epoll_event& event = events_[next_++];
        auto* watch = static_cast<Watch*>(event.data.ptr);
        if (!watch) continue;
        uint32_t ready = 0;
        if (event.events & (EPOLLIN | EPOLLHUP | EPOLLERR)) ready |= kReadable;
        if (event.events & (EPOLLOUT | EPOLLHUP | EPOLLERR)) ready |= kWritable;
        if (event.events & (EPOLLRDHUP | EPOLLHUP | EPOLLERR)) ready |= kReadable | kHangUp;
        contain([&] { watch->on_ready(ready); });
    }
    count_ = next_ = 0;
}

void Poller::wake() noexcept {
    uint64_t one = 1;
    [[maybe_unused]] ssize_t n = ::write(wake_, &one, sizeof one);
}

}  // namespace xh::loop
