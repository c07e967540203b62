#include "base/error.h"

#include <cerrno>
#include <cstring>

namespace xh::base {

xh_status status_of_errno(int os_error, xh_status fallback) noexcept {
    switch (os_error) {
        case ECONNREFUSED: return XH_E_CONNECTION_REFUSED;
        case EHOSTUNREACH: return XH_E_HOST_UNREACHABLE;
        case ENETUNREACH: return XH_E_NETWORK_UNREACHABLE;
        case EADDRINUSE: return XH_E_ADDRESS_IN_USE;
        case EADDRNOTAVAIL: return XH_E_ADDRESS_NOT_AVAILABLE;
        case EMFILE:
        case ENFILE: return XH_E_TOO_MANY_FILES;
        case ETIMEDOUT: return XH_E_TIMEOUT_CONNECT;
        case ECONNRESET: return XH_E_CONNECTION_RESET;
        case EPIPE: return XH_E_WRITE_FAILED;
        case ENOMEM:
        case ENOBUFS: return XH_E_NOMEM;
        default: return fallback;
    }
}

String errno_text(int os_error) {
    char text[128] = "";
    // The GNU form may return a static string instead of filling the buffer, the POSIX form returns an int.
    auto pick = [&text](auto result) -> const char* {
        if constexpr (std::is_same_v<decltype(result), int>)
            return text;
        else
            return result;
    };
    String out = pick(strerror_r(os_error, text, sizeof text));
    out += " (errno ";
    out += std::to_string(os_error).c_str();
    out += ')';
    return out;
}

}  // namespace xh::base
