#pragma once
// Certificate authorities: the system's store, read once for the process, and those that the caller gives. Reads disk:
// for threads of the blocking pool only.

#include "base/error.h"
#include "net/openssl_ptr.h"
#include "net/tls_options.h"

namespace xh::net {

/// The store that `options` asks for, with revocation checking switched on when it holds a list of revoked certificates.
/// nullptr with `error` (XH_E_TLS_CA) when something given cannot be read.
OpensslPtr<X509_STORE> make_trust_store(const TlsOptions& options, base::Error& error);

/// Forgets the system's store; the next configuration reads it anew.
void drop_system_store() noexcept;

/// The bytes of a file; false with a sentence in `why` when it cannot be read or is larger than `limit`.
bool read_file(const base::String& path, std::size_t limit, base::String& out, base::String& why);

}  // namespace xh::net
