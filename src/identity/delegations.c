/* Delegations: a role in one tenant for a principal of another. */
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "identity/tenants.h"
#include "text/date.h"

enum { MAX_DESCRIPTION = 1000, MAX_PRINCIPAL = 100 };

static const char *const status_names[] = {[DELEGATION_OFFERED] = "Offered",
                                           [DELEGATION_ACTIVE] = "Active",
                                           [DELEGATION_REVOKED] = "Revoked",
                                           [DELEGATION_REFUSED] = "Refused"};

/* With these one could give oneself whatever one likes, and take the tenant over. */
static const char *const not_delegated[] = {"Owner", "User Access Administrator",
                                            "Tenant Administrator",
                                            "Role Based Access Control Administrator"};

/* ---- grants ---- */

bool delegated_grants_load(struct identity *id, struct arena *a, const struct str *principals,
                           size_t n, struct identity_caller *c, struct err *e)
{
    for (size_t p = 0; p < n; p++) {
        struct state_delegation *list = NULL;
        size_t count = 0;
        if (!state_delegations_of(id->state, a, principals[p], clock_now(id->clock), &list, &count,
                                  e))
            return false;
        for (size_t i = 0; i < count; i++) {
            struct str workspace = list[i].workspace;
            const struct identity_grant g = {
                .role = identity_role_find(list[i].role),
                .scope = {.reach = workspace.n > 0 ? IDENTITY_REACH_WORKSPACE : IDENTITY_REACH_ALL,
                          .path = STR("/"),
                          .workspace = workspace},
                .tenant = list[i].managed};
            if (g.role != NULL && str_ieq(list[i].managing, c->tenant))
                grant_add(a, c, &g);
        }
    }
    return true;
}

/* ---- offering ---- */

static bool read_role(struct str name, struct str *out, struct err *e)
{
    const struct identity_role *role = identity_role_find(name);
    if (role == NULL)
        return err_set(e, ERR_INVALID, "role: there is no role '%.*s'",
                       (int)(name.n < 60 ? name.n : 60), name.p);
    for (size_t i = 0; i < COUNTOF(not_delegated); i++)
        if (strcmp(role->name, not_delegated[i]) == 0)
            return err_set(e, ERR_INVALID, "role: '%s' can't be delegated", role->name);
    *out = str_from(role->name);
    return true;
}

/* A principal that is known here has the managing tenant as its home; of others (people, groups)
 * that is asked again whenever they come. */
static bool read_principal(struct identity *id, struct arena *a, struct state_delegation *d,
                           struct err *e)
{
    struct state_principal p = {0};
    struct err why = {0};
    if (d->principal.n == 0 || d->principal.n > MAX_PRINCIPAL)
        return err_set(e, ERR_INVALID,
                       "principalId: the id of a user, an application or a group "
                       "of the managing tenant expected");
    if (!state_principal_get(id->state, a, d->principal, &p, &why))
        return why.code == ERR_NOT_FOUND || err_set(e, why.code, "%s", why.msg);
    struct str home = p.tenant.n > 0 ? p.tenant : identity_tenant(id);
    return str_ieq(home, d->managing) ||
           err_set(e, ERR_INVALID, "principalId: it is no principal of the managing tenant");
}

static bool read_scope(struct identity *id, struct arena *a, struct str name,
                       struct state_delegation *d, struct err *e)
{
    if (name.n == 0)
        return true;
    struct workspace *w =
        store_workspace_find_in(id->store, identity_tenant_key(id, d->managed), name);
    if (w == NULL)
        return err_set(e, ERR_INVALID, "workspace: the managed tenant has no workspace '%.*s'",
                       (int)(name.n < 80 ? name.n : 80), name.p);
    d->workspace = arena_str(a, workspace_id(w));
    return true;
}

static bool read_times(struct identity *id, const struct json *body, struct state_delegation *d,
                       struct err *e)
{
    const struct json *v = json_get(body, "expires");
    if (v == NULL || v->type == JSON_NULL)
        return true;
    if (!date_parse_iso(json_text(v, STR("")), &d->expires))
        return err_set(e, ERR_INVALID, "expires: a time such as 2026-01-02T03:04:05Z expected");
    return d->expires > clock_now(id->clock) ||
           err_set(e, ERR_INVALID, "expires: a time to come expected");
}

static bool read_sides(struct identity *id, struct arena *a, const struct identity_offer *x,
                       struct state_delegation *d, struct err *e)
{
    struct state_tenant managing = {0}, managed = {0};
    struct str from = json_text(json_get(x->body, "managingTenant"), STR(""));
    struct str to = json_text(json_get(x->body, "managedTenant"), STR(""));
    if (from.n == 0 || to.n == 0)
        return err_set(e, ERR_INVALID, "managingTenant and managedTenant are expected");
    if (!identity_tenant_find(id, a, from, &managing, e) ||
        !identity_tenant_find(id, a, to, &managed, e))
        return false;
    d->managing = managing.id;
    d->managed = managed.id;
    if (str_eq(d->managing, d->managed))
        return err_set(e, ERR_INVALID, "a tenant delegates to another one");
    return str_eq(x->by, d->managing) || str_eq(x->by, d->managed) ||
           err_set(e, ERR_INVALID, "the tenant that offers is the managing or the managed one");
}

static void stamp(struct arena *a, struct str *etag)
{
    char text[37];
    guid_format(guid_new(), text);
    *etag = arena_str(a, str_from(text));
}

