/* Errors as records (Q23) and answers that no server should give (what-users-ask 1, 2, 7, 13). */
#include "support.h"

static void fails(const char *script, xh_options *o, xh_status status, int32_t phase) {
    rec r = {0};
    if (rec_script(&r, script, o)) {
        if (!REC_FAILED(&r, status, phase)) XT_FAIL("after %.200s", script);
        XT_CHECK_EQ(r.count[XH_EVENT_RESPONSE], 0);
    }
    rec_end(&r);
}

/* ---- the record ----------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q23_a_refused_connection) {
    rec r = {0};
    rec_run(&r, fmt("http://127.0.0.1:%d/", refused_port()), NULL);
    REC_FAILED(&r, XH_E_CONNECTION_REFUSED, XH_PHASE_CONNECT);
    const xh_error *e = rec_error(&r);
    XT_CHECK(view_has(xh_error_message(e), fmt("127.0.0.1:%d", refused_port())));
    XT_CHECK_VIEW(xh_error_peer(e), fmt("127.0.0.1:%d", refused_port()));
    XT_CHECK_VIEW(xh_error_component(e), "sock");
    XT_CHECK_EQ(xh_error_os_error(e), 111);
    XT_CHECK_EQ(xh_error_tls_alert(e), -1);
    XT_CHECK_EQ(xh_error_tls_verify(e), 0);
    XT_CHECK_EQ(xh_error_tls_depth(e), -1);
    XT_CHECK(xh_error_tls_subject(e).ptr == NULL);
    XT_CHECK_EQ(xh_error_hop(e), 0);
    XT_CHECK_EQ(xh_error_request_sent(e), 0);
    XT_CHECK_EQ(xh_error_safe_to_retry(e), 1);
    XT_CHECK_STR(xh_status_code(xh_error_status(e)), "ECONNREFUSED");
    rec_end(&r);
}

XT_TEST(q23_every_address_that_was_tried_is_listed) {
    rec r = {0};
    int port = refused_port();
    rec_run(&r, fmt("http://localhost:%d/", port), NULL);
    REC_FAILED(&r, XH_E_CONNECTION_REFUSED, XH_PHASE_CONNECT);
    int found = 0;
    for (size_t i = 0; i < xh_request_error_count(r.request); i++)
        if (view_has(xh_error_peer(xh_request_error_at(r.request, i)), fmt("127.0.0.1:%d", port))) found = 1;
    XT_CHECK(found);
    if (net_has_ipv6()) XT_CHECK(xh_request_error_count(r.request) >= 2);
    rec_end(&r);
}

XT_TEST(q23_a_name_that_does_not_exist) {
    rec r = {0};
    rec_run(&r, "http://does-not-exist.invalid:81/", NULL);
    XT_CHECK_EQ(xh_error_phase(rec_error(&r)), XH_PHASE_LOOKUP);
    XT_CHECK(view_has(xh_error_message(rec_error(&r)), "does-not-exist.invalid"));
    XT_CHECK_VIEW(xh_error_component(rec_error(&r)), "dns ");
    XT_CHECK_EQ(xh_error_safe_to_retry(rec_error(&r)), 1);
    rec_end(&r);
}

XT_TEST(q23_a_family_that_the_host_does_not_have) {
    rec r = {0};
    rec_run(&r, "http://127.0.0.1:1/", opt_int(NULL, XH_OPT_FAMILY, 6));
    XT_CHECK(rec_error(&r) != NULL && xh_error_status(rec_error(&r)) == XH_E_DNS_NO_ADDRESS);
    rec_end(&r);
}

XT_TEST(q23_a_get_is_safe_to_retry_and_a_post_is_not) {
    static const char *const methods[] = {"GET", "HEAD", "PUT", "DELETE", "OPTIONS", "POST", "PATCH", "x-own"};
    for (int i = 0; i < 8; i++) {
        rec r = {0};
        if (rec_script(&r, "read-head\nreset", opt_str(opt_alone(NULL), XH_OPT_METHOD, methods[i]))) {
            XT_CHECK_EQ(xh_error_request_sent(rec_error(&r)), 1);
            if (xh_error_safe_to_retry(rec_error(&r)) != (i < 5)) XT_FAIL("%s", methods[i]);
        }
        rec_end(&r);
    }
}

XT_TEST(q23_errors_stay_readable_from_any_thread) {
    rec r = {0};
    rec_run(&r, fmt("http://127.0.0.1:%d/", refused_port()), NULL);
    const xh_error *e = xh_request_error_at(r.request, 0);
    XT_CHECK(e == xh_request_error_at(r.request, 0));
    XT_CHECK_EQ(xh_error_message(e).ptr[xh_error_message(e).len], 0);
    rec_end(&r);
}

XT_TEST(q23_readers_take_no_error) {
    XT_CHECK_EQ(xh_error_status(NULL), 0);
    XT_CHECK(xh_error_message(NULL).ptr == NULL);
    XT_CHECK_EQ(xh_error_tls_alert(NULL), -1);
    XT_CHECK_EQ(xh_error_tls_depth(NULL), -1);
    xh_error_free(NULL);
}

XT_TEST(q23_before_an_error_there_is_none) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    XT_CHECK_EQ(xh_request_error_count(r.request), 0);
    XT_CHECK(xh_request_error_at(r.request, 0) == NULL);
    rec_end(&r);
}

/* ---- connections that break --------------------------------------------------------------------------------------------------------------- */

