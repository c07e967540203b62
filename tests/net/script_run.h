#pragma once
// Runs the steps of one section on one connection.

#include <functional>

#include "conn.h"
#include "script_lang.h"

namespace testnet {

/// What steps need from their peer.
struct RunHost {
    Board& board;
    std::map<std::string, int>& signals;  ///< under the board's lock
    std::map<std::string, int>& events;   ///< under the board's lock
    std::function<void(const std::string&)> fail;
    std::function<void()> close_listener;
};

/// Steps that need no connection; false when the peer is being stopped.
bool run_without_conn(const Step& step, RunHost& host, int stop_fd);

/// Runs to the end of the section. Returns how it ended: "script", "eof", "reset", "stopped", "tls-failed".
const char* run_section(const Section& section, Conn& conn, RunHost& host, int stop_fd);

}  // namespace testnet
