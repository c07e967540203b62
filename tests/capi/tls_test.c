/* Certificates and versions of TLS (Q05, Q11, Q21). */
#include "support.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/sha.h>
#include <openssl/x509.h>

static const char *url(const char *port) { return peer_url(peer_nginx(), port, "/text"); }

/* The same by address. */
static const char *url_ip(const char *port) { return fmt("https://127.0.0.1:%d/text", peer_port(peer_nginx(), port)); }

static void accepts(const char *to, xh_options *o) {
    rec r = {0};
    if (rec_start(&r, to, opt_alone(o)) != NULL) {
        rec_finish(&r);
        REC_OK(&r, 200);
    }
    rec_end(&r);
}

/* Refused in the handshake, with nothing sent; verify -1: not looked at. */
static void refuses(const char *to, xh_options *o, xh_status status, int verify, int depth) {
    rec r = {0};
    if (rec_start(&r, to, opt_alone(o)) != NULL) {
        rec_finish(&r);
        REC_FAILED(&r, status, XH_PHASE_TLS);
        const xh_error *e = rec_error(&r);
        XT_CHECK_EQ(xh_status_kind(xh_error_status(e)), XH_KIND_TLS);
        XT_CHECK_VIEW(xh_error_component(e), "tls ");
        XT_CHECK_EQ(xh_error_request_sent(e), 0);
        XT_CHECK_EQ(xh_error_safe_to_retry(e), 1);
        if (verify >= 0) {
            XT_CHECK_EQ(xh_error_tls_verify(e), verify);
            XT_CHECK_EQ(xh_error_tls_depth(e), depth);
            XT_CHECK(xh_error_tls_subject(e).len > 0);
        }
        ORDER_IS(&r, "ETX");
    }
    rec_end(&r);
}

/* ---- verification (Q21) ----------------------------------------------------------------------------------------------------------- */

XT_TEST(q21_a_valid_certificate_is_accepted) { accepts(url("https"), opt_ca(NULL)); }
XT_TEST(q21_a_chain_with_its_intermediate_is_accepted) { accepts(url("https-chain"), opt_ca(NULL)); }
XT_TEST(q21_an_address_of_the_certificate_is_accepted) { accepts(url_ip("https"), opt_ca(NULL)); }
XT_TEST(q21_an_address_only_certificate_is_accepted_by_address) { accepts(url_ip("https-ip-only"), opt_ca(NULL)); }
XT_TEST(q21_a_wildcard_is_accepted_for_one_label) {
    accepts(url("https-wildcard"), opt_str(opt_ca(NULL), XH_OPT_SERVER_NAME, "a.xh.test"));
}

XT_TEST(q21_the_authority_is_verified_by_default) { refuses(url("https"), NULL, XH_E_TLS_UNKNOWN_CA, -1, 0); }
XT_TEST(q21_another_authority_is_refused) {
    refuses(url("https-other-ca"), opt_ca(NULL), XH_E_TLS_UNKNOWN_CA, X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY, 0);
}
XT_TEST(q21_a_missing_intermediate_is_refused) {
    refuses(url("https-no-chain"), opt_ca(NULL), XH_E_TLS_UNKNOWN_CA, -1, 0);
}
XT_TEST(q21_an_expired_certificate_is_refused) {
    refuses(url("https-expired"), opt_ca(NULL), XH_E_TLS_EXPIRED, X509_V_ERR_CERT_HAS_EXPIRED, 0);
}
XT_TEST(q21_a_certificate_of_tomorrow_is_refused) {
    refuses(url("https-not-yet"), opt_ca(NULL), XH_E_TLS_NOT_YET_VALID, X509_V_ERR_CERT_NOT_YET_VALID, 0);
}
XT_TEST(q21_a_self_signed_certificate_is_refused) {
    refuses(url("https-self-signed"), opt_ca(NULL), XH_E_TLS_SELF_SIGNED, X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT, 0);
}
XT_TEST(q21_another_host_is_refused) {
    refuses(url("https-wrong-host"), opt_ca(NULL), XH_E_TLS_WRONG_HOST, X509_V_ERR_HOSTNAME_MISMATCH, 0);
}
XT_TEST(q21_a_weak_certificate_is_refused) { refuses(url("https-weak"), opt_ca(NULL), XH_E_TLS_WEAK, -1, 0); }
XT_TEST(q21_the_common_name_is_not_looked_at) {
    refuses(url("https-cn-only"), opt_ca(NULL), XH_E_TLS_WRONG_HOST, -1, 0);
}
XT_TEST(q21_a_nul_in_the_name_does_not_deceive) {
    refuses(url("https-nul-host"), opt_ca(NULL), XH_E_TLS_WRONG_HOST, -1, 0);
}
XT_TEST(q21_an_address_is_not_matched_with_names) {
    refuses(url_ip("https-dns-only"), opt_ca(NULL), XH_E_TLS_WRONG_HOST, X509_V_ERR_IP_ADDRESS_MISMATCH, 0);
}
XT_TEST(q21_a_name_is_not_matched_with_addresses) {
    refuses(url("https-ip-only"), opt_ca(NULL), XH_E_TLS_WRONG_HOST, -1, 0);
}
XT_TEST(q21_a_wildcard_is_refused_for_two_labels) {
    refuses(url("https-wildcard"), opt_str(opt_ca(NULL), XH_OPT_SERVER_NAME, "a.b.xh.test"), XH_E_TLS_WRONG_HOST, -1,
            0);
}
XT_TEST(q21_a_certificate_for_clients_only_is_refused) {
    rec r = {0};
    XT_REQUIRE(rec_script_tls(&r, "tls server-as-client\nread-head\n" SEND_OK, opt_alone(NULL)));
    REC_FAILED(&r, XH_E_TLS_CERTIFICATE, XH_PHASE_TLS);
    rec_end(&r);
}

