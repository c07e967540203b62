/* What reads back of a request (Q16, Q24), and its timeline (Q25). */
#include "support.h"

XT_TEST(q24_defaults) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" SEND_OK, NULL));
    XT_CHECK_VIEW(xh_request_method(r.request), "GET");
    XT_CHECK_EQ(xh_request_data_type(r.request), XH_DATA_AUTO);
    XT_CHECK_VIEW(xh_request_encoding(r.request), "UTF-8");
    XT_CHECK_EQ(xh_request_return_response_body(r.request), 1);
    XT_CHECK(xh_request_timeout(r.request) < 0);
    XT_CHECK_EQ(xh_request_header_count(r.request), 0);
    XT_CHECK_EQ(xh_request_terminated(r.request), 1);
    rec_end(&r);
}

XT_TEST(q24_what_was_given) {
    rec r = {0};
    xh_str name, value;
    script_peer *p = script_start("read-head\n" SEND_OK);
    xh_options *o = opt_str(NULL, XH_OPT_METHOD, "REPORT");
    opt_str(o, XH_OPT_DATA_TYPE, "text");
    opt_str(o, XH_OPT_ENCODING, "ISO-8859-1");
    opt_int(o, XH_OPT_RETURN_RESPONSE_BODY, 0);
    opt_real(o, XH_OPT_TIMEOUT, 12.5);
    opt_header(o, "X-One", "1");
    opt_header(o, "x-one", "2");
    const char *url = script_url(p, "http", "/a?b");
    rec_run(&r, url, o);
    XT_CHECK_VIEW(xh_request_url(r.request), url);
    XT_CHECK_VIEW(xh_request_method(r.request), "REPORT");
    XT_CHECK_EQ(xh_request_data_type(r.request), XH_DATA_TEXT);
    XT_CHECK_VIEW(xh_request_encoding(r.request), "ISO-8859-1");
    XT_CHECK_EQ(xh_request_return_response_body(r.request), 0);
    XT_CHECK(xh_request_timeout(r.request) > 12.4 && xh_request_timeout(r.request) < 12.6);
    XT_CHECK_EQ(xh_request_header_count(r.request), 2);
    XT_CHECK_EQ(xh_request_header_at(r.request, 0, &name, &value), XH_OK);
    XT_CHECK_VIEW(name, "X-One");
    XT_CHECK_VIEW(value, "1");
    XT_CHECK_EQ(xh_request_header_at(r.request, 1, &name, &value), XH_OK);
    XT_CHECK_VIEW(name, "x-one");
    XT_CHECK_EQ(xh_request_header_at(r.request, 2, &name, &value), XH_E_NOT_FOUND);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q24_the_url_reads_back_after_a_redirect_as_given) {
    rec r = {0};
    const char *url = peer_url(peer_nginx(), "http", "/redirect/1");
    rec_run(&r, url, NULL);
    XT_CHECK_VIEW(xh_request_url(r.request), url);
    XT_CHECK_VIEW(xh_response_url(xh_request_response(r.request)), peer_url(peer_nginx(), "http", "/text"));
    rec_end(&r);
}

XT_TEST(q24_the_method_reads_back_after_a_redirect_as_given) {
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "http", "/redirect-303"), opt_body(NULL, "POST", "x", 1));
    REC_OK(&r, 200);
    XT_CHECK_VIEW(xh_request_method(r.request), "POST");
    rec_end(&r);
}

XT_TEST(q16_protocol_reads_back_as_given_and_then_as_used) {
    rec r = {0};
    script_peer *p = script_start("read-head\nemit got\nwait-signal go\n" SEND_OK);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), opt_str(NULL, XH_OPT_PROTOCOL, "HTTP1")) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_CHECK_VIEW(xh_request_protocol(r.request), "HTTP1");
    XT_CHECK_EQ(xh_request_terminated(r.request), 0);
    script_signal(p, "go");
    rec_finish(&r);
    XT_CHECK_VIEW(xh_request_protocol(r.request), "HTTP/1.1");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q16_auto_reads_back_until_the_head_has_come) {
    rec r = {0};
    rec_run(&r, fmt("http://127.0.0.1:%d/", refused_port()), NULL);
    XT_CHECK_VIEW(xh_request_protocol(r.request), "auto");
    rec_end(&r);
}

