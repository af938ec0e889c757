/* Many queries' readings of one table as one plan. */
#include "kql/scans.h"
#include "kql/functions.h"
#include "kql/gates_priv.h"

/* ---- finding ---- */

struct range { /* of a column of time, half open */
    int64_t from, to;
};
static const struct range any_time = {INT64_MIN, INT64_MAX};

static bool is_named(const struct plan *table, const struct expr *e, const char *column)
{
    if (e->kind != EX_COLUMN || e->type != KQL_DATETIME)
        return false;
    for (size_t i = 0; i < table->cols.n; i++)
        if (table->cols.p[i].id == e->col)
            return str_eqz(table->source_names[i], column);
    return false;
}

static int64_t next(int64_t t)
{
    return t == INT64_MAX ? t : t + 1;
}

/* Narrows r by a condition "column < time" and its like. False: it is another one. */
static bool narrow(const struct plan *table, const struct expr *e, const char *column,
                   struct range *r)
{
    if (e->kind != EX_CALL || e->n_args != 2 || e->args[1]->kind != EX_CONST ||
        e->args[1]->type != KQL_DATETIME || e->args[1]->value.is_null ||
        !is_named(table, e->args[0], column))
        return false;
    const char *op = e->fn->name;
    int64_t t = e->args[1]->value.i;
    bool from = op[0] == '>', to = op[0] == '<', with = op[0] != '\0' && op[1] == '=';
    if (!from && !to)
        return false;
    int64_t at = from == with ? t : next(t);
    if (from)
        r->from = at > r->from ? at : r->from;
    else
        r->to = at < r->to ? at : r->to;
    return true;
}

static const char *const times[] = {"TimeGenerated", "_TimeReceived"};

static bool is_of_time(const struct plan *table, const struct expr *e)
{
    struct range ignored = any_time;
    for (size_t i = 0; i < COUNTOF(times); i++)
        if (narrow(table, e, times[i], &ignored))
            return true;
    return false;
}

static bool asks_more(const struct kql_gate *g)
{
    for (size_t i = 0; i < g->n; i++)
        if (!is_of_time(g->table, g->conds[i]))
            return true;
    return false;
}

void kql_scans_find(struct arena *a, struct plan *p, struct kql_scans *out)
{
    struct plan *in = p;
    while (in->kind == P_FILTER)
        in = in->in[0];
    if (in->kind == P_TABLE) {
        struct kql_scan s = {in, {.table = in}};
        for (; p->kind == P_FILTER; p = p->in[0])
            gate_add_conditions(a, &s.asked, p->exprs[0]);
        if (in->source_names != NULL && in->copy.n == 0 && asks_more(&s.asked))
            VEC_PUSH(a, &out->v, s);
        return;
    }
    for (size_t i = 0; i < in->n_in; i++)
        kql_scans_find(a, in->in[i], out);
}

int kql_scan_order(const struct kql_scan *x, const struct kql_scan *y)
{
    int c = str_cmp(x->table->table, y->table->table);
    return c != 0 ? c : str_cmp(x->table->workspace, y->table->workspace);
}

/* ---- the union ---- */

/* Adds the columns that a scan reads. False: one of them has another type. */
static bool add_columns(struct gate_reader *r, const struct plan *table)
{
    for (size_t i = 0; i < table->cols.n; i++) {
        uintptr_t at = (uintptr_t)map_get(r->columns, table->source_names[i]);
        if (at > 0 && r->table->cols.p[at - 1].type != table->cols.p[i].type)
            return false;
    }
    for (size_t i = 0; i < table->cols.n; i++)
        (void)gate_column(r, table, i);
    return true;
}

/* The least range that has those of all scans. */
static struct range range_of_all(const struct kql_scan *scans, size_t n, const char *column)
{
    struct range all = {INT64_MAX, INT64_MIN};
    for (size_t i = 0; i < n; i++) {
        struct range one = any_time;
        const struct kql_gate *g = &scans[i].asked;
        for (size_t k = 0; g->table != NULL && k < g->n; k++)
            (void)narrow(g->table, g->conds[k], column, &one);
        if (g->table == NULL)
            continue;
        all.from = one.from < all.from ? one.from : all.from;
        all.to = one.to > all.to ? one.to : all.to;
    }
    return all;
}

static struct expr *both(struct arena *a, struct expr *x, struct expr *y)
{
    return x != NULL ? gate_call(a, "and", KQL_BOOL, x, y) : y;
}

/* Said outside of the "or" as well: the engine leaves out what is older by it. */
static struct expr *within(struct gate_reader *r, const char *column, struct range all,
                           struct expr *e)
{
    uintptr_t at = (uintptr_t)map_get(r->columns, str_from(column));
    if (at == 0)
        return e;
    struct expr *x = arena_new_of(r->a, struct expr);
    *x = (struct expr){.kind = EX_COLUMN, .type = KQL_DATETIME, .weight = 1, .height = 1};
    x->col = r->table->cols.p[at - 1].id;
    struct kql_value from = {.type = KQL_DATETIME, .i = all.from},
                     to = {.type = KQL_DATETIME, .i = all.to};
    if (all.from != INT64_MIN)
        e = both(r->a, e, gate_call(r->a, ">=", KQL_BOOL, x, gate_constant(r->a, from)));
    if (all.to != INT64_MAX)
        e = both(r->a, e, gate_call(r->a, "<", KQL_BOOL, x, gate_constant(r->a, to)));
    return e;
}

struct plan *kql_scans_union(struct arena *a, struct kql_scan *scans, size_t n)
{
    struct kql_gate *gates = arena_array(a, struct kql_gate, n);
    for (size_t i = 0; i < n; i++)
        gates[i] = scans[i].asked;
    struct gate_reader r = gate_reader_of(a, gates, n);
    for (size_t i = 0; i < n; i++)
        if (!add_columns(&r, scans[i].table))
            scans[i].asked = (struct kql_gate){0};
    struct expr *any = NULL;
    for (size_t i = 0; i < n; i++) {
        if (scans[i].asked.table == NULL)
            continue;
        struct expr *one = gate_all_of(&r, &scans[i].asked);
        any = any != NULL ? gate_call(a, "or", KQL_BOOL, any, one) : one;
    }
    struct expr *where = NULL;
    for (size_t i = 0; i < COUNTOF(times); i++)
        where = within(&r, times[i], range_of_all(scans, n, times[i]), where);
    struct plan *p = gate_filter(a, r.table, both(a, where, any));
    p->cols = r.table->cols;
    return p;
}

void kql_scan_use(struct arena *a, const struct kql_scan *scan, const struct plan *all,
                  struct str copy)
{
    struct plan *table = scan->table;
    const struct plan *from = all->in[0];
    if (table->copy.n > 0) /* found twice, below what is read twice */
        return;
    struct str *names = arena_array(a, struct str, table->cols.n + 1);
    for (size_t i = 0; i < table->cols.n; i++)
        for (size_t k = 0; k < from->cols.n; k++)
            if (str_eq(from->source_names[k], table->source_names[i]))
                names[i] = arena_fmt(a, "f%zu", k);
    table->source_names = names;
    table->copy = copy;
}
