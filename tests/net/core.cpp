#include "core.h"

#include <fcntl.h>
#include <openssl/ssl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <atomic>
#include <cstdarg>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "guard.h"
#include "peers.h"

namespace testnet {
namespace {

// Never destroyed: threads and exit handlers may use it to the last moment.
struct Process {
    std::mutex lock;
    pid_t pid = getpid();
    std::string dir;
    std::vector<void (*)()> ends;
    std::deque<std::string> texts;
    std::atomic<void (*)(const char*)> hook{nullptr};
    std::atomic<bool> failed{false};
};

Process& process() {
    static Process* const one = new Process;
    return *one;
}

void run_ends() {
    Process& p = process();
    if (!is_own_process()) return;
    std::vector<void (*)()> ends;
    {
        std::lock_guard<std::mutex> hold(p.lock);
        ends.swap(p.ends);
    }
    for (size_t i = ends.size(); i > 0; i--) ends[i - 1]();
    remove_dir(p.dir);
    guard_end();
    if (p.failed) {
        fflush(nullptr);
        _exit(1);
    }
}

void make_base_dir() {
    Process& p = process();
    const char* tmp = getenv("TMPDIR");
    std::string path = std::string(tmp != nullptr && tmp[0] == '/' ? tmp : "/tmp") + "/xh-net-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) die("cannot make a folder %s: %s", path.c_str(), strerror(errno));
    chmod(path.c_str(), 0755);
    p.dir = path;
    // OpenSSL's own exit handler must be registered before ours, so that it runs after it.
    OPENSSL_init_ssl(0, nullptr);
    atexit(run_ends);
    guard_begin(path);
}

}  // namespace

void die(const char* text, ...) {
    va_list args;
    va_start(args, text);
    fputs("peers: ", stderr);
    vfprintf(stderr, text, args);
    fputc('\n', stderr);
    va_end(args);
    exit(1);
}

std::string format(const char* text, ...) {
    va_list args;
    va_start(args, text);
    char* out = nullptr;
    const int n = vasprintf(&out, text, args);
    va_end(args);
    if (n < 0) abort();
    std::string result(out, static_cast<size_t>(n));
    free(out);
    return result;
}

bool report_failure(const std::string& text) {
    auto hook = process().hook.load();
    if (hook == nullptr) {
        fprintf(stderr, "peers: %s\n", text.c_str());
        return false;
    }
    hook(text.c_str());
    return true;
}

void fail_at_exit() { process().failed = true; }

const std::string& base_dir() {
    static std::once_flag once;
    std::call_once(once, make_base_dir);
    return process().dir;
}

std::string make_dir(const char* prefix) {
    std::string path = base_dir() + "/" + prefix + "-XXXXXX";
    if (mkdtemp(path.data()) == nullptr) die("cannot make a folder %s: %s", path.c_str(), strerror(errno));
    chmod(path.c_str(), 0755);
    return path;
}

void remove_dir(const std::string& path) {
    std::error_code ignored;
    if (!path.empty()) std::filesystem::remove_all(path, ignored);
}

void write_file(const std::string& path, std::string_view content, int mode) {
    const int fd = open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    size_t done = 0;
    while (fd >= 0 && done < content.size()) {
        const ssize_t n = write(fd, content.data() + done, content.size() - done);
        if (n <= 0) break;
        done += static_cast<size_t>(n);
    }
    if (fd < 0 || done < content.size()) die("cannot write %s: %s", path.c_str(), strerror(errno));
    close(fd);
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    std::ostringstream out;
    if (in) out << in.rdbuf();
    return out.str();
}

const char* keep_text(std::string text) {
    Process& p = process();
    std::lock_guard<std::mutex> hold(p.lock);
    p.texts.push_back(std::move(text));
    return p.texts.back().c_str();
}

void at_process_end(void (*fn)()) {
    base_dir();
    std::lock_guard<std::mutex> hold(process().lock);
    process().ends.push_back(fn);
}

bool is_own_process() { return getpid() == process().pid; }

// 65521 is prime: no power of two lines up with the period.
static const std::vector<unsigned char>& pattern_table() {
    static const std::vector<unsigned char>* const table = [] {
        auto* made = new std::vector<unsigned char>(65521);
        uint32_t x = 2463534242u;
        for (unsigned char& byte : *made) {
            x ^= x << 13;
            x ^= x >> 17;
            x ^= x << 5;
            byte = static_cast<unsigned char>(x >> 11);
        }
        return made;
    }();
    return *table;
}

}  // namespace testnet

using namespace testnet;

const char* net_temp_dir(void) { return base_dir().c_str(); }

void net_on_failure(void (*hook)(const char* text)) { process().hook = hook; }

void net_pattern(void* buf, uint64_t offset, size_t n) {
    const auto& table = pattern_table();
    auto* out = static_cast<unsigned char*>(buf);
    size_t at = offset % table.size();
    while (n > 0) {
        const size_t part = std::min(n, table.size() - at);
        memcpy(out, table.data() + at, part);
        out += part;
        n -= part;
        at = 0;
    }
}

int64_t net_pattern_check(const void* buf, uint64_t offset, size_t n) {
    const auto& table = pattern_table();
    const auto* in = static_cast<const unsigned char*>(buf);
    size_t done = 0;
    while (done < n) {
        const size_t at = (offset + done) % table.size();
        const size_t part = std::min(n - done, table.size() - at);
        if (memcmp(in + done, table.data() + at, part) != 0) {
            for (size_t i = 0; i < part; i++)
                if (in[done + i] != table[at + i]) return static_cast<int64_t>(done + i);
        }
        done += part;
    }
    return -1;
}
