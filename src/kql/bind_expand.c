/* mv-expand, mv-apply, partition: lists become rows, and sub-queries run per row or per key. */
#include "kql/bind_priv.h"

struct expansion {
    struct binder *b;
    struct cx c;
    struct plan *in;
    struct expand *x;
    const struct plan_col *
        *replaced; /* of each item: the input column that it takes the place of */
};

static void bind_item(struct expansion *v, const struct syn *item, struct names *names)
{
    struct binder *b = v->b;
    const struct syn *s = item->kids[0];
    bool named = s->kind == SYN_NAMED;
    struct expr *e = bind_expr(&v->c, named ? s->kids[0] : s);
    enum kql_type to = KQL_DYNAMIC;
    if (item->n > 1 && item->kids[1] != NULL)
        bind_type_of(b, item->kids[1], &to);
    if (e->absent)
        e = bind_absent_as(b, e, KQL_DYNAMIC);
    if (e->type != KQL_DYNAMIC && e->type != KQL_UNKNOWN) {
        kql_diag_add(b->d, ERR_SEMANTIC, "SEM0206", s, "parse_json() or todynamic() make one",
                     "a dynamic value is expected here, not %s", kql_type_name(e->type));
        e = bind_unknown(b, s);
    }
    struct str name = named ? s->text : bind_auto_name(&v->c, s);
    if (name.n == 0)
        name = names_column(names);
    const struct plan_col *old = bind_find_column(v->in, name);
    if (old == NULL && !named)
        name = names_unique(names, name);
    v->replaced[v->x->n] = old;
    v->x->items[v->x->n++] = (struct expand_item){plan_fresh(b, name, to), e, to};
}

static struct expansion read_items(struct binder *b, struct binding *env, struct plan *in,
                                   const struct syn *op)
{
    struct expansion v = {.b = b, .c = cx_of(b, env, in), .in = in};
    v.x = arena_new_of(b->a, struct expand);
    v.x->items = arena_array(b->a, struct expand_item, op->n + 1);
    v.replaced = arena_array(b->a, const struct plan_col *, op->n + 1);
    struct names names = names_start(b);
    for (size_t i = 0; i < in->cols.n; i++)
        names_reserve(&names, in->cols.p[i].name);
    for (size_t i = 0; i < op->n; i++)
        if (op->kids[i]->kind == SYN_CLAUSE && str_eqz(op->kids[i]->text, "item"))
            bind_item(&v, op->kids[i], &names);
    const struct syn *limit = syn_clause(op, "limit"), *index = syn_param(op, "with_itemindex");
    const struct syn *kind = syn_param(op, "kind");
    if (kind == NULL)
        kind = syn_param(op, "bagexpansion");
    v.x->bag_as_array = kind != NULL && kind->n > 0 && str_ieqz(kind->kids[0]->text, "array");
    if (limit != NULL && limit->n > 0)
        v.x->limit = bind_constant(&v.c, limit->kids[0], KQL_LONG);
    if (index != NULL && index->n > 0)
        v.x->index = plan_fresh(b, index->kids[0]->text, KQL_LONG);
    return v;
}

static const struct expand_item *item_for(const struct expansion *v, const struct plan_col *c)
{
    for (size_t i = 0; i < v->x->n; i++)
        if (v->replaced[i] == c)
            return &v->x->items[i];
    return NULL;
}

/* The input's columns with replaced ones in place, then the index and the new items; mv-apply has
 * the index last. */
static void output_columns(const struct expansion *v, struct plan *p, bool apply)
{
    struct binder *b = v->b;
    for (size_t i = 0; i < v->in->cols.n; i++) {
        const struct expand_item *it = item_for(v, &v->in->cols.p[i]);
        plan_add_col(b, p, it != NULL ? it->out : v->in->cols.p[i]);
    }
    if (v->x->index.id != 0 && !apply)
        plan_add_col(b, p, v->x->index);
    for (size_t i = 0; i < v->x->n; i++)
        if (v->replaced[i] == NULL)
            plan_add_col(b, p, v->x->items[i].out);
    if (v->x->index.id != 0 && apply)
        plan_add_col(b, p, v->x->index);
}

struct plan *op_mv_expand(struct binder *b, struct binding *env, struct plan *in,
                          const struct syn *op)
{
    struct expansion v = read_items(b, env, in, op);
    struct plan *p = plan_new(b, P_EXPAND, in, op);
    p->expand = v.x;
    output_columns(&v, p, false);
    p->ordered = in->ordered;
    return p;
}

