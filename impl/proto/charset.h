#pragma once
// Character encodings of bodies (Q06, Q08). UTF-8, UTF-16 and UTF-32 are done here, the others are POCO's tables:
// ISO-8859-x, windows-125x, 874, 932 (Shift_JIS), 936 (GBK), 949 (EUC-KR), 950 (Big5), Mac, US-ASCII.
// Names are read without case, hyphens, underscores and blanks, with the usual aliases ("latin1", "sjis", "cp1252").

#include <memory>
#include <string_view>

#include "base/alloc.h"
#include "xh/base.h"

namespace xh::proto {

/// The registered name ("ISO-8859-1") for any alias of it; empty for an encoding that is not known.
std::string_view charset_name(std::string_view label) noexcept;

/// Turns a body into UTF-8, piece by piece; characters may be cut anywhere.
///  - A byte order mark of UTF-8 or UTF-16 counts more than the label and is removed.
///  - As on the web, ISO-8859-1 and US-ASCII are read as windows-1252, and UTF-16 without a mark is little-endian.
class TextDecoder : public base::Allocated {
public:
    enum class OnBad : unsigned char {
        Replace,  ///< U+FFFD for each part that is no character
        Fail      ///< XH_E_BAD_CHARSET, then for ever
    };

    /// @param label  empty means UTF-8
    /// @return XH_OK; XH_E_UNKNOWN_ENCODING
    static xh_status create(std::string_view label, OnBad on_bad, std::unique_ptr<TextDecoder>& out);
    virtual ~TextDecoder() = default;

    /// Appends what `bytes` and the bytes kept from before decode to.
    xh_status feed(std::string_view bytes, base::String& out);
    /// The body has ended: a character that is not complete is bad.
    xh_status finish(base::String& out);
    /// True when something was not text of the charset.
    bool found_bad() const noexcept { return bad_; }

protected:
    TextDecoder() = default;
    /// Decodes whole characters; returns how many bytes were used. What is left begins a character (at most 3 bytes).
    virtual std::size_t convert(std::string_view bytes, base::String& out) = 0;
    void put_bad(base::String& out);
    bool stopped() const noexcept { return bad_ && on_bad_ == OnBad::Fail; }

private:
    friend class SniffingDecoder;
    OnBad on_bad_ = OnBad::Replace;
    bool bad_ = false;
    bool ending_ = false;  // finish() runs: nothing more will come
    unsigned char held_ = 0;
    char hold_[8] = {};
};

/// UTF-8 to another encoding. "UTF-16" gives little-endian with a byte order mark, "UTF-16LE" and "UTF-16BE" none.
/// @return XH_OK; XH_E_UNKNOWN_ENCODING; XH_E_INVALID_UTF8; XH_E_UNENCODABLE. `out` is replaced, and empty on error.
xh_status encode_text(std::string_view utf8, std::string_view label, base::String& out);

}  // namespace xh::proto
