#pragma once
// xh_loop: a loop of the caller, with the count of the application's references.

#include "base/live.h"
#include "base/ref.h"
#include "client/holds.h"
#include "xh/loop.h"

struct xh_loop final : xh::base::Counted {
    explicit xh_loop(xh::base::Ref<xh::loop::Loop> on) noexcept : hold(on), loop(std::move(on)) {}
    xh::client::LoopHold hold;
    xh::base::Ref<xh::loop::Loop> loop;
    xh::base::Live<XH_LIVE_HANDLES> live;

private:
    ~xh_loop() override = default;
};
