/* Deleting rows: what a KQL predicate finds, in one transaction of the writer thread. */
#include "store/lake/lake.h"
#include "store/store_priv.h"
#include "text/json.h"

enum { MAX_SQL = 64 << 20 };

/* KQL that gives the _ItemId of each row, as SQL. */
static bool write_select(struct workspace *w, struct arena *a, const struct store_purge *p,
                         const struct engine_source *src, struct sbuf *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(1 << 20);
    struct kql_diags diags = {.a = a};
    struct kql_query compiled = {0};
    sbuf_addz(&text, "[");
    json_escape(&text, p->table);
    sbuf_addf(&text, "] | where %.*s | project _ItemId", STR_ARG(p->predicate));
    diags.text = sbuf_str(&text);
    struct kql_options options = {.catalog = &w->catalog,
                                  .session = {.database = w->name},
                                  .now_ticks = clock_now(w->s->clock),
                                  .has_scope = true,
                                  .scope_to = p->received_until + 1,
                                  .scope_column = STR("_TimeReceived")};
    if (!sbuf_ok(&text))
        return err_set(e, ERR_LIMIT, "the filters are too long");
    if (!kql_compile(a, arena_str(a, diags.text), &options, &compiled, &diags)) {
        kql_diags_err(&diags, e);
        return false;
    }
    return engine_sql(compiled.results[0].plan, src, out, e);
}

static bool run_count(struct workspace *w, struct str sql, uint64_t *out, struct err *e)
{
    struct kql_column col = {STR("n"), KQL_LONG};
    struct kql_schema schema = {&col, 1};
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(w->conn, sql, &schema, &rows, e))
        return false;
    *out = engine_rows_count(rows) == 1 ? (uint64_t)engine_rows_get(rows, 0, 0).i : 0;
    engine_rows_free(rows);
    return true;
}

static bool delete_rows(struct workspace *w, struct purge_job *j, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(MAX_SQL);
    sbuf_addf(&sql, "SELECT count(*) FROM (%.*s)", STR_ARG(j->select));
    if (!run_count(w, sbuf_str(&sql), &j->matched, e))
        return false;
    sbuf_clear(&sql);
    sbuf_addz(&sql, "DELETE FROM ");
    sql_table(w, j->phys, &sql);
    sbuf_addf(&sql, " WHERE CAST(\"_ItemId\" AS VARCHAR) IN (SELECT id FROM (%.*s) AS found(id))",
              STR_ARG(j->select));
    return sbuf_ok(&sql) ? run_count(w, sbuf_str(&sql), &j->deleted, e)
                         : err_set(e, ERR_LIMIT, "the filters are too long");
}

bool purge_run(struct workspace *w, struct purge_job *j, struct err *e)
{
    if (!engine_begin(w->conn, e))
        return false;
    bool ok = delete_rows(w, j, e);
    /* More is fine: sealed rows may still lie in the hot table. */
    if (ok && j->deleted + j->sealed < j->matched)
        ok = err_set(e, ERR_CONFLICT, "%llu of %llu rows were not found again: try again",
                     (unsigned long long)(j->matched - j->deleted - j->sealed),
                     (unsigned long long)j->matched);
    if (ok)
        return engine_commit(w->conn, e);
    engine_rollback(w->conn);
    return false;
}

/* Part by part, then the hot rows in one transaction. A crash in between is mended by repeating. */
static bool purge_all(struct workspace *w, struct arena *a, const struct store_purge *p,
                      const struct engine_source *src, uint64_t *out_deleted, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf select = sbuf_make(MAX_SQL);
    if (!write_select(w, a, p, src, &select, e))
        return false;
    lock_take(&w->lock);
    const struct ws_table *t = ws_table_find_locked(w, p->table);
    struct purge_job job = {.phys = t != NULL ? t->phys : STR_NONE, .select = sbuf_str(&select)};
    lock_drop(&w->lock);
    if (!src->ready(src->self, NULL, e))
        return false;
    if (job.phys.n == 0) /* no row was ever stored */
        return true;
    /* The snapshot behind the SQL holds the old parts, in which the rows are still found. */
    if (!lake_purge(w->lake, p->table, job.select, &job.sealed, e) || !writer_purge(w, &job, e))
        return false;
    *out_deleted = job.matched;
    return true;
}

bool workspace_purge(struct workspace *w, const struct store_purge *p, uint64_t *out_deleted,
                     struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    *out_deleted = 0;
    lake_work_begin(w->lake); /* nothing is sealed meanwhile */
    const struct engine_source *src = source_snapshot(w, a);
    source_see_all(src);
    bool ok = purge_all(w, a, p, src, out_deleted, e);
    source_release(src);
    lake_work_end(w->lake);
    return ok;
}
