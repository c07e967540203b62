#include "client/response.h"

#include <cstring>
#include <new>

#include "base/ascii.h"

namespace xh::client {

namespace {

/// Copies text behind each other, with a NUL after each.
class Packer {
public:
    explicit Packer(char* at) noexcept : at_(at) {}
    std::string_view put(std::string_view text) noexcept {
        if (!text.empty()) std::memcpy(at_, text.data(), text.size());
        return close(text.size());
    }
    std::string_view put_lower(std::string_view text) noexcept {
        base::lower_copy(at_, text.data(), text.size());
        return close(text.size());
    }

private:
    std::string_view close(std::size_t n) noexcept {
        std::string_view out(at_, n);
        at_[n] = '\0';
        at_ += n + 1;
        return out;
    }
    char* at_;
};

}  // namespace

base::Ref<Response> Response::make(const proto::Head& head, std::string_view url) {
    std::size_t text = head.reason.len + 1 + url.size() + 1;
    for (uint32_t i = 0; i < head.header_count; ++i)
        text += 2 * (head.headers[i].name.len + 1) + head.headers[i].value.len + 1;
    void* memory = base::allocate(sizeof(Response) + head.header_count * sizeof(Line) + text);
    base::Ref<Response> response = base::Ref<Response>::adopt(new (memory) Response());
    response->lines_ = reinterpret_cast<Line*>(static_cast<char*>(memory) + sizeof(Response));
    response->count_ = head.header_count;
    response->status_ = head.status;
    response->minor_ = head.version_minor;
    Packer pack(reinterpret_cast<char*>(response->lines_ + head.header_count));
    response->reason_ = pack.put(head.text(head.reason));
    response->url_ = pack.put(url);
    for (uint32_t i = 0; i < head.header_count; ++i) {
        const proto::HeaderSpan& span = head.headers[i];
        std::string_view name = head.text(span.name);
        new (&response->lines_[i])
            Line{pack.put(name), pack.put_lower(name), pack.put(head.text(span.value)), span.known};
    }
    return response;
}

std::string_view Response::find(std::string_view name, std::size_t nth) const noexcept {
    for (std::size_t i = 0; i < count_; ++i)
        if (base::iequals(lines_[i].lower, name) && nth-- == 0) return lines_[i].value;
    return {};
}

std::string_view Response::find(proto::Known known) const noexcept {
    for (std::size_t i = 0; i < count_; ++i)
        if (lines_[i].known == known) return lines_[i].value;
    return {};
}

}  // namespace xh::client
