/* summarize, and the operators that are a summarize in disguise: top-hitters, top-nested. */
#include "kql/bind_priv.h"

struct summary {
    struct binder *b;
    struct cx c;
    struct plan *p;
    struct names names;
};

static void add_aggregate(struct summary *s, struct str name, bool given, struct expr *e)
{
    struct binder *b = s->b;
    name = name.n == 0 ? names_column(&s->names) : names_unique(&s->names, name);
    (void)given;
    struct named_expr n = {plan_fresh(b, name, e->type), e};
    plan_add_named(b, s->p, n);
    plan_add_col(b, s->p, n.col);
}

static struct expr *aggregate_call(struct summary *s, const struct kql_func *f, struct expr **args,
                                   size_t n, const struct syn *at)
{
    return bind_apply_function(&s->c, f, args, NULL, n, at);
}

static bool is_key(const struct plan *p, struct str name)
{
    for (size_t i = 0; i < p->n_keys; i++)
        if (str_eq(p->keys[i].col.name, name))
            return true;
    return false;
}

/* arg_max(v, a, b) gives the columns v, a, b; * stands for all columns but v and the keys. */
static void arg_extreme(struct summary *s, const struct kql_func *f, const struct syn *call,
                        struct syn *const *names, size_t n_names, struct str value_name)
{
    struct binder *b = s->b;
    struct cx in = s->c;
    in.inside_aggregate = true;
    if (call->n == 0) {
        bind_error(b, "SEM0219", call, "%s() takes at least 1 argument, not 0", f->name);
        return;
    }
    struct expr *v = bind_expr(&in, call->kids[0]);
    struct str v_name = value_name.n > 0 ? value_name : bind_auto_name(&in, call->kids[0]);
    size_t given = 0;
    if (n_names > 0)
        v_name = names[given++]->text;
    add_aggregate(s, v_name, true, aggregate_call(s, f, &v, 1, call));
    for (size_t i = 1; i < call->n; i++) {
        const struct syn *k = call->kids[i];
        if (k->kind == SYN_STAR || k->kind == SYN_WILDNAME) {
            struct plan_cols cols = {0};
            (void)bind_match_columns(b, in.in, k, &cols);
            struct str own = bind_auto_name(&in, call->kids[0]);
            for (size_t c = 0; c < cols.n; c++) {
                bool key = is_key(s->p, cols.p[c].name);
                if (key || (v->kind == EX_COLUMN && v->col == cols.p[c].id) ||
                    (str_eq(own, cols.p[c].name) && value_name.n == 0))
                    continue;
                struct expr *args[2] = {v, ex_column(b, &cols.p[c], k)};
                add_aggregate(s, cols.p[c].name, false, aggregate_call(s, f, args, 2, call));
            }
            continue;
        }
        struct expr *args[2] = {v, bind_expr(&in, k)};
        struct str name = given < n_names ? names[given++]->text : bind_auto_name(&in, k);
        add_aggregate(s, name, false, aggregate_call(s, f, args, 2, call));
    }
}

/* take_any(a, b), take_any(*) */
static void take_any(struct summary *s, const struct kql_func *f, const struct syn *call,
                     struct syn *const *names, size_t n_names, struct str only)
{
    struct binder *b = s->b;
    struct cx in = s->c;
    in.inside_aggregate = true;
    bool old = strcmp(f->name, "any") == 0;
    for (size_t i = 0; i < call->n; i++) {
        const struct syn *k = call->kids[i];
        if (k->kind == SYN_STAR || k->kind == SYN_WILDNAME) {
            struct plan_cols cols = {0};
            (void)bind_match_columns(b, in.in, k, &cols);
            for (size_t c = 0; c < cols.n; c++) {
                struct expr *x = ex_column(b, &cols.p[c], k);
                struct str name = cols.p[c].name;
                if (is_key(s->p, name))
                    continue;
                if (old)
                    name = arena_fmt(b->a, "any_%.*s", STR_ARG(name));
                add_aggregate(s, name, false, aggregate_call(s, f, &x, 1, call));
            }
            continue;
        }
        struct expr *x = bind_expr(&in, k);
        struct str name = bind_auto_name(&in, k);
        if (old && name.n > 0)
            name = arena_fmt(b->a, "any_%.*s", STR_ARG(name));
        if (i < n_names)
            name = names[i]->text;
        else if (only.n > 0 && i == 0)
            name = only;
        add_aggregate(s, name, false, aggregate_call(s, f, &x, 1, call));
    }
}

