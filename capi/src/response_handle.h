#pragma once
// xh_response is a client::Response seen through the C API.

#include "client/response.h"
#include "xh/response.h"

namespace xh::capi {

inline xh_response* response_handle(client::Response* response) noexcept {
    return reinterpret_cast<xh_response*>(response);
}
inline client::Response* response_of(xh_response* handle) noexcept {
    return reinterpret_cast<client::Response*>(handle);
}
inline const client::Response* response_of(const xh_response* handle) noexcept {
    return reinterpret_cast<const client::Response*>(handle);
}

}  // namespace xh::capi
