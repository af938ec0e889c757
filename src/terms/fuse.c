/* Binary fuse filters with three fingerprints a term (Graf and Lemire, "Binary Fuse Filters: Fast
 * and Smaller Than Xor Filters", 2022): about 1.15 fingerprints of some bits a term, and one wrong
 * answer in 2^bits. */
#include <math.h>

#include "terms/terms_priv.h"

__extension__ typedef unsigned __int128 u128;

enum { MAX_SEG_LOG = 18, TRIES = 100, ARITY = 3, TWO_BYTES_BITS = 8 };

struct places {
    uint32_t at[ARITY];
};

static uint64_t seeded(uint64_t hash, uint32_t seed)
{
    uint64_t h = hash + seed * UINT64_C(0x9E3779B97F4A7C15);
    h ^= h >> 33;
    h *= UINT64_C(0xFF51AFD7ED558CCD);
    h ^= h >> 33;
    h *= UINT64_C(0xC4CEB9FE1A85EC53);
    return h ^ (h >> 33);
}

static uint32_t fingerprint(uint64_t h, uint32_t bits)
{
    return (uint32_t)(h ^ (h >> 32)) & ((1U << bits) - 1);
}

static struct places places_of(const struct terms_fuse *f, uint64_t h)
{
    uint64_t span = (uint64_t)f->segments << f->seg_log;
    uint32_t seg = 1U << f->seg_log, mask = seg - 1;
    uint32_t first = (uint32_t)(((u128)h * span) >> 64);
    uint32_t second = first + seg, third = second + seg;
    return (struct places){
        {first, second ^ ((uint32_t)(h >> 18) & mask), third ^ ((uint32_t)h & mask)}};
}

/* ---- sizes ---- */

static struct terms_fuse shape_of(size_t n, uint32_t bits)
{
    double x = n > 2 ? (double)n : 2;
    double log_seg = floor(log(x) / log(3.33) + 2.25);
    struct terms_fuse f = {.kind = TERMS_FUSE, .bits = bits};
    f.seg_log = log_seg > MAX_SEG_LOG ? MAX_SEG_LOG : (uint32_t)log_seg;
    double factor = 0.875 + 0.25 * log(1000000.0) / log(x);
    size_t wanted = (size_t)llround(x * (factor > 1.125 ? factor : 1.125));
    size_t all = (wanted + ((size_t)1 << f.seg_log) - 1) >> f.seg_log;
    f.segments = all > ARITY ? (uint32_t)(all - (ARITY - 1)) : 1;
    return f;
}

static size_t slots_of(const struct terms_fuse *f)
{
    return ((size_t)f->segments + ARITY - 1) << f->seg_log;
}

size_t terms_fuse_size(const struct terms_fuse *f)
{
    if (f->bits < 1 || f->bits > TERMS_MAX_BITS || f->seg_log > MAX_SEG_LOG || f->segments < 1 ||
        f->segments > (UINT32_MAX >> MAX_SEG_LOG) - ARITY)
        return 0;
    /* More, so that two or three bytes can be read of each. */
    return (slots_of(f) * f->bits + 7) / 8 + (f->bits > TWO_BYTES_BITS ? 2 : 1);
}

size_t terms_fuse_bytes(size_t n, uint32_t bits)
{
    if (n == 0)
        return 0;
    struct terms_fuse f = shape_of(n, bits);
    return terms_fuse_size(&f);
}

/* ---- making ---- */

/* For each place: how many terms have it (times 4), which of their three it is (xor), and their
 * hashes (xor). A place of one term tells that term. */
struct work {
    uint8_t *count;
    uint64_t *hash;
    uint32_t *alone;
    uint64_t *order; /* terms in the order in which they were found alone */
    uint8_t *which;
};

static bool count_all(const struct terms_fuse *f, const uint64_t *hashes, size_t n, struct work *w)
{
    memset(w->count, 0, slots_of(f));
    memset(w->hash, 0, slots_of(f) * sizeof(*w->hash));
    bool fits = true;
    for (size_t i = 0; i < n; i++) {
        uint64_t h = seeded(hashes[i], f->seed);
        struct places p = places_of(f, h);
        for (unsigned k = 0; k < ARITY; k++) {
            uint8_t *c = &w->count[p.at[k]];
            *c = (uint8_t)(*c + 4);
            *c ^= (uint8_t)k;
            w->hash[p.at[k]] ^= h;
            fits = fits && *c >= 4;
        }
    }
    return fits;
}

