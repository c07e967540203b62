// Content codings: every coding whole, in pieces, cut short, broken, stacked, and as a bomb.

#include "proto/content_coding.h"

#include <zlib.h>
#include <zstd.h>

#include <cstdlib>
#include <new>
#include <string>
#include <vector>

#include "base/alloc_hook.h"
#include "xtest.h"

using namespace xh::proto;
using Result = ContentDecoder::Result;

namespace {

// Allocation number g_fail_at from now fails; -1 for none.
int g_fail_at = -1;

void* XH_CALL failing_malloc(size_t size, void*) {
    return g_fail_at >= 0 && g_fail_at-- == 0 ? nullptr : std::malloc(size);
}
void* XH_CALL plain_realloc(void* ptr, size_t size, void*) { return std::realloc(ptr, size); }
void XH_CALL plain_free(void* ptr, void*) { std::free(ptr); }

const xh::base::AllocHook kHook = {failing_malloc, plain_realloc, plain_free, nullptr};
const bool g_hooked = xh::base::set_alloc_hook(&kHook);

std::string sample_text() {
    std::string text;
    for (int i = 0; i < 60; ++i)
        text += "line " + std::to_string(i) + " of a text that repeats itself, but not quite\n";
    return text;
}

std::string zlib_encode(std::string_view data, int bits) {
    z_stream z{};
    deflateInit2(&z, 9, Z_DEFLATED, bits, 9, Z_DEFAULT_STRATEGY);
    std::string out(deflateBound(&z, data.size()) + 64, '\0');
    z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(data.data()));
    z.avail_in = static_cast<uInt>(data.size());
    z.next_out = reinterpret_cast<Bytef*>(&out[0]);
    z.avail_out = static_cast<uInt>(out.size());
    deflate(&z, Z_FINISH);
    out.resize(z.total_out);
    deflateEnd(&z);
    return out;
}
std::string gzip(std::string_view data) { return zlib_encode(data, 31); }
std::string deflate_zlib(std::string_view data) { return zlib_encode(data, 15); }
std::string deflate_raw(std::string_view data) { return zlib_encode(data, -15); }

std::string zstd(std::string_view data, int window_log = 0, int checksum = 1) {
    ZSTD_CCtx* context = ZSTD_createCCtx();
    ZSTD_CCtx_setParameter(context, ZSTD_c_checksumFlag, checksum);
    ZSTD_CCtx_setParameter(context, ZSTD_c_contentSizeFlag, 0);
    if (window_log) ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, window_log);
    std::string out(ZSTD_compressBound(data.size()) + 64, '\0');
    ZSTD_outBuffer to{&out[0], out.size(), 0};
    ZSTD_inBuffer from{data.data(), data.size(), 0};
    // In two steps, so that the frame cannot shrink its window to the known size.
    ZSTD_compressStream2(context, &to, &from, ZSTD_e_flush);
    ZSTD_compressStream2(context, &to, &from, ZSTD_e_end);
    ZSTD_freeCCtx(context);
    out.resize(to.pos);
    return out;
}

/// sample_text() in br.
std::string brotli_sample() {
    static const char kBytes[] =
        "\x22\x8c\x01\x80\xf8\x3f\xb7\xba\x25\xfd\x10\x7d\x97\x47\x8b\x86\x09\x82\x6c\xc1\x05\x29\x70\x07\x1a\xd3\xa9"
        "\xd4\x16"
        "\xa4\x21\x87\x0f\xea\x11\x9d\x2c\x5d\xc8\x6f\x66\x32\xff\xef\xd3\x5b\xad\x35\xee\xba\x6a\xb6\x7f\xd6\xaf\xdc"
        "\xd5\xc7"
        "\xfd\xaa\xc6\xbe\x88\x3f\xfa\x98\xb3\x3a\x4b\x4e\x43\x53\x4b\x5b\x47\x6f\x7a\xd7\x87\x3e\x7b\x2c\xc3\x73\x39"
        "\xe4\x90"
        "\x43\x0e\x39\xe4\x90\x43\x0e\x9c\x9c\x9c\x9c\x9c\x9c\x9c\x9c\x9c\x9c\x5c\x5c\x5c\x5c\x5c\x5c\x5c\x5c\x5c\x5c"
        "\xdc\xdc"
        "\xdc\xdc\xdc\xdc\xdc\xdc\xdc\xdc\x3c\x3c\x3c\x3c\x3c\x3c\x3c\x3c\x3c\x32";
    return std::string(kBytes, sizeof kBytes - 1);
}

