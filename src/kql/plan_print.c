/* The plan as indented text, and what nodes are called. */
#include "kql/functions.h"
#include "kql/plan.h"

static const char *const kind_names[] = {
    [P_TABLE] = "table",
    [P_VALUES] = "values",
    [P_ONE_ROW] = "one-row",
    [P_RANGE] = "range",
    [P_FILTER] = "filter",
    [P_PROJECT] = "project",
    [P_AGGREGATE] = "aggregate",
    [P_JOIN] = "join",
    [P_UNION] = "union",
    [P_SORT] = "sort",
    [P_TAKE] = "take",
    [P_SAMPLE] = "sample",
    [P_SERIALIZE] = "serialize",
    [P_EXPAND] = "expand",
    [P_APPLY] = "apply",
    [P_APPLY_INPUT] = "apply-input",
    [P_PARSE] = "parse",
    [P_PARSE_KV] = "parse-kv",
    [P_MAKE_SERIES] = "make-series",
    [P_PARTITION] = "partition",
    [P_PROGRAM] = "program",
    [P_SHARED] = "shared",
    [P_EXTERNAL] = "external",
    [P_WINDOWS] = "windows",
};

static void print_plan(const struct plan *p, struct sbuf *out, unsigned depth);

static void print_value(const struct kql_value *v, struct sbuf *out)
{
    if (v->is_null)
        sbuf_addf(out, "%s(null)", kql_type_name(v->type));
    else if (v->type == KQL_BOOL)
        sbuf_addz(out, v->b ? "true" : "false");
    else if (v->type == KQL_REAL)
        sbuf_addf(out, "%.17g", v->d);
    else if (v->s.p != NULL || v->type == KQL_STRING)
        sbuf_addf(out, "'%.*s'", STR_ARG(v->s));
    else
        sbuf_addf(out, "%lld", (long long)v->i);
}

static void print_expr(const struct expr *e, struct sbuf *out, unsigned depth)
{
    if (e == NULL) {
        sbuf_addz(out, "-");
    } else if (e->kind == EX_CONST) {
        print_value(&e->value, out);
    } else if (e->kind == EX_COLUMN) {
        sbuf_addf(out, "#%u", e->col);
    } else if (e->kind == EX_CALL) {
        sbuf_addf(out, "%s(", e->fn->name);
        for (size_t i = 0; i < e->n_args; i++) {
            sbuf_addz(out, i > 0 ? ", " : "");
            print_expr(e->args[i], out, depth);
        }
        sbuf_addz(out, ")");
    } else {
        sbuf_addz(out, "(\n");
        print_plan(e->plan, out, depth + 2);
        sbuf_addf(out, "%*s)", (int)(depth * 2), "");
    }
}

static void print_named(const char *what, const struct named_expr *list, size_t n, struct sbuf *out,
                        unsigned depth)
{
    for (size_t i = 0; i < n; i++) {
        sbuf_addf(out, "%*s%s %.*s#%u = ", (int)(depth * 2 + 2), "", what,
                  STR_ARG(list[i].col.name), list[i].col.id);
        print_expr(list[i].e, out, depth);
        sbuf_addz(out, "\n");
    }
}

static void print_plan(const struct plan *p, struct sbuf *out, unsigned depth)
{
    sbuf_addf(out, "%*s%s", (int)(depth * 2), "", kind_names[p->kind]);
    if (p->kind == P_TABLE)
        sbuf_addf(out, " %.*s", STR_ARG(p->table));
    if (p->program != NULL)
        sbuf_addf(out, " %.*s", STR_ARG(p->program->name));
    sbuf_addz(out, p->open ? " open (" : " (");
    for (size_t i = 0; i < p->cols.n; i++)
        sbuf_addf(out, "%s%.*s#%u:%s", i > 0 ? ", " : "", STR_ARG(p->cols.p[i].name),
                  p->cols.p[i].id, kql_type_name(p->cols.p[i].type));
    sbuf_addz(out, ")\n");
    for (size_t i = 0; i < p->n_exprs; i++) {
        sbuf_addf(out, "%*s", (int)(depth * 2 + 2), "");
        print_expr(p->exprs[i], out, depth);
        sbuf_addz(out, "\n");
    }
    print_named("key", p->keys, p->n_keys, out, depth);
    print_named("let", p->named, p->n_named, out, depth);
    for (size_t i = 0; i < p->n_sort; i++) {
        sbuf_addf(out, "%*s%s ", (int)(depth * 2 + 2), "", p->sort[i].desc ? "desc" : "asc");
        print_expr(p->sort[i].e, out, depth);
        sbuf_addz(out, "\n");
    }
    for (size_t i = 0; i < p->n_in; i++)
        print_plan(p->in[i], out, depth + 1);
}

void plan_print(const struct plan *p, struct sbuf *out)
{
    print_plan(p, out, 0);
}
