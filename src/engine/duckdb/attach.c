/* Database files of the instance, and the lock on the door to all other files. */
#include "engine/duckdb/duck_priv.h"

bool engine_exec(struct engine *g, struct str sql, struct err *e)
{
    duckdb_connection con = duck_connect(g, e);
    if (!con)
        return false;
    bool ok = duck_exec(con, sql, e);
    duckdb_disconnect(&con);
    return ok;
}

bool engine_attach(struct engine *g, struct str name, const char *path, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    sbuf_addz(&b, "ATTACH ");
    sql_text(&b, str_from(path));
    sbuf_addz(&b, " AS ");
    sql_ident(&b, name);
    return engine_exec(g, sbuf_str(&b), e);
}

bool engine_checkpoint(struct engine *g, struct str database, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    sbuf_addz(&b, "CHECKPOINT ");
    sql_ident(&b, database);
    duckdb_connection con = duck_connect(g, e);
    bool ok = con != NULL && duck_exec_patiently(con, sbuf_str(&b), e);
    duckdb_disconnect(&con);
    return ok;
}

bool engine_detach(struct engine *g, struct str name, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    sbuf_addz(&b, "DETACH ");
    sql_ident(&b, name);
    return engine_checkpoint(g, name, e) && engine_exec(g, sbuf_str(&b), e);
}

bool engine_copy_database(struct engine *g, struct str database, const char *path, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf name = sbuf_make(1 << 10);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    sbuf_addf(&name, "copy_of_%.*s", STR_ARG(database));
    if (!engine_attach(g, sbuf_str(&name), path, e))
        return false;
    sbuf_addz(&b, "COPY FROM DATABASE ");
    sql_ident(&b, database);
    sbuf_addz(&b, " TO ");
    sql_ident(&b, sbuf_str(&name));
    struct err own = {0};
    bool ok = engine_exec(g, sbuf_str(&b), &own);
    bool closed = engine_detach(g, sbuf_str(&name), ok ? &own : NULL);
    if (!(ok && closed) && e != NULL)
        *e = own;
    return ok && closed;
}

bool engine_set_checkpoint_bytes(struct engine *g, size_t bytes, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 16);
    sbuf_addf(&b, "SET GLOBAL wal_autocheckpoint='%zuB'", bytes);
    return engine_exec(g, sbuf_str(&b), e);
}

bool engine_allow_directory(struct engine *g, const char *dir, struct err *e)
{
    bool ok = true;
    lock_take(&g->lock);
    if (g->locked) {
        ok = err_set(e, ERR_CONFLICT, "the engine is locked: no directory can be added");
    } else {
        g->allowed = xrealloc(g->allowed, (g->n_allowed + 1) * sizeof(*g->allowed));
        g->allowed[g->n_allowed++] = xstrdup(dir);
    }
    lock_drop(&g->lock);
    return ok;
}

bool engine_lock_down(struct engine *g, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(1 << 20);
    lock_take(&g->lock);
    sbuf_addz(&b, "SET GLOBAL allowed_directories=[");
    for (size_t i = 0; i < g->n_allowed; i++) {
        if (i)
            sbuf_addz(&b, ", ");
        sql_text(&b, str_from(g->allowed[i]));
    }
    sbuf_addz(&b, "]; SET GLOBAL enable_external_access=false; SET GLOBAL lock_configuration=true");
    bool again = g->locked;
    g->locked = true;
    lock_drop(&g->lock);
    return again || engine_exec(g, sbuf_str(&b), e);
}
