#pragma once
// Digest authentication, client side: RFC 7616, and RFC 2617 and 2069 servers.

#include <string_view>

#include "base/alloc.h"
#include "proto/challenge.h"
#include "proto/digest_hash.h"
#include "xh/base.h"

namespace xh::proto {

/// Hashes the request's body for qop auth-int; false when it cannot (a body that streams). NULL data for an empty body.
using BodyHash = bool (*)(void* context, DigestHash& hash);

/// What a digest is computed over.
struct DigestRequest {
    std::string_view method;
    /// The request target exactly as it goes out, "host:port" for CONNECT.
    std::string_view uri;
    /// Without one, auth-int is not possible unless the body is empty.
    BodyHash body_hash = nullptr;
    void* body_context = nullptr;
    bool has_body = false;
};

/// The rank of a challenge among digests: 0 when it cannot be answered (unknown algorithm or qop, no realm or nonce).
int digest_rank(const Challenge& challenge) noexcept;

/// What a server's challenge allows until it says otherwise: nonce, nonce count, the hash of the credentials.
/// Kept per origin, it answers later requests at once.
class DigestSession {
public:
    /// Takes a challenge with digest_rank() > 0.
    /// @return XH_OK; XH_E_BAD_CHALLENGE
    xh_status start(const Challenge& challenge);
    bool active() const noexcept { return !nonce_.empty(); }
    void reset() noexcept { nonce_.clear(); }
    std::string_view realm() const noexcept { return realm_; }
    std::string_view nonce() const noexcept { return nonce_; }
    uint32_t nonce_count() const noexcept { return count_; }

    /// The value of Authorization for one request; counts the nonce up.
    /// @param cnonce  fresh random text per request; of printable ASCII without quotes. In a -sess session the first stays.
    /// @return XH_OK; XH_E_STATE without a session; XH_E_BODY_NOT_REPLAYABLE when only auth-int is offered and the body
    ///         cannot be hashed; XH_E_NOT_SUPPORTED when the hash function is not available; XH_E_INVALID_ARGUMENT when
    ///         the user or the password holds a control byte
    xh_status authorize(std::string_view user, std::string_view password, const DigestRequest& request,
                        std::string_view cnonce, base::String& value);

    /// Authentication-Info: takes over a nextnonce.
    void info(std::string_view field);

private:
    enum class Qop : uint8_t { None, Auth, AuthInt };

    bool hash(std::initializer_list<std::string_view> parts, HexDigest& out) const noexcept;
    bool credentials_hash(std::string_view user, std::string_view password, std::string_view cnonce, HexDigest& out);
    void put_user(std::string_view user, const HexDigest& user_hash, base::String& value) const;

    DigestAlgorithm algorithm_ = DigestAlgorithm::Md5;
    bool algorithm_given_ = false;
    bool session_ = false;  // one of the -sess algorithms
    bool offers_auth_ = false;
    bool offers_auth_int_ = false;
    bool userhash_ = false;
    bool utf8_ = false;
    bool has_opaque_ = false;
    base::String realm_, nonce_, opaque_;
    base::String session_cnonce_;
    HexDigest session_hash_;  // H(A1) of a -sess session: computed once
    uint32_t count_ = 0;
};

}  // namespace xh::proto
