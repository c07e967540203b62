// The loop: mail between threads, deferred tasks, timers, descriptors, and the ways to drive it.

#include "loop/loop.h"

#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <thread>
#include <vector>

#include "xtest.h"

using namespace xh;
using loop::Drive;
using loop::Loop;

namespace {

int64_t in_ms(int64_t ms) { return base::deadline_after(base::monotonic_ns(), ms); }

Drive drive(Loop& l, bool (*done)(void*), void* ctx) { return l.drive_until(done, ctx, in_ms(20000)); }

/// Counts what it is sent; a counted object, as mail must be.
struct Box final : base::Counted, loop::Mail {
    std::atomic<uint64_t> posted{0};  // before each post
    uint64_t seen = 0;                // of `posted`, at the last delivery
    uint32_t all_bits = 0;
    int deliveries = 0;
    std::atomic<int>* destroyed = nullptr;
    Loop* owner = nullptr;
    bool wrong_thread = false;

    ~Box() override {
        if (destroyed) ++*destroyed;
    }
    void on_mail(uint32_t bits) override {
        seen = posted.load();
        all_bits |= bits;
        ++deliveries;
        if (owner && !owner->on_loop_thread()) wrong_thread = true;
    }
    void retain_for_mail() noexcept override { retain(); }
    void release_from_mail() noexcept override { release(); }
};

}  // namespace

XT_TEST(no_mail_of_four_threads_is_lost) {
    auto l = Loop::make();
    constexpr int kThreads = 4, kBoxes = 8, kPosts = 20000;
    std::vector<base::Ref<Box>> boxes;
    for (int i = 0; i < kBoxes; ++i) {
        boxes.push_back(base::make_ref<Box>());
        boxes.back()->owner = l.get();
    }
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t) {
        threads.emplace_back([&, t] {
            for (int i = 0; i < kPosts; ++i) {
                Box& box = *boxes[static_cast<size_t>((i * 7 + t) % kBoxes)];
                ++box.posted;
                l->post(box, 1u << t);
            }
        });
    }
    struct Ctx {
        std::vector<base::Ref<Box>>* boxes;
    } ctx{&boxes};
    const Drive how = drive(
        *l,
        [](void* raw) {
            uint64_t seen = 0;
            for (auto& box : *static_cast<Ctx*>(raw)->boxes) seen += box->seen;
            return seen == uint64_t{kThreads} * kPosts;
        },
        &ctx);
    XT_CHECK_EQ(static_cast<int>(how), static_cast<int>(Drive::Done));
    for (std::thread& thread : threads) thread.join();
    for (auto& box : boxes) {
        XT_CHECK_EQ(box->seen, box->posted.load());
        XT_CHECK_EQ(box->all_bits, 15u);
        XT_CHECK(!box->wrong_thread);
    }
}

XT_TEST(signals_before_the_loop_runs_coalesce_into_one_call) {
    auto l = Loop::make();
    auto box = base::make_ref<Box>();
    l->post(*box, 1);
    l->post(*box, 4);
    l->poll(0);
    XT_CHECK_EQ(box->deliveries, 1);
    XT_CHECK_EQ(box->all_bits, 5u);
}

XT_TEST(mail_keeps_its_object_alive_until_it_was_delivered) {
    auto l = Loop::make();
    std::atomic<int> destroyed{0};
    auto box = base::make_ref<Box>();
    box->destroyed = &destroyed;
    l->post(*box, 1);
    box.reset();
    XT_CHECK_EQ(destroyed.load(), 0);
    l->poll(0);
    XT_CHECK_EQ(destroyed.load(), 1);
}

XT_TEST(mail_that_is_never_delivered_goes_with_the_loop) {
    std::atomic<int> destroyed{0};
    {
        auto l = Loop::make();
        for (int i = 0; i < 3; ++i) {
            auto box = base::make_ref<Box>();
            box->destroyed = &destroyed;
            l->post(*box, 1);
        }
    }
    XT_CHECK_EQ(destroyed.load(), 3);
}

