#include "proto/charset.h"

#include <Poco/TextEncoding.h>

#include <algorithm>
#include <cstring>
#include <new>

#include "base/utf8.h"
#include "proto/charset_table.h"

namespace xh::proto {

namespace {

const unsigned char* bytes_of(std::string_view text) noexcept {
    return reinterpret_cast<const unsigned char*>(text.data());
}

bool is_surrogate(char32_t c) noexcept { return c >= 0xD800 && c <= 0xDFFF; }

uint32_t unit16(const unsigned char* p, bool big) noexcept {
    return big ? static_cast<uint32_t>(p[0] << 8 | p[1]) : static_cast<uint32_t>(p[1] << 8 | p[0]);
}

}  // namespace

class Utf8Decoder final : public TextDecoder {
    std::size_t convert(std::string_view bytes, base::String& out) override {
        std::size_t at = 0;
        while (at < bytes.size() && !stopped()) {
            const std::size_t good = base::utf8_valid_prefix(bytes.substr(at));
            out.append(bytes.data() + at, good);
            at += good;
            if (at == bytes.size()) break;
            const base::Utf8Char next = base::utf8_next(bytes.substr(at));
            if (next.kind == base::Utf8Char::Partial) break;
            put_bad(out);
            at += next.size;
        }
        return at;
    }
};

class Utf16Decoder final : public TextDecoder {
public:
    explicit Utf16Decoder(bool big) noexcept : big_(big) {}

private:
    std::size_t convert(std::string_view bytes, base::String& out) override {
        const unsigned char* p = bytes_of(bytes);
        std::size_t at = 0;
        while (bytes.size() - at >= 2 && !stopped()) {
            const char32_t first = unit16(p + at, big_);
            if (!is_surrogate(first)) {
                base::utf8_append(out, first);
                at += 2;
                continue;
            }
            if (first < 0xDC00) {
                if (bytes.size() - at < 4) break;
                const char32_t second = unit16(p + at + 2, big_);
                if (second >= 0xDC00 && second <= 0xDFFF) {
                    base::utf8_append(out, 0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00));
                    at += 4;
                    continue;
                }
            }
            put_bad(out);
            at += 2;
        }
        return at;
    }

    bool big_;
};

class Utf32Decoder final : public TextDecoder {
public:
    explicit Utf32Decoder(bool big) noexcept : big_(big) {}

private:
    std::size_t convert(std::string_view bytes, base::String& out) override {
        const unsigned char* p = bytes_of(bytes);
        std::size_t at = 0;
        for (; bytes.size() - at >= 4 && !stopped(); at += 4) {
            const char32_t high = unit16(p + at + (big_ ? 0 : 2), big_), low = unit16(p + at + (big_ ? 2 : 0), big_);
            const char32_t value = high << 16 | low;
            if (value > 0x10FFFF || is_surrogate(value)) {
                put_bad(out);
            } else if (value != 0xFEFF || !first_) {
                base::utf8_append(out, value);
            }
            first_ = false;
        }
        return at;
    }

    bool big_;
    bool first_ = true;
};

/// One or two bytes a character, by POCO's tables.
class TableDecoder final : public TextDecoder {
public:
    explicit TableDecoder(std::unique_ptr<Poco::TextEncoding> encoding)
        : encoding_(std::move(encoding)), map_(encoding_->characterMap()) {}

private:
    std::size_t convert(std::string_view bytes, base::String& out) override {
        const unsigned char* p = bytes_of(bytes);
        std::size_t at = 0;
        while (at < bytes.size() && !stopped()) {
            // All of these encodings hold ASCII; POCO's Mac tables leave its controls out.
            const std::size_t plain = base::ascii_prefix(bytes.substr(at));
            out.append(bytes.data() + at, plain);
            at += plain;
            if (at == bytes.size()) break;
            const int value = map_[p[at]];
            if (value >= 0) {
                base::utf8_append(out, static_cast<char32_t>(value));
                ++at;
            } else if (value == -1) {
                put_bad(out);
                ++at;
            } else {
                if (bytes.size() - at < 2) break;
                const int pair = encoding_->queryConvert(p + at, 2);
                if (pair >= 0 && !is_surrogate(static_cast<char32_t>(pair))) {
                    base::utf8_append(out, static_cast<char32_t>(pair));
                    at += 2;
                } else {
                    // An ASCII byte is never swallowed by a broken pair: it could be a quote or a "<".
                    put_bad(out);
                    at += p[at + 1] < 0x80 ? 1 : 2;
                }
            }
        }
        return at;
    }

