#include "proto/no_proxy.h"

#include "base/ascii.h"
#include "base/ip.h"

namespace xh::proto {

namespace {

std::string_view without_dot(std::string_view name) noexcept {
    if (!name.empty() && name.back() == '.') name.remove_suffix(1);
    return name;
}

/// Equal, or a name under it.
bool in_domain(std::string_view host, std::string_view domain) noexcept {
    if (domain.empty() || host.size() < domain.size()) return false;
    const std::size_t start = host.size() - domain.size();
    return base::iequals(host.substr(start), domain) && (start == 0 || host[start - 1] == '.');
}

struct Entry {
    std::string_view host;
    uint64_t port = 0;  ///< 0 is any
    bool good = true;
};

/// Splits "host", "host:port", "[v6]", "[v6]:port", "v6".
Entry split_entry(std::string_view text) noexcept {
    Entry entry;
    entry.host = text;
    std::string_view rest;
    if (text[0] == '[') {
        const std::size_t close = text.find(']');
        if (close == std::string_view::npos) return entry.good = false, entry;
        entry.host = text.substr(1, close - 1);
        rest = text.substr(close + 1);
    } else {
        const std::size_t colon = text.find(':');
        if (colon == std::string_view::npos || text.find(':', colon + 1) != std::string_view::npos) return entry;
        entry.host = text.substr(0, colon);
        rest = text.substr(colon);
    }
    if (!rest.empty())
        entry.good = rest[0] == ':' && base::parse_decimal(rest.substr(1), entry.port) && entry.port != 0;
    return entry;
}

bool network_matches(std::string_view entry, const base::IpBytes& ip) noexcept {
    const std::size_t slash = entry.find('/');
    std::string_view address = entry.substr(0, slash);
    if (address.size() >= 2 && address.front() == '[' && address.back() == ']')
        address = address.substr(1, address.size() - 2);
    base::IpBytes network;
    uint64_t bits;
    return base::parse_ip(address, network) && base::parse_decimal(entry.substr(slash + 1), bits) && bits <= 128 &&
           ip.in_network(network, static_cast<unsigned>(bits));
}

bool entry_matches(std::string_view text, std::string_view host, const base::IpBytes& ip, uint16_t port) noexcept {
    if (text == "*") return true;
    if (text.find('/') != std::string_view::npos) return network_matches(text, ip);
    const Entry entry = split_entry(text);
    if (!entry.good || (entry.port != 0 && entry.port != port)) return false;
    if (entry.host == "*") return true;
    base::IpBytes other;
    if (base::parse_ip(entry.host, other)) return ip == other.unmapped();
    if (ip.size != 0) return false;
    std::string_view domain = without_dot(entry.host);
    if (domain.substr(0, 2) == "*.") domain.remove_prefix(1);
    if (!domain.empty() && domain[0] == '.') domain.remove_prefix(1);
    return in_domain(host, domain);
}

std::string_view first_set(std::string_view a, std::string_view b) noexcept { return a.empty() ? b : a; }

}  // namespace

bool no_proxy_matches(std::string_view no_proxy, std::string_view host, uint16_t port) noexcept {
    host = without_dot(host);
    base::IpBytes ip;
    if (base::parse_ip(host, ip)) ip = ip.unmapped();
    constexpr std::string_view kBlanks = ", \t\r\n";
    while (true) {
        const std::size_t start = no_proxy.find_first_not_of(kBlanks);
        if (start == std::string_view::npos) return false;
        no_proxy.remove_prefix(start);
        const std::string_view entry = no_proxy.substr(0, no_proxy.find_first_of(kBlanks));
        no_proxy.remove_prefix(entry.size());
        if (entry_matches(entry, host, ip, port)) return true;
    }
}

std::string_view proxy_from_environment(const base::Url& url, const ProxyEnvironment& env) noexcept {
    if (url.empty()) return {};
    std::string_view proxy;
    if (url.secure()) {
        proxy = first_set(env.https_proxy, env.HTTPS_PROXY);
    } else {
        proxy = first_set(env.http_proxy, env.REQUEST_METHOD.empty() ? env.HTTP_PROXY : std::string_view());
    }
    if (proxy.empty()) proxy = first_set(env.all_proxy, env.ALL_PROXY);
    if (proxy.empty()) return {};
    return no_proxy_matches(first_set(env.no_proxy, env.NO_PROXY), url.host(), url.port()) ? std::string_view() : proxy;
}

}  // namespace xh::proto
