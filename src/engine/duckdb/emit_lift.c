/* Sub-queries in expressions of nodes whose SQL has no room for them in its FROM (see struct
 * emit_hoist): they become columns of a projection below the node, whose FROM has; and those
 * between aggregates go into a projection above. */
#include "engine/duckdb/emit_priv.h"
#include "kql/functions.h"
#include "kql/reduce.h"

static const uint32_t lifted_id = UINT32_C(1) << 31; /* ids of the binder stay below */

struct lift {
    struct emit *m;
    VEC(struct named_expr) made;   /* the columns; e is the sub-query or aggregate */
    const struct plan *aggregated; /* lift aggregates and keys out of expressions over them */
    bool lost;                     /* such an expression reads something else */
};

static struct expr *lift_expr(struct lift *v, struct expr *e);

static struct expr *column_of(struct emit *m, const struct plan_col *c)
{
    struct expr *e = arena_new_of(m->a, struct expr);
    *e = (struct expr){.kind = EX_COLUMN, .type = c->type, .col = c->id, .weight = 1};
    return e;
}

static struct expr *column_for(struct lift *v, struct expr *e)
{
    size_t at = 0;
    while (at < v->made.n && v->made.p[at].e != e)
        at++;
    if (at == v->made.n) {
        struct plan_col c = {.id = lifted_id + emit_fresh(v->m), .type = e->type, .hidden = true};
        VEC_PUSH(v->m->a, &v->made, ((struct named_expr){c, e}));
    }
    return column_of(v->m, &v->made.p[at].col);
}

/* A column of the rows, above the aggregation: the key that it is. */
static struct expr *key_for(struct lift *v, struct expr *e)
{
    const struct plan *p = v->aggregated;
    for (size_t i = 0; i < p->n_keys; i++)
        if (p->keys[i].e->kind == EX_COLUMN && p->keys[i].e->col == e->col)
            return column_of(v->m, &p->keys[i].col);
    v->lost = true;
    return e;
}

/* The call with columns for its sub-queries, in a copy. Those that are tables, and those that
 * differ from row to row, stay where they are. */
static struct expr *lift_call(struct lift *v, struct expr *e)
{
    struct expr *copy = NULL;
    for (size_t i = 0; i < e->n_args; i++) {
        bool table = e->args[i]->kind == EX_SUBQUERY && e->args[i]->as_table;
        struct expr *x = table ? e->args[i] : lift_expr(v, e->args[i]);
        if (x == e->args[i])
            continue;
        if (copy == NULL) {
            copy = arena_new_of(v->m->a, struct expr);
            *copy = *e;
            copy->args = arena_array(v->m->a, struct expr *, e->n_args);
            memcpy(copy->args, e->args, e->n_args * sizeof(e->args[0]));
        }
        copy->args[i] = x;
    }
    return copy != NULL ? copy : e;
}

static struct expr *lift_expr(struct lift *v, struct expr *e)
{
    if (e == NULL || e->kind == EX_CONST)
        return e;
    bool over = v->aggregated != NULL;
    if (e->kind == EX_COLUMN)
        return over ? key_for(v, e) : e;
    if (e->kind == EX_CALL)
        return over && (e->fn->flags & KF_AGGREGATE) != 0 ? column_for(v, e) : lift_call(v, e);
    if (over)
        return e;
    return emit_reads_apply_input(e->plan) ? e : column_for(v, e);
}

static void lift_named(struct lift *v, struct named_expr **list, size_t n)
{
    struct named_expr *copy = arena_array(v->m->a, struct named_expr, n + 1);
    for (size_t i = 0; i < n; i++)
        copy[i] = (struct named_expr){(*list)[i].col, lift_expr(v, (*list)[i].e)};
    *list = copy;
}

static void lift_expand(struct lift *v, struct plan *p)
{
    struct expand *x = arena_new_of(v->m->a, struct expand);
    *x = *p->expand;
    x->items = arena_array(v->m->a, struct expand_item, x->n + 1);
    for (size_t i = 0; i < x->n; i++) {
        x->items[i] = p->expand->items[i];
        x->items[i].e = lift_expr(v, x->items[i].e);
    }
    p->expand = x;
}

static void lift_parse(struct lift *v, struct plan *p)
{
    struct parse *x = arena_new_of(v->m->a, struct parse);
    *x = *p->parse;
    x->e = lift_expr(v, x->e);
    p->parse = x;
}

static void lift_parse_kv(struct lift *v, struct plan *p)
{
    struct parse_kv *x = arena_new_of(v->m->a, struct parse_kv);
    *x = *p->parse_kv;
    x->e = lift_expr(v, x->e);
    p->parse_kv = x;
}

