#pragma once
// The library's own loop: a thread that starts at first use, ends at xh_shutdown or exit, and starts again when asked.

#include "loop/loop.h"

namespace xh::loop::library {

/// The running loop; starts its thread when there is none. Null when the system refuses a thread.
base::Ref<Loop> loop();

/// Ends all work on it (each handle gets its last callback), joins the thread, and the idle threads of the pool.
/// @return Done; TimedOut when a callback did not return in time (the thread goes on ending by itself); Self on that thread
Drive shutdown(int64_t deadline_ns);

/// Ends what is left on a loop that nobody will drive again; on the library's thread, so that no callback runs in a release.
void reap(base::Ref<Loop> loop);

}  // namespace xh::loop::library
