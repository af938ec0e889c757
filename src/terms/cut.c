/* Cutting texts into terms. The engine's `has` folds case and tells letters by the same tables. */
#include <endian.h>

#include "terms/terms_priv.h"
#include "text/unicode.h"

/* What an ASCII byte folds to; 0: it parts terms. */
static const unsigned char ascii[128] = {
    ['0'] = '0', ['1'] = '1', ['2'] = '2', ['3'] = '3', ['4'] = '4', ['5'] = '5', ['6'] = '6',
    ['7'] = '7', ['8'] = '8', ['9'] = '9', ['a'] = 'a', ['b'] = 'b', ['c'] = 'c', ['d'] = 'd',
    ['e'] = 'e', ['f'] = 'f', ['g'] = 'g', ['h'] = 'h', ['i'] = 'i', ['j'] = 'j', ['k'] = 'k',
    ['l'] = 'l', ['m'] = 'm', ['n'] = 'n', ['o'] = 'o', ['p'] = 'p', ['q'] = 'q', ['r'] = 'r',
    ['s'] = 's', ['t'] = 't', ['u'] = 'u', ['v'] = 'v', ['w'] = 'w', ['x'] = 'x', ['y'] = 'y',
    ['z'] = 'z', ['A'] = 'a', ['B'] = 'b', ['C'] = 'c', ['D'] = 'd', ['E'] = 'e', ['F'] = 'f',
    ['G'] = 'g', ['H'] = 'h', ['I'] = 'i', ['J'] = 'j', ['K'] = 'k', ['L'] = 'l', ['M'] = 'm',
    ['N'] = 'n', ['O'] = 'o', ['P'] = 'p', ['Q'] = 'q', ['R'] = 'r', ['S'] = 's', ['T'] = 't',
    ['U'] = 'u', ['V'] = 'v', ['W'] = 'w', ['X'] = 'x', ['Y'] = 'y', ['Z'] = 'z'};

struct hasher {
    uint64_t h, word;
    unsigned shift; /* bits of word that are filled */
    uint64_t n;
};

static uint64_t mix(uint64_t h)
{
    h ^= h >> 32;
    h *= UINT64_C(0xD6E8FEB86659FD93);
    h ^= h >> 32;
    h *= UINT64_C(0xD6E8FEB86659FD93);
    return h ^ (h >> 32);
}

static inline void hash_word(struct hasher *k, uint64_t word)
{
    k->h = (k->h ^ word) * UINT64_C(0x9E3779B97F4A7C15);
    k->h ^= k->h >> 29;
}

static inline void hash_byte(struct hasher *k, unsigned char c)
{
    k->word |= (uint64_t)c << k->shift;
    k->shift += 8;
    k->n++;
    if (k->shift == 64) {
        hash_word(k, k->word);
        k->word = 0;
        k->shift = 0;
    }
}

/* Of the file's format. Never 0, which marks a free place in a set. */
static uint64_t hash_end(const struct hasher *k)
{
    uint64_t h = mix(k->h ^ k->word ^ (k->n << 56) ^ UINT64_C(0x7465726D));
    return h != 0 ? h : 1;
}

/* The same as hash_byte of each folded byte, for ASCII letters and digits: of all of these one bit
 * makes small letters. The bytes at p up to end may be looked at. */
static uint64_t hash_ascii(const char *p, size_t n, const char *end)
{
    static const uint64_t small = UINT64_C(0x2020202020202020);
    struct hasher k = {.n = n};
    for (; n >= sizeof(k.word); n -= sizeof(k.word), p += sizeof(k.word)) {
        uint64_t word;
        memcpy(&word, p, sizeof(word));
        hash_word(&k, le64toh(word) | small);
    }
    if (n > 0) {
        uint64_t mask = (UINT64_C(1) << (8 * n)) - 1;
        if ((size_t)(end - p) >= sizeof(k.word)) /* of a size that the compiler knows */
            memcpy(&k.word, p, sizeof(k.word));
        else
            memcpy(&k.word, p, n);
        k.word = (le64toh(k.word) | small) & mask;
    }
    return hash_end(&k);
}

