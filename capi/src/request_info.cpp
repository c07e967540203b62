#include "guard.h"
#include "request_handle.h"

// What a request was made with (Q24), and its timeline.

using xh::capi::text_out_present;
namespace client = xh::client;

namespace {

constexpr xh_str kAbsent = {nullptr, 0};

const client::Hop* hop_of(const xh_request* request, size_t hop) noexcept {
    return request ? request->hop(hop) : nullptr;
}

/// The connection of a hop, once it has one.
const xh::conn::ConnInfo* connection_of(const xh_request* request, size_t hop) noexcept {
    const client::Hop* at = hop_of(request, hop);
    return at && at->connected.load(std::memory_order_acquire) ? at->connection.get() : nullptr;
}

xh_str text_or_absent(const char* text) noexcept { return text ? text_out_present(text) : kAbsent; }
xh_str text_or_absent(const xh::base::String& text) noexcept { return text.empty() ? kAbsent : text_out_present(text); }

}  // namespace

xh_str xh_request_url(const xh_request* request) { return request ? text_out_present(request->url_text()) : kAbsent; }
xh_str xh_request_method(const xh_request* request) {
    return request ? text_out_present(request->options().method) : kAbsent;
}
int32_t xh_request_data_type(const xh_request* request) { return request ? request->options().data_type : -1; }
xh_str xh_request_encoding(const xh_request* request) {
    return request ? text_out_present(request->options().encoding) : kAbsent;
}
xh_str xh_request_protocol(const xh_request* request) {
    return request ? text_out_present(request->protocol()) : kAbsent;
}
int32_t xh_request_return_response_body(const xh_request* request) {
    return request && request->options().return_response_body;
}
double xh_request_timeout(const xh_request* request) { return request ? request->options().timeout_s : -1; }
size_t xh_request_header_count(const xh_request* request) { return request ? request->options().headers.size() : 0; }

xh_status xh_request_header_at(const xh_request* request, size_t index, xh_str* name, xh_str* value) {
    if (!request) return XH_E_INVALID_ARGUMENT;
    if (index >= request->options().headers.size()) return XH_E_NOT_FOUND;
    const client::HeaderField& field = request->options().headers[index];
    if (name) *name = text_out_present(field.name);
    if (value) *value = text_out_present(field.value);
    return XH_OK;
}

int32_t xh_request_terminated(const xh_request* request) { return request && request->terminated(); }

size_t xh_request_hop_count(const xh_request* request) { return request ? request->hop_count() : 0; }

int64_t xh_request_hop_time(const xh_request* request, size_t hop, int32_t moment) {
    const client::Hop* at = hop_of(request, hop);
    return at && moment >= 0 && moment < client::Hop::kMoments ? at->at(moment) : -1;
}

xh_str xh_request_hop_url(const xh_request* request, size_t hop) {
    const client::Hop* at = hop_of(request, hop);
    if (!at) return kAbsent;
    return text_out_present(hop == 0 ? request->url_text() : std::string_view(at->url));
}

int32_t xh_request_hop_status(const xh_request* request, size_t hop) {
    const client::Hop* at = hop_of(request, hop);
    return at ? at->status.load(std::memory_order_relaxed) : 0;
}

int32_t xh_request_hop_reused(const xh_request* request, size_t hop) {
    return connection_of(request, hop) && hop_of(request, hop)->reused;
}

xh_str xh_request_hop_remote(const xh_request* request, size_t hop) {
    const xh::conn::ConnInfo* connection = connection_of(request, hop);
    return connection ? text_or_absent(connection->remote) : kAbsent;
}

xh_str xh_request_hop_local(const xh_request* request, size_t hop) {
    const xh::conn::ConnInfo* connection = connection_of(request, hop);
    return connection ? text_or_absent(connection->local) : kAbsent;
}

xh_str xh_request_hop_tls_version(const xh_request* request, size_t hop) {
    const xh::conn::ConnInfo* connection = connection_of(request, hop);
    return connection ? text_or_absent(connection->tls_version) : kAbsent;
}

xh_str xh_request_hop_tls_cipher(const xh_request* request, size_t hop) {
    const xh::conn::ConnInfo* connection = connection_of(request, hop);
    return connection ? text_or_absent(connection->tls_cipher) : kAbsent;
}

int32_t xh_request_hop_tls_resumed(const xh_request* request, size_t hop) {
    const xh::conn::ConnInfo* connection = connection_of(request, hop);
    return connection && connection->tls_resumed;
}
