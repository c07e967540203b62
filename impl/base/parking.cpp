#include "base/parking.h"

#include <pthread.h>
#include <time.h>

#include "base/clock.h"

namespace xh::base {

namespace {

// Few locks for all objects: a waiter that shares one with another object wakes for nothing now and then.
struct Bucket {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    std::atomic<int> waiters;
};

constexpr int kBuckets = 16;
Bucket g_buckets[kBuckets];
pthread_once_t g_once = PTHREAD_ONCE_INIT;

void init_buckets() {
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    for (Bucket& bucket : g_buckets) {
        pthread_mutex_init(&bucket.mutex, nullptr);
        pthread_cond_init(&bucket.changed, &attr);
        bucket.waiters.store(0, std::memory_order_relaxed);
    }
    pthread_condattr_destroy(&attr);
}

void make_buckets() {
    init_buckets();
    // A forked child finds them as the parent's threads left them: locked, and with waiters that it does not have.
    pthread_atfork(nullptr, nullptr, init_buckets);
}

Bucket& bucket_of(const void* address) noexcept {
    pthread_once(&g_once, make_buckets);
    return g_buckets[(reinterpret_cast<uintptr_t>(address) >> 6) % kBuckets];
}

}  // namespace

bool park_until(const std::atomic<bool>& flag, int64_t deadline_ns) noexcept {
    if (flag.load(std::memory_order_acquire)) return true;
    Bucket& bucket = bucket_of(&flag);
    timespec until{deadline_ns / 1000000000, static_cast<long>(deadline_ns % 1000000000)};
    bucket.waiters.fetch_add(1, std::memory_order_seq_cst);
    pthread_mutex_lock(&bucket.mutex);
    bool reached;
    while (!(reached = flag.load(std::memory_order_seq_cst))) {
        if (deadline_ns == kNever)
            pthread_cond_wait(&bucket.changed, &bucket.mutex);
        else if (monotonic_ns() >= deadline_ns)
            break;
        else
            pthread_cond_timedwait(&bucket.changed, &bucket.mutex, &until);
    }
    pthread_mutex_unlock(&bucket.mutex);
    bucket.waiters.fetch_sub(1, std::memory_order_relaxed);
    return reached;
}

void unpark(const std::atomic<bool>& flag) noexcept {
    std::atomic_thread_fence(std::memory_order_seq_cst);
    Bucket& bucket = bucket_of(&flag);
    if (bucket.waiters.load(std::memory_order_seq_cst) == 0) return;
    pthread_mutex_lock(&bucket.mutex);
    pthread_cond_broadcast(&bucket.changed);
    pthread_mutex_unlock(&bucket.mutex);
}

}  // namespace xh::base
