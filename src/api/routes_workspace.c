/* The workspace resource (Microsoft.OperationalInsights/workspaces): what it is, and its daily cap.
 * Other properties are answered as they are here, and can't be changed. */
#include "api/api_priv.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_QUOTA_GB = 1000000000 };

static void write_capping(struct json_out *o, struct workspace *w, double gb)
{
    struct store_cap cap = workspace_cap(w);
    json_key(o, "workspaceCapping");
    json_obj(o);
    json_kv_real(o, "dailyQuotaGb", gb);
    json_kv_time(o, "quotaNextResetTime", cap.day_start + TICKS_PER_DAY);
    json_kv_z(o, "dataIngestionStatus", health_cap_status(w));
    json_obj_end(o);
}

static void write_workspace(struct vedette *v, struct http_request *q, struct json_out *o,
                            struct workspace *w, double gb)
{
    struct str rule = dcr_default_rule(v->dcrs, q->arena, w);
    json_obj(o);
    json_kv_str(o, "id",
                arena_fmt(q->arena,
                          "/subscriptions/%.*s/resourceGroups/%.*s/providers/"
                          "Microsoft.OperationalInsights/workspaces/%.*s",
                          STR_ARG(http_param(q, "subscription")), STR_ARG(http_param(q, "group")),
                          STR_ARG(workspace_name(w))));
    json_kv_str(o, "name", workspace_name(w));
    json_kv_z(o, "type", "Microsoft.OperationalInsights/workspaces");
    json_kv_z(o, "location", "local");
    json_key(o, "properties");
    json_obj(o);
    json_kv_str(o, "customerId", workspace_id(w));
    json_kv_z(o, "provisioningState", "Succeeded");
    json_key(o, "sku");
    json_obj(o);
    json_kv_z(o, "name", "PerGB2018");
    json_obj_end(o);
    write_capping(o, w, gb);
    if (rule.n > 0)
        json_kv_str(o, "defaultDataCollectionRuleResourceId", rule);
    json_kv_z(o, "publicNetworkAccessForIngestion", "Enabled");
    json_kv_z(o, "publicNetworkAccessForQuery", "Enabled");
    json_obj_end(o);
    json_obj_end(o);
}

static void answer(struct vedette *v, struct http_request *q, struct workspace *w,
                   struct http_response *r)
{
    struct err e = {0};
    double gb = -1;
    if (!health_cap_get(v->health, w, &gb, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    write_workspace(v, q, &o, w, gb);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct workspace *w = api_workspace(ctx, q, r);
    if (w != NULL)
        answer(ctx, q, w, r);
}

/* *given: the body says something of the cap. */
static bool read_quota(const struct json *body, bool *given, double *out, struct err *e)
{
    const struct json *v = json_path(body, "properties.workspaceCapping.dailyQuotaGb");
    *given = v != NULL && v->type != JSON_NULL;
    if (!*given)
        return true;
    bool number = v->type == JSON_INT || v->type == JSON_REAL;
    *out = number ? v->d : 0;
    return (number && (*out == -1 || (*out > 0 && *out <= MAX_QUOTA_GB))) ||
           err_set(e, ERR_INVALID,
                   "properties.workspaceCapping.dailyQuotaGb: gigabytes, or -1 for none, expected");
}

static void change(struct vedette *v, struct http_request *q, struct http_response *r, bool whole)
{
    struct err e = {0};
    struct json body = {0};
    double gb = -1;
    bool given = false;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    /* A PUT without a cap is one without a cap. */
    if (!read_quota(&body, &given, &gb, &e) ||
        ((given || whole) && !health_cap_set(v->health, w, gb, &e)))
        api_error(v, q, &e, r);
    else
        answer(v, q, w, r);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    change(ctx, q, r, true);
}

static void patch(void *ctx, struct http_request *q, struct http_response *r)
{
    change(ctx, q, r, false);
}

const struct http_route workspace_routes[] = {
    {HTTP_GET, WORKSPACE_PATH, get, "tables/read", 0, FAMILY_ARM},
    {HTTP_PUT, WORKSPACE_PATH, put, "workspaces/write", 0, FAMILY_ARM},
    {HTTP_PATCH, WORKSPACE_PATH, patch, "workspaces/write", 0, FAMILY_ARM},
};
const size_t n_workspace_routes = COUNTOF(workspace_routes);
