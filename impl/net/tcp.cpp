#include "net/tcp.h"

#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstddef>
#include <cstring>

#include "base/ascii.h"

namespace xh::net {

namespace {

/// Closes the descriptor unless somebody took it over.
struct FdGuard {
    int fd;
    ~FdGuard() {
        if (fd >= 0) ::close(fd);
    }
};

using base::Error;

constexpr int kLowestEphemeral = 1024;  // below it no system picks a local port by itself

Error os_error(xh_status fallback, int code, std::string_view what, std::string_view peer) {
    base::String text(what);
    text += ": ";
    text += base::errno_text(code);
    Error error(base::status_of_errno(code, fallback), base::component::kSocket, XH_PHASE_CONNECT, text, peer);
    error.os_error = code;
    return error;
}

int make_socket(int family) noexcept { return ::socket(family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0); }

void set_flag(int fd, int level, int name, int value) noexcept { ::setsockopt(fd, level, name, &value, sizeof value); }

base::String name_of(const sockaddr_storage& storage, socklen_t size) {
    const auto* any = reinterpret_cast<const sockaddr*>(&storage);
    if (any->sa_family != AF_UNIX) return loop::Address::from(any, size).text();
    const auto* unix_name = reinterpret_cast<const sockaddr_un*>(&storage);
    const std::size_t head = offsetof(sockaddr_un, sun_path);
    if (size <= head) return base::String();
    const std::size_t length = size - head;
    if (unix_name->sun_path[0] == 0) return base::String("@") + base::String(unix_name->sun_path + 1, length - 1);
    return base::String(unix_name->sun_path, ::strnlen(unix_name->sun_path, length));
}

}  // namespace

base::Error connect_error(int code, std::string_view who, std::string_view peer) {
    base::String text("connection to ");
    text += who;
    switch (code) {
        case ECONNREFUSED: text += " was refused; is the server running, and on this port?"; break;
        case EHOSTUNREACH: text += " failed: the host cannot be reached; is it up, and on this network?"; break;
        case ENETUNREACH: text += " failed: the network cannot be reached; is this machine connected?"; break;
        case ETIMEDOUT: text += " failed: nothing answered; a firewall may drop the packets"; break;
        case ECONNRESET: text += " was reset by the peer while it was made"; break;
        case EADDRNOTAVAIL: text += " failed: no local address or port is free for it"; break;
        case EACCES:
        case EPERM: text += " is forbidden on this machine; look at its firewall rules"; break;
        default: text += " failed: "; text += base::errno_text(code);
    }
    Error error(base::status_of_errno(code, XH_E_CONNECT_FAILED), base::component::kSocket, XH_PHASE_CONNECT, text,
                peer);
    error.os_error = code;
    return error;
}

TcpTransport::TcpTransport(loop::Loop& loop, int fd, const SocketOptions& options) noexcept
    : Watch(fd),
      loop_(loop),
      keep_alive_ms_(
          options.keep_alive_ms < 0 ? -1 : static_cast<int32_t>(std::min<int64_t>(options.keep_alive_ms, INT32_MAX))) {}

TcpTransport::~TcpTransport() { close_fd(); }

void TcpTransport::close_fd() noexcept {
    if (fd_ < 0) return;
    // In a forked child the set is shared with the parent, whose registration must stay.
    if (loop_.usable()) loop_.unwatch(*this);
    ::close(fd_);
    fd_ = -1;
}

std::unique_ptr<TcpTransport> TcpTransport::connect(loop::Loop& loop, const loop::Address& to,
                                                    const SocketOptions& options, Error& error) {
    const int fd = make_socket(to.family());
    if (fd < 0) {
        error = os_error(XH_E_CONNECT_FAILED, errno, "no socket can be made", to.text());
        return nullptr;
    }
    FdGuard guard{fd};
    std::unique_ptr<TcpTransport> made(new TcpTransport(loop, fd, options));
    guard.fd = -1;
    made->remote_ = to;
    made->writable_ = false;
    if (options.no_delay) set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1);
    if (options.local.set()) {
        // Several connections may leave from one local port as long as their peers differ.
        if (options.local.port()) set_flag(fd, SOL_SOCKET, SO_REUSEADDR, 1);
        if (::bind(fd, &options.local.any, options.local.size()) != 0) {
            const base::String local = options.local.text();
            error = os_error(XH_E_ADDRESS_NOT_AVAILABLE, errno, "the local address " + local + " cannot be used",
                             to.text());
            return nullptr;
        }
    }
    if (::connect(fd, &to.any, to.size()) == 0) {
        made->established_ = made->writable_ = true;
    } else if (errno != EINPROGRESS && errno != EINTR) {
        error = connect_error(errno, to.text(), to.text());
        return nullptr;
    }
    // After connect: a socket that does nothing yet counts as hung up.
    if (!loop.watch(*made)) {
        error = os_error(XH_E_NOMEM, errno, "the socket cannot be watched", to.text());
        return nullptr;
    }
    return made;
}

