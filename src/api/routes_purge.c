/* Workspace Purge (Microsoft.OperationalInsights/workspaces): POST …/purge, GET …/operations/{id}.
 */
#include "api/api_priv.h"
#include "purge/purge.h"
#include "text/json.h"

static struct purge_options options(const struct vedette *v)
{
    return (struct purge_options){v->store, v->state, v->o.clock, v->incidents};
}

static void purge(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    char id[PURGE_ID_BYTES];
    struct purge_options o = options(v);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    if (!purge_start(&o, w, &body, api_caller(q)->id, id, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct str path = str_sub(q->path, 0, q->path.n - strlen("/purge"));
    struct str version = http_query(q, "api-version");
    http_response_header(r, "x-ms-status-location",
                         arena_fmt(q->arena, "%s%.*s/operations/%s?api-version=%.*s",
                                   v->o.base_url != NULL ? v->o.base_url : "", STR_ARG(path), id,
                                   STR_ARG(version)));
    r->status = 202;
    struct json_out out = json_out_make(&r->body);
    json_obj(&out);
    json_kv_z(&out, "operationId", id);
    json_obj_end(&out);
}

static void status(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    const char *text = NULL;
    struct purge_options o = options(v);
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!purge_status(&o, w, http_param(q, "purge"), &text, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out out = json_out_make(&r->body);
    json_obj(&out);
    json_kv_z(&out, "status", text);
    json_obj_end(&out);
}

const struct http_route purge_routes[] = {
    {HTTP_POST, WORKSPACE_PATH "/purge", purge, "purge/write", 0, FAMILY_ARM},
    {HTTP_GET, WORKSPACE_PATH "/operations/{purge}", status, "purge/read", 0, FAMILY_ARM},
};
const size_t n_purge_routes = COUNTOF(purge_routes);
