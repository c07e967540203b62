#include "conn/parser_pool.h"

#include <atomic>

namespace xh::conn {

namespace {

std::atomic<std::size_t> g_max{1000};
std::atomic<std::size_t> g_idle{0};

}  // namespace

std::size_t max_idle_parsers() noexcept { return g_max.load(std::memory_order_relaxed); }
void set_max_idle_parsers(std::size_t count) noexcept { g_max.store(count, std::memory_order_relaxed); }

ParserPool::~ParserPool() { clear(); }

std::unique_ptr<proto::Http1Parser> ParserPool::take() {
    ++in_use_;
    if (idle_.empty()) return std::make_unique<proto::Http1Parser>();
    auto parser = std::move(idle_.back());
    idle_.pop_back();
    g_idle.fetch_sub(1, std::memory_order_relaxed);
    return parser;
}

void ParserPool::give(std::unique_ptr<proto::Http1Parser> parser) noexcept {
    // As many stay as are likely to go out again soon; a burst that has ended does not leave its parsers behind.
    constexpr std::size_t kSpare = 224;
    --in_use_;
    if (idle_.size() > in_use_ + kSpare) {
        idle_.pop_back();
        g_idle.fetch_sub(1, std::memory_order_relaxed);
    }
    if (idle_.size() >= in_use_ + kSpare || g_idle.load(std::memory_order_relaxed) >= max_idle_parsers()) return;
    try {
        idle_.push_back(std::move(parser));
        g_idle.fetch_add(1, std::memory_order_relaxed);
    } catch (...) {
        // Without memory for the list the parser is simply freed.
    }
}

void ParserPool::clear() noexcept {
    g_idle.fetch_sub(idle_.size(), std::memory_order_relaxed);
    idle_.clear();
}

}  // namespace xh::conn
