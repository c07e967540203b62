// The scripted peer behind its interface: which section a connection gets, and what is known of it.

#include <errno.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cstdarg>
#include <cstring>

#include "peers.h"
#include "script_lang.h"
#include "script_run.h"
#include "service.h"

using namespace testnet;

struct script_peer : Service {
    explicit script_peer(const std::string& text) : script(parse_script(text)), host(make_host()) {}

    bool before_accept(int i) override;
    void accepted(int i) override;
    void serve(int fd, int i) override;
    const Section* choose(int i);
    void fail(const std::string& text);
    RunHost make_host();
    Record* record(int i);
    const char* lend(std::string text);

    Script script;
    RunHost host;
    int port = 0;
    std::string unix_path;
    const Section* next = nullptr;  ///< of the acceptor: for the connection that comes
    bool main_used = false;
    // Under board.lock:
    std::map<std::string, int> signals, events;
    std::deque<Record> records;
    std::vector<const Section*> sections_of;
    std::deque<std::string> texts;
    std::string failure;
    bool failed = false;
    bool excused = false;  ///< the test knows of the failure, or expects one
};

namespace {

struct Scripts {
    std::mutex lock;
    std::vector<script_peer*> all;
};

Scripts& scripts() {
    static Scripts* const one = new Scripts;
    return *one;
}

/// At exit the test's framework is gone: what is left to say goes to stderr and into the exit code.
void stop_all() {
    for (;;) {
        script_peer* last = nullptr;
        {
            std::lock_guard<std::mutex> hold(scripts().lock);
            if (!scripts().all.empty()) last = scripts().all.back();
        }
        if (last == nullptr) return;
        net_on_failure(nullptr);
        script_stop(last);
    }
}

void listen_unix(script_peer& p) {
    p.unix_path = make_dir("unix") + "/socket";
    sockaddr_un address;
    memset(&address, 0, sizeof address);
    address.sun_family = AF_UNIX;
    if (p.unix_path.size() >= sizeof address.sun_path) die("%s is too long for a socket", p.unix_path.c_str());
    memcpy(address.sun_path, p.unix_path.c_str(), p.unix_path.size());
    const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (bind(fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || listen(fd, 128) != 0)
        die("cannot listen on %s: %s", p.unix_path.c_str(), strerror(errno));
    p.start(fd);
}

void listen_tcp(script_peer& p) {
    const Listener listener = testnet::listen_tcp(p.script.ipv4, p.script.ipv6, 512);
    p.port = listener.port;
    for (const int fd : {listener.fd, listener.fd6}) {
        if (fd < 0) continue;
        // Accepted sockets take these over.
        const int in = p.script.receive_buffer, out = p.script.send_buffer;
        if (in > 0) setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &in, sizeof in);
        if (out > 0) setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &out, sizeof out);
    }
    p.start(listener.fd, listener.fd6);
}

}  // namespace

RunHost script_peer::make_host() {
    return {board, signals, events, [this](const std::string& text) { fail(text); }, [this] { close_listener(); }};
}

const Section* script_peer::choose(int i) {
    for (const Section& section : script.sections)
        if (i >= section.first && i <= section.last) return &section;
    if (script.main.empty || (main_used && !script.main.loop)) return nullptr;
    main_used = true;
    return &script.main;
}

bool script_peer::before_accept(int i) {
    next = choose(i);
    if (next == nullptr) return true;
    for (const Step& step : next->before_accept)
        if (!run_without_conn(step, host, stop_fd())) return false;
    return true;
}

void script_peer::accepted(int) {
    std::lock_guard<std::mutex> hold(board.lock);
    records.emplace_back();
    sections_of.push_back(next);
    board.changed.notify_all();
}

void script_peer::serve(int fd, int i) {
    const Section* section = nullptr;
    Record* mine = nullptr;
    sockaddr_storage client;
    socklen_t size = sizeof client;
    memset(&client, 0, sizeof client);
    getpeername(fd, reinterpret_cast<sockaddr*>(&client), &size);
    {
        std::lock_guard<std::mutex> hold(board.lock);
        mine = &records[static_cast<size_t>(i - 1)];
        section = sections_of[static_cast<size_t>(i - 1)];
        if (client.ss_family == AF_INET || client.ss_family == AF_INET6)
            mine->facts["port"] = std::to_string(ntohs(reinterpret_cast<sockaddr_in*>(&client)->sin_port));
    }
    const char* end = "reset";
    {
        Conn conn(fd, stop_fd(), board, mine, script.capture);
        if (section != nullptr) {
            end = run_section(*section, conn, host, stop_fd());
        } else {
            conn.reset();
            fail(format("connection %d came, and the script has no steps for it", i));
        }
    }
    std::lock_guard<std::mutex> hold(board.lock);
    mine->facts["end"] = end;
    mine->closed = true;
    board.changed.notify_all();
}

void script_peer::fail(const std::string& text) {
    std::lock_guard<std::mutex> hold(board.lock);
    if (failed) return;
    failed = true;
    failure = text;
}

