#include "proto/content_range.h"

#include "base/ascii.h"

namespace xh::proto {

namespace {

bool parse_size(std::string_view text, int64_t& out) noexcept {
    uint64_t value = 0;
    if (!base::parse_decimal(text, value) || value > static_cast<uint64_t>(INT64_MAX)) return false;
    out = static_cast<int64_t>(value);
    return true;
}

bool digits(std::string_view text, uint64_t& out) noexcept { return base::parse_decimal(text, out); }

/// 0..11, or 12 for a name that is none. Case counts here.
uint64_t month_of(std::string_view name) noexcept {
    constexpr std::string_view kMonths = "JanFebMarAprMayJunJulAugSepOctNovDec";
    for (uint64_t month = 0; month < 12; ++month)
        if (kMonths.substr(month * 3, 3) == name) return month;
    return 12;
}

}  // namespace

bool parse_content_range(std::string_view value, ContentRange& out) noexcept {
    constexpr std::string_view kUnit = "bytes";
    if (!base::istarts_with(value, kUnit) || value.size() == kUnit.size() || value[kUnit.size()] != ' ') return false;
    value.remove_prefix(kUnit.size() + 1);
    std::size_t slash = value.find('/');
    if (slash == std::string_view::npos) return false;
    std::string_view part = value.substr(0, slash);
    std::string_view total = value.substr(slash + 1);
    ContentRange range;
    if (total != "*" && !parse_size(total, range.total)) return false;
    if (part == "*") {
        if (range.total < 0) return false;
        out = range;
        return true;
    }
    std::size_t dash = part.find('-');
    if (dash == std::string_view::npos) return false;
    if (!parse_size(part.substr(0, dash), range.first) || !parse_size(part.substr(dash + 1), range.last)) return false;
    // INT64_MAX as the last byte would make a size that does not fit.
    if (range.last < range.first || range.last == INT64_MAX) return false;
    if (range.total >= 0 && range.last >= range.total) return false;
    out = range;
    return true;
}

bool is_strong_etag(std::string_view value) noexcept {
    if (value.size() < 2 || value.front() != '"' || value.back() != '"') return false;
    for (char c : value.substr(1, value.size() - 2)) {
        auto byte = static_cast<unsigned char>(c);
        if (byte <= 0x20 || byte == '"' || byte == 0x7f) return false;
    }
    return true;
}

bool http_date_rank(std::string_view value, uint64_t& rank) noexcept {
    // "Sun, 06 Nov 1994 08:49:37 GMT"; the name of the day says nothing that the rest does not.
    if (value.size() != 29 || value.substr(3, 2) != ", " || value.substr(25) != " GMT") return false;
    if (value[7] != ' ' || value[11] != ' ' || value[16] != ' ' || value[19] != ':' || value[22] != ':') return false;
    uint64_t day = 0, year = 0, hour = 0, minute = 0, second = 0;
    uint64_t month = month_of(value.substr(8, 3));
    if (month > 11 || !digits(value.substr(5, 2), day) || !digits(value.substr(12, 4), year)) return false;
    if (!digits(value.substr(17, 2), hour) || !digits(value.substr(20, 2), minute) ||
        !digits(value.substr(23, 2), second))
        return false;
    if (day < 1 || day > 31 || hour > 23 || minute > 59 || second > 60) return false;
    rank = ((((year * 12 + month) * 32 + day) * 24 + hour) * 60 + minute) * 61 + second;
    return true;
}

std::string_view part_validator(std::string_view etag, std::string_view last_modified, std::string_view date) noexcept {
    if (!etag.empty()) return is_strong_etag(etag) ? etag : std::string_view();
    uint64_t modified = 0, sent = 0;
    if (!http_date_rank(last_modified, modified) || !http_date_rank(date, sent)) return {};
    return modified < sent ? last_modified : std::string_view();
}

}  // namespace xh::proto
