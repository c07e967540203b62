// JSON values of the C API: checks, conversions, calls. The work is in impl/json.

#include "xh/json.h"

#include <cstring>

#include "guard.h"
#include "json_handle.h"

using namespace xh;
using capi::bad_text;
using capi::guard;
using capi::json_handle;
using capi::json_value;
using capi::text_in;

namespace {

/// Gives a new value to the application; an empty one stands for `refused`.
xh_status give(json::ValueRef value, xh_json** out, xh_status refused) noexcept {
    if (!value) return refused;
    *out = json_handle(std::move(value));
    return XH_OK;
}

template <class Make>
xh_status make_new(xh_json** out, xh_status refused, Make make) noexcept {
    return guard([&]() -> xh_status { return out ? give(make(), out, refused) : XH_E_INVALID_ARGUMENT; });
}

template <class Make>
xh_status set_new(xh_json* object, const char* key, size_t key_len, xh_status refused, Make make) noexcept {
    return guard([&]() -> xh_status {
        if (!object || !key || bad_text(key, key_len)) return XH_E_INVALID_ARGUMENT;
        json::ValueRef value = make();
        return value ? json_value(object)->set(text_in(key, key_len), std::move(value)) : refused;
    });
}

template <class Make>
xh_status append_new(xh_json* array, xh_status refused, Make make) noexcept {
    return guard([&]() -> xh_status {
        if (!array) return XH_E_INVALID_ARGUMENT;
        json::ValueRef value = make();
        return value ? json_value(array)->append(std::move(value)) : refused;
    });
}

json::ValueRef string_of(const char* text, size_t len) { return json::Value::make_string(text_in(text, len)); }

}  // namespace

xh_json* xh_json_retain(xh_json* json) {
    if (json) json_value(json)->retain();
    return json;
}

void xh_json_release(xh_json* json) {
    if (json) json_value(json)->release();
}

xh_status xh_json_parse(const char* text, size_t len, xh_json** out, xh_error** err) {
    return guard([&]() -> xh_status {
        if (!out || !text || bad_text(text, len)) return XH_E_INVALID_ARGUMENT;
        json::ValueRef value;
        json::ParseError where;
        const xh_status status = json::parse(text_in(text, len), value, &where);
        if (status == XH_OK) return give(std::move(value), out, XH_E_INTERNAL);
        return capi::give_error(err, status, where.message);
    });
}

xh_status xh_json_stringify(const xh_json* json, int32_t indent, xh_str* out) {
    return guard([&]() -> xh_status {
        if (!json || !out || indent < 0 || indent > 16) return XH_E_INVALID_ARGUMENT;
        base::String text;
        json_value(json)->write(text, static_cast<unsigned>(indent));
        auto* copy = static_cast<char*>(base::allocate(text.size() + 1));
        std::memcpy(copy, text.c_str(), text.size() + 1);
        *out = {copy, text.size()};
        return XH_OK;
    });
}

int32_t xh_json_type(const xh_json* json) { return json ? static_cast<int32_t>(json_value(json)->type()) : -1; }

size_t xh_json_count(const xh_json* json) { return json ? json_value(json)->count() : 0; }

xh_str xh_json_key_at(const xh_json* json, size_t index) {
    return json ? capi::text_out(json_value(json)->key_at(index)) : xh_str{nullptr, 0};
}

xh_json* xh_json_at(const xh_json* json, size_t index) {
    return json ? json_handle(json_value(json)->at(index)) : nullptr;
}

xh_json* xh_json_get(const xh_json* json, const char* key, size_t len) {
    if (!json || !key || bad_text(key, len)) return nullptr;
    return json_handle(json_value(json)->get(text_in(key, len)));
}

xh_status xh_json_bool(const xh_json* json, int32_t* out) {
    if (!json || !out) return XH_E_INVALID_ARGUMENT;
    bool value = false;
    const xh_status status = json_value(json)->get_bool(value);
    if (status == XH_OK) *out = value ? 1 : 0;
    return status;
}

xh_status xh_json_number(const xh_json* json, double* out) {
    return json && out ? json_value(json)->get_number(*out) : XH_E_INVALID_ARGUMENT;
}

xh_status xh_json_integer(const xh_json* json, int64_t* out) {
    return json && out ? json_value(json)->get_integer(*out) : XH_E_INVALID_ARGUMENT;
}