XT_TEST(a_post_wakes_a_loop_that_sleeps) {
    auto l = Loop::make();
    auto box = base::make_ref<Box>();
    std::thread poster([&] {
        ++box->posted;
        l->post(*box, 1);
    });
    const Drive how = drive(
        *l, [](void* raw) { return static_cast<Box*>(raw)->seen == 1; }, box.get());
    poster.join();
    XT_CHECK_EQ(static_cast<int>(how), static_cast<int>(Drive::Done));
}

XT_TEST(stop_ends_drive_once) {
    auto l = Loop::make();
    l->stop();
    auto never = [](void*) { return false; };
    XT_CHECK_EQ(static_cast<int>(l->drive_until(never, nullptr, in_ms(20000))), static_cast<int>(Drive::Stopped));
    XT_CHECK_EQ(static_cast<int>(l->drive_until(never, nullptr, in_ms(1))), static_cast<int>(Drive::TimedOut));
}

XT_TEST(stop_from_another_thread_ends_a_sleeping_loop) {
    auto l = Loop::make();
    std::thread stopper([&] { l->stop(); });
    const Drive how = l->drive_until([](void*) { return false; }, nullptr, in_ms(20000));
    stopper.join();
    XT_CHECK_EQ(static_cast<int>(how), static_cast<int>(Drive::Stopped));
}

namespace {

struct Nested {
    Loop* l;
    Drive inner = Drive::Done;
    Drive other = Drive::Done;
    bool ran = false;
};

}  // namespace

XT_TEST(driving_from_inside_is_refused) {
    auto l = Loop::make();
    Nested nested{l.get()};
    loop::Timer timer(
        [](void* raw) {
            auto* n = static_cast<Nested*>(raw);
            n->inner = n->l->poll(0);
            std::thread([n] { n->other = n->l->poll(0); }).join();
            n->ran = true;
        },
        &nested);
    loop::Task task([](void*) {}, nullptr);
    struct Setup {
        Loop* l;
        loop::Timer* timer;
    } setup{l.get(), &timer};
    loop::Task arm(
        [](void* raw) {
            auto* s = static_cast<Setup*>(raw);
            s->l->arm(*s->timer, 0);
        },
        &setup);
    l->defer(arm);
    drive(
        *l, [](void* raw) { return static_cast<Nested*>(raw)->ran; }, &nested);
    XT_CHECK_EQ(static_cast<int>(nested.inner), static_cast<int>(Drive::Self));
    XT_CHECK_EQ(static_cast<int>(nested.other), static_cast<int>(Drive::Busy));
}

namespace {

struct Order {
    Loop* l;
    std::vector<int> ran;
    loop::Task a, b, c;
    Order()
        : l(nullptr),
          a(
              [](void* raw) {
                  auto* o = static_cast<Order*>(raw);
                  o->ran.push_back(1);
                  o->c.cancel();
                  if (o->ran.size() < 4) o->l->defer(o->a);
              },
              this),
          b([](void* raw) { static_cast<Order*>(raw)->ran.push_back(2); }, this),
          c([](void* raw) { static_cast<Order*>(raw)->ran.push_back(3); }, this) {}
};

}  // namespace

XT_TEST(tasks_run_in_order_and_can_be_cancelled_and_deferred_again) {
    auto l = Loop::make();
    Order order;
    order.l = l.get();
    l->defer(order.a);
    l->defer(order.b);
    l->defer(order.c);
    l->defer(order.a);  // stays where it is
    XT_CHECK_EQ(l->next_in_ms(), 0);
    for (int i = 0; i < 10 && l->next_in_ms() == 0; ++i) l->poll(0);
    XT_REQUIRE(order.ran.size() >= 3);
    XT_CHECK_EQ(order.ran[0], 1);
    XT_CHECK_EQ(order.ran[1], 2);
    XT_CHECK_EQ(order.ran[2], 1);
    for (int value : order.ran) XT_CHECK(value != 3);
}

XT_TEST(poll_tells_when_the_next_timer_is_due) {
    auto l = Loop::make();
    XT_CHECK_EQ(l->next_in_ms(), -1);
    bool fired = false;
    loop::Timer timer([](void* raw) { *static_cast<bool*>(raw) = true; }, &fired);
    l->poll(0);
    l->arm(timer, in_ms(5));
    const int64_t wait = l->next_in_ms();
    XT_CHECK(wait >= 0 && wait <= 6);
    for (int i = 0; i < 1000 && !fired; ++i) l->poll(l->next_in_ms());
    XT_CHECK(fired);
    XT_CHECK_EQ(l->next_in_ms(), -1);
}

