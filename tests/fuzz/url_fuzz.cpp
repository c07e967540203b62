// The URL parser and reference resolution. What is taken must hold together and parse to the same again.

#include <cstdlib>
#include <string>
#include <string_view>

#include "base/url.h"

using namespace xh::base;

namespace {

void require(bool held) {
    if (!held) std::abort();
}

bool idn(std::string_view name, String& ascii) {
    ascii.assign("xn--");
    for (char c : name.substr(0, 20)) ascii.push_back(static_cast<unsigned char>(c) < 0x80 ? c : 'x');
    return true;
}

void check(const Url& url, const UrlRules& rules) {
    const std::string_view target = url.target(), host = url.host();
    require(!host.empty() && url.port() != 0 && !target.empty() && target[0] == '/');
    for (std::string_view part : {url.href(), target, url.authority()})
        for (char c : part) require(c > 0x20 && c < 0x7f && c != '"' && c != '\\');
    require(target.find('#') == std::string_view::npos);
    require(host.find_first_of("/?#@\\% ") == std::string_view::npos);
    require(url.authority().find_first_of("/?#@\\") == std::string_view::npos);
    for (std::string_view part : {url.user(), url.password()})
        for (char c : part) require(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    Url again;
    require(again.parse(url.href(), rules) == XH_OK);
    require(again.href() == url.href() && again.target() == target && again.host() == host &&
            again.port() == url.port());
    require(origin_equal(again, url) && !again.has_credentials());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    UrlRules rules;
    rules.idn = idn;
    Url url;
    if (url.parse(text, rules) == XH_OK) check(url, rules);
    rules.proxy = true;
    rules.default_scheme = Scheme::Http;
    if (url.parse(text, rules) == XH_OK) check(url, rules);
    rules.proxy = false;

    Url base, target;
    require(base.parse("http://base.example/a/b/../c?q#f", rules) == XH_OK);
    if (target.resolve(base, text, rules) == XH_OK) {
        check(target, rules);
        // Only "//" and a scheme lead to another host.
        std::string_view start = text;
        while (!start.empty() && (start[0] == ' ' || start[0] == '\t')) start.remove_prefix(1);
        const bool absolute = start.substr(0, 2) == "//" ||
                              start.substr(0, start.find_first_of("/?#")).find(':') != std::string_view::npos;
        require(absolute || origin_equal(base, target));
    }
    return 0;
}
