/* The handle, applications, signing in and checking tokens. */
#include "identity/identity.h"
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "identity/oidc_priv.h"
#include "identity/tenants.h"
#include "text/json.h"
#include <sodium.h>
#include <stdio.h>

enum { MAX_NAME = 200, MAX_AUDIENCE = 300 };

static struct identity_people people_defaults(const struct identity_people *given)
{
    struct identity_people p = *given;
    p.password_memory = p.password_memory != 0 ? p.password_memory : (size_t)64 << 20;
    p.password_passes = p.password_passes != 0 ? p.password_passes : 3;
    p.session_idle = p.session_idle != 0 ? p.session_idle : 30 * TICKS_PER_MINUTE;
    p.session_lifetime = p.session_lifetime != 0 ? p.session_lifetime : 12 * TICKS_PER_HOUR;
    p.lockout_failures = p.lockout_failures != 0 ? p.lockout_failures : 5;
    p.lockout_address = p.lockout_address != 0 ? p.lockout_address : 50;
    p.lockout_window = p.lockout_window != 0 ? p.lockout_window : 15 * TICKS_PER_MINUTE;
    p.lockout_delay = p.lockout_delay != 0 ? p.lockout_delay : TICKS_PER_MINUTE;
    p.api_key_lifetime = p.api_key_lifetime != 0 ? p.api_key_lifetime : 365 * TICKS_PER_DAY;
    p.proof_lifetime = p.proof_lifetime != 0 ? p.proof_lifetime : 10 * TICKS_PER_MINUTE;
    p.preferences_max = p.preferences_max != 0 ? p.preferences_max : 200;
    p.preference_bytes = p.preference_bytes != 0 ? p.preference_bytes : 64 << 10;
    return p;
}

struct identity *identity_open(const struct identity_options *o, struct err *e)
{
    struct identity *id = xcalloc(1, sizeof(*id));
    id->state = o->state;
    id->clock = o->clock;
    id->store = o->store;
    lock_init(&id->changes, "identity.changes");
    id->lifetime = o->lifetime != 0 ? o->lifetime : TICKS_PER_HOUR;
    if (o->outbound != NULL)
        id->outbound = *o->outbound;
    snprintf(id->secrets_dir, sizeof(id->secrets_dir), "%s",
             o->secrets_dir != NULL ? o->secrets_dir : "");
    id->people = people_defaults(&o->people);
    if (sodium_init() < 0 || !key_load(o->key_file, id->key, e) || !tenants_open(id, e) ||
        !access_open(id, e)) {
        identity_close(id);
        return NULL;
    }
    id->providers = oidc_cache_new();
    secret_new(id->operator_token);
    return id;
}

void identity_close(struct identity *id)
{
    if (id == NULL)
        return;
    oidc_cache_free(id->providers);
    access_close(id->access);
    lock_fini(&id->changes);
    sodium_memzero(id, sizeof(*id));
    xfree(id);
}

struct str identity_tenant(const struct identity *id)
{
    return str_from(id->tenant);
}

struct str identity_operator_token(struct identity *id)
{
    return str_from(id->operator_token);
}

bool principal_of_kind(struct identity *id, struct arena *a, struct str principal, const char *kind,
                       struct state_principal *out, struct err *e)
{
    struct state_principal p = {0};
    if (!state_principal_get(id->state, a, principal, &p, e))
        return false;
    if (str_eqz(p.kind, PRINCIPAL_USER) != (strcmp(kind, PRINCIPAL_USER) == 0))
        return err_set(e, ERR_NOT_FOUND, "There is no %s with this id.", kind);
    *out = p;
    return true;
}

/* ---- applications ---- */

bool identity_app_make(struct identity *id, struct arena *a, const struct identity_app *x,
                       struct str *out_client_id, struct str *out_secret, struct err *e)
{
    char guid[37];
    if (str_trim(x->name).n == 0 || x->name.n > MAX_NAME)
        return err_set(e, ERR_INVALID, "name: 1 to %d bytes expected", MAX_NAME);
    guid_format(guid_new(), guid);
    *out_client_id = arena_str(a, str_from(guid));
    struct state_principal p = {.id = *out_client_id,
                                .name = x->name,
                                .tenant = x->tenant,
                                .enabled = true,
                                .created = clock_now(id->clock),
                                .kind = STR(PRINCIPAL_APPLICATION)};
    if (!state_begin(id->state, e))
        return false;
    bool ok = state_principal_put(id->state, &p, e) && secret_replace(id, a, p.id, out_secret, e) &&
              identity_roles_set(id, a, p.id, "ServicePrincipal", x->roles, STR(""), e);
    return state_end(id->state, ok, e);
}

