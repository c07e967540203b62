/* The TLS connection itself: names offered, sessions, the end of the stream, peers that misbehave (Q11, Q21). */
#define _GNU_SOURCE
#include "support.h"

static const char *url(const char *port) { return peer_url(peer_nginx(), port, "/text"); }

/* ---- what is offered --------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q11_the_name_is_offered) {
    rec r = {0};
    rec_run(&r, url("https"), opt_alone(opt_ca(NULL)));
    HEADER_IS(&r, "x-tls-sni", "localhost");
    rec_end(&r);
}

XT_TEST(q11_an_address_is_never_offered_as_name) {
    rec r = {0};
    script_peer *p = script_start("tls\nread-head\n" SEND_OK);
    rec_run(&r, fmt("https://127.0.0.1:%d/", script_port(p)), opt_alone(opt_ca(NULL)));
    REC_OK(&r, 200);
    XT_CHECK_STR(script_info(p, 1, "sni"), "");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q11_the_server_name_option_replaces_the_host) {
    rec r = {0};
    script_peer *p = script_start("tls wildcard\nread-head\n" SEND_OK);
    rec_run(&r, script_url(p, "https", "/"), opt_alone(opt_str(opt_ca(NULL), XH_OPT_SERVER_NAME, "b.xh.test")));
    REC_OK(&r, 200);
    XT_CHECK_STR(script_info(p, 1, "sni"), "b.xh.test");
    SENT(p, 1, fmt("Host: localhost:%d\r\n", script_port(p)));
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q11_only_http_1_1_is_offered) {
    rec r = {0};
    rec_run(&r, url("https-h2"), opt_alone(opt_ca(NULL)));
    REC_OK(&r, 200);
    HEADER_IS(&r, "x-tls-alpn", "http/1.1");
    XT_CHECK_VIEW(xh_request_protocol(r.request), "HTTP/1.1");
    rec_end(&r);
}

XT_TEST(q11_a_server_without_alpn_is_fine) {
    rec r = {0};
    XT_REQUIRE(rec_script_tls(&r, "tls\nread-head\n" SEND_OK, opt_alone(NULL)));
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q11_a_server_that_chooses_h2_unasked_is_refused) {
    rec r = {0};
    XT_REQUIRE(rec_script_tls(&r, "tls alpn=h2\nread-head\n" SEND_OK, opt_alone(NULL)));
    /* Either side may end it: the server with no_application_protocol, or nothing was chosen and HTTP/1.1 is spoken. */
    if (rec_error(&r) != NULL) XT_CHECK_EQ(xh_status_kind(xh_error_status(rec_error(&r))), XH_KIND_TLS);
    rec_end(&r);
}

/* ---- sessions ------------------------------------------------------------------------------------------------------------------------------- */

/* The second of two connections. */
static int resumed(const char *to, xh_options *o) {
    int second = -1;
    for (int i = 0; i < 2; i++) {
        rec r = {0};
        xh_options_retain(o);
        if (rec_start(&r, to, o) != NULL) {
            rec_finish(&r);
            if (REC_OK(&r, 200)) {
                second = xh_request_hop_tls_resumed(r.request, 0);
                XT_CHECK_EQ(xh_request_hop_reused(r.request, 0), 0);
                if (i == 0) XT_CHECK_EQ(second, 0);
                HEADER_IS(&r, "x-tls-reused", second ? "r" : ".");
            }
        }
        rec_end(&r);
    }
    xh_options_release(o);
    return second;
}

/* Options whose sessions no other test has: a pin list would do as well. */
static xh_options *fresh(const char *ciphers) { return opt_str(opt_alone(opt_ca(NULL)), XH_OPT_CIPHERS, ciphers); }

XT_TEST(q11_a_session_is_resumed_1_3) { XT_CHECK_EQ(resumed(url("https-tls13"), fresh("HIGH")), 1); }
XT_TEST(q11_a_session_is_resumed_1_2) { XT_CHECK_EQ(resumed(url("https-tls12"), fresh("HIGH")), 1); }
XT_TEST(q11_a_session_is_resumed_without_tickets) {
    XT_CHECK_EQ(resumed(url("https-no-tickets"), opt_str(fresh("HIGH"), XH_OPT_MAX_TLS_VERSION, "TLSv1_2")), 1);
}
XT_TEST(q11_no_session_is_resumed_when_the_option_says_no) {
    XT_CHECK_EQ(resumed(url("https"), opt_int(fresh("HIGH:!aNULL"), XH_OPT_SESSION_CACHE, 0)), 0);
}
XT_TEST(q11_a_server_without_sessions_is_fine) { XT_CHECK_EQ(resumed(url("https-no-resume"), fresh("HIGH")), 0); }

