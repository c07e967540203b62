#include "net/proxy_tunnel.h"

#include <openssl/rand.h>

#include <algorithm>

#include "net/connector_impl.h"
#include "proto/http1_writer.h"
#include "xh/options.h"

namespace xh::net {

namespace {

constexpr int kMaxRounds = 5;  // Basic, Digest, a stale nonce, and a connection that was closed between
constexpr unsigned kAuthRequired = 407;

proto::AuthMethod method_of(int32_t method) noexcept {
    if (method == XH_AUTH_BASIC) return proto::AuthMethod::Basic;
    return method == XH_AUTH_DIGEST ? proto::AuthMethod::Digest : proto::AuthMethod::Auto;
}

base::String random_text() {
    unsigned char bytes[16];
    if (RAND_bytes(bytes, sizeof bytes) != 1) throw std::bad_alloc();
    base::String text;
    for (unsigned char byte : bytes) {
        text += "0123456789abcdef"[byte >> 4];
        text += "0123456789abcdef"[byte & 15];
    }
    return text;
}

}  // namespace

ProxyTunnel::ProxyTunnel(const ConnectPlan& plan, const base::String& peer)
    : peer_(peer), target_(join_host_port(plan.host, plan.port)) {
    if (!plan.proxy.user.empty() || !plan.proxy.password.empty())
        auth_.reset(new proto::Authenticator(method_of(plan.proxy.auth_method), plan.proxy.user, plan.proxy.password));
}

Step ProxyTunnel::fail(xh_status status, std::string_view what) {
    error_ = proxy_error(status, "the proxy " + peer_ + " " + base::String(what), peer_);
    return Step::Failed;
}

base::Error ProxyTunnel::take_error() {
    if (!error_ && status_ >= 300) ended();  // time is up in the middle of a refusal's body
    return std::exchange(error_, base::Error());
}

bool ProxyTunnel::begin() {
    out_.clear();
    sent_ = 0;
    answer_.clear();
    challenges_.clear();
    status_ = 0;
    reconnect_ = false;
    base::String credentials;
    if (auth_) {
        proto::DigestRequest request;
        request.method = "CONNECT";
        request.uri = target_;
        const xh_status status = auth_->authorization(request, random_text(), credentials);
        if (status != XH_OK) {
            fail(XH_E_PROXY_AUTH, base::String("cannot be given the credentials: ") + xh_status_text(status));
            return false;
        }
    }
    proto::HeadWriter head(out_);
    head.request_line("CONNECT", target_);
    head.field("Host", target_);
    if (!credentials.empty()) head.field("Proxy-Authorization", credentials);
    head.field("Proxy-Connection", "keep-alive");
    if (head.finish() != XH_OK) {
        fail(XH_E_PROXY_PROTOCOL, "cannot be asked for " + target_);
        return false;
    }
    parser_.reset(proto::Role::Response);
    parser_.expect(proto::Answers::Connect);
    ++rounds_;
    state_ = State::Sending;
    return true;
}

Step ProxyTunnel::step(Transport& transport) {
    for (;;) {
        if (state_ == State::Start && !begin()) return Step::Failed;
        if (state_ == State::Sending) {
            const Step sent = send(transport);
            if (sent != Step::Done) return sent;
            state_ = State::Reading;
        }
        const Step got = read(transport);
        if (got != Step::Pending || state_ != State::Start) return got;
    }
}

Step ProxyTunnel::send(Transport& transport) {
    while (sent_ < out_.size()) {
        const iovec piece = {out_.data() + sent_, out_.size() - sent_};
        const IoResult result = transport.write(&piece, 1);
        if (result.state == IoState::Blocked) return Step::Pending;
        if (result.state != IoState::Ok) break;  // why it closed may stand in what it sent
        sent_ += result.bytes;
    }
    return Step::Done;
}

Step ProxyTunnel::read(Transport& transport) {
    char block[4096];
    for (;;) {
        const IoResult result = transport.read(block, sizeof block);
        if (result.state == IoState::Blocked) return Step::Pending;
        if (result.state != IoState::Ok) return connection_gone(transport, result.state == IoState::Failed);
        std::size_t used = 0;
        while (used < result.bytes) {
            const proto::Http1Parser::Fed fed = parser_.feed(block + used, result.bytes - used, *this);
            used += fed.consumed;
            if (fed.stop == proto::Http1Parser::Stop::NeedMore) break;
            if (fed.stop == proto::Http1Parser::Stop::Error)
                return fail(XH_E_PROXY_PROTOCOL,
                            base::String("sent an answer that is not valid: ") + xh_status_text(fed.error));
            if (used < result.bytes) return fail(XH_E_PROXY_PROTOCOL, "sent bytes that nobody asked for");
            if (fed.stop == proto::Http1Parser::Stop::Upgrade) return Step::Done;
            if (fed.stop == proto::Http1Parser::Stop::MessageEnd) return ended();
        }
        if (answer_.size() >= kMaxAnswer) return ended();  // enough is known
    }
}

Step ProxyTunnel::connection_gone(Transport& transport, bool failed) {
    const bool body_ended = !failed && parser_.in_message() && parser_.finish(*this) == XH_OK;
    if (body_ended || status_ >= 300) return ended();
    // A connection that the proxy closed after its challenge, without saying so.
    if (!fresh_ && !parser_.in_message()) return retry();
    base::String why("closed the connection before it answered");
    if (failed) why += ": " + transport.take_error().message;
    return fail(XH_E_PROXY_PROTOCOL, why);
}

/// The proxy's refusal is complete: another round with credentials, or the end.
Step ProxyTunnel::ended() {
    if (status_ == kAuthRequired && auth_ && rounds_ < kMaxRounds) {
        base::Vec<std::string_view> fields(challenges_.begin(), challenges_.end());
        if (auth_->challenged(fields.data(), fields.size())) {
            if (!parser_.keep_alive() || parser_.in_message()) return retry();
            fresh_ = false;
            state_ = State::Start;
            return Step::Pending;
        }
    }
    if (status_ == kAuthRequired)
        return fail(XH_E_PROXY_AUTH, (auth_ ? "refused the credentials: " : "wants credentials: ") + status_line_);
    return fail(XH_E_PROXY_REFUSED, "refused to connect to " + target_ + ": " + status_line_);
}

Step ProxyTunnel::retry() {
    if (rounds_ >= kMaxRounds) return fail(XH_E_PROXY_PROTOCOL, "closes the connection again and again");
    reconnect_ = true;
    fresh_ = true;
    state_ = State::Start;
    return Step::Failed;
}

proto::Verdict ProxyTunnel::on_head(const proto::Head& head) {
    if (head.status < 200) return proto::Verdict::Go;
    status_ = head.status;
    const std::string_view bytes(head.data, head.size);
    status_line_ = bytes.substr(0, bytes.find_first_of("\r\n"));
    answer_ = bytes;
    for (uint32_t i = 0; i < head.header_count; ++i)
        if (head.headers[i].known == proto::Known::ProxyAuthenticate)
            challenges_.emplace_back(head.text(head.headers[i].value));
    return proto::Verdict::Go;
}

size_t ProxyTunnel::on_body(const char* p, size_t n, proto::Verdict&) {
    answer_.append(p, std::min(n, kMaxAnswer - std::min(kMaxAnswer, answer_.size())));
    return n;
}

}  // namespace xh::net
