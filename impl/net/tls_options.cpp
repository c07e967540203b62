#include "net/tls_options.h"

#include <openssl/evp.h>

#include "base/ascii.h"

namespace xh::net {

namespace {

void add(base::String& text, const base::String& field) {
    base::append_decimal(text, field.size());
    text += ':';
    text += field;
}

}  // namespace

base::String TlsOptions::fingerprint() const {
    base::String text;
    const bool flags[] = {verify, system_store, session_cache, ignore_unexpected_eof};
    text += static_cast<char>('0' + static_cast<int>(min_version));
    text += static_cast<char>('0' + static_cast<int>(max_version));
    for (bool flag : flags) text += flag ? '1' : '0';
    for (const base::String* field : {&ca_pem, &ca_file, &cert_folder, &cert_pem, &key_pem, &pfx, &key_passphrase,
                                      &ciphers, &pins, &server_name, &keylog_file})
        add(text, *field);
    // A digest: it is compared often, and keys and passphrases must not live on in every pool's table.
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (EVP_Digest(text.data(), text.size(), digest, &size, EVP_sha256(), nullptr) != 1) return text;
    base::String out;
    for (unsigned i = 0; i < size; ++i) {
        out += "0123456789abcdef"[digest[i] >> 4];
        out += "0123456789abcdef"[digest[i] & 15];
    }
    return out;
}

}  // namespace xh::net
