// The lowest transport: connecting, reading and writing with as few system calls as promised, ends and errors.

#include "net/tcp.h"

#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>

#include "net_drive.h"
#include "xtest.h"

#include "peers.h"

using namespace xh;
using loop::Loop;
using net::IoState;
using net::SocketOptions;
using net::Step;
using net::TcpTransport;
using xtest::drive;
using xtest::Talker;

namespace {

loop::Address loopback(int port) {
    loop::Address address;
    loop::Address::parse("127.0.0.1", static_cast<uint16_t>(port), address);
    return address;
}

std::unique_ptr<TcpTransport> dial(Loop& l, int port, const SocketOptions& options = SocketOptions()) {
    base::Error error;
    auto made = TcpTransport::connect(l, loopback(port), options, error);
    if (!made) XT_FAIL("connect: %s", error.message.c_str());
    return made;
}

/// Two ends of a stream in this process: one is a transport, one a plain descriptor.
struct Ends {
    base::Ref<Loop> l = Loop::make();
    Talker near{*l};
    int far = -1;
    Ends() {
        int fd[2];
        base::Error error;
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fd) != 0) return;
        far = fd[1];
        near.take(TcpTransport::adopt(*l, fd[0], SocketOptions(), error));
        l->poll(0);
    }
    ~Ends() { hang_up(); }
    void hang_up() {
        if (far >= 0) ::close(far);
        far = -1;
    }
    void say(std::string_view text) {
        XT_CHECK_EQ(::write(far, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    }
};

int option(int fd, int level, int name) {
    int value = -1;
    socklen_t size = sizeof value;
    return ::getsockopt(fd, level, name, &value, &size) == 0 ? value : -errno;
}

}  // namespace

XT_TEST(bytes_go_both_ways_and_the_end_is_told) {
    auto l = Loop::make();
    script_peer* peer = script_start("read 5; expect \"hello\"; send 'world'; expect-eof");
    Talker talker(*l);
    talker.take(dial(*l, script_port(peer)));
    XT_REQUIRE(talker.establish());
    XT_CHECK(talker.send("hello"));
    XT_CHECK(talker.receive("world") == IoState::Ok);
    XT_CHECK(talker.shutdown());
    XT_CHECK(talker.receive("") == IoState::Eof);
    XT_CHECK_STR(talker.got, "world");
    script_stop(peer);
}

XT_TEST(addresses_are_those_of_the_two_ends) {
    auto l = Loop::make();
    script_peer* peer = script_start("read 1; emit taken; wait-close");
    Talker talker(*l);
    talker.take(dial(*l, script_port(peer)));
    XT_REQUIRE(talker.establish() && talker.send("x"));
    XT_CHECK_STR(talker->remote_address(), "127.0.0.1:" + std::to_string(script_port(peer)));
    XT_CHECK(script_wait_event(peer, "taken", 10000));
    XT_CHECK_STR(talker->local_address(), std::string("127.0.0.1:") + script_info(peer, 1, "port"));
    talker.close();
    script_stop(peer);
}

XT_TEST(a_refused_connection_says_so_and_where) {
    auto l = Loop::make();
    base::Error error;
    const int port = refused_port();
    auto made = TcpTransport::connect(*l, loopback(port), SocketOptions(), error);
    if (made) {
        Talker talker(*l);
        talker.take(std::move(made));
        XT_CHECK(!talker.establish());
        error = talker->take_error();
    }
    XT_CHECK_EQ(error.status, XH_E_CONNECTION_REFUSED);
    XT_CHECK_EQ(error.os_error, ECONNREFUSED);
    XT_CHECK_EQ(error.phase, static_cast<int32_t>(XH_PHASE_CONNECT));
    XT_CHECK_STR(error.peer, "127.0.0.1:" + std::to_string(port));
    XT_CHECK(error.message.find("is the server running") != base::String::npos);
}

XT_TEST(a_socket_never_takes_itself_for_a_server) {
    // The port is picked by the system for a first socket; a second one bound to it connects to itself.
    auto l = Loop::make();
    const int first = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    loop::Address address = loopback(0);
    XT_REQUIRE(::bind(first, &address.any, address.size()) == 0);
    sockaddr_in name{};
    socklen_t size = sizeof name;
    ::getsockname(first, reinterpret_cast<sockaddr*>(&name), &size);
    ::close(first);
    SocketOptions options;
    options.local = loopback(ntohs(name.sin_port));
    base::Error error;
    auto made = TcpTransport::connect(*l, options.local, options, error);
    if (made) {
        Talker talker(*l);
        talker.take(std::move(made));
        XT_CHECK(!talker.establish());
        error = talker->take_error();
    }
    XT_CHECK_EQ(error.status, XH_E_CONNECTION_REFUSED);
}

