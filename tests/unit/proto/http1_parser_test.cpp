// What the wire files cannot say: pauses, owners that go away, memory, reuse, offsets in pieces.

#include "proto/http1_parser.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/alloc_hook.h"
#include "http1_events.h"
#include "xtest.h"

namespace {

using namespace http1_events;
using Stop = Http1Parser::Stop;

constexpr std::string_view kHello = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

/// Answers each event as told, and counts.
struct Script final : Http1Sink {
    Verdict head = Verdict::Go, body = Verdict::Go, trailers = Verdict::Go, end = Verdict::Go;
    size_t most = SIZE_MAX;
    int heads = 0, bodies = 0, trailer_sections = 0, ends = 0;
    size_t bytes = 0;
    const char* head_data = nullptr;
    Http1Parser** destroy = nullptr;

    Verdict answer(Verdict v) {
        if (v == Verdict::Gone && destroy != nullptr) {
            delete *destroy;
            *destroy = nullptr;
        }
        return v;
    }
    Verdict on_head(const Head& h) override {
        ++heads;
        head_data = h.data;
        return answer(head);
    }
    size_t on_body(const char*, size_t n, Verdict& v) override {
        ++bodies;
        if (n > most) n = most;
        bytes += n;
        v = answer(body);
        return n;
    }
    Verdict on_trailers(const HeaderSpan*, uint32_t, const char*, uint32_t) override {
        ++trailer_sections;
        return answer(trailers);
    }
    Verdict on_message_end() override {
        ++ends;
        return answer(end);
    }
};

int allocations = 0;

void* XH_CALL count_malloc(size_t size, void*) {
    ++allocations;
    return std::malloc(size);
}
void* XH_CALL count_realloc(void* ptr, size_t size, void*) { return std::realloc(ptr, size); }
void XH_CALL count_free(void* ptr, void*) { std::free(ptr); }

const char kChunked[] = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nA: b\r\n\r\n";

}  // namespace

XT_TEST(a_whole_head_is_read_where_it_lies_and_costs_no_allocation) {
    Http1Parser parser;
    Script sink;
    parser.reset(Role::Response);
    parser.feed(kHello.data(), kHello.size(), sink);  // the list of spans is made once
    const int before = allocations;
    for (int i = 0; i < 100; ++i) {
        parser.reset(Role::Response);
        const auto fed = parser.feed(kHello.data(), kHello.size(), sink);
        XT_CHECK_EQ(fed.stop, Stop::MessageEnd);
        XT_CHECK(sink.head_data == kHello.data());
    }
    XT_CHECK_EQ(allocations, before);
    XT_CHECK_EQ(sink.ends, 101);
}

XT_TEST(feed_stops_behind_each_message) {
    const std::string two = std::string(kHello) + std::string(kHello);
    Http1Parser parser;
    Script sink;
    parser.reset(Role::Response);
    auto fed = parser.feed(two.data(), two.size(), sink);
    XT_CHECK_EQ(fed.stop, Stop::MessageEnd);
    XT_CHECK_EQ(fed.consumed, kHello.size());
    XT_CHECK(!parser.in_message());
    fed = parser.feed(two.data() + fed.consumed, two.size() - fed.consumed, sink);
    XT_CHECK_EQ(fed.stop, Stop::MessageEnd);
    XT_CHECK_EQ(sink.ends, 2);
    XT_CHECK_EQ(parser.total_bytes(), two.size());
}

XT_TEST(a_pause_at_the_head_stops_before_the_body) {
    Http1Parser parser;
    Script sink;
    sink.head = Verdict::Pause;
    parser.reset(Role::Response);
    auto fed = parser.feed(kHello.data(), kHello.size(), sink);
    XT_CHECK_EQ(fed.stop, Stop::Paused);
    XT_CHECK_EQ(fed.consumed, kHello.size() - 5);
    XT_CHECK_EQ(sink.bodies, 0);
    fed = parser.feed(kHello.data() + fed.consumed, 5, sink);
    XT_CHECK_EQ(fed.stop, Stop::MessageEnd);
    XT_CHECK_EQ(sink.bytes, 5u);
}

