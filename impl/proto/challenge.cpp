#include "proto/challenge.h"

#include <utility>

#include "base/ascii.h"

namespace xh::proto {

namespace {

constexpr std::size_t kMaxChallenges = 16;
constexpr std::size_t kMaxParams = 32;

bool is_token68(char c) noexcept {
    return base::is_alpha(c) || base::is_digit(c) || c == '-' || c == '.' || c == '_' || c == '~' || c == '+' ||
           c == '/';
}

/// A position in a field and the small steps over it; none reads past the end.
class Reader {
public:
    explicit Reader(std::string_view text) noexcept : rest_(text) {}

    bool done() const noexcept { return rest_.empty(); }
    bool at(char c) const noexcept { return !rest_.empty() && rest_[0] == c; }
    void skip(std::size_t n) noexcept { rest_.remove_prefix(n); }

    bool blanks() noexcept {
        const std::size_t before = rest_.size();
        while (!rest_.empty() && base::is_ows(rest_[0])) rest_.remove_prefix(1);
        return rest_.size() != before;
    }

    /// Over commas, blanks and bytes that can begin no element.
    void to_element() noexcept {
        while (!rest_.empty() && !base::has_class(rest_[0], base::kToken)) {
            if (rest_[0] == '"') {
                base::String ignored;
                quoted(ignored);
            } else {
                rest_.remove_prefix(1);
            }
        }
    }

    std::string_view token() noexcept {
        const char* end = base::skip_class(rest_.data(), rest_.data() + rest_.size(), base::kToken);
        const std::string_view token = rest_.substr(0, static_cast<std::size_t>(end - rest_.data()));
        rest_.remove_prefix(token.size());
        return token;
    }

    /// A token68 that ends the element; empty (and nothing skipped) when there is none.
    std::string_view token68() noexcept {
        std::size_t i = 0;
        while (i < rest_.size() && is_token68(rest_[i])) ++i;
        if (i == 0) return {};
        while (i < rest_.size() && rest_[i] == '=') ++i;
        std::size_t end = i;
        while (end < rest_.size() && base::is_ows(rest_[end])) ++end;
        if (end < rest_.size() && rest_[end] != ',') return {};
        const std::string_view token = rest_.substr(0, i);
        rest_.remove_prefix(end);
        return token;
    }

    /// "=" with blanks around it.
    bool equals() noexcept {
        std::string_view before = rest_;
        blanks();
        if (!at('=')) return rest_ = before, false;
        skip(1);
        blanks();
        return true;
    }

    /// A quoted string or what stands up to the next comma or blank; false when the quotes do not end.
    bool value(base::String& out) {
        if (at('"')) return quoted(out);
        while (!rest_.empty() && rest_[0] != ',' && !base::is_ows(rest_[0])) {
            out.push_back(rest_[0]);
            skip(1);
        }
        return true;
    }

private:
    bool quoted(base::String& out) {
        skip(1);
        while (!rest_.empty()) {
            char c = rest_[0];
            skip(1);
            if (c == '"') return true;
            if (c == '\\' && !rest_.empty()) {
                c = rest_[0];
                skip(1);
            }
            out.push_back(c);
        }
        return false;
    }

    std::string_view rest_;
};

bool has_control(std::string_view text) noexcept {
    return base::find_bad_value(text.data(), text.data() + text.size()) != text.data() + text.size();
}

const AuthParam* find_param(const base::Vec<AuthParam>& params, std::string_view name) noexcept {
    for (const AuthParam& param : params)
        if (param.name == name) return &param;
    return nullptr;
}

/// The value behind "name=" into `params`; says whether it is sound.
bool add_param(Reader& reader, std::string_view name, base::Vec<AuthParam>& params) {
    AuthParam param;
    param.name = base::lower_string(name);
    const bool sound = reader.value(param.value) && !has_control(param.value) && !find_param(params, param.name);
    if (params.size() < kMaxParams) params.push_back(std::move(param));
    return sound;
}

}  // namespace

std::string_view Challenge::find(std::string_view name) const noexcept {
    const AuthParam* param = find_param(params, name);
    return param ? std::string_view(param->value) : std::string_view();
}

void parse_challenges(std::string_view field, base::Vec<Challenge>& out) {
    Reader reader(field);
    const std::size_t before = out.size();
    while (true) {
        reader.to_element();
        if (reader.done()) return;
        const std::string_view name = reader.token();
        if (reader.equals()) {
            // A parameter: of the challenge before it, or of nothing.
            Challenge orphan;
            Challenge& owner = out.size() > before ? out.back() : orphan;
            if (!add_param(reader, name, owner.params)) owner.broken = true;
            continue;
        }
        if (out.size() >= kMaxChallenges) return;
        Challenge challenge;
        challenge.scheme = base::lower_string(name);
        if (reader.blanks()) challenge.token68 = base::to_string(reader.token68());
        // "Basic, Digest realm=x": the first has nothing. "NTLM Negotiate x": a word that is no token68 and no name is
        // taken for the next scheme by the next turn.
        out.push_back(std::move(challenge));
    }
}

void parse_auth_params(std::string_view field, base::Vec<AuthParam>& out) {
    Reader reader(field);
    while (true) {
        reader.to_element();
        if (reader.done()) return;
        const std::string_view name = reader.token();
        if (reader.equals()) add_param(reader, name, out);
    }
}

}  // namespace xh::proto
