/* make-series: rows are aggregated into numbered bins, then each series is filled from its (bin,
 * value) pairs:
 *
 *   WITH-less shape, inside out:
 *   input with a (axis), by-columns      hsrc
 *   bounds: f (from), s (step), n (number of bins), one row over the whole input
 *   GROUP BY by-columns, k               one row a bin
 *   GROUP BY by-columns                  vdf_series_fill(list(k), list(value), n, default) */
#include "engine/duckdb/emit_priv.h"

struct series {
    struct emit *m;
    const struct plan *p;
    const struct make_series *x;
    bool real;         /* a real axis */
    struct str source; /* SELECT *, axis AS ha FROM input */
};

static bool bound(struct series *s, const struct expr *e, const char *otherwise, struct sbuf *out)
{
    enum kql_type t = s->x->axis->type;
    if (e)
        return emit_as(s->m, e, s->real ? KQL_REAL : t == KQL_INT ? KQL_LONG : t, out);
    sbuf_addz(out, otherwise);
    return true;
}

/* One row: f, t (exclusive unless to_inclusive), s. */
static bool bounds(struct series *s, struct sbuf *out)
{
    const struct make_series *x = s->x;
    bool scan = !x->from || !x->to;
    const char *first = s->real ? "min(vd_bin_real(ha, hs))" : "min(vd_bin(ha, hs))";
    const char *last =
        s->real ? "max(vd_bin_real(ha, hs) + hs)" : "max(vd_add(vd_bin(ha, hs), hs))";
    enum kql_type t = x->axis->type;
    enum kql_type step = t == KQL_DATETIME ? KQL_TIMESPAN : t == KQL_INT ? KQL_LONG : t;
    sbuf_addz(out, "SELECT hf, ht, hs, vdf_series_count(hf, ht, hs, ");
    sbuf_addz(out, x->to_inclusive ? "TRUE) AS hn FROM (SELECT " : "FALSE) AS hn FROM (SELECT ");
    if (!bound(s, x->from, first, out))
        return false;
    sbuf_addz(out, " AS hf, ");
    if (!bound(s, x->to, last, out))
        return false;
    sbuf_addz(out, scan ? " AS ht, any_value(hs) AS hs FROM (SELECT ha, " : " AS ht, ");
    sbuf_addz(out, "vd_step(");
    if (!emit_as(s->m, x->step, s->real ? KQL_REAL : step, out))
        return false;
    sbuf_addz(out, ") AS hs");
    if (scan) {
        sbuf_addz(out, " FROM (");
        sbuf_add(out, s->source);
        sbuf_addf(out, ") AS t%u)", emit_fresh(s->m));
    }
    sbuf_addz(out, ")");
    return true;
}

static void by_list(const struct series *s, struct sbuf *out)
{
    for (size_t i = 0; i < s->x->n_by; i++)
        sbuf_addf(out, "c%u, ", s->x->by[i].col.id);
}

static void group_by(const struct series *s, size_t extra, struct sbuf *out)
{
    for (size_t i = 0; i < s->x->n_by + extra; i++)
        sbuf_addf(out, "%s%zu", i ? ", " : " GROUP BY ", i + 1);
}

/* One row a by-group and bin. */
static bool binned(struct series *s, struct sbuf *out)
{
    const struct make_series *x = s->x;
    sbuf_addz(out, "SELECT ");
    for (size_t i = 0; i < x->n_by; i++) {
        if (!emit_as(s->m, x->by[i].e, x->by[i].col.type, out))
            return false;
        sbuf_addf(out, " AS c%u, ", x->by[i].col.id);
    }
    sbuf_addz(out, s->real ? "CAST(floor((ha - hf) / hs) AS BIGINT) AS hk"
                           : "vd_div(vd_sub(ha, hf), hs) AS hk");
    for (size_t i = 0; i < x->n; i++) {
        const struct expr *e = x->aggs[i].agg.e;
        struct cast k;
        if (!cast_find(e->type, KQL_DYNAMIC, &k))
            return emit_unsupported(s->m, e->off, e->len, "this aggregate in make-series");
        sbuf_addf(out, ", %s", k.before);
        if (!emit_expr(s->m, e, EMIT_EXACT, out))
            return false;
        sbuf_addf(out, "%s AS hv%zu", k.after, i);
    }
    sbuf_addz(out, ", any_value(hf) AS hf, any_value(hs) AS hs, any_value(hn) AS hn FROM (");
    sbuf_add(out, s->source);
    sbuf_addf(out, ") AS t%u, (", emit_fresh(s->m));
    if (!bounds(s, out))
        return false;
    sbuf_addf(out, ") AS t%u WHERE ha >= hf AND ha %s ht AND hs > 0", emit_fresh(s->m),
              x->to_inclusive ? "<=" : "<");
    group_by(s, 1, out);
    return true;
}

