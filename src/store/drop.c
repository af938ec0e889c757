/* Taking a table away: its parts leave the manifest, then rows, columns and definition go in one
 * transaction of the writer thread. A crash in between leaves a table with fewer rows, of which the
 * rest is taken when it is repeated. */
#include "store/lake/lake.h"
#include "store/workspace_priv.h"

enum { MAX_SQL = 1 << 16 };

struct drop {
    struct str name, phys; /* phys empty: no row was ever stored */
};

static const struct {
    const char *table, *column;
} registers[] = {
    {"vedette_tables", "name"},          {"vedette_columns", "table_name"},
    {"vedette_stored", "table_name"},    {"vedette_sealed", "table_name"},
    {"vedette_retention", "table_name"}, {"vedette_plans", "table_name"},
    {"vedette_restores", "table_name"},  {"vedette_widened", "table_name"},
};

static void write_sql(struct workspace *w, const struct drop *d, struct sbuf *sql)
{
    if (d->phys.n > 0) {
        sbuf_addz(sql, "DROP TABLE ");
        sql_table(w, d->phys, sql);
        sbuf_addz(sql, ";\n");
    }
    for (size_t i = 0; i < COUNTOF(registers); i++) {
        sbuf_addz(sql, "DELETE FROM ");
        sql_table(w, str_from(registers[i].table), sql);
        sbuf_addf(sql, " WHERE %s = ", registers[i].column);
        sql_text(sql, d->name);
        sbuf_addz(sql, ";\n");
    }
}

/* Queries that run have the definition and the columns still: both live as long as the store. */
static void forget_locked(struct workspace *w, const struct ws_table *t)
{
    (void)map_del(w->tables, t->name);
    if (t->phys.n > 0)
        (void)map_del(w->phys_tables, t->phys);
    w->n_custom -= t->def->custom;
    size_t kept = 0;
    for (size_t i = 0; i < w->listed.n; i++)
        if (w->listed.p[i] != t)
            w->listed.p[kept++] = w->listed.p[i];
    w->listed.n = kept;
}

static void put_back_locked(struct workspace *w, struct ws_table *t)
{
    map_put(w->tables, t->name, t);
    if (t->phys.n > 0)
        map_put(w->phys_tables, t->phys, t);
    w->n_custom += t->def->custom;
    t->listed = false;
    ws_table_list_locked(w, t);
}

static bool run_sql(struct workspace *w, struct str sql, struct err *e)
{
    if (!engine_begin(w->conn, e))
        return false;
    if (engine_conn_exec(w->conn, sql, e))
        return engine_commit(w->conn, e);
    engine_rollback(w->conn);
    return false;
}

/* The name goes first, so that a query which finds the rows gone can tell why. */
static bool drop_in_writer(struct workspace *w, void *arg, struct err *e)
{
    struct drop *d = arg;
    lock_take(&w->lock);
    struct ws_table *t = ws_table_find_locked(w, d->name);
    if (t != NULL)
        forget_locked(w, t);
    lock_drop(&w->lock);
    if (t == NULL)
        return err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'", STR_ARG(d->name));
    d->phys = t->phys;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(MAX_SQL);
    write_sql(w, d, &sql);
    if (!run_sql(w, sbuf_str(&sql), e)) {
        lock_take(&w->lock);
        put_back_locked(w, t);
        lock_drop(&w->lock);
        return false;
    }
    lake_forget(w->lake, d->name);
    return true;
}

static bool may_go(struct workspace *w, struct str name, struct err *e)
{
    lock_take(&w->lock);
    const struct ws_table *t = ws_table_find_locked(w, name);
    bool known = t != NULL;
    bool own = known && (t->def->custom || t->of != NULL || str_ends(name, STR(STORE_RESULTS)));
    bool shown = known && restore_is_source_locked(w, t, e);
    lock_drop(&w->lock);
    if (shown)
        return false;
    if (!known)
        return err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'",
                       (int)(name.n < 80 ? name.n : 80), name.p);
    return own || err_set(e, ERR_UNSUPPORTED,
                          "table '%.*s' ships with Vedette; only custom tables, results of "
                          "searches and restored tables can be deleted",
                          STR_ARG(name));
}

static bool drop_any(struct workspace *w, struct str name, struct err *e)
{
    struct drop d = {.name = name};
    lake_work_begin(w->lake); /* nothing is sealed meanwhile */
    bool ok = lake_drop(w->lake, name, e) && writer_run(w->writer, drop_in_writer, &d, e);
    lake_work_end(w->lake);
    return ok;
}

bool workspace_table_drop(struct workspace *w, struct str name, struct err *e)
{
    return may_go(w, name, e) && drop_any(w, name, e);
}

bool workspace_empty(struct workspace *w, struct err *e)
{
    for (;;) {
        lock_take(&w->lock);
        struct str name = w->listed.n > 0 ? w->listed.p[0]->name : STR_NONE;
        lock_drop(&w->lock);
        if (name.n == 0)
            return workspace_checkpoint(w, e);
        if (!drop_any(w, name, e))
            return false;
    }
}
