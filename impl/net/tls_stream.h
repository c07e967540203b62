#pragma once
// TLS as a filter over any transport, itself included (TLS inside the TLS of a proxy).
//
// OpenSSL reads and writes through a BIO of ours. Reading goes through the loop's cipher buffer: one system call fetches
// many records, and a stream holds no buffer between two reads. Writing never fails or blocks inside OpenSSL: what the
// transport does not take at once is held here and goes first the next time, so OpenSSL never sees a repeated write.

#include "net/openssl_ptr.h"
#include "net/tls_config.h"
#include "net/tls_error.h"
#include "net/transport.h"

namespace xh::net {

/// Errors after the handshake: XH_E_TLS_ALERT (with its number), XH_E_TLS_PROTOCOL, those of the transport below, and
/// XH_E_TRUNCATED when the peer closed the connection without close_notify: the layer above knows whether the message was
/// complete by then. With ignore_unexpected_eof that is an Eof.
class TlsStream final : public Transport, private TransportOwner {
public:
    /// A client's stream over `lower`, which is established or will be. `host` without brackets is what the certificate
    /// must be for, unless the configuration names another; `peer` is for messages ("example.com:443") and, with the
    /// host, for finding sessions. Throws std::bad_alloc.
    static std::unique_ptr<TlsStream> client(loop::Loop& loop, std::unique_ptr<Transport> lower,
                                             base::Ref<TlsConfig> config, std::string_view host, std::string_view peer);
    ~TlsStream() override;

    Step establish() override;
    IoResult read(char* to, std::size_t capacity) override;
    IoResult write(const iovec* pieces, int count) override;
    IoState shutdown_write() override;
    bool has_pending() const noexcept override;
    void on_idle() noexcept override;
    IoState peek() override;
    base::Error take_error() override;
    const TlsInfo* tls() const noexcept override { return established_ ? &info_ : nullptr; }
    void set_owner(TransportOwner* owner) noexcept override { owner_ = owner; }
    int fd() const noexcept override { return lower_->fd(); }
    std::string_view local_address() const noexcept override { return lower_->local_address(); }
    std::string_view remote_address() const noexcept override { return lower_->remote_address(); }

private:
    friend struct TlsBio;
    friend int tls_verify_callback(int, X509_STORE_CTX*);
    friend int tls_session_callback(SSL*, SSL_SESSION*);

    /// How the reading side stands.
    enum class Reading : uint8_t { Open, Ended, Broken };

    TlsStream(loop::Loop& loop, std::unique_ptr<Transport> lower, base::Ref<TlsConfig> config, std::string_view host,
              std::string_view peer);
    void prepare_client();
    void on_transport_ready(uint32_t ready) override;
    const base::String& verified_name() const noexcept;
    base::String session_key() const;
    void finish_handshake();

    Step handshake_failed(int ssl_error);
    void read_failed(int ssl_error);
    void break_with(base::Error error);

    // below OpenSSL
    std::size_t take_ciphertext(char* to, std::size_t size);
    void give_ciphertext(const char* from, std::size_t size);
    bool flush_held();
    void send_staged();
    void settle_reading() noexcept;
    bool write_chunk(const char* data, std::size_t size);

    loop::Loop& loop_;
    std::unique_ptr<Transport> lower_;
    base::Ref<TlsConfig> config_;
    TransportOwner* owner_ = nullptr;
    OpensslPtr<SSL> ssl_;
    base::Slice ahead_;              // ciphertext that was read and not yet decrypted
    base::Ref<base::Buffer> stage_;  // ciphertext of the write under way
    std::size_t staged_ = 0;
    base::String held_;  // ciphertext that the transport has not taken
    std::unique_ptr<base::Error> error_;
    std::unique_ptr<VerifyFailure> verify_;
    base::String host_;
    base::String peer_;
    TlsInfo info_;
    bool established_ = false;
    bool lower_ended_ = false;
    bool lower_failed_ = false;
    bool write_failed_ = false;
    bool notified_ = false;  // close_notify was written
    Reading reading_ = Reading::Open;
};

}  // namespace xh::net
