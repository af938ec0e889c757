/* Deleting rows out of parts: a part that has some is written anew without them. */
#include "store/lake/lake_priv.h"

enum { PURGE_MAX_SQL = 64 << 20 };
#define IDS "vedette_purged" /* of the lake's connection: ids of the rows that go */

/* A statement that answers with a number. Not engine_conn_exec: the SQL of a query has
 * ENGINE_FALSE_LATE. */
static bool run(struct lake *l, struct sbuf *sql, struct err *e)
{
    struct kql_column c = {STR("n"), KQL_LONG};
    struct kql_schema schema = {&c, 1};
    struct engine_rows *rows = NULL;
    if (!sbuf_ok(sql))
        return err_set(e, ERR_LIMIT, "the filters are too long");
    bool ok = engine_conn_query(l->conn, sbuf_str(sql), &schema, &rows, e);
    engine_rows_free(ok ? rows : NULL);
    return ok;
}

static bool keep_ids(struct lake *l, struct str select, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(PURGE_MAX_SQL);
    sbuf_addf(&sql,
              "CREATE OR REPLACE TEMP TABLE " IDS
              " AS SELECT CAST(id AS UUID) AS id FROM (%.*s) AS found(id)",
              STR_ARG(select));
    return run(l, &sql, e);
}

/* How many of the rows a part has. */
static bool count_in(struct lake *l, const struct lake_part *p, int64_t *out, struct err *e)
{
    struct kql_column c = {STR("n"), KQL_LONG};
    struct kql_schema schema = {&c, 1};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(PURGE_MAX_SQL);
    sbuf_addz(&sql, "SELECT count(*) FROM read_parquet(");
    sql_text(&sql, str_from(p->path));
    sbuf_addz(&sql, ") WHERE \"_ItemId\" IN (SELECT id FROM temp." IDS ")");
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(l->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    *out = engine_rows_get(rows, 0, 0).i;
    engine_rows_free(rows);
    return true;
}

static bool rewrite(struct lake *l, struct lake_part *p, int64_t without, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf from = sbuf_make(PURGE_MAX_SQL);
    struct lake_source src = {.table = p->table, .whole = true};
    struct str hot;
    src.cols = lake_columns(l, a, p->table, &hot, &src.n);
    struct lake_from f = {.w = l->w, .parts = lake_whole(a, &p, 1), .n_parts = 1, .cols = src.cols};
    f.n_cols = src.n;
    f.from = INT64_MIN;
    f.to = INT64_MAX;
    sbuf_addz(&from, "(SELECT * FROM (");
    lake_sql_parts(&f, &from);
    sbuf_addz(&from, ") WHERE \"_ItemId\" NOT IN (SELECT id FROM temp." IDS "))");
    src.from = sbuf_str(&from);
    struct lake_written x = {0};
    if (!lake_write(l, a, &src, &x, e))
        return false;
    if (x.rows != p->rows - without) {
        lake_write_undo(&x);
        return err_set(e, ERR_INTERNAL, "a part of %lld rows without %lld would have %lld",
                       (long long)p->rows, (long long)without, (long long)x.rows);
    }
    struct lake_edit edit = {.table = p->table, .add = x.parts, .n_add = x.n, .remove = &p};
    edit.n_remove = 1;
    bool ok = lake_manifest_commit(l, &edit, e);
    for (size_t i = 0; i < x.n; i++)
        lake_part_unref(x.parts[i]);
    return ok;
}

bool lake_purge(struct lake *l, struct str table, struct str select, uint64_t *out_deleted,
                struct err *e)
{
    struct lake_view *v = lake_view_take(l);
    const struct lake_table *t = lake_view_find(v, table);
    bool ok = t == NULL || t->n == 0 || keep_ids(l, select, e);
    *out_deleted = 0;
    for (size_t i = 0; ok && t != NULL && i < t->n; i++) {
        int64_t n = 0;
        ok = lake_pin(&t->parts[i], 1, NULL, e);
        if (!ok)
            break;
        ok = count_in(l, t->parts[i], &n, e) && (n == 0 || rewrite(l, t->parts[i], n, e));
        *out_deleted += ok ? (uint64_t)n : 0;
        lake_unpin(&t->parts[i], 1);
    }
    lake_view_drop(v);
    struct err ignored = {0};
    if (!engine_conn_exec(l->conn, STR("DROP TABLE IF EXISTS temp." IDS), &ignored))
        LOG(LOG_WARN, "lake", "ids of purged rows stay in memory", log_z("reason", ignored.msg));
    lake_manifest_unlink(l);
    return ok;
}
