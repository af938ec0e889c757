/* What callers may do: Azure's role model. A role grants its actions less its notActions (the same
 * for data actions); what several assignments grant adds up; a denial wins over all of them. "*" in
 * a pattern stands for any run of characters, '/' too; case is no difference.
 * Source: permissions.md 1 and 2; Azure RBAC, "Understand Azure role definitions". */
#pragma once
#include "kql/kql.h"
#include "state/roles.h"

struct identity;
struct identity_caller;

/* ---- roles ---- */
/* Lists end with NULL; a list may be NULL. */
struct identity_permission {
    const char *const *actions, *const *not_actions, *const *data_actions, *const *not_data_actions;
};
struct identity_role {
    const char *id; /* GUID in lower case: Azure's own for its built-in roles */
    const char *name, *summary;
    const struct identity_permission *permissions;
    size_t n;
    bool custom;
};
const struct identity_role *identity_role_at(size_t i);          /* built-in; NULL: past the end */
const struct identity_role *identity_role_find(struct str name); /* built-in, by name */
const struct identity_role *identity_role_by_id(struct str id);  /* built-in */
/* A custom or built-in role by its id; lives in a. Errors: ERR_NOT_FOUND. */
bool identity_role_get(struct identity *id, struct arena *a, struct str role_id,
                       struct identity_role *out, struct err *e) MUST_USE;
/* Pattern "Microsoft.X/alert*" fits action "microsoft.x/alertRules/read". */
bool identity_action_matches(const char *pattern, struct str action);
bool identity_role_allows(const struct identity_role *r, struct str action, bool data);

/* ---- scopes ---- */
enum identity_reach {
    IDENTITY_REACH_ALL, /* "/", a management group, a subscription or a resource group */
    IDENTITY_REACH_WORKSPACE,
    IDENTITY_REACH_TABLE,
    IDENTITY_REACH_RESOURCE /* anything else that Azure has an id for */
};
struct identity_scope {
    enum identity_reach reach;
    struct str path;      /* without a '/' at its end, but "/" itself */
    struct str workspace; /* as written: id or name; ids in what callers hold */
    struct str table;
};
/* Borrows path. Errors: ERR_INVALID. */
bool identity_scope_read(struct str path, struct identity_scope *out, struct err *e) MUST_USE;

/* ---- conditions of assignments (ABAC, version 2.0) ---- */
struct identity_condition;
enum { IDENTITY_CONDITION_BYTES = 8192, IDENTITY_CONDITION_DEPTH = 32 };
/* Lives in a, borrows text. Errors: ERR_INVALID, with the place. */
bool identity_condition_read(struct arena *a, struct str text,
                             const struct identity_condition **out, struct err *e) MUST_USE;
struct identity_asked {
    struct str name; /* of the table; empty: none */
    bool is_protected;
};
/* What is left of it for an action on a table: true with *out NULL: it holds for all
 * rows; with *out: for the rows of which that is true. false: for none. */
bool identity_condition_rows(struct arena *a, const struct identity_condition *c, struct str action,
                             const struct identity_asked *table,
                             const struct kql_row_rule **out) MUST_USE;

/* ---- grants: what a caller holds ---- */
struct identity_grant {
    const struct identity_role *role;
    struct str tenant; /* in which it counts, id; empty: in all */
    struct identity_scope scope;
    const struct identity_condition *condition; /* NULL: none */
    bool deny;
};
/* Where an action is to be done. */
struct identity_target {
    bool anywhere;        /* in any workspace; the others are empty */
    bool any_tenant;      /* in any tenant as a whole; the others are empty */
    struct str tenant;    /* id: in it as a whole; empty: as the workspace says */
    struct str workspace; /* id; all empty: the whole server */
    struct str table;
    struct str resource; /* path; empty: none */
};
bool identity_may(const struct identity_caller *c, struct str action, bool data,
                  const struct identity_target *where);

/* A right is what a route asks for, "incidents/write", and stands for actions. */
struct identity_right {
    const char *name;
    const char *action;
    const char *also;     /* is needed, too; NULL: nothing */
    const char *or_else;  /* a data action that does as well; NULL: none */
    enum identity_level { /* what it is about */
                          IDENTITY_OF_WORKSPACE,
                          IDENTITY_OF_TENANT, /* people, applications: granted by assignments that
                                                 reach all of it */
                          IDENTITY_OF_SERVER  /* the same for the first tenant */
    } level;
    bool exact; /* the action of a route with this right is not told by its path */
};
const struct identity_right *identity_right_at(size_t i); /* NULL: past the end */
/* One that is not in the table stands for "Vedette/<name>". */
struct identity_right identity_right_find(struct arena *a, const char *name);
bool identity_right_allowed(const struct identity_caller *c, const struct identity_right *r,
                            const struct identity_target *where);

/* ---- tables ---- */
enum identity_reading {
    IDENTITY_READS_NOTHING,
    IDENTITY_READS_ROWS, /* those of which a rule is true */
    IDENTITY_READS_ALL
};
struct identity_table {
    struct str workspace; /* id */
    struct str name;
    bool custom;
};
/* *out_rule (in a) is set for IDENTITY_READS_ROWS. */
enum identity_reading identity_reads(const struct identity_caller *c, struct arena *a,
                                     const struct identity_table *t,
                                     const struct kql_row_rule **out_rule);
/* May it read every table of the workspace, with all rows? */
bool identity_reads_everything(const struct identity_caller *c, struct str workspace);
/* The same of all workspaces of the server. */
bool identity_reads_all_workspaces(const struct identity_caller *c);

/* ---- assignments ---- */
/* Loads what the principals (of a person, and of its groups) were given into c->grants. Lives in a.
 * A grant whose role or condition can't be read any more grants nothing. */
bool identity_grants_load(struct identity *id, struct arena *a, const struct str *principals,
                          size_t n, struct identity_caller *c, struct err *e) MUST_USE;
/* Reads [{"role", "scope"? or "workspace"?, "condition"?}]: role is a name or an id. */
bool identity_grants_read(struct identity *id, struct arena *a, struct str roles,
                          struct identity_caller *c, struct err *e) MUST_USE;
/* Makes that list the principal's assignments, in place of those that it has. type: "User",
 * "Group", "ServicePrincipal". by: who gives them (may be empty). Errors: ERR_INVALID. */
bool identity_roles_set(struct identity *id, struct arena *a, struct str principal,
                        const char *type, struct str roles, struct str by, struct err *e) MUST_USE;
/* The same list of what it has now, in a. */
bool identity_roles_of(struct identity *id, struct arena *a, struct str principal, struct str *out,
                       struct err *e) MUST_USE;
/* May c give a role at the scope to principals of the tenant (id; empty: c's own), or take it? Only
 * who may write assignments there. */
bool identity_may_assign(const struct identity_caller *c, struct str tenant,
                         const struct identity_scope *scope, bool taking);
/* Checks that c may give all of a list as above. Errors: ERR_FORBIDDEN, ERR_INVALID. */
bool identity_may_give(struct identity *id, struct arena *a, const struct identity_caller *c,
                       struct str tenant, struct str roles, struct err *e) MUST_USE;
/* Completes (id, scope_workspace, times) and stores one. Errors: ERR_INVALID (scope, role,
 * condition), ERR_NOT_FOUND (the workspace), ERR_CONFLICT. */
bool identity_assign(struct identity *id, struct arena *a, struct state_assignment *x,
                     struct err *e) MUST_USE;
