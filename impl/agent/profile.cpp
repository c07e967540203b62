#include "agent/profile.h"

#include <functional>

namespace xh::agent {

namespace {

void put(base::String& out, std::string_view field) {
    out += std::to_string(field.size()).c_str();
    out += ':';
    out.append(field);
}

void put(base::String& out, int64_t number) { put(out, std::string_view(std::to_string(number))); }

uint64_t mix(uint64_t a, uint64_t b) noexcept { return (a ^ (b + 0x9e3779b97f4a7c15u + (a << 6) + (a >> 2))); }

uint64_t hash_text(std::string_view text) noexcept { return std::hash<std::string_view>()(text); }

base::String route_of(const net::ConnectPlan& plan) {
    base::String out;
    put(out, plan.unix_path);
    put(out, plan.family);
    put(out, plan.local_address);
    put(out, plan.local_port);
    put(out, static_cast<int64_t>(plan.proxy.kind));
    put(out, plan.proxy.host);
    put(out, plan.proxy.port);
    put(out, plan.proxy.user);
    put(out, plan.proxy.password);
    put(out, plan.proxy.auth_method);
    put(out, plan.tunnel);
    put(out, plan.no_delay);
    put(out, plan.keep_alive_ms);
    return out;
}

}  // namespace

Profile::Profile(net::ConnectPlan plan, bool poolable)
    : plan_(std::move(plan)),
      route_(route_of(plan_)),
      tls_always_(plan_.proxy.kind == net::ProxyKind::Https),
      poolable_(poolable),
      plain_hash_(hash_text(route_)),
      tls_hash_(mix(plain_hash_, hash_text(plan_.tls_fingerprint))) {
    if (tls_always_) plain_hash_ = tls_hash_;
}

bool Profile::same(const Profile& other, bool tls) const noexcept {
    if (this == &other) return true;
    if (poolable_ != other.poolable_ || route_ != other.route_) return false;
    return !(tls || tls_always_) || plan_.tls_fingerprint == other.plan_.tls_fingerprint;
}

uint64_t OriginKey::hash() const noexcept {
    return mix(mix(hash_text(host), static_cast<uint64_t>(port) * 2 + tls), profile->hash(tls));
}

}  // namespace xh::agent
