/* What a query would do, without doing it. */
#include "store/store_priv.h"

enum { MAX_SQL = 64 << 20 };

static bool write_all(struct arena *a, const struct kql_query *q, const struct engine_source *src,
                      struct store_explained *out, struct err *e)
{
    out->sql = arena_array(a, struct str, q->n + 1);
    for (size_t i = 0; i < q->n; i++) {
        AUTO(sbuf_fini) struct sbuf sql = sbuf_make(MAX_SQL);
        if (!engine_sql(q->results[i].plan, src, &sql, e))
            return false;
        out->sql[out->n_sql++] = arena_str(a, sbuf_str(&sql));
    }
    return true;
}

bool workspace_explain(struct workspace *w, struct arena *a, const struct store_query *q,
                       struct store_explained *out, struct kql_diags *diags, struct err *e)
{
    struct kql_query compiled;
    *out = (struct store_explained){0};
    if (!workspace_compile(w, a, q, &compiled, diags, e))
        return false;
    /* Numbers of parts tell of rows that it may not see, the SQL of the rule. */
    if (compiled.limited)
        return err_set(e, ERR_FORBIDDEN,
                       "The query reads a table of which you may see some rows "
                       "only: it can't be explained.");
    const struct engine_source *src = source_snapshot(w, a);
    if (q->lake)
        source_see_all(src);
    source_note_reads(src);
    bool ok = write_all(a, &compiled, src, out, e);
    out->reads = source_reads(src, &out->n);
    source_release(src);
    if (!ok)
        kql_err_locate(q->text, e);
    return ok;
}
