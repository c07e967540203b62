#pragma once
// IP addresses as text, strictly: dotted quads without leading zeros, RFC 4291 IPv6 without a zone. The short, octal and
// hexadecimal forms that inet_aton takes ("127.1", "0x7f.1", "017.0.0.1") are no addresses here.

#include <cstdint>
#include <string_view>

#include "base/alloc.h"

namespace xh::base {

struct IpBytes {
    uint8_t bytes[16] = {};
    uint8_t size = 0;  ///< 4, 16, or 0 for none

    /// The IPv4 address inside ::ffff:a.b.c.d; other addresses as they are.
    IpBytes unmapped() const noexcept;
    /// True when the first `bits` bits are equal and both are of one family.
    bool in_network(const IpBytes& network, unsigned bits) const noexcept;
    friend bool operator==(const IpBytes& a, const IpBytes& b) noexcept;
};

bool parse_ipv4(std::string_view text, IpBytes& out) noexcept;
/// Without brackets.
bool parse_ipv6(std::string_view text, IpBytes& out) noexcept;
/// Either family, without brackets.
bool parse_ip(std::string_view text, IpBytes& out) noexcept;

/// The longest text of an address, "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255".
constexpr std::size_t kMaxIpText = 45;
/// Canonical text (RFC 5952 for IPv6), without brackets, to `out` of at least kMaxIpText bytes; returns its length.
std::size_t format_ip(const IpBytes& ip, char* out) noexcept;

}  // namespace xh::base
