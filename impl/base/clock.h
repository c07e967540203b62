#pragma once
// The only clock of the engine: monotonic nanoseconds. Deadlines never follow the wall clock.

#include <cstdint>

namespace xh::base {

/// Nanoseconds since an arbitrary start; never goes back.
int64_t monotonic_ns() noexcept;

constexpr int64_t kNsPerMs = 1000000;
/// A deadline that never comes.
constexpr int64_t kNever = INT64_MAX;

/// `now` + `ms`, saturating; a negative `ms` means never.
inline int64_t deadline_after(int64_t now_ns, int64_t ms) noexcept {
    if (ms < 0 || ms > (kNever - now_ns) / kNsPerMs) return kNever;
    return now_ns + ms * kNsPerMs;
}

}  // namespace xh::base
