#include "proto/header_rules.h"

#include "base/ascii.h"

namespace xh::proto {

using base::char_class;

xh_status check_method(std::string_view method) noexcept {
    return base::is_token(method) ? XH_OK : XH_E_INVALID_METHOD;
}

xh_status check_target(std::string_view target) noexcept {
    const char* end = target.data() + target.size();
    if (target.empty() || base::skip_class(target.data(), end, base::kTarget) != end) return XH_E_INVALID_PATH;
    return XH_OK;
}

xh_status check_header_name(std::string_view name) noexcept {
    return base::is_token(name) ? XH_OK : XH_E_INVALID_HEADER_NAME;
}

xh_status check_header_value(std::string_view value) noexcept {
    if (value.data() == nullptr) return XH_E_UNDEFINED_HEADER_VALUE;
    return check_reason(value);
}

xh_status check_reason(std::string_view reason) noexcept {
    const char* end = reason.data() + reason.size();
    return base::find_bad_value(reason.data(), end) == end ? XH_OK : XH_E_INVALID_HEADER_VALUE;
}

bool is_valid_host(std::string_view host) noexcept {
    if (host.empty()) return true;
    const char* end = host.data() + host.size();
    if (base::skip_class(host.data(), end, base::kHost) != end) return false;
    size_t port = std::string_view::npos;
    if (host.front() == '[') {
        const size_t close = host.find(']');
        if (close == std::string_view::npos || close < 3) return false;
        for (char c : host.substr(1, close - 1))
            if (!base::has_class(c, base::kHex | base::kAlpha) && c != ':' && c != '.' && c != '%') return false;
        if (close + 1 < host.size()) {
            if (host[close + 1] != ':') return false;
            port = close + 2;
        }
    } else {
        if (host.find_first_of("[]") != std::string_view::npos) return false;
        const size_t colon = host.find(':');
        if (colon == 0) return false;
        if (colon != std::string_view::npos) port = colon + 1;
    }
    if (port == std::string_view::npos) return true;
    const std::string_view digits = host.substr(port);
    uint64_t number = 0;
    return digits.empty() || (base::parse_decimal(digits, number) && number <= 65535);
}

bool is_valid_request_target(std::string_view method, std::string_view target) noexcept {
    if (check_target(target) != XH_OK) return false;
    if (method == "CONNECT") {
        const size_t colon = target.rfind(':');
        return colon != std::string_view::npos && colon + 1 < target.size() && is_valid_host(target);
    }
    if (target.front() == '/') return true;
    if (target == "*") return method == "OPTIONS";
    const size_t scheme = target.find("://");
    if (scheme == std::string_view::npos || scheme == 0 || !base::is_alpha(target.front())) return false;
    for (char c : target.substr(0, scheme))
        if (!base::has_class(c, base::kAlpha | base::kDigit) && c != '+' && c != '-' && c != '.') return false;
    return scheme + 3 < target.size();
}

Join join_rule(Known name, bool join_duplicates) noexcept {
    switch (name) {
        case Known::SetCookie: return Join::List;
        case Known::Cookie: return Join::Semicolon;
        case Known::Age:
        case Known::Authorization:
        case Known::ContentLength:
        case Known::ContentType:
        case Known::Etag:
        case Known::Expires:
        case Known::From:
        case Known::Host:
        case Known::IfModifiedSince:
        case Known::IfUnmodifiedSince:
        case Known::LastModified:
        case Known::Location:
        case Known::MaxForwards:
        case Known::ProxyAuthorization:
        case Known::Referer:
        case Known::RetryAfter:
        case Known::Server:
        case Known::UserAgent: return join_duplicates ? Join::Comma : Join::First;
        default: return Join::Comma;
    }
}

bool is_hop_by_hop(Known name) noexcept {
    switch (name) {
        case Known::Connection:
        case Known::KeepAlive:
        case Known::ProxyConnection:
        case Known::ProxyAuthenticate:
        case Known::ProxyAuthorization:
        case Known::ProxyAuthenticationInfo:
        case Known::Te:
        case Known::Trailer:
        case Known::TransferEncoding:
        case Known::Upgrade: return true;
        default: return false;
    }
}

bool is_forbidden_trailer(Known name) noexcept {
    switch (name) {
        case Known::ContentLength:
        case Known::TransferEncoding:
        case Known::Host:
        case Known::Connection:
        case Known::Upgrade:
        case Known::Trailer:
        case Known::Te:
        case Known::Expect:
        case Known::ContentEncoding:
        case Known::ContentType:
        case Known::ContentRange:
        case Known::Authorization:
        case Known::ProxyAuthorization:
        case Known::SetCookie:
        case Known::Cookie: return true;
        default: return false;
    }
}

}  // namespace xh::proto
