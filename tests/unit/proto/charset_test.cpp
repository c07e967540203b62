// Character encodings: to UTF-8 whole and split at every byte, marks, bad bytes, and back.

#include "proto/charset.h"

#include <string>

#include "xtest.h"

using namespace xh::proto;
using xh::base::String;
using OnBad = TextDecoder::OnBad;

namespace {

struct Decoded {
    xh_status status;
    std::string text;
    bool found_bad;
};

Decoded decode(std::string_view label, std::string_view bytes, std::size_t cut, OnBad on_bad = OnBad::Replace) {
    std::unique_ptr<TextDecoder> decoder;
    Decoded result{TextDecoder::create(label, on_bad, decoder), "", false};
    if (result.status != XH_OK) return result;
    String out;
    result.status = decoder->feed(bytes.substr(0, cut), out);
    if (result.status == XH_OK) result.status = decoder->feed(bytes.substr(cut), out);
    if (result.status == XH_OK) result.status = decoder->finish(out);
    result.text = std::string(out);
    result.found_bad = decoder->found_bad();
    return result;
}

/// Checks the text for every cut, and byte by byte.
void check_decodes(std::string_view label, std::string_view bytes, std::string_view expected, bool bad = false) {
    for (std::size_t cut = 0; cut <= bytes.size(); ++cut) {
        const Decoded got = decode(label, bytes, cut);
        if (got.status != XH_OK || got.text != expected || got.found_bad != bad)
            XT_FAIL("%s cut at %zu of %zu: status %d, \"%s\"", std::string(label).c_str(), cut, bytes.size(),
                    got.status, got.text.c_str());
        const xh_status strict = decode(label, bytes, cut, OnBad::Fail).status;
        if (strict != (bad ? XH_E_BAD_CHARSET : XH_OK))
            XT_FAIL("%s cut at %zu, strict: %d", std::string(label).c_str(), cut, strict);
    }
    std::unique_ptr<TextDecoder> decoder;
    XT_REQUIRE(TextDecoder::create(label, OnBad::Replace, decoder) == XH_OK);
    String out;
    for (char c : bytes) XT_CHECK_EQ(decoder->feed({&c, 1}, out), XH_OK);
    XT_CHECK_EQ(decoder->finish(out), XH_OK);
    XT_CHECK_STR(out, expected);
}

constexpr std::string_view operator""_v(const char* text, std::size_t size) { return {text, size}; }

}  // namespace

XT_TEST(utf_8_passes_and_bad_parts_become_replacement_characters) {
    check_decodes("", "", "");
    check_decodes("utf-8", "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z", "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z");
    check_decodes("UTF8", "\xEF\xBB\xBFtext", "text");
    check_decodes("utf-8", "\xEF\xBB\xBF\xEF\xBB\xBF", "\xEF\xBB\xBF");
    check_decodes("utf-8", "\xEF\xBBx", "\xEF\xBF\xBDx", true);
    check_decodes("utf-8", "a\xFFz", "a\xEF\xBF\xBDz", true);
    check_decodes("utf-8", "a\xE2\x82", "a\xEF\xBF\xBD", true);
    check_decodes("utf-8", "\xED\xA0\x80", "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD", true);
    check_decodes("utf-8", "\xF0\x9F\x98z", "\xEF\xBF\xBDz", true);
}

XT_TEST(latin_1_and_ascii_are_read_as_windows_1252) {
    for (const char* label : {"ISO-8859-1", "latin1", "us-ascii", "windows-1252", "\"iso_8859-1\"", "CP1252"})
        check_decodes(label, "caf\xE9 \x80\x93x\x94", "caf\xC3\xA9 \xE2\x82\xAC\xE2\x80\x9Cx\xE2\x80\x9D");
    check_decodes("latin1", "\x81\x8D\x8F\x90\x9D", "\xC2\x81\xC2\x8D\xC2\x8F\xC2\x90\xC2\x9D");
}

