// Set-Cookie, its dates, paths and domains, as tables.

#include "proto/cookie.h"

#include <string>

#include "xtest.h"

using namespace xh::proto;

namespace {

constexpr int64_t kNow = 1700000000;  // Tue, 14 Nov 2023 22:13:20 GMT

SetCookie read(std::string_view text) {
    SetCookie cookie;
    XT_CHECK(parse_set_cookie(text, kNow, cookie));
    return cookie;
}

bool refused(std::string_view text) {
    SetCookie cookie;
    return !parse_set_cookie(text, kNow, cookie);
}

/// Read and allowed, from a host over TLS or not.
bool settable(std::string_view text, std::string_view host, bool secure = true) {
    SetCookie cookie;
    return parse_set_cookie(text, kNow, cookie) && may_set_cookie(cookie, host, secure);
}

int64_t date(std::string_view text) {
    int64_t out = -1;
    parse_cookie_date(text, out);
    return out;
}

std::string joined(std::initializer_list<std::string_view> parts) {
    std::string out;
    for (std::string_view part : parts) out.append(part);
    return out;
}

}  // namespace

XT_TEST(name_and_value_are_what_stands_around_the_first_equals_sign) {
    static const struct {
        const char *text, *name, *value;
    } kCases[] = {
        {"a=b", "a", "b"},
        {" a \t=\t b ", "a", "b"},
        {"a=b; Path=/", "a", "b"},
        {"a=b=c", "a", "b=c"},
        {"a=", "a", ""},
        {"=b", "", "b"},
        {"b", "", "b"},
        {"a=\"b c\"", "a", "\"b c\""},
        {"a=b,c=d", "a", "b,c=d"},
        {"a b=c d", "a b", "c d"},
        {"a=\xc3\xa9\xff", "a", "\xc3\xa9\xff"},
        {"a=b\tc", "a", "b\tc"},
        {"a=b;", "a", "b"},
        {"a=b;;;=;", "a", "b"},
    };
    for (const auto& c : kCases) {
        const SetCookie cookie = read(c.text);
        XT_CHECK_STR(std::string(cookie.name), c.name);
        XT_CHECK_STR(std::string(cookie.value), c.value);
    }
}

XT_TEST(an_empty_cookie_is_refused) {
    for (const char* text : {"", ";", "=", " = ", "; a=b", " ; Path=/"}) XT_CHECK(refused(text));
    XT_CHECK(refused({}));
}

XT_TEST(a_control_byte_anywhere_refuses_the_cookie) {
    for (int c = 0; c < 256; ++c) {
        const std::string byte(1, static_cast<char>(c));
        const bool bad = (c < 0x20 && c != '\t') || c == 0x7f;
        XT_CHECK_EQ(refused("a=b" + byte + "c"), bad);
        XT_CHECK_EQ(refused("a" + byte + "b=c"), bad);
        XT_CHECK_EQ(refused("a=b; path=/" + byte + "x"), bad);
        XT_CHECK_EQ(refused("a=b; other" + byte), bad);
    }
}

XT_TEST(name_and_value_have_4096_bytes_at_most) {
    XT_CHECK(!refused("a=" + std::string(4095, 'v')));
    XT_CHECK(refused("a=" + std::string(4096, 'v')));
    XT_CHECK(!refused(std::string(4096, 'n')));
    XT_CHECK(refused(std::string(4097, 'n')));
    XT_CHECK(!refused("a=" + std::string(4095, 'v') + "; x=" + std::string(9000, 'x')));
}

XT_TEST(an_attribute_of_more_than_1024_bytes_is_passed_over) {
    const std::string longest = "/" + std::string(1023, 'p');
    XT_CHECK_EQ(read("a=b; path=" + longest).path.size(), 1024);
    XT_CHECK_EQ(read("a=b; path=" + longest + "p").path.size(), 0);
    XT_CHECK_EQ(read("a=b; path=/x; path=" + longest + "p").path.size(), 2);
    XT_CHECK_EQ(read("a=b; domain=" + std::string(1025, 'd')).domain.size(), 0);
    XT_CHECK(read("a=b; secure=" + std::string(1024, 'x')).secure);
    XT_CHECK(!read("a=b; secure=" + std::string(1025, 'x')).secure);
}