XT_TEST(q16_other_protocols_are_refused) {
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_PROTOCOL, "HTTP2", XH_NTS), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_PROTOCOL, "auto", XH_NTS), XH_OK);
    xh_options_release(o);
}

XT_TEST(q24_readers_take_no_request) {
    XT_CHECK(xh_request_url(NULL).ptr == NULL);
    XT_CHECK_EQ(xh_request_header_count(NULL), 0);
    XT_CHECK(xh_request_response(NULL) == NULL);
    XT_CHECK_EQ(xh_request_error_count(NULL), 0);
    XT_CHECK_EQ(xh_request_hop_count(NULL), 0);
    XT_CHECK_EQ(xh_request_id(NULL), 0);
}

/* ---- the timeline ----------------------------------------------------------------------------------------------------------------------- */

/* The moments that took place are in order and lie between `from` and now. */
static void ascending(xh_request *request, size_t hop, int64_t from) {
    int64_t last = from;
    for (int32_t m = XH_TIME_START; m <= XH_TIME_END; m++) {
        int64_t t = xh_request_hop_time(request, hop, m);
        if (t < 0) continue;
        if (t < last) XT_FAIL("moment %d of hop %zu is before the one before it", m, hop);
        last = t;
    }
    XT_CHECK(last <= now_ns());
}

XT_TEST(q25_timeline_of_http) {
    rec r = {0};
    int64_t from = now_ns();
    rec_run(&r, fmt("http://localhost:%d/text", peer_port(peer_nginx(), "http")), opt_alone(NULL));
    XT_CHECK_EQ(xh_request_hop_count(r.request), 1);
    ascending(r.request, 0, from);
    static const int32_t there[] = {XH_TIME_START,    XH_TIME_QUEUE_END,  XH_TIME_LOOKUP_END, XH_TIME_CONNECT_END,
                                    XH_TIME_SEND_END, XH_TIME_FIRST_BYTE, XH_TIME_END};
    for (size_t i = 0; i < sizeof there / sizeof there[0]; i++)
        if (xh_request_hop_time(r.request, 0, there[i]) < 0) XT_FAIL("moment %d is missing", there[i]);
    XT_CHECK_EQ(xh_request_hop_time(r.request, 0, XH_TIME_PROXY_END), -1);
    XT_CHECK_EQ(xh_request_hop_time(r.request, 0, XH_TIME_TLS_END), -1);
    XT_CHECK_EQ(xh_request_hop_time(r.request, 0, 9), -1);
    XT_CHECK_EQ(xh_request_hop_time(r.request, 1, XH_TIME_START), -1);
    rec_end(&r);
}

XT_TEST(q25_timeline_of_https) {
    rec r = {0};
    int64_t from = now_ns();
    rec_run(&r, peer_url(peer_nginx(), "https", "/text"), opt_alone(opt_ca(NULL)));
    ascending(r.request, 0, from);
    XT_CHECK(xh_request_hop_time(r.request, 0, XH_TIME_TLS_END) >
             xh_request_hop_time(r.request, 0, XH_TIME_CONNECT_END));
    rec_end(&r);
}

XT_TEST(q25_timeline_of_a_kept_connection) {
    xh_agent *agent = agent_keep(NULL);
    rec r = {0};
    agent_get(agent, peer_url(peer_nginx(), "http", "/text"), NULL);
    rec_run(&r, peer_url(peer_nginx(), "http", "/text"), opt_ptr(NULL, XH_OPT_AGENT, agent));
    XT_CHECK_EQ(xh_request_hop_reused(r.request, 0), 1);
    XT_CHECK_EQ(xh_request_hop_time(r.request, 0, XH_TIME_LOOKUP_END), -1);
    XT_CHECK_EQ(xh_request_hop_time(r.request, 0, XH_TIME_CONNECT_END), -1);
    XT_CHECK(xh_request_hop_time(r.request, 0, XH_TIME_FIRST_BYTE) > 0);
    rec_end(&r);
    xh_agent_release(agent);
}

