/* The catalogue of tables that files describe. Rows come in fixtures_rows.c. */
#include "engine/fixtures_priv.h"
#include "text/geoip.h"

#include <stdio.h>

bool fixtures_read_file(struct arena *a, const char *path, struct str *out, struct err *e)
{
    enum { MAX_FILE = 512 << 20 };
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        return err_errno(e, "can't open", path);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_FILE);
    char chunk[65536];
    size_t n;
    while ((n = fread(chunk, 1, sizeof(chunk), f)) > 0)
        sbuf_addmem(&b, chunk, n);
    bool ok = ferror(f) == 0;
    fclose(f);
    if (!ok)
        return err_errno(e, "can't read", path);
    if (!sbuf_ok(&b))
        return err_set(e, ERR_LIMIT, "%s is larger than %d MiB", path, MAX_FILE >> 20);
    *out = arena_str(a, sbuf_str(&b));
    return true;
}

static bool read_json_file(struct arena *a, const char *path, struct json *out, struct err *e)
{
    struct str text = STR_NONE;
    if (!fixtures_read_file(a, path, &text, e))
        return false;
    if (json_parse(a, text, NULL, out, e))
        return true;
    err_prefix(e, "%s", path);
    return false;
}

/* ---- schemas ---- */
static bool read_columns(struct fixtures *f, struct str table, const struct json *list,
                         struct fixture_table *t, struct err *e)
{
    t->t.name = table;
    t->t.schema.cols = arena_array(f->a, struct kql_column, list->n + 1);
    for (size_t i = 0; i < list->n; i++) {
        const struct json *pair = &list->items[i];
        struct kql_column c = {STR_NONE, KQL_UNKNOWN};
        bool ok = pair->type == JSON_ARRAY && pair->n >= 2 && pair->items[0].type == JSON_STRING &&
                  kql_type_parse(json_text(&pair->items[1], STR_NONE), &c.type);
        if (!ok)
            return err_set(e, ERR_INVALID, "table '%.*s': column %zu must be [\"name\", \"type\"]",
                           STR_ARG(table), i + 1);
        c.name = pair->items[0].text;
        t->t.schema.cols[t->t.schema.n++] = c;
    }
    return true;
}

static bool read_schemas(struct fixtures *f, const char *path, struct err *e)
{
    struct json root;
    if (!read_json_file(f->a, path, &root, e))
        return false;
    if (root.type != JSON_OBJECT)
        return err_set(e, ERR_INVALID, "%s: an object of tables is expected", path);
    for (size_t i = 0; i < root.n; i++) {
        struct fixture_table *t = arena_new_of(f->a, struct fixture_table);
        if (!read_columns(f, root.keys[i], &root.items[i], t, e)) {
            err_prefix(e, "%s", path);
            return false;
        }
        fixtures_add(f, t);
    }
    return true;
}

void fixtures_add(struct fixtures *f, struct fixture_table *t)
{
    const struct kql_schema *schema = &t->t.schema;
    if (kql_schema_has(schema, STR("TimeGenerated")) || kql_schema_has(schema, STR("Timestamp")))
        t->t.hidden = kql_hidden_columns(f->a, schema);
    map_put(f->tables, t->t.name, t);
    VEC_PUSH(f->a, &f->list, t);
}

static bool read_functions(struct fixtures *f, const char *path, struct err *e)
{
    struct json root;
    if (!read_json_file(f->a, path, &root, e))
        return false;
    for (size_t i = 0; root.type == JSON_ARRAY && i < root.n; i++) {
        const struct json *v = &root.items[i];
        struct kql_stored_function *fn = arena_new_of(f->a, struct kql_stored_function);
        fn->name = json_text(json_get(v, "name"), STR_NONE);
        fn->parameters = json_text(json_get(v, "parameters"), STR("()"));
        fn->body = json_text(json_get(v, "body"), STR_NONE);
        fn->view = json_is_true(json_get(v, "view"));
        if (fn->name.n == 0 || fn->body.n == 0)
            return err_set(e, ERR_INVALID, "%s: function %zu needs \"name\" and \"body\"", path,
                           i + 1);
        map_put(f->functions, fn->name, fn);
        if (fn->view)
            VEC_PUSH(f->a, &f->views, fn->name);
    }
    return true;
}

/* ---- catalogue ---- */
static bool find_table(void *self, struct arena *a, struct str workspace, struct str name,
                       struct kql_table *out)
{
    struct fixtures *f = self;
    (void)a;
    (void)workspace;
    const struct fixture_table *t = map_get(f->tables, name);
    if (t != NULL)
        *out = t->t;
    return t != NULL;
}

