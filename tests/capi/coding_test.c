/* Content codings (Q07): gzip, deflate, br, zstd, chains, bounds, and what is broken. */
#include "support.h"

#include <zlib.h>
#include <zstd.h>

typedef struct bytes {
    unsigned char *at;
    size_t len;
} bytes;

/* window: 31 gzip, 15 zlib, -15 raw. */
static bytes deflated(const void *data, size_t len, int window) {
    bytes b;
    z_stream z;
    memset(&z, 0, sizeof z);
    if (deflateInit2(&z, 9, Z_DEFLATED, window, 8, Z_DEFAULT_STRATEGY) != Z_OK) abort();
    size_t cap = deflateBound(&z, (uLong)len) + 64;
    b.at = malloc(cap);
    z.next_in = (unsigned char *)(uintptr_t)data;
    z.avail_in = (uInt)len;
    z.next_out = b.at;
    z.avail_out = (uInt)cap;
    if (deflate(&z, Z_FINISH) != Z_STREAM_END) abort();
    b.len = z.total_out;
    deflateEnd(&z);
    return b;
}

static bytes gzipped(const void *data, size_t len) { return deflated(data, len, 31); }

static bytes zstandard(const void *data, size_t len) {
    bytes b;
    b.at = malloc(ZSTD_compressBound(len));
    b.len = ZSTD_compress(b.at, ZSTD_compressBound(len), data, len, 3);
    return b;
}

/* A peer that answers with these bytes and that Content-Encoding; `how` is the framing of the body. */
static script_peer *coded(const char *coding, const void *data, size_t len, const char *how) {
    const char *text = script_quote(data, len);
    if (strcmp(how, "slow") == 0)
        return script_startf("read-head\n" HEAD_OK "content-encoding: %s" NL "content-length: %zu" NL NL
                             "'\nsend-slow 0 \"%s\"\n",
                             coding, len, text);
    return script_startf("read-head\n" HEAD_OK "content-type: text/plain" NL "content-encoding: %s" NL
                         "content-length: %zu" NL NL "'\nsend \"%s\"\n",
                         coding, len, text);
}

/* The body is decoded to that text; the data is as on the wire, or decoded when decodeData says so. */
static void decodes(const char *coding, bytes b, const char *text) {
    for (int decode = 0; decode < 2; decode++) {
        rec r = {0};
        script_peer *p = coded(coding, b.at, b.len, "whole");
        if (rec_start(&r, script_url(p, "http", "/x"), opt_int(NULL, XH_OPT_DECODE_DATA, decode)) != NULL) {
            rec_finish(&r);
            REC_OK(&r, 200);
            BODY_IS(&r, text);
            if (decode)
                XT_CHECK_BYTES(r.data == NULL ? "" : r.data, r.len, text, strlen(text));
            else
                XT_CHECK_BYTES(r.data, r.len, b.at, b.len);
        }
        rec_end(&r);
        script_stop(p);
    }
    free(b.at);
}

#define TEXT "hello, hello, hello, hello"

XT_TEST(q07_gzip) { decodes("gzip", gzipped(TEXT, sizeof TEXT - 1), TEXT); }
XT_TEST(q07_x_gzip) { decodes("x-gzip", gzipped(TEXT, sizeof TEXT - 1), TEXT); }
XT_TEST(q07_gzip_in_capitals) { decodes("GZIP", gzipped(TEXT, sizeof TEXT - 1), TEXT); }
XT_TEST(q07_deflate_with_zlib_header) { decodes("deflate", deflated(TEXT, sizeof TEXT - 1, 15), TEXT); }
XT_TEST(q07_deflate_raw) { decodes("deflate", deflated(TEXT, sizeof TEXT - 1, -15), TEXT); }
XT_TEST(q07_zstd) { decodes("zstd", zstandard(TEXT, sizeof TEXT - 1), TEXT); }

XT_TEST(q07_brotli) {
    bytes b;
    b.len = 9;
    b.at = malloc(b.len);
    memcpy(b.at, "\x0b\x02\x80hello\x03", b.len);
    decodes("br", b, "hello");
}

XT_TEST(q07_identity) {
    bytes b;
    b.len = 4;
    b.at = malloc(b.len);
    memcpy(b.at, "body", b.len);
    decodes("identity", b, "body");
}