/// 64 MiB of zeros in 102 bytes of br.
std::string brotli_bomb() {
    static const char kBytes[] =
        "\xcb\xff\xff\x3f\x00\x24\x00\xe2\xb1\x40\x72\xef\xff\xf8\xff\xff\x07\x80\x04\x40\x1c\x16\x80\xee\xfd\x1f\xff"
        "\xff\xff"
        "\x00\x90\x00\x88\xc3\x02\xd0\xbd\xff\xe3\xff\xff\x1f\x00\x12\x00\x71\x58\x00\xba\xf7\x7f\xfc\xff\xff\x03\x40"
        "\x02\x20"
        "\x0e\x0b\x40\xf7\xfe\x8f\xff\xff\x7f\x00\x48\x00\xc4\x61\x01\xe8\xde\xff\xf1\xff\xff\x0f\x00\x09\x80\x38\x2c"
        "\x00\xdd"
        "\xfb\x3f\xfe\xff\xff\x01\x20\x01\x10\x87\x05\xa0\x7b\xff\x37";
    return std::string(kBytes, sizeof kBytes - 1);
}

struct Outcome {
    xh_status status = XH_OK;
    std::string text;
    uint64_t total = 0;
};

/// Feeds the pieces through a buffer of `cap` bytes; keeps at most 1 MiB of the output.
Outcome decode(std::string_view coding, const std::vector<std::string_view>& pieces, std::size_t cap = 4096,
               const CodingLimits& limits = {}) {
    Outcome outcome;
    std::unique_ptr<ContentDecoder> decoder = ContentDecoder::create(&coding, 1, limits, outcome.status);
    if (!decoder) return outcome;
    std::vector<char> buffer(cap);
    for (std::string_view piece : pieces) {
        Result result = Result::NeedOutput;
        while (result == Result::NeedOutput || !piece.empty()) {
            std::size_t used = 0, produced = 0;
            result = decoder->decode(piece.data(), piece.size(), used, buffer.data(), cap, produced);
            piece.remove_prefix(used);
            if (outcome.text.size() < (1u << 20)) outcome.text.append(buffer.data(), produced);
            outcome.total += produced;
            if (result == Result::Error) {
                outcome.status = decoder->status();
                return outcome;
            }
            if (result == Result::NeedInput && !piece.empty()) {
                XT_FAIL("%zu bytes are left although more input is wanted", piece.size());
                return outcome;
            }
        }
    }
    outcome.status = decoder->finish();
    return outcome;
}

struct Case {
    const char* name;
    std::string_view coding;
    std::string coded;
    std::string plain;
    std::vector<std::size_t> whole_at = {};  ///< lengths at which a cut leaves a complete body
};

std::vector<Case> all_cases() {
    const std::string text = sample_text();
    const std::string gz = gzip(text), zs = zstd(text);
    std::vector<Case> cases;
    cases.push_back({"gzip", "gzip", gz, text});
    cases.push_back({"x-gzip in capitals", "X-GZIP", gz, text});
    cases.push_back({"gzip of nothing", "gzip", gzip(""), ""});
    cases.push_back({"three gzip members",
                     "gzip",
                     gz + gzip("") + gzip("end"),
                     text + "end",
                     {gz.size(), gz.size() + gzip("").size()}});
    cases.push_back({"deflate", "deflate", deflate_zlib(text), text});
    cases.push_back({"raw deflate", "deflate", deflate_raw(text), text});
    cases.push_back({"raw deflate of nothing", "deflate", deflate_raw(""), ""});
    cases.push_back({"br", "br", brotli_sample(), text});
    cases.push_back({"br of nothing", "br", "\x3b", ""});
    cases.push_back({"zstd", "zstd", zs, text});
    cases.push_back({"zstd of nothing", "zstd", zstd(""), ""});
    const std::string skippable(
        "\x50\x2A\x4D\x18\x03\x00\x00\x00"
        "abc",
        11);
    cases.push_back(
        {"zstd frames", "zstd", zs + skippable + zstd("end"), text + "end", {zs.size(), zs.size() + skippable.size()}});
    cases.push_back({"gzip in gzip", "gzip, gzip", gzip(gz), text});
    cases.push_back({"deflate in zstd", "deflate, zstd", zstd(deflate_zlib(text)), text});
    cases.push_back({"br in gzip", "br, identity, gzip", gzip(brotli_sample()), text});
    return cases;
}

}  // namespace

