#include "base/ascii.h"
#include "base/base64.h"
#include "client/option_table.h"
#include "proto/header_rules.h"
#include "proto/http1_types.h"

// Options as one JSON object (design: a script language passes options as 4D does), and the check of header lines.

namespace xh::client {

namespace {

xh_status add_header(OptionValues& values, std::string_view name, const json::Value& value, base::String& why) {
    std::string_view text;
    base::String number;
    if (value.get_string(text) != XH_OK) {
        if (value.is(json::Type::Array) || value.is(json::Type::Object) || value.is(json::Type::Null)) {
            why = "headers." + base::to_string(name) + " must be a text, a number or an array of them";
            return value.is(json::Type::Null) ? XH_E_UNDEFINED_HEADER_VALUE : XH_E_OPTION_TYPE;
        }
        value.write(number);
        text = number;
    }
    xh_status status = check_header(name, text);
    if (status != XH_OK) {
        why = "headers." + base::to_string(name) + ": " + xh_status_text(status);
        return status;
    }
    values.headers.emplace_back(base::to_string(name), base::to_string(text));
    return XH_OK;
}

xh_status set_headers(OptionValues& values, const json::Value& object, base::String& why) {
    if (!object.is(json::Type::Object)) {
        why = "headers must be an object";
        return XH_E_OPTION_TYPE;
    }
    values.headers.clear();
    for (std::size_t i = 0; i < object.count(); ++i) {
        const json::Value& value = *object.at(i);
        std::size_t count = value.is(json::Type::Array) ? value.count() : 1;
        for (std::size_t k = 0; k < count; ++k) {
            const json::Value& one = value.is(json::Type::Array) ? *value.at(k) : value;
            xh_status status = add_header(values, object.key_at(i), one, why);
            if (status != XH_OK) return status;
        }
    }
    return XH_OK;
}

xh_status set_body(OptionValues& values, const json::Value& value) {
    std::string_view text;
    if (value.is(json::Type::Null)) {
        values.body.reset();
    } else if (value.get_string(text) == XH_OK) {
        values.body = Body::copied(BodyForm::Text, text);
    } else if (value.is(json::Type::Object) || value.is(json::Type::Array)) {
        base::String out;
        value.write(out);
        values.body = Body::copied(BodyForm::Json, out);
    } else {
        return XH_E_OPTION_TYPE;
    }
    return XH_OK;
}

xh_status set_one(OptionValues& values, const OptionInfo& option, const json::Value& value) {
    std::string_view text;
    bool flag = false;
    int64_t number = 0;
    double real = 0;
    switch (value.type()) {
        case json::Type::Bool:
            value.get_bool(flag);
            if (option.id == XH_OPT_LENIENCY)
                return set_int(values, option, flag ? int64_t{proto::kLenientInsecureParser} : 0);
            return option.type == OptionType::Bool ? set_int(values, option, flag) : XH_E_OPTION_TYPE;
        case json::Type::Number:
            if (option.type == OptionType::Real) {
                value.get_number(real);
                return set_real(values, option, real);
            }
            if (option.type != OptionType::Int) return XH_E_OPTION_TYPE;
            return value.get_integer(number) == XH_OK ? set_int(values, option, number) : XH_E_OPTION_VALUE;
        case json::Type::String:
            value.get_string(text);
            if (option.type == OptionType::Bytes) {
                base::String bytes;
                if (!base::base64_decode(text, bytes)) return XH_E_OPTION_VALUE;
                return set_text(values, option, bytes);
            }
            return set_text(values, option, text);
        case json::Type::Null:
            if (option.type == OptionType::Real) return set_real(values, option, -1);
            if (option.type == OptionType::Str || option.type == OptionType::Bytes || option.type == OptionType::Enum)
                return set_text(values, option, {});
            return XH_E_OPTION_TYPE;
        default: return XH_E_OPTION_TYPE;
    }
}

xh_status set_authentication(OptionValues& values, std::string_view which, const json::Value& object,
                             base::String& why) {
    if (!object.is(json::Type::Object)) {
        why = base::to_string(which) + " must be an object with name, password and method";
        return XH_E_OPTION_TYPE;
    }
    for (std::size_t i = 0; i < object.count(); ++i) {
        base::String name = base::to_string(which);
        name.append(".").append(object.key_at(i));
        const OptionInfo* option = find_option(name);
        xh_status status = option ? set_one(values, *option, *object.at(i)) : XH_E_UNKNOWN_OPTION;
        if (status != XH_OK) {
            why = name + ": " + xh_status_text(status);
            return status;
        }
    }
    return XH_OK;
}

}  // namespace

xh_status check_header(std::string_view name, std::string_view value) noexcept {
    xh_status status = proto::check_header_name(name);
    if (status == XH_OK) status = proto::check_header_value(value);
    if (status != XH_OK) return status;
    uint64_t length = 0;
    switch (proto::known_header(name)) {
        case proto::Known::TransferEncoding:
        case proto::Known::Upgrade:
        case proto::Known::Trailer:
        case proto::Known::Te:
        case proto::Known::KeepAlive:
        case proto::Known::ProxyConnection: return XH_E_OPTION_VALUE;
        case proto::Known::ContentLength: return base::parse_decimal(value, length) ? XH_OK : XH_E_INVALID_HEADER_VALUE;
        case proto::Known::Connection:
            return base::iequals(value, "close") || base::iequals(value, "keep-alive") ? XH_OK : XH_E_OPTION_VALUE;
        case proto::Known::Expect: return base::iequals(value, "100-continue") ? XH_OK : XH_E_OPTION_VALUE;
        case proto::Known::Host: return proto::is_valid_host(value) ? XH_OK : XH_E_INVALID_HEADER_VALUE;
        default: return XH_OK;
    }
}

xh_status set_from_json(OptionValues& values, const json::Value& object, base::String& why) {
    if (!object.is(json::Type::Object)) {
        why = "the options must be an object";
        return XH_E_OPTION_TYPE;
    }
    for (std::size_t i = 0; i < object.count(); ++i) {
        std::string_view key = object.key_at(i);
        const json::Value& value = *object.at(i);
        xh_status status = XH_OK;
        if (key == "headers") {
            status = set_headers(values, value, why);
        } else if (key == "body") {
            status = set_body(values, value);
        } else if (key == "bodyBase64") {
            std::string_view text;
            base::String bytes;
            if (value.get_string(text) != XH_OK)
                status = XH_E_OPTION_TYPE;
            else if (!base::base64_decode(text, bytes))
                status = XH_E_OPTION_VALUE;
            else
                values.body = Body::copied(BodyForm::Bytes, bytes);
        } else if (key == "serverAuthentication" || key == "proxyAuthentication") {
            status = set_authentication(values, key, value, why);
        } else {
            const OptionInfo* option = key.find('.') == std::string_view::npos ? find_option(key) : nullptr;
            status = option ? set_one(values, *option, value) : XH_E_UNKNOWN_OPTION;
        }
        if (status == XH_OK) continue;
        if (why.empty()) why = base::to_string(key) + ": " + xh_status_text(status);
        return status;
    }
    return XH_OK;
}

}  // namespace xh::client
