/* Searching patterns. Counting is all the work: a budget of rows looked at ends what would take too
 * long, the same way each time. */
#include "engine/duckdb/mine.h"
#include <math.h>
#include <stdlib.h>

static const uint64_t max_visits = 600000000; /* a few seconds */
enum { MAX_CHOSEN = 1000, MAX_CELLS = 64 << 20, ASK_EVERY = 1 << 20 };

/* ---- limits ---- */
struct budget {
    const struct mine_rows *r;
    uint64_t visits, asked_at;
    bool stopped;
};

/* Counts values looked at; false: too many, or whoever waits does so no longer. */
static bool may_visit(struct budget *b, size_t n)
{
    b->visits += n;
    b->stopped = b->stopped || b->visits > max_visits;
    if (!b->stopped && b->r->stops != NULL && b->visits - b->asked_at >= ASK_EVERY) {
        b->asked_at = b->visits;
        b->stopped = b->r->stops(b->r->self);
    }
    return !b->stopped;
}

/* ---- closed patterns ---- */
/* What a value of a column has in a node. */
struct tally {
    double weights[MINE_SETS];
    size_t n;
};
struct miner {
    struct arena *a;
    const struct mine_rows *r;
    struct budget budget;
    bool two_sets;
    double least[MINE_SETS];   /* a pattern has this weight in one of the sets */
    size_t max_depth, n_codes; /* n_codes: one more than the largest code */
    uint32_t *order, *scratch; /* rows; a node owns a part of order */
    uint8_t *cells;            /* the values chosen so far */
    uint8_t *closed;           /* of the node at each depth, one behind the other */
    struct map *seen;          /* cells of patterns */
    VEC(struct mine_pattern) found;
};

struct node {
    size_t from, to; /* of order */
    size_t first;    /* column to go on with */
    size_t depth;
};

static uint8_t code_at(const struct mine_rows *r, uint32_t row, size_t column)
{
    return r->codes[column * r->n + row];
}

static bool goes_on(struct miner *m, size_t visits)
{
    m->budget.stopped = m->budget.stopped || m->found.n > MINE_MAX_PATTERNS ||
                        m->found.n * m->r->n_columns > MAX_CELLS;
    return may_visit(&m->budget, visits);
}

/* The value that all rows of a node share in a column; 0: none. */
static uint8_t shared_code(struct miner *m, const struct node *x, size_t column)
{
    uint8_t code = code_at(m->r, m->order[x->from], column);
    size_t i = x->from + 1;
    while (code != 0 && i < x->to && code_at(m->r, m->order[i], column) == code)
        i++;
    m->budget.visits += i - x->from;
    return i == x->to ? code : 0;
}

/* The values chosen and those that follow from them. */
static const uint8_t *closure(struct miner *m, const struct node *x)
{
    uint8_t *closed = m->closed + x->depth * m->r->n_columns;
    for (size_t c = 0; c < m->r->n_columns; c++)
        closed[c] = m->cells[c] != 0 ? m->cells[c] : shared_code(m, x, c);
    return closed;
}

static void note_pattern(struct miner *m, const struct node *x, const uint8_t *closed)
{
    size_t n = m->r->n_columns;
    struct mine_pattern p = {0};
    for (size_t c = 0; c < n; c++)
        p.n_fixed += closed[c] != 0 ? 1 : 0;
    if (p.n_fixed == 0 || map_get(m->seen, (struct str){(const char *)closed, n}) != NULL ||
        !goes_on(m, x->to - x->from))
        return;
    struct str cells = arena_str(m->a, (struct str){(const char *)closed, n});
    p.cells = (const uint8_t *)cells.p;
    (void)map_put(m->seen, cells, m);
    for (size_t i = x->from; i < x->to; i++)
        for (size_t s = 0; s < MINE_SETS; s++)
            p.weights[s] += m->r->weights[(size_t)m->order[i] * MINE_SETS + s];
    VEC_PUSH(m->a, &m->found, p);
}

/* One way through the rows for their number and weight by value: most columns turn out to have no
 * value that is frequent, and are done with. */
static void tally_column(const struct miner *m, const struct node *x, size_t column,
                         struct tally *t)
{
    const uint8_t *codes = m->r->codes + column * m->r->n;
    memset(t, 0, m->n_codes * sizeof(*t));
    for (size_t i = x->from; i < x->to; i++) {
        const double *weights = m->r->weights + (size_t)m->order[i] * MINE_SETS;
        struct tally *k = &t[codes[m->order[i]]];
        k->n++;
        k->weights[0] += weights[0];
        if (m->two_sets)
            k->weights[1] += weights[1];
    }
}

