#pragma once
// xh_request: a client::Request whose events go to the callbacks of the application, or to a queue.

#include "client/request.h"
#include "queue_handle.h"
#include "xh/request.h"

struct xh_request final : xh::client::Request {
    xh_request(xh::base::Ref<const xh::client::Options> options, const xh_request_callbacks& calls);

    /// References of the application: while there is one, it can drive the request's loop by waiting.
    void hold() noexcept;
    void unhold() noexcept;

    uint64_t token() const noexcept { return options().token; }
    /// The application owns user_data again: the request was refused.
    void disown() noexcept { callbacks_.destroy = nullptr; }

private:
    ~xh_request() override = default;
    void on_event(const xh::client::RequestEvent& event) noexcept override;
    void on_ended() noexcept override;
    xh_request_fn slot(int32_t type) const noexcept;

    xh_request_callbacks callbacks_;
    std::atomic<uint32_t> handles_{0};
    xh::base::Ref<xh_queue> queue_;
};
