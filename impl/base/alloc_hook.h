#pragma once
// The application's allocator (xh_set_allocator).

#include "xh/base.h"

namespace xh::base {

struct AllocHook {
    xh_malloc_fn malloc_fn;
    xh_realloc_fn realloc_fn;
    xh_free_fn free_fn;
    void* ctx;
};

/// nullptr restores malloc and free. False when memory was given out already.
bool set_alloc_hook(const AllocHook* hook) noexcept;

}  // namespace xh::base
