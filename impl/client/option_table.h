#pragma once
// The options by number and by name: one table behind the typed setters, the JSON form and the reading back.

#include "client/options.h"
#include "json/json.h"

namespace xh::client {

enum class OptionType : uint8_t { Int, Bool, Enum, Real, Str, Bytes, Ptr };

struct OptionInfo {
    /// How the field is stored.
    enum class Field : uint8_t { Bool, I32, I64, U16, U64, Real, Str, Tls, None };

    int32_t id;
    OptionType type;
    const char* json;  ///< "" when it has no place in JSON
    Field field;
    void* (*at)(OptionValues&);
    int64_t least;
    int64_t most;
    const char* const* names;  ///< of an Enum, by value; nullptr where a value has none
};

/// nullptr for a number that is no option.
const OptionInfo* find_option(int32_t id) noexcept;
const OptionInfo* find_option(std::string_view json) noexcept;

xh_status set_int(OptionValues& values, const OptionInfo& option, int64_t value) noexcept;
xh_status set_real(OptionValues& values, const OptionInfo& option, double value) noexcept;
/// data() nullptr brings the default back.
xh_status set_text(OptionValues& values, const OptionInfo& option, std::string_view text);
xh_status get_int(const OptionValues& values, const OptionInfo& option, int64_t& out) noexcept;
/// The text of a STR or BYTES option, or the name of an ENUM value.
xh_status get_text(const OptionValues& values, const OptionInfo& option, std::string_view& out) noexcept;

/// Checks a header line that the application gives: XH_OK, XH_E_INVALID_HEADER_NAME, XH_E_INVALID_HEADER_VALUE,
/// XH_E_UNDEFINED_HEADER_VALUE, XH_E_OPTION_VALUE for one that xh writes itself.
xh_status check_header(std::string_view name, std::string_view value) noexcept;

/// Sets what a JSON object says; on error `values` may be half set and `why` names the property.
xh_status set_from_json(OptionValues& values, const json::Value& object, base::String& why);

}  // namespace xh::client