static bool is_frequent(const struct miner *m, const struct tally *k)
{
    return k->n > 0 && (k->weights[0] >= m->least[0] || k->weights[1] >= m->least[1]);
}

/* Orders the node's rows by their value in a column: bounds[code] … bounds[code + 1]. */
static void split(struct miner *m, const struct node *x, size_t column, const struct tally *t,
                  size_t *bounds)
{
    size_t next[MINE_MAX_CODES + 1];
    next[0] = bounds[0] = x->from;
    for (size_t k = 0; k < m->n_codes; k++)
        next[k + 1] = bounds[k + 1] = bounds[k] + t[k].n;
    for (size_t i = x->from; i < x->to; i++)
        m->scratch[next[code_at(m->r, m->order[i], column)]++] = m->order[i];
    memcpy(m->order + x->from, m->scratch + x->from, (x->to - x->from) * sizeof(*m->order));
}

static void mine_node(struct miner *m, const struct node *x);

static void mine_column(struct miner *m, const struct node *x, size_t column)
{
    struct tally t[MINE_MAX_CODES];
    size_t bounds[MINE_MAX_CODES + 1], code = 1;
    if (!goes_on(m, x->to - x->from + m->n_codes))
        return;
    tally_column(m, x, column, t);
    while (code < m->n_codes && !is_frequent(m, &t[code]))
        code++;
    if (code == m->n_codes || !goes_on(m, x->to - x->from))
        return;
    split(m, x, column, t, bounds);
    for (; code < m->n_codes && !m->budget.stopped; code++) {
        if (!is_frequent(m, &t[code]))
            continue;
        m->cells[column] = (uint8_t)code;
        mine_node(m, &(struct node){bounds[code], bounds[code + 1], column + 1, x->depth + 1});
    }
    m->cells[column] = 0;
}

/* A column in which all rows agree adds nothing to tell them by. */
static void mine_node(struct miner *m, const struct node *x)
{
    const uint8_t *closed = closure(m, x);
    note_pattern(m, x, closed);
    for (size_t c = x->first; c < m->r->n_columns && x->depth < m->max_depth && !m->budget.stopped;
         c++)
        if (closed[c] == 0)
            mine_column(m, x, c);
}

/* Weights are sums of whole numbers of small parts: what is equal but for rounding is enough. */
static void least_weights(const struct mine_rows *r, double least, double *out)
{
    for (size_t s = 0; s < MINE_SETS; s++)
        out[s] = r->totals[s] > 0 ? least * r->totals[s] * (1 - 1e-12) : HUGE_VAL;
}

static struct mine_patterns search(struct arena *a, const struct mine_rows *r, double least,
                                   size_t max_dimensions, struct budget *budget)
{
    struct miner m = {.a = a, .r = r, .budget = *budget, .seen = map_new(a, false)};
    m.max_depth = max_dimensions < MINE_MAX_DIMENSIONS ? max_dimensions : MINE_MAX_DIMENSIONS;
    least_weights(r, least, m.least);
    m.order = arena_array(a, uint32_t, r->n + 1);
    m.scratch = arena_array(a, uint32_t, r->n + 1);
    m.cells = arena_array(a, uint8_t, r->n_columns + 1);
    m.closed = arena_array(a, uint8_t, r->n_columns * (m.max_depth + 1) + 1);
    m.two_sets = r->totals[1] > 0;
    for (size_t i = 0; i < r->n; i++)
        m.order[i] = (uint32_t)i;
    m.n_codes = 1;
    for (size_t i = 0; i < r->n * r->n_columns; i++)
        m.n_codes = r->codes[i] >= m.n_codes ? (size_t)r->codes[i] + 1 : m.n_codes;
    if (r->n > 0)
        mine_node(&m, &(struct node){0, r->n, 0, 0});
    *budget = m.budget;
    return (struct mine_patterns){m.found.p, m.found.n, !m.budget.stopped};
}

struct mine_patterns mine_closed(struct arena *a, const struct mine_rows *r, double least,
                                 size_t max_dimensions)
{
    struct budget budget = {.r = r};
    return search(a, r, least, max_dimensions, &budget);
}

