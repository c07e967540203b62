#pragma once
// What the requests of an agent leave with it for later ones: what they learned about authentication, and cookies.

#include "agent/agent.h"
#include "client/cookie_jar.h"
#include "proto/auth.h"

namespace xh::client {

class AgentState final : public base::Counted {
public:
    /// The one that belongs to the agent; made at the first use. Any thread.
    static AgentState& of(agent::Agent& agent);
    /// The one that is there, or nullptr: who only wants to read makes none.
    static AgentState* find(const agent::Agent& agent) noexcept;

    /// The memory for one origin (or proxy), user, password and method. Loop thread only.
    base::Ref<proto::AuthMemory> auth_memory(std::string_view place, std::string_view user, std::string_view password,
                                             proto::AuthMethod method);
    CookieJar& cookies() noexcept { return cookies_; }

private:
    struct Memory {
        base::String place, user, password;
        proto::AuthMethod method;
        base::Ref<proto::AuthMemory> memory;
    };
    static constexpr std::size_t kMostMemories = 64;

    base::Vec<Memory> memories_;
    CookieJar cookies_;
};

/// Seconds since 1970, for the dates of cookies.
int64_t wall_seconds() noexcept;

}  // namespace xh::client