static xh_options *trusting(void) { return opt_int(NULL, XH_OPT_VALIDATE_TLS_CERTIFICATE, 0); }

XT_TEST(q21_without_validation_all_are_accepted) {
    accepts(url("https"), trusting());
    accepts(url("https-expired"), trusting());
    accepts(url("https-not-yet"), trusting());
    accepts(url("https-self-signed"), trusting());
    accepts(url("https-wrong-host"), trusting());
    accepts(url("https-other-ca"), trusting());
    accepts(url("https-no-chain"), trusting());
    accepts(url("https-cn-only"), trusting());
}

XT_TEST(q21_the_message_names_host_and_cause) {
    rec r = {0};
    rec_run(&r, url("https-wrong-host"), opt_alone(opt_ca(NULL)));
    XT_CHECK(view_has(xh_error_message(rec_error(&r)), "localhost"));
    XT_CHECK(view_has(xh_error_tls_subject(rec_error(&r)), "other.example"));
    XT_CHECK(xh_error_peer(rec_error(&r)).len > 0);
    rec_end(&r);
}

XT_TEST(q21_a_plain_request_after_a_refused_one_is_fine) {
    refuses(url("https-expired"), opt_ca(NULL), XH_E_TLS_EXPIRED, -1, 0);
    accepts(url("https"), opt_ca(NULL));
}

/* ---- authorities ----------------------------------------------------------------------------------------------------------------------- */

static xh_options *with_file(xh_options *o, int32_t option, const char *path) {
    char *text = slurp(path, NULL);
    o = opt_str(o, option, text);
    free(text);
    return o;
}

XT_TEST(q21_own_authorities_as_text) { accepts(url("https"), with_file(NULL, XH_OPT_CA_PEM, cert_file("ca.pem"))); }

XT_TEST(q21_a_revoked_certificate_is_refused_when_a_list_is_given) {
    char *ca = slurp(cert_file("ca.pem"), NULL), *crl = slurp(cert_file("crl.pem"), NULL);
    refuses(url("https-revoked"), opt_str(NULL, XH_OPT_CA_PEM, fmt("%s%s", ca, crl)), XH_E_TLS_REVOKED, -1, 0);
    accepts(url("https"), opt_str(NULL, XH_OPT_CA_PEM, fmt("%s%s", ca, crl)));
    free(ca);
    free(crl);
}

XT_TEST(q21_own_authorities_without_the_systems) {
    accepts(url("https"), opt_int(opt_ca(NULL), XH_OPT_SYSTEM_STORE, 0));
    refuses(url("https"), opt_int(NULL, XH_OPT_SYSTEM_STORE, 0), XH_E_TLS_UNKNOWN_CA, -1, 0);
}

XT_TEST(q21_authorities_that_cannot_be_read_are_an_error) {
    refuses(url("https"), opt_str(NULL, XH_OPT_CA_FILE, "/nowhere/ca.pem"), XH_E_TLS_CA, -1, 0);
    refuses(url("https"), opt_str(NULL, XH_OPT_CA_PEM, "no certificate at all"), XH_E_TLS_CA, -1, 0);
}

