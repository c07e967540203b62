#include "proto/head_scan.h"

#include <atomic>

#if defined(XH_HEAD_SCAN_AVX2)
#include <immintrin.h>
#endif

namespace xh::proto::scan {

void masks_run(const char* p, size_t blocks, Masks* out) noexcept {
    for (size_t i = 0; i < blocks; ++i) out[i] = masks(p + 64 * i);
}

#if defined(XH_HEAD_SCAN_AVX2)

XH_TARGET_AVX2 void masks_run_avx2(const char* p, size_t blocks, Masks* out) noexcept {
    const __m256i one = _mm256_set1_epi8(1), limit = _mm256_set1_epi8(0x21), lf = _mm256_set1_epi8('\n');
    for (const Masks* end = out + blocks; out != end; p += 64, ++out) {
        const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
        const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
        const uint32_t odd_a =
            static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi8(limit, _mm256_add_epi8(a, one))));
        const uint32_t odd_b =
            static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpgt_epi8(limit, _mm256_add_epi8(b, one))));
        const uint32_t lf_a = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, lf)));
        const uint32_t lf_b = static_cast<uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, lf)));
        *out = {odd_a | static_cast<uint64_t>(odd_b) << 32, lf_a | static_cast<uint64_t>(lf_b) << 32};
    }
}

namespace {
// 0 not asked yet, 1 no, 2 yes. Threads that race here store the same number.
std::atomic<int> avx2_state{0};
}  // namespace

bool has_avx2() noexcept {
    int state = avx2_state.load(std::memory_order_relaxed);
    if (__builtin_expect(state == 0, 0)) {
        __builtin_cpu_init();
        state = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") ? 2 : 1;
        avx2_state.store(state, std::memory_order_relaxed);
    }
    return state == 2;
}

#endif

}  // namespace xh::proto::scan
