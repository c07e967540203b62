#include "proto/digest.h"

#include <initializer_list>

#include "base/ascii.h"
#include "base/utf8.h"

namespace xh::proto {

namespace {

struct AlgorithmName {
    std::string_view name;
    DigestAlgorithm algorithm;
    bool session;
};

constexpr AlgorithmName kAlgorithms[] = {
    {"MD5", DigestAlgorithm::Md5, false},
    {"MD5-sess", DigestAlgorithm::Md5, true},
    {"SHA-256", DigestAlgorithm::Sha256, false},
    {"SHA-256-sess", DigestAlgorithm::Sha256, true},
    {"SHA-512-256", DigestAlgorithm::Sha512_256, false},
    {"SHA-512-256-sess", DigestAlgorithm::Sha512_256, true},
};

const AlgorithmName* find_algorithm(const Challenge& challenge) noexcept {
    const std::string_view given = challenge.find("algorithm");
    if (!given.data()) return &kAlgorithms[0];
    for (const AlgorithmName& known : kAlgorithms)
        if (base::iequals(given, known.name)) return &known;
    return nullptr;
}

bool offers(std::string_view qop, std::string_view what) noexcept {
    std::string_view item;
    while (base::next_list_item(qop, item))
        if (base::iequals(item, what)) return true;
    return false;
}

bool is_true(std::string_view value) noexcept { return base::iequals(value, "true"); }

bool has_control(std::string_view text) noexcept {
    for (char c : text)
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) return true;
    return false;
}

void put_text(base::String& out, std::string_view text) { out.append(text.data(), text.size()); }

/// name="value" with the quotes and backslashes of the value escaped.
void put_quoted(base::String& out, std::string_view name, std::string_view value) {
    put_text(out, name);
    out.append("=\"");
    for (char c : value) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    out.push_back('"');
}

/// RFC 8187: UTF-8''percent-encoded.
void put_extended(base::String& out, std::string_view value) {
    static constexpr char kDigits[] = "0123456789ABCDEF";
    out.append("username*=UTF-8''");
    for (char c : value) {
        // attr-char is tchar without * ' %
        if (base::has_class(c, base::kToken) && c != '*' && c != '\'' && c != '%') {
            out.push_back(c);
            continue;
        }
        const auto byte = static_cast<unsigned char>(c);
        const char escaped[3] = {'%', kDigits[byte >> 4], kDigits[byte & 15]};
        out.append(escaped, 3);
    }
}

}  // namespace

int digest_rank(const Challenge& challenge) noexcept {
    if (challenge.broken || challenge.scheme != "digest") return 0;
    const AlgorithmName* known = find_algorithm(challenge);
    const std::string_view qop = challenge.find("qop");
    if (!known || !challenge.find("realm").data() || challenge.find("nonce").empty()) return 0;
    if (!qop.empty() && !offers(qop, "auth") && !offers(qop, "auth-int")) return 0;
    return 1 + static_cast<int>(known->algorithm);
}

xh_status DigestSession::start(const Challenge& challenge) {
    if (digest_rank(challenge) == 0) return XH_E_BAD_CHALLENGE;
    const AlgorithmName* known = find_algorithm(challenge);
    algorithm_ = known->algorithm;
    session_ = known->session;
    algorithm_given_ = challenge.find("algorithm").data() != nullptr;
    const std::string_view qop = challenge.find("qop");
    offers_auth_ = offers(qop, "auth");
    offers_auth_int_ = offers(qop, "auth-int");
    userhash_ = is_true(challenge.find("userhash"));
    utf8_ = base::iequals(challenge.find("charset"), "UTF-8");
    has_opaque_ = challenge.find("opaque").data() != nullptr;
    realm_ = base::to_string(challenge.find("realm"));
    opaque_ = base::to_string(challenge.find("opaque"));
    nonce_ = base::to_string(challenge.find("nonce"));
    session_cnonce_.clear();
    session_hash_.size = 0;
    count_ = 0;
    return XH_OK;
}

bool DigestSession::hash(std::initializer_list<std::string_view> parts, HexDigest& out) const noexcept {
    DigestHash running(algorithm_);
    bool first = true;
    for (std::string_view part : parts) {
        if (!first) running.add(":");
        running.add(part);
        first = false;
    }
    return running.finish(out);
}

