/* parse, parse-where, parse-kv. */
#include "kql/bind_priv.h"
#include "text/rx.h"

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
    if (n > RX_MAX_GROUPS)
        bind_error(b, "SEM0001", op, "parse makes at most %d columns, not %zu", RX_MAX_GROUPS, n);
    struct str kind = param_value(op, "kind");
    x->mode = str_ieqz(kind, "regex")     ? PARSE_REGEX
              : str_ieqz(kind, "relaxed") ? PARSE_RELAXED
                                          : PARSE_SIMPLE;
    x->flags = param_value(op, "flags");
    for (size_t i = 0; i < x->n && x->mode == PARSE_REGEX; i++)
        if (x->parts[i].kind == PARSE_TEXT)
            (void)bind_check_regex(b, "SEM0420", where ? "parse-where" : "parse", x->parts[i].text,
                                   op->kids[i + 1]);
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

/* quote and escape may be given several times. */
static void kv_property(struct binder *b, const struct syn *s, struct parse_kv *x)
{
    static const char *const known[] = {"pair_delimiter", "kv_delimiter", "quote",
                                        "escape",         "greedy",       "regex"};
    struct str name = str_starts(s->text, STR("with.")) ? str_sub(s->text, 5, s->text.n) : s->text;
    const struct syn *v = s->n > 0 ? s->kids[0] : s;
    bool text = v->kind == SYN_LITERAL && v->value.type == KQL_STRING;
    bool found = false;
    for (size_t i = 0; i < COUNTOF(known); i++)
        found = found || str_eqz(name, known[i]);
    if (!found) {
        bind_error(b, "SEM0001", s, "'%s' is no property of parse-kv", z(b, name));
    } else if (str_eqz(name, "greedy")) {
        x->greedy = v->value.b || str_ieqz(v->text, "true");
    } else if (!text) {
        bind_error(b, "SEM0001", s, "the value of '%s' is a literal text", z(b, name));
    } else if (str_eqz(name, "quote")) {
        if (v->value.s.n < 1 || v->value.s.n > 2)
            bind_error(b, "SEM0001", s,
                       "a quote is one character, or an opening and a closing one");
        x->quotes[x->n_quotes++] = v->value.s;
    } else if (str_eqz(name, "escape")) {
        if (v->value.s.n != 1)
            bind_error(b, "SEM0001", s, "the escape is one character");
        x->escape = arena_fmt(b->a, "%.*s%.*s", STR_ARG(x->escape), STR_ARG(v->value.s));
    } else if (str_eqz(name, "pair_delimiter")) {
        x->pair_delimiter = v->value.s;
    } else if (str_eqz(name, "kv_delimiter")) {
        x->kv_delimiter = v->value.s;
    } else {
        x->regex = v->value.s;
    }
}

/* The value of the property regex. */
static const struct syn *regex_literal(const struct syn *op)
{
    for (size_t i = 0; i < op->n_params; i++) {
        const struct syn *s = op->params[i];
        if (s->n > 0 && (str_eqz(s->text, "regex") || str_eqz(s->text, "with.regex")))
            return s->kids[0];
    }
    return op;
}

static void check_kv(struct binder *b, const struct syn *op, const struct parse_kv *x)
{
    if (x->regex.n == 0) {
        if ((x->pair_delimiter.n > 0) != (x->kv_delimiter.n > 0))
            bind_error(b, "SEM0001", op, "pair_delimiter and kv_delimiter are given together");
        return;
    }
    if (x->pair_delimiter.n > 0 || x->kv_delimiter.n > 0 || x->n_quotes > 0 || x->greedy)
        bind_error(b, "SEM0001", op, "parse-kv with a regex has no other properties");
    if (!bind_check_regex(b, "SEM0001", "parse-kv", x->regex, regex_literal(op)))
        return;
    struct rx *rx = rx_new(x->regex);
    size_t groups = rx != NULL ? rx_groups(rx) : 0;
    rx_free(rx);
    if (groups != 2)
        bind_error(b, "SEM0001", op,
                   "the regular expression needs two groups, the key and the value, not %zu",
                   groups);
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
    x->quotes = arena_array(b->a, struct str, op->n_params + 1);
    for (size_t i = 0; i < op->n_params; i++)
        kv_property(b, op->params[i], x);
    check_kv(b, op, x);
    p->parse_kv = x;
    add_columns(b, p, in, cols.p, cols.n);
    p->ordered = in->ordered;
    return p;
}
