#pragma once
// JSON values: bodies, options. A tree of counted nodes; reading is by POCO's parser (parse.cpp), the rest is here.

#include <cstdint>
#include <string_view>
#include <utility>
#include <variant>

#include "base/alloc.h"
#include "base/ref.h"
#include "xh/base.h"

namespace xh::json {

enum class Type : int32_t { Null, Bool, Number, String, Array, Object };

/// Levels of arrays and objects inside each other, read or built.
constexpr int kMaxDepth = 128;

class Value;
using ValueRef = base::Ref<Value>;

/// One value. A value that is part of another, or was read from text, is frozen: it never changes again, so it may be read
/// from any thread and be part of several others. Only a new array or object can be filled, by one thread.
///
/// Numbers: whole numbers are kept exactly in the range of int64 and uint64; greater ones keep their digits and are written
/// as they were read; others are doubles. NaN and infinity do not exist.
class Value final : public base::Counted {
public:
    static ValueRef make_null() { return make(Data(Null{})); }
    static ValueRef make_bool(bool value) { return make(Data(value)); }
    static ValueRef make_integer(int64_t value) { return make(Data(value)); }
    static ValueRef make_unsigned(uint64_t value);
    /// Empty for NaN and infinity.
    static ValueRef make_number(double value);
    /// Empty when the text is not valid UTF-8.
    static ValueRef make_string(std::string_view text);
    /// A number given by its digits, which the caller has checked.
    static ValueRef make_big_number(std::string_view digits);
    static ValueRef make_array() { return make(Data(Array{}), 1); }
    static ValueRef make_object() { return make(Data(Object{}), 1); }

    Type type() const noexcept;
    bool is(Type wanted) const noexcept { return type() == wanted; }
    bool frozen() const noexcept { return frozen_; }

    /// Reads; XH_E_JSON_TYPE when the value is of another type, `out` is unchanged then.
    xh_status get_bool(bool& out) const noexcept;
    /// The nearest double.
    xh_status get_number(double& out) const noexcept;
    /// XH_E_OPTION_VALUE for a number that is not whole or out of range; 1.0 and 1e3 are whole.
    xh_status get_integer(int64_t& out) const noexcept;
    /// A view that lives as long as the value.
    xh_status get_string(std::string_view& out) const noexcept;

    /// Elements or members; 0 for other types.
    std::size_t count() const noexcept;
    /// Element or member value; nullptr past the end.
    Value* at(std::size_t index) const noexcept;
    /// Name of a member, in the order of the text; data() is nullptr past the end.
    std::string_view key_at(std::size_t index) const noexcept;
    /// Member by name; nullptr when there is none.
    Value* get(std::string_view key) const noexcept;

    /// Sets a member, in place of one of that name. The child is frozen.
    /// @return XH_OK; XH_E_JSON_TYPE; XH_E_STATE when frozen; XH_E_INVALID_UTF8; XH_E_INVALID_ARGUMENT for a child that is
    ///         the object itself or makes the tree deeper than kMaxDepth
    xh_status set(std::string_view key, ValueRef child);
    xh_status append(ValueRef child);
    /// A new array or object with the same members, which can be filled; other values give themselves.
    ValueRef copy() const;

    /// Appends the text: compact when `indent` is 0, else on lines, that many blanks per level.
    void write(base::String& out, unsigned indent = 0) const { write(out, indent, 0); }

private:
    friend class TreeBuilder;
    struct Null {};
    struct Big {
        base::String digits;
    };
    struct Member {
        base::String key;
        ValueRef value;
    };
    using Array = base::Vec<ValueRef>;
    struct Object {
        base::Vec<Member> members;
        base::Vec<uint32_t> sorted;  // members by key, when there are more than a few

        /// Where `key` stands, or members.size().
        std::size_t find(std::string_view key) const noexcept;
        void insert(base::String key, ValueRef value);
        /// After members were pushed unchecked: of equal keys the first keeps its place and takes the last value.
        void settle();
    };
    using Data = std::variant<Null, bool, int64_t, uint64_t, double, Big, base::String, Array, Object>;

    Value(Data data, uint8_t height) noexcept : data_(std::move(data)), height_(height) {}
    static ValueRef make(Data data, uint8_t height = 0) { return ValueRef::adopt(new Value(std::move(data), height)); }
    /// Freezes the child and counts its depth; see set().
    xh_status take(const ValueRef& child) noexcept;
    void write(base::String& out, unsigned indent, unsigned level) const;

    Data data_;
    bool frozen_ = false;
    uint8_t height_;  // levels of arrays and objects, itself included
};

struct ParseError {
    std::size_t offset = 0;  ///< bytes before the place
    std::size_t line = 1;
    std::size_t column = 1;  ///< in bytes, from 1
    base::String message;    ///< "line 3, column 7: unexpected byte ']' in value"
};

/// Reads a JSON text (RFC 8259): UTF-8, any value at the top, a byte order mark is skipped, at most kMaxDepth levels. Of
/// members with the same name the last counts. Numbers beyond the range of a double are refused.
/// @return XH_OK; XH_E_INVALID_JSON, then `error` (may be nullptr) says where and why. `out` is unchanged on error.
xh_status parse(std::string_view text, ValueRef& out, ParseError* error = nullptr);

/// Appends text in quotes, with what JSON asks to be escaped.
void append_quoted(base::String& out, std::string_view text);

}  // namespace xh::json
