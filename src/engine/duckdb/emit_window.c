/* serialize and the window functions. The input's promised order becomes the row number hrow; every
 * window function is a helper column of a layer of its own depth, so that one may stand inside
 * another's arguments:
 *
 *   SELECT outputs FROM (SELECT *, w2 … FROM (SELECT *, w1 … FROM (SELECT *, row_number() OVER ()
 * AS hrow FROM input))) ORDER BY hrow
 *
 * or, when all of them can be computed on the way, without any ORDER BY. */
#include "engine/duckdb/emit_priv.h"

bool emit_window_ref(struct emit *m, const struct expr *x, struct sbuf *out)
{
    for (size_t i = 0; i < m->windows.n; i++) {
        if (m->windows.p[i].x == x) {
            sbuf_addf(out, "h%u", m->windows.p[i].id);
            return true;
        }
    }
    return emit_unsupported(m, x->off, x->len, "a window function here");
}

/* Collects the calls in x, inner ones first; returns the depth of the deepest. */
static unsigned collect(struct emit *m, const struct expr *x)
{
    unsigned deepest = 0;
    if (x->kind != EX_CALL)
        return 0;
    for (size_t i = 0; i < x->n_args; i++) {
        unsigned d = collect(m, x->args[i]);
        deepest = d > deepest ? d : deepest;
    }
    if (!(x->fn->flags & KF_WINDOW))
        return deepest;
    struct emit_window w = {x, emit_fresh(m), deepest + 1};
    VEC_PUSH(m->a, &m->windows, w);
    return deepest + 1;
}

/* ---- one function ---- */
/* Index of the argument that restarts the function, or SIZE_MAX. */
static size_t restart_arg(const struct expr *x)
{
    const char *n = x->fn->name;
    size_t at = strcmp(n, "row_window_session") == 0 ? 3 : 1;
    if (strcmp(n, "prev") == 0 || strcmp(n, "next") == 0 || x->n_args <= at)
        return SIZE_MAX;
    return at;
}

/* hg<id>: number of restarts up to and including the row. */
static bool group_column(struct emit *m, const struct emit_window *w, struct sbuf *out)
{
    size_t at = restart_arg(w->x);
    if (at == SIZE_MAX)
        return true;
    sbuf_addz(out, ", sum(CASE WHEN ");
    if (!emit_expr(m, w->x->args[at], EMIT_PREDICATE, out))
        return false;
    sbuf_addf(out, " THEN 1 ELSE 0 END) OVER (ORDER BY hrow ROWS UNBOUNDED PRECEDING) AS hg%u",
              w->id);
    return true;
}

/* Functions that the database computes while rows stream through it in the promised order, without
 * sorting them again: only when no other one needs them sorted. */
enum { STREAMED_ROWS = 1000 };

static bool streams(const struct expr *x)
{
    const char *n = x->fn->name;
    if (strcmp(n, "row_number") == 0 || strcmp(n, "row_cumsum") == 0)
        return x->n_args < 2;
    if (strcmp(n, "prev") != 0 && strcmp(n, "next") != 0)
        return false;
    for (size_t i = 1; i < x->n_args; i++)
        if (x->args[i]->kind != EX_CONST || x->args[i]->value.is_null)
            return false;
    return x->n_args < 2 || (x->args[1]->value.i >= 0 && x->args[1]->value.i <= STREAMED_ROWS);
}

static void over(struct emit *m, const struct emit_window *w, bool running, struct sbuf *out)
{
    if (m->streaming) {
        sbuf_addz(out, running ? " OVER (ROWS UNBOUNDED PRECEDING)" : " OVER ()");
        return;
    }
    sbuf_addz(out, " OVER (");
    if (restart_arg(w->x) != SIZE_MAX)
        sbuf_addf(out, "PARTITION BY hg%u ", w->id);
    sbuf_addz(out, running ? "ORDER BY hrow ROWS UNBOUNDED PRECEDING)" : "ORDER BY hrow)");
}

static bool is_rank(const struct expr *x)
{
    return strncmp(x->fn->name, "row_rank", 8) == 0;
}

/* hc<id>: 1 where the ranked value differs from the row before; hn<id>: number of the row in its
 * group. */
static bool change_column(struct emit *m, const struct emit_window *w, struct sbuf *out)
{
    if (!is_rank(w->x))
        return true;
    struct str v;
    if (!emit_arg(m, w->x->args[0], w->x->args[0]->type, &v))
        return false;
    sbuf_addz(out, ", row_number()");
    over(m, w, false, out);
    sbuf_addf(out, " AS hn%u, CASE WHEN row_number()", w->id);
    over(m, w, false, out);
    sbuf_addf(out, " = 1 OR lag(%.*s)", STR_ARG(v));
    over(m, w, false, out);
    sbuf_addf(out, " IS DISTINCT FROM %.*s THEN 1 ELSE 0 END AS hc%u", STR_ARG(v), w->id);
    return true;
}

