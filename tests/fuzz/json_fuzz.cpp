// JSON: what is read is written, and reads the same again.

#include <cstdlib>
#include <string_view>

#include "json/json.h"

using namespace xh::json;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    ValueRef value, again;
    ParseError error;
    if (parse(text, value, &error) != XH_OK) {
        if (error.offset > size || error.message.empty()) std::abort();
        return 0;
    }
    xh::base::String one, two;
    value->write(one);
    if (parse(one, again) != XH_OK) std::abort();
    again->write(two);
    if (one != two) std::abort();
    one.clear();
    value->write(one, 2);
    if (parse(one, again) != XH_OK) std::abort();
    return 0;
}
