/* The body as a file: whole or not at all, and continued after a failure (Q13). */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

/* ---- folders --------------------------------------------------------------------------------------------------------- */

/* A new folder in the temporary one. */
static const char *new_folder(void) {
    static int serial;
    const char *path = fmt("%s/download-%d-%d", net_temp_dir(), (int)getpid(), ++serial);
    XT_CHECK_EQ(mkdir(path, 0700), 0);
    return path;
}

/* How many files are in it; -1 when it cannot be read. */
static int files_in(const char *folder) {
    DIR *dir = opendir(folder);
    struct dirent *entry;
    int n = 0;
    if (dir == NULL) return -1;
    while ((entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) n++;
    closedir(dir);
    return n;
}

static void put_file(const char *path, const char *text) {
    FILE *f = fopen(path, "wb");
    if (f == NULL) abort();
    fputs(text, f);
    fclose(f);
}

static int is_absent(const char *path) { return access(path, F_OK) != 0; }

static void file_is_(const char *path, const char *text, unsigned line) {
    size_t len = 0;
    char *bytes = slurp(path, &len);
    if (bytes == NULL || strcmp(bytes, text) != 0)
        XT_FAIL("line %u: \"%s\" instead of \"%s\"", line, bytes != NULL ? bytes : "(absent)", text);
    free(bytes);
}
#define FILE_IS(path, text) file_is_((path), (text), __LINE__)

static void file_is_pattern(const char *path, size_t n) {
    size_t len = 0;
    char *bytes = slurp(path, &len);
    XT_CHECK(bytes != NULL);
    XT_CHECK_EQ(len, n);
    if (bytes != NULL) XT_CHECK_EQ(net_pattern_check(bytes, 0, len), -1);
    free(bytes);
}

/* ---- requests -------------------------------------------------------------------------------------------------------- */

static xh_options *to_file(const char *path) { return opt_str(NULL, XH_OPT_OUTPUT_FILE, path); }
static xh_options *resumed(const char *path) { return opt_int(to_file(path), XH_OPT_RESUME, 1); }

/* The response was given without a body. */
static void no_body(rec *r) {
    XT_CHECK(rec_body(r).ptr == NULL);
    XT_CHECK_EQ(xh_response_body_type(xh_request_response(r->request)), -1);
}

/* A peer whose first answer breaks off behind "01234", and whose later connections run `rest`. */
#define CUT(head, rest)                                                                                                \
    "on-connection 1:\nread-head\n" HEAD_OK "content-length: 10" NL head NL NL                                         \
    "01234'\nclose\n"                                                                                                  \
    "on-connection 2+:\nread-head\n" rest
#define ETAG_V "etag: \"v\""
#define PART(range) "send 'HTTP/1.1 206 Partial Content" NL "content-length: 5" NL "content-range: " range NL

/* The first request, which fails and leaves its part. */
static void cut_off(script_peer *p, const char *path) {
    rec r = {0};
    r.without_data = 1;
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    REC_FAILED(&r, XH_E_TRUNCATED, XH_PHASE_BODY);
    rec_end(&r);
    XT_CHECK(is_absent(path));
    FILE_IS(fmt("%s.part", path), "01234");
}

/* ---- without resume -------------------------------------------------------------------------------------------------- */

XT_TEST(q13_a_file_takes_the_body) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    struct stat about;
    mode_t mask = umask(022);
    r.without_data = 1;
    rec_run(&r, peer_url(peer_nginx(), "http", "/file/1m.bin"), to_file(path));
    umask(mask);
    REC_OK(&r, 200);
    no_body(&r);
    file_is_pattern(path, 1 << 20);
    XT_CHECK_EQ(files_in(folder), 1);
    XT_CHECK_EQ(stat(path, &about), 0);
    XT_CHECK_EQ(about.st_mode & 07777, 0644);
    XT_CHECK_EQ(r.download_bytes, 1 << 20);
    XT_CHECK_EQ(r.download_total, 1 << 20);
    rec_end(&r);
}

