/* Functions over regular expressions. A constant pattern is compiled once. */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/fn_rx.h"
#include "engine/duckdb/jscan.h"
#include "text/json.h"

static void *prepare_at(const struct cf_const *args, size_t n, size_t at)
{
    return n > at && args[at].known && !args[at].is_null ? rx_new(args[at].text) : NULL;
}

static void *prepare0(const struct cf_const *args, size_t n)
{
    return prepare_at(args, n, 0);
}

static void *prepare1(const struct cf_const *args, size_t n)
{
    return prepare_at(args, n, 1);
}

static void release(void *p)
{
    rx_free(p);
}

/* The pattern of a row: the constant one, or one compiled for this row and kept in *own. */
static const struct rx *pattern(struct cf_call *c, size_t r, size_t arg, struct rx **own)
{
    *own = NULL;
    if (c->bound)
        return c->bound;
    *own = rx_new_once(cf_str(c, arg, r));
    return *own;
}

/* ---- matches regex ----
 * Patterns from a column come again and again: those seen last in a chunk are kept, and compiled
 * with more care when they do. */
enum { KEPT = 16, OFTEN = 32 };
struct kept {
    struct rx *x;
    struct str pattern; /* borrowed from the chunk */
    size_t uses;
};

static const struct rx *kept_pattern(struct kept *all, struct str text)
{
    struct kept *k = &all[str_hash(text) % KEPT];
    if (k->uses == 0 || !str_eq(k->pattern, text)) {
        rx_free(k->x);
        *k = (struct kept){rx_new_once(text), text, 0};
    }
    if (++k->uses == OFTEN) {
        rx_free(k->x);
        k->x = rx_new(text);
    }
    return k->x;
}

static void match_chunk(struct cf_call *c)
{
    struct kept all[KEPT] = {0};
    for (size_t r = 0; r < c->n && !cf_stops(c); r++) {
        if (cf_null(c, 0, r) || cf_null(c, 1, r)) {
            cf_out_null(c, r);
            continue;
        }
        const struct rx *x = c->bound ? c->bound : kept_pattern(all, cf_str(c, 1, r));
        cf_out_bool(c, r, regex_found(c, rx_test(x, cf_str(c, 0, r))));
    }
    for (size_t i = 0; i < KEPT; i++)
        rx_free(all[i].x);
}

static void fn_extract(struct cf_call *c, size_t r)
{
    struct rx *own;
    struct rx_match m;
    struct str text = cf_str(c, 2, r);
    int64_t g = cf_i64(c, 1, r);
    if (regex_found(c, rx_search(pattern(c, r, 0, &own), text, 0, &m)) && g >= 0)
        cf_out_str(c, r, rx_group(&m, text, (size_t)g));
    rx_free(own);
}

/* ---- extract_all ---- */
static size_t wanted_groups(struct cf_call *c, size_t r, const struct rx *x, size_t *out)
{
    size_t n = 0;
    if (c->n_args == 2) {
        for (size_t g = 1; g <= rx_groups(x) && n < RX_MAX_GROUPS; g++)
            out[n++] = g;
        return n;
    }
    struct js_iter it = js_begin(cf_str(c, 1, r));
    struct str v;
    int64_t g;
    size_t named;
    while (n < RX_MAX_GROUPS && js_next(&it, NULL, &v)) {
        if (str_to_i64(v, &g) && g >= 0)
            out[n++] = (size_t)g;
        else if (js_type(v) == JS_STRING && rx_group_named(x, js_decode(cf_arena(c), v), &named))
            out[n++] = named;
    }
    return n;
}

static void write_groups(struct json_out *w, const struct rx_match *m, struct str text,
                         const size_t *groups, size_t n)
{
    if (n != 1)
        json_arr(w);
    for (size_t i = 0; i < n; i++)
        json_str(w, rx_group(m, text, groups[i]));
    if (n != 1)
        json_arr_end(w);
}