namespace {

bool readable(int fd) {
    pollfd p{fd, POLLIN, 0};
    return ::poll(&p, 1, 0) == 1;
}

}  // namespace

XT_TEST(the_descriptor_becomes_readable_by_mail_between_two_polls) {
    auto l = Loop::make();
    const int fd = l->fd();
    l->poll(0);
    auto box = base::make_ref<Box>();
    ++box->posted;
    std::thread([&] { l->post(*box, 1); }).join();
    XT_CHECK(readable(fd));
    l->poll(0);
    XT_CHECK_EQ(box->seen, 1u);
    XT_CHECK(!readable(fd));
}

namespace {

struct Ear final : loop::Watch {
    Loop* l;
    uint32_t heard = 0;
    int calls = 0;
    Ear* other = nullptr;
    Ear(Loop& owner, int fd) : Watch(fd), l(&owner) {}
    void on_ready(uint32_t ready) override {
        heard |= ready;
        ++calls;
        if (other) l->unwatch(*other);
    }
};

struct Pair {
    int fd[2];
    Pair() {
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0) fd[0] = fd[1] = -1;
    }
    ~Pair() {
        ::close(fd[0]);
        if (fd[1] >= 0) ::close(fd[1]);
    }
    void end() {
        ::close(fd[1]);
        fd[1] = -1;
    }
};

}  // namespace

XT_TEST(readiness_is_told_once_per_change) {
    auto l = Loop::make();
    Pair pair;
    Ear ear(*l, pair.fd[0]);
    XT_REQUIRE(l->watch(ear));
    l->poll(0);
    XT_CHECK_EQ(ear.heard, static_cast<uint32_t>(loop::kWritable));
    l->poll(0);
    XT_CHECK_EQ(ear.calls, 1);
    XT_CHECK_EQ(::write(pair.fd[1], "x", 1), 1);
    l->poll(0);
    XT_CHECK((ear.heard & loop::kReadable) != 0);
    XT_CHECK_EQ(ear.calls, 2);
    pair.end();
    l->poll(0);
    XT_CHECK((ear.heard & loop::kHangUp) != 0);
    l->unwatch(ear);
}

XT_TEST(an_unwatched_descriptor_hears_nothing_of_the_events_already_fetched) {
    auto l = Loop::make();
    Pair first, second;
    Ear a(*l, first.fd[0]), b(*l, second.fd[0]);
    a.other = &b;
    b.other = &a;
    XT_REQUIRE(l->watch(a) && l->watch(b));
    l->poll(0);
    XT_CHECK_EQ(a.calls + b.calls, 1);
    l->unwatch(a.calls ? a : b);
}

namespace {

struct Guest final : loop::Resident {
    std::vector<int>* out = nullptr;
    Guest* next_guest = nullptr;
    int id = 0;
    void on_shutdown() override {
        out->push_back(id);
        if (next_guest) next_guest->go();
    }
    void go() { leave(); }
};

}  // namespace

XT_TEST(all_residents_are_ended_and_may_take_others_along) {
    auto l = Loop::make();
    std::vector<int> ended;
    Guest guests[3];
    for (int i = 0; i < 3; ++i) {
        guests[i].out = &ended;
        guests[i].id = i;
        l->enlist(guests[i]);
    }
    guests[2].next_guest = &guests[1];
    l->evict_all();
    XT_CHECK_EQ(ended.size(), 2u);
    l->evict_all();
    XT_CHECK_EQ(ended.size(), 2u);
}

XT_TEST(a_receive_buffer_that_is_kept_is_not_lent_again) {
    auto l = Loop::make();
    base::Ref<base::Buffer> kept = l->receive_buffer();
    base::Buffer* first = kept.get();
    XT_CHECK(l->receive_buffer().get() != first);
    base::Buffer* second = l->receive_buffer().get();
    XT_CHECK(l->receive_buffer().get() == second);
}

XT_MAIN("loop")
