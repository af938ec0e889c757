/* GET and POST /v1/workspaces/{workspace}/metadata: the tables, columns and functions that a query
 * can name.
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

/* Saved searches: with a function's name, or without. */
static void write_saved(struct arena *a, struct json_out *o, const struct state_saved *all,
                        size_t n, bool functions)
{
    json_key(o, functions ? "functions" : "queries");
    json_arr(o);
    for (size_t i = 0; i < n; i++) {
        const struct state_saved *x = &all[i];
        if ((x->alias.n > 0) != functions)
            continue;
        json_obj(o);
        json_kv_str(
            o, "id",
            arena_fmt(a, "%s/%.*s", functions ? "f" : "q", STR_ARG(functions ? x->alias : x->id)));
        if (functions) {
            json_kv_str(o, "name", x->alias);
            json_kv_str(o, "parameters", x->parameters);
        }
        json_kv_str(o, "displayName", x->name);
        json_kv_str(o, "description", x->doc);
        json_kv_str(o, "body", x->query);
        json_obj_end(o);
    }
    json_arr_end(o);
}

/* Clients read these lists without asking whether they are there. */
static void write_empty(struct json_out *o)
{
    static const char *const names[] = {"categories",   "solutions", "resourceTypes",
                                        "applications", "resources", "permissions"};
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
    struct state_saved *saved = NULL;
    size_t n = 0, n_saved = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!store_tables(w, q->arena, &infos, &n, &e) ||
        !library_saved_list(v->library, q->arena, w, false, &saved, &n_saved, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    size_t seen = 0;
    for (size_t i = 0; i < n; i++)
        if (api_sees_table(q, w, infos[i].name))
            infos[seen++] = infos[i];
    n = seen;
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
    write_saved(q->arena, &o, saved, n_saved, true);
    write_saved(q->arena, &o, saved, n_saved, false);
    write_empty(&o);
    json_obj_end(&o);
}

const struct http_route metadata_routes[] = {
    {HTTP_GET, "/v1/workspaces/{workspace}/metadata", metadata, "query/read", 0, FAMILY_QUERY},
    {HTTP_POST, "/v1/workspaces/{workspace}/metadata", metadata, "query/read", 0, FAMILY_QUERY},
};
const size_t n_metadata_routes = COUNTOF(metadata_routes);
