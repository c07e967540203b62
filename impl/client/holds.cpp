#include "client/holds.h"

#include "loop/library.h"

namespace xh::client {

void LoopHold::drop(const base::Ref<loop::Loop>& loop) noexcept {
    if (!loop->unhold()) return;
    // After a shutdown only messages to what has ended are left: they hold their receivers, and those the loop.
    if (loop->usable())
        loop::library::reap(loop);
    else
        loop->poll(0);
}

AgentHold::~AgentHold() {
    if (!agent_) return;
    agent_->unhold();
    // What that posted would keep the agent and its loop alive for ever when nobody can drive it any more.
    if (loop_->abandoned()) loop::library::reap(loop_);
}

}  // namespace xh::client
