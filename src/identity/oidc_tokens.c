/* Tokens of identity providers: ID tokens in answer to a sign-in, and access tokens on the API. */
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "identity/oidc_priv.h"

#define TENANT_MARK "{tenantid}"

static bool is_listed(const struct str *list, size_t n, struct str text)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(list[i], text))
            return true;
    return false;
}

/* The text with the tenant put in; empty: the tenant is none that is let in. */
static struct str issuer_for(struct arena *a, const struct identity_provider *p, struct str pattern,
                             struct str tenant)
{
    size_t at = 0;
    struct guid g;
    if (!str_find(pattern, STR(TENANT_MARK), &at))
        return pattern;
    if (tenant.n != 36 || !guid_parse(tenant, &g) || !is_listed(p->tenants, p->n_tenants, tenant))
        return STR("");
    return arena_fmt(a, "%.*s%.*s%.*s", (int)at, pattern.p, STR_ARG(tenant),
                     STR_ARG(str_sub(pattern, at + sizeof(TENANT_MARK) - 1, pattern.n)));
}

bool provider_is_issuer(struct arena *a, const struct identity_provider *p, const struct jwt *t,
                        bool access_token, struct str *out_issuer)
{
    struct str iss = jwt_claim(t, "iss"), tenant = jwt_claim(t, "tid");
    struct str own = issuer_for(a, p, p->issuer, tenant);
    bool found = own.n > 0 && str_eq(own, iss);
    for (size_t i = 0; access_token && !found && i < p->n_issuers; i++) {
        own = issuer_for(a, p, p->issuers[i], tenant);
        found = own.n > 0 && str_eq(own, iss);
    }
    *out_issuer = own;
    return found;
}

/* Entra ID's keys may be for the tokens of one tenant only. */
static bool key_is_for(const struct jwt *t, const struct jwt_key *k)
{
    size_t at = 0;
    struct str iss = jwt_claim(t, "iss");
    if (k->issuer.n == 0 || str_eq(k->issuer, iss))
        return true;
    if (str_find(k->issuer, STR(TENANT_MARK), &at))
        return true;
    struct str tenant = jwt_claim(t, "tid"); /* keys name the newer form of the issuer */
    return str_starts(iss, STR("https://sts.windows.net/")) && tenant.n > 0 &&
           str_find(k->issuer, tenant, &at);
}

static const struct jwt_key *signer(const struct oidc_metadata *m, const struct jwt *t,
                                    bool *out_known)
{
    const struct jwt_key *k = jwt_signer(t, &m->keys, out_known);
    return k != NULL && key_is_for(t, k) ? k : NULL;
}

bool oidc_check_signature(struct identity *id, const struct identity_provider *p,
                          const struct jwt *t, struct err *e)
{
    bool known = false;
    AUTO(oidc_metadata_dropp) const struct oidc_metadata *m = oidc_metadata_get(id, p, 0, e);
    if (m == NULL)
        return false;
    if (signer(m, t, &known) != NULL)
        return true;
    if (!known) {
        AUTO(oidc_metadata_dropp)
        const struct oidc_metadata *newer = oidc_metadata_get(id, p, m->fetched + 1, e);
        if (newer == NULL)
            return false;
        if (signer(newer, t, &known) != NULL)
            return true;
    }
    return err_set(e, ERR_UNAUTHENTICATED,
                   known ? "The token's signature is wrong."
                         : "The token is signed by a key that its issuer does not list.");
}

static int64_t now_s(struct identity *id)
{
    return (clock_now(id->clock) - TICKS_UNIX_EPOCH) / TICKS_PER_SECOND;
}

static bool is_type(struct str typ, const char *name)
{
    struct str prefix = STR("application/");
    if (typ.n > prefix.n && str_ieq(str_sub(typ, 0, prefix.n), prefix))
        typ = str_sub(typ, prefix.n, typ.n);
    return str_ieqz(typ, name);
}

/* ---- ID tokens ---- */

static bool check_party(const struct identity_provider *p, const struct jwt *t, struct err *e)
{
    const struct json *aud = json_get(&t->claims, "aud"), *azp = json_get(&t->claims, "azp");
    bool several = aud->type == JSON_ARRAY && aud->n > 1;
    if ((several || azp != NULL) && !str_eq(json_text(azp, STR("")), p->client_id))
        return err_set(e, ERR_UNAUTHENTICATED, "The ID token is for another client ('azp').");
    return true;
}

