#include "conn.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core.h"

namespace testnet {

Conn::Conn(int fd, int stop_fd, Board& board, Record* record, bool capture)
    : fd_(fd), stop_fd_(stop_fd), board_(board), record_(record), capture_(capture) {}

Conn::~Conn() { close(false); }

Io Conn::wait(short events, int timeout_ms) {
    pollfd fds[2] = {{fd_, events, 0}, {stop_fd_, POLLIN, 0}};
    int n;
    do n = poll(fds, 2, timeout_ms);
    while (n < 0 && errno == EINTR);
    if (fds[1].revents != 0) return Io::Stopped;
    return n == 0 ? Io::Again : Io::Ok;
}

Io Conn::wait_with(short events, int other, short other_events) {
    pollfd fds[3] = {{fd_, events, 0}, {other, other_events, 0}, {stop_fd_, POLLIN, 0}};
    // A side that is done with would only report its hang-up again and again.
    if (events == 0) fds[0].fd = -1;
    if (other_events == 0) fds[1].fd = -1;
    int n;
    do n = poll(fds, 3, -1);
    while (n < 0 && errno == EINTR);
    return fds[2].revents != 0 ? Io::Stopped : Io::Ok;
}

Io Conn::failed(int result) {
    if (ssl_ == nullptr) {
        if (errno == EAGAIN || errno == EINTR) return Io::Again;
        return Io::Reset;
    }
    const int error = SSL_get_error(ssl_, result);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) {
        wanted_ = error == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT;
        return Io::Again;
    }
    if (error == SSL_ERROR_ZERO_RETURN) return Io::Eof;
    const unsigned long reason = ERR_peek_error();
    ERR_clear_error();
    if (error == SSL_ERROR_SSL && ERR_GET_REASON(reason) == SSL_R_UNEXPECTED_EOF_WHILE_READING) return Io::Eof;
    if (error == SSL_ERROR_SYSCALL) return errno == ECONNRESET || errno == EPIPE ? Io::Reset : Io::Eof;
    char text[256];
    ERR_error_string_n(reason, text, sizeof text);
    set_fact("tls-error", text);
    return Io::TlsFailed;
}

Io Conn::try_read(char* data, size_t size, size_t& done) {
    ssize_t n;
    done = 0;
    wanted_ = POLLIN;
    errno = 0;
    if (ssl_ != nullptr) {
        ERR_clear_error();
        n = SSL_read(ssl_, data, static_cast<int>(size));
    } else {
        n = recv(fd_, data, size, 0);
        if (n == 0) return Io::Eof;
    }
    if (n <= 0) return failed(static_cast<int>(n));
    done = static_cast<size_t>(n);
    if (record_ != nullptr) {
        std::lock_guard<std::mutex> hold(board_.lock);
        record_->received_bytes += done;
        if (capture_) record_->received.append(data, done);
        board_.changed.notify_all();
    }
    return Io::Ok;
}

Io Conn::try_write(const char* data, size_t size, size_t& done) {
    ssize_t n;
    done = 0;
    wanted_ = POLLOUT;
    errno = 0;
    if (ssl_ != nullptr) {
        ERR_clear_error();
        n = SSL_write(ssl_, data, static_cast<int>(size));
    } else {
        n = send(fd_, data, size, MSG_NOSIGNAL);
    }
    if (n <= 0) return failed(static_cast<int>(n));
    done = static_cast<size_t>(n);
    if (record_ != nullptr) {
        std::lock_guard<std::mutex> hold(board_.lock);
        record_->sent_bytes += done;
    }
    return Io::Ok;
}

Io Conn::read_some() {
    char buffer[65536];
    for (;;) {
        size_t n;
        Io io = try_read(buffer, sizeof buffer, n);
        if (io == Io::Ok) {
            input.append(buffer, n);
            return io;
        }
        if (io == Io::Again) io = wait(wanted_, -1);
        if (io != Io::Ok) return io;
    }
}

Io Conn::write_all(const char* data, size_t size) {
    while (size > 0) {
        size_t n;
        Io io = try_write(data, std::min<size_t>(size, 1 << 20), n);
        if (io == Io::Again) {
            io = wait(wanted_, -1);
        } else {
            data += n;
            size -= n;
        }
        if (io != Io::Ok) return io;
    }
    return Io::Ok;
}

Io Conn::handshake(const TlsServer& server) {
    ssl_ = server.open(fd_);
    if (ssl_ == nullptr) return Io::TlsFailed;
    for (;;) {
        ERR_clear_error();
        const int done = SSL_accept(ssl_);
        if (done == 1) {
            note_tls();
            return Io::Ok;
        }
        Io io = failed(done);
        if (io == Io::Again) io = wait(wanted_, -1);
        if (io != Io::Ok) return io == Io::Stopped ? io : Io::TlsFailed;
    }
}

