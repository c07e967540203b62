#pragma once
// What the application gave us to keep: a user_data with the function that destroys it.

#include <utility>

#include "xh/base.h"

namespace xh::base {

/// Runs the destructor exactly once. Ownership passes from the application only when a call succeeds, so a caller that
/// fails after making one must `disown` it.
class Foreign {
public:
    Foreign() noexcept = default;
    Foreign(void* data, xh_destroy_fn destroy) noexcept : data_(data), destroy_(destroy) {}
    Foreign(Foreign&& other) noexcept
        : data_(std::exchange(other.data_, nullptr)), destroy_(std::exchange(other.destroy_, nullptr)) {}
    Foreign& operator=(Foreign&& other) noexcept {
        if (this != &other) {
            reset();
            data_ = std::exchange(other.data_, nullptr);
            destroy_ = std::exchange(other.destroy_, nullptr);
        }
        return *this;
    }
    Foreign(const Foreign&) = delete;
    Foreign& operator=(const Foreign&) = delete;
    ~Foreign() { reset(); }

    void* data() const noexcept { return data_; }
    void reset() noexcept {
        xh_destroy_fn destroy = std::exchange(destroy_, nullptr);
        void* data = std::exchange(data_, nullptr);
        if (destroy) destroy(data);
    }
    /// The application keeps its data: nothing is called.
    void disown() noexcept {
        data_ = nullptr;
        destroy_ = nullptr;
    }

private:
    void* data_ = nullptr;
    xh_destroy_fn destroy_ = nullptr;
};

}  // namespace xh::base
