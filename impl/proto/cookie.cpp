#include "proto/cookie.h"

#include "base/ascii.h"
#include "base/ip.h"

namespace xh::proto {

namespace {

using base::is_digit;

bool is_date_delimiter(char c) noexcept {
    const auto u = static_cast<unsigned char>(c);
    return u == 0x09 || (u >= 0x20 && u <= 0x2f) || (u >= 0x3b && u <= 0x40) || (u >= 0x5b && u <= 0x60) ||
           (u >= 0x7b && u <= 0x7e);
}

/// Takes `least`..`most` digits from the front; one more digit behind them is an error.
bool take_digits(std::string_view& text, std::size_t least, std::size_t most, int& out) noexcept {
    std::size_t n = 0;
    int value = 0;
    while (n < text.size() && n <= most && is_digit(text[n])) {
        if (n < most) value = value * 10 + (text[n] - '0');
        ++n;
    }
    if (n < least || n > most) return false;
    text.remove_prefix(n);
    out = value;
    return true;
}

struct DateParts {
    int hour = -1, minute = 0, second = 0;
    int day = -1, month = -1, year = -1;
};

bool read_time(std::string_view token, DateParts& parts) noexcept {
    int field[3] = {};
    for (int i = 0; i < 3; ++i) {
        if (i > 0) {
            if (token.empty() || token.front() != ':') return false;
            token.remove_prefix(1);
        }
        if (!take_digits(token, 1, 2, field[i])) return false;
    }
    parts.hour = field[0];
    parts.minute = field[1];
    parts.second = field[2];
    return true;
}

int month_of(std::string_view token) noexcept {
    constexpr std::string_view kMonths = "janfebmaraprmayjunjulaugsepoctnovdec";
    if (token.size() < 3) return -1;
    for (int month = 0; month < 12; ++month)
        if (base::iequals(token.substr(0, 3), kMonths.substr(static_cast<std::size_t>(month) * 3, 3))) return month + 1;
    return -1;
}

/// The first token that fits a part is that part, in this order.
void read_date_token(std::string_view token, DateParts& parts) noexcept {
    if (parts.hour < 0 && read_time(token, parts)) return;
    std::string_view rest = token;
    if (parts.day < 0 && take_digits(rest, 1, 2, parts.day)) return;
    if (parts.month < 0 && (parts.month = month_of(token)) > 0) return;
    rest = token;
    if (parts.year < 0) take_digits(rest, 2, 4, parts.year);
}

bool leap(int year) noexcept { return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0; }

int days_of(int month, int year) noexcept {
    constexpr int kDays[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    return kDays[month - 1] + (month == 2 && leap(year) ? 1 : 0);
}

/// Days from 1970-01-01, by the Gregorian calendar.
int64_t days_since_1970(int year, int month, int day) noexcept {
    auto leap_days_before = [](int64_t y) { return (y - 1) / 4 - (y - 1) / 100 + (y - 1) / 400; };
    int64_t days = int64_t{365} * (year - 1970) + leap_days_before(year) - leap_days_before(1970);
    for (int m = 1; m < month; ++m) days += days_of(m, year);
    return days + day - 1;
}

/// Seconds from now on, "-5" and "0" are in the past; false when the attribute is to be passed over.
bool parse_max_age(std::string_view text, int64_t now, int64_t& out) noexcept {
    const bool negative = !text.empty() && text.front() == '-';
    if (negative) text.remove_prefix(1);
    if (text.empty()) return false;
    int64_t age = 0;
    for (char c : text) {
        if (!is_digit(c)) return false;
        if (age <= kMostCookieAge) age = age * 10 + (c - '0');
    }
    if (negative || age == 0)
        out = INT64_MIN;
    else
        out = now + (age < kMostCookieAge ? age : kMostCookieAge);
    return true;
}

SameSite same_site_of(std::string_view value) noexcept {
    if (base::iequals(value, "none")) return SameSite::None;
    if (base::iequals(value, "lax")) return SameSite::Lax;
    if (base::iequals(value, "strict")) return SameSite::Strict;
    return SameSite::Unset;
}

std::string_view take_until(std::string_view& rest, char separator) noexcept {
    const std::size_t end = rest.find(separator);
    const std::string_view part = rest.substr(0, end);
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    return part;
}

/// The last of equal attributes counts; Max-Age goes before Expires.
void read_attribute(std::string_view part, int64_t now, bool& has_max_age, SetCookie& out) noexcept {
    std::string_view value = part;
    const std::string_view name = base::trim_ows(take_until(value, '='));
    value = base::trim_ows(value);
    if (value.size() > kMostCookieAttribute) return;
    int64_t when = 0;
    if (base::iequals(name, "expires")) {
        if (has_max_age || !parse_cookie_date(value, when)) return;
        out.expires = when > now && when - now > kMostCookieAge ? now + kMostCookieAge : when;
    } else if (base::iequals(name, "max-age")) {
        if (!parse_max_age(value, now, when)) return;
        out.expires = when;
        has_max_age = true;
    } else if (base::iequals(name, "domain")) {
        out.domain = !value.empty() && value.front() == '.' ? value.substr(1) : value;
    } else if (base::iequals(name, "path")) {
        out.path = !value.empty() && value.front() == '/' ? value : std::string_view();
    } else if (base::iequals(name, "secure")) {
        out.secure = true;
    } else if (base::iequals(name, "httponly")) {
        out.http_only = true;
    } else if (base::iequals(name, "samesite")) {
        out.same_site = same_site_of(value);
    }
}

/// What can be a Domain attribute where no public suffix is known: two labels at least, none empty, no address.
bool is_plain_domain(std::string_view domain) noexcept {
    base::IpBytes ip;
    if (base::parse_ip(domain, ip)) return false;
    if (!domain.empty() && domain.back() == '.') domain.remove_suffix(1);
    std::size_t labels = 0;
    for (std::size_t from = 0;; ++labels) {
        const std::size_t end = domain.find('.', from);
        if (end == from || from == domain.size()) return false;
        if (end == std::string_view::npos) break;
        from = end + 1;
    }
    return labels >= 1;
}

}  // namespace

bool parse_cookie_date(std::string_view text, int64_t& out) noexcept {
    DateParts parts;
    while (!text.empty()) {
        std::size_t n = 0;
        while (n < text.size() && !is_date_delimiter(text[n])) ++n;
        if (n > 0) read_date_token(text.substr(0, n), parts);
        text.remove_prefix(n < text.size() ? n + 1 : n);
    }
    if (parts.hour < 0 || parts.day < 0 || parts.month < 0 || parts.year < 0) return false;
    if (parts.year >= 70 && parts.year <= 99)
        parts.year += 1900;
    else if (parts.year <= 69)
        parts.year += 2000;
    if (parts.year < 1601 || parts.hour > 23 || parts.minute > 59 || parts.second > 59) return false;
    if (parts.day < 1 || parts.day > days_of(parts.month, parts.year)) return false;
    const int64_t days = days_since_1970(parts.year, parts.month, parts.day);
    out = ((days * 24 + parts.hour) * 60 + parts.minute) * 60 + parts.second;
    return true;
}

bool parse_set_cookie(std::string_view text, int64_t now, SetCookie& out) noexcept {
    const char* end = text.data() + text.size();
    if (base::find_bad_value(text.data(), end) != end) return false;
    SetCookie cookie;
    std::string_view rest = text;
    const std::string_view pair = take_until(rest, ';');
    const std::size_t equals = pair.find('=');
    if (equals != std::string_view::npos) cookie.name = base::trim_ows(pair.substr(0, equals));
    cookie.value = base::trim_ows(equals == std::string_view::npos ? pair : pair.substr(equals + 1));
    if (cookie.name.empty() && cookie.value.empty()) return false;
    if (cookie.name.size() + cookie.value.size() > kMostCookieBytes) return false;
    bool has_max_age = false;
    while (!rest.empty()) read_attribute(take_until(rest, ';'), now, has_max_age, cookie);
    out = cookie;
    return true;
}

bool cookie_domain_match(std::string_view host, std::string_view domain) noexcept {
    if (domain.empty() || host.size() < domain.size()) return false;
    const std::size_t before = host.size() - domain.size();
    if (!base::iequals(host.substr(before), domain)) return false;
    if (before == 0) return true;
    base::IpBytes ip;
    return host[before - 1] == '.' && !base::parse_ip(host, ip);
}

bool may_set_cookie(const SetCookie& cookie, std::string_view host, bool secure) noexcept {
    if (!cookie.domain.empty() && (!is_plain_domain(cookie.domain) || !cookie_domain_match(host, cookie.domain)))
        return false;
    if (cookie.secure && !secure) return false;
    if (cookie.same_site == SameSite::None && !cookie.secure) return false;
    constexpr std::string_view kSecure = "__Secure-", kHost = "__Host-";
    if (cookie.name.empty() && (base::istarts_with(cookie.value, kSecure) || base::istarts_with(cookie.value, kHost)))
        return false;
    if (base::istarts_with(cookie.name, kSecure) && !cookie.secure) return false;
    if (base::istarts_with(cookie.name, kHost) && (!cookie.secure || !cookie.domain.empty() || cookie.path != "/"))
        return false;
    return true;
}

std::string_view cookie_default_path(std::string_view url_path) noexcept {
    const std::size_t last = url_path.rfind('/');
    if (url_path.empty() || url_path.front() != '/' || last == 0) return "/";
    return url_path.substr(0, last);
}

bool cookie_path_match(std::string_view url_path, std::string_view cookie_path) noexcept {
    if (url_path.substr(0, cookie_path.size()) != cookie_path) return false;
    return url_path.size() == cookie_path.size() || (!cookie_path.empty() && cookie_path.back() == '/') ||
           url_path[cookie_path.size()] == '/';
}

}  // namespace xh::proto