XT_TEST(single_byte_tables_are_those_of_their_names) {
    check_decodes("iso-8859-15", "\xA4", "\xE2\x82\xAC");
    check_decodes("ISO-8859-2", "\xB1", "\xC4\x85");
    check_decodes("iso-8859-5", "\xB6", "\xD0\x96");
    check_decodes("iso-8859-7", "\xE1", "\xCE\xB1");
    check_decodes("windows-1251", "\xCF\xF0\xE8", "\xD0\x9F\xD1\x80\xD0\xB8");
    check_decodes("windows-1256", "\xC7", "\xD8\xA7");
    check_decodes("macintosh", "\x8E\n\t", "\xC3\xA9\n\t");
    check_decodes("iso-8859-8",
                  "\xA1"
                  "x",
                  "\xEF\xBF\xBDx", true);
}

XT_TEST(double_byte_encodings_survive_every_split) {
    check_decodes("shift_jis",
                  "\x93\xFA\x96{\xB1"
                  "A\\",
                  "\xE6\x97\xA5\xE6\x9C\xAC\xEF\xBD\xB1"
                  "A\\");
    check_decodes("gb2312", "\xC4\xE3\xBA\xC3!", "\xE4\xBD\xA0\xE5\xA5\xBD!");
    check_decodes("euc-kr", "\xC7\xD1", "\xED\x95\x9C");
    check_decodes("big5", "\xA4\xA4\xA4\xE5", "\xE4\xB8\xAD\xE6\x96\x87");
}

XT_TEST(a_broken_pair_never_swallows_an_ascii_byte) {
    check_decodes("shift_jis", "\x93<b>", "\xEF\xBF\xBD<b>", true);
    check_decodes("shift_jis", "\x81\"", "\xEF\xBF\xBD\"", true);
    check_decodes("big5", "\xA4", "\xEF\xBF\xBD", true);
    check_decodes("gbk", "\x81\x20", "\xEF\xBF\xBD ", true);
}

XT_TEST(utf_16_follows_its_mark_then_its_label) {
    check_decodes("utf-16", "h\0i\0"_v, "hi");
    check_decodes("utf-16le", "\x3D\xD8\x00\xDE!\0"_v, "\xF0\x9F\x98\x80!");
    check_decodes("utf-16be", "\xD8\x3D\xDE\x00\0!"_v, "\xF0\x9F\x98\x80!");
    check_decodes("utf-16", "\xFE\xFF\0h\0i"_v, "hi");
    check_decodes("utf-16be", "\xFF\xFEh\0i\0"_v, "hi");
    check_decodes("utf-8", "\xFF\xFEh\0i\0"_v, "hi");
    check_decodes("windows-1252", "\xEF\xBB\xBF\xC3\xA9", "\xC3\xA9");
    check_decodes("windows-1252", "\xEF\xBB", "\xC3\xAF\xC2\xBB");
    check_decodes("windows-1252", "\xFF", "\xC3\xBF");
    check_decodes("utf-16le", "\x3D\xD8!\0"_v, "\xEF\xBF\xBD!", true);
    check_decodes("utf-16le", "\x00\xDE!\0"_v, "\xEF\xBF\xBD!", true);
    check_decodes("utf-16le", "a\0b"_v, "a\xEF\xBF\xBD", true);
    check_decodes("utf-16le", "\x3D\xD8"_v, "\xEF\xBF\xBD", true);
}

XT_TEST(utf_32_is_read) {
    check_decodes("utf-32le", "\xFF\xFE\0\0\x00\xF6\x01\0"_v, "\xF0\x9F\x98\x80");
    check_decodes("utf-32be", "\0\x01\xF6\x00"_v, "\xF0\x9F\x98\x80");
    check_decodes("utf-32be", "\0\x11\0\0\0\0\xD8\0\0\0\0A"_v,
                  "\xEF\xBF\xBD\xEF\xBF\xBD"
                  "A",
                  true);
}

