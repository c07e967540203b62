// Name look-ups: never on the loop's thread, shared, cached, left at any time, and never waited for.

#include "loop/resolver.h"

#include <netdb.h>

#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "xtest.h"

using namespace xh;
using loop::Address;
using loop::Loop;

namespace {

int64_t in_ms(int64_t ms) { return base::deadline_after(base::monotonic_ns(), ms); }

/// A name server in the process: names that start with "hang" wait for release(), "N.test" has the address 10.0.0.N.
class FakeDns {
public:
    FakeDns() {
        loop::resolver::set_lookup_function(answer, this);
        loop::resolver::set_cache_ms(600000, 600000);
    }
    ~FakeDns() {
        release();
        loop::resolver::set_lookup_function(nullptr, nullptr);
        loop::BlockingPool::stop_idle(in_ms(10000));
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [this] { return asked_ == finished_; });
    }
    void release() {
        std::lock_guard<std::mutex> lock(mutex_);
        released_ = true;
        changed_.notify_all();
    }
    void wait_for_asked(int n) {
        std::unique_lock<std::mutex> lock(mutex_);
        changed_.wait(lock, [&] { return asked_ >= n; });
    }
    int asked() {
        std::lock_guard<std::mutex> lock(mutex_);
        return asked_;
    }
    int finished() {
        std::lock_guard<std::mutex> lock(mutex_);
        return finished_;
    }
    std::string last_host() {
        std::lock_guard<std::mutex> lock(mutex_);
        return last_host_;
    }

private:
    static int answer(const char* host, int, base::Vec<Address>& out, void* ctx) {
        auto* self = static_cast<FakeDns*>(ctx);
        const std::string name(host);
        std::unique_lock<std::mutex> lock(self->mutex_);
        ++self->asked_;
        self->last_host_ = name;
        self->changed_.notify_all();
        if (name.rfind("hang", 0) == 0) self->changed_.wait(lock, [&] { return self->released_; });
        ++self->finished_;
        self->changed_.notify_all();
        if (name == "missing.test") return EAI_NONAME;
        if (name == "again.test") return EAI_AGAIN;
        if (name == "broken.test") return EAI_FAIL;
        if (name == "empty.test") return 0;
        Address address;
        if (Address::parse("10.0.0." + std::to_string(std::atoi(host) % 250 + 1), 0, address)) out.push_back(address);
        return 0;
    }
    std::mutex mutex_;
    std::condition_variable changed_;
    bool released_ = false;
    int asked_ = 0;
    int finished_ = 0;
    std::string last_host_;
};

struct Ask {
    loop::Lookup lookup;
    bool done = false;
    int calls = 0;
    explicit Ask(Loop& l)
        : lookup(
              l,
              [](void* raw) {
                  auto* self = static_cast<Ask*>(raw);
                  self->done = true;
                  ++self->calls;
              },
              this) {}
    void start(const char* host, int family = AF_UNSPEC) { done = lookup.start(host, family); }
    std::string first() {
        auto& addresses = lookup.result().addresses;
        return addresses && !addresses->items.empty() ? std::string(addresses->items[0].ip_text().c_str()) : "";
    }
};

bool finish(Loop& l, Ask& ask) {
    return l.drive_until([](void* raw) { return static_cast<Ask*>(raw)->done; }, &ask, in_ms(20000)) ==
           loop::Drive::Done;
}

xh_status look(Loop& l, const char* host, int family = AF_UNSPEC) {
    Ask ask(l);
    ask.start(host, family);
    return finish(l, ask) ? ask.lookup.result().status : XH_E_INTERNAL;
}

}  // namespace

XT_TEST(a_numeric_address_needs_no_thread_and_no_question) {
    FakeDns dns;
    auto l = Loop::make();
    const int64_t threads = base::g_live[XH_LIVE_THREADS];
    for (const char* text : {"127.0.0.1", "::1", "2001:db8::1", "fe80::1%1"}) {
        Ask ask(*l);
        ask.start(text);
        XT_CHECK(ask.done);
        XT_CHECK_EQ(ask.lookup.result().status, XH_OK);
    }
    XT_CHECK_EQ(base::g_live[XH_LIVE_THREADS].load(), threads);
    XT_CHECK_EQ(dns.asked(), 0);
}

XT_TEST(short_forms_of_addresses_are_names) {
    FakeDns dns;
    auto l = Loop::make();
    for (const char* text : {"127.1", "1", "0x7f000001", "010.0.0.1"}) {
        Ask ask(*l);
        ask.start(text);
        XT_CHECK(!ask.done);
    }
}

