#include "proto/redirect_rules.h"

#include "base/ascii.h"

namespace xh::proto {

namespace {

template <std::size_t N>
bool one_of(std::string_view name, const std::string_view (&names)[N]) noexcept {
    for (std::string_view n : names)
        if (base::iequals(name, n)) return true;
    return false;
}

constexpr std::string_view kBoundToOrigin[] = {"authorization", "cookie", "cookie2", "host"};
constexpr std::string_view kBoundToBody[] = {"transfer-encoding", "expect", "trailer", "digest", "repr-digest"};

}  // namespace

RedirectStep redirect_step(int status, std::string_view method) noexcept {
    RedirectStep step;
    switch (status) {
        case 301:
        case 302:
            step.follow = true;
            step.to_get = method == "POST";
            break;
        case 303:
            step.follow = true;
            step.to_get = method != "GET" && method != "HEAD";
            // A GET or HEAD that carried a body keeps its method, but 303 asks for a plain retrieval.
            step.drop_body = true;
            break;
        case 307:
        case 308: step.follow = true; break;
        default: break;
    }
    if (step.to_get) step.drop_body = true;
    return step;
}

bool redirect_keeps(std::string_view name, bool marked_secret, const RedirectCrossing& crossing) noexcept {
    if (base::iequals(name, "proxy-authorization")) return false;
    if (crossing.origin && (marked_secret || one_of(name, kBoundToOrigin))) return false;
    if (crossing.body_dropped && (base::istarts_with(name, "content-") || one_of(name, kBoundToBody))) return false;
    return true;
}

}  // namespace xh::proto
