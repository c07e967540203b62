#include "net/tls_stream.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>

#include "base/ip.h"
#include "net/tls_callbacks.h"
#include "net/tls_sessions.h"

namespace xh::net {

namespace {

using base::Error;

constexpr std::size_t kRecordBytes = 16384;   // the most plain text in one record (RFC 8446 5.1)
constexpr std::size_t kRecordOverhead = 256;  // what a record adds at most
constexpr std::size_t kStageRecords = loop::Loop::kCipherBytes / (kRecordBytes + kRecordOverhead);
constexpr std::size_t kGatherBytes = 8192;  // smaller pieces are joined, so that they share a record

std::string_view without_dot(std::string_view host) noexcept {
    if (!host.empty() && host.back() == '.') host.remove_suffix(1);
    return host;
}

}  // namespace

/// The BIO between OpenSSL and the stream.
struct TlsBio {
    static TlsStream& stream(BIO* bio) noexcept { return *static_cast<TlsStream*>(BIO_get_data(bio)); }

    static int read(BIO* bio, char* to, std::size_t size, std::size_t* got) {
        BIO_clear_retry_flags(bio);
        TlsStream& self = stream(bio);
        try {
            *got = self.take_ciphertext(to, size);
        } catch (const std::bad_alloc&) {
            self.lower_failed_ = true;
            return 0;
        }
        if (*got > 0) return 1;
        if (!self.lower_ended_ && !self.lower_failed_) BIO_set_retry_read(bio);
        return 0;
    }

    static int write(BIO* bio, const char* from, std::size_t size, std::size_t* taken) {
        BIO_clear_retry_flags(bio);
        try {
            stream(bio).give_ciphertext(from, size);
        } catch (const std::bad_alloc&) {
            return 0;
        }
        *taken = size;
        return 1;
    }

    static long ctrl(BIO* bio, int command, long, void*) {
        switch (command) {
            case BIO_CTRL_FLUSH: return 1;
            case BIO_CTRL_EOF: return stream(bio).lower_ended_;
            default: return 0;
        }
    }

    /// One for the process, never freed: BIOs may outlive every moment at which it could be.
    static BIO_METHOD* method() noexcept {
        static BIO_METHOD* const made = [] {
            BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "xh transport");
            if (!method) return method;
            BIO_meth_set_read_ex(method, read);
            BIO_meth_set_write_ex(method, write);
            BIO_meth_set_ctrl(method, ctrl);
            return method;
        }();
        return made;
    }
};

int tls_verify_callback(int good, X509_STORE_CTX* chain) {
    if (good) return good;
    const int code = X509_STORE_CTX_get_error(chain);
    if (code == X509_V_ERR_UNABLE_TO_GET_CRL) {
        // Lists were given for some authorities; the others have none to offer.
        X509_STORE_CTX_set_error(chain, X509_V_OK);
        return 1;
    }
    auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(chain, SSL_get_ex_data_X509_STORE_CTX_idx()));
    auto* self = ssl ? static_cast<TlsStream*>(SSL_get_app_data(ssl)) : nullptr;
    if (!self || self->verify_) return good;
    try {
        self->verify_.reset(new VerifyFailure);
        self->verify_->code = code;
        self->verify_->depth = X509_STORE_CTX_get_error_depth(chain);
        self->verify_->subject = subject_of(X509_STORE_CTX_get_current_cert(chain));
    } catch (const std::bad_alloc&) {
    }
    return good;
}

int tls_session_callback(SSL* ssl, SSL_SESSION* session) {
    auto* self = static_cast<TlsStream*>(SSL_get_app_data(ssl));
    if (!self || !SSL_SESSION_is_resumable(session)) return 0;
    try {
        // The key first: when it cannot be made, the reference must still be OpenSSL's.
        const base::String key = self->session_key();
        tls_sessions::put(key, OpensslPtr<SSL_SESSION>(session));
    } catch (const std::bad_alloc&) {
        return 0;
    }
    return 1;  // the reference is ours now
}

