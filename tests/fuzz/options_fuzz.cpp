// Options as JSON. What is refused says why and leaves the set as it was; what is taken can be read back, and a request that
// is refused with it is refused before anything is sent.

#include <cstdlib>
#include <cstring>
#include <string>

#include "xh/xh.h"

namespace {

void require(bool held) {
    if (!held) std::abort();
}

std::string read(const xh_options* options, int32_t option) {
    size_t needed = 0;
    if (xh_options_get_str(options, option, nullptr, 0, &needed) != XH_E_BUFFER_TOO_SMALL) return {};
    std::string text(needed, '\0');
    require(xh_options_get_str(options, option, &text[0], text.size(), nullptr) == XH_OK);
    return text;
}

constexpr int32_t kRead[] = {XH_OPT_METHOD, XH_OPT_ENCODING, XH_OPT_DATA_TYPE, XH_OPT_PROXY, XH_OPT_SERVER_AUTH_NAME};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
    xh_options* options = xh_options_new();
    require(options != nullptr);
    require(xh_options_set_int(options, XH_OPT_MAX_REDIRECTIONS, 7) == XH_OK);
    require(xh_options_set_str(options, XH_OPT_METHOD, "PUT", 3) == XH_OK);
    std::string before[sizeof kRead / sizeof *kRead];
    for (size_t i = 0; i < sizeof kRead / sizeof *kRead; ++i) before[i] = read(options, kRead[i]);
    xh_error* error = nullptr;
    xh_status status = xh_options_set_json(options, reinterpret_cast<const char*>(data), size, &error);
    if (status == XH_OK) {
        require(error == nullptr);
    } else {
        require(error != nullptr && xh_error_status(error) == status && xh_error_message(error).len > 0);
        for (size_t i = 0; i < sizeof kRead / sizeof *kRead; ++i) require(read(options, kRead[i]) == before[i]);
        int64_t redirections = 0;
        require(xh_options_get_int(options, XH_OPT_MAX_REDIRECTIONS, &redirections) == XH_OK && redirections == 7);
        xh_error_free(error);
    }
    xh_options_release(options);
    return 0;
}
