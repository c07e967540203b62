// Encodings: the first byte chooses the label; the result is UTF-8 and does not depend on how the body is cut.

#include <cstdlib>
#include <memory>
#include <string_view>

#include "base/utf8.h"
#include "proto/charset.h"

using namespace xh::proto;

namespace {

constexpr std::string_view kLabels[] = {"utf-8",  "utf-16",     "utf-16be",     "utf-32le",   "utf-32be",
                                        "latin1", "iso-8859-8", "shift_jis",    "gbk",        "euc-kr",
                                        "big5",   "macintosh",  "windows-1258", "windows-874"};

xh_status decode(std::string_view label, std::string_view body, std::size_t piece, TextDecoder::OnBad on_bad,
                 xh::base::String& out) {
    std::unique_ptr<TextDecoder> decoder;
    if (TextDecoder::create(label, on_bad, decoder) != XH_OK) std::abort();
    while (!body.empty()) {
        const std::string_view part = body.substr(0, piece);
        if (const xh_status status = decoder->feed(part, out)) return status;
        body.remove_prefix(part.size());
    }
    return decoder->finish(out);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
    const std::string_view label = kLabels[data[0] % 14];
    const std::size_t piece = 1u + data[0] / 14u % 5u;
    xh::base::String whole, cut, strict_whole, strict_cut, encoded;
    if (decode(label, body, size, TextDecoder::OnBad::Replace, whole) != XH_OK) std::abort();
    if (decode(label, body, piece, TextDecoder::OnBad::Replace, cut) != XH_OK) std::abort();
    if (whole != cut || !xh::base::utf8_valid(whole)) std::abort();
    const xh_status one = decode(label, body, size, TextDecoder::OnBad::Fail, strict_whole);
    const xh_status two = decode(label, body, piece, TextDecoder::OnBad::Fail, strict_cut);
    if (one != two || (one == XH_OK && strict_whole != whole)) std::abort();
    encode_text(body, label, encoded);
    encode_text(whole, label, encoded);
    return 0;
}