static bool table_at(void *self, struct arena *a, size_t i, struct kql_table *out)
{
    struct fixtures *f = self;
    (void)a;
    if (i >= f->list.n)
        return false;
    *out = f->list.p[i]->t;
    return true;
}

static bool find_function(void *self, struct arena *a, struct str name,
                          struct kql_stored_function *out)
{
    struct fixtures *f = self;
    (void)a;
    const struct kql_stored_function *fn = map_get(f->functions, name);
    if (fn != NULL)
        *out = *fn;
    return fn != NULL;
}

static bool view_at(void *self, struct arena *a, size_t i, struct str *out_name)
{
    const struct fixtures *f = self;
    (void)a;
    if (i >= f->views.n)
        return false;
    *out_name = f->views.p[i];
    return true;
}

static bool peek(void *self, struct arena *a, const struct plan *in, struct kql_value **out_rows,
                 size_t *out_n, struct err *e)
{
    struct fixtures *f = self;
    return engine_peek(f->engine, in, &f->source, NULL, a, out_rows, out_n, e);
}

/* ---- source ---- */
static bool from_item(void *self, struct str workspace, struct str table,
                      const struct engine_need *need, struct sbuf *out, struct err *e)
{
    (void)need;
    struct fixtures *f = self;
    (void)workspace;
    const struct fixture_table *t = map_get(f->tables, table);
    if (t == NULL)
        return err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'", STR_ARG(table));
    if (t->filled)
        sql_ident(out, t->t.name);
    else
        sbuf_addz(out, "(SELECT 1 AS \"none\" WHERE false)");
    return true;
}

static bool column(void *self, struct str workspace, struct str table, struct str name,
                   enum kql_type type, struct sbuf *out, struct err *e)
{
    struct fixtures *f = self;
    (void)workspace;
    const struct fixture_table *t = map_get(f->tables, table);
    if (t == NULL)
        return err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'", STR_ARG(table));
    bool stored = t->filled && kql_schema_has(&t->t.schema, name);
    if (!stored && type == KQL_STRING) {
        sbuf_addz(out, "''");
        return true;
    }
    if (!stored) {
        sbuf_addf(out, "CAST(NULL AS %s)", engine_sql_type(type));
        return true;
    }
    /* the database knows names without case; Kusto's may differ in case only */
    for (size_t i = 0; i < t->t.schema.n; i++)
        if (str_eq(t->t.schema.cols[i].name, name))
            sbuf_addf(out, "f%zu", i);
    return true;
}

struct fixtures *fixtures_open(const struct fixtures_options *o, struct err *e)
{
    struct arena *a = arena_new((size_t)4 << 30);
    struct fixtures *f = arena_new_of(a, struct fixtures);
    f->a = a;
    f->tables = map_new(a, false);
    f->functions = map_new(a, false);
    f->catalog = (struct kql_catalog){.self = f,
                                      .find_table = find_table,
                                      .table_at = table_at,
                                      .find_function = find_function,
                                      .view_at = view_at,
                                      .peek = peek};
    f->source = (struct engine_source){.self = f,
                                       .from_item = from_item,
                                       .column = column,
                                       .fetch = o->fetch,
                                       .geoip_file = o->geoip_file};
    struct engine_options eo = {.memory_bytes = o->memory_bytes, .threads = o->threads};
    f->engine = engine_open(&eo, e);
    bool ok = f->engine != NULL && (o->geoip_file == NULL || geoip_check(o->geoip_file, e)) &&
              (o->schemas_file == NULL || read_schemas(f, o->schemas_file, e)) &&
              (o->functions_file == NULL || read_functions(f, o->functions_file, e)) &&
              (o->dir == NULL || fixtures_load_dir(f, o->dir, e)) && engine_lock_down(f->engine, e);
    if (ok)
        return f;
    fixtures_close(f);
    return NULL;
}

void fixtures_close(struct fixtures *f)
{
    if (f == NULL)
        return;
    engine_close(f->engine);
    arena_free(f->a);
}

struct engine *fixtures_engine(struct fixtures *f)
{
    return f->engine;
}

const struct kql_catalog *fixtures_catalog(struct fixtures *f)
{
    return &f->catalog;
}

const struct engine_source *fixtures_source(struct fixtures *f)
{
    return &f->source;
}