static bool shifted(struct emit *m, const struct emit_window *w, struct sbuf *out)
{
    const struct expr *x = w->x;
    enum kql_type t = x->type;
    sbuf_addf(out, ", %s(", strcmp(x->fn->name, "prev") == 0 ? "lag" : "lead");
    if (!emit_as(m, x->args[0], t, out))
        return false;
    /* The database adds the offset to the row's number: no row is 2^62 away. */
    sbuf_addz(out,
              m->streaming ? ", " : ", greatest(-4611686018427387904, least(4611686018427387904, ");
    if (x->n_args < 2)
        sbuf_addz(out, "1");
    else if (!emit_as(m, x->args[1], KQL_LONG, out))
        return false;
    sbuf_addz(out, m->streaming ? ", " : ")), ");
    if (x->n_args < 3)
        emit_pad(t, out);
    else if (!emit_as(m, x->args[2], t, out))
        return false;
    sbuf_addc(out, ')');
    over(m, w, false, out);
    return true;
}

static bool cumsum(struct emit *m, const struct emit_window *w, struct sbuf *out)
{
    enum kql_type t = w->x->type;
    bool whole = t != KQL_REAL && t != KQL_DECIMAL;
    sbuf_addz(out, whole ? ", CAST(vd_huge_long(sum(coalesce(" : ", (sum(coalesce(");
    if (!emit_as(m, w->x->args[0], t, out))
        return false;
    sbuf_addz(out, ", 0))");
    over(m, w, true, out);
    if (whole)
        sbuf_addf(out, ") AS %s)", engine_sql_type(t));
    else
        sbuf_addc(out, ')');
    return true;
}

static bool numbered(struct emit *m, const struct emit_window *w, struct sbuf *out)
{
    sbuf_addz(out, w->x->n_args ? ", vd_add(row_number()" : ", (row_number()");
    over(m, w, false, out);
    if (w->x->n_args) {
        sbuf_addz(out, " - 1, ");
        if (!emit_as(m, w->x->args[0], KQL_LONG, out))
            return false;
    }
    sbuf_addc(out, ')');
    return true;
}

static bool ranked(struct emit *m, const struct emit_window *w, struct sbuf *out)
{
    if (strcmp(w->x->fn->name, "row_rank_min") == 0)
        sbuf_addf(out, ", max(CASE WHEN hc%u = 1 THEN hn%u END)", w->id, w->id);
    else
        sbuf_addf(out, ", CAST(sum(hc%u)", w->id);
    over(m, w, true, out);
    if (strcmp(w->x->fn->name, "row_rank_min") != 0)
        sbuf_addz(out, " AS BIGINT)");
    return true;
}

static bool is_session(const struct expr *x)
{
    return strcmp(x->fn->name, "row_window_session") == 0;
}

static bool value_column(struct emit *m, const struct emit_window *w, struct sbuf *out)
{
    const char *n = w->x->fn->name;
    bool ok;
    if (is_session(w->x))
        return true; /* see join_sessions */
    if (strcmp(n, "prev") == 0 || strcmp(n, "next") == 0)
        ok = shifted(m, w, out);
    else if (strcmp(n, "row_cumsum") == 0)
        ok = cumsum(m, w, out);
    else if (strcmp(n, "row_number") == 0)
        ok = numbered(m, w, out);
    else if (is_rank(w->x))
        ok = ranked(m, w, out);
    else
        return emit_unsupported(m, w->x->off, w->x->len, n);
    sbuf_addf(out, " AS h%u", w->id);
    return ok;
}

/* ---- layers ---- */
typedef bool column_fn(struct emit *m, const struct emit_window *w, struct sbuf *out);

/* Wraps *inner in "(SELECT *, columns of this level FROM inner)". */
static bool wrap(struct emit *m, size_t first, unsigned level, column_fn *fn, struct str *inner)
{
    AUTO(sbuf_fini) struct sbuf cols = sbuf_make(EMIT_MAX_SQL_BYTES);
    for (size_t i = first; i < m->windows.n; i++) {
        if (m->windows.p[i].level == level && !fn(m, &m->windows.p[i], &cols))
            return false;
    }
    struct str list = sbuf_str(&cols);
    if (list.n == 0)
        return true;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(EMIT_MAX_SQL_BYTES);
    sbuf_addz(&b, "(SELECT *");
    sbuf_add(&b, list);
    sbuf_addz(&b, " FROM ");
    sbuf_add(&b, *inner);
    sbuf_addf(&b, ") AS t%u", emit_fresh(m));
    *inner = arena_str(m->a, sbuf_str(&b));
    return true;
}