XT_TEST(attributes_are_known_in_any_case_and_the_last_one_counts) {
    SetCookie cookie = read("a=b; SECURE; hTTPoNLY; PaTh=/p; dOMAIN=.Example.COM; sAMEsITE=sTRICT");
    XT_CHECK(cookie.secure);
    XT_CHECK(cookie.http_only);
    XT_CHECK_STR(std::string(cookie.path), "/p");
    XT_CHECK_STR(std::string(cookie.domain), "Example.COM");
    XT_CHECK(cookie.same_site == SameSite::Strict);
    cookie = read("a=b; path=/x; path=relative; domain=x.test; domain=; samesite=lax; samesite=other");
    XT_CHECK_STR(std::string(cookie.path), "");
    XT_CHECK_STR(std::string(cookie.domain), "");
    XT_CHECK(cookie.same_site == SameSite::Unset);
    cookie = read("a=b; domain=..x.test; path=\"/x\"; secured; x-secure");
    XT_CHECK_STR(std::string(cookie.domain), ".x.test");
    XT_CHECK_STR(std::string(cookie.path), "");
    XT_CHECK(!cookie.secure);
}

XT_TEST(max_age_is_a_number_of_seconds_and_goes_before_expires) {
    XT_CHECK_EQ(read("a=b").expires, kSessionCookie);
    XT_CHECK_EQ(read("a=b; max-age=60").expires, kNow + 60);
    XT_CHECK_EQ(read("a=b; max-age=60; max-age=70").expires, kNow + 70);
    for (const char* past : {"0", "-1", "-0", "000", "-99999999999999999999999"})
        XT_CHECK(read(joined({"a=b; max-age=", past})).expires <= kNow);
    for (const char* none : {"", "-", "+5", "5s", "5.0", "x", "0x10", "--5"})
        XT_CHECK_EQ(read(joined({"a=b; max-age=", none})).expires, kSessionCookie);
    XT_CHECK_EQ(read("a=b; max-age=60; expires=Thu, 01 Jan 1970 00:00:00 GMT").expires, kNow + 60);
    XT_CHECK_EQ(read("a=b; expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=60").expires, kNow + 60);
    XT_CHECK_EQ(read("a=b; expires=Thu, 01 Jan 1970 00:00:00 GMT; max-age=x").expires, 0);
}

XT_TEST(no_cookie_lives_for_more_than_400_days) {
    XT_CHECK_EQ(read("a=b; max-age=34559999").expires, kNow + 34559999);
    XT_CHECK_EQ(read("a=b; max-age=34560001").expires, kNow + kMostCookieAge);
    XT_CHECK_EQ(read("a=b; max-age=99999999999999999999999999").expires, kNow + kMostCookieAge);
    XT_CHECK_EQ(read("a=b; expires=Fri, 31 Dec 9999 23:59:59 GMT").expires, kNow + kMostCookieAge);
    XT_CHECK_EQ(read("a=b; expires=nonsense").expires, kSessionCookie);
}

