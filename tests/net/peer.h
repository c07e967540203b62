#pragma once
// A real server as a child process: its ports, folder, configuration, start and end.

#include <atomic>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "core.h"
#include "peers.h"

struct peer {
    const char* name = "";
    std::string dir;
    std::string log_path;
    testnet::Command command;
    pid_t pid = 0;
    std::map<std::string, testnet::Port> ports;
    std::map<std::string, int> found_ports;  ///< chosen by the server itself
    std::set<std::string> silent_ports;      ///< reserved; the server does not listen there
    std::set<std::string> ready_ports;
    std::string unix_socket;
    std::string shm;                ///< its files in /dev/shm start with this
    std::deque<std::string> texts;  ///< what the interface has lent out
    std::mutex lock;
};

namespace testnet {

/// What makes one kind of peer.
struct Recipe {
    const char* name;
    std::vector<std::string> ports;
    std::vector<std::string> silent_ports;
    /// Writes the configuration into p.dir, for p.ports, and fills p.command.
    void (*configure)(peer& p);
    /// Not nullptr: finds the port in what the server has printed; 0 while it is not there.
    int (*find_port)(const std::string& log) = nullptr;
};

/// Starts a peer and waits until it listens on all its ports. On a collision of ports it tries again with others.
peer* start_peer(const Recipe& recipe);

/// The one peer of a kind; started at its first use.
peer* shared_peer(std::atomic<peer*>& slot, peer* (*start)());

/// "user:password" lines and the like want it.
std::string md5_hex(const std::string& text);

/// The number of p's port as text.
std::string port_text(const peer& p, const std::string& name);

/// Replaces each @NAME@ in `text` by the value of NAME.
std::string fill(std::string text, const std::map<std::string, std::string>& values);

/// n bytes of the pattern.
std::string pattern_text(size_t n);

}  // namespace testnet
