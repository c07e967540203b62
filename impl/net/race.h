#pragma once
// Connects to the first address that answers (RFC 8305, "Happy Eyeballs"): families take turns, the next attempt starts
// after 250 ms or at the failure of one before, and no attempt is given up because another one started.

#include "loop/resolver.h"
#include "net/tcp.h"

namespace xh::net {

/// Exactly one of the two comes, never inside Race::start. The race may be destroyed in it.
class RaceSink {
public:
    virtual void on_race_won(std::unique_ptr<TcpTransport> transport) = 0;
    /// One entry per address that was tried, in the order of trying. Empty when memory ran out or no address could be
    /// tried.
    virtual void on_race_lost(base::ErrorList attempts) = 0;

protected:
    ~RaceSink() = default;
};

class Race {
public:
    static constexpr int64_t kAttemptDelayMs = 250;  // RFC 8305 section 5

    Race(loop::Loop& loop, RaceSink& sink) noexcept;
    ~Race();
    Race(const Race&) = delete;
    Race& operator=(const Race&) = delete;

    /// Throws std::bad_alloc.
    void start(const loop::AddressList& addresses, uint16_t port, const SocketOptions& options);
    /// Gives all attempts up without a word.
    void abandon() noexcept;
    /// Gives all attempts up: an entry for each, those without an answer with `status` and `text`.
    base::ErrorList stop(xh_status status, std::string_view text);
    bool out_of_memory() const noexcept { return out_of_memory_; }
    /// The addresses in the order in which they are tried.
    static base::Vec<loop::Address> interleave(const base::Vec<loop::Address>& addresses, uint16_t port);

private:
    class Attempt;
    static void attempt_due(void* self);
    static void end_due(void* self);
    void start_next();
    void on_attempt(Attempt& attempt);
    bool decided() const noexcept;
    void settle() noexcept;

    loop::Loop& loop_;
    RaceSink& sink_;
    SocketOptions options_;
    base::Vec<loop::Address> order_;
    base::Vec<std::unique_ptr<Attempt>> attempts_;
    std::size_t pending_ = 0;
    bool out_of_memory_ = false;
    bool starting_ = false;
    std::unique_ptr<TcpTransport> winner_;
    loop::Timer timer_;
    loop::Task end_;
};

}  // namespace xh::net