static struct str percent_text(struct binder *b, const struct syn *s)
{
    s = bind_strip(s);
    struct str t = s->kind == SYN_LITERAL ? s->text : STR("x");
    char *p = arena_strz(b->a, t);
    for (size_t i = 0; i < t.n; i++)
        if (p[i] == '.')
            p[i] = '_';
    return (struct str){p, t.n};
}

/* percentiles(x, 5, 50) gives a column for each; weights stand before the points. */
static void percentiles(struct summary *s, const struct kql_func *f, const struct syn *call,
                        struct syn *const *names, size_t n_names, struct str only)
{
    struct binder *b = s->b;
    struct cx in = s->c;
    in.inside_aggregate = true;
    bool weighted = strchr(f->name, 'w') != NULL;
    size_t from = weighted ? 2 : 1;
    if (call->n <= from) {
        bind_error(b, "SEM0219", call, "%s() takes a value%s and a percentage", f->name,
                   weighted ? ", a weight" : "");
        return;
    }
    struct expr *args[3] = {bind_expr(&in, call->kids[0]), NULL, NULL};
    if (weighted)
        args[1] = bind_expr(&in, call->kids[1]);
    struct str base = bind_auto_name(&in, call->kids[0]);
    for (size_t i = from; i < call->n; i++) {
        args[from] = bind_expr(&in, call->kids[i]);
        struct str at = percent_text(b, call->kids[i]);
        struct str name = arena_fmt(b->a, "percentile_%.*s_%.*s", STR_ARG(base), STR_ARG(at));
        if (i - from < n_names)
            name = names[i - from]->text;
        else if (only.n > 0)
            name = call->n == from + 1 ? only
                                       : arena_fmt(b->a, "%.*s_%.*s", STR_ARG(only), STR_ARG(at));
        add_aggregate(s, name, false, aggregate_call(s, f, args, from + 1, call));
    }
}

typedef void several_fn(struct summary *s, const struct kql_func *f, const struct syn *call,
                        struct syn *const *names, size_t n_names, struct str only);
static const struct {
    const char *name;
    several_fn *fn;
} several[] = {
    {"any", take_any},
    {"arg_max", arg_extreme},
    {"arg_min", arg_extreme},
    {"argmax", arg_extreme},
    {"argmin", arg_extreme},
    {"percentile", percentiles},
    {"percentiles", percentiles},
    {"percentilesw", percentiles},
    {"percentilew", percentiles},
    {"take_any", take_any},
};

static several_fn *find_several(const struct syn *s)
{
    for (size_t i = 0; s->kind == SYN_CALL && i < COUNTOF(several); i++)
        if (str_eqz(s->text, several[i].name))
            return several[i].fn;
    return NULL;
}

static void bind_aggregate(struct summary *s, const struct syn *k)
{
    struct binder *b = s->b;
    struct syn *const *names = NULL;
    size_t n_names = 0;
    struct str only = STR_NONE;
    const struct syn *x = k;
    if (k->kind == SYN_NAMED) {
        only = k->text;
        x = k->kids[0];
    } else if (k->kind == SYN_NAMED_TUPLE) {
        names = k->kids + 1;
        n_names = k->n - 1;
        x = k->kids[0];
    }
    x = bind_strip(x);
    several_fn *fn = find_several(x);
    if (fn != NULL) {
        fn(s, kql_func_get(x->text, KF_AGGREGATE, KF_AGGREGATE), x, names, n_names, only);
        return;
    }
    struct expr *e = bind_expr(&s->c, x);
    if (!ex_is_constant(e))
        e = bind_aggregated(b, e, s->p, k);
    struct str name = only.n > 0 ? only : bind_auto_name(&s->c, k);
    if (n_names > 0)
        name = names[0]->text;
    add_aggregate(s, name, only.n > 0, e);
}

static bool is_key_column(const struct plan *p, uint32_t col)
{
    for (size_t i = 0; i < p->n_keys; i++)
        if (p->keys[i].e->kind == EX_COLUMN && p->keys[i].e->col == col)
            return true;
    return false;
}

/* A column of the input that stands outside of all aggregates; NULL: none. */
static const struct plan_col *loose_column(const struct expr *e, const struct plan *p,
                                           const struct expr **where)
{
    const struct plan_col *found = NULL;
    if (e->kind == EX_CALL && (e->fn->flags & KF_AGGREGATE) != 0)
        return NULL;
    for (size_t i = 0; e->kind == EX_COLUMN && i < p->in[0]->cols.n; i++)
        if (p->in[0]->cols.p[i].id == e->col && !is_key_column(p, e->col)) {
            found = &p->in[0]->cols.p[i];
            *where = e;
        }
    for (size_t i = 0; i < e->n_args && found == NULL; i++)
        found = loose_column(e->args[i], p, where);
    return found;
}

