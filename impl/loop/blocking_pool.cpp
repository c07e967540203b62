#include "loop/blocking_pool.h"

#include <pthread.h>
#include <time.h>

#include <algorithm>
#include <cstdio>

#include "base/clock.h"
#include "base/per_process.h"
#include "base/thread_hooks.h"
#include "loop/library.h"

namespace xh::loop {

namespace {

constexpr int kMaxThreads = 8;            // that are not stuck
constexpr int kMaxLocalExtra = 2;         // on top, for jobs that need no network
constexpr int kMaxTotal = 64;             // stuck ones included
constexpr int64_t kStuckNs = 2000000000;  // in one call for longer: such a thread no longer counts
constexpr int64_t kIdleNs = 10000000000;  // a thread without work ends after this

struct Pool;

struct Worker : base::Allocated {
    Pool* pool = nullptr;
    Worker* next = nullptr;
    pthread_t thread{};
    uint32_t epoch = 0;
    int64_t busy_since = 0;  // 0 is idle
    bool local = false;      // what it is busy with ends soon: it is waited for
    bool detached = false;   // nobody will join it
};

struct Queue {
    base::Ref<BlockingJob> first;
    BlockingJob* last = nullptr;
    int size = 0;

    void push(base::Ref<BlockingJob> job) noexcept {
        BlockingJob* added = job.get();
        (last ? last->next_in_queue : first) = std::move(job);
        last = added;
        ++size;
    }
    base::Ref<BlockingJob> pop() noexcept {
        base::Ref<BlockingJob> job = std::move(first);
        if (!job) return job;
        first = std::move(job->next_in_queue);
        if (!first) last = nullptr;
        --size;
        return job;
    }
};

struct Pool {
    pthread_mutex_t mutex;
    pthread_cond_t work;     // a job came, or the epoch changed
    pthread_cond_t changed;  // a thread went
    Queue local, lookup;
    Worker* workers = nullptr;   // alive
    Worker* finished = nullptr;  // ended, to be joined
    uint32_t epoch = 0;
    unsigned serial = 0;

