/* Peers for the tests: real servers on free loopback ports, and scripted ones for what no real server does on purpose.
 *
 *     peer *p = peer_nginx();                                     script_peer *s = script_start(
 *     fetch(peer_url(p, "https", "/text"), cert_file("ca.pem"));      "read-head; send 'HTTP/1.1 200 OK\r\n\r\n'; reset");
 *
 * Rules that hold everywhere
 * - A peer that cannot be had (package missing, configuration refused) ends the program with exit code 1 and a message
 *   that names the package. So no function here returns NULL for that, and no test checks for it.
 * - Everything lives in one temporary folder of the process. Peers are stopped and the folder is removed at exit; when
 *   the process is killed, the peers die with it and a small guard process removes the folder.
 * - A forked child of the test may use ports and files but starts and stops nothing; its exit stops nothing either.
 * - Texts returned are owned by the library: those of a peer live until it is stopped, those without a peer until exit.
 * - All functions may be called from any thread, and one thread at a time may stop a given peer.
 * - Times are milliseconds. A wait returns 1 when the thing has happened and 0 when the time is up.
 */
#ifndef XH_TESTS_NET_PEERS_H
#define XH_TESTS_NET_PEERS_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- the process ------------------------------------------------------------------------------------------------ */

/* The temporary folder of this process, absolute and without a slash at its end. */
const char *net_temp_dir(void);
/* 1 when ::1 can be used here. Without it the peers listen on 127.0.0.1 only. */
int net_has_ipv6(void);
/* Bytes that are easy to check at any offset: `net_pattern` writes n bytes of the pattern as they stand at `offset`,
 * `net_pattern_check` returns the index of the first byte that differs, or -1. nginx's /file/... and the
 * script's `send-pattern` use it. */
void net_pattern(void *buf, uint64_t offset, size_t n);
int64_t net_pattern_check(const void *buf, uint64_t offset, size_t n);

/* Called with a text when a script fails. With xtest.h included before this header it is the failure of the running
 * test; without a hook, a failure that nobody read with script_failure() makes the exit code of the program 1. */
void net_on_failure(void (*hook)(const char *text));

/* A port of 127.0.0.1 where nobody listens and nobody will: connect is refused. Held until exit. */
int refused_port(void);
/* A port of 127.0.0.1 with a full backlog: connect neither succeeds nor fails. Held until exit. */
int deaf_port(void);
/* A UDP port of 127.0.0.1 that takes datagrams and never answers: a dead name server. Held until exit. */
int silent_udp_port(void);

/* ---- certificates ----------------------------------------------------------------------------------------------- */

/* A file of the certificate folder, made at first use; once per process, never again. For each certificate NAME below
 * "NAME.pem" is the certificate followed by its intermediates and "NAME.key" the key, both PEM. Other files:
 *   ca.pem, ca.key       the authority that signed all those below, unless said      ca2.pem, ca2.key  another one
 *   crl.pem              ca's list, with `revoked` on it
 *   client               a folder: cert.pem, key.pem (4D's certificatesFolder)       client.p12        password "secret"
 *   client-encrypted     the same with key.pem under the password "secret"
 *   client2              a folder: a client certificate signed by ca2
 * Certificates (EC P-256, valid now, for localhost, 127.0.0.1 and ::1, unless said):
 *   localhost  rsa (RSA 2048)  dns-only  ip-only  wildcard (*.xh.test)  wrong-host (other.example)
 *   cn-only (CN=localhost, no SAN)  nul-host ("localhost\0.evil.example")  expired  not-yet  self-signed
 *   other-ca (by ca2)  weak (RSA 1024, SHA-1)  chain (by an intermediate, sent with it)  no-chain (the intermediate is
 *   not sent)  revoked  server-as-client (client purpose only) */
const char *cert_file(const char *name);
const char *cert_dir(void);

/* ---- real peers ------------------------------------------------------------------------------------------------- */

typedef struct peer peer;

/* Each `peer_X()` is the one of this process, started at its first call. Each `peer_X_start()` is a new one.
 * Start real peers in the main thread when that can be chosen: then the kernel, too, ends them with the test. */

