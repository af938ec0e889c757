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
    json_kv_bool(o, "clientSecretKept", p->secret.n > 0);
    json_kv_str(
        o, "redirectUri",
        arena_fmt(q->arena, "%s/portal/oidc/%.*s/callback", v->o.base_url, STR_ARG(p->name)));
    json_kv_time(o, "created", p->created);
    json_kv_time(o, "changed", p->changed);
    json_obj_end(o);
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
        write_provider(v, q, &o, &all[i]);
    api_list_end(&o);
}

static void show(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct state_provider p = {0};
    if (!state_provider_get(v->state, q->arena, http_param(q, "provider"), &p, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    write_provider(v, q, &o, &p);
}

static void put(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    if (!api_body(v, q, r, &body))
        return;
    if (identity_provider_put(v->identity, q->arena, http_param(q, "provider"), &body,
                              api_caller(q), &e))
        show(v, q, r);
    else
        api_refuse(v, q, &e, r);
}

static void delete_provider(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool was_there = false;
    if (identity_provider_delete(v->identity, http_param(q, "provider"), &was_there, &e))
        r->status = was_there ? 200 : 204;
    else
        api_error(v, q, &e, r);
}

/* What the provider's documents say now, for who sets one up. */
static void check(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct str found = STR("");
    if (identity_provider_check(v->identity, q->arena, http_param(q, "provider"), &found, &e))
        sbuf_add(&r->body, found);
    else if (e.code == ERR_NOT_FOUND)
        api_error(v, q, &e, r);
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
