#pragma once
// A connection being made for one waiter.

#include "agent/agent.h"

namespace xh::agent {

class Dial final : public base::Allocated, private net::ConnectSink {
public:
    Dial(Agent& agent, Origin& origin, Waiter& waiter);
    ~Dial();
    void start() { connector_->start(); }
    const net::ConnectTimes& times() const noexcept { return connector_->times(); }
    /// XH_PHASE_* that the attempt is in.
    int32_t phase() const noexcept { return phase_; }
    std::string_view proxy_answer() const noexcept { return connector_->proxy_answer(); }
    /// Gives up what is under way and tells the waiter. This object is gone afterwards.
    void finish(base::ErrorList errors);

private:
    void on_connect_phase(int32_t phase) override {
        phase_ = phase;
        waiter_.on_lease_phase(phase);
    }
    void on_connected(std::unique_ptr<net::Transport> transport) override;
    void on_connect_failed(base::ErrorList errors) override;

    Agent& agent_;
    Origin& origin_;
    Waiter& waiter_;
    std::unique_ptr<net::Connector> connector_;
    Dial* prev_ = nullptr;  // in the origin's list
    Dial* next_;
    int32_t phase_ = XH_PHASE_QUEUE;
};

}  // namespace xh::agent
