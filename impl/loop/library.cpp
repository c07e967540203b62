#include "loop/library.h"

#include <openssl/ssl.h>
#include <pthread.h>
#include <stdlib.h>

#include <atomic>
#include <utility>

#include "base/parking.h"
#include "base/per_process.h"
#include "base/thread_hooks.h"
#include "loop/blocking_pool.h"

namespace xh::loop::library {

namespace {

/// What one run of the thread shares with those who stop it.
struct Run final : base::Counted {
    base::Ref<Loop> loop;
    pthread_t thread{};
    std::atomic<bool> stopping{false};
    std::atomic<bool> silent{false};  // the process exits: nobody is called back any more
    std::atomic<bool> ended{false};
};

/// Ends the work on a loop from inside it.
struct Eviction final : base::Counted, Mail {
    explicit Eviction(base::Ref<Loop> on) : loop(std::move(on)) {}
    void on_mail(uint32_t) override { loop->evict_all(); }
    void retain_for_mail() noexcept override { retain(); }
    void release_from_mail() noexcept override { release(); }
    base::Ref<Loop> loop;
};

struct State {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    Run* run = nullptr;
};

base::PerProcess<State> g_state;
std::atomic<bool> g_exit_hook{false};

/// Runs `f` with the state under its lock; the value of `f` when there is a state, else `none`.
template <class F, class R>
R with_state(F f, R none) {
    State* state = g_state.find();
    if (!state) return none;
    pthread_mutex_lock(&state->mutex);
    R result = f(*state);
    pthread_mutex_unlock(&state->mutex);
    return result;
}

void thread_main(void* arg) {
    base::Ref<Run> run = base::Ref<Run>::adopt(static_cast<Run*>(arg));
    auto stopping = [](void* flag) { return static_cast<std::atomic<bool>*>(flag)->load(std::memory_order_acquire); };
    run->loop->drive_until(stopping, &run->stopping, base::kNever);
    if (!run->silent.load()) {
        // What the last callbacks posted belongs to the shutdown.
        run->loop->drive_until([](void* loop) { return static_cast<Loop*>(loop)->idle(); }, run->loop.get(),
                               base::monotonic_ns() + 50 * base::kNsPerMs);
    }
    run->loop.reset();
    run->ended.store(true, std::memory_order_seq_cst);
    base::unpark(run->ended);
}

Drive stop_run(Run* taken, bool silent, int64_t deadline_ns) {
    base::Ref<Run> run = base::Ref<Run>::adopt(taken);
    base::Ref<Loop> loop = run->loop;
    run->silent.store(silent);
    if (!silent) loop->post(*base::make_ref<Eviction>(loop), 1);
    run->stopping.store(true, std::memory_order_release);
    loop->stop();
    loop.reset();
    if (!base::park_until(run->ended, deadline_ns)) {
        pthread_detach(run->thread);
        return Drive::TimedOut;
    }
    pthread_join(run->thread, nullptr);
    return Drive::Done;
}

Run* take_run() {
    return with_state([](State& state) { return std::exchange(state.run, nullptr); }, static_cast<Run*>(nullptr));
}

/// After main: OpenSSL's own exit handler runs later than this one, since it was registered before. A loop that went on
/// under it would crash (ffi 1.8.2).
void at_exit() {
    Run* run = take_run();
    if (!run) return;
    if (run->loop->on_loop_thread()) return;  // exit() in a callback: this thread does nothing else any more
    stop_run(run, true, base::monotonic_ns() + 1000 * base::kNsPerMs);
}

void hook_exit_once() {
    if (g_exit_hook.exchange(true)) return;
    OPENSSL_init_ssl(0, nullptr);
    ::atexit(at_exit);
}

}  // namespace

base::Ref<Loop> loop() {
    hook_exit_once();
    State& state = g_state.get();
    pthread_mutex_lock(&state.mutex);
    struct Unlock {
        pthread_mutex_t& mutex;
        ~Unlock() { pthread_mutex_unlock(&mutex); }
    } unlock{state.mutex};
    if (state.run) return state.run->loop;
    auto run = base::make_ref<Run>();
    run->loop = Loop::make();
    run->loop->reserve_for_own_thread();
    run->retain();  // the thread's
    if (!base::start_thread(run->thread, "xh-loop-1", thread_main, run.get())) {
        run->release();
        return {};
    }
    base::Ref<Loop> loop = run->loop;
    state.run = run.detach();
    return loop;
}

Drive shutdown(int64_t deadline_ns) {
    bool self = with_state([](State& state) { return state.run && state.run->loop->on_loop_thread(); }, false);
    if (self) return Drive::Self;
    Drive result = Drive::Done;
    if (Run* run = take_run()) result = stop_run(run, false, deadline_ns);
    if (!BlockingPool::stop_idle(deadline_ns)) result = Drive::TimedOut;
    return result;
}

namespace {

struct Reaper final : base::Counted, Mail {
    explicit Reaper(base::Ref<Loop> of) : orphan(std::move(of)) {}
    void on_mail(uint32_t) override {
        Loop* loop = orphan.get();
        loop->post(*base::make_ref<Eviction>(orphan), 1);
        loop->drive_until([](void* at) { return static_cast<Loop*>(at)->idle(); }, loop,
                          base::monotonic_ns() + 50 * base::kNsPerMs);
        orphan.reset();
    }
    void retain_for_mail() noexcept override { retain(); }
    void release_from_mail() noexcept override { release(); }
    base::Ref<Loop> orphan;
};

}  // namespace

void reap(base::Ref<Loop> orphan) {
    base::Ref<Loop> on = loop();
    if (on) on->post(*base::make_ref<Reaper>(std::move(orphan)), 1);
}

}  // namespace xh::loop::library