XT_TEST(every_coding_decodes_whole_and_split_at_every_byte) {
    for (const Case& c : all_cases()) {
        const std::string_view coded = c.coded;
        for (std::size_t cut = 0; cut <= coded.size(); ++cut) {
            const Outcome outcome = decode(c.coding, {coded.substr(0, cut), coded.substr(cut)});
            if (outcome.status != XH_OK || outcome.text != c.plain)
                XT_FAIL("%s cut at %zu: %d", c.name, cut, outcome.status);
        }
        std::vector<std::string_view> bytes;
        for (std::size_t i = 0; i < coded.size(); ++i) bytes.push_back(coded.substr(i, 1));
        const Outcome outcome = decode(c.coding, bytes);
        if (outcome.status != XH_OK || outcome.text != c.plain) XT_FAIL("%s byte by byte: %d", c.name, outcome.status);
        XT_CHECK(true);
    }
}

XT_TEST(every_coding_decodes_into_the_smallest_buffers) {
    for (const Case& c : all_cases()) {
        for (std::size_t cap : {1u, 2u, 3u, 7u, 64u, 3170u, 3171u}) {
            const Outcome outcome = decode(c.coding, {c.coded}, cap);
            if (outcome.status != XH_OK || outcome.text != c.plain)
                XT_FAIL("%s into %zu: %d", c.name, cap, outcome.status);
        }
        XT_CHECK(true);
    }
}

XT_TEST(a_body_cut_short_at_any_byte_is_truncated) {
    for (const Case& c : all_cases()) {
        for (std::size_t cut = 1; cut < c.coded.size(); ++cut) {
            xh_status expected = XH_E_TRUNCATED;
            for (std::size_t whole : c.whole_at)
                if (whole == cut) expected = XH_OK;
            // One byte behind a gzip member is no new member yet: it is ignored like any other trailing byte.
            const bool after_member =
                !c.whole_at.empty() && c.coding == "gzip" && (cut == c.whole_at[0] + 1 || cut == c.whole_at[1] + 1);
            const Outcome outcome = decode(c.coding, {std::string_view(c.coded).substr(0, cut)});
            if (outcome.status != (after_member ? XH_OK : expected))
                XT_FAIL("%s cut at %zu: %d", c.name, cut, outcome.status);
            if (c.plain.compare(0, outcome.text.size(), outcome.text) != 0)
                XT_FAIL("%s cut at %zu: other text", c.name, cut);
        }
        XT_CHECK(true);
    }
}

XT_TEST(a_body_of_no_bytes_is_empty_in_every_coding) {
    for (const char* coding : {"gzip", "deflate", "br", "zstd", "gzip, br"}) {
        XT_CHECK_EQ(decode(coding, {}).status, XH_OK);
        XT_CHECK_EQ(decode(coding, {""}).status, XH_OK);
    }
}

XT_TEST(broken_data_is_an_error_and_stays_one) {
    const std::string text = sample_text();
    for (const Case& c : all_cases()) {
        // Any flipped bit either is found or does no harm (a file name in a gzip head); it is never another text.
        for (std::size_t at = 0; at < c.coded.size(); ++at) {
            std::string broken = c.coded;
            broken[at] = static_cast<char>(broken[at] ^ 0x10);
            const Outcome outcome = decode(c.coding, {broken});
            const bool checked = c.coding != "br" && c.coded != deflate_raw(text) && c.coded != deflate_raw("");
            if (checked && c.whole_at.empty() && outcome.status == XH_OK && outcome.text != c.plain)
                XT_FAIL("%s with byte %zu changed gives another text", c.name, at);
        }
        XT_CHECK(true);
    }
    for (const char* coding : {"gzip", "br", "zstd"})
        XT_CHECK_EQ(decode(coding, {"this is not it"}).status, XH_E_BAD_CODING);
    XT_CHECK_EQ(decode("deflate", {"\xff\xff\xff"}).status, XH_E_BAD_CODING);

    xh_status status;
    const std::string_view coding = "gzip";
    auto decoder = ContentDecoder::create(&coding, 1, {}, status);
    XT_REQUIRE(decoder != nullptr);
    char out[16];
    std::size_t used, produced;
    XT_CHECK(decoder->decode("zzzz", 4, used, out, sizeof out, produced) == Result::Error);
    XT_CHECK(decoder->decode("zzzz", 4, used, out, sizeof out, produced) == Result::Error);
    XT_CHECK_EQ(used, 0);
    XT_CHECK_EQ(decoder->finish(), XH_E_BAD_CODING);
    XT_CHECK(decoder->detail()[0] != '\0');
}