struct mine_patterns mine_deepening(struct arena *a, const struct mine_rows *r, double least,
                                    size_t max_dimensions)
{
    struct mine_patterns best = {0};
    struct budget budget = {.r = r};
    for (size_t d = 1; d <= max_dimensions && d <= MINE_MAX_DIMENSIONS; d++) {
        struct mine_patterns v = search(a, r, least, d, &budget);
        if (!v.complete || (d > 1 && v.n == best.n))
            break;
        best = v;
    }
    return best;
}

/* ---- seeds ---- */
struct seeker {
    struct arena *a;
    const struct mine_rows *r;
    double least, size_weight;
    struct budget budget;
    uint32_t *rows; /* that have the values so far */
    size_t n;
    bool *covered;
};

static double score_of(const struct seeker *k, double weight, size_t n_fixed)
{
    return pow(weight / k->r->totals[0], k->size_weight) *
           pow((double)n_fixed / (double)k->r->n_columns, 1 - k->size_weight);
}

/* The seed's value that leaves most rows; the columns' number: none leaves enough. */
static size_t next_column(struct seeker *k, uint32_t seed, const uint8_t *cells, double *out_weight)
{
    size_t best = k->r->n_columns;
    for (size_t c = 0; c < k->r->n_columns; c++) {
        uint8_t code = code_at(k->r, seed, c);
        double weight = 0;
        if (code == 0 || cells[c] != 0 || !may_visit(&k->budget, k->n))
            continue;
        for (size_t i = 0; i < k->n; i++)
            if (code_at(k->r, k->rows[i], c) == code)
                weight += k->r->weights[(size_t)k->rows[i] * MINE_SETS];
        if (weight < k->least || (best < k->r->n_columns && weight <= *out_weight))
            continue;
        best = c;
        *out_weight = weight;
    }
    return best;
}

/* Leaves the rows that have the value, too; the weight of those that no pattern covers yet. */
static double keep_rows(struct seeker *k, size_t column, uint8_t code)
{
    size_t n = 0;
    double fresh = 0;
    for (size_t i = 0; i < k->n; i++) {
        uint32_t row = k->rows[i];
        if (code_at(k->r, row, column) != code)
            continue;
        k->rows[n++] = row;
        fresh += k->covered[row] ? 0 : k->r->weights[(size_t)row * MINE_SETS];
    }
    k->n = n;
    return fresh;
}

/* The values of a seed, the one that most rows have first, up to where the score of what is new is
 * best. */
static struct mine_pattern expand(struct seeker *k, uint32_t seed)
{
    uint8_t *cells = arena_array(k->a, uint8_t, k->r->n_columns + 1);
    uint8_t *best_cells = arena_array(k->a, uint8_t, k->r->n_columns + 1);
    struct mine_pattern best = {.cells = best_cells};
    double weight = 0, best_score = 0;
    k->n = k->r->n;
    for (size_t i = 0; i < k->n; i++)
        k->rows[i] = (uint32_t)i;
    for (size_t n_fixed = 1; n_fixed <= k->r->n_columns && !k->budget.stopped; n_fixed++) {
        size_t c = next_column(k, seed, cells, &weight);
        if (c == k->r->n_columns)
            break;
        cells[c] = code_at(k->r, seed, c);
        double score = score_of(k, keep_rows(k, c, cells[c]), n_fixed);
        if (score < best_score)
            continue;
        memcpy(best_cells, cells, k->r->n_columns);
        best.n_fixed = n_fixed;
        best.weights[0] = weight;
        best_score = score;
    }
    best.score = score_of(k, best.weights[0], best.n_fixed);
    return best;
}

static bool has_pattern(const struct mine_rows *r, size_t row, const struct mine_pattern *p)
{
    size_t c = 0;
    while (c < r->n_columns && (p->cells[c] == 0 || p->cells[c] == code_at(r, (uint32_t)row, c)))
        c++;
    return c == r->n_columns;
}

/* The heaviest row that no pattern covers; the rows' number: none is left. */
static size_t next_seed(const struct seeker *k)
{
    size_t best = k->r->n;
    for (size_t i = 0; i < k->r->n; i++)
        if (!k->covered[i] &&
            (best == k->r->n || k->r->weights[i * MINE_SETS] > k->r->weights[best * MINE_SETS]))
            best = i;
    return best;
}