XT_TEST(a_sink_that_takes_fewer_bytes_pauses_there) {
    Http1Parser parser;
    Script sink;
    sink.most = 2;
    parser.reset(Role::Response);
    auto fed = parser.feed(kHello.data(), kHello.size(), sink);
    XT_CHECK_EQ(fed.stop, Stop::Paused);
    XT_CHECK_EQ(fed.consumed, kHello.size() - 3);
    XT_CHECK_EQ(parser.bytes_left(), 3u);
    XT_CHECK_EQ(parser.body_bytes(), 2u);
    sink.most = 0;
    const auto none = parser.feed(kHello.data() + fed.consumed, 3, sink);
    XT_CHECK_EQ(none.consumed, 0u);
    XT_CHECK_EQ(none.stop, Stop::Paused);
    sink.most = SIZE_MAX;
    XT_CHECK_EQ(parser.feed(kHello.data() + fed.consumed, 3, sink).stop, Stop::MessageEnd);
    XT_CHECK_EQ(sink.bytes, 5u);
}

XT_TEST(a_pause_on_the_last_byte_leaves_the_end_due) {
    Http1Parser parser;
    Script sink;
    sink.body = Verdict::Pause;
    parser.reset(Role::Response);
    const auto fed = parser.feed(kHello.data(), kHello.size(), sink);
    XT_CHECK_EQ(fed.stop, Stop::Paused);
    XT_CHECK_EQ(fed.consumed, kHello.size());
    XT_CHECK_EQ(sink.ends, 0);
    XT_CHECK(parser.has_due_event());
    XT_CHECK_EQ(parser.feed(nullptr, 0, sink).stop, Stop::MessageEnd);
    XT_CHECK_EQ(sink.ends, 1);
    XT_CHECK(!parser.has_due_event());
}

XT_TEST(the_end_of_the_connection_brings_an_end_that_was_due) {
    Http1Parser parser;
    Script sink;
    sink.body = Verdict::Pause;
    parser.reset(Role::Response);
    parser.feed(kHello.data(), kHello.size(), sink);
    XT_CHECK_EQ(parser.finish(sink), XH_OK);
    XT_CHECK_EQ(sink.ends, 1);
    XT_CHECK_EQ(parser.finish(sink), XH_E_CONNECTION_CLOSED);
    XT_CHECK_EQ(sink.ends, 1);
}

XT_TEST(an_owner_may_go_away_in_every_event) {
    for (int at = 0; at < 4; ++at) {
        Http1Parser* parser = new Http1Parser();
        Script sink;
        sink.destroy = &parser;
        (at == 0 ? sink.head : at == 1 ? sink.body : at == 2 ? sink.trailers : sink.end) = Verdict::Gone;
        parser->reset(Role::Response);
        const auto fed = parser->feed(kChunked, sizeof(kChunked) - 1, sink);
        XT_CHECK_EQ(fed.stop, Stop::Gone);
        XT_CHECK(parser == nullptr);
        XT_CHECK_EQ(sink.heads, 1);
        XT_CHECK_EQ(sink.bodies, at == 0 ? 0 : at == 1 ? 1 : 2);
        XT_CHECK_EQ(sink.trailer_sections, at >= 2 ? 1 : 0);
        XT_CHECK_EQ(sink.ends, at == 3 ? 1 : 0);
    }
}

XT_TEST(an_owner_may_go_away_when_the_connection_ends) {
    Http1Parser* parser = new Http1Parser();
    Script sink;
    sink.destroy = &parser;
    sink.end = Verdict::Gone;
    parser->reset(Role::Response);
    constexpr std::string_view text = "HTTP/1.1 200 OK\r\n\r\nabc";
    parser->feed(text.data(), text.size(), sink);
    XT_CHECK(parser->body_until_close());
    XT_CHECK_EQ(parser->finish(sink), XH_OK);
    XT_CHECK(parser == nullptr);
}

XT_TEST(an_error_stays_until_reset) {
    Http1Parser parser;
    Script sink;
    parser.reset(Role::Response);
    constexpr std::string_view bad = "HTTP/1.1 200 OK\r\nA b: c\r\n\r\n";
    const auto fed = parser.feed(bad.data(), bad.size(), sink);
    XT_CHECK_EQ(fed.error, XH_E_BAD_HEADER);
    XT_CHECK_EQ(fed.consumed, 18u);
    XT_CHECK_EQ(parser.error_offset(), 18u);
    const auto again = parser.feed(kHello.data(), kHello.size(), sink);
    XT_CHECK_EQ(again.error, XH_E_BAD_HEADER);
    XT_CHECK_EQ(again.consumed, 0u);
    XT_CHECK_EQ(parser.finish(sink), XH_E_BAD_HEADER);
    XT_CHECK_EQ(sink.heads, 0);
    parser.reset(Role::Response);
    XT_CHECK_EQ(parser.feed(kHello.data(), kHello.size(), sink).stop, Stop::MessageEnd);
}

