// Content-Type: parts, parameters, and what dataType "auto" makes of it.

#include "proto/mime.h"

#include <string>

#include "xtest.h"

using namespace xh::proto;

namespace {

std::string charset_of(std::string_view field) {
    MediaType type;
    if (!type.parse(field)) return "refused";
    return type.charset().data() ? std::string(type.charset()) : "absent";
}

}  // namespace

XT_TEST(type_and_parameters_are_found) {
    MediaType type;
    XT_REQUIRE(type.parse(" Multipart/Form-Data ; Boundary=\"a \\\"b\\\";c\" ;charset=utf-8; x=") == true);
    XT_CHECK_STR(type.essence(), "multipart/form-data");
    XT_CHECK_STR(type.type(), "multipart");
    XT_CHECK_STR(type.subtype(), "form-data");
    XT_CHECK_STR(type.param("boundary"), "a \"b\";c");
    XT_CHECK_STR(type.charset(), "utf-8");
    XT_CHECK_STR(type.param("x"), "");
    XT_CHECK(!type.param("y").data());
}

XT_TEST(odd_parameters_are_read_or_skipped) {
    XT_CHECK_EQ(charset_of("text/html"), "absent");
    XT_CHECK_EQ(charset_of("text/html;"), "absent");
    XT_CHECK_EQ(charset_of("text/html;;;charset=a"), "a");
    XT_CHECK_EQ(charset_of("text/html; charset"), "absent");
    XT_CHECK_EQ(charset_of("text/html; charset ; charset=b"), "b");
    XT_CHECK_EQ(charset_of("text/html; charset=first; charset=second"), "first");
    XT_CHECK_EQ(charset_of("text/html; a=\"x;charset=no\"; charset=yes"), "yes");
    XT_CHECK_EQ(charset_of("text/html; a=\"open;charset=no"), "absent");
    XT_CHECK_EQ(charset_of("text/html; CHARSET=\"Q\""), "Q");
    XT_CHECK_EQ(charset_of("text/html; =x; @=y; charset=z"), "z");
    XT_CHECK_EQ(charset_of("text/html; charset=a b ; c=d"), "a b");
    XT_CHECK_EQ(charset_of("text/html; charset=\"a\"junk; c=d"), "a");
    XT_CHECK_EQ(charset_of("text/html, text/plain; charset=a"), "a");
    for (const char* field :
         {"", ";", "text", "text/", "/html", "text/html html", "te xt/html", "text /html", "text/html\r\n"})
        XT_CHECK_EQ(charset_of(field), "refused");
}

XT_TEST(a_disposition_is_one_token_with_parameters) {
    MediaType type;
    XT_REQUIRE(type.parse_disposition("Form-Data; name=\"a\"; filename=\"b\\\\c.txt\"") == true);
    XT_CHECK_STR(type.essence(), "form-data");
    XT_CHECK_STR(type.subtype(), "");
    XT_CHECK_STR(type.param("name"), "a");
    XT_CHECK_STR(type.param("filename"), "b\\c.txt");
    XT_CHECK(!type.parse_disposition(";x=y"));
    XT_CHECK_STR(type.essence(), "");
}

XT_TEST(many_parameters_are_cut_off) {
    std::string field = "a/b";
    for (int i = 0; i < 10000; ++i) field += ";p" + std::to_string(i) + "=v";
    MediaType type;
    XT_CHECK(type.parse(field));
    XT_CHECK_STR(type.param("p31"), "v");
    XT_CHECK(!type.param("p32").data());
}

XT_TEST(a_field_cut_at_any_byte_does_no_harm) {
    const std::string field = "multipart/mixed; a=\"q\\\"uoted\"; boundary=xyz ; charset = utf-8";
    for (std::size_t to = 0; to <= field.size(); ++to) {
        const std::string part = field.substr(0, to);
        MediaType type;
        XT_CHECK_EQ(type.parse(part), to > 10);
        body_kind(part);
    }
}

XT_TEST(auto_takes_objects_texts_and_bytes_as_promised) {
    static const struct {
        const char* field;
        BodyKind kind;
    } kCases[] = {
        {"application/json", BodyKind::Object},
        {"APPLICATION/JSON; charset=utf-8", BodyKind::Object},
        {"text/json", BodyKind::Object},
        {"application/problem+json", BodyKind::Object},
        {"image/x+JSON", BodyKind::Object},
        {"text/plain", BodyKind::Text},
        {"text/html;charset=x", BodyKind::Text},
        {"text/event-stream", BodyKind::Text},
        {"application/javascript", BodyKind::Text},
        {"application/x-javascript", BodyKind::Text},
        {"application/ecmascript", BodyKind::Text},
        {"text/javascript", BodyKind::Text},
        {"application/xml", BodyKind::Text},
        {"text/xml", BodyKind::Text},
        {"image/svg+xml", BodyKind::Text},
        {"application/xhtml+xml", BodyKind::Text},
        {"message/http", BodyKind::Text},
        {"application/x-www-form-urlencoded", BodyKind::Text},
        {"application/octet-stream", BodyKind::Bytes},
        {"image/png", BodyKind::Bytes},
        {"application/http", BodyKind::Bytes},
        {"message/rfc822", BodyKind::Bytes},
        {"application/jsonx", BodyKind::Bytes},
        {"application/json-seq", BodyKind::Bytes},
        {"image/json", BodyKind::Bytes},
        {"", BodyKind::Bytes},
        {"json", BodyKind::Bytes},
        {"application/json x", BodyKind::Bytes},
        {"multipart/form-data; boundary=x", BodyKind::Bytes},
    };
    for (const auto& c : kCases)
        if (body_kind(c.field) != c.kind)
            XT_FAIL("\"%s\"", c.field);
        else
            XT_CHECK(true);
}

XT_MAIN("mime")
