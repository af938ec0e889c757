/* Running a statement: in small tasks, so that a deadline or a cancellation stops it. */
#include "engine/duckdb/duck_priv.h"
#include "engine/duckdb/emit.h"
#include <sched.h>

static bool stop_wanted(const struct duck_limits *lim, struct err *e)
{
    if (lim->cancel && *lim->cancel)
        return !err_set(e, ERR_CANCELLED, "the query was cancelled");
    if (lim->deadline_us && clock_mono_us() > lim->deadline_us)
        return !err_set(e, ERR_TIMEOUT, "the query ran longer than it may");
    return false;
}

/* Drives the pending result to its end; false with e set when it was stopped. */
static bool drive(duckdb_connection con, duckdb_pending_result pending,
                  const struct duck_limits *lim, struct err *e)
{
    for (;;) {
        duckdb_pending_state s = duckdb_pending_execute_task(pending);
        if (duckdb_pending_execution_is_finished(s) || s == DUCKDB_PENDING_ERROR)
            return true;
        if (stop_wanted(lim, e)) {
            duckdb_interrupt(con);
            return false;
        }
        if (s == DUCKDB_PENDING_NO_TASKS_AVAILABLE)
            sched_yield();
    }
}

static bool execute_prepared(duckdb_connection con, duckdb_prepared_statement stmt, struct str sql,
                             const struct duck_limits *lim, duckdb_result *out, struct err *e)
{
    duckdb_pending_result pending = NULL;
    if (duckdb_pending_prepared(stmt, &pending) != DuckDBSuccess) {
        duck_fail(e, "query", duckdb_pending_error(pending), DUCKDB_ERROR_INTERNAL, sql);
        duckdb_destroy_pending(&pending);
        return false;
    }
    bool ok = drive(con, pending, lim, e);
    if (ok && duckdb_execute_pending(pending, out) != DuckDBSuccess)
        ok = duck_fail(e, "query", duckdb_result_error(out), duckdb_result_error_type(out), sql);
    duckdb_destroy_pending(&pending);
    return ok;
}

bool duck_execute(duckdb_connection con, struct str sql, const struct duck_limits *lim,
                  duckdb_result *out, struct err *e)
{
    char *text = xstrndup(sql);
    duckdb_prepared_statement stmt = NULL;
    bool ok = duckdb_prepare(con, text, &stmt) == DuckDBSuccess;
    if (!ok)
        duck_fail(e, "query", duckdb_prepare_error(stmt), DUCKDB_ERROR_INTERNAL, sql);
    else
        ok = execute_prepared(con, stmt, sql, lim, out, e);
    duckdb_destroy_prepare(&stmt);
    xfree(text);
    return ok;
}

static void schema_of(struct arena *a, const struct plan *p, struct kql_schema *out)
{
    out->n = p->cols.n;
    out->cols = arena_array(a, struct kql_column, out->n + 1);
    for (size_t i = 0; i < out->n; i++)
        out->cols[i] = (struct kql_column){p->cols.p[i].name, p->cols.p[i].type};
}

bool engine_run(struct engine *g, const struct plan *p, const struct engine_source *src,
                const struct engine_limits *lim, struct engine_rows **out, struct err *e)
{
    const struct duck_limits stop = {lim->deadline_us, lim->cancel};
    if (stop_wanted(&stop, e))
        return false;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(EMIT_MAX_SQL_BYTES);
    if (!emit_statement(p, src, lim->max_rows, &sql, e))
        return false;
    duckdb_connection con = duck_connect(g, e);
    if (!con)
        return false;
    duckdb_result r = {0};
    bool ok = duck_execute(con, sbuf_str(&sql), &stop, &r, e);
    if (ok) {
        AUTO(arena_freep) struct arena *a = arena_new(0);
        struct kql_schema schema;
        schema_of(a, p, &schema);
        *out = duck_rows_take(&r, &schema, lim->max_rows, lim->max_bytes, e);
        ok = *out != NULL;
    }
    duckdb_destroy_result(&r);
    duckdb_disconnect(&con);
    return ok;
}

bool engine_sql(const struct plan *p, const struct engine_source *src, struct sbuf *out,
                struct err *e)
{
    return emit_statement(p, src, 0, out, e);
}

bool engine_peek(struct engine *g, const struct plan *in, const struct engine_source *src,
                 struct arena *a, struct kql_value **out, size_t *out_n, struct err *e)
{
    struct engine_limits limits = {.max_rows = ENGINE_PEEK_ROWS};
    struct engine_rows *rows = NULL;
    if (!engine_run(g, in, src, &limits, &rows, e))
        return false;
    size_t n = engine_rows_count(rows), width = in->cols.n;
    bool whole = !engine_rows_truncated(rows);
    struct kql_value *values = arena_array(a, struct kql_value, n * width + 1);
    for (size_t i = 0; whole && i < n * width; i++) {
        values[i] = engine_rows_get(rows, i / width, i % width);
        values[i].s = arena_str(a, values[i].s);
    }
    engine_rows_free(rows);
    if (!whole) {
        err_set(e, ERR_LIMIT, "more than %d different values decide which columns there are",
                ENGINE_PEEK_ROWS);
        err_hint(e, "give the columns after the plugin's name: ': (Name:type, …)'");
        return false;
    }
    *out = values;
    *out_n = n;
    return true;
}
