/* Making plan nodes. */
#include "kql/bind_priv.h"

struct plan *plan_new(struct binder *b, enum plan_kind k, struct plan *in, const struct syn *at)
{
    struct plan *p = arena_new_of(b->a, struct plan);
    p->kind = k;
    if (in != NULL) {
        p->in = arena_array(b->a, struct plan *, 1);
        p->in[0] = in;
        p->n_in = 1;
        p->open = in->open;
        p->lenient = in->lenient && k != P_AGGREGATE && k != P_MAKE_SERIES;
    }
    if (at != NULL) {
        p->off = at->off;
        p->len = at->len;
    }
    if (++b->nodes == BIND_MAX_NODES) {
        kql_diag_add(b->d, ERR_LIMIT, "LIM0002", at, NULL,
                     "the query grows past %d operators once its functions are put in",
                     BIND_MAX_NODES);
        b->failed_limit = true;
    }
    return p;
}

struct plan *plan_two(struct binder *b, enum plan_kind k, struct plan *l, struct plan *r,
                      const struct syn *at)
{
    struct plan *p = plan_new(b, k, NULL, at);
    p->in = arena_array(b->a, struct plan *, 2);
    p->in[0] = l;
    p->in[1] = r;
    p->n_in = 2;
    p->open = l->open || r->open;
    p->lenient = l->lenient || r->lenient;
    return p;
}

void plan_own_cols(struct binder *b, struct plan *p)
{
    struct plan from = *p;
    if (!p->cols_shared)
        return;
    plan_copy_cols(b, p, &from);
    p->cols_shared = false;
}

void plan_add_col(struct binder *b, struct plan *p, struct plan_col c)
{
    size_t cap = p->cols.n;
    plan_own_cols(b, p);
    if ((cap & (cap - 1)) == 0) { /* doubled at powers of two */
        size_t n = cap == 0 ? 1 : cap * 2;
        p->cols.p = arena_grow(b->a, p->cols.p, cap * sizeof(c), n * sizeof(c));
    }
    p->cols.p[p->cols.n++] = c;
}

struct plan_col plan_fresh(struct binder *b, struct str name, enum kql_type t)
{
    return (struct plan_col){.id = ++b->next_id, .name = name, .type = t};
}

void plan_copy_cols(struct binder *b, struct plan *p, const struct plan *from)
{
    p->cols.p = arena_array(b->a, struct plan_col, from->cols.n + 1);
    if (from->cols.n > 0)
        memcpy(p->cols.p, from->cols.p, from->cols.n * sizeof(p->cols.p[0]));
    p->cols.n = from->cols.n;
    if (p->cols.n > 0) { /* so that plan_add_col's doubling holds */
        size_t cap = 1;
        while (cap < p->cols.n)
            cap *= 2;
        p->cols.p = arena_grow(b->a, p->cols.p, p->cols.n * sizeof(p->cols.p[0]),
                               cap * sizeof(p->cols.p[0]));
    }
}

void plan_add_named(struct binder *b, struct plan *p, struct named_expr n)
{
    size_t cap = p->n_named;
    if ((cap & (cap - 1)) == 0) {
        size_t m = cap == 0 ? 1 : cap * 2;
        p->named = arena_grow(b->a, p->named, cap * sizeof(n), m * sizeof(n));
    }
    p->named[p->n_named++] = n;
}

struct plan *plan_filter(struct binder *b, struct plan *in, struct expr *e, const struct syn *at)
{
    struct plan *p = plan_new(b, P_FILTER, in, at);
    p->exprs = arena_array(b->a, struct expr *, 1);
    p->exprs[0] = e;
    p->n_exprs = 1;
    p->cols = in->cols; /* of a wide table, some filters' copies would be most of the memory */
    p->cols_shared = true;
    p->ordered = in->ordered;
    return p;
}

struct plan *plan_values(struct binder *b, const struct syn *at)
{
    return plan_new(b, P_VALUES, NULL, at);
}

struct plan *bind_nothing(struct binder *b, const struct syn *at)
{
    struct plan *p = plan_values(b, at);
    p->open = true;
    p->ordered = true;
    return p;
}

struct plan *plan_share(struct binder *b, struct plan *in, uint32_t shared_id)
{
    struct plan *p = plan_new(b, P_SHARED, in, NULL);
    p->shared_id = shared_id;
    p->off = in->off;
    p->len = in->len;
    for (size_t i = 0; i < in->cols.n; i++) {
        struct plan_col c = plan_fresh(b, in->cols.p[i].name, in->cols.p[i].type);
        c.hidden = in->cols.p[i].hidden;
        c.absent = in->cols.p[i].absent;
        plan_add_col(b, p, c);
    }
    return p;
}

struct plan *plan_read_often(struct binder *b, struct plan *in)
{
    const struct plan *p = in;
    while (p->kind == P_FILTER || p->kind == P_PROJECT)
        p = p->in[0];
    if (p->n_in == 0 || p->kind == P_SHARED)
        return in;
    struct plan *shared = plan_share(b, in, ++b->next_shared);
    shared->ordered = in->ordered;
    shared->open = in->open;
    return shared;
}

struct plan *plan_project(struct binder *b, struct plan *in, const struct named_expr *list,
                          size_t n, const struct syn *at)
{
    bool windows = false;
    for (size_t i = 0; i < n && !windows; i++)
        windows = ex_has_window(list[i].e);
    struct plan *p = plan_new(b, windows ? P_SERIALIZE : P_PROJECT, in, at);
    size_t cap = 1; /* as plan_add_named and plan_add_col expect it */
    while (cap < n)
        cap *= 2;
    p->named = arena_array(b->a, struct named_expr, cap);
    p->cols.p = arena_array(b->a, struct plan_col, cap);
    for (size_t i = 0; i < n; i++) {
        p->named[p->n_named++] = list[i];
        p->cols.p[p->cols.n++] = list[i].col;
    }
    if (n > BIND_MAX_COLUMNS)
        kql_diag_add(b->d, ERR_LIMIT, "LIM0003", at, NULL, "more than %d columns",
                     BIND_MAX_COLUMNS);
    p->ordered = in->ordered;
    return p;
}