std::unique_ptr<TcpTransport> TcpTransport::connect_unix(loop::Loop& loop, std::string_view path, Error& error,
                                                         bool& again) {
    again = false;
    sockaddr_un name{};
    name.sun_family = AF_UNIX;
    const bool abstract = !path.empty() && path[0] == 0;
    if (path.empty() || path.size() + (abstract ? 0 : 1) > sizeof name.sun_path) {
        error = Error(XH_E_SOCKET_PATH, base::component::kSocket, XH_PHASE_CONNECT,
                      "the path of a Unix socket must have 1 to 107 bytes", path);
        return nullptr;
    }
    std::memcpy(name.sun_path, path.data(), path.size());
    const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + path.size() + (abstract ? 0 : 1));
    const int fd = make_socket(AF_UNIX);
    if (fd < 0) {
        error = os_error(XH_E_CONNECT_FAILED, errno, "no socket can be made", path);
        return nullptr;
    }
    if (::connect(fd, reinterpret_cast<sockaddr*>(&name), size) != 0) {
        const int code = errno;
        ::close(fd);
        again = code == EAGAIN;
        base::String text("the Unix socket ");
        text += path;
        if (code == ENOENT)
            text += " does not exist; is the server running?";
        else if (code == ECONNREFUSED)
            text += " has no server behind it; is it running?";
        else if (code == EACCES)
            text += " may not be opened by this user";
        else
            text += " cannot be connected: " + base::errno_text(code);
        error = Error(code == ECONNREFUSED ? XH_E_CONNECTION_REFUSED : XH_E_SOCKET_PATH, base::component::kSocket,
                      XH_PHASE_CONNECT, text, path);
        error.os_error = code;
        return nullptr;
    }
    SocketOptions plain;
    plain.no_delay = false;
    return adopt(loop, fd, plain, error);
}

std::unique_ptr<TcpTransport> TcpTransport::adopt(loop::Loop& loop, int fd, const SocketOptions& options,
                                                  Error& error) {
    FdGuard guard{fd};
    std::unique_ptr<TcpTransport> made(new TcpTransport(loop, fd, options));
    guard.fd = -1;
    made->established_ = true;
    if (options.no_delay) set_flag(fd, IPPROTO_TCP, TCP_NODELAY, 1);  // fails on a Unix socket, which is no harm
    if (!loop.watch(*made)) {
        error = os_error(XH_E_NOMEM, errno, "the socket cannot be watched", {});
        return nullptr;
    }
    return made;
}

void TcpTransport::on_ready(uint32_t ready) {
    if (ready & loop::kReadable) readable_ = true;
    if (ready & loop::kWritable) writable_ = true;
    if (ready & loop::kHangUp) hung_up_ = true;
    if (!established_ && !(ready & loop::kWritable)) return;
    if (owner_) owner_->on_transport_ready(ready);
}

/// Connecting to a free port of this very machine can hit the port that the system picked for us: the socket then talks
/// to itself, and a refused connection looks like a server that echoes.
bool TcpTransport::connected_to_itself() const noexcept {
    if (remote_.port() < kLowestEphemeral || !remote_.loopback()) return false;
    const Names* known = names();  // the connection's facts will be asked for anyway
    return known && known->local == known->remote;
}

Step TcpTransport::establish() {
    if (established_) return Step::Done;
    if (os_error_) return Step::Failed;
    if (!writable_) return Step::Pending;
    int code = 0;
    if (hung_up_) {
        socklen_t size = sizeof code;
        if (::getsockopt(fd_, SOL_SOCKET, SO_ERROR, &code, &size) != 0) code = errno;
    }
    if (code == 0 && connected_to_itself()) code = ECONNREFUSED;
    if (code != 0) {
        os_error_ = code;
        return Step::Failed;
    }
    established_ = true;
    return Step::Done;
}

IoResult TcpTransport::read(char* to, std::size_t capacity) {
    if (!readable_) return {IoState::Blocked, 0};
    if (capacity == 0) return {IoState::Ok, 0};
    for (;;) {
        const ssize_t n = ::recv(fd_, to, capacity, 0);
        if (n > 0) {
            // Less than asked for means that the system has no more, and that the next byte is an event.
            if (static_cast<std::size_t>(n) < capacity && !hung_up_) readable_ = false;
            return {IoState::Ok, static_cast<std::size_t>(n)};
        }
        if (n == 0) return {IoState::Eof, 0};
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            readable_ = false;
            return {IoState::Blocked, 0};
        }
        os_error_ = errno;
        writing_ = false;
        return {IoState::Failed, 0};
    }
}

