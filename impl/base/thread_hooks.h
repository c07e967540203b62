#pragma once
// The threads that the library makes, and what the application wants to run on each (xh_set_thread_hooks, L07).

#include <pthread.h>

#include "base/alloc.h"

namespace xh::base {

/// Either function may be null. They run first and last on each thread of the library.
struct ThreadHooks {
    void (*on_start)(void* user_data) = nullptr;
    void (*on_stop)(void* user_data) = nullptr;
    void* user_data = nullptr;
};

/// False when a thread of the library is alive: it would have missed the hook.
bool set_thread_hooks(const ThreadHooks& hooks) noexcept;

/// True on a thread that start_thread made.
bool on_library_thread() noexcept;

/// Starts a joinable thread: named (at most 15 bytes), all signals blocked, a stack of 2 MiB, hooks run, counted in
/// XH_LIVE_THREADS until just before it ends. False when the system refuses.
bool start_thread(pthread_t& thread, const char* name, void (*run)(void*), void* arg) noexcept;

}  // namespace xh::base
