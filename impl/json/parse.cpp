// Reading JSON with POCO's parser. Around it: UTF-8 is checked first, whole numbers beyond 64 bits (which POCO 1.11 turns
// into 0 or clamps) are kept as digits, any value may stand at the top, and an error says where it is.

#include <algorithm>
#include <cstdint>
#include <streambuf>

#include "base/ascii.h"
#include "base/utf8.h"
#include "json/json.h"
#include "json/poco_json.h"

namespace xh::json {

namespace {

/// A whole number that fits neither int64 nor uint64, by its place among all numbers of the text.
struct BigNumber {
    std::size_t ordinal;
    std::string_view digits;
};

bool starts_number(char c) noexcept { return c == '-' || base::is_digit(c); }

bool in_number(char c) noexcept { return base::is_digit(c) || c == '-' || c == '+' || c == '.' || (c | 0x20) == 'e'; }

/// True for "-" digits that are valid JSON and out of range.
bool is_big(std::string_view number) noexcept {
    const bool negative = number[0] == '-';
    const std::string_view digits = number.substr(negative ? 1 : 0);
    if (digits.size() < 19 || digits[0] == '0') return false;
    for (char c : digits)
        if (!base::is_digit(c)) return false;
    uint64_t value;
    return !base::parse_decimal(digits, value) || (negative && value > uint64_t{1} << 63);
}

/// 19 digits in a row somewhere: only then is it worth looking for big numbers.
bool has_long_digits(std::string_view text) noexcept {
    std::size_t run = 0;
    for (char c : text) {
        run = base::is_digit(c) ? run + 1 : 0;
        if (run == 19) return true;
    }
    return false;
}

/// Finds the big numbers and overwrites each with a 0 and blanks, so that POCO reads on at the same offsets.
void lift_big_numbers(std::string_view text, std::size_t shift, std::string& copy, base::Vec<BigNumber>& found) {
    bool quoted = false;
    std::size_t ordinal = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (quoted) {
            if (c == '\\') ++i;
            if (c == '"') quoted = false;
        } else if (c == '"') {
            quoted = true;
        } else if (starts_number(c)) {
            std::size_t end = i + 1;
            while (end < text.size() && in_number(text[end])) ++end;
            const std::string_view number = text.substr(i, end - i);
            if (is_big(number)) {
                found.push_back({ordinal, number});
                copy.replace(shift + i, number.size(), number.size(), ' ');
                copy[shift + i] = '0';
            }
            ++ordinal;
            i = end - 1;
        }
    }
}

/// Lets POCO's parser be asked how far it got.
class CountingBuffer final : public std::streambuf {
public:
    explicit CountingBuffer(std::string& text) { setg(&text[0], &text[0], &text[0] + text.size()); }
    std::size_t used() const noexcept { return static_cast<std::size_t>(gptr() - eback()); }
};

void locate(std::string_view text, std::size_t offset, const char* reason, ParseError* error) {
    if (!error) return;
    error->offset = offset = std::min(offset, text.size());
    error->line = 1;
    std::size_t line_start = 0;
    for (std::size_t i = 0; i < offset; ++i) {
        if (text[i] != '\n') continue;
        ++error->line;
        line_start = i + 1;
    }
    error->column = offset - line_start + 1;
    error->message.assign("line ");
    base::append_decimal(error->message, error->line);
    error->message.append(", column ");
    base::append_decimal(error->message, error->column);
    error->message.append(": ");
    error->message.append(reason);
}

}  // namespace

/// Takes POCO's events and builds the tree.
class TreeBuilder final : public Poco::JSON::Handler {
public:
    explicit TreeBuilder(const base::Vec<BigNumber>& big) : big_(big) {}

    void reset() override {}
    void startObject() override { open(Value::make_object()); }
    void startArray() override { open(Value::make_array()); }
    void endObject() override {
        auto& object = std::get<Value::Object>(open_.back().value->data_);
        object.settle();
        close();
    }
    void endArray() override { close(); }
    void key(const std::string& name) override { open_.back().key.assign(name.data(), name.size()); }
    void null() override { add(Value::make_null()); }
    void value(int v) override { add_integer(v); }
    void value(unsigned v) override { add_integer(v); }
#if defined(POCO_HAVE_INT64)
    void value(Poco::Int64 v) override { add_integer(v); }
    void value(Poco::UInt64 v) override {
        add_number(v > INT64_MAX ? Value::make_unsigned(v) : Value::make_integer(static_cast<int64_t>(v)));
    }
#endif
    void value(const std::string& s) override { add(Value::make_string(s)); }
    void value(double v) override { add_number(Value::make_number(v)); }
    void value(bool v) override { add(Value::make_bool(v)); }

