// Ports: reserved, listening, refused, deaf and silent ones.

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cstring>

#include "core.h"
#include "peers.h"

namespace testnet {
namespace {

constexpr int kAttempts = 200;

int open_socket(int family, int type = SOCK_STREAM) {
    const int fd = socket(family, type | SOCK_CLOEXEC, 0);
    if (fd < 0) return -1;
    const int on = 1;
    if (family == AF_INET6) setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    return fd;
}

int bind_loopback(int fd, int family, int port) {
    if (family == AF_INET6) {
        sockaddr_in6 a;
        memset(&a, 0, sizeof a);
        a.sin6_family = AF_INET6;
        a.sin6_addr = in6addr_loopback;
        a.sin6_port = htons(static_cast<uint16_t>(port));
        return bind(fd, reinterpret_cast<sockaddr*>(&a), sizeof a);
    }
    sockaddr_in a;
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    a.sin_port = htons(static_cast<uint16_t>(port));
    return bind(fd, reinterpret_cast<sockaddr*>(&a), sizeof a);
}

int bound_port(int fd) {
    sockaddr_storage a;
    socklen_t n = sizeof a;
    if (getsockname(fd, reinterpret_cast<sockaddr*>(&a), &n) != 0) return 0;
    if (a.ss_family == AF_INET6) return ntohs(reinterpret_cast<sockaddr_in6*>(&a)->sin6_port);
    return ntohs(reinterpret_cast<sockaddr_in*>(&a)->sin_port);
}

void reuse_address(int fd) {
    const int on = 1;
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
}

int bound_socket(int family, int port, bool reuse) {
    const int fd = open_socket(family);
    if (fd < 0) return -1;
    if (reuse) reuse_address(fd);
    if (bind_loopback(fd, family, port) == 0) return fd;
    close(fd);
    return -1;
}

}  // namespace

Port reserve_port() {
    for (int i = 0; i < kAttempts; i++) {
        Port port;
        port.fd4 = bound_socket(AF_INET, 0, true);
        if (port.fd4 < 0) continue;
        port.number = bound_port(port.fd4);
        if (!net_has_ipv6()) return port;
        port.fd6 = bound_socket(AF_INET6, port.number, true);
        if (port.fd6 >= 0) return port;
        close(port.fd4);
    }
    die("no free port on loopback: %s", strerror(errno));
}

void release_port(Port& port) {
    if (port.fd4 >= 0) close(port.fd4);
    if (port.fd6 >= 0) close(port.fd6);
    port = Port();
}

Listener listen_tcp(bool ipv4, bool ipv6, int backlog) {
    if (ipv6 && !net_has_ipv6()) die("this machine has no ::1");
    for (int i = 0; i < kAttempts; i++) {
        Listener out;
        out.fd = bound_socket(ipv4 ? AF_INET : AF_INET6, 0, false);
        if (out.fd < 0) continue;
        out.port = bound_port(out.fd);
        if (ipv4 && ipv6) out.fd6 = bound_socket(AF_INET6, out.port, false);
        const bool both = !(ipv4 && ipv6) || (out.fd6 >= 0 && listen(out.fd6, backlog) == 0);
        if (both && listen(out.fd, backlog) == 0) return out;
        close(out.fd);
        if (out.fd6 >= 0) close(out.fd6);
    }
    die("cannot listen on loopback: %s", strerror(errno));
}

int connect_loopback(int port, bool ipv6) {
    const int family = ipv6 ? AF_INET6 : AF_INET;
    const int fd = open_socket(family);
    if (fd < 0) return -1;
    sockaddr_in6 six;
    sockaddr_in four;
    memset(&six, 0, sizeof six);
    memset(&four, 0, sizeof four);
    six.sin6_family = AF_INET6;
    six.sin6_addr = in6addr_loopback;
    six.sin6_port = htons(static_cast<uint16_t>(port));
    four.sin_family = AF_INET;
    four.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    four.sin_port = htons(static_cast<uint16_t>(port));
    const int rc = ipv6 ? connect(fd, reinterpret_cast<sockaddr*>(&six), sizeof six)
                        : connect(fd, reinterpret_cast<sockaddr*>(&four), sizeof four);
    if (rc != 0) {
        close(fd);
        return -1;
    }
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    return fd;
}

}  // namespace testnet

using namespace testnet;

int net_has_ipv6(void) {
    static const bool has = [] {
        const int fd = bound_socket(AF_INET6, 0, false);
        if (fd >= 0) close(fd);
        return fd >= 0;
    }();
    return has;
}

int refused_port(void) {
    // Bound and not listening: a connection is refused, and the port goes to nobody else.
    static const int port = reserve_port().number;
    return port;
}

int deaf_port(void) {
    static const int port = [] {
        const Listener listener = listen_tcp(true, false, 0);
        // A backlog of 0 takes one or two connections. The first connect that hangs shows that it is full.
        for (int i = 0; i < 64; i++) {
            const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
            sockaddr_in a;
            memset(&a, 0, sizeof a);
            a.sin_family = AF_INET;
            a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
            a.sin_port = htons(static_cast<uint16_t>(listener.port));
            connect(fd, reinterpret_cast<sockaddr*>(&a), sizeof a);
            // On loopback the handshake is done within connect() when the backlog takes it.
            socklen_t n = sizeof a;
            if (getpeername(fd, reinterpret_cast<sockaddr*>(&a), &n) != 0) return listener.port;
        }
        die("the backlog of a listener cannot be filled here");
    }();
    return port;
}

int silent_udp_port(void) {
    static const int port = [] {
        const int fd = open_socket(AF_INET, SOCK_DGRAM);
        if (fd < 0 || bind_loopback(fd, AF_INET, 0) != 0) die("no UDP on loopback: %s", strerror(errno));
        return bound_port(fd);
    }();
    return port;
}
