/* GET and POST /v1/workspaces/{workspace}/metadata: the tables and columns that a query can name.
 */
#include "api/api_priv.h"
#include "kql/kql.h"
#include "text/json.h"

static void write_table(struct arena *a, struct json_out *o, const struct kql_table *t)
{
    json_obj(o);
    json_kv_str(o, "id", arena_fmt(a, "t/%.*s", STR_ARG(t->name)));
    json_kv_str(o, "name", t->name);
    json_kv_z(o, "timespanColumn", "TimeGenerated");
    api_columns(o, &t->schema);
    json_obj_end(o);
}

static void write_workspace(struct arena *a, struct json_out *o, const struct workspace *w,
                            const struct store_table_info *tables, size_t n)
{
    json_obj(o);
    json_kv_str(o, "id", workspace_id(w));
    json_kv_str(o, "name", workspace_name(w));
    json_key(o, "related");
    json_obj(o);
    json_key(o, "tables");
    json_arr(o);
    for (size_t i = 0; i < n; i++)
        json_str(o, arena_fmt(a, "t/%.*s", STR_ARG(tables[i].name)));
    json_arr_end(o);
    json_obj_end(o);
    json_obj_end(o);
}

/* Clients read these lists without asking whether they are there. */
static void write_empty(struct json_out *o)
{
    static const char *const names[] = {"categories", "solutions",  "resourceTypes",
                                        "functions",  "queries",    "applications",
                                        "resources",  "permissions"};
    for (size_t i = 0; i < COUNTOF(names); i++) {
        json_key(o, names[i]);
        json_arr(o);
        json_arr_end(o);
    }
}

/* As the Tables API: tables that hold something or are the workspace's own. */
static void metadata(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct store_table_info *infos = NULL;
    size_t n = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!store_tables(w, q->arena, &infos, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_key(&o, "tables");
    json_arr(&o);
    for (size_t i = 0; i < n; i++) {
        struct kql_table t = {0};
        if (workspace_table_find(w, q->arena, infos[i].name, &t))
            write_table(q->arena, &o, &t);
    }
    json_arr_end(&o);
    json_key(&o, "workspaces");
    json_arr(&o);
    write_workspace(q->arena, &o, w, infos, n);
    json_arr_end(&o);
    write_empty(&o);
    json_obj_end(&o);
}

const struct http_route metadata_routes[] = {
    {HTTP_GET, "/v1/workspaces/{workspace}/metadata", metadata, "query/read", 0, FAMILY_QUERY},
    {HTTP_POST, "/v1/workspaces/{workspace}/metadata", metadata, "query/read", 0, FAMILY_QUERY},
};
const size_t n_metadata_routes = COUNTOF(metadata_routes);
