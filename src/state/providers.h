/* Identity providers, and who has come from one. */
#pragma once
#include "state/state.h"

struct state_provider {
    struct str name;
    struct str settings; /* JSON object, without the secret */
    struct str secret;   /* of the client, sealed; empty: none is kept here */
    bool enabled;
    int64_t created, changed;
    struct str tenant; /* whose it is; empty: the first one's */
};
bool state_provider_put(struct state *s, const struct state_provider *p, struct err *e) MUST_USE;
bool state_provider_get(struct state *s, struct arena *a, struct str name,
                        struct state_provider *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_provider_list(struct state *s, struct arena *a, struct state_provider **out, size_t *n,
                         struct err *e) MUST_USE; /* by name */
bool state_provider_delete(struct state *s, struct str name, bool *out_was_there,
                           struct err *e) MUST_USE;

/* A principal that a provider vouches for: (issuer, subject) is who it is. */
struct state_member {
    struct str issuer, subject; /* Entra ID: "entra/<tid>" and the oid */
    struct str principal;       /* id */
    struct str provider;        /* by which it came first */
    struct str login, email;    /* as last told, for people */
    struct str roles;           /* JSON array, from the claims of the last sign-in */
    int64_t created, last_seen;
};
bool state_member_put(struct state *s, const struct state_member *m, struct err *e) MUST_USE;
bool state_member_get(struct state *s, struct arena *a, struct str issuer, struct str subject,
                      struct state_member *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* n 0 or 1: what a principal is to a provider. */
bool state_member_of(struct state *s, struct arena *a, struct str principal,
                     struct state_member **out, size_t *n, struct err *e) MUST_USE;

/* A browser's session that a provider began. */
struct state_provider_session {
    struct str session, principal; /* ids */
    struct str provider, issuer, subject;
    struct str sid;      /* the provider's own session; may be empty */
    struct str id_token; /* sealed: what the provider is shown to end it */
    int64_t expires;
};
/* Forgets those that have expired by now, too. */
bool state_provider_session_put(struct state *s, const struct state_provider_session *x,
                                int64_t now, struct err *e) MUST_USE;
bool state_provider_session_get(struct state *s, struct arena *a, struct str session,
                                struct state_provider_session *out,
                                struct err *e) MUST_USE; /* ERR_NOT_FOUND */
/* By the provider's session, or by who it is; an empty text is no condition, one of both is given.
 */
bool state_provider_session_find(struct state *s, struct arena *a, struct str issuer,
                                 struct str subject, struct str sid,
                                 struct state_provider_session **out, size_t *n,
                                 struct err *e) MUST_USE;
