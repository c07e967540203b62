// nginx as one foreground process without a master: quick to start, nothing to orphan.

#include <sys/stat.h>
#include <unistd.h>

#include "certs.h"
#include "peer.h"

namespace testnet {
namespace {

/// A port with TLS: its certificate, and directives of its own.
struct TlsPort {
    const char* name;
    const char* cert;
    const char* extra;
    bool has_all_paths = false;
};

constexpr char kTls[] = "ssl_protocols TLSv1.2 TLSv1.3; ssl_session_cache shared:xh:1m;";

const TlsPort kTlsPorts[] = {
    {"https", "localhost", kTls, true},
    {"https-tls12", "localhost", "ssl_protocols TLSv1.2; ssl_session_cache shared:xh12:1m;", true},
    {"https-tls13", "localhost", "ssl_protocols TLSv1.3; ssl_session_cache shared:xh13:1m;", true},
    {"https-no-tickets", "localhost",
     "ssl_protocols TLSv1.2 TLSv1.3; ssl_session_tickets off; ssl_session_cache shared:xhnt:1m;"},
    {"https-no-resume", "localhost", "ssl_session_tickets off; ssl_session_cache off;"},
    {"https-h2", "localhost", kTls},
    {"https-client-cert", "localhost",
     "ssl_session_cache shared:xhcc:1m; ssl_verify_client on; ssl_client_certificate @CA@;", true},
    {"https-expired", "expired", kTls},
    {"https-not-yet", "not-yet", kTls},
    {"https-self-signed", "self-signed", kTls},
    {"https-wrong-host", "wrong-host", kTls},
    {"https-weak", "weak", "ssl_ciphers DEFAULT@SECLEVEL=0;"},
    {"https-cn-only", "cn-only", kTls},
    {"https-other-ca", "other-ca", kTls},
    {"https-chain", "chain", kTls},
    {"https-no-chain", "no-chain", kTls},
    {"https-revoked", "revoked", kTls},
    {"https-dns-only", "dns-only", kTls},
    {"https-ip-only", "ip-only", kTls},
    {"https-nul-host", "nul-host", kTls},
    {"https-wildcard", "wildcard", kTls},
};

struct PlainPort {
    const char* name;
    const char* extra;
};

const PlainPort kPlainPorts[] = {
    {"http", "listen unix:@DIR@/http.sock;"},
    {"keep3", "keepalive_requests 3;"},
    {"keep1s", "keepalive_timeout 1;"},
    {"close", "keepalive_timeout 0;"},
};

const int kStatuses[] = {200, 201, 202, 204, 205, 206, 304, 400, 401, 403, 404, 405, 406, 408, 409, 410, 411,
                         413, 416, 418, 421, 422, 425, 426, 429, 431, 451, 500, 501, 502, 503, 504, 505, 511};

constexpr char kMain[] = R"(daemon off;
master_process off;
pid nginx.pid;
error_log @DIR@/log notice;
lock_file nginx.lock;
worker_rlimit_nofile 4096;
events { worker_connections 2048; }
http {
    log_format main '$connection/$connection_requests "$request" $status $body_bytes_sent';
    access_log @DIR@/log main;
    client_body_temp_path tmp-body;
    proxy_temp_path tmp-proxy;
    fastcgi_temp_path tmp-fastcgi;
    uwsgi_temp_path tmp-uwsgi;
    scgi_temp_path tmp-scgi;
    server_tokens off;
    absolute_redirect off;
    sendfile on;
    tcp_nodelay on;
    keepalive_requests 1000000;
    keepalive_timeout 60;
    client_max_body_size 0;
    large_client_header_buffers 8 64k;
    default_type application/octet-stream;
    types { text/plain txt; application/json json; text/html html; }
    add_header x-connection $connection always;
    add_header x-connection-requests $connection_requests always;
)";

// Directives of every https server. add_header here replaces the outer ones.
constexpr char kTlsHeaders[] = R"(
        ssl_certificate @CERT@.pem;
        ssl_certificate_key @CERT@.key;
        add_header x-connection $connection always;
        add_header x-connection-requests $connection_requests always;
        add_header x-tls-version $ssl_protocol always;
        add_header x-tls-cipher $ssl_cipher always;
        add_header x-tls-reused $ssl_session_reused always;
        add_header x-tls-sni $ssl_server_name always;
        add_header x-tls-alpn $ssl_alpn_protocol always;
        add_header x-client-verify $ssl_client_verify always;
        add_header x-client-dn $ssl_client_s_dn always;
)";

// What every port has.
constexpr char kFewPaths[] = R"(
root @DIR@/root;
location = /text { default_type text/plain; return 200 "hello from nginx\n"; }
location = /empty { default_type text/plain; return 200 ""; }
location = /json { default_type application/json; return 200 '{"name":"nginx","list":[1,2,3]}'; }
location = /utf8 { default_type 'text/plain; charset=utf-8'; alias @DIR@/root/utf8; }
location = /latin1 { default_type 'text/plain; charset=iso-8859-1'; alias @DIR@/root/latin1; }
location = /echo {
    default_type text/plain;
    return 200 "request=$request\nmethod=$request_method\nuri=$request_uri\nhost=$http_host\nauthorization=$http_authorization\nproxy-authorization=$http_proxy_authorization\ncookie=$http_cookie\nuser-agent=$http_user_agent\naccept=$http_accept\naccept-encoding=$http_accept_encoding\nconnection=$http_connection\nexpect=$http_expect\nreferer=$http_referer\ncontent-type=$http_content_type\ncontent-length=$http_content_length\ntransfer-encoding=$http_transfer_encoding\nvia=$http_via\nx-test=$http_x_test\nport=$server_port\n";
}
location /file/ { alias @DIR@/root/; }
location = /big { alias @DIR@/root/big; }
)";