XT_TEST(q11_a_session_is_not_resumed_with_other_options) {
    rec r = {0};
    xh_options *o = opt_int(opt_alone(NULL), XH_OPT_VALIDATE_TLS_CERTIFICATE, 0);
    rec_run(&r, url("https-self-signed"), o);
    REC_OK(&r, 200);
    rec_end(&r);
    rec_run(&r, url("https-self-signed"), opt_alone(opt_ca(NULL)));
    REC_FAILED(&r, XH_E_TLS_SELF_SIGNED, XH_PHASE_TLS);
    rec_end(&r);
}

XT_TEST(q11_a_resumed_session_checks_the_name_again) {
    rec r = {0};
    const char *by_address = fmt("https://127.0.0.1:%d/text", peer_port(peer_nginx(), "https-dns-only"));
    rec_run(&r, url("https-dns-only"), opt_alone(opt_ca(NULL)));
    REC_OK(&r, 200);
    rec_end(&r);
    rec_run(&r, by_address, opt_alone(opt_ca(NULL)));
    REC_FAILED(&r, XH_E_TLS_WRONG_HOST, XH_PHASE_TLS);
    rec_end(&r);
}

/* ---- the end of the stream -------------------------------------------------------------------------------------------------------------------- */

#define UNTIL_CLOSE "tls\nread-head\nsend 'HTTP/1.1 200 OK" NL NL "abc'\n"

XT_TEST(q21_a_stream_with_close_notify_is_whole) {
    rec r = {0};
    XT_REQUIRE(rec_script_tls(&r, UNTIL_CLOSE "close", opt_alone(NULL)));
    REC_OK(&r, 200);
    BODY_IS(&r, "abc");
    rec_end(&r);
}

XT_TEST(q21_a_stream_without_close_notify_is_truncated) {
    rec r = {0};
    XT_REQUIRE(rec_script_tls(&r, UNTIL_CLOSE "tls-close-dirty", opt_alone(NULL)));
    REC_FAILED(&r, XH_E_TRUNCATED, XH_PHASE_BODY);
    ORDER_IS(&r, "HDETX");
    rec_end(&r);
}

XT_TEST(q21_a_missing_close_notify_can_be_ignored) {
    rec r = {0};
    XT_REQUIRE(
        rec_script_tls(&r, UNTIL_CLOSE "tls-close-dirty", opt_int(opt_alone(NULL), XH_OPT_IGNORE_UNEXPECTED_EOF, 1)));
    REC_OK(&r, 200);
    BODY_IS(&r, "abc");
    rec_end(&r);
}

XT_TEST(q21_a_missing_close_notify_does_not_matter_with_a_length) {
    rec r = {0};
    XT_REQUIRE(rec_script_tls(&r, "tls\nread-head\n" SEND_OK "tls-close-dirty", opt_alone(NULL)));
    REC_OK(&r, 200);
    BODY_IS(&r, "ok");
    rec_end(&r);
}

XT_TEST(q21_a_missing_close_notify_does_not_matter_with_chunks) {
    rec r = {0};
    XT_REQUIRE(rec_script_tls(
        &r, "tls\nread-head\n" HEAD_OK "transfer-encoding: chunked" NL NL "2" NL "ok" NL "0" NL NL "'\ntls-close-dirty",
        opt_alone(NULL)));
    REC_OK(&r, 200);
    BODY_IS(&r, "ok");
    rec_end(&r);
}

XT_TEST(q21_a_short_body_is_truncated_with_and_without_close_notify) {
    static const char *const ends[] = {"close", "tls-close-dirty"};
    for (int i = 0; i < 2; i++) {
        rec r = {0};
        XT_REQUIRE(rec_script_tls(&r, fmt("tls\nread-head\n" HEAD_OK "content-length: 10" NL NL "abc'\n%s", ends[i]),
                                  opt_int(opt_alone(NULL), XH_OPT_IGNORE_UNEXPECTED_EOF, i == 1)));
        REC_FAILED(&r, XH_E_TRUNCATED, XH_PHASE_BODY);
        rec_end(&r);
    }
}

