/* The scripted peers and the SOCKS5 peer, proved with curl and with bare sockets: nothing here uses the library. */
#define _GNU_SOURCE
#include "outside.h"
#include "peers.h"

/* A guard against hanging, not a measure. */
#define LONG_MS 30000

static const char *nginx_url(const char *port, const char *path) { return peer_url(peer_nginx(), port, path); }

/* ---- scripted peers --------------------------------------------------------------------------------------------------- */

XT_TEST(a_script_reads_expects_and_answers) {
    script_peer *p = script_start(
        "read-head\n"
        "expect 'POST /x HTTP/1.1\\r\\n'   # of the head\n"
        "expect-not \"Cookie\"\n"
        "read-body; expect 'abc'\n"
        "send 'HTTP/1.1 200 OK\\r\\n' \"content-length: 2\\r\\n\\r\\n\" 'o\\x6b'\n"
        "expect-eof");
    int fd = dial(script_port(p));
    char out[256];
    size_t len;
    static const char request[] = "POST /x HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc";
    put(fd, request);
    shutdown(fd, SHUT_WR);
    XT_CHECK(take(fd, out, sizeof out) > 0);
    XT_CHECK_STR(out, "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok");
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    XT_CHECK_STR(script_received(p, 1, &len), request);
    XT_CHECK_EQ(len, strlen(request));
    XT_CHECK_EQ(script_received_bytes(p, 1), strlen(request));
    XT_CHECK_EQ(script_sent_bytes(p, 1), strlen(out));
    XT_CHECK_STR(script_info(p, 1, "end"), "script");
    XT_CHECK_EQ(script_connections(p), 1);
    close(fd);
    XT_CHECK_EQ(script_stop(p), 0);
}

XT_TEST(an_expectation_that_fails_tells_what_came) {
    script_peer *p = script_start("read-line\nexpect 'yes'");
    int fd = dial(script_port(p));
    char out[16];
    script_failures_expected(p);
    put(fd, "no\r\n");
    take(fd, out, sizeof out);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    XT_CHECK(has(script_failure(p), "line 2 of the script: no \"yes\"; what came is \"no\\r\\n\""));
    close(fd);
    XT_CHECK_EQ(script_stop(p), -1);
}

XT_TEST(a_connection_without_steps_is_reset_and_a_failure) {
    script_peer *p = script_start("read-line");
    char out[16];
    int one = dial(script_port(p)), two;
    XT_CHECK(script_wait_connections(p, 1, LONG_MS));
    two = dial(script_port(p));
    script_failures_expected(p);
    XT_CHECK_EQ(take(two, out, sizeof out), -1 - ECONNRESET);
    XT_CHECK(script_wait_closed(p, 2, LONG_MS));
    XT_CHECK(has(script_failure(p), "connection 2 came"));
    close(one);
    close(two);
    XT_CHECK_EQ(script_stop(p), -1);
}

XT_TEST(sections_and_loop_choose_the_steps_of_a_connection) {
    script_peer *p = script_start("loop\nsend 'main'\non-connection 2:\nsend 'second'\non-connection 4-5: send 'late'");
    static const char *const wanted[] = {"main", "second", "main", "late", "late", "main"};
    for (int i = 0; i < 6; i++) {
        char out[32] = "";
        int fd = dial(script_port(p));
        take(fd, out, sizeof out);
        XT_CHECK_STR(out, wanted[i]);
        close(fd);
    }
    XT_CHECK_EQ(script_connections(p), 6);
    XT_CHECK_EQ(script_stop(p), 0);
}

XT_TEST(signals_and_events_pass_both_ways) {
    script_peer *p =
        script_start("emit before\nwait-signal in\naccept\nread-line\nemit got\nwait-signal go\nsend 'late'");
    char out[16];
    int fd;
    XT_CHECK(script_wait_event(p, "before", LONG_MS));
    fd = dial(script_port(p));
    XT_CHECK_EQ(script_connections(p), 0);
    XT_CHECK_EQ(script_wait_connections(p, 1, 50), 0);
    script_signal(p, "in");
    put(fd, "x\n");
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_CHECK_EQ(script_wait_event(p, "got", 20), 0);
    XT_CHECK_EQ(script_sent_bytes(p, 1), 0);
    script_signal(p, "go");
    XT_CHECK_EQ(take(fd, out, sizeof out), 4);
    close(fd);
    XT_CHECK_EQ(script_stop(p), 0);
}

