#include "client/cookie_jar.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/utf8.h"
#include "json/json.h"

namespace xh::client {

namespace {

bool expired(const Cookie& cookie, int64_t now) noexcept { return cookie.expires <= now; }

void append_text(base::String& out, std::string_view bytes) {
    base::String text;
    while (!bytes.empty()) {
        const std::size_t good = base::utf8_valid_prefix(bytes);
        text.append(bytes.substr(0, good));
        bytes.remove_prefix(good);
        if (bytes.empty()) break;
        base::utf8_append(text, 0xfffd);
        const base::Utf8Char bad = base::utf8_next(bytes);
        bytes.remove_prefix(bad.kind == base::Utf8Char::Partial ? bytes.size() : std::max<std::size_t>(bad.size, 1));
    }
    json::append_quoted(out, text);
}

}  // namespace

CookieJar::Removed::~Removed() {
    while (first) {
        Cookie* next = first->next_;
        first->release();
        first = next;
    }
}

void CookieJar::Removed::add(Cookie& cookie) noexcept {
    cookie.next_ = first;
    first = &cookie;
}

CookieJar::~CookieJar() {
    // Nobody else has it, and in a forked child the mutex may be in any state.
    Removed removed;
    for (Cookie*& chain : chains_)
        while (chain) remove(chain, removed);
    pthread_mutex_destroy(&mutex_);
}

std::size_t CookieJar::chain_of(std::string_view host) noexcept { return base::ihash(host) % kChains; }

void CookieJar::remove(Cookie*& at, Removed& removed) noexcept {
    Cookie& cookie = *at;
    at = cookie.next_;
    removed.add(cookie);
    --size_;
}

void CookieJar::remove_expired(std::size_t chain, int64_t now, Removed& removed) noexcept {
    for (Cookie** at = &chains_[chain]; *at;) {
        if (expired(**at, now))
            remove(*at, removed);
        else
            at = &(*at)->next_;
    }
}

void CookieJar::remove_all_expired(int64_t now, Removed& removed) noexcept {
    for (std::size_t chain = 0; chain < kChains; ++chain) remove_expired(chain, now, removed);
}

bool CookieJar::shadows_secure(const Cookie& cookie) const noexcept {
    for (const Cookie* at = chains_[chain_of(cookie.host)]; at; at = at->next_)
        if (at->secure && at->host == cookie.host && at->name == cookie.name &&
            proto::cookie_path_match(cookie.path, at->path))
            return true;
    return false;
}

bool CookieJar::make_room(const Cookie& cookie, int64_t now, Removed& removed) noexcept {
    const std::size_t chain = chain_of(cookie.host);
    std::size_t of_host = 0;
    Cookie** plain = nullptr;
    Cookie** any = nullptr;
    auto older = [](Cookie** a, Cookie** b) { return !b || (*a)->used_ < (*b)->used_; };
    for (Cookie** at = &chains_[chain]; *at; at = &(*at)->next_) {
        if ((*at)->host != cookie.host) continue;
        ++of_host;
        if (!(*at)->secure && older(at, plain)) plain = at;
        if (older(at, any)) any = at;
    }
    if (of_host >= kMostPerHost) {
        Cookie** victim = plain ? plain : cookie.secure ? any : nullptr;
        if (!victim) return false;
        remove(*victim, removed);
    }
    if (size_ < kMost) return true;
    remove_all_expired(now, removed);
    if (size_ < kMost) return true;
    any = nullptr;
    for (Cookie*& first : chains_)
        for (Cookie** at = &first; *at; at = &(*at)->next_)
            if (older(at, any)) any = at;
    remove(*any, removed);
    return true;
}

void CookieJar::insert(Cookie& cookie) noexcept {
    Cookie** at = &chains_[chain_of(cookie.host)];
    while (*at && ((*at)->path.size() > cookie.path.size() ||
                   ((*at)->path.size() == cookie.path.size() && (*at)->made < cookie.made)))
        at = &(*at)->next_;
    cookie.next_ = *at;
    *at = &cookie;
    ++size_;
}

bool CookieJar::store(std::string_view set_cookie, const base::Url& url, int64_t now) {
    proto::SetCookie read;
    if (!proto::parse_set_cookie(set_cookie, now, read) || !proto::may_set_cookie(read, url.host(), url.secure()))
        return false;
    base::Ref<Cookie> made = base::make_ref<Cookie>();
    made->host = base::lower_string(url.host());
    made->path = base::to_string(read.path.empty() ? proto::cookie_default_path(url.path()) : read.path);
    made->name = base::to_string(read.name);
    made->value = base::to_string(read.value);
    made->expires = read.expires;
    made->secure = read.secure;
    made->http_only = read.http_only;

    Removed removed;
    base::Lock lock(mutex_);
    const std::size_t chain = chain_of(made->host);
    remove_expired(chain, now, removed);
    if (!url.secure() && shadows_secure(*made)) return false;
    made->made = made->used_ = ++tick_;
    for (Cookie** at = &chains_[chain]; *at; at = &(*at)->next_) {
        if ((*at)->host != made->host || (*at)->name != made->name || (*at)->path != made->path) continue;
        made->made = (*at)->made;
        remove(*at, removed);
        break;
    }
    if (expired(*made, now)) return true;
    if (!make_room(*made, now, removed)) return false;
    insert(*made.detach());
    return true;
}

void CookieJar::append_to(base::String& header, const base::Url& url, int64_t now) {
    base::Ref<Cookie> found[kMostPerHost];
    std::size_t n = 0;
    {
        base::Lock lock(mutex_);
        for (Cookie* at = chains_[chain_of(url.host())]; at && n < kMostPerHost; at = at->next_) {
            if (at->host != url.host() || expired(*at, now) || (at->secure && !url.secure())) continue;
            if (!proto::cookie_path_match(url.path(), at->path)) continue;
            at->used_ = ++tick_;
            found[n++] = base::Ref<Cookie>(at);
        }
    }
    for (std::size_t i = 0; i < n; ++i) {
        if (!header.empty()) header.append("; ");
        if (!found[i]->name.empty()) header.append(found[i]->name).append("=");
        header.append(found[i]->value);
    }
}

std::size_t CookieJar::count(int64_t now) {
    Removed removed;
    base::Lock lock(mutex_);
    remove_all_expired(now, removed);
    return size_;
}

base::Vec<base::Ref<const Cookie>> CookieJar::list(int64_t now) {
    base::Vec<base::Ref<const Cookie>> out;
    for (;;) {
        out.resize(count(now));
        Removed removed;
        base::Lock lock(mutex_);
        remove_all_expired(now, removed);
        if (size_ > out.size()) continue;  // another thread was quicker
        std::size_t n = 0;
        for (Cookie* chain : chains_)
            for (Cookie* at = chain; at; at = at->next_) out[n++] = base::Ref<const Cookie>(at);
        out.resize(n);
        return out;
    }
}

void CookieJar::clear() noexcept {
    Removed removed;
    base::Lock lock(mutex_);
    for (Cookie*& chain : chains_)
        while (chain) remove(chain, removed);
}

void append_json(base::String& out, const base::Vec<base::Ref<const Cookie>>& cookies) {
    base::Vec<const Cookie*> sorted;
    sorted.reserve(cookies.size());
    for (const auto& cookie : cookies) sorted.push_back(cookie.get());
    std::sort(sorted.begin(), sorted.end(), [](const Cookie* a, const Cookie* b) { return a->made < b->made; });
    out.push_back('[');
    for (const Cookie* cookie : sorted) {
        out.append(out.back() == '[' ? "{\"name\":" : ",{\"name\":");
        append_text(out, cookie->name);
        out.append(",\"value\":");
        append_text(out, cookie->value);
        out.append(",\"domain\":");
        append_text(out, cookie->host);
        out.append(",\"path\":");
        append_text(out, cookie->path);
        out.append(",\"expires\":");
        if (cookie->expires == proto::kSessionCookie)
            out.append("null");
        else
            base::append_decimal(out, static_cast<uint64_t>(cookie->expires));
        out.append(cookie->secure ? ",\"secure\":true" : ",\"secure\":false");
        out.append(cookie->http_only ? ",\"httpOnly\":true}" : ",\"httpOnly\":false}");
    }
    out.push_back(']');
}

}  // namespace xh::client
