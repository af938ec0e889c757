/* Identity providers: their settings. */
#include "api/api_priv.h"
#include "text/date.h"
#include "text/json.h"

static void write_provider(struct vedette *v, struct http_request *q, struct json_out *o,
                           const struct state_provider *p)
{
    struct json settings = {0};
    json_obj(o);
    json_kv_str(o, "name", p->name);
    if (json_parse(q->arena, p->settings, NULL, &settings, NULL)) {
        for (size_t i = 0; i < settings.n; i++) {
            json_key_str(o, settings.keys[i]);
            json_value(o, &settings.items[i]);
        }
    }
    json_kv_str(o, "tenant", p->tenant.n > 0 ? p->tenant : identity_tenant(v->identity));
    json_kv_bool(o, "clientSecretKept", p->secret.n > 0);
    json_kv_str(
        o, "redirectUri",
        arena_fmt(q->arena, "%s/portal/oidc/%.*s/callback", v->o.base_url, STR_ARG(p->name)));
    json_kv_time(o, "created", p->created);
    json_kv_time(o, "changed", p->changed);
    json_obj_end(o);
}

static bool is_told(struct vedette *v, const struct http_request *q, const struct state_provider *p)
{
    return identity_allows_in(api_caller(q), q->route->access,
                              p->tenant.n > 0 ? p->tenant : identity_tenant(v->identity));
}

/* The one that the path names; one of a tenant in which the caller lacks the right is not there.
 * false: the answer is written. */
static bool find(struct vedette *v, struct http_request *q, struct http_response *r,
                 struct state_provider *out)
{
    struct err e = {0};
    struct str name = http_param(q, "provider");
    bool found = state_provider_get(v->state, q->arena, name, out, &e);
    if (found && is_told(v, q, out))
        return true;
    if (found || e.code == ERR_NOT_FOUND)
        err_set(&e, ERR_NOT_FOUND, "There is no identity provider '%.*s'.",
                (int)(name.n < 60 ? name.n : 60), name.p);
    api_error(v, q, &e, r);
    return false;
}

static void list(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_provider *all = NULL;
    size_t n = 0;
    if (!state_provider_list(v->state, q->arena, &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++)
        if (is_told(v, q, &all[i]))
            write_provider(v, q, &o, &all[i]);
    api_list_end(&o);
}

static void show(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct state_provider p = {0};
    if (!find(v, q, r, &p))
        return;
    struct json_out o = json_out_make(&r->body);
    write_provider(v, q, &o, &p);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0}, ignored = {0};
    struct json body = {0};
    struct str home = STR("");
    struct state_provider old = {0};
    struct identity_provider_wish x = {
        .name = http_param(q, "provider"), .settings = &body, .by = api_caller(q)};
    if (!api_body(v, q, r, &body) || !api_read_home(v, q, &body, &home, r))
        return;
    x.tenant = home;
    /* Without a tenant in the body it stays whose it is. */
    if (json_get(&body, "tenant") == NULL &&
        state_provider_get(v->state, q->arena, x.name, &old, &ignored) && is_told(v, q, &old))
        x.tenant = old.tenant.n > 0 ? old.tenant : identity_tenant(v->identity);
    if (identity_provider_put(v->identity, q->arena, &x, &e))
        show(v, q, r);
    else
        api_refuse(v, q, &e, r);
}

static void delete_provider(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    struct state_provider p = {0};
    /* One that is not told of is not there. */
    bool found = state_provider_get(v->state, q->arena, http_param(q, "provider"), &p, &e);
    bool ok =
        found ? !is_told(v, q, &p) || identity_provider_delete(v->identity, p.name, &was_there, &e)
              : e.code == ERR_NOT_FOUND;
    api_gone(v, q, r, ok, was_there, &e);
}

/* What the provider's documents say now, for who sets one up. */
static void check(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str found = STR("");
    struct state_provider p = {0};
    if (!find(v, q, r, &p))
        return;
    if (identity_provider_check(v->identity, q->arena, http_param(q, "provider"), &found, &e))
        sbuf_add(&r->body, found);
    else
        api_error_code(r, 502, "ProviderNotUsable", e.msg);
}

#define PROVIDERS "/vedette/v1/identityProviders"
const struct http_route provider_routes[] = {
    {HTTP_GET, PROVIDERS, list, "providers/read", 0, FAMILY_ARM},
    {HTTP_GET, PROVIDERS "/{provider}", show, "providers/read", 0, FAMILY_ARM},
    {HTTP_PUT, PROVIDERS "/{provider}", put, "providers/write", 0, FAMILY_ARM},
    {HTTP_DELETE, PROVIDERS "/{provider}", delete_provider, "providers/write", 0, FAMILY_ARM},
    {HTTP_POST, PROVIDERS "/{provider}/check", check, "providers/write", 0, FAMILY_ARM},
};
const size_t n_provider_routes = COUNTOF(provider_routes);