XT_TEST(q07_two_codings) {
    bytes one = gzipped(TEXT, sizeof TEXT - 1), two = zstandard(one.at, one.len);
    free(one.at);
    decodes("gzip, zstd", two, TEXT);
}

XT_TEST(q07_two_codings_over_two_lines) {
    bytes one = gzipped(TEXT, sizeof TEXT - 1), two = deflated(one.at, one.len, 15);
    free(one.at);
    decodes("gzip" NL "content-encoding: deflate", two, TEXT);
}

XT_TEST(q07_a_gzip_of_several_members) {
    bytes one = gzipped("hello ", 6), two = gzipped("world", 5), both;
    both.len = one.len + two.len;
    both.at = malloc(both.len);
    memcpy(both.at, one.at, one.len);
    memcpy(both.at + one.len, two.at, two.len);
    free(one.at);
    free(two.at);
    decodes("gzip", both, "hello world");
}

XT_TEST(q07_a_coding_of_nothing) { decodes("gzip", gzipped("", 0), ""); }

XT_TEST(q07_one_byte_at_a_time) {
    static const char *const codings[] = {"gzip", "deflate", "zstd"};
    for (int i = 0; i < 3; i++) {
        rec r = {0};
        bytes b = i == 0 ? gzipped(TEXT, 26) : i == 1 ? deflated(TEXT, 26, -15) : zstandard(TEXT, 26);
        script_peer *p = coded(codings[i], b.at, b.len, "slow");
        if (rec_start(&r, script_url(p, "http", "/x"), opt_int(NULL, XH_OPT_DECODE_DATA, 1)) != NULL) {
            rec_finish(&r);
            REC_OK(&r, 200);
            XT_CHECK_STR(r.data, TEXT);
        }
        rec_end(&r);
        script_stop(p);
        free(b.at);
    }
}

/* An empty body under a coding is an empty body. */
XT_TEST(q07_an_empty_body_is_fine) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" HEAD_OK "content-encoding: gzip" NL "content-length: 0" NL NL "'", NULL));
    REC_OK(&r, 200);
    BODY_IS(&r, "");
    rec_end(&r);
}

XT_TEST(q07_a_head_answer_with_a_coding_is_fine) {
    rec r = {0};
    XT_REQUIRE(rec_script(&r, "read-head\n" HEAD_OK "content-encoding: gzip" NL "content-length: 100" NL NL "'",
                          opt_str(NULL, XH_OPT_METHOD, "HEAD")));
    REC_OK(&r, 200);
    rec_end(&r);
}

/* ---- what real servers send ------------------------------------------------------------------------------------------------------------------- */

static void real(const char *url, const char *coding) {
    rec r = {0};
    if (rec_start(&r, url, NULL) != NULL) {
        rec_finish(&r);
        REC_OK(&r, 200);
        HEADER_IS(&r, "content-encoding", coding);
        XT_CHECK(rec_body(&r).len > 0 && (r.len != rec_body(&r).len || memcmp(r.data, rec_body(&r).ptr, r.len) != 0));
    }
    rec_end(&r);
}

XT_TEST(q07_gzip_of_nginx) {
    rec r = {0};
    r.drop_data = 1;
    rec_run(&r, peer_url(peer_nginx(), "http", "/gzip/1m.bin"), opt_str(NULL, XH_OPT_DATA_TYPE, "blob"));
    REC_OK(&r, 200);
    HEADER_IS(&r, "content-encoding", "gzip");
    XT_CHECK_EQ(rec_body(&r).len, 1 << 20);
    XT_CHECK_EQ(net_pattern_check(rec_body(&r).ptr, 0, rec_body(&r).len), -1);
    rec_end(&r);
}

XT_TEST(q07_gzip_of_apache) { real(peer_url(peer_apache(), "http", "/deflate/1m.bin"), "gzip"); }
XT_TEST(q07_brotli_of_apache) { real(peer_url(peer_apache(), "http", "/brotli/text.txt"), "br"); }
XT_TEST(q07_gzip_of_httpbin) { real(peer_url(peer_httpbin(), "http", "/gzip"), "gzip"); }
XT_TEST(q07_deflate_of_httpbin) { real(peer_url(peer_httpbin(), "http", "/deflate"), "deflate"); }
XT_TEST(q07_brotli_of_httpbin) { real(peer_url(peer_httpbin(), "http", "/brotli"), "br"); }

