#include "base/url.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <utility>

#include "base/ascii.h"
#include "base/ip.h"
#include "base/utf8.h"

namespace xh::base {

namespace {

// Longer ones are refused; offsets are 32 bits and escaping triples at worst.
constexpr std::size_t kMaxUrl = 1 << 20;

constexpr std::string_view kSchemeNames[] = {"http", "https", "ws", "wss", "socks5", "socks5h"};

enum : uint8_t { kEscape = 1, kForbidden = 2, kHostByte = 4, kPlainHost = 8, kPlainTail = 16 };

constexpr std::array<uint8_t, 256> make_table() {
    std::array<uint8_t, 256> table{};
    for (int i = 0; i < 256; ++i) {
        const char c = static_cast<char>(i);
        uint8_t bits = 0;
        if (i <= 0x20 || i >= 0x7F) bits |= kEscape;
        for (char bad : {'"', '<', '>', '\\', '^', '`', '{', '|', '}'})
            if (c == bad) bits |= kEscape;
        if (i == 0 || i == '\r' || i == '\n') bits |= kForbidden;
        if ((i >= '0' && i <= '9') || (i >= 'a' && i <= 'z') || (i >= 'A' && i <= 'Z') || c == '-' || c == '.' ||
            c == '_')
            bits |= kHostByte;
        if ((bits & kHostByte) && !(i >= 'A' && i <= 'Z')) bits |= kPlainHost;
        if (!(bits & (kEscape | kForbidden)) && c != '%' && c != '#') bits |= kPlainTail;
        table[static_cast<std::size_t>(i)] = bits;
    }
    return table;
}
constexpr std::array<uint8_t, 256> kTable = make_table();

bool has(char c, uint8_t bits) noexcept { return (kTable[static_cast<unsigned char>(c)] & bits) != 0; }

bool all_of(std::string_view text, uint8_t bits) noexcept {
    for (char c : text)
        if (!has(c, bits)) return false;
    return true;
}

bool any_of(std::string_view text, uint8_t bits) noexcept {
    for (char c : text)
        if (has(c, bits)) return true;
    return false;
}

/// Length of a scheme at the start, without its colon; 0 when there is none.
std::size_t scheme_length(std::string_view text) noexcept {
    if (text.empty() || !is_alpha(text[0])) return 0;
    std::size_t i = 1;
    while (i < text.size() &&
           (is_alpha(text[i]) || is_digit(text[i]) || text[i] == '+' || text[i] == '-' || text[i] == '.'))
        ++i;
    return i < text.size() && text[i] == ':' ? i : 0;
}

bool find_scheme(std::string_view name, const UrlRules& rules, Scheme& out) noexcept {
    for (std::size_t i = 0; i < std::size(kSchemeNames); ++i) {
        if (!iequals(name, kSchemeNames[i])) continue;
        out = static_cast<Scheme>(i);
        const bool socket = out == Scheme::Ws || out == Scheme::Wss;
        const bool socks = out == Scheme::Socks5 || out == Scheme::Socks5h;
        return rules.proxy ? !socket : !socks;
    }
    return false;
}

bool parse_port(std::string_view text, uint16_t& out) noexcept {
    uint64_t value;
    if (text.size() > 5 || !parse_decimal(text, value) || value == 0 || value > 65535) return false;
    out = static_cast<uint16_t>(value);
    return true;
}

/// Labels of 1 to 63 bytes, 253 in all, one dot allowed at the end.
bool valid_name(std::string_view name) noexcept {
    if (!name.empty() && name.back() == '.') name.remove_suffix(1);
    if (name.empty() || name.size() > 253) return false;
    std::size_t label = 0;
    for (char c : name) {
        if (c != '.') {
            ++label;
            continue;
        }
        if (label == 0 || label > 63) return false;
        label = 0;
    }
    return label >= 1 && label <= 63;
}

/// True when a resolver could read the name as an address: its last label is a decimal or hexadecimal number.
bool ends_in_number(std::string_view name) noexcept {
    if (!name.empty() && name.back() == '.') name.remove_suffix(1);
    const std::size_t dot = name.rfind('.');
    std::string_view last = dot == std::string_view::npos ? name : name.substr(dot + 1);
    if (istarts_with(last, "0x")) {
        last.remove_prefix(2);
        return skip_class(last.data(), last.data() + last.size(), kHex) == last.data() + last.size();
    }
    return skip_class(last.data(), last.data() + last.size(), kDigit) == last.data() + last.size();
}

/// RFC 3986 5.2.4 over a path that starts with "/".
void remove_dot_segments(std::string_view path, String& out) {
    const std::size_t start = out.size();
    while (!path.empty()) {
        const std::size_t next = path.find('/', 1);
        const std::string_view segment = path.substr(0, next);
        path = next == std::string_view::npos ? std::string_view() : path.substr(next);
        const bool up = segment == "/..";
        if (!up && segment != "/.") {
            out.append(segment.data(), segment.size());
            continue;
        }
        if (up) {
            const std::size_t slash = out.rfind('/');
            out.resize(slash == String::npos || slash < start ? start : slash);
        }
        if (path.empty()) out.push_back('/');
    }
}

/// Appends a reference whose authority starts at `authority`, its path without dot segments.
void append_without_dots(std::string_view reference, std::size_t authority, String& out) {
    const std::size_t path = std::min(reference.find_first_of("/?#", authority), reference.size());
    const std::size_t end = std::min(reference.find_first_of("?#", path), reference.size());
    out.append(reference.data(), path);
    remove_dot_segments(reference.substr(path, end - path), out);
    out.append(reference.data() + end, reference.size() - end);
}

}  // namespace

std::string_view scheme_name(Scheme scheme) noexcept { return kSchemeNames[static_cast<std::size_t>(scheme)]; }

uint16_t default_port(Scheme scheme) noexcept {
    if (scheme == Scheme::Socks5 || scheme == Scheme::Socks5h) return 1080;
    return is_secure(scheme) ? 443 : 80;
}

bool is_secure(Scheme scheme) noexcept { return scheme == Scheme::Https || scheme == Scheme::Wss; }

void append_escaped(String& out, std::string_view text) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    std::size_t from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (c == '%') {
            if (i + 2 < text.size() && has_class(text[i + 1], kHex) && has_class(text[i + 2], kHex)) continue;
        } else if (!has(c, kEscape)) {
            continue;
        }
        out.append(text.data() + from, i - from);
        const auto byte = static_cast<unsigned char>(c);
        const char escaped[3] = {'%', kDigits[byte >> 4], kDigits[byte & 15]};
        out.append(escaped, 3);
        from = i + 1;
    }
    out.append(text.data() + from, text.size() - from);
}

