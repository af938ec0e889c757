/* Principals: applications that sign in with a client id and what credentials.h has of them, and
 * users (people.h); their roles: roles.h. */
#pragma once
#include "state/state.h"

#define PRINCIPAL_APPLICATION "application"
#define PRINCIPAL_USER "user"

struct state_principal {
    struct str id;   /* client id, a GUID in lower case */
    struct str name; /* for people */
    bool enabled;
    int64_t created;
    struct str kind;   /* PRINCIPAL_… */
    struct str tenant; /* its home; empty: the first one */
};
bool state_principal_put(struct state *s, const struct state_principal *p, struct err *e) MUST_USE;
bool state_principal_get(struct state *s, struct arena *a, struct str id,
                         struct state_principal *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_principal_list(struct state *s, struct arena *a, struct state_principal **out, size_t *n,
                          struct err *e) MUST_USE; /* by name */
bool state_principal_delete(struct state *s, struct str id, bool *out_was_there,
                            struct err *e) MUST_USE;
