/* Sources and the operators that keep or drop rows and columns. */
#include "engine/duckdb/emit_priv.h"

static bool table_copy(const struct plan *p, struct sbuf *out)
{
    emit_select(&p->cols, out);
    for (size_t i = 0; i < p->cols.n; i++) {
        sbuf_addz(out, i ? ", " : "");
        sql_ident(out, p->source_names[i]);
        emit_as_col(p->cols.p[i].id, out);
    }
    sbuf_addz(out, " FROM ");
    engine_copy_item(p->copy, out);
    return true;
}

bool emit_table(struct emit *m, const struct plan *p, struct sbuf *out)
{
    if (p->copy.n > 0)
        return table_copy(p, out);
    emit_select(&p->cols, out);
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct plan_col *c = &p->cols.p[i];
        struct str stored = p->source_names ? p->source_names[i] : c->name;
        if (i)
            sbuf_addz(out, ", ");
        bool ok = emit_is_member(c->id) ? emit_member_column(m, p, c->id, out)
                                        : m->src->column(m->src->self, p->workspace, p->table,
                                                         stored, c->type, out, m->e);
        if (!ok)
            return false;
        emit_as_col(c->id, out);
    }
    sbuf_addz(out, " FROM ");
    struct engine_need need = emit_table_need(m, p);
    return m->src->from_item(m->src->self, p->workspace, p->table, &need, out, m->e);
}

/* The first row fixes the types; an empty list is a row that WHERE false drops. */
static void values_typed_row(const struct plan *p, const struct kql_value *row, struct sbuf *out)
{
    sbuf_addz(out, "SELECT ");
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct plan_col *c = &p->cols.p[i];
        sbuf_addz(out, i ? ", CAST(" : "CAST(");
        if (row)
            sql_value(out, &row[i]);
        else
            emit_pad(c->type, out);
        sbuf_addf(out, " AS %s) AS c%u", engine_sql_type(c->type), c->id);
    }
}

bool emit_values(struct emit *m, const struct plan *p, struct sbuf *out)
{
    if (p->cols.n == 0) {
        sbuf_addf(out, "SELECT 1 AS c0 FROM range(%zu)", p->n_rows);
        return true;
    }
    if (p->n_rows <= 1) {
        values_typed_row(p, p->n_rows ? p->rows : NULL, out);
        if (p->n_rows == 0)
            sbuf_addz(out, " WHERE FALSE");
        return true;
    }
    sbuf_addz(out, "SELECT ");
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct plan_col *c = &p->cols.p[i];
        sbuf_addf(out, "%sCAST(v%zu AS %s) AS c%u", i ? ", " : "", i, engine_sql_type(c->type),
                  c->id);
    }
    sbuf_addz(out, " FROM (VALUES ");
    for (size_t r = 0; r < p->n_rows; r++) {
        sbuf_addz(out, r ? ", (" : "(");
        for (size_t i = 0; i < p->cols.n; i++) {
            if (i)
                sbuf_addz(out, ", ");
            sql_value(out, &p->rows[r * p->cols.n + i]);
        }
        sbuf_addc(out, ')');
    }
    sbuf_addf(out, ") AS t%u(", emit_fresh(m));
    for (size_t i = 0; i < p->cols.n; i++)
        sbuf_addf(out, "%sv%zu", i ? ", " : "", i);
    sbuf_addc(out, ')');
    return true;
}

/* range x from a to b step s: ends included; a step of zero or in the wrong direction gives no
 * rows. */
