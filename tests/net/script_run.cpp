#include "script_run.h"

#include <poll.h>
#include <strings.h>

#include <algorithm>
#include <cstring>

#include "core.h"
#include "peers.h"

namespace testnet {
namespace {

/// The value of a header field in a head, "" when it is not there.
std::string field(const std::string& head, const char* name) {
    const size_t size = strlen(name);
    for (size_t at = head.find('\n'); at != std::string::npos; at = head.find('\n', at + 1)) {
        if (strncasecmp(head.c_str() + at + 1, name, size) != 0 || head[at + 1 + size] != ':') continue;
        const size_t from = head.find_first_not_of(" \t", at + 2 + size);
        const size_t to = head.find_first_of("\r\n", at + 2 + size);
        return from < to ? head.substr(from, to - from) : "";
    }
    return "";
}

class Run {
public:
    Run(const Section& section, Conn& conn, RunHost& host, int stop_fd)
        : steps_(section.steps), conn_(conn), host_(host), stop_fd_(stop_fd) {}

    const char* all() {
        while (at_ < steps_.size()) {
            const Step& step = steps_[at_++];
            if (!flow(step)) return "stopped";
            const Io io = is_io(step) ? read_step(step) : Io::Ok;
            if (io == Io::Eof) return "eof";
            if (io == Io::Reset) return "reset";
            if (io == Io::Stopped) return "stopped";
            if (io == Io::TlsFailed) return "tls-failed";
            if (closed_) return "script";
        }
        conn_.close(true);
        return "script";
    }

private:
    static bool is_io(const Step& step) {
        switch (step.what) {
            case Do::Pause:
            case Do::WaitSignal:
            case Do::Emit:
            case Do::CloseListener:
            case Do::Repeat:
            case Do::EndRepeat:
            case Do::Again: return false;
            default: return true;
        }
    }

    bool flow(const Step& step) {
        switch (step.what) {
            case Do::Repeat: counts_.push_back(1); break;
            case Do::EndRepeat: {
                const Step& begin = steps_[step.jump];
                if (begin.has_n && counts_.back()++ >= begin.n)
                    counts_.pop_back();
                else
                    at_ = step.jump + 1;
                break;
            }
            case Do::Again:
                at_ = 0;
                counts_.clear();
                break;
            case Do::Pause:
            case Do::WaitSignal:
            case Do::Emit:
            case Do::CloseListener: return run_without_conn(step, host_, stop_fd_);
            default: break;
        }
        if (step.what == Do::Repeat && step.has_n && step.n == 0) {
            at_ = step.jump;
            counts_.pop_back();
        }
        return true;
    }

    Io read_step(const Step& step) {
        switch (step.what) {
            case Do::ReadHead: return read_head();
            case Do::ReadBody: return step.has_n ? read(step.n) : read_announced_body();
            case Do::Read: return read(step.n);
            case Do::ReadLine: return read_until("\n");
            case Do::ReadUntil: return read_until(step.text);
            case Do::ReadSome: return read_some();
            case Do::ReadToEnd: return read_to_end();
            case Do::Expect:
            case Do::ExpectNot: return expect(step);
            case Do::ExpectEof:
            case Do::ExpectTlsEof: return expect_eof(step);
            case Do::ExpectClosed: return expect_closed();
            default: return write_step(step);
        }
    }

    Io write_step(const Step& step) {
        switch (step.what) {
            case Do::Send: return conn_.write_all(step.text.data(), step.text.size());
            case Do::SendSlow: return send_slow(step);
            case Do::SendZero: return send_many(step, false);
            case Do::SendPattern: return send_many(step, true);
            case Do::SendChunks: return send_chunks(step);
            case Do::SendLast: return conn_.write_all(last_.data(), last_.size());
            case Do::Tls:
                if (!conn_.input.empty()) fail(step, "bytes came before the handshake", conn_.input);
                return conn_.handshake(*step.tls);
            case Do::Tunnel: return tunnel(step);
            case Do::Stall: {
                const Io io = conn_.wait_gone();
                return io == Io::Ok ? Io::Eof : io;
            }
            default: return close_step(step);
        }
    }

