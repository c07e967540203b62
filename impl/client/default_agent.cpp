#include "client/default_agent.h"

namespace xh::client {

agent::Agent& default_agent(loop::Loop& loop) {
    base::Counted* there = loop.attachment();
    if (!there) there = loop.attach(agent::Agent::make_default(loop));
    return static_cast<agent::Agent&>(*there);
}

}  // namespace xh::client
