// One connection attempt: look-up, race of addresses, proxies, deadlines, and what each failure tells.

#include "net/connector.h"

#include <netdb.h>

#include <condition_variable>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "loop/resolver.h"
#include "net/race.h"
#include "net_drive.h"
#include "xh/options.h"
#include "xtest.h"

#include "peers.h"

using namespace xh;
using loop::Address;
using loop::Loop;
using net::IoState;
using net::ProxyKind;
using xtest::Attempt;
using xtest::drive;

namespace {

const std::string kGetAndClose = "GET /text HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";

/// Answers every name with the addresses given; "hang" waits until the test ends.
class FakeDns {
public:
    explicit FakeDns(std::vector<const char*> addresses) : addresses_(std::move(addresses)) {
        loop::resolver::set_lookup_function(answer, this);
    }
    ~FakeDns() {
        {
            std::lock_guard<std::mutex> lock(mutex_);
            released_ = true;
        }
        changed_.notify_all();
        loop::resolver::set_lookup_function(nullptr, nullptr);
        loop::BlockingPool::stop_idle(base::kNever);
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return running_ == 0; });
    }
    int asked() {
        std::lock_guard<std::mutex> lock(mutex_);
        return asked_;
    }

private:
    static int answer(const char* host, int, base::Vec<Address>& out, void* ctx) {
        auto* self = static_cast<FakeDns*>(ctx);
        std::unique_lock<std::mutex> lock(self->mutex_);
        ++self->asked_;
        ++self->running_;
        if (std::string(host) == "hang") self->changed_.wait(lock, [self] { return self->released_; });
        for (const char* text : self->addresses_) {
            Address address;
            if (Address::parse(text, 0, address)) out.push_back(address);
        }
        --self->running_;
        self->changed_.notify_all();
        return std::string(host) == "missing" ? EAI_NONAME : 0;
    }
    std::vector<const char*> addresses_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool released_ = false;
    int asked_ = 0;
    int running_ = 0;
};

struct To final : Attempt {
    To(Loop& l, const char* host, int port) : Attempt(l) {
        plan.host = host;
        plan.port = static_cast<uint16_t>(port);
    }
    void through(ProxyKind kind, int port, const char* host = "localhost") {
        plan.proxy.kind = kind;
        plan.proxy.host = host;
        plan.proxy.port = static_cast<uint16_t>(port);
        plan.tunnel = true;
    }
    void log_in(const char* user, const char* password, int32_t method) {
        plan.proxy.user = user;
        plan.proxy.password = password;
        plan.proxy.auth_method = method;
    }
    void trust() {
        plan.tls_options.system_store = false;
        plan.tls_options.ca_file = cert_file("ca.pem");
    }
    /// What comes back for a request over the connection.
    std::string fetch() {
        if (!talker.get()) return "";
        talker.send(kGetAndClose);
        talker.receive("");
        return talker.got;
    }
};

bool has(const std::string& text, const char* part) { return text.find(part) != std::string::npos; }
int nginx_port(const char* name) { return peer_port(peer_nginx(), name); }

}  // namespace

XT_TEST(a_direct_connection_reports_its_phases_and_never_ends_inside_start) {
    auto l = Loop::make();
    script_peer* peer = script_start("read 2; send-last");
    To attempt(*l, "127.0.0.1", script_port(peer));
    XT_REQUIRE(attempt.run());
    XT_CHECK(!attempt.ended_in_start);
    XT_CHECK_STR(attempt.phases, "23");
    const net::ConnectTimes& times = attempt.connector->times();
    XT_CHECK(times.start >= 0 && times.lookup_end >= times.start && times.connect_end >= times.lookup_end);
    XT_CHECK_EQ(times.tls_end, -1);
    XT_CHECK(attempt.talker.send("ab"));
    XT_CHECK(attempt.talker.receive("") == IoState::Eof);
    script_stop(peer);
}

XT_TEST(a_failure_at_once_is_not_told_inside_start) {
    auto l = Loop::make();
    To attempt(*l, "127.0.0.1", 1);
    attempt.plan.family = AF_INET6;
    XT_CHECK(!attempt.run());
    XT_CHECK(!attempt.ended_in_start);
    XT_CHECK_EQ(attempt.status(), XH_E_DNS_NO_ADDRESS);
    XT_CHECK_EQ(attempt.ended, 1);
}

