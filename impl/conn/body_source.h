#pragma once
// Where the bytes of an outgoing body come from. The sender looks at what is next, sends as much as the socket takes, and
// takes that much: no byte is copied on the way.

#include <string_view>

#include "base/error.h"

namespace xh::conn {

enum class Supply : uint8_t {
    Data,   ///< at least one byte
    Wait,   ///< nothing now; the owner resumes the sending when there is
    End,    ///< all has been taken
    Failed  ///< error() tells
};

class BodySource : public base::Allocated {
public:
    virtual ~BodySource() = default;
    /// Bytes in all; -1 when unknown: sent chunked.
    virtual int64_t length() const noexcept = 0;
    /// What is next, without taking it. `data` is valid until take() or rewind().
    virtual Supply peek(std::string_view& data) = 0;
    virtual void take(std::size_t n) noexcept = 0;
    /// Back to the first byte, for a request that is sent again. False when the bytes are gone.
    virtual bool rewind() = 0;
    virtual base::Error error() { return {}; }
};

/// Bytes that somebody else keeps alive.
class MemorySource final : public BodySource {
public:
    explicit MemorySource(std::string_view bytes) noexcept : bytes_(bytes) {}
    int64_t length() const noexcept override { return static_cast<int64_t>(bytes_.size()); }
    Supply peek(std::string_view& data) override {
        data = bytes_.substr(at_);
        return data.empty() ? Supply::End : Supply::Data;
    }
    void take(std::size_t n) noexcept override { at_ += n; }
    bool rewind() override {
        at_ = 0;
        return true;
    }

private:
    std::string_view bytes_;
    std::size_t at_ = 0;
};

}  // namespace xh::conn
