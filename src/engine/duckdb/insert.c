/* INSERT statements over chunks of rows, as the appender fills them: a function of tables hands the
 * chunks over without a copy, and a connection keeps its statements prepared. The database's own
 * appender copies each row twice more and plans a statement each time. */
#include "engine/duckdb/insert.h"
#include <stdio.h>

enum { INSERT_MAX_SQL = 1 << 20 };
#define ROWS_FUNCTION "vedette_rows"

/* What the function finds by the connection that it runs for. */
struct insert_rows {
    uint64_t connection;
    const struct kql_schema *schema; /* while it is bound */
    duckdb_data_chunk *chunks;
    size_t n;
    struct insert_rows *next;
};
struct bound {
    struct engine *g;
    uint64_t connection;
};
struct cursor {
    const struct insert_rows *rows;
    size_t at;
};

static uint64_t context_id(duckdb_client_context ctx)
{
    uint64_t id = duckdb_client_context_get_connection_id(ctx);
    duckdb_destroy_client_context(&ctx);
    return id;
}

static void rows_enter(struct engine *g, duckdb_connection con, struct insert_rows *r)
{
    duckdb_client_context ctx = NULL;
    duckdb_connection_get_client_context(con, &ctx);
    r->connection = context_id(ctx);
    lock_take(&g->lock);
    r->next = g->inserting;
    g->inserting = r;
    lock_drop(&g->lock);
}

static void rows_leave(struct engine *g, struct insert_rows *r)
{
    lock_take(&g->lock);
    struct insert_rows **at = &g->inserting;
    while (*at != r)
        at = &(*at)->next;
    *at = r->next;
    lock_drop(&g->lock);
}

static const struct insert_rows *rows_find(struct engine *g, uint64_t connection)
{
    lock_take(&g->lock);
    const struct insert_rows *r = g->inserting;
    while (r != NULL && r->connection != connection)
        r = r->next;
    lock_drop(&g->lock);
    return r;
}

/* ---- the function of tables ---- */

static void bind_rows(duckdb_bind_info info)
{
    duckdb_client_context ctx = NULL;
    duckdb_table_function_get_client_context(info, &ctx);
    struct bound *b = xcalloc(1, sizeof(*b));
    *b = (struct bound){duckdb_bind_get_extra_info(info), context_id(ctx)};
    duckdb_bind_set_bind_data(info, b, xfree);
    const struct insert_rows *r = rows_find(b->g, b->connection);
    if (r == NULL) {
        duckdb_bind_set_error(info, "this connection inserts no rows");
        return;
    }
    char name[24];
    for (size_t i = 0; i < r->schema->n; i++) {
        duckdb_logical_type type = duck_logical_type(r->schema->cols[i].type);
        snprintf(name, sizeof(name), "f%zu", i);
        duckdb_bind_add_result_column(info, name, type);
        duckdb_destroy_logical_type(&type);
    }
}

static void begin_rows(duckdb_init_info info)
{
    const struct bound *b = duckdb_init_get_bind_data(info);
    struct cursor *c = xcalloc(1, sizeof(*c));
    c->rows = rows_find(b->g, b->connection);
    duckdb_init_set_max_threads(info, 1); /* the rows keep their order */
    duckdb_init_set_init_data(info, c, xfree);
    if (c->rows == NULL)
        duckdb_init_set_error(info, "this connection inserts no rows");
}

static void next_rows(duckdb_function_info info, duckdb_data_chunk out)
{
    struct cursor *c = duckdb_function_get_init_data(info);
    if (c->at == c->rows->n)
        return;
    duckdb_data_chunk from = c->rows->chunks[c->at++];
    for (size_t i = 0; i < c->rows->schema->n; i++)
        duckdb_vector_reference_vector(duckdb_data_chunk_get_vector(out, i),
                                       duckdb_data_chunk_get_vector(from, i));
    duckdb_data_chunk_set_size(out, duckdb_data_chunk_get_size(from));
}

bool insert_register(struct engine *g, duckdb_connection con, struct err *e)
{
    duckdb_table_function f = duckdb_create_table_function();
    duckdb_table_function_set_name(f, ROWS_FUNCTION);
    duckdb_table_function_set_extra_info(f, g, NULL);
    duckdb_table_function_set_bind(f, bind_rows);
    duckdb_table_function_set_init(f, begin_rows);
    duckdb_table_function_set_function(f, next_rows);
    bool ok = duckdb_register_table_function(con, f) == DuckDBSuccess;
    duckdb_destroy_table_function(&f);
    return ok ? true : err_set(e, ERR_INTERNAL, "the database refuses the function of rows");
}

