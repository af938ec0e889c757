/* parse, parse-where, parse-kv. */
#include "kql/bind_priv.h"

static struct str param_value(const struct syn *op, const char *name)
{
    const struct syn *p = syn_param(op, name);
    if (p == NULL || p->n == 0)
        return STR_NONE;
    return p->kids[0]->kind == SYN_LITERAL ? p->kids[0]->value.s : p->kids[0]->text;
}

static struct expr *text_source(struct binder *b, struct binding *env, struct plan *in,
                                const struct syn *s)
{
    struct cx c = cx_of(b, env, in);
    struct expr *e = bind_expr(&c, s);
    if (e->type == KQL_DYNAMIC)
        return ex_cast(b, e, KQL_STRING);
    if (e->type != KQL_STRING && e->type != KQL_UNKNOWN) {
        bind_error(b, "SEM0001", s, "a text is expected here, not %s", kql_type_name(e->type));
        return bind_unknown(b, s);
    }
    return e;
}

/* A column of the input that is parsed again is replaced in its place. */
static void add_columns(struct binder *b, struct plan *p, const struct plan *in,
                        const struct plan_col *made, size_t n)
{
    for (size_t i = 0; i < in->cols.n; i++) {
        const struct plan_col *c = &in->cols.p[i];
        for (size_t k = 0; k < n; k++)
            if (str_eq(made[k].name, c->name))
                c = &made[k];
        plan_add_col(b, p, *c);
    }
    for (size_t k = 0; k < n; k++)
        if (bind_find_column(in, made[k].name) == NULL)
            plan_add_col(b, p, made[k]);
}

static struct parse_part read_part(struct binder *b, struct binding *env, const struct syn *s)
{
    struct parse_part part = {.kind = PARSE_STAR};
    enum kql_type t = KQL_STRING;
    if (s->kind == SYN_STAR)
        return part;
    if (s->kind == SYN_NAME || s->kind == SYN_COLUMN_DECL) {
        if (s->kind == SYN_COLUMN_DECL && s->n > 0)
            bind_type_of(b, s->kids[0], &t);
        part.kind = PARSE_COLUMN;
        part.col = plan_fresh(b, s->text, t);
        return part;
    }
    struct cx c = cx_of(b, env, NULL);
    struct expr *e = bind_constant(&c, s, KQL_STRING);
    part.kind = PARSE_TEXT;
    if (e->kind == EX_CONST)
        part.text = e->value.s;
    else if (e->type != KQL_UNKNOWN)
        bind_error(b, "SEM0001", s, "a constant text is expected here");
    return part;
}

static struct plan *parse(struct binder *b, struct binding *env, struct plan *in,
                          const struct syn *op, bool where)
{
    struct plan *p = plan_new(b, P_PARSE, in, op);
    struct parse *x = arena_new_of(b->a, struct parse);
    struct plan_col *made = arena_array(b->a, struct plan_col, op->n + 1);
    size_t n = 0;
    x->e = text_source(b, env, in, op->kids[0]);
    x->parts = arena_array(b->a, struct parse_part, op->n + 1);
    for (size_t i = 1; i < op->n; i++) {
        struct parse_part part = read_part(b, env, op->kids[i]);
        for (size_t k = 0; part.kind == PARSE_COLUMN && k < n; k++)
            if (str_eq(made[k].name, part.col.name))
                bind_error(b, "SEM0028", op->kids[i], "the column '%s' is given twice",
                           z(b, part.col.name));
        x->parts[x->n++] = part;
        if (part.kind == PARSE_COLUMN)
            made[n++] = part.col;
    }
    struct str kind = param_value(op, "kind");
    x->mode = str_ieqz(kind, "regex")     ? PARSE_REGEX
              : str_ieqz(kind, "relaxed") ? PARSE_RELAXED
                                          : PARSE_SIMPLE;
    x->flags = param_value(op, "flags");
    x->where = where;
    p->parse = x;
    add_columns(b, p, in, made, n);
    p->ordered = in->ordered;
    return p;
}

struct plan *op_parse(struct binder *b, struct binding *env, struct plan *in, const struct syn *op)
{
    return parse(b, env, in, op, false);
}

struct plan *op_parse_where(struct binder *b, struct binding *env, struct plan *in,
                            const struct syn *op)
{
    return parse(b, env, in, op, true);
}

struct plan *op_parse_kv(struct binder *b, struct binding *env, struct plan *in,
                         const struct syn *op)
{
    struct plan *p = plan_new(b, P_PARSE_KV, in, op);
    struct parse_kv *x = arena_new_of(b->a, struct parse_kv);
    struct plan_cols cols = {0};
    x->e = text_source(b, env, in, op->kids[0]);
    if (op->n > 1 && op->kids[1]->kind == SYN_SCHEMA)
        bind_schema(b, op->kids[1], &cols);
    x->cols = cols.p;
    x->n = cols.n;
    x->pair_delimiter = param_value(op, "with.pair_delimiter");
    x->kv_delimiter = param_value(op, "with.kv_delimiter");
    x->quote = param_value(op, "with.quote");
    x->escape = param_value(op, "with.escape");
    const struct syn *greedy = syn_param(op, "with.greedy");
    x->greedy = greedy != NULL && greedy->n > 0 &&
                (greedy->kids[0]->value.b || str_ieqz(greedy->kids[0]->text, "true"));
    p->parse_kv = x;
    add_columns(b, p, in, cols.p, cols.n);
    p->ordered = in->ordered;
    return p;
}
