/* What tables must have for a query to have rows, and one plan that counts it for many queries. */
#include "kql/gates.h"
#include "kql/functions.h"
#include "kql/gates_priv.h"

enum { MAX_GATES = 16, MAX_WEIGHT = 400 };

/* ---- finding ---- */

struct finder {
    struct arena *a;
    struct kql_gates *out;
};
static bool find(struct finder *f, const struct plan *p);

static bool is_of(const struct plan *table, uint32_t id)
{
    for (size_t i = 0; i < table->cols.n; i++)
        if (table->cols.p[i].id == id)
            return true;
    return false;
}

/* Decided by the row alone, the same whenever it is asked. */
static bool is_of_row(const struct plan *table, const struct expr *e)
{
    if (e->kind == EX_SUBQUERY || (e->kind == EX_COLUMN && !is_of(table, e->col)) ||
        (e->kind == EX_CALL && (e->fn->flags & (KF_AGGREGATE | KF_WINDOW | KF_VOLATILE)) != 0))
        return false;
    for (size_t i = 0; i < e->n_args; i++)
        if (!is_of_row(table, e->args[i]))
            return false;
    return true;
}

void gate_add_conditions(struct arena *a, struct kql_gate *g, struct expr *e)
{
    if (e->kind == EX_CALL && strcmp(e->fn->name, "and") == 0) {
        for (size_t i = 0; i < e->n_args; i++)
            gate_add_conditions(a, g, e->args[i]);
        return;
    }
    if (e->weight > MAX_WEIGHT || !is_of_row(g->table, e))
        return;
    struct expr **more = arena_array(a, struct expr *, g->n + 1);
    if (g->n > 0)
        memcpy(more, g->conds, g->n * sizeof(*more));
    more[g->n++] = e;
    g->conds = more;
}

static bool add_gate(struct finder *f, const struct plan *table)
{
    struct kql_gate g = {.table = table};
    if (f->out->v.n >= MAX_GATES)
        return false;
    VEC_PUSH(f->a, &f->out->v, g);
    return true;
}

/* Filters right above a table. */
static bool find_filter(struct finder *f, const struct plan *p)
{
    const struct plan *in = p;
    while (in->kind == P_FILTER)
        in = in->in[0];
    if (in->kind != P_TABLE)
        return find(f, in);
    if (!add_gate(f, in))
        return false;
    for (; p->kind == P_FILTER; p = p->in[0])
        gate_add_conditions(f->a, &f->out->v.p[f->out->v.n - 1], p->exprs[0]);
    return true;
}

/* Without rows on a side that it needs a join has none. */
static bool find_join(struct finder *f, const struct plan *p)
{
    size_t before = f->out->v.n;
    switch (p->join) {
    case JOIN_LEFTOUTER:
    case JOIN_LEFTANTI:
        return find(f, p->in[0]);
    case JOIN_RIGHTOUTER:
    case JOIN_RIGHTANTI:
        return find(f, p->in[1]);
    case JOIN_FULLOUTER:
        return find(f, p->in[0]) && find(f, p->in[1]);
    case JOIN_INNERUNIQUE:
    case JOIN_INNER:
    case JOIN_LEFTSEMI:
    case JOIN_RIGHTSEMI:
    case JOIN_CROSS:
        break;
    }
    if (find(f, p->in[0]))
        return true;
    f->out->v.n = before;
    return find(f, p->in[1]);
}

static bool find_all(struct finder *f, const struct plan *p)
{
    for (size_t i = 0; i < p->n_in; i++)
        if (!find(f, p->in[i]))
            return false;
    return true;
}

static bool find(struct finder *f, const struct plan *p)
{
    switch (p->kind) {
    case P_TABLE:
        return add_gate(f, p);
    case P_FILTER:
        return find_filter(f, p);
    case P_PROJECT:
    case P_SORT:
    case P_TAKE:
    case P_SAMPLE:
    case P_SERIALIZE:
    case P_EXPAND:
    case P_APPLY: /* of each row */
    case P_PARSE:
    case P_PARSE_KV:
    case P_WINDOWS:
    case P_PARTITION: /* of each key */
    case P_SHARED:
        return find(f, p->in[0]);
    case P_AGGREGATE:
        return p->n_keys > 0 && find(f, p->in[0]);
    case P_JOIN:
        return find_join(f, p);
    case P_UNION:
        return find_all(f, p);
    case P_VALUES:
        return p->n_rows == 0;
    case P_ONE_ROW:
    case P_RANGE:
    case P_APPLY_INPUT:
    case P_MAKE_SERIES:
    case P_PROGRAM:
    case P_EXTERNAL:
        return false;
    }
    UNREACHABLE();
}

bool kql_gates_find(struct arena *a, const struct plan *p, struct kql_gates *out)
{
    struct finder f = {a, out};
    *out = (struct kql_gates){0};
    return !p->open && find(&f, p);
}

/* ---- counting ---- */

const struct plan_col *gate_column(struct gate_reader *c, const struct plan *table, size_t i)
{
    struct plan *t = c->table;
    struct str stored = table->source_names[i];
    uintptr_t at = (uintptr_t)map_get(c->columns, stored);
    if (at > 0)
        return &t->cols.p[at - 1];
    struct plan_col col = table->cols.p[i];
    col.id = c->next_id++;
    t->cols.p[t->cols.n] = col;
    t->source_names[t->cols.n++] = stored;
    map_put(c->columns, stored, (void *)(uintptr_t)t->cols.n); // NOLINT: a number, not an address
    return &t->cols.p[t->cols.n - 1];
}

