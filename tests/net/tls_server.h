#pragma once
// The server's side of TLS for scripted peers: one context per wish.

#include <openssl/ssl.h>

#include <memory>
#include <string>
#include <vector>

namespace testnet {

class TlsServer {
public:
    /// Reads "CERT min=1.0 max=1.2 alpn=a,b tickets=off resume=off client-cert"; nullptr and a text when it is wrong.
    static std::shared_ptr<TlsServer> make(const std::string& wish, std::string& problem);
    ~TlsServer();
    TlsServer(const TlsServer&) = delete;
    TlsServer& operator=(const TlsServer&) = delete;

    /// A new connection's state, nullptr without memory; the caller frees it.
    SSL* open(int fd) const;

private:
    TlsServer() = default;
    bool apply(const std::string& word, std::string& cert);
    static int choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                           unsigned offered_size, void* self);

    SSL_CTX* context_ = nullptr;
    std::string alpn_;  ///< as on the wire: lengths and names
};

}  // namespace testnet
