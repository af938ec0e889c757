/* Entra ID's token endpoints, as far as applications with a secret or a certificate use them:
 * OAuth 2.0 client credentials (RFC 6749 section 4.4) in Entra's v2.0 and v1 forms, and the
 * discovery document that clients read first (OpenID Connect Discovery 1.0). */
#include "api/api_priv.h"
#include "identity/credentials.h"
#include "text/base64.h"
#include "text/json.h"

#define ISSUER "https://sts.windows.net/%.*s/"
#define ASSERTION_TYPE "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
enum { MAX_FORM_PAIRS = 64, MAX_FORM_BYTES = 64 << 10 };

static struct str form_value(const struct http_pair *pairs, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (str_eqz(pairs[i].name, name))
            return pairs[i].value;
    return STR("");
}

/* "Authorization: Basic base64(id:secret)", RFC 6749 section 2.3.1; both parts are form-encoded. */
static void basic_credentials(struct http_request *q, struct str *id, struct str *secret)
{
    size_t colon = 0;
    struct str header = http_header(q, "authorization");
    if (header.n < 6 || !str_ieqz(str_sub(header, 0, 6), "Basic "))
        return;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(4096);
    if (!base64_decode(BASE64_STD, str_trim(str_sub(header, 6, header.n)), &b))
        return;
    struct str both = arena_str(q->arena, sbuf_str(&b));
    if (!str_find(both, STR(":"), &colon) ||
        !http_percent_decode(q->arena, str_sub(both, 0, colon), true, id) ||
        !http_percent_decode(q->arena, str_sub(both, colon + 1, both.n), true, secret))
        *id = *secret = STR("");
}

static int64_t seconds(int64_t ticks)
{
    return ticks / TICKS_PER_SECOND;
}

static void write_token(struct http_request *q, struct http_response *r,
                        const struct identity_token *t, struct str resource, bool v1)
{
    int64_t left = seconds(t->expires - t->issued);
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_kv_z(&w, "token_type", "Bearer");
    if (v1) { /* numbers are texts there */
        int64_t epoch = TICKS_UNIX_EPOCH;
        json_kv_str(&w, "expires_in", arena_fmt(q->arena, "%lld", (long long)left));
        json_kv_str(&w, "ext_expires_in", arena_fmt(q->arena, "%lld", (long long)left));
        json_kv_str(&w, "expires_on",
                    arena_fmt(q->arena, "%lld", (long long)seconds(t->expires - epoch)));
        json_kv_str(&w, "not_before",
                    arena_fmt(q->arena, "%lld", (long long)seconds(t->issued - epoch)));
        json_kv_str(&w, "resource", resource);
    } else {
        json_kv_int(&w, "expires_in", left);
        json_kv_int(&w, "ext_expires_in", left);
    }
    json_kv_str(&w, "access_token", t->text);
    json_obj_end(&w);
    http_response_header(r, "Cache-Control", STR("no-store"));
    http_response_header(r, "Pragma", STR("no-cache"));
}

static struct str audience_of(struct str scope)
{
    static const char suffix[] = "/.default";
    size_t n = sizeof(suffix) - 1;
    if (str_ends(scope, str_from(suffix)))
        scope = str_sub(scope, 0, scope.n - n);
    return scope;
}

/* How this server may be called. A Host header that anybody can write is believed for this machine
 * only: an assertion that was made for another server must not work here. */
static size_t own_audiences(struct vedette *v, const struct http_request *q, struct str out[3])
{
    static const char *const local[] = {"localhost", "127.0.0.1", "[::1]"};
    struct str host = http_header(q, "host");
    size_t n = 0;
    out[n++] = arena_fmt(q->arena, "%s%.*s", v->o.base_url, STR_ARG(q->path));
    out[n++] = arena_fmt(q->arena, ISSUER, STR_ARG(identity_tenant(v->identity)));
    for (size_t i = 0; i < COUNTOF(local); i++) {
        struct str name = str_sub(host, 0, strlen(local[i]));
        if (str_ieqz(name, local[i]) && (host.n == name.n || host.p[name.n] == ':')) {
            out[n++] = arena_fmt(q->arena, "https://%.*s%.*s", STR_ARG(host), STR_ARG(q->path));
            break;
        }
    }
    return n;
}

