/* top-nested: the top values of a key, inside of each the top values of the next, and so on; "with
 * others" adds what did not make it. https://learn.microsoft.com/kusto/query/top-nested-operator
 *
 * Each level ranks the values of its key inside the values of the levels before it:
 *   level 1: summarize by k1, top n; level 2: rows of those k1, summarize by k1, k2, top n per k1 …
 * The ranking per parent is a P_PARTITION over the parents' keys. */
#include "kql/bind_priv.h"

struct level {
    struct named_expr key, agg;
    struct expr *count;  /* NULL: all */
    struct expr *others; /* the key of the rest; NULL: it is left out */
    bool desc;
};

struct nested {
    struct binder *b;
    struct cx c; /* aggregates allowed */
    struct names names;
    const struct syn *at;
    struct plan *in;
    struct level *v;
    struct plan **kept; /* behind each level: keys and aggregates of all levels so far */
    size_t n;
    bool others; /* of any level */
};

static void read_others(struct nested *s, const struct cx *c, const struct syn *k,
                        struct level *out)
{
    enum kql_type t = out->key.e->type;
    if (k == NULL || k->n == 0)
        return;
    struct expr *e = bind_constant(c, k->kids[0], KQL_UNKNOWN);
    bool number = kql_type_is_number(t) && kql_type_is_number(e->type);
    if (e->type != t && !number && e->type != KQL_UNKNOWN && t != KQL_UNKNOWN)
        bind_error(s->b, "SEM0219", k->kids[0], "the key of the others must be %s, not %s",
                   kql_type_name(t), kql_type_name(e->type));
    out->others = ex_fold(s->b, ex_cast(s->b, e, t));
    s->others = true;
}

static bool read_level(struct nested *s, const struct syn *l, struct level *out)
{
    struct binder *b = s->b;
    const struct syn *key = l->n > 1 ? l->kids[1] : NULL, *ordered = NULL, *others = NULL;
    for (size_t i = 2; i < l->n; i++)
        if (l->kids[i]->kind == SYN_ORDERED)
            ordered = l->kids[i];
        else if (l->kids[i]->kind == SYN_CLAUSE)
            others = l->kids[i];
    if (key == NULL || ordered == NULL)
        return false;
    struct cx plain = s->c;
    plain.aggregates = false;
    out->count = l->kids[0] != NULL ? bind_row_count(b, plain.env, l->kids[0]) : NULL;
    struct expr *e = bind_expr(&plain, key);
    struct str name = bind_auto_name(&plain, key);
    out->key =
        (struct named_expr){plan_fresh(b, name.n ? name : names_column(&s->names), e->type), e};
    read_others(s, &plain, others, out);
    const struct syn *by = ordered->kids[0];
    struct plan *at = plan_new(b, P_AGGREGATE, s->in, by); /* no keys: of the input */
    struct expr *v = bind_aggregated(b, bind_expr(&s->c, by), at, by);
    struct str agg_name = by->kind == SYN_NAMED
                              ? by->text
                              : arena_fmt(b->a, "aggregated_%.*s", STR_ARG(out->key.col.name));
    out->agg = (struct named_expr){plan_fresh(b, agg_name, v->type), v};
    out->desc = !str_ieqz(ordered->text, "asc");
    return true;
}

/* summarize agg by keys of levels 0 … n */
static struct plan *level_summary(struct binder *b, struct plan *in, struct level *v, size_t n,
                                  struct plan_cols *key_cols, const struct syn *at)
{
    struct plan *p = plan_new(b, P_AGGREGATE, in, at);
    p->keys = arena_array(b->a, struct named_expr, n + 1);
    for (size_t i = 0; i <= n; i++) {
        struct named_expr k = {plan_fresh(b, v[i].key.col.name, v[i].key.e->type), v[i].key.e};
        p->keys[p->n_keys++] = k;
        plan_add_col(b, p, k.col);
    }
    plan_add_named(b, p, v[n].agg);
    plan_add_col(b, p, v[n].agg.col);
    *key_cols = p->cols;
    key_cols->n = n + 1;
    return p;
}

