#include "net/connector_impl.h"

#include <algorithm>

#include "base/ascii.h"
#include "net/proxy_tunnel.h"
#include "net/socks5.h"
#include "net/tls_stream.h"

namespace xh::net {

namespace {

using base::Error;

constexpr int64_t kUnixRetryFirstMs = 2;
constexpr int64_t kUnixRetryMaxMs = 64;

base::String milliseconds(int64_t ms) {
    base::String text;
    base::append_decimal(text, static_cast<uint64_t>(std::max<int64_t>(ms, 0)));
    text += " ms";
    return text;
}

}  // namespace

base::String join_host_port(std::string_view host, uint16_t port) {
    base::String text;
    const bool bracket = host.find(':') != std::string_view::npos;
    if (bracket) text += '[';
    text += host;
    if (bracket) text += ']';
    text += ':';
    base::append_decimal(text, port);
    return text;
}

std::unique_ptr<Connector> Connector::make(loop::Loop& loop, const ConnectPlan& plan, const ConnectDeadlines& deadlines,
                                           ConnectSink& sink) {
    return std::unique_ptr<Connector>(new ConnectorImpl(loop, plan, deadlines, sink));
}

ConnectorImpl::ConnectorImpl(loop::Loop& loop, const ConnectPlan& plan, const ConnectDeadlines& deadlines,
                             ConnectSink& sink) noexcept
    : loop_(loop),
      plan_(plan),
      deadlines_(deadlines),
      sink_(sink),
      deadline_([](void* self) { static_cast<ConnectorImpl*>(self)->on_deadline(); }, this),
      retry_(
          [](void* self) {
              auto* connector = static_cast<ConnectorImpl*>(self);
              connector->guarded([connector] { connector->begin_unix(); });
          },
          this),
      deliver_([](void* self) { static_cast<ConnectorImpl*>(self)->deliver(); }, this),
      lookup_(
          loop, [](void* self) { static_cast<ConnectorImpl*>(self)->on_lookup(); }, this),
      race_(loop, *this),
      config_(
          loop,
          [](void* self) {
              auto* connector = static_cast<ConnectorImpl*>(self);
              connector->on_config(connector->config_);
          },
          this),
      proxy_config_(
          loop,
          [](void* self) {
              auto* connector = static_cast<ConnectorImpl*>(self);
              connector->on_config(connector->proxy_config_);
          },
          this) {}

ConnectorImpl::~ConnectorImpl() = default;

template <class F>
void ConnectorImpl::guarded(F&& step) {
    ++depth_;
    try {
        step();
    } catch (const std::bad_alloc&) {
        fail(base::ErrorList());
    }
    if (--depth_ == 0 && stage_ == Stage::Finished) deliver();
}

void ConnectorImpl::start() {
    times_.start = base::monotonic_ns();
    ++depth_;
    guarded([this] {
        peer_ = join_host_port(plan_.host, plan_.port);
        first_peer_ = proxied() ? join_host_port(plan_.proxy.host, plan_.proxy.port) : peer_;
        if (!check_plan()) return;
        begin_configs();
        if (stage_ == Stage::Finished) return;
        if (plan_.unix_path.empty()) return begin_lookup();
        enter(Stage::Connect, XH_PHASE_CONNECT);
        arm(deadlines_.connect_ms);
        begin_unix();
    });
    if (--depth_ == 0 && stage_ == Stage::Finished) loop_.defer(deliver_);
}

/// What can be refused before anything is sent.
bool ConnectorImpl::check_plan() {
    if (plan_.proxy.kind == ProxyKind::Socks5) {
        const xh_status status = Socks5Talk::check(plan_);
        if (status != XH_OK) {
            fail(proxy_error(status,
                             status == XH_E_PROXY_AUTH ? "a user or password for SOCKS5 has at most 255 bytes"
                                                       : "a host name for SOCKS5 has at most 255 bytes",
                             first_peer_));
            return false;
        }
    }
    std::string_view local = plan_.local_address;
    socket_options_.no_delay = plan_.no_delay;
    socket_options_.keep_alive_ms = plan_.keep_alive_ms;
    if (!local.empty() && !loop::Address::parse(local, plan_.local_port, socket_options_.local)) {
        fail(Error(XH_E_ADDRESS_NOT_AVAILABLE, base::component::kSocket, XH_PHASE_CONNECT,
                   "the local address " + base::String(local) + " is not a numeric address", first_peer_));
        return false;
    }
    return true;
}

/// TLS configurations are built, if they are not there yet, while the name is looked up.
void ConnectorImpl::begin_configs() {
    if (plan_.tls && config_.start(plan_.tls_options, plan_.tls_fingerprint)) on_config(config_);
    if (stage_ == Stage::Finished || plan_.proxy.kind != ProxyKind::Https) return;
    // The proxy is verified like any server, but what speaks of the target does not hold for it.
    TlsOptions options = plan_.tls_options;
    for (base::String* field : {&options.cert_folder, &options.cert_pem, &options.key_pem, &options.pfx,
                                &options.key_passphrase, &options.pins, &options.server_name})
        field->clear();
    if (proxy_config_.start(options, options.fingerprint())) on_config(proxy_config_);
}

void ConnectorImpl::on_config(const TlsConfigRequest& request) {
    guarded([&] {
        if (!request.config()) return fail(request.error());
        drive();
    });
}

void ConnectorImpl::arm(int64_t deadline_ms) noexcept {
    if (deadline_ms >= 0)
        loop_.arm(deadline_, base::deadline_after(base::monotonic_ns(), deadline_ms));
    else
        deadline_.disarm();
}

void ConnectorImpl::begin_lookup() {
    enter(Stage::Lookup, XH_PHASE_LOOKUP);
    arm(deadlines_.lookup_ms);
    if (lookup_.start(first_host(), plan_.family)) on_lookup();
}

void ConnectorImpl::on_lookup() {
    guarded([this] {
        times_.lookup_end = base::monotonic_ns();
        if (lookup_.result().status != XH_OK) return fail_lookup();
        addresses_ = lookup_.result().addresses;
        loop::Address& local = socket_options_.local;
        if (plan_.local_port && !local.set()) {
            const bool v6 = addresses_->items[0].family() == AF_INET6;
            loop::Address::parse(v6 ? "::" : "0.0.0.0", plan_.local_port, local);
        }
        arm(deadlines_.connect_ms);
        begin_race();
    });
}

void ConnectorImpl::begin_race() {
    enter(Stage::Connect, XH_PHASE_CONNECT);
    race_.start(*addresses_, first_port(), socket_options_);
}

void ConnectorImpl::begin_unix() {
    Error error;
    bool again = false;
    std::unique_ptr<TcpTransport> made = TcpTransport::connect_unix(loop_, plan_.unix_path, error, again);
    if (made) return connected(std::move(made));
    if (!again) return fail(std::move(error));
    // The system does not queue us, so we knock again until the deadline; without one, for as long as the caller waits.
    retry_ms_ = retry_ms_ ? std::min(retry_ms_ * 2, kUnixRetryMaxMs) : kUnixRetryFirstMs;
    loop_.arm(retry_, base::deadline_after(base::monotonic_ns(), retry_ms_));
}

void ConnectorImpl::on_race_won(std::unique_ptr<TcpTransport> transport) {
    if (stage_ == Stage::Finished)
        return;  // failed meanwhile (its TLS configuration): the socket must not pass for a success
    guarded([&] { connected(std::move(transport)); });
}

void ConnectorImpl::connected(std::unique_ptr<Transport> transport) {
    if (stage_ == Stage::Finished) return;
    transport_ = std::move(transport);
    transport_->set_owner(this);
    if (times_.connect_end < 0) times_.connect_end = base::monotonic_ns();
    if (plan_.proxy.kind == ProxyKind::Https) return begin_proxy_tls();
    if (tunnels()) return begin_proxy_talk();
    begin_tls();
}

void ConnectorImpl::begin_proxy_tls() {
    enter(Stage::ProxyTls, XH_PHASE_PROXY);
    tls_made_ = false;
    drive();
}

void ConnectorImpl::begin_proxy_talk() {
    if (stage_ != Stage::ProxyTls) sink_.on_connect_phase(XH_PHASE_PROXY);
    stage_ = Stage::ProxyTalk;
    if (!talk_) {
        if (plan_.proxy.kind == ProxyKind::Socks5)
            talk_.reset(new Socks5Talk(plan_, first_peer_));
        else
            talk_.reset(new ProxyTunnel(plan_, first_peer_));
    }
    drive();
}

void ConnectorImpl::begin_tls() {
    if (proxied()) times_.proxy_end = base::monotonic_ns();
    talk_.reset();
    if (!plan_.tls) return succeed();
    enter(Stage::Tls, XH_PHASE_TLS);
    arm(deadlines_.tls_ms);
    tls_made_ = false;
    drive();
}

void ConnectorImpl::on_transport_ready(uint32_t) {
    guarded([this] { drive(); });
}

/// Goes on with what waits for the transport or for a configuration.
void ConnectorImpl::drive() {
    switch (stage_) {
        case Stage::ProxyTls: return drive_tls(proxy_config_, plan_.proxy.host, first_peer_);
        case Stage::ProxyTalk: return drive_proxy_talk();
        case Stage::Tls: return drive_tls(config_, plan_.host, peer_);
        case Stage::Idle:
        case Stage::Lookup:
        case Stage::Connect:
        case Stage::Finished: break;
    }
}

void ConnectorImpl::drive_tls(const TlsConfigRequest& request, const base::String& host, const base::String& peer) {
    if (!tls_made_) {
        if (!request.config()) return;
        transport_ = TlsStream::client(loop_, std::move(transport_), request.config(), host, peer);
        transport_->set_owner(this);
        tls_made_ = true;
    }
    switch (transport_->establish()) {
        case Step::Pending: return;
        case Step::Failed: return fail_stage(transport_->take_error());
        case Step::Done: break;
    }
    if (stage_ == Stage::ProxyTls) {
        if (tunnels()) return begin_proxy_talk();
        return begin_tls();
    }
    times_.tls_end = base::monotonic_ns();
    succeed();
}

void ConnectorImpl::drive_proxy_talk() {
    switch (talk_->step(*transport_)) {
        case Step::Pending: return;
        case Step::Done: return begin_tls();
        case Step::Failed: break;
    }
    if (!talk_->wants_reconnect()) return fail_stage(talk_->take_error());
    transport_.reset();
    begin_race();
}

/// A step after the connection failed: its own words, with the phase that the caller sees.
void ConnectorImpl::fail_stage(Error error) {
    error.phase = stage_ == Stage::Tls ? XH_PHASE_TLS : XH_PHASE_PROXY;
    if (stage_ == Stage::ProxyTls) error.message = "TLS with the proxy: " + error.message;
    fail(std::move(error));
}

void ConnectorImpl::succeed() {
    stage_ = Stage::Finished;
    deadline_.disarm();
}

void ConnectorImpl::fail(Error error) {
    base::ErrorList errors;
    errors.push_back(std::move(error));
    fail(std::move(errors));
}

void ConnectorImpl::fail(base::ErrorList errors) noexcept {
    stage_ = Stage::Finished;
    deadline_.disarm();
    retry_.disarm();
    lookup_.leave();
    race_.abandon();
    config_.leave();
    proxy_config_.leave();
    if (talk_) {
        try {
            proxy_answer_ = talk_->answer();
        } catch (const std::bad_alloc&) {
        }
    }
    transport_.reset();
    errors_ = std::move(errors);
}

/// Nothing of the connector is touched afterwards: the sink may destroy it.
void ConnectorImpl::deliver() {
    if (std::exchange(delivered_, true)) return;
    ConnectSink& sink = sink_;
    if (transport_) {
        transport_->set_owner(nullptr);
        return sink.on_connected(std::move(transport_));
    }
    sink.on_connect_failed(std::move(errors_));
}

void ConnectorImpl::fail_lookup() {
    const loop::LookupResult& result = lookup_.result();
    const base::String& host = first_host();
    base::String text;
    switch (result.status) {
        case XH_E_HOST_NOT_FOUND: text = "the host name \"" + host + "\" does not exist; is it spelled right?"; break;
        case XH_E_DNS_TEMPORARY:
            text = "no name server answered for \"" + host + "\"; is this machine connected?";
            break;
        case XH_E_DNS_NO_ADDRESS:
            text = "the host \"" + host + "\" has no ";
            text += plan_.family == AF_INET ? "IPv4 address" : plan_.family == AF_INET6 ? "IPv6 address" : "address";
            break;
        default: text = "looking up the host name \"" + host + "\" failed"; break;
    }
    if (!result.reason.empty()) text += " (" + result.reason + ")";
    Error error(result.status, base::component::kDns, XH_PHASE_LOOKUP, text, first_peer_);
    error.os_error = result.os_error;
    fail(std::move(error));
}

void ConnectorImpl::on_race_lost(base::ErrorList attempts) {
    if (stage_ == Stage::Finished) return;
    guarded([&] { fail_race(std::move(attempts)); });
}

void ConnectorImpl::fail_race(base::ErrorList attempts) {
    if (attempts.empty()) {
        if (race_.out_of_memory()) throw std::bad_alloc();
        return fail(Error(XH_E_ADDRESS_NOT_AVAILABLE, base::component::kSocket, XH_PHASE_CONNECT,
                          "the host has no address of the family of the local address " + plan_.local_address,
                          first_peer_));
    }
    if (attempts.size() == 1 && attempts[0].peer == first_peer_ && !proxied()) return fail(std::move(attempts));
    // A refusal tells most: the host is there. Else the first address stands for all.
    auto chosen = std::find_if(attempts.begin(), attempts.end(),
                               [](const Error& error) { return error.status == XH_E_CONNECTION_REFUSED; });
    if (chosen == attempts.end()) chosen = attempts.begin();
    base::String who = proxied() ? "the proxy " + first_peer_ : first_peer_;
    for (std::size_t i = 0; i < attempts.size(); ++i) who += (i ? ", " : " (") + attempts[i].peer;
    who += ')';
    Error first = chosen->os_error ? connect_error(chosen->os_error, who, first_peer_) : *chosen;
    first.status = chosen->status;
    attempts.insert(attempts.begin(), std::move(first));
    fail(std::move(attempts));
}

void ConnectorImpl::on_deadline() {
    guarded([this] {
        switch (stage_) {
            case Stage::Idle:
            case Stage::Finished: return;
            case Stage::Lookup:
                return fail(Error(XH_E_TIMEOUT_LOOKUP, base::component::kDns, XH_PHASE_LOOKUP,
                                  "looking up the host name \"" + first_host() + "\" took longer than " +
                                      milliseconds(deadlines_.lookup_ms) + "; does the name server answer?",
                                  first_peer_));
            case Stage::Connect: return fail_connect_deadline();
            case Stage::ProxyTls:
            case Stage::ProxyTalk:
                // A proxy that has refused and only fails to end its answer is a refusal.
                if (Error error = talk_ ? talk_->take_error() : Error()) return fail_stage(std::move(error));
                return fail(Error(XH_E_TIMEOUT_CONNECT, base::component::kProxy, XH_PHASE_PROXY,
                                  "the proxy " + first_peer_ + " made no connection to " + peer_ + " within " +
                                      milliseconds(deadlines_.connect_ms) + "; is it a proxy of this kind?",
                                  first_peer_));
            case Stage::Tls:
                return fail(Error(XH_E_TIMEOUT_TLS, base::component::kTls, XH_PHASE_TLS,
                                  "the TLS handshake with " + peer_ + " took longer than " +
                                      milliseconds(deadlines_.tls_ms) + "; does the server speak TLS on this port?",
                                  peer_));
        }
    });
}

void ConnectorImpl::fail_connect_deadline() {
    const base::String limit = milliseconds(deadlines_.connect_ms);
    base::ErrorList attempts = race_.stop(XH_E_TIMEOUT_CONNECT, "was not answered within " + limit);
    base::String text = "connection to " + (plan_.unix_path.empty() ? first_peer_ : plan_.unix_path) +
                        " took longer than " + limit + "; nothing answered";
    for (std::size_t i = 0; i < attempts.size(); ++i) text += (i ? ", " : " at ") + attempts[i].peer;
    attempts.insert(attempts.begin(),
                    Error(XH_E_TIMEOUT_CONNECT, base::component::kSocket, XH_PHASE_CONNECT, text, first_peer_));
    fail(std::move(attempts));
}

}  // namespace xh::net
