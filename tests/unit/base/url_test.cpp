// URLs: what is taken, what is refused, what goes onto the wire, and how references resolve.

#include "base/url.h"

#include <cstdlib>
#include <string>

#include "base/alloc_hook.h"
#include "xtest.h"

using xh::base::HostKind;
using xh::base::Scheme;
using xh::base::String;
using xh::base::Url;
using xh::base::UrlRules;

namespace {

int g_allocations = 0;

void* XH_CALL counting_malloc(size_t size, void*) {
    ++g_allocations;
    return std::malloc(size);
}
void* XH_CALL counting_realloc(void* ptr, size_t size, void*) { return std::realloc(ptr, size); }
void XH_CALL plain_free(void* ptr, void*) { std::free(ptr); }

const xh::base::AllocHook kHook = {counting_malloc, counting_realloc, plain_free, nullptr};
const bool g_hooked = xh::base::set_alloc_hook(&kHook);

xh_status status_of(std::string_view text, const UrlRules& rules = {}) {
    Url url;
    return url.parse(text, rules);
}

std::string href(std::string_view text) {
    Url url;
    if (url.parse(text) != XH_OK) return "refused";
    return std::string(url.href());
}

std::string resolved(std::string_view base, std::string_view reference) {
    Url from, to;
    if (from.parse(base) != XH_OK) return "bad base";
    const xh_status status = to.resolve(from, reference);
    if (status == XH_E_UNSUPPORTED_SCHEME) return "UNSUPPORTED";
    return status == XH_OK ? std::string(to.href()) : std::string("INVALID");
}

bool fake_idn(std::string_view name, String& ascii) {
    if (name == "bücher.example") ascii = "XN--bcher-kva.example";
    if (name == "slash\xC3\xA9") ascii = "a/b";
    return !ascii.empty();
}

}  // namespace

XT_TEST(every_part_of_a_full_url_is_found) {
    Url url;
    XT_REQUIRE(url.parse("HTTP://john:smith@Example.COM:8083/a/b?x=1&y=2#top") == XH_OK);
    XT_CHECK(url.scheme() == Scheme::Http);
    XT_CHECK_STR(url.host(), "example.com");
    XT_CHECK_EQ(url.port(), 8083);
    XT_CHECK_STR(url.authority(), "example.com:8083");
    XT_CHECK_STR(url.path(), "/a/b");
    XT_CHECK_STR(url.query(), "?x=1&y=2");
    XT_CHECK_STR(url.fragment(), "#top");
    XT_CHECK_STR(url.target(), "/a/b?x=1&y=2");
    XT_CHECK_STR(url.origin(), "http://example.com:8083");
    XT_CHECK_STR(url.href(), "http://example.com:8083/a/b?x=1&y=2#top");
    XT_CHECK_STR(url.absolute(), "http://example.com:8083/a/b?x=1&y=2");
    XT_CHECK_STR(url.user(), "john");
    XT_CHECK_STR(url.password(), "smith");
    XT_CHECK(url.has_credentials());
}

XT_TEST(the_examples_of_the_4d_text_are_taken) {
    XT_CHECK_EQ(href("http://www.myserver.com"), "http://www.myserver.com/");
    XT_CHECK_EQ(href("www.myserver.com/path"), "https://www.myserver.com/path");
    XT_CHECK_EQ(href("http://www.myserver.com/path?name=\"jones\""), "http://www.myserver.com/path?name=%22jones%22");
    XT_CHECK_EQ(href("https://www.myserver.com/login"), "https://www.myserver.com/login");
    XT_CHECK_EQ(href("http://123.45.67.89:8083"), "http://123.45.67.89:8083/");
    XT_CHECK_EQ(href("http://john:smith@123.45.67.89:8083"), "http://123.45.67.89:8083/");
    XT_CHECK_EQ(href("http://[2001:0db8:0000:0000:0000:ff00:0042:8329]"), "http://[2001:db8::ff00:42:8329]/");
    XT_CHECK_EQ(href("http://[2001:0db8:0000:0000:0000:ff00:0042:8329]:8080/index.html"),
                "http://[2001:db8::ff00:42:8329]:8080/index.html");
}

