#include "net/tls_trust.h"

#include <dirent.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

#include "base/clock.h"
#include "base/per_process.h"
#include "base/process.h"
#include "net/tls_error.h"

namespace xh::net {

namespace {

using base::Error;

constexpr std::size_t kMaxCaFile = 16 * 1024 * 1024;
constexpr int64_t kSystemStoreAgeMs = 12 * 3600 * 1000;  // a package update takes effect in a long-lived process

/// Where distributions keep all authorities in one file. Read as a whole: a folder of hashed names would make the loop
/// look on disk during handshakes.
constexpr const char* kBundles[] = {
    "/etc/ssl/certs/ca-certificates.crt",                 // Debian, Ubuntu, Arch, Alpine
    "/etc/pki/tls/certs/ca-bundle.crt",                   // Fedora, RHEL
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",  // CentOS, RHEL
    "/etc/ssl/ca-bundle.pem",                             // openSUSE
    "/etc/ssl/cert.pem",                                  // Alpine, BSD, macOS
};

struct Found {
    int certificates = 0;
    int lists = 0;  // of revoked certificates
};

struct SystemStore {
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    OpensslPtr<X509_STORE> store;
    int64_t read_at = 0;
};

base::PerProcess<SystemStore> g_system;

/// Adds every certificate and revocation list of a PEM text; a text without any is tried as one DER certificate.
Found add_text(X509_STORE* store, std::string_view text) {
    Found found;
    OpensslPtr<BIO> bio = bio_over(text);
    if (!bio) throw std::bad_alloc();
    // Keys in the text are of no interest, and nobody is asked for their passphrase.
    auto no_passphrase = [](char*, int, int, void*) { return -1; };
    OpensslPtr<STACK_OF(X509_INFO)> items(PEM_X509_INFO_read_bio(bio.get(), nullptr, no_passphrase, nullptr));
    for (int i = 0; items && i < sk_X509_INFO_num(items.get()) && !base::process_exits(); ++i) {
        X509_INFO* item = sk_X509_INFO_value(items.get(), i);
        if (item->x509 && X509_STORE_add_cert(store, item->x509) == 1) ++found.certificates;
        if (item->crl && X509_STORE_add_crl(store, item->crl) == 1) ++found.lists;
    }
    if (found.certificates == 0 && found.lists == 0) {
        auto* bytes = reinterpret_cast<const unsigned char*>(text.data());
        OpensslPtr<X509> der(d2i_X509(nullptr, &bytes, static_cast<long>(text.size())));
        if (der && X509_STORE_add_cert(store, der.get()) == 1) ++found.certificates;
    }
    ERR_clear_error();
    return found;
}

bool add_folder(X509_STORE* store, const base::String& folder, Found& found, base::String& why) {
    DIR* dir = ::opendir(folder.c_str());
    if (!dir) {
        why = base::errno_text(errno);
        return false;
    }
    while (const dirent* entry = ::readdir(dir)) {
        if (entry->d_name[0] == '.') continue;
        if (base::process_exits()) break;
        base::String text, ignored;
        if (!read_file(folder + "/" + entry->d_name, kMaxCaFile, text, ignored)) continue;
        const Found more = add_text(store, text);
        found.certificates += more.certificates;
        found.lists += more.lists;
    }
    ::closedir(dir);
    return true;
}

bool add_path(X509_STORE* store, const base::String& path, Found& found, base::String& why) {
    struct stat info;
    if (::stat(path.c_str(), &info) != 0) {
        why = base::errno_text(errno);
        return false;
    }
    if (S_ISDIR(info.st_mode)) return add_folder(store, path, found, why);
    base::String text;
    if (!read_file(path, kMaxCaFile, text, why)) return false;
    found = add_text(store, text);
    return true;
}

OpensslPtr<X509_STORE> new_store() {
    OpensslPtr<X509_STORE> store(X509_STORE_new());
    if (!store) throw std::bad_alloc();
    // An authority that is trusted here ends the chain, also when it is no root itself.
    X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
    return store;
}

OpensslPtr<X509_STORE> read_system_store() {
    OpensslPtr<X509_STORE> store = new_store();
    Found found;
    base::String why;
    const char* file = ::secure_getenv("SSL_CERT_FILE");
    const char* folder = ::secure_getenv("SSL_CERT_DIR");
    if (file && *file) add_path(store.get(), file, found, why);
    if (folder && *folder) {
        Found more;
        add_folder(store.get(), folder, more, why);
        found.certificates += more.certificates;
    }
    for (const char* bundle : kBundles) {
        if (found.certificates) break;
        add_path(store.get(), bundle, found, why);
    }
    if (!found.certificates) X509_STORE_set_default_paths(store.get());
    ERR_clear_error();
    return store;
}

OpensslPtr<X509_STORE> shared_system_store() {
    SystemStore& system = g_system.get();
    pthread_mutex_lock(&system.mutex);
    const int64_t now = base::monotonic_ns();
    OpensslPtr<X509_STORE> out;
    try {
        if (!system.store || now - system.read_at > kSystemStoreAgeMs * base::kNsPerMs) {
            system.store = read_system_store();
            system.read_at = now;
        }
        X509_STORE_up_ref(system.store.get());
        out.reset(system.store.get());
    } catch (const std::bad_alloc&) {
    }
    pthread_mutex_unlock(&system.mutex);
    if (!out) throw std::bad_alloc();
    return out;
}

void copy_objects(X509_STORE* to, X509_STORE* from) {
    X509_STORE_lock(from);
    STACK_OF(X509_OBJECT)* objects = X509_STORE_get0_objects(from);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
        X509_OBJECT* object = sk_X509_OBJECT_value(objects, i);
        if (X509* certificate = X509_OBJECT_get0_X509(object)) X509_STORE_add_cert(to, certificate);
    }
    X509_STORE_unlock(from);
}

Error ca_error(std::string_view what, std::string_view why) {
    base::String text("the certificate authorities in ");
    text += what;
    text += " cannot be used: ";
    text += why;
    return Error(XH_E_TLS_CA, base::component::kTls, XH_PHASE_TLS, text);
}

}  // namespace

