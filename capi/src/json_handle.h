#pragma once
// xh_json is a json::Value seen through the C API.

#include <string_view>

#include "json/json.h"
#include "xh/json.h"

namespace xh::capi {

inline json::Value* json_value(xh_json* handle) noexcept { return reinterpret_cast<json::Value*>(handle); }
inline const json::Value* json_value(const xh_json* handle) noexcept {
    return reinterpret_cast<const json::Value*>(handle);
}
inline xh_json* json_handle(json::Value* value) noexcept { return reinterpret_cast<xh_json*>(value); }
/// Hands the reference to the application.
inline xh_json* json_handle(json::ValueRef&& value) noexcept { return json_handle(value.detach()); }

}  // namespace xh::capi
