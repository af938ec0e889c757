/* autocluster, basket, diffpatterns: which values may be frequent, in little memory however many
 * different ones there are. What is frequent is always among them; the counts come later.
 * Source: J. Misra and D. Gries, "Finding repeated elements" (1982), and P. Agarwal et al.,
 * "Mergeable Summaries" (2012). */
#include "engine/duckdb/dict.h"
#include "engine/duckdb/fn_mine.h"
#include "text/json.h"
#include <math.h>
#include <stdlib.h>

enum { SLACK = 8 }; /* as many times the values needed are held before the light ones go */

static const double weight_part = 1.0 / 1048576, most_weight = 1e15;

double mine_weight(struct cf_call *c, size_t arg, size_t r)
{
    double weight = cf_f64(c, arg, r);
    if (!(weight > 0))
        return 0;
    weight = fmax(nearbyint(fmin(weight, most_weight) / weight_part), 1) * weight_part;
    return weight * (double)cf_i64(c, arg + 1, r);
}

size_t mine_common_values(double threshold)
{
    return (size_t)ceil(1 / fmax(threshold, 0.01)) + 1;
}

/* ---- the heavy values of one column in one set ---- */
struct summary {
    struct dict texts;
    double *weights; /* lower bounds */
    size_t cap;
};

static void summary_fini(struct summary *s)
{
    dict_fini(&s->texts);
    xfree(s->weights);
}

static int heavier(const void *x, const void *y)
{
    double p = *(const double *)x, q = *(const double *)y;
    return (p < q) - (p > q);
}

/* The weight of the place behind the last that may stay. */
static double line(const struct summary *s, size_t keep)
{
    double *sorted = xmalloc(s->texts.n * sizeof(*sorted));
    memcpy(sorted, s->weights, s->texts.n * sizeof(*sorted));
    qsort(sorted, s->texts.n, sizeof(*sorted), heavier);
    double x = sorted[keep];
    xfree(sorted);
    return x;
}

/* Takes the same weight from all values, so that at most `keep` are left. */
static void shorten(struct summary *s, size_t keep)
{
    if (s->texts.n <= keep)
        return;
    double x = line(s, keep);
    struct dict left = {0};
    for (uint32_t i = 0; i < s->texts.n; i++)
        if (s->weights[i] > x) /* never ahead of i */
            s->weights[dict_put(&left, dict_at(&s->texts, i))] = s->weights[i] - x;
    dict_fini(&s->texts);
    s->texts = left;
}

static void summary_add(struct summary *s, size_t keep, struct str text, double weight)
{
    uint32_t i;
    if (!dict_find(&s->texts, text, &i)) {
        if (s->texts.n >= SLACK * keep)
            shorten(s, keep);
        i = dict_put(&s->texts, text);
        if (i >= s->cap) {
            s->cap = SLACK * keep + 1;
            s->weights = xrealloc(s->weights, s->cap * sizeof(*s->weights));
        }
        s->weights[i] = 0;
    }
    s->weights[i] += weight;
}

/* ---- the aggregate ---- */
struct summaries {
    size_t n_columns, keep;
    struct summary *p;  /* MINE_SETS a column */
    size_t rows, bytes; /* bytes: when last checked */
    bool full;
};
struct common_state {
    struct summaries *s; /* NULL: no rows yet */
};

static struct summaries *summaries_of(struct common_state *state, size_t n_columns, size_t keep)
{
    if (state->s == NULL) {
        state->s = xcalloc(1, sizeof(*state->s));
        state->s->n_columns = n_columns;
        state->s->keep = keep;
        state->s->p = xcalloc(n_columns * MINE_SETS + 1, sizeof(*state->s->p));
    }
    return state->s;
}

static void check_size(struct summaries *s)
{
    size_t n = 0;
    if (s->rows++ % MINE_CHECK_EVERY != 0)
        return;
    for (size_t i = 0; i < s->n_columns * MINE_SETS; i++)
        n += dict_size_bytes(&s->p[i].texts);
    s->bytes = n;
    s->full = s->full || n > MINE_MAX_BYTES;
}

static void update(void *state, struct cf_call *c, size_t r)
{
    struct cf_vec v;
    size_t first = 0, n = cf_list(c, 1, r, &first, &v);
    struct summaries *s = summaries_of(state, n, mine_common_values(cf_f64(c, 0, r)));
    double weight = mine_weight(c, 2, r);
    size_t set = cf_i64(c, 4, r) != 0;
    check_size(s);
    for (size_t i = 0; weight > 0 && !s->full && i < n && i < s->n_columns; i++)
        summary_add(&s->p[i * MINE_SETS + set], s->keep,
                    cf_string_t((const duckdb_string_t *)v.data + first + i), weight);
}

static void combine(void *target, const void *source)
{
    const struct summaries *from = ((const struct common_state *)source)->s;
    if (from == NULL)
        return;
    struct summaries *to = summaries_of(target, from->n_columns, from->keep);
    to->full = to->full || from->full;
    for (size_t k = 0; k < from->n_columns * MINE_SETS && !to->full; k++)
        for (uint32_t i = 0; i < from->p[k].texts.n; i++)
            summary_add(&to->p[k], to->keep, dict_at(&from->p[k].texts, i), from->p[k].weights[i]);
}

static void destroy(void *state)
{
    struct common_state *x = state;
    if (x->s == NULL)
        return;
    for (size_t i = 0; i < x->s->n_columns * MINE_SETS; i++)
        summary_fini(&x->s->p[i]);
    xfree(x->s->p);
    xfree(x->s);
    x->s = NULL;
}

static void write_column(struct json_out *w, const struct summary *sets)
{
    uint32_t known;
    json_arr(w);
    for (size_t s = 0; s < MINE_SETS; s++)
        for (uint32_t i = 0; i < sets[s].texts.n; i++) {
            struct str text = dict_at(&sets[s].texts, i);
            if (s == 0 || !dict_find(&sets[0].texts, text, &known))
                json_raw(w, text);
        }
    json_arr_end(w);
}

/* vd_mine_common(threshold, values of the row as JSON, weight, rows like it, set): an array of
 * values for each column; null when they are too large. */
static void finalize(void *state, struct cf_call *c, size_t row)
{
    struct summaries *s = ((struct common_state *)state)->s;
    struct str none = STR("");
    if (s == NULL) {
        cf_out_list(c, row, &none, NULL, 0);
        return;
    }
    struct arena *a = cf_arena(c);
    struct sbuf *b = cf_buf(c);
    size_t *ends = arena_array(a, size_t, s->n_columns + 1);
    for (size_t i = 0; i < s->n_columns; i++) {
        struct json_out w = json_out_make(b);
        for (size_t k = 0; k < MINE_SETS; k++)
            shorten(&s->p[i * MINE_SETS + k], s->keep);
        write_column(&w, &s->p[i * MINE_SETS]);
        ends[i] = sbuf_str(b).n;
    }
    if (!s->full && sbuf_ok(b))
        cf_out_parts(c, row, sbuf_str(b), ends, s->n_columns);
}

static size_t state_bytes(const void *state)
{
    const struct summaries *s = ((const struct common_state *)state)->s;
    return s == NULL ? 0 : s->bytes;
}

const struct cf_aggregate fn_mine_common_aggregates[] = {
    {.name = "vd_mine_common",
     .sig = "d[jdll:[j",
     .state_size = sizeof(struct common_state),
     .update = update,
     .combine = combine,
     .finalize = finalize,
     .destroy = destroy,
     .bytes = state_bytes},
    {0},
};
