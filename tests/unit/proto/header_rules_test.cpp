#include "proto/header_rules.h"

#include <cstring>
#include <string>

#include "xtest.h"

using namespace xh::proto;

XT_TEST(a_name_is_a_token_of_rfc_9110) {
    for (int c = 0; c < 256; ++c) {
        const char ch = static_cast<char>(c);
        const bool token = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                           (c > 0 && c < 128 && std::strchr("!#$%&'*+-.^_`|~", c) != nullptr);
        XT_CHECK_EQ(check_header_name(std::string("a") + ch + "b"), token ? XH_OK : XH_E_INVALID_HEADER_NAME);
        XT_CHECK_EQ(check_method(std::string(1, ch)), token ? XH_OK : XH_E_INVALID_METHOD);
    }
    XT_CHECK_EQ(check_header_name(""), XH_E_INVALID_HEADER_NAME);
    XT_CHECK_EQ(check_method(""), XH_E_INVALID_METHOD);
}

XT_TEST(a_value_may_hold_any_byte_but_control_bytes) {
    for (int c = 0; c < 256; ++c)
        for (size_t at : {size_t{0}, size_t{15}, size_t{16}, size_t{40}}) {
            std::string value(41, 'v');
            value[at] = static_cast<char>(c);
            const bool good = c == '\t' || (c >= 0x20 && c != 0x7f);
            XT_CHECK_EQ(check_header_value(value), good ? XH_OK : XH_E_INVALID_HEADER_VALUE);
            XT_CHECK_EQ(check_reason(value), good ? XH_OK : XH_E_INVALID_HEADER_VALUE);
        }
}

XT_TEST(a_target_is_printable_ascii_without_space_and_fragment) {
    for (int c = 0; c < 256; ++c) {
        const bool good = c > 0x20 && c < 0x7f && c != '#';
        XT_CHECK_EQ(check_target(std::string("/") + static_cast<char>(c)), good ? XH_OK : XH_E_INVALID_PATH);
    }
    XT_CHECK_EQ(check_target(""), XH_E_INVALID_PATH);
}

XT_TEST(hosts) {
    for (const char* good :
         {"", "a", "a.b-c_d", "A.B:80", "127.0.0.1:0", "[::1]", "[::1]:443", "[fe80::1%25eth0]:1", "h:", "xn--a"})
        XT_CHECK(is_valid_host(good));
    for (const char* bad : {":80", "a b", "a/b", "a@b", "a,b", "a\\b", "[::1", "::1", "[]", "[::1]x", "a:b", "a:65536",
                            "a:1:2", "a?b", "a#b", "[g::1/]", "a]"})
        if (is_valid_host(bad)) XT_FAIL("taken: %s", bad);
}

XT_TEST(targets_fit_their_method) {
    XT_CHECK(is_valid_request_target("GET", "/"));
    XT_CHECK(is_valid_request_target("GET", "//a/b"));
    XT_CHECK(is_valid_request_target("GET", "http://h/"));
    XT_CHECK(is_valid_request_target("GET", "a+b.c-1://h"));
    XT_CHECK(is_valid_request_target("OPTIONS", "*"));
    XT_CHECK(is_valid_request_target("CONNECT", "[::1]:443"));
    for (const char* bad : {"*", "h:80", "x", "://h", "1a://h", "a_b://h", "http://", "\\x", "@h/"})
        if (is_valid_request_target("GET", bad)) XT_FAIL("taken: %s", bad);
    for (const char* bad : {"/", "h", "h:", "h:x", "u@h:1", "*"})
        if (is_valid_request_target("CONNECT", bad)) XT_FAIL("taken: %s", bad);
}

XT_TEST(names_that_keep_the_first_value) {
    int count = 0;
    for (size_t id = 0; id < static_cast<size_t>(Known::Count); ++id) {
        const Join rule = join_rule(static_cast<Known>(id));
        if (rule == Join::First) ++count;
        if (rule == Join::First) XT_CHECK_EQ(join_rule(static_cast<Known>(id), true), Join::Comma);
    }
    XT_CHECK_EQ(count, 18);
    for (const char* name : {"age", "authorization", "content-length", "content-type", "etag", "expires", "from",
                             "host", "if-modified-since", "if-unmodified-since", "last-modified", "location",
                             "max-forwards", "proxy-authorization", "referer", "retry-after", "server", "user-agent"})
        XT_CHECK_EQ(join_rule(known_header(name)), Join::First);
}

XT_TEST(names_that_are_joined_or_listed) {
    for (bool join : {false, true}) {
        XT_CHECK_EQ(join_rule(known_header("Set-Cookie"), join), Join::List);
        XT_CHECK_EQ(join_rule(known_header("COOKIE"), join), Join::Semicolon);
        XT_CHECK_EQ(join_rule(known_header("vary"), join), Join::Comma);
        XT_CHECK_EQ(join_rule(known_header("x-own"), join), Join::Comma);
    }
}

XT_TEST(hop_by_hop_names) {
    for (const char* name : {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding",
                             "upgrade", "proxy-authenticate", "proxy-authorization"})
        XT_CHECK(is_hop_by_hop(known_header(name)));
    for (const char* name : {"content-length", "host", "authorization", "x-own"})
        XT_CHECK(!is_hop_by_hop(known_header(name)));
}

XT_TEST(methods_are_those_of_node_in_order) {
    XT_CHECK_EQ(http_method_count, 35u);
    for (size_t i = 1; i < http_method_count; ++i) XT_CHECK(http_methods[i - 1] < http_methods[i]);
    XT_CHECK(is_known_method("M-SEARCH"));
    XT_CHECK(is_known_method("QUERY"));
    XT_CHECK(!is_known_method("get"));
    XT_CHECK(!is_known_method(""));
    XT_CHECK(is_idempotent_method("PUT"));
    XT_CHECK(!is_idempotent_method("POST"));
    XT_CHECK(!is_idempotent_method("PATCH"));
    XT_CHECK(!is_idempotent_method("CONNECT"));
}

XT_TEST(statuses_ascend_and_have_their_text) {
    for (size_t i = 1; i < http_status_count; ++i) XT_CHECK(http_statuses[i - 1].status < http_statuses[i].status);
    XT_CHECK_EQ(http_status_count, 63u);
    XT_CHECK_STR(status_text(404), "Not Found");
    XT_CHECK_STR(status_text(418), "I'm a Teapot");
    XT_CHECK(status_text(299) == nullptr);
    XT_CHECK(status_text(0) == nullptr);
}

XT_MAIN("header_rules")
