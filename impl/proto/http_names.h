#pragma once
// The names that HTTP gives: header names with a small id, request methods (N01 METHODS), status texts (N01 STATUS_CODES).

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace xh::proto {

/// X(id, name in lower case). The first group decides framing and must stay first (see kLastFraming).
#define XH_KNOWN_HEADERS(X)                                                                                            \
    X(ContentLength, "content-length")                                                                                 \
    X(TransferEncoding, "transfer-encoding")                                                                           \
    X(Connection, "connection")                                                                                        \
    X(Upgrade, "upgrade")                                                                                              \
    X(Host, "host")                                                                                                    \
    X(Expect, "expect")                                                                                                \
    X(KeepAlive, "keep-alive")                                                                                         \
    X(ProxyConnection, "proxy-connection")                                                                             \
    X(Te, "te")                                                                                                        \
    X(Trailer, "trailer")                                                                                              \
    X(ContentEncoding, "content-encoding")                                                                             \
    X(ContentType, "content-type")                                                                                     \
    X(ContentRange, "content-range")                                                                                   \
    X(ContentDisposition, "content-disposition")                                                                       \
    X(Location, "location")                                                                                            \
    X(WwwAuthenticate, "www-authenticate")                                                                             \
    X(ProxyAuthenticate, "proxy-authenticate")                                                                         \
    X(Authorization, "authorization")                                                                                  \
    X(ProxyAuthorization, "proxy-authorization")                                                                       \
    X(AuthenticationInfo, "authentication-info")                                                                       \
    X(ProxyAuthenticationInfo, "proxy-authentication-info")                                                            \
    X(SetCookie, "set-cookie")                                                                                         \
    X(Cookie, "cookie")                                                                                                \
    X(Date, "date")                                                                                                    \
    X(Age, "age")                                                                                                      \
    X(Etag, "etag")                                                                                                    \
    X(Expires, "expires")                                                                                              \
    X(From, "from")                                                                                                    \
    X(IfModifiedSince, "if-modified-since")                                                                            \
    X(IfUnmodifiedSince, "if-unmodified-since")                                                                        \
    X(IfNoneMatch, "if-none-match")                                                                                    \
    X(IfRange, "if-range")                                                                                             \
    X(LastModified, "last-modified")                                                                                   \
    X(MaxForwards, "max-forwards")                                                                                     \
    X(Referer, "referer")                                                                                              \
    X(RetryAfter, "retry-after")                                                                                       \
    X(Server, "server")                                                                                                \
    X(UserAgent, "user-agent")                                                                                         \
    X(Accept, "accept")                                                                                                \
    X(AcceptEncoding, "accept-encoding")                                                                               \
    X(AcceptRanges, "accept-ranges")                                                                                   \
    X(CacheControl, "cache-control")                                                                                   \
    X(Pragma, "pragma")                                                                                                \
    X(Vary, "vary")                                                                                                    \
    X(Range, "range")                                                                                                  \
    X(Origin, "origin")                                                                                                \
    X(Allow, "allow")                                                                                                  \
    X(Via, "via")                                                                                                      \
    X(AltSvc, "alt-svc")                                                                                               \
    X(StrictTransportSecurity, "strict-transport-security")                                                            \
    X(SecWebSocketKey, "sec-websocket-key")                                                                            \
    X(SecWebSocketAccept, "sec-websocket-accept")                                                                      \
    X(SecWebSocketVersion, "sec-websocket-version")                                                                    \
    X(SecWebSocketProtocol, "sec-websocket-protocol")                                                                  \
    X(SecWebSocketExtensions, "sec-websocket-extensions")

/// Id of a well-known header name; None for every other name. Numbers are internal and may change.
enum class Known : uint8_t {
    None = 0,
#define XH_KNOWN_ID(id, name) id,
    XH_KNOWN_HEADERS(XH_KNOWN_ID)
#undef XH_KNOWN_ID
        Count
};

/// The parser itself reads the headers up to this one.
inline constexpr Known kLastFraming = Known::Expect;

/// The names in lower case, padded with zero bytes, and their lengths.
extern const char known_texts[static_cast<size_t>(Known::Count)][32];
extern const uint8_t known_lengths[static_cast<size_t>(Known::Count)];

/// Slot of a name: `key` is known_key of its first three bytes (a colon stands for a missing one). Without collisions for the
/// known names, checked when compiled. The key does not wait for the length, which a scanner learns last.
constexpr uint8_t known_slot(uint32_t key, size_t len) noexcept {
    return static_cast<uint8_t>((key * 0x803468b7u >> 24) + static_cast<uint32_t>(len) * 9u);
}
constexpr uint32_t known_key(char a, char b, char c) noexcept {
    return static_cast<uint32_t>(static_cast<unsigned char>(a) | static_cast<unsigned char>(b) << 8 |
                                 static_cast<unsigned char>(c) << 16) |
           0x202020u;
}
constexpr uint8_t known_slot_of(const char* name, size_t len) noexcept {
    return known_slot(known_key(name[0], name[1], len > 2 ? name[2] : ':'), len);
}

namespace detail {
struct KnownSlots {
    std::array<uint8_t, 256> ids{};
    bool collision = false;
    constexpr void add(const char* name, size_t len, uint8_t id) {
        uint8_t& slot = ids[known_slot_of(name, len)];
        if (slot != 0) collision = true;
        slot = id;
    }
};
constexpr KnownSlots make_known_slots() {
    KnownSlots slots;
#define XH_KNOWN_SLOT(id, name) slots.add(name, sizeof(name) - 1, static_cast<uint8_t>(Known::id));
    XH_KNOWN_HEADERS(XH_KNOWN_SLOT)
#undef XH_KNOWN_SLOT
    return slots;
}
}  // namespace detail
/// Slot to id; the name in the slot still has to be compared.
inline constexpr detail::KnownSlots known_slots = detail::make_known_slots();
static_assert(!known_slots.collision, "two known names share a slot: choose other factors in known_slot");

/// The id of a name in any case.
Known known_header(std::string_view name) noexcept;
/// The name in lower case; empty for None.
std::string_view known_name(Known id) noexcept;

/// The methods that Node's parser knows, in alphabetical order.
extern const std::string_view http_methods[35];
inline constexpr size_t http_method_count = 35;
/// Methods are case-sensitive (RFC 9110 9.1).
bool is_known_method(std::string_view method) noexcept;
/// Safe to send twice (RFC 9110 9.2.2): GET, HEAD, OPTIONS, TRACE, PUT, DELETE and the like of WebDAV and QUERY.
bool is_idempotent_method(std::string_view method) noexcept;

struct StatusText {
    uint16_t status;
    const char* text;
};
/// The standard statuses with their text, ascending.
extern const StatusText http_statuses[];
extern const size_t http_status_count;
/// The text of a standard status; nullptr for another one.
const char* status_text(unsigned status) noexcept;

}  // namespace xh::proto
