#include "proto/auth.h"

#include "base/ascii.h"
#include "base/base64.h"

namespace xh::proto {

namespace {

bool has_control(std::string_view text) noexcept {
    for (char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
    return false;
}

}  // namespace

bool parse_auth_method(std::string_view name, AuthMethod& out) noexcept {
    if (name == "basic") {
        out = AuthMethod::Basic;
    } else if (name == "digest") {
        out = AuthMethod::Digest;
    } else if (name == "auto") {
        out = AuthMethod::Auto;
    } else {
        return false;
    }
    return true;
}

xh_status basic_authorization(std::string_view user, std::string_view password, base::String& value) {
    if (user.find(':') != std::string_view::npos || has_control(user) || has_control(password))
        return XH_E_INVALID_ARGUMENT;
    base::String pair(user);
    pair.push_back(':');
    pair.append(password.data(), password.size());
    value.assign("Basic ");
    base::base64_append(value, pair);
    return XH_OK;
}

const Challenge* choose_challenge(const base::Vec<Challenge>& challenges, AuthMethod method) noexcept {
    const Challenge* best = nullptr;
    int best_rank = -1;
    for (const Challenge& challenge : challenges) {
        int rank = -1;
        if (challenge.scheme == "basic" && !challenge.broken && method != AuthMethod::Digest) rank = 0;
        if (method != AuthMethod::Basic && digest_rank(challenge) > 0) rank = digest_rank(challenge);
        if (rank <= best_rank) continue;
        best = &challenge;
        best_rank = rank;
    }
    return best;
}

xh_status Authenticator::authorization(const DigestRequest& request, std::string_view cnonce, base::String& value) {
    value.clear();
    xh_status status = XH_OK;
    sent_basic_ = method_ == AuthMethod::Basic || memory_->basic_chosen;
    if (sent_basic_) {
        status = basic_authorization(user_, password_, value);
    } else if (memory_->digest.active()) {
        status = memory_->digest.authorize(user_, password_, request, cnonce, value);
    }
    if (status != XH_OK) value.clear();
    return status;
}

bool Authenticator::challenged(const std::string_view* fields, std::size_t count) {
    base::Vec<Challenge> challenges;
    for (std::size_t i = 0; i < count; ++i) parse_challenges(fields[i], challenges);
    const Challenge* chosen = choose_challenge(challenges, method_);
    if (!chosen) return false;
    if (chosen->scheme == "basic") {
        // Basic that was sent and refused would be refused again.
        if (sent_basic_ || answers_ != 0) return false;
        memory_->digest.reset();
        memory_->basic_chosen = true;
        ++answers_;
        return true;
    }
    // The first answer is free even if credentials went along: a nonce kept from an earlier request may have aged without
    // the server saying so. stale=true says that the credentials are right, and gives one answer more.
    if (answers_ != 0) {
        if (stale_used_ || !base::iequals(chosen->find("stale"), "true")) return false;
        stale_used_ = true;
    }
    ++answers_;
    memory_->basic_chosen = false;
    return memory_->digest.start(*chosen) == XH_OK;
}

}  // namespace xh::proto
