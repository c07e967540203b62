#include "proto/mime.h"

#include <algorithm>
#include <utility>

#include "base/ascii.h"

namespace xh::proto {

namespace {

constexpr std::size_t kMaxParams = 32;

const char* token_end(std::string_view text) noexcept {
    return base::skip_class(text.data(), text.data() + text.size(), base::kToken);
}

/// "type/subtype" at the start of a field, as it was written; empty when there is none.
std::string_view essence_of(std::string_view field) noexcept {
    field = base::trim_ows(field);
    const auto type = static_cast<std::size_t>(token_end(field) - field.data());
    if (type == 0 || type == field.size() || field[type] != '/') return {};
    const std::string_view rest = field.substr(type + 1);
    const auto subtype = static_cast<std::size_t>(token_end(rest) - rest.data());
    const std::string_view tail = base::trim_ows(rest.substr(subtype));
    // Some servers put a comma or a second type behind; the first type counts as long as it ends cleanly.
    if (subtype == 0 || (!tail.empty() && tail[0] != ';' && tail[0] != ',')) return {};
    return field.substr(0, type + 1 + subtype);
}

bool iends_with(std::string_view text, std::string_view end) noexcept {
    return text.size() >= end.size() && base::iequals(text.substr(text.size() - end.size()), end);
}

/// Reads a quoted string whose opening quote is at rest[0]; false when it does not end.
bool take_quoted(std::string_view& rest, base::String& value) {
    for (std::size_t i = 1; i < rest.size(); ++i) {
        if (rest[i] == '"') {
            rest.remove_prefix(i + 1);
            return true;
        }
        if (rest[i] == '\\' && i + 1 < rest.size()) ++i;
        value.push_back(rest[i]);
    }
    return false;
}

}  // namespace

bool MediaType::parse(std::string_view field) {
    essence_.clear();
    params_.clear();
    const std::string_view essence = essence_of(field);
    if (essence.empty()) return false;
    essence_ = base::lower_string(essence);
    const auto used = static_cast<std::size_t>(essence.data() + essence.size() - field.data());
    return parse_params(field.substr(used));
}

bool MediaType::parse_disposition(std::string_view field) {
    essence_.clear();
    params_.clear();
    field = base::trim_ows(field);
    const auto size = static_cast<std::size_t>(token_end(field) - field.data());
    if (size == 0) return false;
    essence_ = base::lower_string(field.substr(0, size));
    return parse_params(field.substr(size));
}

bool MediaType::parse_params(std::string_view rest) {
    while (params_.size() < kMaxParams) {
        // To the next ";" that is outside quotes: whatever stands before it is broken and skipped.
        while (!rest.empty() && rest[0] != ';') {
            base::String ignored;
            if (rest[0] != '"') {
                rest.remove_prefix(1);
            } else if (!take_quoted(rest, ignored)) {
                return true;
            }
        }
        if (rest.empty()) return true;
        rest.remove_prefix(1);
        while (!rest.empty() && base::is_ows(rest[0])) rest.remove_prefix(1);
        const auto size = static_cast<std::size_t>(token_end(rest) - rest.data());
        if (size == 0 || size == rest.size() || rest[size] != '=') continue;
        Param param;
        param.name = base::lower_string(rest.substr(0, size));
        rest.remove_prefix(size + 1);
        if (!rest.empty() && rest[0] == '"') {
            if (!take_quoted(rest, param.value)) return true;
        } else {
            const std::size_t end = std::min(rest.find(';'), rest.size());
            param.value = base::to_string(base::trim_ows(rest.substr(0, end)));
            rest.remove_prefix(end);
        }
        if (!this->param(param.name).data()) params_.push_back(std::move(param));
    }
    return true;
}

std::string_view MediaType::type() const noexcept {
    return std::string_view(essence_).substr(0, std::min(essence_.find('/'), essence_.size()));
}

std::string_view MediaType::subtype() const noexcept {
    const std::size_t slash = essence_.find('/');
    return slash == base::String::npos ? std::string_view() : std::string_view(essence_).substr(slash + 1);
}

std::string_view MediaType::param(std::string_view name) const noexcept {
    for (const Param& p : params_)
        if (p.name == name) return p.value;
    return {};
}

BodyKind body_kind(std::string_view content_type) noexcept {
    const std::string_view essence = essence_of(content_type);
    if (essence.empty()) return BodyKind::Bytes;
    const std::size_t slash = essence.find('/');
    const std::string_view type = essence.substr(0, slash), subtype = essence.substr(slash + 1);
    if (base::iequals(subtype, "json") && (base::iequals(type, "application") || base::iequals(type, "text")))
        return BodyKind::Object;
    if (iends_with(subtype, "+json")) return BodyKind::Object;
    if (base::iequals(type, "text") || iends_with(subtype, "+xml")) return BodyKind::Text;
    if (base::iequals(essence, "message/http")) return BodyKind::Text;
    if (!base::iequals(type, "application")) return BodyKind::Bytes;
    for (std::string_view known : {"javascript", "x-javascript", "ecmascript", "x-ecmascript", "xml", "xml-dtd",
                                   "xml-external-parsed-entity", "x-www-form-urlencoded"})
        if (base::iequals(subtype, known)) return BodyKind::Text;
    return BodyKind::Bytes;
}

}  // namespace xh::proto
