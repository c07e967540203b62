#include "proto/digest_hash.h"

#include <openssl/evp.h>
#include <openssl/rand.h>

namespace xh::proto {

namespace {

constexpr char kDigits[] = "0123456789abcdef";

const EVP_MD* function_of(DigestAlgorithm algorithm) noexcept {
    switch (algorithm) {
        case DigestAlgorithm::Md5: return EVP_md5();
        case DigestAlgorithm::Sha256: return EVP_sha256();
        case DigestAlgorithm::Sha512_256: return EVP_sha512_256();
    }
    return nullptr;
}

void put_hex(const unsigned char* bytes, std::size_t count, char* out) noexcept {
    for (std::size_t i = 0; i < count; ++i) {
        *out++ = kDigits[bytes[i] >> 4];
        *out++ = kDigits[bytes[i] & 15];
    }
}

}  // namespace

DigestHash::DigestHash(DigestAlgorithm algorithm) noexcept : context_(EVP_MD_CTX_new()) {
    good_ = context_ && EVP_DigestInit_ex(static_cast<EVP_MD_CTX*>(context_), function_of(algorithm), nullptr) == 1;
}

DigestHash::~DigestHash() { EVP_MD_CTX_free(static_cast<EVP_MD_CTX*>(context_)); }

DigestHash& DigestHash::add(std::string_view bytes) noexcept {
    good_ = good_ && EVP_DigestUpdate(static_cast<EVP_MD_CTX*>(context_), bytes.data(), bytes.size()) == 1;
    return *this;
}

bool DigestHash::finish(HexDigest& out) noexcept {
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    good_ =
        good_ && EVP_DigestFinal_ex(static_cast<EVP_MD_CTX*>(context_), bytes, &size) == 1 && size * 2 <= kMaxDigestHex;
    if (!good_) return false;
    put_hex(bytes, size, out.text);
    out.size = size * 2;
    good_ = false;
    return true;
}

bool random_hex(char* out, std::size_t size) noexcept {
    unsigned char bytes[32];
    while (size != 0) {
        const std::size_t digits = size < 2 * sizeof bytes ? size : 2 * sizeof bytes;
        const std::size_t count = (digits + 1) / 2;
        if (RAND_bytes(bytes, static_cast<int>(count)) != 1) return false;
        for (std::size_t i = 0; i < digits; ++i) out[i] = kDigits[i % 2 == 0 ? bytes[i / 2] >> 4 : bytes[i / 2] & 15];
        out += digits;
        size -= digits;
    }
    return true;
}

}  // namespace xh::proto