XT_TEST(a_unix_socket_is_connected_and_a_missing_one_named) {
    auto l = Loop::make();
    To attempt(*l, "localhost", 80);
    attempt.plan.unix_path = peer_file(peer_nginx(), "http.sock");
    XT_REQUIRE(attempt.run());
    XT_CHECK(has(attempt.fetch(), "hello from nginx"));
    To missing(*l, "localhost", 80);
    missing.plan.unix_path = "/nowhere/socket";
    XT_CHECK(!missing.run());
    XT_CHECK_EQ(missing.status(), XH_E_SOCKET_PATH);
}

XT_TEST(families_take_turns_starting_with_the_systems_choice) {
    base::Vec<Address> in;
    for (const char* text : {"10.0.0.1", "10.0.0.2", "::1", "10.0.0.3", "::2"}) {
        Address address;
        Address::parse(text, 0, address);
        in.push_back(address);
    }
    const base::Vec<Address> out = net::Race::interleave(in, 443);
    std::string order;
    for (const Address& address : out) order += std::string(address.text().c_str()) + " ";
    XT_CHECK_STR(order, "10.0.0.1:443 [::1]:443 10.0.0.2:443 [::2]:443 10.0.0.3:443 ");
}

XT_TEST(the_next_address_is_tried_when_one_refuses) {
    FakeDns dns({"127.0.0.2", "127.0.0.3", "127.0.0.1"});
    auto l = Loop::make();
    script_peer* peer = script_start("wait-close");  // listens on 127.0.0.1 only
    To attempt(*l, "many", script_port(peer));
    XT_CHECK(attempt.run());
    if (attempt.talker.get())
        XT_CHECK_STR(attempt.talker->remote_address(), "127.0.0.1:" + std::to_string(script_port(peer)));
    attempt.talker.close();
    script_stop(peer);
}

XT_TEST(every_attempt_stands_in_the_error_with_its_address) {
    FakeDns dns({"127.0.0.2", "127.0.0.3"});
    auto l = Loop::make();
    const int port = refused_port();
    To attempt(*l, "many", port);
    XT_CHECK(!attempt.run());
    XT_REQUIRE(attempt.errors.size() == 3);
    const std::string suffix = ":" + std::to_string(port);
    XT_CHECK_STR(attempt.errors[0].peer, "many" + suffix);
    XT_CHECK_STR(attempt.errors[1].peer, "127.0.0.2" + suffix);
    XT_CHECK_STR(attempt.errors[2].peer, "127.0.0.3" + suffix);
    for (const base::Error& error : attempt.errors) XT_CHECK_EQ(error.status, XH_E_CONNECTION_REFUSED);
    XT_CHECK(attempt.message_has("is the server running"));
}

XT_TEST(a_pending_attempt_is_not_given_up_because_another_started) {
    FakeDns dns({"127.0.0.1", "127.0.0.2"});
    auto l = Loop::make();
    To silent(*l, "many", deaf_port());
    silent.deadlines.connect_ms = 1500;  // much longer than the delay between two attempts
    XT_CHECK(!silent.run());
    XT_CHECK_EQ(silent.status(), XH_E_TIMEOUT_CONNECT);
    XT_REQUIRE(silent.errors.size() == 3);
    XT_CHECK_EQ(silent.errors[1].status, XH_E_TIMEOUT_CONNECT);  // never given up for the second
    XT_CHECK_EQ(silent.errors[2].status, XH_E_CONNECTION_REFUSED);
}

XT_TEST(the_error_names_the_deadline_that_fired) {
    FakeDns dns({"127.0.0.1"});
    auto l = Loop::make();
    To lookup(*l, "hang", 80);
    lookup.deadlines.lookup_ms = 20;
    XT_CHECK(!lookup.run());
    XT_CHECK_EQ(lookup.status(), XH_E_TIMEOUT_LOOKUP);
    XT_CHECK_EQ(lookup.errors[0].phase, static_cast<int32_t>(XH_PHASE_LOOKUP));
    To connect(*l, "127.0.0.1", deaf_port());
    connect.deadlines.connect_ms = 20;
    XT_CHECK(!connect.run());
    XT_CHECK_EQ(connect.status(), XH_E_TIMEOUT_CONNECT);
    script_peer* peer = script_start("stall");
    To tls(*l, "127.0.0.1", script_port(peer));
    tls.plan.tls = true;
    tls.trust();
    tls.deadlines.tls_ms = 20;
    XT_CHECK(!tls.run());
    XT_CHECK_EQ(tls.status(), XH_E_TIMEOUT_TLS);
    script_stop(peer);
}

