#pragma once
// What handles of the application hold: a loop that they can drive, an agent that they can use.

#include "agent/agent.h"
#include "loop/loop.h"

namespace xh::client {

/// By this the application can still drive the loop. When the last is gone, the library ends what is left on it.
class LoopHold {
public:
    LoopHold() noexcept = default;
    explicit LoopHold(base::Ref<loop::Loop> loop) noexcept : loop_(std::move(loop)) {
        if (loop_) loop_->hold();
    }
    LoopHold(const LoopHold& other) noexcept : LoopHold(other.loop_) {}
    LoopHold& operator=(LoopHold other) noexcept {
        std::swap(loop_, other.loop_);
        return *this;
    }
    ~LoopHold() {
        if (loop_) drop(loop_);
    }
    /// Undoes one hold() of the loop.
    static void drop(const base::Ref<loop::Loop>& loop) noexcept;
    loop::Loop* get() const noexcept { return loop_.get(); }
    const base::Ref<loop::Loop>& ref() const noexcept { return loop_; }
    explicit operator bool() const noexcept { return static_cast<bool>(loop_); }

private:
    base::Ref<loop::Loop> loop_;
};

/// An agent held on behalf of the application.
class AgentHold {
public:
    AgentHold() noexcept = default;
    explicit AgentHold(agent::Agent* agent) noexcept : loop_(agent ? &agent->loop() : nullptr), agent_(agent) {
        if (agent) agent->hold();
    }
    AgentHold(const AgentHold& other) noexcept : AgentHold(other.agent_.get()) {}
    AgentHold& operator=(AgentHold other) noexcept {
        std::swap(loop_, other.loop_);
        std::swap(agent_, other.agent_);
        return *this;
    }
    ~AgentHold();
    agent::Agent* get() const noexcept { return agent_.get(); }

private:
    base::Ref<loop::Loop> loop_;  // outlives the agent: a default agent lives in its loop
    base::Ref<agent::Agent> agent_;
};

}  // namespace xh::client
