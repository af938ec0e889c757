/* Series as seasons, trends and what is left: series_seasonal(), series_decompose(), its forecast
 * and its anomalies, series_outliers(). Source: the functions' pages and anomaly-detection. */
#include "engine/duckdb/fn_series.h"
#include <math.h>
#include <stdlib.h>

static int by_value(const void *x, const void *y)
{
    const double *p = x, *q = y;
    return (*p > *q) - (*p < *q);
}

/* ---- seasons ---- */

/* The season of each position of a period: the median, so single peaks are none. */
struct season {
    double *at;
    size_t period; /* 0: none */
};

static double season_at(const struct season *s, size_t i)
{
    return s->period > 0 ? s->at[i % s->period] : 0;
}

/* period -1: the one with the best score, if it reaches the threshold; else as many items, none if
 * that is not above zero. Learnt from the first n items; a phase that these don't reach has 0. */
static struct season season_of(struct arena *a, const struct series *s, size_t n, int64_t period,
                               double threshold)
{
    struct season out = {0};
    struct period best;
    if (period == -1)
        period = periods_find(a, s, n, 0, (double)n, &best, 1) > 0 && best.score >= threshold
                     ? (int64_t)best.length
                     : 0;
    if (period <= 0 || n == 0)
        return out;
    out.period = (size_t)period < s->n ? (size_t)period : s->n;
    out.at = arena_array(a, double, out.period);
    double *here = arena_array(a, double, n);
    for (size_t k = 0; k < out.period && k < n; k++) {
        size_t found = 0;
        for (size_t i = k; i < n; i += out.period)
            if (series_known(s, i))
                here[found++] = s->v[i];
        qsort(here, found, sizeof(*here), by_value);
        out.at[k] = found > 0 ? (here[(found - 1) / 2] + here[found / 2]) / 2 : 0;
    }
    return out;
}

/* How many items to learn from when the last ones are for testing. false: none is left. */
static bool to_learn(const struct series *s, int64_t test_points, size_t *out)
{
    if (test_points > 0 && (uint64_t)test_points >= s->n)
        return false;
    *out = s->n - (test_points > 0 ? (size_t)test_points : 0);
    return *out > 0;
}

/* series, period, test points */
static void fn_seasonal(struct cf_call *c, size_t r)
{
    struct series s;
    size_t n = 0;
    if (!series_arg(c, r, 0, &s))
        return;
    if (s.n > 0 && !to_learn(&s, cf_i64(c, 2, r), &n))
        return;
    static const double threshold = 0.7;
    struct season season = season_of(cf_arena(c), &s, n, cf_i64(c, 1, r), threshold);
    struct series out = series_new(cf_arena(c), s.n, false);
    for (size_t i = 0; i < s.n; i++)
        out.v[i] = season_at(&season, i);
    series_out(c, r, &out);
}

/* ---- decomposition: the season first, then the trend of what it leaves ---- */

struct model {
    int64_t period, test_points;
    struct str trend;
    double threshold;
};
struct parts {
    struct series baseline, seasonal, trend, residual;
};

static bool trend_of(const struct series *rest, size_t n, struct str kind, struct series *out)
{
    struct line_fit f = {0};
    double sum = 0, known = 0;
    if (str_ieqz(kind, "linefit")) {
        f = line_fit(rest, 0, n);
    } else if (str_ieqz(kind, "avg")) {
        for (size_t i = 0; i < n; i++)
            if (series_known(rest, i)) {
                sum += rest->v[i];
                known++;
            }
        f.intercept = known > 0 ? sum / known : 0;
    } else if (!str_ieqz(kind, "none")) {
        return false;
    }
    for (size_t i = 0; i < out->n; i++)
        out->v[i] = f.intercept + f.slope * (double)i;
    return true;
}

/* false: no such trend, or nothing to learn from. What is missing in the series stays so in the
 * residual. */