XT_TEST(a_url_without_scheme_is_https_even_with_a_port) {
    Url url;
    XT_REQUIRE(url.parse("localhost:8083/x") == XH_OK);
    XT_CHECK(url.scheme() == Scheme::Https);
    XT_CHECK_STR(url.host(), "localhost");
    XT_CHECK_EQ(url.port(), 8083);
    XT_CHECK_EQ(href("user:pw@host/x"), "https://host/x");
    XT_CHECK_EQ(href("host?q=http://other/"), "https://host/?q=http://other/");
    XT_CHECK_EQ(status_of("http:/host/x"), XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("https:host"), XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("host:/x"), XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("//host/x"), XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("/path"), XH_E_INVALID_URL);
}

XT_TEST(only_schemes_that_are_served_are_taken) {
    XT_CHECK_EQ(href("WSS://h/"), "wss://h/");
    XT_CHECK_EQ(href("ws://h:80/x"), "ws://h/x");
    XT_CHECK_EQ(status_of("ftp://h/"), XH_E_UNSUPPORTED_SCHEME);
    XT_CHECK_EQ(status_of("file:///etc/passwd"), XH_E_UNSUPPORTED_SCHEME);
    XT_CHECK_EQ(status_of("socks5://h"), XH_E_UNSUPPORTED_SCHEME);
    UrlRules proxy;
    proxy.proxy = true;
    proxy.default_scheme = Scheme::Http;
    Url url;
    XT_CHECK_EQ(url.parse("socks5h://u:p@h", proxy), XH_OK);
    XT_CHECK_EQ(url.port(), 1080);
    XT_CHECK_EQ(url.parse("proxy.example:3128", proxy), XH_OK);
    XT_CHECK_STR(url.origin(), "http://proxy.example:3128");
    XT_CHECK_EQ(status_of("ws://h", proxy), XH_E_UNSUPPORTED_SCHEME);
}

XT_TEST(the_default_port_is_left_out_of_host_and_origin) {
    Url url;
    XT_REQUIRE(url.parse("https://h:443/") == XH_OK);
    XT_CHECK_STR(url.authority(), "h");
    XT_CHECK_EQ(url.port(), 443);
    XT_REQUIRE(url.parse("http://h:443/") == XH_OK);
    XT_CHECK_STR(url.authority(), "h:443");
    XT_CHECK_EQ(href("http://h:/x"), "http://h/x");
    XT_CHECK_EQ(href("http://h:00080/x"), "http://h/x");
}

XT_TEST(bad_ports_are_refused) {
    for (const char* text : {"http://h:0/", "http://h:65536/", "http://h:99999999999/", "http://h:8a/", "http://h:-1/",
                             "http://h:+80/", "http://h: 80/", "http://h:80:90/", "http://h:000080/"})
        XT_CHECK_EQ(status_of(text), XH_E_INVALID_URL);
    Url url;
    XT_CHECK_EQ(url.parse("http://h:65535/"), XH_OK);
    XT_CHECK_EQ(url.port(), 65535);
}

XT_TEST(an_empty_or_broken_host_is_refused) {
    for (const char* text :
         {"", "http://", "http:///x", "http://?x", "http://:80/", "http://u@/", "http://a..b/", "http://.a/",
          "http://./", "http://a b/", "http://a%41/", "http://a,b/", "http://<x>/", "http://a*b/"})
        XT_CHECK_EQ(status_of(text), XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("http://" + std::string(64, 'a') + "/"), XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("http://" + std::string(63, 'a') + "/"), XH_OK);
    std::string longest;
    for (int i = 0; i < 126; ++i) longest += "a.";
    XT_CHECK_EQ(status_of("http://" + longest + "b/"), XH_OK);
    XT_CHECK_EQ(status_of("http://" + longest + "bc/"), XH_E_INVALID_URL);
    XT_CHECK_EQ(href("http://a_b-c.example./"), "http://a_b-c.example./");
}

XT_TEST(a_path_never_changes_the_authority) {
    Url url;
    XT_REQUIRE(url.parse("http://good.example//evil.example/@other:1/\\x") == XH_OK);
    XT_CHECK_STR(url.host(), "good.example");
    XT_CHECK_STR(url.target(), "//evil.example/@other:1/%5Cx");
    XT_REQUIRE(url.parse("http://good.example?@evil.example/") == XH_OK);
    XT_CHECK_STR(url.host(), "good.example");
    XT_CHECK_STR(url.target(), "/?@evil.example/");
    XT_REQUIRE(url.parse("http://good.example#@evil.example/") == XH_OK);
    XT_CHECK_STR(url.host(), "good.example");
    XT_CHECK_EQ(status_of("http://good.example\\@evil.example/"), XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("http://good.example\\evil"), XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("http:\\\\evil"), XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("http://a@b@c/"), XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("http://a:b@c:d@e/"), XH_E_INVALID_URL);
}

