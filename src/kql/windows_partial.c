/* Aggregations over rows with spans that are made in two steps: first of the rows of each group
 * that have the same span, then of these parts for each window. What counts different values gets
 * each of them once instead. */
#include "kql/windows_priv.h"

enum { MOST_WEIGHT = 10000 }; /* of all that is computed */
enum way {
    IN_SUMS,   /* the sum of the parts */
    IN_ITSELF, /* the same (without its condition) of the parts */
    IN_VALUES  /* the same of different values: one more does not change it */
};
static const struct {
    const char *name, *again; /* again: for IN_ITSELF */
    enum way way;
    bool texts; /* also of strings: '' for none is not one of the values */
} ways[] = {
    {"count", NULL, IN_SUMS, true},
    {"cnt", NULL, IN_SUMS, true},
    {"countif", NULL, IN_SUMS, true},
    {"sum", NULL, IN_SUMS, true},
    {"sumif", NULL, IN_SUMS, true},
    {"min", "min", IN_ITSELF, true},
    {"max", "max", IN_ITSELF, true},
    {"minif", "min", IN_ITSELF, false},
    {"maxif", "max", IN_ITSELF, true},
    {"take_any", "take_any", IN_ITSELF, true},
    {"any", "any", IN_ITSELF, true},
    {"take_anyif", "take_any", IN_ITSELF, false},
    {"anyif", "any", IN_ITSELF, false},
    {"dcount", NULL, IN_VALUES, true},
    {"dcountif", NULL, IN_VALUES, true},
    {"count_distinct", NULL, IN_VALUES, true},
    {"count_distinctif", NULL, IN_VALUES, true},
    {"make_set", NULL, IN_VALUES, true},
    {"make_set_if", NULL, IN_VALUES, true},
    {"makeset", NULL, IN_VALUES, true},
};

/* SIZE_MAX: it is not made so. */
static size_t way_of(const struct expr *e)
{
    for (size_t i = 0; i < COUNTOF(ways); i++) {
        if (strcmp(ways[i].name, e->fn->name) != 0)
            continue;
        bool fits = (ways[i].texts || e->type != KQL_STRING) &&
                    (ways[i].way != IN_ITSELF || (e->n_args > 0 && e->args[0]->type == e->type));
        return fits ? i : SIZE_MAX;
    }
    return SIZE_MAX;
}

static bool is_aggregate(const struct expr *e)
{
    return e->kind == EX_CALL && (e->fn->flags & KF_AGGREGATE) != 0;
}

static bool can_split(const struct expr *e, bool ordered)
{
    if (e->kind == EX_CONST)
        return true;
    if (e->kind != EX_CALL || e->plan != NULL || (e->fn->flags & (KF_MULTI | KF_WINDOW)) != 0)
        return false;
    if (is_aggregate(e)) {
        size_t i = way_of(e);
        return i != SIZE_MAX && !(ordered && ways[i].way == IN_VALUES);
    }
    for (size_t i = 0; i < e->n_args; i++)
        if (!can_split(e->args[i], ordered))
            return false;
    return true;
}

bool is_partial(const struct plan *p)
{
    uint64_t weight = 0;
    for (size_t i = 0; i < p->n_named; i++)
        weight += p->named[i].e->weight;
    if (weight > MOST_WEIGHT)
        return false;
    for (size_t i = 0; i < p->n_named; i++)
        if (!can_split(p->named[i].e, p->in[0]->ordered))
            return false;
    return true;
}

/* ---- the two steps ---- */

struct parting {
    struct windowing *v;
    struct plan *parts; /* the first step; its keys and named grow */
    size_t max;         /* of each of the two */
};

static struct expr *part_key(struct parting *x, struct expr *e)
{
    struct plan *p = x->parts;
    for (size_t i = 0; i < p->n_keys; i++)
        if (e->kind == EX_COLUMN && p->keys[i].e->kind == EX_COLUMN && p->keys[i].e->col == e->col)
            return ex_column(x->v->b, &p->keys[i].col, NULL);
    CHECK(p->n_keys < x->max);
    struct plan_col c = plan_fresh(x->v->b, STR("Part"), e->type);
    p->keys[p->n_keys++] = (struct named_expr){c, e};
    add_col(x->v, p, c);
    return ex_column(x->v->b, &c, NULL);
}

static struct expr *part_value(struct parting *x, struct expr *e)
{
    struct plan *p = x->parts;
    CHECK(p->n_named < x->max);
    struct plan_col c = plan_fresh(x->v->b, STR("Part"), e->type);
    p->named[p->n_named++] = (struct named_expr){c, e};
    add_col(x->v, p, c);
    return ex_column(x->v->b, &c, NULL);
}

static struct expr *copy_call(struct parting *x, const struct expr *e)
{
    struct expr *n = arena_new_of(x->v->b->a, struct expr);
    *n = *e;
    n->args = arena_array(x->v->b->a, struct expr *, e->n_args + 1);
    return n;
}

/* e of the second step. */
static struct expr *of_parts(struct parting *x, struct expr *e)
{
    if (e->kind == EX_CONST)
        return e;
    size_t way = is_aggregate(e) ? way_of(e) : SIZE_MAX;
    if (way != SIZE_MAX && ways[way].way == IN_SUMS)
        return ex_call1(x->v->b, "sum", e->type, part_value(x, e));
    if (way != SIZE_MAX && ways[way].way == IN_ITSELF)
        return ex_call1(x->v->b, ways[way].again, e->type, part_value(x, e));
    struct expr *n = copy_call(x, e);
    for (size_t i = 0; i < e->n_args; i++) {
        bool value = way != SIZE_MAX && !ex_is_constant(e->args[i]);
        n->args[i] = value             ? part_key(x, e->args[i])
                     : way != SIZE_MAX ? e->args[i]
                                       : of_parts(x, e->args[i]);
    }
    return n;
}

static struct plan *first_step(struct parting *x, const struct plan *p, struct plan *in)
{
    struct plan *n = plan_new(x->v->b, P_AGGREGATE, in, NULL);
    size_t most = 2 + p->n_keys;
    for (size_t i = 0; i < p->n_named; i++)
        most += p->named[i].e->weight;
    x->max = most;
    n->keys = arena_array(x->v->b->a, struct named_expr, most + 1);
    n->named = arena_array(x->v->b->a, struct named_expr, most + 1);
    n->off = p->off;
    n->len = p->len;
    static const char *const ends[] = {KQL_WINDOW_FIRST, KQL_WINDOW_LAST};
    for (size_t k = 0; k < COUNTOF(ends); k++) {
        struct plan_col from = span_col(in, ends[k]), c = from;
        c.id = plan_fresh(x->v->b, from.name, from.type).id;
        n->keys[n->n_keys++] = (struct named_expr){c, ex_column(x->v->b, &from, NULL)};
        add_col(x->v, n, c);
    }
    return n;
}

struct plan *partial_by(struct windowing *v, const struct plan *p, struct plan *in)
{
    struct parting x = {.v = v};
    x.parts = first_step(&x, p, in);
    struct plan *n = copy_over(v, p, in);
    n->keys = arena_array(v->b->a, struct named_expr, p->n_keys + 2);
    n->named = arena_array(v->b->a, struct named_expr, p->n_named + 1);
    for (size_t i = 0; i < p->n_keys; i++)
        n->keys[i] = (struct named_expr){p->keys[i].col, part_key(&x, p->keys[i].e)};
    for (size_t i = 0; i < p->n_named; i++)
        n->named[i] = (struct named_expr){p->named[i].col, of_parts(&x, p->named[i].e)};
    return aggregate_by(v, n, lay_out(v, x.parts));
}
