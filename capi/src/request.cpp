#include "xh/request.h"

#include "buf_handle.h"
#include "guard.h"
#include "options_handle.h"
#include "request_handle.h"
#include "response_handle.h"

using xh::capi::guard;
using xh::capi::text_out;
namespace base = xh::base;
namespace client = xh::client;

namespace {

constexpr uint32_t bit(int32_t type) { return 1u << type; }

/// A queue gets everything but what is only of use at once, or comes too often to be worth a crossing.
constexpr uint32_t kQueueEvents = bit(XH_EVENT_INFORMATION) | bit(XH_EVENT_HEADERS) | bit(XH_EVENT_DATA) |
                                  bit(XH_EVENT_RESPONSE) | bit(XH_EVENT_ERROR) | bit(XH_EVENT_TERMINATE);

uint32_t wanted_by(const client::Options& options, const xh_request_callbacks& calls) noexcept {
    if (options.queue) return options.return_response_body ? kQueueEvents & ~bit(XH_EVENT_DATA) : kQueueEvents;
    auto want = [](xh_request_fn fn, int32_t type) { return fn ? bit(type) : 0u; };
    return want(calls.on_headers, XH_EVENT_HEADERS) | want(calls.on_data, XH_EVENT_DATA) |
           want(calls.on_response, XH_EVENT_RESPONSE) | want(calls.on_error, XH_EVENT_ERROR) |
           want(calls.on_terminate, XH_EVENT_TERMINATE) | want(calls.on_information, XH_EVENT_INFORMATION) |
           want(calls.on_redirect, XH_EVENT_REDIRECT) | want(calls.on_upload, XH_EVENT_UPLOAD) |
           want(calls.on_download, XH_EVENT_DOWNLOAD) | want(calls.on_trace, XH_EVENT_TRACE);
}

/// The application's table at its own size: slots that it does not have are NULL.
xh_request_callbacks copy_of(const xh_request_callbacks* calls) noexcept {
    xh_request_callbacks copy{};
    if (calls) std::memcpy(&copy, calls, calls->size < sizeof copy ? calls->size : sizeof copy);
    return copy;
}

bool has_any(const xh_request_callbacks& calls) noexcept {
    return calls.on_headers || calls.on_data || calls.on_response || calls.on_error || calls.on_terminate ||
           calls.on_information || calls.on_redirect || calls.on_upload || calls.on_download || calls.on_trace;
}

xh_status check(const xh_request* request) noexcept {
    if (!request) return XH_E_INVALID_ARGUMENT;
    // A request whose loop was shut down has ended: asking and waiting stay legal, ending has no effect.
    return request->check() == XH_E_FORKED ? XH_E_FORKED : XH_OK;
}

}  // namespace

xh_request::xh_request(base::Ref<const client::Options> options, const xh_request_callbacks& calls)
    : client::Request(options, wanted_by(*options, calls)),
      callbacks_(calls),
      queue_(static_cast<xh_queue*>(options->queue.get())) {}

void xh_request::hold() noexcept {
    retain();
    if (handles_.fetch_add(1, std::memory_order_acq_rel) == 0) loop()->hold();
}

void xh_request::unhold() noexcept {
    if (handles_.fetch_sub(1, std::memory_order_acq_rel) == 1) client::LoopHold::drop(loop());
    release();
}

xh_request_fn xh_request::slot(int32_t type) const noexcept {
    switch (type) {
        case XH_EVENT_HEADERS: return callbacks_.on_headers;
        case XH_EVENT_DATA: return callbacks_.on_data;
        case XH_EVENT_RESPONSE: return callbacks_.on_response;
        case XH_EVENT_ERROR: return callbacks_.on_error;
        case XH_EVENT_TERMINATE: return callbacks_.on_terminate;
        case XH_EVENT_INFORMATION: return callbacks_.on_information;
        case XH_EVENT_REDIRECT: return callbacks_.on_redirect;
        case XH_EVENT_UPLOAD: return callbacks_.on_upload;
        case XH_EVENT_DOWNLOAD: return callbacks_.on_download;
        default: return callbacks_.on_trace;
    }
}

void xh_request::on_event(const client::RequestEvent& event) noexcept {
    if (!queue_) {
        xh_request_event view{event};
        slot(event.type)(this, &view, callbacks_.user_data);
        return;
    }
    bool reserved = event.type == XH_EVENT_RESPONSE || event.type == XH_EVENT_ERROR || event.type == XH_EVENT_TERMINATE;
    xh_event out{};
    out.type = event.type;
    out.status = event.type == XH_EVENT_RESPONSE || event.type == XH_EVENT_HEADERS ? XH_OK : event.status;
    out.id = id();
    out.token = token();
    try {
        if (event.type == XH_EVENT_DATA) {
            out.buf = xh::capi::keep_data(event);
            out.data = text_out({out.buf->slice.data(), out.buf->slice.len});
        }
        hold();
        out.request = this;
        queue_->push(out, reserved);
    } catch (...) {
        if (out.buf) out.buf->release();
        if (out.request) unhold();
        fail_by_application(XH_E_NOMEM, "");
    }
}

