/* Leaves out the columns that nobody reads, from the root down to the tables, so that the SQL for
 * a query that reads five of a hundred columns names five. Ids are unique in a query, so that one
 * set of them says for all nodes what is read.
 *
 * Two passes: mark goes from the root down and collects ids; rebuild copies nodes without the
 * columns that were not marked. Nodes are never changed: the binder may still hold them. */
#include "kql/optimise_priv.h"

struct copied {
    const struct plan *from;
    struct plan *to; /* NULL: not rebuilt yet */
};
struct prune {
    struct arena *a;
    struct plan_depth *depth;
    uint64_t *bits; /* of ids that are read */
    size_t n_words;
    VEC(struct copied) shared; /* plans below P_SHARED, looked at once */
};

static void mark_plan(struct prune *v, const struct plan *p);
static struct plan *rebuild(struct prune *v, struct plan *p);

static void mark_id(struct prune *v, uint32_t id)
{
    size_t word = id / 64;
    if (word >= v->n_words) {
        size_t n = word + 1 > v->n_words * 2 ? word + 1 : v->n_words * 2;
        v->bits =
            arena_grow(v->a, v->bits, v->n_words * sizeof(v->bits[0]), n * sizeof(v->bits[0]));
        memset(v->bits + v->n_words, 0, (n - v->n_words) * sizeof(v->bits[0]));
        v->n_words = n;
    }
    v->bits[word] |= 1ULL << (id % 64);
}

static bool is_marked(const struct prune *v, uint32_t id)
{
    return id / 64 < v->n_words && (v->bits[id / 64] >> (id % 64) & 1) != 0;
}

static void mark_cols(struct prune *v, const struct plan_cols *cols)
{
    for (size_t i = 0; i < cols->n; i++)
        mark_id(v, cols->p[i].id);
}

static void mark_expr(struct prune *v, const struct expr *e)
{
    if (e == NULL)
        return;
    if (e->kind == EX_COLUMN)
        mark_id(v, e->col);
    for (size_t i = 0; i < e->n_args; i++)
        mark_expr(v, e->args[i]);
    if (e->plan != NULL) {
        mark_cols(v, &e->plan->cols);
        mark_plan(v, e->plan);
    }
}

/* ---- what each kind reads ---- */
static void mark_parts(struct prune *v, const struct plan *p)
{
    for (size_t i = 0; i < p->n_exprs; i++)
        mark_expr(v, p->exprs[i]);
    for (size_t i = 0; i < p->n_sort; i++)
        mark_expr(v, p->sort[i].e);
    for (size_t i = 0; i < p->n_keys; i++)
        mark_expr(v, p->keys[i].e);
    for (size_t i = 0; i < p->n_named; i++)
        if (is_marked(v, p->named[i].col.id))
            mark_expr(v, p->named[i].e);
    if (p->parse != NULL)
        mark_expr(v, p->parse->e);
    if (p->parse_kv != NULL)
        mark_expr(v, p->parse_kv->e);
    for (size_t i = 0; p->expand != NULL && i < p->expand->n; i++) {
        mark_id(v, p->expand->items[i].out.id);
        mark_expr(v, p->expand->items[i].e);
    }
    for (size_t i = 0; p->program != NULL && i < p->program->n_args; i++)
        mark_expr(v, p->program->args[i].e);
}

static void mark_series(struct prune *v, const struct make_series *s)
{
    for (size_t i = 0; i < s->n; i++) {
        mark_expr(v, s->aggs[i].agg.e);
        mark_expr(v, s->aggs[i].fill);
    }
    for (size_t i = 0; i < s->n_by; i++)
        mark_expr(v, s->by[i].e);
    mark_expr(v, s->axis);
    mark_expr(v, s->from);
    mark_expr(v, s->to);
    mark_expr(v, s->step);
}

static void mark_union(struct prune *v, const struct plan *p)
{
    for (size_t i = 0; i < p->n_in; i++)
        for (size_t j = 0; j < p->links[i].n; j++)
            if (is_marked(v, p->cols.p[p->links[i].p[j].at].id))
                mark_id(v, p->links[i].p[j].id);
}

static struct copied *find_shared(struct prune *v, const struct plan *p)
{
    for (size_t i = 0; i < v->shared.n; i++)
        if (v->shared.p[i].from == p)
            return &v->shared.p[i];
    return NULL;
}

/* Kinds that pass columns on by position: their inputs are kept whole. */
static bool by_position(const struct plan *p)
{
    return p->kind == P_SHARED || p->kind == P_PARTITION || p->kind == P_PROGRAM;
}

static void mark_node(struct prune *v, const struct plan *p)
{
    mark_parts(v, p);
    if (p->series != NULL)
        mark_series(v, p->series);
    if (p->kind == P_UNION)
        mark_union(v, p);
    for (size_t i = p->n_in;
         i-- > 0;) { /* the inner plan of an apply first: it reads the outer's */
        if (by_position(p))
            mark_cols(v, &p->in[i]->cols);
        mark_plan(v, p->in[i]);
    }
}