XT_TEST(blocks_repeat_and_again_starts_over) {
    script_peer *p = script_start(
        "repeat 2 { read-line; repeat 3 { send 'a' }; send 'b' }\nrepeat 0 { send 'never' }\nsend 'c'\nagain");
    int fd = dial(script_port(p));
    char out[32] = "";
    put(fd, "1\n2\n3\n");
    XT_CHECK(exact(fd, out, 13));
    XT_CHECK_STR(out, "aaabaaabcaaab");
    close(fd);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    XT_CHECK_EQ(script_stop(p), 0);
}

XT_TEST(each_way_to_end_a_connection_looks_as_it_should) {
    static const struct {
        const char *script;
        int result;
    } cases[] = {
        {"send 'ab'; close", 2}, {"send 'ab'; shutdown; wait-close", 2}, {"reset", -1 - ECONNRESET}, {"close", 0}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char out[16];
        script_peer *p = script_start(cases[i].script);
        int fd = dial(script_port(p));
        XT_CHECK_EQ(take(fd, out, sizeof out), cases[i].result);
        close(fd);
        XT_CHECK(script_wait_closed(p, 1, LONG_MS));
        XT_CHECK_EQ(script_stop(p), 0);
    }
}

XT_TEST(a_stalled_peer_ends_with_its_client_or_with_the_test) {
    script_peer *p = script_start("loop\nread-line\nsend 'x'\nstall");
    int one = dial(script_port(p)), two;
    char byte;
    put(one, "a\nmore that is never read");
    XT_CHECK(exact(one, &byte, 1));
    close(one);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    XT_CHECK_STR(script_info(p, 1, "end"), "eof");
    two = dial(script_port(p));
    put(two, "b\n");
    XT_CHECK(exact(two, &byte, 1));
    XT_CHECK_EQ(script_stop(p), 0);
    close(two);
}

XT_TEST(large_bodies_are_sent_and_chunked_uploads_are_read) {
    static char out[700000];
    script_peer *p = script_start(
        "read-head; read-body; expect 'hello world'; send-pattern 512K; send-zero 1000; "
        "send-chunks 10 4; send-slow 1 'end'");
    int fd = dial(script_port(p));
    int n;
    put(fd, "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n6\r\nhello \r\n5;x\r\nworld\r\n0\r\nA: b\r\n\r\n");
    n = take(fd, out, sizeof out);
    XT_CHECK_EQ(n, 524288 + 1000 + 10 + 3 * 5 + 3);
    XT_CHECK_EQ(net_pattern_check(out, 0, 524288), -1);
    XT_CHECK_EQ(out[524288 + 999], 0);
    XT_CHECK(memcmp(out + 524288 + 1000, "4\r\n", 3) == 0);
    XT_CHECK_STR(out + n - 3, "end");
    close(fd);
    XT_CHECK_EQ(script_stop(p), 0);
}

XT_TEST(a_small_send_buffer_blocks_the_peer) {
    script_peer *p = script_start("sndbuf 4K\nread-line\nsend-zero 64M");
    int fd = dial(script_port(p));
    uint64_t before = 0, now = 0;
    put(fd, "\n");
    for (int same = 0; same < 5; same = now == before && now > 0 ? same + 1 : 0) {
        before = now;
        poll(NULL, 0, 20);
        now = script_sent_bytes(p, 1);
    }
    XT_CHECK(now < (uint64_t)32 << 20);
    close(fd);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    XT_CHECK_EQ(script_stop(p), 0);
}

XT_TEST(a_closed_listener_refuses_and_keeps_what_it_has) {
    script_peer *p = script_start("close-listener\nemit closed\nread-line\nsend 'still here'");
    int fd = dial(script_port(p));
    char out[32] = "";
    XT_CHECK(script_wait_event(p, "closed", LONG_MS));
    XT_CHECK_EQ(dial(script_port(p)), -1);
    XT_CHECK_EQ(errno, ECONNREFUSED);
    put(fd, "\n");
    take(fd, out, sizeof out);
    XT_CHECK_STR(out, "still here");
    close(fd);
    XT_CHECK_EQ(script_stop(p), 0);
}

