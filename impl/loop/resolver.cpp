#include "loop/resolver.h"

#include <netdb.h>

#include <cerrno>
#include <functional>
#include <unordered_map>

#include <Poco/Exception.h>
#include <Poco/Net/DNS.h>

#include "base/ascii.h"
#include "base/clock.h"
#include "base/lock.h"
#include "base/per_process.h"

namespace xh::loop {

namespace {

constexpr std::size_t kMaxEntries = 1024;
constexpr int64_t kDefaultPositiveMs = 60000;
// Long enough for a burst of requests to one missing host, too short to be noticed when the host comes back.
constexpr int64_t kDefaultNegativeMs = 1000;
constexpr std::size_t kMaxName = 253;  // RFC 1035, without the final dot

struct KeyHash {
    std::size_t operator()(const base::String& key) const noexcept {
        return std::hash<std::string_view>()(std::string_view(key));
    }
};

struct Entry {
    LookupResult result;
    int64_t expires_ns = 0;
    base::Ref<LookupJob> job;  // under way
};

using Table = std::unordered_map<base::String, Entry, KeyHash, std::equal_to<base::String>,
                                 base::Alloc<std::pair<const base::String, Entry>>>;

struct State {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    Table table;
    LookupFunction function = nullptr;
    void* function_ctx = nullptr;
    int64_t positive_ms = kDefaultPositiveMs;
    int64_t negative_ms = kDefaultNegativeMs;
};

base::PerProcess<State> g_state;

bool is_localhost(std::string_view host) noexcept {
    constexpr std::string_view kName = "localhost";
    if (host.size() < kName.size() || !base::iequals(host.substr(host.size() - kName.size()), kName)) return false;
    return host.size() == kName.size() || host[host.size() - kName.size() - 1] == '.';
}

xh_status status_of(int code, int os_error) noexcept {
    switch (code) {
        case EAI_NONAME: return XH_E_HOST_NOT_FOUND;
        case EAI_AGAIN: return XH_E_DNS_TEMPORARY;
        case EAI_MEMORY: return XH_E_NOMEM;
#ifdef EAI_NODATA
        case EAI_NODATA:
#endif
#ifdef EAI_ADDRFAMILY
        case EAI_ADDRFAMILY:
#endif
        case EAI_FAMILY: return XH_E_DNS_NO_ADDRESS;
        case EAI_SYSTEM:
            if (os_error == EMFILE || os_error == ENFILE) return XH_E_TOO_MANY_FILES;
            return XH_E_DNS_FAILED;
        default: return XH_E_DNS_FAILED;
    }
}

/// RFC 6761 6.3: names under "localhost" are the loopback, whether or not the system's files say so.
void add_loopback(int family, base::Vec<Address>& out) {
    Address address;
    if (family != AF_INET && Address::parse("::1", 0, address)) out.push_back(address);
    if (family != AF_INET6 && Address::parse("127.0.0.1", 0, address)) out.push_back(address);
}

int ask_system(const char* host, int family, base::Vec<Address>& out) {
    const bool local = is_localhost(host);
    addrinfo hints{};
    hints.ai_family = family;
    hints.ai_socktype = SOCK_STREAM;
    hints.ai_protocol = IPPROTO_TCP;
    // Saves questions for families the machine cannot use; not where it would hide the loopback or what was asked for.
    if (family == AF_UNSPEC && !local) hints.ai_flags = AI_ADDRCONFIG;
    addrinfo* list = nullptr;
    const int code = ::getaddrinfo(host, nullptr, &hints, &list);
    if (code != 0) {
        if (!local) return code;
        add_loopback(family, out);
        return 0;
    }
    try {
        for (const addrinfo* item = list; item; item = item->ai_next) {
            const Address address = Address::from(item->ai_addr, item->ai_addrlen);
            if (address.set()) out.push_back(address);
        }
    } catch (...) {
        ::freeaddrinfo(list);
        throw;
    }
    ::freeaddrinfo(list);
    return 0;
}

/// With the lock held: makes room for one more entry. What has expired goes first, then what expires first.
void make_room(State& state, int64_t now) {
    if (state.table.size() < kMaxEntries) return;
    auto oldest = state.table.end();
    for (auto at = state.table.begin(); at != state.table.end();) {
        if (!at->second.job && at->second.expires_ns <= now) {
            at = state.table.erase(at);
            continue;
        }
        if (!at->second.job && (oldest == state.table.end() || at->second.expires_ns < oldest->second.expires_ns))
            oldest = at;
        ++at;
    }
    if (state.table.size() >= kMaxEntries && oldest != state.table.end()) state.table.erase(oldest);
}

}  // namespace

class LookupJob final : public SharedWork {
public:
    LookupJob(base::String key, base::String host, int family, LookupFunction fn, void* ctx)
        : key_(std::move(key)), host_(std::move(host)), family_(family), function_(fn), function_ctx_(ctx) {}
    const LookupResult& result() const noexcept { return result_; }
    /// Nobody could run it.
    void fail(xh_status status, const char* reason) noexcept;
    void dropped() noexcept override { fail(XH_E_SHUTDOWN, "the library was shut down"); }

protected:
    void work() noexcept override;

private:
    void publish() noexcept;
    base::String key_;
    base::String host_;
    int family_;
    LookupFunction function_;
    void* function_ctx_;
    LookupResult result_;
};

void LookupJob::work() noexcept {
    try {
        auto list = base::make_ref<AddressList>();
        errno = 0;
        const int code = function_ ? function_(host_.c_str(), family_, list->items, function_ctx_)
                                   : ask_system(host_.c_str(), family_, list->items);
        if (code != 0) {
            result_.os_error = code == EAI_SYSTEM ? errno : 0;
            result_.status = status_of(code, result_.os_error);
            result_.reason = code == EAI_SYSTEM ? base::errno_text(result_.os_error) : base::String(gai_strerror(code));
        } else if (list->items.empty()) {
            result_.status = XH_E_DNS_NO_ADDRESS;
        } else {
            result_.addresses = std::move(list);
        }
    } catch (const std::bad_alloc&) {
        result_.status = XH_E_NOMEM;
    }
    publish();
}

void LookupJob::fail(xh_status status, const char* reason) noexcept {
    result_.status = status;
    try {
        result_.reason = reason;
    } catch (const std::bad_alloc&) {
    }
    publish();
    finish();
}

void LookupJob::publish() noexcept {
    State* state = g_state.find();
    if (!state) return;
    base::Ref<LookupJob> self;  // released after the lock
    base::Lock lock(state->mutex);
    auto at = state->table.find(key_);
    if (at == state->table.end() || at->second.job.get() != this) return;
    self = std::move(at->second.job);
    const bool good = result_.status == XH_OK;
    const int64_t keep_ms = good ? state->positive_ms : result_.status == XH_E_HOST_NOT_FOUND ? state->negative_ms : 0;
    try {
        if (keep_ms > 0) {
            at->second.result = result_;
            at->second.expires_ns = base::deadline_after(base::monotonic_ns(), keep_ms);
            return;
        }
    } catch (const std::bad_alloc&) {
    }
    state->table.erase(at);
}

Lookup::Lookup(Loop& loop, Done done, void* owner) noexcept : loop_(loop), done_(done), owner_(owner) {}

Lookup::~Lookup() { leave(); }

void Lookup::leave() noexcept {
    ticket_.leave();
    job_.reset();
}

bool Lookup::start(std::string_view host, int family) {
    leave();
    result_ = LookupResult();
    Address numeric;
    if (Address::parse(host, 0, numeric)) {
        if (family != AF_UNSPEC && family != numeric.family()) {
            result_.status = XH_E_DNS_NO_ADDRESS;
            return true;
        }
        result_.addresses = base::make_ref<AddressList>();
        result_.addresses->items.push_back(numeric);
        return true;
    }
    base::String name;
    if (host.empty() || host.find('\0') != std::string_view::npos || !resolver::encode_idn(host, name) ||
        name.size() > kMaxName + (name.back() == '.')) {
        result_.status = XH_E_HOST_NOT_FOUND;
        result_.reason = "not a valid host name";
        return true;
    }
    base::String key(name);
    key += family == AF_INET ? '4' : family == AF_INET6 ? '6' : '*';
    State& state = g_state.get();
    bool made = false;
    {
        base::Lock lock(state.mutex);
        const int64_t now = base::monotonic_ns();
        auto at = state.table.find(key);
        if (at != state.table.end() && !at->second.job) {
            if (at->second.expires_ns > now) {
                result_ = at->second.result;
                return true;
            }
            state.table.erase(at);
            at = state.table.end();
        }
        if (at == state.table.end()) {
            make_room(state, now);
            job_ = base::make_ref<LookupJob>(key, std::move(name), family, state.function, state.function_ctx);
            state.table[key].job = job_;
            made = true;
        } else {
            job_ = at->second.job;
        }
    }
    ticket_.join(loop_, *job_, finished, this);
    if (made && !BlockingPool::submit(job_, BlockingPool::Kind::Lookup))
        job_->fail(XH_E_DNS_FAILED, "no thread could be started");
    return false;
}

void Lookup::finished(void* raw) {
    auto* self = static_cast<Lookup*>(raw);
    self->result_ = self->job_->result();
    self->job_.reset();
    self->done_(self->owner_);
}

namespace resolver {

void set_lookup_function(LookupFunction fn, void* ctx) {
    State& state = g_state.get();
    {
        base::Lock lock(state.mutex);
        state.function = fn;
        state.function_ctx = ctx;
    }
    clear_cache();
}

void clear_cache() noexcept {
    State* state = g_state.find();
    if (!state) return;
    base::Lock lock(state->mutex);
    state->table.clear();
}

void set_cache_ms(int64_t positive_ms, int64_t negative_ms) noexcept {
    try {
        State& state = g_state.get();
        base::Lock lock(state.mutex);
        state.positive_ms = positive_ms;
        state.negative_ms = negative_ms;
    } catch (const std::bad_alloc&) {
    }
}

bool encode_idn(std::string_view name, base::String& ascii) {
    bool plain = true;
    for (char c : name) plain = plain && static_cast<signed char>(c) >= 0;
    if (plain) {
        ascii = base::lower_string(name);
        return true;
    }
    try {
        const std::string text(name);
        if (!Poco::Net::DNS::isIDN(text)) return false;
        const std::string encoded = Poco::Net::DNS::encodeIDN(text);
        ascii.assign(encoded.data(), encoded.size());
        return true;
    } catch (const Poco::Exception&) {
        return false;
    }
}

}  // namespace resolver
}  // namespace xh::loop
