/* mv-expand, mv-apply, partition: lists become rows; sub-queries run per row or per key through
 * LATERAL. */
#include "engine/duckdb/emit_priv.h"

/* vdc_expand makes the list of a dynamic value: null gives one null, [] and {} nothing, a scalar
 * itself. */
static bool expand_lists(struct emit *m, const struct expand *x, struct sbuf *out)
{
    for (size_t i = 0; i < x->n; i++) {
        sbuf_addz(out, i ? ", " : "");
        sbuf_addz(out, x->limit ? "list_slice(vdc_expand(" : "vdc_expand(");
        if (!emit_as(m, x->items[i].e, KQL_DYNAMIC, out))
            return false;
        sbuf_addz(out, x->bag_as_array ? ", TRUE)" : ", FALSE)");
        if (x->limit) {
            sbuf_addz(out, ", 1, ");
            if (!emit_as(m, x->limit, KQL_LONG, out))
                return false;
            sbuf_addc(out, ')');
        }
        sbuf_addf(out, " AS l%zu", i);
    }
    return true;
}

static void unnest_list(const struct expand *x, struct sbuf *out)
{
    for (size_t i = 0; i < x->n; i++)
        sbuf_addf(out, "%sunnest(l%zu) AS u%zu", i ? ", " : "", i, i);
    if (!x->index.id)
        return;
    sbuf_addz(out, ", unnest(range(0, greatest(");
    for (size_t i = 0; i < x->n; i++)
        sbuf_addf(out, "%slen(l%zu)", i ? ", " : "", i);
    sbuf_addz(out, "))) AS ux");
}

static const struct expand_item *find_item(const struct expand *x, uint32_t id, size_t *at)
{
    for (size_t i = 0; i < x->n; i++) {
        if (x->items[i].out.id == id) {
            *at = i;
            return &x->items[i];
        }
    }
    return NULL;
}

/* One output column: an expanded value, the index, or a column of the input. */
static void output_col(const struct expand *x, const struct plan_col *c, struct sbuf *out)
{
    size_t at;
    const struct expand_item *item = find_item(x, c->id, &at);
    struct cast k = {"", ""};
    if (item) {
        (void)cast_find(KQL_DYNAMIC, item->to, &k);
        sbuf_addf(out, "%su%zu%s AS c%u", k.before, at, k.after, c->id);
    } else if (x->index.id == c->id) {
        sbuf_addf(out, "ux AS c%u", c->id);
    } else {
        emit_col(c->id, out);
    }
}

bool emit_expand(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct expand *x = p->expand;
    emit_select(&p->cols, out);
    for (size_t i = 0; i < p->cols.n; i++) {
        sbuf_addz(out, i ? ", " : "");
        output_col(x, &p->cols.p[i], out);
    }
    sbuf_addz(out, " FROM (SELECT *, ");
    unnest_list(x, out);
    sbuf_addz(out, " FROM (SELECT *, ");
    if (!expand_lists(m, x, out))
        return false;
    sbuf_addz(out, " FROM ");
    if (!emit_from(m, p->in[0], out))
        return false;
    sbuf_addf(out, ") AS t%u) AS t%u", emit_fresh(m), emit_fresh(m));
    return true;
}

/* ---- windows of time ---- */

/* The first end of a window that is not before exprs[0]. */
static bool first_end(struct emit *m, const struct plan *p, struct sbuf *out)
{
    long long first = p->exprs[2]->value.i, step = p->exprs[3]->value.i;
    sbuf_addf(out, "%lld + (greatest(", first);
    if (!emit_as(m, p->exprs[0], KQL_DATETIME, out))
        return false;
    sbuf_addf(out, ", %lld) - %lld + %lld) // %lld * %lld", first, first, step - 1, step, step);
    return true;
}

bool emit_windows(struct emit *m, const struct plan *p, struct sbuf *out)
{
    emit_select(&p->cols, out);
    sbuf_addz(out, "unnest(range(");
    if (!first_end(m, p, out))
        return false;
    sbuf_addz(out, ", ");
    if (!emit_as(m, p->exprs[1], KQL_DATETIME, out))
        return false;
    sbuf_addf(out, " + 1, %lld)) AS c%u", (long long)p->exprs[3]->value.i, p->cols.p[0].id);
    for (size_t i = 1; i < p->cols.n; i++) {
        sbuf_addz(out, ", ");
        emit_col(p->cols.p[i].id, out);
    }
    sbuf_addz(out, " FROM ");
    return emit_from(m, p->in[0], out);
}

/* ---- mv-apply ---- */
static const struct plan *find_input(const struct plan *p)
{
    if (p->kind == P_APPLY_INPUT)
        return p;
    for (size_t i = 0; i < p->n_in; i++) {
        const struct plan *q = p->kind == P_APPLY && i == 1 ? NULL : find_input(p->in[i]);
        if (q)
            return q;
    }
    return NULL;
}

