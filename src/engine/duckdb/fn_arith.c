/* Arithmetic that cannot raise: integers wrap, division and modulo by zero are null, datetimes
 * leave their range as null. */
#include "base/clock.h"
#include "engine/duckdb/fn.h"
#include <math.h>

/* ---- whole chunks: a null argument gives a null result, whatever is computed for it ---- */
#define WRAPPING(name, expression)                                                                 \
    static void fn_##name(struct cf_call *c)                                                       \
    {                                                                                              \
        const uint64_t *a = c->arg[0].data, *b = c->arg[c->n_args - 1].data;                       \
        uint64_t *out = c->out.data;                                                               \
        (void)b;                                                                                   \
        (void)cf_nulls_through(c);                                                                 \
        for (size_t r = 0; r < c->n; r++)                                                          \
            out[r] = (expression);                                                                 \
    }
WRAPPING(add, a[r] + b[r])
WRAPPING(sub, a[r] - b[r])
WRAPPING(mul, a[r] * b[r])
WRAPPING(neg, 0 - a[r])

/* ---- division by a number that is known when the query is prepared ----
 * With l = ceil(log2 d) and m = ceil(2^(63+l) / d), x / d = x * m >> 63+l for 0 <= x < 2^63.
 * Source: Granlund, Montgomery, "Division by Invariant Integers using Multiplication" (1994). */
__extension__ typedef unsigned __int128 u128;
struct divisor {
    int64_t d;
    uint64_t m;
    unsigned shift;
};

static void *divisor_new(const struct cf_const *args, size_t n)
{
    if (n < 2 || !args[1].known || args[1].is_null || args[1].i <= 0)
        return NULL;
    struct divisor *k = xcalloc(1, sizeof(*k));
    uint64_t d = (uint64_t)args[1].i;
    unsigned l = d == 1 ? 0 : 64 - (unsigned)__builtin_clzll(d - 1);
    k->d = args[1].i;
    k->shift = 63 + l;
    k->m = (uint64_t)((((u128)1 << k->shift) + d - 1) / d);
    return k;
}

static int64_t quotient(const struct divisor *k, int64_t x)
{
    if (x == INT64_MIN)
        return x / k->d;
    uint64_t size = x < 0 ? 0 - (uint64_t)x : (uint64_t)x;
    int64_t q = (int64_t)(uint64_t)((u128)size * k->m >> k->shift);
    return x < 0 ? -q : q;
}

/* Toward zero. INT64_MIN / -1 wraps to itself. b is not 0. */
static int64_t divided(int64_t a, int64_t b)
{
    return b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b;
}

/* Never negative. b is not 0. */
static int64_t modulo(int64_t a, int64_t b)
{
    int64_t m = b == -1 ? 0 : a % b;
    return m >= 0 ? m : b > 0 ? m + b : (int64_t)((uint64_t)m - (uint64_t)b);
}

/* bin(): toward minus infinity. */
static int64_t binned(int64_t v, int64_t remainder, int64_t size)
{
    int64_t up = remainder < 0 ? remainder + size : remainder;
    return (int64_t)((uint64_t)v - (uint64_t)up);
}

/* known: of q = quotient(k, a); else of a and b; rows where defined is false are null. */
#define DIVIDING(name, known, defined, unknown)                                                    \
    static void fn_##name(struct cf_call *c)                                                       \
    {                                                                                              \
        const int64_t *x = c->arg[0].data, *y = c->arg[1].data;                                    \
        int64_t *out = c->out.data;                                                                \
        const struct divisor *k = c->bound;                                                        \
        (void)cf_nulls_through(c);                                                                 \
        for (size_t r = 0; k != NULL && r < c->n; r++) {                                           \
            int64_t a = x[r], q = quotient(k, a);                                                  \
            out[r] = (known);                                                                      \
        }                                                                                          \
        for (size_t r = 0; k == NULL && r < c->n; r++) {                                           \
            int64_t a = x[r], b = y[r];                                                            \
            if (defined)                                                                           \
                out[r] = (unknown);                                                                \
            else                                                                                   \
                cf_out_null(c, r);                                                                 \
        }                                                                                          \
    }
DIVIDING(div, ((void)a, q), b != 0, divided(a, b))
DIVIDING(mod, a - q * k->d + (a - q * k->d < 0 ? k->d : 0), b != 0, modulo(a, b))
DIVIDING(bin, binned(a, a - q * k->d, k->d), b > 0, binned(a, a % b, b))

static void fn_fmod(struct cf_call *c, size_t r)
{
    double b = cf_f64(c, 1, r), m = fmod(cf_f64(c, 0, r), b);
    cf_out_f64(c, r, m < 0 ? m + fabs(b) : m);
}

/* What leaves the range of datetimes is null. A datetime is between 0 and a third of what fits, so
 * that no sum or difference comes back into the range by wrapping. */
static void null_outside(struct cf_call *c)
{
    const uint64_t *out = c->out.data;
    for (size_t r = 0; r < c->n; r++)
        if (out[r] > (uint64_t)TICKS_MAX)
            cf_out_null(c, r);
}

#define DATETIME(name, sign)                                                                       \
    static void fn_##name(struct cf_call *c)                                                       \
    {                                                                                              \
        const uint64_t *a = c->arg[0].data, *b = c->arg[1].data;                                   \
        uint64_t *out = c->out.data, outside = 0;                                                  \
        (void)cf_nulls_through(c);                                                                 \
        for (size_t r = 0; r < c->n; r++) {                                                        \
            out[r] = a[r] sign b[r];                                                               \
            outside |= out[r] > (uint64_t)TICKS_MAX;                                               \
        }                                                                                          \
        if (outside)                                                                               \
            null_outside(c);                                                                       \
    }
