// What is sent, whatever the socket takes at a time and the source gives at a time.

#include "conn/outgoing.h"

#include <sys/uio.h>

#include <string>
#include <vector>

#include "xtest.h"

using namespace xh;
using conn::Outgoing;
using conn::SendState;
using conn::Supply;
using net::IoResult;
using net::IoState;

namespace {

/// Takes `takes` bytes, then blocks once, and so on; all at once with 0. Fails at the byte `breaks_at`.
class FakeSocket final : public net::Transport {
public:
    explicit FakeSocket(std::size_t takes) : takes_(takes), room_(takes) {}
    IoResult write(const iovec* pieces, int count) override {
        ++writes;
        if (breaks_at >= 0 && static_cast<int64_t>(got.size()) >= breaks_at) return {IoState::Failed, 0};
        if (takes_ && room_ == 0) {
            room_ = takes_;
            return {IoState::Blocked, 0};
        }
        std::size_t done = 0;
        for (int i = 0; i < count; ++i) {
            std::size_t n = pieces[i].iov_len;
            if (takes_ && n > room_) n = room_;
            got.append(static_cast<const char*>(pieces[i].iov_base), n);
            if (takes_) room_ -= n;
            done += n;
            if (n < pieces[i].iov_len) break;
        }
        return {IoState::Ok, done};
    }
    net::Step establish() override { return net::Step::Done; }
    IoResult read(char*, std::size_t) override { return {IoState::Blocked, 0}; }
    IoState shutdown_write() override { return IoState::Ok; }
    IoState peek() override { return IoState::Blocked; }
    base::Error take_error() override { return {}; }
    void set_owner(net::TransportOwner*) noexcept override {}
    int fd() const noexcept override { return -1; }
    std::string_view local_address() const noexcept override { return {}; }
    std::string_view remote_address() const noexcept override { return {}; }

    std::string got;
    int writes = 0;
    int64_t breaks_at = -1;

private:
    std::size_t takes_, room_;
};

/// Gives its pieces one after another; an empty one is "nothing now". What was taken is overwritten at once.
class FakeSource final : public conn::BodySource {
public:
    FakeSource(std::vector<std::string> pieces, int64_t length) : pieces_(std::move(pieces)), length_(length) {}
    int64_t length() const noexcept override { return length_; }
    Supply peek(std::string_view& data) override {
        if (at_ < pieces_.size() && pieces_[at_].empty()) {
            ++at_;
            return Supply::Wait;
        }
        if (fails && at_ == pieces_.size()) return Supply::Failed;
        if (at_ == pieces_.size()) return Supply::End;
        lent_ = pieces_[at_];
        data = lent_;
        return Supply::Data;
    }
    void take(std::size_t n) noexcept override {
        for (char& c : lent_) c = '#';
        pieces_[at_].erase(0, n);
        if (pieces_[at_].empty()) ++at_;
    }
    bool rewind() override { return false; }
    bool fails = false;

private:
    std::vector<std::string> pieces_;
    std::string lent_;
    int64_t length_;
    std::size_t at_ = 0;
};

/// Flushes to the end; the scratch that the head lies in is overwritten after the first flush, as a loop's is.
SendState send_all(Outgoing& out, FakeSocket& socket, std::string head, conn::BodySource* body, int64_t length) {
    out.start(head, body, length, false);
    SendState state = SendState::Blocked;
    for (int turns = 0; turns < 10000; ++turns) {
        state = out.flush(socket);
        head.assign(head.size(), '!');
        if (state != SendState::Blocked && state != SendState::Waiting && state != SendState::Yield) break;
    }
    return state;
}

const std::string kHead = "POST / HTTP/1.1\r\n\r\n";
const std::vector<std::string> kPieces = {"a", "", "bcdefgh", "ij", "", "", "klmnopqrstuvwxyz"};

}  // namespace

XT_TEST(a_counted_body_is_sent_whole_whatever_the_socket_takes) {
    const std::string all = kHead + "abcdefghijklmnopqrstuvwxyz";
    for (std::size_t takes = 0; takes <= all.size(); ++takes) {
        FakeSocket socket(takes);
        FakeSource body(kPieces, 26);
        Outgoing out;
        XT_CHECK(send_all(out, socket, kHead, &body, 26) == SendState::Done);
        XT_CHECK(socket.got == all);
        XT_CHECK(out.sent() == all.size() && out.body_sent() == 26 && !out.active());
    }
}

XT_TEST(a_chunked_body_is_sent_whole_whatever_the_socket_takes) {
    const std::string all = kHead + "1\r\na\r\n7\r\nbcdefgh\r\n2\r\nij\r\n10\r\nklmnopqrstuvwxyz\r\n0\r\n\r\n";
    for (std::size_t takes = 0; takes <= all.size(); ++takes) {
        FakeSocket socket(takes);
        FakeSource body(kPieces, -1);
        Outgoing out;
        XT_CHECK(send_all(out, socket, kHead, &body, -1) == SendState::Done);
        XT_CHECK(socket.got == all);
        XT_CHECK(out.sent() == all.size() && out.body_sent() == 26);
    }
}