struct Url::Parts {
    Scheme scheme;
    std::string_view userinfo, host, port, path, query, fragment;
    bool has_userinfo = false;
    bool bracketed = false;
};

Url& Url::operator=(Url&& other) noexcept {
    if (this == &other) return *this;
    text_ = std::move(other.text_);
    authority_ = other.authority_;
    host_ = other.host_;
    host_end_ = other.host_end_;
    path_ = other.path_;
    query_ = other.query_;
    fragment_ = other.fragment_;
    href_end_ = other.href_end_;
    user_end_ = other.user_end_;
    port_ = other.port_;
    scheme_ = other.scheme_;
    host_kind_ = other.host_kind_;
    has_credentials_ = other.has_credentials_;
    other.clear();
    return *this;
}

void Url::clear() noexcept {
    text_.clear();
    authority_ = host_ = host_end_ = path_ = query_ = fragment_ = href_end_ = user_end_ = 0;
    port_ = 0;
    has_credentials_ = false;
}

bool Url::put_host(std::string_view host, const UrlRules& rules) {
    host_ = static_cast<uint32_t>(text_.size());
    String ascii;
    if (ascii_prefix(host) != host.size()) {
        if (!rules.idn || !utf8_valid(host) || !rules.idn(host, ascii)) return false;
        host = ascii;
    }
    if (!all_of(host, kHostByte) || !valid_name(host)) return false;
    IpBytes ip;
    host_kind_ = HostKind::Name;
    if (ends_in_number(host)) {
        if (!parse_ipv4(host, ip)) return false;
        host_kind_ = HostKind::Ipv4;
    }
    text_.append(host.data(), host.size());
    lower_copy(&text_[host_], text_.data() + host_, host.size());
    host_end_ = static_cast<uint32_t>(text_.size());
    return true;
}

/// Behind href: the user, then the password, decoded. Controls are refused: they could end a header line.
bool Url::put_credentials(std::string_view userinfo) {
    user_end_ = 0;
    for (std::size_t i = 0; i < userinfo.size(); ++i) {
        char c = userinfo[i];
        if (c == ':' && user_end_ == 0) {
            user_end_ = static_cast<uint32_t>(text_.size());
            continue;
        }
        if (c == '%') {
            if (i + 2 >= userinfo.size()) return false;
            const int high = hex_value(userinfo[i + 1]), low = hex_value(userinfo[i + 2]);
            if (high < 0 || low < 0) return false;
            c = static_cast<char>(high << 4 | low);
            i += 2;
        }
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return false;
        text_.push_back(c);
    }
    if (user_end_ == 0) user_end_ = static_cast<uint32_t>(text_.size());
    has_credentials_ = text_.size() > href_end_;
    return true;
}

