#include "base/ascii.h"
#include "client/agent_state.h"
#include "client/request.h"
#include "proto/header_rules.h"
#include "proto/http1_writer.h"
#include "proto/redirect_rules.h"
#include "xh/base.h"

// What a request sends: its head, and what of that a trace may show.

namespace xh::client {

namespace {

#define XH_TEXT_(x) #x
#define XH_TEXT(x) XH_TEXT_(x)
constexpr std::string_view kUserAgent =
    "xh/" XH_TEXT(XH_VERSION_MAJOR) "." XH_TEXT(XH_VERSION_MINOR) "." XH_TEXT(XH_VERSION_PATCH);

/// Headers whose values a trace hides.
bool carries_credentials(proto::Known name) noexcept {
    using proto::Known;
    return name == Known::Authorization || name == Known::ProxyAuthorization || name == Known::Cookie ||
           name == Known::SetCookie || name == Known::WwwAuthenticate || name == Known::ProxyAuthenticate ||
           name == Known::AuthenticationInfo || name == Known::ProxyAuthenticationInfo;
}

/// The body for qop auth-int: only one that lies in memory can be hashed before it is sent.
bool hash_body(void* source, proto::DigestHash& hash) {
    auto* body = static_cast<conn::BodySource*>(source);
    std::string_view data;
    if (!body || !body->rewind() || body->length() < 0) return false;
    if (body->peek(data) == conn::Supply::End) data = {};
    if (static_cast<int64_t>(data.size()) != body->length()) return false;
    hash.add(data);
    return true;
}

}  // namespace

bool Request::is_secret(std::string_view name) const noexcept {
    std::string_view list = options_->secret_headers;
    std::string_view item;
    while (base::next_list_item(list, item))
        if (base::iequals(item, name)) return true;
    return false;
}

bool Request::drops(const HeaderField& field) const noexcept {
    if (redirects_ == 0) return false;
    return !proto::redirect_keeps(field.name, is_secret(field.name), {crossed_origin_, dropped_body_});
}

xh_status Request::authorize(proto::Authenticator* who, std::string_view uri, base::String& value) {
    value.clear();
    if (!who) return XH_OK;
    proto::DigestRequest request;
    request.method = method_;
    request.uri = uri;
    request.has_body = body_ != nullptr;
    request.body_hash = hash_body;
    request.body_context = body_.get();
    char cnonce[32];
    if (!proto::random_hex(cnonce, sizeof cnonce)) return XH_E_INTERNAL;
    return who->authorization(request, {cnonce, sizeof cnonce}, value);
}

xh_status Request::write_head(base::String& out, bool reusable) {
    const base::Url& to = target();
    std::string_view uri = absolute_target_ ? to.absolute() : to.target();
    proto::HeadWriter head(out);
    head.request_line(method_, uri);
    using proto::Known;
    bool seen[static_cast<std::size_t>(Known::Count)] = {};
    auto given = [&seen](Known name) -> bool& { return seen[static_cast<std::size_t>(name)]; };
    base::String cookies;  // those of the caller, then those of the jar, in one line
    for (const HeaderField& field : options_->headers) {
        Known known = field.known;
        if (drops(field)) continue;
        given(known) = true;
        // Framing and Expect are written once, below, from what is really sent.
        if (known == Known::ContentLength || known == Known::Expect) continue;
        if (known == Known::Connection && !reusable) continue;
        if (known == Known::Authorization && server_auth_) continue;
        if (known == Known::ProxyAuthorization && proxy_auth_) continue;
        if (known == Known::Cookie && options_->cookies) {
            if (!cookies.empty() && !field.value.empty()) cookies.append("; ");
            cookies.append(field.value);
            continue;
        }
        head.checked_field(known, field.name, field.value);
    }
    if (!given(Known::Host)) head.own_field("Host: ", to.authority());
    if (!given(Known::UserAgent)) head.own_field("User-Agent: ", kUserAgent);
    if (!given(Known::Accept)) head.own_field("Accept: ", "*/*");
    if (!given(Known::AcceptEncoding) && options_->decompress && !options_->resume)
        head.own_field("Accept-Encoding: ", proto::kAcceptEncoding);
    write_range(head);
    if (options_->cookies)
        if (AgentState* state = AgentState::find(*agent_)) state->cookies().append_to(cookies, to, wall_seconds());
    if (!cookies.empty()) head.field("Cookie", cookies);
    base::String value;
    xh_status status = authorize(server_auth_.get(), uri, value);
    if (status != XH_OK) return status;
    if (!value.empty()) head.own_field("Authorization: ", value);
    status = authorize(proxy_auth_.get(), uri, value);
    if (status != XH_OK) return status;
    if (!value.empty()) head.own_field("Proxy-Authorization: ", value);
    if (body_) {
        if (!given(Known::ContentType))
            head.own_field("Content-Type: ", options_->body->content_type(options_->encoding));
        if (announced_length_ >= 0)
            head.content_length(static_cast<uint64_t>(announced_length_));
        else
            head.chunked();
        if (expect_continue_) head.own_field("Expect: ", "100-continue");
    } else if (method_ == "POST" || method_ == "PUT" || method_ == "PATCH") {
        head.content_length(0);
    }
    if (!reusable)
        head.own_field("Connection: ", "close");
    else if (!given(Known::Connection))
        head.own_field("Connection: ", "keep-alive");
    status = head.finish();
    if (status == XH_OK && wants(XH_EVENT_TRACE)) trace_head('>', out);
    return status;
}

void Request::trace_head(char mark, std::string_view head) {
    while (!head.empty()) {
        std::size_t end = head.find("\r\n");
        std::string_view line = head.substr(0, end);
        head = end == std::string_view::npos ? std::string_view() : head.substr(end + 2);
        if (line.empty()) break;
        base::String text{mark, ' '};
        std::size_t colon = line.find(':');
        std::string_view name = line.substr(0, colon);
        bool hide = !options_->trace_credentials && colon != std::string_view::npos &&
                    (carries_credentials(proto::known_header(name)) || is_secret(name));
        if (hide)
            text.append(name).append(": ***");
        else
            text.append(line);
        RequestEvent event;
        event.type = XH_EVENT_TRACE;
        event.data = text;
        emit(event);
    }
}

}  // namespace xh::client
