#pragma once
// Facts about this process and thread that handles are checked against.

#include <cstdint>

namespace xh::base {

/// A number that no other handle ever had (xh ids).
uint64_t next_id() noexcept;
/// Goes up in every forked child: a handle made under another generation belongs to the parent.
uint32_t fork_generation() noexcept;
/// A pointer that differs between threads that live at the same time.
const void* thread_mark() noexcept;

}  // namespace xh::base
