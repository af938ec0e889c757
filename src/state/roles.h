/* Custom roles, and who has which role where. */
#pragma once
#include "state/state.h"

struct state_role {
    struct str id;          /* GUID in lower case */
    struct str name;        /* unique without regard to case */
    struct str description; /* for people */
    struct str permissions; /* JSON array of {"actions", "notActions", "dataActions", …} */
    struct str scopes;      /* JSON array of the scopes at which it may be assigned */
    struct str tenant;      /* whose it is; empty: the first one's */
    int64_t created, updated;
    struct str created_by, updated_by; /* principals */
};
/* Errors: ERR_CONFLICT: another role of the tenant has the name. */
bool state_role_put(struct state *s, const struct state_role *r, struct err *e) MUST_USE;
bool state_role_get(struct state *s, struct arena *a, struct str id, struct state_role *out,
                    struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_role_list(struct state *s, struct arena *a, struct state_role **out, size_t *n,
                     struct err *e) MUST_USE; /* by name */
bool state_role_delete(struct state *s, struct str id, bool *out_was_there, struct err *e) MUST_USE;

struct state_assignment {
    struct str id;    /* GUID in lower case */
    struct str scope; /* as given: "/", "/subscriptions/…", "…/workspaces/NAME/tables/TABLE" … */
    struct str scope_workspace; /* id, when the scope lies in one */
    struct str role;            /* id of a built-in or a custom role */
    struct str principal, principal_type;
    struct str condition, condition_version, description; /* may be empty */
    bool deny;                                            /* takes away what the role would give */
    int64_t created, updated;
    struct str created_by, updated_by;
};
/* Errors: ERR_CONFLICT: the principal has the role there by another assignment. */
bool state_assignment_put(struct state *s, const struct state_assignment *x,
                          struct err *e) MUST_USE;
bool state_assignment_get(struct state *s, struct arena *a, struct str id,
                          struct state_assignment *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* principal empty: all of them, denials too. In the order in which they were made. */
bool state_assignment_list(struct state *s, struct arena *a, struct str principal,
                           struct state_assignment **out, size_t *n, struct err *e) MUST_USE;
bool state_assignment_delete(struct state *s, struct str id, bool *out_was_there,
                             struct err *e) MUST_USE;
/* All of a principal's that give, not those that deny. */
bool state_assignments_drop(struct state *s, struct str principal, struct err *e) MUST_USE;
