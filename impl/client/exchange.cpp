#include "client/exchange.h"

#include <algorithm>

#include "base/ascii.h"
#include "proto/http1_writer.h"

namespace xh::client {

namespace {

proto::Verdict verdict_of(BodyVerdict verdict) noexcept {
    return verdict == BodyVerdict::Go      ? proto::Verdict::Go
           : verdict == BodyVerdict::Pause ? proto::Verdict::Pause
                                           : proto::Verdict::Gone;
}

}  // namespace

template <class F>
void Exchange::guarded(F&& step) noexcept {
    try {
        step();
    } catch (const std::bad_alloc&) {
        abandon();
        sink_.on_exchange_failed(base::ErrorList(), false);
    }
}

base::String Exchange::peer() const {
    base::String out;
    if (!plan_.agent) return out;
    const net::ConnectPlan& route = plan_.origin.profile->plan();
    if (!route.unix_path.empty()) return route.unix_path;
    bool v6 = plan_.origin.host.find(':') != std::string_view::npos;
    if (v6) out += '[';
    out.append(plan_.origin.host);
    if (v6) out += ']';
    out += ':';
    base::append_decimal(out, plan_.origin.port);
    if (hop_ && hop_->connection && hop_->connection->remote != out)
        out.append(" (").append(hop_->connection->remote).append(")");
    return out;
}

void Exchange::start(const ExchangePlan& plan, Hop& hop) {
    plan_ = plan;
    hop_ = &hop;
    phase_ = XH_PHASE_QUEUE;
    reused_ = all_sent_ = head_seen_ = keep_alive_ = held_up_ = false;
    base::Ref<agent::PooledConn> conn = plan.agent->acquire(*this, plan.origin, plan.deadlines.connect, plan.fresh);
    if (conn) {
        begin(std::move(conn));
    } else if (phase_ == XH_PHASE_QUEUE && plan.deadlines.queue_ms >= 0) {
        loop().arm(phase_timer_, base::deadline_after(loop().turn_ns(), plan.deadlines.queue_ms));
    }
}

void Exchange::abandon() noexcept {
    if (!plan_.agent) return;
    phase_timer_.disarm();
    stall_timer_.disarm();
    if (conn_)
        release_connection(false);
    else
        plan_.agent->leave(*this);
    plan_.agent = nullptr;
}

// --- getting a connection ---

void Exchange::mark_queue_end(int64_t when) noexcept {
    // The turn may have begun before this hop did.
    if (hop_->at(XH_TIME_QUEUE_END) < 0) hop_->mark(XH_TIME_QUEUE_END, std::max(when, hop_->at(XH_TIME_START)));
}

void Exchange::on_lease_phase(int32_t phase) {
    mark_queue_end(loop().turn_ns());
    phase_timer_.disarm();
    phase_ = phase;
}

void Exchange::record(const net::ConnectTimes* times) {
    if (!times) return;
    if (times->start >= 0) hop_->mark(XH_TIME_QUEUE_END, std::max(times->start, hop_->at(XH_TIME_START)));
    hop_->mark(XH_TIME_LOOKUP_END, times->lookup_end);
    hop_->mark(XH_TIME_CONNECT_END, times->connect_end);
    hop_->mark(XH_TIME_PROXY_END, times->proxy_end);
    hop_->mark(XH_TIME_TLS_END, times->tls_end);
}

void Exchange::on_lease(base::Ref<agent::PooledConn> conn, const net::ConnectTimes* times) {
    guarded([&] {
        record(times);
        begin(std::move(conn));
    });
}

void Exchange::on_lease_failed(base::ErrorList errors, const net::ConnectTimes* times, std::string_view proxy_answer) {
    guarded([&] {
        phase_timer_.disarm();
        record(times);
        hop_->mark(XH_TIME_END, base::monotonic_ns());
        if (!proxy_answer.empty()) sink_.on_exchange_proxy_answer(proxy_answer);
        plan_.agent = nullptr;
        sink_.on_exchange_failed(std::move(errors), false);
    });
}

void Exchange::record_connection() {
    hop_->reused = reused_;
    hop_->connection = conn_->info();
    hop_->connected.store(true, std::memory_order_release);
}

void Exchange::begin(base::Ref<agent::PooledConn> conn) {
    phase_timer_.disarm();
    conn_ = std::move(conn);
    reused_ = conn_->uses() > 1;
    mark_queue_end(loop().turn_ns());
    record_connection();
    conn_->begin(*this, proto::Role::Response, plan_.limits, plan_.leniency);
    if (plan_.method == "HEAD")
        conn_->expect(proto::Answers::Head);
    else if (plan_.method == "CONNECT")
        conn_->expect(proto::Answers::Connect);
    if (plan_.receive_limit < loop::Loop::kReceiveBytes) conn_->set_receive_limit(plan_.receive_limit);
    base::String& head = loop().scratch();
    head.clear();
    xh_status status =
        sink_.write_head(head, plan_.agent->settings().reuses() && plan_.origin.profile->poolable() && !plan_.last);
    if (status != XH_OK) {
        fail(base::Error(status, base::component::kRequest, XH_PHASE_SEND, xh_status_text(status)));
        return;
    }
    phase_ = XH_PHASE_SEND;
    if (plan_.deadlines.stall_ms >= 0)
        loop().arm(stall_timer_, base::deadline_after(loop().turn_ns(), plan_.deadlines.stall_ms));
    if (plan_.expect_continue)
        loop().arm(phase_timer_, base::deadline_after(loop().turn_ns(), plan_.deadlines.continue_ms));
    conn_->send(head, plan_.body, plan_.body_length, plan_.expect_continue);
}

// --- sending ---

void Exchange::on_conn_sent(bool done) {
    guarded([&] {
        if (done) {
            all_sent_ = true;
            hop_->mark(XH_TIME_SEND_END, base::monotonic_ns());
            if (!head_seen_) await_head();
        } else if (plan_.expect_continue && conn_->outgoing().body_held() && !head_seen_) {
            phase_ = XH_PHASE_HEAD;  // it is the server's turn to say that it wants the body
        }
        sink_.on_exchange_sent();
    });
}

void Exchange::await_head() {
    phase_ = XH_PHASE_HEAD;
    if (plan_.deadlines.head_ms >= 0)
        loop().arm(phase_timer_, base::deadline_after(base::monotonic_ns(), plan_.deadlines.head_ms));
}

void Exchange::resume_sending() {
    note_activity();
    if (conn_) conn_->resume_sending(false);
}

void Exchange::on_conn_source_failed(base::Error error) {
    guarded([&] { fail(std::move(error)); });
}

// --- receiving ---

proto::Verdict Exchange::on_conn_head(const proto::Head& head) {
    proto::Verdict verdict = proto::Verdict::Gone;
    guarded([&] { verdict = take_head(head); });
    return verdict;
}

proto::Verdict Exchange::take_head(const proto::Head& head) {
    if (hop_->at(XH_TIME_FIRST_BYTE) < 0) hop_->mark(XH_TIME_FIRST_BYTE, conn_->first_byte_ns());
    if (head.status < 200 && head.status != 101) {
        if (head.status == 100 && conn_->outgoing().body_held()) {
            phase_timer_.disarm();
            phase_ = XH_PHASE_SEND;
            conn_->resume_sending(true);
        }
        sink_.on_exchange_information(head);
        return active() ? proto::Verdict::Go : proto::Verdict::Gone;
    }
    if (head.upgrade) {
        fail(base::Error(XH_E_UNEXPECTED_UPGRADE, base::component::kHttp, XH_PHASE_HEAD,
                         "the server switched to another protocol, which this request did not ask for"));
        return proto::Verdict::Gone;
    }
    if (head.coding_count > 0) {
        fail(base::Error(XH_E_BAD_TRANSFER_ENCODING, base::component::kHttp, XH_PHASE_HEAD,
                         "the server applied a transfer coding that was not asked for"));
        return proto::Verdict::Gone;
    }
    head_seen_ = true;
    phase_timer_.disarm();
    phase_ = XH_PHASE_BODY;
    hop_->status.store(head.status, std::memory_order_relaxed);
    keep_alive_ = head.keep_alive && !plan_.last;
    if (keep_alive_) read_keep_alive(head);
    if (!conn_->sent_all() && (conn_->outgoing().body_held() || head.status >= 300)) {
        // The server has decided without the rest of the body: it is not sent, so the connection cannot be used again.
        conn_->stop_sending();
        keep_alive_ = false;
    }
    // When the sink has ended the exchange it says Gone, and this object may be no more.
    return verdict_of(sink_.on_exchange_head(head));
}

void Exchange::read_keep_alive(const proto::Head& head) {
    const proto::HeaderSpan* field = head.find(proto::Known::KeepAlive);
    if (!field) return;
    std::string_view text = head.text(field->value);
    std::size_t at = text.find("timeout=");
    if (at == std::string_view::npos) return;
    int64_t seconds = 0;
    std::size_t digits = 0;
    for (char c : text.substr(at + 8)) {
        if (c < '0' || c > '9' || ++digits > 6) break;
        seconds = seconds * 10 + (c - '0');
    }
    if (digits > 0) conn_->set_keep_alive_hint(seconds * 1000);
}

std::size_t Exchange::on_conn_body(const char* data, std::size_t n, proto::Verdict& verdict) {
    std::size_t taken = n;
    verdict = proto::Verdict::Gone;
    guarded([&] {
        BodyVerdict answer = BodyVerdict::Go;
        taken = sink_.on_exchange_body(data, n, answer);
        verdict = verdict_of(answer);  // Gone: this object may be no more
    });
    return taken;
}

proto::Verdict Exchange::on_conn_trailers(const proto::HeaderSpan* fields, uint32_t count, const char* data, uint32_t) {
    proto::Verdict verdict = proto::Verdict::Gone;  // without memory this object may be no more
    guarded([&] {
        sink_.on_exchange_trailers(fields, count, data);
        verdict = proto::Verdict::Go;
    });
    return verdict;
}

proto::Verdict Exchange::on_conn_message_end() {
    guarded([&] {
        hop_->mark(XH_TIME_END, base::monotonic_ns());
        phase_timer_.disarm();
        stall_timer_.disarm();
        phase_ = XH_PHASE_DONE;
        release_connection(keep_alive_);
        plan_.agent = nullptr;
        sink_.on_exchange_end();
    });
    return proto::Verdict::Go;
}

void Exchange::resume_reading() noexcept {
    if (conn_) conn_->resume();
}

// --- the end ---

void Exchange::release_connection(bool reusable) {
    base::Ref<agent::PooledConn> conn = std::move(conn_);
    agent::bump(plan_.agent->counters().bytes_sent, static_cast<int64_t>(conn->outgoing().sent()));
    agent::bump(plan_.agent->counters().bytes_received, static_cast<int64_t>(conn->take_received()));
    reusable = conn->end_exchange() && reusable;
    plan_.agent->give_back(*conn, reusable);
}

void Exchange::on_conn_failed(base::Error error) {
    guarded([&] {
        bool answered = conn_->first_byte_ns() >= 0;
        // A kept connection that the server closed meanwhile is no fault of this request (A15). What it did not get whole it
        // cannot have acted upon.
        bool stale = reused_ && !answered && (plan_.safe_to_repeat || !all_sent_) && error.status != XH_E_NOMEM &&
                     !plan_.agent->destroyed();
        fail(std::move(error), stale);
    });
}

void Exchange::fail(base::Error error, bool stale) {
    hop_->mark(XH_TIME_END, base::monotonic_ns());
    // The connection does not know whether it was still sending, or past the head in the same piece of input.
    if (error.phase == XH_PHASE_NONE || error.phase == XH_PHASE_HEAD) error.phase = phase_;
    error.request_sent = request_sent();
    if (error.peer.empty()) error.peer = peer();
    base::ErrorList errors;
    errors.push_back(std::move(error));
    abandon();
    sink_.on_exchange_failed(std::move(errors), stale);
}

void Exchange::fail_timeout(xh_status status, int64_t ms, std::string_view doing) {
    base::String text("timed out after ");
    base::append_decimal(text, static_cast<uint64_t>(ms));
    text.append(" ms ").append(doing).append(" ").append(peer());
    fail(base::Error(status, base::component::kRequest, phase_, text));
}

void Exchange::phase_expired(void* self) {
    static_cast<Exchange*>(self)->guarded([self] {
        auto* exchange = static_cast<Exchange*>(self);
        const ExchangeDeadlines& deadlines = exchange->plan_.deadlines;
        if (exchange->phase_ == XH_PHASE_QUEUE) {
            exchange->fail_timeout(XH_E_TIMEOUT_QUEUE, deadlines.queue_ms, "waiting for a free connection to");
        } else if (exchange->conn_ && exchange->conn_->outgoing().body_held()) {
            // No word from the server: RFC 9110 10.1.1 tells not to wait for ever.
            exchange->phase_ = XH_PHASE_SEND;
            exchange->conn_->resume_sending(true);
        } else {
            exchange->fail_timeout(XH_E_TIMEOUT_HEAD, deadlines.head_ms, "waiting for the response of");
        }
    });
}

void Exchange::stall_expired(void* self) {
    static_cast<Exchange*>(self)->guarded([self] {
        auto* exchange = static_cast<Exchange*>(self);
        if (!exchange->conn_) return;
        loop::Loop& loop = exchange->loop();
        int64_t ms = exchange->plan_.deadlines.stall_ms;
        // The timer is not moved for each byte: when it fires it looks when the last one was.
        int64_t due = base::deadline_after(std::max(exchange->conn_->last_io_ns(), exchange->free_since_ns_), ms);
        bool application = exchange->held_up_ || exchange->sink_.holds_up() || exchange->conn_->outgoing().waiting();
        if (application) due = base::deadline_after(loop.turn_ns(), ms);
        if (due > loop.turn_ns()) {
            loop.arm(exchange->stall_timer_, due);
            return;
        }
        exchange->fail_timeout(XH_E_TIMEOUT_STALL, ms, "without a byte to or from");
    });
}

}  // namespace xh::client
