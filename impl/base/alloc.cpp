#include "base/alloc.h"

#include <malloc.h>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>

#include "base/alloc_hook.h"
#include "base/live.h"

namespace xh::base {

std::atomic<int64_t> g_live[4] = {};

namespace {

void* default_malloc(std::size_t size, void*) { return std::malloc(size); }
void* default_realloc(void* ptr, std::size_t size, void*) { return std::realloc(ptr, size); }
void default_free(void* ptr, void*) { std::free(ptr); }

AllocHook g_hook = {default_malloc, default_realloc, default_free, nullptr};
// Set once by the first allocation: from then on the hook is fixed, since blocks of one allocator must go back to it.
std::atomic<bool> g_used{false};

std::atomic<int64_t> g_bytes{0};

// A hooked allocator does not tell the size of a block, so it is kept in front of it.
constexpr std::size_t kPrefix = alignof(std::max_align_t);

bool is_hooked() noexcept { return g_hook.malloc_fn != default_malloc; }

void* get(std::size_t size) noexcept {
    if (!g_used.load(std::memory_order_relaxed)) g_used.store(true, std::memory_order_relaxed);
    if (!is_hooked()) {
        void* ptr = std::malloc(size ? size : 1);
        if (ptr) g_bytes.fetch_add(static_cast<int64_t>(malloc_usable_size(ptr)), std::memory_order_relaxed);
        return ptr;
    }
    if (size > SIZE_MAX - kPrefix) return nullptr;
    void* block = g_hook.malloc_fn(size + kPrefix, g_hook.ctx);
    if (!block) return nullptr;
    *static_cast<std::size_t*>(block) = size;
    g_bytes.fetch_add(static_cast<int64_t>(size), std::memory_order_relaxed);
    return static_cast<char*>(block) + kPrefix;
}

}  // namespace

int64_t live_bytes() noexcept { return g_bytes.load(std::memory_order_relaxed); }

bool set_alloc_hook(const AllocHook* hook) noexcept {
    if (g_used.load()) return false;
    g_hook = hook ? *hook : AllocHook{default_malloc, default_realloc, default_free, nullptr};
    return true;
}

void* try_allocate(std::size_t size) noexcept { return get(size); }

void* allocate(std::size_t size) {
    void* ptr = get(size);
    if (!ptr) throw std::bad_alloc();
    return ptr;
}

void release_memory(void* ptr) noexcept {
    if (!ptr) return;
    if (!is_hooked()) {
        g_bytes.fetch_sub(static_cast<int64_t>(malloc_usable_size(ptr)), std::memory_order_relaxed);
        std::free(ptr);
        return;
    }
    char* block = static_cast<char*>(ptr) - kPrefix;
    std::size_t size;
    std::memcpy(&size, block, sizeof size);
    g_bytes.fetch_sub(static_cast<int64_t>(size), std::memory_order_relaxed);
    g_hook.free_fn(block, g_hook.ctx);
}

}  // namespace xh::base
