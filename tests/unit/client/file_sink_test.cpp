// The file that appears whole or not at all, and what stays of it for a later attempt.

#include "client/file_sink.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <sstream>

#include "xtest.h"

using xh::base::Error;
using xh::client::FileSink;

namespace {

/// A folder that is gone with all it holds at the end of the test.
struct Folder {
    std::string path;
    Folder() {
        char name[] = "/tmp/xh-sink-XXXXXX";
        path = mkdtemp(name);
    }
    ~Folder() {
        for (const std::string& name : names()) unlink(in(name).c_str());
        rmdir(path.c_str());
    }
    std::string in(const std::string& name) const { return path + "/" + name; }
    std::vector<std::string> names() const {
        std::vector<std::string> out;
        DIR* folder = opendir(path.c_str());
        while (dirent* entry = readdir(folder))
            if (entry->d_name[0] != '.' || strlen(entry->d_name) > 2) out.emplace_back(entry->d_name);
        closedir(folder);
        return out;
    }
    std::size_t count() const { return names().size(); }
    std::string read(const std::string& name) const {
        std::ifstream file(in(name), std::ios::binary);
        std::ostringstream text;
        text << file.rdbuf();
        return file ? text.str() : "absent";
    }
    void write(const std::string& name, const std::string& text) const {
        std::ofstream(in(name), std::ios::binary) << text;
    }
    mode_t mode(const std::string& name) const {
        struct stat about {};
        return lstat(in(name).c_str(), &about) == 0 ? about.st_mode & 07777 : 0;
    }
};

using Sink = std::unique_ptr<FileSink>;

Sink open(const Folder& folder, bool resume = false, const char* key = "key", const char* name = "out") {
    Sink sink;
    Error error;
    xh_status status = FileSink::open(folder.in(name), resume, key, sink, error);
    XT_CHECK_EQ(status, XH_OK);
    return sink;
}

int refusal(const std::string& path, bool resume = false) {
    Sink sink;
    Error error;
    XT_CHECK_EQ(FileSink::open(path, resume, "key", sink, error), XH_E_FILE);
    XT_CHECK_EQ(error.status, XH_E_FILE);
    XT_CHECK_EQ(error.phase, XH_PHASE_NONE);
    XT_CHECK(!sink);
    return error.os_error;
}

/// Leaves a part of these bytes behind.
void leave(const Folder& folder, const char* bytes, const char* validator = "\"v\"", int64_t total = 10) {
    Sink sink = open(folder, true);
    Error error;
    XT_CHECK(sink->start(validator, total, error));
    XT_CHECK(sink->write(bytes, error));
}

}  // namespace

XT_TEST(the_file_appears_at_commit) {
    Folder folder;
    Sink sink = open(folder);
    Error error;
    XT_CHECK_EQ(folder.count(), 0);
    XT_CHECK(!sink->started());
    XT_CHECK(sink->start({}, -1, error));
    XT_CHECK(sink->write("hello ", error));
    XT_CHECK(sink->write("world", error));
    XT_CHECK_EQ(sink->size(), 11);
    XT_CHECK_EQ(folder.count(), 1);
    XT_CHECK_EQ(folder.mode(folder.names()[0]), 0600);
    XT_CHECK_EQ(folder.read("out"), "absent");
    XT_CHECK(sink->commit(error));
    XT_CHECK_EQ(folder.read("out"), "hello world");
    XT_CHECK_EQ(folder.count(), 1);
    sink.reset();
    XT_CHECK_EQ(folder.read("out"), "hello world");
}

XT_TEST(an_old_file_stays_until_commit) {
    Folder folder;
    folder.write("out", "old");
    Sink sink = open(folder);
    Error error;
    XT_CHECK(sink->start({}, -1, error) && sink->write("new", error));
    XT_CHECK_EQ(folder.read("out"), "old");
    XT_CHECK(sink->commit(error));
    XT_CHECK_EQ(folder.read("out"), "new");
}

XT_TEST(nothing_is_left_without_commit) {
    Folder folder;
    folder.write("out", "old");
    Sink sink = open(folder);
    Error error;
    XT_CHECK(sink->start({}, -1, error) && sink->write("new", error));
    sink.reset();
    XT_CHECK_EQ(folder.count(), 1);
    XT_CHECK_EQ(folder.read("out"), "old");
}

XT_TEST(the_mode_is_that_of_the_umask) {
    for (mode_t mask : {0022, 0077, 0002, 0000}) {
        Folder folder;
        mode_t before = umask(mask);
        Sink sink = open(folder);
        Error error;
        XT_CHECK(sink->start({}, -1, error) && sink->commit(error));
        umask(before);
        XT_CHECK_EQ(folder.mode("out"), 0666 & ~mask);
    }
}

