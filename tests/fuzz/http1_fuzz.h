#pragma once
// One input for the HTTP/1 parser: two bytes of settings, then the message. The log has to be the same however it is cut.

#include <cstdint>
#include <cstdio>
#include <cstdlib>

#include "../unit/support/http1_events.h"

namespace http1_fuzz {

using namespace http1_events;

inline void same(const std::string& a, const std::string& b, const char* how) {
    if (a == b) return;
    std::fprintf(stderr, "%s differs\nwhole:\n%scut:\n%s", how, a.c_str(), b.c_str());
    std::abort();
}

inline Setup setup_of(Role role, uint8_t a, uint8_t b) {
    Setup setup;
    setup.role = role;
    setup.eof = (a & 1) != 0;
    if ((a & 2) != 0) setup.answers = {Answers::Head, Answers::Connect, Answers::Other};
    setup.detach_on_head = (a & 4) != 0;
    setup.detach_on_end = (a & 8) != 0;
    if ((a & 16) != 0) {
        setup.limits.max_head_bytes = 100;
        setup.limits.max_headers = 4;
        setup.limits.max_trailer_bytes = 40;
        setup.limits.max_chunk_ext = 12;
        setup.limits.max_interim = 1;
        setup.limits.max_body_bytes = 20;
    }
    // Nothing, one leniency, or all of them.
    if ((b & 0x80) != 0) setup.leniency = b == 0xff ? (1u << 12) - 1 : 1u << (b & 0x7f) % 12;
    return setup;
}

inline int run(Role role, const uint8_t* data, size_t size) {
    if (size < 2 || size > 4096) return 0;
    const Setup setup = setup_of(role, data[0], data[1]);
    const std::string_view message(reinterpret_cast<const char*>(data) + 2, size - 2);
    const std::string whole = play(setup, message, {});
    if (whole.find("\n  (not valid)\n") != std::string::npos) std::abort();
    const size_t step = message.size() / 16 + 1;
    for (size_t cut = (data[0] >> 5) % step; cut < message.size(); cut += step)
        same(whole, play(setup, message, {cut}), "a cut");
    same(whole, play_bytes(setup, message), "byte by byte");
    same(whole, play_bytes(setup, message, true), "pausing");
    return 0;
}

}  // namespace http1_fuzz
