#include "client/request.h"

#include <algorithm>

#include "base/ascii.h"
#include "base/log.h"
#include "base/per_process.h"
#include "base/process.h"
#include "loop/library.h"
#include "proto/http_names.h"

namespace xh::client {

namespace {

struct NoMemory {
    base::ErrorList errors;
    NoMemory() { errors.emplace_back(XH_E_NOMEM, base::component::kRequest, XH_PHASE_NONE, "out of memory"); }
};

base::PerProcess<NoMemory> g_no_memory;

}  // namespace

Request::Request(base::Ref<const Options> options, uint32_t wanted)
    : options_(std::move(options)),
      wanted_(wanted),
      id_(base::next_id()),
      exchange_(*this),
      incoming_(*this),
      first_hop_(base::monotonic_ns()),
      no_memory_(&g_no_memory.get().errors) {
    total_timer_.set(total_expired, this);
    skim_timer_.set(skim_expired, this);
}

Request::~Request() {
    bool launched = made_ns_ != 0;
    if (!launched && body_ && options_->body && options_->body->is_pulled()) options_->body->unclaim();
    delete failure_.load();
}

void Request::launch() {
    made_ns_ = first_hop_.at(XH_TIME_START);
    retain();  // the work's: released in finish()
    log_start();
    loop_->post(*this, kStart);
    // A shutdown may have come between the look at the loop and here: then nobody drives it any more.
    if (loop_->check() == XH_E_SHUTDOWN) loop::library::reap(loop_);
}

// --- any thread ---

void Request::terminate() noexcept {
    if (ending_.exchange(true, std::memory_order_acq_rel)) return;
    loop_->post(*this, kEnd);
}

void Request::fail_by_application(xh_status status, std::string_view text) noexcept {
    try {
        auto error = std::make_unique<base::Error>(status, base::component::kRequest, XH_PHASE_NONE, text);
        base::Error* none = nullptr;
        if (failure_.compare_exchange_strong(none, error.get(), std::memory_order_acq_rel)) error.release();
    } catch (const std::bad_alloc&) {
        failed_without_memory_.store(true, std::memory_order_release);
    }
    terminate();
}

void Request::resume() noexcept {
    if (held_by_application_.exchange(false, std::memory_order_acq_rel)) loop_->post(*this, kResume);
}

xh_status Request::consume(std::size_t bytes) noexcept {
    if (!options_->manual_consume && !options_->queue) return XH_E_STATE;
    if (terminated()) return XH_OK;
    // More than the window counts as all of it; the sum must not wrap.
    consumed_.fetch_add(std::min<std::size_t>(bytes, static_cast<std::size_t>(options_->receive_window)),
                        std::memory_order_acq_rel);
    loop_->post(*this, kConsume);
    return XH_OK;
}

xh_status Request::wait(int64_t timeout_ms) {
    if (ended_.load(std::memory_order_acquire)) return XH_OK;
    int64_t deadline = base::deadline_after(base::monotonic_ns(), timeout_ms);
    if (loop_->on_loop_thread()) return XH_E_WOULD_DEADLOCK;
    if (loop_->has_own_thread()) return base::park_until(ended_, deadline) ? XH_OK : XH_TIMEOUT;
    if (timeout_ms == 0) return XH_TIMEOUT;
    auto ended = [](void* self) { return static_cast<Request*>(self)->ended_.load(std::memory_order_acquire); };
    constexpr int64_t kLook = 20 * base::kNsPerMs;
    for (;;) {
        switch (loop_->drive_until(ended, this, deadline)) {
            case loop::Drive::Done: return XH_OK;
            case loop::Drive::TimedOut: return XH_TIMEOUT;
            case loop::Drive::Self: return XH_E_WOULD_DEADLOCK;
            case loop::Drive::Stopped: break;
            case loop::Drive::Busy: {
                // Another thread drives it; should that one stop, this one takes over.
                int64_t now = base::monotonic_ns();
                int64_t until = deadline - now > kLook ? now + kLook : deadline;
                if (base::park_until(ended_, until)) return XH_OK;
                if (base::monotonic_ns() >= deadline) return XH_TIMEOUT;
                break;
            }
        }
    }
}

std::string_view Request::protocol() const noexcept {
    if (const Response* response = this->response()) return response->protocol();
    return options_->protocol == XH_PROTOCOL_HTTP1 ? "HTTP1" : "auto";
}

const Hop* Request::hop(std::size_t index) const noexcept {
    if (index >= hop_count()) return nullptr;
    const Hop* at = &first_hop_;
    while (index-- > 0) at = at->next.get();
    return at;
}

// --- the loop's thread ---

void Request::on_mail(uint32_t bits) {
    if (finished_) return;
    guarded([&] {
        if (bits & kEnd) return end_by_application();
        if (bits & kStart) start();
        if (bits & kConsume) incoming_.consume(consumed_.exchange(0, std::memory_order_acq_rel));
        if (finished_ || !(bits & (kResume | kConsume | kResumeBody))) return;
        if (bits & kResumeBody) exchange_.resume_sending();
        if (!(bits & (kResume | kConsume))) return;
        if (body_ended_) return complete();
        if (incoming_.stopped()) return;
        exchange_.set_held_up(false);
        exchange_.resume_reading();
    });
}

void Request::start() {
    if (loop_->check() == XH_E_SHUTDOWN) return on_shutdown();
    loop_->enlist(*this);
    if (options_->timeout_s >= 0)
        loop_->arm(total_timer_, base::deadline_after(made_ns_, static_cast<int64_t>(options_->timeout_s * 1000)));
    next_hop(false);
}

void Request::total_expired(void* self) {
    static_cast<Request*>(self)->guarded([self] {
        auto* request = static_cast<Request*>(self);
        char seconds[32];
        std::snprintf(seconds, sizeof seconds, "%.3g", request->options_->timeout_s);
        base::String text("the request as a whole took longer than the ");
        text.append(seconds).append(" s that its timeout allows");
        base::Error error(XH_E_TIMEOUT_TOTAL, base::component::kRequest, request->exchange_.phase(), text,
                          request->exchange_.peer());
        error.request_sent = request->exchange_.request_sent();
        request->end(std::move(error));
    });
}

void Request::on_shutdown() {
    guarded([this] {
        end(base::Error(XH_E_SHUTDOWN, base::component::kRequest, exchange_.phase(), "the library was shut down"));
    });
}

void Request::end_by_application() {
    std::unique_ptr<base::Error> failure(failure_.exchange(nullptr, std::memory_order_acq_rel));
    if (!failure && failed_without_memory_.load(std::memory_order_acquire)) return end(base::ErrorList());
    base::Error error =
        failure ? std::move(*failure)
                : base::Error(XH_E_CANCELLED, base::component::kRequest, XH_PHASE_NONE, "the request was terminated");
    error.phase = exchange_.phase();
    error.peer = exchange_.peer();
    error.request_sent = exchange_.request_sent();
    end(std::move(error));
}

void Request::end(base::Error error) {
    base::ErrorList errors;
    errors.push_back(std::move(error));
    end(std::move(errors));
}

void Request::end(base::ErrorList errors) {
    if (finished_) return;
    describe(errors);
    ending_.store(true, std::memory_order_release);
    exchange_.abandon();
    file_.reset();
    if (hop_ && hop_->at(XH_TIME_END) < 0) hop_->mark(XH_TIME_END, base::monotonic_ns());
    errors_ = std::move(errors);
    errors_public_.store(true, std::memory_order_release);
    finished_ = true;
    RequestEvent event;
    event.type = XH_EVENT_ERROR;
    event.status = this->errors()->front().status;
    event.error = &this->errors()->front();
    if (wants(XH_EVENT_ERROR)) on_event(event);
    finish();
}

void Request::describe(base::ErrorList& errors) const {
    bool some_answer = false;  // of any hop: what the request does may have been done
    for (const Hop* at = hop_ ? &first_hop_ : nullptr; at; at = at->next.get())
        some_answer = some_answer || at->status.load(std::memory_order_relaxed) != 0;
    const bool answered = hop_ && hop_->status.load(std::memory_order_relaxed) != 0;
    for (base::Error& error : errors) {
        error.hop = static_cast<int32_t>(hop_count()) - 1;
        if (answered) error.request_sent = true;
        if (answered && error.phase == XH_PHASE_NONE) error.phase = XH_PHASE_HEAD;
        if (answered && error.peer.empty() && hop_->connection) error.peer = hop_->connection->remote;
        error.safe_to_retry = (!error.request_sent && !some_answer) || proto::is_idempotent_method(options_->method);
    }
}

void Request::succeed() {
    finished_ = true;
    RequestEvent event;
    event.type = XH_EVENT_RESPONSE;
    event.status = response_->status();
    if (wants(XH_EVENT_RESPONSE)) on_event(event);
    finish();
}

void Request::finish() {
    log_end();
    total_timer_.disarm();
    skim_timer_.disarm();
    leave();
    body_.reset();
    file_.reset();
    options_->drop_body_if_last();
    agent_.reset();
    profile_.reset();
    RequestEvent event;
    event.type = XH_EVENT_TERMINATE;
    event.status = errors() ? errors()->front().status : XH_OK;
    if (wants(XH_EVENT_TERMINATE)) on_event(event);
    terminated_.store(true, std::memory_order_release);
    on_ended();
    ended_.store(true, std::memory_order_seq_cst);
    base::unpark(ended_);
    release();
}

void Request::emit(const RequestEvent& event) {
    if (wants(event.type) && !ending()) on_event(event);
}

}  // namespace xh::client