DATETIME(dt_add, +)
DATETIME(dt_sub, -)

/* A real as ticks, cut towards zero; NaN and what does not fit is null. */
static void out_span(struct cf_call *c, size_t r, double v)
{
    if (v >= -9223372036854775808.0 && v < 9223372036854775808.0)
        cf_out_i64(c, r, (int64_t)v);
}

static void fn_span_mul(struct cf_call *c, size_t r)
{
    out_span(c, r, (double)cf_i64(c, 0, r) * cf_f64(c, 1, r));
}

static void fn_span_div(struct cf_call *c, size_t r)
{
    out_span(c, r, (double)cf_i64(c, 0, r) / cf_f64(c, 1, r));
}

static void fn_bin_real(struct cf_call *c, size_t r)
{
    double size = cf_f64(c, 1, r);
    if (size > 0)
        cf_out_f64(c, r, floor(cf_f64(c, 0, r) / size) * size);
}

/* tolong() of a real: cut, kept in range. */
static void fn_real_long(struct cf_call *c, size_t r)
{
    double v = cf_f64(c, 0, r);
    if (isnan(v))
        return;
    if (v >= 9223372036854775808.0)
        cf_out_i64(c, r, INT64_MAX);
    else if (v <= -9223372036854775808.0)
        cf_out_i64(c, r, INT64_MIN);
    else
        cf_out_i64(c, r, (int64_t)v);
}

static void fn_real_int(struct cf_call *c, size_t r)
{
    double v = cf_f64(c, 0, r);
    if (isnan(v))
        return;
    cf_out_i32(c, r, v >= INT32_MAX ? INT32_MAX : v <= INT32_MIN ? INT32_MIN : (int32_t)v);
}

static void fn_long_int(struct cf_call *c, size_t r)
{
    cf_out_i32(c, r, (int32_t)(uint32_t)(uint64_t)cf_i64(c, 0, r));
}

/* ---- decimals: DECIMAL(38,18), or HUGEINT from parse_version() ---- */
__extension__ typedef __int128 i128;

static i128 wide(const struct cf_call *c, size_t arg, size_t r)
{
    duckdb_hugeint v = cf_i128(c, arg, r);
    return (i128)v.upper * ((i128)1 << 64) + (i128)v.lower;
}

static void out_order(struct cf_call *c, size_t r, i128 a, i128 b)
{
    cf_out_i32(c, r, (a > b) - (a < b));
}

static void fn_order_same(struct cf_call *c, size_t r)
{
    out_order(c, r, wide(c, 0, r), wide(c, 1, r));
}

/* A whole number as a DECIMAL(38,18); what is too large keeps its place in the order. */
static i128 scaled(i128 whole)
{
    const i128 one = 1000000000000000000, most = one * 100;
    return (whole > most ? most : whole < -most ? -most : whole) * one;
}

static void fn_order_huge_decimal(struct cf_call *c, size_t r)
{
    out_order(c, r, scaled(wide(c, 0, r)), wide(c, 1, r));
}

static void fn_order_decimal_huge(struct cf_call *c, size_t r)
{
    out_order(c, r, wide(c, 0, r), scaled(wide(c, 1, r)));
}

const struct cf_scalar fn_arith_rows[] = {
    {.name = "vd_decimal_order", .sig = "mm:i", .row = fn_order_same},
    {.name = "vd_decimal_order", .sig = "hh:i", .row = fn_order_same},
    {.name = "vd_decimal_order", .sig = "hm:i", .row = fn_order_huge_decimal},
    {.name = "vd_decimal_order", .sig = "mh:i", .row = fn_order_decimal_huge},
    {.name = "vd_add", .sig = "ll:l", .chunk = fn_add},
    {.name = "vd_sub", .sig = "ll:l", .chunk = fn_sub},
    {.name = "vd_mul", .sig = "ll:l", .chunk = fn_mul},
    {.name = "vd_neg", .sig = "l:l", .chunk = fn_neg},
    {.name = "vd_div", .sig = "ll:l", .chunk = fn_div, .prepare = divisor_new, .release = xfree},
    {.name = "vd_mod", .sig = "ll:l", .chunk = fn_mod, .prepare = divisor_new, .release = xfree},
    {.name = "vd_fmod", .sig = "dd:d", .row = fn_fmod},
    {.name = "vd_dt_add", .sig = "ll:l", .chunk = fn_dt_add},
    {.name = "vd_dt_sub", .sig = "ll:l", .chunk = fn_dt_sub},
    {.name = "vd_span_mul", .sig = "ld:l", .row = fn_span_mul},
    {.name = "vd_span_div", .sig = "ld:l", .row = fn_span_div},
    {.name = "vd_bin", .sig = "ll:l", .chunk = fn_bin, .prepare = divisor_new, .release = xfree},
    {.name = "vd_bin_real", .sig = "dd:d", .row = fn_bin_real},
    {.name = "vd_real_long", .sig = "d:l", .row = fn_real_long},
    {.name = "vd_real_int", .sig = "d:i", .row = fn_real_int},
    {.name = "vd_long_int", .sig = "l:i", .row = fn_long_int},
    {0},
};