/* A character beyond ASCII that is part of a term. false: it parts terms. */
static bool hash_wide(struct hasher *k, const char **p, const char *end)
{
    const char *at = *p;
    uint32_t cp = uni_fold(utf8_next(&at, end));
    if (!uni_alnum(cp))
        return false;
    char u[4];
    size_t n = utf8_put(u, cp);
    for (size_t i = 0; i < n; i++)
        hash_byte(k, (unsigned char)u[i]);
    *p = at;
    return true;
}

static inline bool is_ascii_term(char c)
{
    return (unsigned char)c < 128 && ascii[(unsigned char)c] != 0;
}

/* The term at from, which has characters beyond ASCII, or none; *p: its end. */
static uint64_t hash_any(const char *from, const char **p, const char *end)
{
    struct hasher k = {0};
    const char *at = from;
    while (at < end) {
        if (is_ascii_term(*at))
            hash_byte(&k, ascii[(unsigned char)*at++]);
        else if ((unsigned char)*at < 128 || !hash_wide(&k, &at, end))
            break;
    }
    *p = at;
    return hash_end(&k);
}

/* Whether the term is one more of the chain, or begins one. */
static void add_to_chain(struct terms_cutter *c, struct str term, uint64_t hash)
{
    enum { OCTETS = COUNTOF(c->chain), MAX_DIGITS = 3 };
    bool number = term.n <= MAX_DIGITS;
    for (size_t i = 0; number && i < term.n; i++)
        number = term.p[i] >= '0' && term.p[i] <= '9';
    if (!number) {
        c->n_chain = 0;
        return;
    }
    if (c->n_chain > 0) {
        struct str before = c->chain[c->n_chain - 1].text;
        if (term.p != before.p + before.n + 1 || term.p[-1] != '.')
            c->n_chain = 0;
    }
    if (c->n_chain == OCTETS)
        memmove(&c->chain[0], &c->chain[1], --c->n_chain * sizeof(c->chain[0]));
    c->chain[c->n_chain].text = term;
    c->chain[c->n_chain++].hash = hash;
    c->whole = c->n_chain == OCTETS;
}

static void take_whole(struct terms_cutter *c, uint64_t *out_hash, struct str *out_term)
{
    struct hasher k = {0};
    const char *from = c->chain[0].text.p, *end = c->chain[c->n_chain - 1].text.p;
    for (unsigned i = 0; i < c->n_chain; i++)
        k.h = mix(k.h * 3 + c->chain[i].hash);
    *out_hash = hash_end(&k);
    *out_term = (struct str){from, (size_t)(end - from) + c->chain[c->n_chain - 1].text.n};
    c->whole = false;
}

bool terms_next(struct terms_cutter *c, uint64_t *out_hash, struct str *out_term)
{
    const char *p = c->p, *end = c->end;
    if (c->whole) {
        take_whole(c, out_hash, out_term);
        return true;
    }
    while (p < end) {
        const char *from = p;
        uint64_t hash = 0;
        while (p < end && is_ascii_term(*p))
            p++;
        if (p < end && (unsigned char)*p >= 128)
            hash = hash_any(from, &p, end);
        else if (p > from)
            hash = hash_ascii(from, (size_t)(p - from), end);
        if (p > from) {
            c->p = p;
            *out_hash = hash;
            *out_term = (struct str){from, (size_t)(p - from)};
            add_to_chain(c, *out_term, hash);
            return true;
        }
        if ((unsigned char)*p < 128)
            p++;
        else
            (void)utf8_next(&p, end);
    }
    c->p = p;
    return false;
}

void terms_of_text(struct arena *a, struct str text, struct terms_words *out)
{
    struct terms_word w = {0};
    struct str term;
    if (text.n == 0)
        return;
    struct terms_cutter c = {.p = text.p, .end = text.p + text.n};
    while (terms_next(&c, &w.hash, &term)) {
        AUTO(sbuf_fini) struct sbuf folded = sbuf_make(term.n * 4 + 16);
        uni_fold_text(term, &folded);
        w.text = arena_str(a, sbuf_str(&folded));
        w.first = term.p == text.p;
        w.last = term.p + term.n == text.p + text.n;
        VEC_PUSH(a, out, w);
    }
}

bool terms_in_text(struct str text, uint64_t hash)
{
    if (text.n == 0)
        return false;
    struct terms_cutter c = {.p = text.p, .end = text.p + text.n};
    uint64_t h;
    struct str term;
    while (terms_next(&c, &h, &term))
        if (h == hash)
            return true;
    return false;
}
