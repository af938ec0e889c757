#include "engine/duckdb/find.h"
#include "engine/duckdb/lanes.h"

enum { LOOKED_AT = 64 };

static bool is_letter(unsigned char c)
{
    return (unsigned)((c | 32) - 'a') < 26u;
}

static unsigned char small(unsigned char c)
{
    return (unsigned)(c - 'A') < 26u ? (unsigned char)(c + 32) : c;
}

/* How often a byte stands in logs, roughly: the smaller the rarer. */
static size_t frequency(unsigned char c)
{
    static const char common[] = "\"e taoinsrlcdpmu.hg/fb0-1w2y35:46789\\v=_k,x@&;()zjq";
    const char *at = c == '\0' ? NULL : strchr(common, small(c));
    return at == NULL ? 0 : sizeof common - (size_t)(at - common);
}

static void rarest_two(struct finder *f)
{
    struct str s = f->needle;
    size_t n = s.n < LOOKED_AT ? s.n : LOOKED_AT, best[2] = {SIZE_MAX, SIZE_MAX};
    f->at[0] = f->at[1] = 0;
    for (size_t i = 0; i < n; i++) {
        size_t often = frequency((unsigned char)s.p[i]);
        if (often < best[0]) {
            best[1] = best[0];
            f->at[1] = f->at[0];
            best[0] = often;
            f->at[0] = i;
        } else if (often < best[1]) {
            best[1] = often;
            f->at[1] = i;
        }
    }
}

void finder_set(struct finder *f, struct str needle, bool fold_ascii)
{
    *f = (struct finder){.needle = needle, .fold_ascii = fold_ascii};
    if (needle.n == 0)
        return;
    rarest_two(f);
    for (size_t k = 0; k < 2; k++) {
        f->byte[k] = (unsigned char)needle.p[f->at[k]];
        f->mask[k] = fold_ascii && is_letter(f->byte[k]) ? 32 : 0;
    }
}

bool finder_at(const struct finder *f, struct str hay, size_t at)
{
    struct str k = f->needle;
    if (at > hay.n || hay.n - at < k.n)
        return false;
    if (!f->fold_ascii)
        return k.n == 0 || memcmp(hay.p + at, k.p, k.n) == 0;
    size_t i = 0;
    while (i < k.n && small((unsigned char)hay.p[at + i]) == (unsigned char)k.p[i])
        i++;
    return i == k.n;
}

/* Bytes of the result that are not 0: places where both bytes fit. */
static lanes candidates(const struct finder *f, const char *p)
{
    lanes a = lanes_load(p + f->at[0]), b = lanes_load(p + f->at[1]);
    return (lanes)(((a | f->mask[0]) == f->byte[0]) & ((b | f->mask[1]) == f->byte[1]));
}

/* The first of 16 places that fits, from the one given on. */
static size_t first_in(const struct finder *f, struct str hay, size_t at)
{
    for (unsigned fit = lanes_bits(candidates(f, hay.p + at)); fit != 0; fit &= fit - 1) {
        size_t place = at + (unsigned)__builtin_ctz(fit);
        if (finder_at(f, hay, place))
            return place;
    }
    return SIZE_MAX;
}

size_t finder_find(const struct finder *f, struct str hay, size_t from)
{
    if (from > hay.n || hay.n - from < f->needle.n)
        return SIZE_MAX;
    if (f->needle.n == 0)
        return from;
    size_t places = hay.n - f->needle.n + 1, at = from, found = SIZE_MAX;
    for (; at + LANES <= places && found == SIZE_MAX; at += LANES)
        found = first_in(f, hay, at);
    if (found != SIZE_MAX)
        return found;
    if (at < places && places - from >= LANES) /* the last 16 overlap what was seen */
        return first_in(f, hay, places - LANES);
    for (; at < places; at++) {
        unsigned char c = (unsigned char)hay.p[at + f->at[0]];
        if ((c | f->mask[0]) == f->byte[0] && finder_at(f, hay, at))
            return at;
    }
    return SIZE_MAX;
}
