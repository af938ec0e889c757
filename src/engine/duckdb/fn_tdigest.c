/* t-digests: values in order, gathered into few means with weights, fine at both ends. As dynamic
 * they are [type, [mean, …], [weight, …]]; datetimes and timespans are ticks. What is none of these
 * is not valid and gives null. Source: T. Dunning and O. Ertl, "Computing extremely accurate
 * quantiles using t-digests" (2019), the merging digest; "tdigest() (aggregation function)" of the
 * Kusto reference. */
#include "base/clock.h"
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/date.h"
#include "text/json.h"
#include <math.h>
#include <stdlib.h>

enum {
    COMPRESSION = 500,
    BUFFER = 4 * COMPRESSION,
    FIRST = 8,
    MAX_CENTROIDS = 2 * COMPRESSION + 8
};

enum type { OF_LONG, OF_REAL, OF_DATETIME, OF_TIMESPAN };
static const char *const type_names[] = {"long", "real", "datetime", "timespan"};

struct centroid {
    double mean, weight;
};
struct digest {
    enum type type;
    struct centroid *p; /* sorted up to n_sorted, then as they came */
    size_t n, n_sorted, cap;
};

static void digest_fini(struct digest *d)
{
    xfree(d->p);
}

static int by_mean(const void *x, const void *y)
{
    const struct centroid *p = x, *q = y;
    return (p->mean > q->mean) - (p->mean < q->mean);
}

/* How much weight a centroid may have whose place is at a share of the whole: little at the ends.
 */
static double most_weight(double share, double total)
{
    return 4 * total * share * (1 - share) / COMPRESSION;
}

static void compress(struct digest *d)
{
    double total = 0, before = 0;
    size_t to = 0;
    if (d->n == d->n_sorted)
        return;
    qsort(d->p, d->n, sizeof(*d->p), by_mean);
    for (size_t i = 0; i < d->n; i++)
        total += d->p[i].weight;
    for (size_t i = 1; i < d->n; i++) {
        struct centroid *last = &d->p[to], next = d->p[i];
        double both = last->weight + next.weight, share = (before + both / 2) / total;
        if (d->n > COMPRESSION && both <= most_weight(share, total)) {
            last->mean += (next.mean - last->mean) * next.weight / both;
            last->weight = both;
            continue;
        }
        before += last->weight;
        d->p[++to] = next;
    }
    d->n = d->n_sorted = d->n > 0 ? to + 1 : 0;
}

static void add(struct digest *d, double mean, double weight)
{
    if (d->n == BUFFER)
        compress(d);
    if (d->n == d->cap) { /* small groups stay small */
        d->cap = d->cap == 0 ? FIRST : d->cap * 2;
        d->p = xrealloc(d->p, d->cap * sizeof(*d->p));
    }
    d->p[d->n++] = (struct centroid){mean, weight};
}

static void merge(struct digest *to, const struct digest *from)
{
    if (from->n > 0 && to->n == 0)
        to->type = from->type;
    for (size_t i = 0; i < from->n; i++)
        add(to, from->p[i].mean, from->p[i].weight);
}

/* ---- as dynamic ---- */
static void write(struct digest *d, struct sbuf *b)
{
    compress(d);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    json_z(&w, type_names[d->type]);
    json_arr(&w);
    for (size_t i = 0; i < d->n; i++)
        json_real(&w, d->p[i].mean);
    json_arr_end(&w);
    json_arr(&w);
    for (size_t i = 0; i < d->n; i++)
        json_real(&w, d->p[i].weight);
    json_arr_end(&w);
    json_arr_end(&w);
}

static bool read_type(struct str raw, enum type *out)
{
    for (size_t i = 0; i < COUNTOF(type_names); i++)
        if (raw.n >= 2 && str_eqz(str_sub(raw, 1, raw.n - 2), type_names[i])) {
            *out = (enum type)i;
            return true;
        }
    return false;
}

