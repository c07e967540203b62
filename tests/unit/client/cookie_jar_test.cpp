// The jar: what is kept, what goes where, what makes room.

#include "client/cookie_jar.h"

#include <string>
#include <thread>

#include "xtest.h"

using namespace xh;
using client::CookieJar;

namespace {

constexpr int64_t kNow = 1700000000;

base::Url url(const std::string& text) {
    base::Url out;
    XT_CHECK_EQ(out.parse(text), XH_OK);
    return out;
}

struct Jar : CookieJar {
    int64_t now = kNow;
    bool set(const std::string& from, const std::string& cookie) { return store(cookie, url(from), now); }
    std::string sent(const std::string& to) {
        base::String header;
        append_to(header, url(to), now);
        return {header.data(), header.size()};
    }
    std::string json() {
        base::String out;
        append_json(out, list(now));
        return {out.data(), out.size()};
    }
};

}  // namespace

XT_TEST(a_cookie_goes_back_to_the_host_that_set_it_only) {
    Jar jar;
    XT_CHECK(jar.set("http://www.example.com/", "a=b"));
    XT_CHECK_STR(jar.sent("http://www.example.com/"), "a=b");
    XT_CHECK_STR(jar.sent("http://www.example.com:8080/x"), "a=b");
    XT_CHECK_STR(jar.sent("https://www.example.com/"), "a=b");
    XT_CHECK_STR(jar.sent("http://example.com/"), "");
    XT_CHECK_STR(jar.sent("http://a.www.example.com/"), "");
    XT_CHECK_STR(jar.sent("http://www.example.org/"), "");
}

XT_TEST(a_domain_attribute_does_not_widen_it) {
    Jar jar;
    XT_CHECK(jar.set("http://www.example.com/", "a=b; domain=example.com"));
    XT_CHECK_STR(jar.sent("http://www.example.com/"), "a=b");
    XT_CHECK_STR(jar.sent("http://example.com/"), "");
    XT_CHECK_STR(jar.sent("http://other.example.com/"), "");
}

XT_TEST(a_public_suffix_in_mixed_case_reaches_nobody_else) {  // CVE-2023-46218
    Jar jar;
    XT_CHECK(!jar.set("http://curl.example/", "a=b; domain=EXAMPLE"));
    XT_CHECK(!jar.set("http://www.curl.example/", "a=b; domain=.eXample"));
    jar.set("http://curl.co.uk/", "a=b; domain=co.UK");
    jar.set("http://CURL.CO.UK/", "c=d; domain=.Co.uK");
    XT_CHECK_STR(jar.sent("http://curl.co.uk/"), "a=b; c=d");
    XT_CHECK_STR(jar.sent("http://other.co.uk/"), "");
    XT_CHECK_STR(jar.sent("http://co.uk/"), "");
}

XT_TEST(the_case_of_hosts_does_not_matter) {
    Jar jar;
    XT_CHECK(jar.set("http://WWW.Example.COM/", "a=b; domain=EXAMPLE.com"));
    XT_CHECK_STR(jar.sent("http://www.EXAMPLE.com/"), "a=b");
    XT_CHECK(jar.set("http://www.example.com/", "a=c"));
    XT_CHECK_EQ(jar.count(kNow), 1);
    XT_CHECK_STR(jar.sent("http://www.example.com/"), "a=c");
}

XT_TEST(addresses_have_cookies_of_their_own) {
    Jar jar;
    XT_CHECK(jar.set("http://127.0.0.1/", "a=4"));
    XT_CHECK(jar.set("http://[::1]/", "a=6"));
    XT_CHECK(!jar.set("http://127.0.0.1/", "a=5; domain=127.0.0.1"));
    XT_CHECK_STR(jar.sent("http://127.0.0.1/"), "a=4");
    XT_CHECK_STR(jar.sent("http://[0:0::1]/"), "a=6");
    XT_CHECK_STR(jar.sent("http://localhost/"), "");
}

XT_TEST(longer_paths_go_first_then_older_cookies) {
    Jar jar;
    jar.set("http://h.test/x/y/z", "root1=1; path=/");
    jar.set("http://h.test/x/y/z", "deep=1");
    jar.set("http://h.test/x/y/z", "mid=1; path=/x");
    jar.set("http://h.test/x/y/z", "root2=1; path=/");
    jar.set("http://h.test/x/y/z", "root1=2; path=/");
    XT_CHECK_STR(jar.sent("http://h.test/x/y/w"), "deep=1; mid=1; root1=2; root2=1");
    XT_CHECK_STR(jar.sent("http://h.test/x?/x/y/"), "mid=1; root1=2; root2=1");
    XT_CHECK_STR(jar.sent("http://h.test/xy"), "root1=2; root2=1");
}

