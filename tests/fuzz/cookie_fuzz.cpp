// Cookies: lines "<url> <Set-Cookie value>" fill a jar; what it sends must be a header value and stay with its host.

#include <string_view>

#include "client/cookie_jar.h"
#include "proto/header_rules.h"

using namespace xh;

namespace {

void check(bool holds) {
    if (!holds) __builtin_trap();
}

void check_date(std::string_view text) {
    int64_t seconds = INT64_MIN;
    if (proto::parse_cookie_date(text, seconds))
        check(seconds >= -11644473600 && seconds <= 253402300799);
    else
        check(seconds == INT64_MIN);
}

void check_cookie(std::string_view text, int64_t now) {
    proto::SetCookie cookie;
    check_date(text);
    if (!proto::parse_set_cookie(text, now, cookie)) return;
    check(cookie.name.size() + cookie.value.size() <= proto::kMostCookieBytes);
    check(!cookie.name.empty() || !cookie.value.empty());
    check(cookie.path.empty() || cookie.path.front() == '/');
    check(cookie.path.size() <= proto::kMostCookieAttribute && cookie.domain.size() <= proto::kMostCookieAttribute);
    check(cookie.expires == proto::kSessionCookie || cookie.expires <= now + proto::kMostCookieAge);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    std::string_view rest(reinterpret_cast<const char*>(data), size);
    int64_t now = 1700000000;
    client::CookieJar jar;
    while (!rest.empty()) {
        const std::size_t end = rest.find('\n');
        const std::string_view line = rest.substr(0, end);
        rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
        const std::size_t blank = line.find(' ');
        const std::string_view text = blank == std::string_view::npos ? line : line.substr(blank + 1);
        check_cookie(text, now);
        base::Url url;
        if (url.parse(line.substr(0, blank)) != XH_OK) continue;
        const std::size_t before = jar.count(now);
        const bool taken = jar.store(text, url, now);
        check(taken || jar.count(now) <= before);
        base::String header;
        jar.append_to(header, url, now);
        check(header.empty() || proto::check_header_value(header) == XH_OK);
        base::Url other;
        check(other.parse("https://somewhere.invalid/") == XH_OK);
        bool has_other = false;
        for (const auto& cookie : jar.list(now)) {
            check(cookie->expires > now && !cookie->path.empty() && cookie->path.front() == '/');
            for (char c : cookie->host) check(c < 'A' || c > 'Z');
            has_other = has_other || cookie->host == other.host();
        }
        header.clear();
        jar.append_to(header, other, now);
        check(header.empty() || has_other);
        now += 7;
    }
    base::String json;
    append_json(json, jar.list(now));
    check(json.size() >= 2 && json.front() == '[' && json.back() == ']');
    jar.clear();
    check(jar.count(now) == 0);
    return 0;
}
