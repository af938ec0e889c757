/* The builder: terms of one group a column in sets, then a filter a set. */
#include "terms/terms_priv.h"

/* Values that were seen a moment ago need no cutting; most columns have few. */
enum { MEMO_SLOTS = 512, MEMO_BYTES = 63, FIRST_SLOTS = 256 };
/* Terms that were seen a moment ago, and those that wait for their places in the set. */
enum { RECENT_SLOTS = 1024, WAITING = 256, AHEAD = 16 };
/* Columns with fewer terms get the most exact filters whatever the budget. */
enum { FEW_TERMS = 512 };
/* A search asks all filters of a group. While one of them says "perhaps" of a term that no column
 * has in more than one of so many cases, columns with the most terms share a filter: it is one that
 * may be wrong instead of several, and terms that are in several columns take their place once. */
enum { WRONG_IN = 64 };

struct memo {
    unsigned char n; /* MEMO_BYTES + 1: empty */
    char text[MEMO_BYTES];
};
/* Hashes, open addressing; 0 is a free slot. */
struct set {
    uint64_t *p;
    size_t n, cap;
};
struct column {
    struct terms_column c;
    struct set set;
    bool full;         /* this group's terms don't fit in memory */
    bool shared;       /* this group's terms are in the shared column */
    struct memo *memo; /* MEMO_SLOTS */
    uint64_t *recent;  /* RECENT_SLOTS, by their hash; 0: free */
    uint64_t waiting[WAITING];
    size_t n_waiting;
    struct sbuf table;  /* TERMS_FILTER_BYTES a group; offsets count from the first fingerprint */
    struct sbuf prints; /* of all groups */
};
struct terms_builder {
    struct column *cols; /* behind the last of them the shared one, which has no values */
    size_t n, memory_bytes, used;
    bool any_shared;  /* in some group */
    struct sbuf rows; /* u32 a group */
    size_t groups;
    struct sbuf scratch;
};

struct terms_builder *terms_builder_new(const struct terms_column *cols, size_t n,
                                        size_t memory_bytes)
{
    CHECK(n < TERMS_MAX_COLUMNS);
    struct terms_builder *b = xcalloc(1, sizeof(*b));
    b->cols = xcalloc(n + 1, sizeof(*b->cols));
    b->n = n;
    b->memory_bytes = memory_bytes;
    b->rows = sbuf_make(0);
    b->scratch = sbuf_make(0);
    for (size_t i = 0; i <= n; i++)
        b->cols[i] = (struct column){.table = sbuf_make(0), .prints = sbuf_make(UINT32_MAX)};
    for (size_t i = 0; i < n; i++) {
        struct column *c = &b->cols[i];
        c->c = (struct terms_column){{xstrndup(cols[i].name), cols[i].name.n}, cols[i].json};
        c->memo = xmalloc(MEMO_SLOTS * sizeof(*c->memo));
        c->recent = xcalloc(RECENT_SLOTS, sizeof(*c->recent));
        for (size_t k = 0; k < MEMO_SLOTS; k++)
            c->memo[k].n = MEMO_BYTES + 1;
    }
    return b;
}

void terms_builder_free(struct terms_builder *b)
{
    if (b == NULL)
        return;
    for (size_t i = 0; i <= b->n; i++) {
        struct column *c = &b->cols[i];
        xfree((char *)(uintptr_t)c->c.name.p);
        xfree(c->set.p);
        xfree(c->memo);
        xfree(c->recent);
        sbuf_fini(&c->table);
        sbuf_fini(&c->prints);
    }
    sbuf_fini(&b->rows);
    sbuf_fini(&b->scratch);
    xfree(b->cols);
    xfree(b);
}

/* ---- sets ---- */

static bool set_put(struct set *s, uint64_t h)
{
    size_t mask = s->cap - 1, at = h & mask;
    while (s->p[at] != 0) {
        if (s->p[at] == h)
            return false;
        at = (at + 1) & mask;
    }
    s->p[at] = h;
    s->n++;
    return true;
}

