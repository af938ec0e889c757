/* Schemas as Kusto's clients read them: the JSON of ".show schema as json" (the input of the Monaco
 * editor's setSchemaFromShowSchema), and CSL text. */
#include "api/kusto.h"
#include "text/json.h"

static void columns(struct json_out *w, const struct kql_schema *s)
{
    json_key(w, "OrderedColumns");
    json_arr(w);
    for (size_t i = 0; i < s->n; i++) {
        json_obj(w);
        json_kv_str(w, "Name", s->cols[i].name);
        json_kv_z(w, "Type", kql_type_dotnet(s->cols[i].type));
        json_kv_z(w, "CslType", kql_type_name(s->cols[i].type));
        json_obj_end(w);
    }
    json_arr_end(w);
}
static void empty_object(struct json_out *w, const char *key)
{
    json_key(w, key);
    json_obj(w);
    json_obj_end(w);
}

/* A parameter's type, "(*)" and "(a:long)" for tables, as the editor wants it. */
static void parameter(struct arena *a, struct json_out *w, const struct syn *p)
{
    const struct syn *type = p->n > 0 ? p->kids[0] : NULL;
    bool table = type != NULL && type->kind == SYN_SCHEMA;
    enum kql_type t = KQL_STRING;
    json_obj(w);
    json_kv_str(w, "Name", p->text);
    if (!table && (type == NULL || !kql_type_parse(type->text, &t)))
        t = KQL_STRING;
    if (!table) {
        json_kv_z(w, "Type", kql_type_dotnet(t));
        json_kv_z(w, "CslType", kql_type_name(t));
    }
    const struct syn *value = p->n > 1 ? p->kids[1] : NULL;
    if (value != NULL && value->kind == SYN_DYNAMIC)
        json_kv_str(w, "CslDefaultValue", arena_fmt(a, "dynamic(%.*s)", STR_ARG(value->text)));
    else if (value != NULL)
        json_kv_str(w, "CslDefaultValue", value->text);
    json_key(w, "Columns");
    json_arr(w);
    for (size_t i = 0; table && i < type->n; i++) {
        const struct syn *c = type->kids[i];
        if (c->n == 0 || !kql_type_parse(c->kids[0]->text, &t))
            t = KQL_STRING;
        json_obj(w);
        json_kv_str(w, "Name", c->text);
        json_kv_z(w, "Type", kql_type_dotnet(t));
        json_kv_z(w, "CslType", kql_type_name(t));
        json_obj_end(w);
    }
    json_arr_end(w);
    json_obj_end(w);
}

static void function(struct arena *a, struct json_out *w, const struct state_saved *f)
{
    struct kql_stored_function stored = {
        .name = f->alias, .parameters = library_parameters(a, f), .body = library_body(a, f)};
    struct kql_diags d = {.a = a};
    const struct syn *decl = kql_parse_function(a, &stored, &d, NULL);
    json_key_str(w, f->alias);
    json_obj(w);
    json_kv_str(w, "Name", f->alias);
    json_key(w, "InputParameters");
    json_arr(w);
    for (size_t i = 1; decl != NULL && i < decl->n; i++)
        parameter(a, w, decl->kids[i]);
    json_arr_end(w);
    json_kv_str(w, "Body", stored.body);
    json_kv_str(w, "Folder", f->category);
    json_kv_str(w, "DocString", f->doc);
    json_kv_z(w, "FunctionKind", "Unknown");
    json_key(w, "OutputColumns");
    json_arr(w);
    json_arr_end(w);
    json_obj_end(w);
}

/* Without functions where they can't be read: a schema with gaps is better for an editor than none.
 */
static void functions(struct vedette *v, struct arena *a, struct json_out *w, struct workspace *d)
{
    struct state_saved *all = NULL;
    size_t n = 0;
    struct err e = {0};
    if (!library_saved_list(v->library, a, d, true, &all, &n, &e))
        LOG(LOG_ERROR, "api", "functions are missing in a schema", log_z("reason", e.msg));
    json_key(w, "Functions");
    json_obj(w);
    for (size_t i = 0; i < n; i++)
        function(a, w, &all[i]);
    json_obj_end(w);
}

static void database(struct vedette *v, struct http_request *q, struct json_out *w,
                     struct workspace *d)
{
    struct arena *a = q->arena;
    const struct store_access *access = api_access(v, q);
    const struct kql_catalog *c =
        access == NULL ? workspace_catalog(d) : workspace_catalog_for(d, a, access);
    struct kql_table t = {0};
    json_key_str(w, workspace_name(d));
    json_obj(w);
    json_kv_str(w, "Name", workspace_name(d));
    json_key(w, "Tables");
    json_obj(w);
    for (size_t i = 0; c->table_at(c->self, a, i, &t); i++) {
        json_key_str(w, t.name);
        json_obj(w);
        json_kv_str(w, "Name", t.name);
        json_kv_z(w, "EntityType", "Table");
        columns(w, &t.schema);
        json_obj_end(w);
    }
    json_obj_end(w);
    empty_object(w, "ExternalTables");
    empty_object(w, "MaterializedViews");
    empty_object(w, "EntityGroups");
    json_kv_int(w, "MajorVersion", 1);
    json_kv_int(w, "MinorVersion", 0);
    functions(v, a, w, d);
    json_kv_z(w, "DatabaseAccessMode", "ReadWrite");
    json_obj_end(w);
}

struct str kusto_schema_json(struct vedette *v, struct http_request *q,
                             struct workspace *const *all, size_t n)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_key(&w, "Plugins");
    json_arr(&w);
    json_arr_end(&w);
    json_key(&w, "Databases");
    json_obj(&w);
    for (size_t i = 0; i < n; i++)
        database(v, q, &w, all[i]);
    json_obj_end(&w);
    json_obj_end(&w);
    return arena_str(q->arena, sbuf_str(&b));
}

struct str kusto_table_json(struct arena *a, const struct kql_table *t)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_str(&w, "Name", t->name);
    columns(&w, &t->schema);
    json_obj_end(&w);
    return arena_str(a, sbuf_str(&b));
}

struct str kusto_table_csl(struct arena *a, const struct kql_table *t)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (size_t i = 0; i < t->schema.n; i++)
        sbuf_addf(&b, "%s%.*s:%s", i > 0 ? "," : "", STR_ARG(t->schema.cols[i].name),
                  kql_type_name(t->schema.cols[i].type));
    return arena_str(a, sbuf_str(&b));
}
