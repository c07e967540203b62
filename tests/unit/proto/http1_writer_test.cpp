#include "proto/http1_writer.h"

#include "http1_events.h"
#include "xtest.h"

namespace {

using xh::base::String;
using namespace xh::proto;

/// What one call gives on an otherwise good request.
template <class F>
xh_status after(F call) {
    String out = xh::base::to_string("kept");
    HeadWriter w(out);
    w.request_line("GET", "/");
    w.field("Host", "h");
    call(w);
    const xh_status status = w.finish();
    if (status != XH_OK) XT_CHECK_STR(out, "kept");
    return status;
}

xh_status with_field(std::string_view name, std::string_view value) {
    return after([&](HeadWriter& w) { w.field(name, value); });
}

}  // namespace

XT_TEST(a_request_head_keeps_order_and_case) {
    String out;
    HeadWriter w(out);
    w.request_line("POST", "/a?b=c");
    w.field("hOst", "example.com");
    w.field("X-B", "2");
    w.field("x-a", "");
    w.content_length(18446744073709551615ull);
    XT_CHECK_EQ(w.finish(), XH_OK);
    XT_CHECK_STR(out,
                 "POST /a?b=c HTTP/1.1\r\nhOst: example.com\r\nX-B: 2\r\nx-a: \r\n"
                 "Content-Length: 18446744073709551615\r\n\r\n");
}

XT_TEST(a_response_head) {
    String out;
    HeadWriter w(out);
    w.status_line(404, "Not Found");
    w.chunked();
    XT_CHECK_EQ(w.finish(), XH_OK);
    XT_CHECK_STR(out, "HTTP/1.1 404 Not Found\r\nTransfer-Encoding: chunked\r\n\r\n");
}

XT_TEST(an_empty_reason_keeps_its_space) {
    String out;
    HeadWriter w(out);
    w.status_line(299, "", 0);
    XT_CHECK_EQ(w.finish(), XH_OK);
    XT_CHECK_STR(out, "HTTP/1.0 299 \r\n\r\n");
}

XT_TEST(a_head_is_appended_to_what_is_there) {
    String out = xh::base::to_string("HTTP/1.1 100 Continue\r\n\r\n");
    HeadWriter w(out);
    w.status_line(200, "OK");
    XT_CHECK_EQ(w.finish(), XH_OK);
    XT_CHECK_STR(out, "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n");
}

XT_TEST(no_byte_that_could_end_a_line_gets_into_any_part) {
    for (char bad : {'\r', '\n', '\0'}) {
        const std::string text = std::string("a") + bad + "b";
        XT_CHECK_EQ(with_field(text, "x"), XH_E_INVALID_HEADER_NAME);
        XT_CHECK_EQ(with_field("X", text), XH_E_INVALID_HEADER_VALUE);
        String out;
        HeadWriter method(out);
        method.request_line(text, "/");
        XT_CHECK_EQ(method.finish(), XH_E_INVALID_METHOD);
        HeadWriter target(out);
        target.request_line("GET", "/" + text);
        XT_CHECK_EQ(target.finish(), XH_E_INVALID_PATH);
        HeadWriter reason(out);
        reason.status_line(200, text);
        XT_CHECK_EQ(reason.finish(), XH_E_INVALID_HEADER_VALUE);
        HeadWriter trailer(out);
        trailer.last_chunk();
        trailer.field("X", text);
        XT_CHECK_EQ(trailer.finish(), XH_E_INVALID_HEADER_VALUE);
        XT_CHECK(out.empty());
    }
}

XT_TEST(a_split_response_cannot_be_written) {
    XT_CHECK_EQ(with_field("Location", "/\r\nSet-Cookie: a=b"), XH_E_INVALID_HEADER_VALUE);
    XT_CHECK_EQ(with_field("Content-Type: x\r\nX", "y"), XH_E_INVALID_HEADER_NAME);
    XT_CHECK_EQ(with_field("Content-Type", "text/plain\r\n\r\nGET / HTTP/1.1"), XH_E_INVALID_HEADER_VALUE);
}

XT_TEST(a_missing_value_is_not_an_empty_one) {
    XT_CHECK_EQ(with_field("X", std::string_view()), XH_E_UNDEFINED_HEADER_VALUE);
    XT_CHECK_EQ(with_field("X", ""), XH_OK);
}

