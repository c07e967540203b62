#pragma once
// What the headers of one head say about framing: Content-Length, Transfer-Encoding, Connection, Upgrade, Host, Expect.

#include "proto/http1_types.h"

namespace xh::proto {

class Framing {
public:
    void reset(Role role, Leniency leniency) noexcept {
        *this = Framing();
        role_ = role;
        leniency_ = leniency;
    }
    /// Reads one header whose id is at most kLastFraming; `value` is trimmed.
    /// XH_OK, XH_E_BAD_CONTENT_LENGTH, XH_E_BAD_TRANSFER_ENCODING, XH_E_BAD_HOST.
    xh_status take(Known name, std::string_view value) noexcept;
    /// Decides keep_alive, chunked, has_length, length, until_close, upgrade, has_body of a complete head whose version,
    /// method and status are set. Looks at all rules that concern more than one header.
    xh_status decide(Head& head) const noexcept;

private:
    xh_status take_length(std::string_view value) noexcept;
    xh_status take_codings(std::string_view value) noexcept;
    void take_connection(std::string_view value) noexcept;
    xh_status decide_request(Head& head) const noexcept;
    xh_status decide_response(Head& head) const noexcept;

    Role role_ = Role::Response;
    Leniency leniency_ = 0;
    bool has_length_ = false;
    bool has_codings_ = false;
    bool chunked_ = false;  // the last coding so far
    bool close_ = false;
    bool keep_alive_ = false;
    bool upgrade_option_ = false;
    bool upgrade_ = false;
    bool expect_continue_ = false;
    uint8_t hosts_ = 0;
    uint8_t coding_count_ = 0;
    Coding codings_[2] = {Coding::Unknown, Coding::Unknown};
    uint64_t length_ = 0;
};

}  // namespace xh::proto
