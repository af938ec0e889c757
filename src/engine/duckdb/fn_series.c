/* Series functions, element by element and over the whole: arithmetic, comparison, filling,
 * filters, statistics. Source: the series functions' pages of the Kusto reference. */
#include "engine/duckdb/fn_series.h"
#include "text/date.h"
#include <math.h>

static const double NOT_A_NUMBER = (double)NAN;

/* What a dynamic says of numbers that JSON lacks, and datetimes in the one form that they have in
 * a dynamic, as ticks. */
static bool text_as_number(struct str item, double *out)
{
    static const struct {
        const char *text;
        double v;
    } names[] = {{"\"NaN\"", (double)NAN},
                 {"\"Infinity\"", (double)INFINITY},
                 {"\"-Infinity\"", -(double)INFINITY}};
    int64_t ticks = 0;
    item = str_trim(item);
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (str_eqz(item, names[i].text)) {
            *out = names[i].v;
            return true;
        }
    struct str inner = item.n > 2 ? str_sub(item, 1, item.n - 2) : STR_NONE;
    if (inner.n != sizeof("2026-01-02T03:04:05.0000000Z") - 1 || inner.p[10] != 'T' ||
        !date_parse_iso(inner, &ticks))
        return false;
    *out = (double)ticks;
    return true;
}

static bool read_series(struct cf_call *c, struct str text, struct series *out)
{
    struct str item = STR_NONE;
    if (js_type(text) != JS_ARRAY)
        return false;
    size_t i = 0, n = js_count(text);
    if (n > SERIES_MAX) {
        cf_refuse(c, ERR_LIMIT, "a series may have at most %d items, not %zu", SERIES_MAX, n);
        cf_hint(c, "use larger bins, or array_slice()");
        return false;
    }
    *out = series_new(cf_arena(c), n, true);
    for (struct js_iter it = js_begin(text); js_next(&it, NULL, &item) && i < out->n; i++) {
        bool is_int = false;
        int64_t whole = 0;
        out->null[i] = js_type(item) == JS_STRING ? !text_as_number(item, &out->v[i])
                                                  : !js_number(item, &is_int, &whole, &out->v[i]);
        if (out->null[i])
            out->v[i] = NOT_A_NUMBER;
        else
            out->ints = out->ints && is_int;
    }
    return true;
}

bool series_known(const struct series *s, size_t i)
{
    return !s->null[i] && isfinite(s->v[i]);
}

struct series series_new(struct arena *a, size_t n, bool ints)
{
    return (struct series){arena_array(a, double, n + 1), arena_array(a, bool, n + 1), n, ints};
}

enum { POLL_EVERY = 1024 };
static void series_write(struct cf_call *c, struct json_out *w, const struct series *s)
{
    json_arr(w);
    for (size_t i = 0; i < s->n && (i % POLL_EVERY != 0 || !cf_stops(c)); i++) {
        if (s->null[i])
            json_null(w);
        else if (s->ints && fabs(s->v[i]) < 9e15)
            json_int(w, (int64_t)s->v[i]);
        else
            json_real(w, s->v[i]);
    }
    json_arr_end(w);
}

void series_out(struct cf_call *c, size_t r, const struct series *s)
{
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    series_write(c, &w, s);
    cf_out_str(c, r, sbuf_str(b));
}

