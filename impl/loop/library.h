#pragma once
// The library's own loop: a thread that starts at first use, ends at xh_shutdown or exit, and starts again when asked.

#include "loop/loop.h"

namespace xh::loop::library {

/// The running loop; starts its thread when there is none. Null when the system refuses a thread.
base::Ref<Loop> loop();

/// Ends all work on all loops (each handle gets its last callback; on loops of the caller that nobody drives, here), joins
/// the thread, and the idle threads of the pool.
/// @return Done; TimedOut when a callback did not return in time (what is left is waited for by the next call); Self on a
///         thread of the library, and inside a callback
Drive shutdown(int64_t deadline_ns);

/// Has the process stop all threads of the library when it exits. Called before the first of them is started.
void watch_exit();

/// Ends what is left on a loop that nobody will drive again; on the library's thread, so that no callback runs in a release.
void reap(base::Ref<Loop> loop) noexcept;

}  // namespace xh::loop::library
