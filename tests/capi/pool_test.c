/* What keeps connections apart, threads on one agent, and the end of an agent (Q28, A09, A10). */
#include "support.h"

static const char *nginx(const char *port) { return peer_url(peer_nginx(), port, "/text"); }

/* Two requests through one agent must not share a connection. */
static void apart(const char *url, xh_options *one, const char *other_url, xh_options *two) {
    xh_agent *agent = agent_keep(NULL);
    int first = agent_get(agent, url, one), second = agent_get(agent, other_url, two);
    XT_CHECK_EQ(first, 0);
    XT_CHECK_EQ(second, 0);
    XT_CHECK_EQ(xh_agent_count(agent, XH_COUNT_CREATED), 2);
    xh_agent_release(agent);
}

static void together(const char *url, xh_options *one, xh_options *two) {
    xh_agent *agent = agent_keep(NULL);
    XT_CHECK_EQ(agent_get(agent, url, one), 0);
    XT_CHECK_EQ(agent_get(agent, url, two), 1);
    xh_agent_release(agent);
}

static xh_options *proxy(const char *user) {
    return opt_str(NULL, XH_OPT_PROXY, fmt("http://%s127.0.0.1:%d", user, peer_port(peer_squid(), "open")));
}

static xh_options *client_cert(const char *folder) {
    return opt_str(opt_ca(NULL), XH_OPT_CERTIFICATES_FOLDER, cert_file(folder));
}

XT_TEST(q28_equal_options_share) {
    together(nginx("http"), NULL, opt_header(NULL, "x-other", "1"));
    together(nginx("https"), opt_ca(NULL), opt_ca(NULL));
    together(nginx("https-client-cert"), client_cert("client"), client_cert("client"));
    together(nginx("http"), proxy(""), proxy(""));
}

XT_TEST(q28_the_origin_keeps_apart) {
    apart(nginx("http"), NULL, nginx("keep3"), NULL);
    apart(nginx("http"), NULL, fmt("http://localhost:%d/text", peer_port(peer_nginx(), "http")), NULL);
    apart(nginx("https"), opt_ca(NULL), fmt("https://127.0.0.1:%d/text", peer_port(peer_nginx(), "https")),
          opt_ca(NULL));
}

XT_TEST(q28_the_proxy_keeps_apart) { apart(nginx("http"), NULL, nginx("http"), proxy("")); }

XT_TEST(q28_credentials_of_the_proxy_keep_apart) {
    apart(nginx("https"), opt_ca(proxy("a:1@")), nginx("https"), opt_ca(proxy("b:1@")));
    apart(nginx("https"), opt_ca(proxy("a:1@")), nginx("https"), opt_ca(proxy("a:2@")));
    apart(nginx("https"), opt_ca(proxy("a:1@")), nginx("https"), opt_ca(proxy("")));
}

XT_TEST(q28_the_client_certificate_keeps_apart) {
    apart(nginx("https"), client_cert("client"), nginx("https"), opt_ca(NULL));
    apart(nginx("https"), client_cert("client"), nginx("https"), client_cert("client2"));
}

XT_TEST(q28_authorities_keep_apart) {
    apart(nginx("https"), opt_ca(NULL), nginx("https"), opt_int(opt_ca(NULL), XH_OPT_SYSTEM_STORE, 0));
}

XT_TEST(q28_verification_keeps_apart) {
    apart(nginx("https"), opt_int(NULL, XH_OPT_VALIDATE_TLS_CERTIFICATE, 0), nginx("https"), opt_ca(NULL));
    apart(nginx("https"), opt_int(opt_ca(NULL), XH_OPT_VALIDATE_TLS_CERTIFICATE, 0), nginx("https"), opt_ca(NULL));
}

XT_TEST(q28_a_connection_without_verification_is_no_way_around_it) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    XT_CHECK_EQ(agent_get(agent, nginx("https-self-signed"), opt_int(NULL, XH_OPT_VALIDATE_TLS_CERTIFICATE, 0)), 0);
    rec_run(&r, nginx("https-self-signed"), opt_ptr(opt_ca(NULL), XH_OPT_AGENT, agent));
    REC_FAILED(&r, XH_E_TLS_SELF_SIGNED, XH_PHASE_TLS);
    rec_end(&r);
    xh_agent_release(agent);
}

XT_TEST(q28_versions_of_tls_keep_apart) {
    apart(nginx("https"), opt_str(opt_ca(NULL), XH_OPT_MAX_TLS_VERSION, "TLSv1_2"), nginx("https"), opt_ca(NULL));
    apart(nginx("https"), opt_str(opt_ca(NULL), XH_OPT_MIN_TLS_VERSION, "TLSv1_1"), nginx("https"), opt_ca(NULL));
}

XT_TEST(q28_pins_names_and_ciphers_keep_apart) {
    apart(nginx("https"), opt_str(opt_ca(NULL), XH_OPT_CIPHERS, "HIGH"), nginx("https"), opt_ca(NULL));
    apart(nginx("https"), opt_str(opt_ca(NULL), XH_OPT_SERVER_NAME, "127.0.0.1"), nginx("https"), opt_ca(NULL));
}

XT_TEST(q28_local_address_and_family_keep_apart) {
    apart(nginx("http"), opt_str(NULL, XH_OPT_LOCAL_ADDRESS, "127.0.0.7"), nginx("http"), NULL);
    apart(nginx("http"), opt_int(NULL, XH_OPT_FAMILY, 4), nginx("http"), NULL);
}

XT_TEST(q28_a_unix_socket_keeps_apart) {
    apart(nginx("http"), opt_str(NULL, XH_OPT_SOCKET_PATH, peer_file(peer_nginx(), "http.sock")), nginx("http"), NULL);
}

