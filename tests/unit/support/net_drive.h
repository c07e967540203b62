// For the tests of impl/net: drives a loop until something has happened, and reads and writes a transport to its end.
#pragma once

#include <cstring>
#include <functional>
#include <memory>
#include <string>

#include "net/connector.h"

namespace xtest {

using xh::net::IoResult;
using xh::net::IoState;
using xh::net::Transport;

/// Turns of the loop until `done`; false when 20 s were not enough.
inline bool drive(xh::loop::Loop& loop, std::function<bool()> done) {
    return loop.drive_until([](void* raw) { return (*static_cast<std::function<bool()>*>(raw))(); }, &done,
                            xh::base::deadline_after(xh::base::monotonic_ns(), 20000)) == xh::loop::Drive::Done;
}

/// Owns a transport, counts its events, and talks over it in whole messages.
class Talker final : public xh::net::TransportOwner {
public:
    explicit Talker(xh::loop::Loop& loop) : loop_(loop) {}
    void take(std::unique_ptr<Transport> transport) {
        transport_ = std::move(transport);
        transport_->set_owner(this);
    }
    Transport* operator->() { return transport_.get(); }
    Transport* get() { return transport_.get(); }
    void close() { transport_.reset(); }
    std::unique_ptr<Transport> release() {
        transport_->set_owner(nullptr);
        return std::move(transport_);
    }

    bool establish() {
        xh::net::Step step = xh::net::Step::Pending;
        drive(loop_, [&] { return (step = transport_->establish()) != xh::net::Step::Pending; });
        return step == xh::net::Step::Done;
    }
    /// False when the transport failed.
    bool send(std::string_view text) {
        IoResult result{IoState::Ok, 0};
        drive(loop_, [&] {
            while (!text.empty()) {
                const iovec piece = {const_cast<char*>(text.data()), text.size()};
                result = transport_->write(&piece, 1);
                if (result.state != IoState::Ok) return result.state == IoState::Failed;
                text.remove_prefix(result.bytes);
            }
            return true;
        });
        return text.empty();
    }
    /// Reads until `got` ends with `end`, or with "" to the end of the stream; `step` bytes at a time.
    IoState receive(std::string_view end, std::size_t step = 65536) {
        return receive_until(step, [this, end] {
            return !end.empty() && got.size() >= end.size() &&
                   got.compare(got.size() - end.size(), end.size(), end) == 0;
        });
    }
    IoState receive_bytes(std::size_t size, std::size_t step = 65536) {
        return receive_until(step, [this, size] { return got.size() >= size; });
    }
    bool shutdown() {
        IoState state = IoState::Blocked;
        drive(loop_, [&] { return (state = transport_->shutdown_write()) != IoState::Blocked; });
        return state == IoState::Ok;
    }

    std::string got;
    int events = 0;
    uint32_t ready = 0;

private:
    IoState receive_until(std::size_t step, std::function<bool()> done) {
        IoState state = IoState::Blocked;
        std::string block(step, 0);
        drive(loop_, [&] {
            for (;;) {
                if (done()) {
                    state = IoState::Ok;
                    return true;
                }
                const IoResult result = transport_->read(&block[0], block.size());
                state = result.state;
                if (result.state == IoState::Blocked) return false;
                if (result.state != IoState::Ok) return true;
                got.append(block, 0, result.bytes);
            }
        });
        return state;
    }
    void on_transport_ready(uint32_t bits) override {
        ++events;
        ready |= bits;
    }
    xh::loop::Loop& loop_;
    std::unique_ptr<Transport> transport_;
};

/// One connection attempt to its end.
class Attempt : public xh::net::ConnectSink {
public:
    explicit Attempt(xh::loop::Loop& loop) : talker(loop), loop_(loop) { plan.keep_alive_ms = -1; }

    /// True when it connected.
    bool run() {
        start();
        return wait();
    }
    void start() {
        plan.tls_fingerprint = plan.tls_options.fingerprint();
        connector = xh::net::Connector::make(loop_, plan, deadlines, *this);
        in_start = true;
        connector->start();
        in_start = false;
    }
    bool wait() {
        drive(loop_, [this] { return ended > 0; });
        return talker.get() != nullptr;
    }
    xh_status status() const { return errors.empty() ? XH_OK : errors[0].status; }
    bool message_has(const char* text) const {
        return !errors.empty() && errors[0].message.find(text) != xh::base::String::npos;
    }
    bool saw_phase(int32_t phase) const { return phases.find(static_cast<char>('0' + phase)) != std::string::npos; }

    xh::net::ConnectPlan plan;
    xh::net::ConnectDeadlines deadlines;
    std::unique_ptr<xh::net::Connector> connector;
    Talker talker;
    xh::base::ErrorList errors;
    std::string phases;  // one digit each
    int ended = 0;
    bool in_start = false;
    bool ended_in_start = false;

private:
    void on_connect_phase(int32_t phase) override { phases += static_cast<char>('0' + phase); }
    void on_connected(std::unique_ptr<Transport> transport) override {
        end();
        talker.take(std::move(transport));
    }
    void on_connect_failed(xh::base::ErrorList list) override {
        end();
        errors = std::move(list);
    }
    void end() {
        ++ended;
        ended_in_start = in_start;
    }
    xh::loop::Loop& loop_;
};

}  // namespace xtest