/* nginx, up in about 50 ms. Ports; each listens on 127.0.0.1 and, where there is one, on ::1:
 *   http  https (TLS 1.2 and 1.3, tickets, session cache)
 *   keep3 (closes after 3 requests)  keep1s (closes idle connections after 1 s)  close (no keep-alive)
 *   https-tls12  https-tls13  https-no-tickets (cache only)  https-no-resume  https-h2 (h2 and http/1.1 by ALPN)
 *   https-client-cert (requires one by ca)
 *   and for the certificates above: https-expired https-not-yet https-self-signed https-wrong-host https-weak
 *   https-cn-only https-other-ca https-chain https-no-chain https-revoked https-dns-only https-ip-only https-nul-host
 *   https-wildcard
 * Unix socket: peer_file(p, "http.sock").
 * Every answer of https ports has x-tls-version, x-tls-cipher, x-tls-reused ("r" or "."), x-tls-sni, x-tls-alpn,
 * x-client-verify, x-client-dn; every answer but those of /headers and /cookies has x-connection (a serial
 * number) and x-connection-requests.
 * Paths (the ports from https-no-tickets on, but for https-client-cert, have the first six lines only):
 *   /text                "hello from nginx\n"       /empty       length 0         /json
 *   /latin1 /utf8        "caf\u00e9\n" in ISO-8859-1; "caf\u00e9 \u20ac \U0001f30d\n" in UTF-8; with their charset
 *   /echo                the request line and the main headers as text, one `name=value` a line
 *   /file/1m.bin         1 MiB of the pattern       /file/64k.bin /file/1k.bin /file/128.bin     with ETag and ranges
 *   /big                 1 GiB of zeros
 *   /gzip/lines.txt /gzip/1m.bin ..                 compressed on the way when the request accepts gzip; lines.txt, a
 *                        text of 256 KiB (also /file/lines.txt), packs about 1:8
 *   /chunked/1k.bin ..   chunked                    /trailers/1k.bin    chunked with the trailer x-trailer: done
 *   /until-close/1k.bin  neither length nor chunks, connection closed
 *   /redirect/N          N redirects (302, relative), then /text; N up to 20     /redirect-abs/N   absolute
 *   /redirect-CODE       301 302 303 307 308 to /echo                            /redirect-loop
 *   /redirect-to/CODE/SCHEME/HOST:PORT/PATH         to that URL
 *   /status/CODE         200 201 202 204 205 206 304 400 401 403 404 405 406 408 409 410 411 413 416 418 421 422 425
 *                        426 429 431 451 500 501 502 503 504 505 511
 *   /basic/text          user:secret ; /basic-utf8/text  müller:pässword ; both realm "xh basic"
 *   /upload/NAME         PUT creates (201, 204), GET reads back, DELETE removes; answers Expect: 100-continue
 *   /small-upload/NAME   the same with at most 1 KiB: 413 before the body is read
 *   /slow/1m.bin         64 KiB a second            /headers/one-4k one-15k one-60k    one field of that size
 *   /headers/many        120 fields                 /cookies     three set-cookie fields */
peer *peer_nginx(void);
peer *peer_nginx_start(void);

/* Apache. Ports: http, https (certificate localhost). Paths:
 *   /text  /basic/text  /digest/text (MD5, qop auth, realm "xh digest")  /digest-short/text (the nonce lives 1 s)
 *   user:secret everywhere ; /reflect  the request's body comes back (POST, PUT) ; /digest/reflect the same with digest
 *   /deflate/text.txt  (gzip)  /brotli/text.txt (br)  /rate/1m.bin (512 KiB a second)  /asis/NAME (whole heads as files)
 *   /client-cert/text (https: the certificate is asked for after the request: renegotiation or post-handshake) */
peer *peer_apache(void);
peer *peer_apache_start(void);

/* Squid, up in about half a second. Ports: open (no authentication), basic, digest, both (digest and basic offered);
 * user "proxyuser", password "secret", realm "xh proxy". CONNECT and http to any port of loopback but
 * peer_port(p, "denied"), for which it answers 403; a refused port gives its 503. Names: localhost and *.xh.test are
 * 127.0.0.1. Its answers carry `via`. */
peer *peer_squid(void);
peer *peer_squid_start(void);

