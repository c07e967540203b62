// link: xh_static poco
/** @file parse_bench.cpp
 *  Nanoseconds for the response head of a common page: xh's parser, and POCO's HTTPResponse::read beside it.
 *  The turns alternate and the processor's clock is read, not the wall's; prints one line of JSON for each contestant.
 *
 *  parse_bench [quick]
 */
#include <Poco/MemoryStream.h>
#include <Poco/Net/HTTPResponse.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <vector>

#include "proto/http1_parser.h"

namespace {

constexpr int kHeaders = 12;
constexpr size_t kHeadBytes = 700;
constexpr size_t kMixed = 16;

double cpu_ns() {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) * 1e9 + static_cast<double>(t.tv_nsec);
}

// The lines of the page, begun at another line for each `turn`; a cookie fills up to 700 bytes.
std::string make_head(size_t turn) {
    static const char* const lines[] = {
        "Date: Tue, 04 Mar 2025 10:20:30 GMT",
        "Content-Type: text/html; charset=utf-8",
        "Content-Length: 0",
        "Connection: keep-alive",
        "Server: nginx/1.24.0",
        "Cache-Control: public, max-age=3600, stale-while-revalidate=86400",
        "Last-Modified: Mon, 03 Mar 2025 08:00:00 GMT",
        "ETag: W/\"5f1b-61d2a7c4e9f10\"",
        "Vary: Accept-Encoding, Cookie",
        "Strict-Transport-Security: max-age=31536000; includeSubDomains; preload",
        "X-Content-Type-Options: nosniff",
    };
    constexpr size_t n = sizeof lines / sizeof *lines;
    std::string head = "HTTP/1.1 200 OK\r\n";
    for (size_t i = 0; i < n; i++) head += std::string(lines[(i + turn) % n]) + "\r\n";
    std::string cookie = "Set-Cookie: session=";
    const std::string rest = "; Path=/; Secure; HttpOnly; SameSite=Lax\r\n\r\n";
    for (size_t i = 0; head.size() + cookie.size() + rest.size() < kHeadBytes; i++)
        cookie += "0123456789abcdef"[(i * 7 + turn) % 16];
    return head + cookie + rest;
}

struct CountingSink final : xh::proto::Http1Sink {
    unsigned long headers = 0;
    unsigned long messages = 0;
    xh::proto::Verdict on_head(const xh::proto::Head& head) override {
        headers += head.header_count;
        return xh::proto::Verdict::Go;
    }
    size_t on_body(const char*, size_t n, xh::proto::Verdict&) override { return n; }
    xh::proto::Verdict on_trailers(const xh::proto::HeaderSpan*, uint32_t, const char*, uint32_t) override {
        return xh::proto::Verdict::Go;
    }
    xh::proto::Verdict on_message_end() override {
        messages++;
        return xh::proto::Verdict::Go;
    }
};

[[noreturn]] void die(const char* what) {
    std::fprintf(stderr, "parse_bench: %s\n", what);
    std::exit(1);
}

double run_xh(xh::proto::Http1Parser& parser, const std::vector<std::string>& heads, long count) {
    CountingSink sink;
    const double t = cpu_ns();
    size_t at = 0;
    for (long i = 0; i < count; i++) {
        const std::string& head = heads[at];
        if (++at == heads.size()) at = 0;
        if (parser.feed(head.data(), head.size(), sink).stop != xh::proto::Http1Parser::Stop::MessageEnd)
            die("the head was not taken");
    }
    const double ns = (cpu_ns() - t) / static_cast<double>(count);
    if (sink.headers != static_cast<unsigned long>(count) * kHeaders) die("xh counted other headers");
    return ns;
}

double run_poco(const std::vector<std::string>& heads, long count) {
    unsigned long headers = 0;
    const double t = cpu_ns();
    size_t at = 0;
    for (long i = 0; i < count; i++) {
        const std::string& head = heads[at];
        if (++at == heads.size()) at = 0;
        Poco::MemoryInputStream in(head.data(), static_cast<std::streamsize>(head.size()));
        Poco::Net::HTTPResponse response;
        response.read(in);
        headers += response.size();
    }
    const double ns = (cpu_ns() - t) / static_cast<double>(count);
    if (headers != static_cast<unsigned long>(count) * kHeaders) die("POCO counted other headers");
    return ns;
}

void print(const char* name, std::vector<double>& turns, const char* note) {
    std::sort(turns.begin(), turns.end());
    std::printf("{\"name\":\"%s\",\"ns\":%.1f,\"low\":%.1f,\"bytes\":%zu,\"headers\":%d,\"note\":\"%s\"}\n", name,
                turns[turns.size() / 2], turns.front(), kHeadBytes, kHeaders, note);
}

}  // namespace

int main(int argc, char**) {
    const long count = argc > 1 ? 100000 : 400000;
    const int rounds = 7;
    const std::vector<std::string> one{make_head(0)};
    std::vector<std::string> mixed;
    for (size_t i = 0; i < kMixed; i++) mixed.push_back(make_head(i));
    if (one[0].size() != kHeadBytes) die("the page is not 700 bytes");

    xh::proto::Http1Parser parser;
    parser.reset(xh::proto::Role::Response);
    run_xh(parser, mixed, count / 10);
    run_poco(mixed, count / 100);
    std::vector<double> xh_one, xh_mixed, poco_one;
    for (int i = 0; i < rounds; i++) {
        xh_one.push_back(run_xh(parser, one, count));
        xh_mixed.push_back(run_xh(parser, mixed, count));
        poco_one.push_back(run_poco(one, count / 10));
    }
    print("xh", xh_one, "the same head again and again");
    print("xh", xh_mixed, "16 heads, lines in another order");
    print("poco", poco_one, "HTTPResponse::read");
    return 0;
}
