#include "client/option_table.h"

#include <cmath>

#include "base/utf8.h"
#include "proto/charset.h"
#include "proto/header_rules.h"

namespace xh::client {

namespace {

using Field = OptionInfo::Field;
using Type = OptionType;

constexpr const char* kDataTypes[] = {"auto", "text", "blob", "object"};
constexpr const char* kProtocols[] = {"auto", "HTTP1"};
constexpr const char* kTlsVersions[] = {nullptr, "TLSv1_0", "TLSv1_1", "TLSv1_2", "TLSv1_3"};
constexpr const char* kAuthMethods[] = {"auto", "basic", "digest"};
constexpr const char* kSchedulings[] = {"lifo", "fifo"};

constexpr int64_t kMostMs = int64_t{1} << 53;
constexpr int64_t kMostBytes = int64_t{1} << 53;

template <class T>
constexpr Field field_of() {
    if constexpr (std::is_same_v<T, bool>)
        return Field::Bool;
    else if constexpr (std::is_same_v<T, int32_t>)
        return Field::I32;
    else if constexpr (std::is_same_v<T, int64_t>)
        return Field::I64;
    else if constexpr (std::is_same_v<T, uint16_t>)
        return Field::U16;
    else if constexpr (std::is_same_v<T, uint64_t>)
        return Field::U64;
    else if constexpr (std::is_same_v<T, double>)
        return Field::Real;
    else if constexpr (std::is_same_v<T, base::String>)
        return Field::Str;
    else if constexpr (std::is_same_v<T, net::TlsVersion>)
        return Field::Tls;
    else
        return Field::None;
}

#define XH_FIELD(member)                                                                                               \
    field_of<std::decay_t<decltype(std::declval<OptionValues>().member)>>(),                                           \
        [](OptionValues& values) -> void* { return &values.member; }

constexpr OptionInfo boolean(int32_t id, const char* json, Field field, void* (*at)(OptionValues&)) {
    return {id, Type::Bool, json, field, at, 0, 1, nullptr};
}
constexpr OptionInfo integer(int32_t id, const char* json, int64_t least, int64_t most, Field field,
                             void* (*at)(OptionValues&)) {
    return {id, Type::Int, json, field, at, least, most, nullptr};
}
template <std::size_t N>
constexpr OptionInfo choice(int32_t id, const char* json, const char* const (&names)[N], Field field,
                            void* (*at)(OptionValues&)) {
    return {id, Type::Enum, json, field, at, 0, N - 1, names};
}
constexpr OptionInfo text(int32_t id, const char* json, Field field, void* (*at)(OptionValues&)) {
    return {id, Type::Str, json, field, at, 0, 0, nullptr};
}
constexpr OptionInfo handle(int32_t id) { return {id, Type::Ptr, "", Field::None, nullptr, 0, 0, nullptr}; }

constexpr OptionInfo kOptions[] = {
    text(XH_OPT_METHOD, "method", XH_FIELD(method)),
    boolean(XH_OPT_AUTOMATIC_REDIRECTIONS, "automaticRedirections", XH_FIELD(automatic_redirections)),
    integer(XH_OPT_MAX_REDIRECTIONS, "maxRedirections", 0, 100, XH_FIELD(max_redirections)),
    boolean(XH_OPT_FORBID_INSECURE_REDIRECT, "forbidInsecureRedirect", XH_FIELD(forbid_insecure_redirect)),
    choice(XH_OPT_DATA_TYPE, "dataType", kDataTypes, XH_FIELD(data_type)),
    boolean(XH_OPT_DECODE_DATA, "decodeData", XH_FIELD(decode_data)),
    text(XH_OPT_ENCODING, "encoding", XH_FIELD(encoding)),
    choice(XH_OPT_PROTOCOL, "protocol", kProtocols, XH_FIELD(protocol)),
    boolean(XH_OPT_RETURN_RESPONSE_BODY, "returnResponseBody", XH_FIELD(return_response_body)),
    boolean(XH_OPT_DECOMPRESS, "decompress", XH_FIELD(decompress)),
    integer(XH_OPT_EXPECT_CONTINUE_MS, "expectContinueMs", -1, kMostMs, XH_FIELD(expect_continue_ms)),
    text(XH_OPT_SECRET_HEADERS, "secretHeaders", XH_FIELD(secret_headers)),
    {XH_OPT_BODY_FILE, Type::Str, "bodyFile", Field::None, nullptr, 0, 0, nullptr},
    text(XH_OPT_OUTPUT_FILE, "outputFile", XH_FIELD(output_file)),
    boolean(XH_OPT_RESUME, "resume", XH_FIELD(resume)),
    {XH_OPT_TIMEOUT, Type::Real, "timeout", XH_FIELD(timeout_s), 0, 0, nullptr},
    integer(XH_OPT_QUEUE_TIMEOUT_MS, "queueTimeoutMs", -1, kMostMs, XH_FIELD(queue_ms)),
    integer(XH_OPT_LOOKUP_TIMEOUT_MS, "lookupTimeoutMs", -1, kMostMs, XH_FIELD(connect.lookup_ms)),
    integer(XH_OPT_CONNECT_TIMEOUT_MS, "connectTimeoutMs", -1, kMostMs, XH_FIELD(connect.connect_ms)),
    integer(XH_OPT_TLS_TIMEOUT_MS, "tlsTimeoutMs", -1, kMostMs, XH_FIELD(connect.tls_ms)),
    integer(XH_OPT_HEAD_TIMEOUT_MS, "headTimeoutMs", -1, kMostMs, XH_FIELD(head_ms)),
    integer(XH_OPT_STALL_TIMEOUT_MS, "stallTimeoutMs", -1, kMostMs, XH_FIELD(stall_ms)),
    choice(XH_OPT_MIN_TLS_VERSION, "minTLSVersion", kTlsVersions, XH_FIELD(tls.min_version)),
    choice(XH_OPT_MAX_TLS_VERSION, "maxTLSVersion", kTlsVersions, XH_FIELD(tls.max_version)),
    boolean(XH_OPT_VALIDATE_TLS_CERTIFICATE, "validateTLSCertificate", XH_FIELD(tls.verify)),
    text(XH_OPT_CERTIFICATES_FOLDER, "certificatesFolder", XH_FIELD(tls.cert_folder)),
    text(XH_OPT_CLIENT_CERT_PEM, "cert", XH_FIELD(tls.cert_pem)),
    text(XH_OPT_CLIENT_KEY_PEM, "key", XH_FIELD(tls.key_pem)),
    {XH_OPT_CLIENT_PFX, Type::Bytes, "pfx", XH_FIELD(tls.pfx), 0, 0, nullptr},
    text(XH_OPT_CLIENT_KEY_PASSPHRASE, "passphrase", XH_FIELD(tls.key_passphrase)),
    text(XH_OPT_CA_PEM, "ca", XH_FIELD(tls.ca_pem)),
    text(XH_OPT_CA_FILE, "caFile", XH_FIELD(tls.ca_file)),
    boolean(XH_OPT_SYSTEM_STORE, "systemStore", XH_FIELD(tls.system_store)),
    text(XH_OPT_CIPHERS, "ciphers", XH_FIELD(tls.ciphers)),
    text(XH_OPT_PINS, "pins", XH_FIELD(tls.pins)),
    text(XH_OPT_SERVER_NAME, "servername", XH_FIELD(tls.server_name)),
    boolean(XH_OPT_SESSION_CACHE, "sessionCache", XH_FIELD(tls.session_cache)),
    text(XH_OPT_KEYLOG_FILE, "keylogFile", XH_FIELD(tls.keylog_file)),
    boolean(XH_OPT_IGNORE_UNEXPECTED_EOF, "ignoreUnexpectedEof", XH_FIELD(tls.ignore_unexpected_eof)),
    text(XH_OPT_SERVER_AUTH_NAME, "serverAuthentication.name", XH_FIELD(server_auth.name)),
    text(XH_OPT_SERVER_AUTH_PASSWORD, "serverAuthentication.password", XH_FIELD(server_auth.password)),
    choice(XH_OPT_SERVER_AUTH_METHOD, "serverAuthentication.method", kAuthMethods, XH_FIELD(server_auth.method)),
    text(XH_OPT_PROXY, "proxy", XH_FIELD(proxy)),
    text(XH_OPT_PROXY_AUTH_NAME, "proxyAuthentication.name", XH_FIELD(proxy_auth.name)),
    text(XH_OPT_PROXY_AUTH_PASSWORD, "proxyAuthentication.password", XH_FIELD(proxy_auth.password)),
    choice(XH_OPT_PROXY_AUTH_METHOD, "proxyAuthentication.method", kAuthMethods, XH_FIELD(proxy_auth.method)),
    boolean(XH_OPT_PROXY_FROM_ENVIRONMENT, "proxyFromEnvironment", XH_FIELD(proxy_from_environment)),
    text(XH_OPT_NO_PROXY, "noProxy", XH_FIELD(no_proxy)),
    boolean(XH_OPT_PROXY_TUNNEL, "proxyTunnel", XH_FIELD(proxy_tunnel)),
    integer(XH_OPT_FAMILY, "family", 0, 6, XH_FIELD(family)),
    text(XH_OPT_LOCAL_ADDRESS, "localAddress", XH_FIELD(local_address)),
    integer(XH_OPT_LOCAL_PORT, "localPort", 0, 65535, XH_FIELD(local_port)),
    text(XH_OPT_SOCKET_PATH, "socketPath", XH_FIELD(socket_path)),
    boolean(XH_OPT_NO_DELAY, "noDelay", XH_FIELD(no_delay)),
    integer(XH_OPT_RECEIVE_WINDOW, "receiveWindow", 1, kMostBytes, XH_FIELD(receive_window)),
    boolean(XH_OPT_MANUAL_CONSUME, "manualConsume", XH_FIELD(manual_consume)),
    integer(XH_OPT_MAX_HEAD_BYTES, "maxHeaderSize", 1, 1 << 24, XH_FIELD(max_head_bytes)),
    integer(XH_OPT_MAX_HEADERS, "maxHeadersCount", 0, 1 << 24, XH_FIELD(max_headers)),
    integer(XH_OPT_MAX_BODY_BYTES, "maxBodyBytes", -1, kMostBytes, XH_FIELD(max_body_bytes)),
    integer(XH_OPT_MAX_CODING_RATIO, "maxCodingRatio", 0, 1 << 30, XH_FIELD(max_coding_ratio)),
    integer(XH_OPT_MAX_INTERIM, "maxInterimResponses", 0, 1 << 20, XH_FIELD(max_interim)),
    integer(XH_OPT_LENIENCY, "insecureHTTPParser", 0, proto::kLenientInsecureParser, XH_FIELD(leniency)),
    handle(XH_OPT_AGENT),
    boolean(XH_OPT_NO_AGENT, "noAgent", XH_FIELD(no_agent)),
    handle(XH_OPT_LOOP),
    handle(XH_OPT_QUEUE),
    integer(XH_OPT_TOKEN, "token", INT64_MIN, INT64_MAX, XH_FIELD(token)),
    boolean(XH_OPT_TRACE_CREDENTIALS, "traceCredentials", XH_FIELD(trace_credentials)),
    boolean(XH_OPT_KEEP_ALIVE, "keepAlive", XH_FIELD(keep_alive)),
    integer(XH_OPT_KEEP_ALIVE_MSECS, "keepAliveMsecs", -1, kMostMs, XH_FIELD(keep_alive_msecs)),
    integer(XH_OPT_MAX_SOCKETS, "maxSockets", -1, kMostMs, XH_FIELD(max_sockets)),
    integer(XH_OPT_MAX_TOTAL_SOCKETS, "maxTotalSockets", -1, kMostMs, XH_FIELD(max_total_sockets)),
    integer(XH_OPT_MAX_FREE_SOCKETS, "maxFreeSockets", -1, kMostMs, XH_FIELD(max_free_sockets)),
    choice(XH_OPT_SCHEDULING, "scheduling", kSchedulings, XH_FIELD(scheduling)),
    integer(XH_OPT_AGENT_TIMEOUT_MS, "agentTimeout", -1, kMostMs, XH_FIELD(agent_timeout_ms)),
    integer(XH_OPT_MAX_CONNECTION_AGE_MS, "maxConnectionAge", -1, kMostMs, XH_FIELD(max_connection_age_ms)),
    boolean(XH_OPT_COOKIES, "cookies", XH_FIELD(cookies)),
};

void* at(const OptionValues& values, const OptionInfo& option) noexcept {
    return option.at(const_cast<OptionValues&>(values));
}

/// Rules that a range cannot say.
bool fits(const OptionInfo& option, int64_t value) noexcept {
    switch (option.id) {
        case XH_OPT_FAMILY: return value == 0 || value == 4 || value == 6;
        case XH_OPT_MAX_SOCKETS:
        case XH_OPT_MAX_TOTAL_SOCKETS: return value != 0;
        default: return true;
    }
}

xh_status check_text(const OptionInfo& option, std::string_view text) {
    if (option.type != Type::Bytes && !base::utf8_valid(text)) return XH_E_INVALID_UTF8;
    net::ProxyTarget proxy;
    switch (option.id) {
        case XH_OPT_METHOD: return proto::check_method(text);
        case XH_OPT_ENCODING: return proto::charset_name(text).empty() ? XH_E_UNKNOWN_ENCODING : XH_OK;
        case XH_OPT_PROXY: return text.empty() ? XH_OK : parse_proxy(text, proxy);
        case XH_OPT_SERVER_AUTH_NAME:
        case XH_OPT_SERVER_AUTH_PASSWORD:
        case XH_OPT_PROXY_AUTH_NAME:
        case XH_OPT_PROXY_AUTH_PASSWORD:
            return text.empty() || proto::check_header_value(text) == XH_OK ? XH_OK : XH_E_OPTION_VALUE;
        case XH_OPT_CERTIFICATES_FOLDER:
        case XH_OPT_CA_FILE:
        case XH_OPT_KEYLOG_FILE:
        case XH_OPT_SOCKET_PATH:
        case XH_OPT_BODY_FILE:
        case XH_OPT_OUTPUT_FILE:
        case XH_OPT_SERVER_NAME: return text.find('\0') == std::string_view::npos ? XH_OK : XH_E_OPTION_VALUE;
        default: return XH_OK;
    }
}

void note_credentials(OptionValues& values, const OptionInfo& option) noexcept {
    if (option.id == XH_OPT_SERVER_AUTH_NAME) values.server_auth.given = !values.server_auth.name.empty();
    if (option.id == XH_OPT_PROXY_AUTH_NAME) values.proxy_auth.given = !values.proxy_auth.name.empty();
}

}  // namespace

const OptionInfo* find_option(int32_t id) noexcept {
    for (const OptionInfo& option : kOptions)
        if (option.id == id) return &option;
    return nullptr;
}

const OptionInfo* find_option(std::string_view json) noexcept {
    for (const OptionInfo& option : kOptions)
        if (!json.empty() && json == option.json) return &option;
    return nullptr;
}

xh_status set_int(OptionValues& values, const OptionInfo& option, int64_t value) noexcept {
    if (option.type != Type::Int && option.type != Type::Bool && option.type != Type::Enum) return XH_E_OPTION_TYPE;
    if (value < option.least || value > option.most || !fits(option, value)) return XH_E_OPTION_VALUE;
    void* field = at(values, option);
    switch (option.field) {
        case Field::Bool: *static_cast<bool*>(field) = value != 0; break;
        case Field::I32: *static_cast<int32_t*>(field) = static_cast<int32_t>(value); break;
        case Field::I64: *static_cast<int64_t*>(field) = value; break;
        case Field::U16: *static_cast<uint16_t*>(field) = static_cast<uint16_t>(value); break;
        case Field::U64: *static_cast<uint64_t*>(field) = static_cast<uint64_t>(value); break;
        case Field::Tls: *static_cast<net::TlsVersion*>(field) = static_cast<net::TlsVersion>(value); break;
        default: return XH_E_INTERNAL;
    }
    return XH_OK;
}

xh_status get_int(const OptionValues& values, const OptionInfo& option, int64_t& out) noexcept {
    if (option.type != Type::Int && option.type != Type::Bool && option.type != Type::Enum) return XH_E_OPTION_TYPE;
    void* field = at(values, option);
    switch (option.field) {
        case Field::Bool: out = *static_cast<bool*>(field); break;
        case Field::I32: out = *static_cast<int32_t*>(field); break;
        case Field::I64: out = *static_cast<int64_t*>(field); break;
        case Field::U16: out = *static_cast<uint16_t*>(field); break;
        case Field::U64: out = static_cast<int64_t>(*static_cast<uint64_t*>(field)); break;
        case Field::Tls: out = static_cast<int64_t>(*static_cast<net::TlsVersion*>(field)); break;
        default: return XH_E_INTERNAL;
    }
    if (option.id == XH_OPT_MAX_HEAD_BYTES && out < 0) out = static_cast<int64_t>(g_max_head_bytes.load());
    return XH_OK;
}

xh_status set_real(OptionValues& values, const OptionInfo& option, double value) noexcept {
    if (option.type != Type::Real) return XH_E_OPTION_TYPE;
    if (!std::isfinite(value) || (value < 0 && value != -1) || value > 1e12) return XH_E_OPTION_VALUE;
    *static_cast<double*>(at(values, option)) = value;
    return XH_OK;
}

xh_status set_text(OptionValues& values, const OptionInfo& option, std::string_view text) {
    bool absent = text.data() == nullptr;
    if (option.type == Type::Enum) {
        int64_t value = 0;
        if (absent) {
            get_int(*Options::defaults(), option, value);
            return set_int(values, option, value);
        }
        for (; value <= option.most; ++value)
            if (option.names[value] && text == option.names[value]) return set_int(values, option, value);
        return XH_E_OPTION_VALUE;
    }
    if (option.type != Type::Str && option.type != Type::Bytes) return XH_E_OPTION_TYPE;
    if (!absent) {
        xh_status status = check_text(option, text);
        if (status != XH_OK) return status;
    }
    if (option.id == XH_OPT_BODY_FILE) {
        values.body = absent || text.empty() ? base::Ref<Body>() : Body::copied(BodyForm::File, text);
        return XH_OK;
    }
    auto& field = *static_cast<base::String*>(at(values, option));
    if (absent)
        field = *static_cast<base::String*>(at(*Options::defaults(), option));
    else
        field = base::to_string(text);
    note_credentials(values, option);
    return XH_OK;
}

xh_status get_text(const OptionValues& values, const OptionInfo& option, std::string_view& out) noexcept {
    if (option.type == Type::Enum) {
        int64_t value = 0;
        get_int(values, option, value);
        out = option.names[value] ? std::string_view(option.names[value]) : std::string_view("");
        return XH_OK;
    }
    if (option.type != Type::Str && option.type != Type::Bytes) return XH_E_OPTION_TYPE;
    if (option.id == XH_OPT_BODY_FILE)
        out = values.body && values.body->form() == BodyForm::File ? values.body->bytes() : std::string_view("");
    else
        out = *static_cast<base::String*>(at(values, option));
    return XH_OK;
}

}  // namespace xh::client