static void mark_plan(struct prune *v, const struct plan *p)
{
    if (p->kind == P_SHARED) {
        if (find_shared(v, p->in[0]) != NULL)
            return;
        VEC_PUSH(v->a, &v->shared, ((struct copied){p->in[0], NULL}));
    }
    if (!optimise_enter(v->depth))
        return;
    mark_node(v, p);
    optimise_leave(v->depth);
}

/* ---- copies without what nobody reads ---- */
static struct expr *rebuild_expr(struct prune *v, struct expr *e)
{
    if (!ex_has_subquery(e))
        return e;
    struct expr *n = arena_new_of(v->a, struct expr);
    *n = *e;
    if (e->plan != NULL)
        n->plan = rebuild(v, e->plan);
    n->args = arena_array(v->a, struct expr *, e->n_args + 1);
    for (size_t i = 0; i < e->n_args; i++)
        n->args[i] = rebuild_expr(v, e->args[i]);
    return n;
}

static struct named_expr *rebuild_named(struct prune *v, const struct named_expr *list, size_t n,
                                        bool all, size_t *out_n)
{
    struct named_expr *copy = arena_array(v->a, struct named_expr, n + 1);
    *out_n = 0;
    for (size_t i = 0; i < n; i++)
        if (all || is_marked(v, list[i].col.id))
            copy[(*out_n)++] = (struct named_expr){list[i].col, rebuild_expr(v, list[i].e)};
    return copy;
}

/* Columns that a node must keep although nobody reads them: its program depends on them. */
static bool keeps_columns(const struct plan *p)
{
    return by_position(p) || p->kind == P_VALUES || p->kind == P_RANGE ||
           p->kind == P_MAKE_SERIES || p->kind == P_EXTERNAL;
}

/* What mv-apply makes is its inner plan's to keep or to leave. */
static bool made_here(const struct plan *p, uint32_t id)
{
    const struct expand *x = p->kind == P_APPLY ? NULL : p->expand;
    if (p->kind == P_WINDOWS && p->cols.p[0].id == id)
        return true;
    for (size_t i = 0; x != NULL && i < x->n; i++)
        if (x->items[i].out.id == id)
            return true;
    for (size_t i = 0; p->parse != NULL && i < p->parse->n; i++)
        if (p->parse->parts[i].kind == PARSE_COLUMN && p->parse->parts[i].col.id == id)
            return true;
    for (size_t i = 0; p->parse_kv != NULL && i < p->parse_kv->n; i++)
        if (p->parse_kv->cols[i].id == id)
            return true;
    for (size_t i = 0; p->kind == P_AGGREGATE && i < p->n_keys; i++)
        if (p->keys[i].col.id == id)
            return true;
    return x != NULL && x->index.id == id;
}

static bool keeps_column(const struct prune *v, const struct plan *p, size_t i)
{
    uint32_t id = p->cols.p[i].id;
    bool label = p->kind == P_UNION && p->source_labels != NULL && i == 0;
    return is_marked(v, id) || made_here(p, id) || label;
}

static void rebuild_links(struct prune *v, const struct plan *p, struct plan *n,
                          const uint32_t *places)
{
    n->links = arena_array(v->a, struct union_links, p->n_in + 1);
    for (size_t i = 0; i < p->n_in; i++) {
        const struct union_links *from = &p->links[i];
        struct union_links *to = &n->links[i];
        to->p = arena_array(v->a, struct union_link, from->n + 1);
        for (size_t k = 0; k < from->n; k++)
            if (places[from->p[k].at] != 0)
                to->p[to->n++] = (struct union_link){places[from->p[k].at] - 1, from->p[k].id};
    }
}

static void rebuild_cols(struct prune *v, const struct plan *p, struct plan *n)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->cols.n; i++)
        kept += keeps_column(v, p, i) ? 1 : 0;
    n->cols.p = arena_array(v->a, struct plan_col, kept + 1);
    n->cols.n = 0;
    if (p->source_names != NULL)
        n->source_names = arena_array(v->a, struct str, kept + 1);
    uint32_t *places = arena_array(v->a, uint32_t, p->cols.n + 1); /* 1 + the new place; 0: left */
    for (size_t i = 0; i < p->cols.n; i++) {
        if (!keeps_column(v, p, i))
            continue;
        if (p->source_names != NULL)
            n->source_names[n->cols.n] = p->source_names[i];
        n->cols.p[n->cols.n++] = p->cols.p[i];
        places[i] = (uint32_t)n->cols.n;
    }
    if (p->links != NULL)
        rebuild_links(v, p, n, places);
}

/* Whoever shares a plan gets the same copy. The list may not grow meanwhile: mark has filled it. */
static struct plan *rebuild_shared(struct prune *v, struct plan *p)
{
    struct copied *c = find_shared(v, p);
    CHECK(c != NULL);
    if (c->to == NULL)
        c->to = rebuild(v, p);
    return c->to;
}

static struct make_series *rebuild_series(struct prune *v, const struct make_series *x)
{
    struct make_series *n = arena_new_of(v->a, struct make_series);
    *n = *x;
    n->aggs = arena_array(v->a, struct series_agg, x->n + 1);
    for (size_t i = 0; i < x->n; i++) {
        n->aggs[i] = x->aggs[i];
        n->aggs[i].agg.e = rebuild_expr(v, x->aggs[i].agg.e);
    }
    n->axis = rebuild_expr(v, x->axis);
    n->by = rebuild_named(v, x->by, x->n_by, true, &n->n_by);
    return n;
}

