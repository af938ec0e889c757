/* arg_max(v, a, b, *) gives one row's values: where several columns of a summarize ask for the row
 * of the same v, the row is found once, as a struct, and its fields become the columns. A hundred
 * searches would cost a hundred times as much to plan and to run. */
#include "engine/duckdb/emit_priv.h"

/* Which field of which row a column of p is; NULL: something else. */
const struct emit_field *emit_field_of(const struct emit_found *f, uint32_t col)
{
    for (size_t i = 0; i < f->fields.n; i++)
        if (f->fields.p[i].n->col.id == col)
            return &f->fields.p[i];
    return NULL;
}

static bool same_value(const struct expr *x, const struct expr *y)
{
    return x == y || (x->kind == EX_COLUMN && y->kind == EX_COLUMN && x->col == y->col);
}

static const struct expr *wanted_value(const struct named_expr *n, bool *max)
{
    const struct expr *e = n->e;
    bool arg = e->kind == EX_CALL && e->fn != NULL && strncmp(e->fn->name, "arg", 3) == 0 &&
               e->n_args >= 1 && e->n_args <= 2 && e->type == n->col.type;
    *max = arg && strstr(e->fn->name, "max") != NULL;
    return arg && (*max || strstr(e->fn->name, "min") != NULL) ? e->args[0] : NULL;
}

static size_t row_of(const struct emit_found *f, const struct expr *v, bool max)
{
    size_t i = 0;
    while (i < f->rows.n && (f->rows.p[i].max != max || !same_value(f->rows.p[i].v, v)))
        i++;
    return i;
}

void emit_find_rows(struct emit *m, const struct plan *p, struct emit_found *out)
{
    bool max;
    for (size_t i = 0; i < p->n_named; i++) {
        const struct expr *v = wanted_value(&p->named[i], &max);
        if (v == NULL)
            continue;
        size_t at = row_of(out, v, max);
        if (at == out->rows.n) {
            struct emit_row row = {.v = v, .max = max, .id = emit_fresh(m)};
            VEC_PUSH(m->a, &out->rows, row);
        }
        out->rows.p[at].n++;
    }
    for (size_t i = 0; i < p->n_named; i++) {
        const struct expr *v = wanted_value(&p->named[i], &max);
        size_t at = v != NULL ? row_of(out, v, max) : 0;
        if (v == NULL || out->rows.p[at].n < 2)
            continue;
        struct emit_field field = {&p->named[i], at};
        VEC_PUSH(m->a, &out->fields, field);
    }
}

static bool row_struct(struct emit *m, const struct emit_found *f, size_t row, struct str *text)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(EMIT_MAX_SQL_BYTES);
    const char *before = "{";
    for (size_t i = 0; i < f->fields.n; i++) {
        const struct expr *e = f->fields.p[i].n->e, *x = e->args[e->n_args - 1];
        if (f->fields.p[i].row != row)
            continue;
        sbuf_addf(&b, "%s'x%zu': ", before, i);
        before = ", ";
        if (!emit_as(m, x, x->type, &b))
            return false;
    }
    sbuf_addc(&b, '}');
    *text = arena_str(m->a, sbuf_str(&b));
    return true;
}

struct str emit_extreme_key(struct emit *m, const struct expr *v, bool max, struct str sql)
{
    if (max || v->type != KQL_REAL)
        return sql;
    return arena_fmt(m->a, "CASE WHEN isnan(%.*s) THEN '-Infinity'::DOUBLE ELSE %.*s END",
                     STR_ARG(sql), STR_ARG(sql));
}

bool emit_found_rows(struct emit *m, const struct emit_found *f, const char *before,
                     struct sbuf *out)
{
    for (size_t i = 0; i < f->rows.n; i++) {
        const struct emit_row *r = &f->rows.p[i];
        struct str v, s;
        if (r->n < 2)
            continue;
        if (!emit_arg(m, r->v, r->v->type, &v) || !row_struct(m, f, i, &s))
            return false;
        v = emit_extreme_key(m, r->v, r->max, v);
        sbuf_addf(out,
                  "%sCASE WHEN count(%.*s) = 0 THEN first(%.*s) ELSE %s(%.*s, %.*s) END AS h%u",
                  before, STR_ARG(v), STR_ARG(s), r->max ? "arg_max" : "arg_min", STR_ARG(s),
                  STR_ARG(v), r->id);
        before = ", ";
    }
    return true;
}

void emit_found_field(const struct emit_found *f, const struct emit_field *x, struct sbuf *out)
{
    bool text = x->n->col.type == KQL_STRING;
    sbuf_addf(out, "%sh%u.x%zu%s AS c%u", text ? "coalesce(" : "", f->rows.p[x->row].id,
              (size_t)(x - f->fields.p), text ? ", '')" : "", x->n->col.id);
}
