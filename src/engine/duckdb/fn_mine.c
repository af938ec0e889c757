/* autocluster, basket, diffpatterns: an aggregate that takes all rows as numbers of values, the
 * rare ones as 0, and answers with the patterns that mine.h finds. */
#include "engine/duckdb/fn_mine.h"
#include "engine/duckdb/dict.h"
#include "engine/duckdb/jscan.h"
#include "kql/mine.h"
#include "text/json.h"
#include <math.h>
#include <stdlib.h>

/* A pattern has to bring this share of its rows that no better one has. */
static const double new_of_cluster = 0.5, new_of_difference = 0.25;

/* Rows that differ in their common values, and what they weigh. */
struct table {
    char *question; /* vd_mine's first argument */
    size_t n_columns;
    struct dict *values; /* one a column: those of number i have the code i + 1 */
    struct dict rows;    /* codes */
    double *weights;     /* MINE_SETS a row */
    size_t cap;
    double totals[MINE_SETS];
    bool full;
};
struct mine_state {
    struct table *t; /* NULL: no rows yet */
};

/* ---- collecting ---- */
static struct table *table_new(struct str question, size_t n_columns)
{
    struct table *t = xcalloc(1, sizeof(*t));
    t->question = xstrndup(question);
    t->n_columns = n_columns;
    t->values = xcalloc(n_columns + 1, sizeof(*t->values));
    return t;
}

static void table_free(struct table *t)
{
    if (t == NULL)
        return;
    for (size_t c = 0; c < t->n_columns; c++)
        dict_fini(&t->values[c]);
    dict_fini(&t->rows);
    xfree(t->question);
    xfree(t->values);
    xfree(t->weights);
    xfree(t);
}

static void add_row(struct table *t, const uint8_t *codes, const double *weights)
{
    if (t->rows.n % MINE_CHECK_EVERY == 0)
        t->full = t->full || dict_size_bytes(&t->rows) > MINE_MAX_BYTES;
    for (size_t s = 0; s < MINE_SETS; s++)
        t->totals[s] += weights[s];
    if (t->full)
        return;
    uint32_t row = dict_put(&t->rows, (struct str){(const char *)codes, t->n_columns});
    if (row >= t->cap) {
        size_t cap = t->cap > 0 ? t->cap * 2 : MINE_CHECK_EVERY, set = sizeof(double) * MINE_SETS;
        t->weights = xrealloc(t->weights, cap * set);
        memset(t->weights + t->cap * MINE_SETS, 0, (cap - t->cap) * set);
        t->cap = cap;
    }
    for (size_t s = 0; s < MINE_SETS; s++)
        t->weights[(size_t)row * MINE_SETS + s] += weights[s];
}

static struct table *first_row(struct cf_call *c, size_t r)
{
    struct cf_vec v;
    size_t first = 0, n = cf_list(c, 1, r, &first, &v);
    struct table *t = table_new(cf_str(c, 0, r), n);
    for (size_t i = 0; i < n; i++) {
        struct js_iter it = js_begin(cf_string_t((const duckdb_string_t *)v.data + first + i));
        struct str text;
        while (t->values[i].n + 1 < MINE_MAX_CODES && js_next(&it, NULL, &text))
            (void)dict_put(&t->values[i], text);
    }
    return t;
}

/* vd_mine(question, what vd_mine_common() gives, values of the row as JSON, weight, rows like it,
 * set): [a pattern …]; null when there are too many rows, [null] when there are too many patterns.
 */
static void update(void *state, struct cf_call *c, size_t r)
{
    struct mine_state *s = state;
    struct cf_vec v;
    if (s->t == NULL)
        s->t = cf_null(c, 1, r) ? table_new(STR(""), 0) : first_row(c, r);
    size_t first = 0, n = cf_list(c, 2, r, &first, &v);
    double weights[MINE_SETS] = {0};
    weights[cf_i64(c, 5, r) != 0] = mine_weight(c, 3, r);
    s->t->full = s->t->full || cf_null(c, 1, r) || n != s->t->n_columns;
    if (s->t->full || weights[0] + weights[1] <= 0)
        return;
    uint8_t *codes = arena_array(cf_arena(c), uint8_t, n + 1);
    for (size_t i = 0; i < n; i++) {
        uint32_t value;
        if (dict_find(&s->t->values[i], cf_string_t((const duckdb_string_t *)v.data + first + i),
                      &value))
            codes[i] = (uint8_t)(value + 1);
    }
    add_row(s->t, codes, weights);
}

