/* Series as lines and as two lines, and ranges, which make series. Source: the functions' pages of
 * the Kusto reference. */
#include "engine/duckdb/fn_series.h"
#include "text/date.h"
#include <math.h>

/* ---- lines: least squares over positions from … to ---- */

struct line_fit line_fit(const struct series *s, size_t from, size_t to)
{
    double n = 0, mx = 0, my = 0, xx = 0, xy = 0, total = 0, rest = 0;
    for (size_t i = from; i < to; i++)
        if (series_known(s, i)) {
            n++;
            mx += (double)(i - from);
            my += s->v[i];
        }
    mx /= n > 0 ? n : 1;
    my /= n > 0 ? n : 1;
    for (size_t i = from; i < to; i++)
        if (series_known(s, i)) {
            double x = (double)(i - from) - mx, y = s->v[i] - my;
            xx += x * x;
            xy += x * y;
            total += y * y;
        }
    struct line_fit f = {.slope = xx > 0 ? xy / xx : 0};
    f.intercept = my - f.slope * mx;
    for (size_t i = from; i < to; i++)
        if (series_known(s, i)) {
            double e = s->v[i] - (f.intercept + f.slope * (double)(i - from));
            rest += e * e;
        }
    f.variance = n > 1 ? total / (n - 1) : 0;
    f.rvariance = n > 1 ? rest / (n - 1) : 0;
    f.rsquare = total > 0 ? 1 - rest / total : 0;
    return f;
}

/* Where the line is at position 0, the first item being at 1. */
static double interception(const struct line_fit *f)
{
    return f->intercept - f->slope;
}

static void write_line(struct json_out *w, const struct line_fit *f, size_t n)
{
    json_arr(w);
    for (size_t i = 0; i < n; i++)
        json_real(w, f->intercept + f->slope * (double)i);
    json_arr_end(w);
}

