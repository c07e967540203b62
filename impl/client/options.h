#pragma once
// The values of a set of options. Immutable once a request has it: the handle makes a copy before it changes a shared one.

#include <atomic>

#include "client/body.h"
#include "client/holds.h"
#include "net/tls_options.h"
#include "proto/auth.h"
#include "proto/http_names.h"

namespace xh::client {

struct HeaderField {
    HeaderField(base::String field_name, base::String field_value)
        : name(std::move(field_name)), value(std::move(field_value)), known(proto::known_header(name)) {}
    base::String name;
    base::String value;
    proto::Known known;  ///< looked up once, not for each request
};

/// Name and password towards a server or a proxy.
struct Credentials {
    base::String name;
    base::String password;
    int32_t method = XH_AUTH_AUTO;
    bool given = false;
};

struct OptionValues {
    // the request
    base::String method = "GET";
    bool automatic_redirections = true;
    int32_t max_redirections = 5;
    bool forbid_insecure_redirect = false;
    int32_t data_type = XH_DATA_AUTO;
    bool decode_data = false;
    base::String encoding = "UTF-8";
    int32_t protocol = XH_PROTOCOL_AUTO;
    bool return_response_body = true;
    bool decompress = true;
    int64_t expect_continue_ms = -1;
    base::String secret_headers;
    base::String output_file;
    bool resume = false;
    base::Vec<HeaderField> headers;
    base::Ref<Body> body;

    // deadlines
    double timeout_s = -1;
    int64_t queue_ms = -1;
    net::ConnectDeadlines connect;
    int64_t head_ms = -1;
    int64_t stall_ms = -1;

    // where to and how
    net::TlsOptions tls;
    Credentials server_auth;
    base::String proxy;
    Credentials proxy_auth;
    bool proxy_from_environment = false;
    base::String no_proxy;
    bool proxy_tunnel = false;
    int32_t family = 0;
    base::String local_address;
    uint16_t local_port = 0;
    base::String socket_path;
    bool no_delay = true;

    // limits
    int64_t receive_window = 262144;
    bool manual_consume = false;
    int64_t max_head_bytes = -1;  ///< -1: the process-wide default
    int64_t max_headers = 2000;
    int64_t max_body_bytes = -1;
    int64_t max_coding_ratio = 1000;
    int64_t max_interim = 16;
    int64_t leniency = 0;

    // where it runs
    AgentHold agent;
    bool no_agent = false;
    base::Ref<loop::Loop>
        loop;  // no hold: a request has its options to its end, and would keep itself from being ended
    base::Ref<base::Counted> queue;
    uint64_t token = 0;
    bool trace_credentials = false;
    bool cookies = false;

    // agents
    bool keep_alive = false;
    int64_t keep_alive_msecs = 1000;
    int64_t max_sockets = -1;
    int64_t max_total_sockets = -1;
    int64_t max_free_sockets = 256;
    int32_t scheduling = XH_SCHEDULING_LIFO;
    int64_t agent_timeout_ms = -1;
    int64_t max_connection_age_ms = 600000;

    const HeaderField* find_header(proto::Known known) const noexcept;
    bool has_header(proto::Known known) const noexcept { return find_header(known) != nullptr; }
};

/// The values with what is derived from them.
class Options final : public base::Counted, public OptionValues {
public:
    Options() = default;
    explicit Options(const OptionValues& values) : OptionValues(values) {}
    ~Options() override;

    /// The last request that has these values needs the body no more.
    void drop_body_if_last() const noexcept {
        if (unique()) const_cast<Options*>(this)->body.reset();
    }
    /// Connections without a proxy; made at the first use and kept, since the values no longer change then.
    base::Ref<const agent::Profile> direct_profile() const;
    /// Connections over the proxy whose URL is given, with its credentials or those of the options.
    xh_status proxied_profile(std::string_view proxy_url, base::Ref<const agent::Profile>& out) const;

    /// The values that a request without options has.
    static const base::Ref<const Options>& defaults();

private:
    net::ConnectPlan plan() const;
    mutable std::atomic<const agent::Profile*> direct_{nullptr};
};

/// Reads a proxy's URL; XH_E_INVALID_PROXY.
xh_status parse_proxy(std::string_view url, net::ProxyTarget& out);

/// The process-wide default of the largest head (N02).
extern std::atomic<std::size_t> g_max_head_bytes;

}  // namespace xh::client