XT_TEST(q13_on_data_gets_the_same_bytes) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    rec_run(&r, peer_url(peer_nginx(), "http", "/file/64k.bin"), to_file(path));
    REC_OK(&r, 200);
    no_body(&r);
    XT_CHECK_EQ(r.len, 1 << 16);
    XT_CHECK_EQ(net_pattern_check(r.data, 0, r.len), -1);
    file_is_pattern(path, 1 << 16);
    rec_end(&r);
}

XT_TEST(q13_the_file_gets_decoded_bytes_and_on_data_coded_ones) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    rec_run(&r, peer_url(peer_nginx(), "http", "/gzip/1m.bin"), to_file(path));
    REC_OK(&r, 200);
    HEADER_IS(&r, "content-encoding", "gzip");
    file_is_pattern(path, 1 << 20);
    XT_CHECK(r.len > 2 && (unsigned char)r.data[0] == 0x1f && (unsigned char)r.data[1] == 0x8b);
    rec_end(&r);
}

XT_TEST(q13_decode_data_decodes_for_both) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    rec_run(&r, peer_url(peer_nginx(), "http", "/gzip/1m.bin"), opt_int(to_file(path), XH_OPT_DECODE_DATA, 1));
    REC_OK(&r, 200);
    file_is_pattern(path, 1 << 20);
    XT_CHECK_EQ(r.len, 1 << 20);
    rec_end(&r);
}

XT_TEST(q13_no_response_body_and_no_on_data_is_fine_with_a_file) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    r.without_data = 1;
    rec_run(&r, peer_url(peer_nginx(), "http", "/file/1k.bin"), opt_int(to_file(path), XH_OPT_RETURN_RESPONSE_BODY, 0));
    REC_OK(&r, 200);
    file_is_pattern(path, 1024);
    rec_end(&r);
}

XT_TEST(q13_an_empty_body_makes_an_empty_file) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    rec_run(&r, peer_url(peer_nginx(), "http", "/empty"), to_file(path));
    REC_OK(&r, 200);
    FILE_IS(path, "");
    rec_end(&r);
}

XT_TEST(q13_another_answer_is_collected_and_leaves_the_file) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    put_file(path, "old");
    rec_script(&r, "read-head\nsend 'HTTP/1.1 404 Not Found" NL "content-length: 4" NL NL "gone'\n", to_file(path));
    REC_OK(&r, 404);
    BODY_IS(&r, "gone");
    FILE_IS(path, "old");
    XT_CHECK_EQ(files_in(folder), 1);
    rec_end(&r);
}

XT_TEST(q13_a_redirect_leads_to_the_file) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    rec_run(&r, peer_url(peer_nginx(), "http", "/redirect/3"), to_file(path));
    REC_OK(&r, 200);
    FILE_IS(path, "hello from nginx\n");
    XT_CHECK_EQ(files_in(folder), 1);
    rec_end(&r);
}

XT_TEST(q13_a_body_that_breaks_off_leaves_nothing) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    put_file(path, "old");
    rec_script(&r, "read-head\n" HEAD_OK "content-length: 10" NL NL "01234'\nclose\n", to_file(path));
    REC_FAILED(&r, XH_E_TRUNCATED, XH_PHASE_BODY);
    FILE_IS(path, "old");
    XT_CHECK_EQ(files_in(folder), 1);
    rec_end(&r);
}

XT_TEST(q13_a_broken_coding_leaves_nothing) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    rec_script(&r, "read-head\n" HEAD_OK "content-encoding: gzip" NL "content-length: 5" NL NL "nogzi'\n",
               to_file(path));
    REC_FAILED(&r, XH_E_BAD_CODING, XH_PHASE_BODY);
    XT_CHECK_EQ(files_in(folder), 0);
    rec_end(&r);
}

