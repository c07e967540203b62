#pragma once
// Writes down what an HTTP/1 parser tells, one line per event, and feeds it messages in pieces. For the wire tests, the unit
// tests of the parser and its fuzzers, so it asks nothing of CUnit.

#include <cstdlib>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "proto/header_rules.h"
#include "proto/http1_parser.h"

namespace http1_events {

using namespace xh::proto;

inline std::string quoted(std::string_view text) {
    static const char* const hex = "0123456789abcdef";
    std::string out = "\"";
    size_t shown = 0;
    for (char c : text) {
        if (shown++ == 120) return out + "\"... " + std::to_string(text.size()) + " bytes";
        const unsigned char u = static_cast<unsigned char>(c);
        if (c == '\r')
            out += "\\r";
        else if (c == '\n')
            out += "\\n";
        else if (c == '\t')
            out += "\\t";
        else if (c == '"' || c == '\\')
            out += std::string("\\") + c;
        else if (u < 0x20 || u >= 0x7f)
            out += std::string("\\x") + hex[u >> 4] + hex[u & 15];
        else
            out += c;
    }
    return out + "\"";
}

inline const char* status_name(xh_status status) {
    switch (status) {
#define XH_EVENTS_STATUS(name, number, kind, code, text)                                                               \
    case number: return "XH_" #name;
        XH_STATUS_MAP(XH_EVENTS_STATUS)
#undef XH_EVENTS_STATUS
        default: return "XH_E_UNKNOWN";
    }
}

/// Joins body pieces, so that the log does not depend on how the message was cut.
class Log final : public Http1Sink {
public:
    bool pause_always = false;    ///< pause at each event and take one byte of a body at a time
    bool detach_on_head = false;  ///< a server that takes every upgrade
    bool detach_on_end = false;
    bool strict = false;  ///< say so where a name or value is not valid

    Verdict on_head(const Head& head) override {
        flush();
        text_ += "head ";
        if (head.status != 0) {
            text_ += version(head) + " " + std::to_string(head.status) + " " + quoted(head.text(head.reason));
        } else {
            text_ += std::string(head.text(head.method)) + " " + quoted(head.text(head.target)) + " " + version(head);
        }
        framing(head);
        fields(head.headers, head.header_count, head.data);
        if (detach_on_head && head.upgrade) return Verdict::Detach;
        return verdict();
    }
    size_t on_body(const char* p, size_t n, Verdict& v) override {
        if (n == 0) text_ += "empty body event\n";
        if (pause_always && n > 1) n = 1;
        v = verdict();
        body_.append(p, n);
        has_body_ = true;
        return n;
    }
    Verdict on_trailers(const HeaderSpan* spans, uint32_t count, const char* data, uint32_t) override {
        flush();
        text_ += "trailers\n";
        fields(spans, count, data);
        return verdict();
    }
    Verdict on_message_end() override {
        flush();
        text_ += "end\n";
        return detach_on_end ? Verdict::Detach : verdict();
    }
    void add(const std::string& line) {
        flush();
        text_ += line + "\n";
    }
    const std::string& text() {
        flush();
        return text_;
    }

private:
    static std::string version(const Head& head) {
        return "HTTP/" + std::to_string(head.version_major) + "." + std::to_string(head.version_minor);
    }
    void framing(const Head& head) {
        text_ += head.keep_alive ? " keep-alive" : " close";
        if (head.upgrade) text_ += " upgrade";
        for (int i = 0; i < head.coding_count; ++i)
            text_ += head.codings[i] == Coding::Gzip      ? " gzip"
                     : head.codings[i] == Coding::Deflate ? " deflate"
                                                          : " unknown";
        if (head.chunked) text_ += " chunked";
        if (head.has_length) text_ += " length=" + std::to_string(head.length);
        if (head.until_close) text_ += " until-close";
        if (!head.has_body) text_ += " no-body";
        if (head.expect_continue) text_ += " expect-continue";
        text_ += "\n";
    }
    void fields(const HeaderSpan* spans, uint32_t count, const char* data) {
        for (uint32_t i = 0; i < count; ++i) {
            if (i == 12) {
                text_ += "  ... " + std::to_string(count) + " fields\n";
                return;
            }
            if (strict && !valid(data, spans[i])) text_ += "  (not valid)\n";
            text_ += "  " + std::string(data + spans[i].name.pos, spans[i].name.len) + ": " +
                     quoted({data + spans[i].value.pos, spans[i].value.len}) + "\n";
        }
    }
    static bool valid(const char* data, const HeaderSpan& span) {
        return check_header_name({data + span.name.pos, span.name.len}) == XH_OK &&
               check_header_value({data + span.value.pos, span.value.len}) == XH_OK;
    }
    void flush() {
        if (has_body_) text_ += "body " + quoted(body_) + "\n";
        has_body_ = false;
        body_.clear();
    }
    Verdict verdict() const { return pause_always ? Verdict::Pause : Verdict::Go; }

