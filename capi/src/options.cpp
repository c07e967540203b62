#include "xh/options.h"

#include "agent_handle.h"
#include "base/ascii.h"
#include "base/utf8.h"
#include "client/option_table.h"
#include "guard.h"
#include "loop_handle.h"
#include "options_handle.h"
#include "queue_handle.h"

using xh::capi::guard;
using xh::capi::text_in;
namespace base = xh::base;
namespace client = xh::client;

namespace {

xh_status arguments(const xh_options* options, const void* text, size_t len) noexcept {
    return !options || xh::capi::bad_text(text, len) ? XH_E_INVALID_ARGUMENT : XH_OK;
}

/// Changes the values by `change`; the set stays as it was when that fails.
template <class F>
xh_status with_values(xh_options* options, int32_t option, F&& change) noexcept {
    return guard([&]() -> xh_status {
        if (!options) return XH_E_INVALID_ARGUMENT;
        const client::OptionInfo* info = client::find_option(option);
        if (!info) return XH_E_UNKNOWN_OPTION;
        return change(options->writable(), *info);
    });
}

template <class F>
xh_status read_values(const xh_options* options, int32_t option, const void* out, F&& read) noexcept {
    return guard([&]() -> xh_status {
        if (!options || !out) return XH_E_INVALID_ARGUMENT;
        const client::OptionInfo* info = client::find_option(option);
        return info ? read(*options->values, *info) : XH_E_UNKNOWN_OPTION;
    });
}

xh_status set_body(xh_options* options, client::BodyForm form, const void* bytes, size_t len) noexcept {
    if (xh_status status = arguments(options, bytes, len)) return status;
    return guard([&]() -> xh_status {
        std::string_view view = text_in(static_cast<const char*>(bytes), len);
        base::Ref<client::Body> body = view.data() ? client::Body::copied(form, view) : base::Ref<client::Body>();
        options->writable().body = std::move(body);
        return XH_OK;
    });
}

size_t erase_header(client::OptionValues& values, std::string_view name) {
    size_t before = values.headers.size();
    auto& headers = values.headers;
    for (size_t i = 0; i < headers.size();) {
        if (base::iequals(headers[i].name, name))
            headers.erase(headers.begin() + static_cast<std::ptrdiff_t>(i));
        else
            ++i;
    }
    return before - headers.size();
}

xh_status put_header(xh_options* options, const char* name, size_t name_len, const char* value, size_t value_len,
                     bool replace) noexcept {
    if (arguments(options, name, name_len) || xh::capi::bad_text(value, value_len)) return XH_E_INVALID_ARGUMENT;
    return guard([&]() -> xh_status {
        std::string_view key = text_in(name, name_len);
        std::string_view text = text_in(value, value_len);
        if (xh_status status = client::check_header(key, text)) return status;
        client::HeaderField field{base::to_string(key), base::to_string(text)};
        client::OptionValues& values = options->writable();
        if (replace) erase_header(values, key);
        values.headers.push_back(std::move(field));
        return XH_OK;
    });
}

}  // namespace

xh_options* xh_options_new(void) {
    return xh::capi::guard_or<xh_options*>(nullptr, [] { return new xh_options(); });
}

xh_options* xh_options_copy(const xh_options* options) {
    if (!options || (options->values->body && options->values->body->is_pulled())) return nullptr;
    return xh::capi::guard_or<xh_options*>(nullptr, [&] { return new xh_options(*options->values); });
}

xh_options* xh_options_retain(xh_options* options) {
    if (options) options->retain();
    return options;
}

void xh_options_release(xh_options* options) {
    if (options) options->release();
}

xh_status xh_options_set_int(xh_options* options, int32_t option, int64_t value) {
    return with_values(options, option, [&](client::OptionValues& values, const client::OptionInfo& info) {
        return client::set_int(values, info, value);
    });
}

xh_status xh_options_set_real(xh_options* options, int32_t option, double value) {
    return with_values(options, option, [&](client::OptionValues& values, const client::OptionInfo& info) {
        return client::set_real(values, info, value);
    });
}

xh_status xh_options_set_str(xh_options* options, int32_t option, const char* text, size_t len) {
    if (xh_status status = arguments(options, text, len)) return status;
    return with_values(options, option, [&](client::OptionValues& values, const client::OptionInfo& info) -> xh_status {
        if (info.type == client::OptionType::Bytes) return XH_E_OPTION_TYPE;
        return client::set_text(values, info, text_in(text, len));
    });
}

xh_status xh_options_set_bytes(xh_options* options, int32_t option, const void* bytes, size_t len) {
    if (arguments(options, bytes, len) || len == XH_NTS) return XH_E_INVALID_ARGUMENT;
    return with_values(options, option, [&](client::OptionValues& values, const client::OptionInfo& info) -> xh_status {
        if (info.type != client::OptionType::Bytes) return XH_E_OPTION_TYPE;
        return client::set_text(values, info, text_in(static_cast<const char*>(bytes), len));
    });
}