XT_TEST(an_attempt_can_be_abandoned_in_every_phase) {
    FakeDns dns({"127.0.0.1"});
    auto l = Loop::make();
    const int64_t sockets = base::g_live[XH_LIVE_SOCKETS];
    auto turn = [&] {
        for (int i = 0; i < 3; ++i) l->poll(1);
    };
    {
        To a(*l, "hang", 80);
        a.start();
        turn();
    }
    {
        To a(*l, "127.0.0.1", deaf_port());
        a.start();
        turn();
    }
    script_peer* peer = script_start("loop; stall");
    {
        To a(*l, "127.0.0.1", script_port(peer));
        a.plan.tls = true;
        a.trust();
        a.start();
        drive(*l, [&] { return a.saw_phase(XH_PHASE_TLS); });
        turn();
    }
    for (ProxyKind kind : {ProxyKind::Http, ProxyKind::Https, ProxyKind::Socks5}) {
        To a(*l, "target.test", 443);
        a.through(kind, script_port(peer), "127.0.0.1");
        a.plan.tls = true;
        a.trust();
        a.start();
        drive(*l, [&] { return a.saw_phase(XH_PHASE_PROXY); });
        turn();
    }
    turn();
    XT_CHECK_EQ(base::g_live[XH_LIVE_SOCKETS].load(), sockets);
    script_stop(peer);
}

XT_TEST(a_missing_host_is_told_by_name) {
    FakeDns dns({});
    auto l = Loop::make();
    To attempt(*l, "missing", 80);
    XT_CHECK(!attempt.run());
    XT_CHECK_EQ(attempt.status(), XH_E_HOST_NOT_FOUND);
    XT_CHECK(attempt.message_has("\"missing\""));
    XT_CHECK_STR(attempt.errors[0].peer, "missing:80");
}

XT_TEST(a_local_address_must_be_numeric_and_of_the_hosts_family) {
    FakeDns dns({"127.0.0.1"});
    auto l = Loop::make();
    To name(*l, "host", 80);
    name.plan.local_address = "localhost";
    XT_CHECK(!name.run());
    XT_CHECK_EQ(name.status(), XH_E_ADDRESS_NOT_AVAILABLE);
    To family(*l, "host", 80);
    family.plan.local_address = "::1";
    XT_CHECK(!family.run());
    XT_CHECK_EQ(family.status(), XH_E_ADDRESS_NOT_AVAILABLE);
    script_peer* peer = script_start("wait-close");
    To good(*l, "host", script_port(peer));
    good.plan.local_address = "127.0.0.9";
    XT_REQUIRE(good.run());
    XT_CHECK(std::string(good.talker->local_address()).rfind("127.0.0.9:", 0) == 0);
    good.talker.close();
    script_stop(peer);
}

// --- http proxies ----------------------------------------------------------------------------------------------------

XT_TEST(a_tunnel_names_the_host_and_asks_no_name_server_for_it) {
    FakeDns dns({"127.0.0.1"});
    auto l = Loop::make();
    script_peer* peer = script_start(
        "read-head; send 'HTTP/1.1 200 Connection established\\r\\n\\r\\n'; read 4; send-last; wait-close");
    To attempt(*l, "secret-host.test", 443);
    attempt.through(ProxyKind::Http, script_port(peer), "127.0.0.1");
    XT_REQUIRE(attempt.run());
    XT_CHECK(attempt.talker.send("ping"));
    XT_CHECK(attempt.talker.receive("ping") == IoState::Ok);
    const std::string sent = script_received(peer, 1, nullptr);
    XT_CHECK(sent.rfind("CONNECT secret-host.test:443 HTTP/1.1\r\nHost: secret-host.test:443\r\n", 0) == 0);
    XT_CHECK_EQ(dns.asked(), 0);
    XT_CHECK(attempt.connector->times().proxy_end >= attempt.connector->times().connect_end);
    attempt.talker.close();
    script_stop(peer);
}

