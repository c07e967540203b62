// HeadParser: status line, request line, and the slow line splitting that leniencies ask for.
#include <cstring>

#include "base/ascii.h"
#include "proto/header_rules.h"
#include "proto/http1_head.h"

namespace xh::proto {

bool HeadParser::start_line(const char* data, uint32_t begin, uint32_t end) {
    start_pending_ = false;
    return kind_ == Kind::Request ? request_line(data, begin, end) : status_line(data, begin, end);
}

xh_status HeadParser::bad_line_error() const noexcept {
    if (!start_pending_) return XH_E_BAD_HEADER;
    return kind_ == Kind::Request ? XH_E_BAD_REQUEST_LINE : XH_E_BAD_STATUS_LINE;
}

/// "HTTP/1.1" at data[at], where 8 bytes are there.
bool HeadParser::version(const char* data, uint32_t at) noexcept {
    const char* p = data + at;
    if (std::memcmp(p, "HTTP/", 5) != 0 || !base::is_digit(p[5]) || p[6] != '.' || !base::is_digit(p[7])) return false;
    head_.version_major = static_cast<uint8_t>(p[5] - '0');
    head_.version_minor = static_cast<uint8_t>(p[7] - '0');
    const bool known = head_.version_major == 1 && head_.version_minor <= 1;
    if (!known && (leniency_ & kLenientVersion) == 0) return fail(XH_E_BAD_VERSION, at + 5);
    return true;
}

// The space before an empty reason may be missing: many servers leave it out, and nothing can be read two ways.
bool HeadParser::status_line(const char* data, uint32_t begin, uint32_t end) {
    if (end - begin < 12) return fail(XH_E_BAD_STATUS_LINE, begin);
    if (!version(data, begin)) return error_ != XH_OK ? false : fail(XH_E_BAD_STATUS_LINE, begin);
    const char* p = data + begin;
    if (p[8] != ' ') return fail(XH_E_BAD_STATUS_LINE, begin + 8);
    if (p[9] == '0' || !base::is_digit(p[9]) || !base::is_digit(p[10]) || !base::is_digit(p[11]))
        return fail(XH_E_BAD_STATUS_LINE, begin + 9);
    head_.status = static_cast<uint16_t>((p[9] - '0') * 100 + (p[10] - '0') * 10 + (p[11] - '0'));
    if (end - begin == 12) {
        head_.reason = {end, 0};
        return true;
    }
    if (p[12] != ' ') return fail(XH_E_BAD_STATUS_LINE, begin + 12);
    head_.reason = {begin + 13, end - begin - 13};
    return true;
}

bool HeadParser::request_line(const char* data, uint32_t begin, uint32_t end) {
    const char* line_end = data + end;
    const char* method_end = base::skip_class(data + begin, line_end, base::kToken);
    const uint32_t method_len = static_cast<uint32_t>(method_end - data) - begin;
    if (method_len == 0 || method_end == line_end || *method_end != ' ')
        return fail(XH_E_BAD_REQUEST_LINE, begin + method_len);
    const char* target = method_end + 1;
    const char* target_end = base::skip_class(target, line_end, base::kTarget);
    const uint32_t at = static_cast<uint32_t>(target - data), after = static_cast<uint32_t>(target_end - data);
    if (after == at || target_end == line_end || *target_end != ' ') return fail(XH_E_BAD_REQUEST_LINE, after);
    head_.method = {begin, method_len};
    head_.target = {at, after - at};
    if (end - after < 6 || std::memcmp(target_end + 1, "HTTP/", 5) != 0) return fail(XH_E_BAD_REQUEST_LINE, after + 1);
    if (end - after != 9) return fail(XH_E_BAD_VERSION, after + 6);
    if (!version(data, after + 1)) return error_ != XH_OK ? false : fail(XH_E_BAD_VERSION, after + 6);
    const std::string_view method(data + begin, method_len), text(target, after - at);
    return is_valid_request_target(method, text) || fail(XH_E_BAD_REQUEST_LINE, at);
}

// Byte by byte, over the parser's own copy: folded lines are joined in it by writing spaces over their line ends.
HeadParser::Result HeadParser::scan_lenient(char* data, uint32_t avail) {
    for (; scan_ < avail; ++scan_) {
        const char c = data[scan_];
        if (base::has_class(c, base::kValue)) continue;
        uint32_t end = scan_, next = scan_ + 1;
        if (c == '\r') {
            if (next == avail) return Result::More;  // what follows decides
            if (data[next] == '\n') {
                ++next;
            } else if ((leniency_ & kLenientOptionalLfAfterCr) == 0) {
                fail(XH_E_BAD_LINE_END, next);
                return Result::Error;
            }
        } else if (c == '\n') {
            if ((leniency_ & kLenientOptionalCrBeforeLf) == 0) {
                fail(XH_E_BAD_LINE_END, scan_);
                return Result::Error;
            }
        } else if ((leniency_ & kLenientHeaders) != 0 && c != '\0') {
            continue;
        } else {
            fail(bad_line_error(), scan_);
            return Result::Error;
        }
        const Result result = take_lenient_line(data, avail, end, next);
        if (result != Result::More) return result;
        if (line_ != next && scan_ == end) return Result::More;  // the line's last byte is not known to be its last
    }
    return Result::More;
}

// Takes [line_, end) when it is complete, and moves scan_ to the last byte of what it used up. A header line is complete only
// when the next byte is there and does not continue it; scan_ stays then.
HeadParser::Result HeadParser::take_lenient_line(char* data, uint32_t avail, uint32_t end, uint32_t next) {
    if (start_pending_) {
        if (!start_line(data, line_, end)) return Result::Error;
    } else if (end == line_) {
        return finish(data, next);
    } else {
        if ((leniency_ & kLenientHeaders) != 0) {
            if (next == avail) return Result::More;
            if (base::is_ows(data[next])) {
                for (uint32_t i = end; i < next; ++i) data[i] = ' ';
                scan_ = next;
                return Result::More;
            }
        }
        if (!slow_field(data, line_, end)) return Result::Error;
    }
    line_ = next;
    scan_ = next - 1;
    return Result::More;
}

}  // namespace xh::proto
