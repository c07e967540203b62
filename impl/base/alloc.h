#pragma once
// The library's memory: one hookable allocator (xh_set_allocator) under strings, vectors and objects.

#include <cstddef>
#include <new>
#include <string>
#include <string_view>
#include <vector>

namespace xh::base {

/// Returns at least one byte aligned for any type; throws std::bad_alloc when the hook has none.
void* allocate(std::size_t size);
/// Like allocate, but returns nullptr instead of throwing.
void* try_allocate(std::size_t size) noexcept;
void release_memory(void* ptr) noexcept;

template <class T>
struct Alloc {
    using value_type = T;
    Alloc() noexcept = default;
    template <class U>
    Alloc(const Alloc<U>&) noexcept {}
    T* allocate(std::size_t n) {
        if (n > static_cast<std::size_t>(-1) / sizeof(T)) throw std::bad_alloc();
        return static_cast<T*>(base::allocate(n * sizeof(T)));
    }
    void deallocate(T* p, std::size_t) noexcept { release_memory(p); }
    friend bool operator==(const Alloc&, const Alloc&) noexcept { return true; }
    friend bool operator!=(const Alloc&, const Alloc&) noexcept { return false; }
};

using String = std::basic_string<char, std::char_traits<char>, Alloc<char>>;
template <class T>
using Vec = std::vector<T, Alloc<T>>;

/// Base of every object made with `new`.
struct Allocated {
    static void* operator new(std::size_t size) { return base::allocate(size); }
    static void* operator new(std::size_t, void* at) noexcept { return at; }
    static void operator delete(void* ptr) noexcept { release_memory(ptr); }
    static void operator delete(void*, void*) noexcept {}
};

inline String to_string(std::string_view text) { return String(text.data(), text.size()); }

}  // namespace xh::base
