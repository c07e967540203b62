#pragma once
// Counted byte buffers: received data is lent from one and may be kept without a copy (ffi 1.6.3).

#include <cstdint>

#include "base/ref.h"

namespace xh::base {

/// A fixed block of bytes in one allocation with its header.
class Buffer final : public Counted {
public:
    static Ref<Buffer> make(std::size_t capacity);
    char* data() noexcept { return reinterpret_cast<char*>(this + 1); }
    const char* data() const noexcept { return reinterpret_cast<const char*>(this + 1); }
    std::size_t capacity() const noexcept { return capacity_; }

private:
    explicit Buffer(std::size_t capacity) noexcept : capacity_(capacity) {}
    std::size_t capacity_;
};

/// Part of a buffer, with a share in it.
struct Slice {
    Ref<Buffer> buffer;
    uint32_t pos = 0;
    uint32_t len = 0;
    const char* data() const noexcept { return buffer->data() + pos; }
};

}  // namespace xh::base
