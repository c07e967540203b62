#pragma once
// All loops of the process, for xh_shutdown.

#include "loop/loop.h"

namespace xh::loop::registry {

void add(Loop& loop);
void remove(Loop& loop) noexcept;
/// References to all that are alive now.
base::Vec<base::Ref<Loop>> all();

}  // namespace xh::loop::registry