XT_TEST(https_goes_through_a_real_proxy_with_each_kind_of_credentials) {
    auto l = Loop::make();
    peer* squid = peer_squid();
    struct Case {
        const char* port;
        int32_t method;
    };
    for (const Case& c : {Case{"open", XH_AUTH_AUTO}, Case{"basic", XH_AUTH_BASIC}, Case{"basic", XH_AUTH_AUTO},
                          Case{"digest", XH_AUTH_DIGEST}, Case{"digest", XH_AUTH_AUTO}, Case{"both", XH_AUTH_AUTO},
                          Case{"both", XH_AUTH_DIGEST}}) {
        To attempt(*l, "localhost", nginx_port("https"));
        attempt.plan.tls = true;
        attempt.trust();
        attempt.through(ProxyKind::Http, peer_port(squid, c.port), "127.0.0.1");
        if (std::string(c.port) != "open") attempt.log_in("proxyuser", "secret", c.method);
        const bool connected = attempt.run();
        XT_CHECK(connected);
        if (!connected) XT_FAIL("%s %d: %s", c.port, c.method, attempt.errors[0].message.c_str());
        XT_CHECK(has(attempt.fetch(), "hello from nginx"));
    }
}

XT_TEST(a_proxy_that_wants_other_credentials_says_so) {
    auto l = Loop::make();
    peer* squid = peer_squid();
    auto status = [&](const char* port, const char* user, const char* password, int32_t method) {
        To attempt(*l, "localhost", nginx_port("https"));
        attempt.through(ProxyKind::Http, peer_port(squid, port), "127.0.0.1");
        if (user) attempt.log_in(user, password, method);
        XT_CHECK(!attempt.run());
        XT_CHECK(has(std::string(attempt.connector->proxy_answer()), "HTTP/1.1 407"));
        XT_CHECK_EQ(attempt.errors.empty() ? 0 : attempt.errors[0].phase, static_cast<int32_t>(XH_PHASE_PROXY));
        return attempt.status();
    };
    XT_CHECK_EQ(status("basic", nullptr, nullptr, 0), XH_E_PROXY_AUTH);
    XT_CHECK_EQ(status("basic", "proxyuser", "wrong", XH_AUTH_BASIC), XH_E_PROXY_AUTH);
    XT_CHECK_EQ(status("digest", "proxyuser", "wrong", XH_AUTH_AUTO), XH_E_PROXY_AUTH);
    XT_CHECK_EQ(status("basic", "proxyuser", "secret", XH_AUTH_DIGEST), XH_E_PROXY_AUTH);
}

XT_TEST(a_refusal_keeps_what_the_proxy_said) {
    auto l = Loop::make();
    peer* squid = peer_squid();
    To attempt(*l, "localhost", peer_port(squid, "denied"));
    attempt.through(ProxyKind::Http, peer_port(squid, "open"), "127.0.0.1");
    XT_CHECK(!attempt.run());
    XT_CHECK_EQ(attempt.status(), XH_E_PROXY_REFUSED);
    XT_CHECK(attempt.message_has("403"));
    XT_CHECK(has(std::string(attempt.connector->proxy_answer()), "\r\n\r\n<"));
    script_peer* peer = script_start("read-head; send 'HTTP/1.1 502 Bad\\r\\n\\r\\n'; send-zero 200K; wait-close");
    To large(*l, "host", 80);
    large.through(ProxyKind::Http, script_port(peer), "127.0.0.1");
    XT_CHECK(!large.run());
    XT_CHECK_EQ(large.status(), XH_E_PROXY_REFUSED);
    XT_CHECK_EQ(large.connector->proxy_answer().size(), 65536u);
    script_stop(peer);
}

XT_TEST(a_refusal_that_does_not_end_is_still_a_refusal) {
    auto l = Loop::make();
    script_peer* peer =
        script_start("read-head; send 'HTTP/1.1 503 Busy\\r\\ncontent-length: 10\\r\\n\\r\\nhalf'; stall");
    To attempt(*l, "host", 80);
    attempt.through(ProxyKind::Http, script_port(peer), "127.0.0.1");
    attempt.deadlines.connect_ms = 200;
    XT_CHECK(!attempt.run());
    XT_CHECK_EQ(attempt.status(), XH_E_PROXY_REFUSED);
    XT_CHECK(has(std::string(attempt.connector->proxy_answer()), "half"));
    script_stop(peer);
}

