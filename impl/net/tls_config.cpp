#include "net/tls_config.h"

#include <fcntl.h>
#include <openssl/err.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/NetSSL.h>

#include "base/process.h"
#include "net/openssl_ptr.h"
#include "net/tls_callbacks.h"
#include "net/tls_error.h"
#include "net/tls_identity.h"
#include "net/tls_sessions.h"
#include "net/tls_trust.h"

namespace xh::net {

namespace {

using base::Error;

// X448 first, as POCO has it, costs half a millisecond per handshake and a second round with servers that lack it.
constexpr const char* kGroups = "X25519:P-256:P-384:X448:P-521";
constexpr unsigned char kAlpnHttp1[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};
constexpr int kSecurityLevel = 2;

Error config_error(xh_status status, std::string_view text) {
    base::String message(text);
    const base::String queued = drain_queue();
    if (!queued.empty()) message += " (" + queued + ")";
    return Error(status, base::component::kTls, XH_PHASE_TLS, message);
}

int number_of(TlsVersion version) noexcept {
    switch (version) {
        case TlsVersion::V1_0: return TLS1_VERSION;
        case TlsVersion::V1_1: return TLS1_1_VERSION;
        case TlsVersion::V1_2: return TLS1_2_VERSION;
        case TlsVersion::V1_3: return TLS1_3_VERSION;
        case TlsVersion::Default: break;
    }
    return 0;
}

int accept_any(X509_STORE_CTX*, void*) { return 1; }

}  // namespace

void init_tls() {
    static const bool once = [] {
        Poco::Net::initializeSSL();
        OPENSSL_init_ssl(0, nullptr);
        ERR_clear_error();
        return true;
    }();
    static_cast<void>(once);
}

TlsConfig::TlsConfig() noexcept : id_(base::next_id()) {}

TlsConfig::~TlsConfig() {
    delete poco_;
    if (keylog_ >= 0) ::close(keylog_);
}

base::Ref<TlsConfig> TlsConfig::build(const TlsOptions& options, Side side, Error& error) {
    init_tls();
    auto config = base::Ref<TlsConfig>::adopt(new TlsConfig);
    try {
        Poco::Net::Context::Params params;
        params.verificationMode = options.verify ? Poco::Net::Context::VERIFY_STRICT : Poco::Net::Context::VERIFY_NONE;
        params.loadDefaultCAs = false;
        params.cipherList = "DEFAULT";
        params.ecdhCurve = kGroups;
        const auto usage = side == Side::Client ? Poco::Net::Context::CLIENT_USE : Poco::Net::Context::SERVER_USE;
        config->poco_ = new Poco::AutoPtr<Poco::Net::Context>(new Poco::Net::Context(usage, params));
        config->ssl_ = (*config->poco_)->sslContext();
    } catch (const Poco::Exception& problem) {
        error = config_error(XH_E_INTERNAL, "the TLS library cannot be set up: " + base::String(problem.what()));
        return nullptr;
    }
    ERR_clear_error();  // POCO 1.11 leaves "dh key too small" there after every success
    error = config->apply(options, side);
    ERR_clear_error();
    return error ? nullptr : config;
}

Error TlsConfig::apply(const TlsOptions& options, Side side) {
    verify_ = options.verify;
    sessions_ = options.session_cache;
    ignore_eof_ = options.ignore_unexpected_eof;
    server_name_ = options.server_name;
    if (Error error = apply_versions(options)) return error;
    if (Error error = apply_ciphers(options.ciphers)) return error;
    if (Error error = apply_pins(options.pins)) return error;
    if (Error error = apply_keylog(options.keylog_file)) return error;
    if (SSL_CTX_set1_groups_list(ssl_, kGroups) != 1) return config_error(XH_E_INTERNAL, "no TLS group can be used");
    SSL_CTX_set_mode(ssl_, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_AUTO_RETRY);
    // Buffers are given back when a connection idles; to do that after every record costs time.
    SSL_CTX_clear_mode(ssl_, SSL_MODE_RELEASE_BUFFERS);
    SSL_CTX_set_quiet_shutdown(ssl_, 0);

    Error error;
    OpensslPtr<X509_STORE> store = make_trust_store(options, error);
    if (!store) return error;
    SSL_CTX_set_cert_store(ssl_, store.release());
    if (has_identity(options) && !load_identity(ssl_, options, error)) return error;
    if (side == Side::Client) {
        apply_client_callbacks();
        if (has_identity(options)) SSL_CTX_set_post_handshake_auth(ssl_, 1);
    }
    return Error();
}

void TlsConfig::apply_client_callbacks() {
    // The callback replaces POCO's, which would ask the handlers of the process.
    SSL_CTX_set_verify(ssl_, verify_ ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, verify_ ? tls_verify_callback : nullptr);
    if (!verify_) SSL_CTX_set_cert_verify_callback(ssl_, accept_any, nullptr);
    SSL_CTX_set_session_cache_mode(ssl_,
                                   sessions_ ? SSL_SESS_CACHE_CLIENT | SSL_SESS_CACHE_NO_INTERNAL : SSL_SESS_CACHE_OFF);
    SSL_CTX_sess_set_new_cb(ssl_, sessions_ ? tls_session_callback : nullptr);
    SSL_CTX_set_alpn_protos(ssl_, kAlpnHttp1, sizeof kAlpnHttp1);
}

Error TlsConfig::apply_versions(const TlsOptions& options) {
    const TlsVersion least = options.min_version == TlsVersion::Default ? TlsVersion::V1_2 : options.min_version;
    const int lowest = number_of(least), highest = number_of(options.max_version);
    // Versions before 1.2 sign with SHA-1 and MD5, which every level above 0 forbids.
    SSL_CTX_set_security_level(ssl_, lowest < TLS1_2_VERSION ? 0 : kSecurityLevel);
    if ((highest && highest < lowest) || SSL_CTX_set_min_proto_version(ssl_, lowest) != 1 ||
        SSL_CTX_set_max_proto_version(ssl_, highest) != 1)
        return config_error(XH_E_TLS_VERSION, "no TLS version is left between the lowest and the highest allowed");
    SSL_CTX_clear_options(ssl_, SSL_OP_NO_TLSv1 | SSL_OP_NO_TLSv1_1 | SSL_OP_NO_TLSv1_2 | SSL_OP_NO_TLSv1_3);
    return Error();
}

/// A list in OpenSSL's manner, where names of TLS 1.3 suites may stand between the others.
Error TlsConfig::apply_ciphers(const base::String& list) {
    base::String old_names, new_names;
    std::size_t from = 0;
    while (from < list.size()) {
        std::size_t to = list.find_first_of(":, ", from);
        if (to == base::String::npos) to = list.size();
        const std::string_view name = std::string_view(list).substr(from, to - from);
        from = to + 1;
        if (name.empty()) continue;
        base::String& names = name.substr(0, 4) == "TLS_" ? new_names : old_names;
        if (!names.empty()) names += ':';
        names += name;
    }
    if (list.empty()) old_names = "DEFAULT";
    const bool good = (old_names.empty() || SSL_CTX_set_cipher_list(ssl_, old_names.c_str()) == 1) &&
                      (new_names.empty() || SSL_CTX_set_ciphersuites(ssl_, new_names.c_str()) == 1) &&
                      !(old_names.empty() && new_names.empty());
    if (good) return Error();
    return config_error(XH_E_TLS_CIPHERS, "the list of ciphers \"" + list + "\" names none that can be used");
}

Error TlsConfig::apply_pins(const base::String& list) {
    std::size_t from = 0;
    while (from < list.size()) {
        std::size_t to = list.find(';', from);
        if (to == base::String::npos) to = list.size();
        std::string_view text = std::string_view(list).substr(from, to - from);
        from = to + 1;
        constexpr std::string_view kPrefix = "sha256//";  // as curl writes them
        if (text.substr(0, kPrefix.size()) == kPrefix) text.remove_prefix(kPrefix.size());
        if (text.empty()) continue;
        unsigned char bytes[48];
        // 32 bytes are 44 characters with one "=" of padding, which decodes to 33.
        if (text.size() != 44 || text[43] != '=' || text[42] == '=' ||
            EVP_DecodeBlock(bytes, reinterpret_cast<const unsigned char*>(text.data()), 44) != 33)
            return config_error(XH_E_TLS_PIN, "a pin must be the base64 text of 32 bytes, the SHA-256 of a public key");
        Pin pin;
        std::memcpy(pin.digest, bytes, sizeof pin.digest);
        pins_.push_back(pin);
    }
    return Error();
}

bool TlsConfig::pinned(X509* certificate) const noexcept {
    if (pins_.empty()) return true;
    if (!certificate) return false;
    unsigned char* der = nullptr;
    const int size = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(certificate), &der);
    if (size <= 0) return false;
    unsigned char digest[32];
    const bool made = EVP_Digest(der, static_cast<std::size_t>(size), digest, nullptr, EVP_sha256(), nullptr) == 1;
    OPENSSL_free(der);
    for (const Pin& pin : pins_)
        if (made && std::memcmp(pin.digest, digest, sizeof digest) == 0) return true;
    return false;
}

Error TlsConfig::apply_keylog(const base::String& path) {
    if (path.empty()) return Error();
    keylog_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (keylog_ < 0)
        return config_error(XH_E_FILE, "the key log " + path + " cannot be written: " + base::errno_text(errno));
    SSL_CTX_set_app_data(ssl_, this);
    SSL_CTX_set_keylog_callback(ssl_, write_keylog);
    return Error();
}

void TlsConfig::write_keylog(const SSL* ssl, const char* line) {
    const auto* self = static_cast<const TlsConfig*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(ssl)));
    try {
        base::String text(line);
        text += '\n';
        // One write per line: lines of several threads do not mix in a file opened for appending.
        [[maybe_unused]] const ssize_t n = ::write(self->keylog_, text.data(), text.size());
    } catch (const std::bad_alloc&) {
    }
}

}  // namespace xh::net