XT_TEST(cr_lf_and_nul_are_refused_everywhere) {
    const std::string whole = "http://user:pass@host.example:80/path?query#fragment";
    for (std::size_t at = 0; at <= whole.size(); ++at) {
        for (char bad : {'\r', '\n', '\0'}) {
            std::string text = whole;
            text.insert(at, 1, bad);
            if (status_of(text) != XH_E_INVALID_URL) XT_FAIL("byte %d at %zu is taken", bad, at);
        }
    }
    for (std::size_t at = 0; at < 33; ++at) {
        std::string text = whole;
        text.insert(at, 1, at < 7 || at > 16 ? '\t' : '\x01');
        if (status_of(text) == XH_OK) XT_FAIL("a control at %zu is taken", at);
    }
}

XT_TEST(forbidden_bytes_of_path_and_query_are_escaped_and_the_rest_is_kept) {
    XT_CHECK_EQ(href("http://h/a b\tc\x7f"), "http://h/a%20b%09c%7F");
    XT_CHECK_EQ(href("http://h/<>\\^`{|}\"?<>\\^`{|}\""),
                "http://h/%3C%3E%5C%5E%60%7B%7C%7D%22?%3C%3E%5C%5E%60%7B%7C%7D%22");
    XT_CHECK_EQ(href("http://h/%2F%2e%zz%4"), "http://h/%2F%2e%25zz%254");
    XT_CHECK_EQ(href("http://h/%"), "http://h/%25");
    XT_CHECK_EQ(href("http://h/caf\xC3\xA9?\xE2\x82\xAC#\xC3\xA9"), "http://h/caf%C3%A9?%E2%82%AC#%C3%A9");
    XT_CHECK_EQ(href("http://h/!$&'()*+,;=:@-._~[]/?/?!$&'()*+,;=:@[]"),
                "http://h/!$&'()*+,;=:@-._~[]/?/?!$&'()*+,;=:@[]");
    XT_CHECK_EQ(href("http://h/a/../b/./c"), "http://h/a/../b/./c");
    XT_CHECK_EQ(href("http://h?"), "http://h/?");
}

XT_TEST(credentials_are_decoded_and_never_part_of_target_or_authority) {
    Url url;
    XT_REQUIRE(url.parse("http://j%40h:p%3Aq:r%2F@h/x") == XH_OK);
    XT_CHECK_STR(url.user(), "j@h");
    XT_CHECK_STR(url.password(), "p:q:r/");
    XT_CHECK_STR(url.target(), "/x");
    XT_CHECK_STR(url.authority(), "h");
    XT_CHECK_STR(url.href(), "http://h/x");
    XT_REQUIRE(url.parse("http://only@h") == XH_OK);
    XT_CHECK_STR(url.user(), "only");
    XT_CHECK_STR(url.password(), "");
    XT_REQUIRE(url.parse("http://:secret@h") == XH_OK);
    XT_CHECK_STR(url.user(), "");
    XT_CHECK_STR(url.password(), "secret");
    XT_CHECK(url.has_credentials());
    XT_REQUIRE(url.parse("http://@h") == XH_OK);
    XT_CHECK(!url.has_credentials());
    XT_REQUIRE(url.parse("http://h") == XH_OK);
    XT_CHECK(!url.has_credentials());
}

XT_TEST(credentials_that_could_break_a_header_are_refused) {
    for (const char* text : {"http://a%0d%0ab:c@h/", "http://a:%00@h/", "http://a:b%7f@h/", "http://a%zz@h/",
                             "http://a%4@h/", "http://a%@h/", "http://a\x01@h/"})
        XT_CHECK_EQ(status_of(text), XH_E_INVALID_URL);
}

XT_TEST(only_strict_addresses_are_addresses) {
    Url url;
    XT_REQUIRE(url.parse("http://127.0.0.1/") == XH_OK);
    XT_CHECK(url.host_kind() == HostKind::Ipv4);
    for (const char* text : {"http://127.1/", "http://0x7f.1/", "http://0x7f000001/", "http://2130706433/",
                             "http://1.2.3/", "http://1.2.3.4.5/", "http://01.2.3.4/", "http://256.1.1.1/",
                             "http://1.2.3.4./", "http://a.1/", "http://0x/", "http://1.2.3.0x4/", "http://1..2.3/"})
        XT_CHECK_EQ(status_of(text), XH_E_INVALID_URL);
    XT_REQUIRE(url.parse("http://1.2.3.4a/") == XH_OK);
    XT_CHECK(url.host_kind() == HostKind::Name);
    XT_REQUIRE(url.parse("http://1e100.net/") == XH_OK);
    XT_CHECK(url.host_kind() == HostKind::Name);
}

