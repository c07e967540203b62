// zstd over libzstd. The allocator hook is part of libzstd's "static" section, which its shared builds export too.

#define ZSTD_STATIC_LINKING_ONLY
#include <zstd.h>
#include <zstd_errors.h>

#include "proto/content_coding.h"

namespace xh::proto {

namespace {

void* zstd_allocate(void*, std::size_t size) { return base::try_allocate(size); }
void zstd_release(void*, void* address) { base::release_memory(address); }

// 8 MiB: the most that RFC 9659 lets a server ask of an HTTP client.
constexpr int kMaxWindowLog = 23;

class ZstdStage final : public CodingStage {
public:
    ZstdStage() : context_(ZSTD_createDCtx_advanced({zstd_allocate, zstd_release, nullptr})) {
        if (!context_) throw std::bad_alloc();
        ZSTD_DCtx_setParameter(context_, ZSTD_d_windowLogMax, kMaxWindowLog);
    }
    ~ZstdStage() override { ZSTD_freeDCtx(context_); }
    ZstdStage(const ZstdStage&) = delete;
    ZstdStage& operator=(const ZstdStage&) = delete;

    Step run(std::string_view& in, char*& out, std::size_t& room) noexcept override {
        ZSTD_outBuffer to = {out, room, 0};
        Step step = Step::NeedInput;
        while (step == Step::NeedInput && (!in.empty() || !frame_end_)) {
            if (frame_end_) {
                if (!begin_frame(in, step)) break;
                continue;
            }
            ZSTD_inBuffer from = {in.data(), in.size(), 0};
            const std::size_t before = to.pos;
            step = decompress(from, to);
            in.remove_prefix(from.pos);
            if (step != Step::NeedInput || (from.pos == 0 && to.pos == before)) break;
        }
        out += to.pos;
        room -= to.pos;
        return step;
    }

    bool at_end() const noexcept override { return frame_end_ && magic_size_ == 0; }

private:
    /// Gathers and checks the four bytes that begin a frame: libzstd would also take the formats of before 2016, which
    /// know neither the window limit nor the allocator. True when the frame has begun.
    bool begin_frame(std::string_view& in, Step& step) noexcept {
        while (magic_size_ < sizeof magic_ && !in.empty()) {
            magic_[magic_size_++] = static_cast<unsigned char>(in[0]);
            in.remove_prefix(1);
        }
        if (magic_size_ < sizeof magic_) return false;
        const uint32_t magic = magic_[0] | magic_[1] << 8 | magic_[2] << 16 | static_cast<uint32_t>(magic_[3]) << 24;
        if (magic != ZSTD_MAGICNUMBER && (magic & ZSTD_MAGIC_SKIPPABLE_MASK) != ZSTD_MAGIC_SKIPPABLE_START) {
            step = fail(XH_E_BAD_CODING, "no zstd frame");
            return false;
        }
        ZSTD_inBuffer from = {magic_, sizeof magic_, 0};
        ZSTD_outBuffer none = {nullptr, 0, 0};
        const std::size_t result = ZSTD_decompressStream(context_, &none, &from);
        if (ZSTD_isError(result) || from.pos != from.size) {
            step = fail(XH_E_BAD_CODING, ZSTD_isError(result) ? ZSTD_getErrorName(result) : "");
            return false;
        }
        frame_end_ = false;
        magic_size_ = 0;
        return true;
    }

    Step decompress(ZSTD_inBuffer& from, ZSTD_outBuffer& to) noexcept {
        const std::size_t result = ZSTD_decompressStream(context_, &to, &from);
        if (ZSTD_isError(result))
            return fail(ZSTD_getErrorCode(result) == ZSTD_error_memory_allocation ? XH_E_NOMEM : XH_E_BAD_CODING,
                        ZSTD_getErrorName(result));
        frame_end_ = result == 0;
        return to.pos == to.size && (!frame_end_ || from.pos < from.size) ? Step::NeedOutput : Step::NeedInput;
    }

    ZSTD_DCtx* context_;
    unsigned char magic_[4];
    std::size_t magic_size_ = 0;
    bool frame_end_ = true;  // between two frames, or nothing came yet
};

}  // namespace

std::unique_ptr<CodingStage> make_zstd_stage() { return std::unique_ptr<CodingStage>(new ZstdStage()); }

}  // namespace xh::proto
