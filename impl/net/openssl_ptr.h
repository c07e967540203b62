#pragma once
// Owning pointers to OpenSSL's objects. Inside net/ only.

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pkcs12.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include <memory>
#include <string_view>

namespace xh::net {

struct OpensslFree {
    void operator()(BIO* p) const noexcept { BIO_free_all(p); }
    void operator()(X509* p) const noexcept { X509_free(p); }
    void operator()(X509_CRL* p) const noexcept { X509_CRL_free(p); }
    void operator()(X509_STORE* p) const noexcept { X509_STORE_free(p); }
    void operator()(EVP_PKEY* p) const noexcept { EVP_PKEY_free(p); }
    void operator()(PKCS12* p) const noexcept { PKCS12_free(p); }
    void operator()(SSL* p) const noexcept { SSL_free(p); }
    void operator()(SSL_SESSION* p) const noexcept { SSL_SESSION_free(p); }
    void operator()(STACK_OF(X509) * p) const noexcept { sk_X509_pop_free(p, X509_free); }
    void operator()(STACK_OF(X509_INFO) * p) const noexcept { sk_X509_INFO_pop_free(p, X509_INFO_free); }
};

template <class T>
using OpensslPtr = std::unique_ptr<T, OpensslFree>;

/// A BIO that reads `text` in place.
inline OpensslPtr<BIO> bio_over(std::string_view text) {
    return OpensslPtr<BIO>(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

}  // namespace xh::net
