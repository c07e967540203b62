#include "agent/dial.h"

namespace xh::agent {

Dial::Dial(Agent& agent, Origin& origin, Waiter& waiter)
    : agent_(agent),
      origin_(origin),
      waiter_(waiter),
      connector_(net::Connector::make(agent.loop_, origin.plan, waiter.deadlines_, *this)),
      next_(origin.first_dial) {
    if (next_) next_->prev_ = this;
    origin_.first_dial = this;
    ++origin_.dialing;
    ++agent_.total_;
    bump(agent_.counters_.sockets, 1);
}

Dial::~Dial() {
    (prev_ ? prev_->next_ : origin_.first_dial) = next_;
    if (next_) next_->prev_ = prev_;
    --origin_.dialing;
    --agent_.total_;
    bump(agent_.counters_.sockets, -1);
}

void Dial::on_connected(std::unique_ptr<net::Transport> transport) {
    // The waiter may end, or ask anew, in the call: by then the place that this object held is the connection's.
    base::Ref<Agent> agent(&agent_);
    Waiter& waiter = waiter_;
    Origin& origin = origin_;
    const net::ConnectTimes took = times();
    waiter.origin_ = nullptr;
    base::Ref<PooledConn> conn;
    try {
        conn = agent->adopt(origin, std::move(transport));
    } catch (const std::bad_alloc&) {
        return finish({});
    }
    waiter.dial_.reset();  // this object
    waiter.on_lease(std::move(conn), &took);
}

void Dial::on_connect_failed(base::ErrorList errors) { finish(std::move(errors)); }

void Dial::finish(base::ErrorList errors) {
    base::Ref<Agent> agent(&agent_);
    std::unique_ptr<Dial> self = std::move(waiter_.dial_);
    Origin& origin = origin_;
    waiter_.origin_ = nullptr;
    waiter_.on_lease_failed(std::move(errors), &times(), proxy_answer());
    self.reset();
    agent->serve_waiters(&origin);
}

}  // namespace xh::agent
