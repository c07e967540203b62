// JSON values: reading, refusing, exact numbers, building, writing.

#include "json/json.h"

#include <cmath>
#include <limits>
#include <string>

#include "xtest.h"

using namespace xh::json;
using xh::base::String;

namespace {

std::string round_trip(std::string_view text) {
    ValueRef value;
    const xh_status status = parse(text, value);
    if (status != XH_OK) return "refused";
    String out;
    value->write(out);
    return std::string(out);
}

std::string error_of(std::string_view text) {
    ValueRef value;
    ParseError error;
    return parse(text, value, &error) == XH_OK ? "accepted" : std::string(error.message);
}

constexpr std::string_view operator""_v(const char* text, std::size_t size) { return {text, size}; }

}  // namespace

XT_TEST(valid_texts_are_read_and_written) {
    static const struct {
        std::string_view text, expected;
    } kCases[] = {
        {"null", "null"},
        {"true", "true"},
        {" false ", "false"},
        {"0", "0"},
        {"-0", "0"},
        {"-12.5e1", "-125"},
        {"1.25", "1.25"},
        {"-0.0", "-0.0"},
        {"\"\"", "\"\""},
        {"\"a\"", "\"a\""},
        {"[]", "[]"},
        {"{}", "{}"},
        {"[[],{}]", "[[],{}]"},
        {"\t[ 1 ,\r\n2 ] ", "[1,2]"},
        {"{\"b\":1,\"a\":{\"c\":[null]}}", "{\"b\":1,\"a\":{\"c\":[null]}}"},
        {"\xEF\xBB\xBF{\"a\":1}", "{\"a\":1}"},
        {"{\"\":\"\"}", "{\"\":\"\"}"},
        {"\"\\u00e9\\ud83d\\ude00\"", "\"\xC3\xA9\xF0\x9F\x98\x80\""},
        {"\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\\"\\\\/\\b\\f\\n\\r\\t\""},
        {"\"a\\u0000b\"", "\"a\\u0000b\""},
        {"\"\\u001f\x7f\"", "\"\\u001f\x7f\""},
        {"1e2", "100"},
        {"1E-2", "0.01"},
    };
    for (const auto& c : kCases) XT_CHECK_EQ(round_trip(c.text), c.expected);
}

XT_TEST(invalid_texts_are_refused) {
    for (std::string_view text : {""_v,
                                  " "_v,
                                  "["_v,
                                  "]"_v,
                                  "{"_v,
                                  "}"_v,
                                  "[1,]"_v,
                                  "[,1]"_v,
                                  "{,}"_v,
                                  "{\"a\"}"_v,
                                  "{\"a\":}"_v,
                                  "{\"a\":1,}"_v,
                                  "{a:1}"_v,
                                  "{1:1}"_v,
                                  "{\"a\" 1}"_v,
                                  "[1 2]"_v,
                                  "1 2"_v,
                                  "1,2"_v,
                                  "[1],[2]"_v,
                                  "1]"_v,
                                  "[1]]"_v,
                                  "[1]x"_v,
                                  "[1]\0"_v,
                                  "nul"_v,
                                  "nulll"_v,
                                  "True"_v,
                                  "nan"_v,
                                  "NaN"_v,
                                  "Infinity"_v,
                                  "-"_v,
                                  "+1"_v,
                                  ".5"_v,
                                  "1."_v,
                                  "01"_v,
                                  "-01"_v,
                                  "0x10"_v,
                                  "1e"_v,
                                  "1e+"_v,
                                  "--1"_v,
                                  "1-2"_v,
                                  "'a'"_v,
                                  "\"a"_v,
                                  "\"a\nb\""_v,
                                  "\"\\x\""_v,
                                  "\"\\u12\""_v,
                                  "\"\\u12g4\""_v,
                                  "\"\\ud800\""_v,
                                  "\"\\ud800\\u0041\""_v,
                                  "\"\\udc00\""_v,
                                  "\"\\ude00\\ud83d\""_v,
                                  "\"\xFF\""_v,
                                  "\"\xC0\x80\""_v,
                                  "\"\xED\xA0\x80\""_v,
                                  "\"\xE2\x82\""_v,
                                  "/**/1"_v,
                                  "1//x"_v,
                                  "1e400"_v,
                                  "-1e400"_v,
                                  "00000000000000000000000000001"_v,
                                  "\xFE\xFF\0[\0]"_v})
        if (round_trip(text) != "refused")
            XT_FAIL("accepted: %s", std::string(text).c_str());
        else
            XT_CHECK(true);
}