bool identity_app_create(struct identity *id, struct arena *a, struct str name, struct str roles,
                         struct str *out_client_id, struct str *out_secret, struct err *e)
{
    const struct identity_app x = {name, roles, STR_NONE};
    return identity_app_make(id, a, &x, out_client_id, out_secret, e);
}

bool identity_app_new_secret(struct identity *id, struct arena *a, struct str client_id,
                             struct str *out_secret, struct err *e)
{
    struct state_principal p = {0};
    return principal_of_kind(id, a, client_id, PRINCIPAL_APPLICATION, &p, e) &&
           secret_replace(id, a, p.id, out_secret, e);
}

bool identity_first_admin(struct identity *id, struct arena *a, struct str *out_client_id,
                          struct str *out_secret, struct err *e)
{
    struct state_principal *all = NULL;
    size_t n = 0;
    *out_client_id = *out_secret = STR("");
    if (!state_principal_list(id->state, a, &all, &n, e))
        return false;
    for (size_t i = 0; i < n; i++)
        if (!str_eqz(all[i].kind, PRINCIPAL_USER))
            return true;
    return identity_app_create(id, a, STR("administrator"),
                               STR("[{\"role\":\"Tenant Administrator\"}]"), out_client_id,
                               out_secret, e);
}

/* ---- tokens ---- */

static int64_t unix_seconds(int64_t ticks)
{
    return (ticks - TICKS_UNIX_EPOCH) / TICKS_PER_SECOND;
}

static struct str payload_of(struct arena *a, const struct state_principal *p, struct str tenant,
                             struct str audience, bool certificate, const struct identity_token *t)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(2048);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_str(&w, "aud", audience);
    json_kv_str(&w, "iss", arena_fmt(a, "https://sts.windows.net/%.*s/", STR_ARG(tenant)));
    json_kv_int(&w, "iat", unix_seconds(t->issued));
    json_kv_int(&w, "nbf", unix_seconds(t->issued));
    json_kv_int(&w, "exp", unix_seconds(t->expires));
    json_kv_str(&w, "appid", p->id);
    json_kv_z(&w, "appidacr", certificate ? "2" : "1"); /* as Entra ID numbers them */
    json_kv_str(&w, "oid", p->id);
    json_kv_str(&w, "sub", p->id);
    json_kv_str(&w, "tid", tenant);
    json_kv_z(&w, "idtyp", "app");
    json_kv_z(&w, "ver", "1.0");
    json_obj_end(&w);
    CHECK(sbuf_ok(&b)); /* the audience is bounded */
    return arena_str(a, sbuf_str(&b));
}

bool token_place(struct identity *id, struct arena *a, const struct state_principal *p,
                 struct str wanted, struct token_place *out, struct err *e)
{
    out->home = p->tenant.n > 0 ? p->tenant : identity_tenant(id);
    out->tenant = wanted.n > 0 ? wanted : out->home;
    return identity_tenant_admits(id, a, out->tenant, p->id, out->home, &out->admitted, e);
}

void token_make(struct identity *id, struct arena *a, const struct state_principal *p,
                const struct token_place *place, struct str audience, bool certificate,
                struct identity_token *out)
{
    out->name = p->name;
    out->tenant = place->home;
    out->issued = clock_now(id->clock);
    out->expires = out->issued + id->lifetime;
    struct str bounded = str_sub(audience, 0, MAX_AUDIENCE);
    out->text = jwt_sign(a, id->key, payload_of(a, p, place->tenant, bounded, certificate, out));
}

struct str client_id_plain(struct arena *a, struct str s)
{
    struct guid g;
    char text[37];
    if (!guid_parse(s, &g))
        return s;
    guid_format(g, text);
    return arena_str(a, str_from(text));
}