XT_TEST(a_challenge_on_a_connection_that_closes_is_answered_on_a_new_one) {
    auto l = Loop::make();
    script_peer* peer = script_start(
        "on-connection 1:; read-head; expect-not 'Proxy-Authorization'\n"
        "send 'HTTP/1.1 407 Auth\\r\\nProxy-Authenticate: Basic realm=\"x\"\\r\\nConnection: close\\r\\n"
        "Content-Length: 2\\r\\n\\r\\nno'; close\n"
        "on-connection 2:; read-head; expect 'Proxy-Authorization: Basic dTpw'\n"
        "send 'HTTP/1.1 200 OK\\r\\n\\r\\n'; wait-close\n");
    To attempt(*l, "host", 80);
    attempt.through(ProxyKind::Http, script_port(peer), "127.0.0.1");
    attempt.log_in("u", "p", XH_AUTH_AUTO);
    XT_CHECK(attempt.run());
    XT_CHECK_EQ(script_connections(peer), 2);
    attempt.talker.close();
    script_stop(peer);
}

XT_TEST(a_broken_answer_of_a_proxy_has_its_status) {
    auto l = Loop::make();
    for (const char* answer : {"send 'garbage\\r\\n\\r\\n'", "close", "send 'HTTP/1.1 200 OK\\r\\n\\r\\nsurplus'",
                               "send 'HTTP/1.1 200'; close"}) {
        script_peer* peer = script_start((std::string("read-head; ") + answer + "; wait-close").c_str());
        To attempt(*l, "host", 80);
        attempt.through(ProxyKind::Http, script_port(peer), "127.0.0.1");
        XT_CHECK(!attempt.run());
        XT_CHECK_EQ(attempt.status(), XH_E_PROXY_PROTOCOL);
        script_stop(peer);
    }
}

XT_TEST(a_silent_proxy_is_given_up_at_the_connect_deadline) {
    auto l = Loop::make();
    script_peer* peer = script_start("stall");
    To attempt(*l, "host", 80);
    attempt.through(ProxyKind::Http, script_port(peer), "127.0.0.1");
    attempt.deadlines.connect_ms = 30;
    XT_CHECK(!attempt.run());
    XT_CHECK_EQ(attempt.status(), XH_E_TIMEOUT_CONNECT);
    XT_CHECK_EQ(attempt.errors[0].phase, static_cast<int32_t>(XH_PHASE_PROXY));
    script_stop(peer);
}

XT_TEST(a_refused_proxy_is_named_as_the_proxy) {
    auto l = Loop::make();
    To attempt(*l, "host", 80);
    attempt.through(ProxyKind::Http, refused_port(), "127.0.0.1");
    XT_CHECK(!attempt.run());
    XT_CHECK_EQ(attempt.status(), XH_E_CONNECTION_REFUSED);
    XT_CHECK(attempt.message_has("the proxy 127.0.0.1:"));
}

XT_TEST(an_https_proxy_is_verified_and_carries_tls_inside_tls) {
    auto l = Loop::make();
    script_peer* peer = script_start("loop; tls; read-head; send 'HTTP/1.1 200 OK\\r\\n\\r\\n'; tunnel");
    To attempt(*l, "localhost", nginx_port("https"));
    attempt.plan.tls = true;
    attempt.trust();
    attempt.plan.tls_options.cert_folder = cert_file("client");  // for the target only
    attempt.through(ProxyKind::Https, script_port(peer));
    XT_REQUIRE(attempt.run());
    XT_CHECK_STR(attempt.phases, "2345");
    XT_CHECK(has(attempt.fetch(), "hello from nginx"));
    XT_CHECK_STR(script_info(peer, 1, "client"), "");
    attempt.talker.close();
    script_stop(peer);
    script_peer* wrong = script_start("tls wrong-host; read-head; send 'HTTP/1.1 200 OK\\r\\n\\r\\n'; tunnel");
    script_failures_expected(wrong);
    To refused(*l, "localhost", nginx_port("https"));
    refused.plan.tls = true;
    refused.trust();
    refused.through(ProxyKind::Https, script_port(wrong));
    XT_CHECK(!refused.run());
    XT_CHECK_EQ(refused.status(), XH_E_TLS_WRONG_HOST);
    XT_CHECK_EQ(refused.errors[0].phase, static_cast<int32_t>(XH_PHASE_PROXY));
    script_stop(wrong);
}

