/* Work on the lake of a workspace that an operator asks for: sealing now. */
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

const struct http_route lake_routes[] = {
    {HTTP_POST, "/vedette/v1/workspaces/{workspace}/seal", seal, "tables/write", 0, FAMILY_ARM},
};
const size_t n_lake_routes = COUNTOF(lake_routes);
