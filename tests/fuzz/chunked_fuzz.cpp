// One input for the chunk decoder: a byte of settings, then the coded body. Body, status and length are the same in one
// piece and byte by byte, and never more than what came.

#include <cstdint>
#include <cstdlib>
#include <string>

#include "proto/chunked.h"

namespace {

using xh::proto::ChunkedDecoder;

struct Result {
    std::string body;
    size_t used = 0;
    bool last = false;
    xh_status status = XH_OK;
};

Result decode(const char* p, size_t n, size_t piece, const xh::proto::Limits& limits, xh::proto::Leniency leniency) {
    ChunkedDecoder decoder;
    decoder.reset(limits, leniency);
    Result r;
    while (r.used < n) {
        const size_t there = n - r.used < piece ? n - r.used : piece;
        const ChunkedDecoder::Step step = decoder.next(p + r.used, there);
        if (step.used + step.data > there) std::abort();
        r.used += step.used;
        r.status = decoder.status();
        r.last = step.event == ChunkedDecoder::Event::Last;
        if (r.last || r.status != XH_OK) break;
        if (step.event != ChunkedDecoder::Event::Data) continue;
        if (step.data == 0) std::abort();
        r.body.append(p + r.used, step.data);
        decoder.take(step.data);
        r.used += step.data;
        if (decoder.body_bytes() != r.body.size()) std::abort();
    }
    return r;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    if (size < 1) return 0;
    xh::proto::Limits limits;
    if ((data[0] & 1) != 0) limits.max_chunk_ext = 16;
    if ((data[0] & 2) != 0) limits.max_body_bytes = 32;
    const xh::proto::Leniency leniency = (data[0] & 4) != 0 ? (1u << 12) - 1 : 0;
    const char* p = reinterpret_cast<const char*>(data) + 1;
    const Result whole = decode(p, size - 1, size, limits, leniency);
    for (size_t piece : {size_t{1}, size_t{2}, size_t{7}}) {
        const Result cut = decode(p, size - 1, piece, limits, leniency);
        if (cut.body != whole.body || cut.status != whole.status || cut.last != whole.last || cut.used != whole.used)
            std::abort();
    }
    return 0;
}