/* The first rows of each parent. */
static struct plan *per_parent(struct binder *b, struct plan *in, const struct plan_cols *keys,
                               struct level *l, const struct syn *at)
{
    if (l->count == NULL)
        return in;
    struct plan_col agg = in->cols.p[in->cols.n - 1];
    if (keys->n == 1)
        return plan_first_rows(b, plan_sorted_by(b, in, ex_column(b, &agg, at), l->desc, at),
                               l->count, at);
    struct plan *rows = plan_new(b, P_APPLY_INPUT, NULL, at);
    plan_copy_cols(b, rows, in);
    struct plan *inner = plan_first_rows(
        b, plan_sorted_by(b, rows, ex_column(b, &agg, at), l->desc, at), l->count, at);
    struct plan *p = plan_two(b, P_PARTITION, in, inner, at);
    struct expr **args = arena_array(b->a, struct expr *, keys->n);
    for (size_t i = 0; i + 1 < keys->n; i++)
        args[i] = ex_cast(b, ex_column(b, &keys->p[i], at), KQL_DYNAMIC);
    p->exprs = arena_array(b->a, struct expr *, 1);
    p->exprs[0] =
        keys->n == 2
            ? ex_column(b, &keys->p[0], at)
            : ex_cast(b, ex_call(b, "pack_array", KQL_DYNAMIC, args, keys->n - 1), KQL_STRING);
    p->n_exprs = 1;
    for (size_t i = 0; i < in->cols.n; i++) {
        struct plan_col c = plan_fresh(b, in->cols.p[i].name, in->cols.p[i].type);
        plan_add_col(b, p, c);
    }
    return p;
}

static struct plan *join_levels(struct binder *b, struct plan *upper, struct plan *lower,
                                size_t n_keys, const struct syn *at)
{
    struct plan *p = plan_two(b, P_JOIN, upper, lower, at);
    p->join = JOIN_INNER;
    p->exprs = arena_array(b->a, struct expr *, n_keys * 2);
    for (size_t i = 0; i < n_keys; i++) { /* keys stand at 0, 2, 4 … of the upper levels' columns */
        p->exprs[p->n_exprs++] = ex_column(b, &upper->cols.p[i * 2], at);
        p->exprs[p->n_exprs++] = ex_column(b, &lower->cols.p[i], at);
    }
    plan_copy_cols(b, p, upper);
    plan_add_col(b, p, lower->cols.p[lower->cols.n - 2]);
    plan_add_col(b, p, lower->cols.p[lower->cols.n - 1]);
    return p;
}

/* The rows behind a level; with others they are read several times, and have to stay the same. */
static struct plan *kept_at(const struct nested *s, size_t level)
{
    struct plan *p = s->kept[level];
    return s->others ? plan_share(s->b, p, p->shared_id) : p;
}

/* Rows of left whose keys of the first n levels are (SEMI) or are not (ANTI) among those kept. The
 * keys are columns of left, or are computed from the operator's input. */
static struct plan *by_parents(const struct nested *s, struct plan *left, bool computed, size_t n,
                               enum join_kind kind)
{
    struct plan *right = kept_at(s, n - 1), *p = plan_two(s->b, P_JOIN, left, right, s->at);
    p->join = kind;
    p->exprs = arena_array(s->b->a, struct expr *, n * 2);
    for (size_t k = 0; k < n; k++) {
        p->exprs[p->n_exprs++] =
            computed ? s->v[k].key.e : ex_column(s->b, &left->cols.p[k], s->at);
        p->exprs[p->n_exprs++] = ex_column(s->b, &right->cols.p[k * 2], s->at);
    }
    plan_copy_cols(s->b, p, left);
    return p;
}

static void bind_level(struct nested *s, size_t i)
{
    struct plan_cols keys;
    struct plan *p = level_summary(s->b, s->in, s->v, i, &keys, s->at);
    if (i > 0) /* only inside the parents that were kept */
        p = by_parents(s, p, false, i, JOIN_LEFTSEMI);
    if (i > 0) { /* a query per parent can't reach into what is shared further in */
        p->shared_id = ++s->b->next_shared;
        p = plan_share(s->b, p, p->shared_id);
        keys = p->cols;
        keys.n = i + 1;
    }
    p = per_parent(s->b, p, &keys, &s->v[i], s->at);
    s->kept[i] = i == 0 ? p : join_levels(s->b, kept_at(s, i - 1), p, i, s->at);
    if (s->others)
        s->kept[i]->shared_id = ++s->b->next_shared;
}

/* ---- others ----
 * The rows that are inside of what was kept up to a level, but not at it, make one row for each
 * parent. At that level and below, a level with others has its constant and its aggregate over
 * them, one without is null. */
static struct plan *others_summary(const struct nested *s, size_t level)
{
    struct binder *b = s->b;
    struct plan *rows = s->in;
    if (level > 0)
        rows = by_parents(s, rows, true, level, JOIN_LEFTSEMI);
    rows = by_parents(s, rows, true, level + 1, JOIN_LEFTANTI);
    struct plan *p = plan_new(b, P_AGGREGATE, rows, s->at);
    p->keys = arena_array(b->a, struct named_expr, level + 1);
    for (size_t i = 0; i < level; i++) {
        const struct named_expr *k = &s->v[i].key;
        p->keys[p->n_keys++] = (struct named_expr){plan_fresh(b, k->col.name, k->e->type), k->e};
        plan_add_col(b, p, p->keys[i].col);
    }
    struct named_expr count = {plan_fresh(b, STR("Count"), KQL_LONG),
                               ex_call(b, "count", KQL_LONG, NULL, 0)};
    plan_add_named(b, p, count);
    plan_add_col(b, p, count.col);
    for (size_t i = level; i < s->n; i++) {
        const struct named_expr *a = &s->v[i].agg;
        struct named_expr one = {plan_fresh(b, a->col.name, a->e->type), a->e};
        plan_add_named(b, p, one);
        plan_add_col(b, p, one.col);
    }
    /* without keys there is a row even where nothing is left */
    struct expr *any = ex_call2(b, ">", KQL_BOOL, ex_column(b, &count.col, s->at), ex_long(b, 0));
    return level == 0 ? plan_filter(b, p, any, s->at) : p;
}