static void fn_extract_all(struct cf_call *c, size_t r)
{
    struct rx *own;
    const struct rx *x = pattern(c, r, 0, &own);
    struct str text = cf_str(c, c->n_args - 1, r);
    size_t groups[RX_MAX_GROUPS], n = x ? wanted_groups(c, r, x, groups) : 0, found = 0;
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    struct rx_match m;
    json_arr(&w);
    struct rx_iter it = rx_each(x, text, 0);
    for (; n > 0 && regex_next(c, &it, &m); found++)
        write_groups(&w, &m, text, groups, n);
    json_arr_end(&w);
    if (found > 0)
        cf_out_str(c, r, sbuf_str(b));
    rx_free(own);
}

/* ---- replacing ---- */
static void add_replacement(struct sbuf *b, struct str with, const struct rx_match *m,
                            struct str text)
{
    for (size_t i = 0; i < with.n; i++) {
        if (with.p[i] != '\\' || i + 1 == with.n) {
            sbuf_addc(b, with.p[i]);
            continue;
        }
        char k = with.p[++i];
        if (k >= '0' && k <= '9')
            sbuf_add(b, rx_group(m, text, (size_t)(k - '0')));
        else
            sbuf_addc(b, k);
    }
}

static void fn_replace(struct cf_call *c, size_t r)
{
    struct rx *own;
    const struct rx *x = pattern(c, r, 1, &own);
    struct str text = cf_str(c, 0, r), with = cf_str(c, 2, r);
    struct sbuf *b = cf_buf(c);
    struct rx_match m;
    size_t done = 0;
    struct rx_iter it = rx_each(x, text, 0);
    while (regex_next(c, &it, &m)) {
        sbuf_add(b, str_sub(text, done, m.at[0] - done));
        add_replacement(b, with, &m, text);
        done = m.at[1];
    }
    sbuf_add(b, str_sub(text, done, text.n));
    cf_out_str(c, r, sbuf_str(b));
    rx_free(own);
}

/* ---- trimming: one match at an end ---- */
struct trimmer {
    struct rx *start, *end;
};

static struct trimmer *trimmer_new(struct str re)
{
    struct trimmer *t = xcalloc(1, sizeof(*t));
    t->start = rx_new_at(re, RX_AT_START);
    t->end = rx_new_at(re, RX_AT_END);
    return t;
}

static void trimmer_free(void *p)
{
    struct trimmer *t = p;
    rx_free(t->start);
    rx_free(t->end);
    xfree(t);
}

static void *prepare_trim(const struct cf_const *args, size_t n)
{
    return n && args[0].known && !args[0].is_null ? trimmer_new(args[0].text) : NULL;
}

static void trim_row(struct cf_call *c, size_t r, bool start, bool end)
{
    struct trimmer *own = c->bound ? NULL : trimmer_new(cf_str(c, 0, r));
    const struct trimmer *t = c->bound ? c->bound : own;
    struct str s = cf_str(c, 1, r);
    struct rx_match m;
    if (start && regex_found(c, rx_search(t->start, s, 0, &m)))
        s = str_sub(s, m.at[1], s.n);
    if (end && regex_found(c, rx_search(t->end, s, 0, &m)))
        s = str_sub(s, 0, m.at[0]);
    cf_out_str(c, r, s);
    if (own)
        trimmer_free(own);
}

static void fn_trim(struct cf_call *c, size_t r)
{
    trim_row(c, r, true, true);
}

static void fn_trim_start(struct cf_call *c, size_t r)
{
    trim_row(c, r, true, false);
}

static void fn_trim_end(struct cf_call *c, size_t r)
{
    trim_row(c, r, false, true);
}

/* ---- positions and counts ---- */
static void *prepare_countof(const struct cf_const *args, size_t n)
{
    bool regex = n > 2 && args[2].known && !args[2].is_null && str_ieqz(args[2].text, "regex");
    return regex ? prepare1(args, n) : NULL;
}

