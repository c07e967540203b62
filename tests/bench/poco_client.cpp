// link: poco ssl
/** @file poco_client.cpp
 *  POCO's HTTPClientSession and HTTPSClientSession as a peer of `./dev bench`: one thread for each request in flight.
 */
#include "bench.h"

#include <Poco/Exception.h>
#include <Poco/Net/Context.h>
#include <Poco/Net/HTTPClientSession.h>
#include <Poco/Net/HTTPRequest.h>
#include <Poco/Net/HTTPResponse.h>
#include <Poco/Net/HTTPSClientSession.h>
#include <Poco/Net/NetSSL.h>
#include <Poco/Net/Session.h>
#include <atomic>
#include <istream>
#include <memory>
#include <thread>
#include <vector>

namespace {

using Poco::Net::Context;
using Poco::Net::HTTPClientSession;
using Poco::Net::HTTPMessage;
using Poco::Net::HTTPRequest;
using Poco::Net::HTTPResponse;
using Poco::Net::HTTPSClientSession;

bench_args g_a;
bench_span g_span;
Context::Ptr g_context;

struct Worker {
    std::unique_ptr<HTTPClientSession> session;
    Poco::Net::Session::Ptr ticket;
    std::vector<char> buffer;
    uint64_t bytes = 0;
    const char* path = bench_warm_path(&g_a);
};

bool kept() { return bench_is_fresh(&g_a) == 0; }

void open_session(Worker& w) {
    const auto port = static_cast<Poco::UInt16>(g_a.port);
    if (!bench_is_tls(&g_a)) {
        w.session = std::make_unique<HTTPClientSession>("127.0.0.1", port);
    } else if (w.ticket) {
        w.session = std::make_unique<HTTPSClientSession>("127.0.0.1", port, g_context, w.ticket);
    } else {
        w.session = std::make_unique<HTTPSClientSession>("127.0.0.1", port, g_context);
    }
    w.session->setKeepAlive(kept());
}

void get(Worker& w) {
    if (!w.session || !kept()) open_session(w);
    HTTPRequest request(HTTPRequest::HTTP_GET, w.path, HTTPMessage::HTTP_1_1);
    request.set("User-Agent", "bench");
    request.set("Accept", "*/*");
    w.session->sendRequest(request);
    HTTPResponse response;
    std::istream& body = w.session->receiveResponse(response);
    while (body.good()) {
        body.read(w.buffer.data(), static_cast<std::streamsize>(w.buffer.size()));
        w.bytes += static_cast<uint64_t>(body.gcount());
    }
    if (bench_is(&g_a, "tls-resumed")) w.ticket = static_cast<HTTPSClientSession&>(*w.session).sslSession();
}

void run_threads(std::vector<Worker>& workers, long count) {
    std::atomic<long> left{count};
    std::vector<std::thread> threads;
    for (Worker& w : workers) {
        threads.emplace_back([&w, &left] {
            while (left.fetch_sub(1) > 0) get(w);
        });
    }
    for (std::thread& t : threads) t.join();
}

void run_single(Worker& w) {
    for (long i = 0; i < g_a.warm; i++) get(w);
    w.bytes = 0;
    w.path = g_a.path;
    bench_start(&g_span, bench_is(&g_a, "one") ? g_a.n : 0);
    for (long i = 0; i < g_a.n; i++) {
        const uint64_t t = bench_now();
        get(w);
        bench_sample(&g_span, bench_now() - t);
    }
    bench_stop(&g_span, &g_a, g_a.n, w.bytes);
}

}  // namespace

int main(int argc, char** argv) try {
    g_a = bench_parse(argc, argv);
    if (bench_is_tls(&g_a)) {
        Poco::Net::initializeSSL();
        g_context = new Context(Context::TLS_CLIENT_USE, "", "", g_a.ca, Context::VERIFY_STRICT, 9, false);
        g_context->enableSessionCache(bench_is(&g_a, "tls-resumed"));
    }
    std::vector<Worker> workers(static_cast<size_t>(g_a.conc));
    for (Worker& w : workers) w.buffer.resize(bench_is_big(&g_a) ? 256 * 1024 : 16 * 1024);
    if (g_a.conc == 1) {
        run_single(workers[0]);
        return 0;
    }
    run_threads(workers, g_a.warm);
    bench_start(&g_span, 0);
    run_threads(workers, g_a.n);
    bench_stop(&g_span, &g_a, g_a.n, 0);
    return 0;
} catch (const Poco::Exception& e) {
    bench_die(e.displayText().c_str());
} catch (const std::exception& e) {
    bench_die(e.what());
}