/* All states have the same codes. */
static void combine(void *target, const void *source)
{
    struct mine_state *to = target;
    const struct table *from = ((const struct mine_state *)source)->t;
    if (from == NULL)
        return;
    if (to->t == NULL) {
        to->t = table_new(str_from(from->question), from->n_columns);
        for (size_t c = 0; c < from->n_columns; c++)
            for (uint32_t i = 0; i < from->values[c].n; i++)
                (void)dict_put(&to->t->values[c], dict_at(&from->values[c], i));
    }
    to->t->full = to->t->full || from->full;
    for (uint32_t i = 0; i < from->rows.n; i++)
        add_row(to->t, (const uint8_t *)dict_at(&from->rows, i).p,
                from->weights + (size_t)i * MINE_SETS);
}

static void destroy(void *state)
{
    struct mine_state *s = state;
    table_free(s->t);
    s->t = NULL;
}

/* ---- what is frequent ---- */
struct question {
    enum mine_kind kind;
    double threshold, size_weight;
    size_t n_seeds, max_dimensions;
    const struct json *wildcards;
};
struct value {
    struct str text;
    uint8_t code;
    double weight;
};
struct frequent { /* of all columns */
    struct str (*texts)[MINE_MAX_CODES];
    uint8_t (*codes)[MINE_MAX_CODES]; /* of a table's codes; 0: rare */
};

static int by_weight(const void *x, const void *y)
{
    const struct value *p = x, *q = y;
    if (p->weight != q->weight)
        return p->weight > q->weight ? -1 : 1;
    return str_cmp(p->text, q->text);
}

static uint8_t code_at(const struct table *t, uint32_t row, size_t column)
{
    return (uint8_t)dict_at(&t->rows, row).p[column];
}

/* Values of a column that make up the threshold of a set: heaviest first, the rest 0. */
static void find_frequent(const struct table *t, size_t column, double threshold,
                          struct frequent *f)
{
    double weights[MINE_MAX_CODES][MINE_SETS] = {0};
    struct value list[MINE_MAX_CODES];
    size_t n = 0;
    for (uint32_t i = 0; i < t->rows.n; i++)
        for (size_t s = 0; s < MINE_SETS; s++)
            weights[code_at(t, i, column)][s] += t->weights[(size_t)i * MINE_SETS + s];
    for (size_t i = 0; i < t->values[column].n; i++) {
        const double *w = weights[i + 1];
        bool enough = false;
        for (size_t s = 0; s < MINE_SETS; s++)
            enough = enough || (t->totals[s] > 0 && w[s] >= threshold * t->totals[s] * (1 - 1e-12));
        if (enough)
            list[n++] = (struct value){dict_at(&t->values[column], (uint32_t)i), (uint8_t)(i + 1),
                                       w[0] + w[1]};
    }
    qsort(list, n, sizeof(*list), by_weight);
    for (size_t i = 0; i < n; i++) {
        f->codes[column][list[i].code] = (uint8_t)(i + 1);
        f->texts[column][i + 1] = list[i].text;
    }
}

struct reduced {
    const uint8_t *codes;
    double weights[MINE_SETS];
    size_t n_columns;
};

static int by_codes(const void *x, const void *y)
{
    const struct reduced *p = x, *q = y;
    return memcmp(p->codes, q->codes, p->n_columns);
}

