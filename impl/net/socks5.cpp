#include "net/socks5.h"

#include "base/ip.h"

namespace xh::net {

namespace {

constexpr std::size_t kMaxField = 255;
constexpr char kVersion = 5;
constexpr char kConnect = 1;
constexpr uint8_t kNoAuthentication = 0;
constexpr uint8_t kUserPassword = 2;
constexpr uint8_t kIpv4 = 1, kName = 3, kIpv6 = 4;

const char* reply_text(uint8_t code) noexcept {
    switch (code) {
        case 1: return "general failure";
        case 2: return "not allowed by its rules";
        case 3: return "network unreachable";
        case 4: return "host unreachable";
        case 5: return "connection refused";
        case 6: return "time to live expired";
        case 7: return "command not supported";
        case 8: return "address type not supported";
        default: return "unknown reason";
    }
}

}  // namespace

xh_status Socks5Talk::check(const ConnectPlan& plan) noexcept {
    if (plan.host.size() > kMaxField) return XH_E_PROXY_NAME_TOO_LONG;
    if (plan.proxy.user.size() > kMaxField || plan.proxy.password.size() > kMaxField) return XH_E_PROXY_AUTH;
    return XH_OK;
}

Socks5Talk::Socks5Talk(const ConnectPlan& plan, const base::String& peer) : plan_(plan), peer_(peer) {
    out_ += kVersion;
    if (plan.proxy.user.empty()) {
        out_.append("\x01\x00", 2);
    } else {
        out_.append("\x02\x00\x02", 3);
    }
}

Step Socks5Talk::fail(xh_status status, std::string_view what) {
    error_ = proxy_error(status, "the SOCKS5 proxy " + peer_ + " " + base::String(what), peer_);
    return Step::Failed;
}

Step Socks5Talk::step(Transport& transport) {
    for (;;) {
        while (!out_.empty()) {
            const iovec piece = {out_.data(), out_.size()};
            const IoResult sent = transport.write(&piece, 1);
            if (sent.state == IoState::Blocked) return Step::Pending;
            if (sent.state != IoState::Ok) return fail(XH_E_PROXY_PROTOCOL, "closed the connection");
            out_.erase(0, sent.bytes);
        }
        while (have_ < need_) {
            // Exactly what the answer has: the next byte belongs to the target.
            const IoResult got = transport.read(reinterpret_cast<char*>(in_) + have_, need_ - have_);
            if (got.state == IoState::Blocked) return Step::Pending;
            if (got.state != IoState::Ok) return fail(XH_E_PROXY_PROTOCOL, "closed the connection before it answered");
            have_ += got.bytes;
        }
        if (!take_answer()) return Step::Failed;
        if (state_ == State::Done) return Step::Done;
    }
}

bool Socks5Talk::take_answer() {
    switch (state_) {
        case State::Method:
            if (in_[0] != kVersion) fail(XH_E_PROXY_PROTOCOL, "does not speak SOCKS5; is this the right port?");
            return in_[0] == kVersion && take_method(in_[1]);
        case State::Credentials:
            if (in_[1] != 0) {
                fail(XH_E_PROXY_AUTH, "refused the user and the password");
                return false;
            }
            ask_connect();
            return true;
        case State::ReplyHead: return take_reply_head();
        case State::ReplyAddress: state_ = State::Done; return true;
        case State::Done: break;
    }
    return true;
}

bool Socks5Talk::take_method(uint8_t method) {
    have_ = 0;
    if (method == kNoAuthentication) {
        ask_connect();
        return true;
    }
    if (method == kUserPassword && !plan_.proxy.user.empty()) {
        const ProxyTarget& proxy = plan_.proxy;
        out_ += '\x01';
        out_ += static_cast<char>(proxy.user.size());
        out_ += proxy.user;
        out_ += static_cast<char>(proxy.password.size());
        out_ += proxy.password;
        state_ = State::Credentials;
        return true;
    }
    fail(XH_E_PROXY_AUTH, plan_.proxy.user.empty() ? "wants credentials and none were given"
                                                   : "takes none of the ways to authenticate that are known here");
    return false;
}

void Socks5Talk::ask_connect() {
    have_ = 0;
    need_ = 5;  // up to the first byte of the address, which tells the length of a name
    state_ = State::ReplyHead;
    const char head[] = {kVersion, kConnect, 0};
    out_.append(head, sizeof head);
    base::IpBytes ip;
    if (base::parse_ip(plan_.host, ip)) {
        out_ += static_cast<char>(ip.size == 4 ? kIpv4 : kIpv6);
        out_.append(reinterpret_cast<const char*>(ip.bytes), ip.size);
    } else {
        out_ += static_cast<char>(kName);
        out_ += static_cast<char>(plan_.host.size());
        out_ += plan_.host;
    }
    out_ += static_cast<char>(plan_.port >> 8);
    out_ += static_cast<char>(plan_.port & 255);
}

bool Socks5Talk::take_reply_head() {
    if (in_[0] != kVersion) {
        fail(XH_E_PROXY_PROTOCOL, "sent an answer that is not SOCKS5");
        return false;
    }
    if (in_[1] != 0) {
        base::String text("could not connect to ");
        text += plan_.host;
        text += ": ";
        text += reply_text(in_[1]);
        fail(XH_E_PROXY_REFUSED, text);
        return false;
    }
    const uint8_t type = in_[3];
    const std::size_t address = type == kIpv4 ? 4 : type == kIpv6 ? 16 : type == kName ? 1u + in_[4] : 0;
    if (address == 0) {
        fail(XH_E_PROXY_PROTOCOL, "sent an address of an unknown type");
        return false;
    }
    need_ = 4 + address + 2;
    state_ = State::ReplyAddress;
    return true;
}

}  // namespace xh::net