/// H(A1) of RFC 7616 3.4.2. A -sess value is made with the first nonce and cnonce and then stays.
bool DigestSession::credentials_hash(std::string_view user, std::string_view password, std::string_view cnonce,
                                     HexDigest& out) {
    if (session_ && session_hash_.size != 0) {
        out = session_hash_;
        return true;
    }
    if (!hash({user, realm_, password}, out)) return false;
    if (!session_) return true;
    const HexDigest plain = out;
    if (!hash({plain.view(), nonce_, cnonce}, out)) return false;
    session_hash_ = out;
    return true;
}

void DigestSession::put_user(std::string_view user, const HexDigest& user_hash, base::String& value) const {
    if (user_hash.size != 0) {
        put_quoted(value, "username", user_hash.view());
    } else if (utf8_ && base::ascii_prefix(user) != user.size() && base::utf8_valid(user)) {
        put_extended(value, user);
    } else {
        put_quoted(value, "username", user);
    }
}

xh_status DigestSession::authorize(std::string_view user, std::string_view password, const DigestRequest& request,
                                   std::string_view cnonce, base::String& value) {
    if (!active() || count_ == UINT32_MAX) return XH_E_STATE;
    if (has_control(user) || has_control(password)) return XH_E_INVALID_ARGUMENT;
    const Qop qop = offers_auth_ ? Qop::Auth : offers_auth_int_ ? Qop::AuthInt : Qop::None;
    if (session_) {
        if (session_cnonce_.empty()) session_cnonce_ = base::to_string(cnonce);
        cnonce = session_cnonce_;
    }
    HexDigest a1, a2, response, user_hash;
    if (!credentials_hash(user, password, cnonce, a1)) return XH_E_NOT_SUPPORTED;
    if (userhash_ && !hash({user, realm_}, user_hash)) return XH_E_NOT_SUPPORTED;
    if (qop == Qop::AuthInt) {
        DigestHash body(algorithm_);
        HexDigest entity;
        if (request.has_body && !(request.body_hash && request.body_hash(request.body_context, body)))
            return XH_E_BODY_NOT_REPLAYABLE;
        if (!body.finish(entity) || !hash({request.method, request.uri, entity.view()}, a2)) return XH_E_NOT_SUPPORTED;
    } else if (!hash({request.method, request.uri}, a2)) {
        return XH_E_NOT_SUPPORTED;
    }
    char nc[8];
    ++count_;
    for (unsigned i = 0; i < 8; ++i) nc[i] = "0123456789abcdef"[(count_ >> (28 - 4 * i)) & 15];
    const std::string_view nc_text(nc, 8), qop_text = qop == Qop::AuthInt ? "auth-int" : "auth";
    const bool hashed = qop == Qop::None ? hash({a1.view(), nonce_, a2.view()}, response)
                                         : hash({a1.view(), nonce_, nc_text, cnonce, qop_text, a2.view()}, response);
    if (!hashed) return XH_E_NOT_SUPPORTED;

    value.assign("Digest ");
    put_user(user, user_hash, value);
    value.append(", ");
    put_quoted(value, "realm", realm_);
    value.append(", ");
    put_quoted(value, "nonce", nonce_);
    value.append(", ");
    put_quoted(value, "uri", request.uri);
    if (algorithm_given_) {
        value.append(", algorithm=");
        for (const AlgorithmName& known : kAlgorithms)
            if (known.algorithm == algorithm_ && known.session == session_) put_text(value, known.name);
    }
    if (qop != Qop::None) {
        value.append(", qop=");
        put_text(value, qop_text);
        value.append(", nc=");
        put_text(value, nc_text);
    }
    // RFC 2069 knows no cnonce; a -sess hash cannot be checked without it.
    if (qop != Qop::None || session_) {
        value.append(", ");
        put_quoted(value, "cnonce", cnonce);
    }
    value.append(", ");
    put_quoted(value, "response", response.view());
    if (has_opaque_) {
        value.append(", ");
        put_quoted(value, "opaque", opaque_);
    }
    if (userhash_) value.append(", userhash=true");
    return XH_OK;
}

void DigestSession::info(std::string_view field) {
    if (!active()) return;
    base::Vec<AuthParam> params;
    parse_auth_params(field, params);
    for (const AuthParam& param : params) {
        if (param.name != "nextnonce" || param.value.empty() || has_control(param.value)) continue;
        nonce_ = param.value;
        count_ = 0;
        return;
    }
}

}  // namespace xh::proto