/* Rows whose frequent values are the same become one; those without any go. false: stopped. */
static bool reduce_rows(const struct table *t, const struct frequent *f, const struct mine_rows *r,
                        struct dict *rows, struct reduced *out)
{
    size_t n = t->n_columns;
    uint8_t *codes = xcalloc(n + 1, 1);
    bool stopped = false;
    for (uint32_t i = 0; i < t->rows.n && !stopped; i++) {
        bool any = false;
        stopped = i % MINE_CHECK_EVERY == 0 && r->stops(r->self);
        for (size_t c = 0; c < n; c++) {
            codes[c] = f->codes[c][code_at(t, i, c)];
            any = any || codes[c] != 0;
        }
        if (!any)
            continue;
        struct reduced *x = &out[dict_put(rows, (struct str){(const char *)codes, n})];
        for (size_t s = 0; s < MINE_SETS; s++)
            x->weights[s] += t->weights[(size_t)i * MINE_SETS + s];
    }
    for (uint32_t i = 0; i < rows->n; i++) {
        out[i].codes = (const uint8_t *)dict_at(rows, i).p;
        out[i].n_columns = n;
    }
    qsort(out, stopped ? 0 : rows->n, sizeof(*out), by_codes);
    xfree(codes);
    return !stopped;
}

static bool fill_rows(struct arena *a, const struct table *t, const struct frequent *f,
                      struct mine_rows *r)
{
    AUTO(dict_fini) struct dict distinct = {0};
    struct reduced *list = xcalloc(t->rows.n + 1, sizeof(*list));
    bool done = reduce_rows(t, f, r, &distinct, list);
    r->n = distinct.n;
    uint8_t *codes = arena_array(a, uint8_t, r->n * r->n_columns + 1);
    double *weights = arena_array(a, double, r->n *MINE_SETS + 1);
    for (size_t i = 0; i < r->n; i++) {
        for (size_t c = 0; c < r->n_columns; c++)
            codes[c * r->n + i] = list[i].codes[c];
        memcpy(weights + i * MINE_SETS, list[i].weights, sizeof(list[i].weights));
    }
    r->codes = codes;
    r->weights = weights;
    xfree(list);
    return done;
}

/* ---- the three questions ---- */
static struct mine_patterns cluster(struct arena *a, const struct question *q,
                                    const struct mine_rows *r)
{
    struct mine_patterns v = mine_seeds(a, r, q->threshold, q->size_weight, q->n_seeds);
    mine_sort(r, &v);
    mine_choose(a, r, &v, new_of_cluster);
    return v;
}

/* What covers much and says much comes first. */
static struct mine_patterns basket(struct arena *a, const struct question *q,
                                   const struct mine_rows *r)
{
    struct mine_patterns v = mine_closed(a, r, q->threshold, q->max_dimensions);
    for (size_t i = 0; i < v.n; i++)
        v.p[i].score = v.p[i].weights[0] * (double)v.p[i].n_fixed;
    mine_sort(r, &v);
    return v;
}

static double percent(const struct mine_rows *r, const struct mine_pattern *p, size_t set)
{
    return r->totals[set] > 0 ? 100 * p->weights[set] / r->totals[set] : 0;
}

static struct mine_patterns difference(struct arena *a, const struct question *q,
                                       const struct mine_rows *r)
{
    struct mine_patterns v = mine_deepening(a, r, q->threshold, q->max_dimensions);
    size_t n = 0;
    for (size_t i = 0; i < v.n; i++) {
        v.p[i].score = fabs(percent(r, &v.p[i], 0) - percent(r, &v.p[i], 1));
        if (v.p[i].score >= 100 * q->threshold * (1 - 1e-12))
            v.p[n++] = v.p[i];
    }
    v.n = n;
    mine_sort(r, &v);
    mine_choose(a, r, &v, new_of_difference);
    return v;
}

/* ---- the answer ---- */
static int64_t whole(double weight)
{
    return weight < 9e18 ? (int64_t)llround(weight) : INT64_MAX;
}