TlsStream::TlsStream(loop::Loop& loop, std::unique_ptr<Transport> lower, base::Ref<TlsConfig> config,
                     std::string_view host, std::string_view peer)
    : loop_(loop),
      lower_(std::move(lower)),
      config_(std::move(config)),
      ssl_(SSL_new(config_->context())),
      host_(without_dot(host)),
      peer_(peer) {
    BIO* bio = ssl_ && TlsBio::method() ? BIO_new(TlsBio::method()) : nullptr;
    if (!bio) throw std::bad_alloc();
    BIO_set_data(bio, this);
    BIO_set_init(bio, 1);
    SSL_set_bio(ssl_.get(), bio, bio);
    SSL_set_app_data(ssl_.get(), this);
    lower_->set_owner(this);
}

TlsStream::~TlsStream() {
    // A session that was not shut down is forbidden to be resumed when its stream is freed, a rule of SSL 3 that no later
    // version has; most HTTP connections end by a plain close.
    if (established_) SSL_set_shutdown(ssl_.get(), SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
}

std::unique_ptr<TlsStream> TlsStream::client(loop::Loop& loop, std::unique_ptr<Transport> lower,
                                             base::Ref<TlsConfig> config, std::string_view host,
                                             std::string_view peer) {
    std::unique_ptr<TlsStream> stream(new TlsStream(loop, std::move(lower), std::move(config), host, peer));
    stream->prepare_client();
    return stream;
}

const base::String& TlsStream::verified_name() const noexcept {
    return config_->server_name().empty() ? host_ : config_->server_name();
}

base::String TlsStream::session_key() const {
    base::String key = peer_;
    key += '#';
    key += host_;
    key += '#';
    const uint64_t id = config_->id();
    key.append(reinterpret_cast<const char*>(&id), sizeof id);
    return key;
}

void TlsStream::prepare_client() {
    SSL* ssl = ssl_.get();
    SSL_set_connect_state(ssl);
    const base::String& name = verified_name();
    X509_VERIFY_PARAM* verify = SSL_get0_param(ssl);
    base::IpBytes ip;
    bool good = true;
    if (base::parse_ip(std::string_view(name).substr(0, name.find('%')), ip)) {
        // No SNI for addresses (RFC 6066 section 3), and they match address entries only.
        if (config_->verifies()) good = X509_VERIFY_PARAM_set1_ip(verify, ip.bytes, ip.size) == 1;
    } else {
        good = SSL_set_tlsext_host_name(ssl, name.c_str()) == 1;
        if (good && config_->verifies()) {
            X509_VERIFY_PARAM_set_hostflags(verify,
                                            X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
            good = X509_VERIFY_PARAM_set1_host(verify, name.data(), name.size()) == 1;
        }
    }
    if (!good) throw std::bad_alloc();
    if (!config_->keeps_sessions()) return;
    if (OpensslPtr<SSL_SESSION> session = tls_sessions::take(session_key())) SSL_set_session(ssl, session.get());
    ERR_clear_error();
}

// --- below OpenSSL ---------------------------------------------------------------------------------------------------

std::size_t TlsStream::take_ciphertext(char* to, std::size_t size) {
    if (ahead_.len == 0) {
        if (lower_ended_ || lower_failed_) return 0;
        if (!ahead_.buffer) ahead_.buffer = loop_.cipher_buffer();
        ahead_.pos = 0;
        const IoResult result = lower_->read(ahead_.buffer->data(), ahead_.buffer->capacity());
        switch (result.state) {
            case IoState::Ok: ahead_.len = static_cast<uint32_t>(result.bytes); break;
            case IoState::Blocked: return 0;
            case IoState::Eof: lower_ended_ = true; return 0;
            case IoState::Failed: lower_failed_ = true; return 0;
        }
    }
    const std::size_t n = std::min<std::size_t>(size, ahead_.len);
    std::memcpy(to, ahead_.data(), n);
    ahead_.pos += static_cast<uint32_t>(n);
    ahead_.len -= static_cast<uint32_t>(n);
    return n;
}

/// After the last read of a call: the buffer goes back to the loop, unless some ciphertext waits in it.
void TlsStream::settle_reading() noexcept {
    if (!ahead_.buffer) return;
    if (ahead_.len > 0 && ahead_.len <= ahead_.buffer->capacity() / 4) {
        try {
            base::Ref<base::Buffer> small = base::Buffer::make(ahead_.len);
            std::memcpy(small->data(), ahead_.data(), ahead_.len);
            ahead_.buffer = std::move(small);
            ahead_.pos = 0;
        } catch (const std::bad_alloc&) {  // it stays in the large one
        }
    }
    if (ahead_.len == 0) ahead_.buffer.reset();
}

void TlsStream::give_ciphertext(const char* from, std::size_t size) {
    if (stage_ && staged_ + size > stage_->capacity()) send_staged();
    if (stage_ && size <= stage_->capacity()) {
        std::memcpy(stage_->data() + staged_, from, size);
        staged_ += size;
        return;
    }
    std::size_t sent = 0;
    if (held_.empty() && !write_failed_) {
        const iovec piece = {const_cast<char*>(from), size};
        const IoResult result = lower_->write(&piece, 1);
        if (result.state == IoState::Failed) write_failed_ = true;
        if (result.state == IoState::Ok) sent = result.bytes;
    }
    if (!write_failed_) held_.append(from + sent, size - sent);
}

void TlsStream::send_staged() {
    const base::Ref<base::Buffer> stage = std::move(stage_);
    const std::size_t size = std::exchange(staged_, 0);
    if (size > 0) give_ciphertext(stage->data(), size);
    stage_ = stage;
}

/// True when nothing is held back any more.
bool TlsStream::flush_held() {
    while (!held_.empty() && !write_failed_) {
        const iovec piece = {held_.data(), held_.size()};
        const IoResult result = lower_->write(&piece, 1);
        if (result.state == IoState::Blocked) return false;
        if (result.state == IoState::Failed)
            write_failed_ = true;
        else
            held_.erase(0, result.bytes);
    }
    if (held_.empty() && held_.capacity() > kRecordBytes) base::String().swap(held_);
    return held_.empty();
}

void TlsStream::on_transport_ready(uint32_t ready) {
    if (established_ && (ready & loop::kWritable) && !held_.empty()) {
        bool flushed = false;
        try {
            flushed = flush_held();
        } catch (const std::bad_alloc&) {
        }
        if (!flushed && !write_failed_) ready &= ~static_cast<uint32_t>(loop::kWritable);
    }
    if (ready && owner_) owner_->on_transport_ready(ready);
}

// --- handshake -------------------------------------------------------------------------------------------------------

Step TlsStream::establish() {
    if (established_) return Step::Done;
    if (error_) return Step::Failed;
    switch (lower_->establish()) {
        case Step::Pending: return Step::Pending;
        case Step::Failed: error_.reset(new Error(lower_->take_error())); return Step::Failed;
        case Step::Done: break;
    }
    flush_held();
    ERR_clear_error();
    const int result = SSL_do_handshake(ssl_.get());
    const int ssl_error = result == 1 ? SSL_ERROR_NONE : SSL_get_error(ssl_.get(), result);
    settle_reading();
    if (ssl_error == SSL_ERROR_NONE) {
        finish_handshake();
        return error_ ? Step::Failed : Step::Done;
    }
    if (write_failed_ && ssl_error == SSL_ERROR_WANT_READ && !lower_->has_pending())
        lower_failed_ = true;
    else if (ssl_error == SSL_ERROR_WANT_READ || ssl_error == SSL_ERROR_WANT_WRITE)
        return Step::Pending;
    return handshake_failed(ssl_error);
}

void TlsStream::finish_handshake() {
    SSL* ssl = ssl_.get();
    if (!config_->pinned(SSL_get0_peer_certificate(ssl))) {
        Error error(XH_E_TLS_PIN, base::component::kTls, XH_PHASE_TLS,
                    "the public key of " + peer_ + " is none of the pinned ones; was the server's key replaced?",
                    peer_);
        error.tls_depth = 0;
        error.tls_subject = subject_of(SSL_get0_peer_certificate(ssl));
        return break_with(std::move(error));
    }
    info_.version = SSL_get_version(ssl);
    const SSL_CIPHER* cipher = SSL_get_current_cipher(ssl);
    info_.cipher = cipher ? SSL_CIPHER_get_name(cipher) : "";
    info_.resumed = SSL_session_reused(ssl) == 1;
    const unsigned char* alpn = nullptr;
    unsigned size = 0;
    SSL_get0_alpn_selected(ssl, &alpn, &size);
    if (alpn) info_.alpn.assign(reinterpret_cast<const char*>(alpn), size);
    established_ = true;
}

Step TlsStream::handshake_failed(int ssl_error) {
    if (verify_ && ssl_error == SSL_ERROR_SSL) {
        ERR_clear_error();
        break_with(verify_error(*verify_, verified_name(), peer_));
    } else if (ssl_error == SSL_ERROR_SSL && !lower_ended_ && !lower_failed_) {
        break_with(queue_error(false, verified_name(), peer_));
    } else if (lower_failed_) {
        ERR_clear_error();
        Error error = lower_->take_error();
        if (!error) error = Error(XH_E_NOMEM, base::component::kTls, XH_PHASE_TLS, "out of memory", peer_);
        error.phase = XH_PHASE_TLS;
        error.message += " during the TLS handshake";
        break_with(std::move(error));
    } else {
        ERR_clear_error();
        break_with(Error(XH_E_TLS_HANDSHAKE, base::component::kTls, XH_PHASE_TLS,
                         "the peer " + peer_ + " closed the connection during the TLS handshake; does it speak TLS?",
                         peer_));
    }
    return Step::Failed;
}

void TlsStream::break_with(Error error) {
    error_.reset(new Error(std::move(error)));
    reading_ = Reading::Broken;
}

// --- the stream ------------------------------------------------------------------------------------------------------

IoResult TlsStream::read(char* to, std::size_t capacity) {
    std::size_t done = 0;
    while (reading_ == Reading::Open && done < capacity) {
        std::size_t n = 0;
        ERR_clear_error();
        const int result = SSL_read_ex(ssl_.get(), to + done, capacity - done, &n);
        if (result == 1) {
            done += n;
            continue;
        }
        const int ssl_error = SSL_get_error(ssl_.get(), result);
        if (ssl_error == SSL_ERROR_WANT_READ || ssl_error == SSL_ERROR_WANT_WRITE) break;
        read_failed(ssl_error);
    }
    settle_reading();
    if (done > 0) return {IoState::Ok, done};  // an end that was seen is told by the next call
    switch (reading_) {
        case Reading::Open: return {capacity ? IoState::Blocked : IoState::Ok, 0};
        case Reading::Ended: return {IoState::Eof, 0};
        case Reading::Broken: break;
    }
    return {IoState::Failed, 0};
}

void TlsStream::read_failed(int ssl_error) {
    if (ssl_error == SSL_ERROR_ZERO_RETURN) {
        reading_ = Reading::Ended;
    } else if (lower_failed_) {
        ERR_clear_error();
        Error error = lower_->take_error();
        if (!error) error = Error(XH_E_NOMEM, base::component::kTls, XH_PHASE_NONE, "out of memory", peer_);
        break_with(std::move(error));
    } else if (lower_ended_) {
        ERR_clear_error();
        if (config_->ignores_unexpected_eof()) {
            reading_ = Reading::Ended;
            return;
        }
        break_with(Error(XH_E_TRUNCATED, base::component::kTls, XH_PHASE_NONE,
                         "the peer " + peer_ + " closed the connection without ending the TLS stream", peer_));
    } else {
        Error error = queue_error(true, verified_name(), peer_);
        error.phase = XH_PHASE_NONE;
        break_with(std::move(error));
    }
}

/// Encrypts up to `size` bytes; what comes out is sent, staged or held. False when OpenSSL refuses.
bool TlsStream::write_chunk(const char* data, std::size_t size) {
    while (size > 0) {
        std::size_t n = 0;
        ERR_clear_error();
        const int result = SSL_write_ex(ssl_.get(), data, std::min(size, kRecordBytes), &n);
        if (result != 1) {
            Error error = queue_error(true, verified_name(), peer_);
            error.phase = XH_PHASE_NONE;
            error_.reset(new Error(std::move(error)));
            write_failed_ = true;
            return false;
        }
        data += n;
        size -= n;
    }
    return true;
}

IoResult TlsStream::write(const iovec* pieces, int count) {
    if (!flush_held()) return {write_failed_ ? IoState::Failed : IoState::Blocked, 0};
    if (write_failed_) return {IoState::Failed, 0};
    std::size_t total = 0, done = 0;
    for (int i = 0; i < count; ++i) total += pieces[i].iov_len;
    if (total > kRecordBytes) stage_ = loop_.cipher_buffer();
    char gathered[kGatherBytes];
    std::size_t have = 0;
    for (int i = 0; i < count && held_.empty() && !write_failed_; ++i) {
        const char* data = static_cast<const char*>(pieces[i].iov_base);
        std::size_t left = pieces[i].iov_len;
        if (count > 1 && have + left <= sizeof gathered) {
            std::memcpy(gathered + have, data, left);
            have += left;
            continue;
        }
        if (have > 0 && write_chunk(gathered, have)) done += std::exchange(have, 0);
        while (left > 0 && held_.empty() && !write_failed_) {
            const std::size_t part = std::min(left, kRecordBytes * std::max<std::size_t>(kStageRecords, 1));
            if (!write_chunk(data, part)) break;
            done += part;
            data += part;
            left -= part;
            if (stage_) send_staged();
        }
    }
    if (have > 0 && held_.empty() && !write_failed_ && write_chunk(gathered, have)) done += have;
    if (stage_) send_staged();
    stage_.reset();
    if (write_failed_) return {IoState::Failed, 0};
    if (done == 0 && total > 0) return {IoState::Blocked, 0};
    return {IoState::Ok, done};
}

IoState TlsStream::shutdown_write() {
    if (!flush_held()) return write_failed_ ? IoState::Failed : IoState::Blocked;
    if (write_failed_) return IoState::Failed;
    if (established_ && !notified_) {
        notified_ = true;
        ERR_clear_error();
        SSL_shutdown(ssl_.get());
        ERR_clear_error();
        if (!held_.empty()) return IoState::Blocked;
        if (write_failed_) return IoState::Failed;
    }
    return lower_->shutdown_write();
}

bool TlsStream::has_pending() const noexcept {
    return reading_ != Reading::Open || ahead_.len > 0 || SSL_pending(ssl_.get()) > 0 || lower_->has_pending();
}

void TlsStream::on_idle() noexcept {
    SSL_free_buffers(ssl_.get());
    if (held_.empty()) base::String().swap(held_);
    lower_->on_idle();
}

IoState TlsStream::peek() {
    if (reading_ == Reading::Ended) return IoState::Eof;
    if (reading_ == Reading::Broken) return IoState::Failed;
    if (ahead_.len == 0 && SSL_pending(ssl_.get()) == 0) {
        const IoState below = lower_->peek();
        if (below == IoState::Blocked) return below;
    }
    // Bytes below may be a session ticket, which says nothing about the connection: only OpenSSL can tell.
    char byte;
    std::size_t n = 0;
    ERR_clear_error();
    const int result = SSL_peek_ex(ssl_.get(), &byte, 1, &n);
    IoState state = IoState::Ok;
    if (result != 1) {
        const int ssl_error = SSL_get_error(ssl_.get(), result);
        state = IoState::Blocked;
        if (ssl_error != SSL_ERROR_WANT_READ && ssl_error != SSL_ERROR_WANT_WRITE) {
            read_failed(ssl_error);
            state = reading_ == Reading::Ended ? IoState::Eof : IoState::Failed;
        } else {
            SSL_free_buffers(ssl_.get());
        }
    }
    settle_reading();
    return state;
}

Error TlsStream::take_error() {
    if (error_) {
        Error error = std::move(*error_);
        error_.reset();
        return error;
    }
    return lower_->take_error();
}

}  // namespace xh::net