static bool set_has(const struct set *s, uint64_t h)
{
    size_t mask = s->cap - 1, at = h & mask;
    if (s->cap == 0)
        return false;
    while (s->p[at] != 0 && s->p[at] != h)
        at = (at + 1) & mask;
    return s->p[at] == h;
}

/* Makes room for one more. false: there is no memory for that. */
static bool set_grow(struct terms_builder *b, struct set *s)
{
    size_t cap = s->cap > 0 ? s->cap * 2 : FIRST_SLOTS;
    if (b->used + cap * sizeof(*s->p) > b->memory_bytes)
        return false;
    struct set old = *s;
    *s = (struct set){xcalloc(cap, sizeof(*s->p)), 0, cap};
    for (size_t i = 0; i < old.cap; i++)
        if (old.p[i] != 0)
            (void)set_put(s, old.p[i]);
    b->used += (cap - old.cap) * sizeof(*s->p);
    xfree(old.p);
    return true;
}

static void set_drop(struct terms_builder *b, struct set *s)
{
    b->used -= s->cap * sizeof(*s->p);
    xfree(s->p);
    *s = (struct set){0};
}

/* The column has no filter in this group. */
static void give_up(struct terms_builder *b, struct column *c)
{
    c->full = true;
    c->n_waiting = 0;
    set_drop(b, &c->set);
}

/* ---- values ---- */

/* Puts those that wait into the set: many at a time, so that places of some come from memory while
 * others are looked at. false: there is no memory for them. */
static bool put_waiting(struct terms_builder *b, struct column *c)
{
    struct set *s = &c->set;
    size_t n = c->n_waiting;
    c->n_waiting = 0;
    while ((s->n + n) * 2 > s->cap)
        if (!set_grow(b, s))
            return false;
    for (size_t i = 0; i < n + AHEAD; i++) {
        if (i < n)
            __builtin_prefetch(&s->p[c->waiting[i] & (s->cap - 1)], 1);
        if (i >= AHEAD)
            (void)set_put(s, c->waiting[i - AHEAD]);
    }
    return true;
}

static bool add_terms(struct terms_builder *b, struct column *c, struct str text)
{
    if (text.n == 0)
        return true;
    struct terms_cutter k = {.p = text.p, .end = text.p + text.n};
    uint64_t hash;
    struct str term;
    while (terms_next(&k, &hash, &term)) {
        uint64_t *recent = &c->recent[hash >> 32 & (RECENT_SLOTS - 1)];
        if (*recent == hash)
            continue;
        *recent = hash;
        c->waiting[c->n_waiting++] = hash;
        if (c->n_waiting == WAITING && !put_waiting(b, c))
            return false;
    }
    return true;
}

/* The code unit behind "\u"; false: there is none. */
static bool hex_unit(const char *p, const char *end, uint32_t *out)
{
    enum { DIGITS = 4 };
    if (end - p < DIGITS)
        return false;
    *out = 0;
    for (int i = 0; i < DIGITS; i++) {
        static const char digits[] = "0123456789abcdefABCDEF";
        const char *at = memchr(digits, p[i], sizeof(digits) - 1);
        if (at == NULL)
            return false;
        uint32_t d = (uint32_t)(at - digits);
        *out = *out << 4 | (d < 16 ? d : d - 6);
    }
    return true;
}

/* "\u" at p, perhaps two of them that are one character. The bytes read; 0: it is damaged. */
static size_t read_unit(const char *p, const char *end, uint32_t *out_cp)
{
    enum { UNIT = 6, PAIR = 12 };
    uint32_t low;
    if (end - p < UNIT || p[1] != 'u' || !hex_unit(p + 2, end, out_cp))
        return 0;
    if (*out_cp < 0xD800 || *out_cp > 0xDFFF)
        return UNIT;
    if (*out_cp < 0xDC00 && end - p >= PAIR && p[UNIT] == '\\' && p[UNIT + 1] == 'u' &&
        hex_unit(p + UNIT + 2, end, &low) && low >= 0xDC00 && low <= 0xDFFF) {
        *out_cp = 0x10000 + ((*out_cp - 0xD800) << 10) + (low - 0xDC00);
        return PAIR;
    }
    *out_cp = 0xFFFD;
    return UNIT;
}

