// Content codings. The first byte chooses the coding and the sizes; the result may not depend on how it is cut.

#include <cstdlib>
#include <string>
#include <string_view>

#include "proto/content_coding.h"

using namespace xh::proto;

namespace {

constexpr std::string_view kCodings[] = {"gzip",     "deflate",       "br",      "zstd", "gzip, gzip",
                                         "br, gzip", "deflate, zstd", "zstd, br"};

xh_status decode(std::string_view coding, std::string_view body, std::size_t piece, std::size_t cap, std::string& out) {
    CodingLimits limits;
    limits.max_decoded = 1u << 18;
    limits.ratio_floor = 1u << 16;
    xh_status status;
    auto decoder = ContentDecoder::create(&coding, 1, limits, status);
    if (!decoder) std::abort();
    std::string room(cap, '\0');
    while (true) {
        const std::string_view part = body.substr(0, piece);
        std::size_t used, produced;
        const auto result = decoder->decode(part.data(), part.size(), used, &room[0], cap, produced);
        if (used > part.size() || produced > cap) std::abort();
        if (result == ContentDecoder::Result::NeedInput && used != part.size()) std::abort();
        if (result == ContentDecoder::Result::NeedOutput && produced != cap) std::abort();
        body.remove_prefix(used);
        out.append(room, 0, produced);
        if (result == ContentDecoder::Result::Error) return decoder->status();
        if (result == ContentDecoder::Result::NeedInput && body.empty()) return decoder->finish();
    }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    if (size == 0) return 0;
    const std::string_view body(reinterpret_cast<const char*>(data + 1), size - 1);
    const std::string_view coding = kCodings[data[0] % 8];
    std::string whole, cut;
    const xh_status one = decode(coding, body, body.size() + 1, 65536, whole);
    const xh_status two = decode(coding, body, 1u + data[0] / 8u % 8u, 1u + data[0] / 64u * 700u, cut);
    if ((one == XH_OK) != (two == XH_OK)) {
        // The limits look at the whole in steps, so they may speak earlier in small ones.
        const auto limit = [](xh_status s) { return s == XH_E_CODING_RATIO || s == XH_E_DECODED_TOO_LARGE; };
        if (!limit(one) && !limit(two)) std::abort();
    }
    if (one == XH_OK && two == XH_OK && whole != cut) std::abort();
    return 0;
}