struct proof { /* what the form has */
    struct str id, secret, assertion, assertion_type;
    struct str tenant; /* id, of the path; empty: any */
};

static bool sign_in(struct vedette *v, struct http_request *q, struct proof *p, struct str resource,
                    struct identity_token *t, struct err *e)
{
    struct str audiences[3];
    const struct identity_sign_in plain = {.tenant = p->tenant,
                                           .client_id = p->id,
                                           .secret = p->secret,
                                           .audience = audience_of(resource)};
    if (p->assertion.n == 0)
        return identity_sign_in(v->identity, q->arena, &plain, t, e);
    const struct identity_assertion x = {.tenant = p->tenant,
                                         .text = p->assertion,
                                         .client_id = p->id,
                                         .audiences = audiences,
                                         .n_audiences = own_audiences(v, q, audiences),
                                         .remote = q->remote};
    return identity_sign_in_assertion(v->identity, q->arena, &x, audience_of(resource), &p->id, t,
                                      e);
}

static bool check_form(const struct proof *p, struct str grant, struct str resource, bool v1,
                       struct err *e)
{
    if (!str_eqz(grant, "client_credentials"))
        return err_set(e, ERR_INVALID, "grant_type: 'client_credentials' is expected.");
    if (p->assertion.n > 0 && p->secret.n > 0)
        return err_set(e, ERR_INVALID, "client_secret or client_assertion is expected, not both.");
    if (p->assertion.n > 0 && !str_eqz(p->assertion_type, ASSERTION_TYPE))
        return err_set(e, ERR_INVALID, "client_assertion_type: '%s' is expected.", ASSERTION_TYPE);
    if (p->assertion.n == 0 && (p->id.n == 0 || p->secret.n == 0))
        return err_set(e, ERR_INVALID, "client_id and client_secret are expected.");
    return resource.n > 0 ||
           err_set(e, ERR_INVALID, "The parameter '%s' is missing.", v1 ? "resource" : "scope");
}

/* Entra's words for whatever directory the caller has. */
static bool is_any_tenant(struct str name)
{
    return str_ieqz(name, "common") || str_ieqz(name, "organizations");
}

/* *out: id of the tenant that the path names; empty: any. false: the answer is written. */
static bool find_tenant(struct vedette *v, struct http_request *q, struct http_response *r,
                        struct str *out)
{
    struct err e = {0};
    struct state_tenant t = {0};
    struct str name = http_param(q, "tenant");
    *out = STR("");
    if (is_any_tenant(name))
        return true;
    if (identity_tenant_find(v->identity, q->arena, name, &t, &e)) {
        *out = t.id;
        return true;
    }
    if (e.code == ERR_NOT_FOUND)
        err_set(&e, ERR_INVALID, "Tenant '%.*s' not found.", (int)(name.n < 80 ? name.n : 80),
                name.p);
    api_error(v, q, &e, r);
    return false;
}

static void token(struct vedette *v, struct http_request *q, struct http_response *r, bool v1)
{
    struct err e = {0};
    struct http_pair *form = NULL;
    size_t n = 0;
    struct identity_token t = {0};
    struct str tenant;
    if (!find_tenant(v, q, r, &tenant))
        return;
    if (!http_form_parse(q->arena, q->body, MAX_FORM_PAIRS, &form, &n, &e)) {
        api_error_status(v, q, 400, &e, r);
        return;
    }
    struct proof p = {form_value(form, n, "client_id"), form_value(form, n, "client_secret"),
                      form_value(form, n, "client_assertion"),
                      form_value(form, n, "client_assertion_type"), tenant};
    struct str resource = form_value(form, n, v1 ? "resource" : "scope");
    if (p.id.n == 0 && p.assertion.n == 0)
        basic_credentials(q, &p.id, &p.secret);
    bool asked = check_form(&p, form_value(form, n, "grant_type"), resource, v1, &e);
    if (asked && sign_in(v, q, &p, resource, &t, &e)) {
        sign_ins_observe(v, q, p.id, t.name, resource);
        write_token(q, r, &t, resource, v1);
        return;
    }
    if (e.code == ERR_UNAUTHENTICATED) {
        sign_ins_observe(v, q, p.id, STR_NONE, resource);
        LOG(LOG_WARN, "identity", "sign-in refused", log_s("client_id", str_sub(p.id, 0, 64)),
            log_s("remote", q->remote), log_z("reason", e.msg));
    }
    api_error(v, q, &e, r);
}

