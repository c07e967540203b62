/* The real peers, proved with curl: nothing here uses the library. */
#define _GNU_SOURCE
#include "peers.h"
#include "outside.h"

#include <signal.h>
#include <time.h>

/* A guard against hanging, not a measure. */
#define LONG_MS 30000

static int64_t now_ms(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static const char *nginx_url(const char *port, const char *path) { return peer_url(peer_nginx(), port, path); }

/* ---- the process ----------------------------------------------------------------------------------------------------- */

XT_TEST(the_pattern_is_the_same_at_every_offset) {
    static unsigned char whole[200000], part[5000];
    net_pattern(whole, 0, sizeof whole);
    for (size_t at = 0; at + sizeof part < sizeof whole; at += 4999) {
        net_pattern(part, at, sizeof part);
        XT_CHECK(memcmp(part, whole + at, sizeof part) == 0);
        XT_CHECK_EQ(net_pattern_check(whole + at, at, sizeof part), -1);
    }
    whole[150000] ^= 1;
    XT_CHECK_EQ(net_pattern_check(whole, 0, sizeof whole), 150000);
}

XT_TEST(a_refused_port_refuses) {
    errno = 0;
    XT_CHECK_EQ(dial(refused_port()), -1);
    XT_CHECK_EQ(errno, ECONNREFUSED);
}

XT_TEST(a_deaf_port_neither_takes_nor_refuses) {
    struct sockaddr_in a;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    struct pollfd p = {fd, POLLOUT, 0};
    memset(&a, 0, sizeof a);
    a.sin_family = AF_INET;
    a.sin_port = htons((uint16_t)deaf_port());
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    XT_CHECK_EQ(connect(fd, (struct sockaddr *)&a, sizeof a), -1);
    XT_CHECK_EQ(errno, EINPROGRESS);
    XT_CHECK_EQ(poll(&p, 1, 200), 0);
    close(fd);
}

/* A dead process that nobody has reaped has no command line left. */
static int is_running(pid_t pid) { return shell(NULL, "cat /proc/%d/cmdline 2>/dev/null", (int)pid)[0] != 0; }

XT_TEST(a_killed_process_leaves_neither_peers_nor_files) {
    int report[2];
    char line[512];
    char *space;
    size_t n = 0;
    pid_t pid, peer_process;
    int64_t end;
    XT_REQUIRE(pipe(report) == 0);
    fflush(NULL);
    pid = fork();
    if (pid == 0) {
        /* Not this process's library: the child is a new program that starts peers of its own. */
        dup2(report[1], 1);
        execl("/proc/self/exe", "peers", "--hold", (char *)NULL);
        _exit(127);
    }
    close(report[1]);
    while (n + 1 < sizeof line && read(report[0], line + n, 1) == 1 && line[n] != '\n') n++;
    line[n] = 0;
    close(report[0]);
    space = strchr(line, ' ');
    XT_REQUIRE(space != NULL);
    *space = 0;
    peer_process = atoi(line);
    XT_CHECK(kill(peer_process, 0) == 0);
    XT_CHECK(access(space + 1, F_OK) == 0);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    end = now_ms() + LONG_MS;
    while (now_ms() < end && (access(space + 1, F_OK) == 0 || is_running(peer_process))) poll(NULL, 0, 5);
    XT_CHECK(access(space + 1, F_OK) != 0);
    XT_CHECK(!is_running(peer_process));
}

/* ---- nginx ------------------------------------------------------------------------------------------------------------- */

XT_TEST(nginx_serves_http_and_reuses_connections) {
    const char *out = shell(NULL, CURL "-i %s %s", nginx_url("http", "/text"), nginx_url("http", "/echo"));
    XT_CHECK(has(out, "hello from nginx\n"));
    XT_CHECK(has(out, "x-connection-requests: 2"));
    XT_CHECK(has(out, "request=GET /echo HTTP/1.1"));
}

XT_TEST(nginx_answers_on_ipv6_and_on_a_unix_socket) {
    if (net_has_ipv6())
        XT_CHECK_STR(shell(NULL, CURL "-g 'http://[::1]:%d/text'", peer_port(peer_nginx(), "http")),
                     "hello from nginx\n");
    XT_CHECK_STR(shell(NULL, CURL "--unix-socket %s http://localhost/text", peer_file(peer_nginx(), "http.sock")),
                 "hello from nginx\n");
}

XT_TEST(nginx_files_are_the_pattern_whole_and_in_ranges) {
    static unsigned char got[1 << 20];
    const char *file = nginx_url("http", "/file/1m.bin");
    char *end;
    FILE *pipe;
    char command[512];
    snprintf(command, sizeof command, CURL "%s", file);
    pipe = popen(command, "r");
    XT_REQUIRE(pipe != NULL);
    XT_CHECK_EQ(fread(got, 1, sizeof got, pipe), sizeof got);
    pclose(pipe);
    XT_CHECK_EQ(net_pattern_check(got, 0, sizeof got), -1);
    end = strstr((char *)(uintptr_t)shell(NULL, CURL "-i -r 1000-1099 %s", file), "\r\n\r\n");
    XT_REQUIRE(end != NULL);
    XT_CHECK_EQ(net_pattern_check(end + 4, 1000, 100), -1);
    XT_CHECK(has(shell(NULL, CURL "-I -r 5- %s", file), "Content-Range: bytes 5-1048575/1048576"));
    XT_CHECK(has(shell(NULL, CURL "-I %s", nginx_url("http", "/big")), "Content-Length: 1073741824"));
}

XT_TEST(nginx_frames_bodies_in_every_way) {
    XT_CHECK(
        has(shell(NULL, CURL "-I --compressed %s", nginx_url("http", "/gzip/lines.txt")), "Content-Encoding: gzip"));
    XT_CHECK_STR(shell(NULL, CURL "--compressed %s | cksum", nginx_url("http", "/gzip/lines.txt")),
                 shell(NULL, CURL "%s | cksum", nginx_url("http", "/file/lines.txt")));
    XT_CHECK(has(shell(NULL, CURL "--raw -i %s | tail -c 7 | od -An -c", nginx_url("http", "/chunked/1k.bin")),
                 "\\r  \\n   0  \\r  \\n  \\r  \\n"));
    XT_CHECK(
        has(shell(NULL, CURL "--raw %s | tail -c 60", nginx_url("http", "/trailers/1k.bin")), "x-trailer: done\r\n"));
    XT_CHECK(
        has(shell(NULL, CURL "-D - -o /dev/null %s", nginx_url("http", "/until-close/1k.bin")), "Connection: close"));
    XT_CHECK_STR(shell(NULL, CURL "%s", nginx_url("http", "/utf8")), "caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x8c\x8d\n");
    XT_CHECK_STR(shell(NULL, CURL "%s", nginx_url("http", "/latin1")), "caf\xe9\n");
    XT_CHECK(has(shell(NULL, CURL "-i %s", nginx_url("http", "/status/204")), "204 No Content"));
    XT_CHECK(has(shell(NULL, CURL "-i %s", nginx_url("http", "/status/503")), "503 Service"));
}

XT_TEST(nginx_redirects) {
    XT_CHECK_STR(shell(NULL, CURL "-L --max-redirs 20 %s", nginx_url("http", "/redirect/20")), "hello from nginx\n");
    XT_CHECK_STR(shell(NULL, CURL "-L -o /dev/null -w '%%{num_redirects}' %s", nginx_url("http", "/redirect-abs/5")),
                 "5");
    for (const char *const *code = (const char *const[]){"301", "302", "303", "307", "308", NULL}; *code != NULL;
         code++) {
        char path[64];
        snprintf(path, sizeof path, "/redirect-%s", *code);
        XT_CHECK_STR(shell(NULL, CURL "-o /dev/null -w '%%{http_code}' %s", nginx_url("http", path)), *code);
    }
    XT_CHECK(has(shell(NULL, CURL "-L %s%d/echo?a=b", nginx_url("http", "/redirect-to/307/http/localhost:"),
                       peer_port(peer_nginx(), "keep3")),
                 "uri=/echo?a=b\n"));
}

XT_TEST(nginx_asks_for_basic_authentication) {
    XT_CHECK(
        has(shell(NULL, CURL "-i %s", nginx_url("http", "/basic/text")), "WWW-Authenticate: Basic realm=\"xh basic\""));
    XT_CHECK_STR(shell(NULL, CURL "-u user:secret %s", nginx_url("http", "/basic/text")), "hello from nginx\n");
    XT_CHECK_STR(shell(NULL, CURL "-u 'm\xc3\xbcller:p\xc3\xa4ssword' %s", nginx_url("http", "/basic-utf8/text")),
                 "hello from nginx\n");
}

XT_TEST(nginx_takes_uploads) {
    XT_CHECK(has(
        shell(NULL, "printf hello | " CURL "-i -T - -H 'Expect: 100-continue' %s", nginx_url("http", "/upload/a/b")),
        "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created"));
    XT_CHECK_STR(shell(NULL, CURL "%s", nginx_url("http", "/upload/a/b")), "hello");
    XT_CHECK_STR(shell(NULL, "head -c 5000 /dev/zero | " CURL "-o /dev/null -w '%%{http_code}' -H Expect: -T - %s",
                       nginx_url("http", "/small-upload/c")),
                 "413");
}

XT_TEST(nginx_limits_keep_alive) {
    const char *url = nginx_url("keep3", "/text");
    XT_CHECK_STR(
        shell(NULL, CURL "-w '%%{num_connects}' -o /dev/null %s -o /dev/null %s -o /dev/null %s -o /dev/null %s", url,
              url, url, url),
        "1001");
    XT_CHECK(has(shell(NULL, CURL "-i %s", nginx_url("close", "/text")), "Connection: close"));
    XT_CHECK(has(shell(NULL, CURL "-D - -o /dev/null %s | wc -c", nginx_url("http", "/headers/one-60k")), "61"));
}

XT_TEST(nginx_serves_tls_as_named) {
    const char *ca = cert_file("ca.pem");
    const char *out = shell(NULL, CURL "-i --cacert %s %s", ca, nginx_url("https", "/text"));
    XT_CHECK(has(out, "x-tls-version: TLSv1.3"));
    XT_CHECK(has(out, "x-tls-sni: localhost"));
    XT_CHECK(has(out, "x-tls-alpn: http/1.1"));
    XT_CHECK(has(out, "hello from nginx"));
    XT_CHECK(
        has(shell(NULL, CURL "-i --cacert %s %s", ca, nginx_url("https-tls12", "/text")), "x-tls-version: TLSv1.2"));
    XT_CHECK(
        has(shell(NULL, CURL "-i --cacert %s https://127.0.0.1:%d/text", ca, peer_port(peer_nginx(), "https-ip-only")),
            "hello from nginx"));
    XT_CHECK(has(shell(NULL, CURL "-i --http2 --cacert %s %s", ca, nginx_url("https-h2", "/text")), "HTTP/2 200"));
    XT_CHECK(has(shell(NULL, CURL "-i --cacert %s %s", ca, nginx_url("https-chain", "/text")), "hello from nginx"));
}

XT_TEST(nginx_asks_for_a_client_certificate) {
    const char *url = nginx_url("https-client-cert", "/text");
    const char *ca = cert_file("ca.pem");
    const char *folder = cert_file("client");
    XT_CHECK(has(shell(NULL, CURL "--cacert %s %s", ca, url), "400 No required SSL certificate"));
    XT_CHECK(has(shell(NULL, CURL "-i --cacert %s --cert %s/cert.pem --key %s/key.pem %s", ca, folder, folder, url),
                 "x-client-dn: CN=xh client"));
    folder = cert_file("client-encrypted");
    XT_CHECK(has(shell(NULL, CURL "-i --cacert %s --cert %s/cert.pem --key %s/key.pem --pass secret %s", ca, folder,
                       folder, url),
                 "hello from nginx"));
    XT_CHECK(
        has(shell(NULL, CURL "-i --cacert %s --cert-type P12 --cert %s:secret %s", ca, cert_file("client.p12"), url),
            "hello from nginx"));
    folder = cert_file("client2");
    XT_CHECK(has(shell(NULL, CURL "--cacert %s --cert %s/cert.pem --key %s/key.pem %s", ca, folder, folder, url),
                 "The SSL certificate error"));
}

XT_TEST(each_bad_certificate_is_refused_for_its_own_reason) {
    static const struct {
        const char *port, *reason;
    } cases[] = {{"https-expired", "certificate has expired"},
                 {"https-not-yet", "certificate is not yet valid"},
                 {"https-self-signed", "self-signed certificate"},
                 {"https-wrong-host", "no alternative certificate subject name matches"},
                 {"https-weak", "key too"},
                 {"https-other-ca", "unable to get local issuer"},
                 {"https-no-chain", "unable to get local issuer"},
                 {"https-nul-host", "no alternative certificate subject name matches"},
                 {"https-wildcard", "no alternative certificate subject name matches"}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int code;
        const char *out = shell(&code, CURL "--cacert %s --ciphers DEFAULT@SECLEVEL=2 %s 2>&1", cert_file("ca.pem"),
                                nginx_url(cases[i].port, "/text"));
        if (!XT_CHECK_EQ(code, 60) || !has(out, cases[i].reason)) XT_FAIL("port %s", cases[i].port);
        XT_CHECK_STR(shell(NULL, CURL "-k --ciphers DEFAULT@SECLEVEL=0 %s", nginx_url(cases[i].port, "/text")),
                     "hello from nginx\n");
    }
    XT_CHECK(has(shell(NULL, CURL "--cacert %s --crlfile %s %s 2>&1", cert_file("ca.pem"), cert_file("crl.pem"),
                       nginx_url("https-revoked", "/text")),
                 "certificate revoked"));
    XT_CHECK(has(shell(NULL, "openssl x509 -noout -text -in %s", cert_file("cn-only.pem")), "CN = localhost"));
}

XT_TEST(a_killed_peer_refuses_and_comes_back_on_its_ports) {
    peer *p = peer_nginx_start();
    int port = peer_port(p, "http");
    int fd = dial(port);
    char out[64];
    XT_CHECK(fd >= 0);
    peer_kill(p);
    XT_CHECK(take(fd, out, sizeof out) <= 0);
    close(fd);
    XT_CHECK_EQ(dial(port), -1);
    XT_CHECK_EQ(errno, ECONNREFUSED);
    peer_restart(p);
    XT_CHECK_STR(shell(NULL, CURL "%s", peer_url(p, "http", "/text")), "hello from nginx\n");
    XT_CHECK(peer_wait_log(p, "\"GET /text HTTP/1.1\" 200", LONG_MS));
    peer_freeze(p);
    fd = dial(port);
    put(fd, "GET /text HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    {
        struct pollfd waiting = {fd, POLLIN, 0};
        XT_CHECK_EQ(poll(&waiting, 1, 100), 0);
    }
    peer_thaw(p);
    XT_CHECK(take(fd, out, sizeof out) > 0);
    close(fd);
    peer_stop(p);
    XT_CHECK_EQ(dial(port), -1);
}

/* ---- the other servers ----------------------------------------------------------------------------------------------- */

XT_TEST(apache_asks_for_digest_authentication) {
    peer *p = peer_apache();
    XT_CHECK(has(shell(NULL, CURL "-i %s", peer_url(p, "http", "/digest/text")), "Digest realm=\"xh digest\""));
    XT_CHECK_STR(shell(NULL, CURL "--digest -u user:secret %s", peer_url(p, "http", "/digest/text")),
                 "hello from apache\n");
    XT_CHECK_STR(shell(NULL, CURL "-o /dev/null -w '%%{http_code}' --digest -u user:wrong %s",
                       peer_url(p, "http", "/digest/text")),
                 "401");
    XT_CHECK_STR(shell(NULL, CURL "--digest -u user:secret -d 'a body' %s", peer_url(p, "http", "/digest/reflect")),
                 "a body");
    XT_CHECK_STR(shell(NULL, CURL "-u user:secret %s", peer_url(p, "http", "/basic/text")), "hello from apache\n");
}

XT_TEST(apache_sends_br_gzip_and_whole_heads) {
    peer *p = peer_apache();
    XT_CHECK(
        has(shell(NULL, CURL "-D - -o /dev/null -H 'Accept-Encoding: br' %s", peer_url(p, "http", "/brotli/lines.txt")),
            "Content-Encoding: br"));
    XT_CHECK(has(
        shell(NULL, CURL "-D - -o /dev/null -H 'Accept-Encoding: gzip' %s", peer_url(p, "http", "/deflate/lines.txt")),
        "Content-Encoding: gzip"));
    XT_CHECK(has(shell(NULL, CURL "-i %s", peer_url(p, "http", "/asis/teapot")), "418 I'm a teapot"));
    XT_CHECK_STR(shell(NULL, CURL "-d reflected %s", peer_url(p, "http", "/reflect")), "reflected");
}

XT_TEST(apache_asks_for_a_client_certificate_after_the_request) {
    peer *p = peer_apache();
    const char *folder = cert_file("client");
    for (int version = 2; version <= 3; version++)
        XT_CHECK_STR(
            shell(NULL, CURL "--tlsv1.%d --tls-max 1.%d --cacert %s --cert %s/cert.pem --key %s/key.pem %s", version,
                  version, cert_file("ca.pem"), folder, folder, peer_url(p, "https", "/client-cert/text")),
            "hello from apache\n");
}

XT_TEST(squid_forwards_and_tunnels_with_each_authentication) {
    peer *p = peer_squid();
    static const char *const ways[][2] = {{"open", ""},
                                          {"basic", "--proxy-basic -U proxyuser:secret"},
                                          {"digest", "--proxy-digest -U proxyuser:secret"},
                                          {"both", "--proxy-anyauth -U proxyuser:secret"}};
    for (size_t i = 0; i < 4; i++) {
        const char *proxy = peer_url(p, ways[i][0], "");
        XT_CHECK_STR(shell(NULL, CURL_PROXY "%s -x %s %s", ways[i][1], proxy, nginx_url("http", "/text")),
                     "hello from nginx\n");
        XT_CHECK_STR(shell(NULL, CURL_PROXY "%s -x %s --cacert %s %s", ways[i][1], proxy, cert_file("ca.pem"),
                           nginx_url("https", "/text")),
                     "hello from nginx\n");
    }
    XT_CHECK(has(shell(NULL, CURL_PROXY "-i -x %s %s", peer_url(p, "both", ""), nginx_url("http", "/text")),
                 "Proxy-Authenticate: Basic realm=\"xh proxy\""));
    XT_CHECK_STR(shell(NULL, CURL_PROXY "-o /dev/null -w '%%{http_code}' -U proxyuser:no -x %s %s",
                       peer_url(p, "basic", ""), nginx_url("http", "/text")),
                 "407");
}

XT_TEST(squid_refuses_one_port_and_reports_a_refused_connection) {
    peer *p = peer_squid();
    const char *proxy = peer_url(p, "open", "");
    XT_CHECK_STR(shell(NULL, CURL_PROXY "-p -o /dev/null -w '%%{http_connect}' -x %s http://localhost:%d/ 2>/dev/null",
                       proxy, peer_port(p, "denied")),
                 "403");
    XT_CHECK_STR(shell(NULL, CURL_PROXY "-p -o /dev/null -w '%%{http_connect}' -x %s http://127.0.0.1:%d/ 2>/dev/null",
                       proxy, refused_port()),
                 "503");
    XT_CHECK_STR(shell(NULL, CURL_PROXY "-x %s http://www.xh.test:%d/text", proxy, peer_port(peer_nginx(), "http")),
                 "hello from nginx\n");
}

XT_TEST(httpbin_answers) {
    peer *p = peer_httpbin();
    XT_CHECK(has(shell(NULL, CURL "-d a=b %s", peer_url(p, "http", "/post")), "\"a\":\"b\""));
    XT_CHECK(has(shell(NULL, CURL "--digest -u u:p %s", peer_url(p, "http", "/digest-auth/auth/u/p")),
                 "\"authenticated\":true"));
    XT_CHECK(has(shell(NULL, CURL "--compressed %s", peer_url(p, "http", "/brotli")), "\"brotli\":true"));
    XT_CHECK(has(shell(NULL, CURL "--compressed %s", peer_url(p, "http", "/gzip")), "\"gzipped\":true"));
    XT_CHECK(has(shell(NULL, CURL "-I %s", peer_url(p, "http", "/encoding/utf8")), "charset=utf-8"));
    XT_CHECK(has(shell(NULL, CURL "-i -H 'Expect: 100-continue' -H 'Transfer-Encoding: chunked' -d body %s",
                       peer_url(p, "http", "/anything")),
                 "HTTP/1.1 100 Continue"));
    XT_CHECK_STR(shell(NULL, CURL "-w '%%{num_connects}' -o /dev/null %s -o /dev/null %s",
                       peer_url(p, "http", "/status/200"), peer_url(p, "http", "/status/418")),
                 "10");
}

XT_TEST(openssl_speaks_each_version_alone) {
    static const char *const versions[][2] = {
        {"-tls1", "1.0"}, {"-tls1_1", "1.1"}, {"-tls1_2", "1.2"}, {"-tls1_3", "1.3"}};
    for (size_t i = 0; i < 4; i++) {
        peer *p = peer_openssl_start("rsa", versions[i][0]);
        const char *v = versions[i][1];
        XT_CHECK(has(shell(NULL, CURL "--tlsv%s --tls-max %s --ciphers DEFAULT@SECLEVEL=0 --cacert %s %s", v, v,
                           cert_file("ca.pem"), peer_url(p, "https", "/")),
                     "s_server"));
        peer_stop(p);
    }
    {
        peer *p = peer_openssl_start("localhost", "-WWW -alpn http/1.1 -no_ticket");
        XT_CHECK_STR(shell(NULL, CURL "--cacert %s %s", cert_file("ca.pem"), peer_url(p, "https", "/text")),
                     "hello from openssl\n");
        peer_stop(p);
    }
}

/* `--hold`: a process with peers that waits to be killed. */
int main(int argc, char **argv) {
    if (argc > 1 && strcmp(argv[1], "--hold") == 0) {
        peer *p = peer_nginx();
        script_start("stall");
        printf("%d %s\n", peer_pid(p), net_temp_dir());
        fflush(stdout);
        for (;;) pause();
    }
    return xt_main("peers", argc, argv);
}
