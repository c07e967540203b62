#include "buf_handle.h"
#include "guard.h"

// The event that a callback is given, and the data that it may keep.

namespace base = xh::base;

xh_buf* xh::capi::keep_data(const client::RequestEvent& event) {
    std::size_t n = event.data.size();
    base::Slice slice;
    if (event.buffer && n * 4 >= event.buffer->capacity()) {
        slice.buffer = base::Ref<base::Buffer>(event.buffer);
        slice.pos = static_cast<uint32_t>(event.data.data() - event.buffer->data());
    } else {
        slice.buffer = base::Buffer::make(n);
        std::memcpy(slice.buffer->data(), event.data.data(), n);
    }
    slice.len = static_cast<uint32_t>(n);
    return new xh_buf(std::move(slice));
}

int32_t xh_request_event_type(const xh_request_event* event) { return event ? event->event.type : 0; }

const char* xh_request_event_name(const xh_request_event* event) {
    static constexpr const char* kNames[] = {"",          "information", "headers", "data",     "response", "error",
                                             "terminate", "redirect",    "upload",  "download", "trace"};
    return kNames[xh_request_event_type(event)];
}

xh_str xh_request_event_data(const xh_request_event* event) {
    return event && event->event.data.data() ? xh::capi::text_out(event->event.data) : xh_str{nullptr, 0};
}

int32_t xh_request_event_status(const xh_request_event* event) {
    if (!event) return 0;
    return event->event.type == XH_EVENT_INFORMATION || event->event.type == XH_EVENT_REDIRECT ? event->event.status
                                                                                               : 0;
}

int64_t xh_request_event_bytes(const xh_request_event* event) { return event ? event->event.bytes : -1; }
int64_t xh_request_event_total(const xh_request_event* event) { return event ? event->event.total : -1; }

const xh_error* xh_request_event_error(const xh_request_event* event) {
    return event ? xh::capi::error_handle(event->event.error) : nullptr;
}

xh_buf* xh_data_keep(const xh_request_event* event) {
    if (!event || event->event.type != XH_EVENT_DATA) return nullptr;
    return xh::capi::guard_or<xh_buf*>(nullptr, [&] { return xh::capi::keep_data(event->event); });
}

xh_str xh_buf_data(const xh_buf* buf) {
    return buf ? xh::capi::text_out({buf->slice.data(), buf->slice.len}) : xh_str{nullptr, 0};
}

xh_buf* xh_buf_retain(xh_buf* buf) {
    if (buf) buf->retain();
    return buf;
}

void xh_buf_release(xh_buf* buf) {
    if (buf) buf->release();
}