bool identity_delegation_offer(struct identity *id, struct arena *a, const struct identity_offer *x,
                               struct state_delegation *out, struct err *e)
{
    struct state_delegation d = {.offered_by = x->by,
                                 .principal = json_text(json_get(x->body, "principalId"), STR("")),
                                 .status = DELEGATION_OFFERED,
                                 .created = clock_now(id->clock),
                                 .created_by = x->who,
                                 .description =
                                     json_text(json_get(x->body, "description"), STR(""))};
    if (d.description.n > MAX_DESCRIPTION)
        return err_set(e, ERR_INVALID, "description: at most %d bytes expected", MAX_DESCRIPTION);
    if (!read_sides(id, a, x, &d, e) || !read_principal(id, a, &d, e) ||
        !read_role(json_text(json_get(x->body, "role"), STR("")), &d.role, e) ||
        !read_scope(id, a, json_text(json_get(x->body, "workspace"), STR("")), &d, e) ||
        !read_times(id, x->body, &d, e))
        return false;
    stamp(a, &d.id);
    stamp(a, &d.etag);
    if (!state_delegation_put(id->state, &d, e))
        return false;
    *out = d;
    return true;
}

/* ---- deciding ---- */

static bool decide(struct state_delegation *d, const struct identity_decide *x, int64_t now,
                   struct err *e)
{
    bool own = str_eq(d->offered_by, x->by);
    bool open = d->status == DELEGATION_OFFERED || d->status == DELEGATION_ACTIVE;
    if (x->what == IDENTITY_REVOKE) {
        if (!open)
            return err_set(e, ERR_CONFLICT, "The delegation has ended: it is %s.",
                           status_names[d->status]);
        d->status = DELEGATION_REVOKED;
        d->ended = now;
        d->ended_by = x->who;
        return true;
    }
    if (d->status != DELEGATION_OFFERED)
        return err_set(e, ERR_CONFLICT, "The delegation is not offered: it is %s.",
                       status_names[d->status]);
    if (own)
        return err_set(e, ERR_CONFLICT, "The other tenant decides on what this one offered.");
    if (d->expires != 0 && d->expires <= now)
        return err_set(e, ERR_CONFLICT, "The offer has expired.");
    d->status = x->what == IDENTITY_APPROVE ? DELEGATION_ACTIVE : DELEGATION_REFUSED;
    d->decided = now;
    d->decided_by = x->who;
    return true;
}

bool identity_delegation_decide(struct identity *id, struct arena *a,
                                const struct identity_decide *x, struct state_delegation *out,
                                struct err *e)
{
    struct state_delegation d = {0};
    struct err why = {0};
    if (!state_begin(id->state, e))
        return false;
    bool found = state_delegation_get(id->state, a, x->delegation, &d, &why);
    bool side = found && (str_eq(d.managing, x->by) || str_eq(d.managed, x->by));
    bool ok = side && decide(&d, x, clock_now(id->clock), e);
    if (ok) {
        stamp(a, &d.etag);
        ok = state_delegation_put(id->state, &d, e);
    } else if (!side) {
        err_set(e, found || why.code == ERR_NOT_FOUND ? ERR_NOT_FOUND : why.code,
                "The delegation could not be found.");
    }
    *out = d;
    return state_end(id->state, ok, e);
}

/* ---- JSON ---- */

static bool write_side(struct identity *id, struct arena *a, const char *key, struct str tenant,
                       struct json_out *o, struct err *e)
{
    struct state_tenant t = {0};
    if (!identity_tenant_find(id, a, tenant, &t, e))
        return false;
    json_key(o, key);
    json_obj(o);
    json_kv_str(o, "id", t.id);
    json_kv_str(o, "name", t.name);
    json_obj_end(o);
    return true;
}

static void kv_when(struct json_out *o, const char *key, int64_t ticks)
{
    if (ticks != 0)
        json_kv_time(o, key, ticks);
    else
        json_kv_null(o, key);
}

bool identity_delegation_json(struct identity *id, struct arena *a,
                              const struct state_delegation *d, struct json_out *o, struct err *e)
{
    bool over =
        d->status == DELEGATION_ACTIVE && d->expires != 0 && d->expires <= clock_now(id->clock);
    json_obj(o);
    json_kv_str(o, "id", d->id);
    json_kv_str(o, "etag", d->etag);
    bool ok = write_side(id, a, "managingTenant", d->managing, o, e) &&
              write_side(id, a, "managedTenant", d->managed, o, e);
    json_kv_str(o, "offeredBy", d->offered_by);
    json_kv_str(o, "principalId", d->principal);
    json_kv_str(o, "role", d->role);
    if (d->workspace.n > 0)
        json_kv_str(o, "workspace", d->workspace);
    else
        json_kv_null(o, "workspace");
    json_kv_z(o, "status", over ? "Expired" : status_names[d->status]);
    kv_when(o, "expires", d->expires);
    kv_when(o, "created", d->created);
    json_kv_str(o, "createdBy", d->created_by);
    kv_when(o, "decided", d->decided);
    json_kv_str(o, "decidedBy", d->decided_by);
    kv_when(o, "ended", d->ended);
    json_kv_str(o, "endedBy", d->ended_by);
    json_kv_str(o, "description", d->description);
    json_obj_end(o);
    return ok;
}
