/* Of whom a second factor is demanded: by the server's setting of everybody, by a tenant of all its
 * people or of those who have certain roles. And what a session that still waits for it is shown.
 */
#include "identity/identity_priv.h"
#include "identity/tenants.h"
#include "identity/users.h"
#include "state/people.h"
#include "state/tenants.h"
#include "text/date.h"

enum { MAX_ROLES = 100, MAX_ROLES_TEXT = 16 << 10 };

static const char *const words[] = {
    [DEMAND_NOBODY] = "optional", [DEMAND_EVERYBODY] = "required", [DEMAND_ROLES] = "roles"};

static struct str home_of(const struct identity *id, const struct identity_caller *c)
{
    return c->tenant.n > 0 ? c->tenant : identity_tenant(id);
}

static bool has_role(const struct identity_caller *c, struct str role)
{
    for (size_t i = 0; i < c->n_grants; i++)
        if (!c->grants[i].deny && str_ieq(str_from(c->grants[i].role->id), role))
            return true;
    return false;
}

bool identity_second_factor_demanded(struct identity *id, struct arena *a,
                                     const struct identity_caller *c, bool *out, struct err *e)
{
    struct state_sign_in_policy p = {0};
    struct json roles = {0};
    *out = id->people.second_factor;
    if (*out)
        return true;
    if (!state_sign_in_policy_get(id->state, a, home_of(id, c), &p, e))
        return false;
    *out = p.demand == DEMAND_EVERYBODY;
    if (p.demand != DEMAND_ROLES)
        return true;
    if (!json_parse(a, p.roles, NULL, &roles, e))
        return false;
    for (size_t i = 0; i < roles.n && !*out; i++)
        *out = has_role(c, json_text(&roles.items[i], STR("")));
    return true;
}

/* ---- what a tenant demands ---- */

static bool read_demand(const struct json *body, int32_t *out, struct err *e)
{
    struct str word = json_text(json_get(body, "secondFactor"), STR(""));
    for (size_t i = 0; i < COUNTOF(words); i++)
        if (str_eqz(word, words[i])) {
            *out = (int32_t)i;
            return true;
        }
    return err_set(e, ERR_INVALID, "secondFactor: optional, required or roles expected");
}

static bool write_role(struct identity *id, struct arena *a, const struct json *one,
                       struct json_out *o, struct err *e)
{
    struct identity_role role = {0};
    struct err why = {0};
    if (!role_find(id, a, json_text(one, STR("")), &role, &why))
        return err_set(e, why.code == ERR_NOT_FOUND ? ERR_INVALID : why.code, "roles: %s", why.msg);
    json_z(o, role.id);
    return true;
}

/* Names as ids: a role may get another name. */
static bool read_roles(struct identity *id, struct arena *a, const struct json *roles,
                       struct str *out, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_ROLES_TEXT);
    struct json_out o = json_out_make(&b);
    if (roles != NULL && (roles->type != JSON_ARRAY || roles->n > MAX_ROLES))
        return err_set(e, ERR_INVALID, "roles: an array of at most %d names or ids expected",
                       MAX_ROLES);
    json_arr(&o);
    for (size_t i = 0; roles != NULL && i < roles->n; i++)
        if (!write_role(id, a, &roles->items[i], &o, e))
            return false;
    json_arr_end(&o);
    *out = arena_str(a, sbuf_str(&b));
    return true;
}

bool identity_sign_in_policy_set(struct identity *id, struct arena *a, struct str tenant,
                                 const struct json *body, struct str who, struct err *e)
{
    const struct json *roles = json_get(body, "roles");
    struct state_sign_in_policy p = {
        .tenant = tenant, .changed = clock_now(id->clock), .changed_by = who};
    if (!read_demand(body, &p.demand, e) || !read_roles(id, a, roles, &p.roles, e))
        return false;
    if (p.demand == DEMAND_ROLES && (roles == NULL || roles->n == 0))
        return err_set(e, ERR_INVALID,
                       "roles: those of which a second factor is demanded expected");
    return state_sign_in_policy_put(id->state, &p, e);
}

bool identity_sign_in_policy_json(struct identity *id, struct arena *a, struct str tenant,
                                  struct json_out *o, struct err *e)
{
    struct state_sign_in_policy p = {0};
    if (!state_sign_in_policy_get(id->state, a, tenant, &p, e))
        return false;
    bool known = p.demand >= 0 && (size_t)p.demand < COUNTOF(words);
    json_obj(o);
    json_kv_z(o, "secondFactor", known ? words[p.demand] : words[DEMAND_EVERYBODY]);
    json_key(o, "roles");
    json_raw(o, p.roles);
    json_kv_z(o, "server", words[id->people.second_factor ? DEMAND_EVERYBODY : DEMAND_NOBODY]);
    json_kv_time(o, "changed", p.changed);
    json_kv_str(o, "changedBy", p.changed_by);
    json_obj_end(o);
    return true;
}

/* ---- sessions ---- */

bool identity_session_show_code(struct identity *id, struct arena *a,
                                const struct identity_session *s, struct str code, struct err *e)
{
    struct state_user u = {0};
    if (s->pending != IDENTITY_SHOW_CODE)
        return err_set(e, ERR_CONFLICT, "This session waits for no code.");
    return user_load(id, a, s->principal, &u, e) && code_prove(id, a, &u, code, e) &&
           identity_session_complete(id, s, e);
}

bool identity_session_complete(struct identity *id, const struct identity_session *s, struct err *e)
{
    return state_session_complete(id->state, s->id, clock_now(id->clock), e);
}

bool identity_session_is_fresh(const struct identity *id, const struct identity_session *s,
                               struct err *e)
{
    if (clock_now(id->clock) - s->proved <= id->people.proof_lifetime)
        return true;
    err_set(e, ERR_FORBIDDEN,
            "Show the password once more (POST /portal/api/session/confirm), or sign in again: the "
            "last time is too long ago for this.");
    _Static_assert(sizeof(IDENTITY_PROOF_REQUIRED) <= sizeof(e->kind), "it fits");
    memcpy(e->kind, IDENTITY_PROOF_REQUIRED, sizeof(IDENTITY_PROOF_REQUIRED));
    return false;
}
