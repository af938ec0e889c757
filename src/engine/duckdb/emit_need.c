/* What is known of the rows that are needed of a table: bounds that the filters above it set for
 * columns, carried down to it through filters, projections and unions. Other operators look at rows
 * that a filter above them drops, so nothing is carried through them. */
#include "engine/duckdb/emit_priv.h"
#include "kql/functions.h"

/* Half open. Bounds of one column in a list hold together. One with a want is of no column. */
struct emit_bound {
    uint32_t col;
    int64_t from, to;
    const struct emit_want *want;
    const struct emit_bound *next;
};

static const struct emit_bound *bound_add(struct emit *m, const struct emit_bound *list,
                                          uint32_t col, int64_t from, int64_t to)
{
    struct emit_bound *b = arena_new_of(m->a, struct emit_bound);
    *b = (struct emit_bound){col, from, to, NULL, list};
    return b;
}

static const struct emit_bound *want_add(struct emit *m, const struct emit_bound *list,
                                         const struct emit_want *want)
{
    if (want == NULL)
        return list;
    struct emit_bound *b = arena_new_of(m->a, struct emit_bound);
    *b = (struct emit_bound){.want = want, .next = list};
    return b;
}

static bool is_time(const struct expr *e)
{
    return e->kind == EX_CONST && e->type == KQL_DATETIME && !e->value.is_null;
}

static bool is_time_column(const struct expr *e)
{
    return e->kind == EX_COLUMN && e->type == KQL_DATETIME;
}

static int64_t after(int64_t t)
{
    return t == INT64_MAX ? t : t + 1;
}

/* What "column NAME t" leaves. false: nothing is known. */
static bool range_of(const char *name, int64_t t, int64_t *from, int64_t *to)
{
    *from = INT64_MIN;
    *to = INT64_MAX;
    if (strcmp(name, ">") == 0)
        *from = after(t);
    else if (strcmp(name, ">=") == 0)
        *from = t;
    else if (strcmp(name, "<") == 0)
        *to = t;
    else if (strcmp(name, "<=") == 0)
        *to = after(t);
    else if (strcmp(name, "==") == 0) {
        *from = t;
        *to = after(t);
    } else
        return false;
    return true;
}

static const char *turned(const char *name)
{
    static const char *const pairs[][2] = {
        {">", "<"}, {">=", "<="}, {"<", ">"}, {"<=", ">="}, {"==", "=="}};
    for (size_t i = 0; i < COUNTOF(pairs); i++)
        if (strcmp(name, pairs[i][0]) == 0)
            return pairs[i][1];
    return "";
}

static const struct emit_bound *compare(struct emit *m, const struct emit_bound *list,
                                        const char *name, const struct expr *l,
                                        const struct expr *r)
{
    int64_t from, to;
    if (is_time_column(l) && is_time(r) && range_of(name, r->value.i, &from, &to))
        return bound_add(m, list, l->col, from, to);
    return list;
}

/* x between (from .. to); to may be a span after from. */
static const struct emit_bound *between(struct emit *m, const struct emit_bound *list,
                                        const struct expr *e)
{
    const struct expr *from = e->args[1], *to = e->args[2];
    if (!is_time_column(e->args[0]) || !is_time(from) || to->kind != EX_CONST || to->value.is_null)
        return list;
    int64_t last = to->value.i;
    if (to->type == KQL_TIMESPAN && __builtin_add_overflow(from->value.i, last, &last))
        return list;
    if (to->type != KQL_TIMESPAN && to->type != KQL_DATETIME)
        return list;
    return bound_add(m, list, e->args[0]->col, from->value.i, after(last));
}

static const struct emit_bound *times_where(struct emit *m, const struct emit_bound *list,
                                            const struct expr *e)
{
    if (e->kind != EX_CALL)
        return list;
    const char *name = e->fn->name;
    if (strcmp(name, "and") == 0) {
        for (size_t i = 0; i < e->n_args; i++)
            list = times_where(m, list, e->args[i]);
        return list;
    }
    if (strcmp(name, "between") == 0 && e->n_args == 3)
        return between(m, list, e);
    if (e->n_args != 2)
        return list;
    const struct emit_bound *more = compare(m, list, name, e->args[0], e->args[1]);
    return more != list ? more : compare(m, list, turned(name), e->args[1], e->args[0]);
}

const struct emit_bound *emit_bounds_where(struct emit *m, const struct emit_bound *list,
                                           const struct expr *e)
{
    return want_add(m, times_where(m, list, e), emit_want_where(m, e));
}

/* Bounds of the column out become bounds of the column in. */
static const struct emit_bound *carry(struct emit *m, const struct emit_bound *list, uint32_t out,
                                      uint32_t in, const struct emit_bound *carried)
{
    for (const struct emit_bound *b = list; b != NULL; b = b->next)
        if (b->want == NULL && b->col == out)
            carried = bound_add(m, carried, in, b->from, b->to);
    return carried;
}

const struct emit_bound *emit_bounds_project(struct emit *m, const struct emit_bound *list,
                                             const struct plan *p)
{
    const struct emit_bound *carried = NULL;
    for (size_t i = 0; list != NULL && i < p->n_named; i++)
        if (is_time_column(p->named[i].e))
            carried = carry(m, list, p->named[i].col.id, p->named[i].e->col, carried);
    for (const struct emit_bound *b = list; b != NULL; b = b->next)
        carried = want_add(m, carried, emit_want_project(m, b->want, p));
    return carried;
}

const struct emit_bound *emit_bounds_union(struct emit *m, const struct emit_bound *list,
                                           const struct plan *p, size_t branch)
{
    const struct emit_bound *carried = NULL;
    const struct union_links *links = &p->links[branch];
    for (size_t i = 0; list != NULL && i < links->n; i++)
        if (p->cols.p[links->p[i].at].type == KQL_DATETIME)
            carried = carry(m, list, p->cols.p[links->p[i].at].id, links->p[i].id, carried);
    for (const struct emit_bound *b = list; b != NULL; b = b->next)
        carried = want_add(m, carried, emit_want_union(m, b->want, p, branch));
    return carried;
}

/* The bounds of a stored column, as narrow as all together. */
static void narrow(struct emit *m, const struct plan *p, const char *name, int64_t *from,
                   int64_t *to)
{
    for (size_t i = 0; m->bounds != NULL && i < p->cols.n; i++) {
        struct str stored = p->source_names != NULL ? p->source_names[i] : p->cols.p[i].name;
        if (!str_eqz(stored, name) || p->cols.p[i].type != KQL_DATETIME)
            continue;
        for (const struct emit_bound *b = m->bounds; b != NULL; b = b->next) {
            if (b->want != NULL || b->col != p->cols.p[i].id)
                continue;
            *from = b->from > *from ? b->from : *from;
            *to = b->to < *to ? b->to : *to;
        }
    }
}

struct engine_need emit_table_need(struct emit *m, const struct plan *p)
{
    struct engine_need need = {INT64_MIN, INT64_MAX, NULL, INT64_MIN};
    const struct emit_want *want = NULL;
    int64_t received_to = INT64_MAX;
    for (const struct emit_bound *b = m->bounds; b != NULL; b = b->next)
        want = emit_want_both(m, want, b->want);
    need.want = emit_want_table(m, want, p);
    narrow(m, p, "TimeGenerated", &need.from, &need.to);
    narrow(m, p, "_TimeReceived", &need.received_from, &received_to);
    return need;
}
