/* Rows of a result as a Parquet file, by a database of its own: the engine's writes no files. */
#include "engine/engine_store.h"
#include "engine/parquet.h"
#include "text/date.h"

enum { NANO_SPAN_DAYS = 100000 }; /* around 1970; 64-bit nanoseconds hold 106,751 */

/* Is each time of a column one that nanoseconds since 1970 can say? */
static bool is_nano(const struct engine_rows *rows, size_t col)
{
    int64_t span = (int64_t)NANO_SPAN_DAYS * TICKS_PER_DAY;
    for (size_t row = 0; row < engine_rows_count(rows); row++) {
        struct kql_value v = engine_rows_get(rows, row, col);
        if (!v.is_null && (v.i < TICKS_UNIX_EPOCH - span || v.i > TICKS_UNIX_EPOCH + span))
            return false;
    }
    return true;
}

static bool fill(struct engine_conn *con, const struct engine_rows *rows, struct err *e)
{
    const struct kql_schema *s = engine_rows_schema(rows);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    sbuf_addz(&sql, "CREATE TEMP TABLE result (");
    for (size_t i = 0; i < s->n; i++)
        sbuf_addf(&sql, "%sf%zu %s", i > 0 ? ", " : "", i, engine_sql_type(s->cols[i].type));
    sbuf_addz(&sql, ")");
    if (!engine_conn_exec(con, sbuf_str(&sql), e))
        return false;
    struct engine_appender *a = engine_append_open(con, STR("temp"), STR("result"), s, e);
    bool ok = a != NULL;
    for (size_t row = 0; ok && row < engine_rows_count(rows); row++) {
        for (size_t col = 0; col < s->n; col++) {
            struct kql_value v = engine_rows_get(rows, row, col);
            if (!v.is_null)
                engine_append_value(a, col, &v);
        }
        ok = engine_append_end_row(a, e);
    }
    if (ok)
        return engine_append_close(a, e);
    if (a != NULL)
        engine_append_abort(a);
    return false;
}

static void put_column(struct sbuf *sql, const struct engine_rows *rows, size_t i)
{
    const struct kql_column *c = &engine_rows_schema(rows)->cols[i];
    if (c->type == KQL_DATETIME && is_nano(rows, i))
        sbuf_addf(sql, "make_timestamp_ns((f%zu - %lld) * 100)", i, (long long)TICKS_UNIX_EPOCH);
    else if (c->type == KQL_DATETIME)
        sbuf_addf(sql, "make_timestamp((f%zu - %lld) // 10)", i, (long long)TICKS_UNIX_EPOCH);
    else
        sbuf_addf(sql, "f%zu", i);
    sbuf_addz(sql, " AS ");
    sql_ident(sql, c->name);
}

bool engine_parquet_write(const struct engine_rows *rows, const char *path, size_t memory_bytes,
                          struct err *e)
{
    struct engine_options o = {.memory_bytes = memory_bytes, .threads = 1};
    struct engine *g = engine_open(&o, e);
    struct engine_conn *con = g != NULL ? engine_conn_open(g, e) : NULL;
    bool ok = con != NULL && fill(con, rows, e);
    if (ok) {
        AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
        sbuf_addz(&sql, "COPY (SELECT ");
        for (size_t i = 0; i < engine_rows_schema(rows)->n; i++) {
            sbuf_addz(&sql, i > 0 ? ", " : "");
            put_column(&sql, rows, i);
        }
        sbuf_addz(&sql, " FROM temp.main.result) TO ");
        sql_text(&sql, str_from(path));
        sbuf_addz(&sql, " (FORMAT parquet, COMPRESSION zstd)");
        ok = engine_conn_exec(con, sbuf_str(&sql), e);
    }
    engine_conn_close(con);
    engine_close(g);
    return ok;
}