/* JSON without \u; all: without any escape, those of one letter are signs that part terms. */
static void unescape(struct str text, bool all, struct sbuf *out)
{
    const char *p = text.p, *end = text.p + text.n;
    sbuf_clear(out);
    while (p < end) {
        uint32_t cp;
        char u[4];
        size_t n;
        if (*p != '\\' || end - p < 2) {
            sbuf_addc(out, *p++);
        } else if ((n = read_unit(p, end, &cp)) > 0) {
            sbuf_addmem(out, u, utf8_put(u, cp));
            p += n;
        } else {
            sbuf_addmem(out, all ? "  " : p, 2);
            p += 2;
        }
    }
}

/* The text of a JSON value may be written in another way when it is read: with each letter for its
 * \u, and without the escapes inside a string. */
static bool add_json(struct terms_builder *b, struct column *c, struct str text)
{
    if (!str_holds(text, '\\'))
        return true;
    bool ok = true;
    for (int all = 0; ok && all < 2; all++) {
        unescape(text, all, &b->scratch);
        ok = add_terms(b, c, sbuf_str(&b->scratch));
    }
    return ok;
}

/* True: the value was among the last ones. */
static bool seen(struct column *c, struct str text)
{
    uint64_t a = 0, z = 0;
    if (text.n > MEMO_BYTES)
        return false;
    size_t part = text.n < sizeof(a) ? text.n : sizeof(a);
    memcpy(&a, text.p, part);
    memcpy(&z, text.p + text.n - part, part);
    uint64_t h = (a ^ (z << 7 | z >> 57) ^ text.n) * UINT64_C(0x9E3779B97F4A7C15);
    struct memo *m = &c->memo[h >> 32 & (MEMO_SLOTS - 1)];
    if (m->n == text.n && memcmp(m->text, text.p, text.n) == 0)
        return true;
    m->n = (unsigned char)text.n;
    memcpy(m->text, text.p, text.n);
    return false;
}

void terms_builder_add(struct terms_builder *b, size_t col, struct str text)
{
    struct column *c = &b->cols[col];
    if (text.n == 0 || c->full || seen(c, text))
        return;
    if (!add_terms(b, c, text) || (c->c.json && !add_json(b, c, text)))
        give_up(b, c);
}

/* ---- a group ends ---- */

static uint32_t bits_of(const struct column *c, uint32_t bits)
{
    return c->set.n <= FEW_TERMS ? TERMS_MAX_BITS : bits;
}

static struct column *shared_column(const struct terms_builder *b)
{
    return &b->cols[b->n];
}

static size_t bytes_at(const struct terms_builder *b, uint32_t bits)
{
    size_t sum = 0;
    for (size_t i = 0; i <= b->n; i++)
        if (!b->cols[i].full && !b->cols[i].shared)
            sum += terms_fuse_bytes(b->cols[i].set.n, bits_of(&b->cols[i], bits));
    return sum;
}

/* Whether filters are wrong about a term that is nowhere more often than they should. */
static bool often_wrong(const struct terms_builder *b, uint32_t bits)
{
    size_t sum = 0; /* in 1 << TERMS_MAX_BITS cases */
    for (size_t i = 0; i <= b->n; i++)
        if (!b->cols[i].full && !b->cols[i].shared && b->cols[i].set.n > 0)
            sum += (size_t)1 << (TERMS_MAX_BITS - bits_of(&b->cols[i], bits));
    return sum > (1 << TERMS_MAX_BITS) / WRONG_IN;
}

/* Bits of a fingerprint that the budget is enough for, or the fewest. */
static uint32_t affordable(const struct terms_builder *b, size_t budget_bytes)
{
    uint32_t bits = TERMS_MAX_BITS;
    while (bits > TERMS_MIN_BITS && bytes_at(b, bits) > budget_bytes)
        bits--;
    return bits;
}

/* Has many terms in a filter of its own. */
static bool is_large(const struct column *c)
{
    return !c->full && !c->shared && c->set.n > FEW_TERMS;
}

