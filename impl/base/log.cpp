#include "base/log.h"

#include <pthread.h>

#include <atomic>

#include "base/alloc.h"
#include "base/foreign.h"

namespace xh::base {

namespace {

struct Sink : Allocated {
    xh_log_fn fn;
    Foreign data;
};

std::atomic<int32_t> g_level{XH_LOG_NONE};
// Readers run at once; only replacing waits.
pthread_rwlock_t g_lock = PTHREAD_RWLOCK_INITIALIZER;
Sink* g_sink = nullptr;
thread_local bool t_inside = false;

}  // namespace

xh_status set_log(int32_t level, xh_log_fn fn, void* user_data, xh_destroy_fn destroy) {
    if (t_inside) return XH_E_WOULD_DEADLOCK;
    Sink* made = nullptr;
    if (fn && level > XH_LOG_NONE) {
        made = new Sink;
        made->fn = fn;
        made->data = Foreign(user_data, destroy);
    }
    pthread_rwlock_wrlock(&g_lock);
    Sink* old = g_sink;
    g_sink = made;
    g_level.store(made ? level : XH_LOG_NONE, std::memory_order_relaxed);
    pthread_rwlock_unlock(&g_lock);
    delete old;
    if (!made && destroy) destroy(user_data);  // taken, and of no use
    return XH_OK;
}

bool log_wanted(int32_t level) noexcept { return level <= g_level.load(std::memory_order_relaxed); }

void log(int32_t level, uint64_t id, const char* component, std::string_view text) noexcept {
    if (!log_wanted(level) || t_inside) return;
    pthread_rwlock_rdlock(&g_lock);
    if (g_sink && log_wanted(level)) {
        t_inside = true;
        g_sink->fn(level, id, component, xh_str{text.data(), text.size()}, g_sink->data.data());
        t_inside = false;
    }
    pthread_rwlock_unlock(&g_lock);
}

}  // namespace xh::base