/* row_window_session(): where a session starts depends on where the one before it did, so a C
 * function walks through the values between two restarts; its answers are joined by row number. */
static bool session_list(struct emit *m, const struct emit_window *w, struct sbuf *out)
{
    struct str value, first, neighbour;
    if (!emit_arg(m, w->x->args[0], KQL_DATETIME, &value) ||
        !emit_arg(m, w->x->args[1], KQL_TIMESPAN, &first) ||
        !emit_arg(m, w->x->args[2], KQL_TIMESPAN, &neighbour))
        return false;
    sbuf_addz(out, "SELECT unnest(list(hrow ORDER BY hrow)) AS hk, unnest(CAST(vd_sessions(list(");
    sbuf_add(out, value);
    sbuf_addf(out, " ORDER BY hrow), first(%.*s), first(%.*s)) AS BIGINT[])) AS hv FROM s%u",
              STR_ARG(first), STR_ARG(neighbour), w->id);
    if (restart_arg(w->x) != SIZE_MAX)
        sbuf_addf(out, " GROUP BY hg%u", w->id);
    return true;
}

static bool join_sessions(struct emit *m, size_t at, unsigned level, struct str *inner)
{
    for (size_t i = at; i < m->windows.n; i++) {
        const struct emit_window *w = &m->windows.p[i];
        if (w->level != level || !is_session(w->x))
            continue;
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(EMIT_MAX_SQL_BYTES);
        sbuf_addf(&b, "(WITH s%u AS MATERIALIZED (SELECT * FROM ", w->id);
        sbuf_add(&b, *inner);
        sbuf_addf(&b, ") SELECT s%u.*, k%u.hv AS h%u FROM s%u JOIN (", w->id, w->id, w->id, w->id);
        if (!session_list(m, w, &b))
            return false;
        sbuf_addf(&b, ") AS k%u ON hrow = hk) AS t%u", w->id, emit_fresh(m));
        *inner = arena_str(m->a, sbuf_str(&b));
    }
    return true;
}

static bool numbered_input(struct emit *m, const struct plan *p, struct str *out)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(EMIT_MAX_SQL_BYTES);
    sbuf_addz(&b, "(SELECT *, row_number() OVER () AS hrow FROM ");
    if (!emit_from(m, p->in[0], &b))
        return false;
    sbuf_addf(&b, ") AS t%u", emit_fresh(m));
    *out = arena_str(m->a, sbuf_str(&b));
    return true;
}

bool emit_serialize(struct emit *m, const struct plan *p, struct sbuf *out)
{
    size_t first = m->windows.n;
    unsigned deepest = 0;
    struct str inner;
    if (!numbered_input(m, p, &inner))
        return false;
    for (size_t i = 0; i < p->n_named; i++) {
        unsigned d = collect(m, p->named[i].e);
        deepest = d > deepest ? d : deepest;
    }
    bool outer_streaming = m->streaming;
    m->streaming = true;
    for (size_t i = first; i < m->windows.n; i++)
        m->streaming = m->streaming && streams(m->windows.p[i].x);
    for (unsigned level = 1; level <= deepest; level++) {
        if (!wrap(m, first, level, group_column, &inner) ||
            !wrap(m, first, level, change_column, &inner) ||
            !wrap(m, first, level, value_column, &inner) || !join_sessions(m, first, level, &inner))
            return false;
    }
    bool streamed = m->streaming;
    m->streaming = outer_streaming;
    struct emit_hoists hoists = {0};
    m->hoists = &hoists;
    bool ok = true;
    sbuf_addz(out, "SELECT ");
    for (size_t i = 0; ok && i < p->n_named; i++) {
        sbuf_addz(out, i ? ", " : "");
        ok = emit_as(m, p->named[i].e, p->named[i].col.type, out);
        sbuf_addf(out, " AS c%u", p->named[i].col.id);
    }
    m->hoists = NULL;
    if (p->n_named == 0)
        emit_cols(&p->cols, out);
    sbuf_addz(out, " FROM ");
    sbuf_add(out, inner);
    emit_hoisted(m, &hoists, out);
    sbuf_addz(out, streamed ? "" : " ORDER BY hrow");
    m->windows.n = first;
    return ok;
}
