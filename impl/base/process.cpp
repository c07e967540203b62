#include "base/process.h"

#include <pthread.h>

#include <atomic>

namespace xh::base {

namespace {

std::atomic<uint64_t> g_next_id{1};
std::atomic<uint32_t> g_generation{1};
std::atomic<bool> g_hooked{false};
std::atomic<bool> g_exits{false};

void count_child() { g_generation.fetch_add(1, std::memory_order_relaxed); }

}  // namespace

uint64_t next_id() noexcept { return g_next_id.fetch_add(1, std::memory_order_relaxed); }

uint32_t fork_generation() noexcept {
    if (!g_hooked.load(std::memory_order_relaxed) && !g_hooked.exchange(true))
        pthread_atfork(nullptr, nullptr, count_child);
    return g_generation.load(std::memory_order_relaxed);
}

const void* thread_mark() noexcept {
    static thread_local char mark;  // trivial: no destructor runs at thread exit
    return &mark;
}

bool process_exits() noexcept { return g_exits.load(std::memory_order_acquire); }

void set_process_exits() noexcept { g_exits.store(true, std::memory_order_release); }

}  // namespace xh::base
