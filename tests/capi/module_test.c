/* Lists and process-wide defaults (N01-N05). */
#include "support.h"

XT_TEST(n01_methods_are_in_order_and_complete) {
    static const char *const some[] = {"ACL",     "CONNECT", "DELETE", "GET", "HEAD",       "M-SEARCH",
                                       "OPTIONS", "PATCH",   "POST",   "PUT", "UNSUBSCRIBE"};
    size_t n = xh_method_count(), found = 0;
    XT_CHECK(n >= 33);
    for (size_t i = 0; i < n; i++) {
        XT_CHECK(xh_method_at(i) != NULL);
        if (i > 0 && strcmp(xh_method_at(i - 1), xh_method_at(i)) >= 0) XT_FAIL("%s is out of order", xh_method_at(i));
        for (size_t k = 0; k < sizeof some / sizeof some[0]; k++) found += strcmp(some[k], xh_method_at(i)) == 0;
    }
    XT_CHECK_EQ(found, sizeof some / sizeof some[0]);
    XT_CHECK(xh_method_at(n) == NULL);
    XT_CHECK(xh_method_at((size_t)-1) == NULL);
}

XT_TEST(n01_status_codes) {
    XT_CHECK_STR(xh_status_message(100), "Continue");
    XT_CHECK_STR(xh_status_message(200), "OK");
    XT_CHECK_STR(xh_status_message(404), "Not Found");
    XT_CHECK_STR(xh_status_message(418), "I'm a Teapot");
    XT_CHECK_STR(xh_status_message(431), "Request Header Fields Too Large");
    XT_CHECK_STR(xh_status_message(511), "Network Authentication Required");
    XT_CHECK(xh_status_message(299) == NULL);
    XT_CHECK(xh_status_message(0) == NULL);
    XT_CHECK(xh_status_message(-1) == NULL);
}

XT_TEST(n01_status_codes_are_listed_in_order) {
    size_t n = 0;
    int32_t last = 0, code;
    while ((code = xh_status_message_at(n)) != 0) {
        XT_CHECK(code > last && xh_status_message(code) != NULL);
        last = code;
        n++;
    }
    XT_CHECK(n >= 60);
    XT_CHECK_EQ(xh_status_message_at(n + 1), 0);
}

XT_TEST(n02_the_default_of_the_head_is_16_kib_and_can_be_set) {
    rec r = {0};
    XT_CHECK_EQ(xh_max_header_size(), 16384);
    XT_CHECK_EQ(xh_set_max_header_size(0), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_set_max_header_size(16777217), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_max_header_size(), 16384);
    XT_CHECK_EQ(xh_set_max_header_size(100000), XH_OK);
    XT_CHECK_EQ(xh_max_header_size(), 100000);
    rec_run(&r, peer_url(peer_nginx(), "http", "/headers/one-60k"), NULL);
    REC_OK(&r, 200);
    rec_end(&r);
    XT_CHECK_EQ(xh_set_max_header_size(16384), XH_OK);
    rec_run(&r, peer_url(peer_nginx(), "http", "/headers/one-60k"), NULL);
    REC_FAILED(&r, XH_E_HEADER_OVERFLOW, XH_PHASE_HEAD);
    rec_end(&r);
}

XT_TEST(n03_header_names) {
    XT_CHECK_EQ(xh_validate_header_name("content-type", XH_NTS), XH_OK);
    XT_CHECK_EQ(xh_validate_header_name("!#$%&'*+-.^_`|~aZ9", XH_NTS), XH_OK);
    XT_CHECK_EQ(xh_validate_header_name("", 0), XH_E_INVALID_HEADER_NAME);
    XT_CHECK_EQ(xh_validate_header_name("a b", 3), XH_E_INVALID_HEADER_NAME);
    XT_CHECK_EQ(xh_validate_header_name("a\0b", 3), XH_E_INVALID_HEADER_NAME);
    XT_CHECK_EQ(xh_validate_header_name(NULL, 0), XH_E_INVALID_HEADER_NAME);
    for (int c = 0; c < 256; c++) {
        char name[2] = {'a', (char)c};
        int token = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                    (c != 0 && strchr("!#$%&'*+-.^_`|~", c) != NULL);
        if ((xh_validate_header_name(name, 2) == XH_OK) != token) XT_FAIL("byte %d", c);
    }
    XT_CHECK_STR(xh_status_code(XH_E_INVALID_HEADER_NAME), "ERR_INVALID_HTTP_TOKEN");
}

