/* UTF-8, strictly as Unicode's table 3-7 has it: no overlong forms, no surrogates, at most
 * U+10FFFF. */
#include "base/base.h"

static bool is_tail(unsigned char c)
{
    return (c & 0xC0U) == 0x80U;
}

/* Length of the well-formed sequence at p, 0 when there is none. */
static size_t sequence_len(const unsigned char *p, size_t left)
{
    unsigned char c = p[0];
    if (c < 0x80)
        return 1;
    if (c < 0xC2 || c > 0xF4)
        return 0;
    if (c < 0xE0)
        return left >= 2 && is_tail(p[1]) ? 2 : 0;
    unsigned char low = 0x80;
    unsigned char high = 0xBF;
    if (c == 0xE0)
        low = 0xA0;
    else if (c == 0xED)
        high = 0x9F;
    else if (c == 0xF0)
        low = 0x90;
    else if (c == 0xF4)
        high = 0x8F;
    size_t n = c < 0xF0 ? 3 : 4;
    if (left < n || p[1] < low || p[1] > high || !is_tail(p[2]))
        return 0;
    return n == 3 || is_tail(p[3]) ? n : 0;
}

bool utf8_valid(struct str s, size_t *out_bad_at)
{
    size_t i = 0;
    while (i < s.n) {
        uint64_t w;
        if (s.n - i >= sizeof(w)) {
            memcpy(&w, s.p + i, sizeof(w));
            if ((w & 0x8080808080808080ULL) == 0) {
                i += sizeof(w);
                continue;
            }
        }
        size_t n = sequence_len((const unsigned char *)s.p + i, s.n - i);
        if (n == 0) {
            if (out_bad_at != NULL)
                *out_bad_at = i;
            return false;
        }
        i += n;
    }
    return true;
}

uint32_t utf8_next(const char **p, const char *end)
{
    const unsigned char *u = (const unsigned char *)*p;
    size_t n = sequence_len(u, (size_t)(end - *p));
    *p += n == 0 ? 1 : n;
    if (n == 0)
        return 0xFFFD;
    if (n == 1)
        return u[0];
    uint32_t cp = u[0] & (0x7FU >> n);
    for (size_t i = 1; i < n; i++)
        cp = cp << 6 | (u[i] & 0x3FU);
    return cp;
}

size_t utf8_put(char out[4], uint32_t cp)
{
    if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
        cp = 0xFFFD;
    if (cp < 0x80) {
        out[0] = (char)cp;
        return 1;
    }
    size_t n = cp < 0x800 ? 2 : cp < 0x10000 ? 3 : 4;
    for (size_t i = n - 1; i > 0; i--) {
        out[i] = (char)(0x80U | (cp & 0x3FU));
        cp >>= 6;
    }
    out[0] = (char)((0xF00U >> n & 0xF0U) | cp);
    return n;
}
