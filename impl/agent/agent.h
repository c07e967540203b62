#pragma once
// The pool: connections per origin, limits, the queue of those who wait (A01-A15). Gives out connections and takes them
// back; what runs on them it does not know.

#include <memory>

#include "agent/origin.h"
#include "agent/settings.h"

namespace xh::agent {

class Dial;

/// Whoever wants a connection. Loop thread only. Leaving (or dying) while waiting is always allowed.
class Waiter {
public:
    /// `times` of a connection just made; nullptr for a kept one.
    virtual void on_lease(base::Ref<PooledConn> conn, const net::ConnectTimes* times) = 0;
    /// An empty list is "out of memory". `times` nullptr when no connection was tried. `proxy_answer` is empty unless a proxy refused.
    virtual void on_lease_failed(base::ErrorList errors, const net::ConnectTimes* times,
                                 std::string_view proxy_answer) = 0;
    /// XH_PHASE_LOOKUP .. XH_PHASE_TLS as a connection is made for this waiter.
    virtual void on_lease_phase(int32_t phase) = 0;

protected:
    Waiter() noexcept;
    ~Waiter();

private:
    friend class Agent;
    friend class Dial;
    Agent* agent_ = nullptr;
    Origin* origin_ = nullptr;
    std::unique_ptr<Dial> dial_;
    Waiter* prev_ = nullptr;
    Waiter* next_ = nullptr;
    uint64_t ticket_ = 0;
    net::ConnectDeadlines deadlines_;
};

class Agent final : public base::Counted, private loop::Mail, private loop::Resident, private conn::ConnKeeper {
public:
    /// An agent that an application holds keeps its loop alive; the default agent of a loop belongs to it.
    static base::Ref<Agent> make(base::Ref<loop::Loop> loop);
    static base::Ref<Agent> make_default(loop::Loop& loop);

    // --- any thread ---
    Settings& settings() noexcept { return settings_; }
    const Settings& settings() const noexcept { return settings_; }
    Counters& counters() noexcept { return counters_; }
    const Counters& counters() const noexcept { return counters_; }
    loop::Loop& loop() const noexcept { return loop_; }
    uint64_t id() const noexcept { return id_; }
    /// A reference of the application; when the last is gone the free connections are closed.
    void hold() noexcept { holders_.fetch_add(1, std::memory_order_relaxed); }
    void unhold() noexcept;
    void destroy() noexcept {
        destroyed_.store(true, std::memory_order_release);
        loop_.post(*this, kDestroy);
    }
    bool destroyed() const noexcept { return destroyed_.load(std::memory_order_acquire); }
    /// After a change of the settings: those who wait may have room now (A12).
    void settings_changed() noexcept { loop_.post(*this, kSettings); }
    void close_free() noexcept { loop_.post(*this, kCloseFree); }
    /// One object that a layer above keeps with the agent (what its requests leave for later ones); it dies with the agent.
    base::Counted* attachment() const noexcept { return attachment_.load(std::memory_order_acquire); }
    /// Keeps `object`, or the one that another thread gave before. @return the one that is kept
    base::Counted* attach(base::Ref<base::Counted> object) noexcept;

    // --- the loop's thread ---
    /// A kept connection at once; or null, and the waiter hears later. `fresh`: no kept one.
    base::Ref<PooledConn> acquire(Waiter& waiter, const OriginKey& key, const net::ConnectDeadlines& deadlines,
                                  bool fresh);
    /// The waiter no longer wants one.
    void leave(Waiter& waiter) noexcept;
    /// Gives a connection back; it is kept only when `reusable` and the options allow.
    void give_back(PooledConn& conn, bool reusable);
    conn::ParserPool& parsers() noexcept { return parsers_; }

private:
    friend class Dial;
    friend class PooledConn;
    friend class Waiter;
    enum : uint32_t { kRelease = 1, kDestroy = 2, kCloseFree = 4, kSettings = 8 };

    Agent(loop::Loop& loop, base::Ref<loop::Loop> owned);
    ~Agent() override;

    void on_mail(uint32_t bits) override;
    void retain_for_mail() noexcept override { retain(); }
    void release_from_mail() noexcept override { release(); }
    void on_shutdown() override;
    void on_idle_end(conn::Http1Conn& conn) override;

    Origin& origin(const OriginKey& key);
    void forget_if_unused(Origin& origin) noexcept;
    base::Ref<PooledConn> take_idle(Origin& origin);
    bool fit_to_use(PooledConn& conn);
    bool room_for(const Origin& origin) const noexcept;
    bool make_room(const Origin& origin);
    void dial(Origin& origin, Waiter& waiter);
    void enqueue(Origin& origin, Waiter& waiter) noexcept;
    void dequeue(Waiter& waiter) noexcept;
    void serve_waiters(Origin* hint);
    void serve_all();
    bool dial_queued(Waiter& waiter) noexcept;
    void end_all();
    Waiter* oldest_with_room() noexcept;
    base::Ref<PooledConn> adopt(Origin& origin, std::unique_ptr<net::Transport> transport);
    void drop_idle(PooledConn& conn) noexcept;
    void close_idle_all() noexcept;
    void fail_waiters(xh_status status, std::string_view text);
    void park(Origin& origin, PooledConn& conn);
    void log_connection(std::string_view what, const PooledConn& conn) const noexcept;
    void grow_buckets();

    loop::Loop& loop_;
    base::Ref<loop::Loop> owned_loop_;
    Settings settings_;
    Counters counters_;
    std::atomic<uint32_t> holders_{0};
    std::atomic<bool> destroyed_{false};
    uint64_t id_;
    bool enlisted_ = false;
    uint64_t next_ticket_ = 1;
    std::size_t total_ = 0;  // connections busy, idle and being made
    conn::ParserPool parsers_;
    base::Vec<Origin*> buckets_;
    std::atomic<base::Counted*> attachment_{nullptr};
    std::size_t origin_count_ = 0;
    Origin* origins_ = nullptr;
};

}  // namespace xh::agent
