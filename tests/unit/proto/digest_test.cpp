// Digest authentication: the vectors of RFC 7616, 2617 and 2069, every algorithm, and what goes into the header.

#include "proto/digest.h"

#include <string>

#include "xtest.h"

using namespace xh::proto;
using xh::base::String;
using xh::base::Vec;

namespace {

constexpr std::string_view kNonce = "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v";
constexpr std::string_view kCnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
constexpr std::string_view kBody = "Hello, world!";

Challenge challenge(std::string_view field) {
    Vec<Challenge> challenges;
    parse_challenges(field, challenges);
    return challenges.empty() ? Challenge() : challenges[0];
}

/// RFC 7616 3.9.1 with another algorithm and qop.
std::string field_with(std::string_view algorithm, std::string_view qop) {
    std::string field = "Digest realm=\"http-auth@example.org\", ";
    if (!qop.empty()) field += "qop=\"" + std::string(qop) + "\", ";
    if (!algorithm.empty()) field += "algorithm=" + std::string(algorithm) + ", ";
    return field + "nonce=\"" + std::string(kNonce) + "\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"";
}

bool hash_body(void*, DigestHash& hash) {
    hash.add(kBody.substr(0, 5)).add(kBody.substr(5));
    return true;
}

DigestRequest get() { return {"GET", "/dir/index.html"}; }
DigestRequest post() { return {"POST", "/dir/index.html", hash_body, nullptr, true}; }

std::string answer(DigestSession& session, const DigestRequest& request, std::string_view cnonce = kCnonce,
                   std::string_view user = "Mufasa", std::string_view password = "Circle of Life") {
    String value;
    const xh_status status = session.authorize(user, password, request, cnonce, value);
    return status == XH_OK ? std::string(value) : "status " + std::to_string(status);
}

/// The value of name=... in an answer, without quotes.
std::string field_of(const std::string& value, const std::string& name) {
    std::size_t at = value.find(" " + name + "=");
    if (at == std::string::npos) return "absent";
    at += name.size() + 2;
    const bool quoted = value[at] == '"';
    if (quoted) ++at;
    return value.substr(at, value.find(quoted ? '"' : ',', at) - at);
}

std::string response(std::string_view algorithm, std::string_view qop, const DigestRequest& request) {
    DigestSession session;
    if (session.start(challenge(field_with(algorithm, qop))) != XH_OK) return "refused";
    return field_of(answer(session, request), "response");
}

}  // namespace

XT_TEST(rfc_7616_example_with_md5) {
    DigestSession session;
    XT_REQUIRE(session.start(challenge(field_with("MD5", "auth, auth-int"))) == XH_OK);
    XT_CHECK_EQ(
        answer(session, get()),
        "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", "
        "nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", algorithm=MD5, qop=auth, "
        "nc=00000001, cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", "
        "response=\"8ca523f5e9506fed4657c9700eebdbec\", opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\"");
}

XT_TEST(rfc_7616_example_with_sha_256) {
    XT_CHECK_EQ(response("SHA-256", "auth, auth-int", get()),
                "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1");
}

