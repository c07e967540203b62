// Apache in one foreground process (-X): digest authentication, bodies that come back, br.

#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "certs.h"
#include "peer.h"

namespace testnet {
namespace {

constexpr char kModules[] = "/usr/lib/apache2/modules/";

constexpr char kConfig[] = R"(
ServerRoot @DIR@
ServerName localhost
DefaultRuntimeDir @DIR@
PidFile @DIR@/apache.pid
ErrorLog @DIR@/log
LogLevel info
@USER@
StartServers 1
ThreadsPerChild 16
MaxRequestWorkers 16
KeepAlive On
MaxKeepAliveRequests 0
KeepAliveTimeout 60
Timeout 60
ServerTokens Prod
ServerSignature Off
TraceEnable Off
TypesConfig /dev/null
AddType text/plain .txt
LogFormat "%{c}a \"%r\" %>s %b" main
CustomLog @DIR@/log main
@LISTEN@
DocumentRoot @DIR@/root
<Directory @DIR@/root>
    Require all granted
    Options None
</Directory>
<Files text>
    ForceType text/plain
</Files>
Alias /basic/ @DIR@/root/
Alias /digest/ @DIR@/root/
Alias /digest-short/ @DIR@/root/
Alias /deflate/ @DIR@/root/
Alias /brotli/ @DIR@/root/
Alias /rate/ @DIR@/root/
Alias /asis/ @DIR@/asis/
Alias /client-cert/ @DIR@/root/
<Location /basic/>
    AuthType Basic
    AuthName "xh basic"
    AuthUserFile @DIR@/users
    Require valid-user
</Location>
<Location /digest/>
    AuthType Digest
    AuthName "xh digest"
    AuthDigestProvider file
    AuthUserFile @DIR@/digests
    AuthDigestQop auth
    AuthDigestDomain /digest/
    Require valid-user
</Location>
<Location /digest-short/>
    AuthType Digest
    AuthName "xh digest"
    AuthDigestProvider file
    AuthUserFile @DIR@/digests
    AuthDigestQop auth
    AuthDigestNonceLifetime 1
    Require valid-user
</Location>
<LocationMatch "^(/digest)?/reflect$">
    SetHandler reflector
    ReflectorHeader content-type
</LocationMatch>
<Location /deflate/>
    SetOutputFilter DEFLATE
</Location>
<Location /brotli/>
    SetOutputFilter BROTLI_COMPRESS
</Location>
<Location /rate/>
    SetOutputFilter RATE_LIMIT
    SetEnv rate-limit 512
</Location>
<Directory @DIR@/asis>
    Require all granted
    SetHandler send-as-is
</Directory>
SSLSessionCache shmcb:@DIR@/sessions(65536)
SSLRandomSeed startup builtin
<VirtualHost *:@HTTPS@>
    SSLEngine on
    SSLProtocol -all +TLSv1.2 +TLSv1.3
    SSLCertificateFile @CERT@
    SSLCertificateKeyFile @KEY@
    SSLCACertificateFile @CA@
    Header always set x-tls-version %{SSL_PROTOCOL}s
    Header always set x-client-dn %{SSL_CLIENT_S_DN}s
    <Location /client-cert/>
        SSLVerifyClient require
        SSLVerifyDepth 3
    </Location>
</VirtualHost>
)";

std::string modules() {
    std::string out;
    for (const char* name : {"mpm_event", "authn_core", "authn_file", "authz_core", "authz_user", "auth_basic",
                             "auth_digest", "alias", "mime", "headers", "env", "filter", "deflate", "brotli",
                             "ratelimit", "reflector", "asis", "socache_shmcb", "ssl"}) {
        need_file(std::string(kModules) + "mod_" + name + ".so", "apache2");
        out += format("LoadModule %s_module %smod_%s.so\n", name, kModules, name);
    }
    return out;
}

void make_files(const peer& p) {
    const std::string root = p.dir + "/root";
    const std::string asis = p.dir + "/asis";
    mkdir(root.c_str(), 0755);
    mkdir(asis.c_str(), 0755);
    write_file(root + "/text", "hello from apache\n");
    write_file(root + "/text.txt", "hello from apache\n");
    std::string lines;
    for (int i = 0; i < 4096; i++) lines += format("line %d of a text that packs well\n", i);
    write_file(root + "/lines.txt", lines);
    write_file(root + "/1m.bin", pattern_text(1 << 20));
    write_file(asis + "/teapot",
               "Status: 418 I'm a teapot\nContent-Type: text/plain\nX-As-Is: yes\n\nshort and stout\n");
    write_file(asis + "/moved", "Status: 301 Moved\nLocation: /text\nContent-Length: 0\n\n");
}

void configure(peer& p) {
    const std::string program = find_program("apache2", "apache2");
    make_files(p);
    write_file(p.dir + "/users", "user:{SHA}5en6G6MezRroT3XKqkdPOmY/BfQ=\n");
    write_file(p.dir + "/digests", "user:xh digest:" + md5_hex("user:xh digest:secret") + "\n");
    std::string listen;
    for (const char* name : {"http", "https"}) {
        const Port& port = p.ports.at(name);
        listen += format("Listen 127.0.0.1:%d\n", port.number);
        if (port.fd6 >= 0) listen += format("Listen [::1]:%d\n", port.number);
    }
    // Started by root, Apache will not stay root.
    const struct passwd* nobody = getpwnam("nobody");
    const struct group* group = nobody != nullptr ? getgrgid(nobody->pw_gid) : nullptr;
    std::string user;
    if (geteuid() == 0 && group != nullptr) user = format("User %s\nGroup %s", nobody->pw_name, group->gr_name);
    write_file(p.dir + "/apache.conf", modules() + fill(kConfig, {{"DIR", p.dir},
                                                                  {"LISTEN", listen},
                                                                  {"USER", user},
                                                                  {"HTTPS", port_text(p, "https")},
                                                                  {"CERT", cert_path("localhost.pem")},
                                                                  {"KEY", cert_path("localhost.key")},
                                                                  {"CA", cert_path("ca.pem")}}));
    p.command.argv = {program, "-X", "-d", p.dir, "-f", p.dir + "/apache.conf"};
}

}  // namespace
}  // namespace testnet

using namespace testnet;

peer* peer_apache_start(void) { return start_peer({"apache", {"http", "https"}, {}, configure}); }

peer* peer_apache(void) {
    static std::atomic<peer*> one{nullptr};
    return shared_peer(one, peer_apache_start);
}
