// The timer wheel against a plain model: what fires, when, and what the loop is told to wait for.

#include "loop/timer.h"

#include <map>
#include <random>
#include <vector>

#include "xtest.h"

using xh::loop::Timer;
using xh::loop::TimerWheel;

namespace {

constexpr int64_t kMs = xh::base::kNsPerMs;

struct Probe {
    Timer timer;
    int64_t deadline = -1;  // -1: not armed, as the model sees it
    int64_t fired_at = -1;
    int fired = 0;
    const int64_t* now = nullptr;

    Probe() : timer([](void* self) { static_cast<Probe*>(self)->fire(); }, this) {}
    void fire() {
        fired_at = *now;
        ++fired;
    }
};

int64_t ceil_ms(int64_t ns) { return (ns + kMs - 1) / kMs; }

/// The tick at which the model expects a timer, armed at `now`.
int64_t due_tick(int64_t deadline, int64_t now) { return std::max(ceil_ms(deadline), now / kMs + 1); }

}  // namespace

XT_TEST(random_timers_fire_as_the_model_says) {
    std::mt19937_64 random(20240917);
    for (int round = 0; round < 20; ++round) {
        int64_t now = 1000 * kMs + static_cast<int64_t>(random() % (1ull << 44));
        TimerWheel wheel(now);
        std::vector<Probe> probes(64);
        std::vector<int64_t> due(64, -1);
        for (Probe& probe : probes) probe.now = &now;
        for (int step = 0; step < 3000; ++step) {
            const size_t which = random() % probes.size();
            const int shift = static_cast<int>(random() % 40);
            switch (random() % 4) {
                case 0:
                case 1: {
                    const int64_t deadline = now + static_cast<int64_t>(random() % (1ull << shift));
                    wheel.arm(probes[which].timer, deadline);
                    due[which] = due_tick(deadline, now);
                    break;
                }
                case 2:
                    probes[which].timer.disarm();
                    due[which] = -1;
                    break;
                default: {
                    int64_t earliest = -1;
                    for (int64_t tick : due)
                        if (tick >= 0 && (earliest < 0 || tick < earliest)) earliest = tick;
                    const int64_t wait = wheel.next_in_ms(now);
                    if (earliest < 0) {
                        XT_CHECK_EQ(wait, -1);
                    } else {
                        XT_CHECK(wait >= 0);
                        // Never later than the deadline: a wait of that many milliseconds may not pass it by a whole tick.
                        XT_CHECK(wait <= std::max<int64_t>(0, ceil_ms(earliest * kMs - now)));
                    }
                    now += static_cast<int64_t>(random() % (1ull << shift));
                    wheel.advance(now);
                    for (size_t i = 0; i < probes.size(); ++i) {
                        const bool expected = due[i] >= 0 && due[i] <= now / kMs;
                        XT_CHECK_EQ(probes[i].fired, expected ? 1 : 0);
                        XT_CHECK_EQ(probes[i].timer.armed() ? 1 : 0, due[i] >= 0 && !expected ? 1 : 0);
                        probes[i].fired = 0;
                        if (expected) due[i] = -1;
                    }
                }
            }
        }
        for (Probe& probe : probes) probe.timer.disarm();
    }
}

XT_TEST(waiting_as_told_reaches_every_deadline_in_order) {
    std::mt19937_64 random(7);
    int64_t now = 5 * kMs;
    TimerWheel wheel(now);
    std::vector<Probe> probes(500);
    std::multimap<int64_t, Probe*> model;
    for (Probe& probe : probes) {
        probe.now = &now;
        probe.deadline = now + static_cast<int64_t>(random() % (1ull << (20 + random() % 24)));
        wheel.arm(probe.timer, probe.deadline);
        model.emplace(due_tick(probe.deadline, now), &probe);
    }
    int wakes = 0;
    for (int64_t wait; (wait = wheel.next_in_ms(now)) >= 0; ++wakes) {
        now += wait * kMs;
        wheel.advance(now);
        if (wakes > 10000) break;
    }
    int64_t last = 0;
    for (auto& [tick, probe] : model) {
        XT_CHECK_EQ(probe->fired, 1);
        XT_CHECK(probe->fired_at >= probe->deadline);
        XT_CHECK_EQ(probe->fired_at / kMs, tick);
        XT_CHECK(probe->fired_at >= last);
        last = probe->fired_at;
    }
    XT_CHECK(wakes <= 500 * 6);  // a timer moves down at most five times
}

XT_TEST(never_disarms) {
    int64_t now = kMs;
    TimerWheel wheel(now);
    Probe probe;
    probe.now = &now;
    wheel.arm(probe.timer, now + kMs);
    wheel.arm(probe.timer, xh::base::kNever);
    XT_CHECK(!probe.timer.armed());
    XT_CHECK_EQ(wheel.next_in_ms(now), -1);
}

XT_TEST(a_deadline_beyond_the_wheel_is_not_lost) {
    int64_t now = 0;
    TimerWheel wheel(now);
    Probe probe;
    probe.now = &now;
    const int64_t year = int64_t{365} * 24 * 3600 * 1000 * kMs;
    wheel.arm(probe.timer, 5 * year);
    for (int guard = 0; guard < 1000 && probe.fired == 0; ++guard) {
        const int64_t wait = wheel.next_in_ms(now);
        XT_REQUIRE(wait >= 0);
        now += wait * kMs;
        wheel.advance(now);
    }
    XT_CHECK_EQ(probe.fired, 1);
    XT_CHECK_EQ(now, 5 * year);
}

namespace {

struct Chain {
    TimerWheel* wheel;
    Timer first, second;
    int64_t now = 10 * kMs;
    int first_fired = 0, second_fired = 0;
    bool rearm = false;
};

}  // namespace

XT_TEST(a_callback_may_arm_itself_again) {
    Chain chain;
    TimerWheel wheel(chain.now);
    chain.wheel = &wheel;
    chain.first.set(
        [](void* raw) {
            auto* c = static_cast<Chain*>(raw);
            if (++c->first_fired < 3) c->wheel->arm(c->first, 0);  // already due: the next tick
        },
        &chain);
    wheel.arm(chain.first, chain.now);
    for (int i = 1; i <= 3; ++i) {
        chain.now += kMs;
        wheel.advance(chain.now);
        XT_CHECK_EQ(chain.first_fired, i);
    }
    XT_CHECK(!chain.first.armed());
}

XT_TEST(a_callback_may_disarm_a_timer_that_is_due_with_it) {
    Chain chain;
    TimerWheel wheel(chain.now);
    chain.wheel = &wheel;
    chain.first.set(
        [](void* raw) {
            auto* c = static_cast<Chain*>(raw);
            ++c->first_fired;
            c->second.disarm();
        },
        &chain);
    chain.second.set(
        [](void* raw) {
            auto* c = static_cast<Chain*>(raw);
            ++c->second_fired;
            c->first.disarm();
        },
        &chain);
    wheel.arm(chain.first, chain.now + 5 * kMs);
    wheel.arm(chain.second, chain.now + 5 * kMs);
    wheel.advance(chain.now + 10 * kMs);
    XT_CHECK_EQ(chain.first_fired + chain.second_fired, 1);
    XT_CHECK(!chain.first.armed());
    XT_CHECK(!chain.second.armed());
}

XT_TEST(the_wheel_lets_go_of_armed_timers_when_it_dies) {
    Timer timer([](void*) {}, nullptr);
    {
        TimerWheel wheel(0);
        wheel.arm(timer, 1000 * kMs);
        XT_CHECK(timer.armed());
    }
    XT_CHECK(!timer.armed());
}

XT_MAIN("timer")
