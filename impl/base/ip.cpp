#include "base/ip.h"

#include <cstring>

#include "base/ascii.h"

namespace xh::base {

namespace {

std::size_t put_decimal(unsigned value, char* out) noexcept {
    std::size_t n = 0;
    if (value >= 100) out[n++] = static_cast<char>('0' + value / 100);
    if (value >= 10) out[n++] = static_cast<char>('0' + value / 10 % 10);
    out[n++] = static_cast<char>('0' + value % 10);
    return n;
}

std::size_t put_ipv4(const uint8_t* bytes, char* out) noexcept {
    std::size_t n = 0;
    for (int i = 0; i < 4; ++i) {
        if (i) out[n++] = '.';
        n += put_decimal(bytes[i], out + n);
    }
    return n;
}

std::size_t put_group(unsigned value, char* out) noexcept {
    std::size_t n = 0;
    bool started = false;
    for (int shift = 12; shift >= 0; shift -= 4) {
        const unsigned digit = (value >> shift) & 15;
        started = started || digit != 0 || shift == 0;
        if (started) out[n++] = "0123456789abcdef"[digit];
    }
    return n;
}

}  // namespace

bool operator==(const IpBytes& a, const IpBytes& b) noexcept {
    return a.size == b.size && std::memcmp(a.bytes, b.bytes, a.size) == 0;
}

IpBytes IpBytes::unmapped() const noexcept {
    static constexpr uint8_t kMapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};
    if (size != 16 || std::memcmp(bytes, kMapped, 12) != 0) return *this;
    IpBytes v4;
    v4.size = 4;
    std::memcpy(v4.bytes, bytes + 12, 4);
    return v4;
}

bool IpBytes::in_network(const IpBytes& network, unsigned bits) const noexcept {
    if (size == 0 || size != network.size || bits > size * 8u) return false;
    const unsigned whole = bits / 8, rest = bits % 8;
    if (std::memcmp(bytes, network.bytes, whole) != 0) return false;
    return rest == 0 || ((bytes[whole] ^ network.bytes[whole]) >> (8 - rest)) == 0;
}

bool parse_ipv4(std::string_view text, IpBytes& out) noexcept {
    IpBytes ip;
    std::size_t i = 0;
    for (int part = 0; part < 4; ++part) {
        if (part != 0 && (i == text.size() || text[i++] != '.')) return false;
        const std::size_t start = i;
        unsigned value = 0;
        while (i < text.size() && text[i] >= '0' && text[i] <= '9' && i - start < 3)
            value = value * 10 + static_cast<unsigned>(text[i++] - '0');
        const std::size_t digits = i - start;
        if (digits == 0 || value > 255 || (digits > 1 && text[start] == '0')) return false;
        ip.bytes[part] = static_cast<uint8_t>(value);
    }
    if (i != text.size()) return false;
    ip.size = 4;
    out = ip;
    return true;
}

bool parse_ipv6(std::string_view text, IpBytes& out) noexcept {
    IpBytes ip;
    std::size_t filled = 0;  // bytes written
    int gap = -1;            // where "::" stands, in bytes
    std::size_t i = 0;
    if (text.size() >= 2 && text[0] == ':' && text[1] == ':') {
        gap = 0;
        i = 2;
    }
    while (i < text.size()) {
        if (filled == 16) return false;
        const std::size_t start = i;
        unsigned value = 0;
        while (i < text.size() && i - start < 4 && hex_value(text[i]) >= 0)
            value = value * 16 + static_cast<unsigned>(hex_value(text[i++]));
        if (i == start) return false;
        if (i < text.size() && text[i] == '.') {
            IpBytes tail;
            if (filled > 12 || !parse_ipv4(text.substr(start), tail)) return false;
            std::memcpy(ip.bytes + filled, tail.bytes, 4);
            filled += 4;
            break;
        }
        ip.bytes[filled++] = static_cast<uint8_t>(value >> 8);
        ip.bytes[filled++] = static_cast<uint8_t>(value);
        if (i == text.size()) break;
        if (text[i++] != ':' || i == text.size()) return false;
        if (text[i] != ':') continue;
        if (gap >= 0) return false;
        gap = static_cast<int>(filled);
        ++i;
    }
    if (gap < 0 ? filled != 16 : filled > 14) return false;
    if (gap >= 0) {
        const auto at = static_cast<std::size_t>(gap);
        const std::size_t tail = filled - at;
        std::memmove(ip.bytes + 16 - tail, ip.bytes + at, tail);
        std::memset(ip.bytes + at, 0, 16 - filled);
    }
    ip.size = 16;
    out = ip;
    return true;
}

bool parse_ip(std::string_view text, IpBytes& out) noexcept { return parse_ipv4(text, out) || parse_ipv6(text, out); }

std::size_t format_ip(const IpBytes& ip, char* out) noexcept {
    if (ip.size == 4) return put_ipv4(ip.bytes, out);
    if (ip.size != 16) return 0;
    if (ip.unmapped().size == 4) {
        std::memcpy(out, "::ffff:", 7);
        return 7 + put_ipv4(ip.bytes + 12, out + 7);
    }
    unsigned groups[8];
    for (int i = 0; i < 8; ++i) groups[i] = static_cast<unsigned>(ip.bytes[2 * i] << 8 | ip.bytes[2 * i + 1]);
    // RFC 5952: the first of the longest runs of at least two zero groups becomes "::".
    int best = -1, best_len = 1;
    for (int i = 0; i < 8; ++i) {
        int len = 0;
        while (i + len < 8 && groups[i + len] == 0) ++len;
        if (len > best_len) {
            best = i;
            best_len = len;
        }
        i += len;
    }
    std::size_t n = 0;
    for (int i = 0; i < 8; ++i) {
        if (i == best) {
            out[n++] = ':';
            out[n++] = ':';
            i += best_len - 1;
            continue;
        }
        if (n != 0 && out[n - 1] != ':') out[n++] = ':';
        n += put_group(groups[i], out + n);
    }
    return n;
}

}  // namespace xh::base
