// httpbin under gunicorn, with the system's Python: the packages are there and nowhere else.

#include "peer.h"

namespace testnet {
namespace {

void configure(peer& p) {
    constexpr char python[] = "/usr/bin/python3";
    need_file(python, "python3");
    need_file("/usr/lib/python3/dist-packages/httpbin", "python3-httpbin");
    need_file("/usr/lib/python3/dist-packages/gunicorn", "python3-gunicorn");
    const Port& port = p.ports.at("http");
    p.command.argv = {python,
                      "-I",
                      "-m",
                      "gunicorn",
                      "--worker-class",
                      "gthread",
                      "--workers",
                      "1",
                      "--threads",
                      "8",
                      "--keep-alive",
                      "30",
                      "--timeout",
                      "600",
                      "--worker-tmp-dir",
                      p.dir,
                      "--log-level",
                      "info",
                      "--access-logfile",
                      "-"};
    p.command.argv.insert(p.command.argv.end(), {"--bind", format("127.0.0.1:%d", port.number)});
    if (port.fd6 >= 0) p.command.argv.insert(p.command.argv.end(), {"--bind", format("[::1]:%d", port.number)});
    p.command.argv.push_back("httpbin:app");
    p.command.env = {"PYTHONDONTWRITEBYTECODE=1"};
}

}  // namespace
}  // namespace testnet

using namespace testnet;

peer* peer_httpbin_start(void) { return start_peer({"httpbin", {"http"}, {}, configure}); }

peer* peer_httpbin(void) {
    static std::atomic<peer*> one{nullptr};
    return shared_peer(one, peer_httpbin_start);
}
