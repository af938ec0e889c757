/* Arithmetic that cannot raise: integers wrap, division and modulo by zero are null, datetimes
 * leave their range as null. */
#include "base/clock.h"
#include "engine/duckdb/fn.h"
#include <math.h>

static int64_t wrap_add(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a + (uint64_t)b);
}

static int64_t wrap_mul(int64_t a, int64_t b)
{
    return (int64_t)((uint64_t)a * (uint64_t)b);
}

static void fn_add(struct cf_call *c, size_t r)
{
    cf_out_i64(c, r, wrap_add(cf_i64(c, 0, r), cf_i64(c, 1, r)));
}

static void fn_sub(struct cf_call *c, size_t r)
{
    cf_out_i64(c, r, (int64_t)((uint64_t)cf_i64(c, 0, r) - (uint64_t)cf_i64(c, 1, r)));
}

static void fn_mul(struct cf_call *c, size_t r)
{
    cf_out_i64(c, r, wrap_mul(cf_i64(c, 0, r), cf_i64(c, 1, r)));
}

static void fn_neg(struct cf_call *c, size_t r)
{
    cf_out_i64(c, r, (int64_t)(0 - (uint64_t)cf_i64(c, 0, r)));
}

/* Toward zero. INT64_MIN / -1 wraps to itself. */
static void fn_div(struct cf_call *c, size_t r)
{
    int64_t a = cf_i64(c, 0, r), b = cf_i64(c, 1, r);
    if (b == 0)
        return;
    cf_out_i64(c, r, b == -1 ? (int64_t)(0 - (uint64_t)a) : a / b);
}

/* Never negative. */
static void fn_mod(struct cf_call *c, size_t r)
{
    int64_t a = cf_i64(c, 0, r), b = cf_i64(c, 1, r);
    if (b == 0)
        return;
    if (b == -1) {
        cf_out_i64(c, r, 0);
        return;
    }
    int64_t m = a % b;
    cf_out_i64(c, r, m >= 0 ? m : b > 0 ? m + b : (int64_t)((uint64_t)m - (uint64_t)b));
}

static void fn_fmod(struct cf_call *c, size_t r)
{
    double b = cf_f64(c, 1, r), m = fmod(cf_f64(c, 0, r), b);
    cf_out_f64(c, r, m < 0 ? m + fabs(b) : m);
}

static void out_datetime(struct cf_call *c, size_t r, int64_t t)
{
    if (t >= 0 && t <= TICKS_MAX)
        cf_out_i64(c, r, t);
}

static void fn_dt_add(struct cf_call *c, size_t r)
{
    int64_t t;
    if (!__builtin_add_overflow(cf_i64(c, 0, r), cf_i64(c, 1, r), &t))
        out_datetime(c, r, t);
}

static void fn_dt_sub(struct cf_call *c, size_t r)
{
    int64_t t;
    if (!__builtin_sub_overflow(cf_i64(c, 0, r), cf_i64(c, 1, r), &t))
        out_datetime(c, r, t);
}

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

/* bin(): toward minus infinity; a size that is not positive gives null. */
static void fn_bin(struct cf_call *c, size_t r)
{
    int64_t v = cf_i64(c, 0, r), size = cf_i64(c, 1, r);
    if (size <= 0)
        return;
    int64_t m = v % size;
    cf_out_i64(c, r, m == 0 ? v : (int64_t)((uint64_t)v - (uint64_t)(m < 0 ? m + size : m)));
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
    {.name = "vd_add", .sig = "ll:l", .row = fn_add},
    {.name = "vd_sub", .sig = "ll:l", .row = fn_sub},
    {.name = "vd_mul", .sig = "ll:l", .row = fn_mul},
    {.name = "vd_neg", .sig = "l:l", .row = fn_neg},
    {.name = "vd_div", .sig = "ll:l", .row = fn_div},
    {.name = "vd_mod", .sig = "ll:l", .row = fn_mod},
    {.name = "vd_fmod", .sig = "dd:d", .row = fn_fmod},
    {.name = "vd_dt_add", .sig = "ll:l", .row = fn_dt_add},
    {.name = "vd_dt_sub", .sig = "ll:l", .row = fn_dt_sub},
    {.name = "vd_span_mul", .sig = "ld:l", .row = fn_span_mul},
    {.name = "vd_span_div", .sig = "ld:l", .row = fn_span_div},
    {.name = "vd_bin", .sig = "ll:l", .row = fn_bin},
    {.name = "vd_bin_real", .sig = "dd:d", .row = fn_bin_real},
    {.name = "vd_real_long", .sig = "d:l", .row = fn_real_long},
    {.name = "vd_real_int", .sig = "d:i", .row = fn_real_int},
    {.name = "vd_long_int", .sig = "l:i", .row = fn_long_int},
    {0},
};
