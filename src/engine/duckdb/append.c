/* Bulk appending: cells are put straight into the vectors of data chunks, which an INSERT reads. */
#include "base/ids.h"
#include "engine/duckdb/insert.h"

enum { MAX_CHUNKS = 64 }; /* of rows that wait for the INSERT */

struct append_col {
    enum kql_type type;
    duckdb_vector v;
    void *data;
    uint64_t *valid; /* NULL: no row is null so far */
};
struct engine_appender {
    struct engine_conn *conn;
    struct insert_statement insert;
    duckdb_logical_type *types;
    duckdb_data_chunk chunks[MAX_CHUNKS];
    size_t n_chunks; /* the last one is being filled */
    struct append_col *cols;
    bool *set; /* of the row under construction */
    size_t n_cols, row, capacity;
};

static void chunk_begin(struct engine_appender *a)
{
    duckdb_data_chunk chunk = duckdb_create_data_chunk(a->types, a->n_cols);
    a->chunks[a->n_chunks++] = chunk;
    for (size_t i = 0; i < a->n_cols; i++) {
        struct append_col *k = &a->cols[i];
        k->v = duckdb_data_chunk_get_vector(chunk, i);
        k->data = duckdb_vector_get_data(k->v);
        k->valid = NULL;
    }
    a->row = 0;
    memset(a->set, 0, a->n_cols * sizeof(*a->set));
}

duckdb_logical_type duck_logical_type(enum kql_type t)
{
    switch (t) {
    case KQL_BOOL:
        return duckdb_create_logical_type(DUCKDB_TYPE_BOOLEAN);
    case KQL_INT:
        return duckdb_create_logical_type(DUCKDB_TYPE_INTEGER);
    case KQL_LONG:
    case KQL_DATETIME:
    case KQL_TIMESPAN:
        return duckdb_create_logical_type(DUCKDB_TYPE_BIGINT);
    case KQL_REAL:
        return duckdb_create_logical_type(DUCKDB_TYPE_DOUBLE);
    case KQL_DECIMAL:
        return duckdb_create_decimal_type(38, 18);
    case KQL_GUID:
        return duckdb_create_logical_type(DUCKDB_TYPE_UUID);
    case KQL_STRING:
    case KQL_DYNAMIC:
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        return duckdb_create_logical_type(DUCKDB_TYPE_VARCHAR);
    }
    UNREACHABLE();
}

static void chunks_free(struct engine_appender *a)
{
    while (a->n_chunks > 0)
        duckdb_destroy_data_chunk(&a->chunks[--a->n_chunks]);
}

struct engine_appender *engine_append_open(struct engine_conn *c, struct str database,
                                           struct str table, const struct kql_schema *schema,
                                           struct err *e)
{
    struct engine_appender *a = xcalloc(1, sizeof(*a));
    a->conn = c;
    if (!insert_prepare(c, database, table, schema, &a->insert, e)) {
        xfree(a);
        return NULL;
    }
    a->n_cols = schema->n;
    a->cols = xcalloc(schema->n, sizeof(*a->cols));
    a->set = xcalloc(schema->n, sizeof(*a->set));
    a->types = xcalloc(schema->n, sizeof(duckdb_logical_type));
    a->capacity = duckdb_vector_size();
    for (size_t i = 0; i < schema->n; i++) {
        a->cols[i].type = schema->cols[i].type;
        a->types[i] = duck_logical_type(schema->cols[i].type);
    }
    chunk_begin(a);
    return a;
}

static struct append_col *cell(struct engine_appender *a, size_t col)
{
    CHECK(col < a->n_cols);
    a->set[col] = true;
    return &a->cols[col];
}

static void put_null(struct engine_appender *a, size_t col)
{
    struct append_col *k = cell(a, col);
    if (k->type == KQL_STRING) {
        ((duckdb_string_t *)k->data)[a->row] = (duckdb_string_t){0};
        return;
    }
    if (k->valid == NULL) {
        duckdb_vector_ensure_validity_writable(k->v);
        k->valid = duckdb_vector_get_validity(k->v);
    }
    k->valid[a->row / 64] &= ~((uint64_t)1 << (a->row % 64));
}

void engine_append_string(struct engine_appender *a, size_t col, struct str v)
{
    struct append_col *k = cell(a, col);
    CHECK(k->type == KQL_STRING || k->type == KQL_DYNAMIC);
    duckdb_vector_assign_string_element_len(k->v, a->row, v.n ? v.p : "", v.n);
}

