#pragma once
// The lowest transport: a stream socket (TCP or Unix) on a loop, one system call per read and per write.

#include "loop/address.h"
#include "net/transport.h"

namespace xh::net {

struct SocketOptions {
    bool no_delay = true;
    int64_t keep_alive_ms =
        -1;               ///< first probe after this much silence; -1 is off. Set when the connection first idles
    loop::Address local;  ///< bound before connecting when it is set
};

/// What a failed connect to `who` ("127.0.0.1:81", "localhost:81") means for a person, and what to look at.
base::Error connect_error(int os_error, std::string_view who, std::string_view peer);

/// The descriptor is watched edge-triggered from connect or adopt to the end. The transport remembers what the loop told
/// it: a read after the system had no more, or a write after it took no more, is Blocked without a system call until the
/// next event. So has_pending() is true when an event came that no read has used up yet (its owner was paused, or changed).
class TcpTransport final : public Transport, private loop::Watch {
public:
    /// Begins to connect; establish() tells when it is done. nullptr when it failed at once: `error` is filled.
    static std::unique_ptr<TcpTransport> connect(loop::Loop& loop, const loop::Address& to,
                                                 const SocketOptions& options, base::Error& error);
    /// The same for a Unix socket; a path that starts with a NUL byte is in the abstract space. `again` is set when the
    /// server's queue is full, which the system does not wait for: try later.
    static std::unique_ptr<TcpTransport> connect_unix(loop::Loop& loop, std::string_view path, base::Error& error,
                                                      bool& again);
    /// Takes over a connected, non-blocking, close-on-exec descriptor; it is closed also when this fails.
    static std::unique_ptr<TcpTransport> adopt(loop::Loop& loop, int fd, const SocketOptions& options,
                                               base::Error& error);
    ~TcpTransport() override;

    Step establish() override;
    IoResult read(char* to, std::size_t capacity) override;
    IoResult write(const iovec* pieces, int count) override;
    IoState shutdown_write() override;
    bool has_pending() const noexcept override { return readable_ && established_; }
    void on_idle() noexcept override;
    IoState peek() override;
    base::Error take_error() override;
    void set_owner(TransportOwner* owner) noexcept override { owner_ = owner; }
    int fd() const noexcept override { return fd_; }
    int release_fd() noexcept override;
    std::string_view local_address() const noexcept override;
    std::string_view remote_address() const noexcept override;

    /// Where connect() was sent; not set for Unix sockets and adopted descriptors.
    const loop::Address& target() const noexcept { return remote_; }

private:
    struct Names : base::Allocated {
        base::String local, remote;
    };

    TcpTransport(loop::Loop& loop, int fd, const SocketOptions& options) noexcept;
    void on_ready(uint32_t ready) override;
    void close_fd() noexcept;
    bool connected_to_itself() const noexcept;
    const Names* names() const noexcept;

    loop::Loop& loop_;
    TransportOwner* owner_ = nullptr;
    mutable std::unique_ptr<Names> names_;  // only for who asks: a kept connection does not pay for it
    loop::Address remote_;
    int32_t keep_alive_ms_;
    int os_error_ = 0;
    bool established_ = false;
    bool writing_ = false;  // the failed call was a write
    bool readable_ = false;
    bool writable_ = true;
    bool hung_up_ = false;  // a short read proves nothing: the end of the stream may be behind it
    base::Live<XH_LIVE_SOCKETS> live_;
};

}  // namespace xh::net
