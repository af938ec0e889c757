/* Series: arrays of numbers as the series functions see them. Private to the fn_series files. */
#pragma once
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/json.h"

struct series {
    double *v; /* NaN where null */
    bool *null;
    size_t n;
    bool ints; /* no item has a fraction or an exponent */
};
/* As many items as make-series makes at most; a longer array ends the query. */
enum { SERIES_MAX = 1 << 20 };
/* An argument that is not null. Numbers, the texts of NaN and the infinities, and datetimes, which
 * count as ticks, are items; all else is null. false: not an array, or refused. */
bool series_arg(struct cf_call *c, size_t r, size_t arg, struct series *out);
struct series series_new(struct arena *a, size_t n, bool ints);
/* Not null and finite. */
bool series_known(const struct series *s, size_t i);
void series_out(struct cf_call *c, size_t r, const struct series *s);
/* An array of series: one for each column of a function that gives several. */
void series_out_list(struct cf_call *c, size_t r, const struct series *const *list, size_t n);

/* ---- fn_series_fourier.c ---- */
/* In place. The inverse, times n: re and im changed over. */
void fourier_transform(struct arena *a, double *re, double *im, size_t n);
/* n sums of x[i] x[i + lag], the series taken as a circle. */
double *fourier_autocorrelation(struct arena *a, const double *x, size_t n);

/* ---- fn_series_periods.c ---- */
struct period {
    size_t length;
    double score; /* 0 … 1 */
};
/* The periods of the first n items between min and max, best first, at most limit of them. */
size_t periods_find(struct arena *a, const struct series *s, size_t n, double min, double max,
                    struct period *out, size_t limit);

/* ---- fn_series_fit.c ---- */
/* Positions count from 0; null items are passed over. */
struct line_fit {
    double rsquare, slope, variance, rvariance, intercept;
};
struct line_fit line_fit(const struct series *s, size_t from, size_t to);
