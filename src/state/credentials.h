/* What applications prove themselves with, and which single-use tokens were used. */
#pragma once
#include "state/state.h"

struct state_credential {
    struct str application, id;       /* GUIDs in lower case */
    struct str kind;                  /* "secret" or "certificate" */
    struct str name;                  /* for people */
    struct str secret_hash;           /* hex; never the secret */
    struct str hint;                  /* the secret's first letters, to tell one from another */
    struct str certificate;           /* PEM */
    struct str sha1, sha256;          /* thumbprints of the certificate, hex */
    int64_t created, starts, expires; /* starts 0: at once; expires 0: never */
};
bool state_credential_put(struct state *s, const struct state_credential *c,
                          struct err *e) MUST_USE;
bool state_credential_list(struct state *s, struct arena *a, struct str application,
                           struct state_credential **out, size_t *n,
                           struct err *e) MUST_USE; /* oldest first */
bool state_credential_delete(struct state *s, struct str application, struct str id,
                             bool *out_was_there, struct err *e) MUST_USE;
/* All of one kind ("secret"). */
bool state_credentials_drop(struct state *s, struct str application, struct str kind,
                            struct err *e) MUST_USE;

/* Marks a token as used by holder; *out_fresh: nobody had used it, or the same holder. holder
 * empty: nobody may ever again. It is remembered until expires, across restarts. */
bool state_token_use(struct state *s, struct str id, struct str holder, int64_t expires,
                     int64_t now, bool *out_fresh, struct err *e) MUST_USE;
