#include "client/holds.h"

#include "loop/library.h"

namespace xh::client {

void LoopHold::drop(const base::Ref<loop::Loop>& loop) noexcept {
    if (!loop->unhold()) return;
    try {
        loop::library::reap(loop);
    } catch (...) {
        // Without memory for the message the work stays as it is: nothing is called, nothing is freed.
    }
}

}  // namespace xh::client