static size_t index_of(const struct plan *table, uint32_t id)
{
    for (size_t i = 0; i < table->cols.n; i++)
        if (table->cols.p[i].id == id)
            return i;
    UNREACHABLE();
}

static struct expr *copy(struct gate_reader *c, const struct plan *table, const struct expr *e)
{
    struct expr *x = arena_new_of(c->a, struct expr);
    *x = *e;
    if (e->kind == EX_COLUMN)
        x->col = gate_column(c, table, index_of(table, e->col))->id;
    x->args = arena_array(c->a, struct expr *, e->n_args + 1);
    for (size_t i = 0; i < e->n_args; i++)
        x->args[i] = copy(c, table, e->args[i]);
    return x;
}

struct expr *gate_call(struct arena *a, const char *name, enum kql_type type, struct expr *x,
                       struct expr *y)
{
    struct expr *e = arena_new_of(a, struct expr);
    *e = (struct expr){.kind = EX_CALL, .type = type, .fn = kql_func_find(str_from(name))};
    e->args = arena_array(a, struct expr *, 2);
    e->args[e->n_args++] = x;
    e->weight = x->weight + 1;
    e->height = x->height + 1;
    if (y == NULL)
        return e;
    e->args[e->n_args++] = y;
    e->weight += y->weight;
    e->height = y->height + 1 > e->height ? y->height + 1 : e->height;
    return e;
}

struct expr *gate_constant(struct arena *a, struct kql_value v)
{
    struct expr *e = arena_new_of(a, struct expr);
    *e = (struct expr){.kind = EX_CONST, .type = v.type, .value = v, .weight = 1, .height = 1};
    return e;
}

struct expr *gate_all_of(struct gate_reader *c, const struct kql_gate *g)
{
    struct expr *all = NULL;
    for (size_t i = 0; i < g->n; i++) {
        struct expr *e = copy(c, g->table, g->conds[i]);
        all = all != NULL ? gate_call(c->a, "and", KQL_BOOL, all, e) : e;
    }
    return all != NULL ? all : gate_constant(c->a, (struct kql_value){.type = KQL_BOOL, .b = true});
}

/* How many different columns there may be. */
static size_t width_of(const struct kql_gate *gates, size_t n)
{
    size_t width = 0;
    for (size_t i = 0; i < n; i++)
        width += gates[i].table->cols.n;
    return width;
}

struct gate_reader gate_reader_of(struct arena *a, const struct kql_gate *gates, size_t n)
{
    struct plan *table = arena_new_of(a, struct plan);
    size_t width = width_of(gates, n);
    table->kind = P_TABLE;
    table->workspace = gates[0].table->workspace;
    table->table = gates[0].table->table;
    table->cols.p = arena_array(a, struct plan_col, width);
    table->source_names = arena_array(a, struct str, width);
    return (struct gate_reader){a, table, map_new(a, false), 1};
}

struct plan *gate_filter(struct arena *a, struct plan *in, struct expr *e)
{
    struct plan *p = arena_new_of(a, struct plan);
    p->kind = P_FILTER;
    p->in = arena_array(a, struct plan *, 1);
    p->in[p->n_in++] = in;
    p->exprs = arena_array(a, struct expr *, 1);
    p->exprs[p->n_exprs++] = e;
    return p;
}

static struct plan *received_in(struct gate_reader *c, const struct plan *table, int64_t after,
                                int64_t until)
{
    struct kql_value low = {.type = KQL_DATETIME, .i = after},
                     high = {.type = KQL_DATETIME, .i = until};
    size_t i = 0;
    while (i < table->cols.n && !str_eqz(table->source_names[i], "_TimeReceived"))
        i++;
    CHECK(i < table->cols.n); /* every stored table has it */
    struct expr *received = arena_new_of(c->a, struct expr);
    *received = (struct expr){.kind = EX_COLUMN, .type = KQL_DATETIME, .weight = 1, .height = 1};
    received->col = gate_column(c, table, i)->id;
    return gate_filter(
        c->a, c->table,
        gate_call(c->a, "and", KQL_BOOL,
                  gate_call(c->a, ">", KQL_BOOL, received, gate_constant(c->a, low)),
                  gate_call(c->a, "<=", KQL_BOOL, received, gate_constant(c->a, high))));
}

struct plan *kql_gates_count(struct arena *a, const struct kql_gate *gates, size_t n, int64_t after,
                             int64_t until)
{
    struct plan *p = arena_new_of(a, struct plan);
    struct gate_reader c = gate_reader_of(a, gates, n);
    struct plan *filter = received_in(&c, gates[0].table, after, until);
    p->kind = P_AGGREGATE;
    p->in = arena_array(a, struct plan *, 1);
    p->in[p->n_in++] = filter;
    p->named = arena_array(a, struct named_expr, n);
    p->cols.p = arena_array(a, struct plan_col, n);
    for (size_t i = 0; i < n; i++) {
        struct plan_col col = {.name = arena_fmt(a, "n%zu", i), .type = KQL_LONG};
        struct expr *e = gate_call(a, "countif", KQL_LONG, gate_all_of(&c, &gates[i]), NULL);
        col.id = c.next_id++;
        p->named[p->n_named++] = (struct named_expr){col, e};
        p->cols.p[p->cols.n++] = col;
    }
    filter->cols = c.table->cols;
    return p;
}
