/* Work on the lake of a workspace that an operator asks for: sealing, merging, checking. */
#include "api/api_priv.h"
#include "text/json.h"

static void seal(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    int64_t rows = 0;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!workspace_seal(w, http_query(q, "table"), &rows, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_int(&o, "rows", rows);
    json_obj_end(&o);
}

static void write_check(struct json_out *o, const struct store_check *c)
{
    json_obj(o);
    json_kv_int(o, "parts", c->parts);
    json_kv_int(o, "rows", c->rows);
    json_kv_int(o, "bytes", c->bytes);
    json_kv_int(o, "indexes", c->indexes);
    json_kv_int(o, "indexBytes", c->index_bytes);
    json_kv_int(o, "badIndexes", c->bad_indexes);
    json_kv_int(o, "inStore", c->stored);
    json_kv_int(o, "inStoreBytes", c->stored_bytes);
    json_kv_int(o, "notRead", c->unread);
    json_kv_int(o, "healed", c->healed);
    json_kv_str(o, "noAnswer", c->no_answer);
    json_kv_int(o, "quarantined", c->quarantined);
    json_kv_int(o, "quarantinedRows", c->quarantined_rows);
    json_key(o, "damage");
    json_arr(o);
    for (size_t i = 0; i < c->n_damage; i++) {
        json_obj(o);
        json_kv_str(o, "table", c->damage[i].table);
        json_kv_str(o, "part", c->damage[i].part);
        json_kv_int(o, "rows", c->damage[i].rows);
        json_kv_str(o, "reason", c->damage[i].reason);
        json_obj_end(o);
    }
    json_arr_end(o);
    json_obj_end(o);
}

static void check(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct store_check found;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    bool deep = str_eqz(http_query(q, "deep"), "true");
    if (!workspace_check(w, q->arena, deep, &found, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    write_check(&o, &found);
}

static void compact(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!workspace_compact(w, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_obj_end(&o);
}

const struct http_route lake_routes[] = {
    {HTTP_POST, "/vedette/v1/workspaces/{workspace}/seal", seal, "tables/write", 0, FAMILY_ARM},
    {HTTP_POST, "/vedette/v1/workspaces/{workspace}/compact", compact, "tables/write", 0,
     FAMILY_ARM},
    {HTTP_POST, "/vedette/v1/workspaces/{workspace}/check", check, "tables/read", 0, FAMILY_ARM},
};
const size_t n_lake_routes = COUNTOF(lake_routes);