static bool decompose(struct arena *a, const struct series *s, const struct model *m,
                      struct parts *out)
{
    struct parts p = {series_new(a, s->n, false), series_new(a, s->n, false),
                      series_new(a, s->n, false), series_new(a, s->n, false)};
    size_t n = 0;
    if (!to_learn(s, m->test_points, &n))
        return false;
    struct season season = season_of(a, s, n, m->period, m->threshold);
    for (size_t i = 0; i < s->n; i++) {
        p.seasonal.v[i] = season_at(&season, i);
        p.residual.null[i] = s->null[i];
        p.residual.v[i] = s->v[i] - p.seasonal.v[i];
    }
    if (!trend_of(&p.residual, n, m->trend, &p.trend))
        return false;
    for (size_t i = 0; i < s->n; i++) {
        p.baseline.v[i] = p.seasonal.v[i] + p.trend.v[i];
        p.residual.v[i] = s->v[i] - p.baseline.v[i];
    }
    *out = p;
    return true;
}

static void out_parts(struct cf_call *c, size_t r, const struct series *s, const struct model *m)
{
    struct parts p;
    if (!decompose(cf_arena(c), s, m, &p))
        return;
    const struct series *list[] = {&p.baseline, &p.seasonal, &p.trend, &p.residual};
    series_out_list(c, r, list, COUNTOF(list));
}

/* series, period, trend, test points, threshold of the period's score */
static void fn_decompose(struct cf_call *c, size_t r)
{
    struct series s;
    struct model m = {cf_i64(c, 1, r), cf_i64(c, 3, r), cf_str(c, 2, r), cf_f64(c, 4, r)};
    if (series_arg(c, r, 0, &s))
        out_parts(c, r, &s, &m);
}

/* series, points, period, trend, threshold: the series ends with the points to be foretold */
static void fn_forecast(struct cf_call *c, size_t r)
{
    struct series s;
    struct model m = {cf_i64(c, 2, r), cf_i64(c, 1, r), cf_str(c, 3, r), cf_f64(c, 4, r)};
    if (series_arg(c, r, 0, &s))
        out_parts(c, r, &s, &m);
}

/* ---- outliers: how many ranges away from the fences (Tukey) ----
 *
 * The documentation names the percentiles and once showed scores of a series (input and output
 * stand in the tests). They follow from these rules, and are not explained by plainer ones:
 *
 *   - What lies between the quartiles of all values has the score 0.
 *   - Above, the score is the distance from the third quartile in interquartile ranges, both
 *     counted without the values above the upper percentile; below, likewise.
 *   - "tukey" leaves out no values. */

struct fences {
    double low, high; /* between them: 0 */
    double from_low, range_low;
    double from_high, range_high;
};

static double percentile(const double *sorted, size_t n, double p)
{
    double at = p / 100 * (double)(n - 1);
    size_t low = (size_t)at;
    double part = at - (double)low;
    return low + 1 < n ? sorted[low] + part * (sorted[low + 1] - sorted[low]) : sorted[low];
}

static struct fences fences_of(const double *sorted, size_t n, double low, double high)
{
    size_t first = (size_t)floor((double)n * low / 100 + 1e-9);
    size_t last = (size_t)floor((double)n * high / 100 + 1e-9);
    first = first < n ? first : n - 1;
    last = last > 0 ? last : 1;
    struct fences f = {
        .low = percentile(sorted, n, 25),
        .high = percentile(sorted, n, 75),
        .from_low = percentile(sorted + first, n - first, 25),
        .from_high = percentile(sorted, last, 75),
    };
    f.range_low = percentile(sorted + first, n - first, 75) - f.from_low;
    f.range_high = f.from_high - percentile(sorted, last, 25);
    return f;
}

/* Of a distance in ranges. Of a range of nothing any distance is infinitely many. */
static double ranges(double away, double range, double tiny)
{
    if (fabs(away) <= tiny)
        return 0;
    return range > tiny ? away / range : away > 0 ? (double)INFINITY : -(double)INFINITY;
}

struct scoring {
    double low, high; /* percentiles; 0 and 100: leave out nothing */
    double ignored;   /* a value that counts as missing; NaN: none */
    size_t n;         /* the fences come from the first n items */
    double scale;     /* of the values: of a sum's rounding, no distance is made */
};