XT_TEST(q28_a_lenient_connection_is_not_kept) {
    apart(nginx("http"), opt_json(NULL, "{\"insecureHTTPParser\":true}"), nginx("http"), NULL);
    apart(nginx("http"), NULL, nginx("http"), opt_json(NULL, "{\"insecureHTTPParser\":true}"));
}

/* ---- threads ----------------------------------------------------------------------------------------------------------------------------- */

static void *many_gets(void *agent) {
    for (int i = 0; i < 50; i++) {
        rec r = {0};
        const char *url = fmt("%s", peer_url(peer_nginx(), i % 2 ? "http" : "keep3", "/file/1k.bin"));
        if (rec_start(&r, url, opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL) {
            rec_finish(&r);
            REC_OK(&r, 200);
            XT_CHECK_EQ(r.len, 1024);
            XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
        }
        rec_end(&r);
    }
    return NULL;
}

XT_TEST(q28_several_threads_share_one_agent) {
    pthread_t threads[4];
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 3));
    peer_nginx();
    for (int i = 0; i < 4; i++)
        if (pthread_create(&threads[i], NULL, many_gets, agent) != 0) abort();
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    XT_CHECK(xh_agent_count(agent, XH_COUNT_REUSED) > 0);
    XT_CHECK(xh_agent_count(agent, XH_COUNT_FREE_SOCKETS) <= 6);
    xh_agent_release(agent);
}

XT_TEST(q28_many_requests_at_once) {
    enum { N = 200 };
    static rec r[N];
    memset(r, 0, sizeof r);
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 16));
    const char *url = fmt("%s", peer_url(peer_nginx(), "http", "/file/128.bin"));
    for (int i = 0; i < N; i++) XT_REQUIRE(rec_start(&r[i], url, opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    for (int i = 0; i < N; i++) {
        rec_finish(&r[i]);
        REC_OK(&r[i], 200);
        rec_end(&r[i]);
    }
    XT_CHECK(xh_agent_count(agent, XH_COUNT_CREATED) <= 17);
    XT_CHECK_EQ(xh_agent_count(agent, XH_COUNT_QUEUED), 0);
    xh_agent_release(agent);
}

/* ---- the end of an agent ---------------------------------------------------------------------------------------------------------------------- */

XT_TEST(a09_destroy_ends_all_requests) {
    rec r = {0}, queued = {0};
    xh_agent *agent = agent_keep(opt_int(NULL, XH_OPT_MAX_SOCKETS, 1));
    script_peer *p = script_start("read-head\nemit got\nexpect-closed");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_REQUIRE(rec_start(&queued, script_url(p, "http", "/"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(agent_await(agent, XH_COUNT_QUEUED, 1));
    XT_CHECK_EQ(xh_agent_destroy(agent), XH_OK);
    rec_finish(&r);
    rec_finish(&queued);
    REC_FAILED(&r, XH_E_CONNECTION_RESET, -1);
    REC_FAILED(&queued, XH_E_AGENT_DESTROYED, -1);
    rec_end(&r);
    rec_end(&queued);
    REFUSED(script_url(p, "http", "/"), opt_ptr(NULL, XH_OPT_AGENT, agent), XH_E_AGENT_DESTROYED);
    XT_CHECK_EQ(xh_agent_destroy(agent), XH_OK);
    xh_agent_release(agent);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(a09_destroy_closes_free_connections) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("read-head\n" SEND_OK "expect-eof");
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    XT_CHECK_EQ(xh_agent_destroy(agent), XH_OK);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(a09_close_free_leaves_those_in_use) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("on-connection 1:\nread-head\nemit got\nwait-signal go\n" SEND_OK
                                  "wait-close\n"
                                  "on-connection 2:\nread-head\n" SEND_OK "expect-eof");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    XT_CHECK_EQ(xh_agent_close_free(agent), XH_OK);
    XT_CHECK(script_wait_closed(p, 2, LONG_MS));
    script_signal(p, "go");
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(p);
}

XT_TEST(q28_a_request_keeps_its_agent_alive) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("read-head\nwait-signal go\n" SEND_OK "expect-eof");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    xh_agent_release(agent);
    script_signal(p, "go");
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(a09_free_connections_go_with_the_last_reference) {
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("read-head\n" SEND_OK "expect-eof");
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/"), NULL), 0);
    XT_CHECK(xh_agent_retain(agent) == agent);
    xh_agent_release(agent);
    XT_CHECK_EQ(xh_agent_count(agent, XH_COUNT_FREE_SOCKETS), 1);
    xh_agent_release(agent);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    xh_agent_release(NULL);
    script_stop(p);
}

XT_TEST(a10_counts_while_in_use) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("read-head\nemit got\nwait-signal go\n" SEND_OK "wait-close");
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/"), opt_ptr(NULL, XH_OPT_AGENT, agent)) != NULL);
    XT_CHECK(script_wait_event(p, "got", LONG_MS));
    XT_CHECK_EQ(xh_agent_count(agent, XH_COUNT_SOCKETS), 1);
    XT_CHECK_EQ(xh_agent_count(agent, XH_COUNT_FREE_SOCKETS), 0);
    script_signal(p, "go");
    rec_finish(&r);
    XT_CHECK(agent_await(agent, XH_COUNT_SOCKETS, 0));
    XT_CHECK_EQ(xh_agent_count(agent, XH_COUNT_FREE_SOCKETS), 1);
    rec_end(&r);
    xh_agent_release(agent);
    script_stop(p);
}

CAPI_MAIN("pool")