XT_TEST(scripts_speak_tls) {
    script_peer *p = script_start(
        "loop\ntls rsa max=1.2 alpn=http/1.1\nread-head\n"
        "send 'HTTP/1.1 200 OK\\r\\ncontent-length: 5\\r\\n\\r\\nhello'\nexpect-tls-eof");
    XT_CHECK_STR(shell(NULL, CURL "--cacert %s %s", cert_file("ca.pem"), script_url(p, "https", "/secret")), "hello");
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    XT_CHECK_STR(script_info(p, 1, "tls"), "TLSv1.2");
    XT_CHECK_STR(script_info(p, 1, "sni"), "localhost");
    XT_CHECK_STR(script_info(p, 1, "alpn"), "http/1.1");
    XT_CHECK_STR(script_info(p, 1, "resumed"), "0");
    XT_CHECK(has(script_received(p, 1, NULL), "GET /secret HTTP/1.1\r\n"));
    XT_CHECK_EQ(script_stop(p), 0);
}

XT_TEST(scripts_end_tls_cleanly_or_not) {
    script_peer *p = script_start(
        "loop; tls; read-head; send 'HTTP/1.1 200 OK\\r\\n\\r\\nbody'; tls-close-dirty\n"
        "on-connection 1: tls; read-head; send 'HTTP/1.1 200 OK\\r\\n\\r\\nbody'; close");
    int code;
    XT_CHECK_STR(shell(&code, CURL "--cacert %s %s", cert_file("ca.pem"), script_url(p, "https", "/")), "body");
    XT_CHECK_EQ(code, 0);
    /* curl lets a missing close_notify pass; openssl tells of it. */
    XT_CHECK(
        has(shell(NULL, "printf '\\r\\n\\r\\n' | openssl s_client -ign_eof -connect 127.0.0.1:%d 2>&1", script_port(p)),
            "unexpected eof"));
    shell(&code, CURL "%s 2>&1", script_url(p, "https", "/"));
    XT_CHECK_EQ(code, 60);
    XT_CHECK(script_wait_closed(p, 3, LONG_MS));
    XT_CHECK_STR(script_info(p, 3, "end"), "tls-failed");
    XT_CHECK_EQ(script_stop(p), 0);
}

XT_TEST(scripts_resume_tls_sessions_unless_told) {
    for (int off = 0; off < 2; off++) {
        script_peer *p = script_startf("loop\ntls max=1.2 %s\nsend 'x'\nwait-close", off ? "resume=off" : "");
        XT_CHECK(
            has(shell(NULL, "openssl s_client -connect 127.0.0.1:%d -reconnect </dev/null 2>&1 | grep -c '^Reused'",
                      script_port(p)),
                off ? "0" : "5"));
        XT_CHECK(script_wait_closed(p, 6, LONG_MS));
        XT_CHECK_STR(script_info(p, 2, "resumed"), off ? "0" : "1");
        XT_CHECK_EQ(script_stop(p), 0);
    }
}

XT_TEST(a_script_asks_for_a_client_certificate) {
    script_peer *p = script_start("loop; tls client-cert; read-head; send 'HTTP/1.1 204 OK\\r\\n\\r\\n'; wait-close");
    const char *folder = cert_file("client");
    XT_CHECK_STR(shell(NULL, CURL "-w '%%{http_code}' --cacert %s --cert %s/cert.pem --key %s/key.pem %s",
                       cert_file("ca.pem"), folder, folder, script_url(p, "https", "/")),
                 "204");
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    XT_CHECK_STR(script_info(p, 1, "client"), "/CN=xh client");
    XT_CHECK_EQ(script_stop(p), 0);
}

XT_TEST(a_scripted_proxy_tunnels) {
    script_peer *p = script_start("read-head; expect 'CONNECT localhost:'; send 'HTTP/1.1 200 OK\\r\\n\\r\\n'; tunnel");
    script_peer *secure = script_start("tls; read-head; send 'HTTP/1.1 200 OK\\r\\n\\r\\n'; tunnel");
    XT_CHECK_STR(shell(NULL, CURL_PROXY "-x %s --cacert %s %s | cksum", script_url(p, "http", ""), cert_file("ca.pem"),
                       nginx_url("https", "/file/1m.bin")),
                 shell(NULL, CURL "%s | cksum", nginx_url("http", "/file/1m.bin")));
    XT_CHECK_EQ(script_stop(p), 0);
    XT_CHECK_STR(shell(NULL, CURL_PROXY "--proxy-cacert %s -x %s --cacert %s %s", cert_file("ca.pem"),
                       script_url(secure, "https", ""), cert_file("ca.pem"), nginx_url("https", "/text")),
                 "hello from nginx\n");
    XT_CHECK_EQ(script_stop(secure), 0);
}