static void lift_series(struct lift *v, struct plan *p)
{
    struct make_series *x = arena_new_of(v->m->a, struct make_series);
    *x = *p->series;
    x->aggs = arena_array(v->m->a, struct series_agg, x->n + 1);
    for (size_t i = 0; i < x->n; i++) {
        x->aggs[i] = p->series->aggs[i];
        x->aggs[i].agg.e = lift_expr(v, x->aggs[i].agg.e);
    }
    x->axis = lift_expr(v, x->axis);
    lift_named(v, &x->by, x->n_by);
    p->series = x;
}

static void lift_reduce(struct lift *v, struct plan *p)
{
    struct reduce *r = arena_new_of(v->m->a, struct reduce);
    *r = *(const struct reduce *)p->program->detail;
    r->text = lift_expr(v, r->text);
    struct program *x = arena_new_of(v->m->a, struct program);
    *x = *p->program;
    x->detail = r;
    p->program = x;
}

static void lift_parts(struct lift *v, struct plan *p)
{
    if (p->kind == P_EXPAND || p->kind == P_APPLY)
        lift_expand(v, p);
    else if (p->kind == P_PARSE)
        lift_parse(v, p);
    else if (p->kind == P_PARSE_KV)
        lift_parse_kv(v, p);
    else if (p->kind == P_MAKE_SERIES)
        lift_series(v, p);
    else if (p->kind == P_SERIALIZE)
        lift_named(v, &p->named, p->n_named);
    else if (p->kind == P_PROGRAM && str_eqz(p->program->name, "reduce"))
        lift_reduce(v, p);
}

static struct plan *project_over(struct emit *m, struct plan *in, size_t n, const struct plan *like)
{
    struct plan *p = arena_new_of(m->a, struct plan);
    *p = (struct plan){
        .kind = P_PROJECT, .ordered = in->ordered, .off = like->off, .len = like->len};
    p->in = arena_array(m->a, struct plan *, 1);
    p->in[0] = in;
    p->n_in = 1;
    p->named = arena_array(m->a, struct named_expr, n + 1);
    p->cols.p = arena_array(m->a, struct plan_col, n + 1);
    return p;
}

static void add_named(struct plan *p, struct plan_col c, struct expr *e)
{
    p->named[p->n_named++] = (struct named_expr){c, e};
    p->cols.p[p->cols.n++] = c;
}

/* ---- expressions over aggregates ---- */
/* Is there a sub-query outside of aggregates, inside of a call? */
static bool between_aggregates(const struct expr *e, bool inside)
{
    if (e->kind == EX_SUBQUERY)
        return inside;
    bool call = e->kind == EX_CALL && (e->fn->flags & KF_AGGREGATE) == 0;
    for (size_t i = 0; call && i < e->n_args; i++)
        if (between_aggregates(e->args[i], true))
            return true;
    return false;
}

/* summarize strcat(toscalar(…), max(x)): the aggregates by themselves, and a projection above. */
static const struct plan *above_aggregates(struct emit *m, const struct plan *p)
{
    bool needed = false;
    for (size_t i = 0; i < p->n_named && !needed; i++)
        needed = between_aggregates(p->named[i].e, false);
    if (!needed)
        return p;
    struct lift v = {.m = m, .aggregated = p};
    struct plan *below = arena_new_of(m->a, struct plan);
    *below = *p;
    struct plan *above = project_over(m, below, p->n_keys + p->n_named, p);
    for (size_t i = 0; i < p->n_keys; i++)
        add_named(above, p->keys[i].col, column_of(m, &p->keys[i].col));
    for (size_t i = 0; i < p->n_named; i++)
        add_named(above, p->named[i].col, lift_expr(&v, p->named[i].e));
    below->named = v.made.p;
    below->n_named = v.made.n;
    below->cols.p = arena_array(m->a, struct plan_col, p->n_keys + v.made.n + 1);
    below->cols.n = 0;
    for (size_t i = 0; i < p->n_keys; i++)
        below->cols.p[below->cols.n++] = p->keys[i].col;
    for (size_t i = 0; i < v.made.n; i++)
        below->cols.p[below->cols.n++] = v.made.p[i].col;
    above->cols = p->cols;
    return v.lost ? p : above;
}

const struct plan *emit_lift(struct emit *m, const struct plan *p)
{
    if (p->kind == P_AGGREGATE)
        return above_aggregates(m, p);
    struct lift v = {.m = m};
    struct plan *copy = arena_new_of(m->a, struct plan);
    *copy = *p;
    lift_parts(&v, copy);
    if (v.made.n == 0)
        return p;
    const struct plan_cols *cols = &p->in[0]->cols;
    struct plan *below = project_over(m, p->in[0], cols->n + v.made.n, p);
    for (size_t i = 0; i < cols->n; i++)
        add_named(below, cols->p[i], column_of(m, &cols->p[i]));
    for (size_t i = 0; i < v.made.n; i++)
        add_named(below, v.made.p[i].col, v.made.p[i].e);
    copy->in = arena_array(m->a, struct plan *, p->n_in);
    memcpy(copy->in, p->in, p->n_in * sizeof(p->in[0]));
    copy->in[0] = below;
    return copy;
}
