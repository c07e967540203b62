#pragma once
// Puts bytes into a file that appears whole or not at all (Q13, XH_OPT_OUTPUT_FILE), and keeps what came for a later attempt
// (XH_OPT_RESUME). Knows files, and nothing of requests: what it is told to remember about a part is text to it.

#include <memory>
#include <string_view>

#include "base/error.h"

namespace xh::client {

/// One file on its way. One thread at a time. All names are taken in the folder that was opened by open(), so neither a
/// chdir nor a renamed folder leads it astray. What was not committed is removed by the destructor: all of it without
/// `resume`; with it only a part that is empty or has nothing to be recognized by.
///
/// With `resume`: "<path>.part" holds the bytes, "<path>.part.meta" says what they are part of. The meta file is removed before
/// the part is cut and written before the first byte, so it never tells of bytes that are not there any more. The part is
/// locked (flock) from open() on.
class FileSink final : public base::Allocated {
public:
    /// Opens the folder; with `resume` the part, too. `key` names what is fetched: a part of something else is not continued.
    /// @return XH_OK; XH_E_FILE (error.os_error: ENOENT.. of the folder; EISDIR, EINVAL for a path that is there and no regular
    ///         file; EWOULDBLOCK for a part that another sink has; EPERM for one that belongs to somebody else)
    static xh_status open(std::string_view path, bool resume, std::string_view key, std::unique_ptr<FileSink>& out,
                          base::Error& error);
    ~FileSink();
    FileSink(const FileSink&) = delete;
    FileSink& operator=(const FileSink&) = delete;

    /// Bytes of an earlier attempt that can be continued; 0 when there are none.
    int64_t kept() const noexcept { return kept_; }
    /// What start() was given then.
    std::string_view validator() const noexcept { return validator_; }
    int64_t kept_total() const noexcept { return kept_total_; }
    /// They are not to be continued: removes the meta file and empties the part; false (errno) when that cannot be done.
    bool forget() noexcept;

    /// Begins an empty file; what was kept is gone. A part with an empty `validator` is not kept.
    /// `total`: how long it will be, -1 when that is not known; commit() checks it.
    bool start(std::string_view validator, int64_t total, base::Error& error);
    /// Begins behind what is kept; the bytes until `end` will come.
    bool go_on(int64_t end, int64_t total, base::Error& error);
    /// start() or go_on() was called.
    bool started() const noexcept { return started_; }
    /// Writes all of it, with write(2), at once; nothing is allocated unless it fails. XH_E_BAD_RANGE for bytes behind `end`.
    bool write(std::string_view data, base::Error& error);
    /// Bytes in the file now.
    int64_t size() const noexcept { return size_; }
    /// Gives the file its name and the mode that the umask asks for (0600 where /proc cannot be read). Atomic; not forced to
    /// the disk. XH_E_TRUNCATED when it is shorter or longer than `total`.
    bool commit(base::Error& error);

private:
    FileSink(std::string_view path, bool resume);
    xh_status open_folder(base::Error& error);
    xh_status open_part(base::Error& error);
    int try_part() noexcept;
    void read_meta(std::string_view key);
    bool write_meta(std::string_view validator, int64_t total);
    bool make_temporary();
    base::Error failure(std::string_view doing, int os_error, int32_t phase) const;
    void close() noexcept;

    const base::String path_;
    base::String folder_name_;
    base::String name_;
    base::String part_name_;  // with resume: the part; else the temporary file, empty until it is made
    base::String meta_name_;
    base::String key_;
    base::String validator_;
    int64_t kept_ = 0;
    int64_t kept_total_ = -1;
    int64_t total_ = -1;
    int64_t end_ = -1;
    int64_t size_ = 0;
    int folder_ = -1;
    int fd_ = -1;
    const bool resume_;
    bool started_ = false;
    bool worth_keeping_ = false;
};

}  // namespace xh::client