XT_TEST(scripts_listen_elsewhere) {
    script_peer *p = script_start("listen unix; read-head; send 'HTTP/1.1 200 OK\\r\\n\\r\\nunix'");
    XT_CHECK_STR(shell(NULL, CURL "--unix-socket %s http://localhost/", script_unix_path(p)), "unix");
    XT_CHECK_EQ(script_stop(p), 0);
    if (!net_has_ipv6()) return;
    p = script_start("listen dual; loop; read-head; send 'HTTP/1.1 200 OK\\r\\n\\r\\nboth'");
    XT_CHECK_STR(shell(NULL, CURL "-4 %s", script_url(p, "http", "/")), "both");
    XT_CHECK_STR(shell(NULL, CURL "-6 %s", script_url(p, "http", "/")), "both");
    XT_CHECK_EQ(script_stop(p), 0);
    p = script_start("listen ipv6; read-head; send 'HTTP/1.1 200 OK\\r\\n\\r\\nsix'");
    XT_CHECK_STR(shell(NULL, CURL "-g '%s'", script_url(p, "http", "/")), "six");
    XT_CHECK_EQ(script_stop(p), 0);
}

XT_TEST(quoted_bytes_come_out_whole) {
    unsigned char all[256], out[257];
    script_peer *p;
    int fd;
    for (int i = 0; i < 256; i++) all[i] = (unsigned char)i;
    p = script_startf("send \"%s\"", script_quote(all, sizeof all));
    fd = dial(script_port(p));
    XT_CHECK_EQ(take(fd, (char *)out, sizeof out), 256);
    XT_CHECK_BYTES(out, 256, all, 256);
    close(fd);
    XT_CHECK_EQ(script_stop(p), 0);
}

/* ---- SOCKS5 -------------------------------------------------------------------------------------------------------------- */

XT_TEST(socks_relays_names_and_addresses) {
    socks_peer *p = socks_start(NULL);
    char line[64];
    XT_CHECK_STR(shell(NULL, CURL_PROXY "-x socks5h://127.0.0.1:%d http://some.where.test:%d/text", socks_port(p),
                       peer_port(peer_nginx(), "http")),
                 "hello from nginx\n");
    XT_CHECK_STR(shell(NULL, CURL_PROXY "-x socks5://127.0.0.1:%d %s", socks_port(p), nginx_url("http", "/text")),
                 "hello from nginx\n");
    snprintf(line, sizeof line, "domain some.where.test %d\nipv4 127.0.0.1", peer_port(peer_nginx(), "http"));
    XT_CHECK(has(socks_requests(p), line));
    XT_CHECK_EQ(socks_connections(p), 2);
    socks_stop(p);
}

XT_TEST(socks_asks_for_a_password_and_refuses_with_codes) {
    socks_options options = {"me", "word", 0, 0, 3, 1, 0};
    socks_peer *p = socks_start(&options);
    int code;
    XT_CHECK_STR(
        shell(NULL, CURL_PROXY "-x socks5h://me:word@127.0.0.1:%d %s", socks_port(p), nginx_url("http", "/text")),
        "hello from nginx\n");
    shell(&code, CURL_PROXY "-x socks5h://me:wrong@127.0.0.1:%d %s 2>&1", socks_port(p), nginx_url("http", "/text"));
    XT_CHECK_EQ(code, 97);
    shell(&code, CURL_PROXY "-x socks5h://127.0.0.1:%d %s 2>&1", socks_port(p), nginx_url("http", "/text"));
    XT_CHECK_EQ(code, 97);
    socks_stop(p);
    memset(&options, 0, sizeof options);
    options.reply = 4;
    p = socks_start(&options);
    XT_CHECK(has(shell(NULL, CURL_PROXY "-x socks5h://127.0.0.1:%d %s 2>&1", socks_port(p), nginx_url("http", "/text")),
                 "(4)"));
    socks_stop(p);
}

XT_MAIN("script_peers")
