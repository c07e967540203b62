#pragma once
// The wall between C and C++: no exception leaves, and what came in is checked the same way everywhere.

#include <cstring>
#include <new>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "xh/error.h"

namespace xh::capi {

/// xh_error is a base::Error seen through the C API.
inline const base::Error* error_of(const xh_error* handle) noexcept {
    return reinterpret_cast<const base::Error*>(handle);
}
inline const xh_error* error_handle(const base::Error* error) noexcept {
    return reinterpret_cast<const xh_error*>(error);
}

/// Runs the body of an exported function that returns a status.
template <class F>
xh_status guard(F&& body) noexcept {
    try {
        return body();
    } catch (const std::bad_alloc&) {
        return XH_E_NOMEM;
    } catch (...) {
        return XH_E_INTERNAL;
    }
}

/// The same for other results.
template <class R, class F>
R guard_or(R otherwise, F&& body) noexcept {
    try {
        return body();
    } catch (...) {
        return otherwise;
    }
}

/// An input text: XH_NTS is measured; NULL with a length of 0 is a view without data.
inline std::string_view text_in(const char* text, std::size_t len) noexcept {
    if (!text) return {};
    return {text, len == XH_NTS ? std::strlen(text) : len};
}

/// NULL with a length, or a length that no object can have.
inline bool bad_text(const void* text, std::size_t len) noexcept {
    return text ? len != XH_NTS && len > PTRDIFF_MAX : len != 0 && len != XH_NTS;
}

inline xh_str text_out(std::string_view text) noexcept { return {text.data(), text.size()}; }
/// A view of something that is there, even when it is empty.
inline xh_str text_out_present(std::string_view text) noexcept { return {text.data() ? text.data() : "", text.size()}; }

/// Stores an error for the caller, who may not want it; without memory for it the status alone has to do.
inline xh_status give_error(xh_error** out, base::Error error) noexcept {
    xh_status status = error.status;
    if (out) {
        try {
            *out = reinterpret_cast<xh_error*>(new base::Error(std::move(error)));
        } catch (...) {
            return status;
        }
    }
    return status;
}

inline xh_status give_error(xh_error** out, xh_status status, std::string_view text) noexcept {
    try {
        return give_error(out, base::Error(status, base::component::kApi, XH_PHASE_NONE, text));
    } catch (...) {
        return status;
    }
}

}  // namespace xh::capi