struct expr *bind_aggregated(struct binder *b, struct expr *e, const struct plan *p,
                             const struct syn *at)
{
    if (e->type == KQL_UNKNOWN)
        return e;
    const struct expr *where = NULL;
    const struct plan_col *c = ex_has_aggregate(e) ? loose_column(e, p, &where) : NULL;
    struct syn place = *bind_strip(at->kind == SYN_NAMED ? at->kids[0] : at);
    if (where != NULL && where->len > 0) {
        place.off = where->off;
        place.len = where->len;
    }
    if (ex_has_aggregate(e) && c == NULL)
        return e;
    if (c == NULL)
        bind_error(b, "SEM0221", &place,
                   "an aggregate is expected here, such as count() or max(x)");
    else
        kql_diag_add(b->d, ERR_SEMANTIC, "SEM0221", &place, "aggregate it, or group by it",
                     "'%s' has a value a row, the aggregates beside it one a group", z(b, c->name));
    return bind_unknown(b, at);
}

/* A key with row_number() or its like is a column of the rows before they are grouped. */
static struct expr *computed_before(struct summary *s, struct expr *e, const struct syn *at)
{
    struct binder *b = s->b;
    struct plan *in = s->p->in[0];
    struct named_expr *list = arena_array(b->a, struct named_expr, in->cols.n + 1);
    for (size_t i = 0; i < in->cols.n; i++)
        list[i] = (struct named_expr){in->cols.p[i], ex_column(b, &in->cols.p[i], NULL)};
    struct plan_col col = plan_fresh(b, STR_NONE, e->type);
    col.hidden = true;
    list[in->cols.n] = (struct named_expr){col, e};
    s->p->in[0] = plan_project(b, in, list, in->cols.n + 1, at);
    return ex_column(b, &col, at);
}

/* Column1 …, but none that the input has, too. */
static struct str free_name(struct summary *s)
{
    struct str name;
    do
        name = names_column(&s->names);
    while (bind_find_column(s->p->in[0], name) != NULL);
    return name;
}

static void bind_key(struct summary *s, const struct syn *k)
{
    struct binder *b = s->b;
    struct cx c = s->c;
    c.aggregates = false;
    if (k->kind == SYN_STAR || k->kind == SYN_WILDNAME) {
        struct plan_cols cols = {0};
        (void)bind_match_columns(b, c.in, k, &cols);
        for (size_t i = 0; i < cols.n; i++) {
            struct named_expr n = {
                plan_fresh(b, names_unique(&s->names, cols.p[i].name), cols.p[i].type),
                ex_column(b, &cols.p[i], k)};
            s->p->keys = arena_grow(b->a, s->p->keys, s->p->n_keys * sizeof(n),
                                    (s->p->n_keys + 1) * sizeof(n));
            s->p->keys[s->p->n_keys++] = n;
            plan_add_col(b, s->p, n.col);
        }
        return;
    }
    bool windows = false;
    c.windows = &windows;
    struct expr *e = bind_expr(&c, k);
    if (windows)
        e = computed_before(s, e, k);
    if (e->type == KQL_DYNAMIC)
        kql_diag_add(b->d, ERR_SEMANTIC, "SEM0045", k, "cast it, for example with tostring()",
                     "rows can't be grouped by a dynamic value");
    struct str name = bind_auto_name(&c, k);
    name = name.n == 0 ? free_name(s) : names_unique(&s->names, name);
    struct named_expr n = {plan_fresh(b, name, e->type), e};
    s->p->keys =
        arena_grow(b->a, s->p->keys, s->p->n_keys * sizeof(n), (s->p->n_keys + 1) * sizeof(n));
    s->p->keys[s->p->n_keys++] = n;
    plan_add_col(b, s->p, n.col);
}

/* Do aggregates show the order of the rows? */
static bool makes_lists(const struct plan *p)
{
    for (size_t i = 0; i < p->n_named; i++) {
        const struct expr *e = p->named[i].e;
        if (e->kind == EX_CALL && e->fn != NULL && strncmp(e->fn->name, "make", 4) == 0)
            return true;
    }
    return false;
}