XT_TEST(q13_a_body_over_its_limit_leaves_nothing) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    rec_run(&r, peer_url(peer_nginx(), "http", "/file/1m.bin"), opt_int(to_file(path), XH_OPT_MAX_BODY_BYTES, 1000));
    REC_FAILED(&r, XH_E_BODY_TOO_LARGE, XH_PHASE_BODY);
    XT_CHECK_EQ(files_in(folder), 0);
    rec_end(&r);
}

static void terminate_at_data(rec *r, xh_request *request, const xh_request_event *event) {
    (void)r;
    if (xh_request_event_type(event) == XH_EVENT_DATA) xh_terminate(request);
}

XT_TEST(q13_terminate_leaves_nothing) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    r.hook = terminate_at_data;
    rec_run(&r, peer_url(peer_nginx(), "http", "/file/1m.bin"), to_file(path));
    REC_FAILED(&r, XH_E_CANCELLED, -1);
    XT_CHECK_EQ(files_in(folder), 0);
    rec_end(&r);
}

static void look_for_file(rec *r, xh_request *request, const xh_request_event *event) {
    (void)request;
    int type = xh_request_event_type(event);
    if (type == XH_EVENT_DATA) XT_CHECK(is_absent((const char *)r->arg));
    if (type == XH_EVENT_RESPONSE) XT_CHECK(!is_absent((const char *)r->arg));
}

XT_TEST(q13_the_file_is_there_in_on_response_and_not_before) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    r.hook = look_for_file;
    r.arg = (void *)(uintptr_t)path;
    rec_run(&r, peer_url(peer_nginx(), "http", "/file/64k.bin"), to_file(path));
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q13_a_paused_download_goes_on) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    r.without_data = 1;
    xh_request *request = rec_start(&r, peer_url(peer_nginx(), "http", "/file/1m.bin"), to_file(path));
    if (request == NULL) return;
    for (int i = 0; i < 100; i++) {
        xh_request_pause(request);
        xh_request_resume(request);
    }
    rec_finish(&r);
    REC_OK(&r, 200);
    file_is_pattern(path, 1 << 20);
    rec_end(&r);
}

XT_TEST(q13_manual_consume_holds_the_file_up) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    xh_options *o = opt_int(opt_int(to_file(path), XH_OPT_MANUAL_CONSUME, 1), XH_OPT_RECEIVE_WINDOW, 1000);
    xh_request *request = rec_start(&r, peer_url(peer_nginx(), "http", "/file/64k.bin"), o);
    if (request == NULL) return;
    XT_CHECK(rec_await(&r, XH_EVENT_DATA, 1));
    XT_CHECK(is_absent(path));
    while (xh_wait(request, 0) != XH_OK) {
        xh_request_consume(request, 1000);
        sched_yield();
    }
    rec_finish(&r);
    REC_OK(&r, 200);
    file_is_pattern(path, 1 << 16);
    rec_end(&r);
}

XT_TEST(q13_paths_that_cannot_be_are_refused_at_once) {
    const char *folder = new_folder();
    const char *url = peer_url(peer_nginx(), "http", "/text");
    REFUSED(url, to_file(fmt("%s/none/out", folder)), XH_E_FILE);
    REFUSED(url, to_file(folder), XH_E_FILE);
    REFUSED(url, to_file("/dev/null"), XH_E_FILE);
    REFUSED(url, resumed(fmt("%s/none/out", folder)), XH_E_FILE);
    XT_CHECK_EQ(files_in(folder), 0);
}

XT_TEST(q13_the_refusal_tells_the_systems_error) {
    rec r = {0};
    xh_error *error = NULL;
    XT_CHECK(rec_start_err(&r, peer_url(peer_nginx(), "http", "/text"), to_file(fmt("%s/none/out", new_folder())),
                           &error) == NULL);
    XT_CHECK_EQ(xh_error_os_error(error), ENOENT);
    XT_CHECK_EQ(xh_error_phase(error), XH_PHASE_NONE);
    xh_error_free(error);
    rec_end(&r);
}