bool emit_range(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct plan_col *c = &p->cols.p[0];
    bool real = c->type == KQL_REAL;
    enum kql_type t = real ? KQL_REAL : KQL_LONG;
    if (c->type == KQL_DATETIME || c->type == KQL_TIMESPAN)
        t = c->type;
    sbuf_addz(out, "SELECT ");
    if (real)
        sbuf_addf(out, "a + k * s AS c%u", c->id);
    else
        sbuf_addf(out, "CAST(vd_add(a, vd_mul(k, s)) AS %s) AS c%u", engine_sql_type(c->type),
                  c->id);
    /* A list as long as the range would be outside of all limits: lists of lists instead. */
    sbuf_addz(out, " FROM (SELECT a, s, unnest(range(j * 2048, least(n, (j + 1) * 2048))) AS k "
                   "FROM (SELECT a, s, n, unnest(range(i * 2048, least((n + 2047) // 2048, "
                   "(i + 1) * 2048))) AS j FROM (SELECT a, s, n, "
                   "unnest(range(0, (n + 4194303) // 4194304)) AS i FROM (SELECT a, s, "
                   "vd_range_count(a, b, s) AS n FROM (SELECT ");
    enum kql_type types[] = {t, t, t == KQL_DATETIME ? KQL_TIMESPAN : t};
    struct emit_hoists hoists = {0}, *outer = m->hoists;
    m->hoists = &hoists;
    bool ok = true;
    for (size_t i = 0; ok && i < COUNTOF(types); i++) {
        ok = emit_as(m, p->exprs[i], types[i], out);
        sbuf_addf(out, " AS %c%s", "abs"[i], i < 2 ? ", " : "");
    }
    m->hoists = outer;
    sbuf_addf(out, " FROM (SELECT 1) AS t%u", emit_fresh(m));
    emit_hoisted(m, &hoists, out);
    sbuf_addz(out, ")))))");
    return ok;
}

/* The conditions of the filters on top of p, down to a fence, the lowest first. Returns what is
 * below them. What the conditions say of columns is added to m->bounds. */
static const struct plan *conditions_of(struct emit *m, const struct plan *p,
                                        struct emit_hoists *hoists, struct sbuf *out, bool *ok)
{
    const struct plan *below = p;
    size_t n = 0;
    for (; below->kind == P_FILTER && !below->fence; below = below->in[0])
        n++;
    const struct plan **filters = arena_array(m->a, const struct plan *, n + 1);
    for (size_t i = n; p != below; p = p->in[0])
        filters[--i] = p;
    struct emit_hoists *outer = m->hoists;
    const struct emit_bound *bounds = m->bounds;
    m->hoists = hoists;
    m->bounds = NULL; /* sub-queries have rows of their own */
    for (size_t i = 0; i < n && *ok; i++) {
        sbuf_addz(out, i ? " AND (" : " WHERE (");
        *ok = emit_expr(m, filters[i]->exprs[0], EMIT_PREDICATE, out);
        sbuf_addc(out, ')');
        bounds = emit_bounds_where(m, bounds, filters[i]->exprs[0]);
    }
    m->hoists = outer;
    m->bounds = bounds;
    return below;
}

bool emit_source(struct emit *m, const struct plan *p, struct emit_hoists *hoists, struct sbuf *out)
{
    AUTO(sbuf_fini) struct sbuf conditions = sbuf_make(EMIT_MAX_SQL_BYTES);
    bool ok = true;
    const struct emit_bound *outer = m->bounds;
    const struct plan *below = conditions_of(m, p, hoists, &conditions, &ok);
    ok = ok && emit_from(m, below, out);
    m->bounds = outer;
    if (!ok)
        return false;
    emit_hoisted(m, hoists, out);
    sbuf_add(out, sbuf_str(&conditions));
    return true;
}

/* "SELECT c1, c2 FROM …" of a node that passes columns on. */
static bool passing(struct emit *m, const struct plan *p, const struct plan *from,
                    struct emit_hoists *hoists, struct sbuf *out)
{
    sbuf_addz(out, "SELECT ");
    emit_cols(&p->cols, out);
    sbuf_addz(out, " FROM ");
    return emit_source(m, from, hoists, out);
}

/* The database moves no condition below an OFFSET, and computes none on rows that did not come
 * through: an expression of the query fails on no row that it may not see. */
bool emit_filter(struct emit *m, const struct plan *p, struct sbuf *out)
{
    struct emit_hoists hoists = {0};
    struct plan inner = *p;
    if (!p->fence)
        return passing(m, p, p, &hoists, out);
    inner.fence = false;
    if (!passing(m, p, &inner, &hoists, out))
        return false;
    sbuf_addz(out, " OFFSET 0");
    return true;
}