static void token_v2(void *ctx, struct http_request *q, struct http_response *r)
{
    token(ctx, q, r, false);
}

static void token_v1(void *ctx, struct http_request *q, struct http_response *r)
{
    token(ctx, q, r, true);
}

/* ---- discovery ---- */

static struct str origin(struct vedette *v, const struct http_request *q)
{
    struct str host = http_header(q, "host");
    if (host.n > 0 && host.n < 256)
        return arena_fmt(q->arena, "https://%.*s", STR_ARG(host));
    return str_from(v->o.base_url);
}

static void kv_list(struct json_out *w, const char *key, const char *const *values, size_t n)
{
    json_key(w, key);
    json_arr(w);
    for (size_t i = 0; i < n; i++)
        json_z(w, values[i]);
    json_arr_end(w);
}

static void discovery(void *ctx, struct http_request *q, struct http_response *r)
{
    static const char *const methods[] = {"client_secret_post", "client_secret_basic",
                                          "private_key_jwt"};
    static const char *const algorithms[] = {"RS256", "PS256", "ES256"};
    struct vedette *v = ctx;
    struct arena *a = q->arena;
    struct str base =
        arena_fmt(a, "%.*s/%.*s", STR_ARG(origin(v, q)), STR_ARG(http_param(q, "tenant")));
    struct str tenant = STR("");
    if (!find_tenant(v, q, r, &tenant))
        return;
    if (tenant.n == 0)
        tenant = identity_tenant(v->identity);
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_kv_str(&w, "token_endpoint", arena_fmt(a, "%.*s/oauth2/v2.0/token", STR_ARG(base)));
    json_kv_str(&w, "authorization_endpoint",
                arena_fmt(a, "%.*s/oauth2/v2.0/authorize", STR_ARG(base)));
    json_kv_str(&w, "jwks_uri", arena_fmt(a, "%.*s/discovery/v2.0/keys", STR_ARG(base)));
    json_kv_str(&w, "issuer", arena_fmt(a, ISSUER, STR_ARG(tenant)));
    kv_list(&w, "token_endpoint_auth_methods_supported", methods, COUNTOF(methods));
    kv_list(&w, "token_endpoint_auth_signing_alg_values_supported", algorithms,
            COUNTOF(algorithms));
    kv_list(&w, "response_types_supported", (const char *const[]){"token"}, 1);
    kv_list(&w, "grant_types_supported", (const char *const[]){"client_credentials"}, 1);
    kv_list(&w, "subject_types_supported", (const char *const[]){"pairwise"}, 1);
    kv_list(&w, "id_token_signing_alg_values_supported", (const char *const[]){"RS256"}, 1);
    json_kv_z(&w, "tenant_region_scope", "local");
    json_obj_end(&w);
}

/* Tokens are checked here only: there is no public key to give. */
static void keys(void *ctx, struct http_request *q, struct http_response *r)
{
    (void)ctx;
    (void)q;
    struct json_out w = json_out_make(&r->body);
    json_obj(&w);
    json_key(&w, "keys");
    json_arr(&w);
    json_arr_end(&w);
    json_obj_end(&w);
}

const struct http_route oauth_routes[] = {
    {HTTP_POST, "/{tenant}/oauth2/v2.0/token", token_v2, NULL, MAX_FORM_BYTES, FAMILY_OAUTH},
    {HTTP_POST, "/{tenant}/oauth2/token", token_v1, NULL, MAX_FORM_BYTES, FAMILY_OAUTH},
    {HTTP_GET, "/{tenant}/v2.0/.well-known/openid-configuration", discovery, NULL, 0, FAMILY_OAUTH},
    {HTTP_GET, "/{tenant}/.well-known/openid-configuration", discovery, NULL, 0, FAMILY_OAUTH},
    {HTTP_GET, "/{tenant}/discovery/v2.0/keys", keys, NULL, 0, FAMILY_OAUTH},
};
const size_t n_oauth_routes = COUNTOF(oauth_routes);