XT_TEST(q13_options_that_contradict_each_other) {
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    const char *url = peer_url(peer_nginx(), "http", "/text");
    REFUSED(url, opt_int(NULL, XH_OPT_RESUME, 1), XH_E_OPTION_CONFLICT);
    REFUSED(url, opt_str(to_file(path), XH_OPT_METHOD, "HEAD"), XH_E_OPTION_CONFLICT);
    REFUSED(url, opt_str(resumed(path), XH_OPT_METHOD, "POST"), XH_E_OPTION_CONFLICT);
    REFUSED(url, opt_int(resumed(path), XH_OPT_DECODE_DATA, 1), XH_E_OPTION_CONFLICT);
    REFUSED(url, opt_header(resumed(path), "Range", "bytes=1-"), XH_E_OPTION_CONFLICT);
    REFUSED(url, opt_header(resumed(path), "if-range", "\"v\""), XH_E_OPTION_CONFLICT);
    XT_CHECK_EQ(files_in(folder), 0);
}

XT_TEST(q13_an_own_range_is_fine_without_resume) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    size_t len = 0;
    rec_run(&r, peer_url(peer_nginx(), "http", "/file/1k.bin"), opt_header(to_file(path), "Range", "bytes=600-999"));
    REC_OK(&r, 206);
    char *bytes = slurp(path, &len);
    XT_CHECK_EQ(len, 400);
    if (bytes != NULL) XT_CHECK_EQ(net_pattern_check(bytes, 600, len), -1);
    free(bytes);
    rec_end(&r);
}

XT_TEST(q13_both_options_by_their_json_names) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    rec_run(&r, peer_url(peer_nginx(), "http", "/text"),
            opt_json(NULL, fmt("{\"outputFile\":\"%s\",\"resume\":true}", path)));
    REC_OK(&r, 200);
    FILE_IS(path, "hello from nginx\n");
    rec_end(&r);
}

/* In a process that may write files of 64 KiB only. */
static int full_disk(const char *url, const char *path) {
    struct rlimit limit = {65536, 65536};
    xh_request *request = NULL;
    const xh_error *error;
    xh_options *o = xh_options_new();
    int code = 0;
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) != 0) return 9;
    if (xh_options_set_str(o, XH_OPT_OUTPUT_FILE, path, XH_NTS) != XH_OK) return 8;
    if (xh_request_new(url, XH_NTS, o, NULL, &request, NULL) != XH_OK) return 7;
    xh_options_release(o);
    if (xh_wait(request, LONG_MS) != XH_OK) return 6;
    error = xh_request_error_at(request, 0);
    if (xh_error_status(error) != XH_E_FILE)
        code = 1;
    else if (xh_error_phase(error) != XH_PHASE_BODY)
        code = 2;
    else if (xh_error_os_error(error) != EFBIG)
        code = 3;
    xh_request_release(request);
    return code;
}

XT_TEST(q13_a_full_disk_ends_the_request) {
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    const char *url = peer_url(peer_nginx(), "http", "/file/1m.bin");
    int status = 0;
    XT_CHECK_EQ(xh_shutdown(LONG_MS), XH_OK); /* the child makes threads of its own */
    pid_t child = fork();
    if (child == 0) _exit(full_disk(url, path));
    XT_CHECK_EQ(waitpid(child, &status, 0), child);
    XT_CHECK(WIFEXITED(status));
    XT_CHECK_EQ(WEXITSTATUS(status), 0);
    XT_CHECK_EQ(files_in(folder), 0);
}

/* ---- with resume ----------------------------------------------------------------------------------------------------- */