    Io close_step(const Step& step) {
        switch (step.what) {
            case Do::Shutdown: conn_.shut_down(true); return Io::Ok;
            case Do::ShutdownDirty: conn_.shut_down(false); return Io::Ok;
            case Do::Close: conn_.close(true); break;
            case Do::CloseDirty: conn_.close(false); break;
            case Do::Reset: conn_.reset(); break;
            default: return Io::Ok;
        }
        closed_ = true;
        return Io::Ok;
    }

    void fail(const Step& step, const std::string& what, const std::string& came) {
        host_.fail(format("line %d of the script: %s; what came is \"%s\"", step.line, what.c_str(),
                          quote(came, 1500).c_str()));
    }

    /// Takes n bytes of the input as the last unit.
    Io take(size_t n) {
        last_ = conn_.input.substr(0, n);
        conn_.input.erase(0, n);
        return Io::Ok;
    }

    Io read_until(const std::string& mark) {
        size_t from = 0;
        for (;;) {
            const size_t found = conn_.input.find(mark, from);
            if (found != std::string::npos) return take(found + mark.size());
            from = conn_.input.size() < mark.size() ? 0 : conn_.input.size() - mark.size() + 1;
            const Io io = conn_.read_some();
            if (io != Io::Ok) return io;
        }
    }

    Io read_head() {
        const Io io = read_until("\r\n\r\n");
        if (io == Io::Ok) head_ = last_;
        return io;
    }

    Io read(uint64_t n) {
        while (conn_.input.size() < n) {
            const Io io = conn_.read_some();
            if (io != Io::Ok) return io;
        }
        return take(n);
    }

    Io read_some() {
        if (conn_.input.empty()) {
            const Io io = conn_.read_some();
            if (io != Io::Ok) return io;
        }
        return take(conn_.input.size());
    }

    Io read_announced_body() {
        const std::string coding = field(head_, "transfer-encoding");
        if (coding.empty()) return read(strtoull(field(head_, "content-length").c_str(), nullptr, 10));
        std::string body;
        for (;;) {
            Io io = read_until("\r\n");
            if (io != Io::Ok) return io;
            const uint64_t size = strtoull(last_.c_str(), nullptr, 16);
            if (size == 0) break;
            io = read(size + 2);
            if (io != Io::Ok) return io;
            body.append(last_, 0, size);
        }
        // Trailers, to the empty line.
        do {
            const Io io = read_until("\r\n");
            if (io != Io::Ok) return io;
        } while (last_ != "\r\n");
        last_ = body;
        return Io::Ok;
    }

    Io read_to_end() {
        last_.clear();
        for (;;) {
            last_ += conn_.input;
            conn_.input.clear();
            // A long stream is kept by the capture, not twice.
            if (last_.size() > (1 << 20)) last_.erase(0, last_.size() - (1 << 20));
            const Io io = conn_.read_some();
            if (io == Io::Eof || io == Io::Reset) {
                ended_ = true;
                return Io::Ok;
            }
            if (io != Io::Ok) return io;
        }
    }

    Io expect(const Step& step) {
        const bool there = last_.find(step.text) != std::string::npos;
        if (there == (step.what == Do::Expect)) return Io::Ok;
        fail(step, (there ? "unwanted \"" : "no \"") + quote(step.text) + "\"", last_);
        return Io::Ok;
    }

    Io expect_eof(const Step& step) {
        if (conn_.input.empty() && !ended_) {
            const Io io = conn_.read_some();
            if (io == Io::Stopped) fail(step, "the client has not closed", "");
            if (io == Io::Stopped) return io;
            if (io != Io::Ok && io != Io::Eof) fail(step, "no orderly end", "");
        }
        if (!conn_.input.empty()) fail(step, "more bytes in place of an end", conn_.input);
        if (step.what == Do::ExpectTlsEof && !conn_.is_notified()) fail(step, "an end without close_notify", "");
        return Io::Ok;
    }