XT_TEST(dates_are_read_as_servers_write_them) {
    static const struct {
        const char* text;
        int64_t seconds;
    } kCases[] = {
        {"Thu, 01 Jan 1970 00:00:00 GMT", 0},
        {"Tue, 14 Nov 2023 22:13:20 GMT", kNow},
        {"Tue, 14-Nov-2023 22:13:20 GMT", kNow},
        {"Tuesday, 14-Nov-23 22:13:20 GMT", kNow},
        {"Tue Nov 14 22:13:20 2023", kNow},
        {"14 November 2023 22:13:20 +0300", kNow},  // a zone is no part of it
        {"22:13:20 2023 nov 14", kNow},             // the order is free
        {"22:13:20 14 2023 nov", kNow},
        {"NOVX 14 22:13:20x 2023y", kNow},
        {"14 Nov 2023 22:13:2", kNow - 18},
        {"29 Feb 2024 00:00:00", 1709164800},
        {"29 Feb 2023 00:00:00", -1},
        {"29 Feb 2000 00:00:00", 951782400},
        {"29 Feb 1900 00:00:00", -1},
        {"31 Apr 2024 00:00:00", -1},
        {"00 Jan 2024 00:00:00", -1},
        {"32 Jan 2024 00:00:00", -1},
        {"1 Jan 70 0:0:0", 0},
        {"1 Jan 69 0:0:0", 3124224000},
        {"1 Jan 00 0:0:0", 946684800},
        {"1 Jan 1601 0:0:0", -11644473600},
        {"1 Jan 1600 0:0:0", -1},
        {"1 Jan 999 0:0:0", -1},
        {"31 Dec 9999 23:59:59", 253402300799},
        {"1 Jan 10000 0:0:0", -1},
        {"1 Jan 2024 24:00:00", -1},
        {"1 Jan 2024 23:60:00", -1},
        {"1 Jan 2024 23:59:60", -1},
        {"1 Jan 2024 1:2", -1},
        {"1 Jan 2024 001:02:03", -1},
        {"1 Jan 2024", -1},
        {"Jan 2024 00:00:00", -1},
        {"1 2024 00:00:00", -1},
        {"1 Ja 2024 00:00:00", -1},
        {"", -1},
        {",,,", -1},
    };
    for (const auto& c : kCases) {
        if (date(c.text) != c.seconds) XT_FAIL("%s is %lld", c.text, static_cast<long long>(date(c.text)));
        XT_CHECK_EQ(date(joined({" -", c.text, ";; "})), c.seconds);
    }
}

XT_TEST(a_name_matches_its_parents_without_regard_to_case) {
    static const struct {
        const char *host, *domain;
        bool match;
    } kCases[] = {
        {"example.com", "example.com", true},
        {"EXAMPLE.com", "example.COM", true},
        {"www.example.com", "Example.Com", true},
        {"a.b.example.com", "example.com", true},
        {"badexample.com", "example.com", false},
        {"example.com", "www.example.com", false},
        {"example.com", "com", true},
        {"example.com", "", false},
        {"127.0.0.1", "127.0.0.1", true},
        {"127.0.0.1", "0.0.1", false},
        {"127.0.0.1", "1", false},
        {"::1", "::1", true},
        {"example.com.", "example.com", false},
        {"example.com", "example.com.", false},
        {"example.org", "example.com", false},
    };
    for (const auto& c : kCases)
        if (cookie_domain_match(c.host, c.domain) != c.match) XT_FAIL("%s against %s", c.host, c.domain);
}

XT_TEST(a_domain_attribute_must_be_the_host_or_a_parent_of_two_labels) {
    static const struct {
        const char *host, *domain;
        bool good;
    } kCases[] = {
        {"www.example.com", "www.example.com", true},
        {"www.example.com", ".example.com", true},
        {"www.example.com", "EXAMPLE.com", true},
        {"WWW.Example.com", "eXample.cOM", true},
        {"www.example.com", "com", false},
        {"www.example.com", ".com", false},
        {"www.example.com", ".COM", false},
        {"www.example.com", "com.", false},
        {"www.example.com.", "com.", false},
        {"www.example.com.", "example.com.", true},
        {"www.example.com", "example.com.", false},
        {"www.example.com", "..example.com", false},
        {"www.example.com", "other.com", false},
        {"www.example.com", "ample.com", false},
        {"example.com", "www.example.com", false},
        {"localhost", "localhost", false},
        {"localhost", "LOCALHOST", false},
        {"127.0.0.1", "127.0.0.1", false},
        {"127.0.0.1", "0.0.1", false},
        {"::1", "::1", false},
        {"www.example.com", "", true},
        {"localhost", "", true},
        {"127.0.0.1", "", true},
        {"www.example.com", ".", true},
        {"www.example.com", "example..com", false},
        {"b\xc3\xbc.example.com", "b\xc3\xbc.example.com.org", false},
    };
    for (const auto& c : kCases)
        if (settable(joined({"a=b; domain=", c.domain}), c.host) != c.good) XT_FAIL("%s sets for %s", c.host, c.domain);
}

