// The pool: limits, order of those who wait, counters, and what is under way when it ends.

#include "agent/agent.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <string>
#include <vector>

#include "loop/registry.h"
#include "net_drive.h"
#include "xtest.h"

using namespace xh;
using agent::Agent;
using agent::PooledConn;
using loop::Loop;
using xtest::drive;

namespace {

/// Listens; the system accepts, nobody reads.
struct Listener {
    Listener() : fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_in name{};
        name.sin_family = AF_INET;
        name.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        ::bind(fd, reinterpret_cast<sockaddr*>(&name), sizeof name);
        ::listen(fd, 64);
        socklen_t size = sizeof name;
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&name), &size);
        port = ntohs(name.sin_port);
    }
    ~Listener() { close(); }
    void close() {
        if (fd >= 0) ::close(fd);
        fd = -1;
    }
    int fd;
    uint16_t port = 0;
};

base::Ref<const agent::Profile> plain() {
    net::ConnectPlan plan;
    plan.tls_fingerprint = plan.tls_options.fingerprint();
    return base::make_ref<agent::Profile>(std::move(plan), true);
}

int g_served = 0;

struct Want final : agent::Waiter, conn::ConnUser {
    Want(Agent& on, const agent::Profile& over, uint16_t port) : from(on), key{false, port, "127.0.0.1", &over} {}
    void ask(bool fresh = false) {
        conn = from.acquire(*this, key, {}, fresh);
        if (conn) begin();
    }
    void begin() {
        served = ++g_served;
        conn->begin(*this, proto::Role::Response, {}, 0);
    }
    void give(bool reusable) {
        base::Ref<PooledConn> back = std::move(conn);
        // As after a whole exchange: nothing was sent or received, so the connection is as good as before.
        back->end_exchange();
        from.give_back(*back, reusable);
    }
    void on_lease(base::Ref<PooledConn> lease, const net::ConnectTimes*) override {
        conn = std::move(lease);
        if (refuse) return give(false);
        begin();
    }
    void on_lease_failed(base::ErrorList list, const net::ConnectTimes*, std::string_view) override {
        status = list.empty() ? XH_E_NOMEM : list.front().status;
    }
    void on_lease_phase(int32_t) override {}
    proto::Verdict on_conn_head(const proto::Head&) override { return proto::Verdict::Go; }
    std::size_t on_conn_body(const char*, std::size_t n, proto::Verdict&) override { return n; }
    proto::Verdict on_conn_trailers(const proto::HeaderSpan*, uint32_t, const char*, uint32_t) override {
        return proto::Verdict::Go;
    }
    proto::Verdict on_conn_message_end() override { return proto::Verdict::Go; }
    void on_conn_sent(bool) override {}
    void on_conn_source_failed(base::Error) override {}
    void on_conn_failed(base::Error error) override {
        status = error.status;
        if (conn) give(false);
    }
    bool has() const { return static_cast<bool>(conn); }

    Agent& from;
    agent::OriginKey key;
    base::Ref<PooledConn> conn;
    xh_status status = XH_OK;
    int served = 0;
    bool refuse = false;
};

struct Pool {
    Pool() : loop(Loop::make()), agent(Agent::make(loop)), profile(plain()) {
        agent->hold();
        agent->settings().keep_alive = true;
    }
    ~Pool() {
        agent->unhold();
        loop->poll(0);
    }
    bool until(std::function<bool()> done) { return drive(*loop, std::move(done)); }
    int64_t sockets() { return agent->counters().sockets.load(); }
    int64_t idle() { return agent->counters().free_sockets.load(); }
    int64_t queued() { return agent->counters().queued.load(); }
    bool empty() { return sockets() == 0 && idle() == 0 && queued() == 0; }
    base::Ref<Loop> loop;
    base::Ref<Agent> agent;
    base::Ref<const agent::Profile> profile;
};

}  // namespace

XT_TEST(more_than_max_sockets_wait_in_the_order_in_which_they_came) {
    Listener peer;
    Pool pool;
    pool.agent->settings().max_sockets = 1;
    {
        Want a(*pool.agent, *pool.profile, peer.port), b(*pool.agent, *pool.profile, peer.port),
            c(*pool.agent, *pool.profile, peer.port);
        a.ask();
        b.ask();
        c.ask();
        XT_CHECK(pool.queued() == 2 && pool.sockets() == 1);
        XT_CHECK(pool.until([&] { return a.has(); }));
        XT_CHECK(!b.has() && !c.has());
        a.give(false);  // closed: the next one has a connection made
        XT_CHECK(pool.until([&] { return b.has(); }));
        XT_CHECK(!c.has() && pool.sockets() == 1);
        b.give(false);
        XT_CHECK(pool.until([&] { return c.has(); }));
        c.give(false);
    }
    XT_CHECK(pool.empty());
    XT_CHECK(pool.agent->counters().created.load() == 3);
}

