/* The Fourier transform of any length, the autocorrelation that comes from it, series_fft() and
 * series_ifft(). Powers of two go by halves (Cooley and Tukey), other lengths by Bluestein's
 * convolution. Source: series-fft-function, series-ifft-function. */
#include "engine/duckdb/fn_series.h"
#include <math.h>

#define PI 3.14159265358979323846

/* ---- lengths that are powers of two ---- */

static void swap(double *x, size_t i, size_t j)
{
    double kept = x[i];
    x[i] = x[j];
    x[j] = kept;
}

static void reverse_bits(double *re, double *im, size_t n)
{
    for (size_t i = 1, j = 0; i < n; i++) {
        size_t bit = n >> 1;
        for (; j & bit; bit >>= 1)
            j ^= bit;
        j |= bit;
        if (i < j) {
            swap(re, i, j);
            swap(im, i, j);
        }
    }
}

/* cosines and sines: n / 2 of each, of the angles 2 pi i / n */
struct circle {
    double *co, *si;
};

static struct circle circle_of(struct arena *a, size_t n)
{
    struct circle c = {arena_array(a, double, n / 2 + 1), arena_array(a, double, n / 2 + 1)};
    for (size_t i = 0; i < n / 2; i++) {
        double angle = 2 * PI * (double)i / (double)n;
        c.co[i] = cos(angle);
        c.si[i] = sin(angle);
    }
    return c;
}

static void by_halves(double *re, double *im, size_t n, const struct circle *c)
{
    reverse_bits(re, im, n);
    for (size_t half = 1; half < n; half *= 2) {
        size_t step = n / (2 * half);
        for (size_t from = 0; from < n; from += 2 * half)
            for (size_t i = 0; i < half; i++) {
                size_t p = from + i, q = p + half;
                double co = c->co[i * step], si = -c->si[i * step];
                double x = re[q] * co - im[q] * si, y = re[q] * si + im[q] * co;
                re[q] = re[p] - x;
                im[q] = im[p] - y;
                re[p] += x;
                im[p] += y;
            }
    }
}

static size_t power_of_two(size_t at_least)
{
    size_t m = 1;
    while (m < at_least)
        m *= 2;
    return m;
}

/* ---- any length ---- */

/* X[k] = w[k] sum (x[j] w[j]) conj(w[k - j]) with w[k] = exp(-i pi k^2 / n): a convolution, for
 * which a power of two will do. */
static void by_convolution(struct arena *a, double *re, double *im, size_t n)
{
    size_t m = power_of_two(2 * n - 1);
    struct circle c = circle_of(a, m);
    double *wr = arena_array(a, double, n), *wi = arena_array(a, double, n);
    double *xr = arena_array(a, double, m), *xi = arena_array(a, double, m);
    double *yr = arena_array(a, double, m), *yi = arena_array(a, double, m);
    for (size_t k = 0; k < n; k++) {
        double angle = PI * (double)((uint64_t)k * k % (2 * n)) / (double)n;
        wr[k] = cos(angle);
        wi[k] = -sin(angle);
        xr[k] = re[k] * wr[k] - im[k] * wi[k];
        xi[k] = re[k] * wi[k] + im[k] * wr[k];
        yr[k] = yr[(m - k) % m] = wr[k];
        yi[k] = yi[(m - k) % m] = -wi[k];
    }
    by_halves(xr, xi, m, &c);
    by_halves(yr, yi, m, &c);
    for (size_t k = 0; k < m; k++) {
        double x = xr[k] * yr[k] - xi[k] * yi[k];
        xi[k] = xr[k] * yi[k] + xi[k] * yr[k];
        xr[k] = x;
    }
    by_halves(xi, xr, m, &c); /* real and imaginary parts changed over: the inverse */
    for (size_t k = 0; k < n; k++) {
        re[k] = (xr[k] * wr[k] - xi[k] * wi[k]) / (double)m;
        im[k] = (xr[k] * wi[k] + xi[k] * wr[k]) / (double)m;
    }
}

void fourier_transform(struct arena *a, double *re, double *im, size_t n)
{
    if (n < 2)
        return;
    if ((n & (n - 1)) != 0) {
        by_convolution(a, re, im, n);
        return;
    }
    struct circle c = circle_of(a, n);
    by_halves(re, im, n, &c);
}

double *fourier_autocorrelation(struct arena *a, const double *x, size_t n)
{
    size_t m = power_of_two(2 * n);
    struct circle c = circle_of(a, m);
    double *re = arena_array(a, double, m), *im = arena_array(a, double, m);
    for (size_t i = 0; i < n; i++)
        re[i] = x[i];
    by_halves(re, im, m, &c);
    for (size_t i = 0; i < m; i++) {
        re[i] = (re[i] * re[i] + im[i] * im[i]) / (double)m;
        im[i] = 0;
    }
    by_halves(re, im, m, &c);
    /* The series as a circle: what is shifted out at the end comes in again at the start. */
    double *sums = im;
    sums[0] = re[0];
    for (size_t i = 1; i < n; i++)
        sums[i] = re[i] + re[n - i];
    return sums;
}

/* ---- series_fft(), series_ifft() ---- */

static bool whole(const struct series *s)
{
    for (size_t i = 0; i < s->n; i++)
        if (s->null[i])
            return false;
    return true;
}

/* real parts, imaginary parts or null: null when they differ in length or an item is no number */
static void fourier(struct cf_call *c, size_t r, bool inverse)
{
    struct series re, im;
    struct arena *a = cf_arena(c);
    if (cf_null(c, 0, r) || !series_arg(c, r, 0, &re))
        return;
    if (cf_null(c, 1, r))
        im = series_new(a, re.n, false);
    else if (!series_arg(c, r, 1, &im) || im.n != re.n)
        return;
    if (!whole(&re) || !whole(&im))
        return;
    re.ints = im.ints = false;
    if (inverse)
        fourier_transform(a, im.v, re.v, re.n);
    else
        fourier_transform(a, re.v, im.v, re.n);
    for (size_t i = 0; inverse && i < re.n; i++) {
        re.v[i] /= (double)re.n;
        im.v[i] /= (double)re.n;
    }
    const struct series *list[] = {&re, &im};
    series_out_list(c, r, list, COUNTOF(list));
}

static void fn_fft(struct cf_call *c, size_t r)
{
    fourier(c, r, false);
}

static void fn_ifft(struct cf_call *c, size_t r)
{
    fourier(c, r, true);
}

const struct cf_scalar fn_series_fourier_rows[] = {
    {.name = "vdf_series_fft", .sig = "jj:j", .flags = CF_NULLS, .row = fn_fft},
    {.name = "vdf_series_ifft", .sig = "jj:j", .flags = CF_NULLS, .row = fn_ifft},
    {0},
};
