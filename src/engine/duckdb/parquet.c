/* Parquet files, row by row, as JSON. */
#include "engine/parquet.h"
#include "engine/duckdb/cfunc.h"
#include "engine/duckdb/duck_priv.h"

enum { MAX_COLUMNS = 5000 };

struct engine_parquet {
    struct engine *g;
    duckdb_connection con;
    duckdb_prepared_statement statement;
    duckdb_result rows;
    bool open;
    struct arena *a; /* of the columns */
    struct kql_column *cols;
    size_t n_cols;
};

/* The database's own words are about the user's file here; the first line says it. */
static bool refused(struct err *e, const char *message)
{
    struct str s = str_from(message != NULL ? message : "it can't be read");
    size_t at = s.n;
    (void)str_find(s, STR("\n"), &at);
    return err_set(e, ERR_INVALID, "%.*s", STR_ARG(str_sub(s, 0, at)));
}

/* JSON has no NaN, and times need a form that all readers take. */
static void put_column(struct sbuf *b, struct str name, duckdb_type type)
{
    AUTO(sbuf_fini) struct sbuf ident = sbuf_make(0);
    sql_ident(&ident, name);
    struct str id = sbuf_str(&ident);
    sbuf_add(b, id);
    sbuf_addz(b, " := ");
    if (type == DUCKDB_TYPE_TIMESTAMP_TZ)
        sbuf_addf(b, "CAST(%.*s AS TIMESTAMP)", STR_ARG(id));
    else if (type == DUCKDB_TYPE_DOUBLE || type == DUCKDB_TYPE_FLOAT)
        sbuf_addf(b,
                  "CASE WHEN isfinite(%.*s) THEN to_json(%.*s) ELSE "
                  "to_json(CAST(%.*s AS VARCHAR)) END",
                  STR_ARG(id), STR_ARG(id), STR_ARG(id));
    else
        sbuf_add(b, id);
}

static enum kql_type kql_type_of(duckdb_type type)
{
    switch ((int)type) {
    case DUCKDB_TYPE_BOOLEAN:
        return KQL_BOOL;
    case DUCKDB_TYPE_TINYINT:
    case DUCKDB_TYPE_SMALLINT:
    case DUCKDB_TYPE_INTEGER:
    case DUCKDB_TYPE_UTINYINT:
    case DUCKDB_TYPE_USMALLINT:
        return KQL_INT;
    case DUCKDB_TYPE_BIGINT:
    case DUCKDB_TYPE_UINTEGER:
        return KQL_LONG;
    case DUCKDB_TYPE_UBIGINT:
    case DUCKDB_TYPE_HUGEINT:
    case DUCKDB_TYPE_UHUGEINT:
    case DUCKDB_TYPE_DECIMAL:
        return KQL_DECIMAL;
    case DUCKDB_TYPE_FLOAT:
    case DUCKDB_TYPE_DOUBLE:
        return KQL_REAL;
    case DUCKDB_TYPE_DATE:
    case DUCKDB_TYPE_TIMESTAMP:
    case DUCKDB_TYPE_TIMESTAMP_S:
    case DUCKDB_TYPE_TIMESTAMP_MS:
    case DUCKDB_TYPE_TIMESTAMP_NS:
    case DUCKDB_TYPE_TIMESTAMP_TZ:
        return KQL_DATETIME;
    case DUCKDB_TYPE_UUID:
        return KQL_GUID;
    case DUCKDB_TYPE_LIST:
    case DUCKDB_TYPE_ARRAY:
    case DUCKDB_TYPE_STRUCT:
    case DUCKDB_TYPE_MAP:
    case DUCKDB_TYPE_UNION:
        return KQL_DYNAMIC;
    default:
        return KQL_STRING;
    }
}

