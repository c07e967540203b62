#include "proto/content_coding.h"

#include "base/ascii.h"

namespace xh::proto {

namespace {

bool find_coding(std::string_view name, ContentCoding& out) noexcept {
    static constexpr struct {
        std::string_view name;
        ContentCoding coding;
    } kNames[] = {{"gzip", ContentCoding::Gzip},
                  {"x-gzip", ContentCoding::Gzip},
                  {"deflate", ContentCoding::Deflate},
                  {"br", ContentCoding::Brotli},
                  {"zstd", ContentCoding::Zstd}};
    for (const auto& known : kNames) {
        if (!base::iequals(name, known.name)) continue;
        out = known.coding;
        return true;
    }
    return false;
}

std::unique_ptr<CodingStage> make_stage(ContentCoding coding) {
    switch (coding) {
        case ContentCoding::Gzip: return make_gzip_stage();
        case ContentCoding::Deflate: return make_deflate_stage();
        case ContentCoding::Brotli: return make_brotli_stage();
        case ContentCoding::Zstd: return make_zstd_stage();
    }
    return nullptr;
}

}  // namespace

xh_status CodingList::add(std::string_view field) noexcept {
    std::string_view item;
    while (base::next_list_item(field, item)) {
        if (item.empty() || base::iequals(item, "identity")) continue;
        if (count == kMaxCodings) return XH_E_TOO_MANY_CODINGS;
        if (!find_coding(item, codings[count])) return XH_E_UNKNOWN_CODING;
        ++count;
    }
    return XH_OK;
}

std::unique_ptr<ContentDecoder> ContentDecoder::create(const std::string_view* fields, std::size_t count,
                                                       const CodingLimits& limits, xh_status& status) {
    CodingList list;
    status = XH_OK;
    for (std::size_t i = 0; i < count; ++i) {
        status = list.add(fields[i]);
        if (status != XH_OK) return nullptr;
    }
    if (list.count == 0) return nullptr;
    std::unique_ptr<ContentDecoder> decoder(new ContentDecoder(limits));
    decoder->first_ = make_stage(list.codings[list.count - 1]);
    if (list.count == 2) {
        decoder->second_ = make_stage(list.codings[0]);
        decoder->middle_.resize(kMiddle);
    }
    return decoder;
}

ContentDecoder::Result ContentDecoder::fail(xh_status status, const char* detail) noexcept {
    status_ = status;
    detail_ = detail;
    return Result::Error;
}

bool ContentDecoder::within(uint64_t total) noexcept {
    if (total > limits_.max_decoded) {
        fail(XH_E_DECODED_TOO_LARGE, "");
        return false;
    }
    if (total > limits_.ratio_floor && total / limits_.max_ratio > total_in_) {
        fail(XH_E_CODING_RATIO, "");
        return false;
    }
    return true;
}

ContentDecoder::Result ContentDecoder::run_one(std::string_view& in, char*& out, std::size_t& room) noexcept {
    const std::size_t before_in = in.size(), before_out = room;
    const CodingStage::Step step = first_->run(in, out, room);
    total_in_ += before_in - in.size();
    total_out_ += before_out - room;
    if (step == CodingStage::Step::Error) return fail(first_->status(), first_->detail());
    if (!within(total_out_)) return Result::Error;
    return step == CodingStage::Step::NeedInput ? Result::NeedInput : Result::NeedOutput;
}

ContentDecoder::Result ContentDecoder::run_two(std::string_view& in, char*& out, std::size_t& room) noexcept {
    while (true) {
        if (middle_at_ == middle_end_ && !second_full_) {
            if (in.empty() && !first_full_) return Result::NeedInput;
            char* to = middle_.data();
            std::size_t space = kMiddle;
            const std::size_t before = in.size();
            const CodingStage::Step step = first_->run(in, to, space);
            total_in_ += before - in.size();
            total_middle_ += kMiddle - space;
            if (step == CodingStage::Step::Error) return fail(first_->status(), first_->detail());
            if (!within(total_middle_)) return Result::Error;
            first_full_ = step == CodingStage::Step::NeedOutput;
            middle_at_ = 0;
            middle_end_ = kMiddle - space;
            continue;
        }
        std::string_view rest(middle_.data() + middle_at_, middle_end_ - middle_at_);
        const std::size_t before = room;
        const CodingStage::Step step = second_->run(rest, out, room);
        middle_at_ = middle_end_ - rest.size();
        total_out_ += before - room;
        if (step == CodingStage::Step::Error) return fail(second_->status(), second_->detail());
        if (!within(total_out_)) return Result::Error;
        second_full_ = step == CodingStage::Step::NeedOutput;
        if (second_full_) return Result::NeedOutput;
    }
}

ContentDecoder::Result ContentDecoder::decode(const char* in, std::size_t n, std::size_t& used, char* out,
                                              std::size_t cap, std::size_t& produced) noexcept {
    used = produced = 0;
    if (status_ != XH_OK) return Result::Error;
    if (cap == 0) return Result::NeedOutput;
    std::string_view rest(in, n);
    std::size_t room = cap;
    const Result result = second_ ? run_two(rest, out, room) : run_one(rest, out, room);
    used = n - rest.size();
    produced = cap - room;
    return result;
}

xh_status ContentDecoder::finish() noexcept {
    if (status_ != XH_OK) return status_;
    const bool whole = first_->at_end() && !first_full_ && (!second_ || (second_->at_end() && !second_full_));
    if (!whole) fail(XH_E_TRUNCATED, "the coded data ends before its end");
    return status_;
}

}  // namespace xh::proto
