// Content-Type and Content-Disposition.

#include <cstdlib>
#include <string_view>

#include "proto/mime.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    xh::proto::MediaType type;
    const bool good = type.parse(text);
    if (good != !type.essence().empty()) std::abort();
    if (good && (type.type().empty() || type.subtype().empty())) std::abort();
    if (!good && xh::proto::body_kind(text) != xh::proto::BodyKind::Bytes) std::abort();
    type.charset();
    type.parse_disposition(text);
    type.param("filename");
    return 0;
}
