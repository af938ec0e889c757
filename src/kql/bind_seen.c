/* The order in which groups were first seen. Kusto promises no order of a summarize's rows, but its
 * engine gives the groups of rows that the query itself holds (datatable, range, print) in the
 * order of their first rows, and people see that in the lists and row numbers made from them. Rows
 * of stored tables come in no fixed order, so nothing is spent on them. */
#include "kql/bind_priv.h"

static bool literal_rows(const struct plan *p)
{
    switch ((int)p->kind) {
    case P_VALUES:
    case P_ONE_ROW:
    case P_RANGE:
        return true;
    case P_FILTER:
    case P_PROJECT:
    case P_SERIALIZE:
    case P_SORT:
    case P_TAKE:
    case P_EXPAND:
    case P_PARSE:
    case P_AGGREGATE:
        return literal_rows(p->in[0]);
    default:
        return false;
    }
}

static bool has_seen_groups(const struct plan *p)
{
    return p->kind == P_AGGREGATE && p->n_keys > 0 && !p->in[0]->open && literal_rows(p->in[0]);
}

static struct expr *call_without_arguments(struct binder *b, const char *name, uint32_t flags)
{
    struct expr *e = ex_call(b, name, KQL_LONG, NULL, 0);
    e->fn = kql_func_get(str_from(name), flags, flags);
    return e;
}

static struct plan *number_rows(struct binder *b, struct plan *in, struct plan_col *out_number)
{
    struct plan *p = plan_new(b, P_SERIALIZE, in, NULL);
    plan_copy_cols(b, p, in);
    for (size_t i = 0; i < in->cols.n; i++)
        plan_add_named(b, p,
                       (struct named_expr){in->cols.p[i], ex_column(b, &in->cols.p[i], NULL)});
    *out_number = plan_fresh(b, STR_NONE, KQL_LONG);
    out_number->hidden = true;
    plan_add_named(
        b, p, (struct named_expr){*out_number, call_without_arguments(b, "row_number", KF_WINDOW)});
    plan_add_col(b, p, *out_number);
    p->ordered = true;
    return p;
}

bool bind_first_seen(struct binder *b, struct plan *p, struct plan_col *out)
{
    if (!has_seen_groups(p))
        return false;
    struct plan_col number;
    p->in[0] = number_rows(b, p->in[0], &number);
    struct expr **args = arena_array(b->a, struct expr *, 1);
    args[0] = ex_column(b, &number, NULL);
    struct expr *e = ex_call(b, "min", KQL_LONG, args, 1);
    e->fn = kql_func_get(STR("min"), KF_AGGREGATE, KF_AGGREGATE);
    *out = plan_fresh(b, STR_NONE, KQL_LONG);
    out->hidden = true;
    plan_add_named(b, p, (struct named_expr){*out, e});
    plan_add_col(b, p, *out);
    return true;
}

struct plan *bind_seen_order(struct binder *b, struct plan *p)
{
    struct plan_col seen;
    if (p->kind == P_FILTER || p->kind == P_PROJECT) {
        p->in[0] = bind_seen_order(b, p->in[0]);
        p->ordered = p->in[0]->ordered;
        return p;
    }
    if (!bind_first_seen(b, p, &seen))
        return p;
    struct plan *sorted = plan_new(b, P_SORT, p, NULL);
    sorted->sort = arena_array(b->a, struct sort_key, 1);
    sorted->sort[0] = (struct sort_key){.e = ex_column(b, &seen, NULL), .nulls_first = true};
    sorted->n_sort = 1;
    plan_copy_cols(b, sorted, p);
    sorted->ordered = true;
    return sorted;
}
