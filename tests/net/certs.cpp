#include "certs.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <array>
#include <cstring>
#include <memory>
#include <set>

#include "core.h"
#include "peers.h"

namespace testnet {
namespace {

struct Free {
    void operator()(EVP_PKEY* p) const { EVP_PKEY_free(p); }
    void operator()(X509* p) const { X509_free(p); }
    void operator()(X509_CRL* p) const { X509_CRL_free(p); }
    void operator()(PKCS12* p) const { PKCS12_free(p); }
    void operator()(BIO* p) const { BIO_free(p); }
};
template <class T>
using Own = std::unique_ptr<T, Free>;

constexpr long kDay = 24 * 3600;
constexpr char kPassword[] = "secret";
constexpr char kLocal[] = "DNS:localhost,IP:127.0.0.1,IP:::1";

enum class Key { Ec, Rsa2048, Rsa1024 };
enum class Role { Server, Client, Authority };

/// All that differs between the certificates. `issuer` "" means self-signed.
struct Plan {
    const char* name;
    const char* common_name;
    const char* san;
    const char* issuer = "ca";
    Role role = Role::Server;
    long from_days = -2;
    long to_days = 3650;
    Key key = Key::Ec;
    bool sha1 = false;
    bool send_issuer = false;
};

const std::array<Plan, 24> kPlans = {{
    {"ca", "xh test authority", nullptr, "", Role::Authority},
    {"ca2", "xh other authority", nullptr, "", Role::Authority},
    {"intermediate", "xh test intermediate", nullptr, "ca", Role::Authority},
    {"localhost", "localhost", kLocal},
    {"rsa", "localhost", kLocal, "ca", Role::Server, -2, 3650, Key::Rsa2048},
    {"dns-only", "localhost", "DNS:localhost"},
    {"ip-only", "xh addresses", "IP:127.0.0.1,IP:::1"},
    {"wildcard", "xh wildcard", "DNS:*.xh.test,DNS:xh.test"},
    {"wrong-host", "other.example", "DNS:other.example,IP:192.0.2.1"},
    {"cn-only", "localhost", nullptr},
    {"nul-host", "xh nul", "NUL"},
    {"expired", "localhost", kLocal, "ca", Role::Server, -20, -2},
    {"not-yet", "localhost", kLocal, "ca", Role::Server, 2, 3650},
    {"self-signed", "localhost", kLocal, ""},
    {"other-ca", "localhost", kLocal, "ca2"},
    {"weak", "localhost", kLocal, "ca", Role::Server, -2, 3650, Key::Rsa1024, true},
    {"chain", "localhost", kLocal, "intermediate", Role::Server, -2, 3650, Key::Ec, false, true},
    {"no-chain", "localhost", kLocal, "intermediate"},
    {"revoked", "localhost", kLocal},
    {"server-as-client", "localhost", kLocal, "ca", Role::Client},
    {"client-cert", "xh client", nullptr, "ca", Role::Client},
    {"client2-cert", "xh stranger", nullptr, "ca2", Role::Client},
    {"client-expired-cert", "xh late client", nullptr, "ca", Role::Client, -20, -2},
    {"client-rsa-cert", "xh rsa client", nullptr, "ca", Role::Client, -2, 3650, Key::Rsa2048},
}};

struct Made {
    Own<EVP_PKEY> key;
    Own<X509> cert;
};

struct Store {
    std::recursive_mutex lock;
    std::string dir;
    std::map<std::string, Made> made;
    std::set<std::string> files;
    long serial = 1000;
};

Store& store() {
    static Store* const one = [] {
        auto* s = new Store;
        s->dir = base_dir() + "/certs";
        mkdir(s->dir.c_str(), 0755);
        return s;
    }();
    return *one;
}

[[noreturn]] void crypto_failed(const char* what) {
    char text[256];
    ERR_error_string_n(ERR_get_error(), text, sizeof text);
    die("making a certificate: %s: %s", what, text);
}

const Plan* find_plan(const std::string& name) {
    for (const Plan& plan : kPlans)
        if (name == plan.name) return &plan;
    return nullptr;
}

Own<EVP_PKEY> make_key(Key kind) {
    EVP_PKEY* key = nullptr;
    switch (kind) {
        case Key::Ec: key = EVP_EC_gen("P-256"); break;
        case Key::Rsa2048: key = EVP_RSA_gen(2048); break;
        case Key::Rsa1024: key = EVP_RSA_gen(1024); break;
    }
    if (key == nullptr) crypto_failed("key");
    return Own<EVP_PKEY>(key);
}

void add_extension(X509* cert, X509V3_CTX* context, int nid, const char* value) {
    X509_EXTENSION* ext = X509V3_EXT_conf_nid(nullptr, context, nid, value);
    if (ext == nullptr || X509_add_ext(cert, ext, -1) != 1) crypto_failed(value);
    X509_EXTENSION_free(ext);
}

// A name that a reader of C strings takes for "localhost".
void add_nul_name(X509* cert) {
    static const char name[] = "localhost\0.evil.example";
    GENERAL_NAMES* names = GENERAL_NAMES_new();
    GENERAL_NAME* one = GENERAL_NAME_new();
    ASN1_IA5STRING* text = ASN1_IA5STRING_new();
    if (names == nullptr || one == nullptr || text == nullptr) crypto_failed("name");
    ASN1_STRING_set(text, name, sizeof name - 1);
    GENERAL_NAME_set0_value(one, GEN_DNS, text);
    sk_GENERAL_NAME_push(names, one);
    if (X509_add1_ext_i2d(cert, NID_subject_alt_name, names, 0, X509V3_ADD_APPEND) != 1) crypto_failed("name");
    GENERAL_NAMES_free(names);
}

void add_extensions(X509* cert, X509* issuer, const Plan& plan) {
    X509V3_CTX context;
    X509V3_set_ctx(&context, issuer, cert, nullptr, nullptr, 0);
    add_extension(cert, &context, NID_subject_key_identifier, "hash");
    if (plan.issuer[0] != '\0') add_extension(cert, &context, NID_authority_key_identifier, "keyid");
    if (plan.role == Role::Authority) {
        add_extension(cert, &context, NID_basic_constraints, "critical,CA:TRUE");
        add_extension(cert, &context, NID_key_usage, "critical,keyCertSign,cRLSign");
        return;
    }
    add_extension(cert, &context, NID_basic_constraints, "critical,CA:FALSE");
    add_extension(cert, &context, NID_key_usage, "critical,digitalSignature,keyEncipherment");
    add_extension(cert, &context, NID_ext_key_usage, plan.role == Role::Client ? "clientAuth" : "serverAuth");
    if (plan.san == nullptr) return;
    if (strcmp(plan.san, "NUL") == 0)
        add_nul_name(cert);
    else
        add_extension(cert, &context, NID_subject_alt_name, plan.san);
}

Made& make(Store& s, const std::string& name) {
    const auto known = s.made.find(name);
    if (known != s.made.end()) return known->second;
    const Plan* plan = find_plan(name);
    if (plan == nullptr) die("there is no certificate \"%s\"", name.c_str());
    Made out;
    out.key = make_key(plan->key);
    out.cert.reset(X509_new());
    X509* cert = out.cert.get();
    Made* issuer = plan->issuer[0] == '\0' ? &out : &make(s, plan->issuer);
    X509_set_version(cert, X509_VERSION_3);
    ASN1_INTEGER_set(X509_get_serialNumber(cert), s.serial++);
    X509_gmtime_adj(X509_getm_notBefore(cert), plan->from_days * kDay);
    X509_gmtime_adj(X509_getm_notAfter(cert), plan->to_days * kDay);
    X509_NAME* subject = X509_get_subject_name(cert);
    X509_NAME_add_entry_by_txt(subject, "CN", MBSTRING_UTF8, reinterpret_cast<const unsigned char*>(plan->common_name),
                               -1, -1, 0);
    X509_set_issuer_name(cert, X509_get_subject_name(issuer->cert.get()));
    X509_set_pubkey(cert, out.key.get());
    add_extensions(cert, issuer->cert.get(), *plan);
    if (X509_sign(cert, issuer->key.get(), plan->sha1 ? EVP_sha1() : EVP_sha256()) == 0) crypto_failed("signature");
    return s.made.emplace(name, std::move(out)).first->second;
}

std::string bio_text(BIO* bio) {
    char* data = nullptr;
    const long n = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<size_t>(n));
}

std::string cert_pem(X509* cert) {
    Own<BIO> out(BIO_new(BIO_s_mem()));
    if (PEM_write_bio_X509(out.get(), cert) != 1) crypto_failed("PEM");
    return bio_text(out.get());
}

std::string key_pem(EVP_PKEY* key, bool encrypted) {
    Own<BIO> out(BIO_new(BIO_s_mem()));
    const int done = PEM_write_bio_PKCS8PrivateKey(
        out.get(), key, encrypted ? EVP_aes_256_cbc() : nullptr, encrypted ? kPassword : nullptr,
        encrypted ? static_cast<int>(sizeof kPassword) - 1 : 0, nullptr, nullptr);
    if (done != 1) crypto_failed("key PEM");
    return bio_text(out.get());
}

void write_pair(Store& s, const std::string& name) {
    const Plan* plan = find_plan(name);
    std::string chain = cert_pem(make(s, name).cert.get());
    if (plan->send_issuer) chain += cert_pem(make(s, plan->issuer).cert.get());
    write_file(s.dir + "/" + name + ".pem", chain);
    write_file(s.dir + "/" + name + ".key", key_pem(make(s, name).key.get(), false));
}

/// A folder as 4D's certificatesFolder wants it.
void write_folder(Store& s, const std::string& folder, const std::string& name, bool encrypted) {
    mkdir((s.dir + "/" + folder).c_str(), 0755);
    const Made& made = make(s, name);
    write_file(s.dir + "/" + folder + "/cert.pem", cert_pem(made.cert.get()));
    write_file(s.dir + "/" + folder + "/key.pem", key_pem(made.key.get(), encrypted));
}

void write_p12(Store& s) {
    const Made& made = make(s, "client-cert");
    Own<PKCS12> p12(PKCS12_create(kPassword, "xh client", made.key.get(), made.cert.get(), nullptr, 0, 0, 0, 0, 0));
    Own<BIO> out(BIO_new(BIO_s_mem()));
    if (!p12 || i2d_PKCS12_bio(out.get(), p12.get()) != 1) crypto_failed("PKCS#12");
    write_file(s.dir + "/client.p12", bio_text(out.get()));
}

void write_crl(Store& s) {
    Made& ca = make(s, "ca");
    Own<X509_CRL> crl(X509_CRL_new());
    X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
    X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(ca.cert.get()));
    ASN1_TIME* when = ASN1_TIME_new();
    X509_gmtime_adj(when, -kDay);
    X509_CRL_set1_lastUpdate(crl.get(), when);
    X509_REVOKED* entry = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(make(s, "revoked").cert.get()));
    X509_REVOKED_set_revocationDate(entry, when);
    X509_CRL_add0_revoked(crl.get(), entry);
    X509_gmtime_adj(when, 365 * kDay);
    X509_CRL_set1_nextUpdate(crl.get(), when);
    ASN1_TIME_free(when);
    Own<BIO> out(BIO_new(BIO_s_mem()));
    if (X509_CRL_sign(crl.get(), ca.key.get(), EVP_sha256()) == 0 || PEM_write_bio_X509_CRL(out.get(), crl.get()) != 1)
        crypto_failed("CRL");
    write_file(s.dir + "/crl.pem", bio_text(out.get()));
}