XT_TEST(q23_closed_before_a_byte) { fails("read-head\nclose", opt_alone(NULL), XH_E_CONNECTION_CLOSED, XH_PHASE_HEAD); }
XT_TEST(q23_reset_before_a_byte) { fails("read-head\nreset", opt_alone(NULL), XH_E_CONNECTION_RESET, XH_PHASE_HEAD); }

XT_TEST(q23_reset_before_the_request_was_read) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "reset", opt_alone(NULL)));
    XT_CHECK(rec_error(&r) != NULL);
    XT_CHECK(xh_status_kind(xh_error_status(rec_error(&r))) == XH_KIND_CLOSED ||
             xh_status_kind(xh_error_status(rec_error(&r))) == XH_KIND_CONNECT);
    rec_end(&r);
}

XT_TEST(q23_cut_at_every_byte_of_the_head) {
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (size_t n = 1; n < sizeof head - 1; n += 3)
        fails(fmt("read-head\nsend \"%s\"\nclose", script_quote(head, n)), opt_alone(NULL), XH_E_TRUNCATED,
              XH_PHASE_HEAD);
}

XT_TEST(q23_reset_at_every_byte_of_the_answer) {
    static const char answer[] = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n";
    for (size_t n = 0; n < sizeof answer - 1; n += 5) {
        rec r = {0};
        XT_REQUIRE(rec_script(&r, fmt("read-head\nsend \"%s\"\nreset", script_quote(answer, n)), opt_alone(NULL)));
        XT_CHECK(rec_error(&r) != NULL);
        XT_CHECK_EQ(xh_error_status(rec_error(&r)), XH_E_CONNECTION_RESET);
        rec_end(&r);
    }
}

XT_TEST(q23_a_half_closed_request_side_is_no_error) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK "shutdown\nwait-close", opt_alone(NULL)));
    REC_OK(&r, 200);
    rec_end(&r);
}

/* ---- heads that are none -------------------------------------------------------------------------------------------------------------------- */

static void head_fails(const char *head, xh_status status) {
    fails(fmt("read-head\nsend '%s'\nstall", head), NULL, status, XH_PHASE_HEAD);
}

