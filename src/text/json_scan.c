/* Three ways to the same bits: AVX2 where the processor has it, what is baseline (SSE2, NEON), and
 * plain 64-bit words. */
#include "text/json_scan.h"

#if defined(__x86_64__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

/* ---- words ---- */
#define ONES 0x0101010101010101ULL
#define HIGHS 0x8080808080808080ULL

/* The top bit of each byte that is zero; exact, since no carry leaves a byte. */
static uint64_t zero_bytes(uint64_t w)
{
    return ~(((w & ~HIGHS) + ~HIGHS) | w | ~HIGHS);
}

/* The top bits of 8 bytes as 8 bits, the first byte's lowest. */
static uint64_t gather(uint64_t tops)
{
    return ((tops >> 7) * 0x0102040810204080ULL) >> 56;
}

static uint64_t load_word(const char *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof(w));
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
    w = __builtin_bswap64(w);
#endif
    return w;
}

static void scan_words(const char *p, size_t n_blocks, struct json_bits *out)
{
    for (size_t b = 0; b < n_blocks; b++) {
        struct json_bits bits = {0, 0};
        for (size_t i = 0; i < JSON_BLOCK; i += sizeof(uint64_t), p += sizeof(uint64_t)) {
            uint64_t w = load_word(p);
            uint64_t control =
                zero_bytes(w & (ONES * 0xE0)); /* below 0x20: no bit above the fifth */
            uint64_t stop = control | zero_bytes(w ^ (ONES * '"')) | zero_bytes(w ^ (ONES * '\\'));
            bits.stop |= gather(stop) << i;
            bits.high |= gather(w & HIGHS) << i;
        }
        out[b] = bits;
    }
}

#if defined(__x86_64__)
/* ---- SSE2 ---- */
static void scan_sse2(const char *p, size_t n_blocks, struct json_bits *out)
{
    const __m128i quote = _mm_set1_epi8('"'), slash = _mm_set1_epi8('\\');
    const __m128i last_control = _mm_set1_epi8(0x1F);
    for (size_t b = 0; b < n_blocks; b++) {
        struct json_bits bits = {0, 0};
        for (unsigned i = 0; i < JSON_BLOCK; i += 16, p += 16) {
            __m128i v = _mm_loadu_si128((const __m128i *)(const void *)p);
            __m128i stop = _mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, slash));
            stop = _mm_or_si128(stop, _mm_cmpeq_epi8(_mm_min_epu8(v, last_control), v));
            bits.stop |= (uint64_t)(uint32_t)_mm_movemask_epi8(stop) << i;
            bits.high |= (uint64_t)(uint32_t)_mm_movemask_epi8(v) << i;
        }
        out[b] = bits;
    }
}

/* ---- AVX2 ---- */
__attribute__((target("avx2"))) static void scan_avx2(const char *p, size_t n_blocks,
                                                      struct json_bits *out)
{
    const __m256i quote = _mm256_set1_epi8('"'), slash = _mm256_set1_epi8('\\');
    const __m256i last_control = _mm256_set1_epi8(0x1F);
    for (size_t b = 0; b < n_blocks; b++) {
        struct json_bits bits = {0, 0};
        for (unsigned i = 0; i < JSON_BLOCK; i += 32, p += 32) {
            __m256i v = _mm256_loadu_si256((const __m256i *)(const void *)p);
            __m256i stop =
                _mm256_or_si256(_mm256_cmpeq_epi8(v, quote), _mm256_cmpeq_epi8(v, slash));
            stop = _mm256_or_si256(stop, _mm256_cmpeq_epi8(_mm256_min_epu8(v, last_control), v));
            bits.stop |= (uint64_t)(uint32_t)_mm256_movemask_epi8(stop) << i;
            bits.high |= (uint64_t)(uint32_t)_mm256_movemask_epi8(v) << i;
        }
        out[b] = bits;
    }
}
#elif defined(__aarch64__)
/* ---- NEON ---- */
static uint64_t neon_mask(uint8x16_t yes)
{
    static const uint8_t weights[16] = {1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128};
    uint8x16_t bits = vandq_u8(yes, vld1q_u8(weights));
    return (uint64_t)vaddv_u8(vget_low_u8(bits)) | (uint64_t)vaddv_u8(vget_high_u8(bits)) << 8;
}

static void scan_neon(const char *p, size_t n_blocks, struct json_bits *out)
{
    for (size_t b = 0; b < n_blocks; b++) {
        struct json_bits bits = {0, 0};
        for (unsigned i = 0; i < JSON_BLOCK; i += 16, p += 16) {
            uint8x16_t v = vld1q_u8((const uint8_t *)p);
            uint8x16_t stop = vorrq_u8(vceqq_u8(v, vdupq_n_u8('"')), vceqq_u8(v, vdupq_n_u8('\\')));
            stop = vorrq_u8(stop, vcltq_u8(v, vdupq_n_u8(0x20)));
            bits.stop |= neon_mask(stop) << i;
            bits.high |= neon_mask(vcgeq_u8(v, vdupq_n_u8(0x80))) << i;
        }
        out[b] = bits;
    }
}
#endif

size_t json_scan_all(struct json_scanner *out, size_t most)
{
    struct json_scanner all[3];
    size_t n = 0;
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        all[n++] = (struct json_scanner){"avx2", scan_avx2};
    all[n++] = (struct json_scanner){"sse2", scan_sse2};
#elif defined(__aarch64__)
    all[n++] = (struct json_scanner){"neon", scan_neon};
#endif
    all[n++] = (struct json_scanner){"words", scan_words};
    n = n < most ? n : most;
    memcpy(out, all, n * sizeof(*out));
    return n;
}

json_scan_fn *json_scan_best(void)
{
    struct json_scanner best;
    CHECK(json_scan_all(&best, 1) == 1);
    return best.scan;
}
