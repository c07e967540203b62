#include "loop/registry.h"

#include "base/lock.h"
#include "base/per_process.h"

namespace xh::loop::registry {

namespace {

struct State {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    base::Vec<Loop*> loops;
};

base::PerProcess<State> g_state;

}  // namespace

void add(Loop& loop) {
    State& state = g_state.get();
    base::Lock lock(state.mutex);
    state.loops.push_back(&loop);
}

void remove(Loop& loop) noexcept {
    State* state = g_state.find();
    if (!state) return;  // a loop of the parent process
    base::Lock lock(state->mutex);
    for (Loop*& entry : state->loops) {
        if (entry != &loop) continue;
        entry = state->loops.back();
        state->loops.pop_back();
        return;
    }
}

base::Vec<base::Ref<Loop>> all() {
    base::Vec<base::Ref<Loop>> out;
    State* state = g_state.find();
    if (!state) return out;
    base::Lock lock(state->mutex);
    out.reserve(state->loops.size());
    // One whose last reference has just gone waits at this lock, on its way out.
    for (Loop* loop : state->loops)
        if (loop->try_retain()) out.push_back(base::Ref<Loop>::adopt(loop));
    return out;
}

}  // namespace xh::loop::registry
