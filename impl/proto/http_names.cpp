#include "proto/http_names.h"

#include "base/ascii.h"

namespace xh::proto {

const char known_texts[][32] = {"",
#define XH_KNOWN_TEXT(id, name) name,
                                XH_KNOWN_HEADERS(XH_KNOWN_TEXT)
#undef XH_KNOWN_TEXT
};

const uint8_t known_lengths[] = {0,
#define XH_KNOWN_LENGTH(id, name) sizeof(name) - 1,
                                 XH_KNOWN_HEADERS(XH_KNOWN_LENGTH)
#undef XH_KNOWN_LENGTH
};

Known known_header(std::string_view name) noexcept {
    if (name.size() < 2) return Known::None;
    const uint8_t id = known_slots.ids[known_slot_of(name.data(), name.size())];
    return base::iequals(name, known_name(static_cast<Known>(id))) ? static_cast<Known>(id) : Known::None;
}

std::string_view known_name(Known id) noexcept {
    if (id >= Known::Count) return {};
    return {known_texts[static_cast<size_t>(id)], known_lengths[static_cast<size_t>(id)]};
}

constexpr std::string_view http_methods[35] = {
    "ACL",    "BIND",     "CHECKOUT",  "CONNECT",    "COPY",       "DELETE", "GET",    "HEAD",       "LINK",
    "LOCK",   "M-SEARCH", "MERGE",     "MKACTIVITY", "MKCALENDAR", "MKCOL",  "MOVE",   "NOTIFY",     "OPTIONS",
    "PATCH",  "POST",     "PROPFIND",  "PROPPATCH",  "PURGE",      "PUT",    "QUERY",  "REBIND",     "REPORT",
    "SEARCH", "SOURCE",   "SUBSCRIBE", "TRACE",      "UNBIND",     "UNLINK", "UNLOCK", "UNSUBSCRIBE"};

bool is_known_method(std::string_view method) noexcept {
    for (std::string_view m : http_methods)
        if (m == method) return true;
    return false;
}

bool is_idempotent_method(std::string_view method) noexcept {
    constexpr std::string_view names[] = {"GET",      "HEAD",      "OPTIONS", "TRACE",     "PUT",  "DELETE",
                                          "PROPFIND", "PROPPATCH", "MKCOL",   "COPY",      "MOVE", "UNLOCK",
                                          "SEARCH",   "REPORT",    "QUERY",   "ACL",       "BIND", "UNBIND",
                                          "REBIND",   "LINK",      "UNLINK",  "MKCALENDAR"};
    for (std::string_view m : names)
        if (m == method) return true;
    return false;
}

const StatusText http_statuses[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {208, "Already Reported"},
    {226, "IM Used"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {305, "Use Proxy"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Payload Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {418, "I'm a Teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Entity"},
    {423, "Locked"},
    {424, "Failed Dependency"},
    {425, "Too Early"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {506, "Variant Also Negotiates"},
    {507, "Insufficient Storage"},
    {508, "Loop Detected"},
    {509, "Bandwidth Limit Exceeded"},
    {510, "Not Extended"},
    {511, "Network Authentication Required"},
};
const size_t http_status_count = sizeof(http_statuses) / sizeof(http_statuses[0]);

const char* status_text(unsigned status) noexcept {
    for (const StatusText& row : http_statuses)
        if (row.status == status) return row.text;
    return nullptr;
}

}  // namespace xh::proto
