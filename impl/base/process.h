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

/// exit() was called: OpenSSL is cleaned up as soon as the library's threads rest. Work that takes long asks at every step,
/// and gives up; nobody is told its result any more.
bool process_exits() noexcept;
void set_process_exits() noexcept;

}  // namespace xh::base