XT_TEST(n03_header_values) {
    XT_CHECK_EQ(xh_validate_header_value("a", 1, "b", 1), XH_OK);
    XT_CHECK_EQ(xh_validate_header_value("a", 1, "", 0), XH_OK);
    XT_CHECK_EQ(xh_validate_header_value("a", 1, NULL, 0), XH_E_UNDEFINED_HEADER_VALUE);
    XT_CHECK_EQ(xh_validate_header_value("a b", 3, "b", 1), XH_E_INVALID_HEADER_NAME);
    for (int c = 0; c < 256; c++) {
        char value[3] = {'a', (char)c, 'b'};
        int good = c == '\t' || (c >= 32 && c != 127);
        if (xh_validate_header_value("a", 1, value, 3) != (good ? XH_OK : XH_E_INVALID_HEADER_VALUE))
            XT_FAIL("byte %d", c);
    }
    XT_CHECK_STR(xh_status_code(XH_E_UNDEFINED_HEADER_VALUE), "ERR_HTTP_INVALID_HEADER_VALUE");
    XT_CHECK_STR(xh_status_code(XH_E_INVALID_HEADER_VALUE), "ERR_INVALID_CHAR");
}

XT_TEST(n04_idle_parsers) {
    rec r = {0};
    XT_CHECK_EQ(xh_max_idle_http_parsers(), 1000);
    XT_CHECK_EQ(xh_set_max_idle_http_parsers(0), XH_OK);
    XT_CHECK_EQ(xh_max_idle_http_parsers(), 0);
    for (int i = 0; i < 3; i++) {
        rec_run(&r, peer_url(peer_nginx(), "http", "/text"), NULL);
        REC_OK(&r, 200);
        rec_end(&r);
    }
    XT_CHECK_EQ(xh_set_max_idle_http_parsers(1000), XH_OK);
}

XT_TEST(n05_names_and_codes_of_statuses) {
    XT_CHECK_STR(xh_status_name(XH_OK), "XH_OK");
    XT_CHECK_STR(xh_status_name(XH_E_CANCELLED), "XH_E_CANCELLED");
    XT_CHECK_STR(xh_status_name(-12345), "XH_E_UNKNOWN");
    XT_CHECK_STR(xh_status_code(XH_E_CONTENT_LENGTH_MISMATCH), "ERR_HTTP_CONTENT_LENGTH_MISMATCH");
    XT_CHECK_STR(xh_status_code(XH_E_BODY_NOT_ALLOWED), "ERR_HTTP_BODY_NOT_ALLOWED");
    XT_CHECK_STR(xh_status_code(XH_E_CONNECTION_RESET), "ECONNRESET");
    XT_CHECK_STR(xh_status_text(XH_E_CONNECTION_RESET), "socket hang up");
    XT_CHECK_STR(xh_status_code(XH_E_HEADER_OVERFLOW), "HPE_HEADER_OVERFLOW");
    XT_CHECK_STR(xh_status_code(XH_E_CANCELLED), "ABORT_ERR");
    XT_CHECK(xh_status_text(-12345) != NULL && xh_status_code(-12345) != NULL);
}

static const struct {
    const char *name;
    xh_status number;
    int32_t kind;
} statuses[] = {
#define ROW(name, number, kind, code, text) {"XH_" #name, number, XH_KIND_##kind},
    XH_STATUS_MAP(ROW)
#undef ROW
};

XT_TEST(n05_every_status_of_the_header_is_known) {
    for (size_t i = 0; i < sizeof statuses / sizeof statuses[0]; i++) {
        XT_CHECK_STR(xh_status_name(statuses[i].number), statuses[i].name);
        XT_CHECK_EQ(xh_status_kind(statuses[i].number), statuses[i].number >= 0 ? XH_KIND_NONE : statuses[i].kind);
        XT_CHECK(xh_status_text(statuses[i].number)[0] != 0 && xh_status_code(statuses[i].number)[0] != 0);
        for (size_t k = 0; k < i; k++) XT_CHECK(statuses[i].number != statuses[k].number);
    }
}

XT_TEST(l01_version_of_library_and_headers) {
    XT_CHECK_EQ(xh_version(), XH_VERSION);
    XT_CHECK(strncmp(xh_version_string(), fmt("xh/%d.%d.%d ", XH_VERSION_MAJOR, XH_VERSION_MINOR, XH_VERSION_PATCH),
                     9) == 0);
    XT_CHECK(strstr(xh_version_string(), "Poco/1.") != NULL && strstr(xh_version_string(), "OpenSSL/3.") != NULL);
    static const char *const features[] = {"tls", "br", "zstd", "gzip", "unix"};
    for (int i = 0; i < 5; i++) XT_CHECK_EQ(xh_has_feature(features[i]), 1);
    XT_CHECK_EQ(xh_has_feature("no such thing"), 0);
    XT_CHECK_EQ(xh_has_feature(NULL), 0);
    xh_free(NULL);
}

XT_TEST(l01_counters_of_what_is_alive) {
    for (int i = XH_LIVE_HANDLES; i <= XH_LIVE_BYTES; i++) XT_CHECK(xh_debug_live(i) >= 0);
    XT_CHECK_EQ(xh_debug_live(5), -1);
    XT_CHECK_EQ(xh_debug_live(-1), -1);
    int64_t before = xh_debug_live(XH_LIVE_HANDLES);
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_HANDLES), before + 1);
    xh_options_release(o);
    XT_CHECK_EQ(xh_debug_live(XH_LIVE_HANDLES), before);
}

CAPI_MAIN("module")