XT_TEST(q21_the_client_ends_with_close_notify) {
    rec r = {0};
    script_peer *p = script_start("tls\nread-head\n" SEND_OK "expect-tls-eof");
    rec_run(&r, script_url(p, "https", "/"), opt_alone(opt_ca(NULL)));
    REC_OK(&r, 200);
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

/* ---- handshakes that fail --------------------------------------------------------------------------------------------------------------------- */

static void fails_in_tls(const char *script) {
    rec r = {0};
    if (rec_script_tls(&r, script, opt_alone(NULL))) {
        XT_CHECK(rec_error(&r) != NULL);
        XT_CHECK_EQ(xh_error_phase(rec_error(&r)), XH_PHASE_TLS);
        XT_CHECK_EQ(xh_error_request_sent(rec_error(&r)), 0);
        XT_CHECK_EQ(xh_error_safe_to_retry(rec_error(&r)), 1);
        ORDER_IS(&r, "ETX");
    }
    rec_end(&r);
}

XT_TEST(q21_a_plain_server_is_no_tls_server) { fails_in_tls("read-some\nsend 'HTTP/1.1 400 Bad Request" NL NL "'"); }
XT_TEST(q21_garbage_is_no_handshake) {
    fails_in_tls("read-some\nsend '\\x16\\x03\\x03\\xff\\xff\\x00\\x01\\x02\\x03'");
}
XT_TEST(q21_a_server_that_closes_at_once) { fails_in_tls("read-some\nclose"); }
XT_TEST(q21_a_server_that_resets_at_once) { fails_in_tls("read-some\nreset"); }
XT_TEST(q21_a_server_that_says_nothing_and_ends) { fails_in_tls("read-some\nshutdown\nwait-close"); }

XT_TEST(q21_an_alert_is_named) {
    rec r = {0};
    /* handshake_failure, fatal */
    XT_REQUIRE(
        rec_script_tls(&r, "read-some\nsend '\\x15\\x03\\x03\\x00\\x02\\x02\\x28'\nwait-close", opt_alone(NULL)));
    REC_FAILED(&r, XH_E_TLS_ALERT, XH_PHASE_TLS);
    XT_CHECK_EQ(xh_error_tls_alert(rec_error(&r)), 40);
    rec_end(&r);
}

XT_TEST(q21_garbage_after_the_handshake_is_an_error) {
    rec r = {0};
    XT_REQUIRE(rec_script_tls(&r, "tls\nread-head\nsend 'nonsense" NL NL "'", opt_alone(NULL)));
    XT_CHECK(rec_error(&r) != NULL);
    XT_CHECK_EQ(xh_status_kind(xh_error_status(rec_error(&r))), XH_KIND_PROTOCOL);
    rec_end(&r);
}

XT_TEST(q21_a_reset_after_the_handshake_is_an_error) {
    rec r = {0};
    XT_REQUIRE(rec_script_tls(&r, "tls\nread-head\nreset", opt_alone(NULL)));
    XT_CHECK(rec_error(&r) != NULL);
    XT_CHECK_EQ(xh_status_kind(xh_error_status(rec_error(&r))), XH_KIND_CLOSED);
    XT_CHECK_EQ(xh_error_phase(rec_error(&r)), XH_PHASE_HEAD);
    rec_end(&r);
}

/* ---- keys ------------------------------------------------------------------------------------------------------------------------------------------ */

XT_TEST(q11_keys_are_logged_only_by_the_option) {
    rec r = {0};
    const char *by_option = fmt("%s/keys-option", net_temp_dir()), *by_environment = fmt("%s/keys-env", net_temp_dir());
    setenv("SSLKEYLOGFILE", by_environment, 1);
    rec_run(&r, url("https"), opt_alone(opt_ca(NULL)));
    REC_OK(&r, 200);
    rec_end(&r);
    char *text = slurp(by_environment, NULL);
    XT_CHECK(text == NULL);
    free(text);
    unsetenv("SSLKEYLOGFILE");
    rec_run(&r, url("https"), opt_alone(opt_str(opt_ca(NULL), XH_OPT_KEYLOG_FILE, by_option)));
    REC_OK(&r, 200);
    rec_end(&r);
    text = slurp(by_option, NULL);
    XT_CHECK(text != NULL && strstr(text, "CLIENT_") != NULL);
    free(text);
}

XT_TEST(q11_one_byte_at_a_time_is_a_fine_handshake) {
    rec r = {0};
    script_peer *server = script_start("tls\nread-head\n" SEND_OK);
    socks_options slow;
    memset(&slow, 0, sizeof slow);
    slow.byte_by_byte = 1;
    socks_peer *s = socks_start(&slow);
    rec_run(&r, script_url(server, "https", "/"),
            opt_alone(opt_str(opt_ca(NULL), XH_OPT_PROXY, fmt("socks5://127.0.0.1:%d", socks_port(s)))));
    REC_OK(&r, 200);
    rec_end(&r);
    socks_stop(s);
    script_stop(server);
}

XT_TEST(q11_a_large_body_over_tls_is_exact) {
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "https", "/file/1m.bin"), opt_ca(NULL));
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.len, 1 << 20);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    rec_end(&r);
}

XT_TEST(q11_without_tls_there_is_no_version) {
    rec r = {0};
    rec_run(&r, url("http"), NULL);
    XT_CHECK(xh_request_hop_tls_version(r.request, 0).ptr == NULL);
    XT_CHECK(xh_request_hop_tls_cipher(r.request, 0).ptr == NULL);
    XT_CHECK_EQ(xh_request_hop_tls_resumed(r.request, 0), 0);
    rec_end(&r);
}

CAPI_MAIN("tls_stream")