XT_TEST(wrong_checksums_are_found) {
    const std::string text = sample_text();
    std::string gz = gzip(text), zl = deflate_zlib(text), zs = zstd(text);
    gz[gz.size() - 6] ^= 1;
    zl[zl.size() - 1] ^= 1;
    zs[zs.size() - 1] ^= 1;
    XT_CHECK_EQ(decode("gzip", {gz}).status, XH_E_BAD_CODING);
    XT_CHECK_EQ(decode("deflate", {zl}).status, XH_E_BAD_CODING);
    XT_CHECK_EQ(decode("zstd", {zs}).status, XH_E_BAD_CODING);
    std::string length = gzip(text);
    length[length.size() - 1] ^= 1;
    XT_CHECK_EQ(decode("gzip", {length}).status, XH_E_BAD_CODING);
}

XT_TEST(what_follows_the_end_is_ignored_or_refused_as_documented) {
    const std::string text = sample_text();
    for (const std::string& tail :
         {std::string("garbage"), std::string(10, '\0'), std::string("\x1f"), std::string("\x1fx")}) {
        for (const char* coding : {"gzip", "deflate"}) {
            const std::string body = (coding[0] == 'g' ? gzip(text) : deflate_zlib(text)) + tail;
            const Outcome outcome = decode(coding, {body});
            XT_CHECK_EQ(outcome.status, XH_OK);
            XT_CHECK(outcome.text == text);
        }
        XT_CHECK_EQ(decode("br", {brotli_sample() + tail}).status, XH_E_BAD_CODING);
        XT_CHECK_EQ(decode("br", {brotli_sample(), tail}).status, XH_E_BAD_CODING);
        XT_CHECK(decode("zstd", {zstd(text) + tail}).status != XH_OK);
    }
    XT_CHECK_EQ(decode("gzip", {gzip(text) + "\x1f\x8b"
                                             "broken member"})
                    .status,
                XH_E_BAD_CODING);
}

XT_TEST(a_deflate_stream_that_needs_a_dictionary_is_refused) {
    XT_CHECK_EQ(decode("deflate", {std::string_view("\x78\xbb\x00\x00\x00\x01\x03\x00", 8)}).status, XH_E_BAD_CODING);
}

XT_TEST(unknown_and_too_many_codings_are_refused_over_all_lines) {
    const auto status_of = [](std::vector<std::string_view> lines) {
        xh_status status;
        auto decoder = ContentDecoder::create(lines.data(), lines.size(), {}, status);
        XT_CHECK(status == XH_OK || !decoder);
        return status;
    };
    XT_CHECK_EQ(status_of({"gzip", "br"}), XH_OK);
    XT_CHECK_EQ(status_of({"gzip", "br", "gzip"}), XH_E_TOO_MANY_CODINGS);
    XT_CHECK_EQ(status_of({"gzip, gzip, gzip"}), XH_E_TOO_MANY_CODINGS);
    XT_CHECK_EQ(status_of({"gzip, identity", "identity, br,,"}), XH_OK);
    XT_CHECK_EQ(status_of({"compress"}), XH_E_UNKNOWN_CODING);
    XT_CHECK_EQ(status_of({"gzip;q=1"}), XH_E_UNKNOWN_CODING);
    XT_CHECK_EQ(status_of({"gzip br"}), XH_E_UNKNOWN_CODING);
    xh_status status = XH_E_INTERNAL;
    const std::string_view identity = "identity, , IDENTITY";
    XT_CHECK(!ContentDecoder::create(&identity, 1, {}, status));
    XT_CHECK_EQ(status, XH_OK);
    XT_CHECK(!ContentDecoder::create(nullptr, 0, {}, status));
    XT_CHECK_EQ(status, XH_OK);
}

XT_TEST(bombs_are_stopped_by_ratio) {
    const std::string zeros(32u << 20, '\0');
    const std::string gz = gzip(zeros);
    const Outcome plain = decode("gzip", {gz}, 65536);
    XT_CHECK_EQ(plain.status, XH_E_CODING_RATIO);
    XT_CHECK(plain.total < 10u << 20);
    for (const auto& bomb :
         {decode("br", {brotli_bomb()}, 65536), decode("zstd", {zstd(zeros)}, 65536),
          decode("gzip, gzip", {gzip(gz)}, 65536), decode("br, gzip", {gzip(brotli_bomb())}, 65536)}) {
        XT_CHECK_EQ(bomb.status, XH_E_CODING_RATIO);
        XT_CHECK(bomb.total < 10u << 20);
    }
}

XT_TEST(a_bomb_between_two_codings_is_stopped_even_if_nothing_comes_out) {
    // The inner gzip ends at once; what follows it is ignored, but not for ever.
    const std::string inner = gzip("x") + std::string(64u << 20, '\0');
    const Outcome outcome = decode("gzip, gzip", {gzip(inner)});
    XT_CHECK_EQ(outcome.status, XH_E_CODING_RATIO);
    XT_CHECK_EQ(outcome.text, "x");
}

