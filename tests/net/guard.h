#pragma once
// A small process beside the test that kills what the test started, and removes its folder, when the test is gone
// without having done so (killed, aborted). The kernel's parent-death signal reaches children only, not theirs.

#include <sys/types.h>

#include <string>

namespace testnet {

void guard_begin(const std::string& dir);
void guard_add(pid_t group);
void guard_remove(pid_t group);
/// The process has cleaned up itself.
void guard_end();

}  // namespace testnet