XT_TEST(an_offending_byte_of_an_earlier_piece_leaves_nothing_consumed) {
    Http1Parser parser;
    Script sink;
    parser.reset(Role::Response);
    parser.feed("HTTP/1.1 200 OK\r\nA b: c", 23, sink);
    const auto fed = parser.feed("\r\n", 2, sink);
    XT_CHECK_EQ(fed.error, XH_E_BAD_HEADER);
    XT_CHECK_EQ(fed.consumed, 0u);
    XT_CHECK_EQ(parser.error_offset(), 18u);
}

XT_TEST(reset_forgets_a_message_in_the_middle) {
    for (size_t cut = 0; cut < sizeof(kChunked) - 1; ++cut) {
        Http1Parser parser;
        Script sink;
        parser.reset(Role::Response);
        parser.expect(Answers::Head);
        parser.feed(kChunked, cut, sink);
        parser.reset(Role::Response);
        sink = Script();
        const auto fed = parser.feed(kChunked, sizeof(kChunked) - 1, sink);
        XT_CHECK_EQ(fed.stop, Stop::MessageEnd);
        XT_CHECK_EQ(sink.bytes, 5u);
        XT_CHECK_EQ(sink.trailer_sections, 1);
    }
}

XT_TEST(an_upgrade_stays_an_upgrade) {
    Http1Parser parser;
    Script sink;
    parser.reset(Role::Response);
    constexpr std::string_view text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nraw";
    auto fed = parser.feed(text.data(), text.size(), sink);
    XT_CHECK_EQ(fed.stop, Stop::Upgrade);
    XT_CHECK_EQ(fed.consumed, text.size() - 3);
    fed = parser.feed("raw", 3, sink);
    XT_CHECK_EQ(fed.stop, Stop::Upgrade);
    XT_CHECK_EQ(fed.consumed, 0u);
    XT_CHECK_EQ(sink.ends, 0);
}

XT_TEST(a_pause_at_an_upgrade_keeps_it) {
    Http1Parser parser;
    Script sink;
    sink.head = Verdict::Pause;
    parser.reset(Role::Response);
    constexpr std::string_view text = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\nraw";
    XT_CHECK_EQ(parser.feed(text.data(), text.size(), sink).stop, Stop::Paused);
    XT_CHECK_EQ(parser.feed("raw", 3, sink).stop, Stop::Upgrade);
}

XT_TEST(known_headers_are_told_by_id) {
    struct Ids final : Http1Sink {
        std::string text;
        Verdict on_head(const Head& h) override {
            for (uint32_t i = 0; i < h.header_count; ++i)
                text +=
                    std::string(known_name(h.headers[i].known)) + "=" + std::string(h.text(h.headers[i].value)) + ";";
            const HeaderSpan* found = h.find(Known::Location);
            if (found != nullptr) text += "at " + std::string(h.text(found->value));
            return Verdict::Go;
        }
        size_t on_body(const char*, size_t n, Verdict&) override { return n; }
        Verdict on_trailers(const HeaderSpan*, uint32_t, const char*, uint32_t) override { return Verdict::Go; }
        Verdict on_message_end() override { return Verdict::Go; }
    };
    const std::string head =
        "HTTP/1.1 204 No Content\r\nLOCATION: /x\r\nX-Other: 1\r\nte: a\r\nvia: b\r\nSec-WebSocket-Accept: k\r\n"
        "proxy-authentication-info: n\r\nproxy-authentication-infx: m\r\nd: 2\r\n\r\n";
    const std::string expected =
        "location=/x;=1;te=a;via=b;sec-websocket-accept=k;proxy-authentication-info=n;=m;=2;at /x";
    for (size_t cut = 0; cut <= head.size(); ++cut) {
        Http1Parser parser;
        Ids sink;
        parser.reset(Role::Response);
        parser.feed(head.data(), cut, sink);
        parser.feed(head.data() + cut, head.size() - cut, sink);
        XT_CHECK_STR(sink.text, expected);
    }
}