XT_TEST(q23_status_lines_that_are_none) {
    head_fails("garbage" NL NL, XH_E_BAD_STATUS_LINE);
    head_fails("<html>" NL NL, XH_E_BAD_STATUS_LINE);
    head_fails("HTTP/1.1 20 OK" NL NL, XH_E_BAD_STATUS_LINE);
    head_fails("HTTP/1.1 2000 OK" NL NL, XH_E_BAD_STATUS_LINE);
    head_fails("HTTP/1.1 abc OK" NL NL, XH_E_BAD_STATUS_LINE);
    head_fails("HTTP/1.1 099 OK" NL NL, XH_E_BAD_STATUS_LINE);
    head_fails("HTTP/1.1  200 OK" NL NL, XH_E_BAD_STATUS_LINE);
    head_fails("http/1.1 200 OK" NL NL, XH_E_BAD_STATUS_LINE);
}

XT_TEST(q23_versions_that_are_not_supported) {
    head_fails("HTTP/2.0 200 OK" NL NL, XH_E_BAD_VERSION);
    head_fails("HTTP/0.9 200 OK" NL NL, XH_E_BAD_VERSION);
}

XT_TEST(q23_header_lines_that_are_none) {
    head_fails("HTTP/1.1 200 OK" NL "no colon" NL NL, XH_E_BAD_HEADER);
    head_fails("HTTP/1.1 200 OK" NL ": no name" NL NL, XH_E_BAD_HEADER);
    head_fails("HTTP/1.1 200 OK" NL "a b: c" NL NL, XH_E_BAD_HEADER);
    head_fails("HTTP/1.1 200 OK" NL "a : c" NL NL, XH_E_BAD_HEADER);
    head_fails("HTTP/1.1 200 OK" NL "a: b" NL " folded" NL NL, XH_E_BAD_HEADER);
    head_fails("HTTP/1.1 200 OK" NL "a: \\0" NL NL, XH_E_BAD_HEADER);
    head_fails("HTTP/1.1 200 OK" NL "a: \\x01" NL NL, XH_E_BAD_HEADER);
    head_fails("HTTP/1.1 200 OK" NL "\\xe9: b" NL NL, XH_E_BAD_HEADER);
}

static void protocol_error(const char *head) {
    rec r = {0};
    if (rec_script(&r, fmt("read-head\nsend '%s'\nstall", head), NULL)) {
        if (rec_error(&r) == NULL || xh_status_kind(xh_error_status(rec_error(&r))) != XH_KIND_PROTOCOL)
            XT_FAIL("%s gave %s", head, xh_status_name(xh_error_status(rec_error(&r))));
    }
    rec_end(&r);
}

XT_TEST(q23_lines_end_in_cr_lf) {
    protocol_error("HTTP/1.1 200 OK\\na: b" NL NL);
    protocol_error("HTTP/1.1 200 OK" NL "a: b\\nc: d" NL NL);
    protocol_error("HTTP/1.1 200 OK" NL "a: b\\rc: d" NL NL);
    protocol_error("HTTP/1.1 200 OK\\ra: b" NL NL);
}

XT_TEST(q23_a_tls_server_on_an_http_port) { protocol_error("\\x15\\x03\\x03\\x00\\x02\\x02\\x32" NL NL); }

XT_TEST(q23_an_upgrade_unasked) {
    fails("read-head\nsend 'HTTP/1.1 101 Switching Protocols" NL "upgrade: x" NL "connection: upgrade" NL NL "'\nstall",
          NULL, XH_E_UNEXPECTED_UPGRADE, XH_PHASE_HEAD);
}

XT_TEST(q23_bytes_before_the_request) {
    rec r = {0};
    /* An answer that is there before the question must not be taken for it on a kept connection; on a new one it is the answer
     * to what was sent meanwhile, or an error; never a crash. */
    XT_REQUIRE(rec_script(
        &r, "send 'HTTP/1.1 408 Request Timeout" NL "content-length: 0" NL "connection: close" NL NL "'\nclose",
        opt_alone(NULL)));
    XT_CHECK(rec_error(&r) != NULL || xh_response_status(xh_request_response(r.request)) == 408);
    rec_end(&r);
}

