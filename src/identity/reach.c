/* What callers reach: which workspaces they are told of, and by which words they may name them. */
#include "base/ids.h"
#include "identity/access.h"
#include "identity/identity_priv.h"
#include "identity/tenants.h"

static bool grant_covers(const struct identity_grant *g, struct str tenant, struct str workspace)
{
    return (g->tenant.n == 0 || str_ieq(g->tenant, tenant)) &&
           (g->scope.reach == IDENTITY_REACH_ALL || str_ieq(g->scope.workspace, workspace));
}

bool identity_sees(const struct identity_caller *c, const struct workspace *w)
{
    struct str tenant = c->in != NULL ? identity_tenant_of(c->in, w) : STR_NONE;
    for (size_t i = 0; i < c->n_grants; i++)
        if (grant_covers(&c->grants[i], tenant, workspace_id(w)))
            return true;
    return false;
}

bool identity_sees_tenant(const struct identity_caller *c, struct str tenant)
{
    bool sees = c->tenant.n > 0 && str_ieq(c->tenant, tenant);
    for (size_t i = 0; !sees && i < c->n_grants; i++)
        sees = c->grants[i].tenant.n == 0 || str_ieq(c->grants[i].tenant, tenant);
    return sees;
}

/* ---- names ---- */

static struct str subscription_of(const struct workspace *w)
{
    struct str s = workspace_place(w).subscription;
    return s.n > 0 ? s : STR("00000000-0000-0000-0000-000000000000");
}

static bool is_home(const struct identity_caller *c, const struct workspace *w)
{
    struct str home = c->tenant.n > 0 ? c->tenant : identity_tenant(c->in);
    return str_ieq(identity_tenant_of(c->in, w), home);
}

/* One that workspaces or a tenant have means these and no others; with any other one (examples have
 * them, and clients that were written for one server) the name decides. */
static bool is_known(const struct identity *id, struct str subscription)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct guid g;
    struct state_tenant t = {0};
    struct err ignored = {0};
    struct workspace *w = NULL;
    if (!guid_parse(subscription, &g))
        return false;
    for (size_t i = 0; (w = store_workspace_at(id->store, i)) != NULL; i++)
        if (str_ieq(workspace_place(w).subscription, subscription))
            return true;
    return state_tenant_get(id->state, a, subscription, &t, &ignored);
}

struct workspace *identity_workspace_find(const struct identity_caller *c, struct str id_or_name,
                                          struct str subscription)
{
    enum { OTHER, HOME, EXACT };
    struct workspace *w = NULL, *best = NULL;
    int rank = -1;
    bool several = false;
    if (c->in == NULL || c->in->store == NULL || id_or_name.n == 0)
        return NULL;
    for (size_t i = 0; (w = store_workspace_at(c->in->store, i)) != NULL; i++) {
        bool by_id = str_ieq(workspace_id(w), id_or_name);
        if ((!by_id && !str_ieq(workspace_name(w), id_or_name)) || !identity_sees(c, w))
            continue;
        if (by_id)
            return w;
        bool exact = subscription.n > 0 && str_ieq(subscription_of(w), subscription);
        int is = exact ? EXACT : is_home(c, w) ? HOME : OTHER;
        several = is == rank ? true : is < rank && several;
        if (is > rank) {
            rank = is;
            best = w;
        }
    }
    if (best != NULL && rank != EXACT && subscription.n > 0 && is_known(c->in, subscription))
        return NULL;
    return several ? NULL : best;
}

/* The n parts between slashes; false: more or fewer. */
static bool split(struct str text, struct str *parts, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t at = text.n;
        bool more = str_find(text, STR("/"), &at);
        if (more != (i + 1 < n))
            return false;
        parts[i] = str_sub(text, 0, at);
        text = str_sub(text, at + 1, text.n);
    }
    return true;
}

struct workspace *identity_workspace_named(const struct identity_caller *c, struct str text)
{
    enum { FULL = 8, SHORT = 3 };
    struct str parts[FULL];
    text = str_trim(text);
    if (text.n > 0 && text.p[0] == '/') {
        bool good =
            split(str_sub(text, 1, text.n), parts, FULL) && str_ieqz(parts[0], "subscriptions") &&
            str_ieqz(parts[2], "resourceGroups") && str_ieqz(parts[4], "providers") &&
            str_ieqz(parts[5], "Microsoft.OperationalInsights") && str_ieqz(parts[6], "workspaces");
        return good ? identity_workspace_find(c, parts[7], parts[1]) : NULL;
    }
    if (split(text, parts, SHORT))
        return identity_workspace_find(c, parts[2], parts[0]);
    return identity_workspace_find(c, text, STR_NONE);
}

/* ---- the list ---- */

static void write_workspace(struct arena *a, const struct identity_caller *c, struct workspace *w,
                            const struct workspace *primary, struct json_out *o)
{
    json_obj(o);
    json_kv_str(o, "id", workspace_id(w));
    json_kv_str(o, "name", workspace_name(w));
    json_kv_str(o, "displayName", identity_display_name(c->in, a, w));
    json_kv_str(o, "resourceId", identity_resource_id(a, w));
    json_kv_bool(o, "primary", w == primary);
    json_key(o, "rights");
    json_arr(o);
    const struct identity_right *right;
    for (size_t i = 0; (right = identity_right_at(i)) != NULL; i++)
        if (identity_allows(c, right->name, workspace_id(w)))
            json_z(o, right->name);
    json_arr_end(o);
    json_obj_end(o);
}

struct str identity_resource_id(struct arena *a, const struct workspace *w)
{
    struct str group = workspace_place(w).group;
    return arena_fmt(a,
                     "/subscriptions/%.*s/resourceGroups/%.*s/providers/"
                     "Microsoft.OperationalInsights/workspaces/%.*s",
                     STR_ARG(subscription_of(w)), STR_ARG((group.n > 0 ? group : STR("vedette"))),
                     STR_ARG(workspace_name(w)));
}

static void write_tenant(struct identity *id, struct arena *a, const struct identity_caller *c,
                         const struct state_tenant *t, struct json_out *o)
{
    struct workspace *w = NULL, *primary = identity_primary(id, t->id);
    json_obj(o);
    json_kv_str(o, "id", t->id);
    json_kv_str(o, "name", t->name);
    json_key(o, "workspaces");
    json_arr(o);
    for (size_t i = 0; (w = store_workspace_at(id->store, i)) != NULL; i++)
        if (str_eq(identity_tenant_of(id, w), t->id) && identity_sees(c, w))
            write_workspace(a, c, w, primary, o);
    json_arr_end(o);
    json_obj_end(o);
}

bool identity_reach_json(struct identity *id, struct arena *a, const struct identity_caller *c,
                         struct json_out *o, struct err *e)
{
    struct state_tenant *all = NULL;
    size_t n = 0;
    if (!state_tenant_list(id->state, a, &all, &n, e))
        return false;
    json_arr(o);
    for (size_t i = 0; i < n; i++)
        if (identity_sees_tenant(c, all[i].id))
            write_tenant(id, a, c, &all[i], o);
    json_arr_end(o);
    return true;
}