XT_TEST(an_address_of_the_other_family_is_no_address) {
    auto l = Loop::make();
    XT_CHECK_EQ(look(*l, "127.0.0.1", AF_INET6), XH_E_DNS_NO_ADDRESS);
    XT_CHECK_EQ(look(*l, "::1", AF_INET), XH_E_DNS_NO_ADDRESS);
}

XT_TEST(localhost_is_the_loopback) {
    auto l = Loop::make();
    for (const char* name : {"localhost", "LOCALHOST", "some.localhost"}) {
        Ask ask(*l);
        ask.start(name);
        XT_REQUIRE(finish(*l, ask));
        XT_REQUIRE(ask.lookup.result().status == XH_OK);
        for (const Address& address : ask.lookup.result().addresses->items) XT_CHECK(address.loopback());
    }
    XT_CHECK_EQ(look(*l, "localhost", AF_INET), XH_OK);
    loop::BlockingPool::stop_idle(in_ms(10000));
}

XT_TEST(a_known_name_is_answered_at_once) {
    FakeDns dns;
    auto l = Loop::make();
    Ask first(*l);
    first.start("7.test");
    XT_CHECK(!first.done);
    XT_REQUIRE(finish(*l, first));
    XT_CHECK_STR(first.first(), "10.0.0.8");
    Ask second(*l);
    second.start("7.test");
    XT_CHECK(second.done);
    XT_CHECK_STR(second.first(), "10.0.0.8");
    Ask other_family(*l);
    other_family.start("7.test", AF_INET);
    XT_CHECK(!other_family.done);
    XT_CHECK(finish(*l, other_family));
    XT_CHECK_EQ(dns.asked(), 2);
}

XT_TEST(names_differ_not_by_case_and_are_encoded) {
    FakeDns dns;
    auto l = Loop::make();
    XT_CHECK_EQ(look(*l, "8.TEST"), XH_OK);
    XT_CHECK_EQ(look(*l, "8.test"), XH_OK);
    XT_CHECK_EQ(dns.asked(), 1);
    XT_CHECK_EQ(look(*l,
                     "b\xc3\xbc"
                     "cher.test"),
                XH_OK);
    XT_CHECK_STR(dns.last_host(), "xn--bcher-kva.test");
}

XT_TEST(what_is_no_name_is_not_asked_for) {
    FakeDns dns;
    auto l = Loop::make();
    const std::string long_name(260, 'a');
    XT_CHECK_EQ(look(*l, ""), XH_E_HOST_NOT_FOUND);
    XT_CHECK_EQ(look(*l, long_name.c_str()), XH_E_HOST_NOT_FOUND);
    XT_CHECK_EQ(dns.asked(), 0);
}

XT_TEST(each_failure_has_its_status) {
    FakeDns dns;
    auto l = Loop::make();
    XT_CHECK_EQ(look(*l, "missing.test"), XH_E_HOST_NOT_FOUND);
    XT_CHECK_EQ(look(*l, "again.test"), XH_E_DNS_TEMPORARY);
    XT_CHECK_EQ(look(*l, "broken.test"), XH_E_DNS_FAILED);
    XT_CHECK_EQ(look(*l, "empty.test"), XH_E_DNS_NO_ADDRESS);
}

XT_TEST(a_missing_name_is_remembered_and_a_silent_server_is_not) {
    FakeDns dns;
    auto l = Loop::make();
    look(*l, "missing.test");
    look(*l, "missing.test");
    XT_CHECK_EQ(dns.asked(), 1);
    look(*l, "again.test");
    look(*l, "again.test");
    XT_CHECK_EQ(dns.asked(), 3);
}

XT_TEST(one_question_serves_all_who_ask_meanwhile) {
    FakeDns dns;
    auto l = Loop::make();
    std::vector<std::unique_ptr<Ask>> asks;
    for (int i = 0; i < 50; ++i) {
        asks.emplace_back(new Ask(*l));
        asks.back()->start("hang.1.test");
        XT_CHECK(!asks.back()->done);
    }
    dns.release();
    for (auto& ask : asks) {
        XT_CHECK(finish(*l, *ask));
        XT_CHECK_EQ(ask->calls, 1);
    }
    XT_CHECK_EQ(dns.asked(), 1);
}

XT_TEST(a_name_that_hangs_holds_up_no_other) {
    FakeDns dns;
    auto l = Loop::make();
    std::vector<std::unique_ptr<Ask>> stuck;
    for (int i = 0; i < 4; ++i) {
        stuck.emplace_back(new Ask(*l));
        stuck.back()->start(("hang" + std::to_string(i) + ".test").c_str());
    }
    dns.wait_for_asked(4);
    for (int i = 0; i < 20; ++i) XT_CHECK_EQ(look(*l, (std::to_string(i) + ".test").c_str()), XH_OK);
    for (auto& ask : stuck) XT_CHECK(!ask->done);
}

