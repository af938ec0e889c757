/* join and lookup. */
#include "kql/bind_priv.h"

static const struct {
    const char *name;
    enum join_kind kind;
} kinds[] = {
    {"anti", JOIN_LEFTANTI},         {"fullouter", JOIN_FULLOUTER},
    {"inner", JOIN_INNER},           {"innerunique", JOIN_INNERUNIQUE},
    {"leftanti", JOIN_LEFTANTI},     {"leftantisemi", JOIN_LEFTANTI},
    {"leftouter", JOIN_LEFTOUTER},   {"leftsemi", JOIN_LEFTSEMI},
    {"rightanti", JOIN_RIGHTANTI},   {"rightantisemi", JOIN_RIGHTANTI},
    {"rightouter", JOIN_RIGHTOUTER}, {"rightsemi", JOIN_RIGHTSEMI},
};

static bool read_kind(const struct syn *op, enum join_kind *k)
{
    const struct syn *p = syn_param(op, "kind");
    if (p == NULL || p->n == 0)
        return true;
    for (size_t i = 0; i < COUNTOF(kinds); i++)
        if (str_ieqz(p->kids[0]->text, kinds[i].name)) {
            *k = kinds[i].kind;
            return true;
        }
    return true; /* bind_check_params has told */
}

struct pairs {
    struct expr **p;
    size_t n, cap;
};

static bool join_types_agree(const struct expr *l, const struct expr *r)
{
    if (l->type == KQL_UNKNOWN || r->type == KQL_UNKNOWN)
        return true;
    return l->type == r->type || (kql_type_is_number(l->type) && kql_type_is_number(r->type));
}

static void add_pair(struct binder *b, struct expr *l, struct expr *r, const struct syn *at,
                     struct pairs *out)
{
    struct expr *keys[2] = {l, r};
    bind_absent_settle(b, keys, 2);
    l = keys[0];
    r = keys[1];
    if (l->type == KQL_DYNAMIC || r->type == KQL_DYNAMIC) {
        kql_diag_add(b->d, ERR_SEMANTIC, "SEM0045", at, "cast it, for example with tostring()",
                     "a dynamic value can't be a key of a join");
        return;
    }
    if (!join_types_agree(l, r)) {
        bind_error(b, "SEM0055", at, "the keys of a join must have one type, not %s and %s",
                   kql_type_name(l->type), kql_type_name(r->type));
        return;
    }
    VEC_PUSH(b->a, out, l);
    VEC_PUSH(b->a, out, r);
}

static bool is_side(const struct syn *s, const char *side)
{
    s = bind_strip(s);
    while (s->kind == SYN_MEMBER || s->kind == SYN_INDEX)
        s = s->kids[0];
    return s->kind == SYN_NAME && str_eqz(s->text, side);
}

/* "$left.a == $right.b", either way round; conditions joined by and. */
static void bind_condition(struct binder *b, const struct plan *l, const struct plan *r,
                           const struct syn *s, struct pairs *out)
{
    s = bind_strip(s);
    if (s->kind == SYN_BINARY && str_eqz(s->text, "and")) {
        bind_condition(b, l, r, s->kids[0], out);
        bind_condition(b, l, r, s->kids[1], out);
        return;
    }
    struct cx c = cx_of(b, NULL, l);
    c.right = r;
    if (s->kind == SYN_BINARY && str_eqz(s->text, "==")) {
        const struct syn *x = s->kids[0], *y = s->kids[1];
        if (is_side(x, "$right") || is_side(y, "$left")) {
            const struct syn *t = x;
            x = y;
            y = t;
        }
        if (is_side(x, "$left") && is_side(y, "$right")) {
            add_pair(b, bind_expr(&c, x), bind_expr(&c, y), s, out);
            return;
        }
        if (!is_side(x, "$left"))
            bind_error(b, "SEM0001", x, "a side of a join's condition is $left.a or $right.b");
        if (!is_side(y, "$right"))
            bind_error(b, "SEM0001", y, "a side of a join's condition is $left.a or $right.b");
        return;
    }
    if (s->kind == SYN_ERROR)
        return;
    if (s->kind == SYN_NAME) {
        struct cx lc = cx_of(b, NULL, l), rc = cx_of(b, NULL, r);
        struct expr *x = bind_expr(&lc, s);
        if (x->type == KQL_UNKNOWN && !l->open)
            return;
        struct expr *y = bind_expr(&rc, s);
        if (x->type != KQL_UNKNOWN && y->type != KQL_UNKNOWN)
            add_pair(b, x, y, s, out);
        return;
    }
    bind_error(b, "SEM0001", s,
               "a join condition is a column that both sides have, or $left.a == $right.b");
}

static bool is_right_key(const struct pairs *v, uint32_t id)
{
    for (size_t i = 1; i < v->n; i += 2)
        if (v->p[i]->kind == EX_COLUMN && v->p[i]->col == id)
            return true;
    return false;
}

static void add_side(struct binder *b, struct plan *p, const struct plan *side, struct names *names,
                     const struct pairs *drop_keys)
{
    for (size_t i = 0; i < side->cols.n; i++) {
        struct plan_col c = side->cols.p[i];
        if (c.hidden || (drop_keys != NULL && is_right_key(drop_keys, c.id)))
            continue;
        c.name = names_unique(names, c.name);
        plan_add_col(b, p, c);
    }
}

static struct plan *join(struct binder *b, struct binding *env, struct plan *in,
                         const struct syn *op, enum join_kind k, bool lookup)
{
    if (op->n == 0 || !read_kind(op, &k))
        return bind_nothing(b, op);
    struct plan *right = bind_table(b, env, op->kids[0]);
    struct plan *p = plan_two(b, P_JOIN, in, right, op);
    struct pairs v = {0};
    size_t before = b->d->n_errors;
    for (size_t i = 1; i < op->n; i++) {
        const struct syn *on = op->kids[i];
        for (size_t n = 0; on != NULL && on->kind == SYN_CLAUSE && n < on->n; n++)
            bind_condition(b, in, right, on->kids[n], &v);
    }
    if (v.n == 0 && b->d->n_errors == before && !p->open && !op->broken)
        bind_error(b, "SEM0001", op, "join needs 'on' and the columns that must agree");
    p->join = k;
    p->lookup = lookup;
    p->exprs = v.p;
    p->n_exprs = v.n;
    struct names names = names_start(b);
    bool left_only = k == JOIN_LEFTSEMI || k == JOIN_LEFTANTI;
    bool right_only = k == JOIN_RIGHTSEMI || k == JOIN_RIGHTANTI;
    if (!right_only)
        add_side(b, p, in, &names, NULL);
    if (!left_only)
        add_side(b, p, right, &names, lookup ? &v : NULL);
    return p;
}

struct plan *op_join(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    return join(b, env, in, op, JOIN_INNERUNIQUE, false);
}

struct plan *op_lookup(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    return join(b, env, in, op, JOIN_LEFTOUTER, true);
}