XT_TEST(unknown_names_are_refused) {
    std::unique_ptr<TextDecoder> decoder;
    String out;
    for (const char* label :
         {"x-unknown", "utf-9", "-", "utf8x", "a-very-long-name-that-cannot-be-an-encoding-of-anything"}) {
        XT_CHECK_EQ(TextDecoder::create(label, OnBad::Replace, decoder), XH_E_UNKNOWN_ENCODING);
        XT_CHECK_EQ(encode_text("x", label, out), XH_E_UNKNOWN_ENCODING);
        XT_CHECK_STR(charset_name(label), "");
    }
    XT_CHECK_EQ(encode_text("x", "", out), XH_E_UNKNOWN_ENCODING);
    XT_CHECK_STR(charset_name("latin1"), "ISO-8859-1");
    XT_CHECK_STR(charset_name("utf8"), "UTF-8");
    XT_CHECK_STR(charset_name(" SJIS "), "Shift_JIS");
}

XT_TEST(text_is_encoded_or_refused_never_mangled) {
    static const struct {
        const char* label;
        std::string_view text;
        xh_status status;
        std::string_view bytes;
    } kCases[] = {
        {"UTF-8", "\xE2\x82\xAC", XH_OK, "\xE2\x82\xAC"},
        {"ISO-8859-1", "caf\xC3\xA9", XH_OK, "caf\xE9"},
        {"ISO-8859-1", "\xE2\x82\xAC", XH_E_UNENCODABLE, ""},
        {"windows-1252", "\xE2\x82\xAC", XH_OK, "\x80"},
        {"ISO-8859-15", "\xE2\x82\xAC", XH_OK, "\xA4"},
        {"us-ascii", "abc", XH_OK, "abc"},
        {"us-ascii", "\xC3\xA9", XH_E_UNENCODABLE, ""},
        {"Shift_JIS", "\xE6\x97\xA5\xE6\x9C\xAC", XH_OK, "\x93\xFA\x96{"},
        {"Shift_JIS", "\xF0\x9F\x98\x80", XH_E_UNENCODABLE, ""},
        {"big5", "a\xE4\xB8\xAD", XH_OK, "a\xA4\xA4"},
        {"macintosh", "\n\xC3\xA9", XH_OK, "\n\x8E"},
        {"UTF-16LE", "a\xF0\x9F\x98\x80", XH_OK, "a\0\x3D\xD8\x00\xDE"_v},
        {"UTF-16BE", "a\xE2\x82\xAC", XH_OK, "\0a\x20\xAC"_v},
        {"UTF-16", "a", XH_OK,
         "\xFF\xFE"
         "a\0"_v},
        {"UTF-32BE", "\xF0\x9F\x98\x80", XH_OK, "\0\x01\xF6\x00"_v},
        {"UTF-32LE", "\xF0\x9F\x98\x80", XH_OK, "\x00\xF6\x01\0"_v},
        {"ISO-8859-1", "\xFF", XH_E_INVALID_UTF8, ""},
        {"ISO-8859-1", "", XH_OK, ""},
    };
    for (const auto& c : kCases) {
        String out("before");
        XT_CHECK_EQ(encode_text(c.text, c.label, out), c.status);
        XT_CHECK_STR(out, c.bytes);
    }
}

XT_TEST(every_character_that_can_be_encoded_comes_back) {
    for (const char* label : {"iso-8859-2", "iso-8859-16", "windows-1250", "windows-1258", "windows-874", "shift_jis",
                              "gbk", "euc-kr", "big5", "macintosh", "x-mac-cyrillic", "utf-16", "utf-32le"}) {
        int encoded = 0, wrong = 0;
        for (char32_t c = 0xA0; c < 0xFFFE; ++c) {
            if (c == 0xD800) c = 0xE000;
            const char32_t v = c;
            std::string text = "a";
            text += static_cast<char>(v < 0x800 ? 0xC0 | v >> 6 : 0xE0 | v >> 12);
            if (v >= 0x800) text += static_cast<char>(0x80 | (v >> 6 & 63));
            text += static_cast<char>(0x80 | (v & 63));
            String bytes;
            if (encode_text(text, label, bytes) != XH_OK) continue;
            ++encoded;
            wrong += decode(label, bytes, 0).text != text;
        }
        XT_CHECK(encoded > 90);
        if (wrong > 0) XT_FAIL("%s: %d of %d characters come back as others", label, wrong, encoded);
    }
}

XT_MAIN("charset")
