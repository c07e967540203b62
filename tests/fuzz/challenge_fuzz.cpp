// Challenges and what is answered to them: the header must stay one line whatever the server says.

#include <cstdlib>
#include <string>
#include <string_view>

#include "proto/auth.h"

using namespace xh::proto;

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    // Lines are fields of one response.
    xh::base::Vec<std::string_view> fields;
    std::string_view rest = text;
    while (fields.size() < 8) {
        const std::size_t end = rest.find('\n');
        fields.push_back(rest.substr(0, end));
        if (end == std::string_view::npos) break;
        rest.remove_prefix(end + 1);
    }
    for (const AuthMethod method : {AuthMethod::Auto, AuthMethod::Digest, AuthMethod::Basic}) {
        Authenticator auth(method, "us\"er", "pass");
        xh::base::String value;
        const DigestRequest request{"GET", "/target?x"};
        for (int round = 0; round < 4; ++round) {
            if (auth.authorization(request, "cnonce", value) == XH_OK) {
                for (char c : value)
                    if ((static_cast<unsigned char>(c) < 0x20 && c != '\t') || c == 0x7f) std::abort();
                if (method == AuthMethod::Digest && value.compare(0, 5, "Basic") == 0) std::abort();
            }
            if (!auth.challenged(fields.data(), fields.size())) break;
            if (round == 3) std::abort();
            auth.info(fields[0]);
        }
    }
    return 0;
}
