#pragma once
// State of the whole process without a static constructor or destructor: made at first use, never destroyed, and made
// anew in a forked child, whose copy of the parent's state may hold a lock for ever (ffi 1.8.3).

#include <atomic>

#include "base/alloc.h"
#include "base/process.h"

namespace xh::base {

template <class T>
class PerProcess {
public:
    constexpr PerProcess() noexcept = default;
    PerProcess(const PerProcess&) = delete;
    PerProcess& operator=(const PerProcess&) = delete;

    /// Throws what T's constructor throws.
    T& get() {
        T* value = find();
        return value ? *value : make();
    }
    /// The state if this process has made it, else nullptr.
    T* find() noexcept {
        Cell* cell = cell_.load(std::memory_order_acquire);
        return cell && cell->generation == fork_generation() ? &cell->value : nullptr;
    }

private:
    struct Cell : Allocated {
        uint32_t generation = fork_generation();
        T value;
    };

    T& make() {
        Cell* mine = new Cell;
        Cell* seen = cell_.load(std::memory_order_acquire);
        for (;;) {
            if (seen && seen->generation == mine->generation) {
                delete mine;
                return seen->value;
            }
            // A cell of the parent is left as it is: whatever it holds may be half changed.
            if (cell_.compare_exchange_strong(seen, mine, std::memory_order_acq_rel)) return mine->value;
        }
    }

    std::atomic<Cell*> cell_{nullptr};
};

}  // namespace xh::base