XT_TEST(a_reset_is_an_error_with_its_own_status) {
    auto l = Loop::make();
    script_peer* peer = script_start("read 1; reset");
    Talker talker(*l);
    talker.take(dial(*l, script_port(peer)));
    XT_REQUIRE(talker.establish());
    XT_CHECK(talker.send("x"));
    XT_CHECK(talker.receive("") == IoState::Failed);
    const base::Error error = talker->take_error();
    XT_CHECK_EQ(error.status, XH_E_CONNECTION_RESET);
    XT_CHECK_EQ(error.os_error, ECONNRESET);
    script_stop(peer);
}

XT_TEST(writing_to_a_closed_peer_is_an_error_and_no_signal) {
    Ends ends;
    ends.hang_up();
    const char text[] = "x";
    const iovec piece = {const_cast<char*>(text), 1};
    XT_CHECK(ends.near->write(&piece, 1).state == IoState::Failed);
    XT_CHECK_EQ(ends.near->take_error().status, XH_E_WRITE_FAILED);
}

XT_TEST(after_a_short_read_the_system_is_not_asked_again) {
    Ends ends;
    ends.say("abc");
    XT_CHECK(!ends.near->has_pending());
    char block[64];
    XT_CHECK(ends.near->read(block, sizeof block).state == IoState::Blocked);  // no event was fetched yet
    ends.l->poll(0);
    XT_CHECK(ends.near->has_pending());
    const net::IoResult got = ends.near->read(block, sizeof block);
    XT_CHECK(got.state == IoState::Ok && got.bytes == 3);
    ends.say("def");  // there, but its event was not fetched
    XT_CHECK(!ends.near->has_pending());
    XT_CHECK(ends.near->read(block, sizeof block).state == IoState::Blocked);
    ends.l->poll(0);
    XT_CHECK_EQ(ends.near->read(block, sizeof block).bytes, 3u);
}

XT_TEST(a_paused_reader_knows_that_bytes_wait) {
    Ends ends;
    ends.say("abcdef");
    ends.l->poll(0);
    char block[4];
    XT_CHECK_EQ(ends.near->read(block, 4).bytes, 4u);
    XT_CHECK(ends.near->has_pending());
    XT_CHECK_EQ(ends.near->read(block, 4).bytes, 2u);
    XT_CHECK(!ends.near->has_pending());
}

XT_TEST(an_end_behind_the_last_bytes_is_not_missed) {
    Ends ends;
    ends.say("abc");
    ends.hang_up();
    ends.l->poll(0);
    char block[64];
    XT_CHECK_EQ(ends.near->read(block, sizeof block).bytes, 3u);
    XT_CHECK(ends.near->has_pending());
    XT_CHECK(ends.near->read(block, sizeof block).state == IoState::Eof);
}

XT_TEST(an_end_that_comes_after_a_short_read_is_an_event) {
    Ends ends;
    ends.say("abc");
    ends.l->poll(0);
    char block[64];
    XT_CHECK_EQ(ends.near->read(block, sizeof block).bytes, 3u);
    ends.near.ready = 0;
    ends.hang_up();
    ends.l->poll(0);
    XT_CHECK((ends.near.ready & loop::kReadable) != 0);
    XT_CHECK(ends.near->read(block, sizeof block).state == IoState::Eof);
}

XT_TEST(a_full_socket_takes_part_and_tells_when_it_can_take_more) {
    Ends ends;
    const std::string big(4 << 20, 'x');
    const iovec pieces[2] = {{const_cast<char*>("head"), 4}, {const_cast<char*>(big.data()), big.size()}};
    const net::IoResult sent = ends.near->write(pieces, 2);
    XT_CHECK(sent.state == IoState::Ok && sent.bytes > 4 && sent.bytes < big.size());
    XT_CHECK(ends.near->write(pieces, 2).state == IoState::Blocked);
    ends.near.ready = 0;
    std::string drained(sent.bytes, 0);
    std::size_t got = 0;
    while (got < sent.bytes) {
        const ssize_t n = ::read(ends.far, &drained[got], sent.bytes - got);
        XT_REQUIRE(n > 0);
        got += static_cast<std::size_t>(n);
    }
    XT_CHECK_STR(drained.substr(0, 4), "head");
    XT_CHECK(drive(*ends.l, [&] { return (ends.near.ready & loop::kWritable) != 0; }));
    XT_CHECK(ends.near->write(pieces, 1).state == IoState::Ok);
}

