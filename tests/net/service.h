#pragma once
// A listener with a thread that accepts and a thread for each connection.

#include <atomic>
#include <list>
#include <thread>

#include "conn.h"
#include "core.h"

namespace testnet {

class Service {
public:
    virtual ~Service() = default;

    /// Takes the listening sockets.
    void start(int listener, int second_listener = -1);
    /// Ends all threads. Must be called before the object goes.
    void stop();
    /// Later connections are refused.
    void close_listener();
    /// Waits on the board until the condition holds; false when the time is up.
    template <class Condition>
    bool wait_for(int timeout_ms, Condition condition);

    Board board;

protected:
    /// Called before connection i (from 1) is accepted; false ends the accepting.
    virtual bool before_accept(int i);
    /// Called when connection i has been accepted, before the next before_accept.
    virtual void accepted(int i);
    /// In a thread of its own, with a non-blocking socket that it must close.
    virtual void serve(int fd, int i) = 0;
    int stop_fd() const { return stop_fd_; }

private:
    struct Worker {
        std::thread thread;
        std::atomic<bool> done{false};
    };

    void accept_all();
    int accept_one();
    void reap(bool all);

    int listeners_[2] = {-1, -1};
    int stop_fd_ = -1;
    std::thread acceptor_;
    std::list<Worker> workers_;
};

template <class Condition>
bool Service::wait_for(int timeout_ms, Condition condition) {
    std::unique_lock<std::mutex> hold(board.lock);
    return board.changed.wait_until(hold, Clock::now() + std::chrono::milliseconds(timeout_ms), condition);
}

}  // namespace testnet