/* Of the large ones: the one with the most terms, or the fewest. */
static struct column *next_large(struct terms_builder *b, bool most)
{
    struct column *found = NULL;
    for (size_t i = 0; i < b->n; i++) {
        struct column *c = &b->cols[i];
        if (is_large(c) && (found == NULL || (c->set.n > found->set.n) == most))
            found = c;
    }
    return found;
}

/* How many terms the shared column would have with those of c. */
static size_t sum_with(const struct terms_builder *b, const struct column *c)
{
    const struct set *s = &shared_column(b)->set;
    size_t sum = s->n;
    for (size_t i = 0; i < c->set.cap; i++)
        sum += c->set.p[i] != 0 && !set_has(s, c->set.p[i]);
    return sum;
}

/* Puts a column's terms to the shared ones. Without memory for them it has no filter. */
static void share(struct terms_builder *b, struct column *c)
{
    struct set *s = &shared_column(b)->set;
    for (size_t i = 0; i < c->set.cap; i++) {
        if (c->set.p[i] == 0)
            continue;
        if ((s->n + 1) * 2 > s->cap && !set_grow(b, s)) {
            give_up(b, c);
            return;
        }
        (void)set_put(s, c->set.p[i]);
    }
    c->shared = true;
}

/* Not even all in one filter fit. As many as do, those with the fewest terms first; the others go
 * without. */
static void share_what_fits(struct terms_builder *b, size_t budget_bytes)
{
    for (size_t i = 0; i < b->n; i++)
        b->cols[i].shared = false;
    set_drop(b, &shared_column(b)->set);
    size_t few = 0;
    for (size_t i = 0; i < b->n; i++)
        if (!b->cols[i].full && b->cols[i].set.n <= FEW_TERMS)
            few += terms_fuse_bytes(b->cols[i].set.n, TERMS_MAX_BITS);
    for (struct column *c; (c = next_large(b, false)) != NULL;) {
        if (few + terms_fuse_bytes(sum_with(b, c), TERMS_MIN_BITS) <= budget_bytes)
            share(b, c);
        else
            give_up(b, c);
    }
}

/* A column that is the only large one gains nothing. */
static bool can_share(const struct terms_builder *b)
{
    size_t large = shared_column(b)->set.n > 0;
    for (size_t i = 0; i < b->n; i++)
        large += is_large(&b->cols[i]);
    return large > 1;
}

/* Which columns share a filter, and bits of a fingerprint. */
static uint32_t choose(struct terms_builder *b, size_t budget_bytes)
{
    uint32_t bits = affordable(b, budget_bytes);
    while (can_share(b) && (often_wrong(b, bits) || bytes_at(b, bits) > budget_bytes)) {
        share(b, next_large(b, true));
        bits = affordable(b, budget_bytes);
    }
    if (bytes_at(b, bits) > budget_bytes) {
        share_what_fits(b, budget_bytes);
        bits = affordable(b, budget_bytes);
    }
    b->any_shared = b->any_shared || shared_column(b)->set.n > 0;
    return bits;
}

static void add_u32(struct sbuf *out, uint32_t v)
{
    for (unsigned i = 0; i < 32; i += 8)
        sbuf_addc(out, (char)(v >> i & 0xFF));
}

/* Most columns have as many terms in the next group. A set that was made far too large for this one
 * is given back. */
static void set_clear(struct terms_builder *b, struct set *s)
{
    if (s->n * 16 < s->cap)
        set_drop(b, s);
    else if (s->cap > 0)
        memset(s->p, 0, s->cap * sizeof(*s->p));
    s->n = 0;
}