bool emit_project(struct emit *m, const struct plan *p, struct sbuf *out)
{
    struct emit_hoists hoists = {0};
    const struct emit_bound *below = emit_bounds_project(m, m->bounds, p);
    m->bounds = NULL;
    m->hoists = &hoists;
    sbuf_addz(out, "SELECT ");
    if (p->n_named == 0)
        sbuf_addz(out, "1 AS c0");
    for (size_t i = 0; i < p->n_named; i++) {
        const struct named_expr *n = &p->named[i];
        if (i)
            sbuf_addz(out, ", ");
        if (!emit_as(m, n->e, n->col.type, out))
            return false;
        emit_as_col(n->col.id, out);
    }
    m->hoists = NULL;
    m->bounds = below;
    sbuf_addz(out, " FROM ");
    return emit_source(m, p->in[0], &hoists, out);
}

/* The database refuses a literal as a key. */
#define NO_ORDER "NULL::BIGINT"
static bool is_text_literal(struct str sql)
{
    size_t i = 1;
    while (i < sql.n && (sql.p[i] != '\'' || (i + 1 < sql.n && sql.p[i + 1] == '\'')))
        i += sql.p[i] == '\'' ? 2 : 1;
    return sql.n > 1 && sql.p[0] == '\'' && i + 1 == sql.n;
}

/* NaN sorts beside nulls, nulls are the smallest; both flags are set by the binder. */
bool emit_sort_keys(struct emit *m, const struct sort_key *k, size_t n, struct sbuf *out)
{
    for (size_t i = 0; i < n; i++) {
        if (i)
            sbuf_addz(out, ", ");
        const char *nulls = k[i].nulls_first ? "FIRST" : "LAST";
        if (k[i].e->kind == EX_CONST) {
            sbuf_addz(out, NO_ORDER);
        } else if (k[i].e->type == KQL_STRING) {
            struct str key;
            if (!emit_arg(m, k[i].e, KQL_STRING, &key))
                return false;
            sbuf_add(out, is_text_literal(key) ? STR(NO_ORDER) : key);
        } else if (k[i].e->type == KQL_REAL) {
            sbuf_addz(out, "nullif(");
            if (!emit_expr(m, k[i].e, EMIT_EXACT, out))
                return false;
            sbuf_addz(out, ", 'NaN'::DOUBLE)");
        } else if (!emit_expr(m, k[i].e, EMIT_EXACT, out)) {
            return false;
        }
        sbuf_addf(out, " %s NULLS %s", k[i].desc ? "DESC" : "ASC", nulls);
    }
    return true;
}

bool emit_sort(struct emit *m, const struct plan *p, struct sbuf *out)
{
    struct emit_hoists hoists = {0};
    AUTO(sbuf_fini) struct sbuf keys = sbuf_make(EMIT_MAX_SQL_BYTES);
    m->hoists = &hoists;
    bool ok = emit_sort_keys(m, p->sort, p->n_sort, &keys);
    m->hoists = NULL;
    if (!ok || !passing(m, p, p->in[0], &hoists, out))
        return false;
    sbuf_addz(out, " ORDER BY ");
    sbuf_add(out, sbuf_str(&keys));
    return true;
}

/* The database's own bound of LIMIT. */
#define MOST_ROWS (1LL << 62)

static bool limit_of(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct expr *x = p->exprs[0];
    if (x->kind == EX_CONST) {
        int64_t n = x->value.is_null || x->value.i < 0 ? 0 : x->value.i;
        sbuf_addf(out, "%lld", (long long)(n < MOST_ROWS ? n : MOST_ROWS));
        return true;
    }
    if (m->apply_input.n > 0)
        return emit_unsupported(m, x->off, x->len,
                                "a computed number of rows inside of another operator");
    sbuf_addf(out, "(SELECT least(%lld, greatest(coalesce(", (long long)MOST_ROWS);
    if (!emit_as(m, x, KQL_LONG, out))
        return false;
    sbuf_addz(out, ", 0), 0)))");
    return true;
}

