/* Restored logs: a table that shows a range of another one's rows, also those that are past its
 * analytics retention. Nothing is copied: the parts stay where they are, and stay as long as the
 * restored table is there. */
#include "store/lake/lake.h"
#include "store/store_priv.h"

enum { LEAST_DAYS = 2, MAX_SQL = 1 << 16 };

/* ---- in memory ---- */

static void add_locked(struct workspace *w, struct ws_table *of, const struct store_restore *r)
{
    struct ws_table *t = ws_table_add_locked(
        w, table_def_make(w->a, r->table, &of->def->t.schema, false, of->def->billable));
    t->of = of;
    t->of_from = r->from;
    t->of_to = r->to;
    ws_table_list_locked(w, t);
}

static const struct ws_table *restored_from_locked(struct workspace *w, const struct ws_table *of)
{
    for (size_t i = 0; i < w->listed.n; i++)
        if (w->listed.p[i]->of == of)
            return w->listed.p[i];
    return NULL;
}

bool restore_holds(struct workspace *w, struct str table, int64_t min_time, int64_t max_time)
{
    lock_take(&w->lock);
    const struct ws_table *t = ws_table_find_locked(w, table);
    const struct ws_table *r = t != NULL ? restored_from_locked(w, t) : NULL;
    bool holds = r != NULL && max_time >= r->of_from && min_time < r->of_to;
    lock_drop(&w->lock);
    return holds;
}

bool restore_is_source_locked(struct workspace *w, const struct ws_table *t, struct err *e)
{
    const struct ws_table *r = restored_from_locked(w, t);
    if (r == NULL)
        return false;
    err_set(e, ERR_CONFLICT, "table '%.*s' shows rows of '%.*s': delete it first", STR_ARG(r->name),
            STR_ARG(t->name));
    return true;
}

bool workspace_restored(struct workspace *w, struct str name, struct store_restore *out)
{
    lock_take(&w->lock);
    const struct ws_table *t = ws_table_find_locked(w, name);
    bool is = t != NULL && t->of != NULL;
    if (is)
        *out = (struct store_restore){t->name, t->of->name, t->of_from, t->of_to};
    lock_drop(&w->lock);
    return is;
}

/* ---- on disk ---- */

bool restores_load(struct workspace *w, struct err *e)
{
    struct kql_column c[] = {{STR("table_name"), KQL_STRING},
                             {STR("source"), KQL_STRING},
                             {STR("from_time"), KQL_LONG},
                             {STR("to_time"), KQL_LONG}};
    struct kql_schema schema = {c, COUNTOF(c)};
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(4096);
    sbuf_addz(&sql, "SELECT table_name, source, from_time, to_time FROM ");
    sql_table(w, STR("vedette_restores"), &sql);
    sbuf_addz(&sql, " ORDER BY 1");
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(w->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    lock_take(&w->lock);
    for (size_t i = 0; i < engine_rows_count(rows); i++) {
        struct store_restore r = {engine_rows_get(rows, i, 0).s, engine_rows_get(rows, i, 1).s,
                                  engine_rows_get(rows, i, 2).i, engine_rows_get(rows, i, 3).i};
        struct ws_table *of = ws_table_find_locked(w, r.source);
        if (of != NULL && ws_table_find_locked(w, r.table) == NULL)
            add_locked(w, of, &r);
    }
    lock_drop(&w->lock);
    engine_rows_free(rows);
    return true;
}

static bool check_locked(struct workspace *w, const struct store_restore *r, struct err *e)
{
    struct ws_table *of = ws_table_find_locked(w, r->source);
    if (of == NULL)
        return err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'",
                       (int)(r->source.n < 80 ? r->source.n : 80), r->source.p);
    if (ws_table_find_locked(w, r->table) != NULL)
        return err_set(e, ERR_CONFLICT, "there is a table '%.*s' already: delete it first",
                       STR_ARG(r->table));
    if (of->of != NULL || of->plan == STORE_PLAN_AUXILIARY)
        return err_set(e, ERR_UNSUPPORTED,
                       "table '%.*s' can't be restored: tables of plan Auxiliary and restored ones "
                       "can't",
                       STR_ARG(r->source));
    return !restore_is_source_locked(w, of, e);
}

static bool check(struct workspace *w, const struct store_restore *r, struct err *e)
{
    if (!catalog_name_ok(r->table, STR(STORE_RESTORED), e))
        return false;
    if (r->to - r->from < LEAST_DAYS * TICKS_PER_DAY)
        return err_set(e, ERR_INVALID, "at least %d days are restored at a time", LEAST_DAYS);
    lock_take(&w->lock);
    bool ok = check_locked(w, r, e);
    lock_drop(&w->lock);
    return ok;
}

static bool restore_in_writer(struct workspace *w, void *arg, struct err *e)
{
    const struct store_restore *r = arg;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(MAX_SQL);
    if (!check(w, r, e))
        return false;
    sbuf_addz(&sql, "INSERT INTO ");
    sql_table(w, STR("vedette_restores"), &sql);
    sbuf_addz(&sql, " VALUES (");
    sql_text(&sql, r->table);
    sbuf_addz(&sql, ", ");
    sql_text(&sql, r->source);
    sbuf_addf(&sql, ", %lld, %lld)", (long long)r->from, (long long)r->to);
    if (!engine_conn_exec(w->conn, sbuf_str(&sql), e))
        return false;
    lock_take(&w->lock);
    add_locked(w, ws_table_find_locked(w, r->source), r);
    lock_drop(&w->lock);
    return true;
}

bool workspace_restore(struct workspace *w, const struct store_restore *r, struct err *e)
{
    struct store_restore copy = *r;
    lake_work_begin(w->lake); /* nothing expires meanwhile */
    bool ok = writer_run(w->writer, restore_in_writer, &copy, e);
    lake_work_end(w->lake);
    return ok;
}
