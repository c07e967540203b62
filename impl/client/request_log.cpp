#include "base/ascii.h"
#include "base/log.h"
#include "client/request.h"

// What a request tells the log (ffi 1.8.7): its steps and its end. No credentials; queries at XH_LOG_DEBUG only.

namespace xh::client {

namespace {

const char* phase_text(int32_t phase) noexcept {
    switch (phase) {
        case XH_PHASE_QUEUE: return "waiting for a connection";
        case XH_PHASE_LOOKUP: return "name look-up";
        case XH_PHASE_CONNECT: return "connecting";
        case XH_PHASE_PROXY: return "talking to the proxy";
        case XH_PHASE_TLS: return "TLS handshake";
        case XH_PHASE_SEND: return "sending";
        case XH_PHASE_HEAD: return "waiting for the head";
        case XH_PHASE_BODY: return "receiving the body";
        default: return nullptr;
    }
}

std::string_view shown(std::string_view url) noexcept {
    return base::log_wanted(XH_LOG_DEBUG) ? url : url.substr(0, url.find('?'));
}

/// What the application asked for is no reason to warn.
int32_t level_of(const base::ErrorList* errors) noexcept {
    if (!errors) return XH_LOG_DEBUG;
    const xh_status status = errors->front().status;
    const bool wanted = status == XH_E_CANCELLED || status == XH_E_CALLBACK || status == XH_E_SHUTDOWN;
    return wanted ? XH_LOG_INFO : XH_LOG_WARNING;
}

void append_error(base::String& line, const base::Error& error) {
    line.append(xh_status_name(error.status)).append(", ").append(error.message);
    if (const char* phase = phase_text(error.phase)) line.append("; while ").append(phase);
    if (!error.peer.empty()) line.append("; peer ").append(error.peer);
}

}  // namespace

void Request::log_start() noexcept {
    if (!base::log_wanted(XH_LOG_DEBUG)) return;
    try {
        base::String line("starts: ");
        line.append(method_).append(" ").append(url_.href());
        base::log(XH_LOG_DEBUG, id_, base::component::kRequest, line);
    } catch (const std::bad_alloc&) {
    }
}

void Request::log_step(std::string_view what, std::string_view url) noexcept {
    if (!base::log_wanted(XH_LOG_INFO)) return;
    try {
        base::String line(what);
        line.append(shown(url));
        base::log(XH_LOG_INFO, id_, base::component::kRequest, line);
    } catch (const std::bad_alloc&) {
    }
}

void Request::log_end() noexcept {
    const base::ErrorList* failed = errors();
    const int32_t level = level_of(failed);
    if (!base::log_wanted(level)) return;
    try {
        base::String line(failed ? "failed: " : "answered ");
        if (failed)
            append_error(line, failed->front());
        else
            base::append_decimal(line, static_cast<uint64_t>(response_->status()));
        line.append(" (").append(method_).append(" ").append(shown(url_.href())).append(", ");
        base::append_decimal(line, static_cast<uint64_t>((base::monotonic_ns() - made_ns_) / base::kNsPerMs));
        line.append(" ms, hops: ");
        base::append_decimal(line, hop_count());
        line.append(hop_ && hop_->reused ? ", kept connection)" : ")");
        base::log(level, id_, base::component::kRequest, line);
    } catch (const std::bad_alloc&) {
    }
}

}  // namespace xh::client