xh_status Url::build(const Parts& parts, const UrlRules& rules) {
    clear();
    scheme_ = parts.scheme;
    const std::string_view name = scheme_name(scheme_);
    std::size_t escapes = 0;
    for (std::string_view part : {parts.path, parts.query, parts.fragment})
        for (char c : part) escapes += has(c, kEscape) || c == '%' ? 1 : 0;
    text_.reserve(name.size() + 3 + parts.host.size() + (parts.bracketed ? kMaxIpText : 0) + 6 + 1 + parts.path.size() +
                  parts.query.size() + parts.fragment.size() + 2 * escapes + parts.userinfo.size());
    text_.append(name.data(), name.size());
    text_.append("://");
    authority_ = static_cast<uint32_t>(text_.size());
    if (parts.bracketed) {
        IpBytes ip;
        if (!parse_ipv6(parts.host, ip)) return XH_E_INVALID_URL;
        char canonical[kMaxIpText];
        text_.push_back('[');
        host_ = authority_ + 1;
        text_.append(canonical, format_ip(ip, canonical));
        host_end_ = static_cast<uint32_t>(text_.size());
        text_.push_back(']');
        host_kind_ = HostKind::Ipv6;
    } else if (!put_host(parts.host, rules)) {
        return XH_E_INVALID_URL;
    }
    port_ = default_port(scheme_);
    if (!parts.port.empty() && !parse_port(parts.port, port_)) return XH_E_INVALID_URL;
    if (port_ != default_port(scheme_)) {
        text_.push_back(':');
        append_decimal(text_, port_);
    }
    path_ = static_cast<uint32_t>(text_.size());
    if (parts.path.empty()) text_.push_back('/');
    append_escaped(text_, parts.path);
    query_ = static_cast<uint32_t>(text_.size());
    append_escaped(text_, parts.query);
    fragment_ = static_cast<uint32_t>(text_.size());
    append_escaped(text_, parts.fragment);
    href_end_ = user_end_ = static_cast<uint32_t>(text_.size());
    return !parts.has_userinfo || put_credentials(parts.userinfo) ? XH_OK : XH_E_INVALID_URL;
}

/// Nearly every URL is in its final form already: then it is looked over once and copied as it is. False when there is
/// anything to change or to doubt.
bool Url::take_plain(std::string_view text) {
    Scheme scheme = Scheme::Https;
    std::size_t at = 8;
    if (text.substr(0, 7) == "http://") {
        scheme = Scheme::Http;
        at = 7;
    } else if (text.substr(0, 8) != "https://") {
        return false;
    }
    const std::size_t host = at;
    while (at < text.size() && has(text[at], kPlainHost)) ++at;
    const std::size_t host_end = at;
    uint32_t port = default_port(scheme);
    if (at < text.size() && text[at] == ':') {
        const std::size_t digits = ++at;
        uint32_t value = 0;
        for (; at < text.size() && is_digit(text[at]) && at - digits < 6; ++at)
            value = value * 10 + static_cast<uint32_t>(text[at] - '0');
        if (value == 0 || value > 65535 || value == port || text[digits] == '0') return false;
        port = value;
    }
    const std::size_t path = at;
    if (at >= text.size() || text[at] != '/' || text.size() > kMaxUrl) return false;
    std::size_t query = text.size();
    for (; at < text.size(); ++at) {
        if (!has(text[at], kPlainTail)) return false;
        if (text[at] == '?' && query == text.size()) query = at;
    }
    const std::string_view name = text.substr(host, host_end - host);
    if (!valid_name(name)) return false;
    IpBytes ip;
    host_kind_ = HostKind::Name;
    if (ends_in_number(name)) {
        if (!parse_ipv4(name, ip)) return false;
        host_kind_ = HostKind::Ipv4;
    }
    text_.assign(text.data(), text.size());
    scheme_ = scheme;
    port_ = static_cast<uint16_t>(port);
    authority_ = host_ = static_cast<uint32_t>(host);
    host_end_ = static_cast<uint32_t>(host_end);
    path_ = static_cast<uint32_t>(path);
    query_ = static_cast<uint32_t>(query);
    fragment_ = href_end_ = user_end_ = static_cast<uint32_t>(text.size());
    return true;
}

