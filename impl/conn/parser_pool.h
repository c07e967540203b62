#pragma once
// Parsers are attached to a connection only while a message is under way; idle ones are kept here (N04).

#include <cstddef>
#include <memory>

#include "base/alloc.h"
#include "proto/http1_parser.h"

namespace xh::conn {

/// The most idle parsers of the process, over all pools.
std::size_t max_idle_parsers() noexcept;
void set_max_idle_parsers(std::size_t count) noexcept;

/// One thread: the loop's. Owned by an agent or a server.
class ParserPool {
public:
    ParserPool() noexcept = default;
    ParserPool(const ParserPool&) = delete;
    ParserPool& operator=(const ParserPool&) = delete;
    ~ParserPool();

    std::unique_ptr<proto::Http1Parser> take();
    void give(std::unique_ptr<proto::Http1Parser> parser) noexcept;
    void clear() noexcept;

private:
    base::Vec<std::unique_ptr<proto::Http1Parser>> idle_;
    std::size_t in_use_ = 0;
};

}  // namespace xh::conn