XT_TEST(peek_takes_nothing) {
    Ends ends;
    XT_CHECK(ends.near->peek() == IoState::Blocked);
    ends.say("a");
    XT_CHECK(ends.near->peek() == IoState::Ok);
    char block[4];
    XT_CHECK_EQ(ends.near->read(block, 4).bytes, 1u);  // what peek saw need not be told by an event
    ends.hang_up();
    XT_CHECK(ends.near->peek() == IoState::Eof);
}

XT_TEST(descriptors_do_not_leak_into_children_and_are_counted) {
    auto l = Loop::make();
    const int64_t before = base::g_live[XH_LIVE_SOCKETS];
    script_peer* peer = script_start("wait-close");
    auto transport = dial(*l, script_port(peer));
    XT_CHECK_EQ(base::g_live[XH_LIVE_SOCKETS].load(), before + 1);
    XT_CHECK((::fcntl(transport->fd(), F_GETFD) & FD_CLOEXEC) != 0);
    XT_CHECK((::fcntl(transport->fd(), F_GETFL) & O_NONBLOCK) != 0);
    transport.reset();
    XT_CHECK_EQ(base::g_live[XH_LIVE_SOCKETS].load(), before);
    script_stop(peer);
}

XT_TEST(options_reach_the_socket) {
    auto l = Loop::make();
    script_peer* peer = script_start("wait-close");
    SocketOptions options;
    options.no_delay = true;
    options.keep_alive_ms = 7000;
    options.local = loopback(0);
    Talker talker(*l);
    talker.take(dial(*l, script_port(peer), options));
    XT_REQUIRE(talker.establish());
    XT_CHECK(option(talker->fd(), IPPROTO_TCP, TCP_NODELAY) > 0);
    XT_CHECK_EQ(option(talker->fd(), SOL_SOCKET, SO_KEEPALIVE), 0);
    talker->on_idle();
    XT_CHECK(option(talker->fd(), SOL_SOCKET, SO_KEEPALIVE) > 0);
    XT_CHECK_EQ(option(talker->fd(), IPPROTO_TCP, TCP_KEEPIDLE), 7);
    talker.close();
    script_stop(peer);
}

XT_TEST(a_local_address_that_is_not_ours_is_refused) {
    auto l = Loop::make();
    SocketOptions options;
    loop::Address::parse("192.0.2.77", 0, options.local);
    base::Error error;
    XT_CHECK(TcpTransport::connect(*l, loopback(refused_port()), options, error) == nullptr);
    XT_CHECK_EQ(error.status, XH_E_ADDRESS_NOT_AVAILABLE);
}

XT_TEST(a_unix_socket_is_a_transport_too) {
    auto l = Loop::make();
    script_peer* peer = script_start("listen unix; read 2; send-last");
    base::Error error;
    bool again = false;
    auto made = TcpTransport::connect_unix(*l, script_unix_path(peer), error, again);
    XT_REQUIRE(made != nullptr);
    XT_CHECK_STR(made->remote_address(), script_unix_path(peer));
    Talker talker(*l);
    talker.take(std::move(made));
    XT_CHECK(talker.establish());
    XT_CHECK(talker.send("ab"));
    XT_CHECK(talker.receive("") == IoState::Eof);
    XT_CHECK_STR(talker.got, "ab");
    script_stop(peer);
}

XT_TEST(a_unix_socket_that_cannot_be_connected_says_why) {
    auto l = Loop::make();
    base::Error error;
    bool again = false;
    XT_CHECK(!TcpTransport::connect_unix(*l, std::string(net_temp_dir()) + "/none", error, again));
    XT_CHECK_EQ(error.status, XH_E_SOCKET_PATH);
    XT_CHECK(error.message.find("does not exist") != base::String::npos);
    XT_CHECK(!TcpTransport::connect_unix(*l, std::string(200, 'x'), error, again));
    XT_CHECK_EQ(error.status, XH_E_SOCKET_PATH);
}

XT_TEST(a_released_descriptor_is_the_callers) {
    Ends ends;
    const int fd = ends.near->release_fd();
    XT_REQUIRE(fd >= 0);
    ends.near.close();
    XT_CHECK_EQ(::write(fd, "x", 1), 1);
    ::close(fd);
}

XT_MAIN("tcp")
