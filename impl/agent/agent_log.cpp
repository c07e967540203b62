#include "agent/agent.h"
#include "base/ascii.h"
#include "base/log.h"

// What an agent tells the log about its connections: who, over what, how often; at XH_LOG_DEBUG only.

namespace xh::agent {

void Agent::log_connection(std::string_view what, const PooledConn& conn) const noexcept {
    if (!base::log_wanted(XH_LOG_DEBUG)) return;
    try {
        const net::ConnectPlan& to = conn.origin_->plan;
        const conn::ConnInfo& info = *conn.info();
        base::String line(what);
        line.append(" ").append(to.unix_path.empty() ? to.host : to.unix_path);
        if (to.unix_path.empty()) {
            line += ':';
            base::append_decimal(line, to.port);
        }
        if (!info.remote.empty())
            line.append(to.proxy.kind == net::ProxyKind::None ? " at " : " over the proxy at ").append(info.remote);
        if (info.tls_version) {
            line.append(", ").append(info.tls_version).append(" ").append(info.tls_cipher);
            if (info.tls_resumed) line.append(", session resumed");
        }
        line.append(", use ");
        base::append_decimal(line, conn.uses());
        base::log(XH_LOG_DEBUG, id_, base::component::kAgent, line);
    } catch (const std::bad_alloc&) {
    }
}

}  // namespace xh::agent
