// Content-Range, entity tags and dates, as a download that is continued needs them.

#include "proto/content_range.h"

#include <string>

#include "xtest.h"

using namespace xh::proto;

namespace {

std::string read(std::string_view value) {
    ContentRange range;
    range.first = range.last = range.total = 77;
    if (!parse_content_range(value, range)) {
        XT_CHECK(range.first == 77 && range.last == 77 && range.total == 77);
        return "refused";
    }
    return std::to_string(range.first) + " " + std::to_string(range.last) + " " + std::to_string(range.total);
}

}  // namespace

XT_TEST(a_part_of_a_known_whole) {
    XT_CHECK_EQ(read("bytes 0-0/1"), "0 0 1");
    XT_CHECK_EQ(read("bytes 5-9/10"), "5 9 10");
    XT_CHECK_EQ(read("bytes 42-1233/1234"), "42 1233 1234");
    XT_CHECK_EQ(read("bytes 0-9223372036854775805/9223372036854775806"), "0 9223372036854775805 9223372036854775806");
}

XT_TEST(a_part_of_an_unknown_whole) { XT_CHECK_EQ(read("bytes 42-1233/*"), "42 1233 -1"); }

XT_TEST(a_range_that_was_not_satisfied) {
    XT_CHECK_EQ(read("bytes */1234"), "-1 -1 1234");
    XT_CHECK_EQ(read("bytes */0"), "-1 -1 0");
    XT_CHECK_EQ(read("bytes */*"), "refused");
}

XT_TEST(the_unit_is_bytes_in_any_case) {
    XT_CHECK_EQ(read("Bytes 5-9/10"), "5 9 10");
    XT_CHECK_EQ(read("items 5-9/10"), "refused");
    XT_CHECK_EQ(read("bytesx 5-9/10"), "refused");
    XT_CHECK_EQ(read("bytes=5-9/10"), "refused");
    XT_CHECK_EQ(read("5-9/10"), "refused");
}

XT_TEST(a_part_lies_inside_its_whole) {
    XT_CHECK_EQ(read("bytes 9-5/10"), "refused");
    XT_CHECK_EQ(read("bytes 5-10/10"), "refused");
    XT_CHECK_EQ(read("bytes 0-0/0"), "refused");
    XT_CHECK_EQ(read("bytes 10-10/10"), "refused");
}

XT_TEST(numbers_are_digits_that_fit) {
    for (const char* value :
         {"bytes +5-9/10", "bytes 5-+9/10", "bytes 5 -9/10", "bytes 5- 9/10", "bytes 5-9 /10", "bytes 5-9/ 10",
          "bytes -5-9/10", "bytes 0x5-9/10", "bytes 5-9/10 ", "bytes  5-9/10", "bytes 5-9/10,5-9/10", "bytes 5-9/-1",
          "bytes 5-9/1e3", "bytes 5-9/9223372036854775808", "bytes 18446744073709551616-9/10",
          "bytes 0-9223372036854775807/*", "bytes 0-9223372036854775808/*"})
        XT_CHECK_EQ(read(value), "refused");
}

XT_TEST(every_part_is_needed) {
    std::string whole = "bytes 5-9/10";
    for (std::size_t n = 0; n < whole.size() - 1; ++n) XT_CHECK_EQ(read(whole.substr(0, n)), "refused");
    for (const char* value : {"bytes 5-/10", "bytes -9/10", "bytes 5/10", "bytes /10", "bytes 5-9", "bytes 5-9/"})
        XT_CHECK_EQ(read(value), "refused");
}

XT_TEST(only_a_quoted_tag_without_w_is_strong) {
    XT_CHECK(is_strong_etag("\"a\""));
    XT_CHECK(is_strong_etag("\"\""));
    XT_CHECK(is_strong_etag("\"5e15153d-120f\""));
    XT_CHECK(is_strong_etag("\"\xc3\xa9\""));
    for (const char* tag :
         {"", "\"", "a", "W/\"a\"", "w/\"a\"", "\"a", "a\"", "\"a b\"", "\"a\"b\"", "\"a\", \"b\"", "*", "\"\x7f\""})
        XT_CHECK(!is_strong_etag(tag));
}

XT_TEST(dates_are_ranked_in_time) {
    const char* rising[] = {"Sun, 06 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:38 GMT",
                            "Sun, 06 Nov 1994 08:50:00 GMT", "Sun, 06 Nov 1994 09:00:00 GMT",
                            "Mon, 07 Nov 1994 00:00:00 GMT", "Thu, 01 Dec 1994 00:00:00 GMT",
                            "Sat, 31 Dec 1994 23:59:60 GMT", "Sun, 01 Jan 1995 00:00:00 GMT"};
    uint64_t before = 0;
    for (const char* date : rising) {
        uint64_t rank = 0;
        XT_CHECK(http_date_rank(date, rank));
        XT_CHECK(rank > before);
        before = rank;
    }
}

XT_TEST(only_the_preferred_form_is_a_date) {
    for (const char* date :
         {"", "0", "Sunday, 06-Nov-94 08:49:37 GMT", "Sun Nov  6 08:49:37 1994", "Sun, 06 Nov 1994 08:49:37 UTC",
          "Sun, 06 Nov 1994 08:49:37", "Sun, 06 nov 1994 08:49:37 GMT", "Sun, 32 Nov 1994 08:49:37 GMT",
          "Sun, 00 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 24:49:37 GMT", "Sun, 06 Nov 1994 08:60:37 GMT",
          "Sun, 06 Nov 1994 08:49:61 GMT", "Sun, 06 Nov 1994 08:49:3x GMT"}) {
        uint64_t rank = 9;
        XT_CHECK(!http_date_rank(date, rank));
        XT_CHECK_EQ(rank, 9);
    }
}

XT_TEST(the_validator_is_the_strong_one) {
    const char* old = "Sun, 06 Nov 1994 08:49:37 GMT";
    const char* now = "Mon, 07 Nov 1994 08:49:37 GMT";
    XT_CHECK_EQ(part_validator("\"a\"", old, now), "\"a\"");
    XT_CHECK_EQ(part_validator("", old, now), old);
    XT_CHECK_EQ(part_validator("", now, now), "");
    XT_CHECK_EQ(part_validator("", now, old), "");
    XT_CHECK_EQ(part_validator("", old, ""), "");
    XT_CHECK_EQ(part_validator("", "", now), "");
    XT_CHECK_EQ(part_validator("W/\"a\"", old, now), "");
}

XT_MAIN("content-range")
