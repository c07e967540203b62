#include "json/json.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/ascii.h"
#include "base/utf8.h"

namespace xh::json {

namespace {

// Up to here members are looked up one by one.
constexpr std::size_t kFewMembers = 16;

void append_number(base::String& out, double value) {
    char text[32];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    out.append(text, static_cast<std::size_t>(end - text));
    // "-0" would be read as the whole number 0.
    if (value == 0 && std::signbit(value)) out.append(".0");
}

template <class T>
void append_whole(base::String& out, T value) {
    char text[24];
    const auto end = std::to_chars(text, text + sizeof text, value).ptr;
    out.append(text, static_cast<std::size_t>(end - text));
}

void new_line(base::String& out, std::size_t blanks) {
    out.push_back('\n');
    out.append(blanks, ' ');
}

}  // namespace

void append_quoted(base::String& out, std::string_view text) {
    out.push_back('"');
    std::size_t from = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto byte = static_cast<unsigned char>(text[i]);
        if (byte >= 0x20 && byte != '"' && byte != '\\') continue;
        out.append(text.data() + from, i - from);
        from = i + 1;
        out.push_back('\\');
        switch (byte) {
            case '"':
            case '\\': out.push_back(text[i]); break;
            case '\b': out.push_back('b'); break;
            case '\f': out.push_back('f'); break;
            case '\n': out.push_back('n'); break;
            case '\r': out.push_back('r'); break;
            case '\t': out.push_back('t'); break;
            default:
                out.append("u00");
                out.push_back("0123456789abcdef"[byte >> 4]);
                out.push_back("0123456789abcdef"[byte & 15]);
        }
    }
    out.append(text.data() + from, text.size() - from);
    out.push_back('"');
}

std::size_t Value::Object::find(std::string_view key) const noexcept {
    if (sorted.empty()) {
        for (std::size_t i = 0; i < members.size(); ++i)
            if (members[i].key == key) return i;
        return members.size();
    }
    const auto at = std::lower_bound(sorted.begin(), sorted.end(), key,
                                     [this](uint32_t i, std::string_view k) { return members[i].key < k; });
    return at != sorted.end() && members[*at].key == key ? *at : members.size();
}

void Value::Object::insert(base::String key, ValueRef value) {
    const std::size_t at = find(key);
    if (at != members.size()) {
        members[at].value = std::move(value);
        return;
    }
    members.push_back({std::move(key), std::move(value)});
    if (members.size() <= kFewMembers) return;
    if (sorted.empty()) return settle();
    const auto place = std::lower_bound(sorted.begin(), sorted.end(), members.back().key,
                                        [this](uint32_t i, const base::String& k) { return members[i].key < k; });
    sorted.insert(place, static_cast<uint32_t>(at));
}

void Value::Object::settle() {
    base::Vec<uint32_t> order(members.size());
    std::iota(order.begin(), order.end(), 0u);
    const auto by_key = [this](uint32_t a, uint32_t b) {
        const int compared = members[a].key.compare(members[b].key);
        return compared != 0 ? compared < 0 : a < b;
    };
    std::sort(order.begin(), order.end(), by_key);
    bool repeated = false;
    for (std::size_t i = 0; i < order.size();) {
        std::size_t last = i;
        while (last + 1 < order.size() && members[order[last + 1]].key == members[order[i]].key) ++last;
        if (last != i) {
            members[order[i]].value = std::move(members[order[last]].value);
            for (std::size_t k = i + 1; k <= last; ++k) members[order[k]].value.reset();
            repeated = true;
        }
        i = last + 1;
    }
    if (repeated) {
        members.erase(std::remove_if(members.begin(), members.end(), [](const Member& m) { return !m.value; }),
                      members.end());
        order.resize(members.size());
        std::iota(order.begin(), order.end(), 0u);
        std::sort(order.begin(), order.end(), by_key);
    }
    if (members.size() > kFewMembers) sorted = std::move(order);
}

ValueRef Value::make_unsigned(uint64_t value) {
    if (value <= static_cast<uint64_t>(std::numeric_limits<int64_t>::max()))
        return make_integer(static_cast<int64_t>(value));
    return make(Data(value));
}

ValueRef Value::make_number(double value) { return std::isfinite(value) ? make(Data(value)) : ValueRef(); }

ValueRef Value::make_string(std::string_view text) {
    return base::utf8_valid(text) ? make(Data(base::to_string(text))) : ValueRef();
}

ValueRef Value::make_big_number(std::string_view digits) { return make(Data(Big{base::to_string(digits)})); }

Type Value::type() const noexcept {
    static constexpr Type kTypes[] = {Type::Null,   Type::Bool,   Type::Number, Type::Number, Type::Number,
                                      Type::Number, Type::String, Type::Array,  Type::Object};
    return kTypes[data_.index()];
}

xh_status Value::get_bool(bool& out) const noexcept {
    const bool* value = std::get_if<bool>(&data_);
    if (!value) return XH_E_JSON_TYPE;
    out = *value;
    return XH_OK;
}

