#pragma once
// One outgoing message: a head and a body, counted or chunked, sent with as few system calls as can be.

#include <cstdint>
#include <string_view>

#include "conn/body_source.h"
#include "net/transport.h"

namespace xh::conn {

enum class SendState : uint8_t {
    Idle,          ///< nothing to send
    Blocked,       ///< the socket takes no more: flush when it is writable
    Waiting,       ///< the source has nothing now, or the body is held back: flush when that changes
    Yield,         ///< a turn's share is sent; flush in the next turn
    Done,          ///< all was handed to the system
    SendFailed,    ///< the transport failed; its take_error() tells
    SourceFailed,  ///< the source failed; its error() tells
    Mismatch       ///< the source gave more or less than it had announced
};

class Outgoing {
public:
    /// @param head  borrowed until the first flush returned; what that did not send is copied
    /// @param body  borrowed until Done or the next start; nullptr for none
    /// @param length  of the body as the head announces it; -1 is chunked
    /// @param hold_body  the body waits for release_body() (Expect: 100-continue)
    void start(std::string_view head, BodySource* body, int64_t length, bool hold_body);
    void release_body() noexcept { held_ = false; }
    bool body_held() const noexcept { return held_; }
    /// Gives up what is not sent.
    void stop() noexcept;

    SendState flush(net::Transport& transport);

    /// Bytes handed to the system since start(): of everything, and of the body alone.
    uint64_t sent() const noexcept { return sent_; }
    uint64_t body_sent() const noexcept { return body_sent_; }
    bool active() const noexcept { return active_; }
    /// The last flush ended because the source had nothing.
    bool waiting() const noexcept { return active_ && waiting_ && !held_; }
    BodySource* source() const noexcept { return body_; }

private:
    static constexpr std::size_t kTurnShare = 4u << 20;

    SendState flush_once(net::Transport& transport);
    Supply next_piece();
    void account(std::size_t n);

    std::string_view head_;  // not sent yet, first flush only
    base::String before_;    // small bytes that precede the data: rest of the head, chunk line, last chunk
    std::size_t before_at_ = 0;
    std::string_view data_;  // the source's bytes in this piece
    std::size_t after_ = 0;  // bytes of CR LF still owed behind the data
    BodySource* body_ = nullptr;
    int64_t announced_ = -1;
    uint64_t sent_ = 0;
    uint64_t body_sent_ = 0;
    bool chunked_ = false;
    bool held_ = false;
    bool ended_ = false;
    bool active_ = false;
    bool waiting_ = false;
};

}  // namespace xh::conn
