/* Real functions that give NaN, an infinity or null where the database would raise; and the spread
 * aggregates. */
#include <math.h>

#include "engine/duckdb/duck_priv.h"
#include "engine/duckdb/fn.h"

#define REAL1(name, expr)                                                                          \
    static void fn_##name(struct cf_call *c, size_t r)                                             \
    {                                                                                              \
        double x = cf_f64(c, 0, r);                                                                \
        cf_out_f64(c, r, (expr));                                                                  \
    }
/* null below zero */
#define LOG1(name, expr)                                                                           \
    static void fn_##name(struct cf_call *c, size_t r)                                             \
    {                                                                                              \
        double x = cf_f64(c, 0, r);                                                                \
        if (!(x < 0))                                                                              \
            cf_out_f64(c, r, (expr));                                                              \
    }
REAL1(acos, acos(x))
REAL1(asin, asin(x))
REAL1(cos, cos(x))
REAL1(cot, 1.0 / tan(x))
REAL1(erf, erf(x))
REAL1(erfc, erfc(x))
REAL1(exp, exp(x))
REAL1(exp10, pow(10.0, x))
REAL1(exp2, exp2(x))
REAL1(gamma, tgamma(x))
REAL1(loggamma, lgamma_r(x, &(int){0}))
REAL1(sign, x > 0 ? 1.0 : x < 0 ? -1.0 : 0.0)
REAL1(sin, sin(x))
REAL1(sqrt, sqrt(x))
REAL1(tan, tan(x))
LOG1(log, log(x))
LOG1(log10, log10(x))
LOG1(log2, log2(x))

static void fn_pow(struct cf_call *c, size_t r)
{
    cf_out_f64(c, r, pow(cf_f64(c, 0, r), cf_f64(c, 1, r)));
}

static void fn_round(struct cf_call *c, size_t r)
{
    double v = cf_f64(c, 0, r);
    int64_t n = cf_i64(c, 1, r);
    double p = n > 300 || n < -300 ? (double)NAN : pow(10.0, (double)n), scaled = v * p;
    cf_out_f64(c, r, isfinite(scaled) && p > 0 ? round(scaled) / p : v);
}

static void fn_abs(struct cf_call *c, size_t r)
{
    int64_t v = cf_i64(c, 0, r);
    cf_out_i64(c, r, v < 0 ? (int64_t)(0 - (uint64_t)v) : v);
}

/* Left for n > 0. Only the low six bits of n count. */
static void fn_shift(struct cf_call *c, size_t r)
{
    uint64_t v = (uint64_t)cf_i64(c, 0, r);
    int64_t n = cf_i64(c, 1, r);
    cf_out_i64(c, r, (int64_t)(n >= 0 ? v << (n & 63) : (uint64_t)((int64_t)v >> (-n & 63))));
}

/* The low 64 bits of a sum. */
static void fn_huge_long(struct cf_call *c, size_t r)
{
    cf_out_i64(c, r, (int64_t)cf_i128(c, 0, r).lower);
}

const struct cf_scalar fn_math_rows[] = {
    {.name = "vdf_acos", .sig = "d:d", .row = fn_acos},
    {.name = "vdf_asin", .sig = "d:d", .row = fn_asin},
    {.name = "vdf_cos", .sig = "d:d", .row = fn_cos},
    {.name = "vdf_cot", .sig = "d:d", .row = fn_cot},
    {.name = "vdf_erf", .sig = "d:d", .row = fn_erf},
    {.name = "vdf_erfc", .sig = "d:d", .row = fn_erfc},
    {.name = "vdf_exp", .sig = "d:d", .row = fn_exp},
    {.name = "vdf_exp10", .sig = "d:d", .row = fn_exp10},
    {.name = "vdf_exp2", .sig = "d:d", .row = fn_exp2},
    {.name = "vdf_gamma", .sig = "d:d", .row = fn_gamma},
    {.name = "vdf_loggamma", .sig = "d:d", .row = fn_loggamma},
    {.name = "vdf_log", .sig = "d:d", .row = fn_log},
    {.name = "vdf_log10", .sig = "d:d", .row = fn_log10},
    {.name = "vdf_log2", .sig = "d:d", .row = fn_log2},
    {.name = "vdf_pow", .sig = "dd:d", .row = fn_pow},
    {.name = "vdf_round", .sig = "dl:d", .row = fn_round},
    {.name = "vdf_sign", .sig = "d:d", .row = fn_sign},
    {.name = "vdf_sin", .sig = "d:d", .row = fn_sin},
    {.name = "vdf_sqrt", .sig = "d:d", .row = fn_sqrt},
    {.name = "vdf_tan", .sig = "d:d", .row = fn_tan},
    {.name = "vd_abs", .sig = "l:l", .row = fn_abs},
    {.name = "vdf_shift", .sig = "ll:l", .row = fn_shift},
    {.name = "vd_huge_long", .sig = "h:l", .row = fn_huge_long},
    {0},
};

/* ---- spread: Welford's way, which does not lose digits ---- */
struct spread {
    int64_t n;
    double mean, m2;
};

static void spread_update(void *state, struct cf_call *c, size_t r)
{
    struct spread *s = state;
    double x = cf_f64(c, 0, r), d = x - s->mean;
    s->n++;
    s->mean += d / (double)s->n;
    s->m2 += d * (x - s->mean);
}

static void spread_combine(void *target, const void *source)
{
    struct spread *a = target;
    const struct spread *b = source;
    if (b->n == 0)
        return;
    if (a->n == 0) {
        *a = *b;
        return;
    }
    double n = (double)(a->n + b->n), d = b->mean - a->mean;
    a->m2 += b->m2 + d * d * (double)a->n * (double)b->n / n;
    a->mean += d * (double)b->n / n;
    a->n += b->n;
}

static double variance(const struct spread *s, bool sample)
{
    if (s->n < (sample ? 2 : 1))
        return 0;
    return s->m2 / (double)(s->n - (sample ? 1 : 0));
}

static void out_variance(void *s, struct cf_call *c, size_t r)
{
    cf_out_f64(c, r, variance(s, true));
}

static void out_variancep(void *s, struct cf_call *c, size_t r)
{
    cf_out_f64(c, r, variance(s, false));
}

static void out_stdev(void *s, struct cf_call *c, size_t r)
{
    cf_out_f64(c, r, sqrt(variance(s, true)));
}

static void out_stdevp(void *s, struct cf_call *c, size_t r)
{
    cf_out_f64(c, r, sqrt(variance(s, false)));
}

#define SPREAD(fn, out)                                                                            \
    {                                                                                              \
        .name = (fn), .sig = "d:d", .state_size = sizeof(struct spread), .update = spread_update,  \
        .combine = spread_combine, .finalize = (out)                                               \
    }
const struct cf_aggregate fn_math_aggregates[] = {
    SPREAD("vd_stdev", out_stdev),
    SPREAD("vd_stdevp", out_stdevp),
    SPREAD("vd_variance", out_variance),
    SPREAD("vd_variancep", out_variancep),
    {0},
};