    ValueRef take() { return std::move(root_); }

private:
    struct Level {
        ValueRef value;
        base::String key;
    };

    void open(ValueRef container) { open_.push_back({std::move(container), {}}); }
    void close() {
        ValueRef done = std::move(open_.back().value);
        open_.pop_back();
        done->frozen_ = true;
        add(std::move(done));
    }
    void add_integer(int64_t v) { add_number(Value::make_integer(v)); }
    void add_number(ValueRef number) {
        if (next_big_ < big_.size() && big_[next_big_].ordinal == numbers_)
            number = Value::make_big_number(big_[next_big_++].digits);
        ++numbers_;
        add(std::move(number));
    }
    void add(ValueRef child) {
        if (!child) throw Poco::DataFormatException("a value that JSON cannot express");
        child->frozen_ = true;
        if (open_.empty()) {
            root_ = std::move(child);
            return;
        }
        Level& level = open_.back();
        Value& parent = *level.value;
        parent.height_ = std::max<uint8_t>(parent.height_, static_cast<uint8_t>(child->height_ + 1));
        if (auto* object = std::get_if<Value::Object>(&parent.data_)) {
            object->members.push_back({std::move(level.key), std::move(child)});
        } else {
            std::get<Value::Array>(parent.data_).push_back(std::move(child));
        }
    }

    const base::Vec<BigNumber>& big_;
    std::size_t next_big_ = 0;
    std::size_t numbers_ = 0;
    base::Vec<Level> open_;
    ValueRef root_;
};

namespace {

ValueRef read(const std::string& copy, const base::Vec<BigNumber>& big) {
    Poco::SharedPtr<TreeBuilder> builder(new TreeBuilder(big));
    Poco::JSON::Parser parser(builder);
    parser.setDepth(kMaxDepth + 1);
    parser.parse(copy);
    return builder->take();
}

/// Reads again what failed, to learn where.
std::size_t failing_offset(std::string& copy, const base::Vec<BigNumber>& big) {
    CountingBuffer buffer(copy);
    std::istream stream(&buffer);
    Poco::SharedPtr<TreeBuilder> builder(new TreeBuilder(big));
    Poco::JSON::Parser parser(builder);
    parser.setDepth(kMaxDepth + 1);
    try {
        parser.parse(stream);
    } catch (const Poco::Exception&) {
    }
    return buffer.used();
}

}  // namespace

xh_status parse(std::string_view text, ValueRef& out, ParseError* error) {
    const std::string_view all = text;
    if (text.substr(0, 3) == "\xEF\xBB\xBF") text.remove_prefix(3);
    const std::size_t mark = all.size() - text.size();
    const std::size_t valid = base::utf8_valid_prefix(text);
    if (valid != text.size()) return locate(all, mark + valid, "invalid UTF-8", error), XH_E_INVALID_JSON;

    // POCO reads arrays and objects only, so everything is made the one element of an array.
    std::string copy;
    copy.reserve(text.size() + 2);
    copy.push_back('[');
    copy.append(text.data(), text.size());
    copy.push_back(']');
    base::Vec<BigNumber> big;
    if (has_long_digits(text)) lift_big_numbers(text, 1, copy, big);
    ValueRef root;
    base::String reason;
    try {
        root = read(copy, big);
    } catch (const Poco::Exception& e) {
        reason = base::to_string(e.message());
    }
    if (root && root->is(Type::Array) && root->count() == 1) {
        out = ValueRef(root->at(0));
        return XH_OK;
    }
    if (error) {
        const std::size_t read_bytes = root ? 0 : failing_offset(copy, big);
        // One byte for the bracket, one because POCO has read the byte that it complains about.
        const std::size_t at = read_bytes > 2 ? read_bytes - 2 : 0;
        if (root) {
            reason.assign(root->count() == 0 ? "no value" : "more than one value");
        } else if (at >= text.size() && reason.compare(0, 10, "unexpected") == 0) {
            reason.assign("unexpected end of the text");  // POCO names the bracket or the end mark
        } else if (!base::utf8_valid(reason)) {
            reason.assign("not valid");
        }
        locate(all, mark + at, reason.c_str(), error);
    }
    return XH_E_INVALID_JSON;
}

}  // namespace xh::json
