#include "script_lang.h"

#include <cstdlib>
#include <cstring>

#include "core.h"

namespace testnet {
namespace {

struct Word {
    std::string text;
    bool quoted = false;
};

struct Statement {
    int line = 1;
    bool opens_block = false;
    std::vector<Word> words;
};

class Reader {
public:
    explicit Reader(const std::string& text) : text_(text) {}

    /// False at the end of the script.
    bool next(Statement& out) {
        out = Statement();
        while (at_ < text_.size()) {
            const char c = text_[at_];
            if (c == '#') {
                while (at_ < text_.size() && text_[at_] != '\n') at_++;
                continue;
            }
            if (c == '\n' || c == ';') {
                skip(c);
                if (!out.words.empty()) return true;
                continue;
            }
            if (c == ' ' || c == '\t' || c == '\r') {
                at_++;
                continue;
            }
            if (out.words.empty()) out.line = line_;
            if (c == '{') {
                at_++;
                out.opens_block = true;
                return true;
            }
            if (c == '}') {
                if (!out.words.empty()) return true;
                at_++;
                out.words.push_back({"}", false});
                return true;
            }
            if (c == '"' || c == '\'') {
                out.words.push_back({quoted(c), true});
                continue;
            }
            if (word(out)) return true;
        }
        return !out.words.empty();
    }

private:
    void skip(char c) {
        if (c == '\n') line_++;
        at_++;
    }

    /// True when the word ends the statement: the colon of a section.
    bool word(Statement& out) {
        Word w;
        const bool section = !out.words.empty() && out.words[0].text == "on-connection";
        while (at_ < text_.size() && strchr(" \t\r\n;{}\"'", text_[at_]) == nullptr) {
            const char c = text_[at_++];
            if (c == ':' && section) {
                if (!w.text.empty()) out.words.push_back(w);
                return true;
            }
            w.text += c;
        }
        out.words.push_back(w);
        return false;
    }

    std::string quoted(char mark) {
        const int line = line_;
        std::string out;
        at_++;
        while (at_ < text_.size() && text_[at_] != mark) {
            if (text_[at_] == '\\' && at_ + 1 < text_.size()) {
                at_++;
                out += escape();
            } else {
                out += text_[at_];
                skip(text_[at_]);
            }
        }
        if (at_ == text_.size()) die("script, line %d: a text without its end", line);
        at_++;
        return out;
    }

    char escape() {
        const char c = text_[at_++];
        switch (c) {
            case 'r': return '\r';
            case 'n': return '\n';
            case 't': return '\t';
            case '0': return '\0';
            case 'x': break;
            case '\\':
            case '"':
            case '\'': return c;
            default: die("script, line %d: unknown escape \\%c", line_, c);
        }
        const std::string digits = text_.substr(at_, 2);
        char* end = nullptr;
        const long value = strtol(digits.c_str(), &end, 16);
        if (digits.size() != 2 || *end != '\0') die("script, line %d: \\x wants two digits", line_);
        at_ += 2;
        return static_cast<char>(value);
    }

    const std::string& text_;
    size_t at_ = 0;
    int line_ = 1;
};

// What a step takes: t texts, n number, N maybe a number, s size (second number), w one word, - nothing.
struct Form {
    const char* name;
    Do what;
    const char* takes;
};

const Form kForms[] = {
    {"read-head", Do::ReadHead, ""},
    {"read-body", Do::ReadBody, "N"},
    {"read", Do::Read, "n"},
    {"read-line", Do::ReadLine, ""},
    {"read-until", Do::ReadUntil, "t"},
    {"read-to-end", Do::ReadToEnd, ""},
    {"read-some", Do::ReadSome, ""},
    {"expect", Do::Expect, "t"},
    {"expect-not", Do::ExpectNot, "t"},
    {"expect-eof", Do::ExpectEof, ""},
    {"expect-tls-eof", Do::ExpectTlsEof, ""},
    {"expect-closed", Do::ExpectClosed, ""},
    {"send", Do::Send, "t"},
    {"send-slow", Do::SendSlow, "nt"},
    {"send-zero", Do::SendZero, "n"},
    {"send-pattern", Do::SendPattern, "n"},
    {"send-chunks", Do::SendChunks, "ns"},
    {"send-last", Do::SendLast, ""},
    {"shutdown", Do::Shutdown, ""},
    {"shutdown-dirty", Do::ShutdownDirty, ""},
    {"close", Do::Close, ""},
    {"tls-close-dirty", Do::CloseDirty, ""},
    {"reset", Do::Reset, ""},
    {"wait-close", Do::ReadToEnd, ""},
    {"stall", Do::Stall, ""},
    {"tunnel", Do::Tunnel, "N"},
    {"close-listener", Do::CloseListener, ""},
    {"pause", Do::Pause, "n"},
    {"wait-signal", Do::WaitSignal, "w"},
    {"emit", Do::Emit, "w"},
    {"again", Do::Again, ""},
};

class Parser {
public:
    explicit Parser(const std::string& text) : reader_(text) {}

    Script parse() {
        section_ = &script_.main;
        while (reader_.next(now_)) {
            take();
        }
        end_section();
        return std::move(script_);
    }

private:
    [[noreturn]] void wrong(const char* what) {
        std::string all;
        for (const Word& word : now_.words) all += " " + word.text;
        die("script, line %d: %s:%s", now_.line, what, quote(all, 200).c_str());
    }