// --- SOCKS5 ----------------------------------------------------------------------------------------------------------

XT_TEST(socks5_resolves_names_remotely_and_takes_addresses_as_they_are) {
    FakeDns dns({"127.0.0.1"});
    auto l = Loop::make();
    socks_options slow{};
    slow.byte_by_byte = 1;
    slow.bind_type = 3;
    socks_peer* socks = socks_start(&slow);
    const int port = nginx_port("http");
    for (const char* host : {"remote-name.test", "127.0.0.1", "::1"}) {
        if (std::string(host) == "::1" && !net_has_ipv6()) continue;
        To attempt(*l, host, port);
        attempt.through(ProxyKind::Socks5, socks_port(socks), "127.0.0.1");
        XT_CHECK(attempt.run());
        XT_CHECK(has(attempt.fetch(), "hello from nginx"));
    }
    const std::string seen = socks_requests(socks);
    XT_CHECK(has(seen, ("domain remote-name.test " + std::to_string(port)).c_str()));
    XT_CHECK(has(seen, ("ipv4 127.0.0.1 " + std::to_string(port)).c_str()));
    XT_CHECK_EQ(dns.asked(), 0);
    socks_stop(socks);
}

XT_TEST(socks5_carries_https_with_credentials) {
    auto l = Loop::make();
    socks_options options{};
    options.user = "user";
    options.password = "pass word";
    options.bind_type = 4;
    socks_peer* socks = socks_start(&options);
    To attempt(*l, "localhost", nginx_port("https"));
    attempt.plan.tls = true;
    attempt.trust();
    attempt.through(ProxyKind::Socks5, socks_port(socks), "127.0.0.1");
    attempt.log_in("user", "pass word", XH_AUTH_AUTO);
    XT_CHECK(attempt.run());
    XT_CHECK(has(attempt.fetch(), "hello from nginx"));
    To wrong(*l, "localhost", 80);
    wrong.through(ProxyKind::Socks5, socks_port(socks), "127.0.0.1");
    wrong.log_in("user", "wrong", XH_AUTH_AUTO);
    XT_CHECK(!wrong.run());
    XT_CHECK_EQ(wrong.status(), XH_E_PROXY_AUTH);
    To none(*l, "localhost", 80);
    none.through(ProxyKind::Socks5, socks_port(socks), "127.0.0.1");
    XT_CHECK(!none.run());
    XT_CHECK_EQ(none.status(), XH_E_PROXY_AUTH);
    socks_stop(socks);
}

XT_TEST(each_refusal_of_socks5_is_told) {
    auto l = Loop::make();
    for (int reply = 1; reply <= 8; ++reply) {
        socks_options options{};
        options.reply = reply;
        socks_peer* socks = socks_start(&options);
        To attempt(*l, "localhost", 80);
        attempt.through(ProxyKind::Socks5, socks_port(socks), "127.0.0.1");
        XT_CHECK(!attempt.run());
        XT_CHECK_EQ(attempt.status(), XH_E_PROXY_REFUSED);
        if (reply == 5) XT_CHECK(attempt.message_has("connection refused"));
        socks_stop(socks);
    }
}

XT_TEST(a_name_too_long_for_socks5_is_refused_before_connecting) {
    auto l = Loop::make();
    socks_peer* socks = socks_start(nullptr);
    To attempt(*l, std::string(256, 'a').c_str(), 80);
    attempt.through(ProxyKind::Socks5, socks_port(socks), "127.0.0.1");
    XT_CHECK(!attempt.run());
    XT_CHECK_EQ(attempt.status(), XH_E_PROXY_NAME_TOO_LONG);
    XT_CHECK_STR(attempt.phases, "");
    XT_CHECK_EQ(socks_connections(socks), 0);
    socks_stop(socks);
}

XT_TEST(something_that_is_no_socks5_proxy_is_found_out) {
    auto l = Loop::make();
    To attempt(*l, "localhost", 80);
    attempt.through(ProxyKind::Socks5, nginx_port("http"), "127.0.0.1");
    XT_CHECK(!attempt.run());
    XT_CHECK_EQ(attempt.status(), XH_E_PROXY_PROTOCOL);
}

XT_MAIN("connector")
