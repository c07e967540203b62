#include "tls_server.h"

#include <sstream>

#include "certs.h"
#include "core.h"

namespace testnet {
namespace {

int version_number(const std::string& text) {
    if (text == "1.0") return TLS1_VERSION;
    if (text == "1.1") return TLS1_1_VERSION;
    if (text == "1.2") return TLS1_2_VERSION;
    if (text == "1.3") return TLS1_3_VERSION;
    return 0;
}

}  // namespace

std::shared_ptr<TlsServer> TlsServer::make(const std::string& wish, std::string& problem) {
    std::shared_ptr<TlsServer> out(new TlsServer);
    out->context_ = SSL_CTX_new(TLS_server_method());
    SSL_CTX* context = out->context_;
    if (context == nullptr) die("no TLS context");
    // Old versions and weak certificates are wanted here, whatever the system's configuration says.
    SSL_CTX_set_security_level(context, 0);
    SSL_CTX_set_cipher_list(context, "DEFAULT:@SECLEVEL=0");
    SSL_CTX_set_min_proto_version(context, TLS1_VERSION);
    SSL_CTX_set_max_proto_version(context, 0);
    SSL_CTX_set_mode(context,
                     SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_session_id_context(context, reinterpret_cast<const unsigned char*>("xh"), 2);
    std::istringstream words(wish);
    std::string cert = "localhost";
    for (std::string word; words >> word;) {
        if (!out->apply(word, cert)) {
            problem = "tls does not know \"" + word + "\"";
            return nullptr;
        }
    }
    if (!is_cert_file(cert + ".pem")) {
        problem = "there is no certificate \"" + cert + "\"";
        return nullptr;
    }
    if (SSL_CTX_use_certificate_chain_file(context, cert_path(cert + ".pem").c_str()) != 1 ||
        SSL_CTX_use_PrivateKey_file(context, cert_path(cert + ".key").c_str(), SSL_FILETYPE_PEM) != 1)
        die("the certificate \"%s\" cannot be used", cert.c_str());
    return out;
}

TlsServer::~TlsServer() { SSL_CTX_free(context_); }

bool TlsServer::apply(const std::string& word, std::string& cert) {
    const size_t equal = word.find('=');
    const std::string name = word.substr(0, equal);
    const std::string value = equal == std::string::npos ? "" : word.substr(equal + 1);
    if (name == "min" && version_number(value) != 0) {
        return SSL_CTX_set_min_proto_version(context_, version_number(value)) == 1;
    }
    if (name == "max" && version_number(value) != 0) {
        return SSL_CTX_set_max_proto_version(context_, version_number(value)) == 1;
    }
    if (word == "tickets=off") {
        SSL_CTX_set_options(context_, SSL_OP_NO_TICKET);
        return true;
    }
    if (word == "resume=off") {
        SSL_CTX_set_options(context_, SSL_OP_NO_TICKET);
        SSL_CTX_set_session_cache_mode(context_, SSL_SESS_CACHE_OFF);
        SSL_CTX_set_num_tickets(context_, 0);
        return true;
    }
    if (word == "client-cert") {
        SSL_CTX_set_verify(context_, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
        return SSL_CTX_load_verify_locations(context_, cert_path("ca.pem").c_str(), nullptr) == 1;
    }
    if (name == "alpn") {
        std::istringstream names(value);
        for (std::string one; std::getline(names, one, ',');) alpn_ += static_cast<char>(one.size()) + one;
        SSL_CTX_set_alpn_select_cb(context_, choose_alpn, this);
        return !alpn_.empty();
    }
    if (equal != std::string::npos) return false;
    cert = word;
    return true;
}

int TlsServer::choose_alpn(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* offered,
                           unsigned offered_size, void* self) {
    const std::string& own = static_cast<TlsServer*>(self)->alpn_;
    unsigned char* chosen = nullptr;
    const int found = SSL_select_next_proto(&chosen, out_size, reinterpret_cast<const unsigned char*>(own.data()),
                                            static_cast<unsigned>(own.size()), offered, offered_size);
    if (found != OPENSSL_NPN_NEGOTIATED) return SSL_TLSEXT_ERR_ALERT_FATAL;
    *out = chosen;
    return SSL_TLSEXT_ERR_OK;
}

SSL* TlsServer::open(int fd) const {
    SSL* ssl = SSL_new(context_);
    if (ssl == nullptr || SSL_set_fd(ssl, fd) != 1) {
        SSL_free(ssl);
        return nullptr;
    }
    SSL_set_accept_state(ssl);
    return ssl;
}

}  // namespace testnet