XT_TEST(q21_options_that_cannot_be_used_never_lead_to_a_request_without_tls) {
    script_peer *p = script_start("loop\nread-some\nsend 'HTTP/1.1 200 OK" NL "content-length: 0" NL NL "'");
    for (int i = 0; i < 20; i++) {
        rec r = {0};
        /* Another text each time: what is cached must not decide. */
        rec_run(&r, script_url(p, "https", "/secret"), opt_str(NULL, XH_OPT_CA_PEM, fmt("no authority %d", i)));
        REC_FAILED(&r, XH_E_TLS_CA, XH_PHASE_TLS);
        rec_end(&r);
    }
    for (int i = 1; i <= script_connections(p); i++) NOT_SENT(p, i, "secret");
    script_stop(p);
}

/* ---- versions (Q11) ---------------------------------------------------------------------------------------------------------------------- */

static void speaks(peer *p, const char *port, xh_options *o, const char *version) {
    rec r = {0};
    if (rec_start(&r, peer_url(p, port, "/"), opt_alone(opt_ca(o))) != NULL) {
        rec_finish(&r);
        XT_CHECK(rec_error(&r) == NULL || REC_OK(&r, 200));
        XT_CHECK_VIEW(xh_request_hop_tls_version(r.request, 0), version);
        XT_CHECK(xh_request_hop_tls_cipher(r.request, 0).len > 0);
    }
    rec_end(&r);
}

static xh_options *versions(const char *least, const char *most) {
    xh_options *o = xh_options_new();
    if (least != NULL) opt_str(o, XH_OPT_MIN_TLS_VERSION, least);
    if (most != NULL) opt_str(o, XH_OPT_MAX_TLS_VERSION, most);
    return o;
}

XT_TEST(q11_the_newest_version_is_used) { speaks(peer_nginx(), "https", NULL, "TLSv1.3"); }
XT_TEST(q11_version_1_2) { speaks(peer_nginx(), "https-tls12", NULL, "TLSv1.2"); }
XT_TEST(q11_version_1_2_by_the_upper_limit) { speaks(peer_nginx(), "https", versions(NULL, "TLSv1_2"), "TLSv1.2"); }
XT_TEST(q11_version_1_3_by_the_lower_limit) { speaks(peer_nginx(), "https", versions("TLSv1_3", NULL), "TLSv1.3"); }

XT_TEST(q11_version_1_1_on_request) {
    peer *p = peer_openssl_start("localhost", "-tls1_1");
    speaks(p, "https", versions("TLSv1_1", NULL), "TLSv1.1");
    peer_stop(p);
}

XT_TEST(q11_version_1_0_on_request) {
    peer *p = peer_openssl_start("localhost", "-tls1");
    speaks(p, "https", versions("TLSv1_0", NULL), "TLSv1");
    peer_stop(p);
}

XT_TEST(q11_version_1_1_is_refused_by_default) {
    peer *p = peer_openssl_start("localhost", "-tls1_1");
    refuses(peer_url(p, "https", "/"), opt_ca(NULL), XH_E_TLS_VERSION, -1, 0);
    peer_stop(p);
}

XT_TEST(q11_version_1_0_is_refused_by_default) {
    peer *p = peer_openssl_start("localhost", "-tls1");
    refuses(peer_url(p, "https", "/"), opt_ca(NULL), XH_E_TLS_VERSION, -1, 0);
    peer_stop(p);
}

XT_TEST(q11_a_server_below_the_lower_limit_is_refused) {
    refuses(url("https-tls12"), opt_ca(versions("TLSv1_3", NULL)), XH_E_TLS_VERSION, -1, 0);
}

XT_TEST(q11_a_server_above_the_upper_limit_is_refused) {
    refuses(url("https-tls13"), opt_ca(versions(NULL, "TLSv1_2")), XH_E_TLS_VERSION, -1, 0);
}

XT_TEST(q11_the_limits_must_not_cross) {
    REFUSED("https://127.0.0.1/", versions("TLSv1_3", "TLSv1_2"), XH_E_OPTION_CONFLICT);
}

XT_TEST(q11_the_default_is_1_2) {
    int64_t value = -1;
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_get_int(o, XH_OPT_MIN_TLS_VERSION, &value), XH_OK);
    XT_CHECK_EQ(value, XH_TLS_1_2);
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_MIN_TLS_VERSION, "TLSv1.2", XH_NTS), XH_E_OPTION_VALUE);
    XT_CHECK_EQ(xh_options_set_str(o, XH_OPT_MIN_TLS_VERSION, "SSLv3", XH_NTS), XH_E_OPTION_VALUE);
    xh_options_release(o);
}

