/* has, contains, startswith and their relatives. A term is a run of letters and digits of any
 * script; a needle of several terms is a phrase with its separators. Case is folded unless the form
 * ends in _cs. */
#include "engine/duckdb/find.h"
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/unicode.h"

enum { ANCHOR_START = 1, ANCHOR_END = 2, KEEP_CASE = 4 };

/* ---- a needle ---- */
struct needle {
    struct sbuf text; /* folded when case does not matter */
    bool left, right; /* a boundary is needed before, after the match */
    bool raw;         /* texts are searched as they are: only ASCII letters fold to ASCII */
    struct finder find;
};

static uint32_t last_cp(struct str s)
{
    const char *p = s.p + s.n;
    while (p > s.p && ((unsigned char)*--p & 0xC0) == 0x80)
        continue;
    return p < s.p + s.n ? utf8_next(&p, s.p + s.n) : 0;
}

static uint32_t first_cp(struct str s)
{
    const char *p = s.p;
    return s.n ? utf8_next(&p, s.p + s.n) : 0;
}

static void needle_set(struct needle *k, struct str s, unsigned form)
{
    k->text = sbuf_make(s.n * 2 + 64);
    if (form & KEEP_CASE)
        sbuf_add(&k->text, s);
    else
        uni_fold_text(s, &k->text);
    struct str t = sbuf_str(&k->text);
    k->left = (form & ANCHOR_START) && uni_alnum(first_cp(t));
    k->right = (form & ANCHOR_END) && uni_alnum(last_cp(t));
    k->raw = (form & KEEP_CASE) || str_ascii(t);
    finder_set(&k->find, t, k->raw && !(form & KEEP_CASE));
}

static void *needle_new(const struct cf_const *args, size_t n, unsigned form)
{
    if (n < 2 || !args[1].known || args[1].is_null)
        return NULL;
    struct needle *k = xcalloc(1, sizeof(*k));
    needle_set(k, args[1].text, form);
    return k;
}

static void needle_free(void *p)
{
    struct needle *k = p;
    sbuf_fini(&k->text);
    xfree(k);
}

/* ---- matching ---- */
static bool word_at_end(struct str s)
{
    unsigned char c = (unsigned char)s.p[s.n - 1];
    return uni_alnum(c < 0x80 ? c : last_cp(s));
}

static bool word_at_start(struct str s)
{
    unsigned char c = (unsigned char)s.p[0];
    return uni_alnum(c < 0x80 ? c : first_cp(s));
}

static bool bounded(struct str hay, const struct needle *k, size_t at, size_t len)
{
    if (k->left && at > 0 && word_at_end(str_sub(hay, 0, at)))
        return false;
    return !(k->right && at + len < hay.n && word_at_start(str_sub(hay, at + len, hay.n)));
}

/* hay as the needle wants it: itself, or folded. */
static struct str prepared(struct cf_call *c, const struct needle *k, struct str hay)
{
    return k->raw ? hay : uni_folded(hay, cf_buf(c));
}

static bool found_in(struct cf_call *c, struct str hay, const struct needle *k)
{
    hay = prepared(c, k, hay);
    size_t n = k->text.n;
    for (size_t at = 0; (at = finder_find(&k->find, hay, at)) != SIZE_MAX; at++) {
        if (n == 0 || bounded(hay, k, at, n))
            return true;
    }
    return false;
}

typedef bool match_fn(struct cf_call *c, struct str hay, const struct needle *k);

/* Each row with the needle that is the same for all, or with its own. */
static void match_chunk(struct cf_call *c, unsigned form, match_fn *match)
{
    bool nulls = cf_nulls_through(c), *out = c->out.data;
    const struct needle *k = c->bound;
    for (size_t r = 0; r < c->n; r++) {
        if (nulls && (cf_null(c, 0, r) || cf_null(c, 1, r)))
            continue;
        if (k != NULL) {
            out[r] = match(c, cf_str(c, 0, r), k);
            continue;
        }
        struct needle own;
        needle_set(&own, cf_str(c, 1, r), form);
        out[r] = match(c, cf_str(c, 0, r), &own);
        sbuf_fini(&own.text);
    }
}

static bool match_start(struct cf_call *c, struct str hay, const struct needle *k)
{
    return finder_at(&k->find, prepared(c, k, hay), 0);
}

static bool match_end(struct cf_call *c, struct str hay, const struct needle *k)
{
    hay = prepared(c, k, hay);
    return hay.n >= k->text.n && finder_at(&k->find, hay, hay.n - k->text.n);
}

static bool match_whole(struct cf_call *c, struct str hay, const struct needle *k)
{
    hay = prepared(c, k, hay);
    return hay.n == k->text.n && finder_at(&k->find, hay, 0);
}

#define TERM(name, form, match)                                                                    \
    static void *prepare_##name(const struct cf_const *args, size_t n)                             \
    {                                                                                              \
        return needle_new(args, n, (form));                                                        \
    }                                                                                              \
    static void chunk_##name(struct cf_call *c)                                                    \
    {                                                                                              \
        match_chunk(c, (form), match);                                                             \
    }