bool read_file(const base::String& path, std::size_t limit, base::String& out, base::String& why) {
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        why = base::errno_text(errno);
        return false;
    }
    struct Guard {
        int fd;
        ~Guard() { ::close(fd); }
    } guard{fd};
    struct stat info;
    if (::fstat(fd, &info) != 0 || !S_ISREG(info.st_mode)) {
        why = "not a file";
        return false;
    }
    char block[16384];
    for (;;) {
        const ssize_t n = ::read(fd, block, sizeof block);
        if (n == 0) return true;
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) {
            why = base::errno_text(errno);
            return false;
        }
        out.append(block, static_cast<std::size_t>(n));
        if (out.size() > limit) {
            why = "the file is too large";
            return false;
        }
    }
}

OpensslPtr<X509_STORE> make_trust_store(const TlsOptions& options, Error& error) {
    const bool own = !options.ca_pem.empty() || !options.ca_file.empty();
    if (!own) return options.system_store && options.verify ? shared_system_store() : new_store();
    OpensslPtr<X509_STORE> store = new_store();
    Found found;
    if (!options.ca_pem.empty()) {
        const Found more = add_text(store.get(), options.ca_pem);
        if (more.certificates + more.lists == 0) {
            error = ca_error("the text that was given", "there is no certificate in it");
            return nullptr;
        }
        found = more;
    }
    if (!options.ca_file.empty()) {
        Found more;
        base::String why;
        if (!add_path(store.get(), options.ca_file, more, why) || more.certificates + more.lists == 0) {
            error = ca_error(options.ca_file,
                             why.empty() ? std::string_view("there is no certificate in it") : std::string_view(why));
            return nullptr;
        }
        found.lists += more.lists;
    }
    if (options.system_store && options.verify) copy_objects(store.get(), shared_system_store().get());
    if (found.lists) X509_STORE_set_flags(store.get(), X509_V_FLAG_CRL_CHECK);
    return store;
}

void drop_system_store() noexcept {
    SystemStore* system = g_system.find();
    if (!system) return;
    pthread_mutex_lock(&system->mutex);
    OpensslPtr<X509_STORE> dropped = std::move(system->store);
    pthread_mutex_unlock(&system->mutex);
}

}  // namespace xh::net
