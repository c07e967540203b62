#include "base/ascii.h"

#include <string>

#include "xtest.h"

using namespace xh::base;

XT_TEST(decimal_numbers_are_digits_that_fit) {
    uint64_t n = 7;
    for (const char* bad : {"", "+1", "-1", " 1", "1 ", "0x1", "1a", "18446744073709551616", "99999999999999999999",
                            "100000000000000000000"}) {
        XT_CHECK(!parse_decimal(bad, n));
        XT_CHECK_EQ(n, 7u);
    }
    XT_CHECK(parse_decimal("18446744073709551615", n) && n == UINT64_MAX);
    XT_CHECK(parse_decimal("0000000000000000000000000042", n) && n == 42);
    XT_CHECK(parse_decimal("0", n) && n == 0);
}

XT_TEST(hexadecimal_numbers_are_digits_that_fit) {
    uint64_t n = 7;
    for (const char* bad : {"", "g", "0x1", " 1", "10000000000000000"}) XT_CHECK(!parse_hex(bad, n));
    XT_CHECK_EQ(n, 7u);
    XT_CHECK(parse_hex("fFfFfFfFfFfFfFfF", n) && n == UINT64_MAX);
    XT_CHECK(parse_hex("00000000000000000000001a", n) && n == 26);
}

XT_TEST(numbers_are_written_as_they_are_read) {
    char text[20];
    for (uint64_t v : {uint64_t{0}, uint64_t{9}, uint64_t{10}, uint64_t{65536}, UINT64_MAX}) {
        uint64_t back = 1;
        XT_CHECK(parse_decimal({text, write_decimal(text, v)}, back) && back == v);
        XT_CHECK(parse_hex({text, write_hex(text, v)}, back) && back == v);
    }
    String out = to_string("n=");
    append_decimal(out, 1234567890123456789u);
    XT_CHECK_STR(out, "n=1234567890123456789");
}

XT_TEST(case_folds_ascii_letters_and_nothing_else) {
    for (int a = 0; a < 256; ++a) {
        const char c = static_cast<char>(a);
        const bool upper = a >= 'A' && a <= 'Z';
        XT_CHECK_EQ(lower(c), upper ? static_cast<char>(a + 32) : c);
        std::string text(37, c);
        lower_copy(text.data(), text.data(), text.size());
        XT_CHECK_STR(text, std::string(37, lower(c)));
    }
    XT_CHECK(iequals("Content-Type", "cONTENT-tYPE"));
    XT_CHECK(!iequals("a", "ab"));
    XT_CHECK(!iequals("@", "`"));
    XT_CHECK(!iequals("[", "{"));
    XT_CHECK(istarts_with("Bearer x", "bearer "));
    XT_CHECK(!istarts_with("Be", "bearer"));
    XT_CHECK(icompare("abc", "ABD") < 0 && icompare("b", "ABD") > 0 && icompare("A", "a") == 0 &&
             icompare("a", "ab") < 0);
    XT_CHECK_EQ(ihash("Host"), ihash("hOST"));
    XT_CHECK(ihash("Host") != ihash("Hosts"));
    XT_CHECK_STR(lower_string("ABC"), "abc");
}

XT_TEST(white_space_is_trimmed_at_both_ends) {
    XT_CHECK_STR(trim_ows(" \t a b\t "), "a b");
    XT_CHECK_STR(trim_ows(" \t "), "");
    XT_CHECK_STR(trim_ows("\r x"), "\r x");
}

XT_TEST(list_items) {
    std::string_view rest = " a , b;q=\"x,\\\"y\" ,, c", item;
    for (const char* expected : {"a", "b;q=\"x,\\\"y\"", "", "c"}) {
        XT_REQUIRE(next_list_item(rest, item));
        XT_CHECK_STR(item, expected);
    }
    XT_CHECK(!next_list_item(rest, item));
    rest = "";
    XT_CHECK(next_list_item(rest, item) && item.empty());
    XT_CHECK(!next_list_item(rest, item));
    rest = "a,";
    XT_CHECK(next_list_item(rest, item) && item == "a");
    XT_CHECK(next_list_item(rest, item) && item.empty());
    XT_CHECK(!next_list_item(rest, item));
    rest = "\"open, a";
    XT_CHECK(next_list_item(rest, item) && item == "\"open, a");
}

XT_TEST(the_first_bad_value_byte_is_found_at_any_place) {
    for (size_t size : {1u, 15u, 16u, 17u, 40u})
        for (size_t at = 0; at <= size; ++at) {
            std::string text(size, '\xff');
            if (at < size) text[at] = '\n';
            XT_CHECK_EQ(find_bad_value(text.data(), text.data() + size) - text.data(), static_cast<std::ptrdiff_t>(at));
        }
}

XT_MAIN("ascii")
