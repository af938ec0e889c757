/* What stands for somebody who has signed in: sessions of browsers (a random value in a cookie) and
 * API keys (vdt_…, for programs). Of both only a hash is kept. */
#pragma once
#include "identity/identity.h"

/* __Host-: browsers take it only over HTTPS, for the whole host and from the host itself. */
#define IDENTITY_COOKIE "__Host-vedette-session"

struct identity_place { /* where a sign-in comes from; texts are cut to 200 bytes */
    struct str address, agent, method;
    bool second_factor; /* one was shown, here or to an identity provider */
};
/* What a second factor is still wanted of: a session that serves for nothing else. */
enum identity_pending {
    IDENTITY_COMPLETE,
    IDENTITY_SHOW_CODE, /* of the authenticator that there is */
    IDENTITY_ENROL      /* an authenticator first */
};
struct identity_session {
    struct str token; /* for the cookie; only of one that was just made */
    struct str id, principal;
    struct str csrf; /* what requests that change something have to show */
    int64_t created, last_seen;
    int64_t expires; /* when it ends if nothing more is heard */
    int64_t ends;    /* when it ends in any case */
    struct identity_place place;
    int64_t proved;            /* when its person last showed who it is */
    bool must_change_password; /* it serves for nothing else */
    enum identity_pending pending;
};
/* For a principal that has proved who it is, in whatever way: method names it. Always a new id. */
bool identity_session_create(struct identity *id, struct arena *a, struct str principal,
                             const struct identity_place *place, struct identity_session *out,
                             struct err *e) MUST_USE;
/* Loads the caller that the cookie's value stands for; caller->session is *out. Errors:
 * ERR_UNAUTHENTICATED (unknown, ended, disabled). */
bool identity_session_check(struct identity *id, struct arena *a, struct str token,
                            struct identity_session *out, struct identity_caller *caller,
                            struct err *e) MUST_USE;
/* Has its person shown who it is a moment ago? Errors: ERR_FORBIDDEN with kind
 * IDENTITY_PROOF_REQUIRED: what is asked for wants the password once more. */
#define IDENTITY_PROOF_REQUIRED "ProofRequired"
bool identity_session_is_fresh(const struct identity *id, const struct identity_session *s,
                               struct err *e) MUST_USE;
/* Is it the session's CSRF token? In constant time. */
bool identity_csrf_is(const struct identity_session *s, struct str token);
bool identity_session_list(struct identity *id, struct arena *a, struct str principal,
                           struct identity_session **out, size_t *n, struct err *e) MUST_USE;
/* One of a principal's, or, with an empty session, all but the one named except (may be empty).
 * *out_n: how many ended. */
bool identity_session_end(struct identity *id, struct str principal, struct str session,
                          struct str except, int64_t *out_n, struct err *e) MUST_USE;

/* ---- API keys ---- */
struct identity_key {
    struct str id, name, principal, created_by;
    struct str roles; /* empty: all of its owner's */
    int64_t created, expires, last_used;
};
/* The key acts as its principal, within roles if these are not empty. expires 0: the longest. *out:
 * the key, here only. Errors: ERR_INVALID. */
bool identity_key_create(struct identity *id, struct arena *a, const struct identity_key *x,
                         struct str *out_id, struct str *out, struct err *e) MUST_USE;
bool identity_key_list(struct identity *id, struct arena *a, struct str principal,
                       struct identity_key **out, size_t *n, struct err *e) MUST_USE;
bool identity_key_delete(struct identity *id, struct str principal, struct str key,
                         bool *out_was_there, struct err *e) MUST_USE;
