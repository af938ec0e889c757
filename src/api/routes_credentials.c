/* Secrets and certificates of applications, and what else of an application changes. */
#include "api/api_priv.h"
#include "identity/credentials.h"
#include "text/date.h"
#include "text/json.h"

enum { MAX_CERTIFICATE_BYTES = 128 << 10, MAX_NAME = 200 };

static void write_time(struct json_out *o, const char *key, int64_t ticks)
{
    if (ticks == 0)
        json_kv_null(o, key);
    else
        json_kv_time(o, key, ticks);
}

/* As Microsoft Graph names a passwordCredential's and a keyCredential's members. */
static void write_members(struct json_out *o, const struct state_credential *c)
{
    json_kv_str(o, "id", c->id);
    json_kv_str(o, "kind", c->kind);
    json_kv_str(o, "displayName", c->name);
    json_kv_time(o, "created", c->created);
    write_time(o, "startDateTime", c->starts);
    write_time(o, "endDateTime", c->expires);
    if (c->hint.n > 0)
        json_kv_str(o, "hint", c->hint);
    if (c->sha256.n > 0) {
        json_kv_str(o, "thumbprint", c->sha1);
        json_kv_str(o, "thumbprintSha256", c->sha256);
    }
}

static void list(struct vedette *v, struct http_request *q, struct http_response *r,
                 const char *kind)
{
    struct err e = {0};
    struct state_credential *all = NULL;
    size_t n = 0;
    if (!identity_credentials(v->identity, q->arena, http_param(q, "application"), &all, &n, &e)) {
        api_error(v, q, &e, r);
        return;
    }
    struct json_out o = api_list(r);
    for (size_t i = 0; i < n; i++) {
        if (!str_eqz(all[i].kind, kind))
            continue;
        json_obj(&o);
        write_members(&o, &all[i]);
        json_obj_end(&o);
    }
    api_list_end(&o);
}

static void list_secrets(void *ctx, struct http_request *q, struct http_response *r)
{
    list(ctx, q, r, "secret");
}

static void list_certificates(void *ctx, struct http_request *q, struct http_response *r)
{
    list(ctx, q, r, "certificate");
}

/* {"displayName"?, "endDateTime"?}; the secret is in this answer and nowhere else. */
static void add_secret(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_credential c = {0};
    struct str secret = STR("");
    int64_t end = 0;
    if (!api_body(v, q, r, &body))
        return;
    const struct json *given = json_get(&body, "endDateTime");
    struct str application = http_param(q, "application");
    if (given != NULL && given->type != JSON_NULL &&
        !date_parse_iso(json_text(given, STR("")), &end))
        err_set(&e, ERR_INVALID, "endDateTime: a time such as 2027-01-02T03:04:05Z is expected");
    else if (identity_secret_add(v->identity, q->arena, application,
                                 json_text(json_get(&body, "displayName"), STR("")), end, &c,
                                 &secret, &e)) {
        struct json_out o = json_out_make(&r->body);
        json_obj(&o);
        json_kv_str(&o, "clientId", application);
        json_kv_str(&o, "clientSecret", secret);
        json_kv_str(&o, "tenant", identity_tenant(v->identity));
        write_members(&o, &c);
        json_obj_end(&o);
        http_response_header(r, "Cache-Control", STR("no-store"));
        r->status = 201;
        return;
    }
    api_refuse(v, q, &e, r);
}

/* {"displayName"?, "certificate": PEM or Base64 of DER} */
static void add_certificate(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_credential c = {0};
    if (!api_body(v, q, r, &body))
        return;
    if (!identity_certificate_add(v->identity, q->arena, http_param(q, "application"),
                                  json_text(json_get(&body, "displayName"), STR("")),
                                  json_text(json_get(&body, "certificate"), STR("")), &c, &e)) {
        api_refuse(v, q, &e, r);
        return;
    }
    struct json_out o = json_out_make(&r->body);
    json_obj(&o);
    write_members(&o, &c);
    json_obj_end(&o);
    r->status = 201;
}

static void delete_credential(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    bool ok = identity_credential_delete(v->identity, q->arena, http_param(q, "application"),
                                         http_param(q, "credential"), &e);
    api_deleted(v, q, r, ok, &e);
}

/* {"enabled"?, "name"?}: a disabled application's tokens stop working at once. */
static void change_application(void *ctx, struct http_request *q, struct http_response *r)
{
    struct vedette *v = ctx;
    struct err e = {0};
    struct json body = {0};
    struct state_principal p = {0};
    if (!api_body(v, q, r, &body))
        return;
    const struct json *enabled = json_get(&body, "enabled"), *name = json_get(&body, "name");
    if (enabled != NULL && enabled->type != JSON_TRUE && enabled->type != JSON_FALSE)
        err_set(&e, ERR_INVALID, "enabled: true or false expected");
    else if (name != NULL && (str_trim(json_text(name, STR(""))).n == 0 || name->text.n > MAX_NAME))
        err_set(&e, ERR_INVALID, "name: 1 to %d bytes expected", MAX_NAME);
    else if (!state_principal_get(v->state, q->arena, http_param(q, "application"), &p, &e))
        ; /* told below */
    else if (str_eqz(p.kind, PRINCIPAL_USER))
        err_set(&e, ERR_NOT_FOUND, "There is no application with this id.");
    else {
        p.enabled = enabled != NULL ? enabled->type == JSON_TRUE : p.enabled;
        p.name = name != NULL ? name->text : p.name;
        if (state_principal_put(v->state, &p, &e)) {
            r->status = 204;
            return;
        }
    }
    api_error(v, q, &e, r);
}

#define APP "/vedette/v1/applications/{application}"
const struct http_route credential_routes[] = {
    {HTTP_PATCH, "/vedette/v1/applications/{application}", change_application, "applications/write",
     0, FAMILY_ARM},
    {HTTP_GET, APP "/secrets", list_secrets, "applications/read", 0, FAMILY_ARM},
    {HTTP_POST, APP "/secrets", add_secret, "applications/write", 0, FAMILY_ARM},
    {HTTP_DELETE, APP "/secrets/{credential}", delete_credential, "applications/write", 0,
     FAMILY_ARM},
    {HTTP_GET, APP "/certificates", list_certificates, "applications/read", 0, FAMILY_ARM},
    {HTTP_POST, APP "/certificates", add_certificate, "applications/write", MAX_CERTIFICATE_BYTES,
     FAMILY_ARM},
    {HTTP_DELETE, APP "/certificates/{credential}", delete_credential, "applications/write", 0,
     FAMILY_ARM},
};
const size_t n_credential_routes = COUNTOF(credential_routes);
