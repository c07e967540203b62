#pragma once
// Threads for the few calls that block: getaddrinfo, and reading certificates from disk. They are made on demand, end after
// some idle seconds, and are never joined while they are stuck in a call: whoever waits for a job may simply leave it.

#include "base/ref.h"

namespace xh::loop {

/// One blocking call. Counted: the pool holds a reference until it has run, so its requester may leave at any time.
class BlockingJob : public base::Counted {
public:
    /// On a pool thread, once. It must not throw.
    virtual void run() noexcept = 0;
    /// Instead of run(), when the pool was stopped before its turn came.
    virtual void dropped() noexcept {}

    /// The pool's own link.
    base::Ref<BlockingJob> next_in_queue;
};

class BlockingPool {
public:
    enum class Kind : uint8_t {
        Lookup,  ///< may hang for half a minute
        Local    ///< disk and processor only: goes before look-ups and does not wait behind those that hang
    };

    /// Any thread. False when no thread could be started; the job will not run then.
    static bool submit(base::Ref<BlockingJob> job, Kind kind) noexcept;

    /// Drops what is queued, ends the threads that are idle or in a Local job, and waits for them until `deadline_ns`. Those
    /// in a look-up get a fifth of a second, then end by themselves after it. False when the deadline came first. The next submit starts anew.
    static bool stop_idle(int64_t deadline_ns) noexcept;
};

}  // namespace xh::loop