/* ---- asking ------------------------------------------------------------------------------------------------------------------------------------- */

XT_TEST(q07_the_codings_are_asked_for) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), NULL);
    const char *line = strstr(script_received(p, 1, NULL), "Accept-Encoding: ");
    XT_CHECK(line != NULL && strstr(line, "gzip") != NULL && strstr(line, "deflate") != NULL &&
             strstr(line, "br") != NULL && strstr(line, "zstd") != NULL);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q07_a_header_of_the_caller_takes_their_place) {
    rec r = {0};
    script_peer *p = script_start("read-head\n" SEND_OK);
    rec_run(&r, script_url(p, "http", "/x"), opt_header(NULL, "accept-encoding", "identity"));
    SENT(p, 1, "accept-encoding: identity\r\n");
    NOT_SENT(p, 1, "gzip");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q07_decompress_off_asks_for_none_and_decodes_nothing) {
    rec r = {0};
    bytes b = gzipped(TEXT, 26);
    script_peer *p = coded("gzip", b.at, b.len, "whole");
    xh_options *o = opt_str(opt_int(NULL, XH_OPT_DECOMPRESS, 0), XH_OPT_DATA_TYPE, "blob");
    rec_run(&r, script_url(p, "http", "/x"), o);
    REC_OK(&r, 200);
    NOT_SENT(p, 1, "accept-encoding");
    XT_CHECK_BYTES(rec_body(&r).ptr, rec_body(&r).len, b.at, b.len);
    free(b.at);
    rec_end(&r);
    script_stop(p);
}

/* ---- bounds and broken streams -------------------------------------------------------------------------------------------------------------------- */

static void fails_in(const char *coding, const void *data, size_t len, xh_options *o, xh_status status, int32_t phase) {
    rec r = {0};
    script_peer *p = coded(coding, data, len, "whole");
    if (rec_start(&r, script_url(p, "http", "/x"), o) != NULL) {
        rec_finish(&r);
        REC_FAILED(&r, status, phase);
        XT_CHECK_VIEW(xh_error_component(rec_error(&r)), "code");
        XT_CHECK(rec_body(&r).ptr == NULL);
    }
    rec_end(&r);
    script_stop(p);
}

static void fails(const char *coding, const void *data, size_t len, xh_options *o, xh_status status) {
    fails_in(coding, data, len, o, status, XH_PHASE_BODY);
}

XT_TEST(q07_three_codings_are_refused) {
    fails_in("gzip, gzip, gzip", "x", 1, NULL, XH_E_TOO_MANY_CODINGS, XH_PHASE_HEAD);
}
XT_TEST(q07_three_codings_over_several_lines_are_refused) {
    fails_in("gzip, gzip" NL "content-encoding: gzip", "x", 1, NULL, XH_E_TOO_MANY_CODINGS, XH_PHASE_HEAD);
}
XT_TEST(q07_an_unknown_coding_is_an_error) { fails_in("klingon", "x", 1, NULL, XH_E_UNKNOWN_CODING, XH_PHASE_HEAD); }

XT_TEST(q07_a_cut_gzip_is_truncated_at_every_byte) {
    bytes b = gzipped(TEXT, 26);
    for (size_t n = 1; n < b.len; n += n < 12 || n + 10 > b.len ? 1 : 7) fails("gzip", b.at, n, NULL, XH_E_TRUNCATED);
    free(b.at);
}

XT_TEST(q07_other_cut_codings_are_truncated) {
    bytes b = deflated(TEXT, 26, 15);
    fails("deflate", b.at, b.len - 1, NULL, XH_E_TRUNCATED);
    free(b.at);
    b = zstandard(TEXT, 26);
    fails("zstd", b.at, b.len - 1, NULL, XH_E_TRUNCATED);
    free(b.at);
    fails("br", "\x0b\x02\x80hello", 8, NULL, XH_E_TRUNCATED);
}

