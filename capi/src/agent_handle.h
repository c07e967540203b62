#pragma once
// xh_agent: an agent that the application holds.

#include "base/live.h"
#include "client/options.h"
#include "xh/agent.h"

struct xh_agent final : xh::base::Counted {
    explicit xh_agent(xh::agent::Agent* agent) noexcept : hold(agent) {}
    xh::agent::Agent& agent() const noexcept { return *hold.get(); }
    xh::client::AgentHold hold;
    xh::base::Live<XH_LIVE_HANDLES> live;

private:
    ~xh_agent() override = default;
};

namespace xh::capi {

/// Whether an agent may be used here and now: XH_E_INVALID_ARGUMENT, XH_E_FORKED, XH_E_SHUTDOWN.
inline xh_status check(const xh_agent* agent) noexcept {
    return agent ? agent->agent().loop().check() : XH_E_INVALID_ARGUMENT;
}

}  // namespace xh::capi
