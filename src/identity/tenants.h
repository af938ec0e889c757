/* Tenants, what belongs to them, and what one lets principals of another do.
 *
 * A tenant is a directory of its own: principals have one as their home, and so have workspaces. A
 * role reaches the workspaces of its tenant; into another one only a delegation leads, which one
 * side offers and the other approves (as Azure Lighthouse has it). The first tenant is the one that
 * the server was made with; whoever has a role in all of it may run the server. */
#pragma once
#include "identity/identity.h"
#include "state/tenants.h"
#include "store/store.h"
#include "text/json.h"

/* ---- tenants ---- */
/* By id or by name. Errors: ERR_NOT_FOUND. */
bool identity_tenant_find(struct identity *id, struct arena *a, struct str id_or_name,
                          struct state_tenant *out, struct err *e) MUST_USE;
/* What one is made with, or changed to. */
struct identity_tenant_wish {
    const struct json
        *body;           /* {"name"?, "primaryWorkspace"?, "limits"?: {…}}, see docs/tenants.md */
    struct str id;       /* GUID; empty: the server chooses */
    struct str if_match; /* etag; empty: any */
    struct str who;      /* name of the caller, for people */
};
/* Errors: ERR_INVALID, ERR_CONFLICT (the name or the id is taken). */
bool identity_tenant_create(struct identity *id, struct arena *a,
                            const struct identity_tenant_wish *x, struct state_tenant *out,
                            struct err *e) MUST_USE;
/* What body does not name stays. Errors: ERR_NOT_FOUND, ERR_INVALID, ERR_CONFLICT (also: changed
 * meanwhile). */
bool identity_tenant_change(struct identity *id, struct arena *a, struct str id_or_name,
                            const struct identity_tenant_wish *x, struct state_tenant *out,
                            struct err *e) MUST_USE;
/* With its principals and delegations. Errors: ERR_NOT_FOUND; ERR_CONFLICT: it is the first one, or
 * has workspaces, also deleted ones. */
bool identity_tenant_delete(struct identity *id, struct arena *a, struct str id_or_name,
                            struct err *e) MUST_USE;
void identity_tenant_json(const struct state_tenant *t, struct json_out *o);
/* The id of the tenant that a workspace belongs to. */
struct str identity_tenant_of(const struct identity *id, const struct workspace *w);
/* What store_place.tenant is for that tenant. */
struct str identity_tenant_key(const struct identity *id, struct str tenant);
/* May the principal, whose home that is, have tokens of the tenant? There, and where something is
 * delegated to it. */
bool identity_tenant_admits(struct identity *id, struct arena *a, struct str tenant,
                            struct str principal, struct str home, bool *out,
                            struct err *e) MUST_USE;
/* The workspace whose alerts are correlated across products: the one that was chosen, else the
 * tenant's first. NULL: the tenant has none. */
struct workspace *identity_primary(struct identity *id, struct str tenant);

/* ---- what callers reach ---- */
/* Has it the right for the tenant as a whole? */
bool identity_allows_in(const struct identity_caller *c, const char *right, struct str tenant);
/* Has it any grant that reaches the workspace: others are told that there is none. */
bool identity_sees(const struct identity_caller *c, const struct workspace *w);
bool identity_sees_tenant(const struct identity_caller *c, struct str tenant);
/* Among the workspaces that c sees: by id; by name, then the one in the subscription (may be
 * empty), else that of c's own tenant, else the only one. NULL: there is none, or several. */
struct workspace *identity_workspace_find(const struct identity_caller *c, struct str id_or_name,
                                          struct str subscription);
/* The same for a whole resource id of a workspace, or what may stand for it: a GUID, a name,
 * subscription/group/name. */
struct workspace *identity_workspace_named(const struct identity_caller *c, struct str text);
/* "/subscriptions/…/workspaces/NAME", in a. */
struct str identity_resource_id(struct arena *a, const struct workspace *w);
/* Appends the tenants that c reaches, with their workspaces and what it may do there: an array of
 * {"id", "name", "workspaces": [{"id", "name", "resourceId", "primary", "rights": […]}]}. */
bool identity_reach_json(struct identity *id, struct arena *a, const struct identity_caller *c,
                         struct json_out *o, struct err *e) MUST_USE;

/* ---- workspaces ---- */
/* How long a deleted workspace can be recovered, as Azure has it. */
#define IDENTITY_RECOVERY (14 * TICKS_PER_DAY)
/* p->id may be empty; p->tenant is a tenant's id. One of that name that is deleted is recovered.
 * Errors: ERR_INVALID, ERR_CONFLICT, ERR_LIMIT (the tenant has as many as it may), ERR_NOT_FOUND
 * (the tenant). */
struct workspace *identity_workspace_make(struct identity *id, struct arena *a,
                                          const struct store_place *p, bool *out_recovered,
                                          struct err *e) MUST_USE;
/* at_once: without the time in which it can be recovered. Errors: ERR_CONFLICT: the last one of the
 * first tenant. */
bool identity_workspace_delete(struct identity *id, struct workspace *w, bool at_once,
                               struct err *e) MUST_USE;
/* Errors: ERR_NOT_FOUND: there is no deleted one of that id. */
struct workspace *identity_workspace_recover(struct identity *id, struct str workspace,
                                             struct err *e) MUST_USE;
/* Of one that is deleted: rows, rules, incidents and all. Errors: ERR_NOT_FOUND. */
bool identity_workspace_purge(struct identity *id, struct str workspace, struct err *e) MUST_USE;
/* At the start: takes away what belonged to workspaces whose folder was removed. */
void identity_workspaces_open(struct identity *id);
/* Purges those that were deleted more than IDENTITY_RECOVERY ago, and takes away what belonged to
 * purged ones. Done now and then. */
void identity_workspaces_expire(struct identity *id);
/* The settings that tenants without own limits have. */
void identity_limits(struct identity *id, int64_t max_workspaces, int64_t max_tenants);

/* ---- delegations ---- */
struct identity_offer {
    struct str by;           /* the tenant that offers: it is one of the two */
    const struct json *body; /* {"managingTenant", "managedTenant", "principalId", "role",
                              "workspace"?, "expires"?, "description"?} */
    struct str who;
};
/* The managed side sees the grant only when both have agreed. Errors: ERR_INVALID, ERR_NOT_FOUND.
 */
bool identity_delegation_offer(struct identity *id, struct arena *a, const struct identity_offer *x,
                               struct state_delegation *out, struct err *e) MUST_USE;
enum identity_decision { IDENTITY_APPROVE, IDENTITY_REFUSE, IDENTITY_REVOKE };
/* by: the tenant that decides. Approving and refusing are for the side that did not offer, revoking
 * for both. Errors: ERR_NOT_FOUND (also: by is neither side), ERR_CONFLICT. */
struct identity_decide {
    struct str delegation, by, who;
    enum identity_decision what;
};
bool identity_delegation_decide(struct identity *id, struct arena *a,
                                const struct identity_decide *x, struct state_delegation *out,
                                struct err *e) MUST_USE;
bool identity_delegation_json(struct identity *id, struct arena *a,
                              const struct state_delegation *d, struct json_out *o,
                              struct err *e) MUST_USE;
