#include "http1_fuzz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    return http1_fuzz::run(xh::proto::Role::Response, data, size);
}