static bool list_columns(struct engine_parquet *p, struct str from, struct sbuf *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    duckdb_result r = {0};
    sbuf_addf(&sql, "SELECT * FROM %.*s LIMIT 0", STR_ARG(from));
    bool ok = duckdb_query(p->con, sbuf_str(&sql).p, &r) == DuckDBSuccess;
    if (!ok)
        refused(e, duckdb_result_error(&r));
    idx_t n = ok ? duckdb_column_count(&r) : 0;
    if (ok && n > MAX_COLUMNS)
        ok = err_set(e, ERR_LIMIT, "the file has %llu columns; at most %d are read",
                     (unsigned long long)n, MAX_COLUMNS);
    p->cols = ok ? arena_array(p->a, struct kql_column, n + 1) : NULL;
    for (idx_t i = 0; ok && i < n; i++) {
        struct str name = arena_str(p->a, str_from(duckdb_column_name(&r, i)));
        p->cols[p->n_cols++] = (struct kql_column){name, kql_type_of(duckdb_column_type(&r, i))};
        sbuf_addz(out, i > 0 ? ", " : "");
        put_column(out, name, duckdb_column_type(&r, i));
    }
    duckdb_destroy_result(&r);
    return ok;
}

static bool start(struct engine_parquet *p, const char *path, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf from = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf columns = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(0);
    duckdb_pending_result pending = NULL;
    sbuf_addz(&from, "read_parquet([");
    sql_text(&from, str_from(path));
    sbuf_addz(&from, "])");
    if (!list_columns(p, sbuf_str(&from), &columns, e))
        return false;
    sbuf_addz(&sql, "SELECT CAST(to_json(struct_pack(");
    sbuf_add(&sql, sbuf_str(&columns));
    sbuf_addz(&sql, ")) AS VARCHAR) FROM ");
    sbuf_add(&sql, sbuf_str(&from));
    if (duckdb_prepare(p->con, sbuf_str(&sql).p, &p->statement) != DuckDBSuccess)
        return refused(e, duckdb_prepare_error(p->statement));
    /* Streaming: rows come as they are read, not all at once. */
    bool ok = duckdb_pending_prepared_streaming(p->statement, &pending) == DuckDBSuccess &&
              duckdb_execute_pending(pending, &p->rows) == DuckDBSuccess;
    if (!ok)
        refused(e, duckdb_pending_error(pending));
    p->open = ok;
    duckdb_destroy_pending(&pending);
    return ok;
}

struct engine_parquet *engine_parquet_open(const char *path, size_t memory_bytes, struct err *e)
{
    struct engine_parquet *p = xcalloc(1, sizeof(*p));
    struct engine_options o = {.memory_bytes = memory_bytes, .threads = 1};
    p->a = arena_new(0);
    p->g = engine_open(&o, e);
    p->con = p->g != NULL ? duck_connect(p->g, e) : NULL;
    if (p->con != NULL && start(p, path, e))
        return p;
    engine_parquet_close(p);
    return NULL;
}

bool engine_parquet_schema(struct engine_parquet *p, struct arena *a, struct kql_schema *out,
                           struct err *e)
{
    if (p->n_cols == 0)
        return err_set(e, ERR_INVALID, "the file has no columns");
    out->cols = arena_array(a, struct kql_column, p->n_cols);
    out->n = p->n_cols;
    for (size_t i = 0; i < p->n_cols; i++)
        out->cols[i] = (struct kql_column){arena_str(a, p->cols[i].name), p->cols[i].type};
    return true;
}

bool engine_parquet_read(struct engine_parquet *p, size_t want, struct sbuf *out, bool *ended,
                         struct err *e)
{
    *ended = false;
    while (out->n < want && !*ended) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(p->rows);
        const char *problem = chunk == NULL ? duckdb_result_error(&p->rows) : NULL;
        if (problem != NULL && problem[0] != '\0')
            return refused(e, problem);
        idx_t n = chunk != NULL ? duckdb_data_chunk_get_size(chunk) : 0;
        *ended = n == 0;
        const duckdb_string_t *rows =
            n > 0 ? duckdb_vector_get_data(duckdb_data_chunk_get_vector(chunk, 0)) : NULL;
        for (idx_t i = 0; i < n; i++) {
            sbuf_add(out, cf_string_t(&rows[i]));
            sbuf_addc(out, '\n');
        }
        duckdb_destroy_data_chunk(&chunk);
    }
    return out->failed ? err_set(e, ERR_LIMIT, "rows are too large") : true;
}

void engine_parquet_close(struct engine_parquet *p)
{
    if (p == NULL)
        return;
    if (p->open)
        duckdb_destroy_result(&p->rows);
    if (p->statement != NULL)
        duckdb_destroy_prepare(&p->statement);
    if (p->con != NULL)
        duckdb_disconnect(&p->con);
    engine_close(p->g);
    arena_free(p->a);
    xfree(p);
}
