/* A small front for CUnit, for C99 and C++17: tests register themselves, the program runs them by name.
 *
 *     XT_TEST(a_short_body_is_an_error) { XT_CHECK_EQ(parse("x"), XH_E_TRUNCATED); }
 *     XT_MAIN("parser")
 *
 * The program takes names (or parts of names) of tests to run, and `--list`. Its last line is
 * `[xtest] passed=N failed=N`, which `./dev test` adds up; its exit code is 0 only if tests ran and none failed.
 * Every check is an expression that is 1 when it held, may stand in any thread, and prints both values when it
 * did not hold. XT_REQUIRE leaves the test's function (it returns, it does not jump, so destructors run).
 */
#ifndef XTEST_H
#define XTEST_H

#include <CUnit/Basic.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef __cplusplus
#include <exception>
#include <string>
#include <string_view>
#include <type_traits>
extern "C" {
#endif

#define XT_MAX_TESTS 1024
#define XT_MAX_FAILURES 16 /* records per test; a check in a loop must not flood the log */

typedef void (*xt_fn)(void);

/* A failed check, or one made in another thread that waits for the test's own thread to hand it to CUnit. */
struct xt_late {
    struct xt_late *next;
    unsigned line;
    const char *file;
    char *text;
};

struct xt_state {
    struct {
        const char *name;
        unsigned line;
        xt_fn run;
    } tests[XT_MAX_TESTS];
    int count;
    xt_fn before, after;
    pthread_t thread;
    int failures; /* of the running test */
    pthread_mutex_t lock;
    struct xt_late *late;
};

/* Weak, so that several files of one program share it. */
__attribute__((weak)) struct xt_state xt_state_;

static inline void xt_register(const char *name, unsigned line, xt_fn run) {
    int at = xt_state_.count;
    if (at == XT_MAX_TESTS) {
        fprintf(stderr, "xtest: more than %d tests\n", XT_MAX_TESTS);
        abort();
    }
    while (at > 0 && xt_state_.tests[at - 1].line > line) {
        xt_state_.tests[at] = xt_state_.tests[at - 1];
        at--;
    }
    xt_state_.tests[at].name = name;
    xt_state_.tests[at].line = line;
    xt_state_.tests[at].run = run;
    xt_state_.count++;
}

/* Counts a check that held. CUnit's counters belong to the test's thread. */
static inline int xt_held(unsigned line, const char *file) {
    if (pthread_equal(pthread_self(), xt_state_.thread)) CU_assertImplementation(CU_TRUE, line, "", file, "", CU_FALSE);
    return 1;
}

__attribute__((format(printf, 3, 4))) static inline int xt_failed(unsigned line, const char *file, const char *format,
                                                                  ...) {
    char text[2048];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    pthread_mutex_lock(&xt_state_.lock);
    int shown = ++xt_state_.failures <= XT_MAX_FAILURES;
    if (shown && !pthread_equal(pthread_self(), xt_state_.thread)) {
        struct xt_late *late = (struct xt_late *)malloc(sizeof *late);
        if (late == NULL) abort();
        late->next = xt_state_.late;
        late->line = line;
        late->file = file;
        late->text = strdup(text);
        xt_state_.late = late;
        shown = 0;
    }
    pthread_mutex_unlock(&xt_state_.lock);
    if (shown) CU_assertImplementation(CU_FALSE, line, text, file, "", CU_FALSE);
    return 0;
}

static inline int xt_check(int held, unsigned line, const char *file, const char *text) {
    return held ? xt_held(line, file) : xt_failed(line, file, "%s", text);
}

/* Writes bytes as they could stand in a C string, cut when they are long. */
static inline void xt_show(char *out, size_t size, const void *data, size_t len) {
    const unsigned char *p = (const unsigned char *)data;
    size_t used = 0, i;
    if (data == NULL) {
        snprintf(out, size, "NULL");
        return;
    }
    out[used++] = '"';
    for (i = 0; i < len && used + 12 < size; i++) {
        if (p[i] == '\r' || p[i] == '\n' || p[i] == '\t') {
            out[used++] = '\\';
            out[used++] = p[i] == '\r' ? 'r' : p[i] == '\n' ? 'n' : 't';
        } else if (p[i] < 32 || p[i] == 127) {
            used += (size_t)snprintf(out + used, size - used, "\\x%02x", p[i]);
        } else {
            out[used++] = (char)p[i];
        }
    }
    snprintf(out + used, size - used, i < len ? "\"..." : "\"");
}

static inline int xt_check_bytes(const void *a, size_t a_len, const void *b, size_t b_len, unsigned line,
                                 const char *file, const char *text) {
    char left[512], right[512];
    if ((a == NULL) == (b == NULL) && a_len == b_len && (a_len == 0 || memcmp(a, b, a_len) == 0))
        return xt_held(line, file);
    xt_show(left, sizeof left, a, a_len);
    xt_show(right, sizeof right, b, b_len);
    return xt_failed(line, file, "%s: %s (%zu bytes) is not %s (%zu bytes)", text, left, a_len, right, b_len);
}

static inline int xt_check_ints(intmax_t a, intmax_t b, unsigned line, const char *file, const char *text) {
    if (a == b) return xt_held(line, file);
    return xt_failed(line, file, "%s: %" PRIdMAX " is not %" PRIdMAX, text, a, b);
}

static inline int xt_check_strings(const char *a, const char *b, unsigned line, const char *file, const char *text) {
    return xt_check_bytes(a, a == NULL ? 0 : strlen(a), b, b == NULL ? 0 : strlen(b), line, file, text);
}

static inline void xt_begin(void) {
    xt_state_.failures = 0;
    if (xt_state_.before != NULL) xt_state_.before();
}

static inline void xt_end(const char *name, unsigned line, const char *file) {
    struct xt_late *late;
    if (xt_state_.after != NULL) xt_state_.after();
    pthread_mutex_lock(&xt_state_.lock);
    late = xt_state_.late;
    xt_state_.late = NULL;
    pthread_mutex_unlock(&xt_state_.lock);
    while (late != NULL) {
        struct xt_late *next = late->next;
        CU_assertImplementation(CU_FALSE, late->line, late->text, late->file, "", CU_FALSE);
        free(late->text);
        free(late);
        late = next;
    }
    if (xt_state_.failures > XT_MAX_FAILURES) {
        char text[256];
        snprintf(text, sizeof text, "%s: %d more checks failed", name, xt_state_.failures - XT_MAX_FAILURES);
        CU_assertImplementation(CU_FALSE, line, text, file, "", CU_FALSE);
    }
}

/* 1 when the test is asked for: no name given, or one that is part of its name. */
static inline int xt_wanted(const char *name, int argc, char **argv) {
    int any = 0;
    for (int i = 1; i < argc; i++) {
        if (argv[i][0] == '-') continue;
        any = 1;
        if (strstr(name, argv[i]) != NULL) return 1;
    }
    return !any;
}

static inline int xt_main(const char *suite_name, int argc, char **argv) {
    int added = 0, ok;
    unsigned ran, failed;
    if (argc > 1 && strcmp(argv[1], "--list") == 0) {
        for (int i = 0; i < xt_state_.count; i++) puts(xt_state_.tests[i].name);
        return 0;
    }
    setvbuf(stdout, NULL, _IONBF, 0);
    pthread_mutex_init(&xt_state_.lock, NULL);
    xt_state_.thread = pthread_self();
    if (CU_initialize_registry() != CUE_SUCCESS) return 2;
    CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
    if (suite == NULL) return 2;
    for (int i = 0; i < xt_state_.count; i++) {
        if (!xt_wanted(xt_state_.tests[i].name, argc, argv)) continue;
        if (CU_add_test(suite, xt_state_.tests[i].name, xt_state_.tests[i].run) == NULL) {
            fprintf(stderr, "xtest: cannot add %s: %s\n", xt_state_.tests[i].name, CU_get_error_msg());
            return 2;
        }
        added++;
    }
    CU_basic_set_mode(CU_BRM_VERBOSE);
    CU_basic_run_tests();
    ran = CU_get_number_of_tests_run();
    failed = CU_get_number_of_tests_failed();
    ok = added > 0 && ran == (unsigned)added && CU_get_number_of_failure_records() == 0;
    if (!ok && failed == 0) failed = 1;
    CU_cleanup_registry();
    printf("[xtest] passed=%u failed=%u\n", ran > failed ? ran - failed : 0, failed);
    return ok ? 0 : 1;
}

#ifdef __cplusplus
}  // extern "C"

