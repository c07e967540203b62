#include "loop/timer.h"

#include "loop/contain.h"

namespace xh::loop {

namespace {

constexpr int64_t kMaxDelta = (int64_t{1} << 36) - 1;

int64_t floor_tick(int64_t ns) noexcept { return ns / base::kNsPerMs; }
int64_t ceil_tick(int64_t ns) noexcept { return ns / base::kNsPerMs + (ns % base::kNsPerMs != 0); }

}  // namespace

TimerWheel::TimerWheel(int64_t now_ns) noexcept : now_tick_(floor_tick(now_ns)) {
    for (auto& level : slots_)
        for (Timer& head : level) head.next_ = head.prev_ = &head;
}

TimerWheel::~TimerWheel() {
    for (auto& level : slots_) {
        for (Timer& head : level) {
            while (head.next_ != &head) head.next_->disarm();
            head.next_ = head.prev_ = nullptr;
        }
    }
}

void TimerWheel::arm(Timer& timer, int64_t deadline_ns) noexcept {
    timer.disarm();
    if (deadline_ns == base::kNever) return;
    timer.tick_ = ceil_tick(deadline_ns);
    if (timer.tick_ <= now_tick_) timer.tick_ = now_tick_ + 1;
    place(timer);
}

void TimerWheel::place(Timer& timer) noexcept {
    // A deadline beyond the wheel's span (two years) waits in the last level and is placed anew when its slot comes.
    int64_t tick = timer.tick_ - now_tick_ > kMaxDelta ? now_tick_ + kMaxDelta : timer.tick_;
    uint64_t differing = static_cast<uint64_t>(tick) ^ static_cast<uint64_t>(now_tick_);
    int level = differing ? (63 - __builtin_clzll(differing)) / kBits : 0;
    if (level >= kLevels) level = kLevels - 1;
    int slot = static_cast<int>((tick >> (level * kBits)) & (kSlots - 1));
    Timer& head = slots_[level][slot];
    timer.prev_ = head.prev_;
    timer.next_ = &head;
    head.prev_->next_ = &timer;
    head.prev_ = &timer;
    occupied_[level] |= uint64_t{1} << slot;
}

bool TimerWheel::slot_empty(int level, int slot) noexcept {
    // Disarming does not touch the bits; they are cleared here, when somebody looks.
    Timer& head = slots_[level][slot];
    if (head.next_ != &head) return false;
    occupied_[level] &= ~(uint64_t{1} << slot);
    return true;
}

int64_t TimerWheel::next_tick() noexcept {
    for (int level = 0; level < kLevels; ++level) {
        int64_t here = now_tick_ >> (level * kBits);
        int digit = static_cast<int>(here & (kSlots - 1));
        uint64_t bits = occupied_[level];
        // Slots after the present digit in this turn of the level; in the last level also those of the next turn.
        uint64_t ahead = digit == kSlots - 1 ? 0 : bits & (~uint64_t{0} << (digit + 1));
        while (ahead) {
            int slot = __builtin_ctzll(ahead);
            if (!slot_empty(level, slot)) return ((here - digit) + slot) << (level * kBits);
            ahead &= ahead - 1;
        }
        if (level == kLevels - 1) {
            uint64_t wrapped = bits & ~(digit == kSlots - 1 ? 0 : (~uint64_t{0} << (digit + 1)));
            while (wrapped) {
                int slot = __builtin_ctzll(wrapped);
                if (!slot_empty(level, slot)) return ((here - digit) + slot + kSlots) << (level * kBits);
                wrapped &= wrapped - 1;
            }
        }
    }
    return -1;
}

int64_t TimerWheel::next_in_ms(int64_t now_ns) noexcept {
    int64_t tick = next_tick();
    if (tick < 0) return -1;
    int64_t left_ns = tick * base::kNsPerMs - now_ns;
    return left_ns <= 0 ? 0 : ceil_tick(left_ns);
}

void TimerWheel::expire(Timer& head) {
    // Taken off the slot first: a callback may arm timers into this very slot or disarm its neighbours.
    Timer due;
    if (head.next_ == &head) return;
    due.next_ = head.next_;
    due.prev_ = head.prev_;
    due.next_->prev_ = &due;
    due.prev_->next_ = &due;
    head.next_ = head.prev_ = &head;
    while (due.next_ != &due) {
        Timer& timer = *due.next_;
        timer.disarm();
        if (timer.tick_ > now_tick_)
            place(timer);
        else
            contain([&] { timer.fire_(timer.owner_); });
    }
    due.next_ = due.prev_ = nullptr;
}

void TimerWheel::advance(int64_t now_ns) {
    int64_t target = floor_tick(now_ns);
    while (now_tick_ < target) {
        int64_t tick = next_tick();
        if (tick < 0 || tick > target) {
            now_tick_ = target;
            return;
        }
        int64_t before = now_tick_;
        now_tick_ = tick;
        // Every level whose digit changed hands its new slot down; level 0's slot is what is due.
        for (int level = kLevels - 1; level >= 0; --level) {
            if ((before >> (level * kBits)) == (tick >> (level * kBits))) continue;
            expire(slots_[level][(tick >> (level * kBits)) & (kSlots - 1)]);
        }
    }
}

}  // namespace xh::loop