XT_TEST(framing_is_checked_where_it_is_given_as_a_field) {
    XT_CHECK_EQ(with_field("content-length", "12"), XH_OK);
    XT_CHECK_EQ(with_field("Content-Length", "+12"), XH_E_INVALID_HEADER_VALUE);
    XT_CHECK_EQ(with_field("Content-Length", ""), XH_E_INVALID_HEADER_VALUE);
    XT_CHECK_EQ(after([](HeadWriter& w) {
                    w.content_length(1);
                    w.field("content-LENGTH", "1");
                }),
                XH_E_OPTION_CONFLICT);
    XT_CHECK_EQ(after([](HeadWriter& w) {
                    w.field("Content-Length", "1");
                    w.chunked();
                }),
                XH_E_OPTION_CONFLICT);
}

XT_TEST(the_first_error_stays) {
    XT_CHECK_EQ(after([](HeadWriter& w) {
                    w.field("bad name", "x");
                    w.field("X", "\n");
                }),
                XH_E_INVALID_HEADER_NAME);
}

XT_TEST(a_status_outside_100_to_999_is_refused) {
    for (unsigned status : {0u, 99u, 1000u}) {
        String out;
        HeadWriter w(out);
        w.status_line(status, "x");
        XT_CHECK_EQ(w.finish(), XH_E_INVALID_ARGUMENT);
    }
}

XT_TEST(a_head_is_bounded) {
    const std::string expected = "GET / HTTP/1.1\r\nA: b\r\n\r\n";
    for (size_t limit = 0; limit <= expected.size(); ++limit) {
        String out;
        HeadWriter w(out, limit);
        w.request_line("GET", "/");
        w.field("A", "b");
        XT_CHECK_EQ(w.finish(), limit == expected.size() ? XH_OK : XH_E_HEADER_OVERFLOW);
        XT_CHECK_STR(out, limit == expected.size() ? expected : "");
    }
}

XT_TEST(chunk_lines) {
    char line[kMaxChunkLine];
    XT_CHECK_STR(std::string(line, write_chunk_line(line, 1)), "1\r\n");
    XT_CHECK_STR(std::string(line, write_chunk_line(line, 0x1f4a)), "1f4a\r\n");
    XT_CHECK_STR(std::string(line, write_chunk_line(line, UINT64_MAX)), "ffffffffffffffff\r\n");
}

XT_TEST(trailers_follow_the_last_chunk) {
    String out;
    HeadWriter w(out);
    w.last_chunk();
    w.field("Digest", "x");
    XT_CHECK_EQ(w.finish(), XH_OK);
    XT_CHECK_STR(out, "0\r\nDigest: x\r\n\r\n");
    String plain;
    HeadWriter none(plain);
    none.last_chunk();
    XT_CHECK_EQ(none.finish(), XH_OK);
    XT_CHECK_STR(plain, kLastChunk);
}

XT_TEST(framing_names_are_refused_in_trailers) {
    for (const char* name : {"Content-Length", "transfer-encoding", "Host", "Set-Cookie", "Authorization", "Trailer"}) {
        String out;
        HeadWriter w(out);
        w.last_chunk();
        w.field(name, "1");
        XT_CHECK_EQ(w.finish(), XH_E_INVALID_HEADER_NAME);
    }
}

XT_TEST(the_parser_reads_what_the_writer_wrote) {
    String out;
    HeadWriter w(out);
    w.request_line("PUT", "/x?y");
    w.field("Host", "h:1");
    w.field("X-Text", "caf\xc3\xa9\tau lait");
    w.chunked();
    XT_CHECK_EQ(w.finish(), XH_OK);
    char line[kMaxChunkLine];
    out.append(line, write_chunk_line(line, 3)).append("abc\r\n");
    HeadWriter trailers(out);
    trailers.last_chunk();
    trailers.field("X-End", "1");
    XT_CHECK_EQ(trailers.finish(), XH_OK);
    http1_events::Setup setup;
    setup.role = Role::Request;
    XT_CHECK_STR(
        http1_events::play(setup, out, {}),
        "head PUT \"/x?y\" HTTP/1.1 keep-alive chunked\n  Host: \"h:1\"\n  X-Text: \"caf\\xc3\\xa9\\tau lait\"\n"
        "  Transfer-Encoding: \"chunked\"\nbody \"abc\"\ntrailers\n  X-End: \"1\"\nend\n");
}

XT_MAIN("http1_writer")