template <class T>
inline std::string xt_text(const T &value) {
    if constexpr (std::is_same_v<T, bool>) {
        return value ? "true" : "false";
    } else if constexpr (std::is_null_pointer_v<T>) {
        return "nullptr";
    } else if constexpr (std::is_enum_v<T>) {
        return xt_text(static_cast<std::underlying_type_t<T>>(value));
    } else if constexpr (std::is_same_v<T, char>) {
        char out[16];
        xt_show(out, sizeof out, &value, 1);
        return out;
    } else if constexpr (std::is_arithmetic_v<T>) {
        return std::to_string(value);
    } else if constexpr (std::is_convertible_v<T, std::string_view>) {
        std::string_view view(value);
        char out[512];
        xt_show(out, sizeof out, view.data(), view.size());
        return std::string(out) + " (" + std::to_string(view.size()) + " bytes)";
    } else if constexpr (std::is_pointer_v<T>) {
        char out[32];
        snprintf(out, sizeof out, "%p", reinterpret_cast<const void *>(value));
        return out;
    } else {
        return "(a value)";
    }
}

/* Equality that is right for a signed and an unsigned side. */
template <class A, class B>
inline bool xt_equal(const A &a, const B &b) {
    if constexpr (std::is_integral_v<A> && std::is_integral_v<B>) {
        using Both = std::common_type_t<A, B>;
        if constexpr (std::is_signed_v<A> != std::is_signed_v<B>) {
            if (a < A() || b < B()) return false;
        }
        return static_cast<Both>(a) == static_cast<Both>(b);
    } else if constexpr (std::is_convertible_v<A, std::string_view> && std::is_convertible_v<B, std::string_view>) {
        return std::string_view(a) == std::string_view(b);
    } else {
        return a == b;
    }
}

