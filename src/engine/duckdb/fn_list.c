/* The ends of make_list, make_bag and make-series: a list of JSON texts becomes one JSON
 * text. */
#include <math.h>

#include "base/clock.h"
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/date.h"
#include "text/json.h"

enum { LIST_MAX_ITEMS = 1048576 };

struct list {
    struct cf_vec v;
    size_t first, n;
};

static struct list list_of(struct cf_call *c, size_t arg, size_t r)
{
    struct list l = {{0}, 0, 0};
    if (!cf_null(c, arg, r))
        l.n = cf_list(c, arg, r, &l.first, &l.v);
    return l;
}

/* Item i, or "null". */
static struct str list_at(const struct list *l, size_t i)
{
    size_t at = l->first + i;
    if (l->v.valid && !((l->v.valid[at >> 6] >> (at & 63)) & 1))
        return STR("null");
    return cf_string_t((const duckdb_string_t *)l->v.data + at);
}

static size_t limit_of(struct cf_call *c, size_t arg, size_t r)
{
    int64_t n = cf_null(c, arg, r) ? -1 : cf_i64(c, arg, r);
    return n < 0 || n > LIST_MAX_ITEMS ? LIST_MAX_ITEMS : (size_t)n;
}

struct writer {
    struct sbuf *b;
    size_t n, max;
    struct map *seen; /* sets only */
};

static void add(struct writer *w, struct str v)
{
    if (w->n >= w->max)
        return;
    if (w->seen) {
        if (map_get(w->seen, v))
            return;
        (void)map_put(w->seen, v, w);
    }
    if (w->n++)
        sbuf_addc(w->b, ',');
    sbuf_add(w->b, v);
}

/* An array argument's members are taken one by one. */
static void add_spread(struct writer *w, struct str v)
{
    if (js_type(v) != JS_ARRAY) {
        add(w, v);
        return;
    }
    struct js_iter it = js_begin(v);
    struct str item;
    while (js_next(&it, NULL, &item))
        add(w, item);
}

static void write_list(struct cf_call *c, size_t r, struct writer *w, bool spread, bool nulls)
{
    struct list l = list_of(c, 0, r);
    w->b = cf_buf(c);
    w->max = limit_of(c, 1, r);
    sbuf_addc(w->b, '[');
    for (size_t i = 0; i < l.n; i++) {
        struct str v = list_at(&l, i);
        bool null = js_type(v) == JS_NULL;
        if (null && !nulls)
            continue;
        if (spread)
            add_spread(w, v);
        else
            add(w, v);
    }
    sbuf_addc(w->b, ']');
    cf_out_str(c, r, sbuf_str(w->b));
}

/* vdf_make_list(list, max, dynamic, nulls): a null stays when the items are dynamic or nulls are
 * wanted. */
static void fn_make_list(struct cf_call *c, size_t r)
{
    struct writer w = {0};
    bool dynamic = cf_bool(c, 2, r);
    write_list(c, r, &w, dynamic, dynamic || cf_bool(c, 3, r));
}

/* ---- lists of texts and of whole numbers, which become JSON here ---- */
static bool list_null(const struct list *l, size_t at)
{
    return l->v.valid != NULL && !((l->v.valid[at >> 6] >> (at & 63)) & 1);
}

/* What is left of a list: values in their order. */
struct texts {
    struct str *p;
    size_t n;
};

/* The first values of the list in argument 0, at most as many as argument 1 says. */
static struct texts texts_of(struct cf_call *c, size_t r)
{
    struct list l = list_of(c, 0, r);
    size_t most = limit_of(c, 1, r);
    most = l.n < most ? l.n : most;
    struct texts t = {arena_array(cf_arena(c), struct str, most + 1), 0};
    for (size_t i = 0; i < l.n && t.n < most; i++) {
        struct str v = cf_string_t((const duckdb_string_t *)l.v.data + l.first + i);
        if (!list_null(&l, l.first + i))
            t.p[t.n++] = v;
    }
    return t;
}