XT_TEST(what_cannot_be_replaced_is_refused) {
    Folder folder;
    XT_CHECK_EQ(refusal(folder.in("none/out")), ENOENT);
    XT_CHECK_EQ(refusal(folder.path), EISDIR);
    XT_CHECK_EQ(refusal(folder.in("")), EISDIR);
    XT_CHECK_EQ(refusal(folder.in(".")), EISDIR);
    XT_CHECK_EQ(refusal(folder.in("..")), EISDIR);
    XT_CHECK_EQ(refusal("/dev/null"), EINVAL);
    XT_CHECK_EQ(refusal(folder.in(std::string(300, 'x'))), ENAMETOOLONG);
    folder.write("file", "x");
    XT_CHECK_EQ(refusal(folder.in("file/out")), ENOTDIR);
    XT_CHECK_EQ(mkfifo(folder.in("pipe").c_str(), 0600), 0);
    XT_CHECK_EQ(refusal(folder.in("pipe")), EINVAL);
}

XT_TEST(a_link_is_replaced_and_not_followed) {
    Folder folder;
    folder.write("other", "other");
    XT_CHECK_EQ(symlink(folder.in("other").c_str(), folder.in("out").c_str()), 0);
    Sink sink = open(folder);
    Error error;
    XT_CHECK(sink->start({}, -1, error) && sink->write("new", error) && sink->commit(error));
    XT_CHECK_EQ(folder.read("other"), "other");
    XT_CHECK_EQ(folder.read("out"), "new");
}

XT_TEST(a_changed_working_folder_does_not_lead_astray) {
    Folder folder;
    char before[4096];
    XT_REQUIRE(getcwd(before, sizeof before) != nullptr);
    XT_CHECK_EQ(chdir(folder.path.c_str()), 0);
    Sink sink;
    Error error;
    XT_CHECK_EQ(FileSink::open("out", false, "", sink, error), XH_OK);
    XT_CHECK_EQ(chdir(before), 0);
    XT_CHECK(sink->start({}, -1, error) && sink->write("here", error) && sink->commit(error));
    XT_CHECK_EQ(folder.read("out"), "here");
}

XT_TEST(a_part_stays_and_is_continued) {
    Folder folder;
    leave(folder, "01234");
    XT_CHECK_EQ(folder.read("out.part"), "01234");
    XT_CHECK_EQ(folder.mode("out.part"), 0600);
    XT_CHECK_EQ(folder.mode("out.part.meta"), 0600);
    Sink sink = open(folder, true);
    Error error;
    XT_CHECK_EQ(sink->kept(), 5);
    XT_CHECK_EQ(sink->validator(), "\"v\"");
    XT_CHECK_EQ(sink->kept_total(), 10);
    XT_CHECK(sink->go_on(10, 10, error));
    XT_CHECK_EQ(sink->size(), 5);
    XT_CHECK(sink->write("56789", error) && sink->commit(error));
    sink.reset();
    XT_CHECK_EQ(folder.read("out"), "0123456789");
    XT_CHECK_EQ(folder.count(), 1);
}

XT_TEST(a_part_stays_when_its_continuation_never_begins) {
    Folder folder;
    leave(folder, "01234");
    open(folder, true).reset();
    XT_CHECK_EQ(folder.read("out.part"), "01234");
    XT_CHECK_EQ(open(folder, true)->kept(), 5);
}

XT_TEST(an_unknown_length_is_remembered_as_such) {
    Folder folder;
    leave(folder, "01234", "\"v\"", -1);
    Sink sink = open(folder, true);
    XT_CHECK_EQ(sink->kept(), 5);
    XT_CHECK_EQ(sink->kept_total(), -1);
}

XT_TEST(a_part_without_validator_or_bytes_is_not_kept) {
    Folder folder;
    leave(folder, "01234", "");
    XT_CHECK_EQ(folder.count(), 0);
    leave(folder, "");
    XT_CHECK_EQ(folder.count(), 0);
    open(folder, true).reset();
    XT_CHECK_EQ(folder.count(), 0);
}

XT_TEST(starting_anew_drops_what_was_kept) {
    Folder folder;
    leave(folder, "01234");
    Sink sink = open(folder, true);
    Error error;
    XT_CHECK(sink->start("\"w\"", 3, error) && sink->write("abc", error) && sink->commit(error));
    sink.reset();
    XT_CHECK_EQ(folder.read("out"), "abc");
    XT_CHECK_EQ(folder.count(), 1);
}

XT_TEST(a_forgotten_part_is_gone) {
    Folder folder;
    leave(folder, "01234");
    Sink sink = open(folder, true);
    XT_CHECK(sink->forget());
    XT_CHECK_EQ(sink->kept(), 0);
    sink.reset();
    XT_CHECK_EQ(folder.count(), 0);
}

XT_TEST(a_part_of_something_else_is_not_continued) {
    Folder folder;
    leave(folder, "01234");
    XT_CHECK_EQ(open(folder, true, "other")->kept(), 0);
    XT_CHECK_EQ(open(folder, true)->kept(), 5);
}

