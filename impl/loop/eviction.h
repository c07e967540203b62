#pragma once
// Ends all work on a loop, from inside it.

#include "base/parking.h"
#include "loop/loop.h"

namespace xh::loop {

/// Posted to a loop that is shut down or abandoned. `done` is set when every resident has had its last callback.
struct Eviction final : base::Counted, Mail {
    explicit Eviction(base::Ref<Loop> on) : loop(std::move(on)) {}
    void on_mail(uint32_t) override {
        loop->evict_all();
        loop->stop();
        done.store(true, std::memory_order_seq_cst);
        base::unpark(done);
    }
    void retain_for_mail() noexcept override { retain(); }
    void release_from_mail() noexcept override {
        loop.reset();  // by now the one who drives it keeps it
        release();
    }
    base::Ref<Loop> loop;
    std::atomic<bool> done{false};
};

}  // namespace xh::loop