XT_TEST(q11_a_list_of_ciphers) {
    rec r = {0};
    rec_run(&r, url("https-tls12"), opt_alone(opt_str(opt_ca(NULL), XH_OPT_CIPHERS, "ECDHE-ECDSA-AES256-GCM-SHA384")));
    REC_OK(&r, 200);
    HEADER_IS(&r, "x-tls-cipher", "ECDHE-ECDSA-AES256-GCM-SHA384");
    XT_CHECK_VIEW(xh_request_hop_tls_cipher(r.request, 0), "ECDHE-ECDSA-AES256-GCM-SHA384");
    rec_end(&r);
}

XT_TEST(q11_a_list_of_ciphers_that_is_none_is_an_error) {
    refuses(url("https"), opt_str(opt_ca(NULL), XH_OPT_CIPHERS, "NO-SUCH-CIPHER"), XH_E_TLS_CIPHERS, -1, 0);
}

/* ---- client certificates (Q05) ---------------------------------------------------------------------------------------------------------------- */

/* The server says what it thought of the certificate; "" status: 400. */
static void presents(xh_options *o, int32_t status, const char *verify) {
    rec r = {0};
    if (rec_start(&r, url("https-client-cert"), opt_alone(opt_ca(o))) != NULL) {
        rec_finish(&r);
        REC_OK(&r, status);
        if (verify != NULL) HEADER_IS(&r, "x-client-verify", verify);
    }
    rec_end(&r);
}

XT_TEST(q05_a_folder) { presents(opt_str(NULL, XH_OPT_CERTIFICATES_FOLDER, cert_file("client")), 200, "SUCCESS"); }
XT_TEST(q05_none) { presents(NULL, 400, NULL); }
XT_TEST(q05_one_of_another_authority) {
    presents(opt_str(NULL, XH_OPT_CERTIFICATES_FOLDER, cert_file("client2")), 400, NULL);
}

static xh_options *pem(const char *cert_folder, const char *key_folder) {
    xh_options *o = with_file(NULL, XH_OPT_CLIENT_CERT_PEM, fmt("%s/cert.pem", cert_file(cert_folder)));
    return with_file(o, XH_OPT_CLIENT_KEY_PEM, fmt("%s/key.pem", cert_file(key_folder)));
}

XT_TEST(q05_pem_texts) { presents(pem("client", "client"), 200, "SUCCESS"); }

XT_TEST(q05_an_encrypted_key) {
    presents(opt_str(pem("client-encrypted", "client-encrypted"), XH_OPT_CLIENT_KEY_PASSPHRASE, "secret"), 200,
             "SUCCESS");
}

XT_TEST(q05_a_folder_with_an_encrypted_key) {
    xh_options *o = opt_str(NULL, XH_OPT_CERTIFICATES_FOLDER, cert_file("client-encrypted"));
    presents(opt_str(o, XH_OPT_CLIENT_KEY_PASSPHRASE, "secret"), 200, "SUCCESS");
}

static xh_options *pfx(const char *passphrase) {
    size_t len = 0;
    char *bytes = slurp(cert_file("client.p12"), &len);
    xh_options *o = opt_str(NULL, XH_OPT_CLIENT_KEY_PASSPHRASE, passphrase);
    XT_CHECK_EQ(xh_options_set_bytes(o, XH_OPT_CLIENT_PFX, bytes, len), XH_OK);
    free(bytes);
    return o;
}

XT_TEST(q05_pkcs12_bytes) { presents(pfx("secret"), 200, "SUCCESS"); }

static void unusable(xh_options *o) {
    refuses(url("https-client-cert"), opt_ca(o), XH_E_TLS_CLIENT_CERTIFICATE, -1, 0);
}

