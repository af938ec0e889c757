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
/* false: not an array. */
bool series_read(struct arena *a, struct str text, struct series *out);
struct series series_new(struct arena *a, size_t n, bool ints);
void series_write(struct json_out *w, const struct series *s);
void series_out(struct cf_call *c, size_t r, const struct series *s);

/* ---- fn_series_fit.c ---- */
struct line_fit {
    double rsquare, slope, variance, rvariance, intercept;
};
struct line_fit line_fit(const struct series *s, size_t from, size_t to);