    Io expect_closed() {
        const Io io = read_to_end();
        if (io == Io::Stopped) host_.fail("the client has not closed its connection");
        return io;
    }

    Io send_slow(const Step& step) {
        for (const char& byte : step.text) {
            Io io = conn_.write_all(&byte, 1);
            if (io != Io::Ok) return io;
            if (step.n > 0 && conn_.wait(POLLRDHUP, static_cast<int>(step.n)) == Io::Stopped) return Io::Stopped;
        }
        return Io::Ok;
    }

    Io send_many(const Step& step, bool pattern) {
        std::string block(std::min<uint64_t>(step.n, 256 << 10), '\0');
        for (uint64_t done = 0; done < step.n;) {
            const size_t part = std::min<uint64_t>(step.n - done, block.size());
            if (pattern) net_pattern(block.data(), done, part);
            const Io io = conn_.write_all(block.data(), part);
            if (io != Io::Ok) return io;
            done += part;
        }
        return Io::Ok;
    }

    Io send_chunks(const Step& step) {
        const uint64_t size = std::max<uint64_t>(step.size, 1);
        for (uint64_t done = 0; done < step.n;) {
            const size_t part = std::min(step.n - done, size);
            std::string chunk = format("%zx\r\n", part);
            const size_t head = chunk.size();
            chunk.resize(head + part);
            net_pattern(&chunk[head], done, part);
            chunk += "\r\n";
            const Io io = conn_.write_all(chunk.data(), chunk.size());
            if (io != Io::Ok) return io;
            done += part;
        }
        return Io::Ok;
    }

    Io tunnel(const Step& step) {
        int port = static_cast<int>(step.n);
        if (!step.has_n) {
            // "CONNECT name:port HTTP/1.1" or "GET http://name:port/path HTTP/1.1".
            const std::string line = head_.substr(0, head_.find('\r'));
            const size_t from = line.find(' ') + 1;
            const size_t host = line.find("://", from) == std::string::npos ? from : line.find("://", from) + 3;
            const std::string authority = line.substr(host, line.find_first_of("/ ", host) - host);
            const size_t colon = authority.rfind(':');
            port = colon == std::string::npos ? 80 : atoi(authority.c_str() + colon + 1);
        }
        const int fd = connect_upstream(port);
        if (fd < 0) {
            fail(step, format("nobody listens on port %d", port), head_);
            return Io::Reset;
        }
        Conn upstream(fd, stop_fd_, host_.board, nullptr, false);
        return relay(conn_, upstream);
    }

    const std::vector<Step>& steps_;
    Conn& conn_;
    RunHost& host_;
    int stop_fd_;
    size_t at_ = 0;
    std::vector<uint64_t> counts_;
    std::string last_;
    std::string head_;
    bool closed_ = false;
    bool ended_ = false;
};

}  // namespace

bool run_without_conn(const Step& step, RunHost& host, int stop_fd) {
    if (step.what == Do::CloseListener) {
        host.close_listener();
        return true;
    }
    if (step.what == Do::Pause) {
        pollfd stop = {stop_fd, POLLIN, 0};
        return poll(&stop, 1, static_cast<int>(step.n)) == 0;
    }
    std::unique_lock<std::mutex> hold(host.board.lock);
    if (step.what == Do::Emit) {
        host.events[step.text]++;
        host.board.changed.notify_all();
        return true;
    }
    host.board.changed.wait(hold, [&] { return host.board.stopping || host.signals[step.text] > 0; });
    if (host.signals[step.text] == 0) return false;
    host.signals[step.text]--;
    return true;
}

const char* run_section(const Section& section, Conn& conn, RunHost& host, int stop_fd) {
    return Run(section, conn, host, stop_fd).all();
}

}  // namespace testnet
