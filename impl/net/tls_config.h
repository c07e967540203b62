#pragma once
// A TLS configuration, ready for handshakes: one per distinct set of options, shared by all loops, built off the loops
// because that reads disk (the system's store alone costs some 20 ms).

#include <Poco/AutoPtr.h>
#include <openssl/ssl.h>

#include "base/error.h"
#include "base/ref.h"
#include "loop/shared_work.h"
#include "net/tls_options.h"

namespace Poco::Net {
class Context;
}

namespace xh::net {

/// Brings POCO's and OpenSSL's TLS up, once; before the first handshake, and before anybody registers with atexit what
/// must run ahead of OpenSSL's own clean-up.
void init_tls();

class TlsConfig final : public base::Counted {
public:
    enum class Side : uint8_t { Client, Server };

    /// Builds one; slow. nullptr with `error`: XH_E_TLS_CA, _CLIENT_CERTIFICATE, _CIPHERS, _VERSION, _PIN.
    static base::Ref<TlsConfig> build(const TlsOptions& options, Side side, base::Error& error);
    ~TlsConfig() override;

    SSL_CTX* context() const noexcept { return ssl_; }
    /// A number no other configuration has: sessions are kept by it.
    uint64_t id() const noexcept { return id_; }
    bool verifies() const noexcept { return verify_; }
    bool keeps_sessions() const noexcept { return sessions_; }
    bool ignores_unexpected_eof() const noexcept { return ignore_eof_; }
    /// Replaces the host for SNI and verification; empty does not.
    const base::String& server_name() const noexcept { return server_name_; }
    /// False when there are pins and none is that of the certificate's key.
    bool pinned(X509* certificate) const noexcept;

    /// What is kept for later requests: configurations, sessions, the system's store. For shutdown and tests.
    static void drop_caches() noexcept;

private:
    struct Pin {
        unsigned char digest[32];
    };
    TlsConfig() noexcept;
    base::Error apply(const TlsOptions& options, Side side);
    base::Error apply_versions(const TlsOptions& options);
    base::Error apply_ciphers(const base::String& list);
    base::Error apply_pins(const base::String& list);
    base::Error apply_keylog(const base::String& path);
    void apply_client_callbacks();
    static void write_keylog(const SSL* ssl, const char* line);

    Poco::AutoPtr<Poco::Net::Context>* poco_ = nullptr;
    SSL_CTX* ssl_ = nullptr;  // owned by poco_
    uint64_t id_;
    bool verify_ = true;
    bool sessions_ = true;
    bool ignore_eof_ = false;
    int keylog_ = -1;
    base::String server_name_;
    base::Vec<Pin> pins_;
};

class TlsConfigJob;

/// One requester's wait for a shared client configuration, on one loop. Destroying it stops waiting.
class TlsConfigRequest {
public:
    using Done = void (*)(void* owner);
    TlsConfigRequest(loop::Loop& loop, Done done, void* owner) noexcept;
    TlsConfigRequest(const TlsConfigRequest&) = delete;
    TlsConfigRequest& operator=(const TlsConfigRequest&) = delete;
    ~TlsConfigRequest();

    /// True when it is there at once; else `done` comes later, never inside this call.
    bool start(const TlsOptions& options, const base::String& fingerprint);
    /// The configuration, or null with the reason in error().
    const base::Ref<TlsConfig>& config() const noexcept { return config_; }
    const base::Error& error() const noexcept { return error_; }
    bool waiting() const noexcept { return ticket_.waiting(); }
    void leave() noexcept;

private:
    static void finished(void* self);
    loop::Loop& loop_;
    Done done_;
    void* owner_;
    loop::WorkTicket ticket_;
    base::Ref<TlsConfigJob> job_;
    base::Ref<TlsConfig> config_;
    base::Error error_;
};

}  // namespace xh::net
