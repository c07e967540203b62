#include "client/auth_cache.h"

namespace xh::client {

namespace {

struct Entry {
    base::String place, user, password;
    proto::AuthMethod method;
    base::Ref<proto::AuthMemory> memory;
};

struct Cache final : base::Counted {
    static constexpr std::size_t kMost = 64;
    base::Vec<Entry> entries;
};

}  // namespace

base::Ref<proto::AuthMemory> auth_memory(agent::Agent& agent, std::string_view place, std::string_view user,
                                         std::string_view password, proto::AuthMethod method) {
    if (!agent.attachment()) agent.attachment() = base::make_ref<Cache>();
    auto& cache = static_cast<Cache&>(*agent.attachment());
    for (Entry& entry : cache.entries)
        if (entry.method == method && entry.place == place && entry.user == user && entry.password == password)
            return entry.memory;
    if (cache.entries.size() == Cache::kMost) cache.entries.erase(cache.entries.begin());
    Entry entry{base::to_string(place), base::to_string(user), base::to_string(password), method,
                base::make_ref<proto::AuthMemory>()};
    base::Ref<proto::AuthMemory> memory = entry.memory;
    cache.entries.push_back(std::move(entry));
    return memory;
}

}  // namespace xh::client