/* out must be freed also when this fails. */
static bool read(struct str v, struct digest *out)
{
    struct js_iter it = js_begin(v);
    struct str type, means, weights, mean, weight;
    bool is_int;
    int64_t i;
    double m, w;
    *out = (struct digest){0};
    if (js_type(v) != JS_ARRAY || !js_next(&it, NULL, &type) || !js_next(&it, NULL, &means) ||
        !js_next(&it, NULL, &weights) || !read_type(type, &out->type))
        return false;
    struct js_iter at_mean = js_begin(means), at_weight = js_begin(weights);
    while (js_next(&at_mean, NULL, &mean)) {
        if (!js_next(&at_weight, NULL, &weight) || !js_number(mean, &is_int, &i, &m) ||
            !js_number(weight, &is_int, &i, &w) || !(w > 0) || !isfinite(m) || !isfinite(w) ||
            out->n >= BUFFER)
            return false;
        add(out, m, w);
    }
    compress(out);
    return out->n > 0 && !js_next(&at_weight, NULL, &weight);
}

/* ---- answers ---- */
static double total_of(const struct digest *d)
{
    double sum = 0;
    for (size_t i = 0; i < d->n; i++)
        sum += d->p[i].weight;
    return sum;
}

/* The value at a rank; between two centroids that stand for several values each, in proportion. */
static double value_at(const struct digest *d, double percentile)
{
    double wanted = percentile / 100 * total_of(d), before = 0;
    for (size_t i = 0; i < d->n; i++) {
        const struct centroid *c = &d->p[i];
        if (before + c->weight < wanted && i + 1 < d->n) {
            before += c->weight;
            continue;
        }
        if (c->weight <= 1 || i == 0 || i + 1 == d->n)
            return c->mean;
        double inside = (wanted - before) / c->weight - 0.5;
        double step = inside < 0 ? c->mean - d->p[i - 1].mean : d->p[i + 1].mean - c->mean;
        return c->mean + inside * step;
    }
    return (double)NAN;
}

/* How much weight lies at or below a value. */
static double rank_of(const struct digest *d, double value)
{
    double before = 0;
    for (size_t i = 0; i < d->n; i++) {
        const struct centroid *c = &d->p[i];
        if (c->mean <= value) {
            before += c->weight;
            continue;
        }
        if (i > 0 && c->weight > 1) /* part of this centroid may lie below */
            before += c->weight / 2 * (value - d->p[i - 1].mean) / (c->mean - d->p[i - 1].mean);
        break;
    }
    return before;
}

static void write_value(struct json_out *w, enum type t, double v)
{
    char text[40];
    double whole = fmin(fmax(round(v), -9223372036854774784.0), 9223372036854774784.0);
    switch (t) {
    case OF_LONG:
        json_int(w, (int64_t)whole);
        break;
    case OF_REAL:
        json_real(w, v);
        break;
    case OF_DATETIME:
        date_format((int64_t)fmin(fmax(whole, 0), (double)TICKS_MAX), text);
        json_z(w, text);
        break;
    case OF_TIMESPAN:
        span_format((int64_t)whole, text);
        json_z(w, text);
        break;
    }
}

/* ---- aggregates ---- */
static void digest_update(void *state, struct cf_call *c, size_t r)
{
    struct digest *d = state;
    double v = cf_f64(c, 0, r), weight = (double)cf_i64(c, 1, r);
    weight = weight < 0 ? 1 : weight; /* not given */
    if (!isfinite(v) || weight == 0)
        return;
    d->type = (enum type)cf_i64(c, 2, r);
    add(d, v, weight);
}

static void merge_update(void *state, struct cf_call *c, size_t r)
{
    struct digest d;
    if (read(cf_str(c, 0, r), &d))
        merge(state, &d);
    digest_fini(&d);
}

static void digest_combine(void *target, const void *source)
{
    merge(target, source);
}

static void digest_finalize(void *state, struct cf_call *c, size_t r)
{
    struct digest *d = state;
    if (d->n == 0)
        return;
    struct sbuf *b = cf_buf(c);
    write(d, b);
    cf_out_str(c, r, sbuf_str(b));
}

static void digest_destroy(void *state)
{
    digest_fini(state);
}

