/* Saved searches: queries that are kept under a name, and the functions of a workspace. */
#pragma once
#include "state/state.h"

struct state_saved {
    struct str workspace, key; /* key: the id in lower case; ids differ by more than case */
    struct str id;             /* the resource's name as it was written */
    struct str etag;           /* a new GUID at each change */
    struct str category, name; /* name: for people */
    struct str query;
    struct str alias;      /* the function's name; empty: a saved query */
    struct str parameters; /* without parentheses: "a:long, b:string='x'" */
    struct str doc;        /* what the function is for */
    struct str tags;       /* JSON array of {"name", "value"} */
    int64_t version;       /* of the query language */
    int64_t revision;      /* counts the changes, from 1 */
    int64_t created, modified;
    struct str created_by, modified_by;
};
/* Inserts or replaces. Errors: ERR_CONFLICT: another saved search has the alias. */
bool state_saved_put(struct state *s, const struct state_saved *x, struct err *e) MUST_USE;
bool state_saved_get(struct state *s, struct arena *a, struct str workspace, struct str key,
                     struct state_saved *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_saved_by_alias(struct state *s, struct arena *a, struct str workspace, struct str alias,
                          struct state_saved *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* By id; empty workspace: all, functions_only: those with an alias, by alias. */
bool state_saved_list(struct state *s, struct arena *a, struct str workspace, bool functions_only,
                      struct state_saved **out, size_t *n, struct err *e) MUST_USE;
bool state_saved_count(struct state *s, struct str workspace, int64_t *out, struct err *e) MUST_USE;
bool state_saved_delete(struct state *s, struct str workspace, struct str key, bool *out_was_there,
                        struct err *e) MUST_USE;
