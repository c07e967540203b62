// Redirects: the next method, the body, and the headers that go along.

#include "proto/redirect_rules.h"

#include <string>

#include "xtest.h"

using namespace xh::proto;

namespace {

std::string step(int status, const char* method) {
    const RedirectStep s = redirect_step(status, method);
    if (!s.follow) return "stay";
    return std::string(s.to_get ? "GET" : method) + (s.drop_body ? " empty" : " body");
}

}  // namespace

XT_TEST(the_next_method_follows_rfc_9110) {
    static const struct {
        int status;
        const char *method, *expected;
    } kCases[] = {
        {301, "POST", "GET empty"},   {302, "POST", "GET empty"}, {301, "GET", "GET body"},
        {302, "PUT", "PUT body"},     {301, "HEAD", "HEAD body"}, {302, "DELETE", "DELETE body"},
        {301, "post", "post body"},   {303, "POST", "GET empty"}, {303, "PUT", "GET empty"},
        {303, "DELETE", "GET empty"}, {303, "GET", "GET empty"},  {303, "HEAD", "HEAD empty"},
        {307, "POST", "POST body"},   {308, "POST", "POST body"}, {307, "GET", "GET body"},
        {308, "PATCH", "PATCH body"}, {300, "GET", "stay"},       {304, "GET", "stay"},
        {305, "GET", "stay"},         {306, "GET", "stay"},       {200, "GET", "stay"},
        {309, "GET", "stay"},         {401, "GET", "stay"},
    };
    for (const auto& c : kCases) XT_CHECK_EQ(step(c.status, c.method), c.expected);
}

XT_TEST(credentials_stay_behind_when_the_origin_changes) {
    RedirectCrossing crossing;
    crossing.origin = true;
    for (const char* name : {"Authorization", "COOKIE", "cookie2", "Host", "proxy-authorization"})
        XT_CHECK(!redirect_keeps(name, false, crossing));
    for (const char* name : {"Accept", "Origin", "Referer", "X-Api-Key", "Content-Type", "Cookies"})
        XT_CHECK(redirect_keeps(name, false, crossing));
    XT_CHECK(!redirect_keeps("X-Api-Key", true, crossing));
}

XT_TEST(within_one_origin_everything_but_proxy_credentials_goes_along) {
    for (const char* name : {"Authorization", "Cookie", "Host", "Accept", "Content-Type", "Expect"})
        XT_CHECK(redirect_keeps(name, true, {}));
    XT_CHECK(!redirect_keeps("Proxy-Authorization", false, {}));
}

XT_TEST(the_headers_of_a_dropped_body_are_dropped) {
    RedirectCrossing crossing;
    crossing.body_dropped = true;
    for (const char* name : {"Content-Length", "content-type", "Content-Encoding", "Content-MD5", "Transfer-Encoding",
                             "Expect", "Trailer"})
        XT_CHECK(!redirect_keeps(name, false, crossing));
    for (const char* name : {"Contents", "Accept-Encoding", "Authorization", "Cookie"})
        XT_CHECK(redirect_keeps(name, false, crossing));
}

XT_MAIN("redirect_rules")
