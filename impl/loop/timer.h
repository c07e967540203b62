#pragma once
// Timers that cost nothing when they do not fire: a hierarchical wheel of intrusive lists, a millisecond to a tick.

#include <cstdint>

#include "base/clock.h"

namespace xh::loop {

class TimerWheel;

/// One deadline, embedded in its owner. Arming again moves it. It must be disarmed (or fire) before it dies; the
/// destructor does that. One thread: the loop's.
class Timer {
public:
    using Fire = void (*)(void* owner);
    Timer() noexcept = default;
    Timer(Fire fire, void* owner) noexcept : fire_(fire), owner_(owner) {}
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    ~Timer() { disarm(); }

    void set(Fire fire, void* owner) noexcept {
        fire_ = fire;
        owner_ = owner;
    }
    bool armed() const noexcept { return next_ != nullptr; }
    void disarm() noexcept {
        if (!next_) return;
        prev_->next_ = next_;
        next_->prev_ = prev_;
        next_ = prev_ = nullptr;
    }

private:
    friend class TimerWheel;
    Timer* next_ = nullptr;
    Timer* prev_ = nullptr;
    int64_t tick_ = 0;
    Fire fire_ = nullptr;
    void* owner_ = nullptr;
};

/// Six levels of 64 slots; level L holds deadlines whose highest differing 6-bit digit from now is L. A timer moves down a
/// level at most five times in its life. Deadlines fire at or after their time, never before.
class TimerWheel {
public:
    explicit TimerWheel(int64_t now_ns) noexcept;
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;
    ~TimerWheel();

    /// `deadline_ns` base::kNever disarms.
    void arm(Timer& timer, int64_t deadline_ns) noexcept;
    /// Fires what is due. A callback may arm and disarm any timer.
    void advance(int64_t now_ns);
    /// Milliseconds until the next slot that may hold a due timer: -1 when none is armed. Never later than the deadline.
    int64_t next_in_ms(int64_t now_ns) noexcept;

private:
    static constexpr int kLevels = 6;
    static constexpr int kBits = 6;
    static constexpr int kSlots = 1 << kBits;

    void place(Timer& timer) noexcept;
    bool slot_empty(int level, int slot) noexcept;
    void expire(Timer& head);
    int64_t next_tick() noexcept;

    int64_t now_tick_;
    uint64_t occupied_[kLevels] = {};
    Timer slots_[kLevels][kSlots];
};

}  // namespace xh::loop
