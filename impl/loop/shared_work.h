#pragma once
// Blocking work whose result several requesters on several loops wait for: one look-up for all who ask for the same name.

#include <pthread.h>

#include "loop/blocking_pool.h"
#include "loop/loop.h"

namespace xh::loop {

class WorkTicket;

/// A job with waiters. What it found is in the subclass: written by work(), read only after the work has finished.
class SharedWork : public BlockingJob {
public:
    void run() noexcept final;
    /// Tells the waiters. run() does it; who failed to submit the work calls it instead.
    void finish() noexcept;

protected:
    SharedWork() noexcept { pthread_mutex_init(&mutex_, nullptr); }
    ~SharedWork() override { pthread_mutex_destroy(&mutex_); }
    /// On a pool thread. Stores the result and publishes it where later requesters look.
    virtual void work() noexcept = 0;

private:
    friend class WorkTicket;
    struct Waiter;
    pthread_mutex_t mutex_;
    Waiter* waiters_ = nullptr;
    bool finished_ = false;
};

/// One requester's interest in a piece of work. Loop thread only; must die before its loop. Destroying it leaves the work,
/// which goes on without it.
class WorkTicket {
public:
    using Done = void (*)(void* owner);
    WorkTicket() noexcept = default;
    WorkTicket(const WorkTicket&) = delete;
    WorkTicket& operator=(const WorkTicket&) = delete;
    ~WorkTicket() { leave(); }

    /// `done` runs on the loop's thread when the work has finished, never inside this call. Throws std::bad_alloc.
    void join(Loop& loop, SharedWork& work, Done done, void* owner);
    void leave() noexcept;
    bool waiting() const noexcept { return waiter_ != nullptr; }

private:
    SharedWork::Waiter* waiter_ = nullptr;
};

}  // namespace xh::loop