    std::unique_ptr<Poco::TextEncoding> encoding_;
    const Poco::TextEncoding::CharacterMap& map_;
};

namespace {

std::unique_ptr<TextDecoder> make_decoder(const Charset& charset) {
    switch (charset.kind) {
        case CharsetKind::Utf8: return std::unique_ptr<TextDecoder>(new Utf8Decoder());
        case CharsetKind::Utf16:
        case CharsetKind::Utf16Le: return std::unique_ptr<TextDecoder>(new Utf16Decoder(false));
        case CharsetKind::Utf16Be: return std::unique_ptr<TextDecoder>(new Utf16Decoder(true));
        case CharsetKind::Utf32Le: return std::unique_ptr<TextDecoder>(new Utf32Decoder(false));
        case CharsetKind::Utf32Be: return std::unique_ptr<TextDecoder>(new Utf32Decoder(true));
        case CharsetKind::Table: return std::unique_ptr<TextDecoder>(new TableDecoder(charset.make()));
    }
    return nullptr;
}

}  // namespace

/// Looks at the first bytes for a mark, then hands everything to the decoder that they or the label name.
class SniffingDecoder final : public TextDecoder {
public:
    explicit SniffingDecoder(const Charset& charset) noexcept : charset_(charset) {}

private:
    std::size_t convert(std::string_view bytes, base::String& out) override {
        std::size_t skip = 0;
        if (!inner_) {
            const Mark mark = find_mark(bytes, skip);
            if (mark == Mark::Unclear && !ending_) return 0;
            open(mark);
        }
        const std::size_t used = inner_->convert(bytes.substr(skip), out);
        bad_ = bad_ || inner_->bad_;
        return skip + used;
    }

    enum class Mark : unsigned char { None, Unclear, Utf8, Utf16Le, Utf16Be };

    Mark find_mark(std::string_view bytes, std::size_t& size) const noexcept {
        // A UTF-32 label is believed: its little-endian mark begins with that of UTF-16.
        if (charset_.kind == CharsetKind::Utf32Le || charset_.kind == CharsetKind::Utf32Be) return Mark::None;
        static constexpr struct {
            std::string_view bytes;
            Mark mark;
        } kMarks[] = {{"\xEF\xBB\xBF", Mark::Utf8}, {"\xFF\xFE", Mark::Utf16Le}, {"\xFE\xFF", Mark::Utf16Be}};
        for (const auto& known : kMarks) {
            if (bytes.substr(0, known.bytes.size()) == known.bytes) {
                size = known.bytes.size();
                return known.mark;
            }
            if (bytes.size() < known.bytes.size() && known.bytes.substr(0, bytes.size()) == bytes) return Mark::Unclear;
        }
        return Mark::None;
    }

    void open(Mark mark) {
        switch (mark) {
            case Mark::Utf8: inner_.reset(new Utf8Decoder()); break;
            case Mark::Utf16Le: inner_.reset(new Utf16Decoder(false)); break;
            case Mark::Utf16Be: inner_.reset(new Utf16Decoder(true)); break;
            default: inner_ = make_decoder(charset_); break;
        }
        inner_->on_bad_ = on_bad_;
    }

    const Charset& charset_;
    std::unique_ptr<TextDecoder> inner_;
};

xh_status TextDecoder::create(std::string_view label, OnBad on_bad, std::unique_ptr<TextDecoder>& out) {
    const Charset* charset = find_charset(label.empty() ? std::string_view("utf-8") : label, true);
    if (!charset) return XH_E_UNKNOWN_ENCODING;
    out.reset(new SniffingDecoder(*charset));
    out->on_bad_ = on_bad;
    return XH_OK;
}

void TextDecoder::put_bad(base::String& out) {
    bad_ = true;
    if (on_bad_ == OnBad::Replace) out.append("\xEF\xBF\xBD");
}

