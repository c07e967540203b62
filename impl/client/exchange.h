#pragma once
// One request and its answer on one connection: gets a connection, sends, receives, keeps the deadlines of its phases, gives
// the connection back. Which requests follow each other (redirects, authentication) is the business of the one above.

#include "agent/agent.h"
#include "client/hop.h"
#include "conn/body_source.h"

namespace xh::client {

/// How long the phases may take; -1 is without limit.
struct ExchangeDeadlines {
    int64_t queue_ms = -1;
    net::ConnectDeadlines connect;
    int64_t head_ms = -1;
    int64_t stall_ms = -1;
    int64_t continue_ms = -1;  ///< how long the body waits for 100 (Continue)
};

/// What is to be exchanged. Everything is borrowed until the exchange has ended.
struct ExchangePlan {
    agent::Agent* agent = nullptr;
    agent::OriginKey origin{};
    ExchangeDeadlines deadlines;
    proto::Limits limits;
    proto::Leniency leniency = 0;
    std::string_view method;
    conn::BodySource* body = nullptr;
    int64_t body_length = 0;  ///< announced; -1 is chunked
    bool expect_continue = false;
    bool fresh = false;           ///< no kept connection
    bool last = false;            ///< the request says "Connection: close": nothing follows on its connection
    bool safe_to_repeat = false;  ///< the method is idempotent
    std::size_t receive_limit = loop::Loop::kReceiveBytes;
};

enum class BodyVerdict : uint8_t { Go, Pause, Gone };

class ExchangeSink {
public:
    /// Writes the request's head. `reusable`: the connection may be kept afterwards.
    virtual xh_status write_head(base::String& out, bool reusable) = 0;
    virtual void on_exchange_information(const proto::Head& head) = 0;
    /// The final head. Gone: the sink has ended the exchange.
    virtual BodyVerdict on_exchange_head(const proto::Head& head) = 0;
    /// Body bytes as they came; returns how many were taken.
    virtual std::size_t on_exchange_body(const char* data, std::size_t n, BodyVerdict& verdict) = 0;
    virtual void on_exchange_trailers(const proto::HeaderSpan* fields, uint32_t count, const char* data) = 0;
    virtual void on_exchange_sent() = 0;
    /// The whole answer has come and the connection has been given back.
    virtual void on_exchange_end() = 0;
    /// An empty list is "out of memory"; the call must not throw then.
    /// `stale`: a kept connection had gone before it was used, nothing of an answer came, and repeating is harmless.
    virtual void on_exchange_failed(base::ErrorList errors, bool stale) = 0;
    virtual void on_exchange_proxy_answer(std::string_view answer) = 0;
    /// The application holds the answer up: silence is no stall.
    virtual bool holds_up() const noexcept = 0;

protected:
    ~ExchangeSink() = default;
};

class Exchange final : private agent::Waiter, private conn::ConnUser {
public:
    explicit Exchange(ExchangeSink& sink) noexcept : sink_(sink) {
        phase_timer_.set(phase_expired, this);
        stall_timer_.set(stall_expired, this);
    }
    ~Exchange() { abandon(); }

    /// The end may come inside this call.
    void start(const ExchangePlan& plan, Hop& hop);
    /// Ends it without a call to the sink; a connection in use is closed.
    void abandon() noexcept;
    bool active() const noexcept { return plan_.agent != nullptr; }
    int32_t phase() const noexcept { return phase_; }

    void resume_reading() noexcept;
    void resume_sending();
    /// While the application holds the body up the peer is not to blame.
    void set_held_up(bool held) noexcept {
        held_up_ = held;
        if (!held) note_activity();
    }

    /// Something of the request was handed to the system.
    bool request_sent() const noexcept { return conn_ && conn_->outgoing().sent() > 0; }
    /// All of the request was handed to the system.
    bool body_all_sent() const noexcept { return all_sent_; }
    uint64_t body_sent() const noexcept { return conn_ ? conn_->outgoing().body_sent() : 0; }
    base::Buffer* receiving() const noexcept { return conn_ ? conn_->receiving() : nullptr; }
    /// Who the request is sent to, for messages: "host:port (address)".
    base::String peer() const;

private:
    void on_lease(base::Ref<agent::PooledConn> conn, const net::ConnectTimes* times) override;
    void on_lease_failed(base::ErrorList errors, const net::ConnectTimes* times,
                         std::string_view proxy_answer) override;
    void on_lease_phase(int32_t phase) override;

    proto::Verdict on_conn_head(const proto::Head& head) override;
    std::size_t on_conn_body(const char* data, std::size_t n, proto::Verdict& verdict) override;
    proto::Verdict on_conn_trailers(const proto::HeaderSpan* fields, uint32_t count, const char* data,
                                    uint32_t) override;
    proto::Verdict on_conn_message_end() override;
    void on_conn_sent(bool done) override;
    void on_conn_source_failed(base::Error error) override;
    void on_conn_failed(base::Error error) override;

    /// Runs a step; when memory is out the exchange ends, and the sink is told with an empty list.
    template <class F>
    void guarded(F&& step) noexcept;
    proto::Verdict take_head(const proto::Head& head);
    void begin(base::Ref<agent::PooledConn> conn);
    void mark_queue_end(int64_t when) noexcept;
    void record(const net::ConnectTimes* times);
    void record_connection();
    void read_keep_alive(const proto::Head& head);
    void await_head();
    /// The application let go on: from now on the peer has its time again.
    void note_activity() noexcept {
        if (active()) free_since_ns_ = loop().turn_ns();
    }
    void release_connection(bool reusable);
    void fail(base::Error error, bool stale = false);
    void fail_timeout(xh_status status, int64_t ms, std::string_view doing);
    loop::Loop& loop() const noexcept { return plan_.agent->loop(); }

    static void phase_expired(void* self);
    static void stall_expired(void* self);

    ExchangeSink& sink_;
    ExchangePlan plan_;
    Hop* hop_ = nullptr;
    base::Ref<agent::PooledConn> conn_;
    loop::Timer phase_timer_;  // queue, 100 (Continue) or head: one at a time
    loop::Timer stall_timer_;
    int32_t phase_ = XH_PHASE_NONE;
    bool reused_ = false;
    bool all_sent_ = false;
    bool head_seen_ = false;
    bool keep_alive_ = false;
    bool held_up_ = false;
    int64_t free_since_ns_ = 0;  // when the application last stopped holding the exchange up
};

}  // namespace xh::client