static void write_pattern(struct json_out *w, const struct question *q, const struct mine_rows *r,
                          const struct frequent *f, const struct mine_pattern *p)
{
    size_t sets = q->kind == MINE_DIFFPATTERNS ? MINE_SETS : 1;
    for (size_t s = 0; s < sets; s++)
        json_int(w, whole(p->weights[s]));
    for (size_t s = 0; s < sets; s++)
        json_real(w, percent(r, p, s));
    if (sets > 1)
        json_real(w, p->score);
    for (size_t c = 0; c < r->n_columns; c++)
        if (p->cells[c] != 0)
            json_raw(w, f->texts[c][p->cells[c]]);
        else
            json_value(w, &q->wildcards->items[c]);
}

static void give(struct cf_call *c, size_t row, const struct question *q, const struct mine_rows *r,
                 const struct frequent *f, const struct mine_patterns *v)
{
    struct sbuf *b = cf_buf(c);
    size_t *ends = arena_array(cf_arena(c), size_t, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        struct json_out w = json_out_make(b);
        json_arr(&w);
        json_int(&w, (int64_t)i);
        write_pattern(&w, q, r, f, &v->p[i]);
        json_arr_end(&w);
        ends[i] = sbuf_str(b).n;
    }
    if (sbuf_ok(b))
        cf_out_parts(c, row, sbuf_str(b), ends, v->n);
}

static bool read_question(struct arena *a, const char *text, size_t n_columns, struct question *q)
{
    struct json *j = arena_new_of(a, struct json);
    struct err e = {0};
    if (!json_parse(a, str_from(text), NULL, j, &e))
        return false;
    q->kind = (enum mine_kind)json_get(j, "kind")->i;
    q->threshold = json_get(j, "threshold")->d;
    q->size_weight = json_get(j, "size_weight")->d;
    q->n_seeds = (size_t)json_get(j, "seeds")->i;
    q->max_dimensions = (size_t)json_get(j, "dimensions")->i;
    q->wildcards = json_get(j, "wildcards");
    return q->wildcards->n == n_columns;
}

static bool query_stops(void *self)
{
    return cf_stops(self);
}

static void finalize(void *state, struct cf_call *c, size_t row)
{
    const struct table *t = ((struct mine_state *)state)->t;
    static const bool absent = false;
    struct str none = STR("");
    struct question q;
    if (t == NULL) {
        cf_out_list(c, row, &none, NULL, 0);
        return;
    }
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (t->full || !read_question(a, t->question, t->n_columns, &q))
        return;
    struct mine_rows r = {.n_columns = t->n_columns, .stops = query_stops, .self = c};
    struct frequent f = {arena_alloc(a, (t->n_columns + 1) * sizeof(*f.texts)),
                         arena_alloc(a, (t->n_columns + 1) * sizeof(*f.codes))};
    memcpy(r.totals, t->totals, sizeof(r.totals));
    for (size_t i = 0; i < t->n_columns && !cf_stops(c); i++)
        find_frequent(t, i, q.threshold, &f);
    if (cf_stops(c) || !fill_rows(a, t, &f, &r))
        return;
    struct mine_patterns v = q.kind == MINE_AUTOCLUSTER ? cluster(a, &q, &r)
                             : q.kind == MINE_BASKET    ? basket(a, &q, &r)
                                                        : difference(a, &q, &r);
    if (v.complete)
        give(c, row, &q, &r, &f, &v);
    else
        cf_out_list(c, row, &none, &absent, 1);
}

static size_t state_bytes(const void *state)
{
    const struct table *t = ((const struct mine_state *)state)->t;
    if (t == NULL)
        return 0;
    size_t n = dict_size_bytes(&t->rows) + t->cap * MINE_SETS * sizeof(double);
    return n + t->n_columns * sizeof(*t->values);
}

const struct cf_aggregate fn_mine_aggregates[] = {
    {.name = "vd_mine",
     .sig = "s[j[jdll:[j",
     .flags = CF_NULLS,
     .state_size = sizeof(struct mine_state),
     .update = update,
     .combine = combine,
     .finalize = finalize,
     .destroy = destroy,
     .bytes = state_bytes},
    {0},
};
