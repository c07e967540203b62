#include "loop/shared_work.h"

#include "base/process.h"

namespace xh::loop {

/// Outlives its ticket while mail to it is under way. In the work's list it holds a reference to itself for the list.
struct SharedWork::Waiter final : base::Counted, Mail {
    Loop* loop = nullptr;
    base::Ref<SharedWork> work;
    WorkTicket::Done done = nullptr;  // loop thread only; null when the ticket has left
    void* owner = nullptr;
    WorkTicket* ticket = nullptr;
    Waiter* next = nullptr;  // under the work's mutex
    uint32_t generation = base::fork_generation();

    void on_mail(uint32_t) override;
    void retain_for_mail() noexcept override { retain(); }
    void release_from_mail() noexcept override { release(); }
};

void SharedWork::run() noexcept {
    work();
    finish();
}

void SharedWork::finish() noexcept {
    pthread_mutex_lock(&mutex_);
    finished_ = true;
    // Under the lock, so that a ticket that has left (and whose loop may be gone) is not posted to.
    while (Waiter* waiter = waiters_) {
        waiters_ = waiter->next;
        waiter->loop->post(*waiter, 1);
        waiter->release();
    }
    pthread_mutex_unlock(&mutex_);
}

void WorkTicket::join(Loop& loop, SharedWork& work, Done done, void* owner) {
    leave();
    auto* waiter = new SharedWork::Waiter;
    waiter->loop = &loop;
    waiter->work = base::Ref<SharedWork>(&work);
    waiter->done = done;
    waiter->owner = owner;
    waiter->ticket = this;
    waiter_ = waiter;
    pthread_mutex_lock(&work.mutex_);
    if (work.finished_) {
        loop.post(*waiter, 1);
    } else {
        waiter->retain();
        waiter->next = work.waiters_;
        work.waiters_ = waiter;
    }
    pthread_mutex_unlock(&work.mutex_);
}

void WorkTicket::leave() noexcept {
    SharedWork::Waiter* waiter = std::exchange(waiter_, nullptr);
    if (!waiter) return;
    waiter->done = nullptr;
    waiter->ticket = nullptr;
    // In a forked child the mutex may be held by a thread that does not exist here.
    if (waiter->generation != base::fork_generation()) return;
    SharedWork& work = *waiter->work;
    pthread_mutex_lock(&work.mutex_);
    for (SharedWork::Waiter** at = &work.waiters_; *at; at = &(*at)->next) {
        if (*at != waiter) continue;
        *at = waiter->next;
        waiter->release();
        break;
    }
    pthread_mutex_unlock(&work.mutex_);
    waiter->release();
}

void SharedWork::Waiter::on_mail(uint32_t) {
    if (!done) return;
    WorkTicket::Done call = done;
    void* to = owner;
    // The ticket is used up before the call, which may join again or destroy it.
    ticket->leave();
    call(to);
}

}  // namespace xh::loop
