// Plays the messages of tests/wire/*.md (README.md there explains them) whole, cut at every byte, byte by byte, and with a
// sink that pauses at every event; the log has to be the expected one each time.
// XH_WIRE_WRITE=1 writes the logs into the files instead, for a person to read through.

#include <dirent.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <sstream>

#include "http1_events.h"
#include "xtest.h"

namespace {

using namespace http1_events;

struct Case {
    std::string title;
    size_t line = 0;  // of the title
    Setup setup;
    std::string message;
    std::string expected;
    std::string problem;
    size_t events_begin = 0;  // offsets in the file
    size_t events_end = 0;
};

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return std::string((std::istreambuf_iterator<char>(in)), std::istreambuf_iterator<char>());
}

std::vector<std::string> words(const std::string& text) {
    std::vector<std::string> out;
    std::string word;
    for (char c : text + " ") {
        if (c != ' ' && c != ',') {
            word += c;
        } else if (!word.empty()) {
            out.push_back(word);
            word.clear();
        }
    }
    return out;
}

Leniency leniency_of(const std::string& name) {
    static const std::pair<const char*, Leniency> names[] = {
        {"headers", kLenientHeaders},
        {"chunked-length", kLenientChunkedLength},
        {"keep-alive", kLenientKeepAlive},
        {"transfer-encoding", kLenientTransferEncoding},
        {"version", kLenientVersion},
        {"data-after-close", kLenientDataAfterClose},
        {"optional-lf-after-cr", kLenientOptionalLfAfterCr},
        {"optional-crlf-after-chunk", kLenientOptionalCrlfAfterChunk},
        {"optional-cr-before-lf", kLenientOptionalCrBeforeLf},
        {"spaces-after-chunk-size", kLenientSpacesAfterChunkSize},
        {"repeated-length", kLenientRepeatedLength},
        {"no-host", kLenientNoHost},
        {"insecure-parser", kLenientInsecureParser},
    };
    for (const auto& row : names)
        if (name == row.first) return row.second;
    return 0;
}

bool set_limit(Limits& limits, const std::string& text) {
    const size_t equals = text.find('=');
    if (equals == std::string::npos) return false;
    const std::string name = text.substr(0, equals);
    const unsigned long long value = std::stoull(text.substr(equals + 1));
    uint32_t* small = name == "max_head_bytes"      ? &limits.max_head_bytes
                      : name == "max_headers"       ? &limits.max_headers
                      : name == "max_trailer_bytes" ? &limits.max_trailer_bytes
                      : name == "max_chunk_ext"     ? &limits.max_chunk_ext
                      : name == "max_interim"       ? &limits.max_interim
                                                    : nullptr;
    if (small != nullptr) {
        *small = static_cast<uint32_t>(value);
    } else if (name == "max_body_bytes") {
        limits.max_body_bytes = value;
    } else {
        return false;
    }
    return true;
}

/// One line of settings: "- message: responses to HEAD, GET".
bool set_option(Setup& setup, const std::string& line) {
    const size_t colon = line.find(": ");
    if (colon == std::string::npos) return false;
    const std::string key = line.substr(2, colon - 2);
    const std::vector<std::string> values = words(line.substr(colon + 2));
    for (size_t i = 0; i < values.size(); ++i) {
        const std::string& value = values[i];
        bool good = true;
        if (key == "message") {
            if (i == 0) {
                setup.role = value.substr(0, 7) == "request" ? Role::Request : Role::Response;
            } else if (value != "to") {
                setup.answers.push_back(value == "HEAD"      ? Answers::Head
                                        : value == "CONNECT" ? Answers::Connect
                                                             : Answers::Other);
            }
        } else if (key == "lenient") {
            setup.leniency |= leniency_of(value);
            good = leniency_of(value) != 0;
        } else if (key == "limits") {
            good = set_limit(setup.limits, value);
        } else if (key == "then") {
            good = value == "eof";
            setup.eof = good;
        } else if (key == "sink") {
            setup.detach_on_head = value == "detaches-on-head";
            setup.detach_on_end = value == "detaches-on-end";
            good = setup.detach_on_head || setup.detach_on_end;
        } else {
            good = false;
        }
        if (!good) return false;
    }
    return !values.empty();
}

/// A line of a message block with its escapes resolved; `joined`: a backslash at its end takes the line end away.
std::string unescape(const std::string& line, bool& joined) {
    std::string out;
    joined = false;
    for (size_t i = 0; i < line.size(); ++i) {
        if (line[i] != '\\') {
            out += line[i];
            continue;
        }
        if (i + 1 == line.size()) {
            joined = true;
            break;
        }
        const char c = line[++i];
        if (c == 'r')
            out += '\r';
        else if (c == 'n')
            out += '\n';
        else if (c == 't')
            out += '\t';
        else if (c == 'x') {
            out += static_cast<char>(std::stoi(line.substr(i + 1, 2), nullptr, 16));
            i += 2;
        } else if (line.compare(i, 2, "*(") == 0) {
            const size_t comma = line.find(',', i), close = line.find(')', i);
            const int times = std::stoi(line.substr(i + 2, comma - i - 2));
            bool ignored = false;
            const std::string unit = unescape(line.substr(comma + 1, close - comma - 1), ignored);
            for (int k = 0; k < times; ++k) out += unit;
            i = close;
        } else {
            out += c;
        }
    }
    return out;
}

