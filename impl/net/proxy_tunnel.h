#pragma once
// A tunnel through an http proxy: CONNECT with the host name, never an address, and Basic or Digest credentials for the
// proxy alone (RFC 9110 9.3.6).

#include "net/connector.h"
#include "net/proxy_talk.h"
#include "proto/auth.h"
#include "proto/http1_parser.h"

namespace xh::net {

class ProxyTunnel final : public ProxyTalk, private proto::Http1Sink {
public:
    static constexpr std::size_t kMaxAnswer = 64 * 1024;

    /// `peer` names the proxy in messages. Both must outlive the talk.
    ProxyTunnel(const ConnectPlan& plan, const base::String& peer);
    Step step(Transport& transport) override;
    bool wants_reconnect() const noexcept override { return reconnect_; }
    base::Error take_error() override;
    std::string_view answer() const noexcept override { return answer_; }

private:
    enum class State : uint8_t { Start, Sending, Reading };
    bool begin();
    Step send(Transport& transport);
    Step read(Transport& transport);
    Step ended();
    Step connection_gone(Transport& transport, bool failed);
    Step retry();
    Step fail(xh_status status, std::string_view what);

    proto::Verdict on_head(const proto::Head& head) override;
    size_t on_body(const char* p, size_t n, proto::Verdict& v) override;
    proto::Verdict on_trailers(const proto::HeaderSpan*, uint32_t, const char*, uint32_t) override {
        return proto::Verdict::Go;
    }
    proto::Verdict on_message_end() override { return proto::Verdict::Go; }

    const base::String& peer_;
    State state_ = State::Start;
    base::String target_;
    base::String out_;
    std::size_t sent_ = 0;
    std::unique_ptr<proto::Authenticator> auth_;
    proto::Http1Parser parser_;
    base::String answer_;
    base::String status_line_;
    base::Vec<base::String> challenges_;
    unsigned status_ = 0;
    int rounds_ = 0;     // requests that were sent
    bool fresh_ = true;  // nothing was asked on this connection before
    bool reconnect_ = false;
    base::Error error_;
};

}  // namespace xh::net
