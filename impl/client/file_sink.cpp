#include "client/file_sink.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>

#include "base/ascii.h"
#include "proto/digest_hash.h"

namespace xh::client {

namespace {

constexpr int kAttempts = 16;
constexpr mode_t kPrivate = 0600;
constexpr std::size_t kMostMeta = 4096;
constexpr std::string_view kMetaMark = "xh-part 1";

/// The process's umask, without changing it meanwhile as umask(2) would; -1 when the system does not tell.
int current_umask() noexcept {
    int fd = ::open("/proc/self/status", O_RDONLY | O_CLOEXEC);
    if (fd < 0) return -1;
    char text[512];
    ssize_t n = ::read(fd, text, sizeof text);
    ::close(fd);
    constexpr std::string_view kName = "\nUmask:";
    std::string_view status(text, n > 0 ? static_cast<std::size_t>(n) : 0);
    std::size_t at = status.find(kName);
    if (at == std::string_view::npos) return -1;
    int mask = 0;
    std::size_t digits = 0;
    for (char c : status.substr(at + kName.size())) {
        if (base::is_ows(c) && digits == 0) continue;
        if (c < '0' || c > '7') break;
        mask = mask * 8 + (c - '0');
        ++digits;
    }
    return digits > 0 ? mask & 0777 : -1;
}

bool write_all(int fd, std::string_view data) noexcept {
    while (!data.empty()) {
        ssize_t n = ::write(fd, data.data(), data.size());
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            if (n == 0) errno = EIO;
            return false;
        }
        data.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
}

/// The next line of a text whose lines all end.
bool next_line(std::string_view& text, std::string_view& line) noexcept {
    std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return false;
    line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return true;
}

}  // namespace

FileSink::FileSink(std::string_view path, bool resume) : path_(path), resume_(resume) {
    std::size_t slash = path.rfind('/');
    std::string_view folder = slash == std::string_view::npos ? "." : path.substr(0, slash == 0 ? 1 : slash);
    folder_name_ = base::to_string(folder);
    name_ = base::to_string(slash == std::string_view::npos ? path : path.substr(slash + 1));
    if (!resume) return;
    part_name_.append(name_).append(".part");
    meta_name_.append(part_name_).append(".meta");
}

xh_status FileSink::open(std::string_view path, bool resume, std::string_view key, std::unique_ptr<FileSink>& out,
                         base::Error& error) {
    std::unique_ptr<FileSink> sink(new FileSink(path, resume));
    xh_status status = sink->open_folder(error);
    if (status == XH_OK && resume) {
        sink->key_ = base::to_string(key);
        status = sink->open_part(error);
        if (status == XH_OK) sink->read_meta(key);
    }
    if (status == XH_OK) out = std::move(sink);
    return status;
}

FileSink::~FileSink() {
    if (fd_ >= 0 && !part_name_.empty()) {
        struct stat about {};
        bool keep = resume_ && ::fstat(fd_, &about) == 0 && about.st_size > 0 && (!started_ || worth_keeping_);
        if (!keep) {
            if (resume_) ::unlinkat(folder_, meta_name_.c_str(), 0);
            ::unlinkat(folder_, part_name_.c_str(), 0);
        }
    }
    close();
    if (folder_ >= 0) ::close(folder_);
}

void FileSink::close() noexcept {
    if (fd_ >= 0) ::close(fd_);
    fd_ = -1;
}

base::Error FileSink::failure(std::string_view doing, int os_error, int32_t phase) const {
    base::Error error(XH_E_FILE, base::component::kRequest, phase, doing);
    error.message.append(": ").append(path_).append(": ").append(base::errno_text(os_error));
    error.os_error = os_error;
    return error;
}

xh_status FileSink::open_folder(base::Error& error) {
    int os_error = 0;
    struct stat about {};
    if (name_.empty() || name_ == "." || name_ == "..") {
        os_error = EISDIR;
    } else if ((folder_ = ::open(folder_name_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) {
        os_error = errno;
    } else if (::fstatat(folder_, name_.c_str(), &about, AT_SYMLINK_NOFOLLOW) == 0) {
        // The rename would put a regular file in the place of a device or a pipe.
        if (S_ISDIR(about.st_mode))
            os_error = EISDIR;
        else if (!S_ISREG(about.st_mode) && !S_ISLNK(about.st_mode))
            os_error = EINVAL;
    } else if (errno != ENOENT) {
        os_error = errno;
    }
    if (os_error == 0) return XH_OK;
    error = failure("the output file cannot be made", os_error, XH_PHASE_NONE);
    return XH_E_FILE;
}

/// 0 with the part open and locked; EAGAIN when its name was given away meanwhile; else why not.
int FileSink::try_part() noexcept {
    fd_ = ::openat(folder_, part_name_.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC,
                   kPrivate);
    if (fd_ < 0) return errno;
    struct stat about {};
    struct stat named {};
    if (::fstat(fd_, &about) != 0) return errno;
    if (!S_ISREG(about.st_mode)) return EINVAL;
    if (about.st_uid != ::geteuid() || about.st_nlink > 1) return EPERM;
    // A file system without locks does not keep two requests apart; all else works.
    if (::flock(fd_, LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK) return EWOULDBLOCK;
    // Who had it before may have committed or removed it between the opening and the lock.
    if (::fstatat(folder_, part_name_.c_str(), &named, AT_SYMLINK_NOFOLLOW) != 0 || named.st_ino != about.st_ino ||
        named.st_dev != about.st_dev)
        return ENOENT;
    ::fchmod(fd_, kPrivate);
    return 0;
}

xh_status FileSink::open_part(base::Error& error) {
    int os_error = ENOENT;
    for (int attempt = 0; attempt < kAttempts && os_error == ENOENT; ++attempt) {
        os_error = try_part();
        if (os_error != 0) close();
    }
    if (os_error == 0) return XH_OK;
    error = failure(os_error == EWOULDBLOCK ? "the part of the output file is in use by another request"
                                            : "the part of the output file cannot be opened",
                    os_error, XH_PHASE_NONE);
    return XH_E_FILE;
}

void FileSink::read_meta(std::string_view key) {
    int fd = ::openat(folder_, meta_name_.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0) return;
    char text[kMostMeta];
    ssize_t n = ::read(fd, text, sizeof text);
    struct stat about {};
    bool mine = ::fstat(fd, &about) == 0 && S_ISREG(about.st_mode) && about.st_uid == ::geteuid() && about.st_size == n;
    ::close(fd);
    if (!mine || n <= 0 || ::fstat(fd_, &about) != 0) return;
    std::string_view rest(text, static_cast<std::size_t>(n));
    std::string_view mark, of, length, validator;
    if (!next_line(rest, mark) || !next_line(rest, of) || !next_line(rest, length) || !next_line(rest, validator))
        return;
    if (mark != kMetaMark || of != key || validator.empty() || !rest.empty()) return;
    uint64_t total = 0;
    bool known = base::parse_decimal(length, total) && total <= static_cast<uint64_t>(INT64_MAX);
    if (!known && length != "-") return;
    if (known && about.st_size > static_cast<int64_t>(total)) return;
    validator_ = base::to_string(validator);
    kept_total_ = known ? static_cast<int64_t>(total) : -1;
    kept_ = about.st_size;
}

bool FileSink::write_meta(std::string_view validator, int64_t total) {
    base::String text(kMetaMark);
    text.append("\n").append(key_).append("\n");
    if (total >= 0)
        base::append_decimal(text, static_cast<uint64_t>(total));
    else
        text.append("-");
    text.append("\n").append(validator).append("\n");
    if (text.size() > kMostMeta) return true;  // not kept, then
    int fd = ::openat(folder_, meta_name_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivate);
    if (fd < 0) return false;
    bool good = write_all(fd, text);
    int os_error = errno;
    if (::close(fd) != 0 && good) {
        good = false;
        os_error = errno;
    }
    errno = os_error;
    worth_keeping_ = good;
    return good;
}

bool FileSink::forget() noexcept {
    kept_ = 0;
    kept_total_ = -1;
    validator_.clear();
    worth_keeping_ = false;
    if (!resume_) return true;
    // The meta file goes first: it must not tell of other bytes. An empty part is removed at the end.
    if (::unlinkat(folder_, meta_name_.c_str(), 0) != 0 && errno != ENOENT) return false;
    return ::ftruncate(fd_, 0) == 0 && ::lseek(fd_, 0, SEEK_SET) == 0;
}

bool FileSink::make_temporary() {
    char random[16];
    for (int attempt = 0; attempt < kAttempts; ++attempt) {
        if (!proto::random_hex(random, sizeof random)) {
            errno = EIO;
            return false;
        }
        base::String name(".xh-");
        name.append(random, sizeof random).append(".tmp");
        fd_ = ::openat(folder_, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, kPrivate);
        if (fd_ >= 0) {
            part_name_.swap(name);
            return true;
        }
        if (errno != EEXIST) return false;
    }
    return false;
}

bool FileSink::start(std::string_view validator, int64_t total, base::Error& error) {
    total_ = total;
    size_ = 0;
    started_ = true;
    bool good = true;
    if (resume_) {
        good = forget() && (validator.empty() || write_meta(validator, total));
    } else {
        good = make_temporary();
    }
    if (!good) error = failure("the output file cannot be made", errno, XH_PHASE_BODY);
    return good;
}

bool FileSink::go_on(int64_t end, int64_t total, base::Error& error) {
    total_ = total;
    end_ = end;
    size_ = kept_;
    started_ = true;
    worth_keeping_ = true;
    if (::lseek(fd_, size_, SEEK_SET) == size_) return true;
    error = failure("the part of the output file cannot be continued", errno, XH_PHASE_BODY);
    return false;
}

bool FileSink::write(std::string_view data, base::Error& error) {
    if (end_ >= 0 && data.size() > static_cast<std::size_t>(end_ - size_)) {
        worth_keeping_ = false;
        error = base::Error(XH_E_BAD_RANGE, base::component::kRequest, XH_PHASE_BODY,
                            "the part is longer than it was announced");
        return false;
    }
    if (write_all(fd_, data)) {
        size_ += static_cast<int64_t>(data.size());
        return true;
    }
    error = failure("the output file cannot be written", errno, XH_PHASE_BODY);
    return false;
}

bool FileSink::commit(base::Error& error) {
    if (total_ >= 0 && size_ != total_) {
        error = base::Error(XH_E_TRUNCATED, base::component::kRequest, XH_PHASE_BODY,
                            "the answer did not bring the whole file");
        return false;
    }
    int mask = current_umask();
    // A file system without modes may refuse; its own rules hold then.
    if (mask >= 0 && ::fchmod(fd_, static_cast<mode_t>(0666 & ~mask)) != 0) errno = 0;
    // A network file system tells at a close what it could not write. A copy is closed, so that the lock stays.
    int copy = ::fcntl(fd_, F_DUPFD_CLOEXEC, 0);
    bool good = copy < 0 || ::close(copy) == 0;
    good = good && ::renameat(folder_, part_name_.c_str(), folder_, name_.c_str()) == 0;
    if (!good) {
        error = failure("the output file cannot be given its name", errno, XH_PHASE_BODY);
        ::fchmod(fd_, kPrivate);
        return false;
    }
    close();
    if (resume_) ::unlinkat(folder_, meta_name_.c_str(), 0);
    return true;
}

}  // namespace xh::client
