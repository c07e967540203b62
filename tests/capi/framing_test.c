/* Where a response ends (Q07, Q13, Q25): lengths, chunks, close, no body; a short body is never a success. */
#include "support.h"

static const char *nginx_url(const char *path) { return peer_url(peer_nginx(), "http", path); }

static void gives(const char *script, xh_options *o, int32_t status, const char *body) {
    rec r = {0};
    if (rec_script(&r, script, o)) {
        REC_OK(&r, status);
        BODY_IS(&r, body);
        XT_CHECK_STR(r.data == NULL ? "" : r.data, body);
    }
    rec_end(&r);
}

static void fails(const char *script, xh_status status, int32_t phase) {
    rec r = {0};
    if (rec_script(&r, script, NULL)) {
        REC_FAILED(&r, status, phase);
        XT_CHECK_EQ(r.count[XH_EVENT_RESPONSE], 0);
    }
    rec_end(&r);
}

/* ---- what ends well ------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q25_a_body_with_length) { gives("read-head\n" SEND_OK "stall", NULL, 200, "ok"); }

XT_TEST(q25_a_body_of_length_zero) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" HEAD_OK "content-length: 0" NL NL "'\nstall", NULL));
    ORDER_IS(&r, "HRTX");
    BODY_IS(&r, "");
    rec_end(&r);
}

XT_TEST(q25_a_chunked_body) {
    gives("read-head\n" HEAD_OK "Transfer-Encoding: Chunked" NL NL "1" NL "a" NL "00A" NL "0123456789" NL "0" NL NL
          "'\nstall",
          NULL, 200, "a0123456789");
}

XT_TEST(q25_chunks_with_extensions) {
    gives("read-head\n" HEAD_OK "transfer-encoding: chunked" NL NL "1;a=b;c=\"d\"" NL "a" NL "0;last" NL NL "'\nstall",
          NULL, 200, "a");
}

XT_TEST(q25_a_chunked_body_byte_by_byte) {
    gives("read-head\nsend-slow 0 'HTTP/1.1 200 OK" NL "transfer-encoding: chunked" NL NL "2" NL "ok" NL "0" NL
          "x: y" NL NL "'\nstall",
          NULL, 200, "ok");
}

XT_TEST(q25_an_empty_chunked_body) {
    gives("read-head\n" HEAD_OK "transfer-encoding: chunked" NL NL "0" NL NL "'\nstall", NULL, 200, "");
}

XT_TEST(q25_a_body_until_close) { gives("read-head\n" HEAD_OK NL "to the end'\nclose", NULL, 200, "to the end"); }
XT_TEST(q25_an_empty_body_until_close) { gives("read-head\n" HEAD_OK NL "'\nclose", NULL, 200, ""); }
XT_TEST(q25_a_body_until_half_close) {
    gives("read-head\n" HEAD_OK NL "to the end'\nshutdown\nwait-close", NULL, 200, "to the end");
}

XT_TEST(q25_an_answer_of_http_1_0) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\nsend 'HTTP/1.0 200 OK" NL NL "old'\nclose", NULL));
    REC_OK(&r, 200);
    XT_CHECK_VIEW(xh_response_protocol(xh_request_response(r.request)), "HTTP/1.0");
    XT_CHECK_VIEW(xh_request_protocol(r.request), "HTTP/1.0");
    BODY_IS(&r, "old");
    rec_end(&r);
}

XT_TEST(q25_bytes_with_nul_and_line_ends) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" HEAD_OK "content-length: 5" NL NL "a\\0" NL "b'", NULL));
    XT_CHECK_BYTES(rec_body(&r).ptr, rec_body(&r).len, "a\0\r\nb", 5);
    rec_end(&r);
}

XT_TEST(q25_head_has_no_body) {
    gives("read-head\n" HEAD_OK "content-length: 100" NL NL "'\nstall", opt_str(NULL, XH_OPT_METHOD, "HEAD"), 200, "");
    gives("read-head\n" HEAD_OK "transfer-encoding: chunked" NL NL "'\nstall", opt_str(NULL, XH_OPT_METHOD, "HEAD"),
          200, "");
}

XT_TEST(q25_204_has_no_body) { gives("read-head\nsend 'HTTP/1.1 204 No Content" NL NL "'\nstall", NULL, 204, ""); }
XT_TEST(q25_304_has_no_body) {
    gives("read-head\nsend 'HTTP/1.1 304 Not Modified" NL "content-length: 100" NL NL "'\nstall", NULL, 304, "");
}
XT_TEST(q25_205_with_length_zero) {
    gives("read-head\nsend 'HTTP/1.1 205 X" NL "content-length: 0" NL NL "'\nstall", NULL, 205, "");
}

XT_TEST(q25_an_answer_without_reason) {
    gives("read-head\nsend 'HTTP/1.1 200" NL "content-length: 2" NL NL "ok'\nstall", NULL, 200, "ok");
}

XT_TEST(q25_trailers_are_given_after_the_body) {
    rec r = {0};
    xh_str name, value;
    XT_REQUIRE(rec_script(&r,
                          "read-head\n" HEAD_OK "transfer-encoding: chunked" NL "trailer: X-Sum" NL NL "2" NL "ok" NL
                          "0" NL "X-Sum:  42 " NL "x-two: 2" NL NL "'\nstall",
                          NULL));
    REC_OK(&r, 200);
    const xh_response *a = xh_request_response(r.request);
    XT_CHECK_EQ(xh_response_trailer_count(a), 2);
    XT_CHECK_EQ(xh_response_trailer_at(a, 0, &name, &value), XH_OK);
    XT_CHECK_VIEW(name, "X-Sum");
    XT_CHECK_VIEW(value, "42");
    XT_CHECK_EQ(xh_response_trailer_at(a, 2, &name, &value), XH_E_NOT_FOUND);
    XT_CHECK(xh_response_header(a, "x-sum", XH_NTS, 0).ptr == NULL);
    rec_end(&r);
}

XT_TEST(q25_a_body_in_many_small_pieces) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r,
                          "read-head\n" HEAD_OK "transfer-encoding: chunked" NL NL
                          "'\nsend-chunks 100000 7\nsend '0" NL NL "'\nstall",
                          NULL));
    REC_OK(&r, 200);
    XT_CHECK_EQ(r.len, 100000);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    rec_end(&r);
}

XT_TEST(q25_download_progress) {
    rec r = {0};
    rec_run(&r, nginx_url("/file/1m.bin"), NULL);
    XT_CHECK(r.count[XH_EVENT_DOWNLOAD] > 0);
    XT_CHECK_EQ(r.download_bytes, 1 << 20);
    XT_CHECK_EQ(r.download_total, 1 << 20);
    rec_end(&r);
    rec_run(&r, nginx_url("/chunked/1k.bin"), NULL);
    XT_CHECK_EQ(r.download_bytes, 1024);
    XT_CHECK_EQ(r.download_total, -1);
    rec_end(&r);
}

/* ---- nginx ---------------------------------------------------------------------------------------------------------------------------- */

