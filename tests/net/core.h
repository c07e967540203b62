#pragma once
// What the peers share: the temporary folder, ports, child processes, the clean-up at exit.

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace testnet {

using Clock = std::chrono::steady_clock;

/// Says why the tests cannot go on and ends the program with 1, by exit(), so that peers are cleaned up.
[[noreturn]] void die(const char* format, ...) __attribute__((format(printf, 1, 2)));
std::string format(const char* format, ...) __attribute__((format(printf, 1, 2)));

/// Hands a failure to the hook. False when there is none: the caller must make the program fail.
bool report_failure(const std::string& text);
/// Makes the exit code of the program 1.
void fail_at_exit();

/// The process's folder (mode 0755: some servers leave root).
const std::string& base_dir();
/// A new folder in it whose name starts with `prefix`.
std::string make_dir(const char* prefix);
void remove_dir(const std::string& path);
void write_file(const std::string& path, std::string_view content, int mode = 0644);
/// "" when the file cannot be read.
std::string read_file(const std::string& path);
/// A text that stays where it is until exit, for functions of the interface that return one.
const char* keep_text(std::string text);

/// A port that is ours: bound with SO_REUSEADDR and not listening, so that nobody but a server that also sets it gets
/// the port, and no outgoing connection takes it.
struct Port {
    int number = 0;
    int fd4 = -1;
    int fd6 = -1;
};
Port reserve_port();
void release_port(Port& port);
/// A listening socket. `ipv6` and `ipv4` say where; with both, two sockets on one port.
struct Listener {
    int fd = -1;
    int fd6 = -1;
    int port = 0;
};
Listener listen_tcp(bool ipv4, bool ipv6, int backlog);
/// A connected non-blocking socket to a port of loopback, or -1.
int connect_loopback(int port, bool ipv6 = false);

/// The path of a program: system folders first, then PATH. Ends the program with the package's name when it is missing.
std::string find_program(const char* name, const char* package);
/// Ends the program with the package's name when the file is missing.
void need_file(const std::string& path, const char* package);

struct Command {
    std::vector<std::string> argv;
    std::vector<std::string> env;  ///< NAME=value, over the test's own environment
    std::string dir;
    std::string log;  ///< takes stdout and stderr, appended
    uid_t uid = 0;    ///< not 0: the child becomes this user
    gid_t gid = 0;
};
/// Starts a foreground child in a process group of its own that dies with this process.
pid_t spawn(const Command& command);
/// True when the child has ended; it is then reaped.
bool has_ended(pid_t pid);
/// Kills the whole group and reaps the child.
void kill_group(pid_t pid);

/// What the names of this process's shared memory files (/dev/shm) start with; letters and digits.
std::string shared_memory_prefix();

/// Registers what stops everything of one kind; run at exit in this process only, last registered first.
void at_process_end(void (*fn)());
/// False in a forked child.
bool is_own_process();

}  // namespace testnet
