#pragma once
// The last barrier against want of memory. Whoever is called by a loop ends its own work when memory is out, and lets
// nothing through; should one fail to, the others on the loop must still get their events.

#include <new>

namespace xh::loop {

template <class Call>
void contain(Call&& call) {
    try {
        call();
    } catch (const std::bad_alloc&) {
    }
}

}  // namespace xh::loop