static void pattern_from(const char *path, size_t len) {
    rec r = {0};
    if (rec_start(&r, nginx_url(path), NULL) != NULL) {
        rec_finish(&r);
        REC_OK(&r, 200);
        XT_CHECK_EQ(r.len, len);
        XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    }
    rec_end(&r);
}

XT_TEST(q25_nginx_lengths) {
    pattern_from("/file/128.bin", 128);
    pattern_from("/file/64k.bin", 65536);
    pattern_from("/file/1m.bin", 1 << 20);
}
XT_TEST(q25_nginx_chunks) { pattern_from("/chunked/1k.bin", 1024); }
XT_TEST(q25_nginx_until_close) { pattern_from("/until-close/1k.bin", 1024); }
XT_TEST(q25_nginx_trailers) {
    rec r = {0};
    xh_str name = {NULL, 0}, value = {NULL, 0};
    rec_run(&r, nginx_url("/trailers/1k.bin"), NULL);
    REC_OK(&r, 200);
    XT_CHECK_EQ(xh_response_trailer_at(xh_request_response(r.request), 0, &name, &value), XH_OK);
    XT_CHECK_VIEW(value, "done");
    rec_end(&r);
}

XT_TEST(q25_nginx_statuses) {
    static const int codes[] = {200, 201, 202, 204, 400, 401, 403, 404, 405, 409,
                                410, 418, 429, 451, 500, 501, 502, 503, 504};
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++) {
        rec r = {0};
        rec_run(&r, nginx_url(fmt("/status/%d", codes[i])), NULL);
        REC_OK(&r, codes[i]);
        rec_end(&r);
    }
}

