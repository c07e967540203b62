#pragma once
// The TLS settings of a request or agent as plain values. Equal options share one configuration, one session cache and
// may share connections; a difference in any field forbids both (what-users-ask 2, pool key).

#include <cstdint>

#include "base/alloc.h"

namespace xh::net {

enum class TlsVersion : uint8_t { Default, V1_0, V1_1, V1_2, V1_3 };

struct TlsOptions {
    TlsVersion min_version = TlsVersion::V1_2;
    TlsVersion max_version = TlsVersion::Default;
    bool verify = true;
    bool system_store = true;            ///< trust the system's store as well as what is given
    bool session_cache = true;           ///< resume sessions
    bool ignore_unexpected_eof = false;  ///< danger: a cut connection looks like an end
    base::String ca_pem;                 ///< own authorities, PEM text
    base::String ca_file;                ///< file or folder of authorities
    base::String cert_folder;            ///< holds cert.pem and key.pem (Q05)
    base::String cert_pem;               ///< client certificate and its chain, PEM text
    base::String key_pem;                ///< its key, PEM text
    base::String pfx;                    ///< certificate and key as PKCS#12 bytes
    base::String key_passphrase;
    base::String ciphers;      ///< OpenSSL list for TLS 1.2 and below; empty is the default
    base::String pins;         ///< base64 SHA-256 of SubjectPublicKeyInfo, separated by ';'; empty is none
    base::String server_name;  ///< replaces the host for SNI and verification; empty is the host
    base::String keylog_file;  ///< danger: whoever reads it can decrypt the traffic

    /// All fields as one unambiguous text: equal texts, equal options.
    base::String fingerprint() const;
};

}  // namespace xh::net
