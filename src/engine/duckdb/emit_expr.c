/* Expressions: constants, columns, sub-queries, and calls by three tables: operators
 * (emit_compare.c, emit_call.c), engine templates (emit_funcs.c) and the function's own template.
 */
#include "engine/duckdb/emit_priv.h"

bool expr_is_call(const struct expr *x, const char *name)
{
    return x->kind == EX_CALL && x->fn && strcmp(x->fn->name, name) == 0;
}

bool expr_nullable(const struct expr *x)
{
    if (x->type == KQL_STRING)
        return false;
    if (x->kind == EX_CONST)
        return x->value.is_null;
    return !(x->kind == EX_CALL && x->fn && (x->fn->flags & KF_NEVER_NULL));
}

bool expr_fits_int(const struct expr *x)
{
    const struct kql_value *v = &x->value;
    bool constant = x->kind == EX_CONST && x->type == KQL_LONG && !v->is_null;
    return x->type == KQL_INT || (constant && v->i >= INT32_MIN && v->i <= INT32_MAX);
}

/* A scalar sub-query: its first column; no row gives null, '' for string. */
static bool subquery_in_place(struct emit *m, const struct expr *x, struct sbuf *out)
{
    const struct plan *p = x->plan;
    bool text = x->type == KQL_STRING;
    if (p->cols.n == 0)
        return emit_unsupported(m, x->off, x->len, "a sub-query without columns");
    struct cast c;
    if (!cast_find(p->cols.p[0].type, x->type, &c))
        return emit_unsupported(m, x->off, x->len, "this conversion of a sub-query");
    sbuf_addf(out, "%s(SELECT %sc%u%s FROM ", text ? "coalesce(" : "", c.before, p->cols.p[0].id,
              c.after);
    if (!emit_from(m, p, out))
        return false;
    sbuf_addz(out, text ? " LIMIT 1), '')" : " LIMIT 1)");
    return true;
}

bool emit_reads_apply_input(const struct plan *p)
{
    if (p->kind == P_APPLY_INPUT)
        return true;
    for (size_t i = 0; i < p->n_in; i++)
        if (emit_reads_apply_input(p->in[i]))
            return true;
    return false;
}

static bool subquery(struct emit *m, const struct expr *x, struct sbuf *out)
{
    struct emit_hoists *hoists = m->hoists;
    if (hoists == NULL ||
        emit_reads_apply_input(x->plan)) /* of mv-apply: differs from row to row */
        return subquery_in_place(m, x, out);
    size_t at = 0;
    while (at < hoists->n && hoists->p[at].x != x)
        at++;
    if (at == hoists->n) {
        AUTO(sbuf_fini) struct sbuf sql = sbuf_make(EMIT_MAX_SQL_BYTES);
        if (!subquery_in_place(m, x, &sql))
            return false;
        struct emit_hoist h = {x, m->next++, arena_str(m->a, sbuf_str(&sql))};
        VEC_PUSH(m->a, hoists, h);
    }
    sbuf_addf(out, "h%u", hoists->p[at].id);
    return true;
}

/* $1 … $9: an argument; $*: all, separated by commas. */
bool emit_template(struct emit *m, const struct expr *x, const char *sql, struct sbuf *out)
{
    for (const char *p = sql; *p; p++) {
        if (*p != '$') {
            sbuf_addc(out, *p);
            continue;
        }
        p++;
        if (*p == '*') {
            for (size_t i = 0; i < x->n_args; i++) {
                sbuf_addz(out, i ? ", " : "");
                if (!emit_expr(m, x->args[i], EMIT_EXACT, out))
                    return false;
            }
            continue;
        }
        CHECK(*p >= '1' && *p <= '9');
        size_t i = (size_t)(*p - '1');
        if (i >= x->n_args)
            return emit_unsupported(m, x->off, x->len, x->fn->name);
        if (!emit_expr(m, x->args[i], EMIT_EXACT, out))
            return false;
    }
    return true;
}

static bool call(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    const char *name = x->fn->name;
    if (x->fn->flags & KF_AGGREGATE)
        return emit_agg_call(m, x, out);
    if (x->fn->flags & KF_WINDOW)
        return emit_window_ref(m, x, out);
    emit_call_fn *fn = emit_compare_find(name);
    if (!fn)
        fn = emit_call_find(name);
    if (!fn)
        fn = emit_scalar_find(name);
    if (fn)
        return fn(m, x, ctx, out);
    const struct emit_func *row = emit_func_find(name, x->n_args);
    if (row)
        return emit_func_call(m, x, row, out);
    if (x->fn->sql && x->fn->sql[0])
        return emit_template(m, x, x->fn->sql, out);
    return emit_unsupported(m, x->off, x->len, name);
}

bool emit_expr(struct emit *m, const struct expr *x, enum emit_ctx ctx, struct sbuf *out)
{
    if (m->depth >= EMIT_MAX_DEPTH)
        return err_set(m->e, ERR_LIMIT, "an expression nests more than %d levels", EMIT_MAX_DEPTH);
    m->depth++;
    bool ok = true;
    switch (x->kind) {
    case EX_CONST:
        if (x->type == KQL_STRING && x->value.is_null)
            sbuf_addz(out, "''");
        else
            sql_value(out, &x->value);
        break;
    case EX_COLUMN:
        emit_col(x->col, out);
        break;
    case EX_CALL:
        ok = call(m, x, ctx, out);
        break;
    case EX_SUBQUERY:
        ok = subquery(m, x, out);
        break;
    }
    m->depth--;
    return ok;
}
