#pragma once
// The fixed facts of a connection, shared by all exchanges over it.

#include "base/ref.h"
#include "net/transport.h"

namespace xh::conn {

struct ConnInfo final : base::Counted {
    explicit ConnInfo(const net::Transport& transport)
        : local(base::to_string(transport.local_address())), remote(base::to_string(transport.remote_address())) {
        if (const net::TlsInfo* tls = transport.tls()) {
            tls_version = tls->version;
            tls_cipher = tls->cipher;
            tls_resumed = tls->resumed;
        }
    }
    base::String local;   ///< "address:port" or empty
    base::String remote;  ///< the same of the peer: a proxy when there is one
    const char* tls_version = nullptr;
    const char* tls_cipher = nullptr;
    bool tls_resumed = false;
};

}  // namespace xh::conn
