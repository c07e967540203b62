#include "xh/module.h"

#include "client/options.h"
#include "conn/parser_pool.h"
#include "guard.h"
#include "proto/header_rules.h"
#include "proto/http_names.h"

namespace proto = xh::proto;

size_t xh_method_count(void) { return proto::http_method_count; }
const char* xh_method_at(size_t index) {
    return index < proto::http_method_count ? proto::http_methods[index].data() : nullptr;
}

const char* xh_status_message(int32_t code) {
    return code < 0 ? nullptr : proto::status_text(static_cast<unsigned>(code));
}
int32_t xh_status_message_at(size_t index) {
    return index < proto::http_status_count ? proto::http_statuses[index].status : 0;
}

size_t xh_max_header_size(void) { return xh::client::g_max_head_bytes.load(); }

xh_status xh_set_max_header_size(size_t bytes) {
    if (bytes < 1 || bytes > (1u << 24)) return XH_E_OPTION_VALUE;
    xh::client::g_max_head_bytes.store(bytes);
    return XH_OK;
}

xh_status xh_validate_header_name(const char* name, size_t len) {
    if (!name) return XH_E_INVALID_HEADER_NAME;
    return proto::check_header_name(xh::capi::text_in(name, len));
}

xh_status xh_validate_header_value(const char* name, size_t name_len, const char* value, size_t len) {
    if (xh_status status = xh_validate_header_name(name, name_len)) return status;
    return proto::check_header_value(xh::capi::text_in(value, len));
}

size_t xh_max_idle_http_parsers(void) { return xh::conn::max_idle_parsers(); }

xh_status xh_set_max_idle_http_parsers(size_t count) {
    xh::conn::set_max_idle_parsers(count);
    return XH_OK;
}