XT_TEST(q13_a_resumed_download_is_appended) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    script_peer *p = script_start(CUT(ETAG_V, PART("bytes 5-9/10") ETAG_V NL NL "56789'\n"));
    cut_off(p, path);
    NOT_SENT(p, 1, "accept-encoding");
    NOT_SENT(p, 1, "range");
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    REC_OK(&r, 206);
    SENT(p, 2, "Range: bytes=5-\r\n");
    SENT(p, 2, "If-Range: \"v\"\r\n");
    NOT_SENT(p, 2, "accept-encoding");
    no_body(&r);
    XT_CHECK_EQ(r.len, 5);
    XT_CHECK_EQ(r.download_bytes, 5);
    XT_CHECK_EQ(r.download_total, 5);
    FILE_IS(path, "0123456789");
    XT_CHECK_EQ(files_in(folder), 1);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q13_a_download_of_a_real_server_is_resumed) {
    rec a = {0}, b = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    const char *url = peer_url(peer_nginx(), "http", "/file/1m.bin");
    a.hook = terminate_at_data;
    rec_run(&a, url, opt_int(resumed(path), XH_OPT_RECEIVE_WINDOW, 10000));
    REC_FAILED(&a, XH_E_CANCELLED, -1);
    rec_end(&a);
    XT_CHECK_EQ(files_in(folder), 2);
    rec_run(&b, url, resumed(path));
    REC_OK(&b, 206);
    XT_CHECK(b.len > 0 && b.len < 1 << 20);
    file_is_pattern(path, 1 << 20);
    XT_CHECK_EQ(files_in(folder), 1);
    rec_end(&b);
}

XT_TEST(q13_resume_by_date_when_there_is_no_etag) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    script_peer *p =
        script_start(CUT("last-modified: Sun, 06 Nov 1994 08:49:37 GMT" NL "date: Mon, 07 Nov 1994 08:49:37 GMT",
                         PART("bytes 5-9/10") NL "56789'\n"));
    cut_off(p, path);
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    REC_OK(&r, 206);
    SENT(p, 2, "If-Range: Sun, 06 Nov 1994 08:49:37 GMT\r\n");
    FILE_IS(path, "0123456789");
    rec_end(&r);
    script_stop(p);
}

static void leaves_nothing(const char *head) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    script_peer *p =
        script_startf("read-head\nsend 'HTTP/1.1 200 OK" NL "content-length: 10" NL "%s" NL NL "01234'\nclose\n", head);
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    REC_FAILED(&r, XH_E_TRUNCATED, XH_PHASE_BODY);
    XT_CHECK_EQ(files_in(folder), 0);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q13_without_a_strong_validator_nothing_is_kept) {
    leaves_nothing("x-none: 1");
    leaves_nothing("etag: W/\"v\"");
    leaves_nothing("last-modified: Sun, 06 Nov 1994 08:49:37 GMT");
    leaves_nothing("last-modified: Sun, 06 Nov 1994 08:49:37 GMT" NL "date: Sun, 06 Nov 1994 08:49:37 GMT");
}

XT_TEST(q13_a_200_starts_anew) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    script_peer *p = script_start(CUT(ETAG_V, HEAD_OK "content-length: 3" NL "etag: \"w\"" NL NL "new'\n"));
    cut_off(p, path);
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    REC_OK(&r, 200);
    FILE_IS(path, "new");
    XT_CHECK_EQ(files_in(folder), 1);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q13_a_part_may_leave_the_length_to_the_first_answer) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    script_peer *p = script_start(CUT(ETAG_V, PART("bytes 5-9/*") NL "56789'\n"));
    cut_off(p, path);
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    REC_OK(&r, 206);
    FILE_IS(path, "0123456789");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q13_a_second_cut_is_resumed_from_there) {
    rec a = {0}, b = {0};
    const char *path = fmt("%s/out", new_folder());
    script_peer *p = script_start("on-connection 1:\nread-head\n" HEAD_OK "content-length: 10" NL ETAG_V NL NL
                                  "01234'\nclose\n"
                                  "on-connection 2:\nread-head\n" PART("bytes 5-9/10") NL
                                  "56'\nclose\n"
                                  "on-connection 3:\nread-head\nsend 'HTTP/1.1 206 x" NL
                                  "content-range: bytes 7-9/10" NL "content-length: 3" NL NL "789'\n");
    cut_off(p, path);
    rec_run(&a, script_url(p, "http", "/x"), resumed(path));
    REC_FAILED(&a, XH_E_TRUNCATED, XH_PHASE_BODY);
    rec_end(&a);
    FILE_IS(fmt("%s.part", path), "0123456");
    rec_run(&b, script_url(p, "http", "/x"), resumed(path));
    REC_OK(&b, 206);
    SENT(p, 3, "Range: bytes=7-\r\n");
    FILE_IS(path, "0123456789");
    rec_end(&b);
    script_stop(p);
}