XT_TEST(a_text_cut_at_any_byte_is_refused) {
    const std::string text =
        "{\"key\":[1,-2.5e3,true,false,null,\"te\\u00e9xt\\n\",{\"in\":[]}],\"12345678901234567890123\":"
        "12345678901234567890123}";
    XT_REQUIRE(round_trip(text) != "refused");
    for (std::size_t cut = 0; cut < text.size(); ++cut)
        if (round_trip(text.substr(0, cut)) != "refused") XT_FAIL("accepted when cut at %zu", cut);
    for (std::size_t at = 0; at < text.size(); ++at) {
        std::string changed = text;
        for (char c : {'\0', '"', '{', ']', '\\', '9', '\x80'}) {
            changed[at] = c;
            round_trip(changed);
            error_of(changed);
        }
    }
}

XT_TEST(whole_numbers_are_never_silently_wrong) {
    for (const char* text : {"9223372036854775807", "-9223372036854775808", "9223372036854775808",
                             "18446744073709551615", "18446744073709551616", "-9223372036854775809",
                             "123456789012345678901234567890", "[1,18446744073709551616,2,-99999999999999999999,3]",
                             "{\"99999999999999999999\":99999999999999999999,\"b\\\"99999999999999999999\":1}"})
        XT_CHECK_EQ(round_trip(text), text);
    ValueRef value;
    int64_t whole = 7;
    double real = 0;
    XT_REQUIRE(parse("18446744073709551616", value) == XH_OK);
    XT_CHECK(value->is(Type::Number));
    XT_CHECK_EQ(value->get_integer(whole), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(value->get_number(real), XH_OK);
    XT_CHECK(real == 0x1p64);
    XT_REQUIRE(parse("18446744073709551615", value) == XH_OK);
    XT_CHECK_EQ(value->get_integer(whole), XH_E_OPTION_VALUE);
    XT_REQUIRE(parse("-9223372036854775808", value) == XH_OK);
    XT_CHECK_EQ(value->get_integer(whole), XH_OK);
    XT_CHECK_EQ(whole, std::numeric_limits<int64_t>::min());
    // 400 digits are more than a double holds; the digits stay.
    const std::string huge(400, '9');
    XT_CHECK_EQ(round_trip(huge), huge);
    XT_REQUIRE(parse(huge, value) == XH_OK);
    XT_CHECK_EQ(value->get_number(real), XH_E_OPTION_VALUE);
}

XT_TEST(doubles_come_back_to_the_bit) {
    for (double d :
         {0.1, 1.0 / 3, 1e300, 5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -123456.789, 0x1p53 + 2}) {
        String text;
        Value::make_number(d)->write(text);
        ValueRef value;
        double back = 0;
        XT_REQUIRE(parse(text, value) == XH_OK);
        XT_CHECK_EQ(value->get_number(back), XH_OK);
        XT_CHECK(back == d);
    }
    int64_t whole = 0;
    XT_CHECK_EQ(Value::make_number(1e3)->get_integer(whole), XH_OK);
    XT_CHECK_EQ(whole, 1000);
    XT_CHECK_EQ(Value::make_number(1.5)->get_integer(whole), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(Value::make_number(0x1p63)->get_integer(whole), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(Value::make_number(-0x1p63)->get_integer(whole), XH_OK);
    XT_CHECK(!Value::make_number(std::nan("")));
    XT_CHECK(!Value::make_number(std::numeric_limits<double>::infinity()));
    XT_CHECK(!Value::make_string("\xFF"));
}

XT_TEST(an_error_says_where) {
    XT_CHECK_EQ(error_of("{\n  \"a\": tru\n}").substr(0, 17), "line 2, column 11");
    XT_CHECK_EQ(error_of("[1,2,]"), "line 1, column 6: unexpected byte ']' in value");
    XT_CHECK_EQ(error_of("[1"), "line 1, column 3: unexpected end of the text");
    XT_CHECK_EQ(error_of(""), "line 1, column 1: no value");
    XT_CHECK_EQ(error_of("1,2"), "line 1, column 1: more than one value");
    XT_CHECK_EQ(error_of("[\"\n"), "line 1, column 3: unescaped control character in string");
    ParseError error;
    ValueRef value = Value::make_null();
    XT_CHECK_EQ(parse("\n\n[\"ab\xFF\"]", value, &error), XH_E_INVALID_JSON);
    XT_CHECK_EQ(error.offset, 6);
    XT_CHECK_EQ(error.line, 3);
    XT_CHECK_EQ(error.column, 5);
    XT_CHECK(value->is(Type::Null));
}

XT_TEST(depth_is_limited_when_reading_and_when_building) {
    const auto nested = [](std::size_t levels) { return std::string(levels, '[') + std::string(levels, ']'); };
    XT_CHECK_EQ(round_trip(nested(128)), nested(128));
    XT_CHECK_EQ(round_trip(nested(129)), "refused");
    XT_CHECK_EQ(round_trip(nested(100000)), "refused");
    XT_CHECK_EQ(round_trip(std::string(100000, '{')), "refused");
    ValueRef value = Value::make_array();
    for (int level = 2; level <= 128; ++level) {
        ValueRef outer = Value::make_array();
        XT_REQUIRE(outer->append(value) == XH_OK);
        value = outer;
    }
    XT_CHECK_EQ(Value::make_array()->append(value), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(Value::make_object()->set("k", value), XH_E_INVALID_ARGUMENT);
}

XT_TEST(members_keep_their_order_and_the_last_of_equal_names_counts) {
    XT_CHECK_EQ(round_trip("{\"z\":1,\"a\":2,\"z\":3,\"m\":4,\"a\":5}"), "{\"z\":3,\"a\":5,\"m\":4}");
    std::string many = "{";
    for (int i = 0; i < 3000; ++i) many += "\"k" + std::to_string(i % 1000) + "\":" + std::to_string(i) + ",";
    many.back() = '}';
    ValueRef value;
    XT_REQUIRE(parse(many, value) == XH_OK);
    XT_CHECK_EQ(value->count(), 1000);
    bool right = true;
    for (int i = 0; i < 1000; ++i) {
        const std::string key = "k" + std::to_string(i);
        int64_t got = 0;
        Value* member = value->get(key);
        right = right && member && member->get_integer(got) == XH_OK && got == 2000 + i &&
                value->key_at(static_cast<std::size_t>(i)) == key;
    }
    XT_CHECK(right);
    XT_CHECK(!value->get("k1000"));
    XT_CHECK(!value->get(""));
}

XT_TEST(a_large_object_with_repeated_names_takes_no_quadratic_time) {
    std::string text = "{";
    for (int i = 0; i < 200000; ++i) text += "\"" + std::to_string(i % 7) + "\":0,";
    text.back() = '}';
    ValueRef value;
    XT_REQUIRE(parse(text, value) == XH_OK);
    XT_CHECK_EQ(value->count(), 7);
}

XT_TEST(accessors_refuse_other_types) {
    ValueRef value;
    XT_REQUIRE(parse("{\"n\":1,\"s\":\"x\",\"b\":true,\"a\":[5],\"z\":null}", value) == XH_OK);
    bool flag = false;
    double real = 0;
    int64_t whole = 0;
    std::string_view text;
    XT_CHECK_EQ(value->get("n")->get_bool(flag), XH_E_JSON_TYPE);
    XT_CHECK_EQ(value->get("n")->get_string(text), XH_E_JSON_TYPE);
    XT_CHECK_EQ(value->get("s")->get_number(real), XH_E_JSON_TYPE);
    XT_CHECK_EQ(value->get("b")->get_integer(whole), XH_E_JSON_TYPE);
    XT_CHECK_EQ(value->get("z")->get_string(text), XH_E_JSON_TYPE);
    XT_CHECK_EQ(value->get("b")->get_bool(flag), XH_OK);
    XT_CHECK(flag);
    XT_CHECK_EQ(value->get("s")->get_string(text), XH_OK);
    XT_CHECK_EQ(text, "x");
    XT_CHECK(value->get("a")->at(0)->is(Type::Number));
    XT_CHECK(!value->get("a")->at(1));
    XT_CHECK(!value->get("a")->get("x"));
    XT_CHECK(!value->get("a")->key_at(0).data());
    XT_CHECK(!value->get("n")->at(0));
    XT_CHECK_EQ(value->get("n")->count(), 0);
}

XT_TEST(what_was_read_or_became_a_part_never_changes) {
    ValueRef read, array = Value::make_array(), object = Value::make_object();
    XT_REQUIRE(parse("{\"a\":[]}", read) == XH_OK);
    XT_CHECK_EQ(read->set("b", Value::make_null()), XH_E_STATE);
    XT_CHECK_EQ(read->get("a")->append(Value::make_null()), XH_E_STATE);
    XT_CHECK_EQ(object->set("self", object), XH_E_INVALID_ARGUMENT);
    XT_CHECK_EQ(object->set("list", array), XH_OK);
    XT_CHECK_EQ(array->append(object), XH_E_STATE);
    XT_CHECK_EQ(object->append(array), XH_E_JSON_TYPE);
    XT_CHECK_EQ(array->set("x", object), XH_E_JSON_TYPE);
    XT_CHECK_EQ(object->set("\xFF", array), XH_E_INVALID_UTF8);
    XT_CHECK_EQ(object->set("x", ValueRef()), XH_E_INVALID_ARGUMENT);
    ValueRef copy = read->copy();
    XT_CHECK_EQ(copy->set("b", Value::make_integer(2)), XH_OK);
    XT_CHECK_EQ(copy->set("a", read->get("a")->copy()), XH_OK);
    String text, before;
    copy->write(text);
    read->write(before);
    XT_CHECK_EQ(text, "{\"a\":[],\"b\":2}");
    XT_CHECK_EQ(before, "{\"a\":[]}");
}

XT_TEST(values_are_built_and_written_on_one_line_or_many) {
    ValueRef object = Value::make_object(), array = Value::make_array();
    for (int i = 0; i < 40; ++i)
        XT_CHECK_EQ(object->set("k" + std::to_string(i * 7 % 40), Value::make_integer(i)), XH_OK);
    for (int i = 0; i < 40; ++i) {
        int64_t got = -1;
        XT_CHECK_EQ(object->get("k" + std::to_string(i * 7 % 40))->get_integer(got), XH_OK);
        XT_CHECK_EQ(got, i);
    }
    XT_CHECK_EQ(object->count(), 40);
    XT_CHECK_EQ(object->set("k0", Value::make_bool(true)), XH_OK);
    XT_CHECK_EQ(object->count(), 40);
    XT_CHECK_EQ(object->key_at(0), "k0");
    object = Value::make_object();
    XT_CHECK_EQ(array->append(Value::make_string("a\"\n\x01")), XH_OK);
    XT_CHECK_EQ(array->append(Value::make_null()), XH_OK);
    XT_CHECK_EQ(object->set("list", array), XH_OK);
    XT_CHECK_EQ(object->set("empty", Value::make_object()), XH_OK);
    String text;
    object->write(text);
    XT_CHECK_EQ(text, "{\"list\":[\"a\\\"\\n\\u0001\",null],\"empty\":{}}");
    text.clear();
    object->write(text, 2);
    XT_CHECK_EQ(text, "{\n  \"list\": [\n    \"a\\\"\\n\\u0001\",\n    null\n  ],\n  \"empty\": {}\n}");
}

XT_MAIN("json")