XT_TEST(q25_timeline_of_redirects) {
    rec r = {0};
    int64_t from = now_ns();
    rec_run(&r, peer_url(peer_nginx(), "http", "/redirect/3"), NULL);
    XT_CHECK_EQ(xh_request_hop_count(r.request), 4);
    for (size_t i = 0; i < 4; i++) {
        ascending(r.request, i, from);
        from = xh_request_hop_time(r.request, i, XH_TIME_FIRST_BYTE);
        XT_CHECK_EQ(xh_request_hop_status(r.request, i), i < 3 ? 302 : 200);
    }
    rec_end(&r);
}

XT_TEST(q25_timeline_of_a_failure) {
    rec r = {0};
    rec_run(&r, fmt("http://127.0.0.1:%d/", refused_port()), NULL);
    XT_CHECK(xh_request_hop_time(r.request, 0, XH_TIME_START) > 0);
    XT_CHECK_EQ(xh_request_hop_time(r.request, 0, XH_TIME_CONNECT_END), -1);
    XT_CHECK_EQ(xh_request_hop_time(r.request, 0, XH_TIME_FIRST_BYTE), -1);
    XT_CHECK(xh_request_hop_time(r.request, 0, XH_TIME_END) > 0);
    XT_CHECK_EQ(xh_request_hop_status(r.request, 0), 0);
    rec_end(&r);
}

XT_TEST(q25_addresses_of_both_ends) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/"), opt_alone(NULL));
    XT_CHECK_VIEW(xh_request_hop_remote(r.request, 0), fmt("127.0.0.1:%d", script_port(p)));
    XT_CHECK_VIEW(xh_request_hop_local(r.request, 0), fmt("127.0.0.1:%s", script_info(p, 1, "port")));
    rec_end(&r);
    script_stop(p);
}

/* ---- the connection's options ------------------------------------------------------------------------------------------------------------- */

XT_TEST(q24_a_unix_socket) {
    rec r = {0};
    rec_run(&r, "http://any.host.test/text",
            opt_str(opt_alone(NULL), XH_OPT_SOCKET_PATH, peer_file(peer_nginx(), "http.sock")));
    REC_OK(&r, 200);
    BODY_IS(&r, "hello from nginx\n");
    rec_end(&r);
}

XT_TEST(q24_a_unix_socket_that_is_not_there) {
    rec r = {0};
    rec_run(&r, "http://any.host.test/text", opt_str(opt_alone(NULL), XH_OPT_SOCKET_PATH, "/nowhere/http.sock"));
    REC_FAILED(&r, XH_E_SOCKET_PATH, XH_PHASE_CONNECT);
    rec_end(&r);
}

XT_TEST(q24_a_local_address) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/"), opt_str(opt_alone(NULL), XH_OPT_LOCAL_ADDRESS, "127.0.0.9"));
    REC_OK(&r, 200);
    XT_CHECK(strncmp(xh_request_hop_local(r.request, 0).ptr, "127.0.0.9:", 10) == 0);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q24_a_local_address_that_is_not_ours) {
    rec r = {0};
    rec_run(&r, peer_url(peer_nginx(), "http", "/text"), opt_str(opt_alone(NULL), XH_OPT_LOCAL_ADDRESS, "192.0.2.1"));
    REC_FAILED(&r, XH_E_ADDRESS_NOT_AVAILABLE, XH_PHASE_CONNECT);
    rec_end(&r);
}

XT_TEST(q24_a_family) {
    rec r = {0};
    rec_run(&r, fmt("http://localhost:%d/text", peer_port(peer_nginx(), "http")),
            opt_int(opt_alone(NULL), XH_OPT_FAMILY, 4));
    REC_OK(&r, 200);
    XT_CHECK(strncmp(xh_request_hop_remote(r.request, 0).ptr, "127.", 4) == 0);
    rec_end(&r);
    if (!net_has_ipv6()) return;
    rec_run(&r, fmt("http://localhost:%d/text", peer_port(peer_nginx(), "http")),
            opt_int(opt_alone(NULL), XH_OPT_FAMILY, 6));
    REC_OK(&r, 200);
    XT_CHECK(strncmp(xh_request_hop_remote(r.request, 0).ptr, "[::1]", 5) == 0);
    rec_end(&r);
}

XT_TEST(q24_the_second_address_is_tried_when_the_first_refuses) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK); /* on 127.0.0.1 only; localhost is ::1, too */
    rec_run(&r, fmt("http://localhost:%d/", script_port(p)), opt_alone(NULL));
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

CAPI_MAIN("properties")
