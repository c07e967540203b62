#pragma once
// The agent that requests of a loop use when they name none (A14).

#include "agent/agent.h"

namespace xh::client {

/// Any thread. It belongs to the loop.
agent::Agent& default_agent(loop::Loop& loop);

}  // namespace xh::client
