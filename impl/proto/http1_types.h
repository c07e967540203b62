#pragma once
// What the HTTP/1 parser is told (limits, leniencies) and what it tells (heads, events). RFC 9112.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "proto/http_names.h"
#include "xh/base.h"

namespace xh::proto {

/// Which side's messages are parsed.
enum class Role : uint8_t { Request, Response };

/// Bounds on what a peer may send. Each is checked at the byte that passes it, whatever the pieces.
struct Limits {
    uint32_t max_head_bytes = 16384;  ///< start line to empty line, each head for itself (N02): XH_E_HEADER_OVERFLOW
    uint32_t max_headers = 2000;      ///< lines of a head or of the trailers, 0 = no bound (C12): XH_E_TOO_MANY_HEADERS
    uint32_t max_trailer_bytes = 16384;  ///< XH_E_HEADER_OVERFLOW
    uint32_t max_chunk_ext =
        16384;  ///< in one message: bytes of chunk extensions, and framing beyond 16 + 2n bytes for a chunk of n: XH_E_CHUNK_OVERHEAD
    uint32_t max_interim = 16;             ///< 1xx heads before the final one: XH_E_TOO_MANY_INTERIM
    uint64_t max_body_bytes = UINT64_MAX;  ///< body without its framing, with a length or without: XH_E_BODY_TOO_LARGE
};

/// Leniencies: each accepts one kind of broken message, all are off. A connection that uses one is not to be pooled.
enum Lenient : uint32_t {
    /// Control bytes (not NUL) in values, space before the colon, folded lines.
    /// Danger: peers disagree on where a header starts, so headers can be smuggled past a proxy (CVE-2022-32214, CVE-2022-32215).
    kLenientHeaders = 1u << 0,
    /// Transfer-Encoding together with Content-Length: the length is ignored, the connection closes afterwards.
    /// Danger: the classic CL.TE request smuggling (CVE-2019-15605).
    kLenientChunkedLength = 1u << 1,
    /// The next message is parsed after "Connection: close".
    /// Danger: cache poisoning by bytes that the other side does not take for a message.
    kLenientKeepAlive = 1u << 2,
    /// Codings that are not known, and a request's coding list that does not end in chunked (its body then lasts until close).
    /// Danger: TE.TE smuggling (CVE-2020-8287, CVE-2022-35256).
    kLenientTransferEncoding = 1u << 3,
    /// Any HTTP/<digit>.<digit>. Danger: framing rules of another version are applied to it.
    kLenientVersion = 1u << 4,
    /// Bytes after the last message of a connection are dropped in silence. Danger: a smuggled message goes unnoticed.
    kLenientDataAfterClose = 1u << 5,
    /// A line may end in CR alone. Danger: header injection past filters that look for LF (CVE-2023-30589).
    kLenientOptionalLfAfterCr = 1u << 6,
    /// The CR LF behind a chunk's data may be missing. Danger: chunk borders shift between peers.
    kLenientOptionalCrlfAfterChunk = 1u << 7,
    /// A line may end in LF alone. Danger: as for CR alone, and chunk lines end elsewhere for others (CVE-2025-22871).
    kLenientOptionalCrBeforeLf = 1u << 8,
    /// Spaces between a chunk's size and the end of its line. Danger: others read the size differently (CVE-2021-22960).
    kLenientSpacesAfterChunkSize = 1u << 9,
    /// Content-Length repeated with the same number. Danger: hides that an intermediary merged two messages.
    kLenientRepeatedLength = 1u << 10,
    /// Requests of HTTP/1.1 without a Host line (the server option requireHostHeader). Danger: routing by a default host.
    kLenientNoHost = 1u << 11,
    /// What an "insecure parser" switch sets: all of them but the missing Host, which has its own option.
    kLenientInsecureParser = (1u << 11) - 1,
};
using Leniency = uint32_t;

/// Part of the head's bytes.
struct Span {
    uint32_t pos = 0;
    uint32_t len = 0;
};

struct HeaderSpan {
    Span name;
    Span value;  ///< without the white space around it
    Known known = Known::None;
};

/// Codings of Transfer-Encoding other than chunked.
enum class Coding : uint8_t { Unknown, Gzip, Deflate };

/// One head. Everything points into `data`, which is valid during on_head only.
struct Head {
    const char* data = nullptr;  ///< start line to empty line, contiguous
    uint32_t size = 0;
    uint8_t version_major = 1;
    uint8_t version_minor = 1;
    uint16_t status = 0;  ///< 0 in a request
    Span reason;
    Span method;
    Span target;
    const HeaderSpan* headers = nullptr;
    uint32_t header_count = 0;
    bool keep_alive = false;       ///< the connection may carry another message afterwards
    bool upgrade = false;          ///< response: 101, or 2xx to CONNECT; request: CONNECT, or Upgrade asked for
    bool chunked = false;          ///< ends in the chunked coding
    bool has_length = false;       ///< Content-Length was given
    bool until_close = false;      ///< the body ends with the connection
    bool has_body = false;         ///< the framing announces a body of at least one byte, or of unknown length
    bool expect_continue = false;  ///< request of 1.1 with "Expect: 100-continue"
    uint8_t coding_count = 0;
    Coding codings[2] = {Coding::Unknown,
                         Coding::Unknown};  ///< transfer codings under chunked, as listed (first applied first)
    uint64_t length = 0;                    ///< with has_length

    std::string_view text(Span s) const noexcept { return {data + s.pos, s.len}; }
    /// First header with this id, or nullptr.
    const HeaderSpan* find(Known id) const noexcept {
        for (uint32_t i = 0; i < header_count; ++i)
            if (headers[i].known == id) return &headers[i];
        return nullptr;
    }
};

/// Answer of a sink to an event; the parser tests it before it touches anything.
enum class Verdict : uint8_t {
    Go,
    Pause,   ///< feed() returns; a later feed() (even of no bytes) goes on behind this event
    Gone,    ///< the owner was destroyed in the call or gave the message up: the parser touches nothing any more
    Detach,  ///< on_head and on_message_end of a request: what follows is not HTTP; feed() returns with Stop::Upgrade
};

/// Receiver of events. For each message: on_head (once per interim response, then once), on_body (0..n), on_trailers (0..1),
/// on_message_end (once). No event follows an error, an upgrade or Gone.
class Http1Sink {
public:
    virtual Verdict on_head(const Head& head) = 0;
    /// Takes body bytes (never none). Returns how many were taken; fewer than n means paused there, with or without v = Pause.
    virtual size_t on_body(const char* p, size_t n, Verdict& v) = 0;
    /// Only when there are trailers. Spans point into `data`, valid during the call.
    virtual Verdict on_trailers(const HeaderSpan* fields, uint32_t count, const char* data, uint32_t size) = 0;
    virtual Verdict on_message_end() = 0;

protected:
    ~Http1Sink() = default;
};

}  // namespace xh::proto
