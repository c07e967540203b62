// Loops that nobody can drive any more: what is left on them is ended by the library, and they go.

#include "client/holds.h"

#include "loop/library.h"
#include "loop/registry.h"
#include "xtest.h"

using namespace xh;
using client::AgentHold;
using client::LoopHold;
using loop::Loop;

namespace {

bool one_left() {
    const int64_t end = base::monotonic_ns() + 20000 * base::kNsPerMs;
    while (loop::registry::all().size() > 1)  // the library's own
        if (base::monotonic_ns() > end) return false;
    return true;
}

/// Work on a loop that ends when it is told to.
struct Work final : base::Counted, loop::Resident {
    void on_shutdown() override { ++ended; }
    void stay_on(Loop& loop) { loop.enlist(*this); }
    void go() { leave(); }
    std::atomic<int> ended{0};
};

}  // namespace

XT_TEST(work_on_a_loop_that_lost_its_last_handle_is_ended) {
    base::Ref<Work> work = base::make_ref<Work>();
    {
        base::Ref<Loop> loop = Loop::make();
        LoopHold hold(loop);
        work->stay_on(*loop);
        LoopHold other(hold);
        { LoopHold gone(std::move(hold)); }
        XT_CHECK(work->ended == 0);
    }
    XT_CHECK(one_left());
    XT_CHECK(work->ended == 1);
}

XT_TEST(a_loop_without_work_goes_with_its_last_handle) {
    { LoopHold hold(Loop::make()); }
    XT_CHECK(one_left());
}

XT_TEST(an_agent_released_after_its_loop_takes_the_loop_along) {
    base::Ref<Loop> loop = Loop::make();
    AgentHold agent(agent::Agent::make(loop).get());
    { LoopHold hold(loop); }
    loop.reset();
    XT_CHECK(loop::registry::all().size() >= 1);
    agent = AgentHold();
    XT_CHECK(one_left());
}

XT_TEST(a_loop_released_after_its_agent_takes_what_the_agent_posted_along) {
    {
        base::Ref<Loop> loop = Loop::make();
        LoopHold hold(loop);
        AgentHold agent(agent::Agent::make(loop).get());
    }
    XT_CHECK(one_left());
}

XT_TEST(shutdown_ends_the_loop_of_the_library_and_a_new_one_starts) {
    base::Ref<Loop> first = loop::library::loop();
    XT_CHECK(first && first->usable());
    XT_CHECK(loop::library::shutdown(base::kNever) == loop::Drive::Done);
    XT_CHECK(first->check() == XH_E_SHUTDOWN);
    base::Ref<Loop> second = loop::library::loop();
    XT_CHECK(second && second->usable() && second.get() != first.get());
    XT_CHECK(loop::library::shutdown(base::kNever) == loop::Drive::Done);
}

XT_TEST(an_agent_released_after_a_shutdown_takes_its_loop_along) {
    {
        base::Ref<Loop> loop = Loop::make();
        AgentHold agent(agent::Agent::make(loop).get());
        LoopHold hold(loop);
        XT_CHECK(loop::library::shutdown(base::kNever) == loop::Drive::Done);
        hold = LoopHold();
        loop.reset();
    }
    XT_CHECK(loop::registry::all().empty());
}

XT_MAIN("holds")
