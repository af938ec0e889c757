/* Tenants, and what one delegates to principals of another. */
#include "api/api_priv.h"
#include "audit/audit.h"
#include "identity/users.h"
#include "text/date.h"
#include "text/json.h"

/* ---- shared ---- */

bool api_tenant(struct vedette *v, struct http_request *q, struct http_response *r,
                struct state_tenant *out)
{
    struct err e = {0};
    struct str name = http_param(q, "tenant");
    bool found = identity_tenant_find(v->identity, q->arena, name, out, &e);
    if (found && identity_sees_tenant(api_caller(q), out->id))
        return true;
    if (found) /* as for one that is not there */
        err_set(&e, ERR_NOT_FOUND, "The tenant '%.*s' could not be found.",
                (int)(name.n < 80 ? name.n : 80), name.p);
    api_error(v, q, &e, r);
    return false;
}

bool api_allows_in(struct vedette *v, struct http_request *q, const char *right, struct str tenant,
                   struct http_response *r)
{
    struct err e = {0};
    if (identity_allows_in(api_caller(q), right, tenant))
        return true;
    err_set(&e, ERR_FORBIDDEN,
            "The client '%.*s' does not have authorization to perform action '%s' over tenant "
            "'%.*s'.",
            STR_ARG(api_caller(q)->id), right, STR_ARG(tenant));
    api_error(v, q, &e, r);
    return false;
}

struct workspace *api_home_workspace(struct vedette *v, const struct identity_caller *c)
{
    struct str home = c != NULL && c->tenant.n > 0 ? c->tenant : identity_tenant(v->identity);
    return identity_primary(v->identity, home);
}

void api_audit_tenant(struct vedette *v, struct str tenant, const struct audit_entry *x)
{
    struct err e = {0};
    struct workspace *w = identity_primary(v->identity, tenant);
    if (w == NULL)
        err_set(&e, ERR_NOT_FOUND, "the tenant has no workspace");
    else if (audit_put(v->incidents, w, clock_now(v->o.clock), x, &e) &&
             incidents_flush(v->incidents, &e))
        return;
    LOG(LOG_WARN, "audit", "a change could not be written to SentinelAudit",
        log_z("operation", x->operation), log_s("tenant", tenant), log_s("caller", x->caller),
        log_z("reason", e.msg));
}

/* ---- tenants ---- */

bool api_tenants(struct vedette *v, struct http_request *q, struct http_response *r,
                 struct state_tenant **out, size_t *n)
{
    struct err e = {0};
    size_t count = 0;
    if (!state_tenant_list(v->state, q->arena, out, &count, &e)) {
        api_error(v, q, &e, r);
        return false;
    }
    *n = 0;
    for (size_t i = 0; i < count; i++)
        if (identity_sees_tenant(api_caller(q), (*out)[i].id))
            (*out)[(*n)++] = (*out)[i];
    return true;
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct state_tenant *all = NULL;
    size_t n = 0;
    if (!api_tenants(ctx, q, r, &all, &n))
        return;
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        identity_tenant_json(&all[i], &o);
    api_list_end(&o);
}

static void get(void *ctx, struct http_request *q, struct http_response *r)
{
    struct state_tenant t = {0};
    if (!api_tenant(ctx, q, r, &t))
        return;
    struct json_out o = json_out_make(&r->body);
    identity_tenant_json(&t, &o);
}

/* The first principal of a new tenant; its secret is in this answer and nowhere else. */
static bool make_administrator(struct vedette *v, struct http_request *q,
                               const struct state_tenant *t, struct json_out *o, struct err *e)
{
    const struct identity_app x = {STR("administrator"), STR("[{\"role\":\"Owner\"}]"), t->id};
    struct str id, secret;
    if (!identity_app_make(v->identity, q->arena, &x, &id, &secret, e))
        return false;
    json_key(o, "administrator");
    json_obj(o);
    json_kv_str(o, "clientId", id);
    json_kv_str(o, "clientSecret", secret);
    json_obj_end(o);
    return true;
}

static void create(struct vedette *v, struct http_request *q, const struct json *body,
                   struct str id, struct http_response *r)
{
    struct err e = {0};
    struct state_tenant t = {0};
    const struct json *admin = json_get(body, "administrator");
    const struct identity_tenant_wish x = {.body = body, .id = id, .who = api_caller(q)->name};
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    bool ok = identity_tenant_create(v->identity, q->arena, &x, &t, &e);
    if (ok && (admin == NULL || admin->type != JSON_FALSE))
        ok = make_administrator(v, q, &t, &o, &e);
    if (!ok) {
        sbuf_clear(&r->body);
        api_refuse(v, q, &e, r);
        return;
    }
    json_key(&o, "tenant");
    identity_tenant_json(&t, &o);
    json_obj_end(&o);
    r->status = 201;
    http_response_header(r, "Cache-Control", STR("no-store"));
}