void engine_append_borrowed(struct engine_appender *a, size_t col, struct str v)
{
    struct append_col *k = cell(a, col);
    duckdb_string_t s = {0};
    CHECK((k->type == KQL_STRING || k->type == KQL_DYNAMIC) && v.n <= UINT32_MAX);
    if (!utf8_valid(v, NULL)) { /* not from here unchecked: the database has a rule for it */
        engine_append_string(a, col, v);
        return;
    }
    s.value.inlined.length = (uint32_t)v.n;
    if (v.n > sizeof(s.value.inlined.inlined)) {
        memcpy(s.value.pointer.prefix, v.p, sizeof(s.value.pointer.prefix));
        s.value.pointer.ptr = (char *)(uintptr_t)v.p;
    } else if (v.n > 0) {
        memcpy(s.value.inlined.inlined, v.p, v.n);
    }
    ((duckdb_string_t *)k->data)[a->row] = s;
}

void engine_append_long(struct engine_appender *a, size_t col, int64_t v)
{
    struct append_col *k = cell(a, col);
    if (k->type == KQL_INT)
        ((int32_t *)k->data)[a->row] = (int32_t)v;
    else
        ((int64_t *)k->data)[a->row] = v;
}

void engine_append_real(struct engine_appender *a, size_t col, double v)
{
    struct append_col *k = cell(a, col);
    CHECK(k->type == KQL_REAL);
    ((double *)k->data)[a->row] = v;
}

void engine_append_bool(struct engine_appender *a, size_t col, bool v)
{
    struct append_col *k = cell(a, col);
    CHECK(k->type == KQL_BOOL);
    ((bool *)k->data)[a->row] = v;
}

void engine_append_guid(struct engine_appender *a, size_t col, const uint8_t bytes[16])
{
    uint64_t half[2] = {0, 0};
    for (size_t i = 0; i < 16; i++)
        half[i / 8] = half[i / 8] << 8 | bytes[i];
    struct append_col *k = cell(a, col);
    CHECK(k->type == KQL_GUID);
    ((duckdb_hugeint *)k->data)[a->row] =
        (duckdb_hugeint){.lower = half[1], .upper = (int64_t)(half[0] ^ (uint64_t)1 << 63)};
}

static void put_guid(struct engine_appender *a, size_t col, struct str text)
{
    struct guid g;
    if (guid_parse(text, &g))
        engine_append_guid(a, col, g.b);
    else
        put_null(a, col);
}

static void put_decimal(struct engine_appender *a, size_t col, struct str text)
{
    duckdb_hugeint v;
    if (!duck_decimal_parse(text, &v)) {
        put_null(a, col);
        return;
    }
    struct append_col *k = cell(a, col);
    ((duckdb_hugeint *)k->data)[a->row] = v;
}

void engine_append_value(struct engine_appender *a, size_t col, const struct kql_value *v)
{
    if (v->is_null && v->type != KQL_STRING) {
        put_null(a, col);
        return;
    }
    switch (a->cols[col].type) {
    case KQL_BOOL:
        engine_append_bool(a, col, v->b);
        return;
    case KQL_INT:
    case KQL_LONG:
    case KQL_DATETIME:
    case KQL_TIMESPAN:
        engine_append_long(a, col, v->i);
        return;
    case KQL_REAL:
        engine_append_real(a, col, v->d);
        return;
    case KQL_DECIMAL:
        put_decimal(a, col, v->s);
        return;
    case KQL_GUID:
        put_guid(a, col, v->s);
        return;
    case KQL_STRING:
    case KQL_DYNAMIC:
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        engine_append_string(a, col, v->s);
        return;
    }
}

/* Inserts what there is. */
static bool send(struct engine_appender *a, struct err *e)
{
    duckdb_data_chunk_set_size(a->chunks[a->n_chunks - 1], a->row);
    bool ok = insert_run(a->conn, &a->insert, a->chunks, a->n_chunks, e);
    chunks_free(a);
    return ok;
}

static bool chunk_full(struct engine_appender *a, struct err *e)
{
    duckdb_data_chunk_set_size(a->chunks[a->n_chunks - 1], a->row);
    if (a->n_chunks == MAX_CHUNKS && !send(a, e))
        return false;
    chunk_begin(a);
    return true;
}

bool engine_append_end_row(struct engine_appender *a, struct err *e)
{
    for (size_t i = 0; i < a->n_cols; i++) {
        if (!a->set[i])
            put_null(a, i);
        a->set[i] = false;
    }
    a->row++;
    return a->row < a->capacity || chunk_full(a, e);
}

bool engine_append_close(struct engine_appender *a, struct err *e)
{
    bool ok = (a->n_chunks == 1 && a->row == 0) || send(a, e);
    if (ok) {
        insert_keep(a->conn, &a->insert);
        a->insert = (struct insert_statement){0};
    }
    engine_append_abort(a);
    return ok;
}

void engine_append_abort(struct engine_appender *a)
{
    if (!a)
        return;
    insert_forget(&a->insert);
    chunks_free(a);
    for (size_t i = 0; i < a->n_cols; i++)
        duckdb_destroy_logical_type(&a->types[i]);
    xfree(a->types);
    xfree(a->cols);
    xfree(a->set);
    xfree(a);
}
