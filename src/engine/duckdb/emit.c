/* The statement: nodes dispatched to their emitters, shared sub-plans as materialized CTEs in
 * front. */
#include "engine/duckdb/emit_priv.h"
#include <stdio.h>

/* By hand: a wide union writes a hundred thousand of them. */
void emit_col(uint32_t id, struct sbuf *out)
{
    char text[12];
    size_t at = sizeof(text);
    do {
        text[--at] = (char)('0' + id % 10);
        id /= 10;
    } while (id > 0);
    text[--at] = 'c';
    sbuf_addmem(out, text + at, sizeof(text) - at);
}

void emit_as_col(uint32_t id, struct sbuf *out)
{
    sbuf_addz(out, " AS ");
    emit_col(id, out);
}

void emit_select(const struct plan_cols *cols, struct sbuf *out)
{
    sbuf_addz(out, cols->n == 0 ? "SELECT 1 AS c0" : "SELECT ");
}

void emit_cols(const struct plan_cols *cols, struct sbuf *out)
{
    if (cols->n == 0)
        sbuf_addz(out, "1 AS c0");
    for (size_t i = 0; i < cols->n; i++) {
        if (i)
            sbuf_addz(out, ", ");
        emit_col(cols->p[i].id, out);
    }
}

uint32_t emit_fresh(struct emit *m)
{
    return ++m->next;
}

void emit_pad(enum kql_type t, struct sbuf *out)
{
    if (t == KQL_STRING)
        sbuf_addz(out, "''");
    else
        sbuf_addf(out, "NULL::%s", engine_sql_type(t));
}

bool emit_unsupported(struct emit *m, uint32_t off, uint32_t len, const char *what)
{
    err_at(m->e, ERR_UNSUPPORTED, (struct pos){.off = off}, "'%s' is not supported yet", what);
    if (m->e)
        m->e->len = len;
    return false;
}

/* ---- shared sub-plans ---- */
static const struct plan *shared_key(const struct plan *p)
{
    return p->in[0];
}

static size_t shared_find(const struct emit *m, const struct plan *p)
{
    for (size_t i = 0; i < m->shared.n; i++) {
        if (m->shared.p[i].node->shared_id == p->shared_id ||
            shared_key(m->shared.p[i].node) == shared_key(p))
            return i;
    }
    return SIZE_MAX;
}

/* Whether p reads the rows of a sub-query that stands around it: then it can't be a CTE in front of
 * the statement. *nodes: how many may still be looked at. */
static bool reads_outer(const struct plan *p, unsigned *nodes)
{
    bool own = p->kind == P_APPLY || p->kind == P_PARTITION; /* in[1] has rows of its own */
    if (p->kind == P_APPLY_INPUT)
        return true;
    for (size_t i = 0; i < (own ? 1 : p->n_in) && *nodes > 0; i++) {
        --*nodes;
        if (reads_outer(p->in[i], nodes))
            return true;
    }
    return false;
}

static void shared_columns(const struct plan *p, const struct plan_cols *from, struct sbuf *out)
{
    emit_select(&p->cols, out);
    for (size_t i = 0; i < p->cols.n; i++) {
        sbuf_addz(out, i ? ", " : "");
        emit_col(from->p[i].id, out);
        emit_as_col(p->cols.p[i].id, out);
    }
    sbuf_addz(out, " FROM ");
}

/* Columns of a P_SHARED are its input's, by position, under their own ids. */
bool emit_shared(struct emit *m, const struct plan *p, struct sbuf *out)
{
    size_t at = shared_find(m, p);
    unsigned nodes = 10000;
    if (at == SIZE_MAX && m->apply_input.n > 0 && reads_outer(p->in[0], &nodes)) {
        shared_columns(p, &p->in[0]->cols, out);
        return emit_from(m, p->in[0], out);
    }
    if (at == SIZE_MAX) {
        AUTO(sbuf_fini) struct sbuf body = sbuf_make(EMIT_MAX_SQL_BYTES);
        if (!emit_node(m, p->in[0], &body))
            return false;
        struct emit_shared s = {p, arena_str(m->a, sbuf_str(&body))};
        VEC_PUSH(m->a, &m->shared, s);
        at = m->shared.n - 1;
    }
    shared_columns(p, &m->shared.p[at].node->in[0]->cols, out);
    sbuf_addf(out, "shared%zu", at);
    return true;
}

/* ---- dispatch ---- */
static bool emit_apply_input(struct emit *m, const struct plan *p, struct sbuf *out)
{
    if (m->apply_input.n == 0)
        return emit_unsupported(m, p->off, p->len, "this sub-query");
    sbuf_addz(out, "SELECT ");
    emit_cols(&p->cols, out);
    sbuf_addz(out, " FROM ");
    sbuf_add(out, m->apply_input);
    return true;
}