void Conn::note_tls() {
    const unsigned char* alpn = nullptr;
    unsigned alpn_size = 0;
    SSL_get0_alpn_selected(ssl_, &alpn, &alpn_size);
    const char* sni = SSL_get_servername(ssl_, TLSEXT_NAMETYPE_host_name);
    set_fact("tls", SSL_get_version(ssl_));
    set_fact("cipher", SSL_get_cipher_name(ssl_));
    set_fact("sni", sni != nullptr ? sni : "");
    set_fact("alpn", std::string(reinterpret_cast<const char*>(alpn), alpn_size));
    set_fact("resumed", SSL_session_reused(ssl_) ? "1" : "0");
    X509* client = SSL_get0_peer_certificate(ssl_);
    if (client == nullptr) return;
    char* name = X509_NAME_oneline(X509_get_subject_name(client), nullptr, 0);
    set_fact("client", name);
    OPENSSL_free(name);
}

void Conn::set_fact(const char* name, const std::string& value) {
    if (record_ == nullptr) return;
    std::lock_guard<std::mutex> hold(board_.lock);
    record_->facts[name] = value;
}

Io Conn::wait_gone() {
    // Data that wait to be read would make POLLIN busy; the end of the stream has an event of its own.
    return wait(POLLRDHUP, -1);
}

bool Conn::is_notified() const { return ssl_ != nullptr && (SSL_get_shutdown(ssl_) & SSL_RECEIVED_SHUTDOWN) != 0; }

void Conn::shut_down(bool with_notify) {
    if (ssl_ != nullptr && with_notify) {
        ERR_clear_error();
        SSL_shutdown(ssl_);
    }
    shutdown(fd_, SHUT_WR);
}

void Conn::close(bool with_notify) {
    if (fd_ < 0) return;
    if (ssl_ != nullptr) {
        ERR_clear_error();
        if (with_notify && SSL_is_init_finished(ssl_)) SSL_shutdown(ssl_);
        SSL_free(ssl_);
        ssl_ = nullptr;
    }
    ::close(fd_);
    fd_ = -1;
}

void Conn::reset() {
    const linger now = {1, 0};
    setsockopt(fd_, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    close(false);
}

namespace {

struct Way {
    Conn& from;
    Conn& to;
    std::string data;
    size_t at = 0;
    bool ended = false;
    bool shut = false;

    /// Moves what can be moved now; Again when nothing can.
    Io step() {
        Io io = Io::Again;
        if (data.empty() && !ended) {
            if (!from.input.empty()) {
                data.swap(from.input);
            } else {
                char buffer[65536];
                size_t n;
                const Io got = from.try_read(buffer, sizeof buffer, n);
                if (got == Io::Ok)
                    data.assign(buffer, n);
                else if (got == Io::Eof)
                    ended = true;
                else if (got != Io::Again)
                    return got;
            }
            at = 0;
            if (!data.empty() || ended) io = Io::Ok;
        }
        if (!data.empty()) {
            size_t n;
            const Io put = to.try_write(data.data() + at, data.size() - at, n);
            if (put != Io::Ok && put != Io::Again) return put;
            at += n;
            if (at == data.size()) data.clear();
            if (put == Io::Ok) io = Io::Ok;
        }
        if (ended && data.empty() && !shut) {
            to.shut_down(true);
            shut = true;
        }
        return io;
    }
};

}  // namespace

Io relay(Conn& a, Conn& b) {
    Way there{a, b, {}};
    Way back{b, a, {}};
    while (!there.shut || !back.shut) {
        const Io one = there.step();
        if (one != Io::Ok && one != Io::Again) return one;
        const Io two = back.step();
        if (two != Io::Ok && two != Io::Again) return two;
        if (one == Io::Ok || two == Io::Ok) continue;
        short a_events = 0, b_events = 0;
        if (there.data.empty() && !there.ended) a_events |= POLLIN;
        if (back.data.empty() && !back.ended) b_events |= POLLIN;
        if (!there.data.empty()) b_events |= POLLOUT;
        if (!back.data.empty()) a_events |= POLLOUT;
        const Io waited = a.wait_with(a_events, b.fd(), b_events);
        if (waited != Io::Ok) return waited;
    }
    return Io::Eof;
}

int connect_upstream(int port) {
    const int fd = connect_loopback(port);
    return fd >= 0 ? fd : connect_loopback(port, true);
}

}  // namespace testnet
