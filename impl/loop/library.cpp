#include "loop/library.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>

#include <algorithm>
#include <atomic>
#include <system_error>
#include <utility>

#include "base/lock.h"
#include "base/parking.h"
#include "base/per_process.h"
#include "base/process.h"
#include "base/thread_hooks.h"
#include "loop/blocking_pool.h"
#include "loop/eviction.h"
#include "loop/registry.h"

namespace xh::loop::library {

namespace {

/// What one run of the thread shares with those who stop it.
struct Run final : base::Counted {
    base::Ref<Loop> loop;
    pthread_t thread{};
    std::atomic<bool> stopping{false};
    std::atomic<bool> ended{false};
    Run* next = nullptr;  // among those that a shutdown gave up to wait for
};

struct State {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    Run* run = nullptr;
    Run* ending = nullptr;
};

base::PerProcess<State> g_state;
std::atomic<bool> g_exit_hook{false};

bool is_set(void* flag) { return static_cast<std::atomic<bool>*>(flag)->load(std::memory_order_acquire); }

void thread_main(void* arg) {
    base::Ref<Run> run = base::Ref<Run>::adopt(static_cast<Run*>(arg));
    while (run->loop->drive_until(is_set, &run->stopping, base::kNever) == Drive::Stopped) {
        // stop() is for those who drive a loop by hand; this one ends by its flag.
    }
    run->loop->set_own_thread(false);  // what is posted from now on is done by who shuts down or waits
    run->ended.store(true, std::memory_order_seq_cst);
    base::unpark(run->ended);
}

void ask_to_stop(Run& run) noexcept {
    run.stopping.store(true, std::memory_order_release);
    run.loop->stop();
}

/// The runs that have not ended; the caller owns the references. The present one only when its loop is among `loops`: one
/// that was started a moment ago goes on.
Run* take_runs(const base::Vec<base::Ref<Loop>>& loops) {
    State* state = g_state.find();
    if (!state) return nullptr;
    base::Lock lock(state->mutex);
    Run* runs = std::exchange(state->ending, nullptr);
    Run* run = state->run;
    if (run && std::find(loops.begin(), loops.end(), run->loop) != loops.end()) {
        state->run = nullptr;
        run->next = runs;
        runs = run;
    }
    return runs;
}

Run* take_all_runs() {
    State* state = g_state.find();
    if (!state) return nullptr;
    base::Lock lock(state->mutex);
    Run* runs = std::exchange(state->ending, nullptr);
    if (Run* run = std::exchange(state->run, nullptr)) {
        run->next = runs;
        runs = run;
    }
    return runs;
}

/// Joins the threads; those that do not end in time are left for the next shutdown.
bool join_runs(Run* runs, int64_t deadline_ns) {
    bool all = true;
    while (Run* run = runs) {
        runs = run->next;
        if (base::park_until(run->ended, deadline_ns)) {
            pthread_join(run->thread, nullptr);
            run->release();
            continue;
        }
        all = false;
        State& state = g_state.get();
        base::Lock lock(state.mutex);
        run->next = state.ending;
        state.ending = run;
    }
    return all;
}

/// After main: OpenSSL's own exit handler runs later than this one, since it was registered before. A loop that went on
/// under it would crash (ffi 1.8.2). Nobody is called back: the threads end as they are.
void at_exit() {
    base::set_process_exits();
    // exit() in a callback: that thread does nothing else any more.
    if (!base::on_library_thread()) {
        Run* runs = take_all_runs();
        for (Run* run = runs; run; run = run->next) ask_to_stop(*run);
        join_runs(runs, base::monotonic_ns() + 1000 * base::kNsPerMs);
    }
    // A time of its own: on a slow machine the loop has used up its part.
    BlockingPool::stop_idle(base::monotonic_ns() + 2000 * base::kNsPerMs);
}

}  // namespace

void watch_exit() {
    if (g_exit_hook.exchange(true)) return;
    OPENSSL_init_ssl(0, nullptr);
    ::atexit(at_exit);
}

base::Ref<Loop> loop() {
    watch_exit();
    State& state = g_state.get();
    base::Lock lock(state.mutex);
    if (state.run && state.run->loop->usable()) return state.run->loop;
    auto run = base::make_ref<Run>();
    try {
        run->loop = Loop::make();
    } catch (const std::system_error&) {
        return {};
    }
    run->loop->set_own_thread(true);
    run->retain();  // the thread's
    if (!base::start_thread(run->thread, "xh-loop-1", thread_main, run.get())) {
        run->release();
        return {};
    }
    base::Ref<Loop> loop = run->loop;
    if (Run* old = std::exchange(state.run, run.detach())) {
        // Shut down by one who did not see it as the present one: the next shutdown joins it.
        old->next = state.ending;
        state.ending = old;
    }
    return loop;
}

Drive shutdown(int64_t deadline_ns) {
    if (base::on_library_thread()) return Drive::Self;
    base::Vec<base::Ref<Loop>> loops = registry::all();
    for (const base::Ref<Loop>& loop : loops)
        if (loop->on_loop_thread()) return Drive::Self;
    base::Vec<base::Ref<Eviction>> evictions;
    evictions.reserve(loops.size());
    for (const base::Ref<Loop>& loop : loops) evictions.push_back(base::make_ref<Eviction>(loop));
    // From here on nothing needs memory.
    Run* runs = take_runs(loops);
    Drive result = Drive::Done;
    for (std::size_t i = 0; i < loops.size(); ++i) {
        loops[i]->mark_shut_down();
        loops[i]->post(*evictions[i], 1);
    }
    for (std::size_t i = 0; i < loops.size(); ++i) {
        // A loop of the caller that nobody drives is driven here, to its end.
        std::atomic<bool>& done = evictions[i]->done;
        while (!done.load(std::memory_order_acquire)) {
            Drive drive = loops[i]->has_own_thread() ? Drive::Busy : loops[i]->drive_until(is_set, &done, deadline_ns);
            constexpr int64_t kLook = 10 * base::kNsPerMs;
            int64_t now = base::monotonic_ns();
            if (drive == Drive::Busy) base::park_until(done, deadline_ns - now > kLook ? now + kLook : deadline_ns);
            if (base::monotonic_ns() >= deadline_ns && !done.load(std::memory_order_acquire)) {
                result = Drive::TimedOut;
                break;
            }
        }
    }
    for (Run* run = runs; run; run = run->next) ask_to_stop(*run);
    loops.clear();
    evictions.clear();
    if (!join_runs(runs, deadline_ns)) result = Drive::TimedOut;
    if (!BlockingPool::stop_idle(deadline_ns)) result = Drive::TimedOut;
    return result;
}

namespace {

/// Drives an abandoned loop on the library's thread until nothing is left on it.
struct Reaper final : base::Counted, Mail {
    explicit Reaper(base::Ref<Loop> of)
        : orphan(std::move(of)), eviction(base::make_ref<Eviction>(base::Ref<Loop>())) {}
    void on_mail(uint32_t) override {
        base::Ref<Loop> loop = std::move(orphan);
        orphan.reset();
        eviction->loop = loop;
        loop->post(*eviction, 1);
        constexpr int64_t kLook = 10 * base::kNsPerMs;
        struct Left {
            Loop& loop;
            std::atomic<bool>& evicted;
        } left{*loop, eviction->done};
        auto all_done = [](void* raw) {
            auto* of = static_cast<Left*>(raw);
            return of->evicted.load(std::memory_order_acquire) && of->loop.settled();
        };
        for (;;) {
            Drive drive = loop->drive_until(all_done, &left, base::kNever);
            if (drive == Drive::Done) break;
            // One who runs it without a handle does the eviction, and stops then.
            if (drive == Drive::Busy && base::park_until(eviction->done, base::monotonic_ns() + kLook)) break;
        }
    }
    void retain_for_mail() noexcept override { retain(); }
    void release_from_mail() noexcept override { release(); }
    base::Ref<Loop> orphan;
    base::Ref<Eviction> eviction;  // made where want of memory can still be told
};

}  // namespace

void reap(base::Ref<Loop> orphan) noexcept {
    try {
        base::Ref<Loop> on = loop();
        if (on) on->post(*base::make_ref<Reaper>(std::move(orphan)), 1);
    } catch (const std::bad_alloc&) {
        // Without memory for the message the work stays as it is: nothing is called, nothing is freed.
    }
}

}  // namespace xh::loop::library