XT_TEST(rfc_7616_example_with_sha_512_256_charset_and_userhash) {
    // Name and response of erratum 4897: those of the text were made with a draft of SHA-512/256.
    const char* field =
        "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, "
        "nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", "
        "opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", "
        "charset=UTF-8";
    const char* cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    const char* user = "J\xC3\xA4s\xC3\xB8n Doe";
    DigestSession hashed;
    XT_REQUIRE(hashed.start(challenge(std::string(field) + ", userhash=true")) == XH_OK);
    std::string value = answer(hashed, {"GET", "/doe.json"}, cnonce, user, "Secret, or not?");
    XT_CHECK_EQ(field_of(value, "username"), "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b");
    XT_CHECK_EQ(field_of(value, "response"), "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
    XT_CHECK_EQ(field_of(value, "userhash"), "true");
    DigestSession plain;
    XT_REQUIRE(plain.start(challenge(field)) == XH_OK);
    value = answer(plain, {"GET", "/doe.json"}, cnonce, user, "Secret, or not?");
    XT_CHECK_EQ(field_of(value, "username*"), "UTF-8''J%C3%A4s%C3%B8n%20Doe");
    XT_CHECK_EQ(field_of(value, "username"), "absent");
    XT_CHECK_EQ(field_of(value, "response"), "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5");
}

XT_TEST(rfc_2617_example) {
    DigestSession session;
    XT_REQUIRE(session.start(challenge("Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", "
                                       "nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
                                       "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"")) == XH_OK);
    const std::string value = answer(session, get(), "0a4f113b", "Mufasa", "Circle Of Life");
    XT_CHECK_EQ(field_of(value, "response"), "6629fae49393a05397450978507c4ef1");
    XT_CHECK_EQ(field_of(value, "algorithm"), "absent");
}

XT_TEST(rfc_2069_example_without_qop) {
    const char* field =
        "Digest realm=\"testrealm@host.com\", nonce=\"dcd98b7102dd2f0e8b11d0f600bfb0c093\", "
        "opaque=\"5ccc069c403ebaf9f0171e9517f40e41\"";
    DigestSession session;
    XT_REQUIRE(session.start(challenge(field)) == XH_OK);
    // The response of its erratum 749; the one in the text is not of these inputs.
    const std::string value = answer(session, get(), "unused", "Mufasa", "CircleOfLife");
    XT_CHECK_EQ(field_of(value, "response"), "1949323746fe6a43ef61f9606e7febea");
    for (const char* name : {"qop", "nc", "cnonce"}) XT_CHECK_EQ(field_of(value, name), "absent");
    XT_REQUIRE(session.start(challenge(field)) == XH_OK);
    XT_CHECK_EQ(field_of(answer(session, get(), "x", "Mufasa", "Circle Of Life"), "response"),
                "670fd8c2df070c60b045671b8b24ff02");
}

XT_TEST(every_algorithm_with_auth_and_auth_int) {
    static const struct {
        const char *algorithm, *auth, *auth_int;
    } kCases[] = {
        {"", "8ca523f5e9506fed4657c9700eebdbec", "ce37b7b71dad881db8b7f8015d2446f5"},
        {"md5", "8ca523f5e9506fed4657c9700eebdbec", "ce37b7b71dad881db8b7f8015d2446f5"},
        {"MD5-sess", "e783283f46242139c486a698fec7211d", "cbb6f810f02ef8984650aefdbf5c02aa"},
        {"SHA-256", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1",
         "c061051d755c6bf3b7271a6c90b58bed403a7315a7ba44ec43bff073bf7dc394"},
        {"SHA-256-sess", "2fd51b3a77ad75bad6afad6003e818d767133c46d9e2749e7f5232ae1ea3efd7",
         "979ada189b2eeb754695644bdaea7f352683a6c2b6f0e08153366f6ea61a140a"},
        {"\"SHA-512-256\"", "430d05014cecc49cab6fbe03176d41a1da86cbfe24a16580e22aaad928d960d0",
         "a5ea73722a1f276704ee06ec497c63279a8a08ffd28c4c95a0032b6aa5c39662"},
        {"SHA-512-256-sess", "3f2a34f923c38b0fb26dce2fdfc2ce326c23cecf86fbb1444f3e51fbbc2cb92e",
         "f59b48cee05b51a7ec6cb35c32b93c0d8d35a237042af80883e58bc83ca67123"},
    };
    for (const auto& c : kCases) {
        XT_CHECK_EQ(response(c.algorithm, "auth", get()), c.auth);
        XT_CHECK_EQ(response(c.algorithm, "auth-int", post()), c.auth_int);
    }
    XT_CHECK_EQ(response("MD5-sess", "", get()), "37a7f42db2090a3fcac4e26e747d4fc8");
}

XT_TEST(auth_is_preferred_to_auth_int_and_auth_int_needs_the_body) {
    DigestSession session;
    XT_REQUIRE(session.start(challenge(field_with("MD5", "auth-int,auth"))) == XH_OK);
    XT_CHECK_EQ(field_of(answer(session, post()), "qop"), "auth");
    XT_REQUIRE(session.start(challenge(field_with("MD5", "auth-int"))) == XH_OK);
    DigestRequest streamed = post();
    streamed.body_hash = nullptr;
    XT_CHECK_EQ(answer(session, streamed), "status " + std::to_string(XH_E_BODY_NOT_REPLAYABLE));
    streamed.body_hash = [](void*, DigestHash&) { return false; };
    XT_CHECK_EQ(answer(session, streamed), "status " + std::to_string(XH_E_BODY_NOT_REPLAYABLE));
    XT_CHECK_EQ(field_of(answer(session, get()), "qop"), "auth-int");
}

XT_TEST(the_nonce_count_goes_up_and_starts_again_with_a_new_nonce) {
    DigestSession session;
    XT_REQUIRE(session.start(challenge(field_with("SHA-256", "auth"))) == XH_OK);
    XT_CHECK_EQ(field_of(answer(session, get()), "nc"), "00000001");
    XT_CHECK_EQ(field_of(answer(session, get()), "nc"), "00000002");
    for (int i = 3; i <= 26; ++i) answer(session, get());
    XT_CHECK_EQ(field_of(answer(session, get()), "nc"), "0000001b");
    session.info("rspauth=\"x\"");
    XT_CHECK_EQ(field_of(answer(session, get()), "nc"), "0000001c");
    session.info("qop=auth, nextnonce=\"fresh\"");
    const std::string value = answer(session, get());
    XT_CHECK_EQ(field_of(value, "nc"), "00000001");
    XT_CHECK_EQ(field_of(value, "nonce"), "fresh");
    session.info("nextnonce=\"\"");
    XT_CHECK_EQ(session.nonce(), "fresh");
}

XT_TEST(a_sess_session_keeps_its_first_cnonce) {
    DigestSession session;
    XT_REQUIRE(session.start(challenge(field_with("MD5-sess", "auth"))) == XH_OK);
    XT_CHECK_EQ(field_of(answer(session, get(), kCnonce), "cnonce"), kCnonce);
    XT_CHECK_EQ(field_of(answer(session, get(), "another"), "cnonce"), kCnonce);
    XT_REQUIRE(session.start(challenge(field_with("MD5-sess", "auth"))) == XH_OK);
    XT_CHECK_EQ(field_of(answer(session, get(), "another"), "cnonce"), "another");
}

XT_TEST(values_of_the_server_are_quoted_again) {
    DigestSession session;
    XT_REQUIRE(session.start(challenge("Digest realm=\"a \\\"b\\\" \\\\c\", nonce=\"n\\\"\", qop=auth, opaque=\"\"")) ==
               XH_OK);
    const std::string value = answer(session, {"GET", "/\"x\\"}, "c", "us\"er");
    XT_CHECK(value.find("realm=\"a \\\"b\\\" \\\\c\"") != std::string::npos);
    XT_CHECK(value.find("nonce=\"n\\\"\"") != std::string::npos);
    XT_CHECK(value.find("username=\"us\\\"er\"") != std::string::npos);
    XT_CHECK(value.find("uri=\"/\\\"x\\\\\"") != std::string::npos);
    XT_CHECK(value.find("opaque=\"\"") != std::string::npos);
}

XT_TEST(control_bytes_in_the_credentials_are_refused) {
    DigestSession session;
    XT_REQUIRE(session.start(challenge(field_with("MD5", "auth"))) == XH_OK);
    String value;
    XT_CHECK_EQ(session.authorize("a\r\nX: y", "p", get(), "c", value), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(session.authorize("a", std::string_view("p\0q", 3), get(), "c", value), XH_E_INVALID_ARGUMENT);
    XT_CHECK(value.empty());
}

XT_TEST(challenges_that_cannot_be_answered_have_no_rank) {
    XT_CHECK_EQ(digest_rank(challenge(field_with("SHA-1", "auth"))), 0);
    XT_CHECK_EQ(digest_rank(challenge(field_with("MD5", "auth-conf"))), 0);
    XT_CHECK_EQ(digest_rank(challenge("Digest nonce=x")), 0);
    XT_CHECK_EQ(digest_rank(challenge("Digest realm=x")), 0);
    XT_CHECK_EQ(digest_rank(challenge("Digest realm=x, nonce=\"\"")), 0);
    XT_CHECK_EQ(digest_rank(challenge("Digest realm=x, nonce=\"y")), 0);
    XT_CHECK_EQ(digest_rank(challenge("Basic realm=x, nonce=y")), 0);
    XT_CHECK(digest_rank(challenge(field_with("", ""))) > 0);
    XT_CHECK(digest_rank(challenge(field_with("SHA-256", "auth"))) >
             digest_rank(challenge(field_with("MD5-sess", "auth"))));
    DigestSession session;
    XT_CHECK_EQ(session.start(challenge("Digest realm=x")), XH_E_BAD_CHALLENGE);
    String value;
    XT_CHECK_EQ(session.authorize("u", "p", get(), "c", value), XH_E_STATE);
}

XT_TEST(random_text_is_hexadecimal_and_does_not_repeat) {
    char a[65], b[65];
    XT_REQUIRE(random_hex(a, 65) && random_hex(b, 65));
    XT_CHECK(std::string_view(a, 65) != std::string_view(b, 65));
    XT_CHECK_EQ(std::string_view(a, 65).find_first_not_of("0123456789abcdef"), std::string_view::npos);
}

XT_MAIN("digest")