xh_status Url::parse(std::string_view text, const UrlRules& rules) {
    clear();
    if (take_plain(text)) return XH_OK;
    if (text.empty() || text.size() > kMaxUrl || any_of(text, kForbidden)) return XH_E_INVALID_URL;
    Parts parts{};
    parts.scheme = rules.default_scheme;
    const std::size_t scheme = scheme_length(text);
    const bool absolute = scheme != 0 && text.substr(scheme + 1, 2) == "//";
    if (absolute) {
        if (!find_scheme(text.substr(0, scheme), rules, parts.scheme)) return XH_E_UNSUPPORTED_SCHEME;
        text.remove_prefix(scheme + 3);
    }
    std::size_t authority_end = 0;
    while (authority_end < text.size() && text[authority_end] != '/' && text[authority_end] != '?' &&
           text[authority_end] != '#')
        ++authority_end;
    std::string_view authority = text.substr(0, authority_end);
    text.remove_prefix(authority.size());

    const std::size_t at = authority.find('@');
    if (at != std::string_view::npos) {
        parts.has_userinfo = true;
        parts.userinfo = authority.substr(0, at);
        authority.remove_prefix(at + 1);
        if (authority.find('@') != std::string_view::npos || parts.userinfo.find('\\') != std::string_view::npos)
            return XH_E_INVALID_URL;
    }
    std::size_t colon;
    if (!authority.empty() && authority[0] == '[') {
        const std::size_t close = authority.find(']');
        if (close == std::string_view::npos) return XH_E_INVALID_URL;
        parts.bracketed = true;
        parts.host = authority.substr(1, close - 1);
        authority.remove_prefix(close + 1);
        if (!authority.empty() && authority[0] != ':') return XH_E_INVALID_URL;
        colon = authority.empty() ? std::string_view::npos : 0;
    } else {
        colon = authority.find(':');
        parts.host = authority.substr(0, colon);
    }
    if (colon != std::string_view::npos) {
        parts.port = authority.substr(colon + 1);
        // "http:/host" is a slip of the pen, not a host called http; an empty port is legal behind a scheme only.
        if (parts.port.empty() && !absolute) return XH_E_INVALID_URL;
    }
    const std::size_t hash = text.find('#');
    if (hash != std::string_view::npos) parts.fragment = text.substr(hash);
    text = text.substr(0, hash);
    const std::size_t question = text.find('?');
    if (question != std::string_view::npos) parts.query = text.substr(question);
    parts.path = text.substr(0, question);

    const xh_status status = build(parts, rules);
    if (status != XH_OK) clear();
    return status;
}

xh_status Url::resolve(const Url& base, std::string_view reference, const UrlRules& rules) {
    String text;
    // Blanks around a Location are no part of it (RFC 9110 5.5); inside, they are escaped.
    reference = trim_ows(reference);
    const std::string_view inherited =
        reference.find('#') == std::string_view::npos ? base.fragment() : std::string_view();
    if (any_of(reference, kForbidden)) return clear(), XH_E_INVALID_URL;
    const std::size_t scheme = scheme_length(reference);
    if (scheme != 0) {
        Scheme known;
        if (!find_scheme(reference.substr(0, scheme), rules, known)) return clear(), XH_E_UNSUPPORTED_SCHEME;
        if (reference.substr(scheme + 1, 2) != "//") return clear(), XH_E_INVALID_URL;
        append_without_dots(reference, scheme + 3, text);
    } else if (reference.substr(0, 2) == "//") {
        text = to_string(scheme_name(base.scheme()));
        text.push_back(':');
        append_without_dots(reference, 2, text);
    } else {
        text = to_string(base.origin());
        const std::size_t path_end = reference.find_first_of("?#");
        const std::string_view path = reference.substr(0, path_end);
        const std::string_view rest = reference.substr(path.size());
        if (path.empty()) {
            const bool own_query = !rest.empty() && rest[0] == '?';
            const std::string_view kept = own_query ? base.path() : base.target();
            text.append(kept.data(), kept.size());
        } else if (path[0] == '/') {
            remove_dot_segments(path, text);
        } else {
            String merged = to_string(base.path().substr(0, base.path().rfind('/') + 1));
            merged.append(path.data(), path.size());
            remove_dot_segments(merged, text);
        }
        text.append(rest.data(), rest.size());
    }
    text.append(inherited.data(), inherited.size());
    return parse(text, rules);
}

bool origin_equal(const Url& a, const Url& b) noexcept { return !a.empty() && a.origin() == b.origin(); }

}  // namespace xh::base
