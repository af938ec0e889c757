/* Settings of workspaces: small named values that a workspace has besides its rows and objects. */
#pragma once
#include "state/state.h"

struct state_setting {
    struct str workspace; /* id */
    struct str name; /* "access", "protected/SecurityEvent" …; its owner knows what it means */
    struct str value;
};
/* Those whose names begin with prefix, of one workspace or (empty) of all, by workspace and name.
 */
bool state_setting_list(struct state *s, struct arena *a, struct str workspace, struct str prefix,
                        struct state_setting **out, size_t *n, struct err *e) MUST_USE;
/* *out is empty when there is none. */
bool state_setting_get(struct state *s, struct arena *a, struct str workspace, struct str name,
                       struct str *out, struct err *e) MUST_USE;
bool state_setting_put(struct state *s, const struct state_setting *x, struct err *e) MUST_USE;
/* *out_was_there may be NULL. */
bool state_setting_delete(struct state *s, struct str workspace, struct str name,
                          bool *out_was_there, struct err *e) MUST_USE;

/* ---- authors: who saved what runs by itself ---- */
/* kind: "rule", "job", "summary", "search". */
bool state_author_put(struct state *s, struct str workspace, const char *kind, struct str id,
                      struct str principal, struct err *e) MUST_USE;
/* *out is empty when nobody is known. */
bool state_author_get(struct state *s, struct arena *a, struct str workspace, const char *kind,
                      struct str id, struct str *out, struct err *e) MUST_USE;
bool state_author_delete(struct state *s, struct str workspace, const char *kind, struct str id,
                         struct err *e) MUST_USE;
