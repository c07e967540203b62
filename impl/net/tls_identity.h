#pragma once
// The certificate by which this side shows who it is: loaded into a context from PEM texts, PKCS#12 bytes or a folder.
// Reads disk: for threads of the blocking pool only.

#include <openssl/ssl.h>

#include "base/error.h"
#include "net/tls_options.h"

namespace xh::net {

/// True when `options` name a certificate.
bool has_identity(const TlsOptions& options) noexcept;

/// Puts certificate, chain and key into `context`. False with `error` (XH_E_TLS_CLIENT_CERTIFICATE: file missing, not
/// readable, wrong passphrase, key of another certificate, too weak).
bool load_identity(SSL_CTX* context, const TlsOptions& options, base::Error& error);

}  // namespace xh::net
