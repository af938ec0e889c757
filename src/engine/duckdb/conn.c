/* Connections of the store: internal SQL and transactions. */
#include "engine/duckdb/insert.h"

struct engine_conn *engine_conn_open(struct engine *g, struct err *e)
{
    duckdb_connection con = duck_connect(g, e);
    if (!con)
        return NULL;
    struct engine_conn *c = xcalloc(1, sizeof(*c));
    c->g = g;
    c->con = con;
    c->keeps = true;
    return c;
}

void engine_conn_close(struct engine_conn *c)
{
    if (!c)
        return;
    engine_rollback(c);
    insert_forget_kept(c);
    duckdb_disconnect(&c->con);
    xfree(c);
}

bool engine_conn_exec(struct engine_conn *c, struct str sql, struct err *e)
{
    return duck_exec(c->con, sql, e);
}

bool engine_conn_query(struct engine_conn *c, struct str sql, const struct kql_schema *schema,
                       struct engine_rows **out, struct err *e)
{
    duckdb_result r = {0};
    bool ok = c->in_transaction ? duck_execute_inside(c->con, sql, NULL, &r, e)
                                : duck_execute(c->con, sql, NULL, &r, e);
    if (ok) {
        *out = duck_rows_take(&r, schema, 0, 0, e);
        ok = *out != NULL;
    }
    duckdb_destroy_result(&r);
    return ok;
}

bool engine_begin(struct engine_conn *c, struct err *e)
{
    CHECK(!c->in_transaction);
    c->in_transaction = duck_exec(c->con, STR("BEGIN TRANSACTION"), e);
    return c->in_transaction;
}

bool engine_commit(struct engine_conn *c, struct err *e)
{
    CHECK(c->in_transaction);
    if (duck_exec_patiently(c->con, STR("COMMIT"), e)) {
        c->in_transaction = false;
        return true;
    }
    engine_rollback(c);
    return false;
}

void engine_rollback(struct engine_conn *c)
{
    if (!c->in_transaction)
        return;
    c->in_transaction = false;
    duck_rollback(c->con);
}
