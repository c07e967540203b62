#include "agent/agent.h"

#include "agent/dial.h"
#include "base/process.h"

namespace xh::agent {

Waiter::Waiter() noexcept = default;

Waiter::~Waiter() {
    if (origin_) agent_->leave(*this);
}

base::Ref<Agent> Agent::make(base::Ref<loop::Loop> loop) {
    loop::Loop& on = *loop;
    return base::Ref<Agent>::adopt(new Agent(on, std::move(loop)));
}

base::Ref<Agent> Agent::make_default(loop::Loop& loop) {
    base::Ref<Agent> agent = base::Ref<Agent>::adopt(new Agent(loop, {}));
    agent->settings_.keep_alive = true;
    agent->settings_.timeout_ms = 5000;
    return agent;
}

Agent::Agent(loop::Loop& loop, base::Ref<loop::Loop> owned)
    : loop_(loop), owned_loop_(std::move(owned)), id_(base::next_id()) {
    buckets_.resize(16);
}

Agent::~Agent() {
    Resident::leave();  // before the loop may go with its last reference
    close_idle_all();
    if (base::Counted* attachment = attachment_.load(std::memory_order_acquire)) attachment->release();
    while (Origin* origin = origins_) {
        origins_ = origin->next;
        delete origin;
    }
}

base::Counted* Agent::attach(base::Ref<base::Counted> object) noexcept {
    base::Counted* there = nullptr;
    if (!attachment_.compare_exchange_strong(there, object.get(), std::memory_order_acq_rel)) return there;
    return object.detach();
}

void Agent::unhold() noexcept {
    // What a loop kept that was shut down is closed already, and nobody would fetch the message.
    if (holders_.fetch_sub(1, std::memory_order_acq_rel) == 1 && loop_.usable()) loop_.post(*this, kRelease);
}

namespace {

base::Error hang_up(int32_t phase) noexcept {
    try {
        return base::Error(XH_E_CONNECTION_RESET, base::component::kAgent, phase,
                           "socket hang up: the agent was destroyed");
    } catch (const std::bad_alloc&) {
        return base::Error(XH_E_CONNECTION_RESET, base::component::kAgent, phase, "socket hang up");
    }
}

}  // namespace

void Agent::end_all() {
    fail_waiters(XH_E_AGENT_DESTROYED, "the agent was destroyed while the request waited for a connection");
    close_idle_all();
    for (Origin* origin = origins_; origin;) {
        if (Dial* dial = origin->first_dial) {
            base::ErrorList errors;
            try {
                errors.push_back(hang_up(dial->phase()));
            } catch (const std::bad_alloc&) {  // an empty list says so
            }
            dial->finish(std::move(errors));
        } else if (PooledConn* conn = origin->busy.first) {
            base::Ref<PooledConn> alive(conn);
            conn->abort(hang_up(XH_PHASE_NONE));
            if (origin->busy.first == conn) give_back(*conn, false);
        } else {
            origin = origin->next;
            continue;
        }
        origin = origins_;
    }
}

void Agent::on_mail(uint32_t bits) {
    if (bits & kDestroy) end_all();
    if (bits & kSettings) serve_all();
    if ((bits & kCloseFree) || ((bits & kRelease) && holders_.load(std::memory_order_acquire) == 0)) close_idle_all();
}

void Agent::on_shutdown() {
    enlisted_ = false;
    close_idle_all();
}

// --- origins ---

Origin& Agent::origin(const OriginKey& key) {
    uint64_t hash = key.hash();
    for (Origin* at = buckets_[hash & (buckets_.size() - 1)]; at; at = at->chain)
        if (at->matches(key, hash)) return *at;
    if (origin_count_ >= buckets_.size() * 2) grow_buckets();
    auto* made = new Origin(key, hash);
    Origin*& bucket = buckets_[hash & (buckets_.size() - 1)];
    made->chain = bucket;
    bucket = made;
    made->next = origins_;
    if (origins_) origins_->prev = made;
    origins_ = made;
    ++origin_count_;
    return *made;
}

void Agent::grow_buckets() {
    base::Vec<Origin*> wider(buckets_.size() * 4, nullptr);
    for (Origin* at = origins_; at; at = at->next) {
        Origin*& bucket = wider[at->hash & (wider.size() - 1)];
        at->chain = bucket;
        bucket = at;
    }
    buckets_ = std::move(wider);
}

void Agent::forget_if_unused(Origin& origin) noexcept {
    // A few empty ones stay: a request without keep-alive would make and free its origin each time.
    constexpr std::size_t kKeptEmpty = 64;
    if (!origin.unused() || origin_count_ <= kKeptEmpty) return;
    Origin** link = &buckets_[origin.hash & (buckets_.size() - 1)];
    while (*link != &origin) link = &(*link)->chain;
    *link = origin.chain;
    (origin.prev ? origin.prev->next : origins_) = origin.next;
    if (origin.next) origin.next->prev = origin.prev;
    --origin_count_;
    delete &origin;
}

// --- giving out ---

base::Ref<PooledConn> Agent::acquire(Waiter& waiter, const OriginKey& key, const net::ConnectDeadlines& deadlines,
                                     bool fresh) {
    if (!enlisted_) {
        loop_.enlist(*this);
        enlisted_ = true;
    }
    Origin& to = origin(key);
    if (!fresh && to.profile->poolable()) {
        if (base::Ref<PooledConn> conn = take_idle(to)) return conn;
    }
    waiter.agent_ = this;
    waiter.origin_ = &to;
    waiter.deadlines_ = deadlines;
    waiter.ticket_ = next_ticket_++;
    if (!to.first_waiter && make_room(to))
        dial(to, waiter);
    else
        enqueue(to, waiter);
    return {};
}

base::Ref<PooledConn> Agent::take_idle(Origin& origin) {
    bool fifo = settings_.fifo.load(std::memory_order_relaxed);
    while (PooledConn* conn = fifo ? origin.idle.first : origin.idle.last) {
        if (!fit_to_use(*conn)) {
            drop_idle(*conn);
            continue;
        }
        origin.idle.remove(*conn);
        origin.busy.append(*conn);
        conn->idle_ = false;
        conn->idle_timer_.disarm();
        ++conn->uses_;
        bump(counters_.free_sockets, -1);
        bump(counters_.sockets, 1);
        bump(counters_.reused, 1);
        log_connection("uses again the connection to", *conn);
        return base::Ref<PooledConn>(conn);
    }
    return {};
}

bool Agent::fit_to_use(PooledConn& conn) {
    // What happened since the loop last asked the system is not known: a loop of the caller may not have been driven for
    // long. Only then is a look at the socket worth its system call.
    constexpr int64_t kRecent = 5 * base::kNsPerMs;
    int64_t now = loop_.turn_ns();
    int64_t age_ms = settings_.max_age_ms.load(std::memory_order_relaxed);
    if (age_ms >= 0 && now - conn.created_ns_ > age_ms * base::kNsPerMs) return false;
    if (conn.closed() || conn.has_surplus()) return false;
    if (conn.unread()) return conn.peek_alive();
    if (conn.last_io_ns() >= loop_.last_poll_ns()) return true;  // used in this very turn
    int64_t unseen = base::monotonic_ns() - loop_.last_poll_ns();
    return unseen < kRecent || conn.peek_alive();
}

bool Agent::room_for(const Origin& origin) const noexcept {
    int64_t most = settings_.max_sockets.load(std::memory_order_relaxed);
    return most < 0 || static_cast<int64_t>(origin.busy.size + origin.dialing) < most;
}

bool Agent::make_room(const Origin& origin) {
    if (!room_for(origin)) return false;
    int64_t most = settings_.max_total_sockets.load(std::memory_order_relaxed);
    while (most >= 0 && static_cast<int64_t>(total_) >= most) {
        // A connection that nobody uses gives way to a request that waits, whatever its origin.
        PooledConn* oldest = nullptr;
        for (Origin* at = origins_; at; at = at->next)
            if (at->idle.first && (!oldest || at->idle.first->parked_ns_ < oldest->parked_ns_)) oldest = at->idle.first;
        if (!oldest) return false;
        drop_idle(*oldest);
    }
    return true;
}

void Agent::dial(Origin& origin, Waiter& waiter) {
    waiter.agent_ = this;
    waiter.origin_ = &origin;
    try {
        waiter.dial_ = std::make_unique<Dial>(*this, origin, waiter);
    } catch (const std::bad_alloc&) {
        waiter.origin_ = nullptr;  // it neither waits nor has a connection made for it
        throw;
    }
    waiter.dial_->start();
}

base::Ref<PooledConn> Agent::adopt(Origin& origin, std::unique_ptr<net::Transport> transport) {
    auto conn = base::make_ref<PooledConn>(loop_, parsers_, std::move(transport), origin);
    conn->retain();  // the list's
    origin.busy.append(*conn);
    ++conn->uses_;
    ++total_;
    bump(counters_.sockets, 1);
    bump(counters_.created, 1);
    log_connection("made a connection to", *conn);
    return conn;
}

// --- waiting ---

void Agent::enqueue(Origin& origin, Waiter& waiter) noexcept {
    waiter.prev_ = origin.last_waiter;
    waiter.next_ = nullptr;
    (origin.last_waiter ? origin.last_waiter->next_ : origin.first_waiter) = &waiter;
    origin.last_waiter = &waiter;
    bump(counters_.queued, 1);
}

void Agent::dequeue(Waiter& waiter) noexcept {
    Origin& origin = *waiter.origin_;
    (waiter.prev_ ? waiter.prev_->next_ : origin.first_waiter) = waiter.next_;
    (waiter.next_ ? waiter.next_->prev_ : origin.last_waiter) = waiter.prev_;
    waiter.prev_ = waiter.next_ = nullptr;
    bump(counters_.queued, -1);
}

void Agent::leave(Waiter& waiter) noexcept {
    Origin* origin = waiter.origin_;
    waiter.agent_ = nullptr;
    if (!origin) return;
    waiter.origin_ = nullptr;
    if (waiter.dial_) {
        waiter.dial_.reset();
        serve_waiters(origin);
        return;
    }
    waiter.origin_ = origin;
    dequeue(waiter);
    waiter.origin_ = nullptr;
    forget_if_unused(*origin);
}

Waiter* Agent::oldest_with_room() noexcept {
    Waiter* oldest = nullptr;
    for (Origin* at = origins_; at; at = at->next)
        if (at->first_waiter && room_for(*at) && (!oldest || at->first_waiter->ticket_ < oldest->ticket_))
            oldest = at->first_waiter;
    return oldest;
}

void Agent::serve_waiters(Origin* hint) {
    bool total_limited = settings_.max_total_sockets.load(std::memory_order_relaxed) >= 0;
    for (;;) {
        // First come, first served over all origins; without a limit over all only the origin where a place came free can
        // have waiters that may start.
        Waiter* waiter = total_limited ? oldest_with_room() : hint && room_for(*hint) ? hint->first_waiter : nullptr;
        if (!waiter || !make_room(*waiter->origin_)) break;
        if (!dial_queued(*waiter)) return;
    }
    if (hint) forget_if_unused(*hint);
}

void Agent::serve_all() {
    for (;;) {
        Waiter* waiter = oldest_with_room();
        if (!waiter || !make_room(*waiter->origin_) || !dial_queued(*waiter)) return;
    }
}

/// False when memory was out: the waiter was told, which may have changed everything. The others are looked at anew.
bool Agent::dial_queued(Waiter& waiter) noexcept {
    Origin& origin = *waiter.origin_;
    dequeue(waiter);
    try {
        dial(origin, waiter);
        return true;
    } catch (const std::bad_alloc&) {
        loop_.post(*this, kSettings);
        waiter.on_lease_failed({}, nullptr, {});
        return false;
    }
}

void Agent::fail_waiters(xh_status status, std::string_view text) {
    for (Origin* at = origins_; at;) {
        Waiter* waiter = at->first_waiter;
        if (!waiter) {
            at = at->next;
            continue;
        }
        dequeue(*waiter);
        waiter->origin_ = nullptr;
        base::ErrorList errors;
        try {
            errors.emplace_back(status, base::component::kAgent, XH_PHASE_QUEUE, text);
        } catch (const std::bad_alloc&) {  // an empty list says so
        }
        waiter->on_lease_failed(std::move(errors), nullptr, {});
        at = origins_;
    }
}

// --- taking back ---

void Agent::give_back(PooledConn& conn, bool reusable) {
    base::Ref<PooledConn> alive = base::Ref<PooledConn>::adopt(&conn);  // the list's
    Origin& origin = *conn.origin_;
    origin.busy.remove(conn);
    bump(counters_.sockets, -1);
    int64_t age_ms = settings_.max_age_ms.load(std::memory_order_relaxed);
    reusable = reusable && !conn.closed() && !conn.has_surplus() && origin.profile->poolable() && settings_.reuses() &&
               (age_ms < 0 || loop_.turn_ns() - conn.created_ns_ <= age_ms * base::kNsPerMs);
    if (reusable) {
        if (Waiter* waiter = origin.first_waiter) {
            dequeue(*waiter);
            waiter->origin_ = nullptr;
            origin.busy.append(conn);
            conn.retain();
            ++conn.uses_;
            bump(counters_.sockets, 1);
            bump(counters_.reused, 1);
            log_connection("passes on the connection to", conn);
            waiter->on_lease(std::move(alive), nullptr);
            return;
        }
        int64_t most = settings_.max_free_sockets.load(std::memory_order_relaxed);
        bool wanted = settings_.keep_alive.load(std::memory_order_relaxed) &&
                      (holders_.load(std::memory_order_relaxed) > 0 || !owned_loop_);
        if (wanted && (most < 0 || static_cast<int64_t>(origin.idle.size) < most)) {
            park(origin, conn);
            conn.retain();
            serve_waiters(nullptr);
            return;
        }
    }
    log_connection("closes the connection to", conn);
    conn.take_leave();
    --total_;
    serve_waiters(&origin);
}

void Agent::park(Origin& origin, PooledConn& conn) {
    int64_t now = loop_.turn_ns();
    int64_t keep_ms = settings_.timeout_ms.load(std::memory_order_relaxed);
    if (conn.hint_ms_ >= 0) {
        // The server closes at its time; a request sent in that very moment would be lost.
        constexpr int64_t kMarginMs = 1000;
        int64_t hint = conn.hint_ms_ > kMarginMs ? conn.hint_ms_ - kMarginMs : 0;
        if (keep_ms < 0 || hint < keep_ms) keep_ms = hint;
    }
    origin.idle.append(conn);
    conn.idle_ = true;
    conn.parked_ns_ = now;
    loop_.arm(conn.idle_timer_, base::deadline_after(now, keep_ms));
    bump(counters_.free_sockets, 1);
    conn.Http1Conn::park(*this);
}

void PooledConn::expire(void* self) {
    auto* conn = static_cast<PooledConn*>(self);
    if (conn->idle_) conn->keeper()->on_idle_end(*conn);
}

void Agent::on_idle_end(conn::Http1Conn& conn) {
    auto& pooled = static_cast<PooledConn&>(conn);
    Origin* origin = pooled.origin_;
    drop_idle(pooled);
    serve_waiters(origin);
}

void Agent::drop_idle(PooledConn& conn) noexcept {
    base::Ref<PooledConn> last = base::Ref<PooledConn>::adopt(&conn);
    conn.origin_->idle.remove(conn);
    conn.idle_ = false;
    conn.idle_timer_.disarm();
    log_connection("closes the idle connection to", conn);
    conn.take_leave();
    --total_;
    bump(counters_.free_sockets, -1);
}

void Agent::close_idle_all() noexcept {
    for (Origin* at = origins_; at; at = at->next)
        while (at->idle.first) drop_idle(*at->idle.first);
    parsers_.clear();
}

}  // namespace xh::agent
