#pragma once
// The cookies of an agent (Q28): what its answers set, found again for the next request. Any thread.
//
// Each cookie belongs to the one host that set it (proto/cookie.h says why), whatever the port, as RFC 6265bis has it. Nothing is
// allocated or freed while the lock is held. The caller says what time it is: cookies are dated, so it is the wall clock's.

#include <pthread.h>

#include "base/lock.h"
#include "base/ref.h"
#include "base/url.h"
#include "proto/cookie.h"

namespace xh::client {

/// One cookie. All but `used` and `next` is fixed once the jar has it.
struct Cookie final : base::Counted {
    base::String host;  ///< lower case
    base::String path;
    base::String name;
    base::String value;
    int64_t expires = proto::kSessionCookie;
    bool secure = false;
    bool http_only = false;
    uint64_t made = 0;  ///< in the order of making; a cookie in place of another has its number

private:
    friend class CookieJar;
    uint64_t used_ = 0;
    Cookie* next_ = nullptr;
};

class CookieJar {
public:
    static constexpr std::size_t kMostPerHost = 50;
    static constexpr std::size_t kMost = 3000;

    CookieJar() noexcept = default;
    ~CookieJar();
    CookieJar(const CookieJar&) = delete;
    CookieJar& operator=(const CookieJar&) = delete;

    /// Takes one Set-Cookie value of an answer from `url`; one that has expired deletes the cookie of its name and path.
    /// When there is no room, expired ones go, then those not used for longest; what came without Secure takes the place of no
    /// Secure cookie of its host. @return false when it was refused
    bool store(std::string_view set_cookie, const base::Url& url, int64_t now);
    /// Appends "; a=b" for each cookie that goes to `url` (without "; " to an empty text): longer paths first, older ones first.
    void append_to(base::String& header, const base::Url& url, int64_t now);
    /// How many there are that have not expired.
    std::size_t count(int64_t now);
    /// All that have not expired, in no order.
    base::Vec<base::Ref<const Cookie>> list(int64_t now);
    void clear() noexcept;

private:
    /// Cookies taken out; they are released when the lock is not held any more.
    struct Removed {
        Cookie* first = nullptr;
        ~Removed();
        void add(Cookie& cookie) noexcept;
    };
    static constexpr std::size_t kChains = 128;

    static std::size_t chain_of(std::string_view host) noexcept;
    /// Takes out `*at`, which then is the next one.
    void remove(Cookie*& at, Removed& removed) noexcept;
    void remove_expired(std::size_t chain, int64_t now, Removed& removed) noexcept;
    void remove_all_expired(int64_t now, Removed& removed) noexcept;
    bool shadows_secure(const Cookie& cookie) const noexcept;
    bool make_room(const Cookie& cookie, int64_t now, Removed& removed) noexcept;
    void insert(Cookie& cookie) noexcept;

    pthread_mutex_t mutex_ = PTHREAD_MUTEX_INITIALIZER;
    // By host; in a chain longer paths first, older ones first.
    Cookie* chains_[kChains] = {};
    std::size_t size_ = 0;
    uint64_t tick_ = 0;
};

/// A JSON array of {name, value, domain, path, expires, secure, httpOnly}, the oldest first; bytes that are no UTF-8 become
/// U+FFFD, `expires` is null for a cookie without an end.
void append_json(base::String& out, const base::Vec<base::Ref<const Cookie>>& cookies);

}  // namespace xh::client
