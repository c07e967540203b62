// WWW-Authenticate: challenges next to and behind each other, quoting, and garbage.

#include "proto/challenge.h"

#include <string>

#include "xtest.h"

using namespace xh::proto;
using xh::base::Vec;

namespace {

/// "scheme(token68){name=value|...}!" for each challenge; the mark stands for broken.
std::string shown(std::string_view field) {
    Vec<Challenge> challenges;
    parse_challenges(field, challenges);
    std::string out;
    for (const Challenge& c : challenges) {
        if (!out.empty()) out += ' ';
        out += c.scheme;
        if (!c.token68.empty()) out += "(" + std::string(c.token68) + ")";
        if (!c.params.empty()) {
            out += '{';
            for (std::size_t i = 0; i < c.params.size(); ++i) {
                if (i) out += '|';
                out += std::string(c.params[i].name) + "=" + std::string(c.params[i].value);
            }
            out += '}';
        }
        if (c.broken) out += '!';
    }
    return out;
}

}  // namespace

XT_TEST(challenges_are_read_with_their_parameters) {
    static const struct {
        const char *field, *expected;
    } kCases[] = {
        {"Basic realm=\"simple\"", "basic{realm=simple}"},
        {"Basic", "basic"},
        {"Negotiate", "negotiate"},
        {"Basic realm=token", "basic{realm=token}"},
        {"BASIC Realm = \"a\" , CharSet=\t\"UTF-8\"", "basic{realm=a|charset=UTF-8}"},
        {"Basic realm=\"\"", "basic{realm=}"},
        {"Basic realm=\"a, Digest realm=b\"", "basic{realm=a, Digest realm=b}"},
        {"Basic realm=\"q\\\"u\\\\o\\te\"", "basic{realm=q\"u\\ote}"},
        {"Newauth realm=\"apps\", type=1, title=\"Login to \\\"apps\\\"\", Basic realm=\"simple\"",
         "newauth{realm=apps|type=1|title=Login to \"apps\"} basic{realm=simple}"},
        {"Basic realm=\"a\", Digest realm=\"b\", nonce=\"c\", qop=\"auth,auth-int\"",
         "basic{realm=a} digest{realm=b|nonce=c|qop=auth,auth-int}"},
        {"Digest realm=\"b\", nonce=\"c\", stale=TRUE, algorithm=MD5",
         "digest{realm=b|nonce=c|stale=TRUE|algorithm=MD5}"},
        {"Negotiate, NTLM", "negotiate ntlm"},
        {"Negotiate YII=, Basic realm=x", "negotiate(YII=) basic{realm=x}"},
        {"NTLM TlRMTVNTUAAC+/-._~a==", "ntlm(TlRMTVNTUAAC+/-._~a==)"},
        {"Basic,Digest realm=x", "basic digest{realm=x}"},
        {", , Basic realm=x,,, nonce=y,", "basic{realm=x|nonce=y}"},
        {"Digest realm=x\tnonce=y", "digest{realm=x|nonce=y}"},
    };
    for (const auto& c : kCases) XT_CHECK_EQ(shown(c.field), c.expected);
}

XT_TEST(broken_challenges_are_marked_and_their_neighbours_survive) {
    XT_CHECK_EQ(shown("Basic realm=\"open"), "basic{realm=open}!");
    XT_CHECK_EQ(shown("Basic realm=\"open\\"), "basic{realm=open\\}!");
    XT_CHECK_EQ(shown("Digest realm=\"a\", realm=\"b\", Basic realm=\"c\""), "digest{realm=a|realm=b}! basic{realm=c}");
    XT_CHECK_EQ(shown("Digest nonce=\"a\rb\""), "digest{nonce=a\rb}!");
    XT_CHECK_EQ(shown("Digest nonce=\"\\\n\""), "digest{nonce=\n}!");
    XT_CHECK_EQ(shown("realm=\"no scheme\", Basic realm=x"), "basic{realm=x}");
    XT_CHECK_EQ(shown("\"quoted, Basic realm=x\" Digest realm=y"), "digest{realm=y}");
    XT_CHECK_EQ(shown("@@@ ;;; ((( Basic realm=x"), "basic{realm=x}");
    XT_CHECK_EQ(shown(""), "");
    XT_CHECK_EQ(shown(" \t,,, "), "");
    XT_CHECK_EQ(shown("====="), "");
}

XT_TEST(parameters_never_pass_from_one_field_to_the_next) {
    Vec<Challenge> challenges;
    parse_challenges("Digest realm=a", challenges);
    parse_challenges("nonce=b", challenges);
    XT_REQUIRE(challenges.size() == 1);
    XT_CHECK(!challenges[0].find("nonce").data());
}

XT_TEST(a_field_cut_at_any_byte_does_no_harm) {
    const std::string field =
        "Negotiate YII==, Digest realm=\"a \\\"b\\\" c\", nonce=\"n\", qop=\"auth, auth-int\", opaque=x, Basic "
        "realm=\"z\"";
    for (std::size_t from = 0; from < field.size(); ++from) {
        for (std::size_t to = from; to <= field.size(); ++to) {
            Vec<Challenge> challenges;
            const std::string part = field.substr(from, to - from);
            parse_challenges(part, challenges);
            if (challenges.size() > 16) XT_FAIL("from %zu to %zu", from, to);
        }
    }
    XT_CHECK(true);
}

XT_TEST(floods_are_cut_off) {
    std::string schemes, params = "Digest ";
    for (int i = 0; i < 1000; ++i) schemes += "a" + std::to_string(i) + ",";
    for (int i = 0; i < 1000; ++i) params += "p" + std::to_string(i) + "=x,";
    Vec<Challenge> challenges;
    parse_challenges(schemes, challenges);
    XT_CHECK_EQ(challenges.size(), 16);
    challenges.clear();
    parse_challenges(params, challenges);
    XT_REQUIRE(challenges.size() == 1);
    XT_CHECK_EQ(challenges[0].params.size(), 32);
}

XT_TEST(authentication_info_is_read) {
    Vec<AuthParam> params;
    parse_auth_params("nextnonce=\"n1\", qop=auth, rspauth=\"00\", cnonce=\"c\", nc=00000001", params);
    XT_REQUIRE(params.size() == 5);
    XT_CHECK_EQ(params[0].name, "nextnonce");
    XT_CHECK_EQ(params[0].value, "n1");
    XT_CHECK_EQ(params[4].value, "00000001");
}

XT_MAIN("challenge")