    Pool() noexcept {
        pthread_mutex_init(&mutex, nullptr);
        pthread_condattr_t attr;
        pthread_condattr_init(&attr);
        pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
        pthread_cond_init(&work, &attr);
        pthread_cond_init(&changed, &attr);
        pthread_condattr_destroy(&attr);
    }
};

base::PerProcess<Pool> g_pool;

class Lock {
public:
    explicit Lock(Pool& pool) noexcept : pool_(pool) { pthread_mutex_lock(&pool_.mutex); }
    ~Lock() { pthread_mutex_unlock(&pool_.mutex); }
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;
    /// False when the time is up.
    bool wait(pthread_cond_t& cond, int64_t deadline_ns) noexcept {
        if (deadline_ns == base::kNever) return pthread_cond_wait(&cond, &pool_.mutex) == 0;
        timespec until;
        until.tv_sec = static_cast<time_t>(deadline_ns / 1000000000);
        until.tv_nsec = static_cast<long>(deadline_ns % 1000000000);
        return pthread_cond_timedwait(&cond, &pool_.mutex, &until) == 0;
    }

private:
    Pool& pool_;
};

void remove(Worker*& list, Worker* worker) noexcept {
    Worker** at = &list;
    while (*at != worker) at = &(*at)->next;
    *at = worker->next;
}

/// With no lock held. They have left the pool already, so this does not wait for any call.
void join_all(Worker* list) noexcept {
    while (Worker* worker = list) {
        list = worker->next;
        pthread_join(worker->thread, nullptr);
        delete worker;
    }
}

/// The next job for a thread, or none when it shall end.
base::Ref<BlockingJob> next_job(Pool& pool, Lock& lock, Worker& self) noexcept {
    const int64_t deadline = base::monotonic_ns() + kIdleNs;
    bool in_time = true;
    while (self.epoch == pool.epoch) {
        self.local = pool.local.size > 0;
        if (self.local) return pool.local.pop();
        if (pool.lookup.size) return pool.lookup.pop();
        if (!in_time) break;
        in_time = lock.wait(pool.work, deadline);
    }
    return {};
}

void serve(Pool& pool, Worker& self) noexcept {
    for (;;) {
        base::Ref<BlockingJob> job;
        {
            Lock lock(pool);
            self.busy_since = 0;
            job = next_job(pool, lock, self);
            if (!job) {
                remove(pool.workers, &self);
                if (!self.detached) {
                    self.next = pool.finished;
                    pool.finished = &self;
                }
                pthread_cond_broadcast(&pool.changed);
                break;
            }
            self.busy_since = base::monotonic_ns();
        }
        job->run();
    }
}

void serve_main(void* raw) {
    auto* self = static_cast<Worker*>(raw);
    serve(*self->pool, *self);
    if (self->detached) delete self;  // settled when the pool forgot the worker
}

/// With the lock held: whether the queued work deserves one more thread.
bool wants_thread(Pool& pool, BlockingPool::Kind kind) noexcept {
    const int64_t now = base::monotonic_ns();
    int idle = 0, busy = 0, total = 0;
    for (Worker* worker = pool.workers; worker; worker = worker->next) {
        ++total;
        if (worker->epoch != pool.epoch) continue;  // it takes no more work
        if (worker->busy_since == 0)
            ++idle;
        else if (now - worker->busy_since < kStuckNs)
            ++busy;
    }
    if (idle >= pool.local.size + pool.lookup.size) return false;
    const int limit = kMaxThreads + (kind == BlockingPool::Kind::Local ? kMaxLocalExtra : 0);
    return total < kMaxTotal && idle + busy < limit;
}

/// With the lock held, so that the new thread finds itself in the list.
bool add_thread(Pool& pool) {
    auto* worker = new Worker;
    char name[16];
    std::snprintf(name, sizeof name, "xh-resolver-%u", ++pool.serial % 1000);
    worker->pool = &pool;
    worker->epoch = pool.epoch;
    worker->next = pool.workers;
    pool.workers = worker;
    if (base::start_thread(worker->thread, name, serve_main, worker)) return true;
    pool.workers = worker->next;
    delete worker;
    return false;
}

}  // namespace

bool BlockingPool::submit(base::Ref<BlockingJob> job, Kind kind) noexcept {
    Worker* ended = nullptr;
    bool taken = true;
    try {
        library::watch_exit();
        Pool& pool = g_pool.get();
        Lock lock(pool);
        Queue& queue = kind == Kind::Local ? pool.local : pool.lookup;
        queue.push(std::move(job));
        if (wants_thread(pool, kind)) {
            bool started = false;
            try {
                started = add_thread(pool);
            } catch (const std::bad_alloc&) {
            }
            if (!started && !pool.workers) {  // nobody would ever run it
                while (queue.pop()) taken = false;
            }
            ended = pool.finished;
            pool.finished = nullptr;
        }
        pthread_cond_signal(&pool.work);
    } catch (const std::bad_alloc&) {
        return false;
    }
    join_all(ended);
    return taken;
}

bool BlockingPool::stop_idle(int64_t deadline_ns) noexcept {
    Pool* pool = g_pool.find();
    if (!pool) return true;
    Worker* ended = nullptr;
    Queue dropped[2];
    bool all = true;
    {
        Lock lock(*pool);
        const uint32_t old_epoch = pool->epoch++;
        std::swap(dropped[0], pool->local);
        std::swap(dropped[1], pool->lookup);
        auto abandon = [&](bool all_of_them) {
            for (Worker* worker = pool->workers; worker; worker = worker->next) {
                if (worker->epoch > old_epoch || worker->detached) continue;
                if (!all_of_them && (worker->busy_since == 0 || worker->local)) continue;
                pthread_detach(worker->thread);
                worker->detached = true;
            }
        };
        pthread_cond_broadcast(&pool->work);
        auto old_remain = [&] {
            for (Worker* worker = pool->workers; worker; worker = worker->next)
                if (worker->epoch <= old_epoch && !worker->detached) return true;
            return false;
        };
        // A look-up that has just answered is on its way out; one that hangs is not waited for.
        constexpr int64_t kGraceNs = 200 * base::kNsPerMs;
        const int64_t grace = std::min(deadline_ns, base::monotonic_ns() + kGraceNs);
        while (old_remain() && lock.wait(pool->changed, grace)) {
        }
        abandon(false);
        while (all && old_remain()) all = lock.wait(pool->changed, deadline_ns);
        if (!all) abandon(true);
        ended = pool->finished;
        pool->finished = nullptr;
    }
    join_all(ended);
    for (Queue& queue : dropped)
        while (base::Ref<BlockingJob> job = queue.pop()) job->dropped();
    return all;
}

}  // namespace xh::loop
