/* Borrowed strings: comparison, search, numbers, hash. Nothing here knows about locales. */
#include "base/base.h"
#include "base/base_priv.h"

#include <stdlib.h>

struct str str_from(const char *z)
{
    return z == NULL ? STR_NONE : (struct str){z, strlen(z)};
}

bool str_eq(struct str a, struct str b)
{
    return a.n == b.n && (a.n == 0 || memcmp(a.p, b.p, a.n) == 0);
}

/* Words are looked up in lists of words: most differ in their first letter. */
bool str_eqz(struct str a, const char *z)
{
    if (a.n > 0 && z != NULL && a.p[0] != z[0])
        return false;
    return str_eq(a, str_from(z));
}

static unsigned char lower(char c)
{
    unsigned char u = (unsigned char)c;
    return u >= 'A' && u <= 'Z' ? (unsigned char)(u + 32) : u;
}

bool str_ieq(struct str a, struct str b)
{
    if (a.n != b.n)
        return false;
    for (size_t i = 0; i < a.n; i++)
        if (lower(a.p[i]) != lower(b.p[i]))
            return false;
    return true;
}

bool str_ieqz(struct str a, const char *z)
{
    if (a.n > 0 && z != NULL && lower(a.p[0]) != lower(z[0]))
        return false;
    return str_ieq(a, str_from(z));
}

int str_cmp(struct str a, struct str b)
{
    size_t n = a.n < b.n ? a.n : b.n;
    int c = n == 0 ? 0 : memcmp(a.p, b.p, n);
    if (c != 0)
        return c;
    return a.n < b.n ? -1 : a.n > b.n;
}

bool str_starts(struct str s, struct str prefix)
{
    return s.n >= prefix.n && (prefix.n == 0 || memcmp(s.p, prefix.p, prefix.n) == 0);
}

bool str_ends(struct str s, struct str suffix)
{
    if (s.n < suffix.n)
        return false;
    return suffix.n == 0 || memcmp(s.p + (s.n - suffix.n), suffix.p, suffix.n) == 0;
}

bool str_holds(struct str s, char c)
{
    return s.n > 0 && memchr(s.p, c, s.n) != NULL;
}

bool str_ascii(struct str s)
{
    uint64_t any = 0, w = 0;
    for (size_t i = 0; i + sizeof w <= s.n; i += sizeof w) {
        memcpy(&w, s.p + i, sizeof w);
        any |= w;
    }
    if (s.n >= sizeof w) { /* the last bytes once more, with some before them */
        memcpy(&w, s.p + s.n - sizeof w, sizeof w);
    } else if (s.n > 0) {
        w = 0;
        memcpy(&w, s.p, s.n);
    }
    return ((any | w) & 0x8080808080808080ULL) == 0;
}

bool str_find(struct str s, struct str needle, size_t *out_at)
{
    const char *at = s.p;
    if (needle.n > 0) {
        at = s.n < needle.n ? NULL : memmem(s.p, s.n, needle.p, needle.n);
        if (at == NULL)
            return false;
    }
    if (out_at != NULL)
        *out_at = at == NULL ? 0 : (size_t)(at - s.p);
    return true;
}

struct str str_sub(struct str s, size_t from, size_t n)
{
    if (from >= s.n)
        return (struct str){s.p == NULL ? NULL : s.p + s.n, 0};
    size_t left = s.n - from;
    return (struct str){s.p + from, n < left ? n : left};
}

static bool is_blank(char c)
{
    return c == ' ' || (c >= '\t' && c <= '\r');
}

struct str str_trim(struct str s)
{
    while (s.n > 0 && is_blank(s.p[s.n - 1]))
        s.n--;
    while (s.n > 0 && is_blank(s.p[0])) {
        s.p++;
        s.n--;
    }
    return s;
}

