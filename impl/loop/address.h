#pragma once
// A socket address of the Internet families: 28 bytes by value.

#include <netinet/in.h>
#include <sys/socket.h>

#include <cstdint>
#include <string_view>

#include "base/alloc.h"

namespace xh::loop {

struct Address {
    union {
        sockaddr any;
        sockaddr_in v4;
        sockaddr_in6 v6;
    };

    Address() noexcept : v6() { any.sa_family = AF_UNSPEC; }
    /// Takes AF_INET and AF_INET6; anything else leaves it unset.
    static Address from(const sockaddr* address, socklen_t size) noexcept;
    /// A numeric address without brackets; an IPv6 one may have a zone ("fe80::1%eth0"). False when it is none: no
    /// look-up, and none of the short forms of inet_aton.
    static bool parse(std::string_view text, uint16_t port, Address& out) noexcept;

    int family() const noexcept { return any.sa_family; }
    bool set() const noexcept { return any.sa_family != AF_UNSPEC; }
    socklen_t size() const noexcept { return any.sa_family == AF_INET6 ? sizeof v6 : sizeof v4; }
    uint16_t port() const noexcept { return ntohs(any.sa_family == AF_INET6 ? v6.sin6_port : v4.sin_port); }
    void set_port(uint16_t port) noexcept { (any.sa_family == AF_INET6 ? v6.sin6_port : v4.sin_port) = htons(port); }
    bool loopback() const noexcept;
    /// The address alone, canonical, without brackets.
    base::String ip_text() const;
    /// "127.0.0.1:80", "[::1]:80".
    base::String text() const;
    friend bool operator==(const Address& a, const Address& b) noexcept;
};

}  // namespace xh::loop