XT_TEST(they_stand_behind_what_is_there) {
    Jar jar;
    jar.set("http://h.test/", "a=b");
    jar.set("http://h.test/", "=bare");
    base::String header = "own=1";
    jar.append_to(header, url("http://h.test/"), kNow);
    XT_CHECK_STR(std::string(header.data(), header.size()), "own=1; a=b; bare");
}

XT_TEST(name_host_and_path_make_a_cookie) {
    Jar jar;
    jar.set("http://h.test/", "a=1");
    jar.set("http://h.test/", "A=2");
    jar.set("http://h.test/", "a=3; path=/p");
    jar.set("http://i.test/", "a=4");
    jar.set("http://h.test/", "a=5; httponly");
    XT_CHECK_EQ(jar.count(kNow), 4);
    XT_CHECK_STR(jar.sent("http://h.test/p"), "a=3; a=5; A=2");
}

XT_TEST(an_expired_cookie_deletes) {
    Jar jar;
    jar.set("http://h.test/", "a=1");
    jar.set("http://h.test/", "b=1");
    XT_CHECK(jar.set("http://h.test/", "a=; expires=Thu, 01 Jan 1970 00:00:00 GMT"));
    XT_CHECK_STR(jar.sent("http://h.test/"), "b=1");
    XT_CHECK(jar.set("http://h.test/", "b=1; max-age=0; path=/other"));
    XT_CHECK_STR(jar.sent("http://h.test/"), "b=1");
    XT_CHECK(jar.set("http://h.test/", "b=1; max-age=-1"));
    XT_CHECK_EQ(jar.count(kNow), 0);
}

XT_TEST(time_ends_cookies) {
    Jar jar;
    jar.set("http://h.test/", "a=1; max-age=10");
    jar.set("http://h.test/", "b=1");
    jar.now = kNow + 9;
    XT_CHECK_STR(jar.sent("http://h.test/"), "a=1; b=1");
    jar.now = kNow + 10;
    XT_CHECK_STR(jar.sent("http://h.test/"), "b=1");
    XT_CHECK_EQ(jar.count(jar.now), 1);
}

XT_TEST(secure_cookies_go_over_tls_only) {
    Jar jar;
    XT_CHECK(jar.set("https://h.test/", "a=1; secure"));
    XT_CHECK_STR(jar.sent("https://h.test/"), "a=1");
    XT_CHECK_STR(jar.sent("http://h.test/"), "");
    XT_CHECK(!jar.set("http://h.test/", "b=1; secure"));
}

XT_TEST(nothing_without_tls_replaces_or_hides_a_secure_cookie) {
    Jar jar;
    jar.set("https://h.test/", "a=1; secure; path=/p");
    XT_CHECK(!jar.set("http://h.test/", "a=2; path=/p"));
    XT_CHECK(!jar.set("http://h.test/", "a=2; path=/p/q"));
    XT_CHECK(!jar.set("http://h.test/", "a=; path=/p; max-age=0"));
    XT_CHECK(jar.set("http://h.test/", "a=2; path=/"));
    XT_CHECK(jar.set("http://h.test/", "b=2; path=/p"));
    XT_CHECK(jar.set("http://i.test/", "a=2; path=/p"));
    XT_CHECK_STR(jar.sent("https://h.test/p"), "a=1; b=2; a=2");
    XT_CHECK(jar.set("https://h.test/", "a=3; path=/p"));
    XT_CHECK_STR(jar.sent("http://h.test/p"), "a=3; b=2; a=2");
}

XT_TEST(a_host_has_50_cookies_and_the_least_used_goes) {
    Jar jar;
    for (int i = 0; i < 50; ++i) jar.set("http://h.test/", "c" + std::to_string(i) + "=1; path=/" + std::to_string(i));
    jar.set("http://other.test/", "x=1");
    jar.sent("http://h.test/0");
    XT_CHECK(jar.set("http://h.test/", "new=1; path=/new"));
    XT_CHECK_EQ(jar.count(kNow), 51);
    XT_CHECK_STR(jar.sent("http://h.test/0"), "c0=1");
    XT_CHECK_STR(jar.sent("http://h.test/1"), "");
    XT_CHECK_STR(jar.sent("http://h.test/2"), "c2=1");
    XT_CHECK_STR(jar.sent("http://h.test/new"), "new=1");
    XT_CHECK(jar.set("http://h.test/", "c2=2; path=/2"));  // in place of itself: nothing goes
    XT_CHECK_STR(jar.sent("http://h.test/3"), "c3=1");
    XT_CHECK_EQ(jar.count(kNow), 51);
}

