/* Running a statement: in small tasks, so that a deadline or a cancellation stops it. */
#include "engine/duckdb/duck_priv.h"
#include "engine/duckdb/emit.h"
#include "engine/external.h"
#include <sched.h>
#include <stdio.h>
#include <time.h>

struct running *duck_running(struct engine *g, duckdb_connection con,
                             const struct running_limits *limits)
{
    duckdb_client_context ctx = NULL;
    duckdb_connection_get_client_context(con, &ctx);
    uint64_t id = duckdb_client_context_get_connection_id(ctx);
    duckdb_destroy_client_context(&ctx);
    return running_begin(&g->running, id, limits);
}

/* The database's threads have all the work that there is: they need the processor more than this
 * one, which would go on asking for more. Short statements end within the yields. */
static void wait_for_others(unsigned *waits)
{
    enum { YIELDS = 20, FIRST_NS = 20000, LAST_NS = 1000000 };
    unsigned n = (*waits)++;
    if (n < YIELDS) {
        sched_yield();
        return;
    }
    long ns = n - YIELDS < 6 ? (long)FIRST_NS << (n - YIELDS) : LAST_NS;
    const struct timespec pause = {0, ns < LAST_NS ? ns : LAST_NS};
    (void)nanosleep(&pause, NULL);
}

/* Drives the pending result to its end; false with e set when it was stopped. */
static bool drive(duckdb_connection con, duckdb_pending_result pending, struct running *running,
                  struct err *e)
{
    for (unsigned waits = 0;;) {
        duckdb_pending_state s = duckdb_pending_execute_task(pending);
        if (duckdb_pending_execution_is_finished(s) || s == DUCKDB_PENDING_ERROR)
            return true;
        if (running && running_stops(running, e)) {
            duckdb_interrupt(con);
            return false;
        }
        if (s == DUCKDB_PENDING_NO_TASKS_AVAILABLE)
            wait_for_others(&waits);
        else
            waits = 0;
    }
}

/* A C function's own words, or the database's error turned into ours. */
static bool fail(struct running *running, struct err *e, const char *message,
                 duckdb_error_type type, struct str sql)
{
    return !(running && running_refused(running, e)) && duck_fail(e, "query", message, type, sql);
}

bool duck_execute_prepared(duckdb_connection con, duckdb_prepared_statement stmt, struct str sql,
                           struct running *running, duckdb_result *out, struct err *e)
{
    duckdb_pending_result pending = NULL;
    if (duckdb_pending_prepared(stmt, &pending) != DuckDBSuccess) {
        fail(running, e, duckdb_pending_error(pending), DUCKDB_ERROR_INTERNAL, sql);
        duckdb_destroy_pending(&pending);
        return false;
    }
    bool ok = drive(con, pending, running, e);
    if (ok && duckdb_execute_pending(pending, out) != DuckDBSuccess)
        ok = fail(running, e, duckdb_result_error(out), duckdb_result_error_type(out), sql);
    /* SQL may have swallowed the error. */
    ok = ok && !(running && running_refused(running, e));
    duckdb_destroy_pending(&pending);
    return ok;
}

/* The only parameter that statements have: ENGINE_FALSE_LATE. */
static bool bind_late(duckdb_prepared_statement stmt)
{
    return duckdb_nparams(stmt) == 0 || duckdb_bind_boolean(stmt, 1, false) == DuckDBSuccess;
}

bool duck_execute_inside(duckdb_connection con, struct str sql, struct running *running,
                         duckdb_result *out, struct err *e)
{
    char *text = xstrndup(sql);
    duckdb_prepared_statement stmt = NULL;
    bool ok = duckdb_prepare(con, text, &stmt) == DuckDBSuccess && bind_late(stmt);
    if (!ok)
        fail(running, e, duckdb_prepare_error(stmt), DUCKDB_ERROR_INTERNAL, sql);
    else if (running)
        running_forgive(running);
    if (ok)
        ok = duck_execute_prepared(con, stmt, sql, running, out, e);
    duckdb_destroy_prepare(&stmt);
    xfree(text);
    return ok;
}

