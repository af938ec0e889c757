/* Statements whose cost is told: the database measures on connections that were set up for it,
 * which settings allow only before they are locked. */
#include "engine/duckdb/duck_priv.h"

static const char settings[] =
    "SET enable_profiling='no_output'; SET custom_profiling_settings='"
    "{\"CUMULATIVE_ROWS_SCANNED\":\"true\",\"TOTAL_BYTES_READ\":\"true\","
    "\"TOTAL_MEMORY_ALLOCATED\":\"true\"}'";

bool measured_open(struct engine *g, struct err *e)
{
    for (size_t i = 0; i < MEASURED_CONNECTIONS; i++) {
        g->measured[i].con = duck_connect(g, e);
        if (g->measured[i].con == NULL || !duck_exec(g->measured[i].con, str_from(settings), e))
            return false;
    }
    return true;
}

void measured_close(struct engine *g)
{
    for (size_t i = 0; i < MEASURED_CONNECTIONS; i++)
        if (g->measured[i].con != NULL)
            duckdb_disconnect(&g->measured[i].con);
}

duckdb_connection measured_take(struct engine *g)
{
    duckdb_connection con = NULL;
    lock_take(&g->lock);
    for (size_t i = 0; i < MEASURED_CONNECTIONS && con == NULL; i++) {
        con = g->measured[i].con;
        g->measured[i].con = NULL;
    }
    lock_drop(&g->lock);
    return con;
}

void measured_give(struct engine *g, duckdb_connection con)
{
    size_t i = 0;
    lock_take(&g->lock);
    while (g->measured[i].con != NULL)
        i++; /* there is a place: each was taken from one */
    g->measured[i].con = con;
    lock_drop(&g->lock);
}

static int64_t metric(duckdb_profiling_info info, const char *name)
{
    duckdb_value v = duckdb_profiling_info_get_value(info, name);
    int64_t n = 0;
    if (v == NULL)
        return 0;
    char *text = duckdb_get_varchar(v);
    if (text == NULL || !str_to_i64(str_from(text), &n) || n < 0)
        n = 0;
    duckdb_free(text);
    duckdb_destroy_value(&v);
    return n;
}

static void read_cost(duckdb_connection con, struct engine_cost *cost)
{
    duckdb_profiling_info info = duckdb_get_profiling_info(con);
    if (info == NULL)
        return;
    cost->rows += metric(info, "CUMULATIVE_ROWS_SCANNED");
    cost->bytes += metric(info, "TOTAL_BYTES_READ");
    cost->memory += metric(info, "TOTAL_MEMORY_ALLOCATED");
}

bool measured_execute(duckdb_connection con, struct str sql, struct running *running,
                      duckdb_result *out, struct engine_cost *cost, struct err *e)
{
    if (!duck_exec(con, STR("BEGIN TRANSACTION"), e))
        return false;
    bool ok = duck_execute_inside(con, sql, running, out, e);
    read_cost(con, cost);
    ok = ok && duck_exec(con, STR("COMMIT"), e);
    if (!ok)
        duck_rollback(con);
    return ok;
}
