/* has, contains, startswith and their relatives. A term is a run of letters and digits of any
 * script; a needle of several terms is a phrase with its separators. Case is folded unless the form
 * ends in _cs. */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "engine/duckdb/unicode.h"

enum { ANCHOR_START = 1, ANCHOR_END = 2, KEEP_CASE = 4 };

/* ---- a needle ---- */
struct needle {
    struct sbuf text; /* folded when case does not matter */
    bool left, right; /* a boundary is needed before, after the match */
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
static bool bounded(struct str hay, const struct needle *k, size_t at, size_t len)
{
    if (k->left && at && uni_alnum(last_cp(str_sub(hay, 0, at))))
        return false;
    return !(k->right && at + len < hay.n && uni_alnum(first_cp(str_sub(hay, at + len, hay.n))));
}

static bool found_in(struct str hay, const struct needle *k)
{
    struct str t = {k->text.p, k->text.n};
    if (t.n == 0)
        return true;
    size_t from = 0;
    while (from + t.n <= hay.n) {
        const char *p = memmem(hay.p + from, hay.n - from, t.p, t.n);
        if (!p)
            return false;
        size_t at = (size_t)(p - hay.p);
        if (bounded(hay, k, at, t.n))
            return true;
        from = at + 1;
    }
    return false;
}

static struct str prepared_hay(struct cf_call *c, size_t r, unsigned form)
{
    struct str hay = cf_str(c, 0, r);
    return form & KEEP_CASE ? hay : uni_folded(hay, cf_buf(c));
}

static void term_row(struct cf_call *c, size_t r, unsigned form)
{
    if (c->bound) {
        cf_out_bool(c, r, found_in(prepared_hay(c, r, form), c->bound));
        return;
    }
    struct needle k;
    needle_set(&k, cf_str(c, 1, r), form);
    cf_out_bool(c, r, found_in(prepared_hay(c, r, form), &k));
    sbuf_fini(&k.text);
}

#define TERM(name, form)                                                                           \
    static void *prepare_##name(const struct cf_const *args, size_t n)                             \
    {                                                                                              \
        return needle_new(args, n, (form));                                                        \
    }                                                                                              \
    static void row_##name(struct cf_call *c, size_t r)                                            \
    {                                                                                              \
        term_row(c, r, (form));                                                                    \
    }
TERM(has, ANCHOR_START | ANCHOR_END)
TERM(has_cs, ANCHOR_START | ANCHOR_END | KEEP_CASE)
TERM(hasprefix, ANCHOR_START)
TERM(hasprefix_cs, ANCHOR_START | KEEP_CASE)
TERM(hassuffix, ANCHOR_END)
TERM(hassuffix_cs, ANCHOR_END | KEEP_CASE)
TERM(contains, 0)

static void edge_row(struct cf_call *c, size_t r, bool start)
{
    struct needle own, *made = NULL;
    const struct needle *k = c->bound;
    if (!k) {
        needle_set(&own, cf_str(c, 1, r), 0);
        k = made = &own;
    }
    struct str hay = prepared_hay(c, r, 0), t = {k->text.p, k->text.n};
    cf_out_bool(c, r, start ? str_starts(hay, t) : str_ends(hay, t));
    if (made)
        sbuf_fini(&own.text);
}

static void row_startswith(struct cf_call *c, size_t r)
{
    edge_row(c, r, true);
}

static void row_endswith(struct cf_call *c, size_t r)
{
    edge_row(c, r, false);
}

static void row_fold(struct cf_call *c, size_t r)
{
    cf_out_str(c, r, uni_folded(cf_str(c, 0, r), cf_buf(c)));
}

/* ---- lists of needles ---- */
static void list_row(struct cf_call *c, size_t r, bool all)
{
    struct cf_vec v;
    size_t first, n = cf_null(c, 1, r) ? 0 : cf_list(c, 1, r, &first, &v);
    struct str hay = prepared_hay(c, r, 0);
    bool result = all;
    for (size_t i = 0; i < n && result == all; i++) {
        struct needle k;
        needle_set(&k, cf_string_t((const duckdb_string_t *)v.data + first + i),
                   ANCHOR_START | ANCHOR_END);
        result = found_in(hay, &k);
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
    struct str hay = prepared_hay(c, r, 0);
    int64_t at = -1, i = 0;
    struct js_iter it = js_begin(js_type(array) == JS_ARRAY ? array : STR("[]"));
    for (; at < 0 && !cf_stops(c) && js_next(&it, NULL, &item); i++) {
        struct needle k;
        needle_set(&k, js_type(item) == JS_STRING ? js_decode(cf_arena(c), item) : item,
                   ANCHOR_START | ANCHOR_END);
        at = found_in(hay, &k) ? i : -1;
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
        .name = "vd_" #n, .sig = "ss:b", .row = row_##n, .prepare = prepare_##n,                   \
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
    {.name = "vd_startswith",
     .sig = "ss:b",
     .row = row_startswith,
     .prepare = prepare_contains,
     .release = needle_free},
    {.name = "vd_endswith",
     .sig = "ss:b",
     .row = row_endswith,
     .prepare = prepare_contains,
     .release = needle_free},
    {.name = "vdc_fold", .sig = "s:s", .row = row_fold},
    {.name = "vd_has_any", .sig = "s[s:b", .flags = CF_NULLS, .row = row_has_any},
    {.name = "vd_has_all", .sig = "s[s:b", .flags = CF_NULLS, .row = row_has_all},
    {.name = "vdf_has_any_index", .sig = "sj:l", .flags = CF_NULLS, .row = row_has_any_index},
    {.name = "vdc_in_dyn_ci", .sig = "jj:b", .row = row_in_dyn_ci},
    {0},
};
