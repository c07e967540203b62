#pragma once
// What a context calls during the handshakes of its streams. Inside net/ only.

#include <openssl/ssl.h>

namespace xh::net {

/// Notes the first failure of the verification in its stream.
int tls_verify_callback(int good, X509_STORE_CTX* chain);
/// Keeps a new session for its stream's peer.
int tls_session_callback(SSL* ssl, SSL_SESSION* session);

}  // namespace xh::net