bool identity_sign_in(struct identity *id, struct arena *a, const struct identity_sign_in *x,
                      struct identity_token *out, struct err *e)
{
    struct state_principal p = {0};
    struct err missing = {0};
    struct str plain = client_id_plain(a, x->client_id);
    struct token_place place;
    bool right = false;
    bool found = principal_of_kind(id, a, plain, PRINCIPAL_APPLICATION, &p, &missing);
    if (!found && missing.code != ERR_NOT_FOUND) {
        *e = missing;
        return false;
    }
    /* The same work and the same answer whether or not the application exists. */
    if (!secret_matches(id, a, plain, x->secret, &right, e) ||
        !token_place(id, a, &p, x->tenant, &place, e))
        return false;
    if (!found || !right || !p.enabled || !place.admitted)
        return err_set(e, ERR_UNAUTHENTICATED, "Invalid client id or client secret.");
    token_make(id, a, &p, &place, x->audience, false, out);
    return true;
}

bool caller_load(struct identity *id, struct arena *a, struct str principal,
                 struct identity_caller *out, struct err *e)
{
    struct state_principal p = {0};
    struct err why = {0};
    if (!state_principal_get(id->state, a, principal, &p, &why)) {
        if (why.code == ERR_NOT_FOUND)
            return err_set(e, ERR_UNAUTHENTICATED, "Who this was issued to does not exist.");
        *e = why;
        return false;
    }
    if (!p.enabled)
        return err_set(e, ERR_UNAUTHENTICATED, "Who this was issued to is disabled.");
    out->id = p.id;
    out->name = p.name;
    out->kind = str_eqz(p.kind, PRINCIPAL_USER) ? IDENTITY_USER : IDENTITY_APPLICATION;
    out->tenant = p.tenant.n > 0 ? p.tenant : identity_tenant(id);
    out->in = id;
    return identity_grants_load(id, a, &p.id, 1, out, e) && provider_grants_add(id, a, out, e);
}

bool identity_caller_load(struct identity *id, struct arena *a, struct str principal,
                          struct identity_caller *out, struct err *e)
{
    *out = (struct identity_caller){0};
    return caller_load(id, a, principal, out, e);
}

/* A delegation that ended took its tokens with it. */
static bool is_admitted(struct identity *id, struct arena *a, struct str tenant,
                        const struct identity_caller *c, struct err *e)
{
    bool admitted = false;
    if (!identity_tenant_admits(id, a, tenant, c->id, c->tenant, &admitted, e))
        return false;
    return admitted || err_set(e, ERR_UNAUTHENTICATED, "The token was issued for another tenant.");
}

static void operator_caller(const struct identity *id, struct arena *a, struct identity_caller *out)
{
    out->in = id;
    out->id = out->name = STR(IDENTITY_OPERATOR_ID);
    out->kind = IDENTITY_OPERATOR;
    out->grants = arena_new_of(a, struct identity_grant);
    out->grants[0].role = identity_role_find(STR("Tenant Administrator"));
    out->n_grants = 1;
}

bool identity_check(struct identity *id, struct arena *a, struct str authorization,
                    struct identity_caller *out, struct err *e)
{
    struct str payload = STR("");
    struct json claims = {0};
    *out = (struct identity_caller){0};
    if (authorization.n == 0)
        return err_set(e, ERR_UNAUTHENTICATED,
                       "Authentication failed. The 'Authorization' header is missing.");
    if (authorization.n < 7 || !str_ieqz(str_sub(authorization, 0, 7), "Bearer "))
        return err_set(e, ERR_UNAUTHENTICATED,
                       "Authentication failed. 'Authorization: Bearer <token>' is expected.");
    struct str token = str_trim(str_sub(authorization, 7, authorization.n));
    if (secret_equal(token, str_from(id->operator_token))) {
        operator_caller(id, a, out);
        return true;
    }
    if (str_starts(token, STR(API_KEY_PREFIX)))
        return api_key_check(id, a, token, out, e);
    if (jwt_looks_foreign(a, token))
        return oidc_check_access_token(id, a, token, out, e);
    if (!jwt_verify(a, id->key, token, &payload) || !json_parse(a, payload, NULL, &claims, NULL))
        return err_set(e, ERR_UNAUTHENTICATED,
                       "Authentication failed. The token is malformed or was not issued here.");
    const struct json *expires = json_get(&claims, "exp");
    if (expires == NULL || expires->type != JSON_INT ||
        unix_seconds(clock_now(id->clock)) >= expires->i)
        return err_set(e, ERR_UNAUTHENTICATED, "Authentication failed. The token has expired.");
    return caller_load(id, a, json_text(json_get(&claims, "appid"), STR("")), out, e) &&
           is_admitted(id, a, json_text(json_get(&claims, "tid"), STR("")), out, e);
}
