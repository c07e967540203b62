#pragma once
// A connection that an agent gave out or keeps.

#include "base/ref.h"
#include "conn/http1_conn.h"

namespace xh::agent {

class Origin;
class Agent;

class PooledConn final : public conn::Http1Conn {
public:
    PooledConn(loop::Loop& loop, conn::ParserPool& parsers, std::unique_ptr<net::Transport> transport, Origin& origin)
        : Http1Conn(loop, parsers, std::move(transport)), origin_(&origin), created_ns_(loop.turn_ns()) {
        idle_timer_.set(expire, this);
    }

    /// How many exchanges it has begun.
    uint32_t uses() const noexcept { return uses_; }
    /// What the server said in "Keep-Alive: timeout=": how long it keeps an idle connection. -1 when it did not.
    void set_keep_alive_hint(int64_t ms) noexcept { hint_ms_ = ms; }

private:
    friend class Agent;
    friend class Origin;
    static void expire(void* self);

    Origin* origin_;
    PooledConn* prev_ = nullptr;  // in the origin's list of busy or of idle connections
    PooledConn* next_ = nullptr;
    int64_t created_ns_;
    int64_t parked_ns_ = 0;
    int64_t hint_ms_ = -1;
    uint32_t uses_ = 0;
    bool idle_ = false;
    loop::Timer idle_timer_;
};

}  // namespace xh::agent