/* httpbin on gunicorn (threads, keep-alive), listening after about 0.2 s and answering within a second. Port: http. Paths as on httpbin.org, such as
 * /anything /post /status/N /digest-auth/QOP/USER/PASS /basic-auth/USER/PASS /gzip /deflate /brotli /stream/N /drip
 * /delay/N /cookies /redirect/N /bytes/N /headers. Debian's /encoding/utf8 is an empty shell: nginx has /utf8. */
peer *peer_httpbin(void);
peer *peer_httpbin_start(void);

/* `openssl s_server` with the certificate NAME and more arguments ("-tls1_1 -no_ticket -alpn http/1.1"). Port: https.
 * Answers GET with a page about the session (-www) unless the arguments name -WWW, where /text and /1m.bin are files,
 * or -HTTP, where /answer.http is a whole answer. All ciphers at security level 0 unless the arguments name some. */
peer *peer_openssl_start(const char *cert, const char *args);

/* The port of that name; ends the program when the peer has none. */
int peer_port(const peer *p, const char *name);
/* "http://127.0.0.1:PORT/path" for names without "https", else "https://localhost:PORT/path". */
const char *peer_url(peer *p, const char *port_name, const char *path);
/* A file or folder of the peer's own folder, else one of the certificates. */
const char *peer_file(peer *p, const char *name);
/* All that the peer has logged until now. */
const char *peer_log(peer *p);
/* Waits until the log holds the text: servers write about a request after they have answered it. */
int peer_wait_log(peer *p, const char *text, int timeout_ms);
int peer_pid(const peer *p);
/* Stops all its processes at once (connections stay open, nothing is answered), and lets them go on. */
void peer_freeze(peer *p);
void peer_thaw(peer *p);
/* Kills it and waits; its ports then refuse. peer_restart brings it back on the same ports. */
void peer_kill(peer *p);
void peer_restart(peer *p);
/* Kills it, removes its folder and frees it. NULL does nothing. */
void peer_stop(peer *p);

/* ---- scripted peers --------------------------------------------------------------------------------------------- */

typedef struct script_peer script_peer;

/* Starts a peer on a free port of 127.0.0.1. A script is steps divided by line ends or `;`, with # comments.
 * Each accepted connection runs, in a thread of its own, the steps of its section; the end of the steps closes it.
 *
 * Which connection runs what (they are counted from 1)
 *   on-connection 2:   these steps are for the second one; also 2-4: and 5+:
 *   (steps before any `on-connection`) are for the first connection that has no section, or, when `loop` is
 *                      one of them, for every such connection. One that has no steps is reset and is a failure.
 *   accept             steps before it run before the connection is taken from the backlog (wait-signal, pause, emit)
 * Listener, anywhere outside of blocks
 *   listen ipv6 | listen unix | listen dual (127.0.0.1 and ::1)      rcvbuf N, sndbuf N  sizes of the socket's buffers
 *   capture off        received bytes are counted, not kept
 * Reading; what a step has read is "the last unit"
 *   read-head          to the empty line
 *   read-body [N]      N bytes; without N what the last head announced (content-length, or chunks, given decoded)
 *   read N             N bytes            read-line     to LF            read-until "TEXT"    read-to-end   to EOF
 *   read-some          what comes next, one byte at least
 *   expect "TEXT"      fails unless the last unit holds TEXT           expect-not "TEXT"
 *   expect-eof         fails unless the client closes without one more byte
 *   expect-tls-eof     the same, and with close_notify
 *   expect-closed      fails unless the connection goes, by EOF or reset; further bytes are let through
 * Writing (texts in "" or '', with \r \n \t \0 \\ \" \' \xNN; several texts are one)
 *   send "TEXT"        send-slow MS "TEXT"    byte by byte with a pause
 *   send-zero N        send-pattern N         N may end in K, M, G
 *   send-chunks N SIZE the pattern as chunks of SIZE bytes, without the last chunk
 *   send-last          the last unit, as it came
 * The connection
 *   tls [CERT] [min=1.0] [max=1.2] [alpn=http/1.1,h2] [tickets=off] [resume=off] [client-cert]
 *                      server handshake with a certificate of cert_file (localhost); one that fails ends the section
 *   shutdown           half-close: FIN after what was sent, with close_notify under TLS
 *   shutdown-dirty     the same without close_notify
 *   close              closes (close_notify first under TLS); unread bytes make the kernel send RST
 *   tls-close-dirty    closes without close_notify
 *   reset              closes with RST
 *   wait-close         reads on until the client has closed
 *   stall              does nothing until the client goes or the peer is stopped
 *   tunnel [PORT]      relays to 127.0.0.1:PORT (without PORT: the port in the last head's request line) to the end
 *   close-listener     later connections are refused
 * Flow
 *   pause MS           wait-signal NAME  one script_signal(p, NAME)      emit NAME  one for script_wait_event
 *   repeat [N] { .. }  N times, or until the client goes                 again      from the first step, same connection
 * A client that goes ends the section without a failure, also in the middle of a step; only expect... fails. */
