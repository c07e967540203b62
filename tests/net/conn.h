#pragma once
// One accepted connection of a peer inside the test: blocking calls that end when the peer is stopped.

#include <openssl/ssl.h>

#include <condition_variable>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>

#include "tls_server.h"

namespace testnet {

/// What the threads of a peer and its users share.
struct Board {
    std::mutex lock;
    std::condition_variable changed;
    bool stopping = false;
};

/// What is known of one connection; under the board's lock.
struct Record {
    std::string received;
    uint64_t received_bytes = 0;
    uint64_t sent_bytes = 0;
    std::map<std::string, std::string> facts;
    bool closed = false;
};

enum class Io { Ok, Again, Eof, Reset, Stopped, TlsFailed };

class Conn {
public:
    /// Takes the non-blocking socket. `stop_fd` becomes readable when the peer is stopped. `record` may be nullptr.
    Conn(int fd, int stop_fd, Board& board, Record* record, bool capture);
    ~Conn();
    Conn(const Conn&) = delete;
    Conn& operator=(const Conn&) = delete;

    Io handshake(const TlsServer& server);
    /// Appends what comes next to `input`.
    Io read_some();
    Io write_all(const char* data, size_t size);
    /// One attempt; Again when it would block.
    Io try_read(char* data, size_t size, size_t& done);
    Io try_write(const char* data, size_t size, size_t& done);
    /// Waits until the client has gone.
    Io wait_gone();
    /// Waits until an event of poll() or until a time; Ok or Again when the time is up.
    Io wait(short events, int timeout_ms);
    /// Waits for events of this socket or of another.
    Io wait_with(short events, int other, short other_events);
    void shut_down(bool with_notify);
    void close(bool with_notify);
    void reset();
    /// TLS only: the client has said close_notify.
    bool is_notified() const;
    int fd() const { return fd_; }

    std::string input;  ///< read and not yet consumed

private:
    Io failed(int result);
    void note_tls();
    void set_fact(const char* name, const std::string& value);

    int fd_;
    int stop_fd_;
    Board& board_;
    Record* record_;
    bool capture_;
    SSL* ssl_ = nullptr;
    short wanted_ = 0;  ///< what the last Again waits for
};

/// Copies both ways until both sides have ended, one has failed, or the peer is stopped.
Io relay(Conn& a, Conn& b);

/// A non-blocking socket, connected to 127.0.0.1 or else to ::1; -1 when nobody listens there.
int connect_upstream(int port);

}  // namespace testnet
