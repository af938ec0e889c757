/* reduce: equal texts are counted first, vd_reduce() finds their patterns. */
#include "engine/duckdb/duck_priv.h"
#include "engine/duckdb/emit_priv.h"
#include "kql/reduce.h"
#include "text/json.h"

static void question(const struct reduce *r, struct sbuf *out)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(EMIT_MAX_SQL_BYTES);
    struct json_out w = json_out_make(&text);
    json_obj(&w);
    json_kv_real(&w, "threshold", r->threshold);
    json_kv_str(&w, "characters", r->characters);
    json_kv_bool(&w, "source", r->of_source);
    json_obj_end(&w);
    sql_text(out, sbuf_str(&text));
}

/* A FROM item: a row for each array, ho, that vd_reduce() gives for the texts hv of another. */
static void patterns(struct emit *m, const struct reduce *r, struct str from, struct sbuf *out)
{
    sbuf_addz(out, "(SELECT unnest(CASE WHEN hm IS NULL THEN error(");
    sql_text(out, STR(DUCK_LIMIT_MARK "reduce may not hold that many different texts: filter them, "
                                      "raise the threshold, or replace numbers and identifiers"));
    sbuf_addz(out, ") ELSE hm END) AS ho FROM (SELECT vd_reduce(");
    question(r, out);
    sbuf_addf(out,
              ", hv, hn, vd_query()) AS hm FROM (SELECT hv, count(*) AS hn FROM %.*s GROUP BY hv) "
              "AS t%u) AS "
              "t%u) AS t%u",
              STR_ARG(from), emit_fresh(m), emit_fresh(m), emit_fresh(m));
}

/* The input with its text as hv. */
static bool with_text(struct emit *m, const struct plan *p, const struct reduce *r,
                      struct sbuf *out)
{
    sbuf_addz(out, "(SELECT *, ");
    if (!emit_as(m, r->text, KQL_STRING, out))
        return false;
    sbuf_addz(out, " AS hv FROM ");
    if (!emit_from(m, p->in[0], out))
        return false;
    sbuf_addz(out, ")");
    return true;
}

static bool of_source(struct emit *m, const struct plan *p, const struct reduce *r,
                      struct sbuf *out)
{
    sbuf_addz(out, "WITH hi AS MATERIALIZED ");
    if (!with_text(m, p, r, out))
        return false;
    sbuf_addz(out, " SELECT ");
    for (size_t i = 0; i + 1 < p->cols.n; i++)
        sbuf_addf(out, "c%u, ", p->cols.p[i].id);
    sbuf_addf(out,
              "hp AS c%u FROM hi JOIN (SELECT vdc_dyn_str(vdc_dyn_at(ho, 0)) AS hw, "
              "vdc_dyn_str(vdc_dyn_at(ho, 1)) AS hp FROM ",
              p->cols.p[p->cols.n - 1].id);
    patterns(m, r, STR("hi"), out);
    sbuf_addf(out, ") AS t%u ON hv = hw", emit_fresh(m));
    return true;
}

bool emit_reduce(struct emit *m, const struct plan *p, struct sbuf *out)
{
    static const char *const values[] = {"vdc_dyn_str(vdc_dyn_at(ho, 0))",
                                         "vdc_dyn_long(vdc_dyn_at(ho, 1))",
                                         "vdc_dyn_str(vdc_dyn_at(ho, 2))"};
    const struct reduce *r = p->program->detail;
    AUTO(sbuf_fini) struct sbuf from = sbuf_make(EMIT_MAX_SQL_BYTES);
    if (r->of_source)
        return of_source(m, p, r, out);
    if (!with_text(m, p, r, &from))
        return false;
    sbuf_addf(&from, " AS t%u", emit_fresh(m));
    sbuf_addz(out, "SELECT ");
    for (size_t i = 0; i < p->cols.n && i < COUNTOF(values); i++)
        sbuf_addf(out, "%s%s AS c%u", i > 0 ? ", " : "", values[i], p->cols.p[i].id);
    sbuf_addz(out, " FROM ");
    patterns(m, r, sbuf_str(&from), out);
    return sbuf_ok(&from);
}
