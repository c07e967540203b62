#pragma once
// Base64 (RFC 4648 4), one line, padded.

#include <string_view>

#include "base/alloc.h"

namespace xh::base {

void base64_append(String& out, std::string_view bytes);
/// Strict: padded, no white space. False, and `out` unchanged, otherwise.
bool base64_decode(std::string_view text, String& out);

}  // namespace xh::base
