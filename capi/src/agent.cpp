#include "xh/agent.h"

#include "agent_handle.h"
#include "client/default_agent.h"
#include "client/option_table.h"
#include "guard.h"
#include "loop/library.h"
#include "options_handle.h"

using xh::capi::check;
using xh::capi::guard;
namespace client = xh::client;

namespace {

/// The options that an agent has, between them and its settings.
bool exchange(xh::agent::Settings& settings, client::OptionValues& values, int32_t option, bool store) {
    auto move = [store](auto& setting, auto& value) {
        if (store)
            setting.store(value);
        else
            value = setting.load();
        return true;
    };
    switch (option) {
        case XH_OPT_KEEP_ALIVE: return move(settings.keep_alive, values.keep_alive);
        case XH_OPT_KEEP_ALIVE_MSECS: return move(settings.keep_alive_msecs, values.keep_alive_msecs);
        case XH_OPT_MAX_SOCKETS: return move(settings.max_sockets, values.max_sockets);
        case XH_OPT_MAX_TOTAL_SOCKETS: return move(settings.max_total_sockets, values.max_total_sockets);
        case XH_OPT_MAX_FREE_SOCKETS: return move(settings.max_free_sockets, values.max_free_sockets);
        case XH_OPT_SCHEDULING:
            if (store)
                settings.fifo.store(values.scheduling == XH_SCHEDULING_FIFO);
            else
                values.scheduling = settings.fifo.load() ? XH_SCHEDULING_FIFO : XH_SCHEDULING_LIFO;
            return true;
        case XH_OPT_AGENT_TIMEOUT_MS: return move(settings.timeout_ms, values.agent_timeout_ms);
        case XH_OPT_MAX_CONNECTION_AGE_MS: return move(settings.max_age_ms, values.max_connection_age_ms);
        default: return false;
    }
}

}  // namespace

xh_status xh_agent_new(const xh_options* options, xh_agent** out, xh_error** err) {
    if (!out) return XH_E_INVALID_ARGUMENT;
    return guard([&]() -> xh_status {
        xh::base::Ref<const client::Options> values = xh::capi::values_of(options);
        xh::base::Ref<xh::loop::Loop> loop = values->loop ? values->loop : xh::loop::library::loop();
        if (!loop) return xh::capi::give_error(err, XH_E_TOO_MANY_FILES, "the library's thread could not be started");
        if (xh_status status = loop->check())
            return xh::capi::give_error(err, status, "the loop belongs to the parent process");
        xh::base::Ref<xh::agent::Agent> agent = xh::agent::Agent::make(loop);
        client::OptionValues copy = *values;
        for (int32_t option = XH_OPT_KEEP_ALIVE; option <= XH_OPT_MAX_CONNECTION_AGE_MS; ++option)
            exchange(agent->settings(), copy, option, true);
        *out = new xh_agent(agent.get());
        return XH_OK;
    });
}

xh_status xh_agent_global(xh_agent** out) {
    if (!out) return XH_E_INVALID_ARGUMENT;
    return guard([&]() -> xh_status {
        xh::base::Ref<xh::loop::Loop> loop = xh::loop::library::loop();
        if (!loop) return XH_E_TOO_MANY_FILES;
        *out = new xh_agent(&client::default_agent(*loop));
        return XH_OK;
    });
}

xh_agent* xh_agent_retain(xh_agent* agent) {
    if (agent) agent->retain();
    return agent;
}

void xh_agent_release(xh_agent* agent) {
    if (agent) agent->release();
}

uint64_t xh_agent_id(const xh_agent* agent) { return agent ? agent->agent().id() : 0; }

xh_status xh_agent_destroy(xh_agent* agent) {
    if (xh_status status = check(agent)) return status;
    agent->agent().destroy();
    return XH_OK;
}

xh_status xh_agent_close_free(xh_agent* agent) {
    if (xh_status status = check(agent)) return status;
    agent->agent().close_free();
    return XH_OK;
}

xh_status xh_agent_set_int(xh_agent* agent, int32_t option, int64_t value) {
    if (xh_status status = check(agent)) return status;
    return guard([&]() -> xh_status {
        const client::OptionInfo* info = client::find_option(option);
        if (!info) return XH_E_UNKNOWN_OPTION;
        client::OptionValues values;
        if (!exchange(agent->agent().settings(), values, option, false)) return XH_E_OPTION_TYPE;
        if (xh_status status = client::set_int(values, *info, value)) return status;
        exchange(agent->agent().settings(), values, option, true);
        agent->agent().settings_changed();
        return XH_OK;
    });
}

xh_status xh_agent_get_int(const xh_agent* agent, int32_t option, int64_t* out) {
    if (xh_status status = check(agent)) return status;
    if (!out) return XH_E_INVALID_ARGUMENT;
    return guard([&]() -> xh_status {
        const client::OptionInfo* info = client::find_option(option);
        if (!info) return XH_E_UNKNOWN_OPTION;
        client::OptionValues values;
        if (!exchange(agent->agent().settings(), values, option, false)) return XH_E_OPTION_TYPE;
        return client::get_int(values, *info, *out);
    });
}

int64_t xh_agent_count(const xh_agent* agent, int32_t counter) {
    if (check(agent) != XH_OK) return -1;
    const xh::agent::Counters& counters = agent->agent().counters();
    switch (counter) {
        case XH_COUNT_SOCKETS: return counters.sockets.load();
        case XH_COUNT_FREE_SOCKETS: return counters.free_sockets.load();
        case XH_COUNT_QUEUED: return counters.queued.load();
        case XH_COUNT_CREATED: return counters.created.load();
        case XH_COUNT_REUSED: return counters.reused.load();
        case XH_COUNT_RETRIED: return counters.retried.load();
        case XH_COUNT_BYTES_SENT: return counters.bytes_sent.load();
        case XH_COUNT_BYTES_RECEIVED: return counters.bytes_received.load();
        default: return -1;
    }
}