XT_TEST(ipv6_hosts_are_canonical_and_without_zone) {
    Url url;
    XT_REQUIRE(url.parse("http://[0:0:0:0:0:0:0:1]:81/x") == XH_OK);
    XT_CHECK(url.host_kind() == HostKind::Ipv6);
    XT_CHECK_STR(url.host(), "::1");
    XT_CHECK_STR(url.authority(), "[::1]:81");
    XT_REQUIRE(url.parse("https://[::FFFF:1.2.3.4]") == XH_OK);
    XT_CHECK_STR(url.authority(), "[::ffff:1.2.3.4]");
    for (const char* text :
         {"http://[::1", "http://[]/", "http://[::1]x/", "http://[::1]80/", "http://[fe80::1%25eth0]/",
          "http://[fe80::1%eth0]/", "http://[1.2.3.4]/", "http://[host]/", "http://::1/", "http://[::1]]/"})
        XT_CHECK_EQ(status_of(text), XH_E_INVALID_URL);
}

XT_TEST(international_hosts_go_through_the_encoder_and_are_checked_after_it) {
    XT_CHECK_EQ(status_of("http://bücher.example/"), XH_E_INVALID_URL);
    UrlRules rules;
    rules.idn = fake_idn;
    Url url;
    XT_REQUIRE(url.parse("http://bücher.example/ü", rules) == XH_OK);
    XT_CHECK_STR(url.host(), "xn--bcher-kva.example");
    XT_CHECK_STR(url.target(), "/%C3%BC");
    XT_CHECK_EQ(status_of("http://b\xFC"
                          "cher.example/",
                          rules),
                XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("http://slash\xC3\xA9/", rules), XH_E_INVALID_URL);
}

XT_TEST(a_url_is_parsed_with_at_most_one_allocation) {
    XT_REQUIRE(g_hooked);
    for (const char* text :
         {"http://127.0.0.1:8080/small", "www.example.com/path",
          "https://user:password@www.example.com:8443/some/longer/path with blanks?and=\"a\"&query=too#end",
          "http://[2001:db8:0:0:0:ff00:42:8329]:8080/index.html"}) {
        Url url;
        const int before = g_allocations;
        XT_CHECK_EQ(url.parse(text), XH_OK);
        XT_CHECK(g_allocations - before <= 1);
    }
}

XT_TEST(the_rfc_3986_reference_examples_resolve) {
    static const struct {
        const char *reference, *expected;
    } kCases[] = {
        {"g", "http://a/b/c/g"},
        {"./g", "http://a/b/c/g"},
        {"g/", "http://a/b/c/g/"},
        {"/g", "http://a/g"},
        {"//g", "http://g/"},
        {"?y", "http://a/b/c/d;p?y"},
        {"g?y", "http://a/b/c/g?y"},
        {"#s", "http://a/b/c/d;p?q#s"},
        {"g#s", "http://a/b/c/g#s"},
        {"g?y#s", "http://a/b/c/g?y#s"},
        {";x", "http://a/b/c/;x"},
        {"g;x", "http://a/b/c/g;x"},
        {"g;x?y#s", "http://a/b/c/g;x?y#s"},
        {"", "http://a/b/c/d;p?q"},
        {".", "http://a/b/c/"},
        {"./", "http://a/b/c/"},
        {"..", "http://a/b/"},
        {"../", "http://a/b/"},
        {"../g", "http://a/b/g"},
        {"../..", "http://a/"},
        {"../../", "http://a/"},
        {"../../g", "http://a/g"},
        {"../../../g", "http://a/g"},
        {"../../../../g", "http://a/g"},
        {"/./g", "http://a/g"},
        {"/../g", "http://a/g"},
        {"g.", "http://a/b/c/g."},
        {".g", "http://a/b/c/.g"},
        {"g..", "http://a/b/c/g.."},
        {"..g", "http://a/b/c/..g"},
        {"./../g", "http://a/b/g"},
        {"./g/.", "http://a/b/c/g/"},
        {"g/./h", "http://a/b/c/g/h"},
        {"g/../h", "http://a/b/c/h"},
        {"g;x=1/./y", "http://a/b/c/g;x=1/y"},
        {"g;x=1/../y", "http://a/b/c/y"},
        {"g?y/./x", "http://a/b/c/g?y/./x"},
        {"g?y/../x", "http://a/b/c/g?y/../x"},
        {"g#s/../x", "http://a/b/c/g#s/../x"},
        {"https://h/a/../b?c/../d", "https://h/b?c/../d"},
        {"//h:8080/./x", "http://h:8080/x"},
    };
    for (const auto& c : kCases) XT_CHECK_EQ(resolved("http://a/b/c/d;p?q", c.reference), c.expected);
}

