/* The workspace resource (Microsoft.OperationalInsights/workspaces): making and deleting it, what
 * it is, its daily cap, and its settings (workspace_settings.h). Other properties are answered as
 * they are here, and can't be changed.
 */
#include "api/workspace_settings.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_QUOTA_GB = 1000000000 };
#define NO_SUBSCRIPTION "00000000-0000-0000-0000-000000000000"

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
    struct str sub = api_path_part(v, q, STR("subscription"));
    struct str group = api_path_part(v, q, STR("group"));
    struct str id = identity_resource_id(q->arena, w);
    /* As the path has it, where it is a whole one: clients compare. */
    if (sub.n > 0 && group.n > 0 && api_path_part(v, q, STR("workspace")).n > 0)
        id = arena_fmt(q->arena,
                       "/subscriptions/%.*s/resourceGroups/%.*s/providers/"
                       "Microsoft.OperationalInsights/workspaces/%.*s",
                       STR_ARG(sub), STR_ARG(group), STR_ARG(workspace_name(w)));
    json_obj(o);
    json_kv_str(o, "id", id);
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
    workspace_settings_write(v, q, w, o);
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
    struct workspace_settings settings;
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL || !api_body(v, q, r, &body))
        return;
    /* A PUT without a cap is one without a cap. */
    if (!read_quota(&body, &given, &gb, &e) ||
        !workspace_settings_read(v, w, &body, &settings, &e) ||
        !workspace_settings_keep(v, w, &settings, &e) ||
        ((given || whole) && !health_cap_set(v->health, w, gb, &e)))
        api_error(v, q, &e, r);
    else
        answer(v, q, w, r);
}

/* ---- making ---- */

/* The tenant of a subscription: of the workspaces in it; else of the same id; else the caller's. */
static bool tenant_of(struct vedette *v, struct http_request *q, struct str subscription,
                      struct str *out)
{
    const struct identity_caller *c = api_caller(q);
    struct state_tenant t = {0};
    struct err ignored = {0};
    struct workspace *w = NULL;
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++)
        if (str_ieq(workspace_place(w).subscription, subscription) && subscription.n > 0) {
            *out = identity_tenant_of(v->identity, w);
            return identity_sees_tenant(c, *out);
        }
    if (identity_tenant_find(v->identity, q->arena, subscription, &t, &ignored)) {
        *out = t.id;
        return identity_sees_tenant(c, *out);
    }
    *out = c->tenant.n > 0 ? c->tenant : identity_tenant(v->identity);
    return true;
}

bool api_workspace_start(struct vedette *v, struct workspace *w, bool recovered, struct err *e)
{
    return health_cap_load(v->health, w, e) &&
           (!recovered ||
            (library_load(v->library, workspace_id(w), e) && detect_load(v->detect, w, e)));
}

static void make(struct vedette *v, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct json body = {0};
    double gb = -1;
    bool given = false, recovered = false;
    struct str sub = http_param(q, "subscription"), tenant;
    struct store_place p = {.name = http_param(q, "workspace"),
                            .subscription = str_eqz(sub, NO_SUBSCRIPTION) ? STR_NONE : sub,
                            .group = http_param(q, "group")};
    if (!api_body(v, q, r, &body))
        return;
    if (!tenant_of(v, q, sub, &tenant)) {
        err_set(&e, ERR_NOT_FOUND, "The subscription '%.*s' could not be found.",
                (int)(sub.n < 80 ? sub.n : 80), sub.p);
        api_error(v, q, &e, r);
        return;
    }
    if (!api_allows_in(v, q, "workspaces/write", tenant, r))
        return;
    p.tenant = tenant;
    struct workspace *w = NULL;
    struct workspace_settings settings;
    if (read_quota(&body, &given, &gb, &e) &&
        workspace_settings_read(v, NULL, &body, &settings, &e))
        w = identity_workspace_make(v->identity, q->arena, &p, &recovered, &e);
    if (w == NULL || !api_workspace_start(v, w, recovered, &e) ||
        !workspace_settings_keep(v, w, &settings, &e) ||
        (given && !health_cap_set(v->health, w, gb, &e))) {
        api_refuse(v, q, &e, r);
        return;
    }
    r->status = recovered ? 200 : 201;
    answer(v, q, w, r);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct workspace *w =
        api_workspace_named(q, http_param(q, "workspace"), http_param(q, "subscription"));
    if (w == NULL)
        make(ctx, q, r);
    else
        change(ctx, q, r, true);
}

/* ?force=true: at once, without the 14 days in which it can be recovered. */
static void remove_workspace(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str name = http_param(q, "workspace");
    bool at_once = str_ieqz(http_query(q, "force"), "true");
    if (api_workspace_named(q, name, http_param(q, "subscription")) == NULL) {
        r->status = 204;
        return;
    }
    struct workspace *w = api_workspace(v, q, r);
    if (w == NULL)
        return;
    if (!identity_workspace_delete(v->identity, w, at_once, &e))
        api_error(v, q, &e, r);
}

static void patch(void *ctx, struct http_request *q, struct http_response *r)
{
    change(ctx, q, r, false);
}

/* ---- lists ---- */

static bool is_listed(struct vedette *v, struct http_request *q, struct workspace *w)
{
    struct str sub = api_path_part(v, q, STR("subscription"));
    struct str group = api_path_part(v, q, STR("group")), own = workspace_place(w).group;
    own = own.n > 0 ? own : STR("vedette");
    return identity_allows(api_caller(q), q->route->access, workspace_id(w)) &&
           str_ieq(api_subscription(w), sub) && (group.n == 0 || str_ieq(own, group));
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct json_out o = api_list(r);
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++) {
        double gb = -1;
        if (!is_listed(v, q, w))
            continue;
        if (!health_cap_get(v->health, w, &gb, &e)) {
            sbuf_clear(&r->body);
            api_error(v, q, &e, r);
            return;
        }
        write_workspace(v, q, &o, w, gb);
    }
    api_list_end(&o);
}

const struct http_route workspace_routes[] = {
    {HTTP_GET, WORKSPACE_PATH, get, "tables/read", 0, FAMILY_ARM},
    {HTTP_PUT, WORKSPACE_PATH, put, "workspaces/write", 0, FAMILY_ARM},
    {HTTP_PATCH, WORKSPACE_PATH, patch, "workspaces/write", 0, FAMILY_ARM},
    {HTTP_GET,
     "/subscriptions/{subscription}/resourceGroups/{group}/providers/"
     "Microsoft.OperationalInsights/workspaces",
     list, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, "/subscriptions/{subscription}/providers/Microsoft.OperationalInsights/workspaces",
     list, "tables/read", 0, FAMILY_ARM},
    {HTTP_DELETE, WORKSPACE_PATH, remove_workspace, "workspaces/write", 0, FAMILY_ARM},
};
const size_t n_workspace_routes = COUNTOF(workspace_routes);
