/* From claims to principals: who somebody is, whether they are let in, and which roles they have.
 */
#include "base/ids.h"
#include "base/log.h"
#include "identity/identity_priv.h"
#include "identity/oidc_priv.h"
#include "identity/users.h"
#include "state/people.h"

enum { MAX_LOGIN = 64, MAX_SUBJECT = 300, MAX_SHOWN = 200, MAX_MAPPED = 256 << 10 };
#define SEEN_EVERY TICKS_PER_HOUR

static struct str text_of(const struct json *claims, struct str name)
{
    return str_sub(json_text(json_get_str(claims, name), STR("")), 0, MAX_SHOWN);
}

static struct str claim(const struct json *claims, const char *name)
{
    return text_of(claims, str_from(name));
}

static bool has_guid(const struct json *claims, const char *name, struct arena *a, struct str *out)
{
    struct guid g;
    char text[37];
    if (!guid_parse(claim(claims, name), &g))
        return false;
    guid_format(g, text);
    *out = arena_str(a, str_from(text));
    return true;
}

/* Whom a provider of one tenant vouches for is nobody in another: its administrators choose which
 * keys they believe for an issuer. */
static struct str in_tenant(struct arena *a, const struct identity_provider *p, struct str issuer)
{
    return p->tenant.n == 0 ? issuer
                            : arena_fmt(a, "tenant/%.*s/%.*s", STR_ARG(p->tenant), STR_ARG(issuer));
}

static bool read_key(struct arena *a, const struct identity_provider *p, const struct json *claims,
                     struct oidc_person *out, struct err *e)
{
    struct str tenant = STR("");
    if (p->entra) {
        if (!has_guid(claims, "tid", a, &tenant) || !has_guid(claims, "oid", a, &out->subject))
            return err_set(e, ERR_UNAUTHENTICATED,
                           "The token does not say who it is for ('tid' and 'oid').");
        out->issuer = in_tenant(a, p, arena_fmt(a, "entra/%.*s", STR_ARG(tenant)));
        return true;
    }
    out->issuer = in_tenant(a, p, p->issuer);
    out->subject = json_text(json_get(claims, "sub"), STR(""));
    return (out->subject.n > 0 && out->subject.n <= MAX_SUBJECT) ||
           err_set(e, ERR_UNAUTHENTICATED, "The token does not say who it is for ('sub').");
}

static bool is_listed(const struct str *list, size_t n, struct str text)
{
    for (size_t i = 0; i < n; i++)
        if (str_ieq(list[i], text))
            return true;
    return false;
}

static struct str domain_of(struct str address)
{
    size_t at = address.n;
    while (at > 0 && address.p[at - 1] != '@')
        at--;
    return at > 0 ? str_sub(address, at, address.n) : STR("");
}

static bool is_let_in(const struct identity_provider *p, const struct json *claims,
                      const struct oidc_person *x, struct err *e)
{
    struct str tenant = claim(claims, "tid");
    if (p->n_tenants > 0 && !is_listed(p->tenants, p->n_tenants, tenant))
        return err_set(e, ERR_FORBIDDEN, "The tenant '%.*s' is not one that is let in.",
                       STR_ARG(tenant));
    if (p->n_domains == 0 || x->application)
        return true;
    const struct json *verified = json_get(claims, "email_verified");
    bool doubtful = verified != NULL && verified->type != JSON_TRUE;
    struct str domain = x->email.n > 0 ? domain_of(x->email) : domain_of(x->login);
    return (!doubtful && is_listed(p->domains, p->n_domains, domain)) ||
           err_set(e, ERR_FORBIDDEN, "The domain '%.*s' is not one that is let in%s.",
                   STR_ARG(domain), doubtful ? ", or the e-mail address is not verified" : "");
}

/* ---- roles ---- */

static const struct json *mapped_claim(const struct json *claims, const struct identity_mapping *m)
{
    const struct json *v = json_get_str(claims, m->claim);
    if (v == NULL && str_eqz(m->claim, "scp"))
        v = json_get(claims, "scope");
    return v;
}

static struct str roles_of(struct arena *a, const struct identity_provider *p,
                           const struct json *claims)
{
    struct json defaults = {0};
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_MAPPED);
    struct json_out w = json_out_make(&b);
    json_arr(&w);
    if (json_parse(a, p->default_roles, NULL, &defaults, NULL))
        for (size_t i = 0; i < defaults.n; i++)
            json_value(&w, &defaults.items[i]);
    for (size_t i = 0; i < p->n_mappings; i++) {
        const struct identity_mapping *m = &p->mappings[i];
        if (!jwt_claim_holds(mapped_claim(claims, m), m->value))
            continue;
        json_obj(&w);
        json_kv_str(&w, "role", m->role);
        if (m->workspace.n > 0)
            json_kv_str(&w, "workspace", m->workspace);
        json_obj_end(&w);
    }
    json_arr_end(&w);
    return arena_str(a, sbuf_str(&b));
}

