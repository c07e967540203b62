#pragma once
// The one non-blocking loop under everything: readiness, timers, posted mail, and who drives it (L07).

#include <atomic>
#include <cstdint>

#include "base/buffer.h"
#include "base/clock.h"
#include "base/live.h"
#include "base/ref.h"
#include "loop/poller.h"
#include "loop/timer.h"
#include "xh/base.h"

namespace xh::loop {

class Loop;

/// Embedded in an object that other threads signal. Signals are bits: those posted before the loop gets to them coalesce
/// into one call. The object is retained from the first bit to the end of the call.
class Mail {
public:
    /// On the loop's thread, never inside `post`.
    virtual void on_mail(uint32_t bits) = 0;

protected:
    Mail() noexcept = default;
    ~Mail() = default;
    virtual void retain_for_mail() noexcept = 0;
    virtual void release_from_mail() noexcept = 0;

private:
    friend class Loop;
    std::atomic<uint32_t> bits_{0};
    Mail* next_ = nullptr;
};

/// Work for the end of the present turn, on the loop's thread only. The owner cancels it before it dies.
class Task {
public:
    using Run = void (*)(void* owner);
    Task(Run run, void* owner) noexcept : run_(run), owner_(owner) {}
    Task(const Task&) = delete;
    Task& operator=(const Task&) = delete;
    ~Task() { cancel(); }
    bool queued() const noexcept { return next_ != nullptr; }
    void cancel() noexcept {
        if (!next_) return;
        prev_->next_ = next_;
        next_->prev_ = prev_;
        next_ = prev_ = nullptr;
    }

private:
    friend class Loop;
    Task() noexcept : run_(nullptr), owner_(nullptr) {}
    Run run_;
    void* owner_;
    Task* next_ = nullptr;
    Task* prev_ = nullptr;
};

/// Something alive on a loop that must end when the library is shut down. Loop thread only.
class Resident {
public:
    /// Ends the work with XH_E_SHUTDOWN. May unlink itself and others.
    virtual void on_shutdown() = 0;

protected:
    Resident() noexcept = default;
    ~Resident() { leave(); }
    void leave() noexcept;

private:
    friend class Loop;
    Resident* next_ = nullptr;
    Resident* prev_ = nullptr;
};

enum class Drive : uint8_t {
    Done,      ///< the condition came true
    TimedOut,  ///< the time is up
    Busy,      ///< another thread drives this loop
    Self,      ///< the calling thread drives it already: driving again would nest
    Stopped    ///< stop() was called
};

class Loop final : public base::Counted {
public:
    /// Size of the receive buffer that is lent to callbacks.
    static constexpr std::size_t kReceiveBytes = 256 * 1024;
    /// Size of the buffer that filters read into: small enough to stay in the processor's cache.
    static constexpr std::size_t kCipherBytes = 64 * 1024;

    /// Throws std::bad_alloc, or std::system_error when the process has no descriptor left.
    static base::Ref<Loop> make();

    // --- any thread ---

    /// Wakes the loop unless the caller drives it.
    void post(Mail& mail, uint32_t bits) noexcept;
    bool on_loop_thread() const noexcept;
    /// Makes run() and drive_until() return Stopped once.
    void stop() noexcept;
    /// Readable when poll has something to do; for the caller's own poll, select or epoll. From the first call on, work
    /// posted between two polls makes it readable, which costs a system call.
    int fd() noexcept;
    /// Nothing is posted, deferred or alive on it. Exact on its thread, or when nobody drives it.
    bool idle() const noexcept;
    /// Nothing is posted or deferred.
    bool settled() const noexcept;
    /// A thread of the library will drive it: nobody else may.
    void set_own_thread(bool has) noexcept { own_thread_.store(has, std::memory_order_release); }
    bool has_own_thread() const noexcept { return own_thread_.load(std::memory_order_acquire); }
    /// One object that a layer above keeps with the loop (its default agent); it dies with the loop.
    base::Counted* attachment() const noexcept { return attachment_.load(std::memory_order_acquire); }
    /// Keeps `object`, or the one that another thread gave before. @return the one that is kept
    base::Counted* attach(base::Ref<base::Counted> object) noexcept;
    uint64_t id() const noexcept { return id_; }
    /// XH_E_FORKED in a forked child: nothing of this loop may be touched there but memory. XH_E_SHUTDOWN when its thread
    /// has ended. Else XH_OK.
    xh_status check() const noexcept;
    bool usable() const noexcept { return check() == XH_OK; }
    void mark_shut_down() noexcept { shut_down_.store(true, std::memory_order_release); }
    /// A handle of the application by which it can still be driven. When the last is gone nobody can: what is left on it is
    /// ended by the library.
    void hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
    /// True when it was the last one and work is left.
    bool unhold() noexcept;
    /// No handle is left by which it could be driven.
    bool abandoned() const noexcept {
        return holders_.load(std::memory_order_acquire) == 0 && !has_own_thread() && usable();
    }

