#pragma once
// The connections and the waiting requests of one origin and profile.

#include "agent/pooled_conn.h"
#include "agent/profile.h"

namespace xh::agent {

class Dial;
class Waiter;

class Origin final : public base::Allocated {
public:
    Origin(const OriginKey& key, uint64_t hash);
    bool matches(const OriginKey& key, uint64_t hash) const noexcept;

    /// An intrusive list of connections; the oldest is first.
    struct List {
        PooledConn* first = nullptr;
        PooledConn* last = nullptr;
        std::size_t size = 0;
        void append(PooledConn& conn) noexcept;
        void remove(PooledConn& conn) noexcept;
    };

    bool unused() const noexcept { return busy.size == 0 && idle.size == 0 && dialing == 0 && !first_waiter; }

    net::ConnectPlan plan;
    base::Ref<const Profile> profile;
    uint64_t hash;
    List busy;
    List idle;
    std::size_t dialing = 0;
    Dial* first_dial = nullptr;
    Waiter* first_waiter = nullptr;
    Waiter* last_waiter = nullptr;
    Origin* chain = nullptr;  // next in the agent's bucket
    Origin* prev = nullptr;   // in the agent's list of all origins
    Origin* next = nullptr;
};

}  // namespace xh::agent
