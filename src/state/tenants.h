/* Tenants, and what one has delegated to principals of another. */
#pragma once
#include "state/state.h"

struct state_tenant {
    struct str id;   /* GUID in lower case */
    struct str name; /* for people; unique, case ignored */
    struct str etag;
    bool first;                   /* the one that the server was made with */
    struct str primary_workspace; /* id; empty: its first */
    int64_t max_workspaces;       /* 0: the server's setting */
    int64_t daily_mb;             /* that all its workspaces may take in a day; 0: no cap */
    int64_t max_queries;          /* that run or wait at a time; 0: a fair share */
    int64_t created, modified;
    struct str modified_by;
};
/* Errors: ERR_CONFLICT: another tenant has the name. */
bool state_tenant_put(struct state *s, const struct state_tenant *t, struct err *e) MUST_USE;
bool state_tenant_get(struct state *s, struct arena *a, struct str id_or_name,
                      struct state_tenant *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_tenant_list(struct state *s, struct arena *a, struct state_tenant **out, size_t *n,
                       struct err *e) MUST_USE; /* the first one first, then by name */
/* The workspace that it chose as its primary one (may be empty). id empty: the first tenant. */
bool state_tenant_primary(struct state *s, struct arena *a, struct str id, struct str *out,
                          struct err *e) MUST_USE;
/* With its principals, and all delegations of and to it. */
bool state_tenant_delete(struct state *s, struct str id, struct err *e) MUST_USE;

/* Of whom a tenant demands a second factor. */
enum state_demand { DEMAND_NOBODY, DEMAND_EVERYBODY, DEMAND_ROLES };
struct state_sign_in_policy {
    struct str tenant;
    int32_t demand;   /* enum state_demand */
    struct str roles; /* JSON array of ids: of whoever has one of them (DEMAND_ROLES) */
    int64_t changed;  /* 0: never */
    struct str changed_by;
};
bool state_sign_in_policy_put(struct state *s, const struct state_sign_in_policy *p,
                              struct err *e) MUST_USE;
/* Of a tenant that has none: nobody. */
bool state_sign_in_policy_get(struct state *s, struct arena *a, struct str tenant,
                              struct state_sign_in_policy *out, struct err *e) MUST_USE;

enum state_delegation_status {
    DELEGATION_OFFERED, /* by one side, see offered_by */
    DELEGATION_ACTIVE,  /* the other side said yes */
    DELEGATION_REVOKED,
    DELEGATION_REFUSED
};
struct state_delegation {
    struct str id, etag;
    struct str managing, managed; /* tenants */
    struct str offered_by;        /* one of the two */
    struct str principal;         /* of the managing tenant: user, application or group */
    struct str role;              /* name of a role, or its id */
    struct str workspace;         /* id; empty: the managed tenant */
    int status;                   /* enum state_delegation_status */
    int64_t expires;              /* ticks; 0: never */
    int64_t created, decided, ended;
    struct str created_by, decided_by, ended_by; /* names of callers */
    struct str description;
};
bool state_delegation_put(struct state *s, const struct state_delegation *d,
                          struct err *e) MUST_USE;
bool state_delegation_get(struct state *s, struct arena *a, struct str id,
                          struct state_delegation *out, struct err *e) MUST_USE;
/* Of a tenant, on either side; by the time at which they were made. */
bool state_delegation_list(struct state *s, struct arena *a, struct str tenant,
                           struct state_delegation **out, size_t *n, struct err *e) MUST_USE;
/* Those that are active and, at now, not expired, of a principal. */
bool state_delegations_of(struct state *s, struct arena *a, struct str principal, int64_t now,
                          struct state_delegation **out, size_t *n, struct err *e) MUST_USE;