void series_out_list(struct cf_call *c, size_t r, const struct series *const *list, size_t n)
{
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (size_t i = 0; i < n; i++)
        series_write(c, &w, list[i]);
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

bool series_arg(struct cf_call *c, size_t r, size_t arg, struct series *out)
{
    return read_series(c, cf_str(c, arg, r), out);
}

/* ---- one series in, one out ---- */

static double sign_of(double x)
{
    return (x > 0) - (x < 0);
}

static void each(struct cf_call *c, size_t r, double (*fn)(double))
{
    struct series s;
    if (!series_arg(c, r, 0, &s))
        return;
    for (size_t i = 0; i < s.n; i++)
        s.v[i] = fn(s.v[i]);
    s.ints = s.ints && (fn == fabs || fn == sign_of);
    series_out(c, r, &s);
}

#define EACH(name, fn)                                                                             \
    static void name(struct cf_call *c, size_t r)                                                  \
    {                                                                                              \
        each(c, r, fn);                                                                            \
    }
EACH(fn_abs, fabs)
EACH(fn_acos, acos)
EACH(fn_asin, asin)
EACH(fn_atan, atan)
EACH(fn_ceiling, ceil)
EACH(fn_cos, cos)
EACH(fn_exp, exp)
EACH(fn_floor, floor)
EACH(fn_log, log)
EACH(fn_sign, sign_of)
EACH(fn_sin, sin)
EACH(fn_tan, tan)

/* ---- two in, one out: a number stands for a series of itself ---- */

enum pair_op { ADD, SUBTRACT, MULTIPLY, DIVIDE, POW, LT, LE, GT, GE, EQ, NE };

static double pair_value(enum pair_op op, double x, double y)
{
    switch (op) {
    case ADD:
        return x + y;
    case SUBTRACT:
        return x - y;
    case MULTIPLY:
        return x * y;
    case DIVIDE:
        return x / y;
    case POW:
        return pow(x, y);
    case LT:
        return x < y;
    case LE:
        return x <= y;
    case GT:
        return x > y;
    case GE:
        return x >= y;
    case EQ:
        return x == y;
    case NE:
        return x != y;
    }
    return NOT_A_NUMBER;
}

static struct series repeated(struct arena *a, struct str number, size_t n)
{
    bool is_int = false;
    int64_t whole = 0;
    double d = NOT_A_NUMBER;
    bool null = !js_number(number, &is_int, &whole, &d);
    struct series s = series_new(a, n, is_int);
    for (size_t i = 0; i < n; i++) {
        s.v[i] = null ? NOT_A_NUMBER : d;
        s.null[i] = null;
    }
    return s;
}

static bool read_pair(struct cf_call *c, size_t r, struct series *x, struct series *y)
{
    struct arena *a = cf_arena(c);
    struct str left = cf_str(c, 0, r), right = cf_str(c, 1, r);
    bool xs = read_series(c, left, x), ys = read_series(c, right, y);
    if (!xs && !ys)
        return false;
    if (!xs)
        *x = repeated(a, left, y->n);
    if (!ys)
        *y = repeated(a, right, x->n);
    return true;
}

static void write_flags(struct cf_call *c, size_t r, const struct series *s)
{
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (size_t i = 0; i < s->n; i++) {
        if (s->null[i])
            json_null(&w);
        else
            json_bool(&w, s->v[i] != 0);
    }
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void pair(struct cf_call *c, size_t r, enum pair_op op)
{
    struct series x, y;
    if (!read_pair(c, r, &x, &y))
        return;
    size_t n = x.n > y.n ? x.n : y.n;
    struct series out = series_new(cf_arena(c), n, x.ints && y.ints && op <= MULTIPLY);
    for (size_t i = 0; i < n; i++) {
        out.null[i] = i >= x.n || i >= y.n || x.null[i] || y.null[i];
        out.v[i] = out.null[i] ? NOT_A_NUMBER : pair_value(op, x.v[i], y.v[i]);
    }
    if (op >= LT)
        write_flags(c, r, &out);
    else
        series_out(c, r, &out);
}

#define PAIR(name, op)                                                                             \
    static void name(struct cf_call *c, size_t r)                                                  \
    {                                                                                              \
        pair(c, r, op);                                                                            \
    }
PAIR(fn_add, ADD)
PAIR(fn_subtract, SUBTRACT)
PAIR(fn_multiply, MULTIPLY)
PAIR(fn_divide, DIVIDE)
PAIR(fn_pow, POW)
PAIR(fn_less, LT)
PAIR(fn_less_equals, LE)
PAIR(fn_greater, GT)
PAIR(fn_greater_equals, GE)
PAIR(fn_equals, EQ)
PAIR(fn_not_equals, NE)

/* ---- filling: the second argument is what stands for "missing"; null in any case. Items that are
 * not filled, and those that fill, are written as they came. ---- */

struct gaps {
    struct series s; /* null: missing */
    struct str *items;
};

static bool read_gaps(struct cf_call *c, size_t r, struct gaps *out)
{
    bool is_int = false;
    int64_t whole = 0;
    size_t n = 0;
    double missing = NOT_A_NUMBER;
    if (cf_null(c, 0, r) || !series_arg(c, r, 0, &out->s))
        return false;
    out->items = js_items(cf_arena(c), cf_str(c, 0, r), NULL, &n);
    if (!cf_null(c, 1, r) && js_number(cf_str(c, 1, r), &is_int, &whole, &missing))
        for (size_t i = 0; i < out->s.n; i++)
            out->s.null[i] = out->s.null[i] || out->s.v[i] == missing;
    return true;
}

static void out_items(struct cf_call *c, size_t r, const struct gaps *g)
{
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (size_t i = 0; i < g->s.n; i++)
        json_raw(&w, g->items[i]);
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_fill_forward(struct cf_call *c, size_t r)
{
    struct gaps g;
    bool known = false;
    if (!read_gaps(c, r, &g))
        return;
    for (size_t i = 0; i < g.s.n; i++) {
        if (g.s.null[i] && known)
            g.items[i] = g.items[i - 1];
        known = known || !g.s.null[i];
    }
    out_items(c, r, &g);
}

static void fn_fill_backward(struct cf_call *c, size_t r)
{
    struct gaps g;
    bool known = false;
    if (!read_gaps(c, r, &g))
        return;
    for (size_t i = g.s.n; i-- > 0;) {
        if (g.s.null[i] && known)
            g.items[i] = g.items[i + 1];
        known = known || !g.s.null[i];
    }
    out_items(c, r, &g);
}

/* series, missing, value: the value is written as it was given. */
static void fn_fill_const(struct cf_call *c, size_t r)
{
    struct gaps g;
    struct str value = cf_null(c, 2, r) ? STR("0") : cf_str(c, 2, r);
    if (!read_gaps(c, r, &g))
        return;
    for (size_t i = 0; i < g.s.n; i++)
        if (g.s.null[i])
            g.items[i] = value;
    out_items(c, r, &g);
}

static void fill_gap(struct arena *a, struct gaps *g, size_t from, size_t to, bool edges)
{
    const struct series *s = &g->s;
    bool left = from > 0, right = to < s->n;
    if (!left || !right) {
        for (size_t i = from; i < to && edges && (left || right); i++)
            g->items[i] = g->items[left ? from - 1 : to];
        return;
    }
    double step = (s->v[to] - s->v[from - 1]) / (double)(to - from + 1);
    for (size_t i = from; i < to; i++) {
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
        struct json_out w = json_out_make(&b);
        double v = s->v[from - 1] + step * (double)(i - from + 1);
        if (s->ints && fabs(v) < 9e15)
            json_int(&w, (int64_t)v);
        else
            json_real(&w, v);
        g->items[i] = arena_str(a, sbuf_str(&b));
    }
}

/* series, missing, edges, value for a series of missing items only: null keeps them */
static void fn_fill_linear(struct cf_call *c, size_t r)
{
    struct gaps g;
    size_t gap = 0;
    if (!read_gaps(c, r, &g))
        return;
    bool edges = cf_null(c, 2, r) || cf_bool(c, 2, r), known = false;
    for (size_t i = 0; i < g.s.n; i++)
        known = known || !g.s.null[i];
    for (size_t i = 0; i < g.s.n && !known && !cf_null(c, 3, r); i++)
        g.items[i] = cf_str(c, 3, r);
    for (size_t i = 0; i <= g.s.n && known; i++)
        if (i == g.s.n || !g.s.null[i]) {
            if (i > gap)
                fill_gap(cf_arena(c), &g, gap, i, edges);
            gap = i + 1;
        }
    out_items(c, r, &g);
}

/* ---- filters ---- */

enum { MAX_DIRECT = 1 << 24 }; /* products, above which a filter goes through the transform */

static void filter_directly(const struct series *s, const struct series *f, size_t shift,
                            struct series *out)
{
    for (size_t i = 0; i < s->n; i++)
        for (size_t k = 0; k < f->n; k++) {
            size_t at = i + shift;
            double x = at >= k && at - k < s->n && !s->null[at - k] ? s->v[at - k] : 0;
            out->v[i] += f->v[k] * x;
        }
}

/* The same by the convolution theorem: the filter as the imaginary part of one transform, so that
 * the imaginary part of the square is twice the product. */
static void filter_by_transform(struct arena *a, const struct series *s, const struct series *f,
                                size_t shift, struct series *out)
{
    size_t m = 1;
    while (m < s->n + f->n)
        m *= 2;
    double *re = arena_array(a, double, m), *im = arena_array(a, double, m);
    for (size_t i = 0; i < s->n; i++)
        re[i] = s->null[i] ? 0 : s->v[i];
    for (size_t i = 0; i < f->n; i++)
        im[i] = f->v[i];
    fourier_transform(a, re, im, m);
    for (size_t i = 0; i < m; i++) {
        double x = re[i] * re[i] - im[i] * im[i];
        im[i] = 2 * re[i] * im[i];
        re[i] = x;
    }
    fourier_transform(a, im, re, m);
    for (size_t i = 0; i < s->n; i++) {
        double v = i + shift < m ? im[i + shift] / (2 * (double)m) : 0;
        out->v[i] = out->ints ? round(v) : v;
    }
}

/* series, filter, normalize, center. A filter with a coefficient below zero has no size to be
 * normalized by. */
static void fn_fir(struct cf_call *c, size_t r)
{
    struct series s, f;
    double sum = 0;
    bool negative = false;
    if (cf_null(c, 0, r) || cf_null(c, 1, r) || cf_null(c, 3, r) || !series_arg(c, r, 0, &s) ||
        !series_arg(c, r, 1, &f) || f.n == 0)
        return;
    for (size_t i = 0; i < f.n; i++) {
        if (!series_known(&f, i))
            return;
        sum += f.v[i];
        negative = negative || f.v[i] < 0;
    }
    bool normalize = cf_null(c, 2, r) ? !negative : cf_bool(c, 2, r);
    if (normalize && negative)
        return;
    for (size_t i = 0; i < f.n && normalize && sum != 0; i++)
        f.v[i] /= sum;
    struct series out = series_new(cf_arena(c), s.n, s.ints && f.ints && !normalize);
    size_t shift = cf_bool(c, 3, r) ? f.n / 2 : 0;
    if (s.n * f.n <= MAX_DIRECT)
        filter_directly(&s, &f, shift, &out);
    else
        filter_by_transform(cf_arena(c), &s, &f, shift, &out);
    series_out(c, r, &out);
}

static void fn_iir(struct cf_call *c, size_t r)
{
    struct series s, b, a;
    if (!series_arg(c, r, 0, &s) || !series_arg(c, r, 1, &b) || !series_arg(c, r, 2, &a) ||
        a.n == 0 || a.v[0] == 0)
        return;
    struct series out = series_new(cf_arena(c), s.n, false);
    for (size_t i = 0; i < s.n && !cf_stops(c); i++) {
        double y = 0;
        for (size_t k = 0; k < b.n && k <= i; k++)
            y += b.v[k] * (s.null[i - k] ? 0 : s.v[i - k]);
        for (size_t k = 1; k < a.n && k <= i; k++)
            y -= a.v[k] * out.v[i - k];
        out.v[i] = y / a.v[0];
    }
    series_out(c, r, &out);
}

/* ---- numbers of a series ---- */

static void fn_sum(struct cf_call *c, size_t r)
{
    struct series s;
    double sum = 0;
    if (!series_arg(c, r, 0, &s))
        return;
    for (size_t i = 0; i < s.n; i++)
        sum += s.null[i] ? 0 : s.v[i];
    cf_out_f64(c, r, sum);
}

static void fn_product(struct cf_call *c, size_t r)
{
    struct series s;
    double product = 1;
    if (!series_arg(c, r, 0, &s))
        return;
    for (size_t i = 0; i < s.n; i++)
        product *= s.null[i] ? 1 : s.v[i];
    cf_out_f64(c, r, product);
}

static double dot(const struct series *x, const struct series *y)
{
    double sum = 0;
    for (size_t i = 0; i < x->n && i < y->n; i++)
        if (!x->null[i] && !y->null[i])
            sum += x->v[i] * y->v[i];
    return sum;
}

static void fn_dot(struct cf_call *c, size_t r)
{
    struct series x, y;
    if (read_pair(c, r, &x, &y) && x.n > 0 && y.n > 0)
        cf_out_f64(c, r, dot(&x, &y));
}

static void fn_magnitude(struct cf_call *c, size_t r)
{
    struct series s;
    if (series_arg(c, r, 0, &s))
        cf_out_f64(c, r, sqrt(dot(&s, &s)));
}

/* two series, and their magnitudes or null. The longer one is cut to the length of the other; a
 * place where one has no number counts for neither. */
static void fn_cosine(struct cf_call *c, size_t r)
{
    struct series x, y;
    double xx = 0, yy = 0;
    if (cf_null(c, 0, r) || cf_null(c, 1, r) || !series_arg(c, r, 0, &x) ||
        !series_arg(c, r, 1, &y))
        return;
    for (size_t i = 0; i < x.n && i < y.n; i++)
        if (!x.null[i] && !y.null[i]) {
            xx += x.v[i] * x.v[i];
            yy += y.v[i] * y.v[i];
        }
    double sizes = (cf_null(c, 2, r) ? sqrt(xx) : cf_f64(c, 2, r)) *
                   (cf_null(c, 3, r) ? sqrt(yy) : cf_f64(c, 3, r));
    if (sizes != 0)
        cf_out_f64(c, r, dot(&x, &y) / sizes);
}

static double mean_of(const struct series *s)
{
    double sum = 0;
    for (size_t i = 0; i < s->n; i++)
        sum += s->v[i];
    return s->n > 0 ? sum / (double)s->n : NOT_A_NUMBER;
}

static void fn_pearson(struct cf_call *c, size_t r)
{
    struct series x, y;
    if (!series_arg(c, r, 0, &x) || !series_arg(c, r, 1, &y) || x.n != y.n || x.n == 0)
        return;
    for (size_t i = 0; i < x.n; i++)
        if (x.null[i] || y.null[i])
            return;
    double mx = mean_of(&x), my = mean_of(&y), xy = 0, xx = 0, yy = 0;
    for (size_t i = 0; i < x.n; i++) {
        xy += (x.v[i] - mx) * (y.v[i] - my);
        xx += (x.v[i] - mx) * (x.v[i] - mx);
        yy += (y.v[i] - my) * (y.v[i] - my);
    }
    cf_out_f64(c, r, xy / sqrt(xx * yy));
}

/* ---- statistics: null as soon as one item is not a finite number, unless those are passed over
 * ---- */

struct stats {
    double min, max, avg, variance;
    int64_t min_at, max_at;
    size_t n;
    double sum;
};

/* false: there is nothing to say. */
static bool stats_of(struct cf_call *c, size_t r, struct series *s, struct stats *out)
{
    struct stats t = {0};
    double squares = 0;
    if (cf_null(c, 0, r) || !series_arg(c, r, 0, s))
        return false;
    bool ignoring = !cf_null(c, 1, r) && cf_bool(c, 1, r);
    for (size_t i = 0; i < s->n; i++) {
        if (!series_known(s, i) && !ignoring)
            return false;
        if (!series_known(s, i))
            continue;
        if (t.n == 0 || s->v[i] < t.min) {
            t.min = s->v[i];
            t.min_at = (int64_t)i;
        }
        if (t.n == 0 || s->v[i] > t.max) {
            t.max = s->v[i];
            t.max_at = (int64_t)i;
        }
        t.sum += s->v[i];
        t.n++;
    }
    if (t.n == 0)
        return false;
    t.avg = t.sum / (double)t.n;
    for (size_t i = 0; i < s->n; i++)
        if (series_known(s, i))
            squares += (s->v[i] - t.avg) * (s->v[i] - t.avg);
    t.variance = t.n > 1 ? squares / (double)(t.n - 1) : 0;
    *out = t;
    return true;
}

static void number(struct json_out *w, const struct series *s, double v)
{
    if (s->ints && fabs(v) < 9e15)
        json_int(w, (int64_t)v);
    else
        json_real(w, v);
}

static void fn_stats(struct cf_call *c, size_t r)
{
    struct series s;
    struct stats t;
    if (!stats_of(c, r, &s, &t))
        return;
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    number(&w, &s, t.min);
    json_int(&w, t.min_at);
    number(&w, &s, t.max);
    json_int(&w, t.max_at);
    json_real(&w, t.avg);
    json_real(&w, sqrt(t.variance));
    json_real(&w, t.variance);
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_stats_dynamic(struct cf_call *c, size_t r)
{
    struct series s;
    struct stats t;
    if (!stats_of(c, r, &s, &t))
        return;
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_obj(&w);
    json_key(&w, "min");
    number(&w, &s, t.min);
    json_kv_int(&w, "min_idx", t.min_at);
    json_key(&w, "max");
    number(&w, &s, t.max);
    json_kv_int(&w, "max_idx", t.max_at);
    json_kv_real(&w, "avg", t.avg);
    json_kv_real(&w, "stdev", sqrt(t.variance));
    json_kv_real(&w, "variance", t.variance);
    json_kv_real(&w, "sum", t.sum);
    json_kv_int(&w, "len", (int64_t)s.n);
    json_obj_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

#define ROW(title, signature, function, flag)                                                      \
    {                                                                                              \
        .name = "vdf_series_" title, .sig = (signature), .flags = (flag), .row = (function)        \
    }
const struct cf_scalar fn_series_rows[] = {
    ROW("abs", "j:j", fn_abs, 0),
    ROW("acos", "j:j", fn_acos, 0),
    ROW("asin", "j:j", fn_asin, 0),
    ROW("atan", "j:j", fn_atan, 0),
    ROW("ceiling", "j:j", fn_ceiling, 0),
    ROW("cos", "j:j", fn_cos, 0),
    ROW("exp", "j:j", fn_exp, 0),
    ROW("floor", "j:j", fn_floor, 0),
    ROW("log", "j:j", fn_log, 0),
    ROW("sign", "j:j", fn_sign, 0),
    ROW("sin", "j:j", fn_sin, 0),
    ROW("tan", "j:j", fn_tan, 0),
    ROW("add", "jj:j", fn_add, 0),
    ROW("subtract", "jj:j", fn_subtract, 0),
    ROW("multiply", "jj:j", fn_multiply, 0),
    ROW("divide", "jj:j", fn_divide, 0),
    ROW("pow", "jj:j", fn_pow, 0),
    ROW("less", "jj:j", fn_less, 0),
    ROW("less_equals", "jj:j", fn_less_equals, 0),
    ROW("greater", "jj:j", fn_greater, 0),
    ROW("greater_equals", "jj:j", fn_greater_equals, 0),
    ROW("equals", "jj:j", fn_equals, 0),
    ROW("not_equals", "jj:j", fn_not_equals, 0),
    ROW("fill_forward", "jj:j", fn_fill_forward, CF_NULLS),
    ROW("fill_backward", "jj:j", fn_fill_backward, CF_NULLS),
    ROW("fill_const", "jjj:j", fn_fill_const, CF_NULLS),
    ROW("fill_linear", "jjbj:j", fn_fill_linear, CF_NULLS),
    ROW("fir", "jjbb:j", fn_fir, CF_NULLS),
    ROW("iir", "jjj:j", fn_iir, 0),
    ROW("sum", "j:d", fn_sum, 0),
    ROW("product", "j:d", fn_product, 0),
    ROW("dot", "jj:d", fn_dot, 0),
    ROW("magnitude", "j:d", fn_magnitude, 0),
    ROW("cosine", "jjdd:d", fn_cosine, CF_NULLS),
    ROW("pearson", "jj:d", fn_pearson, 0),
    ROW("stats", "jb:j", fn_stats, CF_NULLS),
    ROW("stats_dynamic", "jb:j", fn_stats_dynamic, CF_NULLS),
    {0},
};
