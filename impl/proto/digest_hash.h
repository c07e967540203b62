#pragma once
// The hash functions of digest authentication, and random bytes.

#include <cstdint>
#include <string_view>

#include "base/alloc.h"

namespace xh::proto {

/// In rising order of preference.
enum class DigestAlgorithm : uint8_t { Md5, Sha256, Sha512_256 };

constexpr std::size_t kMaxDigestHex = 64;

/// A hash in lower-case hexadecimal, without allocation.
struct HexDigest {
    char text[kMaxDigestHex];
    std::size_t size = 0;
    std::string_view view() const noexcept { return {text, size}; }
};

/// One running hash. For a body that is hashed piece by piece (qop auth-int), or for short texts in one go.
class DigestHash {
public:
    explicit DigestHash(DigestAlgorithm algorithm) noexcept;
    ~DigestHash();
    DigestHash(const DigestHash&) = delete;
    DigestHash& operator=(const DigestHash&) = delete;

    DigestHash& add(std::string_view bytes) noexcept;
    /// Ends the hash; false when the function is not available here (MD5 where policy forbids it) or memory ran out.
    bool finish(HexDigest& out) noexcept;

private:
    void* context_;
    bool good_ = false;
};

/// Fills `out` with `size` lower-case hexadecimal digits from the system's generator; false when it has none to give.
bool random_hex(char* out, std::size_t size) noexcept;

}  // namespace xh::proto
