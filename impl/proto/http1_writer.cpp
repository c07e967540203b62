#include "proto/http1_writer.h"

#include "base/ascii.h"
#include "proto/header_rules.h"

namespace xh::proto {

void HeadWriter::fail(xh_status status) noexcept {
    if (status_ == XH_OK) status_ = status;
}

bool HeadWriter::room(size_t n) {
    if (status_ != XH_OK) return false;
    const size_t used = out_.size() - start_;
    if (used > limit_ || n > limit_ - used) {
        fail(XH_E_HEADER_OVERFLOW);
        return false;
    }
    return true;
}

void HeadWriter::line(std::string_view a, std::string_view b, std::string_view c) {
    const size_t n = a.size() + b.size() + c.size() + 2;
    if (!room(n)) return;
    out_.append(a).append(b);
    if (!c.empty()) out_.append(c);
    out_.append(kCrLf);
}

void HeadWriter::request_line(std::string_view method, std::string_view target, int minor) {
    if (const xh_status s = check_method(method); s != XH_OK) return fail(s);
    if (const xh_status s = check_target(target); s != XH_OK) return fail(s);
    if (!room(method.size() + target.size() + 12)) return;
    out_.append(method).append(1, ' ').append(target).append(minor == 0 ? " HTTP/1.0\r\n" : " HTTP/1.1\r\n");
}

void HeadWriter::status_line(unsigned status, std::string_view reason, int minor) {
    if (status < 100 || status > 999) return fail(XH_E_INVALID_ARGUMENT);
    if (const xh_status s = check_reason(reason); s != XH_OK) return fail(s);
    char code[4];
    base::write_decimal(code, status);
    code[3] = ' ';
    line(minor == 0 ? "HTTP/1.0 " : "HTTP/1.1 ", std::string_view(code, 4), reason);
}

bool HeadWriter::framing(Known known, std::string_view value) {
    if (trailers_) {
        if (!is_forbidden_trailer(known)) return true;
        fail(XH_E_INVALID_HEADER_NAME);
        return false;
    }
    if (known == Known::ContentLength) {
        uint64_t length = 0;
        if (!base::parse_decimal(value, length)) fail(XH_E_INVALID_HEADER_VALUE);
        if (has_length_) fail(XH_E_OPTION_CONFLICT);
        has_length_ = true;
    } else if (known == Known::TransferEncoding) {
        has_transfer_encoding_ = true;
    } else {
        return true;
    }
    if (has_length_ && has_transfer_encoding_) fail(XH_E_OPTION_CONFLICT);
    return status_ == XH_OK;
}

void HeadWriter::field(std::string_view name, std::string_view value) {
    if (const xh_status s = check_header_name(name); s != XH_OK) return fail(s);
    checked_field(known_header(name), name, value);
}

void HeadWriter::checked_field(Known known, std::string_view name, std::string_view value) {
    if (const xh_status s = check_header_value(value); s != XH_OK) return fail(s);
    if (framing(known, value)) line(name, ": ", value);
}

void HeadWriter::own_field(std::string_view name, std::string_view value) {
    if (const xh_status s = check_header_value(value); s != XH_OK) return fail(s);
    line(name, value, {});
}

void HeadWriter::content_length(uint64_t length) {
    char text[20];
    checked_field(Known::ContentLength, "Content-Length", std::string_view(text, base::write_decimal(text, length)));
}

void HeadWriter::chunked() { checked_field(Known::TransferEncoding, "Transfer-Encoding", "chunked"); }

void HeadWriter::last_chunk() {
    trailers_ = true;
    line("0", {}, {});
}

xh_status HeadWriter::finish() {
    line({}, {}, {});
    if (status_ != XH_OK) out_.resize(start_);
    return status_;
}

size_t write_chunk_line(char* out, uint64_t size) noexcept {
    size_t n = base::write_hex(out, size);
    out[n++] = '\r';
    out[n++] = '\n';
    return n;
}

}  // namespace xh::proto
