#pragma once
// WWW-Authenticate and Proxy-Authenticate (RFC 9110 11.6.1): several challenges in one field and over several fields.

#include <string_view>

#include "base/alloc.h"

namespace xh::proto {

/// name=value of a challenge; the name in lower case, the value unquoted.
struct AuthParam {
    base::String name, value;
};

struct Challenge {
    base::String scheme;   ///< lower case: "basic", "digest", "negotiate"
    base::String token68;  ///< what stands behind the scheme in place of parameters; usually empty
    base::Vec<AuthParam> params;
    bool broken = false;  ///< a quoted string without end, a repeated parameter or a control byte: not to be answered

    /// Value of a parameter; data() is nullptr when it is absent. The name is given in lower case.
    std::string_view find(std::string_view name) const noexcept;
};

/// Appends the challenges of one field value. Never fails: what is no challenge is skipped, at most 16 challenges of at
/// most 32 parameters are kept.
void parse_challenges(std::string_view field, base::Vec<Challenge>& out);

/// Appends the name=value pairs of Authentication-Info and Proxy-Authentication-Info.
void parse_auth_params(std::string_view field, base::Vec<AuthParam>& out);

}  // namespace xh::proto