/* ---- functions ---- */
static void fn_merge(struct cf_call *c, size_t r)
{
    struct digest all = {0}, one;
    bool ok = true;
    for (size_t i = 0; ok && i < c->n_args; i++) {
        ok = read(cf_str(c, i, r), &one);
        if (ok)
            merge(&all, &one);
        digest_fini(&one);
    }
    if (ok)
        digest_finalize(&all, c, r);
    digest_fini(&all);
}

static void fn_percentile(struct cf_call *c, size_t r)
{
    struct digest d;
    double p = cf_f64(c, 1, r);
    if (read(cf_str(c, 0, r), &d) && p >= 0 && p <= 100) {
        struct sbuf *b = cf_buf(c);
        struct json_out w = json_out_make(b);
        write_value(&w, d.type, value_at(&d, p));
        cf_out_str(c, r, sbuf_str(b));
    }
    digest_fini(&d);
}

/* (digest, [percentile, …] as dynamic) */
static void fn_percentiles(struct cf_call *c, size_t r)
{
    struct digest d;
    struct js_iter it = js_begin(cf_str(c, 1, r));
    struct str item;
    bool is_int;
    int64_t i;
    double p;
    if (read(cf_str(c, 0, r), &d) && js_type(cf_str(c, 1, r)) == JS_ARRAY) {
        struct sbuf *b = cf_buf(c);
        struct json_out w = json_out_make(b);
        json_arr(&w);
        while (js_next(&it, NULL, &item)) {
            if (js_number(item, &is_int, &i, &p) && p >= 0 && p <= 100)
                write_value(&w, d.type, value_at(&d, p));
            else
                json_null(&w);
        }
        json_arr_end(&w);
        cf_out_str(c, r, sbuf_str(b));
    }
    digest_fini(&d);
}

static void rank(struct cf_call *c, size_t r, bool percent)
{
    struct digest d;
    if (read(cf_str(c, 0, r), &d)) {
        double below = rank_of(&d, cf_f64(c, 1, r));
        cf_out_f64(c, r, percent ? 100 * below / total_of(&d) : below);
    }
    digest_fini(&d);
}

static void fn_rank(struct cf_call *c, size_t r)
{
    rank(c, r, false);
}

static void fn_percentrank(struct cf_call *c, size_t r)
{
    rank(c, r, true);
}

static void fn_isvalid(struct cf_call *c, size_t r)
{
    struct digest d = {0};
    cf_out_bool(c, r, !cf_null(c, 0, r) && read(cf_str(c, 0, r), &d));
    digest_fini(&d);
}

static size_t digest_bytes(const void *state)
{
    return ((const struct digest *)state)->cap * sizeof(struct centroid);
}

const struct cf_scalar fn_tdigest_rows[] = {
    {.name = "vdf_percentile_tdigest", .sig = "jd:j", .row = fn_percentile},
    {.name = "vdf_percentiles_tdigest", .sig = "jj:j", .row = fn_percentiles},
    {.name = "vdf_percentrank_tdigest", .sig = "jd:d", .row = fn_percentrank},
    {.name = "vdf_rank_tdigest", .sig = "jd:d", .row = fn_rank},
    {.name = "vdf_tdigest_isvalid", .sig = "j:b", .flags = CF_NULLS, .row = fn_isvalid},
    {.name = "vdf_tdigest_merge", .sig = "j*:j", .row = fn_merge},
    {0},
};

const struct cf_aggregate fn_tdigest_aggregates[] = {
    {.name = "vd_tdigest",
     .sig = "dll:j",
     .state_size = sizeof(struct digest),
     .update = digest_update,
     .combine = digest_combine,
     .finalize = digest_finalize,
     .destroy = digest_destroy,
     .bytes = digest_bytes},
    {.name = "vd_tdigest_merge",
     .sig = "j:j",
     .state_size = sizeof(struct digest),
     .update = merge_update,
     .combine = digest_combine,
     .finalize = digest_finalize,
     .destroy = digest_destroy,
     .bytes = digest_bytes},
    {0},
};
