/* What Azure's clients ask first: which directories, subscriptions and resource groups there are;
 * and the workspaces that were deleted and can be recovered. Shapes: "Azure Resource Manager REST",
 * api-version 2022-12-01; deletedWorkspaces of Microsoft.OperationalInsights 2023-09-01. */
#include "api/api_priv.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_PLACES = 4096 };

struct str api_subscription(const struct workspace *w)
{
    struct str s = workspace_place(w).subscription;
    return s.n > 0 ? s : STR("00000000-0000-0000-0000-000000000000");
}

static struct str group_of(const struct workspace *w)
{
    struct str s = workspace_place(w).group;
    return s.n > 0 ? s : STR("vedette");
}

static void tenants(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct state_tenant *all = NULL;
    size_t n = 0;
    if (!api_tenants(v, q, r, &all, &n))
        return;
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++) {
        json_obj(&o);
        json_kv_str(&o, "id", arena_fmt(q->arena, "/tenants/%.*s", STR_ARG(all[i].id)));
        json_kv_str(&o, "tenantId", all[i].id);
        json_kv_str(&o, "displayName", all[i].name);
        json_kv_z(&o, "tenantCategory",
                  str_eq(all[i].id, api_caller(q)->tenant) ? "Home" : "ManagedBy");
        json_obj_end(&o);
    }
    api_list_end(&o);
}

/* ---- subscriptions and groups: those of the workspaces that the caller sees ---- */

struct places {
    struct map *seen;
    struct json_out o;
    struct vedette *v;
    struct http_request *q;
};

static void write_subscription(struct places *x, const struct workspace *w)
{
    struct str id = api_subscription(w);
    json_obj(&x->o);
    json_kv_str(&x->o, "id", arena_fmt(x->q->arena, "/subscriptions/%.*s", STR_ARG(id)));
    json_kv_str(&x->o, "subscriptionId", id);
    json_kv_str(&x->o, "tenantId", identity_tenant_of(x->v->identity, w));
    json_kv_z(&x->o, "displayName", "Vedette");
    json_kv_z(&x->o, "state", "Enabled");
    json_kv_z(&x->o, "authorizationSource", "RoleBased");
    json_obj_end(&x->o);
}

static void write_group(struct places *x, const struct workspace *w)
{
    struct str id = api_subscription(w), group = group_of(w);
    json_obj(&x->o);
    json_kv_str(&x->o, "id",
                arena_fmt(x->q->arena, "/subscriptions/%.*s/resourceGroups/%.*s", STR_ARG(id),
                          STR_ARG(group)));
    json_kv_str(&x->o, "name", group);
    json_kv_z(&x->o, "type", "Microsoft.Resources/resourceGroups");
    json_kv_z(&x->o, "location", "local");
    json_key(&x->o, "properties");
    json_obj(&x->o);
    json_kv_z(&x->o, "provisioningState", "Succeeded");
    json_obj_end(&x->o);
    json_obj_end(&x->o);
}

static void subscriptions(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct workspace *w = NULL;
    struct places x = {map_new(q->arena, true), api_list(r), v, q};
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++)
        if (identity_sees(api_caller(q), w) && map_get(x.seen, api_subscription(w)) == NULL) {
            map_put(x.seen, api_subscription(w), w);
            write_subscription(&x, w);
        }
    api_list_end(&x.o);
}

static void subscription(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct workspace *w = NULL;
    struct str id = http_param(q, "subscription");
    struct places x = {NULL, json_out_make(&r->body), v, q};
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++)
        if (identity_sees(api_caller(q), w) && str_ieq(api_subscription(w), id)) {
            write_subscription(&x, w);
            return;
        }
    err_set(&e, ERR_NOT_FOUND, "The subscription '%.*s' could not be found.",
            (int)(id.n < 80 ? id.n : 80), id.p);
    api_error(v, q, &e, r);
}

static void groups(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct workspace *w = NULL;
    struct str id = http_param(q, "subscription");
    struct places x = {map_new(q->arena, true), api_list(r), v, q};
    for (size_t i = 0; (w = store_workspace_at(v->store, i)) != NULL; i++)
        if (identity_sees(api_caller(q), w) && str_ieq(api_subscription(w), id) &&
            map_get(x.seen, group_of(w)) == NULL) {
            map_put(x.seen, group_of(w), w);
            write_group(&x, w);
        }
    api_list_end(&x.o);
}

/* ---- deleted workspaces ---- */