    std::string text_;
    std::string body_;
    bool has_body_ = false;
};

struct Setup {
    Role role = Role::Response;
    Limits limits;
    Leniency leniency = 0;
    std::vector<Answers> answers;  ///< of the responses, in order; Other behind the last
    bool eof = false;              ///< the connection ends behind the bytes
    bool detach_on_head = false;
    bool detach_on_end = false;
};

/// Feeds a message in the given pieces (each from memory of just its size) and returns the log.
class Player {
public:
    explicit Player(const Setup& setup, bool pausing) : setup_(setup) {
        log_.pause_always = pausing;
        log_.detach_on_head = setup.detach_on_head;
        log_.detach_on_end = setup.detach_on_end;
        log_.strict = setup.leniency == 0;
        parser_.reset(setup.role, setup.limits, setup.leniency);
        next_answer();
    }

    /// false once nothing more can be fed.
    bool feed(const char* data, size_t n) {
        char* piece = static_cast<char*>(std::malloc(n == 0 ? 1 : n));
        std::memcpy(piece, data, n);
        const bool more = feed_exact(piece, n);
        std::free(piece);
        return more;
    }
    std::string finish() {
        if (setup_.eof && !ended_) {
            const xh_status status = parser_.finish(log_);
            log_.add(std::string("eof ") + status_name(status));
        }
        return log_.text();
    }
    Http1Parser& parser() { return parser_; }

private:
    bool feed_exact(const char* p, size_t n) {
        size_t pos = 0;
        for (;;) {
            const Http1Parser::Fed fed = parser_.feed(p + pos, n - pos, log_);
            pos += fed.consumed;
            switch (fed.stop) {
                case Http1Parser::Stop::NeedMore:
                    if (pos != n) log_.add("bytes were left");
                    return true;
                case Http1Parser::Stop::MessageEnd: next_answer(); break;
                case Http1Parser::Stop::Paused:
                    if (!parser_.in_message()) next_answer();
                    break;
                case Http1Parser::Stop::Upgrade:
                    log_.add("upgrade at " + std::to_string(parser_.total_bytes()));
                    ended_ = true;
                    return false;
                case Http1Parser::Stop::Error:
                    log_.add(std::string("error ") + status_name(fed.error) + " at " +
                             std::to_string(parser_.error_offset()));
                    ended_ = true;
                    return false;
                case Http1Parser::Stop::Gone: ended_ = true; return false;
            }
        }
    }
    void next_answer() {
        if (answered_ < setup_.answers.size()) parser_.expect(setup_.answers[answered_]);
        ++answered_;
    }

    Setup setup_;
    Http1Parser parser_;
    Log log_;
    size_t answered_ = 0;
    bool ended_ = false;
};

/// The message in pieces that end at the given offsets (ascending), then the rest.
inline std::string play(const Setup& setup, std::string_view message, const std::vector<size_t>& cuts,
                        bool pausing = false) {
    Player player(setup, pausing);
    size_t at = 0;
    for (size_t cut : cuts) {
        if (cut > message.size()) break;
        if (!player.feed(message.data() + at, cut - at)) return player.finish();
        at = cut;
    }
    player.feed(message.data() + at, message.size() - at);
    return player.finish();
}

inline std::string play_bytes(const Setup& setup, std::string_view message, bool pausing = false) {
    Player player(setup, pausing);
    for (char c : message)
        if (!player.feed(&c, 1)) break;
    return player.finish();
}

}  // namespace http1_events
