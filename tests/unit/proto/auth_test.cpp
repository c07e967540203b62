// Which challenge is answered with what, when credentials go out, and when to stop.

#include "proto/auth.h"

#include <string>
#include <vector>

#include "xtest.h"

using namespace xh::proto;
using xh::base::String;
using xh::base::Vec;

namespace {

constexpr const char* kMd5 = "Digest realm=r, nonce=md5nonce, qop=auth, algorithm=MD5";
constexpr const char* kSha = "Digest realm=r, nonce=shanonce, qop=auth, algorithm=SHA-256";
constexpr const char* kStale = "Digest realm=r, nonce=next, qop=auth, stale=true";
constexpr const char* kBasic = "Basic realm=r";

bool challenged(Authenticator& auth, std::vector<std::string_view> fields) {
    return auth.challenged(fields.data(), fields.size());
}

/// "", "basic", or the nonce of the digest that would be sent.
std::string sent(Authenticator& auth) {
    String value;
    if (auth.authorization({"GET", "/"}, "c", value) != XH_OK) return "error";
    if (value.empty()) return "";
    if (value.compare(0, 6, "Basic ") == 0) return "basic";
    const std::size_t at = value.find("nonce=\"") + 7;
    return std::string(value.substr(at, value.find('"', at) - at));
}

}  // namespace

XT_TEST(basic_is_base64_of_utf_8) {
    String value;
    XT_CHECK_EQ(basic_authorization("Aladdin", "open sesame", value), XH_OK);
    XT_CHECK_EQ(value, "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
    XT_CHECK_EQ(basic_authorization("test", "123\xC2\xA3", value), XH_OK);
    XT_CHECK_EQ(value, "Basic dGVzdDoxMjPCow==");
    XT_CHECK_EQ(basic_authorization("", "", value), XH_OK);
    XT_CHECK_EQ(value, "Basic Og==");
    XT_CHECK_EQ(basic_authorization("u", "p:q", value), XH_OK);
    XT_CHECK_EQ(value, "Basic dTpwOnE=");
    XT_CHECK_EQ(basic_authorization("a:b", "c", value), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(basic_authorization("a\n", "c", value), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(basic_authorization("a", "\x7f", value), XH_E_INVALID_ARGUMENT);
}

XT_TEST(the_strongest_allowed_challenge_is_chosen) {
    Vec<Challenge> all;
    parse_challenges("Negotiate, Basic realm=r", all);
    parse_challenges(kMd5, all);
    parse_challenges(kSha, all);
    parse_challenges("Digest realm=r, nonce=n, algorithm=SHA-1", all);
    const auto chosen = [&](AuthMethod method) -> std::string {
        const Challenge* c = choose_challenge(all, method);
        return c ? std::string(c->scheme) + " " + std::string(c->find("algorithm")) : "none";
    };
    XT_CHECK_EQ(chosen(AuthMethod::Auto), "digest SHA-256");
    XT_CHECK_EQ(chosen(AuthMethod::Digest), "digest SHA-256");
    XT_CHECK_EQ(chosen(AuthMethod::Basic), "basic ");
    parse_challenges("Digest realm=r, nonce=n, algorithm=SHA-512-256", all);
    XT_CHECK_EQ(chosen(AuthMethod::Auto), "digest SHA-512-256");
    all.clear();
    parse_challenges("Negotiate, Basic realm=r", all);
    XT_CHECK_EQ(chosen(AuthMethod::Auto), "basic ");
    XT_CHECK_EQ(chosen(AuthMethod::Digest), "none");
    all.clear();
    parse_challenges("Basic realm=\"cut", all);
    XT_CHECK_EQ(chosen(AuthMethod::Basic), "none");
}

XT_TEST(nothing_is_sent_before_a_challenge_unless_basic_was_asked_for) {
    Authenticator basic(AuthMethod::Basic, "u", "p"), digest(AuthMethod::Digest, "u", "p"),
        any(AuthMethod::Auto, "u", "p");
    XT_CHECK_EQ(sent(basic), "basic");
    XT_CHECK_EQ(sent(digest), "");
    XT_CHECK_EQ(sent(any), "");
}

XT_TEST(basic_is_never_sent_when_digest_was_asked_for) {
    Authenticator auth(AuthMethod::Digest, "u", "p");
    XT_CHECK(!challenged(auth, {kBasic}));
    XT_CHECK_EQ(sent(auth), "");
    XT_CHECK(challenged(auth, {kBasic, kMd5}));
    XT_CHECK_EQ(sent(auth), "md5nonce");
    XT_CHECK(!challenged(auth, {kBasic}));
    XT_CHECK_EQ(sent(auth), "md5nonce");
}

XT_TEST(refused_credentials_are_not_sent_twice) {
    Authenticator basic(AuthMethod::Basic, "u", "p");
    sent(basic);
    XT_CHECK(!challenged(basic, {kBasic}));
    Authenticator any(AuthMethod::Auto, "u", "p");
    sent(any);
    XT_CHECK(challenged(any, {kBasic}));
    XT_CHECK_EQ(sent(any), "basic");
    XT_CHECK(!challenged(any, {kBasic}));
    Authenticator digest(AuthMethod::Digest, "u", "p");
    sent(digest);
    XT_CHECK(challenged(digest, {kMd5}));
    sent(digest);
    XT_CHECK(!challenged(digest, {kMd5}));
}

XT_TEST(a_stale_nonce_gives_exactly_one_more_answer) {
    Authenticator auth(AuthMethod::Auto, "u", "p");
    sent(auth);
    XT_CHECK(challenged(auth, {kMd5}));
    XT_CHECK_EQ(sent(auth), "md5nonce");
    XT_CHECK(challenged(auth, {kStale}));
    XT_CHECK_EQ(sent(auth), "next");
    XT_CHECK(!challenged(auth, {kStale}));
}

XT_TEST(a_later_request_reuses_the_nonce_and_may_learn_a_new_one) {
    Authenticator first(AuthMethod::Auto, "u", "p");
    sent(first);
    XT_REQUIRE(challenged(first, {kMd5}));
    sent(first);
    Authenticator second(AuthMethod::Auto, "u", "p", first.memory());
    XT_CHECK_EQ(sent(second), "md5nonce");
    XT_CHECK_EQ(first.memory()->digest.nonce_count(), 2);
    XT_CHECK(challenged(second, {kSha}));
    XT_CHECK_EQ(sent(second), "shanonce");
    XT_CHECK(!challenged(second, {kSha}));
    second.info("nextnonce=\"learned\"");
    Authenticator third(AuthMethod::Auto, "u", "p", first.memory());
    XT_CHECK_EQ(sent(third), "learned");
    Authenticator other(AuthMethod::Auto, "u", "p");
    XT_CHECK_EQ(sent(other), "");
}

XT_TEST(method_names_are_exact) {
    AuthMethod method = AuthMethod::Auto;
    XT_CHECK(parse_auth_method("basic", method) && method == AuthMethod::Basic);
    XT_CHECK(parse_auth_method("digest", method) && method == AuthMethod::Digest);
    XT_CHECK(parse_auth_method("auto", method) && method == AuthMethod::Auto);
    for (const char* name : {"", "Basic", "ntlm", "basic "}) XT_CHECK(!parse_auth_method(name, method));
}

XT_MAIN("auth")