static bool emit_external(struct emit *m, const struct plan *p, struct sbuf *out)
{
    if (m->src->fetch == NULL) {
        err_at(m->e, ERR_INVALID, (struct pos){.off = p->off},
               "externaldata is switched off: no host is allowed that a query may read from");
        if (m->e != NULL) {
            (void)err_kind(m->e, "EXT0001");
            if (m->e != NULL)
                m->e->len = p->len;
        }
        return false;
    }
    size_t at = 0;
    while (at < m->externals->nodes.n && m->externals->nodes.p[at] != p)
        at++;
    if (at == m->externals->nodes.n)
        VEC_PUSH(m->externals->a, &m->externals->nodes, p);
    emit_select(&p->cols, out);
    for (size_t i = 0; i < p->cols.n; i++)
        sbuf_addf(out, "%sf%zu AS c%u", i ? ", " : "", i, p->cols.p[i].id);
    sbuf_addf(out, " FROM temp.main.external%zu", at);
    return true;
}

static bool dispatch(struct emit *m, const struct plan *p, struct sbuf *out)
{
    switch (p->kind) {
    case P_TABLE:
        return emit_table(m, p, out);
    case P_VALUES:
        return emit_values(m, p, out);
    case P_ONE_ROW:
        sbuf_addz(out, "SELECT 1 AS c0");
        return true;
    case P_RANGE:
        return emit_range(m, p, out);
    case P_FILTER:
        return emit_filter(m, p, out);
    case P_PROJECT:
        return emit_project(m, p, out);
    case P_AGGREGATE:
        return emit_aggregate(m, p, out);
    case P_JOIN:
        return emit_join(m, p, out);
    case P_UNION:
        return emit_union(m, p, out);
    case P_SORT:
        return emit_sort(m, p, out);
    case P_TAKE:
        return emit_take(m, p, out);
    case P_SAMPLE:
        return emit_sample(m, p, out);
    case P_SERIALIZE:
        return emit_serialize(m, p, out);
    case P_EXPAND:
        return emit_expand(m, p, out);
    case P_APPLY:
        return emit_apply(m, p, out);
    case P_APPLY_INPUT:
        return emit_apply_input(m, p, out);
    case P_PARSE:
        return emit_parse(m, p, out);
    case P_PARSE_KV:
        return emit_parse_kv(m, p, out);
    case P_MAKE_SERIES:
        return emit_make_series(m, p, out);
    case P_PARTITION:
        return emit_partition(m, p, out);
    case P_PROGRAM:
        return emit_program(m, p, out);
    case P_SHARED:
        return emit_shared(m, p, out);
    case P_EXTERNAL:
        return emit_external(m, p, out);
    case P_WINDOWS:
        return emit_windows(m, p, out);
    }
    UNREACHABLE();
}

/* DuckDB looks at what is below an aggregate, or below a CTE that is read twice, more than once
 * when it moves filters down: the time to plan doubles with each aggregate over an aggregate. How
 * many aggregates a node is worth. */
static unsigned planning_weight(const struct plan *p)
{
    static const struct {
        const char *program;
        unsigned weight;
    } programs[] = {
        {"autocluster", 2}, {"basket", 2}, {"diffpatterns", 2}, {"reduce", 4}, {"scan", 1}};
    if (p->kind == P_AGGREGATE)
        return 1;
    if (p->kind == P_MAKE_SERIES)
        return 4;
    for (size_t i = 0; p->kind == P_PROGRAM && i < COUNTOF(programs); i++)
        if (str_eqz(p->program->name, programs[i].program))
            return programs[i].weight;
    return 0;
}

/* A CTE ends the doubling: it is planned by itself. */
static bool planned_alone(struct emit *m, const struct plan *p, struct sbuf *out)
{
    struct plan *shared = arena_new_of(m->a, struct plan);
    *shared =
        (struct plan){.kind = P_SHARED, .cols = p->cols, .n_in = 1, .off = p->off, .len = p->len};
    shared->in = arena_array(m->a, struct plan *, 1);
    shared->in[0] = arena_new_of(m->a, struct plan);
    *shared->in[0] = *p;
    shared->shared_id = UINT32_MAX - emit_fresh(m);
    m->weight = 0;
    return emit_shared(m, shared, out);
}