IoResult TcpTransport::write(const iovec* pieces, int count) {
    if (!writable_) return {IoState::Blocked, 0};
    std::size_t total = 0;
    for (int i = 0; i < count; ++i) total += pieces[i].iov_len;
    if (total == 0) return {IoState::Ok, 0};
    for (;;) {
        ssize_t n;
        if (count == 1) {
            n = ::send(fd_, pieces[0].iov_base, pieces[0].iov_len, MSG_NOSIGNAL);
        } else {
            msghdr message{};
            message.msg_iov = const_cast<iovec*>(pieces);
            message.msg_iovlen = static_cast<std::size_t>(std::min(count, 1024));  // IOV_MAX
            n = ::sendmsg(fd_, &message, MSG_NOSIGNAL);
        }
        if (n >= 0) {
            if (static_cast<std::size_t>(n) < total && count <= 1024) writable_ = false;
            return {IoState::Ok, static_cast<std::size_t>(n)};
        }
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) {
            writable_ = false;
            return {IoState::Blocked, 0};
        }
        os_error_ = errno;
        writing_ = true;
        return {IoState::Failed, 0};
    }
}

IoState TcpTransport::shutdown_write() {
    if (::shutdown(fd_, SHUT_WR) == 0 || errno == ENOTCONN) return IoState::Ok;
    os_error_ = errno;
    writing_ = true;
    return IoState::Failed;
}

void TcpTransport::on_idle() noexcept {
    names_.reset();  // who asked has them
    if (keep_alive_ms_ < 0) return;
    // The system counts in seconds. Ten probes a second apart, as Node sets them (A05).
    const int seconds = std::max(1, (keep_alive_ms_ + 500) / 1000);
    keep_alive_ms_ = -1;
    set_flag(fd_, SOL_SOCKET, SO_KEEPALIVE, 1);
    set_flag(fd_, IPPROTO_TCP, TCP_KEEPIDLE, seconds);
    set_flag(fd_, IPPROTO_TCP, TCP_KEEPINTVL, 1);
    set_flag(fd_, IPPROTO_TCP, TCP_KEEPCNT, 10);
}

IoState TcpTransport::peek() {
    char byte;
    for (;;) {
        const ssize_t n = ::recv(fd_, &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        if (n >= 0) readable_ = true;  // the event may not have been fetched yet
        if (n > 0) return IoState::Ok;
        if (n == 0) return IoState::Eof;
        if (errno == EINTR) continue;
        if (errno == EAGAIN || errno == EWOULDBLOCK) return IoState::Blocked;
        os_error_ = errno;
        writing_ = false;
        return IoState::Failed;
    }
}

Error TcpTransport::take_error() {
    const int code = std::exchange(os_error_, 0);
    if (code == 0) return Error();
    const base::String peer(remote_address());
    if (!established_) return connect_error(code, peer, peer);
    base::String text;
    if (code == ECONNRESET)
        text = "the peer " + peer + " reset the connection";
    else if (code == EPIPE)
        text = "the peer " + peer + " no longer takes data";
    else if (code == ETIMEDOUT)
        text = "the peer " + peer + " no longer answers: the system gave the connection up";
    else
        text = (writing_ ? "sending to " : "receiving from ") + peer + " failed: " + base::errno_text(code);
    xh_status status = base::status_of_errno(code, XH_E_IO);
    if (code == ETIMEDOUT) status = XH_E_CONNECTION_RESET;
    Error error(status, base::component::kSocket, XH_PHASE_NONE, text, peer);
    error.os_error = code;
    return error;
}

int TcpTransport::release_fd() noexcept {
    if (fd_ >= 0) loop_.unwatch(*this);
    return std::exchange(fd_, -1);
}

const TcpTransport::Names* TcpTransport::names() const noexcept {
    if (names_ || fd_ < 0) return names_.get();
    try {
        std::unique_ptr<Names> made(new Names);
        sockaddr_storage storage{};
        socklen_t size = sizeof storage;
        if (::getsockname(fd_, reinterpret_cast<sockaddr*>(&storage), &size) == 0) made->local = name_of(storage, size);
        size = sizeof storage;
        if (remote_.set())
            made->remote = remote_.text();
        else if (::getpeername(fd_, reinterpret_cast<sockaddr*>(&storage), &size) == 0)
            made->remote = name_of(storage, size);
        names_ = std::move(made);
    } catch (const std::bad_alloc&) {
    }
    return names_.get();
}

std::string_view TcpTransport::local_address() const noexcept {
    const Names* known = names();
    return known ? std::string_view(known->local) : std::string_view();
}

std::string_view TcpTransport::remote_address() const noexcept {
    const Names* known = names();
    return known ? std::string_view(known->remote) : std::string_view();
}

}  // namespace xh::net
