#pragma once
// The language of the scripted peers (peers.h), read into steps.

#include <climits>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "tls_server.h"

namespace testnet {

enum class Do {
    ReadHead,
    ReadBody,
    Read,
    ReadLine,
    ReadUntil,
    ReadToEnd,
    ReadSome,
    Expect,
    ExpectNot,
    ExpectEof,
    ExpectTlsEof,
    ExpectClosed,
    Send,
    SendSlow,
    SendZero,
    SendPattern,
    SendChunks,
    SendLast,
    Tls,
    Shutdown,
    ShutdownDirty,
    Close,
    CloseDirty,
    Reset,
    Stall,
    Tunnel,
    CloseListener,
    Pause,
    WaitSignal,
    Emit,
    Repeat,
    EndRepeat,
    Again,
};

struct Step {
    Do what;
    int line = 0;      ///< of the script, from 1
    std::string text;  ///< bytes or a name
    uint64_t n = 0;
    uint64_t size = 0;
    bool has_n = false;
    size_t jump = 0;  ///< Repeat: behind its end; EndRepeat: its Repeat
    std::shared_ptr<TlsServer> tls;
};

struct Section {
    int first = 1;
    int last = INT_MAX;
    bool loop = false;
    bool empty = true;
    std::vector<Step> before_accept;
    std::vector<Step> steps;
};

struct Script {
    bool ipv4 = true;
    bool ipv6 = false;
    bool unix_socket = false;
    bool capture = true;
    int receive_buffer = 0;
    int send_buffer = 0;
    Section main;  ///< for connections without a section of their own
    std::vector<Section> sections;
};

/// Ends the program with the line at fault when the script is wrong.
Script parse_script(const std::string& text);

/// Bytes as a text of the language, without the quotes; at most `most` bytes of it, then "...".
std::string quote(const std::string& bytes, size_t most = SIZE_MAX);

}  // namespace testnet
