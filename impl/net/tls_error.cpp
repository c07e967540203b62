#include "net/tls_error.h"

#include <openssl/err.h>

#include "base/ascii.h"
#include "net/openssl_ptr.h"

namespace xh::net {

namespace {

using base::Error;

constexpr int kAlertProtocolVersion = 70;

/// Alerts by which a server says that it does not take the client's certificate, or misses one.
bool about_client_certificate(int alert) noexcept {
    switch (alert) {
        case 42:   // bad_certificate
        case 43:   // unsupported_certificate
        case 44:   // certificate_revoked
        case 45:   // certificate_expired
        case 46:   // certificate_unknown
        case 48:   // unknown_ca
        case 116:  // certificate_required
            return true;
        default: return false;
    }
}

bool about_version(int reason) noexcept {
    switch (reason) {
        case SSL_R_UNSUPPORTED_PROTOCOL:
        case SSL_R_VERSION_TOO_LOW:
        case SSL_R_VERSION_TOO_HIGH:
        case SSL_R_WRONG_SSL_VERSION:
        case SSL_R_UNKNOWN_PROTOCOL:
        case SSL_R_NO_PROTOCOLS_AVAILABLE:
        case SSL_R_INAPPROPRIATE_FALLBACK: return true;
        default: return false;
    }
}

bool about_weakness(int reason) noexcept {
    switch (reason) {
        case SSL_R_EE_KEY_TOO_SMALL:
        case SSL_R_CA_KEY_TOO_SMALL:
        case SSL_R_CA_MD_TOO_WEAK: return true;
        default: return false;
    }
}

Error alert_error(int alert, bool established, std::string_view peer) {
    base::String text("the peer ");
    text += peer;
    text += established ? " ended the TLS connection: " : " refused the TLS connection: ";
    text += SSL_alert_desc_string_long(alert);
    text += " (alert ";
    base::append_decimal(text, static_cast<uint64_t>(alert));
    text += ')';
    if (about_client_certificate(alert)) text += "; it wants a client certificate, or another one";
    if (alert == kAlertProtocolVersion) text += "; is a lower or higher TLS version allowed?";
    Error error(alert == kAlertProtocolVersion ? XH_E_TLS_VERSION : XH_E_TLS_ALERT, base::component::kTls, XH_PHASE_TLS,
                text, peer);
    error.tls_alert = alert;
    return error;
}

}  // namespace

xh_status status_of_verify(long code) noexcept {
    switch (code) {
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
        case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
        case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
        case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
        case X509_V_ERR_CERT_UNTRUSTED: return XH_E_TLS_UNKNOWN_CA;
        case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT: return XH_E_TLS_SELF_SIGNED;
        case X509_V_ERR_CERT_HAS_EXPIRED: return XH_E_TLS_EXPIRED;
        case X509_V_ERR_CERT_NOT_YET_VALID: return XH_E_TLS_NOT_YET_VALID;
        case X509_V_ERR_HOSTNAME_MISMATCH:
        case X509_V_ERR_IP_ADDRESS_MISMATCH: return XH_E_TLS_WRONG_HOST;
        case X509_V_ERR_CERT_REVOKED: return XH_E_TLS_REVOKED;
        case X509_V_ERR_EE_KEY_TOO_SMALL:
        case X509_V_ERR_CA_KEY_TOO_SMALL:
        case X509_V_ERR_CA_MD_TOO_WEAK: return XH_E_TLS_WEAK;
        case X509_V_ERR_OUT_OF_MEM: return XH_E_NOMEM;
        default: return XH_E_TLS_CERTIFICATE;
    }
}

Error verify_error(const VerifyFailure& failure, std::string_view host, std::string_view peer) {
    const xh_status status = status_of_verify(failure.code);
    base::String text("the certificate of ");
    text += peer;
    switch (status) {
        case XH_E_TLS_WRONG_HOST:
            text += " is not for ";
            text += host;
            break;
        case XH_E_TLS_UNKNOWN_CA: text += " was issued by an authority that is not trusted here"; break;
        case XH_E_TLS_SELF_SIGNED: text += " is self-signed and not among the trusted ones"; break;
        case XH_E_TLS_EXPIRED: text += failure.depth > 0 ? " has an issuer that has expired" : " has expired"; break;
        case XH_E_TLS_NOT_YET_VALID: text += " is not valid yet; is the clock of this machine right?"; break;
        case XH_E_TLS_REVOKED: text += " was revoked by its issuer"; break;
        case XH_E_TLS_WEAK: text += " has a key or signature that is too weak"; break;
        default: text += " was not accepted"; break;
    }
    text += " (";
    text += X509_verify_cert_error_string(failure.code);
    if (!failure.subject.empty()) text += "; " + failure.subject;
    text += ')';
    Error error(status, base::component::kTls, XH_PHASE_TLS, text, peer);
    error.tls_verify = static_cast<int32_t>(failure.code);
    error.tls_depth = failure.depth;
    error.tls_subject = failure.subject;
    return error;
}

base::String drain_queue() {
    base::String text;
    const char* data = nullptr;
    int flags = 0;
    while (const unsigned long code = ERR_get_error_all(nullptr, nullptr, nullptr, &data, &flags)) {
        if (!text.empty()) text += "; ";
        const char* reason = ERR_reason_error_string(code);
        text += reason ? reason : "unknown reason";
        if ((flags & ERR_TXT_STRING) && data && *data) {
            text += ": ";
            text += data;
        }
    }
    return text;
}

Error queue_error(bool established, std::string_view host, std::string_view peer) {
    const unsigned long code = ERR_peek_error();
    const int reason = ERR_GET_LIB(code) == ERR_LIB_SSL ? ERR_GET_REASON(code) : 0;
    if (reason >= SSL_AD_REASON_OFFSET && reason < SSL_AD_REASON_OFFSET + 256) {
        ERR_clear_error();
        return alert_error(reason - SSL_AD_REASON_OFFSET, established, peer);
    }
    const base::String queued = drain_queue();
    xh_status status = established ? XH_E_TLS_PROTOCOL : XH_E_TLS_HANDSHAKE;
    base::String text;
    if (about_version(reason)) {
        status = XH_E_TLS_VERSION;
        text = "no TLS version that both this side and ";
        text += peer;
        text += " allow";
    } else if (about_weakness(reason)) {
        status = XH_E_TLS_WEAK;
        text = "a key or signature of the certificate of ";
        text += host;
        text += " is too weak";
    } else if (!established && (reason == SSL_R_WRONG_VERSION_NUMBER || reason == SSL_R_HTTP_REQUEST ||
                                reason == SSL_R_PACKET_LENGTH_TOO_LONG || reason == SSL_R_RECORD_LENGTH_MISMATCH)) {
        text = "the peer ";
        text += peer;
        text += " does not speak TLS; is this the right port, or does the server want http instead of https?";
    } else {
        text = established ? "the TLS stream from " : "the TLS handshake with ";
        text += peer;
        text += established ? " is broken" : " failed";
    }
    if (!queued.empty()) text += " (" + queued + ")";
    return Error(status, base::component::kTls, XH_PHASE_TLS, text, peer);
}

base::String subject_of(X509* certificate) {
    base::String out;
    if (!certificate) return out;
    OpensslPtr<BIO> memory(BIO_new(BIO_s_mem()));
    if (!memory) return out;
    X509_NAME_print_ex(memory.get(), X509_get_subject_name(certificate), 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
    char* data = nullptr;
    const long size = BIO_get_mem_data(memory.get(), &data);
    if (size > 0) out.assign(data, static_cast<std::size_t>(size));
    return out;
}

}  // namespace xh::net
