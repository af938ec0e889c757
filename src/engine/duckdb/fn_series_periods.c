/* Periods of a series: series_periods_detect(), series_periods_validate(), and what the functions
 * that decompose a series take as its season. How Kusto finds periods is not published. Its
 * documented scores are those of the autocorrelation of the series as a circle, less its mean,
 * stretched so that the least is 0 and that without a shift 1: so are ours. A period is a lag
 *
 *   - between 4 and half of the length,
 *   - whose correlation no lag within a quarter of it surpasses,
 *   - and that stands out of what noise of that length gives;
 *   - at exactly half of the length two halves alone decide, so a tenth of the variance must lie in
 *     the wave of that period.
 *
 * Of periods that are multiples of a shorter one, those stay that score clearly more. Source:
 * series-periods-detect-function, series-periods-validate-function. */
#include "engine/duckdb/fn_series.h"
#include <math.h>
#include <stdlib.h>

#define PI 3.14159265358979323846

enum { MIN_PERIOD = 4, MAX_VALIDATED = 16, MAX_WANTED = 1024 };
static const double CLEARLY_MORE = 0.03, HALF_SHARE = 0.1;

struct correlation {
    const double *at; /* by lag: the sums; at[0] is the variance */
    double least;
    size_t n;
};

/* Less the mean; what is missing becomes the mean. false: nothing varies. */
static bool centred(const struct series *s, size_t n, double *out)
{
    double sum = 0, largest = 0, known = 0, spread = 0;
    for (size_t i = 0; i < n; i++)
        if (series_known(s, i)) {
            sum += s->v[i];
            known++;
        }
    for (size_t i = 0; i < n; i++) {
        out[i] = series_known(s, i) ? s->v[i] - sum / known : 0;
        spread = fmax(spread, fabs(out[i]));
        largest = fmax(largest, series_known(s, i) ? fabs(s->v[i]) : 0);
    }
    return spread > largest * 1e-12 && isfinite(spread);
}

static double score_of(const struct correlation *c, size_t lag)
{
    return (c->at[lag] - c->least) / (c->at[0] - c->least);
}

static double wave_share(const double *x, size_t n, size_t period, double variance)
{
    double re = 0, im = 0;
    for (size_t i = 0; i < n; i++) {
        double angle = 2 * PI * (double)(i % period) / (double)period;
        re += x[i] * cos(angle);
        im += x[i] * sin(angle);
    }
    return 2 * (re * re + im * im) / ((double)n * variance);
}

static bool stands_out(const struct correlation *c, size_t lag)
{
    double here = c->at[lag], noise = sqrt(2 * log((double)c->n) / (double)c->n);
    size_t width = lag / 4 > 0 ? lag / 4 : 1;
    if (here < noise * c->at[0])
        return false;
    for (size_t k = 1; k <= width; k++) {
        size_t after = lag + k < c->n ? lag + k : lag;
        if (c->at[lag - k] >= here || c->at[after] > here)
            return false;
    }
    return true;
}

static int by_score(const void *x, const void *y)
{
    const struct period *p = x, *q = y;
    if (p->score != q->score)
        return p->score < q->score ? 1 : -1;
    return (p->length > q->length) - (p->length < q->length);
}

/* Every lag that may be a period, short ones first. */
static size_t candidates(struct arena *a, const struct series *s, size_t n, struct period **out)
{
    size_t found = 0;
    *out = NULL;
    if (n < 2 * MIN_PERIOD)
        return 0;
    double *x = arena_array(a, double, n);
    if (!centred(s, n, x))
        return 0;
    struct correlation c = {.at = fourier_autocorrelation(a, x, n), .n = n};
    for (size_t lag = 0; lag < n; lag++)
        c.least = fmin(c.least, c.at[lag]);
    if (!(c.at[0] > 0))
        return 0;
    *out = arena_array(a, struct period, n / 2);
    for (size_t lag = MIN_PERIOD; lag * 2 <= n; lag++)
        if (stands_out(&c, lag) && (lag * 2 < n || wave_share(x, n, lag, c.at[0]) >= HALF_SHARE))
            (*out)[found++] = (struct period){lag, score_of(&c, lag)};
    return found;
}