void xh_request::on_ended() noexcept {
    if (xh_destroy_fn destroy = std::exchange(callbacks_.destroy, nullptr)) destroy(callbacks_.user_data);
    queue_.reset();
}

xh_status xh_request_new(const char* url, size_t url_len, const xh_options* options,
                         const xh_request_callbacks* callbacks, xh_request** out, xh_error** err) {
    if (!url || xh::capi::bad_text(url, url_len))
        return xh::capi::give_error(err, XH_E_INVALID_ARGUMENT, "the url is missing");
    if (callbacks && callbacks->size < offsetof(xh_request_callbacks, on_headers))
        return xh::capi::give_error(err, XH_E_INVALID_ARGUMENT, "the size of the table of callbacks is not set");
    xh_request* made = nullptr;
    xh_status status = guard([&]() -> xh_status {
        base::Ref<const client::Options> values = xh::capi::values_of(options);
        xh_request_callbacks calls = copy_of(callbacks);
        if (values->queue && has_any(calls))
            return xh::capi::give_error(err, XH_E_OPTION_CONFLICT, "callbacks and a queue contradict each other");
        made = new xh_request(values, calls);
        base::Error error;
        if (xh_status refused = made->prepare(xh::capi::text_in(url, url_len), error)) {
            return xh::capi::give_error(
                err, error ? std::move(error) : base::Error(refused, base::component::kApi, XH_PHASE_NONE, ""));
        }
        if (values->queue) static_cast<xh_queue*>(values->queue.get())->reserve();
        return XH_OK;
    });
    if (status != XH_OK) {
        if (made) {
            made->disown();
            made->release();
        }
        return status;
    }
    // The application's reference is stored before the work can end, since a callback may look for it.
    made->hold();
    made->release();
    if (out) *out = made;
    made->launch();
    if (!out) made->unhold();
    return XH_OK;
}

xh_status xh_wait(xh_request* request, int64_t timeout_ms) {
    if (xh_status status = check(request)) return status;
    return guard([&] { return request->wait(timeout_ms); });
}

xh_status xh_terminate(xh_request* request) {
    if (xh_status status = check(request)) return status;
    request->terminate();
    return XH_OK;
}

xh_status xh_fail(xh_request* request, xh_status status, const char* text, size_t len) {
    if (xh_status refused = check(request)) return refused;
    if (xh::capi::bad_text(text, len)) return XH_E_INVALID_ARGUMENT;
    return guard([&]() -> xh_status {
        request->fail_by_application(status < 0 ? status : XH_E_CALLBACK, xh::capi::text_in(text, len));
        return XH_OK;
    });
}

xh_request* xh_request_retain(xh_request* request) {
    if (request) request->hold();
    return request;
}

void xh_request_release(xh_request* request) {
    if (request) request->unhold();
}

uint64_t xh_request_id(const xh_request* request) { return request ? request->id() : 0; }

xh_status xh_request_pause(xh_request* request) {
    if (xh_status status = check(request)) return status;
    request->pause();
    return XH_OK;
}

xh_status xh_request_resume(xh_request* request) {
    if (xh_status status = check(request)) return status;
    request->resume();
    return XH_OK;
}

xh_status xh_request_consume(xh_request* request, size_t bytes) {
    if (xh_status status = check(request)) return status;
    return request->consume(bytes);
}

xh_status xh_request_resume_body(xh_request* request) {
    if (xh_status status = check(request)) return status;
    request->resume_body();
    return XH_OK;
}

xh_response* xh_request_response(const xh_request* request) {
    return request ? xh::capi::response_handle(request->response()) : nullptr;
}

size_t xh_request_error_count(const xh_request* request) {
    const base::ErrorList* errors = request ? request->errors() : nullptr;
    return errors ? errors->size() : 0;
}

const xh_error* xh_request_error_at(const xh_request* request, size_t index) {
    const base::ErrorList* errors = request ? request->errors() : nullptr;
    return errors && index < errors->size() ? xh::capi::error_handle(&(*errors)[index]) : nullptr;
}

xh_str xh_request_proxy_answer(const xh_request* request) {
    std::string_view answer = request ? request->proxy_answer() : std::string_view();
    return answer.empty() ? xh_str{nullptr, 0} : text_out(answer);
}