static void fn_countof(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r), k = cf_str(c, 1, r);
    int64_t n = 0;
    struct rx_match m;
    if (str_ieqz(cf_str(c, 2, r), "regex")) {
        struct rx *own;
        struct rx_iter it = rx_each(pattern(c, r, 1, &own), s, 0);
        while (regex_next(c, &it, &m))
            n++;
        rx_free(own);
    } else if (k.n) {
        for (size_t i = 0; i + k.n <= s.n && !cf_stops(c); i++)
            n += memcmp(s.p + i, k.p, k.n) == 0;
    }
    cf_out_i64(c, r, n);
}

/* Positions count code points. */
static size_t code_points(struct str s, size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes && i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xc0) != 0x80;
    return n;
}

static size_t byte_of(struct str s, int64_t points)
{
    size_t at = 0;
    for (; at < s.n; at++)
        if (((unsigned char)s.p[at] & 0xc0) != 0x80 && points-- == 0)
            break;
    return at;
}

static void fn_indexof(struct cf_call *c, size_t r)
{
    struct rx *own;
    struct rx_match m;
    struct str text = cf_str(c, 0, r);
    int64_t start = cf_i64(c, 2, r), length = cf_i64(c, 3, r), occurrence = cf_i64(c, 4, r),
            at = -1;
    if (start < 0 || length < -1 || occurrence < 0)
        return;
    size_t from = byte_of(text, start);
    int64_t to = length > INT64_MAX - start ? INT64_MAX : start + length;
    struct str area = length < 0 ? text : str_sub(text, 0, byte_of(text, to));
    struct rx_iter it = rx_each(pattern(c, r, 1, &own), area, from);
    for (int64_t k = 0; k < occurrence; k++) {
        if (!regex_next(c, &it, &m)) {
            at = -1;
            break;
        }
        at = (int64_t)code_points(text, m.at[0]);
    }
    cf_out_i64(c, r, at);
    rx_free(own);
}

static void fn_quote(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    rx_quote(b, cf_str(c, 0, r));
    cf_out_str(c, r, sbuf_str(b));
}

const struct cf_scalar fn_regex_rows[] = {
    {.name = "vd_regex",
     .sig = "ss:b",
     .chunk = match_chunk,
     .prepare = prepare1,
     .release = release},
    {.name = "vdf_extract",
     .sig = "sls:s",
     .row = fn_extract,
     .prepare = prepare0,
     .release = release},
    {.name = "vdf_extract_all",
     .sig = "ss:j",
     .row = fn_extract_all,
     .prepare = prepare0,
     .release = release},
    {.name = "vdf_extract_all",
     .sig = "sjs:j",
     .row = fn_extract_all,
     .prepare = prepare0,
     .release = release},
    {.name = "vdf_replace_regex",
     .sig = "sss:s",
     .row = fn_replace,
     .prepare = prepare1,
     .release = release},
    {.name = "vdf_trim",
     .sig = "ss:s",
     .row = fn_trim,
     .prepare = prepare_trim,
     .release = trimmer_free},
    {.name = "vdf_trim_start",
     .sig = "ss:s",
     .row = fn_trim_start,
     .prepare = prepare_trim,
     .release = trimmer_free},
    {.name = "vdf_trim_end",
     .sig = "ss:s",
     .row = fn_trim_end,
     .prepare = prepare_trim,
     .release = trimmer_free},
    {.name = "vdf_countof",
     .sig = "sss:l",
     .row = fn_countof,
     .prepare = prepare_countof,
     .release = release},
    {.name = "vdf_indexof_regex",
     .sig = "sslll:l",
     .row = fn_indexof,
     .prepare = prepare1,
     .release = release},
    {.name = "vdf_regex_quote", .sig = "s:s", .row = fn_quote},
    {0},
};