xh_status TextDecoder::feed(std::string_view bytes, base::String& out) {
    // Bytes kept from before meet enough of the new ones to be decided; the rest is decoded where it lies.
    while (held_ != 0 && !bytes.empty() && !stopped()) {
        const std::size_t kept = held_;
        const std::size_t more = std::min(bytes.size(), sizeof hold_ - kept);
        std::memcpy(hold_ + kept, bytes.data(), more);
        const std::size_t used = convert({hold_, kept + more}, out);
        if (used >= kept) {
            bytes.remove_prefix(used - kept);
            held_ = 0;
        } else {
            bytes.remove_prefix(more);
            held_ = static_cast<unsigned char>(kept + more - used);
            std::memmove(hold_, hold_ + used, held_);
        }
    }
    if (held_ == 0 && !bytes.empty() && !stopped()) {
        bytes.remove_prefix(convert(bytes, out));
        if (stopped()) return XH_E_BAD_CHARSET;
        held_ = static_cast<unsigned char>(bytes.size());
        std::memcpy(hold_, bytes.data(), bytes.size());
    }
    return stopped() ? XH_E_BAD_CHARSET : XH_OK;
}

xh_status TextDecoder::finish(base::String& out) {
    ending_ = true;
    while (held_ != 0 && !stopped()) {
        const std::size_t used = convert({hold_, held_}, out);
        if (used == 0) {
            put_bad(out);
            break;
        }
        held_ = static_cast<unsigned char>(held_ - used);
        std::memmove(hold_, hold_ + used, held_);
    }
    held_ = 0;
    return stopped() ? XH_E_BAD_CHARSET : XH_OK;
}

std::string_view charset_name(std::string_view label) noexcept {
    const Charset* charset = find_charset(label, false);
    return charset ? charset->name : std::string_view();
}

namespace {

void put_unit(base::String& out, uint32_t unit, bool big) {
    const char high = static_cast<char>(unit >> 8), low = static_cast<char>(unit);
    out.push_back(big ? high : low);
    out.push_back(big ? low : high);
}

void put_wide(base::String& out, char32_t value, CharsetKind kind) {
    const bool big = kind == CharsetKind::Utf16Be || kind == CharsetKind::Utf32Be;
    if (kind == CharsetKind::Utf32Le || kind == CharsetKind::Utf32Be) {
        const uint32_t high = value >> 16, low = value & 0xFFFF;
        put_unit(out, big ? high : low, big);
        put_unit(out, big ? low : high, big);
    } else if (value < 0x10000) {
        put_unit(out, value, big);
    } else {
        put_unit(out, 0xD800 + ((value - 0x10000) >> 10), big);
        put_unit(out, 0xDC00 + ((value - 0x10000) & 0x3FF), big);
    }
}

}  // namespace

xh_status encode_text(std::string_view utf8, std::string_view label, base::String& out) {
    out.clear();
    const Charset* charset = find_charset(label, false);
    if (!charset) return XH_E_UNKNOWN_ENCODING;
    if (!base::utf8_valid(utf8)) return XH_E_INVALID_UTF8;
    if (charset->kind == CharsetKind::Utf8) {
        out.assign(utf8.data(), utf8.size());
        return XH_OK;
    }
    std::unique_ptr<Poco::TextEncoding> encoding;
    if (charset->make) encoding = charset->make();
    if (charset->kind == CharsetKind::Utf16) put_unit(out, 0xFEFF, false);
    while (!utf8.empty()) {
        if (encoding) {
            const std::size_t plain = base::ascii_prefix(utf8);
            out.append(utf8.data(), plain);
            utf8.remove_prefix(plain);
            if (utf8.empty()) break;
        }
        const base::Utf8Char next = base::utf8_next(utf8);
        utf8.remove_prefix(next.size);
        if (!encoding) {
            put_wide(out, next.value, charset->kind);
            continue;
        }
        unsigned char bytes[4];
        const int size = encoding->convert(static_cast<int>(next.value), bytes, sizeof bytes);
        if (size <= 0 || size > 4) {
            out.clear();
            return XH_E_UNENCODABLE;
        }
        out.append(reinterpret_cast<const char*>(bytes), static_cast<std::size_t>(size));
    }
    return XH_OK;
}

}  // namespace xh::proto