/* ---- mv-apply ---- */
static bool has_id(const struct plan_cols *cols, uint32_t id)
{
    for (size_t i = 0; i < cols->n; i++)
        if (cols->p[i].id == id)
            return true;
    return false;
}

/* Outer columns in front, then what the sub-query made; a name that it gave again is its. */
static void apply_columns(const struct expansion *v, const struct plan *inner, struct plan *p)
{
    struct binder *b = v->b;
    for (size_t i = 0; i < v->in->cols.n; i++) {
        const struct plan_col *c = &v->in->cols.p[i];
        const struct plan_col *again = bind_find_column(inner, c->name);
        if (item_for(v, c) != NULL || (again != NULL && again->id != c->id))
            continue;
        plan_add_col(b, p, *c);
    }
    for (size_t i = 0; i < inner->cols.n; i++)
        if (!inner->cols.p[i].hidden && !has_id(&p->cols, inner->cols.p[i].id))
            plan_add_col(b, p, inner->cols.p[i]);
}

struct plan *op_mv_apply(struct binder *b, struct binding *env, struct plan *in,
                         const struct syn *op)
{
    struct expansion v = read_items(b, env, in, op);
    const struct syn *on = syn_clause(op, "on");
    struct plan *rows = plan_new(b, P_APPLY_INPUT, NULL, op);
    output_columns(&v, rows, true);
    rows->open = in->open;
    rows->lenient = in->lenient;
    rows->ordered = true;
    struct plan *inner = rows;
    if (on != NULL && on->n > 0)
        inner = bind_contextual(b, env, rows, on->kids[0]);
    struct plan *p = plan_two(b, P_APPLY, in, inner, op);
    p->expand = v.x;
    apply_columns(&v, inner, p);
    p->ordered = in->ordered;
    return p;
}

/* ---- partition ---- */
struct plan *op_partition(struct binder *b, struct binding *env, struct plan *in,
                          const struct syn *op)
{
    const struct syn *by = syn_clause(op, "by"), *body = NULL;
    for (size_t i = 0; i < op->n; i++)
        if (op->kids[i]->kind != SYN_CLAUSE)
            body = op->kids[i];
    if (by == NULL || by->n == 0 || body == NULL)
        return bind_nothing(b, op);
    in = plan_read_often(b, in);
    struct cx c = cx_of(b, env, in);
    struct plan *rows = plan_new(b, P_APPLY_INPUT, NULL, op);
    plan_copy_cols(b, rows, in);
    rows->open = in->open;
    rows->lenient = in->lenient;
    rows->ordered = in->ordered;
    const struct syn *strategy = syn_param(op, "hint.strategy");
    struct str how = strategy != NULL && strategy->n > 0 ? strategy->kids[0]->text : STR_NONE;
    if (strategy != NULL && !str_ieqz(how, "native") && !str_ieqz(how, "shuffle") &&
        !str_ieqz(how, "legacy"))
        bind_error(b, "SEM0001", strategy, "the strategies are native, shuffle and legacy");
    struct expr *key = bind_expr(&c, by->kids[0]);
    /* A body with a source of its own sees the key as a value, by the column's name. */
    struct plan_col value = plan_fresh(b, bind_auto_name(&c, by->kids[0]), key->type);
    struct plan *inner;
    if (body->kind == SYN_CONTEXTUAL) {
        inner = bind_contextual(b, env, rows, body);
    } else {
        struct binding v = {.kind = BOUND_SCALAR, .name = value.name, .per_key = true};
        v.e = ex_column(b, &value, by->kids[0]);
        inner = bind_table(b, value.name.n > 0 ? bind_push(b, env, v) : env, body);
    }
    struct plan *p = plan_two(b, P_PARTITION, in, inner, op);
    p->exprs = arena_array(b->a, struct expr *, 2);
    p->exprs[0] = key;
    p->exprs[1] = ex_column(b, &value, by->kids[0]);
    p->n_exprs = 2;
    for (size_t i = 0; i < inner->cols.n; i++) {
        struct plan_col k = plan_fresh(b, inner->cols.p[i].name, inner->cols.p[i].type);
        k.hidden = inner->cols.p[i].hidden;
        plan_add_col(b, p, k);
    }
    return p;
}