TERM(has, ANCHOR_START | ANCHOR_END, found_in)
TERM(has_cs, ANCHOR_START | ANCHOR_END | KEEP_CASE, found_in)
TERM(hasprefix, ANCHOR_START, found_in)
TERM(hasprefix_cs, ANCHOR_START | KEEP_CASE, found_in)
TERM(hassuffix, ANCHOR_END, found_in)
TERM(hassuffix_cs, ANCHOR_END | KEEP_CASE, found_in)
TERM(contains, 0, found_in)
TERM(startswith, 0, match_start)
TERM(endswith, 0, match_end)
TERM(equals, 0, match_whole)

static void row_fold(struct cf_call *c, size_t r)
{
    cf_out_str(c, r, uni_folded(cf_str(c, 0, r), cf_buf(c)));
}

/* ---- lists of needles ---- */
static void list_row(struct cf_call *c, size_t r, bool all)
{
    struct cf_vec v;
    size_t first, n = cf_null(c, 1, r) ? 0 : cf_list(c, 1, r, &first, &v);
    struct str hay = cf_str(c, 0, r);
    bool result = all;
    for (size_t i = 0; i < n && result == all; i++) {
        struct needle k;
        needle_set(&k, cf_string_t((const duckdb_string_t *)v.data + first + i),
                   ANCHOR_START | ANCHOR_END);
        result = found_in(c, hay, &k);
        sbuf_fini(&k.text);
    }
    cf_out_bool(c, r, result);
}

static void row_has_any(struct cf_call *c, size_t r)
{
    list_row(c, r, false);
}

static void row_has_all(struct cf_call *c, size_t r)
{
    list_row(c, r, true);
}

/* has_any_index(): which of the items comes first in their array, -1 for none. */
static void row_has_any_index(struct cf_call *c, size_t r)
{
    struct str array = cf_null(c, 1, r) ? STR_NONE : cf_str(c, 1, r), item;
    struct str hay = cf_str(c, 0, r);
    int64_t at = -1, i = 0;
    struct js_iter it = js_begin(js_type(array) == JS_ARRAY ? array : STR("[]"));
    for (; at < 0 && !cf_stops(c) && js_next(&it, NULL, &item); i++) {
        struct needle k;
        needle_set(&k, js_type(item) == JS_STRING ? js_decode(cf_arena(c), item) : item,
                   ANCHOR_START | ANCHOR_END);
        at = found_in(c, hay, &k) ? i : -1;
        sbuf_fini(&k.text);
    }
    cf_out_i64(c, r, at);
}

/* in~ with an array that is not known before the query runs: compares folded JSON texts. */
static void row_in_dyn_ci(struct cf_call *c, size_t r)
{
    AUTO(sbuf_fini) struct sbuf a = sbuf_make(1 << 20), b = sbuf_make((size_t)64 << 20);
    uni_fold_text(cf_str(c, 0, r), &a);
    uni_fold_text(cf_str(c, 1, r), &b);
    struct str t = sbuf_str(&a), hay = sbuf_str(&b);
    bool found = str_eq(t, hay);
    for (size_t from = 0; !found && from + t.n <= hay.n;) {
        const char *p = memmem(hay.p + from, hay.n - from, t.p, t.n);
        if (!p)
            break;
        size_t at = (size_t)(p - hay.p), end = at + t.n;
        found = at && end < hay.n && strchr("[,", hay.p[at - 1]) && strchr(",]", hay.p[end]);
        from = at + 1;
    }
    cf_out_bool(c, r, found);
}

#define TERM_ROW(n)                                                                                \
    {                                                                                              \
        .name = "vd_" #n, .sig = "ss:b", .chunk = chunk_##n, .prepare = prepare_##n,               \
        .release = needle_free                                                                     \
    }
const struct cf_scalar fn_term_rows[] = {
    TERM_ROW(has),
    TERM_ROW(has_cs),
    TERM_ROW(hasprefix),
    TERM_ROW(hasprefix_cs),
    TERM_ROW(hassuffix),
    TERM_ROW(hassuffix_cs),
    TERM_ROW(contains),
    TERM_ROW(startswith),
    TERM_ROW(endswith),
    TERM_ROW(equals),
    {.name = "vdc_fold", .sig = "s:s", .row = row_fold},
    {.name = "vd_has_any", .sig = "s[s:b", .flags = CF_NULLS, .row = row_has_any},
    {.name = "vd_has_all", .sig = "s[s:b", .flags = CF_NULLS, .row = row_has_all},
    {.name = "vdf_has_any_index", .sig = "sj:l", .flags = CF_NULLS, .row = row_has_any_index},
    {.name = "vdc_in_dyn_ci", .sig = "jj:b", .row = row_in_dyn_ci},
    {0},
};