XT_TEST(a_place_is_free_again_when_a_new_connection_is_given_back_at_once) {
    Listener peer;
    Pool pool;
    pool.agent->settings().max_sockets = 1;
    Want a(*pool.agent, *pool.profile, peer.port), b(*pool.agent, *pool.profile, peer.port);
    a.refuse = true;  // gives it back inside on_lease
    a.ask();
    b.ask();
    XT_CHECK(pool.until([&] { return b.has(); }));
    b.give(false);
    XT_CHECK(pool.empty());
}

XT_TEST(a_failed_connection_makes_place_for_the_next) {
    Listener gone;
    Pool pool;
    pool.agent->settings().max_sockets = 1;
    gone.close();
    Want a(*pool.agent, *pool.profile, gone.port), b(*pool.agent, *pool.profile, gone.port);
    a.ask();
    b.ask();
    XT_CHECK(pool.until([&] { return a.status && b.status; }));
    XT_CHECK(a.status == XH_E_CONNECTION_REFUSED && b.status == XH_E_CONNECTION_REFUSED);
    XT_CHECK(pool.empty());
}

XT_TEST(the_total_limit_is_shared_by_all_origins_first_come_first_served) {
    Listener one, two;
    Pool pool;
    pool.agent->settings().max_total_sockets = 1;
    Want a(*pool.agent, *pool.profile, one.port), b(*pool.agent, *pool.profile, two.port),
        c(*pool.agent, *pool.profile, one.port);
    a.ask();
    b.ask();
    c.ask();
    XT_CHECK(pool.until([&] { return a.has(); }));
    a.give(false);
    XT_CHECK(pool.until([&] { return b.has() || c.has(); }));
    XT_CHECK(b.has());
    b.give(false);
    XT_CHECK(pool.until([&] { return c.has(); }));
    c.give(false);
    XT_CHECK(pool.empty());
}

XT_TEST(a_waiter_that_leaves_gives_its_place_to_the_next) {
    Listener peer;
    Pool pool;
    pool.agent->settings().max_sockets = 1;
    Want c(*pool.agent, *pool.profile, peer.port);
    {
        Want a(*pool.agent, *pool.profile, peer.port), b(*pool.agent, *pool.profile, peer.port);
        a.ask();  // its connection is being made
        b.ask();
        c.ask();
        XT_CHECK(pool.queued() == 2);
    }  // both leave
    XT_CHECK(pool.queued() == 0 && pool.sockets() == 1);
    XT_CHECK(pool.until([&] { return c.has(); }));
    c.give(false);
    XT_CHECK(pool.empty());
}

XT_TEST(a_higher_limit_serves_those_who_wait) {
    Listener peer;
    Pool pool;
    pool.agent->settings().max_sockets = 1;
    Want a(*pool.agent, *pool.profile, peer.port), b(*pool.agent, *pool.profile, peer.port);
    a.ask();
    b.ask();
    XT_CHECK(pool.until([&] { return a.has(); }));
    XT_CHECK(!b.has());
    pool.agent->settings().max_sockets = 2;
    pool.agent->settings_changed();
    XT_CHECK(pool.until([&] { return b.has(); }));
    a.give(false);
    b.give(false);
    XT_CHECK(pool.empty());
}

XT_TEST(destroy_ends_what_waits_what_connects_and_what_runs) {
    Listener peer;
    Pool pool;
    pool.agent->settings().max_sockets = 2;
    Want runs(*pool.agent, *pool.profile, peer.port), connects(*pool.agent, *pool.profile, peer.port),
        waits(*pool.agent, *pool.profile, peer.port);
    runs.ask();
    XT_CHECK(pool.until([&] { return runs.has(); }));
    connects.ask();
    waits.ask();
    pool.agent->destroy();
    XT_CHECK(pool.until([&] { return runs.status && connects.status && waits.status; }));
    XT_CHECK(runs.status == XH_E_CONNECTION_RESET);
    XT_CHECK(connects.status == XH_E_CONNECTION_RESET);
    XT_CHECK(waits.status == XH_E_AGENT_DESTROYED);
    XT_CHECK(pool.empty());
}

XT_TEST(an_eviction_does_not_end_the_watch_over_an_agent) {
    Pool pool;
    Listener peer;
    for (int i = 0; i < 2; ++i) {
        Want a(*pool.agent, *pool.profile, peer.port);
        a.ask();
        XT_CHECK(pool.until([&] { return a.has(); }));
        XT_CHECK(!pool.loop->idle());
        a.give(false);
        pool.loop->evict_all();
        XT_CHECK(pool.loop->idle());
    }
}

XT_TEST(an_agent_that_is_the_last_to_hold_its_loop_takes_it_along) {
    const std::size_t before = loop::registry::all().size();
    {
        Listener peer;
        base::Ref<Loop> loop = Loop::make();
        base::Ref<Agent> agent = Agent::make(loop);
        base::Ref<const agent::Profile> profile = plain();
        {
            Want a(*agent, *profile, peer.port);
            a.ask();
            XT_CHECK(drive(*loop, [&] { return a.has(); }));
            a.give(false);
        }
        loop.reset();
        agent.reset();  // the agent was enlisted on the loop that goes with it
    }
    XT_CHECK(loop::registry::all().size() == before);
}

XT_MAIN("agent")
