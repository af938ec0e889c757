/* Distributions: beta_cdf(), beta_inv(), beta_pdf(), welch_test(). */
#include <math.h>

#include "engine/duckdb/fn.h"

enum { MAX_STEPS = 2000, MAX_PARAMETER = 10000 };
#define TINY 1e-300

static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

static double log_beta(double a, double b)
{
    return log_gamma(a) + log_gamma(b) - log_gamma(a + b);
}

static double not_tiny(double x)
{
    return fabs(x) < TINY ? TINY : x;
}

/* Lentz's way through the continued fraction of the incomplete beta function (NIST DLMF 8.17.22).
 */
static double fraction(double x, double a, double b)
{
    double c = 1, d = 1 / not_tiny(1 - (a + b) * x / (a + 1)), h = d;
    for (int m = 1; m <= MAX_STEPS; m++) {
        double even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m));
        d = 1 / not_tiny(1 + even * d);
        c = not_tiny(1 + even / c);
        h *= d * c;
        double odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
        d = 1 / not_tiny(1 + odd * d);
        c = not_tiny(1 + odd / c);
        h *= d * c;
        if (fabs(d * c - 1) < 1e-16)
            break;
    }
    return h;
}

static double cumulative(double x, double a, double b)
{
    if (x <= 0 || x >= 1)
        return x <= 0 ? 0 : 1;
    double front = exp(a * log(x) + b * log1p(-x) - log_beta(a, b));
    if (x < (a + 1) / (a + b + 2))
        return front * fraction(x, a, b) / a;
    return 1 - front * fraction(1 - x, b, a) / b;
}

/* Halving keeps the root between its bounds; 1100 halvings reach the smallest double. */
static double inverse(double p, double a, double b)
{
    double low = 0, high = 1;
    for (int i = 0; i < 1100; i++) {
        double middle = low + (high - low) / 2;
        if (middle <= low || middle >= high)
            break;
        if (cumulative(middle, a, b) < p)
            low = middle;
        else
            high = middle;
    }
    return high;
}

static bool parameters(struct cf_call *c, size_t r, double *x, double *a, double *b)
{
    *x = cf_f64(c, 0, r);
    *a = cf_f64(c, 1, r);
    *b = cf_f64(c, 2, r);
    return *a > 0 && *a <= MAX_PARAMETER && *b > 0 && *b <= MAX_PARAMETER;
}

static void fn_cdf(struct cf_call *c, size_t r)
{
    double x, a, b;
    bool ok = parameters(c, r, &x, &a, &b) && x >= 0 && x <= 1;
    cf_out_f64(c, r, ok ? cumulative(x, a, b) : (double)NAN);
}

static void fn_pdf(struct cf_call *c, size_t r)
{
    double x, a, b;
    if (!parameters(c, r, &x, &a, &b) || !(x >= 0 && x <= 1))
        cf_out_f64(c, r, (double)NAN);
    else if (x > 0 && x < 1)
        cf_out_f64(c, r, exp((a - 1) * log(x) + (b - 1) * log1p(-x) - log_beta(a, b)));
    else
        cf_out_f64(c, r, pow(x, a - 1) * pow(1 - x, b - 1) * exp(-log_beta(a, b)));
}

/* A probability out of range is null, a parameter out of range NaN. */
static void fn_inv(struct cf_call *c, size_t r)
{
    double p, a, b;
    if (!parameters(c, r, &p, &a, &b) || isnan(p))
        cf_out_f64(c, r, (double)NAN);
    else if (p > 0 && p <= 1)
        cf_out_f64(c, r, p < 1 ? inverse(p, a, b) : 1);
}

/* The two-sided p-value, from Student's t with Welch's degrees of freedom. */
static void fn_welch(struct cf_call *c, size_t r)
{
    double n1 = cf_f64(c, 2, r), n2 = cf_f64(c, 5, r);
    double s1 = cf_f64(c, 1, r) / n1, s2 = cf_f64(c, 4, r) / n2, difference;
    difference = cf_f64(c, 0, r) - cf_f64(c, 3, r);
    double freedom = (s1 + s2) * (s1 + s2) / (s1 * s1 / (n1 - 1) + s2 * s2 / (n2 - 1));
    double t2 = difference * difference / (s1 + s2);
    if (!(freedom > 0) || isinf(freedom) || isnan(t2)) {
        cf_out_f64(c, r, (double)NAN);
        return;
    }
    cf_out_f64(c, r, cumulative(freedom / (freedom + t2), freedom / 2, 0.5));
}

const struct cf_scalar fn_distribution_rows[] = {
    {.name = "vdf_beta_cdf", .sig = "ddd:d", .row = fn_cdf},
    {.name = "vdf_beta_pdf", .sig = "ddd:d", .row = fn_pdf},
    {.name = "vdf_beta_inv", .sig = "ddd:d", .row = fn_inv},
    {.name = "vdf_welch", .sig = "dddddd:d", .row = fn_welch},
    {0},
};
