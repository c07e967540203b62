#include "agent/dial.h"

namespace xh::agent {

Dial::Dial(Agent& agent, Origin& origin, Waiter& waiter)
    : agent_(agent),
      origin_(origin),
      waiter_(waiter),
      connector_(net::Connector::make(agent.loop_, origin.plan, waiter.deadlines_, *this)) {
    ++origin_.dialing;
    ++agent_.total_;
    bump(agent_.counters_.sockets, 1);
}

Dial::~Dial() {
    --origin_.dialing;
    --agent_.total_;
    bump(agent_.counters_.sockets, -1);
}

void Dial::on_connected(std::unique_ptr<net::Transport> transport) {
    // The waiter may end, or ask anew, in the call: it no longer holds this object then.
    base::Ref<Agent> agent(&agent_);
    std::unique_ptr<Dial> self = std::move(waiter_.dial_);
    waiter_.origin_ = nullptr;
    base::Ref<PooledConn> conn;
    try {
        conn = agent->adopt(origin_, std::move(transport));
    } catch (const std::bad_alloc&) {
        return waiter_.on_lease_failed({}, &times(), {});
    }
    waiter_.on_lease(std::move(conn), &times());
}

void Dial::on_connect_failed(base::ErrorList errors) {
    base::Ref<Agent> agent(&agent_);
    std::unique_ptr<Dial> self = std::move(waiter_.dial_);
    Origin& origin = origin_;
    waiter_.origin_ = nullptr;
    waiter_.on_lease_failed(std::move(errors), &times(), proxy_answer());
    self.reset();
    agent->serve_waiters(&origin);
}

}  // namespace xh::agent
