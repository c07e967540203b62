#include "client/request.h"
#include "proto/content_range.h"
#include "proto/digest_hash.h"
#include "proto/http1_writer.h"

// The body as a file: what is asked for, and whether the answer is that (XH_OPT_OUTPUT_FILE, XH_OPT_RESUME).

namespace xh::client {

namespace {

std::string_view field_of(const proto::Head& head, proto::Known name) noexcept {
    const proto::HeaderSpan* field = head.find(name);
    return field ? head.text(field->value) : std::string_view();
}

/// The one Content-Range of the head; false when there is none, more than one, or it is not valid.
bool range_of(const proto::Head& head, proto::ContentRange& out) noexcept {
    uint32_t seen = 0;
    for (uint32_t i = 0; i < head.header_count; ++i) seen += head.headers[i].known == proto::Known::ContentRange;
    return seen == 1 && proto::parse_content_range(field_of(head, proto::Known::ContentRange), out);
}

/// Why a 206 is not the rest of what is kept; empty when it is. `total` becomes the length of the whole.
std::string_view fault_of(const proto::Head& head, const FileSink& file, proto::ContentRange& range,
                          int64_t& total) noexcept {
    if (file.kept() == 0) return "the server sent a part, which was not asked for";
    if (!range_of(head, range) || range.unsatisfied()) return "the content-range of the part is missing or not valid";
    if (range.first != file.kept()) return "the part starts elsewhere than it was asked to";
    if (head.has_length && head.length != static_cast<uint64_t>(range.size()))
        return "content-range and content-length differ";
    total = range.total >= 0 ? range.total : file.kept_total();
    if (total < 0) return "the part does not tell how long the whole is";
    if (range.last >= total || (file.kept_total() >= 0 && file.kept_total() != total))
        return "the length of the whole has changed";
    // A server that does not know If-Range answers with a part of whatever is there now.
    bool by_tag = proto::is_strong_etag(file.validator());
    std::string_view now = field_of(head, by_tag ? proto::Known::Etag : proto::Known::LastModified);
    if (!now.empty() && now != file.validator()) return "the part is of another version";
    return {};
}

}  // namespace

xh_status Request::prepare_output(base::Error& error) {
    const Options& options = *options_;
    std::string_view conflict;
    if (options.output_file.empty()) {
        if (!options.resume) return XH_OK;
        conflict = "resume needs an outputFile";
    } else if (method_ == "HEAD") {
        conflict = "the answer to HEAD has no body for an outputFile";
    } else if (options.resume && method_ != "GET") {
        conflict = "only GET can be resumed";
    } else if (options.resume && options.decode_data) {
        conflict = "with resume the bytes are not decoded, but decodeData is set";
    } else if (options.resume &&
               (options.has_header(proto::Known::Range) || options.has_header(proto::Known::IfRange))) {
        conflict = "with resume the headers range and if-range are written by xh";
    }
    if (!conflict.empty()) {
        error = base::Error(XH_E_OPTION_CONFLICT, base::component::kRequest, XH_PHASE_NONE, conflict);
        return XH_E_OPTION_CONFLICT;
    }
    proto::HexDigest key;  // the url may hold secrets: its hash is enough to know it again
    if (options.resume && !proto::DigestHash(proto::DigestAlgorithm::Sha256).add(url_.href()).finish(key)) {
        error = base::Error(XH_E_INTERNAL, base::component::kRequest, XH_PHASE_NONE, "no hash function for the url");
        return XH_E_INTERNAL;
    }
    xh_status status = FileSink::open(options.output_file, options.resume, key.view(), file_, error);
    if (status != XH_OK || file_->kept() == 0) return status;
    uint64_t rank = 0;
    if (!proto::is_strong_etag(file_->validator()) && !proto::http_date_rank(file_->validator(), rank)) file_->forget();
    return XH_OK;
}

void Request::write_range(proto::HeadWriter& head) const {
    if (!file_ || file_->kept() == 0) return;
    base::String from("bytes=");
    base::append_decimal(from, static_cast<uint64_t>(file_->kept()));
    from.append("-");
    head.field("Range", from);
    head.field("If-Range", file_->validator());
}

bool Request::starts_again(const proto::Head& head) {
    if (!file_ || head.status != 416 || file_->kept() == 0) return false;
    proto::ContentRange range;
    bool whole = range_of(head, range) && range.unsatisfied() && range.total == file_->kept() &&
                 (file_->kept_total() < 0 || file_->kept_total() == range.total);
    if (!whole) file_->forget();
    return !whole;
}

bool Request::open_output(const proto::Head& head, BodyWay& way, base::Error& error) {
    if (!file_) return true;
    if (head.status == 416 && file_->kept() > 0) {
        way.to_app = way.keep = false;  // starts_again() has seen that nothing is missing
        return file_->go_on(file_->kept(), file_->kept(), error);
    }
    if (head.status < 200 || head.status > 299) return true;
    way.file = file_.get();
    if (!options_->resume) return file_->start({}, -1, error);
    if (head.status != 206) {
        std::string_view validator =
            proto::part_validator(field_of(head, proto::Known::Etag), field_of(head, proto::Known::LastModified),
                                  field_of(head, proto::Known::Date));
        return file_->start(validator, announced_answer_, error);
    }
    proto::ContentRange range;
    int64_t total = -1;
    std::string_view fault = fault_of(head, *file_, range, total);
    if (fault.empty()) return file_->go_on(range.last + 1, total, error);
    file_->forget();
    error = base::Error(XH_E_BAD_RANGE, base::component::kRequest, XH_PHASE_BODY, fault);
    return false;
}

}  // namespace xh::client