bool oidc_check_id_token(struct identity *id, struct arena *a, const struct identity_provider *p,
                         struct str token, struct str nonce, struct jwt *out, struct err *e)
{
    struct str issuer = STR("");
    if (!jwt_read(a, token, out, e))
        return false;
    if (out->typ.n > 0 && !is_type(out->typ, "JWT"))
        return err_set(e, ERR_UNAUTHENTICATED, "The ID token is a token of another type.");
    if (!provider_is_issuer(a, p, out, false, &issuer))
        return err_set(e, ERR_UNAUTHENTICATED, "The ID token is from another issuer or tenant.");
    const struct jwt_expect x = {.issuer = issuer,
                                 .audiences = &p->client_id,
                                 .n_audiences = 1,
                                 .now_s = now_s(id),
                                 .who = "The ID token"};
    if (!oidc_check_signature(id, p, out, e) || !jwt_check_claims(out, &x, e) ||
        !check_party(p, out, e))
        return false;
    return (nonce.n > 0 && secret_equal(nonce, jwt_claim(out, "nonce"))) ||
           err_set(e, ERR_UNAUTHENTICATED, "The ID token answers another sign-in ('nonce').");
}

/* ---- access tokens ---- */

/* ID tokens and logout tokens are signed by the same keys, and may have the same audience. */
static bool is_access_token(const struct jwt *t, struct err *e)
{
    static const char *const foreign[] = {"nonce", "at_hash", "c_hash", "events"};
    static const char *const own[] = {"scp", "scope", "roles", "azp", "appid", "client_id"};
    bool typed = is_type(t->typ, "at+jwt"), has = typed;
    for (size_t i = 0; i < COUNTOF(foreign); i++)
        if (json_get(&t->claims, foreign[i]) != NULL && !typed)
            return err_set(e, ERR_UNAUTHENTICATED, "The token is no access token.");
    for (size_t i = 0; i < COUNTOF(own); i++)
        has = has || json_get(&t->claims, own[i]) != NULL;
    return (has && (typed || t->typ.n == 0 || is_type(t->typ, "JWT"))) ||
           err_set(e, ERR_UNAUTHENTICATED, "The token is no access token.");
}

static bool has_scope(const struct identity_provider *p, const struct jwt *t, bool person,
                      struct err *e)
{
    const struct json *scp = json_get(&t->claims, "scp");
    scp = scp != NULL ? scp : json_get(&t->claims, "scope");
    if (!person || p->n_required_scopes == 0)
        return true;
    for (size_t i = 0; i < p->n_required_scopes; i++)
        if (jwt_claim_holds(scp, p->required_scopes[i]))
            return true;
    return err_set(e, ERR_UNAUTHENTICATED, "The token has none of the scopes that are needed.");
}

/* The token's rights are those of its claims and what its principal was given here. */
static bool make_caller(struct identity *id, struct arena *a, const struct oidc_person *x,
                        const struct state_principal *p, struct identity_caller *out, struct err *e)
{
    out->id = p->id;
    out->name = p->name;
    out->kind = x->application ? IDENTITY_APPLICATION : IDENTITY_USER;
    out->tenant = p->tenant.n > 0 ? p->tenant : identity_tenant(id);
    out->in = id;
    if (!identity_grants_load(id, a, &p->id, 1, out, e))
        return false;
    mapped_grants_add(id, a, x->roles, out);
    return true;
}

static bool check_for(struct identity *id, struct arena *a, const struct identity_provider *p,
                      struct str issuer, const struct jwt *t, struct identity_caller *out,
                      struct err *e)
{
    struct oidc_person person = {0};
    struct state_principal principal = {0};
    const struct jwt_expect x = {.issuer = issuer,
                                 .audiences = p->audiences,
                                 .n_audiences = p->n_audiences,
                                 .now_s = now_s(id),
                                 .who = "The token"};
    if (!oidc_check_signature(id, p, t, e) || !jwt_check_claims(t, &x, e) ||
        !is_access_token(t, e) || !oidc_person_read(a, p, &t->claims, &person, e) ||
        !has_scope(p, t, !person.application, e) || !oidc_groups_check(p, &person, e) ||
        !oidc_person_find(id, a, p, &person, false, &principal, e))
        return false;
    return make_caller(id, a, &person, &principal, out, e);
}

bool oidc_check_access_token(struct identity *id, struct arena *a, struct str token,
                             struct identity_caller *out, struct err *e)
{
    struct jwt t = {0};
    struct identity_provider *all = NULL;
    size_t n = 0;
    struct err why = {0};
    if (!jwt_read(a, token, &t, e) || !identity_provider_list(id, a, &all, &n, e))
        return false;
    err_set(&why, ERR_UNAUTHENTICATED,
            "Authentication failed. The token is from an issuer that is not known here.");
    for (size_t i = 0; i < n; i++) {
        struct str issuer = STR("");
        if (!all[i].enabled || all[i].n_audiences == 0 ||
            !provider_is_issuer(a, &all[i], &t, true, &issuer))
            continue;
        if (check_for(id, a, &all[i], issuer, &t, out, &why))
            return true;
    }
    *e = why;
    if (e->code != ERR_UNAUTHENTICATED && e->code != ERR_FORBIDDEN)
        return false; /* the issuer does not answer, the disk is full: not the caller's doing */
    e->code = ERR_UNAUTHENTICATED;
    return false;
}
