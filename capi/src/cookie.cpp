#include "xh/cookie.h"

#include "agent_handle.h"
#include "client/agent_state.h"
#include "guard.h"
#include "loop/resolver.h"

using xh::capi::check;
using xh::capi::guard;
namespace client = xh::client;

int64_t xh_agent_cookie_count(xh_agent* agent) {
    if (check(agent) != XH_OK) return -1;
    client::AgentState* state = client::AgentState::find(agent->agent());
    return state ? static_cast<int64_t>(state->cookies().count(client::wall_seconds())) : 0;
}

xh_status xh_agent_cookies_clear(xh_agent* agent) {
    if (xh_status status = check(agent)) return status;
    if (client::AgentState* state = client::AgentState::find(agent->agent())) state->cookies().clear();
    return XH_OK;
}

xh_status xh_agent_set_cookie(xh_agent* agent, const char* url, size_t url_len, const char* text, size_t len) {
    if (xh_status status = check(agent)) return status;
    if (!url || !text || xh::capi::bad_text(url, url_len) || xh::capi::bad_text(text, len))
        return XH_E_INVALID_ARGUMENT;
    return guard([&]() -> xh_status {
        xh::base::UrlRules rules;
        rules.idn = xh::loop::resolver::encode_idn;
        xh::base::Url from;
        if (xh_status status = from.parse(xh::capi::text_in(url, url_len), rules)) return status;
        if (from.scheme() != xh::base::Scheme::Http && from.scheme() != xh::base::Scheme::Https)
            return XH_E_UNSUPPORTED_SCHEME;
        client::CookieJar& jar = client::AgentState::of(agent->agent()).cookies();
        return jar.store(xh::capi::text_in(text, len), from, client::wall_seconds()) ? XH_OK : XH_E_COOKIE_REFUSED;
    });
}

xh_status xh_agent_cookies_json(xh_agent* agent, char* buf, size_t cap, size_t* needed) {
    if (xh_status status = check(agent)) return status;
    return guard([&]() -> xh_status {
        xh::base::Vec<xh::base::Ref<const client::Cookie>> cookies;
        if (client::AgentState* state = client::AgentState::find(agent->agent()))
            cookies = state->cookies().list(client::wall_seconds());
        xh::base::String text;
        client::append_json(text, cookies);
        if (needed) *needed = text.size() + 1;
        if (!buf || cap <= text.size()) return XH_E_BUFFER_TOO_SMALL;
        std::memcpy(buf, text.c_str(), text.size() + 1);
        return XH_OK;
    });
}