    // --- the thread that drives ---

    /// One turn: waits at most `timeout_ms` (-1 without limit), then does what is due.
    Drive poll(int64_t timeout_ms);
    /// Milliseconds until poll has something to do that the descriptor does not show: 0 now, -1 nothing.
    int64_t next_in_ms() noexcept;
    /// Turns until `done(ctx)` is true, the deadline has passed or stop() was called. One that waits for something gives
    /// way (Busy) to run().
    Drive drive_until(bool (*done)(void*), void* ctx, int64_t deadline_ns) {
        return drive(done, ctx, deadline_ns, true);
    }
    /// Turns until stop() was called.
    Drive run();

    // --- the loop's thread only: inside its callbacks ---

    bool watch(Watch& watch) noexcept { return poller_.add(watch); }
    void unwatch(Watch& watch) noexcept { poller_.remove(watch); }
    void arm(Timer& timer, int64_t deadline_ns) noexcept { timers_.arm(timer, deadline_ns); }
    /// The time of this turn's wake-up; cheap, at most a turn old.
    int64_t turn_ns() const noexcept { return turn_ns_; }
    /// When the poller was last asked: what happened on a descriptor after that is not known yet.
    int64_t last_poll_ns() const noexcept { return last_poll_ns_; }
    /// Runs at the end of this turn, before the loop waits. A queued task stays where it is.
    void defer(Task& task) noexcept;
    void enlist(Resident& resident) noexcept;
    /// Ends all residents; called on the loop's thread when the library shuts down.
    void evict_all();

    /// The buffer to receive into. What is kept of it (by a Ref) survives; then the next call gives another one.
    base::Ref<base::Buffer>& receive_buffer();
    /// The same for what a filter reads from the transport below it (TLS records).
    base::Ref<base::Buffer>& cipher_buffer();
    /// Scratch for building what is sent in one call; cleared by the user before use.
    base::String& scratch() noexcept { return scratch_; }

private:
    Loop();
    ~Loop() override;

    bool take_mail();
    void run_tasks();
    bool settle();
    void wait(int64_t timeout_ms);
    Drive drive(bool (*done)(void*), void* ctx, int64_t deadline_ns, bool gives_way);
    bool begin_drive(Drive& why) noexcept;
    void end_drive() noexcept;

    Poller poller_;
    TimerWheel timers_;
    std::atomic<Mail*> inbox_{nullptr};
    std::atomic<bool> asleep_{false};
    std::atomic<bool> stop_{false};
    std::atomic<bool> fd_watched_{false};
    std::atomic<bool> shut_down_{false};
    std::atomic<bool> giving_way_{false};  // who drives it would leave it to run()
    std::atomic<int> runners_{0};          // threads that want to run() it
    std::atomic<int> holders_{0};
    std::atomic<uintptr_t> driver_{0};
    int64_t turn_ns_;
    int64_t last_poll_ns_;
    Task tasks_;
    /// Before the first of them.
    struct Residents final : Resident {
        void on_shutdown() override {}
    } residents_;
    base::Ref<base::Buffer> receive_;
    base::Ref<base::Buffer> cipher_;
    base::String scratch_;
    std::atomic<bool> own_thread_{false};
    uint64_t id_;
    uint32_t generation_;
    std::atomic<base::Counted*> attachment_{nullptr};
    friend class Resident;
};

}  // namespace xh::loop
