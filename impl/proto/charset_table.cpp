#include "proto/charset_table.h"

#include <Poco/ASCIIEncoding.h>
#include <Poco/ISO8859_10Encoding.h>
#include <Poco/ISO8859_11Encoding.h>
#include <Poco/ISO8859_13Encoding.h>
#include <Poco/ISO8859_14Encoding.h>
#include <Poco/ISO8859_16Encoding.h>
#include <Poco/ISO8859_3Encoding.h>
#include <Poco/ISO8859_4Encoding.h>
#include <Poco/ISO8859_5Encoding.h>
#include <Poco/ISO8859_6Encoding.h>
#include <Poco/ISO8859_7Encoding.h>
#include <Poco/ISO8859_8Encoding.h>
#include <Poco/ISO8859_9Encoding.h>
#include <Poco/Latin1Encoding.h>
#include <Poco/Latin2Encoding.h>
#include <Poco/Latin9Encoding.h>
#include <Poco/MacCentralEurRomanEncoding.h>
#include <Poco/MacCyrillicEncoding.h>
#include <Poco/MacRomanEncoding.h>
#include <Poco/Windows1250Encoding.h>
#include <Poco/Windows1251Encoding.h>
#include <Poco/Windows1252Encoding.h>
#include <Poco/Windows1253Encoding.h>
#include <Poco/Windows1254Encoding.h>
#include <Poco/Windows1255Encoding.h>
#include <Poco/Windows1256Encoding.h>
#include <Poco/Windows1257Encoding.h>
#include <Poco/Windows1258Encoding.h>
#include <Poco/Windows874Encoding.h>
#include <Poco/Windows932Encoding.h>
#include <Poco/Windows936Encoding.h>
#include <Poco/Windows949Encoding.h>
#include <Poco/Windows950Encoding.h>

#include "base/ascii.h"

