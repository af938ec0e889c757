/* Counter-based random numbers: no state, so sessions can be made in any order. The mixing function
 * is the finalizer of SplitMix64 (Steele, Lea, Flood 2014). */
#include "replay/replay_priv.h"

static uint64_t mix(uint64_t x)
{
    x += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return x ^ (x >> 31);
}

struct draw_key draw_key(uint64_t seed, uint64_t session)
{
    return (struct draw_key){mix(mix(seed) ^ session)};
}

uint64_t draw(struct draw_key k, const char *field, uint64_t i)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *field != '\0'; field++)
        h = (h ^ (uint8_t)*field) * UINT64_C(0x100000001b3);
    return mix(mix(k.k ^ h) + i);
}

uint64_t draw_below(struct draw_key k, const char *field, uint64_t i, uint64_t n)
{
    return draw(k, field, i) % n; /* n is far below 2^64: no number is favoured that shows */
}