XT_TEST(a_small_blank_body_and_ordinary_repetition_pass) {
    const std::string zeros(7u << 20, '\0');
    XT_CHECK_EQ(decode("gzip", {gzip(zeros)}, 65536).total, zeros.size());
    XT_CHECK_EQ(decode("zstd", {zstd(zeros)}, 65536).total, zeros.size());
    std::string records;
    for (int i = 0; i < 300000; ++i) records += "{\"id\":" + std::to_string(i) + ",\"active\":true,\"tags\":[]}\n";
    const Outcome outcome = decode("gzip", {gzip(records)}, 65536);
    XT_CHECK_EQ(outcome.status, XH_OK);
    XT_CHECK_EQ(outcome.total, records.size());
}

XT_TEST(the_decoded_size_is_bounded_to_the_byte) {
    const std::string text = sample_text();
    CodingLimits limits;
    limits.max_decoded = text.size();
    for (const Case& c : all_cases()) {
        if (c.plain != text) continue;
        if (c.coding.find(',') == std::string_view::npos)
            XT_CHECK_EQ(decode(c.coding, {c.coded}, 64, limits).status, XH_OK);
        CodingLimits less = limits;
        --less.max_decoded;
        const Outcome outcome = decode(c.coding, {c.coded}, 64, less);
        XT_CHECK_EQ(outcome.status, XH_E_DECODED_TOO_LARGE);
        XT_CHECK(outcome.total <= text.size() + 64);
    }
}

XT_TEST(a_zstd_window_over_8_mib_is_refused) {
    const std::string text = sample_text();
    XT_CHECK_EQ(decode("zstd", {zstd(text, 23)}).status, XH_OK);
    XT_CHECK_EQ(decode("zstd", {zstd(text, 24)}).status, XH_E_BAD_CODING);
    XT_CHECK_EQ(decode("zstd", {zstd(text, 27)}).status, XH_E_BAD_CODING);
}

XT_TEST(zstd_formats_of_old_are_refused) {
    for (int version : {0x1e, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27}) {
        std::string frame("\x28\xb5\x2f\xfd\0\0\0\0\0\0\0\0", 12);
        frame[0] = static_cast<char>(version);
        XT_CHECK_EQ(decode("zstd", {frame}).status, XH_E_BAD_CODING);
        XT_CHECK_EQ(decode("zstd", {zstd("good") + frame}).status, XH_E_BAD_CODING);
    }
}

XT_TEST(decoding_can_pause_after_any_output_and_go_on_without_input) {
    const std::string text = sample_text();
    for (const Case& c : all_cases()) {
        xh_status status;
        auto decoder = ContentDecoder::create(&c.coding, 1, {}, status);
        XT_REQUIRE(decoder != nullptr);
        std::string out;
        std::string_view rest = c.coded;
        Result result = Result::NeedOutput;
        // All input at once, one byte of output at a time, and calls without room in between.
        while (result == Result::NeedOutput) {
            char byte;
            std::size_t used, produced;
            XT_CHECK(decoder->decode(rest.data(), rest.size(), used, &byte, 0, produced) == Result::NeedOutput);
            XT_CHECK_EQ(used, 0);
            result = decoder->decode(rest.data(), rest.size(), used, &byte, 1, produced);
            rest.remove_prefix(used);
            out.append(&byte, produced);
        }
        XT_CHECK(result == Result::NeedInput);
        XT_CHECK(out == c.plain);
        XT_CHECK_EQ(decoder->finish(), XH_OK);
        XT_CHECK_EQ(decoder->bytes_in(), c.coded.size());
        XT_CHECK_EQ(decoder->bytes_out(), c.plain.size());
    }
}

XT_TEST(memory_that_runs_out_at_any_point_is_its_own_error) {
    XT_REQUIRE(g_hooked);
    for (const Case& c : all_cases()) {
        int failures = 0;
        for (int n = 0; n < 1000; ++n) {
            g_fail_at = n;
            xh_status status = XH_OK;
            try {
                status = decode(c.coding, {c.coded}).status;
            } catch (const std::bad_alloc&) {
                status = XH_E_NOMEM;
            }
            const bool failed = g_fail_at < 0;
            g_fail_at = -1;
            if (!failed) break;
            ++failures;
            if (status != XH_E_NOMEM) XT_FAIL("%s without allocation %d: %d", c.name, n, status);
        }
        XT_CHECK(failures >= 2);
    }
}

XT_MAIN("content_coding")