template <class A, class B>
inline int xt_check_equal(const A &a, const B &b, unsigned line, const char *file, const char *text) {
    if (xt_equal(a, b)) return xt_held(line, file);
    return xt_failed(line, file, "%s: %s is not %s", text, xt_text(a).c_str(), xt_text(b).c_str());
}

/* C strings may be NULL; everything else is a std::string_view. */
template <class A, class B>
inline int xt_check_texts(const A &a, const B &b, unsigned line, const char *file, const char *text) {
    const auto view = [](const auto &value) -> std::string_view {
        using T = std::decay_t<decltype(value)>;
        if constexpr (std::is_null_pointer_v<T>) {
            return {};
        } else if constexpr (std::is_convertible_v<T, const char *>) {
            const char *p = value;
            return p == nullptr ? std::string_view() : std::string_view(p);
        } else {
            std::string_view v(value);
            return v.data() == nullptr ? std::string_view("") : v;
        }
    };
    const std::string_view left = view(a), right = view(b);
    return xt_check_bytes(left.data(), left.size(), right.data(), right.size(), line, file, text);
}

inline void xt_run(xt_fn body, unsigned line, const char *file) {
    try {
        body();
    } catch (const std::exception &e) {
        xt_failed(line, file, "left by an exception: %s", e.what());
    } catch (...) {
        xt_failed(line, file, "left by an exception");
    }
}

#define XT_CHECK_EQ(a, b) xt_check_equal((a), (b), __LINE__, __FILE__, #a " == " #b)
#define XT_CHECK_STR(a, b) xt_check_texts((a), (b), __LINE__, __FILE__, #a " == " #b)
#else
static inline void xt_run(xt_fn body, unsigned line, const char *file) {
    (void)line;
    (void)file;
    body();
}

/* In C both sides are integers, enumerators or pointers. */
#define XT_CHECK_EQ(a, b) xt_check_ints((intmax_t)(a), (intmax_t)(b), __LINE__, __FILE__, #a " == " #b)
#define XT_CHECK_STR(a, b) xt_check_strings((a), (b), __LINE__, __FILE__, #a " == " #b)
#endif

#define XT_CHECK(cond) xt_check((cond) ? 1 : 0, __LINE__, __FILE__, #cond)
/* Equal bytes; the lengths come as they are in an xh_str. */
#define XT_CHECK_BYTES(a, a_len, b, b_len)                                                                             \
    xt_check_bytes((a), (size_t)(a_len), (b), (size_t)(b_len), __LINE__, __FILE__, #a " == " #b)
/* An xh_str (or anything with .ptr and .len) against a C string. */
#define XT_CHECK_VIEW(view, text)                                                                                      \
    xt_check_bytes((view).ptr, (view).len, (text), strlen(text), __LINE__, __FILE__, #view " == " #text)
/* A failure with words of one's own: XT_FAIL("split at %zu", i). */
#define XT_FAIL(...) xt_failed(__LINE__, __FILE__, __VA_ARGS__)
/* Leaves the function (which returns nothing) when the condition does not hold. */
#define XT_REQUIRE(cond)                                                                                               \
    do {                                                                                                               \
        if (!XT_CHECK(cond)) return;                                                                                   \
    } while (0)

#define XT_TEST(name)                                                                                                  \
    static void xt_body_##name(void);                                                                                  \
    static void xt_run_##name(void) {                                                                                  \
        xt_begin();                                                                                                    \
        xt_run(xt_body_##name, __LINE__, __FILE__);                                                                    \
        xt_end(#name, __LINE__, __FILE__);                                                                             \
    }                                                                                                                  \
    __attribute__((constructor)) static void xt_add_##name(void) { xt_register(#name, __LINE__, xt_run_##name); }      \
    static void xt_body_##name(void)

/* Code around every test of the program; a check in it counts for that test. */
#define XT_BEFORE_EACH                                                                                                 \
    static void xt_before_each(void);                                                                                  \
    __attribute__((constructor)) static void xt_add_before(void) { xt_state_.before = xt_before_each; }                \
    static void xt_before_each(void)
#define XT_AFTER_EACH                                                                                                  \
    static void xt_after_each(void);                                                                                   \
    __attribute__((constructor)) static void xt_add_after(void) { xt_state_.after = xt_after_each; }                   \
    static void xt_after_each(void)

#define XT_MAIN(suite)                                                                                                 \
    int main(int argc, char **argv) { return xt_main(suite, argc, argv); }

#endif
