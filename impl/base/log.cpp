#include "base/log.h"

#include <pthread.h>

#include <atomic>

#include "base/foreign.h"
#include "base/ref.h"

namespace xh::base {

namespace {

/// Lives until it was replaced and the last call of it has returned.
struct Sink final : Counted {
    xh_log_fn fn = nullptr;
    Foreign data;
};

std::atomic<int32_t> g_level{XH_LOG_NONE};
pthread_mutex_t g_lock = PTHREAD_MUTEX_INITIALIZER;  // around the pointer only, never while foreign code runs
Sink* g_sink = nullptr;
thread_local bool t_inside = false;

void init_lock() { pthread_mutex_init(&g_lock, nullptr); }

/// A forked child must not find the lock held by a thread that it does not have.
void watch_fork() {
    static std::atomic<bool> done{false};
    if (!done.exchange(true)) pthread_atfork(nullptr, nullptr, init_lock);
}

Ref<Sink> current() noexcept {
    pthread_mutex_lock(&g_lock);
    Ref<Sink> sink(g_sink);
    pthread_mutex_unlock(&g_lock);
    return sink;
}

/// One line, whatever a peer sent.
String one_line(std::string_view text) {
    String line(text);
    for (char& c : line)
        if (static_cast<unsigned char>(c) < 32 || c == 127) c = ' ';
    return line;
}

}  // namespace

xh_status set_log(int32_t level, xh_log_fn fn, void* user_data, xh_destroy_fn destroy) {
    watch_fork();
    Ref<Sink> made;
    if (fn) {
        made = make_ref<Sink>();
        made->fn = fn;
        made->data = Foreign(user_data, destroy);
    }
    const bool kept = made.get() != nullptr;
    pthread_mutex_lock(&g_lock);
    Ref<Sink> old = Ref<Sink>::adopt(g_sink);
    g_sink = made.detach();
    g_level.store(kept ? level : XH_LOG_NONE, std::memory_order_relaxed);
    pthread_mutex_unlock(&g_lock);
    old.reset();
    if (!kept && destroy) destroy(user_data);  // taken, and of no use
    return XH_OK;
}

bool log_wanted(int32_t level) noexcept { return level <= g_level.load(std::memory_order_relaxed); }

void log(int32_t level, uint64_t id, const char* component, std::string_view text) noexcept {
    if (!log_wanted(level) || t_inside) return;
    t_inside = true;
    try {
        if (Ref<Sink> sink = current()) {
            String line = one_line(text);
            sink->fn(level, id, component, xh_str{line.data(), line.size()}, sink->data.data());
        }
    } catch (...) {  // a line without memory for it is lost
    }
    t_inside = false;
}

}  // namespace xh::base
