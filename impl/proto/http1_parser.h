#pragma once
// HTTP/1 messages, pushed in pieces of any size, out as events (http1_types.h). Strict unless a leniency is named.
// One parser serves one connection at a time; reset() makes a pooled one new. No I/O, no clock, no thread.

#include "base/alloc.h"
#include "proto/chunked.h"
#include "proto/http1_head.h"
#include "proto/http1_types.h"

namespace xh::proto {

/// What the request was that the next response answers.
enum class Answers : uint8_t {
    Other,
    Head,     ///< HEAD: no body whatever the head says
    Connect,  ///< CONNECT: 2xx ends HTTP on the connection
};

class Http1Parser : public base::Allocated {
public:
    /// Why feed() returned.
    enum class Stop : uint8_t {
        NeedMore,    ///< every byte is used
        MessageEnd,  ///< right behind a message, on_message_end has run
        Paused,      ///< a sink said so; call feed() again to go on, with no bytes if need be
        Upgrade,     ///< p + consumed is the first byte that is not HTTP
        Gone,        ///< touch nothing
        Error,       ///< see `error`; the same until reset()
    };
    struct Fed {
        size_t consumed;  ///< on Error: bytes before the offending one, as far as they lie in this piece
        xh_status error;
        Stop stop;
    };

    /// Forgets everything; the first byte fed next is the first of a message.
    void reset(Role role, const Limits& limits = Limits(), Leniency leniency = 0) noexcept;
    /// Gives back what an unusually large head made it keep; reset() does so, too.
    void trim_memory() noexcept { head_.trim_memory(); }
    /// Before a response is fed: what it answers. Holds for one final response, then falls back to Other.
    void expect(Answers answers) noexcept { answers_ = answers; }

    /// Parses until the first of the stops. A sink is called from inside only; it may not feed or reset this parser,
    /// but may destroy it and return Gone. Throws std::bad_alloc only (the parser is to be reset then).
    Fed feed(const char* p, size_t n, Http1Sink& sink);

    /// The connection has ended. XH_OK when that completes a message (on_message_end runs when it was still due);
    /// XH_E_CONNECTION_CLOSED when no byte of a message had come; XH_E_TRUNCATED inside one (interim responses count).
    xh_status finish(Http1Sink& sink);

    /// A byte of a message has come whose end has not.
    bool in_message() const noexcept { return state_ != State::Idle && state_ != State::Closed; }
    /// The head is complete and the body is not.
    bool in_body() const noexcept { return state_ >= State::Length && state_ <= State::MessageEnd; }
    bool body_until_close() const noexcept { return state_ == State::UntilClose; }
    /// The last message allows another one on the connection. Meaningful from on_head on.
    bool keep_alive() const noexcept { return keep_alive_; }
    /// on_message_end is due without further bytes: feed(p, 0) after a pause brings it.
    bool has_due_event() const noexcept {
        return state_ == State::MessageEnd || (state_ == State::Length && left_ == 0);
    }
    /// Body bytes of the current message that the sink took.
    uint64_t body_bytes() const noexcept { return body_bytes_; }
    /// Bytes of the current length-delimited body still to come.
    uint64_t bytes_left() const noexcept { return state_ == State::Length ? left_ : 0; }
    /// Bytes used since reset().
    uint64_t total_bytes() const noexcept { return total_; }
    xh_status error() const noexcept { return error_; }
    /// Position of the offending byte, counted from the first byte after reset().
    uint64_t error_offset() const noexcept { return error_offset_; }

private:
    enum class State : uint8_t {
        Idle,        ///< between messages; a request may be preceded by a few empty lines
        Head,        ///< in a head
        Length,      ///< in a body of left_ bytes more
        Chunked,     ///< in a chunked body
        Trailers,    ///< behind the last chunk
        UntilClose,  ///< in a body that ends with the connection
        MessageEnd,  ///< all bytes have come, on_message_end is due
        Closed,      ///< after the last message of the connection
        Upgraded,    ///< what follows is not HTTP
        Failed,
    };
    /// What a step of the state machine says to feed's loop.
    enum class Next : uint8_t { Again, More, End, Pause, Upgrade, Gone, Error };

    Next idle(const char* p, size_t n, size_t& pos);
    Next head(const char* p, size_t n, size_t& pos, Http1Sink& sink);
    Next after_head(Verdict verdict, bool upgrade) noexcept;
    void choose_body(Head& head) noexcept;
    Next body(const char* p, size_t n, size_t& pos, Http1Sink& sink);
    Next chunked(const char* p, size_t n, size_t& pos, Http1Sink& sink);
    Next trailers(const char* p, size_t n, size_t& pos, Http1Sink& sink);
    Next message_end(Http1Sink& sink);
    Next closed(size_t n, size_t& pos) noexcept;
    Next fail(xh_status error, uint64_t offset) noexcept;
    Fed stopped(Next next, size_t pos) noexcept;

    State state_ = State::Idle;
    Role role_ = Role::Response;
    Answers answers_ = Answers::Other;
    State body_state_ = State::MessageEnd;  // where a final head leads
    bool keep_alive_ = false;
    bool skipped_cr_ = false;
    uint8_t skipped_lines_ = 0;
    Leniency leniency_ = 0;
    uint32_t interim_ = 0;
    Limits limits_;
    uint64_t left_ = 0;
    uint64_t body_bytes_ = 0;
    uint64_t total_ = 0;       // bytes used in earlier feeds
    uint64_t head_start_ = 0;  // of the current head or trailer section
    xh_status error_ = XH_OK;
    uint64_t error_offset_ = 0;
    HeadParser head_;
    ChunkedDecoder chunks_;
};

}  // namespace xh::proto