/// "x.pem" and "x.key" give "x"; other names give "".
std::string pair_name(const std::string& file) {
    if (file.size() < 5) return "";
    const std::string end = file.substr(file.size() - 4);
    return end == ".pem" || end == ".key" ? file.substr(0, file.size() - 4) : "";
}

void write_named(Store& s, const std::string& name) {
    const std::string first = name.substr(0, name.find('/'));
    if (first == "client") return write_folder(s, "client", "client-cert", false);
    if (first == "client2") return write_folder(s, "client2", "client2-cert", false);
    if (first == "client-rsa") return write_folder(s, "client-rsa", "client-rsa-cert", false);
    if (first == "client-expired") return write_folder(s, "client-expired", "client-expired-cert", false);
    if (first == "client-encrypted") return write_folder(s, "client-encrypted", "client-cert", true);
    if (name == "client.p12") return write_p12(s);
    if (name == "crl.pem") return write_crl(s);
    if (!is_cert_file(name)) die("there is no certificate file \"%s\"", name.c_str());
    write_pair(s, pair_name(name));
}

}  // namespace

bool is_cert_file(const std::string& name) {
    const std::string first = name.substr(0, name.find('/'));
    for (const char* known :
         {"client", "client2", "client-rsa", "client-expired", "client-encrypted", "client.p12", "crl.pem"})
        if (first == known) return true;
    return find_plan(pair_name(name)) != nullptr;
}

std::string cert_path(const std::string& name) {
    Store& s = store();
    std::lock_guard<std::recursive_mutex> hold(s.lock);
    const std::string pair = pair_name(name);
    const std::string unit = pair.empty() || find_plan(pair) == nullptr ? name.substr(0, name.find('/')) : pair;
    if (s.files.insert(unit).second) write_named(s, name);
    return s.dir + "/" + name;
}

}  // namespace testnet

const char* cert_file(const char* name) { return testnet::keep_text(testnet::cert_path(name)); }

const char* cert_dir(void) {
    const std::string path = testnet::cert_path("ca.pem");
    return testnet::keep_text(path.substr(0, path.rfind('/')));
}