// What most ports have: reading them for each port is most of nginx's start.
constexpr char kPaths[] = R"(
include few.conf;
location /gzip/ { alias @DIR@/root/; gzip on; gzip_types *; gzip_min_length 0; gzip_http_version 1.0; gzip_proxied any; }
location /chunked/ { alias @DIR@/root/; sub_filter_types *; sub_filter 'xh-never-here' ''; }
location /trailers/ { alias @DIR@/root/; sub_filter_types *; sub_filter 'xh-never-here' ''; add_trailer x-trailer done; }
location /until-close/ { alias @DIR@/root/; sub_filter_types *; sub_filter 'xh-never-here' ''; chunked_transfer_encoding off; }
location /slow/ { alias @DIR@/root/; limit_rate 64k; }
location /basic/ { alias @DIR@/root/; auth_basic "xh basic"; auth_basic_user_file @DIR@/users; }
location /basic-utf8/ { alias @DIR@/root/; auth_basic "xh basic"; auth_basic_user_file @DIR@/users; }
location /upload/ { root @DIR@/put; dav_methods PUT DELETE; create_full_put_path on; }
location /small-upload/ { root @DIR@/put; dav_methods PUT DELETE; create_full_put_path on; client_max_body_size 1k; }
location = /redirect-loop { return 302 /redirect-loop; }
location = /redirect/0 { default_type text/plain; return 200 "hello from nginx\n"; }
location = /cookies {
    default_type text/plain;
    add_header set-cookie "a=1; Path=/";
    add_header set-cookie "b=2; HttpOnly";
    add_header set-cookie "c=3, with a comma; Path=/";
    return 200 "cookies\n";
}
)";

std::string paths(const peer& p) {
    std::string out = fill(kPaths, {{"DIR", p.dir}});
    for (int n = 1; n <= 20; n++) {
        const std::string next = n == 1 ? "/text" : format("/redirect/%d", n - 1);
        out += format("location = /redirect/%d { return 302 %s; }\n", n, next.c_str());
        const std::string absolute = n == 1 ? "/text" : format("/redirect-abs/%d", n - 1);
        out += format("location = /redirect-abs/%d { return 302 $scheme://$http_host%s; }\n", n, absolute.c_str());
    }
    for (const int code : {301, 302, 303, 307, 308}) {
        out += format("location = /redirect-%d { return %d /echo; }\n", code, code);
        out += format("location ~ ^/redirect-to/%d/(https?)/([^/]+)/(.*)$ { return %d $1://$2/$3$is_args$args; }\n",
                      code, code);
    }
    for (const int code : kStatuses) {
        if (code == 204 || code == 304 || code == 205)
            out += format("location = /status/%d { return %d; }\n", code, code);
        else
            out += format("location = /status/%d { default_type text/plain; return %d \"status %d\\n\"; }\n", code,
                          code, code);
    }
    out += format("set $kib \"%s\";\nset $kib5 $kib$kib$kib$kib$kib;\n", std::string(1024, 'k').c_str());
    const auto one = [&](const char* name, const char* value) {
        out += format(
            "location = /headers/%s { default_type text/plain; add_header x-big $kib%s; return 200 \"big\\n\"; }\n",
            name, value);
    };
    one("one-4k", "$kib$kib$kib");
    one("one-15k", "$kib$kib$kib$kib$kib5$kib5");
    one("one-60k", "$kib$kib$kib$kib$kib5$kib5$kib5$kib5$kib5$kib5$kib5$kib5$kib5$kib5$kib5");
    out += "location = /headers/many { default_type text/plain;\n";
    for (int i = 0; i < 120; i++) out += format("  add_header x-many-%d value-%d;\n", i, i);
    return out + "  return 200 \"many\\n\";\n}\n";
}

