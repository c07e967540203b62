// IP addresses as text: strict forms only, canonical output, networks.

#include "base/ip.h"

#include <string>

#include "xtest.h"

using namespace xh::base;

namespace {

std::string canonical(std::string_view text) {
    IpBytes ip;
    if (!parse_ip(text, ip)) return "refused";
    char out[kMaxIpText];
    return std::string(out, format_ip(ip, out));
}

bool in(std::string_view address, std::string_view network, unsigned bits) {
    IpBytes a, n;
    return parse_ip(address, a) && parse_ip(network, n) && a.in_network(n, bits);
}

}  // namespace

XT_TEST(addresses_come_out_canonical) {
    static const struct {
        const char *text, *expected;
    } kCases[] = {
        {"0.0.0.0", "0.0.0.0"},
        {"255.255.255.255", "255.255.255.255"},
        {"10.20.3.4", "10.20.3.4"},
        {"::", "::"},
        {"::1", "::1"},
        {"1::", "1::"},
        {"2001:DB8::FF00:42:8329", "2001:db8::ff00:42:8329"},
        {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
        {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
        {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
        {"1:2:3:4:5:6:7:8", "1:2:3:4:5:6:7:8"},
        {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
        {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
        {"::ffff:1.2.3.4", "::ffff:1.2.3.4"},
        {"::ffff:102:304", "::ffff:1.2.3.4"},
        {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
        {"1:2:3:4:5:6:1.2.3.4", "1:2:3:4:5:6:102:304"},
        {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
    };
    for (const auto& c : kCases) XT_CHECK_EQ(canonical(c.text), c.expected);
}

XT_TEST(loose_and_broken_forms_are_refused) {
    for (const char* text : {"",
                             "1",
                             "127.1",
                             "1.2.3",
                             "1.2.3.4.5",
                             "1.2.3.4 ",
                             " 1.2.3.4",
                             "01.2.3.4",
                             "1.2.3.04",
                             "256.1.1.1",
                             "1.2.3.256",
                             "1..2.3",
                             "1.2.3.",
                             ".1.2.3",
                             "0x7f.0.0.1",
                             "1.2.3.4a",
                             ":",
                             ":::",
                             "1",
                             "1:",
                             ":1",
                             "1:2:3:4:5:6:7",
                             "1:2:3:4:5:6:7:8:9",
                             "1::2::3",
                             "1:2:3:4:5:6:7:8::",
                             "::1:2:3:4:5:6:7:8",
                             "12345::",
                             "g::",
                             "::1%eth0",
                             "[::1]",
                             "::1.2.3",
                             "::1.2.3.4:5",
                             "1:2:3:4:5:6:7:1.2.3.4",
                             "1.2.3.4::",
                             "::01.2.3.4",
                             "1:::2"})
        XT_CHECK_EQ(canonical(text), "refused");
}

XT_TEST(networks_compare_to_the_bit) {
    XT_CHECK(in("10.1.2.3", "10.0.0.0", 8));
    XT_CHECK(!in("11.1.2.3", "10.0.0.0", 8));
    XT_CHECK(in("192.168.1.127", "192.168.1.64", 26));
    XT_CHECK(!in("192.168.1.128", "192.168.1.64", 26));
    XT_CHECK(in("1.2.3.4", "9.9.9.9", 0));
    XT_CHECK(in("1.2.3.4", "1.2.3.4", 32));
    XT_CHECK(!in("1.2.3.4", "1.2.3.4", 33));
    XT_CHECK(in("fd12::1", "fd00::", 8));
    XT_CHECK(!in("fe80::1", "fd00::", 8));
    XT_CHECK(in("2001:db8::1", "2001:db8::1", 128));
    XT_CHECK(!in("::1", "0.0.0.0", 0));
}

XT_TEST(a_mapped_address_gives_its_ipv4) {
    IpBytes ip, v4;
    XT_REQUIRE(parse_ip("::ffff:10.0.0.1", ip) && parse_ip("10.0.0.1", v4));
    XT_CHECK(ip.unmapped() == v4);
    XT_REQUIRE(parse_ip("::fffe:10.0.0.1", ip));
    XT_CHECK(!(ip.unmapped() == v4));
}

XT_MAIN("ip")
