/* What a query's answer tells of rights: Prefer: include-permissions=true and
 * include-dataSources=true. Source: the query API's swagger, its schema of "permissions".
 *
 * denyTables names tables that ship and that the caller may not read, whether or not they hold
 * anything. Tables of a workspace's own that the caller may not read are not there for it, here
 * neither. */
#include "api/query_permissions.h"

static const struct workspace *read_of(struct vedette *v, const struct query_rights *x, size_t i)
{
    struct str id = x->compiled->reads.p[i].workspace;
    return id.n == 0 ? x->asked->list[0] : store_workspace_find(v->store, id);
}

static bool is_first_of(struct vedette *v, const struct query_rights *x, size_t i)
{
    const struct workspace *w = read_of(v, x, i);
    for (size_t k = 0; k < i; k++)
        if (read_of(v, x, k) == w)
            return false;
    return w != NULL;
}

/* {"resourceId", "tables"}: what was read of one workspace. */
static void write_source(struct vedette *v, struct arena *a, struct json_out *o,
                         const struct query_rights *x, const struct workspace *w)
{
    json_obj(o);
    json_kv_str(o, "resourceId", identity_resource_id(a, w));
    json_key(o, "tables");
    json_arr(o);
    for (size_t i = 0; i < x->compiled->reads.n; i++)
        if (read_of(v, x, i) == w)
            json_str(o, x->compiled->reads.p[i].table);
    json_arr_end(o);
    json_obj_end(o);
}

void query_sources_write(struct vedette *v, struct arena *a, struct json_out *o,
                         const struct query_rights *x)
{
    json_key(o, "dataSources");
    json_arr(o);
    for (size_t i = 0; i < x->compiled->reads.n; i++)
        if (is_first_of(v, x, i))
            write_source(v, a, o, x, read_of(v, x, i));
    json_arr_end(o);
}

static bool is_denied(struct arena *a, const struct query_rights *x, struct workspace *w,
                      struct str table)
{
    const struct kql_row_rule *rows = NULL;
    return x->access != NULL && !x->access->reads(x->access->self, a, w, table, &rows);
}

/* Tables that can be read in none of the workspaces. */
static void write_denied(struct vedette *v, struct json_out *o, const struct query_rights *x,
                         struct workspace **list, size_t n)
{
    struct str table;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    json_key(o, "denyTables");
    json_arr(o);
    for (size_t i = 0; store_shipped_table(v->store, i, &table); i++) {
        bool denied = true;
        for (size_t k = 0; denied && k < n; k++)
            denied = is_denied(a, x, list[k], table);
        if (denied)
            json_str(o, table);
    }
    json_arr_end(o);
}

static void write_workspace(struct vedette *v, struct arena *a, struct json_out *o,
                            const struct query_rights *x, struct workspace *w)
{
    json_obj(o);
    json_kv_str(o, "resourceId", identity_resource_id(a, w));
    write_denied(v, o, x, &w, 1);
    json_key(o, "dataSources");
    json_arr(o);
    write_source(v, a, o, x, w);
    json_arr_end(o);
    json_obj_end(o);
}

void query_permissions_write(struct vedette *v, struct arena *a, struct json_out *o,
                             const struct query_rights *x)
{
    json_key(o, "permissions");
    json_obj(o);
    json_key(o, "resources");
    json_arr(o);
    if (x->asked->resource.n > 0) {
        json_obj(o);
        json_kv_str(o, "resourceId", x->asked->resource);
        write_denied(v, o, x, x->asked->list, x->asked->n);
        query_sources_write(v, a, o, x);
        json_obj_end(o);
    } else {
        write_workspace(v, a, o, x, x->asked->list[0]);
        for (size_t i = 0; i < x->n_more; i++) {
            struct workspace *w = store_workspace_find(v->store, x->more[i]);
            if (w != NULL)
                write_workspace(v, a, o, x, w);
        }
    }
    json_arr_end(o);
    query_sources_write(v, a, o, x);
    json_obj_end(o);
}