static void post(void *ctx, struct http_request *q, struct http_response *r)
{
    struct json body = {0};
    if (api_body(ctx, q, r, &body))
        create(ctx, q, &body, json_text(json_get(&body, "id"), STR("")), r);
}

/* Its own administrators name it and choose the primary workspace; limits are the server's. */
static void change(struct vedette *v, struct http_request *q, const struct json *body,
                   struct http_response *r)
{
    struct err e = {0};
    struct state_tenant t = {0};
    const struct identity_tenant_wish x = {
        .body = body, .if_match = http_header(q, "if-match"), .who = api_caller(q)->name};
    if (!api_tenant(v, q, r, &t) || !api_allows_in(v, q, "tenants/write", t.id, r))
        return;
    if (json_get(body, "limits") != NULL &&
        !identity_allows(api_caller(q), "servers/write", STR(""))) {
        err_set(&e, ERR_FORBIDDEN, "limits: they are set by administrators of the first tenant.");
        api_error(v, q, &e, r);
        return;
    }
    if (!identity_tenant_change(v->identity, q->arena, t.id, &x, &t, &e)) {
        api_refuse(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    identity_tenant_json(&t, &o);
}

static void patch(void *ctx, struct http_request *q, struct http_response *r)
{
    struct json body = {0};
    if (api_body(ctx, q, r, &body))
        change(ctx, q, &body, r);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_tenant t = {0};
    if (!api_body(v, q, r, &body))
        return;
    bool known = identity_tenant_find(v->identity, q->arena, http_param(q, "tenant"), &t, &e);
    if (known || e.code != ERR_NOT_FOUND ||
        !identity_allows(api_caller(q), "servers/write", STR("")))
        change(v, q, &body, r);
    else
        create(v, q, &body, http_param(q, "tenant"), r);
}

static void remove_tenant(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool ok = identity_tenant_delete(v->identity, q->arena, http_param(q, "tenant"), &e);
    api_deleted(v, q, r, ok, &e);
}

/* ---- of whom a second factor is demanded ---- */

static void answer_policy(struct vedette *v, struct http_request *q, struct str tenant,
                          struct http_response *r)
{
    struct err e = {0};
    struct json_out o = json_out_make(&r->body);
    if (!identity_sign_in_policy_json(v->identity, q->arena, tenant, &o, &e))
        api_error(v, q, &e, r);
}

static void get_policy(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct state_tenant t = {0};
    if (api_tenant(v, q, r, &t) && api_allows_in(v, q, q->route->access, t.id, r))
        answer_policy(v, q, t.id, r);
}

static void put_policy(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_tenant t = {0};
    if (!api_tenant(v, q, r, &t) || !api_allows_in(v, q, q->route->access, t.id, r) ||
        !api_body(v, q, r, &body))
        return;
    if (identity_sign_in_policy_set(v->identity, q->arena, t.id, &body, api_caller(q)->name, &e))
        answer_policy(v, q, t.id, r);
    else
        api_refuse(v, q, &e, r);
}

/* ---- delegations ---- */

/* Told in both tenants, each in its own rows. */
static void audit(struct vedette *v, struct http_request *q, const struct state_delegation *d,
                  const char *operation, const char *what)
{
    const struct audit_entry x = {.operation = operation,
                                  .resource_id = q->path,
                                  .resource_name = d->id,
                                  .resource_type = STR("Delegation"),
                                  .display_name = d->role,
                                  .description = str_from(what),
                                  .caller = api_caller(q)->name,
                                  .address = q->remote};
    api_audit_tenant(v, d->managing, &x);
    api_audit_tenant(v, d->managed, &x);
}

static void answer(struct vedette *v, struct http_request *q, const struct state_delegation *d,
                   struct http_response *r)
{
    struct err e = {0};
    struct json_out o = json_out_make(&r->body);
    if (identity_delegation_json(v->identity, q->arena, d, &o, &e))
        return;
    sbuf_clear(&r->body);
    api_error(v, q, &e, r);
}

static void list_delegations(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_tenant t = {0};
    struct state_delegation *all = NULL;
    size_t n = 0;
    if (!api_tenant(v, q, r, &t) || !api_allows_in(v, q, q->route->access, t.id, r))
        return;
    bool ok = state_delegation_list(v->state, q->arena, t.id, &all, &n, &e);
    struct json_out o = api_list(r);
    for (size_t i = 0; ok && i < n; i++)
        ok = identity_delegation_json(v->identity, q->arena, &all[i], &o, &e);
    api_list_end(&o);
    if (ok)
        return;
    sbuf_clear(&r->body);
    api_error(v, q, &e, r);
}

static void get_delegation(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_tenant t = {0};
    struct state_delegation d = {0};
    if (!api_tenant(v, q, r, &t) || !api_allows_in(v, q, q->route->access, t.id, r))
        return;
    bool found = state_delegation_get(v->state, q->arena, http_param(q, "delegation"), &d, &e);
    if (found && (str_eq(d.managing, t.id) || str_eq(d.managed, t.id))) {
        answer(v, q, &d, r);
        return;
    }
    if (found || e.code == ERR_NOT_FOUND)
        err_set(&e, ERR_NOT_FOUND, "The delegation could not be found.");
    api_error(v, q, &e, r);
}

static void offer(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_tenant t = {0};
    struct state_delegation d = {0};
    if (!api_tenant(v, q, r, &t) || !api_allows_in(v, q, q->route->access, t.id, r) ||
        !api_body(v, q, r, &body))
        return;
    const struct identity_offer x = {t.id, &body, api_caller(q)->name};
    if (!identity_delegation_offer(v->identity, q->arena, &x, &d, &e)) {
        api_refuse(v, q, &e, r);
        return;
    }
    audit(v, q, &d, "Vedette/delegations/Write", "A delegation was offered.");
    r->status = 201;
    answer(v, q, &d, r);
}

static void decide(struct vedette *v, struct http_request *q, enum identity_decision what,
                   struct http_response *r)
{
    static const struct {
        const char *operation, *text;
    } told[] = {
        [IDENTITY_APPROVE] = {"Vedette/delegations/approve/Action", "A delegation was approved."},
        [IDENTITY_REFUSE] = {"Vedette/delegations/refuse/Action", "A delegation was refused."},
        [IDENTITY_REVOKE] = {"Vedette/delegations/revoke/Action", "A delegation was revoked."}};
    struct err e = {0};
    struct state_tenant t = {0};
    struct state_delegation d = {0};
    if (!api_tenant(v, q, r, &t) || !api_allows_in(v, q, q->route->access, t.id, r))
        return;
    const struct identity_decide x = {http_param(q, "delegation"), t.id, api_caller(q)->name, what};
    if (!identity_delegation_decide(v->identity, q->arena, &x, &d, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    audit(v, q, &d, told[what].operation, told[what].text);
    answer(v, q, &d, r);
}

static void approve(void *ctx, struct http_request *q, struct http_response *r)
{
    decide(ctx, q, IDENTITY_APPROVE, r);
}

static void refuse(void *ctx, struct http_request *q, struct http_response *r)
{
    decide(ctx, q, IDENTITY_REFUSE, r);
}

static void revoke(void *ctx, struct http_request *q, struct http_response *r)
{
    decide(ctx, q, IDENTITY_REVOKE, r);
}

#define TENANT "/vedette/v1/tenants/{tenant}"
#define DELEGATION TENANT "/delegations/{delegation}"
const struct http_route tenant_routes[] = {
    {HTTP_GET, "/vedette/v1/tenants", list, "tenants/read", 0, FAMILY_ARM},
    {HTTP_POST, "/vedette/v1/tenants", post, "servers/write", 0, FAMILY_ARM},
    {HTTP_GET, TENANT, get, "tenants/read", 0, FAMILY_ARM},
    {HTTP_PUT, TENANT, put, "tenants/write", 0, FAMILY_ARM},
    {HTTP_PATCH, TENANT, patch, "tenants/write", 0, FAMILY_ARM},
    {HTTP_DELETE, TENANT, remove_tenant, "servers/write", 0, FAMILY_ARM},
    {HTTP_GET, TENANT "/signInPolicy", get_policy, "tenants/read", 0, FAMILY_ARM},
    {HTTP_PUT, TENANT "/signInPolicy", put_policy, "tenants/write", 0, FAMILY_ARM},
    {HTTP_GET, TENANT "/delegations", list_delegations, "delegations/read", 0, FAMILY_ARM},
    {HTTP_POST, TENANT "/delegations", offer, "delegations/write", 0, FAMILY_ARM},
    {HTTP_GET, DELEGATION, get_delegation, "delegations/read", 0, FAMILY_ARM},
    {HTTP_POST, DELEGATION "/approve", approve, "delegations/write", 0, FAMILY_ARM},
    {HTTP_POST, DELEGATION "/refuse", refuse, "delegations/write", 0, FAMILY_ARM},
    {HTTP_POST, DELEGATION "/revoke", revoke, "delegations/write", 0, FAMILY_ARM},
};
const size_t n_tenant_routes = COUNTOF(tenant_routes);
