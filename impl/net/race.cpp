#include "net/race.h"

namespace xh::net {

/// One address: connecting, or failed with an error.
class Race::Attempt final : public base::Allocated, private TransportOwner {
public:
    explicit Attempt(Race& race) noexcept : race_(race) {}

    void start(const loop::Address& to) {
        transport = TcpTransport::connect(race_.loop_, to, race_.options_, error);
        if (transport) transport->set_owner(this);
    }

    std::unique_ptr<TcpTransport> transport;
    base::Error error;

private:
    void on_transport_ready(uint32_t) override { race_.on_attempt(*this); }
    Race& race_;
};

Race::Race(loop::Loop& loop, RaceSink& sink) noexcept
    : loop_(loop), sink_(sink), timer_(attempt_due, this), end_(end_due, this) {}

Race::~Race() = default;

base::Vec<loop::Address> Race::interleave(const base::Vec<loop::Address>& addresses, uint16_t port) {
    base::Vec<loop::Address> out;
    out.reserve(addresses.size());
    // The family that the system prefers goes first; then they take turns as long as both have some.
    std::size_t next[2] = {0, 0};
    int turn = addresses.empty() || addresses[0].family() == AF_INET6 ? 0 : 1;
    auto advance = [&](int which) {
        const int family = which == 0 ? AF_INET6 : AF_INET;
        while (next[which] < addresses.size() && addresses[next[which]].family() != family) ++next[which];
        return next[which] < addresses.size();
    };
    while (out.size() < addresses.size()) {
        if (!advance(turn)) turn = 1 - turn;
        if (!advance(turn)) break;
        out.push_back(addresses[next[turn]++]);
        out.back().set_port(port);
        turn = 1 - turn;
    }
    return out;
}

void Race::start(const loop::AddressList& addresses, uint16_t port, const SocketOptions& options) {
    options_ = options;
    if (options.local.set()) {
        // A socket that is bound to one family cannot reach the other.
        base::Vec<loop::Address> reachable;
        for (const loop::Address& address : addresses.items)
            if (address.family() == options.local.family()) reachable.push_back(address);
        order_ = interleave(reachable, port);
    } else {
        order_ = interleave(addresses.items, port);
    }
    attempts_.clear();
    winner_.reset();
    pending_ = 0;
    out_of_memory_ = false;
    attempts_.reserve(order_.size());
    starting_ = true;
    start_next();
    starting_ = false;
    if (decided()) loop_.defer(end_);
}

/// Starts attempts until one is under way; several when they fail at once.
void Race::start_next() {
    while (attempts_.size() < order_.size()) {
        attempts_.emplace_back(new Attempt(*this));
        Attempt& attempt = *attempts_.back();
        attempt.start(order_[attempts_.size() - 1]);
        if (!attempt.transport) continue;
        if (attempt.transport->establish() == Step::Done) {
            winner_ = std::move(attempt.transport);
        } else {
            ++pending_;
        }
        break;
    }
    if (!winner_ && attempts_.size() < order_.size())
        loop_.arm(timer_, base::deadline_after(loop_.turn_ns(), kAttemptDelayMs));
    else
        timer_.disarm();
}

void Race::attempt_due(void* raw) {
    auto* self = static_cast<Race*>(raw);
    try {
        self->start_next();
    } catch (const std::bad_alloc&) {
        self->out_of_memory_ = true;
    }
    self->settle();
}

void Race::on_attempt(Attempt& attempt) {
    if (end_.queued()) return;
    try {
        switch (attempt.transport->establish()) {
            case Step::Pending: return;
            case Step::Done: winner_ = std::move(attempt.transport); break;
            case Step::Failed:
                attempt.error = attempt.transport->take_error();
                attempt.transport.reset();
                --pending_;
                start_next();
                break;
        }
    } catch (const std::bad_alloc&) {
        out_of_memory_ = true;
    }
    settle();
}

bool Race::decided() const noexcept {
    return winner_ || out_of_memory_ || (pending_ == 0 && attempts_.size() == order_.size());
}

/// The last thing an event does: the sink may destroy the race, and with it the attempt whose event it was.
void Race::settle() noexcept {
    if (starting_ || !decided()) return;
    timer_.disarm();
    end_due(this);
}

void Race::end_due(void* raw) {
    auto* self = static_cast<Race*>(raw);
    RaceSink& sink = self->sink_;
    if (self->winner_) {
        std::unique_ptr<TcpTransport> winner = std::move(self->winner_);
        winner->set_owner(nullptr);
        self->attempts_.clear();
        sink.on_race_won(std::move(winner));
        return;
    }
    base::ErrorList errors;
    try {
        if (!self->out_of_memory_) errors = self->stop(XH_E_CONNECT_FAILED, "was given up");
    } catch (const std::bad_alloc&) {
    }
    sink.on_race_lost(std::move(errors));
}

void Race::abandon() noexcept {
    timer_.disarm();
    end_.cancel();
    winner_.reset();
    attempts_.clear();
    pending_ = 0;
}

base::ErrorList Race::stop(xh_status status, std::string_view text) {
    base::ErrorList errors;
    errors.reserve(attempts_.size());
    for (const std::unique_ptr<Attempt>& attempt : attempts_) {
        if (attempt->transport) {
            const base::String peer = attempt->transport->target().text();
            errors.emplace_back(status, base::component::kSocket, XH_PHASE_CONNECT,
                                "connection to " + peer + " " + base::String(text), peer);
        } else {
            errors.push_back(std::move(attempt->error));
        }
    }
    abandon();
    return errors;
}

}  // namespace xh::net