XT_TEST(every_known_name_is_found_in_the_fast_path_and_in_the_slow_one) {
    for (size_t id = 1; id < static_cast<size_t>(Known::Count); ++id) {
        std::string name(known_name(static_cast<Known>(id)));
        XT_CHECK_EQ(known_header(name), static_cast<Known>(id));
        name[0] = static_cast<char>(name[0] - 32);
        XT_CHECK_EQ(known_header(name), static_cast<Known>(id));
        XT_CHECK_EQ(known_header(name + "x"), Known::None);
        XT_CHECK_EQ(known_header(std::string_view(name).substr(1)) == static_cast<Known>(id), false);
        if (static_cast<Known>(id) <= kLastFraming) continue;
        HeadParser head;
        head.configure(Limits(), 0);
        head.begin_head(Role::Response);
        const std::string text =
            "HTTP/1.1 200 OK\r\n" + name + ": x\r\nPadding: 0123456789012345678901234567890123456789\r\n\r\n";
        size_t used = 0;
        XT_CHECK_EQ(head.feed(text.data(), text.size(), used), HeadParser::Result::Done);
        XT_CHECK_EQ(head.head().headers[0].known, static_cast<Known>(id));
    }
}

XT_TEST(nothing_is_read_behind_the_bytes_given) {
    const size_t page = static_cast<size_t>(sysconf(_SC_PAGESIZE));
    char* memory =
        static_cast<char*>(mmap(nullptr, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    XT_REQUIRE(memory != MAP_FAILED);
    XT_REQUIRE(mprotect(memory + page, page, PROT_NONE) == 0);
    std::string head = "HTTP/1.1 200 OK\r\n";
    for (int i = 0; i < 12; ++i)
        head += "X-Name-" + std::string(static_cast<size_t>(i) * 3, 'n') + ": value" + std::to_string(i) + "\r\n";
    head += "Content-Length: 0\r\n\r\n";
    for (size_t n = 1; n <= head.size(); ++n) {
        char* at = memory + page - n;
        std::memcpy(at, head.data(), n);
        Http1Parser parser;
        Script sink;
        parser.reset(Role::Response);
        const auto fed = parser.feed(at, n, sink);
        XT_CHECK_EQ(fed.stop, n == head.size() ? Stop::MessageEnd : Stop::NeedMore);
    }
    munmap(memory, 2 * page);
}

XT_TEST(the_vector_scans_agree_with_plain_code) {
    uint32_t state = 12345;
    std::string data(scan::kRun * 64 + 64, ' ');
    for (int round = 0; round < 200; ++round) {
        for (char& c : data) {
            state = state * 1664525u + 1013904223u;
            c = static_cast<char>(state >> 24);
            if ((state >> 12 & 3) == 0) c = "\r\n\t a:\x7f\x80"[state >> 8 & 7];
        }
        scan::Masks narrow[scan::kRun], wide[scan::kRun];
        scan::masks_run(data.data(), scan::kRun, narrow);
#if defined(XH_HEAD_SCAN_AVX2)
        if (scan::has_avx2())
            scan::masks_run_avx2(data.data(), scan::kRun, wide);
        else
#endif
            std::memcpy(wide, narrow, sizeof(narrow));
        for (size_t b = 0; b < scan::kRun; ++b) {
            uint64_t odd = 0, lf = 0;
            for (size_t i = 0; i < 64; ++i) {
                const unsigned char c = static_cast<unsigned char>(data[b * 64 + i]);
                odd |= static_cast<uint64_t>(c < 0x20 || c >= 0x7f) << i;
                lf |= static_cast<uint64_t>(c == '\n') << i;
            }
            XT_CHECK(narrow[b].odd == odd && narrow[b].lf == lf);
            XT_CHECK(wide[b].odd == odd && wide[b].lf == lf);
            for (size_t n = 1; n < 64; n += 7) {
                const scan::Masks part = scan::masks_at(data.data(), b * 64, n);
                const uint64_t keep = ~uint64_t{0} >> (64 - n);
                XT_CHECK(part.odd == (odd & keep) && part.lf == (lf & keep));
            }
        }
    }
}

XT_TEST(a_pooled_parser_gives_back_what_a_huge_head_took) {
    Http1Parser parser;
    Script sink;
    Limits limits;
    limits.max_head_bytes = 1 << 20;
    parser.reset(Role::Response, limits);
    std::string head = "HTTP/1.1 204 No Content\r\n";
    for (int i = 0; i < 1900; ++i) head += "a: b\r\n";
    for (char c : head + "\r\n") parser.feed(&c, 1, sink);
    XT_CHECK_EQ(sink.ends, 1);
    const int before = allocations;
    parser.reset(Role::Response);
    parser.feed(kHello.data(), kHello.size(), sink);
    XT_CHECK_EQ(allocations, before + 1);  // a new, small list of spans
}

int main(int argc, char** argv) {
    const xh::base::AllocHook hook = {count_malloc, count_realloc, count_free, nullptr};
    if (!xh::base::set_alloc_hook(&hook)) return 2;
    return xt_main("http1_parser", argc, argv);
}
