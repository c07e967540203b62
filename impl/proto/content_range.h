#pragma once
// Parts of a body (RFC 9110 14.4) and the validators that let a part be continued (RFC 9110 8.8, 13.1.5).

#include <cstdint>
#include <string_view>

namespace xh::proto {

/// A Content-Range in bytes. -1 is what it does not tell.
struct ContentRange {
    int64_t first = -1;  ///< with `last`: the part that the body holds; both -1 in "bytes */N" (416)
    int64_t last = -1;   ///< inclusive
    int64_t total = -1;  ///< of the whole; -1 for "*"

    bool unsatisfied() const noexcept { return first < 0; }
    int64_t size() const noexcept { return last - first + 1; }
};

/// Reads the field's value, without white space around it. false when it is not valid, of another unit, larger than an
/// int64_t can say, or says nothing ("bytes */*"); `out` is unchanged then.
bool parse_content_range(std::string_view value, ContentRange& out) noexcept;

/// An entity tag that guarantees the same bytes: quoted, not W/, made of the bytes that a tag may have.
bool is_strong_etag(std::string_view value) noexcept;

/// A point in time as a number that grows with it, for comparing only; false for anything but the preferred form
/// "Sun, 06 Nov 1994 08:49:37 GMT" (RFC 9110 5.6.7).
bool http_date_rank(std::string_view value, uint64_t& rank) noexcept;

/// What If-Range may be sent with after an answer with these fields (absent: empty): the strong entity tag; else, when there is
/// no tag at all, the Last-Modified that lies before Date (RFC 9110 8.8.2.2); else nothing.
std::string_view part_validator(std::string_view etag, std::string_view last_modified, std::string_view date) noexcept;

}  // namespace xh::proto