XT_TEST(q13_less_than_the_rest_is_kept_and_told) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    script_peer *p = script_start(
        CUT(ETAG_V, "send 'HTTP/1.1 206 x" NL "content-range: bytes 5-6/10" NL "content-length: 2" NL NL "56'\n"));
    cut_off(p, path);
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    REC_FAILED(&r, XH_E_TRUNCATED, XH_PHASE_BODY);
    FILE_IS(fmt("%s.part", path), "0123456");
    XT_CHECK_EQ(files_in(folder), 2);
    rec_end(&r);
    script_stop(p);
}

/* A 206 with these fields is refused, and the part with it. */
static void bad_part(const char *fields) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    script_peer *p =
        script_startf(CUT(ETAG_V, "send 'HTTP/1.1 206 x" NL "content-length: 5" NL "%s" NL NL "56789'\n"), fields);
    cut_off(p, path);
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    REC_FAILED(&r, XH_E_BAD_RANGE, XH_PHASE_BODY);
    XT_CHECK_EQ(files_in(folder), 0);
    rec_end(&r);
    script_failures_expected(p);
    script_stop(p);
}

XT_TEST(q13_a_wrong_content_range_is_refused) {
    bad_part("content-range: bytes 4-8/10");
    bad_part("content-range: bytes 0-4/10");
    bad_part("content-range: bytes 6-10/11");
    bad_part("content-range: bytes 5-8/10");
    bad_part("content-range: bytes 5-9/11");
    bad_part("content-range: bytes 5-9");
    bad_part("content-range: bytes */10");
    bad_part("content-range: bytes 5-9/10" NL "content-range: bytes 5-9/10");
    bad_part("content-type: multipart/byteranges; boundary=x");
}

XT_TEST(q13_a_part_of_another_version_is_refused) { bad_part("content-range: bytes 5-9/10" NL "etag: \"w\""); }

XT_TEST(q13_a_part_that_was_not_asked_for_is_refused) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    rec_script(&r, "read-head\n" PART("bytes 5-9/10") NL "56789'\n", resumed(path));
    REC_FAILED(&r, XH_E_BAD_RANGE, XH_PHASE_BODY);
    XT_CHECK_EQ(files_in(folder), 0);
    rec_end(&r);
}

XT_TEST(q13_a_416_that_tells_our_length_completes_the_file) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    /* All the bytes come, but not the last chunk: only the next answer tells that nothing was missing. */
    script_peer *p = script_start("on-connection 1:\nread-head\n" HEAD_OK "transfer-encoding: chunked" NL ETAG_V NL NL
                                  "5" NL "01234" NL "'\nclose\non-connection 2:\nread-head\nsend 'HTTP/1.1 416 x" NL
                                  "content-range: bytes */5" NL "content-length: 4" NL NL "page'\n");
    cut_off(p, path);
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    REC_OK(&r, 416);
    no_body(&r);
    XT_CHECK_EQ(r.len, 0);
    FILE_IS(path, "01234");
    XT_CHECK_EQ(files_in(folder), 1);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q13_any_other_416_starts_anew) {
    static const char *const fields[] = {"content-range: bytes */4", "content-range: bytes */10", "x-none: 1"};
    for (int i = 0; i < 3; i++) {
        rec r = {0};
        const char *folder = new_folder(), *path = fmt("%s/out", folder);
        script_peer *p = script_startf("on-connection 1:\nread-head\n" HEAD_OK "content-length: 10" NL ETAG_V NL NL
                                       "01234'\nclose\n"
                                       "on-connection 2:\nread-head\nsend 'HTTP/1.1 416 x" NL "%s" NL
                                       "content-length: 4" NL "connection: close" NL NL
                                       "page'\nclose\n"
                                       "on-connection 3:\nread-head\n" HEAD_OK "content-length: 3" NL NL "new'\n",
                                       fields[i]);
        cut_off(p, path);
        rec_run(&r, script_url(p, "http", "/x"), resumed(path));
        REC_OK(&r, 200);
        SENT(p, 2, "Range: bytes=5-\r\n");
        NOT_SENT(p, 3, "range");
        XT_CHECK_EQ(xh_request_hop_count(r.request), 2);
        FILE_IS(path, "new");
        XT_CHECK_EQ(files_in(folder), 1);
        rec_end(&r);
        script_stop(p);
    }
}

