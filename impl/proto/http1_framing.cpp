#include "proto/http1_framing.h"

#include "base/ascii.h"
#include "proto/header_rules.h"

namespace xh::proto {

xh_status Framing::take(Known name, std::string_view value) noexcept {
    switch (name) {
        case Known::ContentLength: return take_length(value);
        case Known::TransferEncoding: return take_codings(value);
        case Known::Connection: take_connection(value); return XH_OK;
        case Known::Upgrade: upgrade_ = !value.empty(); return XH_OK;
        case Known::Expect: expect_continue_ = base::iequals(value, "100-continue"); return XH_OK;
        case Known::Host:
            if (role_ == Role::Response) return XH_OK;
            return ++hosts_ > 1 || !is_valid_host(value) ? XH_E_BAD_HOST : XH_OK;
        default: return XH_OK;
    }
}

xh_status Framing::take_length(std::string_view value) noexcept {
    uint64_t length = 0;
    // Digits only: "+5", "5, 5", "0x5" and "5 5" all mean different things to different peers.
    if (!base::parse_decimal(value, length) || length > INT64_MAX) return XH_E_BAD_CONTENT_LENGTH;
    if (has_length_ && !((leniency_ & kLenientRepeatedLength) != 0 && length == length_))
        return XH_E_BAD_CONTENT_LENGTH;
    has_length_ = true;
    length_ = length;
    return XH_OK;
}

xh_status Framing::take_codings(std::string_view value) noexcept {
    const bool lenient = (leniency_ & kLenientTransferEncoding) != 0;
    std::string_view rest = value, item;
    has_codings_ = true;
    while (base::next_list_item(rest, item)) {
        if (chunked_ && !lenient) return XH_E_BAD_TRANSFER_ENCODING;  // chunked twice, or something applied after it
        chunked_ = base::iequals(item, "chunked");
        if (chunked_) continue;
        Coding coding = Coding::Unknown;
        if (base::iequals(item, "gzip") || base::iequals(item, "x-gzip")) coding = Coding::Gzip;
        if (base::iequals(item, "deflate")) coding = Coding::Deflate;
        if (!lenient && (coding == Coding::Unknown || coding_count_ == 2)) return XH_E_BAD_TRANSFER_ENCODING;
        if (coding_count_ < 2) codings_[coding_count_++] = coding;
    }
    return XH_OK;
}

void Framing::take_connection(std::string_view value) noexcept {
    if (value == "keep-alive") {  // nearly always
        keep_alive_ = true;
        return;
    }
    std::string_view rest = value, item;
    while (base::next_list_item(rest, item)) {
        if (base::iequals(item, "close")) close_ = true;
        if (base::iequals(item, "keep-alive")) keep_alive_ = true;
        if (base::iequals(item, "upgrade")) upgrade_option_ = true;
    }
}

xh_status Framing::decide(Head& head) const noexcept {
    const bool old = head.version_major < 1 || (head.version_major == 1 && head.version_minor == 0);
    head.keep_alive = !close_ && (!old || keep_alive_);
    head.has_length = has_length_;
    head.length = length_;
    head.chunked = chunked_;
    head.coding_count = coding_count_;
    for (int i = 0; i < 2; ++i) head.codings[i] = codings_[i];
    if (has_codings_) {
        if (has_length_) {
            if ((leniency_ & kLenientChunkedLength) == 0) return XH_E_BAD_TRANSFER_ENCODING;
            head.has_length = false;
            head.length = 0;
            head.keep_alive = false;
        }
        if (old) {  // RFC 9112 6.1: the framing is faulty; a request is refused, a response ends its connection
            if (role_ == Role::Request && (leniency_ & kLenientTransferEncoding) == 0)
                return XH_E_BAD_TRANSFER_ENCODING;
            head.keep_alive = false;
        }
    }
    return role_ == Role::Request ? decide_request(head) : decide_response(head);
}

xh_status Framing::decide_request(Head& head) const noexcept {
    if (hosts_ == 0 && head.version_minor >= 1 && (leniency_ & kLenientNoHost) == 0) return XH_E_BAD_HOST;
    if (has_codings_ && !chunked_) {
        if ((leniency_ & kLenientTransferEncoding) == 0) return XH_E_BAD_TRANSFER_ENCODING;
        head.until_close = true;
        head.keep_alive = false;
    }
    head.upgrade = head.text(head.method) == "CONNECT" || (upgrade_ && upgrade_option_ && head.version_minor >= 1);
    head.expect_continue = expect_continue_ && head.version_minor >= 1;
    head.has_body = head.chunked || head.until_close || head.length != 0;
    return XH_OK;
}

xh_status Framing::decide_response(Head& head) const noexcept {
    // The parser knows the request; it clears until_close and has_body where the answer has no body (HEAD, CONNECT).
    const bool never = head.status < 200 || head.status == 204 || head.status == 304;
    head.upgrade = head.status == 101;
    head.until_close = !never && !head.chunked && !head.has_length;
    head.has_body = !never && (head.chunked || head.until_close || head.length != 0);
    return XH_OK;
}

}  // namespace xh::proto
