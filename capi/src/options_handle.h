#pragma once
// xh_options: a set of values that is copied before it is changed while a request has it.

#include "base/live.h"
#include "client/options.h"
#include "xh/options.h"

struct xh_options final : xh::base::Counted {
    xh_options() : values(xh::base::make_ref<xh::client::Options>()) {}
    explicit xh_options(const xh::client::OptionValues& from) : values(xh::base::make_ref<xh::client::Options>(from)) {}
    /// The values to change: a request that has the present ones keeps them.
    xh::client::OptionValues& writable() {
        values = xh::base::make_ref<xh::client::Options>(static_cast<const xh::client::OptionValues&>(*values));
        return *values;
    }
    xh::base::Ref<xh::client::Options> values;
    xh::base::Live<XH_LIVE_HANDLES> live;

private:
    ~xh_options() override = default;
};

namespace xh::capi {

inline base::Ref<const client::Options> values_of(const xh_options* options) {
    return options ? base::Ref<const client::Options>(options->values) : client::Options::defaults();
}

}  // namespace xh::capi