XT_TEST(q07_garbage_is_a_bad_coding) {
    fails("gzip", "this is no gzip at all", 22, NULL, XH_E_BAD_CODING);
    fails("zstd", "this is no zstd at all", 22, NULL, XH_E_BAD_CODING);
    fails("br", "\xff\xff\xff\xff\xff\xff", 6, NULL, XH_E_BAD_CODING);
}

XT_TEST(q07_a_wrong_check_sum_is_a_bad_coding) {
    bytes b = gzipped(TEXT, 26);
    b.at[b.len - 6] ^= 1;
    fails("gzip", b.at, b.len, NULL, XH_E_BAD_CODING);
    free(b.at);
}

XT_TEST(q07_a_bomb_is_stopped_by_its_ratio) {
    size_t len = 16 << 20;
    char *zeros = calloc(1, len);
    bytes b = gzipped(zeros, len);
    fails("gzip", b.at, b.len, opt_int(NULL, XH_OPT_MAX_CODING_RATIO, 500), XH_E_CODING_RATIO);
    free(b.at);
    free(zeros);
}

XT_TEST(q07_a_bomb_of_two_layers_is_stopped_by_default) {
    size_t len = 64 << 20;
    char *zeros = calloc(1, len);
    bytes one = gzipped(zeros, len), two = gzipped(one.at, one.len);
    fails("gzip, gzip", two.at, two.len, NULL, XH_E_CODING_RATIO);
    free(one.at);
    free(two.at);
    free(zeros);
}

XT_TEST(q07_a_bomb_is_stopped_by_its_size) {
    size_t len = 16 << 20;
    char *zeros = calloc(1, len);
    bytes b = gzipped(zeros, len);
    fails("gzip", b.at, b.len, opt_int(opt_int(NULL, XH_OPT_MAX_CODING_RATIO, 0), XH_OPT_MAX_BODY_BYTES, 1 << 20),
          XH_E_DECODED_TOO_LARGE);
    free(b.at);
    free(zeros);
}

XT_TEST(q07_the_bounds_hold_for_on_data_too) {
    size_t len = 16 << 20;
    char *zeros = calloc(1, len);
    bytes b = gzipped(zeros, len);
    rec r = {0};
    script_peer *p = coded("gzip", b.at, b.len, "whole");
    xh_options *o = opt_int(opt_int(NULL, XH_OPT_DECODE_DATA, 1), XH_OPT_RETURN_RESPONSE_BODY, 0);
    opt_int(opt_int(o, XH_OPT_MAX_CODING_RATIO, 0), XH_OPT_MAX_BODY_BYTES, 1 << 20);
    rec_run(&r, script_url(p, "http", "/x"), o);
    REC_FAILED(&r, XH_E_DECODED_TOO_LARGE, XH_PHASE_BODY);
    XT_CHECK(r.bytes <= 1 << 20);
    rec_end(&r);
    script_stop(p);
    free(b.at);
    free(zeros);
}

XT_TEST(q07_the_bounds_hold_after_a_redirect) {
    size_t len = 16 << 20;
    char *zeros = calloc(1, len);
    bytes b = gzipped(zeros, len);
    rec r = {0};
    script_peer *p =
        script_startf("read-head\nsend 'HTTP/1.1 302 X" NL "content-length: 0" NL "location: /b" NL NL
                      "'\n"
                      "read-head\n" HEAD_OK "content-encoding: gzip" NL "content-length: %zu" NL NL "'\nsend \"%s\"",
                      b.len, script_quote(b.at, b.len));
    rec_run(&r, script_url(p, "http", "/x"), opt_int(NULL, XH_OPT_MAX_CODING_RATIO, 500));
    REC_FAILED(&r, XH_E_CODING_RATIO, XH_PHASE_BODY);
    rec_end(&r);
    script_stop(p);
    free(b.at);
    free(zeros);
}

XT_TEST(q07_a_modest_ratio_is_no_bomb) {
    size_t len = 100000;
    char *zeros = calloc(1, len);
    bytes b = gzipped(zeros, len);
    rec r = {0};
    script_peer *p = coded("gzip", b.at, b.len, "whole");
    rec_run(&r, script_url(p, "http", "/x"), NULL);
    REC_OK(&r, 200);
    XT_CHECK_EQ(rec_body(&r).len, len);
    rec_end(&r);
    script_stop(p);
    free(b.at);
    free(zeros);
}

CAPI_MAIN("coding")
