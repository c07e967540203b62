// Child processes: start, watch, end; and the guard.

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <cstdlib>
#include <cstring>

#include "core.h"
#include "guard.h"

extern char** environ;

namespace testnet {
namespace {

std::atomic<int> guard_fd{-1};
std::atomic<pid_t> guard_pid{0};

// Variables that would make a peer behave otherwise, or load something into it.
bool is_dropped(const char* variable) {
    static const char* const names[] = {"LD_PRELOAD", "OPENSSL_CONF", "SSLKEYLOGFILE", "SSL_CERT_FILE", "SSL_CERT_DIR",
                                        "NGINX",      "http_proxy",   "https_proxy",   "no_proxy",      "all_proxy",
                                        "HTTP_PROXY", "HTTPS_PROXY",  "NO_PROXY",      "ALL_PROXY",     "PYTHONHOME",
                                        "PYTHONPATH", "TERM"};
    for (const char* name : names) {
        const size_t n = strlen(name);
        if (strncmp(variable, name, n) == 0 && variable[n] == '=') return true;
    }
    return false;
}

struct Prepared {
    std::vector<char*> argv;
    std::vector<char*> env;
};

Prepared prepare(const Command& command) {
    Prepared out;
    for (const std::string& arg : command.argv) out.argv.push_back(const_cast<char*>(arg.c_str()));
    out.argv.push_back(nullptr);
    for (const std::string& entry : command.env) out.env.push_back(const_cast<char*>(entry.c_str()));
    for (char** entry = environ; entry != nullptr && *entry != nullptr; entry++)
        if (!is_dropped(*entry)) out.env.push_back(*entry);
    out.env.push_back(nullptr);
    return out;
}

void close_from(int first, int keep) {
    for (int fd = first; fd < keep; fd++) close(fd);
#ifdef SYS_close_range
    if (syscall(SYS_close_range, static_cast<unsigned>(keep + 1), ~0u, 0u) == 0) return;
#endif
    for (int fd = keep + 1; fd < 1024; fd++) close(fd);
}

// Runs in the forked child: only calls that are safe there.
[[noreturn]] void become(const Command& command, const Prepared& ready, int log, int report, pid_t parent, bool tied) {
    setpgid(0, 0);
    struct sigaction normal;
    memset(&normal, 0, sizeof normal);
    normal.sa_handler = SIG_DFL;
    for (int i = 1; i < 32; i++) sigaction(i, &normal, nullptr);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, nullptr);
    const int null = open("/dev/null", O_RDONLY);
    dup2(null, 0);
    dup2(log, 1);
    dup2(log, 2);
    if (report > 3) close_from(3, report);
    bool good = command.dir.empty() || chdir(command.dir.c_str()) == 0;
    if (good && command.uid != 0) {
        good = setgroups(0, nullptr) == 0 && setgid(command.gid) == 0 && setuid(command.uid) == 0;
    }
    // After the change of user, which clears it.
    if (tied) prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (tied && getppid() != parent) _exit(1);
    if (good) execve(ready.argv[0], ready.argv.data(), ready.env.data());
    const int error = errno;
    if (write(report, &error, sizeof error) < 0) _exit(126);
    _exit(127);
}

}  // namespace

std::string find_program(const char* name, const char* package) {
    const char* path = getenv("PATH");
    std::string folders = std::string("/usr/sbin:/usr/bin:/sbin:/bin:") + (path != nullptr ? path : "") + ":";
    for (size_t at = 0, end; (end = folders.find(':', at)) != std::string::npos; at = end + 1) {
        if (end == at) continue;
        const std::string file = folders.substr(at, end - at) + "/" + name;
        if (access(file.c_str(), X_OK) == 0) return file;
    }
    die("%s is missing: install the package %s (./dev setup does)", name, package);
}

void need_file(const std::string& path, const char* package) {
    if (access(path.c_str(), R_OK) != 0)
        die("%s is missing: install the package %s (./dev setup does)", path.c_str(), package);
}

pid_t spawn(const Command& command) {
    const Prepared ready = prepare(command);
    const int log = open(command.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    int report[2];
    if (log < 0 || pipe2(report, O_CLOEXEC) != 0) die("cannot start %s: %s", ready.argv[0], strerror(errno));
    if (command.uid != 0 && fchown(log, command.uid, command.gid) != 0)
        die("cannot give a log away: %s", strerror(errno));
    const pid_t parent = getpid();
    // The signal comes when the thread that forked ends, not the process: only the main thread lasts.
    const bool tied = syscall(SYS_gettid) == parent;
    const pid_t pid = fork();
    if (pid == 0) become(command, ready, log, report[1], parent, tied);
    close(report[1]);
    close(log);
    int error = pid < 0 ? errno : 0;
    if (pid > 0) {
        ssize_t n;
        do n = read(report[0], &error, sizeof error);
        while (n < 0 && errno == EINTR);
        if (n <= 0) error = 0;
    }
    close(report[0]);
    if (error != 0) die("cannot start %s: %s", ready.argv[0], strerror(error));
    guard_add(pid);
    return pid;
}

bool has_ended(pid_t pid) {
    if (pid <= 0) return true;
    const pid_t got = waitpid(pid, nullptr, WNOHANG);
    if (got == 0 || (got < 0 && errno == EINTR)) return false;
    kill(-pid, SIGKILL);
    guard_remove(pid);
    return true;
}

void kill_group(pid_t pid) {
    if (pid <= 0) return;
    kill(-pid, SIGKILL);
    while (waitpid(pid, nullptr, 0) < 0 && errno == EINTR) {
    }
    guard_remove(pid);
}

std::string shared_memory_prefix() { return format("xh%dp", static_cast<int>(getpid())); }

void guard_begin(const std::string& dir) {
    static const char* const script =
        "set -f; all=' '\n"
        "while read -r line; do\n"
        "  case $line in\n"
        "    -*) all=${all%% ${line#-} *}' '${all#* ${line#-} } ;;\n"
        "    *) all=\"$all$line \" ;;\n"
        "  esac\n"
        "done\n"
        "for group in $all; do kill -s KILL -- -$group; done 2>/dev/null\n"
        "set +f; rm -rf -- \"$1\" \"/dev/shm/$2\"*\n";
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) != 0) return;
    const std::string shm = shared_memory_prefix();
    std::vector<char*> argv;
    for (const char* arg : {"sh", "-c", script, "peers-guard", dir.c_str(), shm.c_str()})
        argv.push_back(const_cast<char*>(arg));
    argv.push_back(nullptr);
    const pid_t pid = fork();
    if (pid == 0) {
        setsid();
        const int null = open("/dev/null", O_RDWR);
        dup2(pair[1], 0);
        dup2(null, 1);
        dup2(null, 2);
        close_from(3, 3);
        if (chdir("/") == 0) execve("/bin/sh", argv.data(), environ);
        _exit(127);
    }
    close(pair[1]);
    guard_pid = pid;
    guard_fd = pair[0];
}

static void tell_guard(const std::string& line) {
    // Without a guard there is only less to clean up after a crash.
    if (guard_fd >= 0 && send(guard_fd, line.data(), line.size(), MSG_NOSIGNAL) < 0) return;
}

void guard_add(pid_t group) { tell_guard(std::to_string(group) + "\n"); }

void guard_remove(pid_t group) { tell_guard("-" + std::to_string(group) + "\n"); }

void guard_end() {
    const int fd = guard_fd.exchange(-1);
    if (fd < 0) return;
    close(fd);
    while (waitpid(guard_pid, nullptr, 0) < 0 && errno == EINTR) {
    }
}

}  // namespace testnet