/* Does the token say that it leaves out a claim by which roles are given? Entra ID does so with the
 * groups when there are more than 200 (6 in tokens that come in an address: "hasgroups"), and names
 * where to ask for them (OpenID Connect Core 1.0, 5.6.2, distributed claims). */
static bool has_overage(const struct identity_provider *p, const struct json *claims)
{
    const struct json *names = json_get(claims, "_claim_names");
    for (size_t i = 0; i < p->n_mappings; i++) {
        struct str name = p->mappings[i].claim;
        bool told = json_get_str(names, name) != NULL ||
                    (str_eqz(name, "groups") && json_is_true(json_get(claims, "hasgroups")));
        if (told && json_get_str(claims, name) == NULL)
            return true;
    }
    return false;
}

bool oidc_groups_check(const struct identity_provider *p, const struct oidc_person *x,
                       struct err *e)
{
    if (!x->groups_missing || str_eqz(p->groups_overage, "ignore"))
        return true;
    return err_set(e, ERR_FORBIDDEN,
                   "'%.*s' is in so many groups that the provider '%.*s' leaves them out of the "
                   "token, so that the roles that groups give here are not known. An administrator "
                   "can have it send app roles, or only the groups that are assigned to this "
                   "application.",
                   STR_ARG(x->name), STR_ARG(p->name));
}

static bool is_application(const struct json *claims)
{
    struct str kind = claim(claims, "idtyp");
    if (kind.n > 0)
        return str_eqz(kind, "app");
    struct str client = claim(claims, "client_id");
    return json_get(claims, "scp") == NULL && json_get(claims, "nonce") == NULL &&
           ((json_get(claims, "roles") != NULL &&
             (json_get(claims, "appid") != NULL || json_get(claims, "azp") != NULL)) ||
            (client.n > 0 && str_eq(client, claim(claims, "sub"))));
}

bool oidc_person_read(struct arena *a, const struct identity_provider *p, const struct json *claims,
                      struct oidc_person *out, struct err *e)
{
    static const char *const fallbacks[] = {
        "name", "preferred_username", "upn", "unique_name", "email", "appid", "azp", "client_id"};
    struct oidc_person x = {.application = is_application(claims),
                            .name = text_of(claims, p->name_claim),
                            .login = text_of(claims, p->login_claim),
                            .email = text_of(claims, p->email_claim)};
    if (!read_key(a, p, claims, &x, e))
        return false;
    for (size_t i = 0; x.name.n == 0 && i < COUNTOF(fallbacks); i++)
        x.name = claim(claims, fallbacks[i]);
    if (x.name.n == 0)
        x.name = str_sub(x.subject, 0, MAX_SHOWN);
    if (x.login.n == 0)
        x.login = claim(claims, "upn");
    if (!is_let_in(p, claims, &x, e))
        return false;
    x.roles = roles_of(a, p, claims);
    x.groups_missing = has_overage(p, claims);
    *out = x;
    return true;
}

/* ---- principals ---- */

