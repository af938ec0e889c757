/* Copies of rows in the instance's own database, which is in memory. */
#include "engine/duckdb/duck_priv.h"
#include "engine/duckdb/emit.h"

void engine_copy_item(struct str name, struct sbuf *out)
{
    sbuf_addz(out, "memory.main.");
    sql_ident(out, name);
}

static bool copy_sql(struct str name, const struct plan *p, const struct engine_source *src,
                     const struct engine_limits *lim, struct sbuf *out, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct emit_externals none = {.a = a};
    const struct emit_limits size = {lim->max_rows > 0 ? lim->max_rows + 1 : 0, lim->size};
    sbuf_addz(out, "CREATE TABLE ");
    engine_copy_item(name, out);
    sbuf_addz(out, " AS SELECT * FROM (");
    if (!emit_statement(p, src, &size, &none, out, e))
        return false;
    sbuf_addz(out, ") AS t(");
    for (size_t i = 0; i < p->cols.n; i++)
        sbuf_addf(out, "%sf%zu", i > 0 ? ", " : "", i);
    sbuf_addc(out, ')');
    return none.nodes.n == 0 && (src->ready == NULL || src->ready(src->self, lim, e));
}

bool engine_copy_make(struct engine *g, struct str name, const struct plan *p,
                      const struct engine_source *src, const struct engine_limits *lim,
                      size_t *out_rows, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(EMIT_MAX_SQL_BYTES);
    const struct running_limits limits = {lim->deadline_us, lim->cancel, lim->memory_bytes};
    if (!copy_sql(name, p, src, lim, &sql, e))
        return false;
    duckdb_connection con = duck_connect(g, e);
    if (!con)
        return false;
    struct kql_column count = {STR("count"), KQL_LONG};
    struct kql_schema schema = {&count, 1};
    struct engine_rows *rows = NULL;
    duckdb_result r = {0};
    struct running *running = duck_running(g, con, &limits);
    bool ok = duck_execute(con, sbuf_str(&sql), running, &r, e);
    if (ok)
        rows = duck_rows_take(&r, &schema, 0, 0, e);
    duckdb_destroy_result(&r);
    duckdb_disconnect(&con);
    running_end(&g->running, running);
    if (rows == NULL)
        return false;
    *out_rows = (size_t)engine_rows_get(rows, 0, 0).i;
    engine_rows_free(rows);
    if (lim->max_rows > 0 && *out_rows > lim->max_rows)
        engine_copy_drop(g, name);
    return true;
}

void engine_copy_drop(struct engine *g, struct str name)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(1 << 10);
    struct err e = {0};
    sbuf_addz(&sql, "DROP TABLE IF EXISTS ");
    engine_copy_item(name, &sql);
    if (!engine_exec(g, sbuf_str(&sql), &e))
        LOG(LOG_WARN, "engine", "a copy of rows could not be removed", log_s("name", name),
            log_z("reason", e.msg));
}
