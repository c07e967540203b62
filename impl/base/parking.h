#pragma once
// Threads that wait for some object to reach its end. The object pays nothing but a flag; the few waiters share locks.

#include <atomic>
#include <cstdint>

namespace xh::base {

/// Blocks until `flag` is true or the monotonic deadline has passed. @return flag
bool park_until(const std::atomic<bool>& flag, int64_t deadline_ns) noexcept;
/// Wakes who waits for this flag; call it after the flag was set. Cheap when nobody waits.
void unpark(const std::atomic<bool>& flag) noexcept;

}  // namespace xh::base
