// What Swift has no word for: asking for a line of memory before it is needed, and eight half-precision numbers at once.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __F16C__
#include <immintrin.h>
#endif

/// Brings the line that holds `address` towards the second-level cache; any address is allowed.
static inline __attribute__((always_inline)) void flawd_prefetch(const void *address) { __builtin_prefetch(address, 0, 2); }

/// IEEE half precision to float; exact.
static inline void flawd_expand_half(const uint16_t *source, float *target, size_t count) {
    size_t index = 0;
#ifdef __F16C__
    for (; index + 8 <= count; index += 8)
        _mm256_storeu_ps(target + index, _mm256_cvtph_ps(_mm_loadu_si128((const __m128i *)(source + index))));
#endif
    for (; index < count; index++) {
        _Float16 value;
        memcpy(&value, source + index, sizeof value);
        target[index] = (float)value;
    }
}

/// bfloat16 to float; exact.
static inline void flawd_expand_bfloat(const uint16_t *source, float *target, size_t count) {
    for (size_t index = 0; index < count; index++) {
        uint32_t bits = (uint32_t)source[index] << 16;
        memcpy(target + index, &bits, sizeof bits);
    }
}