static void out_texts(struct cf_call *c, size_t r, struct texts t)
{
    struct sbuf *b = cf_buf(c);
    sbuf_addc(b, '[');
    for (size_t i = 0; i < t.n; i++) {
        if (i > 0)
            sbuf_addc(b, ',');
        json_escape(b, t.p[i]);
    }
    sbuf_addc(b, ']');
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_list_texts(struct cf_call *c, size_t r)
{
    out_texts(c, r, texts_of(c, r));
}

static void fn_list_longs(struct cf_call *c, size_t r)
{
    struct list l = list_of(c, 0, r);
    size_t max = limit_of(c, 1, r), n = 0;
    bool nulls = cf_bool(c, 2, r);
    struct sbuf *b = cf_buf(c);
    sbuf_addc(b, '[');
    for (size_t i = 0; i < l.n && n < max; i++) {
        bool null = list_null(&l, l.first + i);
        if (null && !nulls)
            continue;
        if (n++ > 0)
            sbuf_addc(b, ',');
        if (null)
            sbuf_addz(b, "null");
        else
            sbuf_addi(b, ((const int64_t *)l.v.data)[l.first + i]);
    }
    sbuf_addc(b, ']');
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_make_bag(struct cf_call *c, size_t r)
{
    struct list l = list_of(c, 0, r);
    struct sbuf *b = cf_buf(c);
    struct map *seen = map_new(cf_arena(c), false);
    size_t n = 0, max = limit_of(c, 1, r);
    sbuf_addc(b, '{');
    for (size_t i = 0; i < l.n; i++) {
        struct js_iter it = js_begin(list_at(&l, i));
        struct str k, v;
        while (it.object && n < max && js_next(&it, &k, &v)) {
            if (map_get(seen, k))
                continue;
            (void)map_put(seen, k, seen);
            sbuf_addz(b, n++ ? "," : "");
            sbuf_add(b, k);
            sbuf_addc(b, ':');
            sbuf_add(b, v);
        }
    }
    sbuf_addc(b, '}');
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- make-series ---- */
/* Bins of from … to by step. inclusive: to has a bin of its own. */
static int64_t bins(double from, double to, double step, bool inclusive)
{
    double n = (to - from) / step;
    if (!(step > 0) || !(n >= 0))
        return 0;
    n = inclusive ? floor(n + 1e-9) + 1 : ceil(n - 1e-9);
    return n > LIST_MAX_ITEMS ? LIST_MAX_ITEMS : (int64_t)n;
}

static void fn_count(struct cf_call *c, size_t r)
{
    int64_t from = cf_i64(c, 0, r), to = cf_i64(c, 1, r), step = cf_i64(c, 2, r), d, n;
    bool inclusive = cf_bool(c, 3, r);
    if (step <= 0 || to < from || __builtin_sub_overflow(to, from, &d)) {
        cf_out_i64(c, r, 0);
        return;
    }
    n = inclusive ? d / step + 1 : d / step + (d % step != 0);
    cf_out_i64(c, r, n > LIST_MAX_ITEMS ? LIST_MAX_ITEMS : n);
}

static void fn_count_real(struct cf_call *c, size_t r)
{
    cf_out_i64(c, r, bins(cf_f64(c, 0, r), cf_f64(c, 1, r), cf_f64(c, 2, r), cf_bool(c, 3, r)));
}

/* vdf_series_fill(bins, values, n, default) */
static void fn_fill(struct cf_call *c, size_t r)
{
    if (cf_null(c, 2, r) || cf_i64(c, 2, r) <= 0)
        return;
    size_t n = (size_t)cf_i64(c, 2, r);
    struct list k = list_of(c, 0, r), v = list_of(c, 1, r);
    struct str *out = arena_array(cf_arena(c), struct str, n);
    struct str fill = cf_null(c, 3, r) ? STR("null") : cf_str(c, 3, r);
    for (size_t i = 0; i < n; i++)
        out[i] = fill;
    for (size_t i = 0; i < k.n && i < v.n; i++) {
        int64_t at = ((const int64_t *)k.v.data)[k.first + i];
        if (at >= 0 && (size_t)at < n)
            out[at] = list_at(&v, i);
    }
    struct sbuf *b = cf_buf(c);
    for (size_t i = 0; i < n; i++) {
        sbuf_addc(b, i ? ',' : '[');
        sbuf_add(b, out[i]);
    }
    sbuf_addc(b, ']');
    cf_out_str(c, r, sbuf_str(b));
}

static void axis(struct cf_call *c, size_t r, char kind)
{
    int64_t n = cf_i64(c, 2, r);
    if (n <= 0)
        return;
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    char text[40];
    json_arr(&w);
    for (int64_t i = 0; i < n; i++) {
        if (kind == 'd') {
            json_real(&w, cf_f64(c, 0, r) + (double)i * cf_f64(c, 1, r));
            continue;
        }
        int64_t at = (int64_t)((uint64_t)cf_i64(c, 0, r) + (uint64_t)i * (uint64_t)cf_i64(c, 1, r));
        if (kind == 'l') {
            json_int(&w, at);
        } else if (kind == 't' && (at < 0 || at > TICKS_MAX)) {
            json_null(&w);
        } else {
            if (kind == 't')
                date_format(at, text);
            else
                span_format(at, text);
            json_z(&w, text);
        }
    }
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_axis_datetime(struct cf_call *c, size_t r)
{
    axis(c, r, 't');
}

static void fn_axis_span(struct cf_call *c, size_t r)
{
    axis(c, r, 'p');
}

static void fn_axis_long(struct cf_call *c, size_t r)
{
    axis(c, r, 'l');
}

static void fn_axis_real(struct cf_call *c, size_t r)
{
    axis(c, r, 'd');
}

/* vd_weighted_index(weights of sorted values, share): the place, from 1 on, of the first value
 * where the weights so far reach that share of all. */
static void fn_weighted_index(struct cf_call *c, size_t r)
{
    struct list l = list_of(c, 0, r);
    const int64_t *w = l.v.data;
    double total = 0, sum = 0;
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < l.n; i++) {
            size_t at = l.first + i;
            bool null = l.v.valid && !((l.v.valid[at >> 6] >> (at & 63)) & 1);
            double weight = null || w[at] < 0 ? 0 : (double)w[at];
            *(pass == 0 ? &total : &sum) += weight;
            if (pass == 1 && weight > 0 && sum >= cf_f64(c, 1, r) * total) {
                cf_out_i64(c, r, (int64_t)i + 1);
                return;
            }
        }
}

const struct cf_scalar fn_list_rows[] = {
    {.name = "vd_weighted_index", .sig = "[ld:l", .row = fn_weighted_index},
    {.name = "vdf_make_list", .sig = "[jlbb:j", .flags = CF_NULLS, .row = fn_make_list},
    {.name = "vdf_list_texts", .sig = "[sl:j", .flags = CF_NULLS, .row = fn_list_texts},
    {.name = "vdf_list_longs", .sig = "[llb:j", .flags = CF_NULLS, .row = fn_list_longs},
    {.name = "vdf_make_bag", .sig = "[jl:j", .flags = CF_NULLS, .row = fn_make_bag},
    {.name = "vdf_series_count", .sig = "lllb:l", .row = fn_count},
    {.name = "vdf_series_count", .sig = "dddb:l", .row = fn_count_real},
    {.name = "vdf_series_fill", .sig = "[l[jlj:j", .flags = CF_NULLS, .row = fn_fill},
    {.name = "vdf_axis_datetime", .sig = "lll:j", .row = fn_axis_datetime},
    {.name = "vdf_axis_span", .sig = "lll:j", .row = fn_axis_span},
    {.name = "vdf_axis_number", .sig = "lll:j", .row = fn_axis_long},
    {.name = "vdf_axis_number", .sig = "ddl:j", .row = fn_axis_real},
    {0},
};
