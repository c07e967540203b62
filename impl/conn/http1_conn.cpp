#include "conn/http1_conn.h"

#include <cstring>
#include <new>

namespace xh::conn {

template <class F>
void Http1Conn::guarded(F&& step) noexcept {
    base::Ref<Http1Conn> alive(this);
    try {
        step();
    } catch (const std::bad_alloc&) {
        if (keeper_) return std::exchange(keeper_, nullptr)->on_idle_end(*this);
        ConnUser* user = user_;
        close();
        if (user) user->on_conn_failed(base::Error(XH_E_NOMEM, base::component::kHttp, XH_PHASE_NONE, "out of memory"));
    }
}

Http1Conn::Http1Conn(loop::Loop& loop, ParserPool& parsers, std::unique_ptr<net::Transport> transport)
    : loop_(loop),
      parsers_(parsers),
      transport_(std::move(transport)),
      info_(base::make_ref<ConnInfo>(*transport_)),
      task_(run_task, this) {
    transport_->set_owner(this);
}

Http1Conn::~Http1Conn() = default;

void Http1Conn::begin(ConnUser& user, proto::Role role, const proto::Limits& limits, proto::Leniency leniency) {
    if (!parser_) parser_ = parsers_.take();
    parser_->reset(role, limits, leniency);
    user_ = &user;
    keeper_ = nullptr;
    first_byte_ns_ = -1;
    paused_ = false;
    ended_ = false;
    last_io_ns_ = loop_.turn_ns();
    receive_limit_ = loop::Loop::kReceiveBytes;
    // What came while somebody else owned the transport brings no further event.
    if (unread()) readable_ = true;
    if (readable_ || held_.len) loop_.defer(task_);
}

void Http1Conn::set_receive_limit(std::size_t bytes) noexcept {
    constexpr std::size_t kLeast = 4096;
    if (bytes < kLeast) bytes = kLeast;
    if (bytes > loop::Loop::kReceiveBytes) bytes = loop::Loop::kReceiveBytes;
    receive_limit_ = static_cast<uint32_t>(bytes);
}

bool Http1Conn::send(std::string_view head, BodySource* body, int64_t length, bool hold_body) {
    base::Ref<Http1Conn> alive(this);
    outgoing_.start(head, body, length, hold_body);
    flush();
    return !closed();
}

void Http1Conn::resume_sending(bool release_body) {
    if (closed()) return;
    if (release_body) outgoing_.release_body();
    want_flush_ = true;
    loop_.defer(task_);
}

void Http1Conn::flush() {
    want_flush_ = false;
    if (send_error_ || !transport_) return;
    uint64_t before = outgoing_.sent();
    SendState state = outgoing_.flush(*transport_);
    if (outgoing_.sent() != before) last_io_ns_ = loop_.turn_ns();
    switch (state) {
        case SendState::Idle: return;
        case SendState::Yield:
            want_flush_ = true;
            loop_.defer(task_);
            [[fallthrough]];
        case SendState::Blocked:
        case SendState::Waiting:
            if (outgoing_.sent() != before && user_) user_->on_conn_sent(false);
            return;
        case SendState::Done:
            if (user_) user_->on_conn_sent(true);
            return;
        case SendState::SendFailed:
            // The peer may have answered early and closed: its answer is still to be read (what-users-ask 1).
            send_error_ = std::make_unique<base::Error>(transport_->take_error());
            outgoing_.stop();
            readable_ = hangup_ = true;
            loop_.defer(task_);
            return;
        case SendState::SourceFailed:
        case SendState::Mismatch: {
            BodySource* source = outgoing_.source();
            base::Error error = state == SendState::SourceFailed && source ? source->error() : base::Error();
            if (!error)
                error = base::Error(XH_E_CONTENT_LENGTH_MISMATCH, base::component::kRequest, XH_PHASE_SEND,
                                    "the body does not have the length that was announced");
            outgoing_.stop();
            if (user_) user_->on_conn_source_failed(std::move(error));
            return;
        }
    }
}

void Http1Conn::resume() noexcept {
    if (!paused_) return;
    paused_ = false;
    if (!closed() && (readable_ || held_.len || (parser_ && parser_->has_due_event()))) loop_.defer(task_);
}

void Http1Conn::run_task(void* self) {
    auto* conn = static_cast<Http1Conn*>(self);
    conn->guarded([conn] {
        if (conn->want_flush_) conn->flush();
        if (!conn->closed()) conn->receive();
    });
}

void Http1Conn::on_transport_ready(uint32_t ready) {
    guarded([&] {
        if (ready & loop::kHangUp) hangup_ = true;
        if (ready & loop::kWritable) {
            if (outgoing_.active()) flush();
            if (transport_ && transport_->read_wants_write()) ready |= loop::kReadable;
        }
        if (!(ready & loop::kReadable) || !transport_) return;
        readable_ = true;
        receive();
    });
}

void Http1Conn::receive() {
    if (!user_) return receive_idle();
    if (!paused_ && !ended_ && (held_.len || parser_->has_due_event())) feed_held();
    int rounds = 4;  // a turn's share: others wait meanwhile
    while (readable_ && !paused_ && user_ && transport_ && !ended_) {
        if (rounds-- == 0) {
            loop_.defer(task_);
            return;
        }
        base::Buffer* buffer = loop_.receive_buffer().get();
        net::IoResult result = transport_->read(buffer->data(), receive_limit_);
        switch (result.state) {
            case net::IoState::Ok:
                // Less than was asked for means that the socket is empty; an edge tells when that changes. After a hang-up no
                // further edge comes, so it is read to its end.
                if (result.bytes < receive_limit_ && !hangup_ && !transport_->has_pending()) readable_ = false;
                received_ += result.bytes;
                last_io_ns_ = loop_.turn_ns();
                if (first_byte_ns_ < 0) first_byte_ns_ = base::monotonic_ns();
                feed(buffer, 0, result.bytes);
                break;
            case net::IoState::Blocked: readable_ = false; break;
            case net::IoState::Eof:
                readable_ = false;
                at_eof();
                return;
            case net::IoState::Failed:
                readable_ = false;
                fail(transport_->take_error());
                return;
        }
    }
}

void Http1Conn::receive_idle() {
    if (!keeper_) return;
    // TLS may have something of its own to read (tickets); anything else ends an idle connection.
    char byte;
    net::IoResult result = transport_->read(&byte, 1);
    if (result.state == net::IoState::Blocked) {
        readable_ = false;
        transport_->on_idle();
        return;
    }
    ConnKeeper* keeper = keeper_;
    keeper_ = nullptr;
    keeper->on_idle_end(*this);
}

void Http1Conn::feed_held() {
    base::Slice slice = std::move(held_);
    held_ = {};
    feed(slice.buffer.get(), slice.pos, slice.pos + slice.len);
}

void Http1Conn::hold(base::Buffer* buffer, std::size_t pos, std::size_t end) {
    std::size_t n = end - pos;
    // A few bytes do not keep a whole receive buffer alive.
    if (n * 4 < buffer->capacity()) {
        base::Ref<base::Buffer> copy = base::Buffer::make(n);
        std::memcpy(copy->data(), buffer->data() + pos, n);
        held_ = {std::move(copy), 0, static_cast<uint32_t>(n)};
    } else {
        held_ = {base::Ref<base::Buffer>(buffer), static_cast<uint32_t>(pos), static_cast<uint32_t>(n)};
    }
}

void Http1Conn::feed(base::Buffer* buffer, std::size_t pos, std::size_t end) {
    receiving_ = buffer;
    proto::Http1Parser::Fed fed = parser_->feed(buffer ? buffer->data() + pos : nullptr, end - pos, *this);
    receiving_ = nullptr;
    if (!transport_ || !user_) return;
    if (fed.error != XH_OK) {
        fail(base::Error(fed.error, base::component::kHttp, parser_->in_body() ? XH_PHASE_BODY : XH_PHASE_HEAD,
                         xh_status_text(fed.error)));
        return;
    }
    pos += fed.consumed;
    if (pos < end) hold(buffer, pos, end);
    if (ended_)
        user_->on_conn_message_end();
    else if (fed.stop == proto::Http1Parser::Stop::Paused)
        paused_ = true;
}

void Http1Conn::at_eof() {
    xh_status status = parser_->finish(*this);
    if (!transport_ || !user_) return;
    if (ended_) {
        user_->on_conn_message_end();
        return;
    }
    if (status == XH_OK) return;
    int phase = parser_->in_body() ? XH_PHASE_BODY : XH_PHASE_HEAD;
    fail(base::Error(status, base::component::kHttp, phase,
                     status == XH_E_CONNECTION_CLOSED
                         ? "the peer closed the connection without an answer"
                         : "the peer closed the connection before the message was complete"));
}

void Http1Conn::fail(base::Error error) {
    if (send_error_ && error.phase != XH_PHASE_BODY) {
        // Nobody could answer: what stopped the sending is the cause.
        error = std::move(*send_error_);
        error.phase = XH_PHASE_SEND;
    }
    ConnUser* user = user_;
    close();
    if (user) user->on_conn_failed(std::move(error));
}

bool Http1Conn::end_exchange() noexcept {
    bool whole = ended_ && !outgoing_.active() && !cut_short_ && !send_error_ && !hangup_ && transport_;
    user_ = nullptr;
    outgoing_.stop();
    if (parser_) parsers_.give(std::move(parser_));
    return whole;
}

void Http1Conn::park(ConnKeeper& keeper) noexcept {
    keeper_ = &keeper;
    if (unread()) {
        readable_ = true;
        loop_.defer(task_);
    }
    transport_->on_idle();
}

bool Http1Conn::peek_alive() { return transport_ && transport_->peek() == net::IoState::Blocked; }

void Http1Conn::close() noexcept {
    task_.cancel();
    outgoing_.stop();
    user_ = nullptr;
    keeper_ = nullptr;
    held_ = {};
    readable_ = want_flush_ = false;
    transport_.reset();
}

void Http1Conn::take_leave() noexcept {
    if (transport_ && transport_->tls()) {
        try {
            transport_->shutdown_write();
        } catch (const std::bad_alloc&) {
            // Without memory the peer sees the connection end without a word.
        }
    }
    close();
}

std::unique_ptr<net::Transport> Http1Conn::take_transport(base::String& received) {
    received.clear();
    if (held_.len) received.assign(held_.data(), held_.len);
    std::unique_ptr<net::Transport> transport = std::move(transport_);
    if (transport) transport->set_owner(nullptr);
    close();
    return transport;
}

}  // namespace xh::conn