XT_TEST(secure_cookies_are_set_over_tls_only) {
    XT_CHECK(settable("a=b; secure", "h.test", true));
    XT_CHECK(!settable("a=b; secure", "h.test", false));
    XT_CHECK(settable("a=b", "h.test", false));
}

XT_TEST(same_site_none_asks_for_secure) {
    XT_CHECK(settable("a=b; samesite=none; secure", "h.test"));
    XT_CHECK(!settable("a=b; samesite=None", "h.test"));
    XT_CHECK(settable("a=b; samesite=lax", "h.test"));
    XT_CHECK(settable("a=b; samesite=strict", "h.test", false));
    XT_CHECK(settable("a=b; samesite=", "h.test"));
}

XT_TEST(the_secure_prefix_asks_for_secure) {
    XT_CHECK(settable("__Secure-a=b; secure", "h.test"));
    XT_CHECK(!settable("__Secure-a=b", "h.test"));
    XT_CHECK(!settable("__SECURE-a=b", "h.test"));
    XT_CHECK(!settable("__Secure-a=b; secure", "h.test", false));
    XT_CHECK(settable("__Secure=b", "h.test"));
}

XT_TEST(the_host_prefix_asks_for_secure_and_the_root_and_no_domain) {
    XT_CHECK(settable("__Host-a=b; secure; path=/", "h.test"));
    XT_CHECK(settable("__Host-a=b; secure; path=/; domain=", "h.test"));
    XT_CHECK(!settable("__Host-a=b; path=/", "h.test"));
    XT_CHECK(!settable("__Host-a=b; secure", "h.test"));
    XT_CHECK(!settable("__Host-a=b; secure; path=/x", "h.test"));
    XT_CHECK(!settable("__Host-a=b; secure; path=/; domain=h.test", "h.test"));
    XT_CHECK(!settable("__hOST-a=b; secure", "h.test"));
}

XT_TEST(a_cookie_without_name_cannot_imitate_a_prefix) {
    XT_CHECK(!settable("=__Host-a=b; secure; path=/", "h.test"));
    XT_CHECK(!settable("__secure-a; secure", "h.test"));
    XT_CHECK(!settable("=__Secure-", "h.test"));
    XT_CHECK(settable("=plain", "h.test"));
}

XT_TEST(the_default_path_is_the_folder_of_the_url) {
    static const struct {
        const char *url, *path;
    } kCases[] = {{"/", "/"},        {"/a", "/"}, {"/a/", "/a"}, {"/a/b", "/a"},
                  {"/a/b/", "/a/b"}, {"", "/"},   {"a/b", "/"},  {"//a", "/"}};
    for (const auto& c : kCases) XT_CHECK_STR(std::string(cookie_default_path(c.url)), c.path);
}

XT_TEST(a_path_matches_itself_and_what_is_below_it) {
    static const struct {
        const char *url, *cookie;
        bool match;
    } kCases[] = {{"/", "/", true},     {"/a", "/", true},     {"/a", "/a", true},   {"/a/", "/a", true},
                  {"/a/b", "/a", true}, {"/a/b", "/a/", true}, {"/a", "/a/", false}, {"/ab", "/a", false},
                  {"/A", "/a", false},  {"/", "/a", false},    {"", "/", false},     {"/a%2fb", "/a", false}};
    for (const auto& c : kCases)
        if (cookie_path_match(c.url, c.cookie) != c.match) XT_FAIL("%s against %s", c.url, c.cookie);
}

XT_MAIN("cookie")