XT_TEST(a_message_without_a_body_takes_one_write) {
    FakeSocket socket(0);
    Outgoing out;
    XT_CHECK(send_all(out, socket, kHead, nullptr, 0) == SendState::Done);
    XT_CHECK(socket.got == kHead && socket.writes == 1);
    XT_CHECK(out.flush(socket) == SendState::Idle);
}

XT_TEST(an_empty_chunked_body_is_sent_with_its_head_in_one_write) {
    FakeSocket socket(0);
    FakeSource body({}, -1);
    Outgoing out;
    XT_CHECK(send_all(out, socket, kHead, &body, -1) == SendState::Done);
    XT_CHECK(socket.got == kHead + "0\r\n\r\n" && socket.writes == 1);
}

XT_TEST(a_held_body_waits_until_it_is_released) {
    for (std::size_t takes = 0; takes <= kHead.size() + 3; ++takes) {
        FakeSocket socket(takes);
        FakeSource body({"abc"}, 3);
        Outgoing out;
        out.start(kHead, &body, 3, true);
        for (int i = 0; i < 200; ++i) out.flush(socket);
        XT_CHECK(socket.got == kHead && out.body_held() && out.active());
        XT_CHECK(!out.waiting());  // it is the peer's turn
        out.release_body();
        SendState state = SendState::Blocked;
        for (int i = 0; i < 200 && state != SendState::Done; ++i) state = out.flush(socket);
        XT_CHECK(state == SendState::Done && socket.got == kHead + "abc");
    }
}

XT_TEST(a_source_that_has_nothing_makes_it_wait) {
    FakeSocket socket(0);
    FakeSource body({"", "abc"}, 3);
    Outgoing out;
    out.start(kHead, &body, 3, false);
    XT_CHECK(out.flush(socket) == SendState::Waiting);
    XT_CHECK(out.waiting() && socket.got == kHead);
    XT_CHECK(out.flush(socket) == SendState::Done);
    XT_CHECK(!out.waiting());
}

XT_TEST(a_body_longer_than_announced_is_a_mismatch_and_not_one_byte_too_many_is_sent) {
    FakeSocket socket(0);
    FakeSource body({"abc", "d"}, -1);
    Outgoing out;
    XT_CHECK(send_all(out, socket, kHead, &body, 3) == SendState::Mismatch);
    XT_CHECK(socket.got == kHead + "abc");
}

XT_TEST(a_body_shorter_than_announced_is_a_mismatch) {
    for (std::size_t takes = 0; takes < 30; ++takes) {
        FakeSocket socket(takes);
        FakeSource body({"ab", "c"}, -1);
        Outgoing out;
        XT_CHECK(send_all(out, socket, kHead, &body, 4) == SendState::Mismatch);
    }
}

XT_TEST(a_source_that_fails_ends_it) {
    FakeSocket socket(0);
    FakeSource body({"ab"}, -1);
    body.fails = true;
    Outgoing out;
    XT_CHECK(send_all(out, socket, kHead, &body, -1) == SendState::SourceFailed);
    XT_CHECK(out.source() == &body);
}

XT_TEST(a_socket_that_breaks_ends_it_at_every_byte) {
    for (int64_t at = 0; at < 60; ++at) {
        FakeSocket socket(1);
        socket.breaks_at = at;
        FakeSource body(kPieces, -1);
        Outgoing out;
        XT_CHECK(send_all(out, socket, kHead, &body, -1) == SendState::SendFailed);
        XT_CHECK(out.sent() == static_cast<uint64_t>(at));
    }
}

XT_TEST(a_large_body_yields_after_its_share_of_a_turn) {
    const std::string large(9u << 20, 'x');
    FakeSocket socket(0);
    FakeSource body({large.substr(0, 3u << 20), large.substr(0, 3u << 20), large.substr(0, 3u << 20)}, -1);
    Outgoing out;
    out.start(kHead, &body, static_cast<int64_t>(large.size()), false);
    XT_CHECK(out.flush(socket) == SendState::Yield);
    XT_CHECK(out.flush(socket) == SendState::Done);
    XT_CHECK(socket.got.size() == kHead.size() + large.size());
}

XT_TEST(what_was_stopped_sends_nothing_more) {
    FakeSocket socket(4);
    FakeSource body({"abc"}, 3);
    Outgoing out;
    out.start(kHead, &body, 3, false);
    out.flush(socket);
    const std::size_t sent = socket.got.size();
    out.stop();
    XT_CHECK(out.flush(socket) == SendState::Idle);
    XT_CHECK(socket.got.size() == sent && !out.active());
}

XT_MAIN("outgoing")