XT_TEST(q13_an_error_page_leaves_the_part) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    script_peer *p = script_start(CUT(ETAG_V, "send 'HTTP/1.1 503 x" NL "content-length: 4" NL NL "busy'\n"));
    cut_off(p, path);
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    REC_OK(&r, 503);
    BODY_IS(&r, "busy");
    FILE_IS(fmt("%s.part", path), "01234");
    XT_CHECK_EQ(files_in(folder), 2);
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q13_the_part_of_another_url_is_not_resumed) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    script_peer *p = script_start(CUT(ETAG_V, HEAD_OK "content-length: 3" NL NL "new'\n"));
    cut_off(p, path);
    rec_run(&r, script_url(p, "http", "/y"), resumed(path));
    REC_OK(&r, 200);
    NOT_SENT(p, 2, "range");
    FILE_IS(path, "new");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q13_a_redirect_takes_the_range_along) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    script_peer *p = script_start(CUT(ETAG_V, "send 'HTTP/1.1 302 x" NL "location: /y" NL "content-length: 0" NL NL
                                              "'\nread-head\n" PART("bytes 5-9/10") NL "56789'\n"));
    cut_off(p, path);
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    REC_OK(&r, 206);
    XT_CHECK_EQ(sent_count(p, 2, "Range: bytes=5-\r\n"), 2);
    FILE_IS(path, "0123456789");
    rec_end(&r);
    script_stop(p);
}

XT_TEST(q13_with_resume_coded_bytes_are_kept_as_they_came) {
    rec r = {0};
    const char *path = fmt("%s/out", new_folder());
    rec_script(&r, "read-head\n" HEAD_OK "content-encoding: gzip" NL "content-length: 5" NL NL "nogzi'\n",
               resumed(path));
    REC_OK(&r, 200);
    FILE_IS(path, "nogzi");
    rec_end(&r);
}

XT_TEST(q13_one_request_at_a_time_has_the_part) {
    rec a = {0};
    const char *path = fmt("%s/out", new_folder());
    script_peer *p = script_start("read-head\nwait-signal go\n" SEND_OK);
    if (rec_start(&a, script_url(p, "http", "/x"), resumed(path)) == NULL) return;
    REFUSED(script_url(p, "http", "/x"), resumed(path), XH_E_FILE);
    script_signal(p, "go");
    rec_finish(&a);
    REC_OK(&a, 200);
    FILE_IS(path, "ok");
    rec_end(&a);
    script_stop(p);
}

XT_TEST(q13_a_resume_that_never_reached_the_server_leaves_the_part) {
    rec r = {0};
    const char *folder = new_folder(), *path = fmt("%s/out", folder);
    script_peer *p = script_start(CUT(ETAG_V, "reset\n"));
    cut_off(p, path);
    rec_run(&r, script_url(p, "http", "/x"), resumed(path));
    XT_CHECK_EQ(r.count[XH_EVENT_ERROR], 1);
    FILE_IS(fmt("%s.part", path), "01234");
    XT_CHECK_EQ(files_in(folder), 2);
    rec_end(&r);
    script_stop(p);
}

CAPI_MAIN("download")