/* The expressions that only one kind of node has, with their sub-queries. */
static void rebuild_parts(struct prune *v, struct plan *n)
{
    if (n->expand != NULL) {
        struct expand *x = arena_new_of(v->a, struct expand);
        *x = *n->expand;
        x->items = arena_array(v->a, struct expand_item, x->n + 1);
        for (size_t i = 0; i < x->n; i++) {
            x->items[i] = n->expand->items[i];
            x->items[i].e = rebuild_expr(v, x->items[i].e);
        }
        n->expand = x;
    }
    if (n->parse != NULL && ex_has_subquery(n->parse->e)) {
        struct parse *x = arena_new_of(v->a, struct parse);
        *x = *n->parse;
        x->e = rebuild_expr(v, x->e);
        n->parse = x;
    }
    if (n->parse_kv != NULL && ex_has_subquery(n->parse_kv->e)) {
        struct parse_kv *x = arena_new_of(v->a, struct parse_kv);
        *x = *n->parse_kv;
        x->e = rebuild_expr(v, x->e);
        n->parse_kv = x;
    }
    if (n->series != NULL)
        n->series = rebuild_series(v, n->series);
}

/* The inner plan of an apply by what is read inside of it: each column of the outer row that it
 * passes on is one more by which the database tells outer rows apart. */
static struct plan *rebuild_inner(struct prune *v, struct plan *p)
{
    struct prune own = {.a = v->a, .depth = v->depth};
    for (size_t i = 0; i < p->cols.n; i++)
        if (is_marked(v, p->cols.p[i].id))
            mark_id(&own, p->cols.p[i].id);
    mark_plan(&own, p);
    return rebuild(&own, p);
}

static struct plan *rebuild_node(struct prune *v, struct plan *p)
{
    struct plan *n = arena_new_of(v->a, struct plan);
    *n = *p;
    if (!keeps_columns(p))
        rebuild_cols(v, p, n);
    n->exprs = arena_array(v->a, struct expr *, p->n_exprs + 1);
    for (size_t i = 0; i < p->n_exprs; i++)
        n->exprs[i] = rebuild_expr(v, p->exprs[i]);
    n->keys = rebuild_named(v, p->keys, p->n_keys, true, &n->n_keys);
    n->named = rebuild_named(v, p->named, p->n_named, false, &n->n_named);
    n->sort = arena_array(v->a, struct sort_key, p->n_sort + 1);
    for (size_t i = 0; i < p->n_sort; i++) {
        n->sort[i] = p->sort[i];
        n->sort[i].e = rebuild_expr(v, p->sort[i].e);
    }
    rebuild_parts(v, n);
    n->in = arena_array(v->a, struct plan *, p->n_in + 1);
    for (size_t i = 0; i < p->n_in; i++)
        n->in[i] = p->kind == P_SHARED            ? rebuild_shared(v, p->in[i])
                   : p->kind == P_APPLY && i == 1 ? rebuild_inner(v, p->in[i])
                                                  : rebuild(v, p->in[i]);
    return n;
}

static struct plan *rebuild(struct prune *v, struct plan *p)
{
    if (!optimise_enter(v->depth))
        return p;
    struct plan *n = rebuild_node(v, p);
    optimise_leave(v->depth);
    return n;
}

/* ---- shared plans ---- */
struct plan_memo plan_memo_make(struct arena *a)
{
    return (struct plan_memo){a, map_new(a, false)};
}

static struct str address(const struct plan *const *p)
{
    return (struct str){(const char *)p, sizeof(*p)};
}

struct plan *plan_memo_get(const struct plan_memo *m, const struct plan *p)
{
    return map_get(m->copies, address(&p));
}

void plan_memo_put(struct plan_memo *m, const struct plan *p, struct plan *copy)
{
    const struct plan **key = arena_new_of(m->a, const struct plan *);
    *key = p;
    map_put(m->copies, address((const struct plan *const *)key), copy);
}

/* ---- all steps ---- */
static struct plan *steps(struct arena *a, struct plan_depth *depth, struct plan *p)
{
    struct prune v = {.a = a, .depth = depth};
    p = optimise_simplify(a, depth, p);
    mark_cols(&v, &p->cols);
    mark_plan(&v, p);
    return depth->too_deep ? p : optimise_narrow(a, depth, rebuild(&v, p));
}

struct plan *optimise(struct binder *b, struct plan *p)
{
    struct plan_depth depth = {0};
    struct plan *n = steps(b->a, &depth, p);
    if (!depth.too_deep)
        return n;
    kql_diag_add(b->d, ERR_LIMIT, "LIM0002",
                 &(struct syn){.kind = SYN_OP, .off = p->off, .len = p->len}, NULL,
                 "the query has more than %d operators in a row once its functions are put in",
                 OPTIMISE_MAX_DEPTH);
    return NULL;
}
