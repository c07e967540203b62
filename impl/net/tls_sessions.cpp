#include "net/tls_sessions.h"

#include <pthread.h>
#include <time.h>

#include <functional>
#include <string_view>
#include <unordered_map>

#include "base/lock.h"
#include "base/per_process.h"

namespace xh::net::tls_sessions {

namespace {

constexpr std::size_t kMaxKeys = 256;
constexpr int kPerKey = 16;

struct Entry {
    OpensslPtr<SSL_SESSION> sessions[kPerKey];  // the newest last
    int count = 0;
    uint64_t used = 0;
};

struct KeyHash {
    std::size_t operator()(const base::String& key) const noexcept {
        return std::hash<std::string_view>()(std::string_view(key));
    }
};

using Table = std::unordered_map<base::String, Entry, KeyHash, std::equal_to<base::String>,
                                 base::Alloc<std::pair<const base::String, Entry>>>;

struct State {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    Table table;
    uint64_t clock = 0;
};

base::PerProcess<State> g_state;

bool usable(const SSL_SESSION* session) noexcept {
    // The lifetime is a matter of dates between two machines, hence the wall clock.
    return SSL_SESSION_is_resumable(session) &&
           static_cast<long>(::time(nullptr)) - SSL_SESSION_get_time(session) < SSL_SESSION_get_timeout(session);
}

void make_room(Table& table) noexcept {
    if (table.size() < kMaxKeys) return;
    auto oldest = table.begin();
    for (auto at = table.begin(); at != table.end(); ++at)
        if (at->second.used < oldest->second.used) oldest = at;
    table.erase(oldest);
}

}  // namespace

void put(const base::String& key, OpensslPtr<SSL_SESSION> session) noexcept {
    try {
        State& state = g_state.get();
        base::Lock lock(state.mutex);
        auto at = state.table.find(key);
        if (at == state.table.end()) {
            make_room(state.table);
            at = state.table.try_emplace(key).first;
        }
        Entry& entry = at->second;
        entry.used = ++state.clock;
        if (entry.count == kPerKey) {
            for (int i = 1; i < kPerKey; ++i) entry.sessions[i - 1] = std::move(entry.sessions[i]);
            --entry.count;
        }
        entry.sessions[entry.count++] = std::move(session);
    } catch (const std::bad_alloc&) {  // the next connection makes a full handshake
    }
}

OpensslPtr<SSL_SESSION> take(const base::String& key) noexcept {
    State* state = g_state.find();
    if (!state) return nullptr;
    base::Lock lock(state->mutex);
    auto at = state->table.find(key);
    if (at == state->table.end()) return nullptr;
    Entry& entry = at->second;
    entry.used = ++state->clock;
    while (entry.count > 0) {
        OpensslPtr<SSL_SESSION>& newest = entry.sessions[entry.count - 1];
        if (usable(newest.get())) {
            if (SSL_SESSION_get_protocol_version(newest.get()) >= TLS1_3_VERSION) {
                --entry.count;
                return std::move(newest);
            }
            SSL_SESSION_up_ref(newest.get());
            return OpensslPtr<SSL_SESSION>(newest.get());
        }
        newest.reset();
        --entry.count;
    }
    return nullptr;
}

void clear() noexcept {
    State* state = g_state.find();
    if (!state) return;
    base::Lock lock(state->mutex);
    state->table.clear();
}

}  // namespace xh::net::tls_sessions
