#pragma once
// OpenSSL's error queue and verification results as errors of the library.

#include <openssl/ssl.h>

#include "base/error.h"

namespace xh::net {

/// The status for a result of certificate verification (X509_V_ERR_*).
xh_status status_of_verify(long code) noexcept;

/// What the verification of the peer's chain failed at; filled by the verify callback.
struct VerifyFailure {
    long code = X509_V_OK;
    int depth = -1;
    base::String subject;
};

/// The error for a failed verification against `host`.
base::Error verify_error(const VerifyFailure& failure, std::string_view host, std::string_view peer);

/// The error for what stands in the thread's error queue after a failed call of the handshake or, with `established`, of
/// the stream. Empties the queue.
base::Error queue_error(bool established, std::string_view host, std::string_view peer);

/// The reasons in the thread's error queue as one text, "a; b"; empties the queue. Empty when it held nothing.
base::String drain_queue();

/// One line: "CN = example.com, O = Example".
base::String subject_of(X509* certificate);

}  // namespace xh::net
