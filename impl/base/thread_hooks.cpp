#include "base/thread_hooks.h"

#include <signal.h>

#include <cstdio>

#include "base/live.h"

namespace xh::base {

namespace {

constexpr std::size_t kStackBytes = 2 * 1024 * 1024;

ThreadHooks g_hooks;
thread_local bool t_made_here = false;

struct Start {
    char name[16];
    void (*run)(void*);
    void* arg;
};

void* thread_main(void* raw) {
    Start start = *static_cast<Start*>(raw);
    release_memory(raw);
    t_made_here = true;
    pthread_setname_np(pthread_self(), start.name);
    if (g_hooks.on_start) g_hooks.on_start(g_hooks.user_data);
    start.run(start.arg);
    if (g_hooks.on_stop) g_hooks.on_stop(g_hooks.user_data);
    live_add(XH_LIVE_THREADS, -1);
    return nullptr;
}

}  // namespace

bool on_library_thread() noexcept { return t_made_here; }

bool set_thread_hooks(const ThreadHooks& hooks) noexcept {
    if (g_live[XH_LIVE_THREADS].load() > 0) return false;
    g_hooks = hooks;
    return true;
}

bool start_thread(pthread_t& thread, const char* name, void (*run)(void*), void* arg) noexcept {
    auto* start = static_cast<Start*>(try_allocate(sizeof(Start)));
    if (!start) return false;
    std::snprintf(start->name, sizeof start->name, "%s", name);
    start->run = run;
    start->arg = arg;
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0) {
        release_memory(start);
        return false;
    }
    pthread_attr_setstacksize(&attr, kStackBytes);
    // The mask is inherited, so it is set around the creation: the new thread never runs with a signal open.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    live_add(XH_LIVE_THREADS, 1);
    const bool made = pthread_create(&thread, &attr, thread_main, start) == 0;
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    pthread_attr_destroy(&attr);
    if (!made) {
        live_add(XH_LIVE_THREADS, -1);
        release_memory(start);
    }
    return made;
}

}  // namespace xh::base