/* ---- statements ---- */

static void statement_free(struct insert_statement *s)
{
    duckdb_destroy_prepare(&s->prepared);
    arena_free(s->a);
}

static bool is_for(const struct insert_statement *s, struct str database, struct str table,
                   const struct kql_schema *schema)
{
    bool same =
        str_eq(s->database, database) && str_eq(s->table, table) && s->schema.n == schema->n;
    for (size_t i = 0; same && i < schema->n; i++)
        same = s->schema.cols[i].type == schema->cols[i].type;
    return same;
}

/* A connection's statement of the table, out of those that it keeps. */
static bool take_kept(struct engine_conn *c, struct str database, struct str table,
                      const struct kql_schema *schema, struct insert_statement *out)
{
    for (size_t i = 0; i < c->n_kept; i++) {
        struct insert_statement s = c->kept[i];
        if (!str_eq(s.database, database) || !str_eq(s.table, table))
            continue;
        c->kept[i] = c->kept[--c->n_kept];
        if (is_for(&s, database, table, schema)) {
            *out = s;
            return true;
        }
        statement_free(&s); /* the table got another column */
        return false;
    }
    return false;
}

void insert_keep(struct engine_conn *c, struct insert_statement *s)
{
    if (!c->keeps) {
        statement_free(s);
        return;
    }
    if (c->n_kept == INSERT_MAX_KEPT) {
        statement_free(&c->kept[0]);
        memmove(c->kept, c->kept + 1, --c->n_kept * sizeof(c->kept[0]));
    }
    c->kept[c->n_kept++] = *s;
}

void insert_forget(struct insert_statement *s)
{
    if (s->a != NULL)
        statement_free(s);
}

void insert_forget_kept(struct engine_conn *c)
{
    while (c->n_kept > 0)
        statement_free(&c->kept[--c->n_kept]);
}

static void sql_insert(struct insert_statement *s)
{
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(INSERT_MAX_SQL);
    sbuf_addz(&sql, "INSERT INTO ");
    if (s->database.n > 0) {
        sql_ident(&sql, s->database);
        sbuf_addz(&sql, ".main.");
    }
    sql_ident(&sql, s->table);
    sbuf_addz(&sql, " SELECT * FROM " ROWS_FUNCTION "()");
    s->sql = arena_str(s->a, sbuf_str(&sql));
}

bool insert_prepare(struct engine_conn *c, struct str database, struct str table,
                    const struct kql_schema *schema, struct insert_statement *out, struct err *e)
{
    if (take_kept(c, database, table, schema, out))
        return true;
    struct insert_statement s = {.a = arena_new(0)};
    s.database = arena_str(s.a, database);
    s.table = arena_str(s.a, table);
    s.schema = (struct kql_schema){arena_array(s.a, struct kql_column, schema->n + 1), schema->n};
    for (size_t i = 0; i < schema->n; i++)
        s.schema.cols[i].type = schema->cols[i].type;
    sql_insert(&s);
    struct insert_rows rows = {.schema = &s.schema};
    rows_enter(c->g, c->con, &rows);
    bool ok = duckdb_prepare(c->con, s.sql.p, &s.prepared) == DuckDBSuccess;
    rows_leave(c->g, &rows);
    if (!ok) {
        duck_fail(e, "append", duckdb_prepare_error(s.prepared), DUCKDB_ERROR_INTERNAL, s.sql);
        statement_free(&s);
        return false;
    }
    *out = s;
    return true;
}

bool insert_run(struct engine_conn *c, const struct insert_statement *s, duckdb_data_chunk *chunks,
                size_t n, struct err *e)
{
    struct insert_rows rows = {.schema = &s->schema, .chunks = chunks, .n = n};
    duckdb_result r = {0};
    rows_enter(c->g, c->con, &rows);
    bool ok = duck_execute_prepared(c->con, s->prepared, s->sql, NULL, &r, e);
    duckdb_destroy_result(&r);
    rows_leave(c->g, &rows);
    return ok;
}
