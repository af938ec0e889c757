/* Clustering keys: a column of a table by which the rows of its parts are sorted, before
 * TimeGenerated. Queries for one value of it then read few row groups. Parts that were written
 * before stay as they are until they are merged. */
#include "store/lake/lake_priv.h"

static void keep_locked(struct lake *l, struct str table, struct str column)
{
    struct str *kept = map_get(l->clusters, table);
    if (kept == NULL) {
        kept = arena_new_of(l->a, struct str);
        map_put(l->clusters, lake_name_locked(l, table), kept);
    }
    *kept = lake_name_locked(l, column);
}

bool lake_cluster_load(struct lake *l, struct err *e)
{
    struct kql_column c[] = {{STR("table_name"), KQL_STRING}, {STR("column_name"), KQL_STRING}};
    struct kql_schema schema = {c, COUNTOF(c)};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT table_name, column_name FROM ");
    sql_table(l->w, STR("vedette_clusters"), &sql);
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(l->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    lock_take(&l->lock);
    for (size_t i = 0; i < engine_rows_count(rows); i++)
        keep_locked(l, engine_rows_get(rows, i, 0).s, engine_rows_get(rows, i, 1).s);
    lock_drop(&l->lock);
    engine_rows_free(rows);
    return true;
}

struct str workspace_cluster(struct workspace *w, struct arena *a, struct str table)
{
    struct lake *l = w->lake;
    lock_take(&l->lock);
    const struct str *kept = map_get(l->clusters, table);
    struct str column = kept != NULL ? arena_str(a, *kept) : STR_NONE;
    lock_drop(&l->lock);
    return column;
}

/* Where the column is among those stored; nothing of it may be yet. */
static struct str stored_name(struct workspace *w, struct str table, struct str column)
{
    lock_take(&w->lock);
    const struct ws_table *t = ws_table_find_locked(w, table);
    uintptr_t at = t != NULL ? (uintptr_t)map_get(t->by_name, column) : 0;
    struct str phys = at != 0 ? t->cols.p[at - 1].phys : STR_NONE; /* lives as the workspace */
    lock_drop(&w->lock);
    return phys;
}

void lake_cluster_sql(struct lake *l, const struct lake_source *src, struct sbuf *out)
{
    lock_take(&l->lock);
    const struct str *kept = map_get(l->clusters, src->table);
    struct str column = kept != NULL ? *kept : STR_NONE;
    lock_drop(&l->lock);
    struct str phys = column.n > 0 ? stored_name(l->w, src->table, column) : STR_NONE;
    for (size_t i = 0; phys.n > 0 && i < src->n; i++) {
        if (!str_eq(src->cols[i].phys, phys))
            continue;
        sql_ident(out, phys);
        sbuf_addz(out, ", ");
    }
}

/* ---- setting it ---- */

static bool check_key(struct workspace *w, struct str table, struct str column, struct err *e)
{
    lock_take(&w->lock);
    const struct ws_table *t = ws_table_find_locked(w, table);
    size_t at = t != NULL ? table_def_find(t->def, column) : SIZE_MAX;
    bool known = at != SIZE_MAX && at < t->def->t.schema.n;
    enum kql_type type = known ? table_def_type(t->def, at) : KQL_UNKNOWN;
    lock_drop(&w->lock);
    if (!known)
        return err_set(e, ERR_INVALID, "clusterBy: table '%.*s' has no column '%.*s'",
                       STR_ARG(table), (int)(column.n < 80 ? column.n : 80), column.p);
    return type != KQL_DYNAMIC ? true
                               : err_set(e, ERR_INVALID,
                                         "clusterBy: '%.*s' is dynamic; a column whose values "
                                         "have an order is expected",
                                         STR_ARG(column));
}

static bool set_in_writer(struct workspace *w, void *arg, struct err *e)
{
    if (!engine_begin(w->conn, e))
        return false;
    if (engine_conn_exec(w->conn, *(struct str *)arg, e))
        return engine_commit(w->conn, e);
    engine_rollback(w->conn);
    return false;
}

bool workspace_cluster_set(struct workspace *w, struct str table, struct str column, struct err *e)
{
    struct lake *l = w->lake;
    if (column.n > 0 && !check_key(w, table, column, e))
        return false;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(1 << 16);
    sbuf_addz(&sql, "DELETE FROM ");
    sql_table(w, STR("vedette_clusters"), &sql);
    sbuf_addz(&sql, " WHERE table_name = ");
    sql_text(&sql, table);
    sbuf_addz(&sql, ";\n");
    if (column.n > 0) {
        sbuf_addz(&sql, "INSERT INTO ");
        sql_table(w, STR("vedette_clusters"), &sql);
        sbuf_addz(&sql, " VALUES (");
        sql_text(&sql, table);
        sbuf_addz(&sql, ", ");
        sql_text(&sql, column);
        sbuf_addz(&sql, ");\n");
    }
    struct str text = sbuf_str(&sql);
    if (!writer_run(w->writer, set_in_writer, &text, e))
        return false;
    lock_take(&l->lock);
    keep_locked(l, table, column);
    lock_drop(&l->lock);
    return true;
}