/* A name that nobody has: a person of a provider is never taken for a user of the same name. */
static bool free_name(struct identity *id, struct arena *a, const struct identity_provider *p,
                      const struct oidc_person *x, struct str *out, struct err *e)
{
    char guid[37], plain[MAX_LOGIN + 1];
    struct str login = x->login.n > 0 ? x->login : x->email.n > 0 ? x->email : x->name;
    size_t n = 0;
    for (size_t i = 0; i < login.n && n < MAX_LOGIN / 2; i++) {
        char c = login.p[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                    (c != '\0' && strchr("._@+-", c) != NULL);
        plain[n++] = good ? c : '-';
    }
    plain[n] = '\0';
    guid_format(guid_new(), guid);
    const struct str wishes[] = {
        arena_str(a, str_from(plain)),
        str_sub(arena_fmt(a, "%s-%.*s", plain, STR_ARG(p->name)), 0, MAX_LOGIN)};
    for (size_t i = 0; i < COUNTOF(wishes); i++) {
        struct state_user other = {0};
        struct err why = {0};
        if (wishes[i].n == 0 ||
            state_user_find(id->state, a, user_login(a, wishes[i]), &other, &why))
            continue;
        *out = wishes[i];
        if (why.code == ERR_NOT_FOUND)
            return true;
        *e = why;
        return false;
    }
    *out = arena_str(a, str_from(guid));
    return true;
}

static bool make_principal(struct identity *id, struct arena *a, const struct identity_provider *p,
                           const struct oidc_person *x, struct str *out, struct err *e)
{
    char guid[37];
    struct str password = STR("");
    struct identity_user_new user = {
        .display_name = x->name, .roles = STR("[]"), .tenant = p->tenant};
    if (!x->application)
        return free_name(id, a, p, x, &user.name, e) &&
               identity_user_create(id, a, &user, out, &password, e);
    guid_format(guid_new(), guid);
    *out = arena_str(a, str_from(guid));
    const struct state_principal made = {.id = *out,
                                         .name = x->name,
                                         .enabled = true,
                                         .created = clock_now(id->clock),
                                         .kind = STR(PRINCIPAL_APPLICATION),
                                         .tenant = p->tenant};
    return state_principal_put(id->state, &made, e);
}

static bool make(struct identity *id, struct arena *a, const struct identity_provider *p,
                 const struct oidc_person *x, struct state_member *m, struct err *e)
{
    if (!p->create_users)
        return err_set(e, ERR_FORBIDDEN,
                       "'%.*s' is not known here, and the provider '%.*s' makes no users.",
                       STR_ARG(x->name), STR_ARG(p->name));
    *m = (struct state_member){.issuer = x->issuer,
                               .subject = x->subject,
                               .provider = p->name,
                               .roles = STR("[]"),
                               .created = clock_now(id->clock)};
    return make_principal(id, a, p, x, &m->principal, e);
}

/* The names by which people know it. */
static bool rename_principal(struct identity *id, struct arena *a, const struct oidc_person *x,
                             struct state_principal *p, struct err *e)
{
    struct state_user u = {0};
    if (x->application) {
        bool same = str_eq(p->name, x->name);
        p->name = x->name;
        return same || state_principal_put(id->state, p, e);
    }
    if (!state_user_get(id->state, a, p->id, &u, e))
        return false;
    if (str_eq(u.display_name, x->name) && str_eq(u.email, x->email))
        return true;
    u.display_name = x->name;
    u.email = x->email;
    return state_user_put(id->state, &u, e);
}

/* What was told of a person this time, if it is news. */
static bool note(struct identity *id, struct arena *a, const struct oidc_person *x, bool sign_in,
                 struct state_member *m, struct state_principal *p, struct err *e)
{
    int64_t now = clock_now(id->clock);
    bool same =
        str_eq(m->login, x->login) && str_eq(m->email, x->email) && now - m->last_seen < SEEN_EVERY;
    if (!rename_principal(id, a, x, p, e))
        return false;
    if (same && !sign_in)
        return true;
    m->login = x->login;
    m->email = x->email;
    m->last_seen = now;
    if (sign_in)
        m->roles = x->roles;
    return (!sign_in || state_user_seen(id->state, p->id, now, e)) &&
           state_member_put(id->state, m, e);
}

bool oidc_person_find(struct identity *id, struct arena *a, const struct identity_provider *p,
                      const struct oidc_person *x, bool sign_in, struct state_principal *out,
                      struct err *e)
{
    struct state_member m = {0};
    struct err missing = {0};
    if (!state_begin(id->state, e))
        return false;
    bool ok = state_member_get(id->state, a, x->issuer, x->subject, &m, &missing);
    if (!ok && missing.code == ERR_NOT_FOUND)
        ok = make(id, a, p, x, &m, e);
    else if (!ok)
        *e = missing;
    ok = ok && state_principal_get(id->state, a, m.principal, out, e) &&
         note(id, a, x, sign_in, &m, out, e);
    if (!state_end(id->state, ok, e))
        return false;
    return out->enabled ||
           err_set(e, ERR_FORBIDDEN, "'%.*s' is disabled here.", STR_ARG(out->name));
}

void mapped_grants_add(struct identity *id, struct arena *a, struct str roles,
                       struct identity_caller *c)
{
    struct json list = {0};
    if (!json_parse(a, roles, NULL, &list, NULL))
        return;
    for (size_t i = 0; i < list.n; i++) {
        struct err e = {0};
        AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_MAPPED);
        struct json_out w = json_out_make(&b);
        json_arr(&w);
        json_value(&w, &list.items[i]);
        json_arr_end(&w);
        size_t before = c->n_grants;
        bool read = identity_grants_read(id, a, arena_str(a, sbuf_str(&b)), c, &e);
        for (size_t k = before; k < c->n_grants; k++)
            c->grants[k].tenant = c->tenant; /* and in no other */
        if (!read)
            LOG(LOG_WARN, "identity", "a role of a provider's settings gives nothing",
                log_s("principal", c->id), log_z("reason", e.msg));
    }
}

bool provider_grants_add(struct identity *id, struct arena *a, struct identity_caller *c,
                         struct err *e)
{
    struct state_member *m = NULL;
    size_t n = 0;
    if (!state_member_of(id->state, a, c->id, &m, &n, e))
        return false;
    if (n > 0)
        mapped_grants_add(id, a, m[0].roles, c);
    return true;
}
