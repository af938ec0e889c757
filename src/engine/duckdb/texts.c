/* Columns of text, value by value, while the database reads them: for those who look at each value
 * once and keep none. */
#include "engine/duckdb/cfunc.h"
#include "engine/duckdb/duck_priv.h"

static bool read_error(duckdb_result *r, struct str sql, struct err *e)
{
    const char *message = duckdb_result_error(r);
    return message == NULL || message[0] == '\0' ||
           duck_fail(e, "query", message, duckdb_result_error_type(r), sql);
}

static void give_chunk(duckdb_data_chunk chunk, const struct engine_texts *t)
{
    idx_t n = duckdb_data_chunk_get_size(chunk);
    idx_t n_cols = duckdb_data_chunk_get_column_count(chunk);
    for (idx_t c = 0; c < n_cols; c++) {
        duckdb_vector v = duckdb_data_chunk_get_vector(chunk, c);
        const duckdb_string_t *values = duckdb_vector_get_data(v);
        uint64_t *valid = duckdb_vector_get_validity(v);
        for (idx_t i = 0; i < n; i++)
            if (valid == NULL || duckdb_validity_row_is_valid(valid, i))
                t->fn(t->self, c, cf_string_t(&values[i]));
    }
}

static bool give_all(duckdb_result *r, struct str sql, const struct engine_texts *t, struct err *e)
{
    for (idx_t c = 0; c < duckdb_column_count(r); c++)
        if (duckdb_column_type(r, c) != DUCKDB_TYPE_VARCHAR)
            return err_set(e, ERR_INTERNAL, "a column of texts has another type");
    for (;;) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(*r);
        if (chunk == NULL)
            return read_error(r, sql, e);
        bool ended = duckdb_data_chunk_get_size(chunk) == 0;
        give_chunk(chunk, t);
        duckdb_destroy_data_chunk(&chunk);
        if (ended)
            return true;
    }
}

bool engine_conn_texts(struct engine_conn *c, struct str sql, const struct engine_texts *t,
                       struct err *e)
{
    char *text = xstrndup(sql);
    duckdb_prepared_statement stmt = NULL;
    duckdb_pending_result pending = NULL;
    duckdb_result r = {0};
    bool ok = duckdb_prepare(c->con, text, &stmt) == DuckDBSuccess ||
              duck_fail(e, "query", duckdb_prepare_error(stmt), DUCKDB_ERROR_INTERNAL, sql);
    ok = ok && (duckdb_pending_prepared_streaming(stmt, &pending) == DuckDBSuccess ||
                duck_fail(e, "query", duckdb_pending_error(pending), DUCKDB_ERROR_INTERNAL, sql));
    if (ok && duckdb_execute_pending(pending, &r) != DuckDBSuccess)
        ok = duck_fail(e, "query", duckdb_result_error(&r), duckdb_result_error_type(&r), sql);
    ok = ok && give_all(&r, sql, t, e);
    duckdb_destroy_result(&r);
    duckdb_destroy_pending(&pending);
    duckdb_destroy_prepare(&stmt);
    xfree(text);
    return ok;
}