XT_TEST(a_broken_meta_file_continues_nothing) {
    Folder folder;
    leave(folder, "01234");
    std::string whole = folder.read("out.part.meta");
    for (std::size_t n = 0; n < whole.size(); ++n) {
        folder.write("out.part.meta", whole.substr(0, n));
        XT_CHECK_EQ(open(folder, true)->kept(), 0);
    }
    for (const char* text : {"xh-part 2\nkey\n10\n\"v\"\n", "xh-part 1\nkey\n4\n\"v\"\n", "xh-part 1\nkey\n-1\n\"v\"\n",
                             "xh-part 1\nkey\n10\n\n", "xh-part 1\nkey\n10\n\"v\"\nmore\n"}) {
        folder.write("out.part.meta", text);
        XT_CHECK_EQ(open(folder, true)->kept(), 0);
    }
    folder.write("out.part.meta", whole + std::string(5000, 'x') + "\n");
    XT_CHECK_EQ(open(folder, true)->kept(), 0);
    folder.write("out.part.meta", whole);
    XT_CHECK_EQ(open(folder, true)->kept(), 5);
}

XT_TEST(a_part_is_one_sinks_at_a_time) {
    Folder folder;
    leave(folder, "01234");
    Sink sink = open(folder, true);
    XT_CHECK_EQ(refusal(folder.in("out"), true), EWOULDBLOCK);
    XT_CHECK_EQ(folder.read("out.part"), "01234");
    sink.reset();
    XT_CHECK_EQ(open(folder, true)->kept(), 5);
}

XT_TEST(a_part_that_is_no_own_file_is_refused) {
    Folder folder;
    folder.write("other", "other");
    XT_CHECK_EQ(symlink("other", folder.in("out.part").c_str()), 0);
    XT_CHECK_EQ(refusal(folder.in("out"), true), ELOOP);
    unlink(folder.in("out.part").c_str());
    XT_CHECK_EQ(link(folder.in("other").c_str(), folder.in("out.part").c_str()), 0);
    XT_CHECK_EQ(refusal(folder.in("out"), true), EPERM);
    unlink(folder.in("out.part").c_str());
    XT_CHECK_EQ(mkfifo(folder.in("out.part").c_str(), 0600), 0);
    XT_CHECK_EQ(refusal(folder.in("out"), true), EINVAL);
    XT_CHECK_EQ(folder.read("other"), "other");
}

XT_TEST(a_file_of_another_length_is_not_committed) {
    Folder folder;
    leave(folder, "01234");
    Sink sink = open(folder, true);
    Error error;
    XT_CHECK(sink->go_on(8, 10, error) && sink->write("567", error));
    XT_CHECK(!sink->commit(error));
    XT_CHECK_EQ(error.status, XH_E_TRUNCATED);
    sink.reset();
    XT_CHECK_EQ(folder.read("out.part"), "01234567");
    XT_CHECK_EQ(open(folder, true)->kept(), 8);
}

XT_TEST(bytes_behind_the_announced_part_are_refused) {
    Folder folder;
    leave(folder, "01234");
    Sink sink = open(folder, true);
    Error error;
    XT_CHECK(sink->go_on(8, 10, error) && sink->write("56", error));
    XT_CHECK(!sink->write("78", error));
    XT_CHECK_EQ(error.status, XH_E_BAD_RANGE);
    sink.reset();
    XT_CHECK_EQ(folder.count(), 0);
}

XT_TEST(no_descriptor_stays_open) {
    Folder folder;
    auto open_now = [] {
        int n = 0;
        for (int fd = 0; fd < 256; ++fd) n += fcntl(fd, F_GETFD) >= 0;
        return n;
    };
    int before = open_now();
    leave(folder, "01234");
    open(folder, true).reset();
    refusal("/dev/null");
    Sink sink = open(folder, true);
    refusal(folder.in("out"), true);
    Error error;
    XT_CHECK(sink->go_on(5, 5, error) && sink->commit(error));
    sink = open(folder);
    XT_CHECK(sink->start({}, -1, error) && sink->commit(error));
    sink.reset();
    XT_CHECK_EQ(open_now(), before);
}

namespace {

/// In a process that may write files of 4 KiB only: 0 when the sink tells so as it should.
int full_disk(const Folder& folder, bool resume) {
    rlimit limit{4096, 4096};
    if (signal(SIGXFSZ, SIG_IGN) == SIG_ERR || setrlimit(RLIMIT_FSIZE, &limit) != 0) return 9;
    Sink sink;
    Error error;
    if (FileSink::open(folder.in("out"), resume, "key", sink, error) != XH_OK || !sink->start("\"v\"", 10000, error))
        return 1;
    if (!sink->write(std::string(3000, 'x'), error) || sink->size() != 3000) return 2;
    if (sink->write(std::string(3000, 'x'), error)) return 3;
    return error.status == XH_E_FILE && error.phase == XH_PHASE_BODY && error.os_error == EFBIG ? 0 : 4;
}

int in_child(const Folder& folder, bool resume) {
    pid_t child = fork();
    if (child == 0) _exit(full_disk(folder, resume));
    int status = 0;
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

}  // namespace

XT_TEST(a_full_disk_is_an_error_with_its_number) {
    Folder folder;
    XT_CHECK_EQ(in_child(folder, false), 0);
    XT_CHECK_EQ(folder.count(), 0);
    XT_CHECK_EQ(in_child(folder, true), 0);
    XT_CHECK_EQ(open(folder, true)->kept(), 4096);
}

XT_MAIN("file-sink")