bool str_to_i64(struct str s, int64_t *out)
{
    bool minus = s.n > 0 && s.p[0] == '-';
    size_t i = minus ? 1 : 0;
    if (i == s.n)
        return false;
    uint64_t limit = minus ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
    uint64_t v = 0;
    for (; i < s.n; i++) {
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        uint64_t digit = (uint64_t)(s.p[i] - '0');
        if (v > (limit - digit) / 10)
            return false;
        v = v * 10 + digit;
    }
    *out = (int64_t)(minus ? 0 - v : v);
    return true;
}

/* Decimal only: what strtod also takes (hex, "nan", leading blanks) is refused by the first scan.
 */
static bool is_decimal_real(struct str s)
{
    size_t i = 0;
    size_t digits = 0;
    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
        i++;
    for (; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
        digits++;
    if (i < s.n && s.p[i] == '.')
        for (i++; i < s.n && s.p[i] >= '0' && s.p[i] <= '9'; i++)
            digits++;
    if (digits == 0)
        return false;
    if (i == s.n)
        return true;
    if (s.p[i] != 'e' && s.p[i] != 'E')
        return false;
    i++;
    if (i < s.n && (s.p[i] == '-' || s.p[i] == '+'))
        i++;
    size_t from = i;
    while (i < s.n && s.p[i] >= '0' && s.p[i] <= '9')
        i++;
    return i == s.n && i > from;
}

bool str_to_f64(struct str s, double *out)
{
    char small[64];
    if (!is_decimal_real(s))
        return false;
    char *z = s.n < sizeof(small) ? small : xmalloc(s.n + 1);
    memcpy(z, s.p, s.n);
    z[s.n] = '\0';
    *out = strtod(z, NULL); /* the process never calls setlocale: always the C locale */
    if (z != small)
        xfree(z);
    return true;
}

/* ---- hash: the XXH64 construction, so that tests can compare with published vectors ---- */
#define P1 0x9E3779B185EBCA87ULL
#define P2 0xC2B2AE3D27D4EB4FULL
#define P3 0x165667B19E3779F9ULL
#define P4 0x85EBCA77C2B2AE63ULL
#define P5 0x27D4EB2F165667C5ULL

static uint64_t rotl(uint64_t x, unsigned r)
{
    return (x << r) | (x >> (64U - r));
}

static uint64_t read64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof(v));
    return v;
}

static uint64_t hash_round(uint64_t acc, uint64_t in)
{
    return rotl(acc + in * P2, 31) * P1;
}

static uint64_t hash_merge(uint64_t h, uint64_t acc)
{
    return (h ^ hash_round(0, acc)) * P1 + P4;
}

static uint64_t hash_stripes(const char **p, const char *end, uint64_t seed)
{
    uint64_t v[4] = {seed + P1 + P2, seed + P2, seed, seed - P1};
    for (; end - *p >= 32; *p += 32)
        for (size_t k = 0; k < 4; k++)
            v[k] = hash_round(v[k], read64(*p + 8 * k));
    uint64_t h = rotl(v[0], 1) + rotl(v[1], 7) + rotl(v[2], 12) + rotl(v[3], 18);
    for (size_t k = 0; k < 4; k++)
        h = hash_merge(h, v[k]);
    return h;
}

uint64_t base_hash(struct str s, uint64_t seed)
{
    const char *p = s.p;
    const char *end = s.p + s.n;
    uint64_t h = s.n >= 32 ? hash_stripes(&p, end, seed) : seed + P5;
    h += s.n;
    for (; end - p >= 8; p += 8)
        h = rotl(h ^ hash_round(0, read64(p)), 27) * P1 + P4;
    if (end - p >= 4) {
        uint32_t w;
        memcpy(&w, p, sizeof(w));
        h = rotl(h ^ (w * P1), 23) * P2 + P3;
        p += 4;
    }
    for (; p < end; p++)
        h = rotl(h ^ ((unsigned char)*p * P5), 11) * P1;
    h = (h ^ (h >> 33)) * P2;
    h = (h ^ (h >> 29)) * P3;
    return h ^ (h >> 32);
}

uint64_t str_hash(struct str s)
{
    return base_hash(s.n == 0 ? STR("") : s, 0);
}
