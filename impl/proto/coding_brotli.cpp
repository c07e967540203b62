// br over libbrotlidec. Windows are those of RFC 7932 (at most 16 MiB), never the "large window" extension.

#include <brotli/decode.h>

#include "proto/content_coding.h"

namespace xh::proto {

namespace {

void* brotli_allocate(void*, std::size_t size) { return base::try_allocate(size); }
void brotli_release(void*, void* address) { base::release_memory(address); }

class BrotliStage final : public CodingStage {
public:
    BrotliStage() : decoder_(BrotliDecoderCreateInstance(brotli_allocate, brotli_release, nullptr)) {
        if (!decoder_) throw std::bad_alloc();
    }
    ~BrotliStage() override { BrotliDecoderDestroyInstance(decoder_); }
    BrotliStage(const BrotliStage&) = delete;
    BrotliStage& operator=(const BrotliStage&) = delete;

    Step run(std::string_view& in, char*& out, std::size_t& room) noexcept override {
        if (ended_) return in.empty() ? Step::NeedInput : fail(XH_E_BAD_CODING, "bytes after the end of the stream");
        if (!in.empty()) started_ = true;
        auto next_in = reinterpret_cast<const uint8_t*>(in.data());
        auto next_out = reinterpret_cast<uint8_t*>(out);
        std::size_t left = in.size();
        const std::size_t before = room;
        const BrotliDecoderResult result =
            BrotliDecoderDecompressStream(decoder_, &left, &next_in, &room, &next_out, nullptr);
        in.remove_prefix(in.size() - left);
        out += before - room;
        switch (result) {
            case BROTLI_DECODER_RESULT_NEEDS_MORE_INPUT: return Step::NeedInput;
            case BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT: return Step::NeedOutput;
            case BROTLI_DECODER_RESULT_SUCCESS:
                ended_ = true;
                return in.empty() ? Step::NeedInput : fail(XH_E_BAD_CODING, "bytes after the end of the stream");
            default: break;
        }
        const BrotliDecoderErrorCode code = BrotliDecoderGetErrorCode(decoder_);
        const bool memory =
            code <= BROTLI_DECODER_ERROR_ALLOC_CONTEXT_MODES && code >= BROTLI_DECODER_ERROR_ALLOC_BLOCK_TYPE_TREES;
        return fail(memory ? XH_E_NOMEM : XH_E_BAD_CODING, BrotliDecoderErrorString(code));
    }

    bool at_end() const noexcept override { return ended_ || !started_; }

private:
    BrotliDecoderState* decoder_;
    bool started_ = false;
    bool ended_ = false;
};

}  // namespace

std::unique_ptr<CodingStage> make_brotli_stage() { return std::unique_ptr<CodingStage>(new BrotliStage()); }

}  // namespace xh::proto
