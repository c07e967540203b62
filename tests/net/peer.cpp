#include "peer.h"

#include <errno.h>
#include <openssl/evp.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <filesystem>

#include "certs.h"

namespace testnet {
namespace {

constexpr int kStartMs = 60000;  // a loaded machine under a sanitizer; a peer that ends is noticed at once
constexpr int kAttempts = 6;

struct Peers {
    std::mutex lock;
    std::vector<peer*> all;
};

Peers& peers() {
    static Peers* const one = new Peers;
    return *one;
}

void stop_all() {
    for (;;) {
        peer* last = nullptr;
        {
            std::lock_guard<std::mutex> hold(peers().lock);
            if (!peers().all.empty()) last = peers().all.back();
        }
        if (last == nullptr) return;
        peer_stop(last);
    }
}

void add(peer* p) {
    static std::once_flag once;
    std::call_once(once, [] { at_process_end(stop_all); });
    std::lock_guard<std::mutex> hold(peers().lock);
    peers().all.push_back(p);
}

std::string log_end(const peer& p) {
    std::string text = read_file(p.log_path);
    if (text.size() > 3000) text.erase(0, text.size() - 3000);
    return text;
}

bool listens(const peer& p, const Port& port) {
    for (const bool six : {false, true}) {
        if (six && port.fd6 < 0) continue;
        const int fd = connect_loopback(port.number, six);
        if (fd < 0) return false;
        close(fd);
    }
    return p.pid > 0;
}

bool is_ready(peer& p, const Recipe* recipe) {
    if (recipe != nullptr && recipe->find_port != nullptr) {
        const int port = recipe->find_port(read_file(p.log_path));
        if (port == 0) return false;
        p.found_ports[recipe->ports.front()] = port;
        return true;
    }
    for (const auto& entry : p.ports) {
        if (p.silent_ports.count(entry.first) != 0 || p.ready_ports.count(entry.first) != 0) continue;
        if (!listens(p, entry.second)) return false;
        p.ready_ports.insert(entry.first);
    }
    return true;
}

enum class Start { Ready, Collision, Failed };

Start launch(peer& p, const Recipe* recipe) {
    p.pid = spawn(p.command);
    p.ready_ports.clear();
    const Clock::time_point end = Clock::now() + std::chrono::milliseconds(kStartMs);
    long wait_us = 500;
    while (!is_ready(p, recipe)) {
        if (has_ended(p.pid)) {
            p.pid = 0;
            return log_end(p).find("in use") != std::string::npos ? Start::Collision : Start::Failed;
        }
        if (Clock::now() > end) return Start::Failed;
        const timespec pause = {0, wait_us * 1000};
        nanosleep(&pause, nullptr);
        wait_us = std::min(wait_us * 5 / 4, 5000L);
    }
    return Start::Ready;
}

void free_ports(peer& p) {
    for (auto& entry : p.ports) release_port(entry.second);
    p.ports.clear();
}

void remove_shared_memory(const std::string& prefix) {
    std::error_code ignored;
    if (prefix.empty()) return;
    for (const auto& entry : std::filesystem::directory_iterator("/dev/shm", ignored))
        if (entry.path().filename().string().rfind(prefix, 0) == 0) std::filesystem::remove(entry.path(), ignored);
}

}  // namespace

peer* start_peer(const Recipe& recipe) {
    if (!is_own_process()) die("a forked child starts no peer");
    peer* p = new peer;
    p->name = recipe.name;
    p->silent_ports.insert(recipe.silent_ports.begin(), recipe.silent_ports.end());
    for (int i = 0; i < kAttempts; i++) {
        p->dir = make_dir(recipe.name);
        p->log_path = p->dir + "/log";
        if (recipe.find_port == nullptr)
            for (const std::string& name : recipe.ports) p->ports[name] = reserve_port();
        for (const std::string& name : recipe.silent_ports) p->ports[name] = reserve_port();
        p->command = Command();
        p->command.log = p->log_path;
        p->command.dir = p->dir;
        recipe.configure(*p);
        const Start how = launch(*p, &recipe);
        if (how == Start::Ready) {
            add(p);
            return p;
        }
        if (how == Start::Failed) break;
        free_ports(*p);
        remove_dir(p->dir);
        remove_shared_memory(p->shm);
    }
    const std::string log = log_end(*p);
    kill_group(p->pid);
    remove_shared_memory(p->shm);
    die("%s does not start; its log ends:\n%s", recipe.name, log.c_str());
}

peer* shared_peer(std::atomic<peer*>& slot, peer* (*start)()) {
    static std::mutex* const lock = new std::mutex;
    std::lock_guard<std::mutex> hold(*lock);
    if (slot == nullptr) slot = start();
    return slot;
}

std::string md5_hex(const std::string& text) {
    unsigned char digest[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    EVP_Digest(text.data(), text.size(), digest, &n, EVP_md5(), nullptr);
    std::string out;
    for (unsigned i = 0; i < n; i++) out += format("%02x", digest[i]);
    return out;
}

std::string port_text(const peer& p, const std::string& name) { return std::to_string(peer_port(&p, name.c_str())); }

std::string fill(std::string text, const std::map<std::string, std::string>& values) {
    for (const auto& entry : values) {
        const std::string mark = "@" + entry.first + "@";
        for (size_t at = 0; (at = text.find(mark, at)) != std::string::npos; at += entry.second.size())
            text.replace(at, mark.size(), entry.second);
    }
    return text;
}

std::string pattern_text(size_t n) {
    std::string out(n, '\0');
    net_pattern(out.data(), 0, n);
    return out;
}

}  // namespace testnet

using namespace testnet;

namespace {

const char* lend(peer* p, std::string text) {
    std::lock_guard<std::mutex> hold(p->lock);
    p->texts.push_back(std::move(text));
    return p->texts.back().c_str();
}

}  // namespace

int peer_port(const peer* p, const char* name) {
    const auto found = p->found_ports.find(name);
    if (found != p->found_ports.end()) return found->second;
    const auto port = p->ports.find(name);
    if (port == p->ports.end()) die("%s has no port \"%s\"", p->name, name);
    return port->second.number;
}

const char* peer_url(peer* p, const char* port_name, const char* path) {
    const bool tls = strstr(port_name, "https") != nullptr;
    return lend(p, format("%s:%d%s", tls ? "https://localhost" : "http://127.0.0.1", peer_port(p, port_name), path));
}

const char* peer_file(peer* p, const char* name) {
    const std::string own = p->dir + "/" + name;
    if (access(own.c_str(), F_OK) == 0 || !is_cert_file(name)) return lend(p, own);
    return lend(p, cert_path(name));
}

const char* peer_log(peer* p) { return lend(p, read_file(p->log_path)); }

int peer_wait_log(peer* p, const char* text, int timeout_ms) {
    const Clock::time_point end = Clock::now() + std::chrono::milliseconds(timeout_ms);
    while (read_file(p->log_path).find(text) == std::string::npos) {
        if (Clock::now() > end) return 0;
        const timespec pause = {0, 2000000};
        nanosleep(&pause, nullptr);
    }
    return 1;
}

int peer_pid(const peer* p) { return p->pid; }

void peer_freeze(peer* p) {
    if (p->pid > 0) kill(-p->pid, SIGSTOP);
}

void peer_thaw(peer* p) {
    if (p->pid > 0) kill(-p->pid, SIGCONT);
}

void peer_kill(peer* p) {
    kill_group(p->pid);
    p->pid = 0;
    // A socket's file outlives its server and would be "in use" for the next.
    if (!p->unix_socket.empty()) unlink(p->unix_socket.c_str());
}

void peer_restart(peer* p) {
    peer_kill(p);
    if (!p->found_ports.empty()) die("%s chose its port itself and cannot be restarted", p->name);
    if (launch(*p, nullptr) != Start::Ready) die("%s does not start again: %s", p->name, log_end(*p).c_str());
}

void peer_stop(peer* p) {
    if (p == nullptr || !is_own_process()) return;
    {
        std::lock_guard<std::mutex> hold(peers().lock);
        auto& all = peers().all;
        all.erase(std::remove(all.begin(), all.end(), p), all.end());
    }
    peer_kill(p);
    free_ports(*p);
    remove_dir(p->dir);
    remove_shared_memory(p->shm);
    delete p;
}
