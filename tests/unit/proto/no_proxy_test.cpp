// NO_PROXY and the proxy variables, as tables.

#include "proto/no_proxy.h"

#include "xtest.h"

using namespace xh::proto;
using xh::base::Url;

XT_TEST(no_proxy_entries_match_as_documented) {
    static const struct {
        const char *list, *host;
        uint16_t port;
        bool direct;
    } kCases[] = {
        {"", "example.com", 80, false},
        {"*", "example.com", 80, true},
        {"*", "::1", 80, true},
        {"*:8080", "example.com", 8080, true},
        {"*:8080", "example.com", 80, false},
        {"example.com", "example.com", 80, true},
        {"example.com", "EXAMPLE.com.", 80, true},
        {"EXAMPLE.COM.", "example.com", 80, true},
        {"example.com", "www.example.com", 80, true},
        {"example.com", "a.b.example.com", 80, true},
        {"example.com", "badexample.com", 80, false},
        {"example.com", "example.com.evil.org", 80, false},
        {"example.com", "example.co", 80, false},
        {".example.com", "www.example.com", 80, true},
        {".example.com", "example.com", 80, true},
        {".example.com", "badexample.com", 80, false},
        {"*.example.com", "www.example.com", 80, true},
        {"*.example.com", "badexample.com", 80, false},
        {"*ample.com", "example.com", 80, false},
        {"example.com:8080", "example.com", 8080, true},
        {"example.com:8080", "www.example.com", 8080, true},
        {"example.com:8080", "example.com", 80, false},
        {"example.com:", "example.com", 80, false},
        {"example.com:0", "example.com", 80, false},
        {"example.com:http", "example.com", 80, false},
        {"localhost", "localhost", 80, true},
        {"com", "example.com", 80, true},
        {".", "example.com", 80, false},
        {"..", "example.com", 80, false},
        {"a.org,example.com", "example.com", 80, true},
        {" a.org , example.com ", "example.com", 80, true},
        {"a.org example.com\tb.org", "example.com", 80, true},
        {",,,", "example.com", 80, false},
        {"192.0.2.1", "192.0.2.1", 80, true},
        {"192.0.2.1", "192.0.2.10", 80, false},
        {"2.1", "192.0.2.1", 80, false},
        {".1", "192.0.2.1", 80, false},
        {"192.0.2.1:8080", "192.0.2.1", 8080, true},
        {"192.0.2.1:8080", "192.0.2.1", 80, false},
        {"192.0.2.1", "x.192.0.2.1", 80, false},
        {"10.0.0.0/8", "10.255.1.2", 80, true},
        {"10.0.0.0/8", "11.0.0.1", 80, false},
        {"10.1.2.3/8", "10.9.9.9", 80, true},
        {"192.168.1.64/26", "192.168.1.127", 80, true},
        {"192.168.1.64/26", "192.168.1.128", 80, false},
        {"0.0.0.0/0", "8.8.8.8", 80, true},
        {"0.0.0.0/0", "example.com", 80, false},
        {"10.0.0.0/33", "10.0.0.1", 80, false},
        {"10.0.0.0/", "10.0.0.1", 80, false},
        {"10.0.0.0/-1", "10.0.0.1", 80, false},
        {"10/8", "10.0.0.1", 80, false},
        {"10.0.0.0/8", "::ffff:10.0.0.1", 80, true},
        {"::1", "::1", 80, true},
        {"[::1]", "::1", 80, true},
        {"[0:0:0:0:0:0:0:1]", "::1", 80, true},
        {"[::1]:8080", "::1", 8080, true},
        {"[::1]:8080", "::1", 80, false},
        {"[::1", "::1", 80, false},
        {"[::1]x", "::1", 80, false},
        {"fd00::/8", "fd12:3456::1", 80, true},
        {"[fd00::]/8", "fd12:3456::1", 80, true},
        {"fd00::/8", "fe80::1", 80, false},
        {"::/0", "::1", 80, true},
        {"::/0", "10.0.0.1", 80, false},
        {"fd00::/129", "fd00::1", 80, false},
    };
    for (const auto& c : kCases)
        if (no_proxy_matches(c.list, c.host, c.port) != c.direct)
            XT_FAIL("\"%s\" for %s:%u", c.list, c.host, c.port);
        else
            XT_CHECK(true);
}

XT_TEST(the_variable_of_the_scheme_counts_before_all_proxy) {
    Url http, https, ws, wss;
    XT_REQUIRE(http.parse("http://h/") == XH_OK && https.parse("https://h/") == XH_OK && ws.parse("ws://h/") == XH_OK &&
               wss.parse("wss://h/") == XH_OK);
    ProxyEnvironment env;
    XT_CHECK_STR(proxy_from_environment(http, env), "");
    env.ALL_PROXY = "upper-all";
    XT_CHECK_STR(proxy_from_environment(http, env), "upper-all");
    env.all_proxy = "all";
    XT_CHECK_STR(proxy_from_environment(http, env), "all");
    env.HTTP_PROXY = "upper";
    XT_CHECK_STR(proxy_from_environment(http, env), "upper");
    XT_CHECK_STR(proxy_from_environment(https, env), "all");
    env.http_proxy = "lower";
    env.HTTPS_PROXY = "upper-s";
    XT_CHECK_STR(proxy_from_environment(http, env), "lower");
    XT_CHECK_STR(proxy_from_environment(ws, env), "lower");
    XT_CHECK_STR(proxy_from_environment(wss, env), "upper-s");
    env.https_proxy = "lower-s";
    XT_CHECK_STR(proxy_from_environment(https, env), "lower-s");
    XT_CHECK_STR(proxy_from_environment(Url(), env), "");
}

XT_TEST(http_proxy_in_capitals_is_ignored_in_a_cgi_program) {
    Url url, secure;
    XT_REQUIRE(url.parse("http://h/") == XH_OK && secure.parse("https://h/") == XH_OK);
    ProxyEnvironment env;
    env.HTTP_PROXY = "from-a-header";
    env.HTTPS_PROXY = "upper-s";
    env.REQUEST_METHOD = "GET";
    XT_CHECK_STR(proxy_from_environment(url, env), "");
    XT_CHECK_STR(proxy_from_environment(secure, env), "upper-s");
    env.http_proxy = "lower";
    XT_CHECK_STR(proxy_from_environment(url, env), "lower");
}

XT_TEST(no_proxy_turns_the_proxy_off_and_lower_case_counts_first) {
    Url url;
    XT_REQUIRE(url.parse("http://[::1]:8080/") == XH_OK);
    ProxyEnvironment env;
    env.http_proxy = "p";
    env.NO_PROXY = "[::1]:8080";
    XT_CHECK_STR(proxy_from_environment(url, env), "");
    env.no_proxy = "other";
    XT_CHECK_STR(proxy_from_environment(url, env), "p");
}

XT_MAIN("no_proxy")
