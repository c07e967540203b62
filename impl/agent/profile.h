#pragma once
// What tells two connections apart beside their host: proxy, TLS options, local end. Made once for a set of options.

#include "base/ref.h"
#include "net/connector.h"

namespace xh::agent {

class Profile final : public base::Counted {
public:
    /// `plan` without tls, host and port, which each request brings. `poolable` false: never kept, never reused.
    Profile(net::ConnectPlan plan, bool poolable);

    const net::ConnectPlan& plan() const noexcept { return plan_; }
    bool poolable() const noexcept { return poolable_; }
    uint64_t hash(bool tls) const noexcept { return tls ? tls_hash_ : plain_hash_; }
    /// TLS options do not part connections without TLS.
    bool same(const Profile& other, bool tls) const noexcept;

private:
    net::ConnectPlan plan_;
    base::String route_;  // everything but TLS, as one unambiguous text
    bool tls_always_;     // an https proxy: its TLS options count for http urls, too
    bool poolable_;
    uint64_t plain_hash_;
    uint64_t tls_hash_;
};

/// Where a connection goes.
struct OriginKey {
    bool tls;
    uint16_t port;
    std::string_view host;
    const Profile* profile;
    uint64_t hash() const noexcept;
};

}  // namespace xh::agent
