#pragma once
// TLS sessions to resume, for the whole process: by configuration, host and port (TLS 1.3: RFC 8446 section 2.2).

#include "base/alloc.h"
#include "net/openssl_ptr.h"

namespace xh::net::tls_sessions {

/// Keeps a session. At most 16 per key (a burst of new connections takes one each) and 256 keys: those used least recently go.
void put(const base::String& key, OpensslPtr<SSL_SESSION> session) noexcept;
/// A session that may be resumed now, or none. One of TLS 1.3 is given out once (RFC 8446 C.4), others stay.
OpensslPtr<SSL_SESSION> take(const base::String& key) noexcept;
void clear() noexcept;

}  // namespace xh::net::tls_sessions
