#pragma once
// A byte stream to a peer, and the filters that stack on it (TLS, proxy tunnels): one table for all.

#include <sys/uio.h>

#include <cstdint>
#include <memory>

#include "base/error.h"
#include "loop/loop.h"

namespace xh::net {

enum class IoState : uint8_t {
    Ok,       ///< `bytes` moved
    Blocked,  ///< nothing moved; on_ready comes when it can
    Eof,      ///< reading only: the peer ended its side in order
    Failed    ///< take_error() tells; the transport is of no further use for this direction
};

struct IoResult {
    IoState state;
    std::size_t bytes;
};

/// Hears that a transport may have become ready (loop::Ready bits). Edge-triggered. It may destroy the transport.
class TransportOwner {
public:
    virtual void on_transport_ready(uint32_t ready) = 0;

protected:
    ~TransportOwner() = default;
};

/// What a TLS filter knows after its handshake.
struct TlsInfo {
    const char* version = nullptr;  ///< "TLSv1.3"; static text
    const char* cipher = nullptr;   ///< static text
    base::String alpn;
    bool resumed = false;
};

enum class Step : uint8_t { Done, Pending, Failed };

/// Destroying it closes the descriptor at once, whatever is under way (cancel). All calls on the loop's thread.
class Transport : public base::Allocated {
public:
    virtual ~Transport() = default;

    /// Brings this layer and those below up (connect, tunnel, handshake). Called again at every readiness until it is Done.
    virtual Step establish() = 0;
    /// Reads up to `capacity` bytes; fills as much as can be had without blocking where that saves work (TLS records).
    virtual IoResult read(char* to, std::size_t capacity) = 0;
    /// Writes as much as is taken of `count` pieces; fewer bytes than given means that the rest would block.
    virtual IoResult write(const iovec* pieces, int count) = 0;
    /// Sends what the layers hold back and ends the sending side (close_notify, FIN).
    virtual IoState shutdown_write() = 0;
    /// True when read would give bytes although the descriptor is silent.
    virtual bool has_pending() const noexcept { return false; }
    /// True when the last read waits for the descriptor to become writable (TLS only).
    virtual bool read_wants_write() const noexcept { return false; }
    /// The connection goes idle: give back memory that only a busy one needs.
    virtual void on_idle() noexcept {}
    /// Looks whether the peer has closed or sent something, without taking it: Ok is "bytes wait".
    virtual IoState peek() = 0;
    virtual base::Error take_error() = 0;
    virtual const TlsInfo* tls() const noexcept { return nullptr; }
    virtual void set_owner(TransportOwner* owner) noexcept = 0;
    virtual int fd() const noexcept = 0;
    /// Takes the descriptor out of the loop; the caller owns it. -1 when a filter above it makes that impossible.
    virtual int release_fd() noexcept { return -1; }
    /// "address:port" of the two ends, or a Unix path; empty when unknown.
    virtual std::string_view local_address() const noexcept = 0;
    virtual std::string_view remote_address() const noexcept = 0;
};

}  // namespace xh::net