static void fit_line(struct cf_call *c, size_t r, bool bag)
{
    struct series s;
    if (!series_arg(c, r, 0, &s) || s.n == 0)
        return;
    struct line_fit f = line_fit(&s, 0, s.n);
    static const char *const names[] = {"rsquare", "slope", "variance", "rvariance",
                                        "interception"};
    const double values[] = {f.rsquare, f.slope, f.variance, f.rvariance, interception(&f)};
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    if (bag)
        json_obj(&w);
    else
        json_arr(&w);
    for (size_t i = 0; i < COUNTOF(values); i++) {
        if (bag)
            json_key(&w, names[i]);
        json_real(&w, values[i]);
    }
    if (bag)
        json_key(&w, "line_fit");
    write_line(&w, &f, s.n);
    if (bag)
        json_obj_end(&w);
    else
        json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_fit_line(struct cf_call *c, size_t r)
{
    fit_line(c, r, false);
}

static void fn_fit_line_dynamic(struct cf_call *c, size_t r)
{
    fit_line(c, r, true);
}

/* Sums over the known items before each position, of values less the mean of all: a line's rest
 * between any two positions without going through the items between. */
struct sums {
    double n, x, y, xx, xy, yy;
};

static struct sums *sums_of(struct arena *a, const struct series *s)
{
    struct sums *out = arena_array(a, struct sums, s->n + 1);
    double mean = 0, known = 0, middle = (double)s->n / 2;
    for (size_t i = 0; i < s->n; i++)
        if (series_known(s, i)) {
            mean += s->v[i];
            known++;
        }
    mean /= known > 0 ? known : 1;
    for (size_t i = 0; i < s->n; i++) {
        double x = (double)i - middle, y = s->v[i] - mean;
        out[i + 1] = out[i];
        if (series_known(s, i))
            out[i + 1] = (struct sums){out[i].n + 1,      out[i].x + x,      out[i].y + y,
                                       out[i].xx + x * x, out[i].xy + x * y, out[i].yy + y * y};
    }
    return out;
}

static double rest_between(const struct sums *from, const struct sums *to)
{
    double n = to->n - from->n, x = to->x - from->x, y = to->y - from->y;
    if (n == 0)
        return 0;
    double xx = to->xx - from->xx - x * x / n, xy = to->xy - from->xy - x * y / n;
    double yy = to->yy - from->yy - y * y / n;
    return fmax(0, xx > 0 ? yy - xy * xy / xx : yy);
}

/* The split whose two lines leave the least: the right line starts at it. */
static size_t best_split(struct arena *a, const struct series *s)
{
    const struct sums *k = sums_of(a, s);
    size_t best = 1;
    double least = (double)INFINITY;
    for (size_t i = 2; i + 2 <= s->n; i++) {
        double rest = rest_between(&k[0], &k[i]) + rest_between(&k[i], &k[s->n]);
        if (rest < least) {
            least = rest;
            best = i;
        }
    }
    return best;
}

struct two_lines {
    double rsquare, variance, rvariance;
    int64_t split;
    struct line_fit left, right;
};

static double known_of(const struct series *s, size_t from, size_t to)
{
    double n = 0;
    for (size_t i = from; i < to; i++)
        n += series_known(s, i) ? 1 : 0;
    return n;
}

static struct two_lines two_lines(struct arena *a, const struct series *s)
{
    struct line_fit whole = line_fit(s, 0, s->n);
    size_t at = best_split(a, s);
    double left = known_of(s, 0, at), right = known_of(s, at, s->n);
    struct two_lines t = {.split = (int64_t)at,
                          .variance = whole.variance,
                          .left = line_fit(s, 0, at),
                          .right = line_fit(s, at, s->n)};
    double rest = t.left.rvariance * (left - 1) + t.right.rvariance * (right - 1);
    t.rvariance = left + right > 1 ? fmax(0, rest) / (left + right - 1) : 0;
    t.rsquare = whole.variance > 0 ? 1 - t.rvariance / whole.variance : 0;
    return t;
}

static void write_two(struct json_out *w, const struct series *s, const struct two_lines *t)
{
    json_arr(w);
    for (size_t i = 0; i < s->n; i++) {
        bool right = (int64_t)i >= t->split;
        const struct line_fit *f = right ? &t->right : &t->left;
        json_real(w, f->intercept + f->slope * (double)((int64_t)i - (right ? t->split : 0)));
    }
    json_arr_end(w);
}

static void write_side(struct json_out *w, const struct line_fit *f, bool bag)
{
    static const char *const names[] = {"rsquare", "slope", "interception", "variance",
                                        "rvariance"};
    const double values[] = {f->rsquare, f->slope, interception(f), f->variance, f->rvariance};
    for (size_t i = 0; i < COUNTOF(values); i++) {
        if (bag)
            json_key(w, names[i]);
        json_real(w, values[i]);
    }
}

static void fn_fit_2lines(struct cf_call *c, size_t r)
{
    struct series s;
    if (!series_arg(c, r, 0, &s) || s.n < 4)
        return;
    struct two_lines t = two_lines(cf_arena(c), &s);
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    json_real(&w, t.rsquare);
    json_int(&w, t.split);
    json_real(&w, t.variance);
    json_real(&w, t.rvariance);
    write_two(&w, &s, &t);
    write_side(&w, &t.right, false);
    write_side(&w, &t.left, false);
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_fit_2lines_dynamic(struct cf_call *c, size_t r)
{
    struct series s;
    if (!series_arg(c, r, 0, &s) || s.n < 4)
        return;
    struct two_lines t = two_lines(cf_arena(c), &s);
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_obj(&w);
    json_kv_real(&w, "rsquare", t.rsquare);
    json_kv_int(&w, "split_idx", t.split);
    json_kv_real(&w, "variance", t.variance);
    json_kv_real(&w, "rvariance", t.rvariance);
    json_key(&w, "line_fit");
    write_two(&w, &s, &t);
    json_key(&w, "right");
    json_obj(&w);
    write_side(&w, &t.right, true);
    json_obj_end(&w);
    json_key(&w, "left");
    json_obj(&w);
    write_side(&w, &t.left, true);
    json_obj_end(&w);
    json_obj_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- range(): from, to, step, and what the ticks are ---- */

enum { MAX_RANGE = 1 << 20 };
static void write_item(struct json_out *w, int64_t v, struct str kind)
{
    char text[40];
    if (str_eqz(kind, "datetime")) {
        date_format(v, text);
        json_z(w, text);
    } else if (str_eqz(kind, "timespan")) {
        span_format(v, text);
        json_z(w, text);
    } else {
        json_int(w, v);
    }
}

static void fn_range(struct cf_call *c, size_t r)
{
    int64_t from = cf_i64(c, 0, r), to = cf_i64(c, 1, r), step = cf_i64(c, 2, r);
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    if (step == 0)
        return;
    json_arr(&w);
    for (size_t n = 0; n < MAX_RANGE && (step > 0 ? from <= to : from >= to); n++) {
        write_item(&w, from, cf_str(c, 3, r));
        if (__builtin_add_overflow(from, step, &from))
            break;
    }
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_range_real(struct cf_call *c, size_t r)
{
    double from = cf_f64(c, 0, r), to = cf_f64(c, 1, r), step = cf_f64(c, 2, r);
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    if (!isfinite(from) || !isfinite(to) || !isfinite(step) || step == 0)
        return;
    json_arr(&w);
    for (size_t n = 0; n < MAX_RANGE; n++) {
        double v = from + step * (double)n;
        if (step > 0 ? v > to : v < to)
            break;
        json_real(&w, v);
    }
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

#define ROW(title, signature, function, flag)                                                      \
    {                                                                                              \
        .name = "vdf_" title, .sig = (signature), .flags = (flag), .row = (function)               \
    }
const struct cf_scalar fn_series_fit_rows[] = {
    ROW("series_fit_line", "j:j", fn_fit_line, 0),
    ROW("series_fit_line_dynamic", "j:j", fn_fit_line_dynamic, 0),
    ROW("series_fit_2lines", "j:j", fn_fit_2lines, 0),
    ROW("series_fit_2lines_dynamic", "j:j", fn_fit_2lines_dynamic, 0),
    ROW("range", "llls:j", fn_range, 0),
    ROW("range_real", "ddd:j", fn_range_real, 0),
    {0},
};
