#include "base/buffer.h"

#include <new>

namespace xh::base {

Ref<Buffer> Buffer::make(std::size_t capacity) {
    void* memory = allocate(sizeof(Buffer) + capacity);
    return Ref<Buffer>::adopt(new (memory) Buffer(capacity));
}

}  // namespace xh::base