struct mine_patterns mine_seeds(struct arena *a, const struct mine_rows *r, double least,
                                double size_weight, size_t n_seeds)
{
    double weights[MINE_SETS];
    least_weights(r, least, weights);
    struct seeker k = {
        .a = a, .r = r, .least = weights[0], .size_weight = size_weight, .budget = {.r = r}};
    struct mine_patterns v = {.complete = true};
    n_seeds = n_seeds < r->n ? n_seeds : r->n;
    v.p = arena_array(a, struct mine_pattern, n_seeds + 1);
    k.rows = arena_array(a, uint32_t, r->n + 1);
    k.covered = arena_array(a, bool, r->n + 1);
    for (size_t i = 0; i < n_seeds && !k.budget.stopped; i++) {
        size_t seed = next_seed(&k);
        if (seed == r->n)
            break;
        struct mine_pattern p = expand(&k, (uint32_t)seed);
        k.covered[seed] = true;
        if (p.n_fixed == 0)
            continue;
        for (size_t row = 0; row < r->n; row++)
            k.covered[row] = k.covered[row] || has_pattern(r, row, &p);
        v.p[v.n++] = p;
    }
    return v;
}

/* ---- choosing ---- */
struct ranked {
    struct mine_pattern p;
    size_t n_columns;
};

static int by_rank(const void *x, const void *y)
{
    const struct ranked *p = x, *q = y;
    double v = p->p.weights[0] + p->p.weights[1], w = q->p.weights[0] + q->p.weights[1];
    if (p->p.score != q->p.score)
        return p->p.score > q->p.score ? -1 : 1;
    if (v != w)
        return v > w ? -1 : 1;
    return memcmp(p->p.cells, q->p.cells, p->n_columns);
}

void mine_sort(const struct mine_rows *r, struct mine_patterns *v)
{
    struct ranked *list = xcalloc(v->n + 1, sizeof(*list));
    for (size_t i = 0; i < v->n; i++)
        list[i] = (struct ranked){v->p[i], r->n_columns};
    qsort(list, v->n, sizeof(*list), by_rank);
    for (size_t i = 0; i < v->n; i++)
        v->p[i] = list[i].p;
    xfree(list);
}

/* One has all values of the other. */
static bool nested(const struct mine_rows *r, const struct mine_pattern *p,
                   const struct mine_pattern *q)
{
    bool in = true, around = true;
    for (size_t c = 0; c < r->n_columns && (in || around); c++) {
        in = in && (p->cells[c] == 0 || p->cells[c] == q->cells[c]);
        around = around && (q->cells[c] == 0 || p->cells[c] == q->cells[c]);
    }
    return in || around;
}

/* Shares of the sets, added: the sets may differ in size. */
static double shares(const struct mine_rows *r, const double *weights)
{
    double sum = 0;
    for (size_t s = 0; s < MINE_SETS; s++)
        sum += r->totals[s] > 0 ? weights[s] / r->totals[s] : 0;
    return sum;
}

static bool is_new(const struct mine_rows *r, const struct mine_pattern *p, const bool *covered,
                   double least_new)
{
    double fresh[MINE_SETS] = {0};
    for (size_t i = 0; i < r->n; i++)
        for (size_t s = 0; s < MINE_SETS && !covered[i] && has_pattern(r, i, p); s++)
            fresh[s] += r->weights[i * MINE_SETS + s];
    return shares(r, fresh) >= least_new * shares(r, p->weights);
}

void mine_choose(struct arena *a, const struct mine_rows *r, struct mine_patterns *v,
                 double least_new)
{
    bool *covered = arena_array(a, bool, r->n + 1);
    struct budget budget = {.r = r};
    size_t n = 0;
    for (size_t i = 0; i < v->n && n < MAX_CHOSEN && may_visit(&budget, n * r->n_columns); i++) {
        bool wanted = true;
        for (size_t k = 0; wanted && k < n; k++)
            wanted = !nested(r, &v->p[k], &v->p[i]);
        if (!wanted)
            continue;
        if (!may_visit(&budget, r->n) || !is_new(r, &v->p[i], covered, least_new))
            continue;
        for (size_t row = 0; row < r->n; row++)
            covered[row] = covered[row] || has_pattern(r, row, &v->p[i]);
        v->p[n++] = v->p[i];
    }
    v->n = n;
}