Record* script_peer::record(int i) {
    return i >= 1 && static_cast<size_t>(i) <= records.size() ? &records[static_cast<size_t>(i - 1)] : nullptr;
}

const char* script_peer::lend(std::string text) {
    texts.push_back(std::move(text));
    return texts.back().c_str();
}

script_peer* script_start(const char* script) {
    static std::once_flag once;
    std::call_once(once, [] { at_process_end(stop_all); });
    if (!is_own_process()) die("a forked child starts no peer");
    script_peer* p = new script_peer(script);
    if (p->script.unix_socket)
        listen_unix(*p);
    else
        listen_tcp(*p);
    std::lock_guard<std::mutex> hold(scripts().lock);
    scripts().all.push_back(p);
    return p;
}

script_peer* script_startf(const char* text, ...) {
    va_list args;
    va_start(args, text);
    char* script = nullptr;
    if (vasprintf(&script, text, args) < 0) abort();
    va_end(args);
    script_peer* p = script_start(script);
    free(script);
    return p;
}

int script_port(const script_peer* p) { return p->port; }

const char* script_url(script_peer* p, const char* scheme, const char* path) {
    const bool tls = strcmp(scheme, "https") == 0;
    const bool both = p->script.ipv4 && p->script.ipv6;
    const char* host = both || (tls && p->script.ipv4) ? "localhost" : p->script.ipv6 ? "[::1]" : "127.0.0.1";
    std::lock_guard<std::mutex> hold(p->board.lock);
    return p->lend(format("%s://%s:%d%s", scheme, host, p->port, path));
}

const char* script_unix_path(script_peer* p) { return p->unix_path.c_str(); }

const char* script_quote(const void* data, size_t len) {
    return keep_text(quote(std::string(static_cast<const char*>(data), len)));
}

void script_signal(script_peer* p, const char* name) {
    std::lock_guard<std::mutex> hold(p->board.lock);
    p->signals[name]++;
    p->board.changed.notify_all();
}

int script_wait_event(script_peer* p, const char* name, int timeout_ms) {
    return p->wait_for(timeout_ms, [&] {
        if (p->events[name] == 0) return false;
        p->events[name]--;
        return true;
    });
}

int script_wait_connections(script_peer* p, int count, int timeout_ms) {
    return p->wait_for(timeout_ms, [&] { return p->records.size() >= static_cast<size_t>(std::max(count, 0)); });
}

int script_wait_received(script_peer* p, int i, uint64_t bytes, int timeout_ms) {
    return p->wait_for(timeout_ms, [&] { return p->record(i) != nullptr && p->record(i)->received_bytes >= bytes; });
}

int script_wait_closed(script_peer* p, int i, int timeout_ms) {
    return p->wait_for(timeout_ms, [&] { return p->record(i) != nullptr && p->record(i)->closed; });
}

int script_connections(script_peer* p) {
    std::lock_guard<std::mutex> hold(p->board.lock);
    return static_cast<int>(p->records.size());
}

uint64_t script_received_bytes(script_peer* p, int i) {
    std::lock_guard<std::mutex> hold(p->board.lock);
    return p->record(i) != nullptr ? p->record(i)->received_bytes : 0;
}

uint64_t script_sent_bytes(script_peer* p, int i) {
    std::lock_guard<std::mutex> hold(p->board.lock);
    return p->record(i) != nullptr ? p->record(i)->sent_bytes : 0;
}

const char* script_received(script_peer* p, int i, size_t* len) {
    std::lock_guard<std::mutex> hold(p->board.lock);
    const Record* record = p->record(i);
    if (len != nullptr) *len = record != nullptr ? record->received.size() : 0;
    return record != nullptr ? p->lend(record->received) : "";
}

const char* script_info(script_peer* p, int i, const char* what) {
    std::lock_guard<std::mutex> hold(p->board.lock);
    const Record* record = p->record(i);
    if (record == nullptr) return "";
    const auto fact = record->facts.find(what);
    return fact != record->facts.end() ? p->lend(fact->second) : "";
}

const char* script_failure(script_peer* p) {
    std::lock_guard<std::mutex> hold(p->board.lock);
    if (!p->failed) return nullptr;
    p->excused = true;
    return p->lend(p->failure);
}

void script_failures_expected(script_peer* p) {
    std::lock_guard<std::mutex> hold(p->board.lock);
    p->excused = true;
}

int script_stop(script_peer* p) {
    if (p == nullptr || !is_own_process()) return 0;
    {
        std::lock_guard<std::mutex> hold(scripts().lock);
        auto& all = scripts().all;
        all.erase(std::remove(all.begin(), all.end(), p), all.end());
    }
    p->stop();
    const bool failed = p->failed;
    if (failed && !p->excused && !report_failure(p->failure)) fail_at_exit();
    if (!p->unix_path.empty()) remove_dir(p->unix_path.substr(0, p->unix_path.rfind('/')));
    delete p;
    return failed ? -1 : 0;
}
