#include "service.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace testnet {
namespace {

/// Threads of a peer take no signal of the process, and OpenSSL's writes to a closed socket raise none.
std::thread quiet_thread(std::function<void()> body) {
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    std::thread thread(std::move(body));
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return thread;
}

}  // namespace

void Service::start(int listener, int second_listener) {
    listeners_[0] = listener;
    listeners_[1] = second_listener;
    for (const int fd : listeners_)
        if (fd >= 0) fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
    stop_fd_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (stop_fd_ < 0) die("no eventfd");
    acceptor_ = quiet_thread([this] { accept_all(); });
}

void Service::stop() {
    {
        std::lock_guard<std::mutex> hold(board.lock);
        board.stopping = true;
        board.changed.notify_all();
    }
    eventfd_write(stop_fd_, 1);
    if (acceptor_.joinable()) acceptor_.join();
    reap(true);
    for (int& fd : listeners_) {
        if (fd >= 0) close(fd);
        fd = -1;
    }
    if (stop_fd_ >= 0) close(stop_fd_);
    stop_fd_ = -1;
}

void Service::close_listener() {
    // The port stays bound, so that nobody else gets it.
    for (const int fd : listeners_)
        if (fd >= 0) shutdown(fd, SHUT_RDWR);
}

bool Service::before_accept(int) { return true; }

void Service::accepted(int) {}

int Service::accept_one() {
    for (;;) {
        pollfd fds[3] = {{stop_fd_, POLLIN, 0}, {listeners_[0], POLLIN, 0}, {listeners_[1], POLLIN, 0}};
        if (poll(fds, 3, -1) < 0 && errno == EINTR) continue;
        if (fds[0].revents != 0) return -1;
        for (int i = 1; i <= 2; i++) {
            if (fds[i].revents == 0) continue;
            const int fd = accept4(fds[i].fd, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC);
            if (fd >= 0) return fd;
            if (errno == EINVAL) return -1;
        }
    }
}

void Service::accept_all() {
    for (int i = 1; before_accept(i); i++) {
        const int fd = accept_one();
        if (fd < 0) return;
        const int on = 1;
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
        accepted(i);
        reap(false);
        workers_.emplace_back();
        Worker& worker = workers_.back();
        worker.thread = quiet_thread([this, fd, i, &worker] {
            serve(fd, i);
            worker.done = true;
        });
    }
}

void Service::reap(bool all) {
    for (auto worker = workers_.begin(); worker != workers_.end();) {
        if (all || worker->done) {
            worker->thread.join();
            worker = workers_.erase(worker);
        } else {
            ++worker;
        }
    }
}

}  // namespace testnet