static struct series scores_of(struct arena *a, const struct series *s, const struct scoring *k)
{
    struct series out = series_new(a, s->n, false);
    double *sorted = arena_array(a, double, s->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < k->n; i++)
        if (series_known(s, i) && s->v[i] != k->ignored)
            sorted[n++] = s->v[i];
    if (n == 0)
        return out;
    qsort(sorted, n, sizeof(*sorted), by_value);
    struct fences f = fences_of(sorted, n, k->low, k->high);
    double tiny = 1e-11 * k->scale;
    for (size_t i = 0; i < s->n; i++) {
        double x = s->v[i];
        if (s->null[i] || x == k->ignored)
            continue;
        if (x > f.high)
            out.v[i] = ranges(x - f.from_high, f.range_high, tiny);
        else if (x < f.low)
            out.v[i] = ranges(x - f.from_low, f.range_low, tiny);
    }
    return out;
}

static double scale_of(const struct series *s)
{
    double largest = 0;
    for (size_t i = 0; i < s->n; i++)
        if (series_known(s, i))
            largest = fmax(largest, fabs(s->v[i]));
    return largest;
}

/* The percentiles of a method, and false for a name that is none. */
static bool method_of(struct str kind, double low, double high, struct scoring *out)
{
    bool tukey = str_ieqz(kind, "tukey");
    out->low = tukey ? 0 : low;
    out->high = tukey ? 100 : high;
    return tukey || (str_ieqz(kind, "ctukey") && low >= 2 && high <= 98 && low < high);
}

/* series, kind, value that stands for nothing, percentiles, test points */
static void fn_outliers(struct cf_call *c, size_t r)
{
    struct series s;
    struct scoring k = {.ignored = cf_null(c, 2, r) ? (double)NAN : cf_f64(c, 2, r)};
    for (size_t i = 0; i < 6; i++)
        if (i != 2 && cf_null(c, i, r))
            return;
    if (!series_arg(c, r, 0, &s) ||
        !method_of(cf_str(c, 1, r), cf_f64(c, 3, r), cf_f64(c, 4, r), &k) ||
        (s.n > 0 && !to_learn(&s, cf_i64(c, 5, r), &k.n)))
        return;
    k.scale = scale_of(&s);
    struct series out = scores_of(cf_arena(c), &s, &k);
    series_out(c, r, &out);
}

/* series, threshold, period, trend, test points, kind, threshold of the period's score */
static void fn_anomalies(struct cf_call *c, size_t r)
{
    struct series s;
    struct parts p;
    struct scoring k = {.ignored = (double)NAN};
    struct arena *a = cf_arena(c);
    double threshold = cf_f64(c, 1, r);
    struct model m = {cf_i64(c, 2, r), cf_i64(c, 4, r), cf_str(c, 3, r), cf_f64(c, 6, r)};
    if (!series_arg(c, r, 0, &s) || !to_learn(&s, m.test_points, &k.n) ||
        !method_of(cf_str(c, 5, r), 10, 90, &k) || !decompose(a, &s, &m, &p))
        return;
    k.scale = scale_of(&s);
    struct series score = scores_of(a, &p.residual, &k), flag = series_new(a, s.n, true);
    for (size_t i = 0; i < s.n; i++)
        flag.v[i] = score.v[i] > threshold ? 1 : score.v[i] < -threshold ? -1 : 0;
    const struct series *list[] = {&flag, &score, &p.baseline};
    series_out_list(c, r, list, COUNTOF(list));
}

const struct cf_scalar fn_series_decompose_rows[] = {
    {.name = "vdf_series_seasonal", .sig = "jll:j", .row = fn_seasonal},
    {.name = "vdf_series_decompose", .sig = "jlsld:j", .row = fn_decompose},
    {.name = "vdf_series_forecast", .sig = "jllsd:j", .row = fn_forecast},
    {.name = "vdf_series_anomalies", .sig = "jdlslsd:j", .row = fn_anomalies},
    {.name = "vdf_series_outliers", .sig = "jsdddl:j", .flags = CF_NULLS, .row = fn_outliers},
    {0},
};