XT_TEST(a_look_up_that_was_left_says_nothing_more) {
    FakeDns dns;
    auto l = Loop::make();
    {
        Ask left(*l);
        left.start("hang.2.test");
        dns.wait_for_asked(1);
    }
    Ask stays(*l);
    stays.start("hang.2.test");
    Ask leaves(*l);
    leaves.start("hang.2.test");
    leaves.lookup.leave();
    dns.release();
    XT_CHECK(finish(*l, stays));
    XT_CHECK_EQ(leaves.calls, 0);
    XT_CHECK_EQ(dns.asked(), 1);
}

XT_TEST(a_loop_may_go_while_its_look_up_hangs) {
    FakeDns dns;
    {
        auto l = Loop::make();
        Ask ask(*l);
        ask.start("hang.3.test");
        dns.wait_for_asked(1);
    }
    dns.release();
}

XT_TEST(stopping_does_not_wait_for_a_thread_that_hangs) {
    FakeDns dns;
    auto l = Loop::make();
    Ask ask(*l);
    ask.start("hang.4.test");
    dns.wait_for_asked(1);
    XT_CHECK(loop::BlockingPool::stop_idle(base::kNever));
    XT_CHECK_EQ(dns.finished(), 0);
    // The pool begins anew for whoever comes next, and the one that hangs still delivers.
    XT_CHECK_EQ(look(*l, "9.test"), XH_OK);
    dns.release();
    XT_CHECK(finish(*l, ask));
    XT_CHECK_EQ(ask.lookup.result().status, XH_OK);
}

XT_TEST(what_was_still_queued_when_the_pool_stopped_is_told) {
    FakeDns dns;
    auto l = Loop::make();
    std::vector<std::unique_ptr<Ask>> asks;
    for (int i = 0; i < 12; ++i) {  // more than there are threads
        asks.emplace_back(new Ask(*l));
        asks.back()->start(("hang" + std::to_string(i) + ".test").c_str());
    }
    dns.wait_for_asked(8);
    XT_CHECK(loop::BlockingPool::stop_idle(base::kNever));
    dns.release();
    int dropped = 0;
    for (auto& ask : asks) {
        XT_CHECK(finish(*l, *ask));
        if (ask->lookup.result().status == XH_E_SHUTDOWN) ++dropped;
    }
    XT_CHECK(dropped <= 4);
}

XT_TEST(stopping_ends_the_threads) {
    auto l = Loop::make();
    {
        FakeDns dns;
        for (int i = 0; i < 20; ++i) look(*l, (std::to_string(i) + ".test").c_str());
        XT_CHECK(base::g_live[XH_LIVE_THREADS] >= 1);
    }
    // Threads that were detached in the middle of a call end by themselves.
    for (int i = 0; i < 5000 && base::g_live[XH_LIVE_THREADS] > 0; ++i) l->poll(1);
    XT_CHECK_EQ(base::g_live[XH_LIVE_THREADS].load(), 0);
}

XT_TEST(more_names_than_the_cache_holds_do_no_harm) {
    FakeDns dns;
    auto l = Loop::make();
    for (int i = 0; i < 1200; ++i) XT_CHECK_EQ(look(*l, (std::to_string(i) + ".many.test").c_str()), XH_OK);
    XT_CHECK_EQ(look(*l, "1199.many.test"), XH_OK);
    XT_CHECK_EQ(dns.asked(), 1200);
    XT_CHECK_EQ(look(*l, "0.many.test"), XH_OK);
    XT_CHECK_EQ(dns.asked(), 1201);
}

XT_TEST(addresses_are_written_as_people_write_them) {
    Address address;
    XT_REQUIRE(Address::parse("::FFFF:1.2.3.4", 80, address));
    XT_CHECK_STR(address.text().c_str(), "[::ffff:1.2.3.4]:80");
    XT_REQUIRE(Address::parse("127.0.0.1", 65535, address));
    XT_CHECK_STR(address.text().c_str(), "127.0.0.1:65535");
    XT_CHECK(address.loopback());
    XT_CHECK(!Address::parse("127.0.0.1%eth0", 1, address));
    XT_CHECK(!Address::parse("::1%", 1, address));
    XT_CHECK(!Address::parse("fe80::1%no-such-interface", 1, address));
}

XT_MAIN("resolver")
