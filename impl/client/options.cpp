#include "client/options.h"

#include <sys/socket.h>

#include "base/ascii.h"
#include "base/per_process.h"
#include "base/url.h"
#include "loop/resolver.h"

namespace xh::client {

std::atomic<std::size_t> g_max_head_bytes{16384};

Options::~Options() {
    if (const agent::Profile* profile = direct_.load(std::memory_order_acquire)) profile->release();
}

const base::Ref<const Options>& Options::defaults() {
    struct Holder {
        base::Ref<const Options> options{base::make_ref<Options>()};
    };
    static base::PerProcess<Holder> holder;
    return holder.get().options;
}

const HeaderField* OptionValues::find_header(proto::Known known) const noexcept {
    for (const HeaderField& field : headers)
        if (field.known == known) return &field;
    return nullptr;
}

net::ConnectPlan Options::plan() const {
    net::ConnectPlan plan;
    plan.unix_path = socket_path;
    plan.family = family == 4 ? AF_INET : family == 6 ? AF_INET6 : AF_UNSPEC;
    plan.local_address = local_address;
    plan.local_port = local_port;
    plan.tunnel = proxy_tunnel;
    plan.tls_options = tls;
    plan.tls_fingerprint = tls.fingerprint();
    plan.no_delay = no_delay;
    plan.keep_alive_ms = agent.get() ? agent.get()->settings().keep_alive_msecs.load() : keep_alive_msecs;
    return plan;
}

base::Ref<const agent::Profile> Options::direct_profile() const {
    if (const agent::Profile* made = direct_.load(std::memory_order_acquire))
        return base::Ref<const agent::Profile>(made);
    base::Ref<const agent::Profile> mine = base::make_ref<agent::Profile>(plan(), leniency == 0);
    const agent::Profile* seen = nullptr;
    mine->retain();
    if (!direct_.compare_exchange_strong(seen, mine.get(), std::memory_order_acq_rel)) {
        mine->release();
        return base::Ref<const agent::Profile>(seen);
    }
    return mine;
}

xh_status Options::proxied_profile(std::string_view proxy_url, base::Ref<const agent::Profile>& out) const {
    net::ConnectPlan with = plan();
    xh_status status = parse_proxy(proxy_url, with.proxy);
    if (status != XH_OK) return status;
    if (proxy_auth.given) {
        with.proxy.user = proxy_auth.name;
        with.proxy.password = proxy_auth.password;
    }
    with.proxy.auth_method = proxy_auth.method;
    out = base::make_ref<agent::Profile>(std::move(with), leniency == 0);
    return XH_OK;
}

xh_status parse_proxy(std::string_view text, net::ProxyTarget& out) {
    base::UrlRules rules;
    rules.default_scheme = base::Scheme::Http;
    rules.proxy = true;
    rules.idn = loop::resolver::encode_idn;
    base::Url url;
    if (url.parse(text, rules) != XH_OK) return XH_E_INVALID_PROXY;
    switch (url.scheme()) {
        case base::Scheme::Http: out.kind = net::ProxyKind::Http; break;
        case base::Scheme::Https: out.kind = net::ProxyKind::Https; break;
        case base::Scheme::Socks5:
        case base::Scheme::Socks5h: out.kind = net::ProxyKind::Socks5; break;
        default: return XH_E_INVALID_PROXY;
    }
    out.host = base::to_string(url.host());
    out.port = url.port();
    out.user = base::to_string(url.user());
    out.password = base::to_string(url.password());
    return XH_OK;
}

}  // namespace xh::client