/* "(SELECT … unnest …) AS t": the rows of one outer row, outer columns by their own names. */
static bool apply_rows(struct emit *m, const struct plan *p, const char *outer, struct str *text)
{
    const struct expand *x = p->expand;
    const struct plan *input = find_input(p->in[1]);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(EMIT_MAX_SQL_BYTES);
    sbuf_addz(&b, "(SELECT ");
    for (size_t i = 0; input && i < input->cols.n; i++) {
        const struct plan_col *c = &input->cols.p[i];
        size_t at;
        sbuf_addz(&b, i ? ", " : "");
        if (find_item(x, c->id, &at) || x->index.id == c->id)
            output_col(x, c, &b);
        else
            sbuf_addf(&b, "%s.c%u AS c%u", outer, c->id, c->id);
    }
    if (!input || input->cols.n == 0)
        sbuf_addz(&b, "1 AS c0");
    sbuf_addz(&b, " FROM (SELECT ");
    unnest_list(x, &b);
    sbuf_addf(&b, " FROM (SELECT ");
    for (size_t i = 0; i < x->n; i++)
        sbuf_addf(&b, "%s%s.l%zu", i ? ", " : "", outer, i);
    sbuf_addf(&b, ")) AS t%u) AS t%u", emit_fresh(m), emit_fresh(m));
    *text = arena_str(m->a, sbuf_str(&b));
    return true;
}

static bool in_cols(const struct plan_cols *cols, uint32_t id)
{
    for (size_t i = 0; i < cols->n; i++) {
        if (cols->p[i].id == id)
            return true;
    }
    return false;
}

static void lateral_output(const struct plan *p, const char *outer, const char *inner,
                           struct sbuf *out)
{
    emit_select(&p->cols, out);
    for (size_t i = 0; i < p->cols.n; i++) {
        uint32_t id = p->cols.p[i].id;
        bool in = in_cols(&p->in[1]->cols, id);
        sbuf_addf(out, "%s%s.c%u AS c%u", i ? ", " : "", in ? inner : outer, id, id);
    }
}

/* The inner plan with its input standing for rows. */
static bool inner_plan(struct emit *m, const struct plan *p, struct str rows, struct sbuf *out)
{
    struct str saved = m->apply_input;
    m->apply_input = rows;
    bool ok = emit_node(m, p, out);
    m->apply_input = saved;
    return ok;
}

bool emit_apply(struct emit *m, const struct plan *p, struct sbuf *out)
{
    uint32_t n = emit_fresh(m);
    const char *outer = arena_fmt(m->a, "o%u", n).p, *inner = arena_fmt(m->a, "i%u", n).p;
    struct str rows;
    lateral_output(p, outer, inner, out);
    sbuf_addz(out, " FROM (SELECT *, ");
    if (!expand_lists(m, p->expand, out))
        return false;
    sbuf_addz(out, " FROM ");
    if (!emit_from(m, p->in[0], out) || !apply_rows(m, p, outer, &rows))
        return false;
    sbuf_addf(out, ") AS %s, LATERAL (", outer);
    if (!inner_plan(m, p->in[1], rows, out))
        return false;
    sbuf_addf(out, ") AS %s", inner);
    return true;
}

/* ---- partition ---- */
bool emit_partition(struct emit *m, const struct plan *p, struct sbuf *out)
{
    uint32_t n = emit_fresh(m);
    const char *inner = arena_fmt(m->a, "i%u", n).p;
    AUTO(sbuf_fini) struct sbuf in = sbuf_make(EMIT_MAX_SQL_BYTES);
    struct str key;
    if (!emit_node(m, p->in[0], &in) || !emit_arg(m, p->exprs[0], p->exprs[0]->type, &key))
        return false;
    struct str source = arena_str(m->a, sbuf_str(&in));
    AUTO(sbuf_fini) struct sbuf rows = sbuf_make(EMIT_MAX_SQL_BYTES);
    sbuf_addz(&rows, "(SELECT * FROM (");
    sbuf_add(&rows, source);
    sbuf_addf(&rows, ") AS t%u WHERE %.*s IS NOT DISTINCT FROM o%u.hkey) AS t%u", emit_fresh(m),
              STR_ARG(key), n, emit_fresh(m));
    emit_select(&p->cols, out);
    for (size_t i = 0; i < p->cols.n; i++)
        sbuf_addf(out, "%s%s.c%u AS c%u", i ? ", " : "", inner, p->in[1]->cols.p[i].id,
                  p->cols.p[i].id);
    sbuf_addz(out, " FROM (SELECT hkey");
    if (p->n_exprs > 1) /* the body reads the key by this name */
        sbuf_addf(out, ", hkey AS c%u", p->exprs[1]->col);
    sbuf_addf(out, " FROM (SELECT DISTINCT %.*s AS hkey FROM (", STR_ARG(key));
    sbuf_add(out, source);
    sbuf_addf(out, ") AS t%u) AS t%u) AS o%u, LATERAL (", emit_fresh(m), emit_fresh(m), n);
    if (!inner_plan(m, p->in[1], sbuf_str(&rows), out))
        return false;
    sbuf_addf(out, ") AS %s", inner);
    return true;
}
