// The configurations that exist, and those that are being built: one build per set of options, whoever asks for it.

#include <pthread.h>

#include "base/clock.h"
#include "base/lock.h"
#include "base/per_process.h"
#include "net/tls_config.h"
#include "net/tls_sessions.h"
#include "net/tls_trust.h"

namespace xh::net {

namespace {

using base::Error;

constexpr std::size_t kMaxConfigs = 64;
constexpr int64_t kFileAgeMs = 5 * 60 * 1000;    // files that were named may have changed
constexpr int64_t kMaxAgeMs = 12 * 3600 * 1000;  // as may the system's store

struct Entry {
    base::String fingerprint;
    base::Ref<TlsConfig> config;
    base::Ref<TlsConfigJob> job;  // under way
    int64_t expires_ns = 0;
    uint64_t used = 0;
};

struct State {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    base::Vec<Entry> entries;
    uint64_t clock = 0;

    Entry* find(const base::String& fingerprint) noexcept {
        for (Entry& entry : entries)
            if (entry.fingerprint == fingerprint) return &entry;
        return nullptr;
    }
};

base::PerProcess<State> g_state;

}  // namespace

class TlsConfigJob final : public loop::SharedWork {
public:
    TlsConfigJob(const TlsOptions& options, const base::String& fingerprint)
        : options_(options), fingerprint_(fingerprint) {}
    const base::Ref<TlsConfig>& config() const noexcept { return config_; }
    const Error& error() const noexcept { return error_; }
    void fail(xh_status status) noexcept {
        error_.status = status;
        error_.component = base::component::kTls;
        error_.phase = XH_PHASE_TLS;
        publish();
        finish();
    }
    void dropped() noexcept override { fail(XH_E_SHUTDOWN); }

protected:
    void work() noexcept override {
        try {
            config_ = TlsConfig::build(options_, TlsConfig::Side::Client, error_);
        } catch (const std::bad_alloc&) {
            config_.reset();
            error_.status = XH_E_NOMEM;
        }
        publish();
    }

private:
    void publish() noexcept;
    TlsOptions options_;
    base::String fingerprint_;
    base::Ref<TlsConfig> config_;
    Error error_;
};

void TlsConfigJob::publish() noexcept {
    State* state = g_state.find();
    if (!state) return;
    base::Ref<TlsConfigJob> self;  // released after the lock
    base::Lock lock(state->mutex);
    Entry* entry = state->find(fingerprint_);
    if (!entry || entry->job.get() != this) return;
    self = std::move(entry->job);
    if (!config_) {
        // Failures are not kept: the file may be there the next time.
        if (entry != &state->entries.back()) std::swap(*entry, state->entries.back());
        state->entries.pop_back();
        return;
    }
    const bool files = !options_.ca_file.empty() || !options_.cert_folder.empty();
    entry->config = config_;
    entry->expires_ns = base::deadline_after(base::monotonic_ns(), files ? kFileAgeMs : kMaxAgeMs);
}

namespace {

/// With the lock held: a place for one more. The least recently used goes, but none that is being built.
void make_room(State& state, base::Ref<TlsConfig>& dropped) {
    if (state.entries.size() < kMaxConfigs) return;
    Entry* oldest = nullptr;
    for (Entry& entry : state.entries)
        if (!entry.job && (!oldest || entry.used < oldest->used)) oldest = &entry;
    if (!oldest) return;
    dropped = std::move(oldest->config);
    if (oldest != &state.entries.back()) std::swap(*oldest, state.entries.back());
    state.entries.pop_back();
}

}  // namespace

TlsConfigRequest::TlsConfigRequest(loop::Loop& loop, Done done, void* owner) noexcept
    : loop_(loop), done_(done), owner_(owner) {}

TlsConfigRequest::~TlsConfigRequest() { leave(); }

void TlsConfigRequest::leave() noexcept {
    ticket_.leave();
    job_.reset();
}

bool TlsConfigRequest::start(const TlsOptions& options, const base::String& fingerprint) {
    leave();
    config_.reset();
    error_ = Error();
    State& state = g_state.get();
    base::Ref<TlsConfig> dropped;  // an SSL_CTX is not freed under the lock
    bool made = false;
    {
        base::Lock lock(state.mutex);
        Entry* entry = state.find(fingerprint);
        if (entry) entry->used = ++state.clock;
        if (entry && entry->config && !entry->job && entry->expires_ns > base::monotonic_ns()) {
            config_ = entry->config;
            return true;
        }
        if (!entry) {
            make_room(state, dropped);
            state.entries.emplace_back();
            entry = &state.entries.back();
            entry->fingerprint = fingerprint;
            entry->used = ++state.clock;
        }
        if (!entry->job) {
            entry->job = base::make_ref<TlsConfigJob>(options, fingerprint);
            made = true;
        }
        job_ = entry->job;
    }
    ticket_.join(loop_, *job_, finished, this);
    if (made && !loop::BlockingPool::submit(job_, loop::BlockingPool::Kind::Local)) job_->fail(XH_E_NOMEM);
    return false;
}

void TlsConfigRequest::finished(void* raw) {
    auto* self = static_cast<TlsConfigRequest*>(raw);
    self->config_ = self->job_->config();
    self->error_ = self->job_->error();
    self->job_.reset();
    self->done_(self->owner_);
}

void TlsConfig::drop_caches() noexcept {
    if (State* state = g_state.find()) {
        base::Vec<Entry> dropped;
        base::Lock lock(state->mutex);
        dropped.swap(state->entries);
    }
    tls_sessions::clear();
    drop_system_store();
}

}  // namespace xh::net
