// The chunk decoder alone: steps, byte counts, sticky errors. What it accepts and refuses is in tests/wire/chunked.md.

#include "proto/chunked.h"

#include <string>

#include "xtest.h"

namespace {

using xh::proto::ChunkedDecoder;
using xh::proto::Limits;
using Event = ChunkedDecoder::Event;

struct Result {
    std::string body;
    Event event = Event::More;
    xh_status status = XH_OK;
    size_t used = 0;
};

/// Decodes `text` in pieces of at most `piece` bytes, taking at most `most` bytes of data at a time.
Result decode(const std::string& text, size_t piece, size_t most, const Limits& limits = Limits()) {
    ChunkedDecoder decoder;
    decoder.reset(limits, 0);
    Result r;
    for (size_t begin = 0; begin < text.size(); begin += piece) {
        const size_t end = begin + piece < text.size() ? begin + piece : text.size();
        size_t pos = begin;
        for (;;) {
            const ChunkedDecoder::Step step = decoder.next(text.data() + pos, end - pos);
            pos += step.used;
            r.used = pos;
            r.event = step.event;
            r.status = decoder.status();
            if (step.event == Event::Last || step.event == Event::Error) return r;
            if (step.event == Event::More) break;
            const size_t k = step.data < most ? step.data : most;
            r.body.append(text, pos, k);
            decoder.take(k);
            pos += k;
        }
        if (decoder.body_bytes() != r.body.size())
            XT_FAIL("body_bytes is %zu", static_cast<size_t>(decoder.body_bytes()));
    }
    return r;
}

}  // namespace

XT_TEST(pieces_and_appetite_do_not_change_the_body) {
    const std::string text = "5\r\nhello\r\n1;x=\"y\"\r\n,\r\n00a\r\n0123456789\r\n0;z\r\n\r\n";
    for (size_t piece = 1; piece <= text.size(); ++piece)
        for (size_t most = 1; most <= 11; ++most) {
            const Result r = decode(text, piece, most);
            XT_CHECK_STR(r.body, "hello,0123456789");
            XT_CHECK_EQ(r.event, Event::Last);
            XT_CHECK_EQ(r.used, text.size() - 2);
        }
}

XT_TEST(the_trailer_section_is_left_to_the_caller) {
    const Result r = decode("0\r\nA: b\r\n\r\n", 100, 100);
    XT_CHECK_EQ(r.event, Event::Last);
    XT_CHECK_EQ(r.used, 3u);
}

XT_TEST(an_error_says_its_byte_and_stays) {
    ChunkedDecoder decoder;
    decoder.reset(Limits(), 0);
    ChunkedDecoder::Step step = decoder.next("1f;a\n", 5);
    XT_CHECK_EQ(step.event, Event::Error);
    XT_CHECK_EQ(step.used, 4u);
    XT_CHECK_EQ(decoder.status(), XH_E_BAD_LINE_END);
    step = decoder.next("5\r\n", 3);
    XT_CHECK_EQ(step.event, Event::Error);
    XT_CHECK_EQ(step.used, 0u);
    decoder.reset(Limits(), 0);
    XT_CHECK_EQ(decoder.next("5\r\nh", 4).event, Event::Data);
}

XT_TEST(no_bytes_are_no_event) {
    ChunkedDecoder decoder;
    decoder.reset(Limits(), 0);
    XT_CHECK_EQ(decoder.next(nullptr, 0).event, Event::More);
    XT_CHECK_EQ(decoder.next("3\r\n", 3).event, Event::More);
    XT_CHECK_EQ(decoder.next(nullptr, 0).event, Event::More);
}

XT_TEST(every_byte_is_told_from_a_digit) {
    for (int c = 0; c < 256; ++c) {
        const std::string text = std::string("1") + static_cast<char>(c) + "\r\n";
        const bool hex = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
        const Result r = decode(text, 1, 1);
        XT_CHECK_EQ(r.event == Event::More, hex);
    }
}

XT_TEST(overhead_without_data_is_bounded_whatever_the_chunks_look_like) {
    std::string text;
    for (int i = 0; i < 200000; ++i) text += "0000000000000001\r\nx\r\n";
    const Result r = decode(text, 4096, 4096);
    XT_CHECK_EQ(r.status, XH_E_CHUNK_OVERHEAD);
    XT_CHECK(r.used < 400000);
}

XT_TEST(large_chunks_excuse_their_framing) {
    std::string text;
    for (int i = 0; i < 2000; ++i) text += "0000000000000010\r\n0123456789abcdef\r\n";
    const Result r = decode(text + "0\r\n", 4096, 4096);
    XT_CHECK_EQ(r.event, Event::Last);
    XT_CHECK_EQ(r.body.size(), 32000u);
}

XT_TEST(extensions_are_bounded_over_the_whole_body) {
    std::string text;
    for (int i = 0; i < 300; ++i) text += "40;" + std::string(100, 'e') + "\r\n" + std::string(64, 'x') + "\r\n";
    XT_CHECK_EQ(decode(text, 4096, 4096).status, XH_E_CHUNK_OVERHEAD);
    Limits limits;
    limits.max_chunk_ext = 40000;
    XT_CHECK_EQ(decode(text + "0\r\n", 4096, 4096, limits).event, Event::Last);
}

XT_TEST(the_body_limit_counts_data_only) {
    Limits limits;
    limits.max_body_bytes = 5;
    XT_CHECK_EQ(decode("3\r\nabc\r\n2\r\nde\r\n0\r\n", 1, 1, limits).event, Event::Last);
    XT_CHECK_EQ(decode("3\r\nabc\r\n3\r\n", 1, 1, limits).status, XH_E_BODY_TOO_LARGE);
    XT_CHECK_EQ(decode("6\r\n", 1, 1, limits).status, XH_E_BODY_TOO_LARGE);
}

XT_MAIN("chunked")