xh_status xh_json_string(const xh_json* json, xh_str* out) {
    if (!json || !out) return XH_E_INVALID_ARGUMENT;
    std::string_view text;
    const xh_status status = json_value(json)->get_string(text);
    if (status == XH_OK) *out = capi::text_out(text);
    return status;
}

xh_status xh_json_new_array(xh_json** out) {
    return make_new(out, XH_E_INTERNAL, [] { return json::Value::make_array(); });
}

xh_status xh_json_new_object(xh_json** out) {
    return make_new(out, XH_E_INTERNAL, [] { return json::Value::make_object(); });
}

xh_status xh_json_new_null(xh_json** out) {
    return make_new(out, XH_E_INTERNAL, [] { return json::Value::make_null(); });
}

xh_status xh_json_new_bool(int32_t value, xh_json** out) {
    return make_new(out, XH_E_INTERNAL, [&] { return json::Value::make_bool(value != 0); });
}

xh_status xh_json_new_integer(int64_t value, xh_json** out) {
    return make_new(out, XH_E_INTERNAL, [&] { return json::Value::make_integer(value); });
}

xh_status xh_json_new_number(double value, xh_json** out) {
    return make_new(out, XH_E_OPTION_VALUE, [&] { return json::Value::make_number(value); });
}

xh_status xh_json_new_string(const char* text, size_t len, xh_json** out) {
    if (bad_text(text, len)) return XH_E_INVALID_ARGUMENT;
    return make_new(out, XH_E_INVALID_UTF8, [&] { return string_of(text, len); });
}

xh_status xh_json_copy(const xh_json* json, xh_json** out) {
    if (!json) return XH_E_INVALID_ARGUMENT;
    return make_new(out, XH_E_INTERNAL, [&] { return json_value(json)->copy(); });
}

xh_status xh_json_set(xh_json* object, const char* key, size_t key_len, xh_json* value) {
    return set_new(object, key, key_len, XH_E_INVALID_ARGUMENT, [&] { return json::ValueRef(json_value(value)); });
}

xh_status xh_json_set_null(xh_json* object, const char* key, size_t key_len) {
    return set_new(object, key, key_len, XH_E_INTERNAL, [] { return json::Value::make_null(); });
}

xh_status xh_json_set_bool(xh_json* object, const char* key, size_t key_len, int32_t value) {
    return set_new(object, key, key_len, XH_E_INTERNAL, [&] { return json::Value::make_bool(value != 0); });
}

xh_status xh_json_set_integer(xh_json* object, const char* key, size_t key_len, int64_t value) {
    return set_new(object, key, key_len, XH_E_INTERNAL, [&] { return json::Value::make_integer(value); });
}

xh_status xh_json_set_number(xh_json* object, const char* key, size_t key_len, double value) {
    return set_new(object, key, key_len, XH_E_OPTION_VALUE, [&] { return json::Value::make_number(value); });
}

xh_status xh_json_set_string(xh_json* object, const char* key, size_t key_len, const char* text, size_t len) {
    if (bad_text(text, len)) return XH_E_INVALID_ARGUMENT;
    return set_new(object, key, key_len, XH_E_INVALID_UTF8, [&] { return string_of(text, len); });
}

xh_status xh_json_append(xh_json* array, xh_json* value) {
    return append_new(array, XH_E_INVALID_ARGUMENT, [&] { return json::ValueRef(json_value(value)); });
}

xh_status xh_json_append_null(xh_json* array) {
    return append_new(array, XH_E_INTERNAL, [] { return json::Value::make_null(); });
}

xh_status xh_json_append_bool(xh_json* array, int32_t value) {
    return append_new(array, XH_E_INTERNAL, [&] { return json::Value::make_bool(value != 0); });
}

xh_status xh_json_append_integer(xh_json* array, int64_t value) {
    return append_new(array, XH_E_INTERNAL, [&] { return json::Value::make_integer(value); });
}

xh_status xh_json_append_number(xh_json* array, double value) {
    return append_new(array, XH_E_OPTION_VALUE, [&] { return json::Value::make_number(value); });
}

xh_status xh_json_append_string(xh_json* array, const char* text, size_t len) {
    if (bad_text(text, len)) return XH_E_INVALID_ARGUMENT;
    return append_new(array, XH_E_INVALID_UTF8, [&] { return string_of(text, len); });
}