xh_status xh_options_set_ptr(xh_options* options, int32_t option, void* handle) {
    return with_values(options, option, [&](client::OptionValues& values, const client::OptionInfo&) -> xh_status {
        switch (option) {
            case XH_OPT_AGENT:
                values.agent = client::AgentHold(handle ? &static_cast<xh_agent*>(handle)->agent() : nullptr);
                return XH_OK;
            case XH_OPT_LOOP:
                values.loop = handle ? static_cast<xh_loop*>(handle)->loop : xh::base::Ref<xh::loop::Loop>();
                return XH_OK;
            case XH_OPT_QUEUE: values.queue = base::Ref<base::Counted>(static_cast<xh_queue*>(handle)); return XH_OK;
            default: return XH_E_OPTION_TYPE;
        }
    });
}

xh_status xh_options_get_int(const xh_options* options, int32_t option, int64_t* out) {
    return read_values(options, option, out, [&](const client::OptionValues& values, const client::OptionInfo& info) {
        return client::get_int(values, info, *out);
    });
}

xh_status xh_options_get_real(const xh_options* options, int32_t option, double* out) {
    return read_values(options, option, out,
                       [&](const client::OptionValues& values, const client::OptionInfo& info) -> xh_status {
                           if (info.type != client::OptionType::Real) return XH_E_OPTION_TYPE;
                           *out = values.timeout_s;
                           return XH_OK;
                       });
}

xh_status xh_options_get_str(const xh_options* options, int32_t option, char* buf, size_t cap, size_t* needed) {
    return read_values(options, option, options,
                       [&](const client::OptionValues& values, const client::OptionInfo& info) -> xh_status {
                           std::string_view text;
                           if (xh_status status = client::get_text(values, info, text)) return status;
                           if (needed) *needed = text.size() + 1;
                           if (!buf || cap <= text.size()) return XH_E_BUFFER_TOO_SMALL;
                           std::memcpy(buf, text.data(), text.size());
                           buf[text.size()] = '\0';
                           return XH_OK;
                       });
}

xh_status xh_options_add_header(xh_options* options, const char* name, size_t name_len, const char* value,
                                size_t value_len) {
    return put_header(options, name, name_len, value, value_len, false);
}

xh_status xh_options_set_header(xh_options* options, const char* name, size_t name_len, const char* value,
                                size_t value_len) {
    return put_header(options, name, name_len, value, value_len, true);
}

xh_status xh_options_remove_header(xh_options* options, const char* name, size_t name_len) {
    if (xh_status status = arguments(options, name, name_len)) return status;
    return guard([&]() -> xh_status {
        return erase_header(options->writable(), text_in(name, name_len)) ? XH_OK : XH_E_NOT_FOUND;
    });
}

xh_status xh_options_set_body_text(xh_options* options, const char* text, size_t len) {
    if (xh_status status = arguments(options, text, len)) return status;
    if (!base::utf8_valid(text_in(text, len))) return XH_E_INVALID_UTF8;
    return set_body(options, client::BodyForm::Text, text, len);
}

xh_status xh_options_set_body_bytes(xh_options* options, const void* bytes, size_t len) {
    if (len == XH_NTS) return XH_E_INVALID_ARGUMENT;
    return set_body(options, client::BodyForm::Bytes, bytes, len);
}

xh_status xh_options_set_body_borrow(xh_options* options, const void* bytes, size_t len, xh_destroy_fn release,
                                     void* user_data) {
    if (!options || !bytes || len > PTRDIFF_MAX) return XH_E_INVALID_ARGUMENT;
    return guard([&]() -> xh_status {
        client::OptionValues& values = options->writable();
        values.body = client::Body::borrowed({static_cast<const char*>(bytes), len}, user_data, release);
        return XH_OK;
    });
}

xh_status xh_options_set_body_json(xh_options* options, const char* json, size_t len) {
    if (xh_status status = arguments(options, json, len)) return status;
    xh_status status = guard([&]() -> xh_status {
        xh::json::ValueRef value;
        return json ? xh::json::parse(text_in(json, len), value) : XH_OK;
    });
    return status == XH_OK ? set_body(options, client::BodyForm::Json, json, len) : status;
}

xh_status xh_options_set_body_file(xh_options* options, const char* path, size_t len) {
    return xh_options_set_str(options, XH_OPT_BODY_FILE, path, len);
}

xh_status xh_options_set_body_pull(xh_options* options, xh_body_pull_fn pull, int64_t length, void* user_data,
                                   xh_destroy_fn destroy) {
    if (!options || !pull || length < -1) return XH_E_INVALID_ARGUMENT;
    return guard([&]() -> xh_status {
        client::OptionValues& values = options->writable();
        values.body = client::Body::pulled(pull, length, user_data, destroy);
        return XH_OK;
    });
}

xh_status xh_options_set_json(xh_options* options, const char* json, size_t len, xh_error** err) {
    if (xh_status status = arguments(options, json, len)) return status;
    return guard([&]() -> xh_status {
        xh::json::ValueRef object;
        xh::json::ParseError where;
        if (xh_status status = xh::json::parse(text_in(json, len), object, &where)) {
            base::String text("the options are not valid JSON: ");
            return xh::capi::give_error(err, status, text + where.message);
        }
        base::String why;
        client::OptionValues changed = *options->values;
        if (xh_status status = client::set_from_json(changed, *object, why))
            return xh::capi::give_error(err, status, why);
        options->values = base::make_ref<client::Options>(changed);
        return XH_OK;
    });
}