XT_TEST(q05_pkcs12_with_the_wrong_password) { unusable(pfx("wrong")); }
XT_TEST(q05_an_encrypted_key_without_password) { unusable(pem("client-encrypted", "client-encrypted")); }
XT_TEST(q05_an_encrypted_key_with_the_wrong_password) {
    unusable(opt_str(pem("client-encrypted", "client-encrypted"), XH_OPT_CLIENT_KEY_PASSPHRASE, "wrong"));
}
XT_TEST(q05_the_key_of_another_certificate) { unusable(pem("client", "client2")); }
XT_TEST(q05_a_folder_that_is_not_there) { unusable(opt_str(NULL, XH_OPT_CERTIFICATES_FOLDER, "/nowhere")); }
XT_TEST(q05_a_folder_without_certificate) { unusable(opt_str(NULL, XH_OPT_CERTIFICATES_FOLDER, net_temp_dir())); }
XT_TEST(q05_texts_that_are_no_pem) {
    unusable(opt_str(opt_str(NULL, XH_OPT_CLIENT_CERT_PEM, "x"), XH_OPT_CLIENT_KEY_PEM, "y"));
}
XT_TEST(q05_pfx_bytes_that_are_none) {
    xh_options *o = xh_options_new();
    XT_CHECK_EQ(xh_options_set_bytes(o, XH_OPT_CLIENT_PFX, "nonsense", 8), XH_OK);
    unusable(o);
}

XT_TEST(q05_apache_asks_for_it_after_the_request) {
    rec r = {0};
    xh_options *o = opt_str(NULL, XH_OPT_CERTIFICATES_FOLDER, cert_file("client"));
    opt_str(o, XH_OPT_MAX_TLS_VERSION, "TLSv1_2");
    rec_run(&r, peer_url(peer_apache(), "https", "/client-cert/text"), opt_alone(opt_ca(o)));
    XT_CHECK(rec_error(&r) != NULL || xh_response_status(xh_request_response(r.request)) == 200);
    rec_end(&r);
}

XT_TEST(q05_apache_asks_for_it_after_the_handshake_of_1_3) {
    rec r = {0};
    xh_options *o = opt_str(NULL, XH_OPT_CERTIFICATES_FOLDER, cert_file("client"));
    rec_run(&r, peer_url(peer_apache(), "https", "/client-cert/text"), opt_alone(opt_ca(o)));
    REC_OK(&r, 200);
    rec_end(&r);
}

XT_TEST(q05_a_server_that_requires_one_ends_the_handshake_with_an_alert) {
    rec r = {0};
    XT_REQUIRE(rec_script_tls(&r, "tls max=1.2 client-cert\nread-head\n" SEND_OK, opt_alone(NULL)));
    REC_FAILED(&r, XH_E_TLS_ALERT, -1);
    XT_CHECK(xh_error_tls_alert(rec_error(&r)) > 0);
    rec_end(&r);
}

/* ---- pins --------------------------------------------------------------------------------------------------------------------------------------- */

/* base64 of the SHA-256 of the certificate's public key. */
static const char *pin_of(const char *cert) {
    static char pin[64];
    unsigned char *der = NULL, digest[SHA256_DIGEST_LENGTH];
    FILE *f = fopen(cert_file(cert), "r");
    X509 *x = f == NULL ? NULL : PEM_read_X509(f, NULL, NULL, NULL);
    if (f != NULL) fclose(f);
    if (x == NULL) return "";
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(x), &der);
    SHA256(der, (size_t)len, digest);
    EVP_EncodeBlock((unsigned char *)pin, digest, sizeof digest);
    OPENSSL_free(der);
    X509_free(x);
    return fmt("%s", pin);
}

XT_TEST(q21_a_pinned_key_is_accepted) {
    accepts(url("https"), opt_str(opt_ca(NULL), XH_OPT_PINS, pin_of("localhost.pem")));
}

XT_TEST(q21_one_of_several_pins_is_enough) {
    accepts(url("https"), opt_str(opt_ca(NULL), XH_OPT_PINS, fmt("%s;%s", pin_of("rsa.pem"), pin_of("localhost.pem"))));
}

XT_TEST(q21_another_key_than_the_pinned_is_refused) {
    refuses(url("https"), opt_str(opt_ca(NULL), XH_OPT_PINS, pin_of("rsa.pem")), XH_E_TLS_PIN, -1, 0);
}

XT_TEST(q21_a_pin_counts_without_validation_too) {
    refuses(url("https"), opt_str(trusting(), XH_OPT_PINS, pin_of("rsa.pem")), XH_E_TLS_PIN, -1, 0);
    accepts(url("https-self-signed"), opt_str(trusting(), XH_OPT_PINS, pin_of("self-signed.pem")));
}

XT_TEST(q21_a_pin_does_not_replace_validation) {
    refuses(url("https-self-signed"), opt_str(opt_ca(NULL), XH_OPT_PINS, pin_of("self-signed.pem")),
            XH_E_TLS_SELF_SIGNED, -1, 0);
}

CAPI_MAIN("tls")