static bool multiple_of(size_t length, size_t of)
{
    size_t times = (length + of / 2) / of;
    size_t exact = times * of, away = length > exact ? length - exact : exact - length;
    return times >= 2 && away <= times / 2;
}

/* Leaves out multiples, the list being ordered by length. */
static size_t without_multiples(struct period *list, size_t n)
{
    size_t kept = 0;
    for (size_t i = 0; i < n; i++) {
        bool drop = false;
        for (size_t k = 0; k < kept && !drop; k++)
            drop = multiple_of(list[i].length, list[k].length) &&
                   list[i].score <= list[k].score + CLEARLY_MORE;
        if (!drop)
            list[kept++] = list[i];
    }
    return kept;
}

size_t periods_find(struct arena *a, const struct series *s, size_t n, double min, double max,
                    struct period *out, size_t limit)
{
    struct period *list;
    size_t all = candidates(a, s, n, &list), found = 0;
    all = without_multiples(list, all);
    if (all > 0)
        qsort(list, all, sizeof(*list), by_score);
    for (size_t i = 0; i < all && found < limit; i++)
        if ((double)list[i].length >= min && (double)list[i].length <= max)
            out[found++] = list[i];
    return found;
}

/* ---- the functions ---- */

static void write_periods(struct cf_call *c, size_t r, const struct period *list, size_t n)
{
    struct arena *a = cf_arena(c);
    struct series lengths = series_new(a, n, false), scores = series_new(a, n, false);
    for (size_t i = 0; i < n; i++) {
        lengths.v[i] = (double)list[i].length;
        scores.v[i] = list[i].score;
    }
    const struct series *both[] = {&lengths, &scores};
    series_out_list(c, r, both, COUNTOF(both));
}

/* series, min, max, number of periods: the arrays have that many items, zeros at their ends */
static void fn_detect(struct cf_call *c, size_t r)
{
    struct series s;
    int64_t wanted = cf_i64(c, 3, r);
    if (wanted < 1 || wanted > MAX_WANTED || !series_arg(c, r, 0, &s))
        return;
    struct period *list = arena_array(cf_arena(c), struct period, (size_t)wanted);
    (void)periods_find(cf_arena(c), &s, s.n, cf_f64(c, 1, r), cf_f64(c, 2, r), list,
                       (size_t)wanted);
    write_periods(c, r, list, (size_t)wanted);
}

/* The score of the period that is nearest, half an item or a fiftieth away at most. */
static double validated(const struct period *list, size_t n, double period)
{
    double near = fmax(0.5, period / 50), score = 0;
    for (size_t i = 0; i < n; i++) {
        double away = fabs((double)list[i].length - period);
        if (away <= near) {
            near = away;
            score = list[i].score;
        }
    }
    return score;
}

/* series, periods */
static void fn_validate(struct cf_call *c, size_t r)
{
    struct series s;
    struct period *list;
    size_t wanted = c->n_args - 1;
    struct arena *a = cf_arena(c);
    if (wanted > MAX_VALIDATED || !series_arg(c, r, 0, &s))
        return;
    size_t n = candidates(a, &s, s.n, &list);
    struct series periods = series_new(a, wanted, false), scores = series_new(a, wanted, false);
    for (size_t i = 0; i < wanted; i++) {
        double period = cf_f64(c, i + 1, r);
        periods.v[i] = period;
        if (period >= MIN_PERIOD && period * 2 <= (double)s.n)
            scores.v[i] = validated(list, n, period);
    }
    const struct series *both[] = {&periods, &scores};
    series_out_list(c, r, both, COUNTOF(both));
}

const struct cf_scalar fn_series_periods_rows[] = {
    {.name = "vdf_series_periods_detect", .sig = "jddl:j", .row = fn_detect},
    {.name = "vdf_series_periods_validate", .sig = "jd*:j", .row = fn_validate},
    {0},
};
