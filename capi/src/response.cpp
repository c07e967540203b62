#include "xh/response.h"

#include "guard.h"
#include "json_handle.h"
#include "response_handle.h"

using xh::capi::response_of;
using xh::capi::text_out_present;

namespace {

constexpr xh_str kAbsent = {nullptr, 0};

xh_status line_at(const xh_response* response, size_t index, bool raw, xh_str* name, xh_str* value) noexcept {
    if (!response) return XH_E_INVALID_ARGUMENT;
    if (index >= response_of(response)->count()) return XH_E_NOT_FOUND;
    const auto& line = response_of(response)->line(index);
    if (name) *name = text_out_present(raw ? line.name : line.lower);
    if (value) *value = text_out_present(line.value);
    return XH_OK;
}

}  // namespace

xh_response* xh_response_retain(xh_response* response) {
    if (response) response_of(response)->retain();
    return response;
}

void xh_response_release(xh_response* response) {
    if (response) response_of(response)->release();
}

int32_t xh_response_status(const xh_response* response) { return response ? response_of(response)->status() : 0; }
xh_str xh_response_status_text(const xh_response* response) {
    return response ? text_out_present(response_of(response)->reason()) : kAbsent;
}
xh_str xh_response_protocol(const xh_response* response) {
    return response ? text_out_present(response_of(response)->protocol()) : kAbsent;
}
xh_str xh_response_url(const xh_response* response) {
    return response ? text_out_present(response_of(response)->url()) : kAbsent;
}

size_t xh_response_header_count(const xh_response* response) { return response ? response_of(response)->count() : 0; }

xh_status xh_response_header_at(const xh_response* response, size_t index, xh_str* name, xh_str* value) {
    return line_at(response, index, false, name, value);
}

xh_status xh_response_raw_header_at(const xh_response* response, size_t index, xh_str* name, xh_str* value) {
    return line_at(response, index, true, name, value);
}

xh_str xh_response_header(const xh_response* response, const char* name, size_t name_len, size_t nth) {
    if (!response || !name) return kAbsent;
    std::string_view value = response_of(response)->find(xh::capi::text_in(name, name_len), nth);
    return value.data() ? xh::capi::text_out(value) : kAbsent;
}

size_t xh_response_trailer_count(const xh_response* response) {
    return response && response_of(response)->complete() ? response_of(response)->trailers.size() : 0;
}

xh_status xh_response_trailer_at(const xh_response* response, size_t index, xh_str* name, xh_str* value) {
    if (!response) return XH_E_INVALID_ARGUMENT;
    if (index >= xh_response_trailer_count(response)) return XH_E_NOT_FOUND;
    const auto& field = response_of(response)->trailers[index];
    if (name) *name = text_out_present(field.name);
    if (value) *value = text_out_present(field.value);
    return XH_OK;
}

int32_t xh_response_body_type(const xh_response* response) {
    return response && response_of(response)->complete() ? response_of(response)->body_type : -1;
}

xh_str xh_response_body(const xh_response* response) {
    return xh_response_body_type(response) < 0 ? kAbsent : text_out_present(response_of(response)->body);
}

xh_json* xh_response_json(const xh_response* response) {
    return xh_response_body_type(response) < 0 ? nullptr : xh::capi::json_handle(response_of(response)->json.get());
}
