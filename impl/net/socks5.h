#pragma once
// SOCKS 5 (RFC 1928) with user and password (RFC 1929). Names are resolved by the proxy.

#include "net/connector.h"
#include "net/proxy_talk.h"

namespace xh::net {

class Socks5Talk final : public ProxyTalk {
public:
    /// XH_OK, or why the plan cannot be asked of any SOCKS5 proxy: a name, user or password longer than 255 bytes.
    static xh_status check(const ConnectPlan& plan) noexcept;

    /// `peer` names the proxy in messages. Both must outlive the talk.
    Socks5Talk(const ConnectPlan& plan, const base::String& peer);
    Step step(Transport& transport) override;
    base::Error take_error() override { return std::move(error_); }

private:
    enum class State : uint8_t { Method, Credentials, ReplyHead, ReplyAddress, Done };
    Step fail(xh_status status, std::string_view what);
    bool take_answer();
    bool take_method(uint8_t method);
    bool take_reply_head();
    void ask_connect();

    const ConnectPlan& plan_;
    const base::String& peer_;
    State state_ = State::Method;
    base::String out_;
    unsigned char in_[300];
    std::size_t have_ = 0;
    std::size_t need_ = 2;
    base::Error error_;
};

}  // namespace xh::net
