/* Workspaces of tenants: making, deleting and recovering them, within the tenant's limit. */
#include "base/ids.h"
#include "base/log.h"
#include "identity/identity_priv.h"
#include "identity/tenants.h"
#include "state/transfer.h"

/* NULL without an error: there is none to recover. */
static bool find_deleted(struct identity *id, const struct store_place *p, struct arena *a,
                         struct str *out)
{
    struct store_deleted d;
    for (size_t i = 0; store_deleted_at(id->store, i, &d); i++)
        if (str_ieq(d.place.tenant, p->tenant) && str_ieq(d.place.name, p->name)) {
            *out = arena_str(a, d.place.id);
            return true;
        }
    return false;
}

static bool has_room(struct identity *id, const struct state_tenant *t, struct str key,
                     struct err *e)
{
    int64_t most = t->max_workspaces > 0 ? t->max_workspaces : id->max_workspaces;
    size_t n = tenant_workspaces(id, key);
    return most <= 0 || n < (size_t)most ||
           err_set(e, ERR_LIMIT, "the tenant '%.*s' has %zu workspaces, which is its limit",
                   STR_ARG(t->name), n);
}

static struct workspace *make_locked(struct identity *id, struct arena *a,
                                     const struct store_place *given, bool *out_recovered,
                                     struct err *e)
{
    char text[37];
    struct state_tenant t = {0};
    struct str deleted;
    struct store_place p = *given;
    *out_recovered = false;
    if (!identity_tenant_find(id, a, given->tenant, &t, e))
        return NULL;
    p.tenant = identity_tenant_key(id, t.id);
    /* As Azure's subscription of a directory without one: its id is the tenant's. */
    if (p.subscription.n == 0 && p.tenant.n > 0)
        p.subscription = p.tenant;
    if (!has_room(id, &t, p.tenant, e))
        return NULL;
    struct workspace *w = NULL;
    guid_format(guid_new(), text);
    if (p.id.n == 0)
        p.id = str_from(text);
    *out_recovered = find_deleted(id, &p, a, &deleted);
    if (*out_recovered)
        w = store_workspace_recover(id->store, deleted, e);
    else if (store_workspace_find(id->store, p.id) == NULL)
        w = store_workspace_make(id->store, &p, e);
    else
        err_set(e, ERR_CONFLICT, "there is a workspace with the id '%.*s'", STR_ARG(p.id));
    if (w != NULL)
        tenant_cap_apply(id, &t);
    return w;
}

struct workspace *identity_workspace_make(struct identity *id, struct arena *a,
                                          const struct store_place *p, bool *out_recovered,
                                          struct err *e)
{
    lock_take(&id->changes);
    struct workspace *w = make_locked(id, a, p, out_recovered, e);
    lock_drop(&id->changes);
    return w;
}

struct workspace *identity_workspace_recover(struct identity *id, struct str workspace,
                                             struct err *e)
{
    lock_take(&id->changes);
    struct workspace *w = store_workspace_recover(id->store, workspace, e);
    lock_drop(&id->changes);
    return w;
}

static bool purge_locked(struct identity *id, struct str workspace, struct err *e)
{
    return store_workspace_purge(id->store, workspace, e) &&
           state_workspace_forget(id->state, workspace, e) && access_reload(id, e);
}

bool identity_workspace_purge(struct identity *id, struct str workspace, struct err *e)
{
    lock_take(&id->changes);
    bool ok = purge_locked(id, workspace, e);
    lock_drop(&id->changes);
    return ok;
}

static bool delete_locked(struct identity *id, struct workspace *w, bool at_once, struct err *e)
{
    struct str key = workspace_place(w).tenant;
    if (key.n == 0 && tenant_workspaces(id, key) < 2)
        return err_set(e, ERR_CONFLICT,
                       "'%.*s' is the last workspace of the first tenant, which the server writes "
                       "its own log to: make another one first",
                       STR_ARG(workspace_name(w)));
    struct str gone = workspace_id(w);
    if (store_workspace_find(id->store, gone) != w) /* another one was faster */
        return true;
    if (!store_workspace_delete(id->store, w, clock_now(id->clock), e))
        return false;
    return !at_once || purge_locked(id, gone, e);
}

bool identity_workspace_delete(struct identity *id, struct workspace *w, bool at_once,
                               struct err *e)
{
    lock_take(&id->changes);
    bool ok = delete_locked(id, w, at_once, e);
    lock_drop(&id->changes);
    return ok;
}

static void purge(struct identity *id, struct str workspace)
{
    struct err e = {0};
    if (identity_workspace_purge(id, workspace, &e))
        LOG(LOG_INFO, "identity", "a workspace was purged: the time to recover it is over",
            log_s("workspace", workspace));
    else
        LOG(LOG_ERROR, "identity", "a deleted workspace could not be purged; tried again",
            log_s("workspace", workspace), log_z("reason", e.msg));
}

void identity_workspaces_expire(struct identity *id)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct store_deleted d;
    VEC(struct str) due = {0};
    int64_t now = clock_now(id->clock);
    for (size_t i = 0; store_deleted_at(id->store, i, &d); i++)
        if (now - d.deleted >= IDENTITY_RECOVERY) {
            struct str one = arena_str(a, d.place.id);
            VEC_PUSH(a, &due, one);
        }
    for (size_t i = 0; i < due.n; i++)
        purge(id, due.p[i]);
}

void identity_workspaces_open(struct identity *id)
{
    struct str gone;
    struct err e = {0};
    for (size_t i = 0; store_purged_at(id->store, i, &gone); i++)
        if (!state_workspace_forget(id->state, gone, &e))
            LOG(LOG_ERROR, "identity", "objects of a purged workspace could not be removed",
                log_s("workspace", gone), log_z("reason", e.msg));
}
