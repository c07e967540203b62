#include "agent/origin.h"

namespace xh::agent {

Origin::Origin(const OriginKey& key, uint64_t key_hash)
    : plan(key.profile->plan()), profile(key.profile), hash(key_hash) {
    plan.tls = key.tls;
    plan.host = base::to_string(key.host);
    plan.port = key.port;
    if (plan.proxy.kind == net::ProxyKind::Http || plan.proxy.kind == net::ProxyKind::Https)
        plan.tunnel = plan.tunnel || key.tls;
}

bool Origin::matches(const OriginKey& key, uint64_t key_hash) const noexcept {
    return hash == key_hash && plan.tls == key.tls && plan.port == key.port && plan.host == key.host &&
           profile->same(*key.profile, key.tls);
}

void Origin::List::append(PooledConn& conn) noexcept {
    conn.prev_ = last;
    conn.next_ = nullptr;
    (last ? last->next_ : first) = &conn;
    last = &conn;
    ++size;
}

void Origin::List::remove(PooledConn& conn) noexcept {
    (conn.prev_ ? conn.prev_->next_ : first) = conn.next_;
    (conn.next_ ? conn.next_->prev_ : last) = conn.prev_;
    conn.prev_ = conn.next_ = nullptr;
    --size;
}

}  // namespace xh::agent