XT_TEST(a_reference_cannot_smuggle_an_authority_or_a_scheme) {
    XT_CHECK_EQ(resolved("http://a/b", "\\\\evil/x"), "http://a/%5C%5Cevil/x");
    XT_CHECK_EQ(resolved("http://a/b", "/\\evil/x"), "http://a/%5Cevil/x");
    XT_CHECK_EQ(resolved("http://a/b", "/x//evil"), "http://a/x//evil");
    XT_CHECK_EQ(resolved("http://a/b", "/..//evil"), "http://a//evil");
    XT_CHECK_EQ(resolved("http://a/b", "@evil/"), "http://a/@evil/");
    XT_CHECK_EQ(resolved("http://a/b", "javascript:alert(1)"), "UNSUPPORTED");
    XT_CHECK_EQ(resolved("http://a/b", "file:///etc/passwd"), "UNSUPPORTED");
    XT_CHECK_EQ(resolved("http://a/b", "http:g"), "INVALID");
    XT_CHECK_EQ(resolved("http://a/b", "http:/g"), "INVALID");
    XT_CHECK_EQ(resolved("http://a/b", "x\r\ny"), "INVALID");
    XT_CHECK_EQ(resolved("http://a/b", "//"), "INVALID");
}

XT_TEST(a_redirect_keeps_the_fragment_and_loses_the_credentials) {
    XT_CHECK_EQ(resolved("http://a/b#frag", "/c"), "http://a/c#frag");
    XT_CHECK_EQ(resolved("http://a/b#frag", "/c#own"), "http://a/c#own");
    XT_CHECK_EQ(resolved("http://a/b#frag", "https://z/c"), "https://z/c#frag");
    XT_CHECK_EQ(resolved("http://a/b", "  /c d \t"), "http://a/c%20d");
    XT_CHECK_EQ(resolved("http://a/b", "/caf\xE9"), "http://a/caf%E9");
    Url from, to;
    XT_REQUIRE(from.parse("http://user:pw@a/b") == XH_OK);
    XT_REQUIRE(to.resolve(from, "c") == XH_OK);
    XT_CHECK(!to.has_credentials());
    XT_REQUIRE(from.resolve(from, "//x:y@z/") == XH_OK);
    XT_CHECK_STR(from.user(), "x");
    XT_CHECK_STR(from.host(), "z");
}

XT_TEST(origins_compare_by_scheme_host_and_port) {
    const auto same = [](const char* a, const char* b) {
        Url x, y;
        return x.parse(a) == XH_OK && y.parse(b) == XH_OK && origin_equal(x, y);
    };
    XT_CHECK(same("http://u:p@H/x", "http://h:80/y"));
    XT_CHECK(same("https://[::1]", "https://[0::1]:443"));
    XT_CHECK(!same("http://h", "https://h"));
    XT_CHECK(!same("http://h", "ws://h"));
    XT_CHECK(!same("http://h", "http://h:81"));
    XT_CHECK(!same("http://h", "http://h.h"));
    Url a, b;
    XT_CHECK(!origin_equal(a, b));
}

XT_TEST(a_failed_parse_leaves_an_empty_url_and_a_move_empties_its_source) {
    Url url;
    XT_REQUIRE(url.parse("http://user@host/x") == XH_OK);
    XT_CHECK_EQ(url.parse("http://"), XH_E_INVALID_URL);
    XT_CHECK(url.empty());
    XT_CHECK_STR(url.target(), "");
    XT_REQUIRE(url.parse("http://user@host/x") == XH_OK);
    Url moved(std::move(url));
    XT_CHECK_STR(moved.user(), "user");
    XT_CHECK(url.empty());
    XT_CHECK_STR(url.user(), "");
}

XT_TEST(overlong_urls_are_refused) {
    XT_CHECK_EQ(status_of("http://h/" + std::string(1 << 20, 'a')), XH_E_INVALID_URL);
    XT_CHECK_EQ(status_of("http://h/" + std::string((1 << 20) - 9, ' ')), XH_OK);
}

XT_MAIN("url")
