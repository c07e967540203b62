#pragma once
// Readiness of descriptors: epoll, edge-triggered, one registration for the life of a descriptor. A kqueue twin can stand
// behind the same class.

#include <cstdint>

struct epoll_event;

namespace xh::loop {

enum Ready : uint32_t {
    kReadable = 1,  ///< data, end of stream or an error to read
    kWritable = 2,
    kHangUp = 4  ///< the peer closed its side, or the connection broke
};

/// Embedded in whoever owns a descriptor.
class Watch {
public:
    /// Edge-triggered: the owner must go on until the system would block, or come back by itself.
    virtual void on_ready(uint32_t ready) = 0;
    int fd() const noexcept { return fd_; }

protected:
    explicit Watch(int fd = -1) noexcept : fd_(fd) {}
    ~Watch() = default;
    int fd_;
};

class Poller {
public:
    /// Throws std::system_error.
    Poller();
    ~Poller();
    Poller(const Poller&) = delete;
    Poller& operator=(const Poller&) = delete;

    /// False when the system refuses (no memory, limit of watches).
    bool add(Watch& watch) noexcept;
    /// After it no event reaches the watch, those already fetched included. Call it before the descriptor is closed.
    void remove(Watch& watch) noexcept;
    /// Waits, then calls the watches. `timeout_ms` -1: no limit. `before_dispatch` runs between the two.
    void wait(int64_t timeout_ms, void (*before_dispatch)(void*), void* ctx);
    /// Any thread: ends a wait.
    void wake() noexcept;
    int fd() const noexcept { return epoll_; }

private:
    static constexpr int kBatch = 256;
    int epoll_;
    int wake_;
    epoll_event* events_;  // the batch in dispatch: remove() blanks what is still to come
    int next_ = 0;
    int count_ = 0;
};

}  // namespace xh::loop
