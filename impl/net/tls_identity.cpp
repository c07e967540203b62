#include "net/tls_identity.h"

#include <openssl/err.h>
#include <openssl/pem.h>

#include <algorithm>
#include <cstring>

#include "net/openssl_ptr.h"
#include "net/tls_error.h"
#include "net/tls_trust.h"

namespace xh::net {

namespace {

using base::Error;

constexpr std::size_t kMaxFile = 1024 * 1024;

/// Gives the passphrase of the options; never asks on the terminal, as OpenSSL does by itself.
int give_passphrase(char* to, int size, int, void* ctx) {
    const auto* passphrase = static_cast<const base::String*>(ctx);
    if (passphrase->empty() || passphrase->size() > static_cast<std::size_t>(size)) return -1;
    return static_cast<int>(passphrase->copy(to, static_cast<std::size_t>(size)));
}

struct Identity {
    OpensslPtr<X509> certificate;
    OpensslPtr<EVP_PKEY> key;
    OpensslPtr<STACK_OF(X509)> chain;
};

class Loader {
public:
    Loader(const TlsOptions& options, Error& error) noexcept : options_(options), error_(error) {}

    bool from_pem(std::string_view certificates, std::string_view key, Identity& out);
    bool from_pfx(Identity& out);
    bool from_folder(Identity& out);
    bool use(SSL_CTX* context, Identity& identity);

private:
    bool fail(std::string_view what);
    const TlsOptions& options_;
    Error& error_;
};

bool Loader::fail(std::string_view what) {
    base::String text("the client certificate cannot be used: ");
    text += what;
    const base::String queued = drain_queue();
    if (!queued.empty()) text += " (" + queued + ")";
    error_ = Error(XH_E_TLS_CLIENT_CERTIFICATE, base::component::kTls, XH_PHASE_TLS, text);
    return false;
}

bool Loader::from_pem(std::string_view certificates, std::string_view key, Identity& out) {
    auto* passphrase = const_cast<base::String*>(&options_.key_passphrase);
    OpensslPtr<BIO> bio = bio_over(certificates);
    out.certificate.reset(bio ? PEM_read_bio_X509_AUX(bio.get(), nullptr, give_passphrase, passphrase) : nullptr);
    if (!out.certificate) return fail("there is no certificate in its PEM text");
    out.chain.reset(sk_X509_new_null());
    while (X509* next = out.chain ? PEM_read_bio_X509(bio.get(), nullptr, give_passphrase, passphrase) : nullptr) {
        if (!sk_X509_push(out.chain.get(), next)) {
            X509_free(next);
            throw std::bad_alloc();
        }
    }
    ERR_clear_error();  // the end of the text counts as an error there
    const std::string_view key_text = key.empty() ? certificates : key;
    bio = bio_over(key_text);
    out.key.reset(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, give_passphrase, passphrase) : nullptr);
    if (out.key) return true;
    if (key_text.find("PRIVATE KEY") == std::string_view::npos) return fail("there is no private key in its PEM text");
    if (key_text.find("ENCRYPTED") == std::string_view::npos) return fail("its private key is not readable");
    return fail(options_.key_passphrase.empty() ? "its private key is encrypted and no passphrase was given"
                                                : "its private key does not open with the passphrase that was given");
}

bool Loader::from_pfx(Identity& out) {
    OpensslPtr<BIO> bio = bio_over(options_.pfx);
    OpensslPtr<PKCS12> pfx(bio ? d2i_PKCS12_bio(bio.get(), nullptr) : nullptr);
    if (!pfx) return fail("the bytes are not PKCS#12");
    EVP_PKEY* key = nullptr;
    X509* certificate = nullptr;
    STACK_OF(X509)* chain = nullptr;
    const int good = PKCS12_parse(pfx.get(), options_.key_passphrase.c_str(), &key, &certificate, &chain);
    out.key.reset(key);
    out.certificate.reset(certificate);
    out.chain.reset(chain);
    if (!good) {
        const unsigned long code = ERR_peek_last_error();
        const bool passphrase =
            ERR_GET_LIB(code) == ERR_LIB_PKCS12 && ERR_GET_REASON(code) == PKCS12_R_MAC_VERIFY_FAILURE;
        return fail(passphrase ? "its PKCS#12 file does not open with the passphrase that was given"
                               : "its PKCS#12 file is not readable");
    }
    if (!out.certificate || !out.key) return fail("its PKCS#12 file lacks the certificate or the key");
    return true;
}

bool Loader::from_folder(Identity& out) {
    base::String texts[2], why;
    const char* names[2] = {"cert.pem", "key.pem"};  // Q05
    for (int i = 0; i < 2; ++i) {
        const base::String path = options_.cert_folder + "/" + names[i];
        if (!read_file(path, kMaxFile, texts[i], why)) return fail(path + ": " + why);
    }
    return from_pem(texts[0], texts[1], out);
}

bool Loader::use(SSL_CTX* context, Identity& identity) {
    if (X509_check_private_key(identity.certificate.get(), identity.key.get()) != 1)
        return fail("its private key belongs to another certificate");
    if (SSL_CTX_use_certificate(context, identity.certificate.get()) != 1 ||
        SSL_CTX_use_PrivateKey(context, identity.key.get()) != 1 || SSL_CTX_check_private_key(context) != 1)
        return fail("it does not fit the TLS settings");
    for (int i = 0; identity.chain && i < sk_X509_num(identity.chain.get()); ++i)
        if (SSL_CTX_add1_chain_cert(context, sk_X509_value(identity.chain.get(), i)) != 1)
            return fail("its chain does not fit the TLS settings");
    return true;
}

}  // namespace

bool has_identity(const TlsOptions& options) noexcept {
    return !options.pfx.empty() || !options.cert_pem.empty() || !options.cert_folder.empty();
}

bool load_identity(SSL_CTX* context, const TlsOptions& options, Error& error) {
    Loader loader(options, error);
    Identity identity;
    ERR_clear_error();
    const bool read = !options.pfx.empty()        ? loader.from_pfx(identity)
                      : !options.cert_pem.empty() ? loader.from_pem(options.cert_pem, options.key_pem, identity)
                                                  : loader.from_folder(identity);
    return read && loader.use(context, identity);
}

}  // namespace xh::net
