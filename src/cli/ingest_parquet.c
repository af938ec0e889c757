/* Parquet files: their columns first, then their rows. */
#include "cli/ingest_parquet.h"
#include "engine/parquet.h"
#include <stdio.h>

enum { READER_MEMORY = 1 << 30, MAX_ROW_BYTES = 64 << 20 };

bool parquet_is(const char *path)
{
    char magic[4] = "";
    FILE *f = fopen(path, "re");
    bool is = f != NULL && fread(magic, 1, sizeof(magic), f) == sizeof(magic) &&
              memcmp(magic, "PAR1", sizeof(magic)) == 0;
    if (f != NULL)
        (void)fclose(f);
    return is;
}

static bool has_column(const struct json *table, struct str name)
{
    const struct json *columns = json_path(table, "properties.schema.columns");
    const struct json *more = json_path(table, "properties.schema.standardColumns");
    for (size_t i = 0; columns != NULL && i < columns->n; i++)
        if (str_eq(json_text(json_get(&columns->items[i], "name"), STR("")), name))
            return true;
    for (size_t i = 0; more != NULL && i < more->n; i++)
        if (str_eq(json_text(json_get(&more->items[i], "name"), STR("")), name))
            return true;
    return false;
}

/* What is no name of a column is dropped and counted when it comes. */
static bool is_column_name(struct str s)
{
    bool ok = s.n > 0 && s.n <= 128 && s.p[0] != '_' && !(s.p[0] >= '0' && s.p[0] <= '9');
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i];
        ok = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '_';
    }
    return ok && !str_eqz(s, "TimeGenerated") && !str_eqz(s, "TenantId") && !str_eqz(s, "Type");
}

static size_t write_columns(struct json_out *w, const struct kql_schema *s,
                            const struct json *table)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (!is_column_name(s->cols[i].name) || has_column(table, s->cols[i].name))
            continue;
        json_obj(w);
        json_kv_str(w, "name", s->cols[i].name);
        json_kv_z(w, "type", kql_type_name(s->cols[i].type));
        json_obj_end(w);
        n++;
    }
    return n;
}

/* A table that ships keeps the columns that it has. */
static bool make_columns(const struct parquet_import *p, const struct kql_schema *s, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf body = sbuf_make(0);
    struct json_out w = json_out_make(&body);
    struct json table = {0};
    int status = 0;
    struct arena *a = p->client->a;
    struct str target =
        arena_fmt(a, "%s/tables/%s?api-version=2025-07-01", p->workspace->arm, p->table);
    if (!str_ends(str_from(p->table), STR("_CL")))
        return true;
    if (!client_call_any(p->client, "GET", target.p, NULL, STR(""), &status, &table, e))
        return false;
    json_obj(&w);
    json_key(&w, "properties");
    json_obj(&w);
    json_key(&w, "schema");
    json_obj(&w);
    json_key(&w, "columns");
    json_arr(&w);
    size_t n = write_columns(&w, s, &table);
    json_arr_end(&w);
    json_obj_end(&w);
    json_obj_end(&w);
    json_obj_end(&w);
    if (n == 0 || client_call(p->client, "PUT", target.p, NULL, sbuf_str(&body), NULL, e))
        return true;
    err_prefix(e, "the file's columns");
    return false;
}

static bool send_rows(const struct parquet_import *p, struct engine_parquet *file, struct err *e)
{
    bool ended = false;
    while (!ended) {
        AUTO(sbuf_fini) struct sbuf lines = sbuf_make(MAX_ROW_BYTES);
        if (!engine_parquet_read(file, p->chunk_bytes, &lines, &ended, e) ||
            (lines.n > 0 && !p->send(p->self, sbuf_str(&lines), e)))
            return false;
    }
    return true;
}

bool parquet_import(const struct parquet_import *p, const char *path, struct err *e)
{
    struct kql_schema schema = {0};
    struct engine_parquet *file = engine_parquet_open(path, READER_MEMORY, e);
    bool ok = file != NULL && engine_parquet_schema(file, p->client->a, &schema, e) &&
              make_columns(p, &schema, e) && send_rows(p, file, e);
    engine_parquet_close(file);
    if (!ok)
        err_prefix(e, "%s", path);
    return ok;
}
