// UTF-8: every boundary of the encoding, whole and cut anywhere.

#include "base/utf8.h"

#include <string>

#include "xtest.h"

using namespace xh::base;

namespace {

bool fed_at(std::string_view text, std::size_t cut) {
    Utf8Checker checker;
    return checker.feed(text.substr(0, cut)) && checker.feed(text.substr(cut)) && checker.complete();
}

bool fed_bytewise(std::string_view text) {
    Utf8Checker checker;
    for (char c : text)
        if (!checker.feed({&c, 1})) return false;
    return checker.complete();
}

}  // namespace

XT_TEST(valid_and_invalid_sequences_are_told_apart_whole_and_split) {
    static const struct {
        std::string_view text;
        bool valid;
    } kCases[] = {
        {"", true},
        {"plain", true},
        {"\xC2\x80", true},
        {"\xDF\xBF", true},
        {"\xE0\xA0\x80", true},
        {"\xED\x9F\xBF", true},
        {"\xEE\x80\x80", true},
        {"\xEF\xBF\xBF", true},
        {"\xF0\x90\x80\x80", true},
        {"\xF4\x8F\xBF\xBF", true},
        {"a\xE2\x82\xAC"
         "b\xF0\x9F\x98\x80",
         true},
        {"\x80", false},
        {"\xBF", false},
        {"\xC0\x80", false},
        {"\xC1\xBF", false},
        {"\xC2", false},
        {"\xC2\x41", false},
        {"\xE0\x80\x80", false},
        {"\xE0\x9F\xBF", false},
        {"\xED\xA0\x80", false},
        {"\xED\xBF\xBF", false},
        {"\xE2\x82", false},
        {"\xE2\x28\xA1", false},
        {"\xF0\x80\x80\x80", false},
        {"\xF0\x8F\xBF\xBF", false},
        {"\xF4\x90\x80\x80", false},
        {"\xF5\x80\x80\x80", false},
        {"\xFF", false},
        {"\xFE", false},
        {"ok\xF0\x9F\x98", false},
        {"\xC3\xA9\xC3", false},
    };
    for (const auto& c : kCases) {
        XT_CHECK_EQ(utf8_valid(c.text), c.valid);
        XT_CHECK_EQ(fed_bytewise(c.text), c.valid);
        for (std::size_t cut = 0; cut <= c.text.size(); ++cut) XT_CHECK_EQ(fed_at(c.text, cut), c.valid);
    }
}

XT_TEST(every_scalar_value_survives_encoding_and_decoding) {
    bool all = true;
    for (char32_t value = 0; value <= 0x10FFFF; ++value) {
        if (value == 0xD800) value = 0xE000;
        String text;
        utf8_append(text, value);
        const Utf8Char next = utf8_next(text);
        all = all && next.kind == Utf8Char::Good && next.size == text.size() && next.value == value;
    }
    XT_CHECK(all);
}

XT_TEST(the_valid_prefix_ends_at_the_first_bad_byte_at_every_offset) {
    for (std::size_t at = 0; at < 200; ++at) {
        std::string text(200, 'a');
        text[at] = '\xFF';
        XT_CHECK_EQ(utf8_valid_prefix(text), at);
        XT_CHECK_EQ(ascii_prefix(text), at);
    }
    XT_CHECK_EQ(ascii_prefix(std::string(77, 'x')), 77);
}

XT_TEST(a_bad_stream_stays_bad) {
    Utf8Checker checker;
    XT_CHECK(!checker.feed("\xE2\x28"));
    XT_CHECK(!checker.feed("good"));
    XT_CHECK(!checker.complete());
}

XT_MAIN("utf8")
