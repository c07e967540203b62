#pragma once
// Makes one connection: name look-up, race of addresses (RFC 8305), proxy, TLS. Each step has its deadline and its errors.

#include <memory>

#include "base/error.h"
#include "net/tls_options.h"
#include "net/transport.h"

namespace xh::net {

class TlsConfig;

enum class ProxyKind : uint8_t { None, Http, Https, Socks5 };

struct ProxyTarget {
    ProxyKind kind = ProxyKind::None;
    base::String host;
    uint16_t port = 0;
    base::String user;
    base::String password;
    int32_t auth_method = 0;  ///< XH_AUTH_*: basic, digest, auto
};

/// Everything that tells two connections apart.
struct ConnectPlan {
    bool tls = false;   ///< https
    base::String host;  ///< lower case, IPv6 without brackets, IDN already encoded
    uint16_t port = 0;
    base::String unix_path;      ///< instead of host and port for the socket
    int family = 0;              ///< AF_UNSPEC, AF_INET or AF_INET6
    base::String local_address;  ///< numeric; empty is any
    uint16_t local_port = 0;
    ProxyTarget proxy;
    bool tunnel = false;  ///< http proxy: CONNECT (https, or asked for) rather than absolute targets
    TlsOptions tls_options;
    base::String tls_fingerprint;  ///< tls_options.fingerprint(), made once
    bool no_delay = true;
    int64_t keep_alive_ms = 1000;  ///< TCP keep-alive initial delay; -1 is off
};

/// How long each step may take; -1 is without limit. Of the request, not of the connection: they do not part pools.
struct ConnectDeadlines {
    int64_t lookup_ms = -1;
    int64_t connect_ms = -1;  ///< the proxy's part included
    int64_t tls_ms = -1;
};

/// When each step ended (monotonic ns, -1 when it did not take place).
struct ConnectTimes {
    int64_t start = -1;
    int64_t lookup_end = -1;
    int64_t connect_end = -1;
    int64_t proxy_end = -1;
    int64_t tls_end = -1;
};

/// Exactly one of the two ends comes, never inside start(). The connector may be destroyed in it.
class ConnectSink {
public:
    virtual void on_connect_phase(int32_t phase) = 0;  ///< XH_PHASE_LOOKUP, CONNECT, PROXY, TLS as they begin
    virtual void on_connected(std::unique_ptr<Transport> transport) = 0;
    /// The first entry is what the caller sees; the others are the attempts, each with its address.
    virtual void on_connect_failed(base::ErrorList errors) = 0;

protected:
    ~ConnectSink() = default;
};

/// One attempt to connect, on one loop. Destroying it abandons the attempt at once, in every phase.
class Connector : public base::Allocated {
public:
    virtual ~Connector() = default;
    virtual void start() = 0;
    virtual const ConnectTimes& times() const noexcept = 0;
    /// What the proxy answered when it refused (status, head, up to 64 KiB of body); empty otherwise.
    virtual std::string_view proxy_answer() const noexcept = 0;

    /// `plan` must outlive the connector.
    static std::unique_ptr<Connector> make(loop::Loop& loop, const ConnectPlan& plan, const ConnectDeadlines& deadlines,
                                           ConnectSink& sink);
};

}  // namespace xh::net
