/* autocluster, basket, diffpatterns: equal rows are counted first; vd_mine() takes them as texts of
 * JSON and gives an array for each pattern. */
#include "engine/duckdb/duck_priv.h"
#include "engine/duckdb/emit_priv.h"
#include "engine/duckdb/steps.h"
#include "kql/mine.h"
#include "text/json.h"

static void question(const struct mine *v, struct sbuf *out)
{
    struct json_out w = json_out_make(out);
    json_obj(&w);
    json_kv_int(&w, "kind", (int64_t)v->kind);
    json_kv_real(&w, "threshold", v->threshold);
    json_kv_real(&w, "size_weight", v->size_weight);
    json_kv_int(&w, "seeds", v->n_seeds);
    json_kv_int(&w, "dimensions", v->max_dimensions);
    json_key(&w, "wildcards");
    json_arr(&w);
    for (size_t i = 0; i < v->n_columns; i++)
        if (v->columns[i].mined)
            step_write(&w, &v->columns[i].wildcard);
    json_arr_end(&w);
    json_obj_end(&w);
}

static void wildcard(const struct mine_column *c, struct sbuf *out)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(EMIT_MAX_SQL_BYTES);
    struct json_out w = json_out_make(&text);
    step_write(&w, &c->wildcard);
    sql_text(out, sbuf_str(&text));
}

static void output_columns(const struct plan *p, const struct mine *v, struct sbuf *out)
{
    size_t place = v->n_own; /* in the array */
    for (size_t i = 0; i < p->cols.n; i++) {
        const struct plan_col *c = &p->cols.p[i];
        struct cast k;
        (void)cast_from_json(c->type, &k);
        sbuf_addf(out, "%s%s", i > 0 ? ", " : "", k.before);
        if (i < v->n_own)
            sbuf_addf(out, "vdc_dyn_at(ho, %zu)", i);
        else if (v->columns[i - v->n_own].mined)
            sbuf_addf(out, "vdc_dyn_at(ho, %zu)", place++);
        else
            wildcard(&v->columns[i - v->n_own], out);
        sbuf_addf(out, "%s AS c%u", k.after, c->id);
    }
}

/* [the columns' values as JSON] */
static void row_values(const struct mine *v, struct sbuf *out)
{
    bool first = true;
    sbuf_addz(out, "CAST([");
    for (size_t i = 0; i < v->n_columns; i++) {
        struct cast k;
        if (!v->columns[i].mined)
            continue;
        (void)cast_to_json(v->columns[i].in.type, &k);
        sbuf_addf(out, "%scoalesce(%sc%u%s, 'null')", first ? "" : ", ", k.before,
                  v->columns[i].in.id, k.after);
        first = false;
    }
    sbuf_addz(out, "] AS VARCHAR[])");
}

static bool weight_and_set(struct emit *m, const struct mine *v, struct sbuf *out)
{
    if (v->weight == NULL)
        sbuf_addz(out, "CAST(1 AS DOUBLE)");
    else if (!emit_as(m, v->weight, KQL_REAL, out))
        return false;
    sbuf_addz(out, " AS hw, ");
    if (v->split == NULL) {
        sbuf_addz(out, "CAST(0 AS BIGINT) AS hs");
        return true;
    }
    sbuf_addz(out, "CAST(CASE ");
    if (!emit_as(m, v->split, KQL_STRING, out))
        return false;
    sbuf_addz(out, " WHEN ");
    sql_text(out, v->set_a);
    sbuf_addz(out, " THEN 0 WHEN ");
    sql_text(out, v->set_b);
    sbuf_addz(out, " THEN 1 END AS BIGINT) AS hs");
    return true;
}

static void refuse(const struct plan *p, const char *why, struct sbuf *out)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    sbuf_addf(&text, DUCK_LIMIT_MARK "%.*s() %s", STR_ARG(p->program->name), why);
    sbuf_addz(out, "error(");
    sql_text(out, sbuf_str(&text));
    sbuf_addz(out, ")");
}

/* Rows of the input that are alike: a table hi, which is read twice. */
static bool equal_rows(struct emit *m, const struct plan *p, const struct mine *v, struct sbuf *out)
{
    sbuf_addz(out, "WITH hi AS MATERIALIZED (SELECT ");
    for (size_t i = 0; i < v->n_columns; i++)
        if (v->columns[i].mined)
            sbuf_addf(out, "c%u, ", v->columns[i].in.id);
    sbuf_addz(out, "hw, hs, count(*) AS hn FROM (SELECT *, ");
    if (!weight_and_set(m, v, out))
        return false;
    sbuf_addz(out, " FROM ");
    if (!emit_from(m, p->in[0], out))
        return false;
    sbuf_addf(out, ") AS t%u WHERE hs IS NOT NULL GROUP BY ALL) ", emit_fresh(m));
    return true;
}

bool emit_mine(struct emit *m, const struct plan *p, struct sbuf *out)
{
    const struct mine *v = p->program->detail;
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(EMIT_MAX_SQL_BYTES);
    question(v, &text);
    if (!equal_rows(m, p, v, out))
        return false;
    sbuf_addz(out, "SELECT ");
    output_columns(p, v, out);
    sbuf_addz(out, " FROM (SELECT unnest(CASE WHEN hm IS NULL THEN ");
    refuse(p, "may not hold that many different rows: filter them, or project fewer columns", out);
    sbuf_addz(out, " WHEN len(hm) = 1 AND hm[1] IS NULL THEN ");
    refuse(p,
           "finds more patterns than it may look at: raise the threshold, lower the number of "
           "dimensions, or project fewer columns",
           out);
    sbuf_addz(out, " ELSE hm END) AS ho FROM (SELECT vd_mine(");
    sql_text(out, sbuf_str(&text));
    sbuf_addf(out, ", (SELECT vd_mine_common(CAST(%.17g AS DOUBLE), ", v->threshold);
    row_values(v, out);
    sbuf_addz(out, ", hw, hn, hs, vd_query()) FROM hi), ");
    row_values(v, out);
    sbuf_addf(out, ", hw, hn, hs, vd_query()) AS hm FROM hi) AS t%u) AS t%u", emit_fresh(m),
              emit_fresh(m));
    return sbuf_ok(&text);
}