std::string listen_on(const peer& p, const char* name, const char* how) {
    const Port& port = p.ports.at(name);
    std::string out = format("        listen 127.0.0.1:%d%s;\n", port.number, how);
    if (port.fd6 >= 0) out += format("        listen [::1]:%d%s;\n", port.number, how);
    return out;
}

std::string servers(const peer& p) {
    std::string out;
    for (const PlainPort& port : kPlainPorts) {
        out += "    server {\n" + listen_on(p, port.name, "");
        out += "        " + fill(port.extra, {{"DIR", p.dir}}) + "\n        include paths.conf;\n    }\n";
    }
    for (const TlsPort& port : kTlsPorts) {
        const bool h2 = std::string(port.name) == "https-h2";
        const std::string cert = cert_path(std::string(port.cert) + ".pem");
        out += "    server {\n" + listen_on(p, port.name, h2 ? " ssl http2" : " ssl");
        out += "        " + fill(port.extra, {{"CA", cert_path("ca.pem")}});
        out += fill(kTlsHeaders, {{"CERT", cert.substr(0, cert.size() - 4)}});
        out += format("        include %s.conf;\n    }\n", port.has_all_paths ? "paths" : "few");
    }
    return out;
}

void make_files(const peer& p) {
    const std::string root = p.dir + "/root";
    mkdir(root.c_str(), 0755);
    mkdir((p.dir + "/put").c_str(), 0777);
    write_file(root + "/text", "hello from nginx\n");
    write_file(root + "/text.txt", "hello from nginx\n");
    std::string lines;
    for (int i = 0; lines.size() < (256 << 10); i++) lines += format("line %d of a text that packs well\n", i);
    write_file(root + "/lines.txt", lines);
    write_file(root + "/empty", "");
    write_file(root + "/latin1", "caf\xe9\n");
    write_file(root + "/utf8", "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d\n");
    write_file(root + "/128.bin", pattern_text(128));
    write_file(root + "/1k.bin", pattern_text(1024));
    write_file(root + "/64k.bin", pattern_text(64 << 10));
    write_file(root + "/1m.bin", pattern_text(1 << 20));
    write_file(root + "/big", "");
    if (truncate((root + "/big").c_str(), 1L << 30) != 0)
        die("no sparse file of 1 GiB can be made in %s", root.c_str());
}

void configure(peer& p) {
    const std::string program = find_program("nginx", "nginx");
    make_files(p);
    write_file(p.dir + "/users", "user:{PLAIN}secret\nm\xc3\xbcller:{PLAIN}p\xc3\xa4ssword\n");
    write_file(p.dir + "/few.conf", fill(kFewPaths, {{"DIR", p.dir}}));
    write_file(p.dir + "/paths.conf", paths(p));
    write_file(p.dir + "/nginx.conf", fill(kMain, {{"DIR", p.dir}}) + servers(p) + "}\n");
    p.unix_socket = p.dir + "/http.sock";
    p.command.argv = {program, "-p", p.dir, "-c", p.dir + "/nginx.conf", "-e", p.dir + "/log"};
}

}  // namespace
}  // namespace testnet

using namespace testnet;

peer* peer_nginx_start(void) {
    Recipe recipe{"nginx", {}, {}, configure};
    for (const PlainPort& port : kPlainPorts) recipe.ports.push_back(port.name);
    for (const TlsPort& port : kTlsPorts) recipe.ports.push_back(port.name);
    return start_peer(recipe);
}

peer* peer_nginx(void) {
    static std::atomic<peer*> one{nullptr};
    return shared_peer(one, peer_nginx_start);
}