XT_TEST(an_expired_cookie_goes_before_one_in_use) {
    Jar jar;
    for (int i = 0; i < 49; ++i) jar.set("http://h.test/", "c" + std::to_string(i) + "=1; path=/" + std::to_string(i));
    jar.set("http://h.test/", "short=1; max-age=5");
    jar.now += 5;
    XT_CHECK(jar.set("http://h.test/", "new=1"));
    XT_CHECK_STR(jar.sent("http://h.test/0"), "c0=1; new=1");
    XT_CHECK_EQ(jar.count(jar.now), 50);
}

XT_TEST(secure_cookies_make_no_room_for_others) {
    Jar jar;
    for (int i = 0; i < 49; ++i) jar.set("https://h.test/", "c" + std::to_string(i) + "=1; secure");
    XT_CHECK(jar.set("http://h.test/", "plain=1"));
    XT_CHECK(jar.set("http://h.test/", "other=1"));
    XT_CHECK_STR(jar.sent("http://h.test/"), "other=1");
    XT_CHECK(jar.set("https://h.test/", "c49=1; secure"));
    XT_CHECK(!jar.set("http://h.test/", "plain=1"));
    XT_CHECK(jar.set("https://h.test/", "c50=1; secure"));
    XT_CHECK_EQ(jar.count(kNow), 50);
    XT_CHECK(jar.sent("https://h.test/").compare(0, 5, "c1=1;") == 0);
}

XT_TEST(the_jar_has_3000_cookies) {
    Jar jar;
    jar.set("http://first.test/", "first=1");
    jar.set("http://second.test/", "second=1");
    for (int i = 0; i < 2998; ++i) jar.set("http://h" + std::to_string(i) + ".test/", "a=1");
    XT_CHECK_EQ(jar.count(kNow), 3000);
    jar.sent("http://first.test/");
    XT_CHECK(jar.set("http://new.test/", "a=1"));
    XT_CHECK_EQ(jar.count(kNow), 3000);
    XT_CHECK_STR(jar.sent("http://first.test/"), "first=1");
    XT_CHECK_STR(jar.sent("http://second.test/"), "");
    XT_CHECK_STR(jar.sent("http://h0.test/"), "a=1");
}

XT_TEST(clear_forgets_them_all) {
    Jar jar;
    jar.set("http://h.test/", "a=1");
    jar.set("http://i.test/", "a=1");
    jar.clear();
    XT_CHECK_EQ(jar.count(kNow), 0);
    XT_CHECK_STR(jar.sent("http://h.test/"), "");
    XT_CHECK_STR(jar.json(), "[]");
}

XT_TEST(the_json_is_in_the_order_of_making) {
    Jar jar;
    jar.set("https://h.test/", "a=\"q\"; secure; max-age=60");
    jar.set("http://b.test/x/y", "\xffz=\xc3\xa9\xe2\x82; httponly");
    XT_CHECK_STR(jar.json(),
                 "[{\"name\":\"a\",\"value\":\"\\\"q\\\"\",\"domain\":\"h.test\",\"path\":\"/\",\"expires\":1700000060,"
                 "\"secure\":true,\"httpOnly\":false},"
                 "{\"name\":\"\xef\xbf\xbdz\",\"value\":\"\xc3\xa9\xef\xbf\xbd\",\"domain\":\"b.test\",\"path\":\"/x\","
                 "\"expires\":null,\"secure\":false,\"httpOnly\":true}]");
}

XT_TEST(threads_share_a_jar) {
    Jar jar;
    std::thread threads[4];
    for (int t = 0; t < 4; ++t)
        threads[t] = std::thread([&jar, t] {
            const base::Url mine = url("http://h" + std::to_string(t % 2) + ".test/");
            for (int i = 0; i < 2000; ++i) {
                const std::string cookie = "c" + std::to_string(i % 60) + "=" + std::to_string(t);
                jar.store(cookie, mine, kNow);
                base::String header;
                jar.append_to(header, mine, kNow);
                if (i % 50 == 0) jar.list(kNow);
                if (i % 500 == 0) jar.clear();
            }
        });
    for (std::thread& thread : threads) thread.join();
    XT_CHECK(jar.count(kNow) <= 100);
}

XT_MAIN("cookie_jar")
