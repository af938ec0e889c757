/* series_fit_poly(): least squares by polynomials that are orthogonal over the positions at hand
 * (G. E. Forsythe, 1957), which stays exact where the powers themselves would not; the coefficients
 * of the powers come last. Source: series-fit-poly-function. */
#include "engine/duckdb/fn_series.h"
#include <math.h>

enum { MAX_DEGREE = 32 }; /* as in the check of constant arguments */

struct points {
    double *x, *y; /* x: moved and stretched to [-1, 1] */
    size_t n;
    double middle, half;
};

/* The items whose two sides are known. xs NULL: 1, 2 … */
static struct points points_of(struct arena *a, const struct series *ys, const struct series *xs)
{
    struct points p = {arena_array(a, double, ys->n + 1), arena_array(a, double, ys->n + 1), 0, 0,
                       1};
    double least = (double)INFINITY, most = -(double)INFINITY;
    for (size_t i = 0; i < ys->n; i++) {
        if (!series_known(ys, i) || (xs != NULL && !series_known(xs, i)))
            continue;
        p.x[p.n] = xs != NULL ? xs->v[i] : (double)(i + 1);
        p.y[p.n] = ys->v[i];
        least = fmin(least, p.x[p.n]);
        most = fmax(most, p.x[p.n++]);
    }
    if (p.n > 0)
        p.middle = least / 2 + most / 2;
    if (p.n > 0 && most > least)
        p.half = most / 2 - least / 2;
    for (size_t i = 0; i < p.n; i++)
        p.x[i] = (p.x[i] - p.middle) / p.half;
    return p;
}

/* One of the orthogonal polynomials: its values at the points and its coefficients, lowest power
 * first. */
struct basis {
    double *at;
    double powers[MAX_DEGREE + 1];
};

static double product(const double *x, const double *y, size_t n)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++)
        sum += x[i] * y[i];
    return sum;
}

/* next = (x - shift) * last - weight * before */
static void step(const struct points *p, const struct basis *last, const struct basis *before,
                 double shift, double weight, struct basis *next)
{
    for (size_t i = 0; i < p->n; i++)
        next->at[i] = (p->x[i] - shift) * last->at[i] - weight * before->at[i];
    for (size_t k = 0; k <= MAX_DEGREE; k++)
        next->powers[k] = (k > 0 ? last->powers[k - 1] : 0) - shift * last->powers[k] -
                          weight * before->powers[k];
}

/* The best polynomial: powers (of the stretched x) and what it leaves of y, in p->y. A degree that
 * the points don't determine has the coefficient 0. */
static void fit(struct arena *a, struct points *p, size_t degree, double *powers)
{
    struct basis b[3];
    double size = (double)p->n, before = 0;
    for (size_t i = 0; i < COUNTOF(b); i++)
        b[i] = (struct basis){.at = arena_array(a, double, p->n + 1)};
    b[0].powers[0] = 1;
    for (size_t i = 0; i < p->n; i++)
        b[0].at[i] = 1;
    for (size_t k = 0; k <= degree && k < p->n; k++) {
        struct basis *here = &b[k % 3], *next = &b[(k + 1) % 3];
        double weight = product(here->at, p->y, p->n) / size, shift = 0;
        for (size_t i = 0; i < p->n; i++) {
            p->y[i] -= weight * here->at[i];
            shift += p->x[i] * here->at[i] * here->at[i] / size;
        }
        for (size_t i = 0; i <= degree; i++)
            powers[i] += weight * here->powers[i];
        step(p, here, &b[(k + 2) % 3], shift, before, next);
        double grown = product(next->at, next->at, p->n);
        if (!(grown > size * 1e-20)) /* no more different positions than that */
            return;
        before = grown / size;
        size = grown;
    }
}

static double value_at(const double *powers, size_t degree, double x)
{
    double v = 0;
    for (size_t k = degree + 1; k-- > 0;)
        v = v * x + powers[k];
    return v;
}

/* Powers of (x - middle) / half become powers of x: the polynomial is evaluated by Horner's rule,
 * with polynomials for numbers. */
static void unstretch(const struct points *p, size_t degree, const double *powers, double *out)
{
    double scale = 1 / p->half, move = -p->middle / p->half;
    for (size_t k = 0; k <= degree; k++)
        out[k] = 0;
    for (size_t k = degree + 1; k-- > 0;) {
        for (size_t i = degree; i > 0; i--)
            out[i] = out[i] * move + out[i - 1] * scale;
        out[0] = out[0] * move + powers[k];
    }
}

static double spread_of(const double *v, size_t n)
{
    double mean = 0, sum = 0;
    for (size_t i = 0; i < n; i++)
        mean += v[i] / (double)n;
    for (size_t i = 0; i < n; i++)
        sum += (v[i] - mean) * (v[i] - mean);
    return sum;
}

static void write_fit(struct json_out *w, const struct series *ys, const struct series *xs,
                      const struct points *p, size_t degree, const double *powers)
{
    json_arr(w);
    for (size_t i = 0; i < ys->n; i++) {
        double x = xs == NULL ? (double)(i + 1) : xs->v[i];
        if (xs != NULL && !series_known(xs, i))
            json_null(w);
        else
            json_real(w, value_at(powers, degree, (x - p->middle) / p->half));
    }
    json_arr_end(w);
}

static void fit_poly(struct cf_call *c, size_t r, const struct series *ys, const struct series *xs,
                     size_t degree)
{
    double powers[MAX_DEGREE + 1] = {0}, plain[MAX_DEGREE + 1];
    struct points p = points_of(cf_arena(c), ys, xs);
    if (p.n == 0)
        return;
    double total = spread_of(p.y, p.n), n = p.n > 1 ? (double)(p.n - 1) : 1;
    fit(cf_arena(c), &p, degree, powers);
    double rest = product(p.y, p.y, p.n);
    unstretch(&p, degree, powers, plain);
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    json_real(&w, total > 0 ? 1 - rest / total : 0);
    json_arr(&w);
    for (size_t k = degree + 1; k-- > 0;)
        json_real(&w, plain[k]);
    json_arr_end(&w);
    json_real(&w, total / n);
    json_real(&w, rest / n);
    write_fit(&w, ys, xs, &p, degree, powers);
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

/* y, x or null, degree: null when the two differ in length */
static void fn_fit_poly(struct cf_call *c, size_t r)
{
    struct series ys, xs;
    if (cf_null(c, 0, r) || cf_null(c, 2, r) || !series_arg(c, r, 0, &ys))
        return;
    int64_t degree = cf_i64(c, 2, r);
    if (degree < 0 || degree > MAX_DEGREE)
        return;
    if (cf_null(c, 1, r))
        fit_poly(c, r, &ys, NULL, (size_t)degree);
    else if (series_arg(c, r, 1, &xs) && xs.n == ys.n)
        fit_poly(c, r, &ys, &xs, (size_t)degree);
}

const struct cf_scalar fn_series_poly_rows[] = {
    {.name = "vdf_series_fit_poly", .sig = "jjl:j", .flags = CF_NULLS, .row = fn_fit_poly},
    {0},
};
