#pragma once
// What is said to a proxy before the target's bytes flow. A talk ends; nothing of it stays on the connection.

#include "net/transport.h"

namespace xh::net {

class ProxyTalk : public base::Allocated {
public:
    virtual ~ProxyTalk() = default;
    /// Goes on as far as the transport allows; called again at every readiness until it is not Pending. No byte behind the
    /// proxy's answer is read: a proxy that sends more before we spoke to the target is refused.
    virtual Step step(Transport& transport) = 0;
    /// After Failed: the talk wants to go on over a new connection to the proxy (step() starts anew there).
    virtual bool wants_reconnect() const noexcept { return false; }
    /// After Failed, or when time is up: what the proxy has said so far. Empty when it refused nothing.
    virtual base::Error take_error() = 0;
    /// Status line, head and body (up to 64 KiB) of a refusal.
    virtual std::string_view answer() const noexcept { return {}; }
};

/// The proxy said `text`, or did what it says.
inline base::Error proxy_error(xh_status status, std::string_view text, std::string_view peer) {
    return base::Error(status, base::component::kProxy, XH_PHASE_PROXY, text, peer);
}

}  // namespace xh::net
