#pragma once
// The steps of one connection attempt, one after another: look-up, race or Unix socket, proxy, TLS. Inside net/ only.

#include "loop/resolver.h"
#include "net/connector.h"
#include "net/proxy_talk.h"
#include "net/race.h"
#include "net/tls_config.h"

namespace xh::net {

class ConnectorImpl final : public Connector, private RaceSink, private TransportOwner {
public:
    ConnectorImpl(loop::Loop& loop, const ConnectPlan& plan, const ConnectDeadlines& deadlines,
                  ConnectSink& sink) noexcept;
    ~ConnectorImpl() override;

    void start() override;
    const ConnectTimes& times() const noexcept override { return times_; }
    std::string_view proxy_answer() const noexcept override { return proxy_answer_; }

private:
    enum class Stage : uint8_t { Idle, Lookup, Connect, ProxyTls, ProxyTalk, Tls, Finished };

    bool check_plan();
    void begin_configs();
    void begin_lookup();
    void begin_connect(const loop::AddressList& addresses);
    void begin_race();
    void begin_unix();
    void begin_proxy_tls();
    void begin_proxy_talk();
    void begin_tls();
    void connected(std::unique_ptr<Transport> transport);
    void drive();
    void drive_tls(const TlsConfigRequest& request, const base::String& host, const base::String& peer);
    void drive_proxy_talk();

    void on_lookup();
    void on_deadline();
    void on_race_won(std::unique_ptr<TcpTransport> transport) override;
    void on_race_lost(base::ErrorList attempts) override;
    void on_transport_ready(uint32_t ready) override;

    void on_config(const TlsConfigRequest& request);
    void enter(Stage stage, int32_t phase) { stage_ = stage, sink_.on_connect_phase(phase); }
    void arm(int64_t deadline_ms) noexcept;
    void fail(base::Error error);
    void fail(base::ErrorList errors) noexcept;
    void fail_lookup();
    void fail_race(base::ErrorList attempts);
    void fail_connect_deadline();
    void fail_stage(base::Error error);
    void succeed();
    void deliver();
    /// Runs a step, and tells the sink when it was the last one: nothing may follow it, the connector may be gone. Want of
    /// memory becomes the connector's own failure.
    template <class F>
    void guarded(F&& step);

    bool proxied() const noexcept { return plan_.proxy.kind != ProxyKind::None; }
    const base::String& first_host() const noexcept { return proxied() ? plan_.proxy.host : plan_.host; }
    uint16_t first_port() const noexcept { return proxied() ? plan_.proxy.port : plan_.port; }
    bool tunnels() const noexcept {
        return proxied() && (plan_.tunnel || plan_.tls || plan_.proxy.kind == ProxyKind::Socks5);
    }

    loop::Loop& loop_;
    const ConnectPlan& plan_;
    const ConnectDeadlines deadlines_;
    ConnectSink& sink_;
    Stage stage_ = Stage::Idle;
    ConnectTimes times_;
    loop::Timer deadline_;
    loop::Timer retry_;  // a Unix socket whose server's queue is full
    int64_t retry_ms_ = 0;
    loop::Task deliver_;
    loop::Lookup lookup_;
    Race race_;
    TlsConfigRequest config_;
    TlsConfigRequest proxy_config_;
    SocketOptions socket_options_;
    base::Ref<loop::AddressList> addresses_;
    base::String first_peer_;  // "host:port" of the proxy, else of the target
    base::String peer_;        // of the target
    std::unique_ptr<ProxyTalk> talk_;
    base::String proxy_answer_;
    int depth_ = 0;  // steps on the stack; one more inside start()
    bool delivered_ = false;
    bool tls_made_ = false;  // transport_ is the stream of this stage
    std::unique_ptr<Transport> transport_;
    base::ErrorList errors_;
};

/// "host:port", brackets around an IPv6 address.
base::String join_host_port(std::string_view host, uint16_t port);

}  // namespace xh::net
