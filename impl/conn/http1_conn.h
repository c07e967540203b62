#pragma once
// One HTTP/1 connection: transport, parser, sender. The same class serves both roles; nothing in it asks for whom.

#include <memory>
#include <utility>

#include "base/buffer.h"
#include "conn/conn_info.h"
#include "conn/outgoing.h"
#include "conn/parser_pool.h"
#include "net/transport.h"
#include "proto/http1_parser.h"

namespace xh::conn {

class Http1Conn;

/// Whoever runs an exchange on a connection. Calls come on the loop's thread. After a call the connection looks whether it
/// was closed or handed on before it touches anything.
class ConnUser {
public:
    virtual proto::Verdict on_conn_head(const proto::Head& head) = 0;
    virtual std::size_t on_conn_body(const char* data, std::size_t n, proto::Verdict& verdict) = 0;
    virtual proto::Verdict on_conn_trailers(const proto::HeaderSpan* fields, uint32_t count, const char* data,
                                            uint32_t size) = 0;
    virtual proto::Verdict on_conn_message_end() = 0;
    /// Bytes of the outgoing message were handed to the system; `done` when it was the last of them.
    virtual void on_conn_sent(bool done) = 0;
    /// The outgoing body failed at its source.
    virtual void on_conn_source_failed(base::Error error) = 0;
    /// The connection broke or ended before the message did. Nothing more comes.
    virtual void on_conn_failed(base::Error error) = 0;

protected:
    ~ConnUser() = default;
};

/// Whoever keeps a connection on which no exchange runs.
class ConnKeeper {
public:
    /// The peer closed it, or sent something that nobody asked for. The keeper lets go of it.
    virtual void on_idle_end(Http1Conn& conn) = 0;

protected:
    ~ConnKeeper() = default;
};

class Http1Conn : public base::Counted, private net::TransportOwner, private proto::Http1Sink {
public:
    Http1Conn(loop::Loop& loop, ParserPool& parsers, std::unique_ptr<net::Transport> transport);

    /// Starts an exchange: messages of `role` will be parsed and given to `user`.
    void begin(ConnUser& user, proto::Role role, const proto::Limits& limits, proto::Leniency leniency);
    /// What the response that comes answers.
    void expect(proto::Answers answers) noexcept { parser_->expect(answers); }

    /// Sends a message; at most what the socket takes now, the rest as it becomes writable. See Outgoing::start.
    /// @return false when the connection failed: on_conn_failed was called
    bool send(std::string_view head, BodySource* body, int64_t length, bool hold_body);
    /// The held or waiting body goes on.
    void resume_sending(bool release_body);
    /// Gives up what is not sent; the connection cannot be used again afterwards.
    void stop_sending() noexcept {
        outgoing_.stop();
        cut_short_ = true;
    }
    const Outgoing& outgoing() const noexcept { return outgoing_; }
    /// Everything of the present message was handed to the system.
    bool sent_all() const noexcept { return !outgoing_.active(); }

    /// Nothing is given to the user until resume. Bytes that were read already wait here, at most a receive buffer.
    void pause() noexcept { paused_ = true; }
    /// Goes on in the next turn, never inside this call.
    void resume() noexcept;
    bool paused() const noexcept { return paused_; }
    /// The most to receive at a time; keeps a small window small.
    void set_receive_limit(std::size_t bytes) noexcept;

    /// The exchange is over: the parser goes back to its pool. True when another exchange may follow.
    bool end_exchange() noexcept;
    /// Bytes came behind the message: the next one of a pipeline, or something nobody asked for.
    bool has_surplus() const noexcept { return held_.len != 0; }
    /// The system told of something to read that nobody has looked at yet.
    bool unread() const noexcept { return readable_ || (transport_ && transport_->has_pending()); }
    /// No exchange runs: `keeper` hears when the connection ends.
    void park(ConnKeeper& keeper) noexcept;
    /// Looks whether the peer has closed; only worth its system call when the loop has not looked for a while.
    bool peek_alive();
    ConnKeeper* keeper() const noexcept { return keeper_; }

    /// Closes at once and tells the user why.
    void abort(base::Error error) { fail(std::move(error)); }
    /// Closes at once. No callback follows.
    void close() noexcept;
    /// The same, with the word that TLS owes the peer (close_notify, RFC 8446 6.1) if it can be said at once.
    void take_leave() noexcept;
    bool closed() const noexcept { return transport_ == nullptr; }
    net::Transport* transport() noexcept { return transport_.get(); }
    /// For an upgrade: the stream and what was received behind the message. The connection is closed for HTTP.
    std::unique_ptr<net::Transport> take_transport(base::String& received);

    /// The buffer that body bytes point into during on_conn_body, for keeping them.
    base::Buffer* receiving() const noexcept { return receiving_; }
    /// When the first byte of the present message came; -1 before.
    int64_t first_byte_ns() const noexcept { return first_byte_ns_; }
    /// Bytes received since the last call.
    uint64_t take_received() noexcept { return std::exchange(received_, 0); }
    int64_t last_io_ns() const noexcept { return last_io_ns_; }
    const base::Ref<const ConnInfo>& info() const noexcept { return info_; }
    loop::Loop& loop() noexcept { return loop_; }

protected:
    ~Http1Conn() override;

private:
    void on_transport_ready(uint32_t ready) override;
    proto::Verdict on_head(const proto::Head& head) override { return user_->on_conn_head(head); }
    size_t on_body(const char* p, size_t n, proto::Verdict& v) override { return user_->on_conn_body(p, n, v); }
    proto::Verdict on_trailers(const proto::HeaderSpan* f, uint32_t c, const char* d, uint32_t s) override {
        return user_->on_conn_trailers(f, c, d, s);
    }
    proto::Verdict on_message_end() override {
        // Told when the parser has returned: the user may give it back in that call.
        ended_ = true;
        return proto::Verdict::Pause;
    }

    /// Runs a step; when memory is out the connection fails.
    template <class F>
    void guarded(F&& step) noexcept;
    void receive();
    void receive_idle();
    void feed(base::Buffer* buffer, std::size_t pos, std::size_t end);
    void feed_held();
    void hold(base::Buffer* buffer, std::size_t pos, std::size_t end);
    void flush();
    void fail(base::Error error);
    void at_eof();
    static void run_task(void* self);

    loop::Loop& loop_;
    ParserPool& parsers_;
    std::unique_ptr<net::Transport> transport_;
    base::Ref<const ConnInfo> info_;
    std::unique_ptr<proto::Http1Parser> parser_;
    ConnUser* user_ = nullptr;
    ConnKeeper* keeper_ = nullptr;
    Outgoing outgoing_;
    loop::Task task_;
    base::Slice held_;  // received, not parsed yet: the user paused inside it, or it lies behind the message
    base::Buffer* receiving_ = nullptr;
    int64_t first_byte_ns_ = -1;
    int64_t last_io_ns_ = 0;
    uint64_t received_ = 0;
    uint32_t receive_limit_ = loop::Loop::kReceiveBytes;
    bool readable_ = false;  // the socket may have more than was read
    bool hangup_ = false;    // the peer has closed: read on to the end
    bool paused_ = false;
    bool want_flush_ = false;
    bool ended_ = false;      // the message has ended
    bool cut_short_ = false;  // an outgoing message was given up
    std::unique_ptr<base::Error> send_error_;
};

}  // namespace xh::conn
