/* What people keep for themselves: saved views, columns, appearance. A preference is a JSON value
 * of a principal under a key; it goes with its principal. */
#pragma once
#include "state/state.h"

struct state_preference {
    struct str principal, key;
    struct str value; /* JSON */
    int64_t changed;
};
/* A principal has at most max of them. Errors: ERR_LIMIT. */
bool state_preference_put(struct state *s, const struct state_preference *p, int64_t max,
                          struct err *e) MUST_USE;
bool state_preference_get(struct state *s, struct arena *a, struct str principal, struct str key,
                          struct state_preference *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_preference_list(struct state *s, struct arena *a, struct str principal,
                           struct state_preference **out, size_t *n,
                           struct err *e) MUST_USE; /* by key */
bool state_preference_delete(struct state *s, struct str principal, struct str key,
                             bool *out_was_there, struct err *e) MUST_USE;