bool emit_take(struct emit *m, const struct plan *p, struct sbuf *out)
{
    struct emit_hoists hoists = {0};
    bool sorted = p->in[0]->kind == P_SORT;
    if (!(sorted ? emit_node(m, p->in[0], out) : passing(m, p, p->in[0], &hoists, out)))
        return false;
    sbuf_addz(out, " LIMIT ");
    return limit_of(m, p, out);
}

bool emit_sample(struct emit *m, const struct plan *p, struct sbuf *out)
{
    struct emit_hoists hoists = {0};
    if (!passing(m, p, p->in[0], &hoists, out))
        return false;
    sbuf_addz(out, " ORDER BY random() LIMIT ");
    return limit_of(m, p, out);
}

static const struct plan_col *find_col(const struct plan *p, uint32_t id)
{
    for (size_t i = 0; i < p->cols.n; i++) {
        if (p->cols.p[i].id == id)
            return &p->cols.p[i];
    }
    return NULL;
}

/* A column of a branch: by its name or, of a projection, as that computes it. */
static bool branch_value(struct emit *m, const struct plan *in, uint32_t id, struct sbuf *out)
{
    for (size_t i = 0; in->kind == P_PROJECT && i < in->n_named; i++)
        if (in->named[i].col.id == id)
            return emit_as(m, in->named[i].e, in->named[i].col.type, out);
    emit_col(id, out);
    return true;
}

static bool branch_col(struct emit *m, const struct plan *in, uint32_t id, enum kql_type to,
                       struct sbuf *out)
{
    const struct plan_col *from = find_col(in, id);
    struct cast cast = {"", ""};
    if (from != NULL && from->type != to)
        (void)cast_find(from->type, to, &cast);
    sbuf_addz(out, cast.before);
    if (!branch_value(m, in, id, out))
        return false;
    sbuf_addz(out, cast.after);
    return true;
}

/* A projection on top of a branch is written into the branch's own SELECT. */
static bool union_branch(struct emit *m, const struct plan *p, size_t b, struct sbuf *out)
{
    const struct plan *in = p->in[b];
    struct emit_hoists hoists = {0}, *outer = m->hoists;
    const struct emit_bound *outer_bounds = m->bounds;
    const struct emit_bound *below = emit_bounds_union(m, outer_bounds, p, b);
    if (in->kind == P_PROJECT)
        below = emit_bounds_project(m, below, in);
    m->bounds = NULL;
    sbuf_addz(out, "SELECT ");
    size_t first = 0;
    if (p->source_labels) {
        sql_text(out, p->source_labels[b]);
        emit_as_col(p->cols.p[0].id, out);
        first = 1;
    }
    const struct union_links *links = &p->links[b];
    bool ok = true;
    m->hoists = &hoists;
    for (size_t j = first, k = 0; ok && j < p->cols.n; j++) {
        const struct plan_col *c = &p->cols.p[j];
        if (j)
            sbuf_addz(out, ", ");
        if (k < links->n && links->p[k].at == j)
            ok = branch_col(m, in, links->p[k++].id, c->type, out);
        else
            emit_pad(c->type, out);
        emit_as_col(c->id, out);
    }
    m->hoists = outer;
    if (p->cols.n == 0)
        sbuf_addz(out, "1 AS c0");
    sbuf_addz(out, " FROM ");
    m->bounds = below;
    ok = ok && emit_source(m, in->kind == P_PROJECT ? in->in[0] : in, &hoists, out);
    m->bounds = outer_bounds;
    return ok;
}

bool emit_union(struct emit *m, const struct plan *p, struct sbuf *out)
{
    for (size_t b = 0; b < p->n_in; b++) {
        if (b)
            sbuf_addz(out, " UNION ALL ");
        if (!union_branch(m, p, b, out))
            return false;
    }
    if (p->n_in == 0) {
        emit_select(&p->cols, out);
        for (size_t i = 0; i < p->cols.n; i++) {
            sbuf_addz(out, i ? ", " : "");
            emit_pad(p->cols.p[i].type, out);
            sbuf_addf(out, " AS c%u", p->cols.p[i].id);
        }
        sbuf_addz(out, " WHERE FALSE");
    }
    return true;
}