/* ---- floods --------------------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q23_a_flood_of_header_lines) {
    fails("read-head\n" HEAD_OK "'\nrepeat { send 'a: b" NL "' }", opt_int(NULL, XH_OPT_MAX_HEAD_BYTES, 1 << 20),
          XH_E_TOO_MANY_HEADERS, XH_PHASE_HEAD);
}
XT_TEST(q23_an_endless_header_line) {
    fails("read-head\n" HEAD_OK "a: '\nrepeat { send 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }",
          NULL, XH_E_HEADER_OVERFLOW, XH_PHASE_HEAD);
}
XT_TEST(q23_an_endless_status_line) {
    fails(
        "read-head\nsend 'HTTP/1.1 200 '\nrepeat { send 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' }",
        NULL, XH_E_HEADER_OVERFLOW, XH_PHASE_HEAD);
}
XT_TEST(q23_a_flood_of_interim_responses) {
    fails("read-head\nrepeat { send 'HTTP/1.1 102 X" NL NL "' }", NULL, XH_E_TOO_MANY_INTERIM, XH_PHASE_HEAD);
}
XT_TEST(q23_a_flood_of_trailers) {
    rec r = {0};
    XT_REQUIRE(rec_script(
        &r, "read-head\n" HEAD_OK "transfer-encoding: chunked" NL NL "0" NL "'\nrepeat { send 'a: b" NL "' }", NULL));
    XT_CHECK(rec_error(&r) != NULL);
    XT_CHECK_EQ(xh_status_kind(xh_error_status(rec_error(&r))), XH_KIND_LIMIT);
    XT_CHECK_EQ(xh_error_phase(rec_error(&r)), XH_PHASE_BODY);
    rec_end(&r);
}

XT_TEST(q23_limits_of_the_head_can_be_set) {
    fails("read-head\n" HEAD_OK "a: 1" NL "b: 2" NL "content-length: 0" NL NL "'", opt_int(NULL, XH_OPT_MAX_HEADERS, 2),
          XH_E_TOO_MANY_HEADERS, XH_PHASE_HEAD);
    fails("read-head\n" HEAD_OK "a: 0123456789012345678901234567890123456789" NL NL "'",
          opt_int(NULL, XH_OPT_MAX_HEAD_BYTES, 40), XH_E_HEADER_OVERFLOW, XH_PHASE_HEAD);
    fails("read-head\nsend 'HTTP/1.1 102 X" NL NL "HTTP/1.1 102 X" NL NL "'\n" SEND_OK,
          opt_int(NULL, XH_OPT_MAX_INTERIM, 1), XH_E_TOO_MANY_INTERIM, XH_PHASE_HEAD);
}

static void nginx_header(const char *path, xh_options *o, xh_status status) {
    rec r = {0};
    if (rec_start(&r, peer_url(peer_nginx(), "http", path), o) != NULL) {
        rec_finish(&r);
        if (status == XH_OK)
            REC_OK(&r, 200);
        else
            REC_FAILED(&r, status, XH_PHASE_HEAD);
    }
    rec_end(&r);
}

XT_TEST(n02_heads_up_to_16_kib_are_taken_by_default) {
    nginx_header("/headers/one-4k", NULL, XH_OK);
    nginx_header("/headers/one-15k", NULL, XH_OK);
    nginx_header("/headers/one-60k", NULL, XH_E_HEADER_OVERFLOW);
    nginx_header("/headers/one-60k", opt_int(NULL, XH_OPT_MAX_HEAD_BYTES, 1 << 17), XH_OK);
    nginx_header("/headers/many", NULL, XH_OK);
}

/* ---- leniency ------------------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q23_a_lenient_request_takes_what_a_strict_one_refuses) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\nsend 'HTTP/1.1 200 OK\\ncontent-length: 2\\n\\nok'\nwait-close",
                          opt_json(NULL, "{\"insecureHTTPParser\":true}")));
    REC_OK(&r, 200);
    BODY_IS(&r, "ok");
    rec_end(&r);
}

CAPI_MAIN("errors")