/* ---- a short body is never a success ------------------------------------------------------------------------------------------------------ */

XT_TEST(q14_a_short_length_is_truncated) {
    fails("read-head\n" HEAD_OK "content-length: 3" NL NL "ok'\nclose", XH_E_TRUNCATED, XH_PHASE_BODY);
}
XT_TEST(q14_no_body_at_all_is_truncated) {
    fails("read-head\n" HEAD_OK "content-length: 3" NL NL "'\nclose", XH_E_TRUNCATED, XH_PHASE_BODY);
}

XT_TEST(q14_a_chunked_body_is_truncated_at_every_byte) {
    static const char body[] = "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\na: b\r\n\r\n";
    for (size_t n = 0; n < sizeof body - 1; n++)
        fails(fmt("read-head\n" HEAD_OK "transfer-encoding: chunked" NL NL "'\nsend \"%s\"\nclose",
                  script_quote(body, n)),
              XH_E_TRUNCATED, XH_PHASE_BODY);
}

XT_TEST(q14_a_reset_in_the_body_is_an_error) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" HEAD_OK "content-length: 3" NL NL "ok'\nreset", NULL));
    XT_CHECK(rec_error(&r) != NULL);
    XT_CHECK_EQ(xh_error_phase(rec_error(&r)), XH_PHASE_BODY);
    XT_CHECK_EQ(xh_error_status(rec_error(&r)), XH_E_CONNECTION_RESET);
    rec_end(&r);
}

XT_TEST(q14_a_reset_ends_no_body_until_close) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" HEAD_OK NL "ok'\nwait-signal go\nreset");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), NULL) != NULL);
    XT_CHECK(rec_await(&r, XH_EVENT_DATA, 1));
    script_signal(p, "go");
    rec_finish(&r);
    REC_FAILED(&r, XH_E_CONNECTION_RESET, XH_PHASE_BODY);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q14_what_came_before_the_cut_was_given) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" HEAD_OK "content-length: 3" NL NL "ok'\nclose", NULL));
    ORDER_IS(&r, "HDETX");
    XT_CHECK_STR(r.data, "ok");
    XT_CHECK(rec_body(&r).ptr == NULL);
    XT_CHECK_EQ(xh_response_status(xh_request_response(r.request)), 200);
    rec_end(&r);
}

/* ---- framing that is not valid ------------------------------------------------------------------------------------------------------------- */

#define BODY_PEER(lines) "read-head\n" HEAD_OK lines NL "ok'\nstall"

XT_TEST(q23_length_and_chunks_together) {
    fails(BODY_PEER("content-length: 2" NL "transfer-encoding: chunked" NL), XH_E_BAD_TRANSFER_ENCODING, XH_PHASE_HEAD);
}

XT_TEST(q23_two_lengths) {
    fails(BODY_PEER("content-length: 2" NL "content-length: 3" NL), XH_E_BAD_CONTENT_LENGTH, XH_PHASE_HEAD);
    fails(BODY_PEER("content-length: 2, 3" NL), XH_E_BAD_CONTENT_LENGTH, XH_PHASE_HEAD);
}

