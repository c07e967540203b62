#include "base/base64.h"

namespace xh::base {

void base64_append(String& out, std::string_view bytes) {
    static constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
    for (std::size_t i = 0; i < bytes.size(); i += 3) {
        const std::size_t left = bytes.size() - i;
        unsigned group = static_cast<unsigned char>(bytes[i]) << 16u;
        if (left > 1) group |= static_cast<unsigned>(static_cast<unsigned char>(bytes[i + 1])) << 8;
        if (left > 2) group |= static_cast<unsigned char>(bytes[i + 2]);
        const char digits[4] = {kDigits[group >> 18], kDigits[(group >> 12) & 63],
                                left > 1 ? kDigits[(group >> 6) & 63] : '=', left > 2 ? kDigits[group & 63] : '='};
        out.append(digits, 4);
    }
}

bool base64_decode(std::string_view text, String& out) {
    if (text.size() % 4 != 0) return false;
    std::size_t padding = 0;
    while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=') ++padding;
    String bytes;
    bytes.reserve(text.size() / 4 * 3);
    unsigned group = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        char c = text[i];
        unsigned digit;
        if (c >= 'A' && c <= 'Z')
            digit = static_cast<unsigned>(c - 'A');
        else if (c >= 'a' && c <= 'z')
            digit = static_cast<unsigned>(c - 'a') + 26;
        else if (c >= '0' && c <= '9')
            digit = static_cast<unsigned>(c - '0') + 52;
        else if (c == '+')
            digit = 62;
        else if (c == '/')
            digit = 63;
        else if (c == '=' && i >= text.size() - padding)
            digit = 0;
        else
            return false;
        group = group << 6 | digit;
        if (i % 4 == 3)
            for (int shift = 16; shift >= 0; shift -= 8) bytes += static_cast<char>(group >> shift & 0xff);
    }
    bytes.resize(bytes.size() - padding);
    out = std::move(bytes);
    return true;
}

}  // namespace xh::base
