// Squid: one process with a port for each way to ask for authentication.

#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "peer.h"

namespace testnet {
namespace {

constexpr char kHelpers[] = "/usr/lib/squid/";

constexpr char kConfig[] = R"(
@LISTEN@visible_hostname localhost
pid_filename none
cache_log @DIR@/log
access_log stdio:@DIR@/log
logfile_rotate 0
coredump_dir @DIR@
cache deny all
cache_mem 1 MB
memory_cache_shared off
shared_transient_entries_limit 0
max_filedescriptors 1024
workers 1
pinger_enable off
netdb_filename none
hosts_file @DIR@/hosts
dns_nameservers 127.0.0.1
dns_timeout 1 second
shutdown_lifetime 0 seconds
server_persistent_connections on
client_persistent_connections on
connect_retries 0
forward_max_tries 1
digest_generation off
read_ahead_gap 256 KB
buffered_logs off
auth_param digest program @HELPERS@digest_file_auth @DIR@/digests
auth_param digest children 1 startup=1 idle=1
auth_param digest realm xh proxy
auth_param digest nonce_garbage_interval 5 minutes
auth_param digest nonce_max_duration 30 minutes
auth_param digest nonce_max_count 50
auth_param basic program @HELPERS@basic_ncsa_auth @DIR@/users
auth_param basic children 1 startup=1 idle=1
auth_param basic realm xh proxy
auth_param basic credentialsttl 2 hours
acl from_open myportname open open6
acl from_basic myportname basic basic6
acl from_digest myportname digest digest6
acl known proxy_auth REQUIRED
acl loopback_to dst 127.0.0.0/8 ::1
acl denied_port port @DENIED@
auth_schemes basic from_basic
auth_schemes digest from_digest
auth_schemes digest,basic all
http_access deny denied_port
http_access deny !loopback_to
http_access allow from_open
http_access allow known
http_access deny all
)";

std::string hosts() {
    std::string out = "127.0.0.1 localhost\n";
    for (const char* name : {"a", "b", "www", "other"}) out += format("127.0.0.1 %s.xh.test\n", name);
    return out;
}

void configure(peer& p) {
    const std::string program = find_program("squid", "squid");
    for (const char* helper : {"digest_file_auth", "basic_ncsa_auth"})
        need_file(std::string(kHelpers) + helper, "squid");
    write_file(p.dir + "/users", "proxyuser:$apr1$xhxhxhxh$H5opLbcSUiHeWGLRXk8kw/\n");
    write_file(p.dir + "/digests", "proxyuser:secret\n");
    write_file(p.dir + "/hosts", hosts());
    std::string listen;
    for (const char* name : {"open", "basic", "digest", "both"}) {
        const Port& port = p.ports.at(name);
        listen += format("http_port 127.0.0.1:%d name=%s\n", port.number, name);
        if (port.fd6 >= 0) listen += format("http_port [::1]:%d name=%s6\n", port.number, name);
    }
    write_file(
        p.dir + "/squid.conf",
        fill(kConfig, {{"DIR", p.dir}, {"HELPERS", kHelpers}, {"LISTEN", listen}, {"DENIED", port_text(p, "denied")}}));
    p.shm = shared_memory_prefix() + port_text(p, "open");
    p.command.argv = {program, "-N", "-f", p.dir + "/squid.conf", "-n", p.shm};
    if (geteuid() != 0) return;
    // Squid refuses to work as root, and cannot open its log once it has left root by itself.
    const struct passwd* user = getpwnam("proxy");
    if (user == nullptr) user = getpwnam("nobody");
    if (user == nullptr) die("squid needs a user \"proxy\" or \"nobody\"");
    p.command.uid = user->pw_uid;
    p.command.gid = user->pw_gid;
    if (chown(p.dir.c_str(), user->pw_uid, user->pw_gid) != 0) die("cannot give %s to squid", p.dir.c_str());
}

}  // namespace
}  // namespace testnet

using namespace testnet;

peer* peer_squid_start(void) {
    return start_peer({"squid", {"open", "basic", "digest", "both"}, {"denied"}, configure});
}

peer* peer_squid(void) {
    static std::atomic<peer*> one{nullptr};
    return shared_peer(one, peer_squid_start);
}
