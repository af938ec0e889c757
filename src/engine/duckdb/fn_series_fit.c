/* Series as models: lines, two lines, seasons, decomposition, anomalies, outliers, the Fourier
 * transform, and ranges, which make series. Source: the functions' pages of the Kusto reference. */
#include "engine/duckdb/fn_series.h"
#include "text/date.h"
#include <math.h>
#include <stdlib.h>

/* ---- lines: least squares over positions from … to ---- */

struct line_fit line_fit(const struct series *s, size_t from, size_t to)
{
    double n = 0, sx = 0, sy = 0, sxx = 0, sxy = 0, total = 0, rest = 0;
    for (size_t i = from; i < to; i++) {
        if (s->null[i])
            continue;
        double x = (double)(i - from), y = s->v[i];
        n++;
        sx += x;
        sy += y;
        sxx += x * x;
        sxy += x * y;
    }
    struct line_fit f = {0};
    double d = n * sxx - sx * sx;
    f.slope = d != 0 ? (n * sxy - sx * sy) / d : 0;
    f.intercept = n > 0 ? (sy - f.slope * sx) / n : 0;
    double mean = n > 0 ? sy / n : 0;
    for (size_t i = from; i < to; i++) {
        if (s->null[i])
            continue;
        double e = s->v[i] - (f.intercept + f.slope * (double)(i - from));
        total += (s->v[i] - mean) * (s->v[i] - mean);
        rest += e * e;
    }
    f.variance = n > 1 ? total / (n - 1) : 0;
    f.rvariance = n > 1 ? rest / (n - 1) : 0;
    f.rsquare = total > 0 ? 1 - rest / total : 0;
    return f;
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
    if (!series_read(cf_arena(c), cf_str(c, 0, r), &s) || s.n == 0)
        return;
    struct line_fit f = line_fit(&s, 0, s.n);
    static const char *const names[] = {"rsquare", "slope", "variance", "rvariance",
                                        "interception"};
    const double values[] = {f.rsquare, f.slope, f.variance, f.rvariance, f.intercept};
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

/* The split whose two lines leave the least: the right line starts at it. */
static size_t best_split(const struct series *s, double *out_rest)
{
    size_t best = 1;
    double least = (double)INFINITY;
    for (size_t k = 2; k + 2 <= s->n; k++) {
        struct line_fit l = line_fit(s, 0, k), r = line_fit(s, k, s->n);
        double rest = l.rvariance * (double)(k - 1) + r.rvariance * (double)(s->n - k - 1);
        if (rest < least) {
            least = rest;
            best = k;
        }
    }
    *out_rest = least;
    return best;
}

struct two_lines {
    double rsquare, variance, rvariance;
    int64_t split;
    struct line_fit left, right;
};

static struct two_lines two_lines(const struct series *s)
{
    struct two_lines t = {0};
    double rest = 0;
    struct line_fit whole = line_fit(s, 0, s->n);
    size_t at = best_split(s, &rest);
    t.split = (int64_t)at;
    t.left = line_fit(s, 0, at);
    t.right = line_fit(s, at, s->n);
    t.variance = whole.variance;
    t.rvariance = rest / (double)(s->n - 1);
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
    const double values[] = {f->rsquare, f->slope, f->intercept, f->variance, f->rvariance};
    for (size_t i = 0; i < COUNTOF(values); i++) {
        if (bag)
            json_key(w, names[i]);
        json_real(w, values[i]);
    }
}

static void fn_fit_2lines(struct cf_call *c, size_t r)
{
    struct series s;
    if (!series_read(cf_arena(c), cf_str(c, 0, r), &s) || s.n < 4)
        return;
    struct two_lines t = two_lines(&s);
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
    if (!series_read(cf_arena(c), cf_str(c, 0, r), &s) || s.n < 4)
        return;
    struct two_lines t = two_lines(&s);
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

/* ---- seasons ---- */

static double autocorrelation(const struct series *s, size_t lag, double mean, double variance)
{
    double sum = 0;
    for (size_t i = lag; i < s->n; i++)
        sum += (s->v[i] - mean) * (s->v[i - lag] - mean);
    return variance > 0 ? sum / variance : 0;
}

/* The first lag whose correlation stands out among its neighbours; 0: none. */
static size_t find_period(const struct series *s)
{
    double mean = 0, variance = 0, best_score = 0.4;
    size_t best = 0;
    for (size_t i = 0; i < s->n; i++)
        mean += s->v[i] / (double)s->n;
    for (size_t i = 0; i < s->n; i++)
        variance += (s->v[i] - mean) * (s->v[i] - mean);
    for (size_t lag = 2; lag * 2 <= s->n && lag < 4096; lag++) {
        double scale = (double)s->n / (double)(s->n - lag);
        double here = autocorrelation(s, lag, mean, variance) * scale;
        double before = autocorrelation(s, lag - 1, mean, variance) * scale;
        double after = autocorrelation(s, lag + 1, mean, variance) * scale;
        if (here > best_score + 0.05 && here >= before && here >= after) {
            best_score = here;
            best = lag;
        }
    }
    return best;
}

static int by_value(const void *x, const void *y)
{
    const double *p = x, *q = y;
    return (*p > *q) - (*p < *q);
}

/* The median of each position of a period: single peaks are no season. */
static void season_of(struct arena *a, const struct series *s, size_t period, struct series *out)
{
    double *here = arena_array(a, double, s->n + 1);
    for (size_t i = 0; i < s->n; i++) {
        out->v[i] = 0;
        out->null[i] = false;
    }
    for (size_t k = 0; period > 0 && k < period && k < s->n; k++) {
        size_t n = 0;
        for (size_t i = k; i < s->n; i += period)
            if (!s->null[i])
                here[n++] = s->v[i];
        qsort(here, n, sizeof(*here), by_value);
        double median = n == 0 ? 0 : (here[(n - 1) / 2] + here[n / 2]) / 2;
        for (size_t i = k; i < s->n; i += period)
            out->v[i] = median;
    }
}

static size_t period_of(const struct series *s, int64_t given)
{
    return given < 0 ? find_period(s) : (size_t)given;
}

static void fn_seasonal(struct cf_call *c, size_t r)
{
    struct series s;
    if (!series_read(cf_arena(c), cf_str(c, 0, r), &s))
        return;
    struct series out = series_new(cf_arena(c), s.n, false);
    season_of(cf_arena(c), &s, period_of(&s, cf_i64(c, 1, r)), &out);
    series_out(c, r, &out);
}

/* ---- decomposition: trend, season, baseline, residual ---- */

struct parts {
    struct series baseline, seasonal, trend, residual;
};

static void trend_of(const struct series *s, struct str kind, size_t points, struct series *out)
{
    struct line_fit f = line_fit(s, 0, points);
    double mean = 0;
    for (size_t i = 0; i < points; i++)
        mean += s->v[i] / (double)points;
    for (size_t i = 0; i < s->n; i++)
        out->v[i] = str_eqz(kind, "linefit") ? f.intercept + f.slope * (double)i
                    : str_eqz(kind, "avg")   ? mean
                                             : 0;
}

/* The model is learnt from the first n - test points and goes on to the end. */
static struct parts decompose(struct arena *a, const struct series *s, int64_t seasonality,
                              struct str kind, int64_t test)
{
    struct parts p = {series_new(a, s->n, false), series_new(a, s->n, false),
                      series_new(a, s->n, false), series_new(a, s->n, false)};
    size_t points = test > 0 && (size_t)test < s->n ? s->n - (size_t)test : s->n;
    struct series flat = series_new(a, points, false), season = series_new(a, points, false);
    trend_of(s, kind, points, &p.trend);
    for (size_t i = 0; i < points; i++)
        flat.v[i] = (s->null[i] ? 0 : s->v[i]) - p.trend.v[i];
    size_t period = period_of(&flat, seasonality);
    season_of(a, &flat, period, &season);
    for (size_t i = 0; i < s->n; i++) {
        p.seasonal.v[i] = period == 0 ? 0 : season.v[i < points ? i : i % period];
        p.baseline.v[i] = p.seasonal.v[i] + p.trend.v[i];
        p.residual.v[i] = (s->null[i] ? 0 : s->v[i]) - p.baseline.v[i];
    }
    return p;
}

static void write_parts(struct cf_call *c, size_t r, const struct series *const *list, size_t n)
{
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (size_t i = 0; i < n; i++)
        series_write(&w, list[i]);
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

/* series, seasonality, trend, test points */
static void fn_decompose(struct cf_call *c, size_t r)
{
    struct series s;
    if (!series_read(cf_arena(c), cf_str(c, 0, r), &s) || s.n == 0)
        return;
    struct parts p = decompose(cf_arena(c), &s, cf_i64(c, 1, r), cf_str(c, 2, r), cf_i64(c, 3, r));
    const struct series *list[] = {&p.baseline, &p.seasonal, &p.trend, &p.residual};
    write_parts(c, r, list, COUNTOF(list));
}

/* series, points, seasonality, trend: the series ends with the points to be foretold. */
static void fn_forecast(struct cf_call *c, size_t r)
{
    struct series s;
    if (!series_read(cf_arena(c), cf_str(c, 0, r), &s) || s.n == 0)
        return;
    struct parts p = decompose(cf_arena(c), &s, cf_i64(c, 2, r), cf_str(c, 3, r), cf_i64(c, 1, r));
    const struct series *list[] = {&p.baseline, &p.seasonal, &p.trend, &p.residual};
    write_parts(c, r, list, COUNTOF(list));
}

/* ---- outliers: how many inter-percentile ranges outside of it (Tukey's fences) ---- */

static double percentile(const double *sorted, size_t n, double p)
{
    double last = (double)(n - 1), at = p / 100 * last;
    at = !(at > 0) ? 0 : at > last ? last : at; /* p may be anything, NaN too */
    size_t low = (size_t)at;
    double part = at - (double)low;
    return low + 1 < n ? sorted[low] + part * (sorted[low + 1] - sorted[low]) : sorted[low];
}

static struct series scores_of(struct arena *a, const struct series *s, double low, double high)
{
    struct series out = series_new(a, s->n, false);
    double *sorted = arena_array(a, double, s->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++)
        if (!s->null[i] && isfinite(s->v[i]))
            sorted[n++] = s->v[i];
    if (n == 0)
        return out;
    qsort(sorted, n, sizeof(*sorted), by_value);
    double lo = percentile(sorted, n, low), hi = percentile(sorted, n, high), range = hi - lo;
    for (size_t i = 0; i < s->n; i++) {
        double away = s->v[i] > hi ? s->v[i] - hi : s->v[i] < lo ? s->v[i] - lo : 0;
        out.v[i] = range > 0 ? away / range : 0;
    }
    return out;
}

static void fn_outliers(struct cf_call *c, size_t r)
{
    struct series s;
    if (!series_read(cf_arena(c), cf_str(c, 0, r), &s))
        return;
    bool tukey = str_ieqz(cf_str(c, 1, r), "tukey");
    struct series out =
        scores_of(cf_arena(c), &s, tukey ? 25 : cf_f64(c, 2, r), tukey ? 75 : cf_f64(c, 3, r));
    series_out(c, r, &out);
}

/* series, threshold, seasonality, trend, test points, method */
static void fn_anomalies(struct cf_call *c, size_t r)
{
    struct series s;
    if (!series_read(cf_arena(c), cf_str(c, 0, r), &s) || s.n == 0)
        return;
    struct arena *a = cf_arena(c);
    bool tukey = str_ieqz(cf_str(c, 5, r), "tukey");
    double threshold = cf_f64(c, 1, r);
    struct parts p = decompose(a, &s, cf_i64(c, 2, r), cf_str(c, 3, r), cf_i64(c, 4, r));
    struct series score = scores_of(a, &p.residual, tukey ? 25 : 10, tukey ? 75 : 90);
    struct series flag = series_new(a, s.n, true);
    for (size_t i = 0; i < s.n; i++)
        flag.v[i] = score.v[i] > threshold ? 1 : score.v[i] < -threshold ? -1 : 0;
    const struct series *list[] = {&flag, &score, &p.baseline};
    write_parts(c, r, list, COUNTOF(list));
}

/* ---- the Fourier transform, by its definition where the length is no power of two ---- */

static void transform(const struct series *re, const struct series *im, bool inverse,
                      struct series *out_re, struct series *out_im)
{
    size_t n = re->n;
    for (size_t k = 0; k < n; k++) {
        double sum_re = 0, sum_im = 0;
        for (size_t t = 0; t < n; t++) {
            double angle = 2 * 3.14159265358979323846 * (double)((k * t) % n) / (double)n;
            double co = cos(angle), si = inverse ? sin(angle) : -sin(angle);
            double x = re->v[t], y = im->n > t ? im->v[t] : 0;
            sum_re += x * co - y * si;
            sum_im += x * si + y * co;
        }
        out_re->v[k] = inverse ? sum_re / (double)n : sum_re;
        out_im->v[k] = inverse ? sum_im / (double)n : sum_im;
    }
}

enum { MAX_TRANSFORM = 1 << 14 };
static void fourier(struct cf_call *c, size_t r, bool inverse)
{
    struct series re, im = {0};
    struct arena *a = cf_arena(c);
    if (cf_null(c, 0, r) || !series_read(a, cf_str(c, 0, r), &re) || re.n > MAX_TRANSFORM)
        return;
    if (!cf_null(c, 1, r) && !series_read(a, cf_str(c, 1, r), &im))
        return;
    struct series x = series_new(a, re.n, false), y = series_new(a, re.n, false);
    transform(&re, &im, inverse, &x, &y);
    const struct series *list[] = {&x, &y};
    write_parts(c, r, list, COUNTOF(list));
}

static void fn_fft(struct cf_call *c, size_t r)
{
    fourier(c, r, false);
}

static void fn_ifft(struct cf_call *c, size_t r)
{
    fourier(c, r, true);
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
    ROW("series_seasonal", "jl:j", fn_seasonal, 0),
    ROW("series_decompose", "jlsl:j", fn_decompose, 0),
    ROW("series_forecast", "jlls:j", fn_forecast, 0),
    ROW("series_anomalies", "jdlsls:j", fn_anomalies, 0),
    ROW("series_outliers", "jsdd:j", fn_outliers, 0),
    ROW("series_fft", "jj:j", fn_fft, CF_NULLS),
    ROW("series_ifft", "jj:j", fn_ifft, CF_NULLS),
    ROW("range", "llls:j", fn_range, 0),
    ROW("range_real", "ddd:j", fn_range_real, 0),
    {0},
};