static void end_column(struct terms_builder *b, struct column *c, uint32_t bits)
{
    struct terms_fuse f = {.kind = c->shared ? TERMS_SHARED : TERMS_ALL};
    uint32_t at = (uint32_t)c->prints.n;
    if (!c->full && !c->shared) {
        size_t n = 0;
        for (size_t i = 0; i < c->set.cap; i++)
            if (c->set.p[i] != 0)
                c->set.p[n++] = c->set.p[i]; /* to the front: it is cleared below */
        f = terms_fuse_make(c->set.p, n, bits_of(c, bits), &c->prints);
    }
    if (f.kind == TERMS_FUSE && !sbuf_ok(&c->prints))
        f = (struct terms_fuse){.kind = TERMS_ALL};
    add_u32(&c->table, f.kind | f.bits << 8 | f.seg_log << 16);
    add_u32(&c->table, f.segments);
    add_u32(&c->table, f.kind == TERMS_FUSE ? at : 0);
    add_u32(&c->table, f.seed);
    set_clear(b, &c->set);
    c->full = c->shared = false;
    if (c == shared_column(b))
        return;
    for (size_t k = 0; k < MEMO_SLOTS; k++)
        c->memo[k].n = MEMO_BYTES + 1;
    memset(c->recent, 0, RECENT_SLOTS * sizeof(*c->recent));
}

void terms_builder_end_group(struct terms_builder *b, uint32_t rows, size_t budget_bytes)
{
    for (size_t i = 0; i < b->n; i++)
        if (!b->cols[i].full && !put_waiting(b, &b->cols[i]))
            give_up(b, &b->cols[i]);
    uint32_t bits = choose(b, budget_bytes);
    for (size_t i = 0; i <= b->n; i++)
        end_column(b, &b->cols[i], bits);
    add_u32(&b->rows, rows);
    b->groups++;
}

/* ---- the file ---- */

static void add_u64(struct sbuf *out, uint64_t v)
{
    add_u32(out, (uint32_t)v);
    add_u32(out, (uint32_t)(v >> 32));
}

/* Offsets count from the beginning of the column, which is its table. */
static void shift_offsets(struct column *c)
{
    for (size_t at = 8; at < c->table.n; at += TERMS_FILTER_BYTES) {
        uint32_t v = terms_u32(c->table.p + at) + (uint32_t)c->table.n;
        for (unsigned i = 0; i < 4; i++)
            c->table.p[at + i] = (char)(v >> (8 * i) & 0xFF);
    }
}

bool terms_builder_finish(struct terms_builder *b, struct sbuf *out)
{
    AUTO(sbuf_fini) struct sbuf dir = sbuf_make(0);
    size_t names = 0, n = b->n + b->any_shared;
    for (size_t i = 0; i < n; i++)
        names += b->cols[i].c.name.n;
    uint64_t at = TERMS_HEAD_BYTES + b->rows.n + n * TERMS_COLUMN_BYTES + names;
    sbuf_add(&dir, sbuf_str(&b->rows));
    for (size_t i = 0; i < n; i++) {
        struct column *c = &b->cols[i];
        shift_offsets(c);
        uint32_t crc = crc32_more(crc32_more(0, sbuf_str(&c->table)), sbuf_str(&c->prints));
        add_u64(&dir, at);
        add_u32(&dir, (uint32_t)(c->table.n + c->prints.n));
        add_u32(&dir, crc);
        sbuf_addc(&dir, (char)(c->c.name.n & 0xFF));
        sbuf_addc(&dir, (char)(c->c.name.n >> 8 & 0xFF));
        sbuf_add(&dir, c->c.name);
        at += c->table.n + c->prints.n;
    }
    AUTO(sbuf_fini) struct sbuf head = sbuf_make(0);
    uint32_t counts[] = {TERMS_VERSION, (uint32_t)b->groups, (uint32_t)n, (uint32_t)dir.n};
    sbuf_addz(&head, TERMS_MAGIC);
    for (size_t i = 0; i < COUNTOF(counts); i++)
        add_u32(&head, counts[i]);
    sbuf_add(out, sbuf_str(&head));
    add_u32(out, crc32_more(crc32_more(0, sbuf_str(&head)), sbuf_str(&dir)));
    sbuf_add(out, sbuf_str(&dir));
    for (size_t i = 0; i < n; i++) {
        sbuf_add(out, sbuf_str(&b->cols[i].table));
        sbuf_add(out, sbuf_str(&b->cols[i].prints));
    }
    return sbuf_ok(out) && sbuf_ok(&dir) && b->groups <= TERMS_MAX_GROUPS;
}
