#include "client/incoming_body.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"
#include "proto/charset.h"
#include "proto/mime.h"

namespace xh::client {

namespace {

constexpr uint64_t kMostCollected = uint64_t{2} << 30;

base::Error body_error(xh_status status, std::string_view detail = {}) {
    base::Error error(status, base::component::kCoding, XH_PHASE_BODY, xh_status_text(status));
    if (!detail.empty()) error.message.append(": ").append(detail);
    return error;
}

}  // namespace

xh_status IncomingBody::begin(const Options& options, const Response& response, const BodyWay& way, int64_t announced) {
    to_app_ = way.to_app;
    file_ = way.file;
    keep_ = file_ || (way.keep && options.return_response_body);
    decode_for_app_ = options.decode_data;
    manual_ = options.manual_consume || options.queue;
    credit_ = window_ = options.receive_window;
    most_ = options.max_body_bytes >= 0 ? static_cast<uint64_t>(options.max_body_bytes)
            : keep_ && !file_           ? kMostCollected
                                        : UINT64_MAX;
    given_ = file_ ? static_cast<uint64_t>(file_->size()) : 0;  // a file that is continued counts as a whole
    // A part can be continued only as it came.
    bool decode = !(file_ && options.resume) && ((keep_ && options.decompress) || (to_app_ && decode_for_app_));
    base::Vec<std::string_view> fields;
    for (std::size_t i = 0; decode && i < response.count(); ++i)
        if (response.line(i).known == proto::Known::ContentEncoding) fields.push_back(response.line(i).value);
    if (!fields.empty()) {
        proto::CodingLimits limits;
        limits.max_decoded = most_;
        limits.max_ratio = static_cast<uint32_t>(std::min<int64_t>(options.max_coding_ratio, UINT32_MAX));
        if (options.max_coding_ratio == 0) limits.max_ratio = UINT32_MAX;
        xh_status status = XH_OK;
        decoder_ = proto::ContentDecoder::create(fields.data(), fields.size(), limits, status);
        if (status != XH_OK) return status;
    }
    if (decoder_) decoded_ = base::Buffer::make(kDecodeBytes);
    constexpr int64_t kMostReserved = 1 << 20;  // what a peer only announces is not believed for more than this
    if (keep_ && !file_ && !decoder_ && announced > 0)
        collected_.reserve(static_cast<std::size_t>(std::min(announced, kMostReserved)));
    return XH_OK;
}

void IncomingBody::consume(std::size_t n) noexcept {
    credit_ = std::min<int64_t>(window_, credit_ + static_cast<int64_t>(std::min<std::size_t>(n, INT64_MAX / 2)));
}

std::size_t IncomingBody::give(std::string_view data, base::Buffer* buffer) {
    std::size_t done = 0;
    while (done < data.size() && !stopped()) {
        std::size_t room = manual_ ? static_cast<std::size_t>(credit_) : static_cast<std::size_t>(window_);
        std::string_view piece = data.substr(done, room);
        done += piece.size();
        if (manual_) credit_ -= static_cast<int64_t>(piece.size());
        taker_.on_body_data(piece, buffer);
    }
    return done;
}

bool IncomingBody::collect(std::string_view data, base::Error& error) {
    uint64_t size = file_ ? static_cast<uint64_t>(file_->size()) : collected_.size();
    if (size + data.size() > most_) {
        error = body_error(XH_E_BODY_TOO_LARGE);
        return false;
    }
    if (file_) return file_->write(data, error);
    collected_.append(data);
    return true;
}

bool IncomingBody::decode_failed(base::Error& error) const {
    error = body_error(decoder_->status(), decoder_->detail());
    return false;
}

bool IncomingBody::collect_coded(std::string_view data, base::Error& error) {
    for (;;) {
        std::size_t used = 0;
        std::size_t produced = 0;
        auto result = decoder_->decode(data.data(), data.size(), used, decoded_->data(), kDecodeBytes, produced);
        data.remove_prefix(used);
        if (result == proto::ContentDecoder::Result::Error) return decode_failed(error);
        if (!collect({decoded_->data(), produced}, error)) return false;
        if (result == proto::ContentDecoder::Result::NeedInput) return true;
    }
}

std::size_t IncomingBody::take_plain(const char* data, std::size_t n, base::Buffer* buffer, base::Error& error) {
    std::size_t taken = to_app_ ? give({data, n}, buffer) : n;
    given_ += taken;
    if (given_ > most_ && !decoder_) {
        error = body_error(XH_E_BODY_TOO_LARGE);
        return taken;
    }
    if (keep_) {
        if (decoder_)
            collect_coded({data, taken}, error);
        else
            collect({data, taken}, error);
    }
    return taken;
}

std::size_t IncomingBody::take_coded_for_app(const char* data, std::size_t n, base::Error& error) {
    std::size_t at = 0;
    while (!stopped() && (at < n || decoder_full_)) {
        if (!decoded_->unique()) decoded_ = base::Buffer::make(kDecodeBytes);
        std::size_t room = manual_ ? std::min(kDecodeBytes, static_cast<std::size_t>(credit_))
                                   : std::min(kDecodeBytes, static_cast<std::size_t>(window_));
        std::size_t used = 0;
        std::size_t produced = 0;
        auto result = decoder_->decode(data + at, n - at, used, decoded_->data(), room, produced);
        at += used;
        if (result == proto::ContentDecoder::Result::Error) {
            decode_failed(error);
            return at;
        }
        decoder_full_ = result == proto::ContentDecoder::Result::NeedOutput;
        std::string_view piece(decoded_->data(), produced);
        if (keep_ && !collect(piece, error)) return at;
        if (produced > 0) {
            if (manual_) credit_ -= static_cast<int64_t>(produced);
            base::Ref<base::Buffer> alive = decoded_;
            taker_.on_body_data(piece, alive.get());
        }
    }
    return at;
}

std::size_t IncomingBody::take(const char* data, std::size_t n, base::Buffer* buffer, base::Error& error) {
    std::size_t taken = decoder_ && to_app_ && decode_for_app_ ? take_coded_for_app(data, n, error)
                                                               : take_plain(data, n, buffer, error);
    received_ += taken;
    return taken;
}

bool IncomingBody::drain(base::Error& error) {
    if (decoder_full_) take_coded_for_app(nullptr, 0, error);
    return !decoder_full_ && !taker_.data_stopped();
}

void IncomingBody::finish(const Options& options, Response& response, base::Error& error) {
    if (decoder_) {
        xh_status status = decoder_->finish();
        if (status != XH_OK) {
            error = body_error(status, decoder_->detail());
            return;
        }
        decoder_.reset();
        decoded_.reset();
    }
    if (keep_ && !file_) convert_body(options.data_type, std::move(collected_), response, error);
}

namespace {

/// The type has no parameter, or the charset as its only one and that is UTF-8.
bool says_utf8_or_nothing(std::string_view content_type) noexcept {
    std::size_t semicolon = content_type.find(';');
    if (semicolon == std::string_view::npos) return true;
    std::string_view parameter = base::trim_ows(content_type.substr(semicolon + 1));
    return base::iequals(parameter, "charset=utf-8") || base::iequals(parameter, "charset=\"utf-8\"");
}

bool is_plain_utf8(std::string_view text) noexcept {
    constexpr std::string_view kMark = "\xEF\xBB\xBF";
    constexpr std::string_view kUtf16 = "\xFF\xFE";
    constexpr std::string_view kUtf16Swapped = "\xFE\xFF";
    std::string_view start = text.substr(0, 2);
    return text.substr(0, 3) != kMark && start != kUtf16 && start != kUtf16Swapped && base::utf8_valid(text);
}

}  // namespace

void convert_body(int32_t data_type, base::String body, Response& response, base::Error& error) {
    std::string_view type_field = response.find(proto::Known::ContentType);
    bool automatic = data_type == XH_DATA_AUTO;
    if (automatic) {
        proto::BodyKind kind = proto::body_kind(type_field);
        data_type = kind == proto::BodyKind::Object ? XH_DATA_OBJECT
                    : kind == proto::BodyKind::Text ? XH_DATA_TEXT
                                                    : XH_DATA_BLOB;
    }
    // Nearly every text is UTF-8 already; then nothing is decoded or copied.
    bool as_it_is = data_type != XH_DATA_BLOB && says_utf8_or_nothing(type_field) && is_plain_utf8(body);
    if (data_type != XH_DATA_BLOB && !as_it_is) {
        proto::MediaType media;
        media.parse(type_field);
        std::string_view charset = data_type == XH_DATA_OBJECT && media.charset().empty() ? "utf-8" : media.charset();
        std::unique_ptr<proto::TextDecoder> decoder;
        xh_status status = proto::TextDecoder::create(charset, proto::TextDecoder::OnBad::Replace, decoder);
        if (status != XH_OK && !automatic) {
            error = base::Error(status, base::component::kRequest, XH_PHASE_DONE, "the body's charset is not known: ");
            error.message.append(charset);
            return;
        }
        if (status != XH_OK) {
            data_type = XH_DATA_BLOB;
        } else {
            base::String text;
            text.reserve(body.size());
            decoder->feed(body, text);
            decoder->finish(text);
            body = std::move(text);
        }
    }
    if (data_type == XH_DATA_OBJECT && !body.empty()) {
        json::ParseError where;
        if (json::parse(body, response.json, &where) != XH_OK) {
            if (!automatic) {
                error = base::Error(XH_E_BODY_NOT_JSON, base::component::kRequest, XH_PHASE_DONE,
                                    "the body is not valid JSON: ");
                error.message.append(where.message);
                return;
            }
            data_type = XH_DATA_TEXT;  // an error page with the wrong label is still worth reading
        }
    }
    response.body = std::move(body);
    response.body_type = data_type;
}

}  // namespace xh::client
