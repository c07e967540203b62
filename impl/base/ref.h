#pragma once
// Counted objects. A count belongs to the object, so a reference costs no allocation and may cross threads.

#include <atomic>
#include <cstdint>
#include <utility>

#include "base/alloc.h"

namespace xh::base {

/// Starts with one reference, which `adopt` takes. The last release deletes, on the thread that made it.
class Counted : public Allocated {
public:
    Counted() noexcept = default;
    Counted(const Counted&) = delete;
    Counted& operator=(const Counted&) = delete;

    void retain() const noexcept { count_.fetch_add(1, std::memory_order_relaxed); }
    void release() const noexcept {
        if (count_.fetch_sub(1, std::memory_order_acq_rel) == 1) delete this;
    }
    /// False when the last reference has gone: the object is being deleted. For registries that own none.
    bool try_retain() const noexcept {
        uint32_t seen = count_.load(std::memory_order_relaxed);
        while (seen != 0)
            if (count_.compare_exchange_weak(seen, seen + 1, std::memory_order_acq_rel, std::memory_order_relaxed))
                return true;
        return false;
    }
    /// True when the caller's reference is the only one: nobody else can make another meanwhile.
    bool unique() const noexcept { return count_.load(std::memory_order_acquire) == 1; }

protected:
    virtual ~Counted() = default;

private:
    mutable std::atomic<uint32_t> count_{1};
};

template <class T>
class Ref {
public:
    Ref() noexcept = default;
    Ref(std::nullptr_t) noexcept {}
    explicit Ref(T* object) noexcept : object_(object) {
        if (object_) object_->retain();
    }
    Ref(const Ref& other) noexcept : Ref(other.object_) {}
    template <class U>
    Ref(const Ref<U>& other) noexcept : Ref(other.get()) {}
    Ref(Ref&& other) noexcept : object_(std::exchange(other.object_, nullptr)) {}
    template <class U>
    Ref(Ref<U>&& other) noexcept : object_(other.detach()) {}
    ~Ref() { reset(); }
    Ref& operator=(Ref other) noexcept {
        std::swap(object_, other.object_);
        return *this;
    }

    /// Takes over a reference that the caller owns.
    static Ref adopt(T* object) noexcept {
        Ref ref;
        ref.object_ = object;
        return ref;
    }
    /// Gives the reference to the caller.
    T* detach() noexcept { return std::exchange(object_, nullptr); }
    void reset() noexcept {
        if (T* object = std::exchange(object_, nullptr)) object->release();
    }

    T* get() const noexcept { return object_; }
    T* operator->() const noexcept { return object_; }
    T& operator*() const noexcept { return *object_; }
    explicit operator bool() const noexcept { return object_ != nullptr; }
    friend bool operator==(const Ref& a, const Ref& b) noexcept { return a.object_ == b.object_; }
    friend bool operator!=(const Ref& a, const Ref& b) noexcept { return a.object_ != b.object_; }

private:
    T* object_ = nullptr;
};

template <class T, class... Args>
Ref<T> make_ref(Args&&... args) {
    return Ref<T>::adopt(new T(std::forward<Args>(args)...));
}

}  // namespace xh::base
