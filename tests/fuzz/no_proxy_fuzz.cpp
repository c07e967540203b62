// NO_PROXY: the list is the first line, the host the second.

#include <string_view>

#include "base/ip.h"
#include "proto/no_proxy.h"

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
    const std::string_view text(reinterpret_cast<const char*>(data), size);
    const std::size_t end = text.find('\n');
    const std::string_view list = text.substr(0, end);
    const std::string_view host =
        end == std::string_view::npos ? std::string_view("example.com") : text.substr(end + 1);
    for (std::string_view name :
         {host, std::string_view("www.example.com"), std::string_view("10.1.2.3"), std::string_view("::1")})
        xh::proto::no_proxy_matches(list, name, 80);
    xh::base::IpBytes ip, again;
    if (xh::base::parse_ip(host, ip)) {
        char out[xh::base::kMaxIpText];
        const std::size_t length = xh::base::format_ip(ip, out);
        if (length > sizeof out || !xh::base::parse_ip({out, length}, again) || !(again == ip)) __builtin_trap();
    }
    return 0;
}
