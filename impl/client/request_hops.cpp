#include <cstdlib>

#include "base/ascii.h"
#include "client/agent_state.h"
#include "client/default_agent.h"
#include "client/request.h"
#include "loop/library.h"
#include "loop/resolver.h"
#include "proto/no_proxy.h"
#include "proto/redirect_rules.h"

// One hop after the other: where each goes, and what its answer leads to.

namespace xh::client {

namespace {

/// An answer that is not delivered is read to its end only when that is cheap; else its connection is closed.
constexpr uint64_t kMostSkimmed = 256 * 1024;
constexpr int64_t kSkimMs = 100;
constexpr int32_t kMostAuthRounds = 4;

base::UrlRules url_rules() {
    base::UrlRules rules;
    rules.idn = loop::resolver::encode_idn;
    return rules;
}

bool is_web(base::Scheme scheme) noexcept { return scheme == base::Scheme::Http || scheme == base::Scheme::Https; }

std::string_view environment(const char* name) noexcept {
    const char* value = std::getenv(name);
    return value ? std::string_view(value) : std::string_view();
}

std::string_view proxy_from_process(const base::Url& url) {
    proto::ProxyEnvironment env;
    env.http_proxy = environment("http_proxy");
    env.HTTP_PROXY = environment("HTTP_PROXY");
    env.https_proxy = environment("https_proxy");
    env.HTTPS_PROXY = environment("HTTPS_PROXY");
    env.all_proxy = environment("all_proxy");
    env.ALL_PROXY = environment("ALL_PROXY");
    env.no_proxy = environment("no_proxy");
    env.NO_PROXY = environment("NO_PROXY");
    env.REQUEST_METHOD = environment("REQUEST_METHOD");
    return proto::proxy_from_environment(url, env);
}

base::Error usage(xh_status status, std::string_view text) {
    return base::Error(status, base::component::kRequest, XH_PHASE_NONE, text);
}

base::Error not_replayable() {
    return usage(XH_E_BODY_NOT_REPLAYABLE,
                 "the request has to be sent again, but its body was supplied piece by piece");
}

/// A location that is no URL may hold a password all the same: what precedes an "@" is not shown.
std::string_view without_credentials(std::string_view location) noexcept {
    std::size_t at = location.find('@');
    return at == std::string_view::npos ? location : location.substr(at + 1);
}

base::Vec<std::string_view> values_of(const proto::Head& head, proto::Known name) {
    base::Vec<std::string_view> out;
    for (uint32_t i = 0; i < head.header_count; ++i)
        if (head.headers[i].known == name) out.push_back(head.text(head.headers[i].value));
    return out;
}

proto::AuthMethod auth_method(int32_t method) noexcept {
    return method == XH_AUTH_BASIC    ? proto::AuthMethod::Basic
           : method == XH_AUTH_DIGEST ? proto::AuthMethod::Digest
                                      : proto::AuthMethod::Auto;
}

}  // namespace

xh_status Request::prepare(std::string_view url, base::Error& error) {
    auto refuse = [&error](xh_status status, std::string_view text) {
        error = usage(status, text);
        return status;
    };
    xh_status status = url_.parse(url, url_rules());
    if (status == XH_OK && !is_web(url_.scheme())) status = XH_E_UNSUPPORTED_SCHEME;
    if (status != XH_OK) return refuse(status, xh_status_text(status));
    if (!options_->return_response_body && !wants(XH_EVENT_DATA) && options_->output_file.empty())
        return refuse(XH_E_OPTION_CONFLICT,
                      "returnResponseBody is false and there is no on_data: the body would be lost");
    if (options_->tls.max_version != net::TlsVersion::Default && options_->tls.min_version > options_->tls.max_version)
        return refuse(XH_E_OPTION_CONFLICT, "minTLSVersion is above maxTLSVersion");
    agent_ = base::Ref<agent::Agent>(options_->agent.get());
    if (agent_ && options_->loop && &agent_->loop() != options_->loop.get())
        return refuse(XH_E_OPTION_CONFLICT, "the agent runs on another loop than the one that is given");
    if (agent_ && agent_->destroyed()) return refuse(XH_E_AGENT_DESTROYED, xh_status_text(XH_E_AGENT_DESTROYED));
    if (agent_ && options_->no_agent) return refuse(XH_E_OPTION_CONFLICT, "noAgent and an agent contradict each other");
    loop_ = agent_ ? base::Ref<loop::Loop>(&agent_->loop()) : options_->loop ? options_->loop : loop::library::loop();
    if (!loop_) return refuse(XH_E_TOO_MANY_FILES, "the library's thread could not be started");
    status = loop_->check();
    if (status != XH_OK)
        return refuse(status, status == XH_E_FORKED ? "the loop or agent belongs to the parent process"
                                                    : "the library was shut down since the agent was made");
    if (!agent_ && options_->no_agent) agent_ = agent::Agent::make(loop_);
    if (!agent_) agent_ = base::Ref<agent::Agent>(&default_agent(*loop_));
    if (!options_->proxy.empty()) {
        status = choose_route(error);
        if (status != XH_OK) return status;
    }
    method_ = options_->method;
    // Q08: who writes the content type writes the charset, too; the text then goes as it is.
    bool typed = options_->has_header(proto::Known::ContentType);
    status = open_body(options_->body, typed ? std::string_view("UTF-8") : std::string_view(options_->encoding),
                       encoded_body_, body_, error);
    if (status != XH_OK) return status;
    announced_length_ = body_ ? body_->length() : 0;
    if (const HeaderField* field = options_->find_header(proto::Known::ContentLength)) {
        uint64_t length = 0;
        if (!base::parse_decimal(field->value, length) || length > INT64_MAX ||
            (announced_length_ >= 0 && static_cast<int64_t>(length) != announced_length_))
            return refuse(XH_E_CONTENT_LENGTH_MISMATCH, "the content-length header is not the body's length");
        announced_length_ = static_cast<int64_t>(length);
    }
    expect_continue_ = body_ && announced_length_ != 0 &&
                       (options_->expect_continue_ms >= 0 || options_->has_header(proto::Known::Expect));
    return prepare_output(error);
}

xh_status Request::choose_route(base::Error& error) {
    const base::Url& to = target();
    std::string_view proxy = options_->proxy;
    if (proxy.empty() && options_->proxy_from_environment) proxy = proxy_from_process(to);
    if (!proxy.empty() && proto::no_proxy_matches(options_->no_proxy, to.host(), to.port())) proxy = {};
    if (!options_->socket_path.empty()) proxy = {};
    absolute_target_ = false;
    if (proxy.empty()) {
        profile_ = options_->direct_profile();
        proxy_auth_.reset();
        return XH_OK;
    }
    xh_status status = options_->proxied_profile(proxy, profile_);
    if (status != XH_OK) {
        error = usage(status, xh_status_text(status));
        return status;
    }
    const net::ProxyTarget& over = profile_->plan().proxy;
    absolute_target_ = over.kind != net::ProxyKind::Socks5 && !to.secure() && !options_->proxy_tunnel;
    // A tunnel authenticates where it is made; only a proxy that reads our head is answered here.
    if (!absolute_target_) proxy_auth_.reset();
    return XH_OK;
}

void Request::next_hop(bool fresh) {
    if (!hop_) {
        hop_ = &first_hop_;
    } else {
        auto next = std::make_unique<Hop>(base::monotonic_ns());
        next->url = base::to_string(target().href());
        Hop* at = next.get();
        hop_->next = std::move(next);
        hop_ = at;
    }
    hop_count_.fetch_add(1, std::memory_order_release);
    if (agent_->destroyed()) return end(usage(XH_E_AGENT_DESTROYED, xh_status_text(XH_E_AGENT_DESTROYED)));
    base::Error error;
    if (hop_ != &first_hop_ && body_ && !body_->rewind()) return end(not_replayable());
    if (choose_route(error) != XH_OK) return end(std::move(error));
    if (!server_auth_ && !crossed_origin_ && (options_->server_auth.given || url_.has_credentials())) {
        bool given = options_->server_auth.given;
        std::string_view user = given ? std::string_view(options_->server_auth.name) : url_.user();
        std::string_view password = given ? std::string_view(options_->server_auth.password) : url_.password();
        proto::AuthMethod method = auth_method(options_->server_auth.method);
        server_auth_ = std::make_unique<proto::Authenticator>(
            method, user, password, AgentState::of(*agent_).auth_memory(url_.origin(), user, password, method));
    }
    const net::ProxyTarget& proxy = profile_->plan().proxy;
    if (absolute_target_ && !proxy_auth_ && !proxy.user.empty()) {
        proto::AuthMethod method = auth_method(proxy.auth_method);
        base::String place("proxy ");
        place.append(proxy.host).append(":");
        base::append_decimal(place, proxy.port);
        proxy_auth_ = std::make_unique<proto::Authenticator>(
            method, proxy.user, proxy.password,
            AgentState::of(*agent_).auth_memory(place, proxy.user, proxy.password, method));
    }
    next_ = Next::Deliver;
    skimmed_ = 0;
    ExchangePlan plan;
    plan.agent = agent_.get();
    plan.origin = {target().secure(), target().port(), target().host(), profile_.get()};
    plan.deadlines.queue_ms = options_->queue_ms;
    plan.deadlines.connect = options_->connect;
    plan.deadlines.head_ms = options_->head_ms;
    plan.deadlines.stall_ms = options_->stall_ms;
    plan.deadlines.continue_ms = options_->expect_continue_ms >= 0 ? options_->expect_continue_ms : 1000;
    plan.limits.max_head_bytes = options_->max_head_bytes >= 0 ? static_cast<uint32_t>(options_->max_head_bytes)
                                                               : static_cast<uint32_t>(g_max_head_bytes.load());
    plan.limits.max_headers = static_cast<uint32_t>(options_->max_headers);
    plan.limits.max_interim = static_cast<uint32_t>(options_->max_interim);
    plan.leniency = static_cast<proto::Leniency>(options_->leniency);
    plan.method = method_;
    plan.body = body_.get();
    plan.body_length = announced_length_;
    plan.expect_continue = body_ && expect_continue_;
    plan.fresh = fresh;
    if (const HeaderField* field = options_->find_header(proto::Known::Connection)) {
        std::string_view list = field->value, item;
        while (base::next_list_item(list, item)) plan.last |= base::iequals(item, "close");
    }
    plan.safe_to_repeat = proto::is_idempotent_method(method_);
    if (wants(XH_EVENT_DATA)) plan.receive_limit = static_cast<std::size_t>(options_->receive_window);
    exchange_.start(plan, *hop_);
}

// --- what the answer leads to ---

void Request::on_exchange_information(const proto::Head& head) {
    if (wants(XH_EVENT_TRACE)) trace_head('<', {head.data, head.size});
    RequestEvent event;
    event.type = XH_EVENT_INFORMATION;
    event.status = head.status;
    emit(event);
}

bool Request::plan_redirect(const proto::Head& head) {
    if (!options_->automatic_redirections || redirects_ >= options_->max_redirections) return false;
    if (!proto::redirect_step(head.status, method_).follow) return false;
    const proto::HeaderSpan* field = head.find(proto::Known::Location);
    if (!field || field->value.len == 0) return false;
    location_ = base::to_string(head.text(field->value));
    return true;
}

bool Request::plan_authentication(const proto::Head& head) {
    bool proxy = head.status == 407;
    proto::Authenticator* who = proxy ? proxy_auth_.get() : head.status == 401 ? server_auth_.get() : nullptr;
    if (!who || auth_rounds_ >= kMostAuthRounds) return false;
    base::Vec<std::string_view> fields =
        values_of(head, proxy ? proto::Known::ProxyAuthenticate : proto::Known::WwwAuthenticate);
    if (!who->challenged(fields.data(), fields.size())) return false;
    ++auth_rounds_;
    return true;
}

void Request::keep_cookies(const proto::Head& head) {
    for (std::string_view value : values_of(head, proto::Known::SetCookie))
        AgentState::of(*agent_).cookies().store(value, target(), wall_seconds());
}

bool Request::skim(const proto::Head& head) {
    if (!exchange_.body_all_sent()) return false;
    if (head.has_body && (head.until_close || (head.has_length && head.length > kMostSkimmed))) return false;
    loop_->arm(skim_timer_, base::deadline_after(base::monotonic_ns(), kSkimMs));
    return true;
}

void Request::skim_expired(void* self) {
    auto* request = static_cast<Request*>(self);
    request->guarded([request] {
        request->exchange_.abandon();
        request->on_exchange_end();
    });
}

BodyVerdict Request::on_exchange_head(const proto::Head& head) {
    if (wants(XH_EVENT_TRACE)) trace_head('<', {head.data, head.size});
    if (ending()) return BodyVerdict::Pause;
    if (options_->cookies && head.status != 407) keep_cookies(head);  // a 407 is the proxy's
    if (server_auth_)
        if (const proto::HeaderSpan* info = head.find(proto::Known::AuthenticationInfo))
            server_auth_->info(head.text(info->value));
    next_ = plan_redirect(head) ? Next::Redirect : plan_authentication(head) ? Next::Authenticate : Next::Deliver;
    if (next_ == Next::Deliver && head.status == 417 && expect_continue_) {
        expect_continue_ = false;  // RFC 9110 10.1.1: the same once more, without the expectation
        next_ = Next::Authenticate;
    }
    if (next_ == Next::Deliver && starts_again(head)) next_ = Next::Authenticate;  // the same once more, without Range
    if (next_ != Next::Deliver) {
        if (skim(head)) return BodyVerdict::Go;
        hop_->mark(XH_TIME_END, base::monotonic_ns());
        exchange_.abandon();
        on_exchange_end();
        return BodyVerdict::Gone;
    }
    response_ = Response::make(head, target().href());
    response_public_.store(response_.get(), std::memory_order_release);
    announced_answer_ = head.has_body && head.has_length ? static_cast<int64_t>(head.length) : -1;
    RequestEvent event;
    event.type = XH_EVENT_HEADERS;
    event.status = head.status;
    emit(event);
    BodyWay way;
    way.to_app = wants(XH_EVENT_DATA);
    base::Error error;
    if (!open_output(head, way, error)) {
        error.peer = exchange_.peer();
        error.request_sent = true;
        end(std::move(error));
        return BodyVerdict::Gone;
    }
    xh_status status = incoming_.begin(*options_, *response_, way, announced_answer_);
    if (status != XH_OK) {
        end(base::Error(status, base::component::kCoding, XH_PHASE_HEAD, xh_status_text(status), exchange_.peer()));
        return BodyVerdict::Gone;
    }
    return data_stopped() ? BodyVerdict::Pause : BodyVerdict::Go;
}

std::size_t Request::on_exchange_body(const char* data, std::size_t n, BodyVerdict& verdict) {
    if (next_ != Next::Deliver) {
        skimmed_ += n;
        if (skimmed_ > kMostSkimmed) {
            exchange_.abandon();
            on_exchange_end();
            verdict = BodyVerdict::Gone;
        }
        return n;
    }
    base::Error error;
    std::size_t taken = incoming_.take(data, n, exchange_.receiving(), error);
    if (error) {
        error.peer = exchange_.peer();
        error.request_sent = true;
        end(std::move(error));
        verdict = BodyVerdict::Gone;
        return taken;
    }
    if (taken > 0 && wants(XH_EVENT_DOWNLOAD)) {
        RequestEvent event;
        event.type = XH_EVENT_DOWNLOAD;
        event.bytes = static_cast<int64_t>(incoming_.received());
        event.total = announced_answer_;
        emit(event);
    }
    // After the last byte nothing is left to hold up: the end comes whatever is not consumed yet.
    bool whole =
        taken == n && announced_answer_ >= 0 && incoming_.received() >= static_cast<uint64_t>(announced_answer_);
    if (!whole && (taken < n || incoming_.stopped())) {
        verdict = BodyVerdict::Pause;
        exchange_.set_held_up(true);
    }
    return taken;
}

void Request::on_exchange_trailers(const proto::HeaderSpan* fields, uint32_t count, const char* data) {
    if (next_ != Next::Deliver) return;
    for (uint32_t i = 0; i < count; ++i)
        response_->trailers.push_back({base::String(data + fields[i].name.pos, fields[i].name.len),
                                       base::String(data + fields[i].value.pos, fields[i].value.len)});
}

void Request::on_exchange_sent() {
    if (!body_ || !wants(XH_EVENT_UPLOAD) || exchange_.body_sent() == 0) return;
    RequestEvent event;
    event.type = XH_EVENT_UPLOAD;
    event.bytes = static_cast<int64_t>(exchange_.body_sent());
    event.total = announced_length_;
    emit(event);
}

void Request::on_exchange_end() {
    skim_timer_.disarm();
    switch (next_) {
        case Next::Deliver: return complete();
        case Next::Redirect: return follow_redirect();
        case Next::Authenticate: return next_hop(false);
    }
}

void Request::follow_redirect() {
    int status = hop_->status.load(std::memory_order_relaxed);
    auto to = std::make_unique<base::Url>();
    if (to->resolve(target(), location_, url_rules()) != XH_OK || !is_web(to->scheme())) {
        base::Error error(XH_E_BAD_REDIRECT, base::component::kRequest, XH_PHASE_HEAD,
                          "the location of the redirect cannot be used: ");
        error.message.append(without_credentials(location_));
        return end(std::move(error));
    }
    if (target().secure() && !to->secure() && options_->forbid_insecure_redirect)
        return end(usage(XH_E_INSECURE_REDIRECT,
                         "the server redirects from https to http, which forbidInsecureRedirect refuses"));
    if (!base::origin_equal(target(), *to)) {
        crossed_origin_ = true;
        server_auth_.reset();
    }
    proto::RedirectStep step = proto::redirect_step(status, method_);
    if (!step.drop_body && body_ && !body_->rewind()) return end(not_replayable());
    if (step.to_get) method_ = "GET";
    if (step.drop_body) {
        dropped_body_ = true;
        body_.reset();
        announced_length_ = 0;
    }
    if (body_ && !body_->rewind())
        return end(usage(XH_E_BODY_NOT_REPLAYABLE,
                         "the redirect asks for the body again, but it was supplied piece by piece"));
    hop_url_ = std::move(to);
    log_step("is redirected to ", hop_url_->href());
    ++redirects_;
    auth_rounds_ = 0;
    RequestEvent event;
    event.type = XH_EVENT_REDIRECT;
    event.data = hop_url_->href();
    event.status = status;
    emit(event);
    if (!ending()) next_hop(false);  // terminate in the callback ends it; its mail is on the way
}

void Request::on_exchange_failed(base::ErrorList errors, bool stale) {
    skim_timer_.disarm();
    if (errors.empty()) return end(std::move(errors));
    if (ending()) {
        // The application's word came first.
        return end_by_application();
    }
    if (stale && !retried_stale_ && (!body_ || body_->rewind())) {
        retried_stale_ = true;
        agent::bump(agent_->counters().retried, 1);
        log_step("its kept connection had been closed by the server; sends again ", target().href());
        return next_hop(true);
    }
    if (next_ != Next::Deliver && hop_->status.load(std::memory_order_relaxed) != 0) {
        // The answer that is not delivered broke off; what it leads to is known already.
        return on_exchange_end();
    }
    end(std::move(errors));
}

void Request::complete() {
    base::Error error;
    if (!incoming_.drain(error) && !error) {
        body_ended_ = true;
        return;
    }
    if (!error) incoming_.finish(*options_, *response_, error);
    if (!error && file_ && file_->started()) file_->commit(error);
    if (error) return end(std::move(error));
    response_->publish();
    succeed();
}

void Request::on_body_data(std::string_view data, base::Buffer* buffer) {
    given_ += static_cast<int64_t>(data.size());
    RequestEvent event;
    event.type = XH_EVENT_DATA;
    event.data = data;
    event.buffer = buffer;
    event.bytes = given_;
    emit(event);
}

}  // namespace xh::client
