#include "proto/http1_parser.h"

namespace xh::proto {

namespace {
constexpr uint8_t kMaxEmptyLines = 8;  // before a request line (RFC 9112 2.2)
}

void Http1Parser::reset(Role role, const Limits& limits, Leniency leniency) noexcept {
    state_ = State::Idle;
    role_ = role;
    answers_ = Answers::Other;
    keep_alive_ = skipped_cr_ = false;
    skipped_lines_ = 0;
    leniency_ = leniency;
    interim_ = 0;
    limits_ = limits;
    left_ = body_bytes_ = total_ = head_start_ = error_offset_ = 0;
    error_ = XH_OK;
    head_.configure(limits, leniency);
    head_.trim_memory();
}

Http1Parser::Next Http1Parser::fail(xh_status error, uint64_t offset) noexcept {
    state_ = State::Failed;
    error_ = error;
    error_offset_ = offset;
    return Next::Error;
}

Http1Parser::Fed Http1Parser::stopped(Next next, size_t pos) noexcept {
    if (next == Next::Error) {
        const uint64_t before = error_offset_ > total_ ? error_offset_ - total_ : 0;
        if (before < pos) pos = static_cast<size_t>(before);
        total_ += pos;
        return {pos, error_, Stop::Error};
    }
    total_ += pos;
    switch (next) {
        case Next::End: return {pos, XH_OK, Stop::MessageEnd};
        case Next::Pause: return {pos, XH_OK, Stop::Paused};
        case Next::Upgrade: return {pos, XH_OK, Stop::Upgrade};
        default: return {pos, XH_OK, Stop::NeedMore};
    }
}

Http1Parser::Fed Http1Parser::feed(const char* p, size_t n, Http1Sink& sink) {
    size_t pos = 0;
    for (;;) {
        Next next = Next::More;
        switch (state_) {
            case State::Idle: next = idle(p, n, pos); break;
            case State::Head: next = head(p, n, pos, sink); break;
            case State::Length:
            case State::UntilClose: next = body(p, n, pos, sink); break;
            case State::Chunked: next = chunked(p, n, pos, sink); break;
            case State::Trailers: next = trailers(p, n, pos, sink); break;
            case State::MessageEnd: next = message_end(sink); break;
            case State::Closed: next = closed(n, pos); break;
            case State::Upgraded: next = Next::Upgrade; break;
            case State::Failed: return {0, error_, Stop::Error};
        }
        if (next == Next::Again) continue;
        if (next == Next::Gone) return {pos, XH_OK, Stop::Gone};  // *this may be destroyed
        return stopped(next, pos);
    }
}

Http1Parser::Next Http1Parser::idle(const char* p, size_t n, size_t& pos) {
    if (role_ == Role::Request) {
        for (; pos < n && (skipped_cr_ || p[pos] == '\r' || p[pos] == '\n'); ++pos) {
            const bool lf = p[pos] == '\n';
            if (!lf && skipped_cr_) return fail(XH_E_BAD_LINE_END, total_ + pos);
            if (lf && !skipped_cr_ && (leniency_ & kLenientOptionalCrBeforeLf) == 0)
                return fail(XH_E_BAD_LINE_END, total_ + pos);
            skipped_cr_ = !lf;
            if (lf && ++skipped_lines_ > kMaxEmptyLines) return fail(XH_E_BAD_REQUEST_LINE, total_ + pos);
        }
    }
    if (pos == n) return Next::More;
    skipped_lines_ = 0;
    body_bytes_ = 0;
    head_start_ = total_ + pos;
    head_.begin_head(role_);
    state_ = State::Head;
    return Next::Again;
}

Http1Parser::Next Http1Parser::head(const char* p, size_t n, size_t& pos, Http1Sink& sink) {
    if (pos == n) return Next::More;
    size_t used = 0;
    const HeadParser::Result result = head_.feed(p + pos, n - pos, used);
    pos += used;
    if (result == HeadParser::Result::More) return Next::More;
    if (result == HeadParser::Result::Error) {
        pos = n;
        return fail(head_.error(), head_start_ + head_.error_at());
    }
    Head& h = head_.head();
    const bool interim = role_ == Role::Response && h.status < 200 && h.status != 101;
    if (interim) {
        if (++interim_ > limits_.max_interim) return fail(XH_E_TOO_MANY_INTERIM, head_start_);
    } else {
        choose_body(h);
    }
    const bool upgrade = h.upgrade && (role_ == Role::Response || h.text(h.method) == "CONNECT");
    const Verdict verdict = sink.on_head(h);
    if (verdict == Verdict::Gone) return Next::Gone;
    if (interim) {  // the next head follows
        head_start_ = total_ + pos;
        head_.begin_head(role_);
        return verdict == Verdict::Pause ? Next::Pause : Next::Again;
    }
    return after_head(verdict, upgrade);
}

/// Where the body is, from the head's framing and, for a response, from the request.
void Http1Parser::choose_body(Head& head) noexcept {
    if (role_ == Role::Response) {
        const bool tunnel = answers_ == Answers::Connect && head.status >= 200 && head.status < 300;
        if (tunnel) head.upgrade = true;
        if (tunnel || answers_ == Answers::Head) head.until_close = head.has_body = false;
        if (head.until_close) head.keep_alive = false;
    }
    keep_alive_ = head.keep_alive;
    left_ = 0;
    if (!head.has_body) {
        body_state_ = State::MessageEnd;
    } else if (head.chunked) {
        body_state_ = State::Chunked;
        chunks_.reset(limits_, leniency_);
    } else if (head.until_close) {
        body_state_ = State::UntilClose;
    } else {
        body_state_ = State::Length;
        left_ = head.length;
    }
}

Http1Parser::Next Http1Parser::after_head(Verdict verdict, bool upgrade) noexcept {
    if (upgrade || (verdict == Verdict::Detach && role_ == Role::Request)) {
        state_ = State::Upgraded;
        return verdict == Verdict::Pause ? Next::Pause : Next::Upgrade;
    }
    state_ = body_state_;
    return verdict == Verdict::Pause ? Next::Pause : Next::Again;
}

Http1Parser::Next Http1Parser::body(const char* p, size_t n, size_t& pos, Http1Sink& sink) {
    const bool counted = state_ == State::Length;
    if (counted) {
        if (left_ == 0) {
            state_ = State::MessageEnd;
            return Next::Again;
        }
        if (body_bytes_ == 0 && left_ > limits_.max_body_bytes) return fail(XH_E_BODY_TOO_LARGE, total_ + pos);
    }
    size_t there = n - pos;
    if (there == 0) return Next::More;
    if (counted && left_ < there) there = static_cast<size_t>(left_);
    if (!counted) {
        const uint64_t room = limits_.max_body_bytes - body_bytes_;
        if (room == 0) return fail(XH_E_BODY_TOO_LARGE, total_ + pos);
        if (room < there) there = static_cast<size_t>(room);
    }
    Verdict verdict = Verdict::Go;
    const size_t taken = sink.on_body(p + pos, there, verdict);
    if (verdict == Verdict::Gone) return Next::Gone;
    pos += taken;
    body_bytes_ += taken;
    if (counted) left_ -= taken;
    return taken < there || verdict == Verdict::Pause ? Next::Pause : Next::Again;
}

Http1Parser::Next Http1Parser::chunked(const char* p, size_t n, size_t& pos, Http1Sink& sink) {
    const ChunkedDecoder::Step step = chunks_.next(p + pos, n - pos);
    pos += step.used;
    switch (step.event) {
        case ChunkedDecoder::Event::More: return Next::More;
        case ChunkedDecoder::Event::Error: return fail(chunks_.status(), total_ + pos);
        case ChunkedDecoder::Event::Last:
            head_start_ = total_ + pos;
            head_.begin_trailers();
            state_ = State::Trailers;
            return Next::Again;
        default: break;
    }
    Verdict verdict = Verdict::Go;
    const size_t taken = sink.on_body(p + pos, step.data, verdict);
    if (verdict == Verdict::Gone) return Next::Gone;
    pos += taken;
    body_bytes_ += taken;
    chunks_.take(taken);
    return taken < step.data || verdict == Verdict::Pause ? Next::Pause : Next::Again;
}

Http1Parser::Next Http1Parser::trailers(const char* p, size_t n, size_t& pos, Http1Sink& sink) {
    if (pos == n) return Next::More;
    size_t used = 0;
    const HeadParser::Result result = head_.feed(p + pos, n - pos, used);
    pos += used;
    if (result == HeadParser::Result::More) return Next::More;
    if (result == HeadParser::Result::Error) {
        pos = n;
        return fail(head_.error(), head_start_ + head_.error_at());
    }
    state_ = State::MessageEnd;
    const Head& h = head_.head();
    if (h.header_count == 0) return Next::Again;
    const Verdict verdict = sink.on_trailers(h.headers, h.header_count, h.data, h.size);
    if (verdict == Verdict::Gone) return Next::Gone;
    return verdict == Verdict::Pause ? Next::Pause : Next::Again;
}

Http1Parser::Next Http1Parser::message_end(Http1Sink& sink) {
    const bool more = keep_alive_ || (leniency_ & kLenientKeepAlive) != 0;
    state_ = more ? State::Idle : State::Closed;
    answers_ = Answers::Other;
    interim_ = 0;
    const Verdict verdict = sink.on_message_end();
    if (verdict == Verdict::Gone) return Next::Gone;
    if (verdict == Verdict::Detach && role_ == Role::Request) {
        state_ = State::Upgraded;
        return Next::Upgrade;
    }
    return verdict == Verdict::Pause ? Next::Pause : Next::End;
}

Http1Parser::Next Http1Parser::closed(size_t n, size_t& pos) noexcept {
    if (pos == n) return Next::More;
    if ((leniency_ & kLenientDataAfterClose) == 0) return fail(XH_E_UNEXPECTED_DATA, total_ + pos);
    pos = n;
    return Next::More;
}

xh_status Http1Parser::finish(Http1Sink& sink) {
    if (state_ == State::Failed) return error_;
    if (state_ == State::Length && left_ == 0) state_ = State::MessageEnd;
    if (state_ == State::UntilClose) state_ = State::MessageEnd;
    if (state_ == State::MessageEnd) {
        keep_alive_ = false;
        message_end(sink);
        return XH_OK;
    }
    if (state_ == State::Upgraded) return XH_OK;
    return in_message() ? XH_E_TRUNCATED : XH_E_CONNECTION_CLOSED;
}

}  // namespace xh::proto
