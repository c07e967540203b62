#pragma once
// Answers to authentication challenges (Q17, Q18): which challenge, with what, and when to stop trying.

#include <string_view>
#include <utility>

#include "base/alloc.h"
#include "base/ref.h"
#include "proto/challenge.h"
#include "proto/digest.h"
#include "xh/base.h"

namespace xh::proto {

enum class AuthMethod : unsigned char { Basic, Digest, Auto };

/// Reads "basic", "digest" or "auto"; false for anything else.
bool parse_auth_method(std::string_view name, AuthMethod& out) noexcept;

/// "Basic " and the credentials in base64 (RFC 7617), in UTF-8 as they come.
/// @return XH_OK; XH_E_INVALID_ARGUMENT for a colon in the user or a control byte in either
xh_status basic_authorization(std::string_view user, std::string_view password, base::String& value);

/// The challenge to answer: with Auto the strongest digest (SHA-512-256, SHA-256, MD5), else basic; with Digest never
/// basic; with Basic never digest. nullptr when there is none.
const Challenge* choose_challenge(const base::Vec<Challenge>& challenges, AuthMethod method) noexcept;

/// What was learned about one server or proxy: later requests that share it need no challenge. The owner sees to it that
/// it serves one origin, one user and one password, and one thread at a time.
struct AuthMemory : base::Counted {
    DigestSession digest;
    bool basic_chosen = false;  ///< by a challenge
};

/// The credentials of one request for one origin (or proxy), over all its attempts.
class Authenticator : public base::Allocated {
public:
    /// @param memory  of earlier requests; nullptr makes a new one
    Authenticator(AuthMethod method, std::string_view user, std::string_view password,
                  base::Ref<AuthMemory> memory = nullptr)
        : method_(method),
          user_(user),
          password_(password),
          memory_(memory ? std::move(memory) : base::make_ref<AuthMemory>()) {}

    /// The value of Authorization (Proxy-Authorization) for the next attempt; empty when none is to be sent: nothing goes
    /// out before a challenge, except Basic when Basic was asked for.
    /// @param cnonce  see DigestSession::authorize
    xh_status authorization(const DigestRequest& request, std::string_view cnonce, base::String& value);

    /// A 401 (407) came.
    /// @param fields  the values of all WWW-Authenticate (Proxy-Authenticate) lines
    /// @return true when the request is to be sent again with authorization(); false when the response stands: no challenge
    ///         can be answered, or the server refused these credentials
    bool challenged(const std::string_view* fields, std::size_t count);

    /// Authentication-Info (Proxy-Authentication-Info) of an accepted request.
    void info(std::string_view field) { memory_->digest.info(field); }

    AuthMethod method() const noexcept { return method_; }
    const base::Ref<AuthMemory>& memory() const noexcept { return memory_; }

private:
    AuthMethod method_;
    base::String user_, password_;
    base::Ref<AuthMemory> memory_;
    bool sent_basic_ = false;  // the last attempt carried basic credentials
    bool stale_used_ = false;  // the one more answer for stale=true is used up
    int answers_ = 0;
};

}  // namespace xh::proto