struct plan *op_summarize(struct binder *b, struct binding *env, struct plan *in,
                          const struct syn *op)
{
    struct summary s = {.b = b, .c = cx_of(b, env, in), .names = names_start(b)};
    s.p = plan_new(b, P_AGGREGATE, in, op);
    s.c.aggregates = true;
    size_t before = b->d->n_errors;
    const struct syn *by = syn_clause(op, "by"), *aggs = syn_clause(op, "aggregates");
    for (size_t i = 0; by != NULL && i < by->n; i++)
        bind_key(&s, by->kids[i]);
    for (size_t i = 0; aggs != NULL && i < aggs->n; i++)
        bind_aggregate(&s, aggs->kids[i]);
    bool none = (by == NULL || by->n == 0) && (aggs == NULL || aggs->n == 0);
    if (none && !in->open && !op->broken)
        bind_error(b, "SEM0001", op, "summarize needs an aggregate or a key");
    if (b->d->n_errors > before)
        s.p->open = true; /* columns may be missing */
    if (makes_lists(s.p))
        s.p->in[0] = bind_seen_order(b, s.p->in[0]);
    return s.p;
}

/* ---- top-hitters: the most frequent values, or those with the greatest sum ---- */
static struct plan *one_aggregate(struct binder *b, struct plan *in, struct named_expr key,
                                  struct named_expr agg, const struct syn *at)
{
    struct plan *p = plan_new(b, P_AGGREGATE, in, at);
    p->keys = arena_array(b->a, struct named_expr, 1);
    p->keys[0] = key;
    p->n_keys = 1;
    plan_add_col(b, p, key.col);
    plan_add_named(b, p, agg);
    plan_add_col(b, p, agg.col);
    return p;
}

struct plan *plan_sorted_by(struct binder *b, struct plan *in, struct expr *e, bool desc,
                            const struct syn *at)
{
    struct plan *p = plan_new(b, P_SORT, in, at);
    p->sort = arena_array(b->a, struct sort_key, 1);
    p->sort[0] = (struct sort_key){e, desc, !desc};
    p->n_sort = 1;
    plan_copy_cols(b, p, in);
    p->ordered = true;
    return p;
}

struct plan *plan_first_rows(struct binder *b, struct plan *in, struct expr *n,
                             const struct syn *at)
{
    struct plan *p = plan_new(b, P_TAKE, in, at);
    p->exprs = arena_array(b->a, struct expr *, 1);
    p->exprs[0] = n;
    p->n_exprs = 1;
    plan_copy_cols(b, p, in);
    p->ordered = in->ordered;
    return p;
}

struct plan *op_top_hitters(struct binder *b, struct binding *env, struct plan *in,
                            const struct syn *op)
{
    struct cx c = cx_of(b, env, in);
    struct expr *key = bind_expr(&c, op->kids[1]);
    const struct syn *by = syn_clause(op, "by");
    struct str name = bind_auto_name(&c, op->kids[1]);
    struct named_expr k = {plan_fresh(b, name.n ? name : STR("Column1"), key->type), key}, agg;
    if (by != NULL && by->n > 0) {
        const struct syn *weight =
            by->kids[0]->kind == SYN_ORDERED ? by->kids[0]->kids[0] : by->kids[0];
        struct expr *v = bind_expr(&c, weight);
        struct str vn = bind_auto_name(&c, weight);
        struct cx ac = c;
        ac.aggregates = true;
        agg.e = bind_apply_function(&ac, kql_func_get(STR("sum"), KF_AGGREGATE, KF_AGGREGATE), &v,
                                    NULL, 1, by);
        agg.col = plan_fresh(b, arena_fmt(b->a, "approximate_sum_%.*s", STR_ARG(vn)), agg.e->type);
    } else {
        agg.e = ex_call(b, "count", KQL_LONG, NULL, 0);
        agg.col = plan_fresh(b, arena_fmt(b->a, "approximate_count_%.*s", STR_ARG(name)), KQL_LONG);
    }
    struct plan *p = one_aggregate(b, in, k, agg, op);
    struct plan_col seen;
    bool ties = bind_first_seen(b, p, &seen);
    p = plan_sorted_by(b, p, ex_column(b, &agg.col, op), true, op);
    if (ties) { /* of equals the engine keeps those that it met last */
        p->sort = arena_grow(b->a, p->sort, sizeof(p->sort[0]), 2 * sizeof(p->sort[0]));
        p->sort[p->n_sort++] = (struct sort_key){ex_column(b, &seen, op), true, false};
    }
    return plan_first_rows(b, p, bind_row_count(b, env, op->kids[0]), op);
}