script_peer *script_start(const char *script);
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
script_peer *
script_startf(const char *format, ...);

int script_port(const script_peer *p);
/* "SCHEME://127.0.0.1:PORT/path" ("[::1]" for `listen ipv6`, "localhost" for https and `listen dual`). */
const char *script_url(script_peer *p, const char *scheme, const char *path);
/* The path of the socket of `listen unix`. */
const char *script_unix_path(script_peer *p);
/* Bytes as an escaped text for `send "%s"`. */
const char *script_quote(const void *data, size_t len);

/* Lets one `wait-signal NAME` of one connection go on, now or when it comes. */
void script_signal(script_peer *p, const char *name);
/* Waits for one `emit NAME` and takes it. */
int script_wait_event(script_peer *p, const char *name, int timeout_ms);
int script_wait_connections(script_peer *p, int count, int timeout_ms);
/* Waits until connection i has received at least that many bytes. */
int script_wait_received(script_peer *p, int i, uint64_t bytes, int timeout_ms);
/* Waits until the section of connection i has ended and its socket is closed. */
int script_wait_closed(script_peer *p, int i, int timeout_ms);

/* Connections taken until now; of connection i, the bytes received and sent (under TLS: inside it). */
int script_connections(script_peer *p);
uint64_t script_received_bytes(script_peer *p, int i);
uint64_t script_sent_bytes(script_peer *p, int i);
/* What the client sent on connection i until now, exact, with a NUL behind; "" when there is no such connection. */
const char *script_received(script_peer *p, int i, size_t *len);
/* Facts of connection i: "tls" (TLSv1.3), "cipher", "sni", "alpn", "resumed" ("1" or "0"), "client" (subject of the
 * client's certificate), "port" (the client's), "end": "script", "eof", "reset", "stopped", "tls-failed", "" while it
 * runs. */
const char *script_info(script_peer *p, int i, const char *what);
/* The first failure of the peer, or NULL; having read it, the test does not fail by it. */
const char *script_failure(script_peer *p);
/* Failures of this peer are kept for script_failure() and do not fail the test. */
void script_failures_expected(script_peer *p);
/* Closes all its connections, joins its threads, frees it. 0 when nothing failed, else -1. */
int script_stop(script_peer *p);

/* ---- SOCKS5 ----------------------------------------------------------------------------------------------------- */

typedef struct socks_peer socks_peer;

typedef struct socks_options {
    const char *user; /* not NULL: user and password are required (RFC 1929) */
    const char *password;
    int reply;        /* 0, or the code 1..8 to refuse each request with */
    int method;       /* 0, or the method byte to answer with, such as 0xFF */
    int bind_type;    /* address type of the answer: 0 and 1 IPv4, 3 a name, 4 IPv6 */
    int byte_by_byte; /* answers come one byte a packet */
    int silent;       /* 1: says nothing after the greeting; 2: nothing after the request */
} socks_options;

/* RFC 1928, CONNECT only. Every host name is 127.0.0.1 to it; addresses must be loopback. NULL: no authentication. */
socks_peer *socks_start(const socks_options *options);
int socks_port(const socks_peer *p);
int socks_connections(socks_peer *p);
/* The requests seen, one a line: "domain NAME PORT", "ipv4 ADDR PORT", "ipv6 ADDR PORT". */
const char *socks_requests(socks_peer *p);
void socks_stop(socks_peer *p);

#ifdef __cplusplus
}
#endif

#ifdef XTEST_H
static void xh_net_failed(const char *text) { xt_failed(0, "script", "%s", text); }
__attribute__((constructor)) static void xh_net_hook(void) { net_on_failure(xh_net_failed); }
#endif

#endif