/* kind=nonempty counts only where there are no groups. */
static bool empty_too(const struct series *s)
{
    return s->x->nonempty && s->x->n_by == 0;
}

static bool series_value(struct series *s, size_t i, struct sbuf *out)
{
    const struct series_agg *a = &s->x->aggs[i];
    enum kql_type t = a->agg.e->type;
    if (empty_too(s))
        sbuf_addf(out,
                  "vdf_series_fill(coalesce(list(hk) FILTER (WHERE hk IS NOT NULL), []), "
                  "coalesce(list(hv%zu) FILTER (WHERE hk IS NOT NULL), []), any_value(bn), ",
                  i);
    else
        sbuf_addf(out, "vdf_series_fill(list(hk), list(hv%zu), any_value(hn), ", i);
    if (a->fill) {
        if (!emit_as(s->m, a->fill, KQL_DYNAMIC, out))
            return false;
    } else if (t == KQL_STRING) {
        sbuf_addz(out, "'\"\"'");
    } else if (t == KQL_TIMESPAN) {
        sbuf_addz(out, "'\"00:00:00\"'");
    } else {
        sbuf_addz(out, t == KQL_REAL ? "'0.0'" : t == KQL_DYNAMIC ? "NULL::VARCHAR" : "'0'");
    }
    sbuf_addf(out, ") AS c%u", a->agg.col.id);
    return true;
}

static const char *axis_function(enum kql_type t)
{
    if (t == KQL_DATETIME)
        return "vdf_axis_datetime";
    return t == KQL_TIMESPAN ? "vdf_axis_span" : "vdf_axis_number";
}

/* The bounds even where no row is left. */
static bool all_bounds(struct series *s, struct sbuf *out)
{
    sbuf_addz(out, " RIGHT JOIN (SELECT hf AS bf, hs AS bs, hn AS bn FROM (");
    if (!bounds(s, out))
        return false;
    sbuf_addf(out, ") AS t%u) AS t%u ON TRUE", emit_fresh(s->m), emit_fresh(s->m));
    return true;
}

bool emit_make_series(struct emit *m, const struct plan *p, struct sbuf *out)
{
    struct series s = {.m = m, .p = p, .x = p->series};
    enum kql_type t = s.x->axis->type;
    s.real = t == KQL_REAL || t == KQL_DECIMAL;
    AUTO(sbuf_fini) struct sbuf src = sbuf_make(EMIT_MAX_SQL_BYTES);
    sbuf_addz(&src, "SELECT *, ");
    if (!emit_as(m, s.x->axis, s.real ? KQL_REAL : t == KQL_INT ? KQL_LONG : t, &src))
        return false;
    sbuf_addz(&src, " AS ha FROM ");
    if (!emit_from(m, p->in[0], &src))
        return false;
    s.source = sbuf_str(&src);
    sbuf_addz(out, "SELECT ");
    emit_cols(&p->cols, out);
    sbuf_addz(out, " FROM (SELECT ");
    by_list(&s, out);
    for (size_t i = 0; i < s.x->n; i++) {
        if (!series_value(&s, i, out))
            return false;
        sbuf_addz(out, ", ");
    }
    char from = empty_too(&s) ? 'b' : 'h';
    sbuf_addf(out, "%s(any_value(%cf), any_value(%cs), any_value(%cn)) AS c%u FROM (",
              axis_function(t), from, from, from, s.x->axis_out.id);
    if (!binned(&s, out))
        return false;
    sbuf_addf(out, ") AS t%u", emit_fresh(m));
    if (empty_too(&s) && !all_bounds(&s, out))
        return false;
    group_by(&s, 0, out);
    sbuf_addf(out, ") AS t%u", emit_fresh(m));
    /* no rows and no by: SQL would still give one row */
    if (s.x->n_by == 0)
        sbuf_addf(out, " WHERE c%u IS NOT NULL", s.x->axis_out.id);
    return true;
}
