#include "client/agent_state.h"

#include <ctime>

namespace xh::client {

AgentState* AgentState::find(const agent::Agent& agent) noexcept {
    return static_cast<AgentState*>(agent.attachment());
}

AgentState& AgentState::of(agent::Agent& agent) {
    if (AgentState* there = find(agent)) return *there;
    return static_cast<AgentState&>(*agent.attach(base::make_ref<AgentState>()));
}

base::Ref<proto::AuthMemory> AgentState::auth_memory(std::string_view place, std::string_view user,
                                                     std::string_view password, proto::AuthMethod method) {
    for (Memory& memory : memories_)
        if (memory.method == method && memory.place == place && memory.user == user && memory.password == password)
            return memory.memory;
    if (memories_.size() == kMostMemories) memories_.erase(memories_.begin());
    Memory made{base::to_string(place), base::to_string(user), base::to_string(password), method,
                base::make_ref<proto::AuthMemory>()};
    base::Ref<proto::AuthMemory> memory = made.memory;
    memories_.push_back(std::move(made));
    return memory;
}

int64_t wall_seconds() noexcept { return static_cast<int64_t>(std::time(nullptr)); }

}  // namespace xh::client