static void write_deleted(struct places *x, const struct store_deleted *d)
{
    struct str sub = d->place.subscription, group = d->place.group;
    sub = sub.n > 0 ? sub : STR("00000000-0000-0000-0000-000000000000");
    group = group.n > 0 ? group : STR("vedette");
    json_obj(&x->o);
    json_kv_str(&x->o, "id",
                arena_fmt(x->q->arena,
                          "/subscriptions/%.*s/resourceGroups/%.*s/providers/"
                          "Microsoft.OperationalInsights/workspaces/%.*s",
                          STR_ARG(sub), STR_ARG(group), STR_ARG(d->place.name)));
    json_kv_str(&x->o, "name", d->place.name);
    json_kv_z(&x->o, "type", "Microsoft.OperationalInsights/workspaces");
    json_kv_z(&x->o, "location", "local");
    json_key(&x->o, "properties");
    json_obj(&x->o);
    json_kv_str(&x->o, "customerId", d->place.id);
    json_kv_z(&x->o, "provisioningState", "Deleting");
    json_kv_time(&x->o, "deletedDate", d->deleted);
    json_kv_time(&x->o, "purgeDate", d->deleted + IDENTITY_RECOVERY);
    json_obj_end(&x->o);
    json_obj_end(&x->o);
}

static void deleted(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct store_deleted d;
    struct str sub = api_path_part(v, q, STR("subscription"));
    struct places x = {NULL, api_list(r), v, q};
    for (size_t i = 0; i < MAX_PLACES && store_deleted_at(v->store, i, &d); i++) {
        struct str tenant = d.place.tenant.n > 0 ? d.place.tenant : identity_tenant(v->identity);
        struct str own = d.place.subscription.n > 0 ? d.place.subscription
                                                    : STR("00000000-0000-0000-0000-000000000000");
        if (identity_allows_in(api_caller(q), q->route->access, tenant) &&
            (sub.n == 0 || str_ieq(sub, own)))
            write_deleted(&x, &d);
    }
    api_list_end(&x.o);
}

static bool find_deleted(struct vedette *v, struct http_request *q, struct store_deleted *out)
{
    struct str id = http_param(q, "deleted");
    for (size_t i = 0; store_deleted_at(v->store, i, out); i++) {
        struct str tenant =
            out->place.tenant.n > 0 ? out->place.tenant : identity_tenant(v->identity);
        if (str_ieq(out->place.id, id) &&
            identity_allows_in(api_caller(q), q->route->access, tenant))
            return true;
    }
    return false;
}

static void not_deleted(struct vedette *v, struct http_request *q, struct http_response *r)
{
    struct err e = {0};
    struct str id = http_param(q, "deleted");
    err_set(&e, ERR_NOT_FOUND, "There is no deleted workspace '%.*s'.",
            (int)(id.n < 80 ? id.n : 80), id.p);
    api_error(v, q, &e, r);
}

static void recover(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct store_deleted d;
    if (!find_deleted(v, q, &d)) {
        not_deleted(v, q, r);
        return;
    }
    struct workspace *w = identity_workspace_recover(v->identity, d.place.id, &e);
    if (w == NULL || !api_workspace_start(v, w, true, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    json_kv_str(&o, "id", workspace_id(w));
    json_kv_str(&o, "name", workspace_name(w));
    json_obj_end(&o);
}

static void purge(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct store_deleted d;
    if (!find_deleted(v, q, &d))
        r->status = 204;
    else if (!identity_workspace_purge(v->identity, d.place.id, &e))
        api_error(v, q, &e, r);
}

const struct http_route subscription_routes[] = {
    {HTTP_GET, "/tenants", tenants, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, "/subscriptions", subscriptions, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, "/subscriptions/{subscription}", subscription, "tables/read", 0, FAMILY_ARM},
    {HTTP_GET, "/subscriptions/{subscription}/resourceGroups", groups, "tables/read", 0,
     FAMILY_ARM},
    {HTTP_GET,
     "/subscriptions/{subscription}/providers/Microsoft.OperationalInsights/deletedWorkspaces",
     deleted, "workspaces/write", 0, FAMILY_ARM},
    {HTTP_GET, "/vedette/v1/deletedWorkspaces", deleted, "workspaces/write", 0, FAMILY_ARM},
    {HTTP_POST, "/vedette/v1/deletedWorkspaces/{deleted}/recover", recover, "workspaces/write", 0,
     FAMILY_ARM},
    {HTTP_DELETE, "/vedette/v1/deletedWorkspaces/{deleted}", purge, "workspaces/write", 0,
     FAMILY_ARM},
};
const size_t n_subscription_routes = COUNTOF(subscription_routes);
