#pragma once
// What an agent's requests have learned about servers that ask for credentials: later ones need no challenge of their own.

#include "agent/agent.h"
#include "proto/auth.h"

namespace xh::client {

/// The memory for one origin (or proxy), user, password and method, kept with the agent. Loop thread only.
base::Ref<proto::AuthMemory> auth_memory(agent::Agent& agent, std::string_view place, std::string_view user,
                                         std::string_view password, proto::AuthMethod method);

}  // namespace xh::client
