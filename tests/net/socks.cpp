// A SOCKS5 proxy (RFC 1928, RFC 1929) that can be told to misbehave.

#include <arpa/inet.h>
#include <sys/socket.h>

#include <algorithm>
#include <cstring>

#include "peers.h"
#include "service.h"

using namespace testnet;

struct socks_peer : Service {
    void serve(int fd, int i) override;

    int port = 0;
    bool wants_user = false;
    std::string user, password;
    socks_options options{};
    // Under board.lock:
    int connections = 0;
    std::string requests;
    std::deque<std::string> texts;
};

namespace {

constexpr unsigned char kNoMethod = 0xff;

/// One client, from the greeting to the end of the relay.
class Client {
public:
    Client(socks_peer& proxy, Conn& conn, int stop_fd) : peer_(proxy), conn_(conn), stop_fd_(stop_fd) {}

    void run() {
        if (!greeting() || !authenticate() || !request()) return;
        const int reply = peer_.options.reply;
        if (peer_.options.silent == 2) {
            conn_.wait_gone();
            return;
        }
        const int upstream = reply == 0 ? connect_upstream(port_) : -1;
        if (!answer(reply != 0 ? reply : upstream < 0 ? 5 : 0) || upstream < 0) return;
        Conn other(upstream, stop_fd_, peer_.board, nullptr, false);
        relay(conn_, other);
    }

private:
    bool need(size_t n, std::string& out) {
        while (conn_.input.size() < n)
            if (conn_.read_some() != Io::Ok) return false;
        out = conn_.input.substr(0, n);
        conn_.input.erase(0, n);
        return true;
    }

    bool say(const std::string& bytes) {
        if (!peer_.options.byte_by_byte) return conn_.write_all(bytes.data(), bytes.size()) == Io::Ok;
        for (const char& byte : bytes) {
            if (conn_.write_all(&byte, 1) != Io::Ok) return false;
            if (conn_.wait(0, 1) == Io::Stopped) return false;
        }
        return true;
    }

    bool greeting() {
        std::string head, methods;
        if (!need(2, head) || head[0] != 5 || !need(static_cast<unsigned char>(head[1]), methods)) return false;
        if (peer_.options.silent == 1) {
            conn_.wait_gone();
            return false;
        }
        const unsigned char wanted = peer_.wants_user ? 2 : 0;
        const bool offered = methods.find(static_cast<char>(wanted)) != std::string::npos;
        unsigned char method = offered ? wanted : kNoMethod;
        if (peer_.options.method != 0) method = static_cast<unsigned char>(peer_.options.method);
        return say(std::string("\x05", 1) + static_cast<char>(method)) && method == wanted;
    }

    bool authenticate() {
        if (!peer_.wants_user) return true;
        std::string head, user, size, password;
        if (!need(2, head) || head[0] != 1 || !need(static_cast<unsigned char>(head[1]), user) || !need(1, size) ||
            !need(static_cast<unsigned char>(size[0]), password))
            return false;
        const bool good = user == peer_.user && password == peer_.password;
        return say(std::string("\x01", 1) + (good ? '\x00' : '\x01')) && good;
    }

    bool request() {
        std::string head, address, port;
        if (!need(4, head) || head[0] != 5) return false;
        const char* kind = "domain";
        char text[64];
        if (head[3] == 3) {
            std::string size;
            if (!need(1, size) || !need(static_cast<unsigned char>(size[0]), address)) return false;
        } else {
            const bool six = head[3] == 4;
            if (!need(six ? 16 : 4, address)) return false;
            inet_ntop(six ? AF_INET6 : AF_INET, address.data(), text, sizeof text);
            address = text;
            kind = six ? "ipv6" : "ipv4";
        }
        if (!need(2, port)) return false;
        port_ = static_cast<unsigned char>(port[0]) * 256 + static_cast<unsigned char>(port[1]);
        {
            std::lock_guard<std::mutex> hold(peer_.board.lock);
            peer_.requests += format("%s %s %d\n", kind, address.c_str(), port_);
        }
        if (head[1] == 1) return true;
        answer(7);
        return false;
    }

    bool answer(int code) {
        std::string out("\x05", 1);
        out += static_cast<char>(code);
        out += '\0';
        const int type = peer_.options.bind_type == 0 ? 1 : peer_.options.bind_type;
        out += static_cast<char>(type);
        if (type == 3)
            out += std::string("\x09localhost");
        else
            out += std::string(type == 4 ? 16 : 4, '\0');
        out += std::string("\x12\x34", 2);
        return say(out);
    }

    socks_peer& peer_;
    Conn& conn_;
    int stop_fd_;
    int port_ = 0;
};

struct All {
    std::mutex lock;
    std::vector<socks_peer*> peers;
};

All& all() {
    static All* const one = new All;
    return *one;
}

void stop_all() {
    for (;;) {
        socks_peer* last = nullptr;
        {
            std::lock_guard<std::mutex> hold(all().lock);
            if (!all().peers.empty()) last = all().peers.back();
        }
        if (last == nullptr) return;
        socks_stop(last);
    }
}

}  // namespace

void socks_peer::serve(int fd, int) {
    {
        std::lock_guard<std::mutex> hold(board.lock);
        connections++;
    }
    Conn conn(fd, stop_fd(), board, nullptr, false);
    Client(*this, conn, stop_fd()).run();
}

socks_peer* socks_start(const socks_options* options) {
    static std::once_flag once;
    std::call_once(once, [] { at_process_end(stop_all); });
    if (!is_own_process()) die("a forked child starts no peer");
    socks_peer* p = new socks_peer;
    if (options != nullptr) {
        p->options = *options;
        p->wants_user = options->user != nullptr;
        p->user = options->user != nullptr ? options->user : "";
        p->password = options->password != nullptr ? options->password : "";
    }
    const Listener listener = listen_tcp(true, false, 512);
    p->port = listener.port;
    p->start(listener.fd);
    std::lock_guard<std::mutex> hold(all().lock);
    all().peers.push_back(p);
    return p;
}

int socks_port(const socks_peer* p) { return p->port; }

int socks_connections(socks_peer* p) {
    std::lock_guard<std::mutex> hold(p->board.lock);
    return p->connections;
}

const char* socks_requests(socks_peer* p) {
    std::lock_guard<std::mutex> hold(p->board.lock);
    p->texts.push_back(p->requests);
    return p->texts.back().c_str();
}

void socks_stop(socks_peer* p) {
    if (p == nullptr || !is_own_process()) return;
    {
        std::lock_guard<std::mutex> hold(all().lock);
        all().peers.erase(std::remove(all().peers.begin(), all().peers.end(), p), all().peers.end());
    }
    p->stop();
    delete p;
}