xh_status Value::get_number(double& out) const noexcept {
    if (const auto* whole = std::get_if<int64_t>(&data_)) {
        out = static_cast<double>(*whole);
    } else if (const auto* positive = std::get_if<uint64_t>(&data_)) {
        out = static_cast<double>(*positive);
    } else if (const auto* real = std::get_if<double>(&data_)) {
        out = *real;
    } else if (const auto* big = std::get_if<Big>(&data_)) {
        const char* start = big->digits.data();
        double value = 0;
        if (std::from_chars(start, start + big->digits.size(), value).ec != std::errc()) return XH_E_OPTION_VALUE;
        out = value;
    } else {
        return XH_E_JSON_TYPE;
    }
    return XH_OK;
}

xh_status Value::get_integer(int64_t& out) const noexcept {
    if (type() != Type::Number) return XH_E_JSON_TYPE;
    if (const auto* whole = std::get_if<int64_t>(&data_)) {
        out = *whole;
        return XH_OK;
    }
    const auto* real = std::get_if<double>(&data_);
    // 2^63 as a double is exact; every whole double below it fits.
    if (!real || *real < -0x1p63 || *real >= 0x1p63 || *real != std::trunc(*real)) return XH_E_OPTION_VALUE;
    out = static_cast<int64_t>(*real);
    return XH_OK;
}

xh_status Value::get_string(std::string_view& out) const noexcept {
    const auto* text = std::get_if<base::String>(&data_);
    if (!text) return XH_E_JSON_TYPE;
    out = *text;
    return XH_OK;
}

std::size_t Value::count() const noexcept {
    if (const auto* array = std::get_if<Array>(&data_)) return array->size();
    if (const auto* object = std::get_if<Object>(&data_)) return object->members.size();
    return 0;
}

Value* Value::at(std::size_t index) const noexcept {
    if (index >= count()) return nullptr;
    if (const auto* array = std::get_if<Array>(&data_)) return (*array)[index].get();
    return std::get<Object>(data_).members[index].value.get();
}

std::string_view Value::key_at(std::size_t index) const noexcept {
    const auto* object = std::get_if<Object>(&data_);
    return object && index < object->members.size() ? std::string_view(object->members[index].key) : std::string_view();
}

Value* Value::get(std::string_view key) const noexcept {
    const auto* object = std::get_if<Object>(&data_);
    if (!object) return nullptr;
    const std::size_t at = object->find(key);
    return at < object->members.size() ? object->members[at].value.get() : nullptr;
}

xh_status Value::take(const ValueRef& child) noexcept {
    if (frozen_) return XH_E_STATE;
    // A frozen child cannot come to hold this value, and this value is not frozen: no circle but the direct one.
    if (!child || child.get() == this || child->height_ + 1 > kMaxDepth) return XH_E_INVALID_ARGUMENT;
    child->frozen_ = true;
    height_ = std::max<uint8_t>(height_, static_cast<uint8_t>(child->height_ + 1));
    return XH_OK;
}

xh_status Value::set(std::string_view key, ValueRef child) {
    auto* object = std::get_if<Object>(&data_);
    if (!object) return XH_E_JSON_TYPE;
    if (!base::utf8_valid(key)) return XH_E_INVALID_UTF8;
    base::String name = base::to_string(key);
    const xh_status status = take(child);
    if (status == XH_OK) object->insert(std::move(name), std::move(child));
    return status;
}

xh_status Value::append(ValueRef child) {
    auto* array = std::get_if<Array>(&data_);
    if (!array) return XH_E_JSON_TYPE;
    const xh_status status = take(child);
    if (status == XH_OK) array->push_back(std::move(child));
    return status;
}

ValueRef Value::copy() const {
    if (type() != Type::Array && type() != Type::Object) return ValueRef(const_cast<Value*>(this));
    return make(data_, height_);
}

void Value::write(base::String& out, unsigned indent, unsigned level) const {
    if (const auto* array = std::get_if<Array>(&data_)) {
        out.push_back('[');
        for (std::size_t i = 0; i < array->size(); ++i) {
            if (i) out.push_back(',');
            if (indent) new_line(out, std::size_t{indent} * (level + 1));
            (*array)[i]->write(out, indent, level + 1);
        }
        if (indent && !array->empty()) new_line(out, std::size_t{indent} * level);
        out.push_back(']');
    } else if (const auto* object = std::get_if<Object>(&data_)) {
        out.push_back('{');
        for (std::size_t i = 0; i < object->members.size(); ++i) {
            if (i) out.push_back(',');
            if (indent) new_line(out, std::size_t{indent} * (level + 1));
            append_quoted(out, object->members[i].key);
            out.append(indent ? ": " : ":");
            object->members[i].value->write(out, indent, level + 1);
        }
        if (indent && !object->members.empty()) new_line(out, std::size_t{indent} * level);
        out.push_back('}');
    } else if (const auto* text = std::get_if<base::String>(&data_)) {
        append_quoted(out, *text);
    } else if (const auto* whole = std::get_if<int64_t>(&data_)) {
        append_whole(out, *whole);
    } else if (const auto* positive = std::get_if<uint64_t>(&data_)) {
        append_whole(out, *positive);
    } else if (const auto* real = std::get_if<double>(&data_)) {
        append_number(out, *real);
    } else if (const auto* big = std::get_if<Big>(&data_)) {
        out.append(big->digits);
    } else if (const auto* flag = std::get_if<bool>(&data_)) {
        out.append(*flag ? "true" : "false");
    } else {
        out.append("null");
    }
}

}  // namespace xh::json
