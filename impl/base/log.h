#pragma once
// The log (xh_set_log): silent unless the application asks. Bodies, credentials and cookies are never given to it.

#include <string_view>

#include "xh/base.h"

namespace xh::base {

/// Replaces the function. The old one's user_data is destroyed when no call of it runs any more, maybe on another thread.
xh_status set_log(int32_t level, xh_log_fn fn, void* user_data, xh_destroy_fn destroy);
/// True when a line of this level would reach somebody: ask before building the text.
bool log_wanted(int32_t level) noexcept;
/// Any thread. A line that is logged inside the log function is dropped; control characters become spaces.
void log(int32_t level, uint64_t id, const char* component, std::string_view text) noexcept;

}  // namespace xh::base