XT_TEST(q23_lengths_that_are_no_numbers) {
    static const char *const values[] = {"+2", "-2", "0x2", "2a", "", "2 2", "99999999999999999999", "2.0", "\\xb2"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        fails(fmt("read-head\n" HEAD_OK "content-length: %s" NL NL "ok'\nstall", values[i]), XH_E_BAD_CONTENT_LENGTH,
              XH_PHASE_HEAD);
}

XT_TEST(q23_transfer_encodings_that_do_not_end_in_chunked) {
    static const char *const values[] = {"gzip",     "chunked, gzip", "identity", "chunked, chunked",
                                         "xchunked", "chunked;x"};
    for (size_t i = 0; i < sizeof values / sizeof values[0]; i++)
        fails(fmt("read-head\n" HEAD_OK "transfer-encoding: %s" NL NL "ok'\nstall", values[i]),
              XH_E_BAD_TRANSFER_ENCODING, XH_PHASE_HEAD);
}

#define CHUNKS(text) "read-head\n" HEAD_OK "transfer-encoding: chunked" NL NL text "'\nstall"

XT_TEST(q23_chunks_that_are_none) {
    fails(CHUNKS("x" NL), XH_E_BAD_CHUNK, XH_PHASE_BODY);
    fails(CHUNKS("-1" NL), XH_E_BAD_CHUNK, XH_PHASE_BODY);
    fails(CHUNKS("+1" NL), XH_E_BAD_CHUNK, XH_PHASE_BODY);
    fails(CHUNKS("0x1" NL), XH_E_BAD_CHUNK, XH_PHASE_BODY);
    fails(CHUNKS(" 1" NL), XH_E_BAD_CHUNK, XH_PHASE_BODY);
    fails(CHUNKS(NL), XH_E_BAD_CHUNK, XH_PHASE_BODY);
    fails(CHUNKS("1" NL "ab" NL), XH_E_BAD_CHUNK, XH_PHASE_BODY);
    fails(CHUNKS("ffffffffffffffffff" NL), XH_E_BAD_CHUNK, XH_PHASE_BODY);
}

XT_TEST(q23_chunk_lines_end_in_cr_lf_only) {
    rec r = {0};
    static const char *const texts[] = {"1\\na" NL "0" NL NL, "1;a\\nb" NL "a" NL "0" NL NL, "1" NL "a\\n0" NL NL};
    for (int i = 0; i < 3; i++) {
        XT_REQUIRE(
            rec_script(&r, fmt("read-head\n" HEAD_OK "transfer-encoding: chunked" NL NL "%s'\nstall", texts[i]), NULL));
        XT_CHECK(rec_error(&r) != NULL);
        XT_CHECK_EQ(xh_status_kind(xh_error_status(rec_error(&r))), XH_KIND_PROTOCOL);
        rec_end(&r);
    }
}

XT_TEST(q23_chunk_overhead_has_a_bound) {
    rec r = {0};
    XT_REQUIRE(rec_script(
        &r,
        "read-head\n" HEAD_OK "transfer-encoding: chunked" NL NL
        "'\nrepeat 40 { send '1;"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" NL "x" NL
        "' }\nstall",
        NULL));
    REC_FAILED(&r, XH_E_CHUNK_OVERHEAD, XH_PHASE_BODY);
    rec_end(&r);
}

XT_TEST(q23_bytes_behind_the_body_close_the_connection) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p =
        script_start("on-connection 1:\nread-head\n" HEAD_OK "content-length: 2" NL NL "okHTTP/1.1 200 OK" NL
                     "content-length: 5" NL NL "wrong'\nexpect-closed\non-connection 2:\nread-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), opt_ptr(NULL, XH_OPT_AGENT, agent));
    REC_OK(&r, 200);
    BODY_IS(&r, "ok");
    rec_end(&r);
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/y"), NULL), 0);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
    xh_agent_release(agent);
}

CAPI_MAIN("framing")
