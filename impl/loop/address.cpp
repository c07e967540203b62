#include "loop/address.h"

#include <net/if.h>

#include <cstring>

#include "base/ascii.h"
#include "base/ip.h"

namespace xh::loop {

namespace {

base::IpBytes bytes_of(const Address& address) noexcept {
    base::IpBytes ip;
    if (address.family() == AF_INET6) {
        std::memcpy(ip.bytes, &address.v6.sin6_addr, 16);
        ip.size = 16;
    } else if (address.family() == AF_INET) {
        std::memcpy(ip.bytes, &address.v4.sin_addr, 4);
        ip.size = 4;
    }
    return ip;
}

/// The index of an interface by name or number; 0 when there is none.
uint32_t zone_index(std::string_view zone) noexcept {
    uint64_t number = 0;
    if (base::parse_decimal(zone, number) && number <= UINT32_MAX) return static_cast<uint32_t>(number);
    char name[IF_NAMESIZE];
    if (zone.empty() || zone.size() >= sizeof name) return 0;
    std::memcpy(name, zone.data(), zone.size());
    name[zone.size()] = 0;
    return if_nametoindex(name);
}

}  // namespace

Address Address::from(const sockaddr* address, socklen_t size) noexcept {
    Address out;
    if (address->sa_family == AF_INET && size >= sizeof(sockaddr_in)) std::memcpy(&out.v4, address, sizeof out.v4);
    if (address->sa_family == AF_INET6 && size >= sizeof(sockaddr_in6)) std::memcpy(&out.v6, address, sizeof out.v6);
    return out;
}

bool Address::parse(std::string_view text, uint16_t port, Address& out) noexcept {
    std::string_view zone;
    const std::size_t percent = text.find('%');
    if (percent != std::string_view::npos) {
        zone = text.substr(percent + 1);
        text = text.substr(0, percent);
        if (zone.empty()) return false;
    }
    base::IpBytes ip;
    if (!base::parse_ip(text, ip) || (!zone.empty() && ip.size != 16)) return false;
    out = Address();
    if (ip.size == 16) {
        out.v6.sin6_family = AF_INET6;
        std::memcpy(&out.v6.sin6_addr, ip.bytes, 16);
        if (!zone.empty() && (out.v6.sin6_scope_id = zone_index(zone)) == 0) return false;
    } else {
        out.v4.sin_family = AF_INET;
        std::memcpy(&out.v4.sin_addr, ip.bytes, 4);
    }
    out.set_port(port);
    return true;
}

bool Address::loopback() const noexcept {
    const base::IpBytes ip = bytes_of(*this).unmapped();
    if (ip.size == 4) return ip.bytes[0] == 127;
    return ip.size == 16 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr);
}

base::String Address::ip_text() const {
    if (!set()) return base::String();
    char text[base::kMaxIpText];
    base::String out(text, base::format_ip(bytes_of(*this), text));
    if (family() == AF_INET6 && v6.sin6_scope_id) {
        out += '%';
        base::append_decimal(out, v6.sin6_scope_id);
    }
    return out;
}

base::String Address::text() const {
    if (!set()) return base::String();
    base::String out;
    if (family() == AF_INET6) out += '[';
    out += ip_text();
    if (family() == AF_INET6) out += ']';
    out += ':';
    base::append_decimal(out, port());
    return out;
}

bool operator==(const Address& a, const Address& b) noexcept {
    if (a.family() != b.family()) return false;
    if (a.family() == AF_INET) return a.v4.sin_port == b.v4.sin_port && a.v4.sin_addr.s_addr == b.v4.sin_addr.s_addr;
    if (a.family() != AF_INET6) return true;
    return a.v6.sin6_port == b.v6.sin6_port && a.v6.sin6_scope_id == b.v6.sin6_scope_id &&
           std::memcmp(&a.v6.sin6_addr, &b.v6.sin6_addr, sizeof a.v6.sin6_addr) == 0;
}

}  // namespace xh::loop
