#include "client/body.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/ascii.h"
#include "proto/charset.h"

namespace xh::client {

namespace {

constexpr std::size_t kPiece = 64 * 1024;

}  // namespace

base::Ref<Body> Body::copied(BodyForm form, std::string_view bytes) {
    base::Ref<Body> body = base::Ref<Body>::adopt(new Body(form));
    body->bytes_ = base::to_string(bytes);
    body->view_ = body->bytes_;
    return body;
}

base::Ref<Body> Body::borrowed(std::string_view bytes, void* user_data, xh_destroy_fn release) {
    base::Ref<Body> body = base::Ref<Body>::adopt(new Body(BodyForm::Bytes));
    body->view_ = bytes;
    body->owner_ = base::Foreign(user_data, release);
    return body;
}

base::Ref<Body> Body::pulled(xh_body_pull_fn pull, int64_t length, void* user_data, xh_destroy_fn destroy) {
    base::Ref<Body> body = base::Ref<Body>::adopt(new Body(BodyForm::Pull));
    body->pull_ = pull;
    body->length_ = length;
    body->owner_ = base::Foreign(user_data, destroy);
    return body;
}

base::String Body::content_type(std::string_view encoding) const {
    switch (form_) {
        case BodyForm::Text: return base::String("text/plain; charset=").append(encoding);
        case BodyForm::Json: return "application/json; charset=utf-8";
        default: return "application/octet-stream";
    }
}

/// Asks the application; holds one piece at a time.
class PullSource final : public conn::BodySource {
public:
    explicit PullSource(base::Ref<Body> body) : body_(std::move(body)) { piece_.resize(kPiece); }
    int64_t length() const noexcept override { return body_->length_; }

    conn::Supply peek(std::string_view& data) override {
        if (at_ == end_ && !ended_) {
            int64_t n = body_->pull_(piece_.data(), piece_.size(), body_->owner_.data());
            if (n == -1) return conn::Supply::Wait;
            if (n < 0 || n > static_cast<int64_t>(piece_.size())) return conn::Supply::Failed;
            pulled_ = true;
            ended_ = n == 0;
            at_ = 0;
            end_ = static_cast<std::size_t>(n);
        }
        data = std::string_view(piece_).substr(at_, end_ - at_);
        return data.empty() ? conn::Supply::End : conn::Supply::Data;
    }
    void take(std::size_t n) noexcept override { at_ += n; }
    bool rewind() override { return !pulled_; }
    base::Error error() override {
        return {XH_E_CALLBACK, base::component::kRequest, XH_PHASE_SEND, "the callback that supplies the body failed"};
    }

private:
    base::Ref<Body> body_;
    base::String piece_;
    std::size_t at_ = 0;
    std::size_t end_ = 0;
    bool ended_ = false;
    bool pulled_ = false;
};

namespace {

/// Reads a file piece by piece; its length is what it was when it was opened.
class FileSource final : public conn::BodySource {
public:
    FileSource(int fd, int64_t length) : fd_(fd), length_(length) { piece_.resize(kPiece); }
    ~FileSource() override { ::close(fd_); }
    int64_t length() const noexcept override { return length_; }

    conn::Supply peek(std::string_view& data) override {
        if (at_ == end_ && position_ < length_) {
            int64_t left = length_ - position_;
            std::size_t want =
                left < static_cast<int64_t>(piece_.size()) ? static_cast<std::size_t>(left) : piece_.size();
            ssize_t n = ::pread(fd_, piece_.data(), want, position_);
            if (n <= 0) {
                os_error_ = n < 0 ? errno : 0;
                return conn::Supply::Failed;
            }
            position_ += n;
            at_ = 0;
            end_ = static_cast<std::size_t>(n);
        }
        data = std::string_view(piece_).substr(at_, end_ - at_);
        return data.empty() ? conn::Supply::End : conn::Supply::Data;
    }
    void take(std::size_t n) noexcept override { at_ += n; }
    bool rewind() override {
        position_ = 0;
        at_ = end_ = 0;
        return true;
    }
    base::Error error() override {
        base::Error error(XH_E_FILE, base::component::kRequest, XH_PHASE_SEND,
                          os_error_ ? "the file of the body cannot be read: " : "the file of the body became shorter");
        if (os_error_) error.message += base::errno_text(os_error_);
        error.os_error = os_error_;
        return error;
    }

private:
    int fd_;
    int64_t length_;
    int64_t position_ = 0;
    base::String piece_;
    std::size_t at_ = 0;
    std::size_t end_ = 0;
    int os_error_ = 0;
};

xh_status open_file(const base::String& path, std::unique_ptr<conn::BodySource>& out, base::Error& error) {
    int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    struct stat about {};
    if (fd < 0 || ::fstat(fd, &about) != 0 || !S_ISREG(about.st_mode)) {
        int os_error = fd >= 0 && S_ISDIR(about.st_mode) ? EISDIR : fd >= 0 && !S_ISREG(about.st_mode) ? EINVAL : errno;
        if (fd >= 0) ::close(fd);
        error =
            base::Error(XH_E_FILE, base::component::kRequest, XH_PHASE_NONE, "the file of the body cannot be opened: ");
        error.message.append(path).append(": ").append(base::errno_text(os_error));
        error.os_error = os_error;
        return XH_E_FILE;
    }
    try {
        out = std::make_unique<FileSource>(fd, static_cast<int64_t>(about.st_size));
    } catch (...) {
        ::close(fd);
        throw;
    }
    return XH_OK;
}

}  // namespace

xh_status open_body(const base::Ref<Body>& body, std::string_view encoding, base::String& encoded,
                    std::unique_ptr<conn::BodySource>& out, base::Error& error) {
    out.reset();
    if (!body) return XH_OK;
    switch (body->form()) {
        case BodyForm::File: return open_file(base::to_string(body->bytes()), out, error);
        case BodyForm::Pull:
            if (!body->claim()) {
                error = base::Error(XH_E_BODY_USED, base::component::kRequest, XH_PHASE_NONE,
                                    "this pulled body was given to an earlier request; make new options for each");
                return XH_E_BODY_USED;
            }
            out = std::make_unique<PullSource>(body);
            return XH_OK;
        case BodyForm::Text:
            if (!base::iequals(encoding, "utf-8") && !base::iequals(encoding, "utf8")) {
                xh_status status = proto::encode_text(body->bytes(), encoding, encoded);
                if (status != XH_OK) {
                    error = base::Error(status, base::component::kRequest, XH_PHASE_NONE, xh_status_text(status));
                    return status;
                }
                out = std::make_unique<conn::MemorySource>(encoded);
                return XH_OK;
            }
            [[fallthrough]];
        default: out = std::make_unique<conn::MemorySource>(body->bytes()); return XH_OK;
    }
}

}  // namespace xh::client
