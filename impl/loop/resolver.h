#pragma once
// Host names to addresses, without ever blocking a loop: getaddrinfo on the blocking pool, a cache for the whole process,
// and one look-up under way per name and family, shared by all who wait for it (what-users-ask 1, "DNS never blocks").

#include "base/error.h"
#include "loop/address.h"
#include "loop/shared_work.h"

namespace xh::loop {

class AddressList final : public base::Counted {
public:
    base::Vec<Address> items;  ///< in the order of preference that the system gave (RFC 6724); the port is 0
};

/// How a look-up ended: addresses, or a status of the DNS group with the resolver's own words.
struct LookupResult {
    xh_status status = XH_OK;
    int os_error = 0;
    base::String reason;
    base::Ref<AddressList> addresses;
};

class LookupJob;

/// One look-up for one requester, on one loop. Destroying it leaves the look-up at once, however long that hangs.
class Lookup {
public:
    using Done = void (*)(void* owner);
    Lookup(Loop& loop, Done done, void* owner) noexcept;
    Lookup(const Lookup&) = delete;
    Lookup& operator=(const Lookup&) = delete;
    ~Lookup();

    /// True when the answer is there at once (a numeric address, the cache, a hopeless name); else `done` comes later, never
    /// inside this call. `host` without brackets, IDN in UTF-8 or encoded; `family` AF_UNSPEC, AF_INET or AF_INET6.
    bool start(std::string_view host, int family);
    /// The answer, once start() was true or `done` came.
    const LookupResult& result() const noexcept { return result_; }
    /// Stops waiting; `done` will not come.
    void leave() noexcept;

private:
    static void finished(void* self);
    Loop& loop_;
    Done done_;
    void* owner_;
    WorkTicket ticket_;
    base::Ref<LookupJob> job_;
    LookupResult result_;
};

/// What asks the system: fills `out` and returns 0, or returns an EAI_* code (with errno set for EAI_SYSTEM).
using LookupFunction = int (*)(const char* host, int family, base::Vec<Address>& out, void* ctx);

namespace resolver {

/// For tests: replaces the system's look-up in this process; nullptr restores it. Empties the cache.
void set_lookup_function(LookupFunction fn, void* ctx);
/// Forgets what is known.
void clear_cache() noexcept;
/// How long an address and how long the absence of a name stay known; 0 looks each time. The defaults are 60 s and 1 s.
void set_cache_ms(int64_t positive_ms, int64_t negative_ms) noexcept;
/// ASCII form of a host name in UTF-8, in lower case; false when it has none.
bool encode_idn(std::string_view name, base::String& ascii);

}  // namespace resolver
}  // namespace xh::loop