std::string message_of(const std::vector<std::string>& lines) {
    std::string out;
    for (size_t i = 0; i < lines.size(); ++i) {
        bool joined = false;
        out += unescape(lines[i], joined);
        if (i + 1 < lines.size() && !joined) out += "\r\n";
    }
    return out;
}

/// The cases of one file; `problem` is set where it does not follow the rules.
std::vector<Case> parse_file(const std::string& text) {
    std::vector<Case> cases;
    std::istringstream in(text);
    std::string line, block;
    std::vector<std::string> lines;
    size_t number = 0, offset = 0;
    while (std::getline(in, line)) {
        ++number;
        const size_t begin = offset;
        offset += line.size() + 1;
        if (block.empty() && line.compare(0, 3, "## ") == 0) {
            cases.emplace_back();
            cases.back().title = line.substr(3);
            cases.back().line = number;
        }
        if (cases.empty()) continue;
        Case& current = cases.back();
        if (block.empty()) {
            if (line == "```http" || line == "```events") {
                block = line.substr(3);
                lines.clear();
                current.events_begin = offset;
            } else if (line.compare(0, 2, "- ") == 0 && !set_option(current.setup, line)) {
                current.problem = "not a setting: " + line;
            }
        } else if (line == "```") {
            if (block == "http") current.message = message_of(lines);
            if (block == "events") {
                for (const std::string& l : lines) current.expected += l + "\n";
                current.events_end = begin;
            }
            block.clear();
        } else {
            lines.push_back(line);
        }
    }
    return cases;
}

/// The offsets worth cutting at: all, or for long messages those near the ends and some between.
std::vector<size_t> cut_points(size_t size) {
    std::vector<size_t> out;
    for (size_t i = 0; i <= size; ++i)
        if (size < 1500 || i < 200 || size - i < 200 || i % 257 == 0) out.push_back(i);
    return out;
}

bool check(const std::string& file, const Case& c, const std::string& how, const std::string& got) {
    if (got == c.expected) return true;
    XT_FAIL("%s:%zu: %s, %s\nexpected:\n%sgot:\n%s", file.c_str(), c.line, c.title.c_str(), how.c_str(),
            c.expected.c_str(), got.c_str());
    return false;
}

void run_case(const std::string& file, const Case& c) {
    if (!c.problem.empty() || c.events_end == 0) {
        XT_FAIL("%s:%zu: %s: %s", file.c_str(), c.line, c.title.c_str(),
                c.problem.empty() ? "no events" : c.problem.c_str());
        return;
    }
    if (!check(file, c, "whole", play(c.setup, c.message, {}))) return;
    for (size_t cut : cut_points(c.message.size()))
        if (!check(file, c, "cut at " + std::to_string(cut), play(c.setup, c.message, {cut}))) return;
    if (!check(file, c, "byte by byte", play_bytes(c.setup, c.message))) return;
    if (!check(file, c, "pausing", play(c.setup, c.message, {}, true))) return;
    if (!check(file, c, "pausing, byte by byte", play_bytes(c.setup, c.message, true))) return;
    XT_CHECK(true);
}

std::vector<std::string> wire_files() {
    std::vector<std::string> out;
    const std::string folder = std::string(XH_TEST_DIR) + "/wire";
    DIR* dir = opendir(folder.c_str());
    while (dir != nullptr) {
        const dirent* entry = readdir(dir);
        if (entry == nullptr) break;
        const std::string name = entry->d_name;
        if (name.size() > 3 && name.substr(name.size() - 3) == ".md" && name != "README.md")
            out.push_back(folder + "/" + name);
    }
    if (dir != nullptr) closedir(dir);
    std::sort(out.begin(), out.end());
    return out;
}

void write_events(const std::string& path, const std::string& text, const std::vector<Case>& cases) {
    std::string out = text;
    for (auto c = cases.rbegin(); c != cases.rend(); ++c)
        if (c->events_end != 0)
            out.replace(c->events_begin, c->events_end - c->events_begin, play(c->setup, c->message, {}));
    std::ofstream(path, std::ios::binary) << out;
}

}  // namespace

XT_TEST(every_wire_message_gives_its_events_however_it_is_cut) {
    size_t count = 0;
    for (const std::string& path : wire_files()) {
        const std::string text = read_file(path);
        const std::vector<Case> cases = parse_file(text);
        XT_CHECK(!cases.empty());
        if (std::getenv("XH_WIRE_WRITE") != nullptr) {
            write_events(path, text, cases);
            continue;
        }
        for (const Case& c : cases) run_case(path.substr(path.rfind('/') + 1), c);
        count += cases.size();
        std::printf("\n    %s: %zu messages", path.substr(path.rfind('/') + 1).c_str(), cases.size());
    }
    XT_CHECK(count >= 120);
}

XT_MAIN("wire")