/* Takes one term after the other away that has a place for itself. How many there were. */
static size_t peel(const struct terms_fuse *f, struct work *w)
{
    size_t queued = 0, found = 0;
    for (uint32_t i = 0; i < slots_of(f); i++)
        if (w->count[i] >> 2 == 1)
            w->alone[queued++] = i;
    while (queued > 0) {
        uint32_t at = w->alone[--queued];
        if (w->count[at] >> 2 != 1)
            continue;
        uint64_t h = w->hash[at];
        unsigned own = w->count[at] & 3;
        w->which[found] = (uint8_t)own;
        w->order[found++] = h;
        struct places p = places_of(f, h);
        for (unsigned k = 0; k < ARITY; k++) {
            uint8_t *c = &w->count[p.at[k]];
            *c = (uint8_t)(*c - 4);
            *c ^= (uint8_t)k;
            w->hash[p.at[k]] ^= h;
            if (k != own && *c >> 2 == 1)
                w->alone[queued++] = p.at[k];
        }
    }
    return found;
}

static void assign(const struct terms_fuse *f, const struct work *w, size_t n, uint16_t *prints)
{
    for (size_t i = n; i-- > 0;) {
        struct places p = places_of(f, w->order[i]);
        unsigned own = w->which[i];
        prints[p.at[own]] =
            (uint16_t)(fingerprint(w->order[i], f->bits) ^ prints[p.at[(own + 1) % ARITY]] ^
                       prints[p.at[(own + 2) % ARITY]]);
    }
}

static void pack(const struct terms_fuse *f, const uint16_t *prints, struct sbuf *out)
{
    size_t bytes = terms_fuse_size(f), slots = slots_of(f), done = 0;
    uint32_t word = 0, filled = 0;
    for (size_t i = 0; i < slots; i++) {
        word |= (uint32_t)prints[i] << filled;
        filled += f->bits;
        while (filled >= 8) {
            sbuf_addc(out, (char)(word & 0xFF));
            word >>= 8;
            filled -= 8;
            done++;
        }
    }
    for (; done < bytes; done++, word = 0)
        sbuf_addc(out, (char)(word & 0xFF));
}

struct terms_fuse terms_fuse_make(const uint64_t *hashes, size_t n, uint32_t bits, struct sbuf *out)
{
    if (n == 0)
        return (struct terms_fuse){.kind = TERMS_NONE};
    struct terms_fuse f = shape_of(n, bits);
    if (terms_fuse_size(&f) == 0)
        return (struct terms_fuse){.kind = TERMS_ALL};
    size_t slots = slots_of(&f);
    struct work w = {xmalloc(slots), xmalloc(slots * sizeof(uint64_t)),
                     xmalloc(slots * sizeof(uint32_t)), xmalloc(n * sizeof(uint64_t)), xmalloc(n)};
    bool done = false;
    for (f.seed = 1; f.seed <= TRIES && !done; f.seed += !done)
        done = count_all(&f, hashes, n, &w) && peel(&f, &w) == n;
    if (done) {
        uint16_t *prints = xcalloc(slots, sizeof(*prints));
        assign(&f, &w, n, prints);
        pack(&f, prints, out);
        xfree(prints);
    }
    void *heap[] = {w.count, w.hash, w.alone, w.order, w.which};
    for (size_t i = 0; i < COUNTOF(heap); i++)
        xfree(heap[i]);
    return done ? f : (struct terms_fuse){.kind = TERMS_ALL};
}

/* ---- asking ---- */

static uint32_t print_at(const struct terms_fuse *f, const unsigned char *bytes, uint32_t at)
{
    uint64_t bit = (uint64_t)at * f->bits;
    const unsigned char *p = bytes + bit / 8;
    uint32_t some = p[0] | (uint32_t)p[1] << 8;
    if (f->bits > TWO_BYTES_BITS)
        some |= (uint32_t)p[2] << 16;
    return (some >> (bit % 8)) & ((1U << f->bits) - 1);
}

bool terms_fuse_holds(const struct terms_fuse *f, const unsigned char *bytes, uint64_t hash)
{
    if (f->kind != TERMS_FUSE)
        return f->kind != TERMS_NONE;
    uint64_t h = seeded(hash, f->seed);
    struct places p = places_of(f, h);
    uint32_t x = fingerprint(h, f->bits);
    for (unsigned k = 0; k < ARITY; k++)
        x ^= print_at(f, bytes, p.at[k]);
    return x == 0;
}