static struct expr *nothing(struct binder *b, enum kql_type t)
{
    return t == KQL_STRING ? ex_string(b, STR("")) : ex_null(b, t);
}

static struct plan *others_rows(const struct nested *s, size_t level)
{
    struct binder *b = s->b;
    struct plan *sums = others_summary(s, level), *upper = NULL, *p = sums;
    if (level > 0) {
        upper = kept_at(s, level - 1);
        p = plan_two(b, P_JOIN, upper, sums, s->at);
        p->join = JOIN_INNER;
        p->exprs = arena_array(b->a, struct expr *, level * 2);
        for (size_t i = 0; i < level; i++) {
            p->exprs[p->n_exprs++] = ex_column(b, &upper->cols.p[i * 2], s->at);
            p->exprs[p->n_exprs++] = ex_column(b, &sums->cols.p[i], s->at);
        }
        plan_copy_cols(b, p, upper);
        for (size_t i = level; i < sums->cols.n; i++)
            plan_add_col(b, p, sums->cols.p[i]);
    }
    struct named_expr *list = arena_array(b->a, struct named_expr, s->n * 2);
    for (size_t i = 0; i < s->n; i++) {
        const struct level *l = &s->v[i];
        struct expr *k, *a;
        if (i < level) {
            k = ex_column(b, &upper->cols.p[i * 2], s->at);
            a = ex_column(b, &upper->cols.p[i * 2 + 1], s->at);
        } else if (l->others != NULL) {
            k = l->others;
            a = ex_column(b, &sums->cols.p[i + 1], s->at);
        } else {
            k = nothing(b, l->key.e->type);
            a = nothing(b, l->agg.e->type);
        }
        list[i * 2] = (struct named_expr){plan_fresh(b, l->key.col.name, l->key.e->type), k};
        list[i * 2 + 1] = (struct named_expr){plan_fresh(b, l->agg.col.name, l->agg.e->type), a};
    }
    return plan_project(b, p, list, s->n * 2, s->at);
}

static void add_branch(const struct nested *s, struct plan *u, struct plan *p)
{
    struct union_links *l = &u->links[u->n_in];
    u->in[u->n_in++] = p;
    l->p = arena_array(s->b->a, struct union_link, u->cols.n);
    for (size_t i = 0; i < u->cols.n; i++)
        l->p[l->n++] = (struct union_link){(uint32_t)i, p->cols.p[i].id};
}

static struct plan *with_others(const struct nested *s)
{
    struct binder *b = s->b;
    struct plan *u = plan_new(b, P_UNION, NULL, s->at), *top = kept_at(s, s->n - 1);
    u->in = arena_array(b->a, struct plan *, s->n + 1);
    u->links = arena_array(b->a, struct union_links, s->n + 1);
    for (size_t i = 0; i < top->cols.n; i++)
        plan_add_col(b, u, plan_fresh(b, top->cols.p[i].name, top->cols.p[i].type));
    add_branch(s, u, top);
    for (size_t i = 0; i < s->n; i++) {
        bool shown = false;
        for (size_t k = i; k < s->n; k++)
            shown = shown || s->v[k].others != NULL;
        if (shown && s->v[i].count != NULL)
            add_branch(s, u, others_rows(s, i));
    }
    return u;
}

struct plan *op_top_nested(struct binder *b, struct binding *env, struct plan *in,
                           const struct syn *op)
{
    in = plan_read_often(b, in);
    struct nested s = {.b = b, .c = cx_of(b, env, in), .names = names_start(b), .at = op};
    s.c.aggregates = true;
    s.in = in;
    s.v = arena_array(b->a, struct level, op->n + 1);
    s.kept = arena_array(b->a, struct plan *, op->n + 1);
    for (; s.n < op->n; s.n++)
        if (!read_level(&s, op->kids[s.n], &s.v[s.n]))
            return bind_nothing(b, op);
    for (size_t i = 0; i < s.n; i++)
        bind_level(&s, i);
    if (s.n == 0)
        return bind_nothing(b, op);
    return s.others ? with_others(&s) : s.kept[s.n - 1];
}