namespace xh::proto {

namespace {

template <class E>
std::unique_ptr<Poco::TextEncoding> make() {
    return std::make_unique<E>();
}

struct Row {
    Charset charset;
    /// Labels without hyphens, underscores and blanks, separated by blanks.
    std::string_view labels;
};

constexpr CharsetKind kTable = CharsetKind::Table;

constexpr Row kRows[] = {
    {{"UTF-8", CharsetKind::Utf8, nullptr}, "utf8 unicode11utf8 unicode20utf8 xunicode20utf8"},
    {{"UTF-16", CharsetKind::Utf16, nullptr}, "utf16 unicode csunicode ucs2 iso10646ucs2"},
    {{"UTF-16LE", CharsetKind::Utf16Le, nullptr}, "utf16le unicodefeff"},
    {{"UTF-16BE", CharsetKind::Utf16Be, nullptr}, "utf16be unicodefffe"},
    {{"UTF-32LE", CharsetKind::Utf32Le, nullptr}, "utf32le utf32"},
    {{"UTF-32BE", CharsetKind::Utf32Be, nullptr}, "utf32be"},
    {{"windows-1252", kTable, make<Poco::Windows1252Encoding>}, "windows1252 cp1252 xcp1252"},
    {{"ISO-8859-1", kTable, make<Poco::Latin1Encoding>},
     "iso88591 latin1 l1 cp819 ibm819 isoir100 csisolatin1 iso88591:1987"},
    {{"US-ASCII", kTable, make<Poco::ASCIIEncoding>}, "usascii ascii ansix3.41968 iso646us us 646"},
    {{"ISO-8859-2", kTable, make<Poco::Latin2Encoding>}, "iso88592 latin2 l2 isoir101 csisolatin2"},
    {{"ISO-8859-3", kTable, make<Poco::ISO8859_3Encoding>}, "iso88593 latin3 l3 isoir109 csisolatin3"},
    {{"ISO-8859-4", kTable, make<Poco::ISO8859_4Encoding>}, "iso88594 latin4 l4 isoir110 csisolatin4"},
    {{"ISO-8859-5", kTable, make<Poco::ISO8859_5Encoding>}, "iso88595 cyrillic isoir144 csisolatincyrillic"},
    {{"ISO-8859-6", kTable, make<Poco::ISO8859_6Encoding>}, "iso88596 arabic isoir127 asmo708 ecma114"},
    {{"ISO-8859-7", kTable, make<Poco::ISO8859_7Encoding>}, "iso88597 greek greek8 isoir126 ecma118 elot928"},
    {{"ISO-8859-8", kTable, make<Poco::ISO8859_8Encoding>},
     "iso88598 iso88598i iso88598e hebrew isoir138 logical visual"},
    {{"ISO-8859-9", kTable, make<Poco::ISO8859_9Encoding>}, "iso88599 latin5 l5 isoir148 csisolatin5"},
    {{"ISO-8859-10", kTable, make<Poco::ISO8859_10Encoding>}, "iso885910 latin6 l6 isoir157"},
    {{"ISO-8859-11", kTable, make<Poco::ISO8859_11Encoding>}, "iso885911"},
    {{"ISO-8859-13", kTable, make<Poco::ISO8859_13Encoding>}, "iso885913 latin7 l7"},
    {{"ISO-8859-14", kTable, make<Poco::ISO8859_14Encoding>}, "iso885914 latin8 l8"},
    {{"ISO-8859-15", kTable, make<Poco::Latin9Encoding>}, "iso885915 latin9 l9 csisolatin9"},
    {{"ISO-8859-16", kTable, make<Poco::ISO8859_16Encoding>}, "iso885916 latin10 l10"},
    {{"windows-874", kTable, make<Poco::Windows874Encoding>}, "windows874 cp874 dos874 tis620"},
    {{"windows-1250", kTable, make<Poco::Windows1250Encoding>}, "windows1250 cp1250 xcp1250"},
    {{"windows-1251", kTable, make<Poco::Windows1251Encoding>}, "windows1251 cp1251 xcp1251"},
    {{"windows-1253", kTable, make<Poco::Windows1253Encoding>}, "windows1253 cp1253 xcp1253"},
    {{"windows-1254", kTable, make<Poco::Windows1254Encoding>}, "windows1254 cp1254 xcp1254"},
    {{"windows-1255", kTable, make<Poco::Windows1255Encoding>}, "windows1255 cp1255 xcp1255"},
    {{"windows-1256", kTable, make<Poco::Windows1256Encoding>}, "windows1256 cp1256 xcp1256"},
    {{"windows-1257", kTable, make<Poco::Windows1257Encoding>}, "windows1257 cp1257 xcp1257"},
    {{"windows-1258", kTable, make<Poco::Windows1258Encoding>}, "windows1258 cp1258 xcp1258"},
    {{"Shift_JIS", kTable, make<Poco::Windows932Encoding>},
     "shiftjis sjis xsjis mskanji windows932 cp932 windows31j csshiftjis ms932"},
    {{"GBK", kTable, make<Poco::Windows936Encoding>},
     "gbk gb2312 xgbk windows936 cp936 chinese gb231280 isoir58 csgb2312"},
    {{"EUC-KR", kTable, make<Poco::Windows949Encoding>},
     "euckr cseuckr korean windows949 cp949 ksc56011987 ksc56011989 ksc5601 isoir149"},
    {{"Big5", kTable, make<Poco::Windows950Encoding>}, "big5 windows950 cp950 cnbig5 xxbig5 csbig5"},
    {{"macintosh", kTable, make<Poco::MacRomanEncoding>}, "macintosh macroman mac xmacroman csmacintosh"},
    {{"x-mac-cyrillic", kTable, make<Poco::MacCyrillicEncoding>}, "xmaccyrillic xmacukrainian maccyrillic"},
    {{"x-mac-ce", kTable, make<Poco::MacCentralEurRomanEncoding>},
     "xmacce macce xmaccentraleurroman maccentraleurroman"},
};

constexpr std::size_t kWindows1252 = 6;

bool has_label(std::string_view labels, std::string_view label) noexcept {
    while (!labels.empty()) {
        const std::size_t end = labels.find(' ');
        if (labels.substr(0, end) == label) return true;
        labels = end == std::string_view::npos ? std::string_view() : labels.substr(end + 1);
    }
    return false;
}

}  // namespace

const Charset* find_charset(std::string_view label, bool reading) noexcept {
    char compact[32];
    std::size_t size = 0;
    for (char c : label) {
        if (c == '-' || c == '_' || c == ' ' || c == '\t' || c == '"' || c == '\'') continue;
        if (size == sizeof compact) return nullptr;
        compact[size++] = base::lower(c);
    }
    if (size == 0) return nullptr;
    for (const Row& row : kRows) {
        if (!has_label(row.labels, {compact, size})) continue;
        const bool latin = &row == &kRows[kWindows1252 + 1] || &row == &kRows[kWindows1252 + 2];
        return reading && latin ? &kRows[kWindows1252].charset : &row.charset;
    }
    return nullptr;
}

}  // namespace xh::proto
