#include "loop/loop.h"

#include <sched.h>

#include "base/process.h"
#include "loop/contain.h"
#include "loop/registry.h"

namespace xh::loop {

namespace {

uintptr_t this_thread() noexcept { return reinterpret_cast<uintptr_t>(base::thread_mark()); }

}  // namespace

void Resident::leave() noexcept {
    if (!prev_) return;
    prev_->next_ = next_;
    if (next_) next_->prev_ = prev_;
    prev_ = next_ = nullptr;
}

base::Ref<Loop> Loop::make() { return base::Ref<Loop>::adopt(new Loop()); }

Loop::Loop()
    : timers_(base::monotonic_ns()),
      turn_ns_(base::monotonic_ns()),
      last_poll_ns_(turn_ns_),
      id_(base::next_id()),
      generation_(base::fork_generation()) {
    tasks_.next_ = tasks_.prev_ = &tasks_;
    registry::add(*this);
}

Loop::~Loop() {
    registry::remove(*this);
    // Mail that nobody will deliver any more.
    for (Mail* mail = inbox_.exchange(nullptr, std::memory_order_acquire); mail;) {
        Mail* next = mail->next_;
        mail->release_from_mail();
        mail = next;
    }
    if (base::Counted* attachment = attachment_.load(std::memory_order_acquire)) attachment->release();
    while (tasks_.next_ != &tasks_) tasks_.next_->cancel();
    while (residents_.next_) residents_.next_->leave();
    tasks_.next_ = tasks_.prev_ = nullptr;
}

base::Counted* Loop::attach(base::Ref<base::Counted> object) noexcept {
    base::Counted* there = nullptr;
    if (!attachment_.compare_exchange_strong(there, object.get(), std::memory_order_acq_rel)) return there;
    return object.detach();
}

bool Loop::settled() const noexcept { return !inbox_.load(std::memory_order_acquire) && tasks_.next_ == &tasks_; }

bool Loop::idle() const noexcept { return settled() && !residents_.next_; }

xh_status Loop::check() const noexcept {
    if (generation_ != base::fork_generation()) return XH_E_FORKED;
    return shut_down_.load(std::memory_order_acquire) ? XH_E_SHUTDOWN : XH_OK;
}

bool Loop::unhold() noexcept {
    return holders_.fetch_sub(1, std::memory_order_acq_rel) == 1 && !has_own_thread() && check() != XH_E_FORKED &&
           !idle();
}

bool Loop::on_loop_thread() const noexcept { return driver_.load(std::memory_order_relaxed) == this_thread(); }

void Loop::post(Mail& mail, uint32_t bits) noexcept {
    if (mail.bits_.fetch_or(bits, std::memory_order_acq_rel) != 0) return;
    mail.retain_for_mail();
    Mail* head = inbox_.load(std::memory_order_relaxed);
    do mail.next_ = head;
    while (!inbox_.compare_exchange_weak(head, &mail, std::memory_order_seq_cst, std::memory_order_relaxed));
    // Only a loop that sleeps (or is about to, having looked at the inbox) needs the system call.
    if (asleep_.load(std::memory_order_seq_cst) && asleep_.exchange(false, std::memory_order_seq_cst)) poller_.wake();
}

void Loop::stop() noexcept {
    stop_.store(true, std::memory_order_seq_cst);
    if (asleep_.exchange(false, std::memory_order_seq_cst)) poller_.wake();
}

bool Loop::take_mail() {
    Mail* head = inbox_.exchange(nullptr, std::memory_order_acquire);
    if (!head) return false;
    Mail* first = nullptr;  // the inbox is a stack: reversed, it is in the order of posting
    while (head) {
        Mail* next = head->next_;
        head->next_ = first;
        first = head;
        head = next;
    }
    while (first) {
        Mail& mail = *first;
        first = mail.next_;
        uint32_t bits = mail.bits_.exchange(0, std::memory_order_acq_rel);
        contain([&] { mail.on_mail(bits); });
        mail.release_from_mail();
    }
    return true;
}

void Loop::defer(Task& task) noexcept {
    if (task.queued()) return;
    task.prev_ = tasks_.prev_;
    task.next_ = &tasks_;
    tasks_.prev_->next_ = &task;
    tasks_.prev_ = &task;
}

void Loop::run_tasks() {
    if (tasks_.next_ == &tasks_) return;
    Task batch;  // what is deferred meanwhile waits for the next turn, so that sockets are served between
    batch.next_ = tasks_.next_;
    batch.prev_ = tasks_.prev_;
    batch.next_->prev_ = &batch;
    batch.prev_->next_ = &batch;
    tasks_.next_ = tasks_.prev_ = &tasks_;
    while (batch.next_ != &batch) {
        Task& task = *batch.next_;
        task.cancel();
        contain([&] { task.run_(task.owner_); });
    }
    batch.next_ = batch.prev_ = nullptr;
}

void Loop::enlist(Resident& resident) noexcept {
    resident.prev_ = &residents_;
    resident.next_ = residents_.next_;
    if (resident.next_) resident.next_->prev_ = &resident;
    residents_.next_ = &resident;
}

void Loop::evict_all() {
    while (Resident* resident = residents_.next_) {
        resident->leave();
        resident->on_shutdown();
    }
}

base::Ref<base::Buffer>& Loop::receive_buffer() {
    if (!receive_ || !receive_->unique()) receive_ = base::Buffer::make(kReceiveBytes);
    return receive_;
}

base::Ref<base::Buffer>& Loop::cipher_buffer() {
    if (!cipher_ || !cipher_->unique()) cipher_ = base::Buffer::make(kCipherBytes);
    return cipher_;
}

bool Loop::settle() {
    bool busy = take_mail();
    run_tasks();
    return busy;
}

void Loop::wait(int64_t timeout_ms) {
    if (tasks_.next_ != &tasks_) timeout_ms = 0;
    if (timeout_ms != 0) {
        int64_t due = timers_.next_in_ms(turn_ns_);
        if (due >= 0 && (timeout_ms < 0 || due < timeout_ms)) timeout_ms = due;
    }
    if (timeout_ms != 0) {
        asleep_.store(true, std::memory_order_seq_cst);
        if (inbox_.load(std::memory_order_seq_cst) || stop_.load(std::memory_order_seq_cst)) timeout_ms = 0;
    }
    poller_.wait(
        timeout_ms,
        [](void* self) {
            auto* loop = static_cast<Loop*>(self);
            loop->asleep_.store(false, std::memory_order_relaxed);
            loop->turn_ns_ = loop->last_poll_ns_ = base::monotonic_ns();
        },
        this);
    timers_.advance(turn_ns_);
}

bool Loop::begin_drive(Drive& why) noexcept {
    uintptr_t nobody = 0;
    if (!driver_.compare_exchange_strong(nobody, this_thread(), std::memory_order_acq_rel)) {
        why = nobody == this_thread() ? Drive::Self : Drive::Busy;
        return false;
    }
    asleep_.store(false, std::memory_order_relaxed);
    turn_ns_ = base::monotonic_ns();
    return true;
}

void Loop::end_drive() noexcept {
    // Whoever watches the descriptor must see what is posted or left over from now on.
    if (fd_watched_.load(std::memory_order_relaxed)) {
        asleep_.store(true, std::memory_order_seq_cst);
        if (inbox_.load(std::memory_order_seq_cst) || tasks_.next_ != &tasks_) poller_.wake();
    }
    driver_.store(0, std::memory_order_release);
}

int Loop::fd() noexcept {
    if (!fd_watched_.exchange(true) && !on_loop_thread()) asleep_.store(true, std::memory_order_seq_cst);
    return poller_.fd();
}

int64_t Loop::next_in_ms() noexcept {
    if (inbox_.load(std::memory_order_seq_cst) || tasks_.next_ != &tasks_) return 0;
    return timers_.next_in_ms(base::monotonic_ns());
}

Drive Loop::poll(int64_t timeout_ms) {
    Drive why = Drive::Done;
    if (!begin_drive(why)) return why;
    base::Ref<Loop> alive(this);
    // A caller that polls now and then sees what it started done at once: mail comes first and cuts the wait short, and
    // what the events of this turn posted still belongs to it.
    wait(settle() ? 0 : timeout_ms);
    settle();
    if (stop_.exchange(false)) why = Drive::Stopped;
    end_drive();
    return why;
}

Drive Loop::run() {
    auto never = [](void*) { return false; };
    runners_.fetch_add(1, std::memory_order_seq_cst);
    Drive why = drive(never, nullptr, base::kNever, false);
    while (why == Drive::Busy && giving_way_.load(std::memory_order_seq_cst)) {
        poller_.wake();
        sched_yield();
        why = drive(never, nullptr, base::kNever, false);
    }
    runners_.fetch_sub(1, std::memory_order_relaxed);
    return why;
}

Drive Loop::drive(bool (*done)(void*), void* ctx, int64_t deadline_ns, bool gives_way) {
    Drive why = Drive::Done;
    if (!begin_drive(why)) return why;
    base::Ref<Loop> alive(this);
    giving_way_.store(gives_way, std::memory_order_seq_cst);
    for (;;) {
        if (gives_way && runners_.load(std::memory_order_seq_cst) > 0) {
            why = Drive::Busy;
            break;
        }
        settle();
        if (done(ctx)) break;
        if (stop_.exchange(false)) {
            why = Drive::Stopped;
            break;
        }
        int64_t timeout_ms = -1;
        if (deadline_ns != base::kNever) {
            int64_t left = deadline_ns - turn_ns_;
            if (left <= 0) {
                why = Drive::TimedOut;
                break;
            }
            timeout_ms = (left + base::kNsPerMs - 1) / base::kNsPerMs;
        }
        wait(timeout_ms);
        if (done(ctx)) break;
    }
    giving_way_.store(false, std::memory_order_seq_cst);
    end_drive();
    return why;
}

}  // namespace xh::loop