bool duck_execute(duckdb_connection con, struct str sql, struct running *running,
                  duckdb_result *out, struct err *e)
{
    if (!duck_exec(con, STR("BEGIN TRANSACTION"), e))
        return false;
    bool ok = duck_execute_inside(con, sql, running, out, e) && duck_exec(con, STR("COMMIT"), e);
    if (!ok)
        duck_rollback(con);
    return ok;
}

bool duck_exec_patiently(duckdb_connection con, struct str sql, struct err *e)
{
    duckdb_result r = {0};
    bool ok = duck_execute_inside(con, sql, NULL, &r, e);
    duckdb_destroy_result(&r);
    return ok;
}

void duck_rollback(duckdb_connection con)
{
    duckdb_result r = {0};
    (void)duckdb_query(con, "ROLLBACK", &r);
    duckdb_destroy_result(&r);
}

bool duck_exec(duckdb_connection con, struct str sql, struct err *e)
{
    char *text = xstrndup(sql);
    duckdb_result r = {0};
    bool ok = duckdb_query(con, text, &r) == DuckDBSuccess;
    if (!ok)
        duck_fail(e, "statement", duckdb_result_error(&r), duckdb_result_error_type(&r), sql);
    duckdb_destroy_result(&r);
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

/* Makes a temporary table with the columns f0, f1 … */
static bool make_table(struct engine_conn *c, struct str name, const struct kql_schema *schema,
                       struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(EMIT_MAX_SQL_BYTES);
    sbuf_addz(&sql, "CREATE TEMP TABLE ");
    sql_ident(&sql, name);
    for (size_t i = 0; i < schema->n; i++)
        sbuf_addf(&sql, "%s f%zu %s", i > 0 ? "," : " (", i, engine_sql_type(schema->cols[i].type));
    sbuf_addz(&sql, ")");
    return engine_conn_exec(c, sbuf_str(&sql), e);
}

/* To the asker it is the query that is wrong, whatever happened on the way to the file. */
static void external_fails(const struct plan *p, struct err *e)
{
    if (e == NULL)
        return;
    if (e->code != ERR_UNSUPPORTED && e->code != ERR_LIMIT)
        e->code = ERR_INVALID;
    snprintf(e->kind, sizeof e->kind, "EXT0001");
    e->pos = (struct pos){.off = p->off};
    e->len = p->len;
}

static bool read_address(const struct plan *p, struct str address, const struct engine_source *src,
                         struct engine_appender *rows, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    bool ok = src->fetch->fn(src->fetch->self, address, &text, e) &&
              external_append(p, address, sbuf_str(&text), rows, e);
    if (!ok)
        external_fails(p, e);
    return ok;
}

static bool fill_external(struct engine *g, duckdb_connection con, const struct plan *p, size_t at,
                          const struct engine_source *src, struct running *running, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct engine_conn c = {.g = g, .con = con};
    struct kql_schema schema = {arena_array(a, struct kql_column, p->cols.n + 1), 0};
    struct str name = arena_fmt(a, "external%zu", at);
    for (; schema.n < p->cols.n; schema.n++)
        schema.cols[schema.n] = (struct kql_column){STR_NONE, p->cols.p[schema.n].type};
    if (!make_table(&c, name, &schema, e))
        return false;
    struct engine_appender *rows = engine_append_open(&c, STR("temp"), name, &schema, e);
    bool ok = rows != NULL;
    for (size_t i = 0; ok && i < p->n_exprs; i++)
        ok = !running_stops(running, e) && read_address(p, p->exprs[i]->value.s, src, rows, e);
    if (rows != NULL && !ok)
        engine_append_abort(rows);
    return ok && engine_append_close(rows, e);
}

static bool fill_given(struct engine *g, duckdb_connection con, const struct engine_given *given,
                       struct err *e)
{
    struct engine_conn c = {.g = g, .con = con};
    if (given == NULL)
        return true;
    if (!make_table(&c, STR("given"), given->schema, e))
        return false;
    struct engine_appender *rows =
        engine_append_open(&c, STR("temp"), STR("given"), given->schema, e);
    bool ok = rows != NULL && given->fill(given->self, rows, e);
    if (rows != NULL && !ok)
        engine_append_abort(rows);
    return ok && engine_append_close(rows, e);
}

/* Runs a statement and what it reads from elsewhere; the caller destroys *r. */
static bool run_statement(struct engine *g, duckdb_connection con, struct running *running,
                          struct str sql, const struct emit_externals *externals,
                          const struct engine_source *src, struct engine_cost *cost,
                          duckdb_result *r, struct err *e)
{
    bool ok = !running_stops(running, e) && fill_given(g, con, src->given, e);
    for (size_t i = 0; ok && i < externals->nodes.n; i++)
        ok = fill_external(g, con, externals->nodes.p[i], i, src, running, e);
    return ok && (cost != NULL ? measured_execute(con, sql, running, r, cost, e)
                               : duck_execute(con, sql, running, r, e));
}

bool engine_run(struct engine *g, const struct plan *p, const struct engine_source *src,
                const struct engine_limits *lim, struct engine_rows **out, struct err *e)
{
    const struct running_limits limits = {lim->deadline_us, lim->cancel, lim->memory_bytes};
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(EMIT_MAX_SQL_BYTES);
    struct emit_externals externals = {.a = a};
    bool take = lim->take_rows > 0 && (lim->max_rows == 0 || lim->take_rows <= lim->max_rows);
    size_t most = take ? lim->take_rows : lim->max_rows > 0 ? lim->max_rows + 1 : 0;
    const struct emit_limits size = {most, lim->size};
    if (!emit_statement(p, src, &size, &externals, &sql, e) ||
        (src->ready != NULL && !src->ready(src->self, lim, e)))
        return false;
    /* Tables that a statement brings would stay with a connection that is used again. */
    bool own = src->given != NULL || externals.nodes.n > 0;
    duckdb_connection measured = lim->cost != NULL && !own ? measured_take(g) : NULL;
    duckdb_connection con = measured != NULL ? measured : duck_connect(g, e);
    if (!con)
        return false;
    duckdb_result r = {0};
    struct running *running = duck_running(g, con, &limits);
    bool ok = run_statement(g, con, running, sbuf_str(&sql), &externals, src,
                            measured != NULL ? lim->cost : NULL, &r, e);
    if (ok) {
        struct kql_schema schema;
        schema_of(a, p, &schema);
        *out = duck_rows_take(&r, &schema, take ? 0 : lim->max_rows, lim->max_bytes, e);
        ok = *out != NULL;
    }
    duckdb_destroy_result(&r);
    running_end(&g->running, running);
    if (measured != NULL)
        measured_give(g, measured);
    else
        duckdb_disconnect(&con);
    return ok;
}

static size_t narrower(int64_t wish, size_t most)
{
    return most > 0 && (uint64_t)wish > most ? most : (size_t)wish;
}

void engine_limits_wish(struct engine_limits *l, const struct kql_request *r, int64_t since_us,
                        const struct engine_limits *most)
{
    const struct engine_limits own = *l;
    most = most != NULL ? most : &own;
    int64_t last = most->deadline_us;
    if (r->timeout > 0)
        l->deadline_us = since_us + r->timeout / TICKS_PER_US;
    if (r->no_timeout || (last != 0 && l->deadline_us > last))
        l->deadline_us = last;
    if (r->no_truncation) {
        l->max_rows = most->max_rows;
        l->max_bytes = most->max_bytes;
    }
    if (r->max_records > 0)
        l->max_rows = narrower(r->max_records, most->max_rows);
    if (r->max_bytes > 0)
        l->max_bytes = narrower(r->max_bytes, most->max_bytes);
    if (r->take_records > 0)
        l->take_rows = (size_t)r->take_records;
    if (r->memory_bytes > 0)
        l->memory_bytes = narrower(r->memory_bytes, l->memory_bytes);
}

bool engine_sql(const struct plan *p, const struct engine_source *src, struct sbuf *out,
                struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct emit_externals externals = {.a = a};
    const struct emit_limits none = {0};
    return emit_statement(p, src, &none, &externals, out, e);
}

bool engine_peek(struct engine *g, const struct plan *in, const struct engine_source *src,
                 const struct engine_limits *lim, struct arena *a, struct kql_value **out,
                 size_t *out_n, struct err *e)
{
    struct engine_limits limits = {.max_rows = ENGINE_PEEK_ROWS};
    if (lim != NULL) {
        limits.deadline_us = lim->deadline_us;
        limits.cancel = lim->cancel;
        limits.memory_bytes = lim->memory_bytes;
        limits.size = lim->size;
    }
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
