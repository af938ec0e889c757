/* Sixteen bytes looked at as one, where the machine can (a vector type of the compiler). */
#pragma once
#include "base/base.h"
#ifdef __SSE2__
#include <emmintrin.h>
#endif

enum { LANES = 16 };
typedef unsigned char lanes __attribute__((vector_size(LANES)));

static inline lanes lanes_load(const char *p)
{
    lanes v;
    memcpy(&v, p, sizeof v);
    return v;
}

/* A bit for each byte of a comparison that is true, the first byte's the lowest. */
static inline unsigned lanes_bits(lanes is)
{
#ifdef __SSE2__
    return (unsigned)_mm_movemask_epi8((__m128i)is);
#else
    unsigned bits = 0;
    for (unsigned i = 0; i < LANES; i++)
        bits |= (unsigned)(is[i] != 0) << i;
    return bits;
#endif
}

/* The first byte of a comparison that is true; LANES: none. */
static inline unsigned lanes_first(lanes is)
{
    unsigned bits = lanes_bits(is);
    return bits != 0 ? (unsigned)__builtin_ctz(bits) : LANES;
}
