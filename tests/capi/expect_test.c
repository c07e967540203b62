/* Expect: 100-continue (Q04, RFC 9110 10.1.1). */
#include "support.h"

static xh_options *expecting(int64_t ms) {
    return opt_int(opt_body(NULL, "POST", "body", 4), XH_OPT_EXPECT_CONTINUE_MS, ms);
}

XT_TEST(q04_expect_sends_the_body_after_100) {
    rec r = {0};
    script_peer *p = script_start(
        "read-head\nexpect \"xpect: 100-continue\"\nemit head\nwait-signal go\nsend 'HTTP/1.1 100 Continue" NL NL
        "'\n"
        "read-body\nexpect \"body\"\n" SEND_OK);
    XT_REQUIRE(rec_start(&r, script_url(p, "http", "/x"), expecting(LONG_MS * 2)) != NULL);
    XT_CHECK(script_wait_event(p, "head", LONG_MS));
    XT_CHECK_EQ(xh_wait(r.request, 20), XH_TIMEOUT);
    NOT_SENT(p, 1, "\r\n\r\nbody");
    script_signal(p, "go");
    rec_finish(&r);
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q04_expect_goes_on_when_no_100_comes) {
    rec r = {0};
    script_peer *p = script_start("read-head\nread-body\nexpect \"body\"\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), expecting(50));
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q04_expect_takes_a_100_that_comes_late) {
    rec r = {0};
    script_peer *p = script_start("read-head\nread-body\nexpect \"body\"\nsend 'HTTP/1.1 100 Continue" NL NL
                                  "'\npause 20\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), expecting(20));
    REC_OK(&r, 200);
    BODY_IS(&r, "ok");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q04_expect_sends_no_body_after_a_final_answer) {
    rec r = {0};
    script_peer *p = script_start("read-head\nsend 'HTTP/1.1 403 No" NL "content-length: 2" NL NL "no'\nexpect-closed");
    rec_run(&r, script_url(p, "http", "/x"), expecting(LONG_MS * 2));
    REC_OK(&r, 403);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    NOT_SENT(p, 1, "\r\n\r\nbody");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q04_expect_and_a_final_answer_leave_no_connection_for_reuse) {
    rec r = {0};
    xh_agent *agent = agent_keep(NULL);
    script_peer *p = script_start("on-connection 1:\nread-head\nsend 'HTTP/1.1 403 No" NL "content-length: 2" NL NL
                                  "no'\nexpect-closed\n"
                                  "on-connection 2:\nread-head\nexpect-not \"body\"\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), opt_ptr(expecting(LONG_MS * 2), XH_OPT_AGENT, agent));
    REC_OK(&r, 403);
    rec_end(&r);
    XT_CHECK_EQ(agent_get(agent, script_url(p, "http", "/x"), NULL), 0);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
    xh_agent_release(agent);
}

XT_TEST(q04_expect_refused_with_417_is_tried_without_it) {
    rec r = {0};
    script_peer *p =
        script_start("on-connection 1:\nread-head\nexpect \"xpect: 100-continue\"\nsend 'HTTP/1.1 417 No" NL
                     "content-length: 0" NL NL
                     "'\n"
                     "expect-closed\n"
                     "on-connection 2:\nread-head\nexpect-not \"100-continue\"\nread-body\nexpect \"body\"\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), expecting(LONG_MS * 2));
    REC_OK(&r, 200);
    rec_end(&r);
    XT_CHECK(script_wait_closed(p, 1, LONG_MS));
    script_stop(p);
}

XT_TEST(q04_expect_with_nginx) {
    rec r = {0};
    xh_options *o = opt_int(opt_body(NULL, "PUT", "body", 4), XH_OPT_EXPECT_CONTINUE_MS, LONG_MS * 2);
    rec_run(&r, peer_url(peer_nginx(), "http", "/upload/expect.txt"), o);
    XT_CHECK(xh_response_status(xh_request_response(r.request)) / 100 == 2);
    XT_CHECK_EQ(r.information, 100);
    rec_end(&r);
}

XT_TEST(q04_expect_is_not_sent_without_a_body) {
    rec r = {0};
    script_peer *p = script_start("read-head\nexpect-not \"100-continue\"\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), opt_int(NULL, XH_OPT_EXPECT_CONTINUE_MS, LONG_MS));
    REC_OK(&r, 200);
    rec_end(&r);
    script_stop(p);
}

CAPI_MAIN("expect")