static bool emit_weighed(struct emit *m, const struct plan *p, struct sbuf *out)
{
    enum { MOST_WEIGHT = 8, MOST_IN_BODY = 16 };
    unsigned around = m->weight, own = planning_weight(p);
    if (own == 0)
        return dispatch(m, p, out);
    if (around + own > MOST_IN_BODY) { /* a body per row can't be a CTE */
        err_at(m->e, ERR_LIMIT, (struct pos){.off = p->off},
               "too much in a row inside of mv-apply or partition: at most %d aggregations, half "
               "as many autocluster, basket and diffpatterns, a quarter as many make-series and "
               "reduce",
               MOST_IN_BODY);
        if (m->e != NULL)
            m->e->len = p->len;
        return false;
    }
    bool alone = around > 0 && around + own > MOST_WEIGHT && m->apply_input.n == 0;
    if (!alone)
        m->weight = around + own;
    bool ok = alone ? planned_alone(m, p, out) : dispatch(m, p, out);
    m->weight = around;
    return ok;
}

static bool limit_passed(struct emit *m, const struct plan *p, const char *what, size_t limit,
                         const char *of)
{
    err_at(m->e, ERR_LIMIT, (struct pos){.off = p->off}, "%s more than %zu %s", what, limit, of);
    if (m->e != NULL)
        m->e->len = p->len;
    return false;
}

/* The planner's time grows faster than the statement and it does not stop when it is told to. */
static bool size_fits(struct emit *m, const struct plan *p)
{
    const struct engine_size *max = &m->size;
    if (m->depth >= max->max_depth)
        return limit_passed(m, p, "the query nests", max->max_depth, "operators");
    if (++m->operators > max->max_operators)
        return limit_passed(m, p, "the query has", max->max_operators,
                            "operators once its functions are put in");
    if (p->kind == P_UNION && p->n_in > max->max_union)
        return limit_passed(m, p, "a union has", max->max_union, "tables");
    return true;
}

static bool passes_bounds(const struct plan *p)
{
    return p->kind == P_TABLE || p->kind == P_FILTER || p->kind == P_PROJECT || p->kind == P_UNION;
}

bool emit_node(struct emit *m, const struct plan *p, struct sbuf *out)
{
    if (!size_fits(m, p))
        return false;
    struct emit_hoists *outer = m->hoists, *outer_agg = m->agg_hoists;
    const struct emit_bound *bounds = m->bounds;
    m->hoists = NULL;
    if (!passes_bounds(p))
        m->bounds = NULL;
    m->agg_hoists = NULL;
    m->depth++;
    bool ok = emit_weighed(m, emit_lift(m, p), out);
    m->depth--;
    m->hoists = outer;
    m->agg_hoists = outer_agg;
    m->bounds = bounds;
    return ok;
}

void emit_hoisted(struct emit *m, const struct emit_hoists *hoists, struct sbuf *out)
{
    for (size_t i = 0; i < hoists->n; i++)
        sbuf_addf(out, ", (SELECT %.*s AS h%u) AS t%u", STR_ARG(hoists->p[i].sql), hoists->p[i].id,
                  m->next++);
}

bool emit_from(struct emit *m, const struct plan *p, struct sbuf *out)
{
    sbuf_addc(out, '(');
    if (!emit_node(m, p, out))
        return false;
    sbuf_addf(out, ") AS t%u", emit_fresh(m));
    return true;
}

/* ---- the statement ---- */
static void write_ctes(const struct emit *m, struct sbuf *out)
{
    for (size_t i = 0; i < m->shared.n; i++) {
        sbuf_addf(out, "%sshared%zu AS MATERIALIZED (", i ? ", " : "WITH ", i);
        sbuf_add(out, m->shared.p[i].sql);
        sbuf_addc(out, ')');
    }
    if (m->shared.n)
        sbuf_addc(out, ' ');
}

static size_t or_default(size_t n, size_t fallback)
{
    return n > 0 ? n : fallback;
}

bool emit_statement(const struct plan *p, const struct engine_source *src,
                    const struct emit_limits *limits, struct emit_externals *externals,
                    struct sbuf *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct emit m = {.a = a, .src = src, .externals = externals, .e = e};
    size_t depth = or_default(limits->size.max_depth, EMIT_MAX_DEPTH);
    m.size = (struct engine_size){or_default(limits->size.max_operators, EMIT_MAX_OPERATORS),
                                  depth < EMIT_MAX_DEPTH ? depth : EMIT_MAX_DEPTH,
                                  or_default(limits->size.max_union, EMIT_MAX_UNION)};
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(EMIT_MAX_SQL_BYTES);
    if (!emit_node(&m, emit_members(&m, p), &body))
        return false;
    write_ctes(&m, out);
    if (limits->most_rows) {
        sbuf_addz(out, "SELECT * FROM (");
        sbuf_add(out, sbuf_str(&body));
        sbuf_addf(out, ") AS result LIMIT %zu", limits->most_rows);
    } else {
        sbuf_add(out, sbuf_str(&body));
    }
    if (!sbuf_ok(out) || !sbuf_ok(&body))
        return err_set(e, ERR_LIMIT, "the query is too large: its SQL would pass %d MiB",
                       EMIT_MAX_SQL_BYTES >> 20);
    return true;
}