    void take() {
        if (now_.words.empty()) wrong("a block without a name");
        const std::string& name = now_.words[0].text;
        if (now_.opens_block != (name == "repeat")) wrong("only repeat has a block");
        if (name == "on-connection") return begin_section();
        if (name == "listen" || name == "rcvbuf" || name == "sndbuf" || name == "capture") return listener(name);
        section_->empty = false;
        if (name == "loop") {
            section_->loop = true;
        } else if (name == "accept") {
            if (!open_.empty()) wrong("accept in a block");
            section_->before_accept.swap(section_->steps);
            for (const Step& step : section_->before_accept)
                if (step.what != Do::WaitSignal && step.what != Do::Pause && step.what != Do::Emit)
                    wrong("a step that needs the connection stands before accept");
        } else if (name == "repeat") {
            begin_repeat();
        } else if (name == "}") {
            end_repeat();
        } else if (name == "tls") {
            tls();
        } else {
            plain(name);
        }
    }

    void begin_section() {
        end_section();
        if (now_.words.size() != 2) wrong("on-connection N: or N-M: or N+:");
        const std::string& range = now_.words[1].text;
        Section section;
        char* end = nullptr;
        section.first = section.last = static_cast<int>(strtol(range.c_str(), &end, 10));
        if (*end == '+') section.last = INT_MAX;
        if (*end == '-') section.last = atoi(end + 1);
        if (section.first < 1 || section.last < section.first) wrong("not a number of a connection");
        section.empty = false;
        script_.sections.push_back(section);
        section_ = &script_.sections.back();
    }

    void end_section() {
        if (!open_.empty()) die("script, line %d: a block without its end", now_.line);
    }

    void listener(const std::string& name) {
        if (now_.words.size() != 2) wrong("one word is wanted");
        const std::string& value = now_.words[1].text;
        if (name == "rcvbuf") {
            script_.receive_buffer = static_cast<int>(number(now_.words[1]));
        } else if (name == "sndbuf") {
            script_.send_buffer = static_cast<int>(number(now_.words[1]));
        } else if (name == "capture") {
            if (value != "off") wrong("capture off");
            script_.capture = false;
        } else if (value == "ipv6") {
            script_.ipv4 = false;
            script_.ipv6 = true;
        } else if (value == "dual") {
            script_.ipv6 = true;
        } else if (value == "unix") {
            script_.unix_socket = true;
        } else {
            wrong("unknown kind of listener");
        }
    }

    void begin_repeat() {
        Step step = make(Do::Repeat);
        if (now_.words.size() > 2) wrong("repeat takes one number");
        if (now_.words.size() == 2) {
            step.n = number(now_.words[1]);
            step.has_n = true;
        }
        open_.push_back(section_->steps.size());
        section_->steps.push_back(step);
    }

    void end_repeat() {
        if (open_.empty()) wrong("no block is open");
        Step step = make(Do::EndRepeat);
        step.jump = open_.back();
        section_->steps[open_.back()].jump = section_->steps.size() + 1;
        open_.pop_back();
        section_->steps.push_back(step);
    }

    void tls() {
        std::string wish;
        for (size_t i = 1; i < now_.words.size(); i++) wish += now_.words[i].text + " ";
        // One context per wish, so that sessions are resumed over the connections of a peer.
        std::shared_ptr<TlsServer>& server = servers_[wish];
        if (!server) {
            std::string problem;
            server = TlsServer::make(wish, problem);
            if (!server) wrong(problem.c_str());
        }
        Step step = make(Do::Tls);
        step.tls = server;
        section_->steps.push_back(step);
    }

    void plain(const std::string& name) {
        for (const Form& form : kForms) {
            if (name != form.name) continue;
            Step step = make(form.what);
            size_t at = 1;
            for (const char* take = form.takes; *take != '\0'; take++) argument(*take, step, at);
            if (at != now_.words.size()) wrong("too many words");
            section_->steps.push_back(step);
            return;
        }
        wrong("unknown step");
    }

    void argument(char kind, Step& step, size_t& at) {
        const bool there = at < now_.words.size();
        if (!there && kind == 'N') return;
        if (!there) wrong("something is missing");
        const Word& word = now_.words[at];
        if (kind == 't') {
            if (!word.quoted) wrong("a text in quotes is wanted");
            while (at < now_.words.size() && now_.words[at].quoted) step.text += now_.words[at++].text;
            return;
        }
        at++;
        if (kind == 'w') {
            step.text = word.text;
        } else if (kind == 's') {
            step.size = number(word);
        } else {
            step.n = number(word);
            step.has_n = true;
        }
    }

    uint64_t number(const Word& word) {
        char* end = nullptr;
        uint64_t value = strtoull(word.text.c_str(), &end, 10);
        if (end == word.text.c_str() || word.quoted) wrong("a number is wanted");
        if (*end == 'K') value <<= 10;
        if (*end == 'M') value <<= 20;
        if (*end == 'G') value <<= 30;
        if (*end != '\0' && (strchr("KMG", *end) == nullptr || end[1] != '\0')) wrong("a number is wanted");
        return value;
    }

    Step make(Do what) const {
        Step step{};
        step.what = what;
        step.line = now_.line;
        return step;
    }

    Reader reader_;
    Statement now_;
    Script script_;
    Section* section_ = nullptr;
    std::vector<size_t> open_;
    std::map<std::string, std::shared_ptr<TlsServer>> servers_;
};

}  // namespace

Script parse_script(const std::string& text) { return Parser(text).parse(); }

std::string quote(const std::string& bytes, size_t most) {
    std::string out;
    for (size_t i = 0; i < bytes.size(); i++) {
        if (i == most) return out + "...";
        const char c = bytes[i];
        if (c == '\r' || c == '\n' || c == '\t')
            out += c == '\r' ? "\\r" : c == '\n' ? "\\n" : "\\t";
        else if (c == '"' || c == '\'' || c == '\\')
            out += std::string("\\") + c;
        else if (c < ' ' || c == 127)
            out += format("\\x%02x", static_cast<unsigned char>(c));
        else
            out += c;
    }
    return out;
}

}  // namespace testnet
