// gzip and deflate over zlib.

#include <zlib.h>

#include <climits>
#include <cstring>

#include "proto/content_coding.h"

namespace xh::proto {

namespace {

voidpf zlib_allocate(voidpf, uInt items, uInt size) {
    if (size != 0 && items > SIZE_MAX / size) return nullptr;
    return base::try_allocate(static_cast<std::size_t>(items) * size);
}
void zlib_release(voidpf, voidpf address) { base::release_memory(address); }

constexpr unsigned char kGzipMagic[2] = {0x1F, 0x8B};

class InflateStage final : public CodingStage {
public:
    enum class Format : uint8_t { Gzip, Deflate };

    explicit InflateStage(Format format) noexcept : format_(format) { std::memset(&stream_, 0, sizeof stream_); }
    ~InflateStage() override {
        if (open_) inflateEnd(&stream_);
    }

    Step run(std::string_view& in, char*& out, std::size_t& room) noexcept override {
        while (true) {
            switch (state_) {
                case State::Start:
                case State::Between:
                    if (!collect_start(in)) return Step::NeedInput;
                    if (state_ == State::Trailer) break;
                    if (!open_stream()) return fail(XH_E_NOMEM, "");
                    state_ = State::Held;
                    break;
                case State::Held: {
                    // The two bytes that decided the format come first.
                    std::string_view held(reinterpret_cast<const char*>(held_) + held_at_, held_size_ - held_at_);
                    const Step step = inflate_some(held, out, room);
                    if (state_ == State::Held) held_at_ = held_size_ - held.size();
                    if (step == Step::Error || step == Step::NeedOutput) return step;
                    if (state_ == State::Held) state_ = State::Data;
                    break;
                }
                case State::Data: {
                    const Step step = inflate_some(in, out, room);
                    if (step == Step::Error || step == Step::NeedOutput) return step;
                    if (state_ == State::Data) return Step::NeedInput;
                    break;
                }
                case State::Trailer: in = {}; return Step::NeedInput;
            }
        }
    }

    bool at_end() const noexcept override {
        return (state_ == State::Start && held_size_ == 0) || state_ == State::Between || state_ == State::Trailer;
    }

private:
    enum class State : uint8_t {
        Start,    ///< before the first two bytes
        Held,     ///< those two bytes go to zlib
        Data,     ///< inside a stream
        Between,  ///< behind a gzip member: another one may follow
        Trailer   ///< behind the end: everything is ignored
    };

    /// Gathers the two bytes that say what follows. False when more input is needed.
    bool collect_start(std::string_view& in) noexcept {
        while (held_size_ < 2) {
            if (in.empty()) return false;
            if (state_ == State::Between && static_cast<unsigned char>(in[0]) != kGzipMagic[held_size_]) {
                state_ = State::Trailer;
                return true;
            }
            held_[held_size_++] = static_cast<unsigned char>(in[0]);
            in.remove_prefix(1);
        }
        return true;
    }

    /// RFC 1950 2.2: method 8, window of at most 32 KiB, check bits.
    bool has_zlib_header() const noexcept {
        return (held_[0] & 15) == 8 && (held_[0] >> 4) <= 7 && (held_[0] << 8 | held_[1]) % 31 == 0;
    }

    bool open_stream() noexcept {
        if (open_) return inflateReset(&stream_) == Z_OK;
        stream_.zalloc = zlib_allocate;
        stream_.zfree = zlib_release;
        const int bits = format_ == Format::Gzip ? 16 + MAX_WBITS : has_zlib_header() ? MAX_WBITS : -MAX_WBITS;
        open_ = inflateInit2(&stream_, bits) == Z_OK;
        return open_;
    }

    Step inflate_some(std::string_view& in, char*& out, std::size_t& room) noexcept {
        while (true) {
            const uInt give = static_cast<uInt>(in.size() < UINT_MAX ? in.size() : UINT_MAX);
            const uInt take = static_cast<uInt>(room < UINT_MAX ? room : UINT_MAX);
            stream_.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
            stream_.avail_in = give;
            stream_.next_out = reinterpret_cast<Bytef*>(out);
            stream_.avail_out = take;
            const int code = inflate(&stream_, Z_NO_FLUSH);
            in.remove_prefix(give - stream_.avail_in);
            out += take - stream_.avail_out;
            room -= take - stream_.avail_out;
            if (code == Z_STREAM_END) {
                state_ = format_ == Format::Gzip ? State::Between : State::Trailer;
                held_size_ = held_at_ = 0;
                return Step::NeedInput;
            }
            if (code == Z_MEM_ERROR) return fail(XH_E_NOMEM, "");
            if (code == Z_NEED_DICT) return fail(XH_E_BAD_CODING, "needs a preset dictionary");
            if (code != Z_OK && code != Z_BUF_ERROR) return fail(XH_E_BAD_CODING, stream_.msg);
            if (room == 0) return Step::NeedOutput;
            if (in.empty()) return Step::NeedInput;
        }
    }

    z_stream stream_;
    Format format_;
    State state_ = State::Start;
    bool open_ = false;
    unsigned char held_[2] = {};
    std::size_t held_size_ = 0;
    std::size_t held_at_ = 0;
};

}  // namespace

std::unique_ptr<CodingStage> make_gzip_stage() {
    return std::unique_ptr<CodingStage>(new InflateStage(InflateStage::Format::Gzip));
}

std::unique_ptr<CodingStage> make_deflate_stage() {
    return std::unique_ptr<CodingStage>(new InflateStage(InflateStage::Format::Deflate));
}

}  // namespace xh::proto
