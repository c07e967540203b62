// `openssl s_server`, which chooses its port itself and says which.

#include <cstring>
#include <sstream>

#include "certs.h"
#include "peer.h"

namespace testnet {
namespace {

// What the next start is for; held under the lock of peer_openssl_start.
struct Wanted {
    std::string cert;
    std::string args;
};
Wanted wanted;

int find_port(const std::string& log) {
    const size_t at = log.find("ACCEPT 127.0.0.1:");
    if (at == std::string::npos || log.find('\n', at) == std::string::npos) return 0;
    return atoi(log.c_str() + at + strlen("ACCEPT 127.0.0.1:"));
}

bool has_word(const std::vector<std::string>& words, const char* word) {
    for (const std::string& one : words)
        if (one == word) return true;
    return false;
}

void configure(peer& p) {
    write_file(p.dir + "/text", "hello from openssl\n");
    write_file(p.dir + "/1m.bin", pattern_text(1 << 20));
    write_file(p.dir + "/answer.http",
               "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 19\r\n\r\nhello from openssl\n");
    auto& argv = p.command.argv;
    argv = {find_program("openssl", "openssl"),
            "s_server",
            "-accept",
            "127.0.0.1:0",
            "-cert",
            cert_path(wanted.cert + ".pem"),
            "-key",
            cert_path(wanted.cert + ".key"),
            "-cert_chain",
            cert_path(wanted.cert + ".pem")};
    std::istringstream words(wanted.args);
    std::vector<std::string> extra;
    for (std::string word; words >> word;) extra.push_back(word);
    if (!has_word(extra, "-WWW") && !has_word(extra, "-HTTP")) argv.push_back("-www");
    if (!has_word(extra, "-cipher")) argv.insert(argv.end(), {"-cipher", "ALL:COMPLEMENTOFDEFAULT:@SECLEVEL=0"});
    argv.insert(argv.end(), extra.begin(), extra.end());
}

}  // namespace
}  // namespace testnet

using namespace testnet;

peer* peer_openssl_start(const char* cert, const char* args) {
    static std::mutex* const lock = new std::mutex;
    std::lock_guard<std::mutex> hold(*lock);
    wanted = {cert != nullptr ? cert : "localhost", args != nullptr ? args : ""};
    return start_peer({"openssl", {"https"}, {}, configure, find_port});
}
