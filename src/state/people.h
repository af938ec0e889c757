/* People who sign in with a password, what they hold (recovery codes, sessions, API keys), and
 * sign-ins that failed. A user is a principal (principals.h) of the same id; deleting the principal
 * deletes all of this. */
#pragma once
#include "state/state.h"

struct state_user {
    struct str id;    /* of the principal */
    struct str login; /* its name in lower case: unique */
    struct str display_name, email;
    struct str password_hash; /* as libsodium writes it; empty: no sign-in with a password */
    bool must_change;         /* the password, before anything else */
    int64_t password_changed;
    struct str totp_secret; /* sealed, hex; empty: none */
    bool totp_confirmed;    /* a code was shown once: from then on it is asked for */
    int64_t totp_step;      /* of the last code that was taken; older ones are not */
    int64_t last_sign_in;
};
bool state_user_put(struct state *s, const struct state_user *u, struct err *e) MUST_USE;
bool state_user_get(struct state *s, struct arena *a, struct str id, struct state_user *out,
                    struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_user_find(struct state *s, struct arena *a, struct str login, struct state_user *out,
                     struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_user_list(struct state *s, struct arena *a, struct state_user **out, size_t *n,
                     struct err *e) MUST_USE; /* by login */
/* Takes a step that is newer than all that were taken; *out false: it is not. */
bool state_user_step(struct state *s, struct str id, int64_t step, bool *out,
                     struct err *e) MUST_USE;
/* The time of a sign-in. */
bool state_user_seen(struct state *s, struct str id, int64_t now, struct err *e) MUST_USE;

/* ---- recovery codes, as hashes ---- */
bool state_recovery_put(struct state *s, struct str user, struct str hash, struct err *e) MUST_USE;
/* Takes it away; *out false: there is none. */
bool state_recovery_use(struct state *s, struct str user, struct str hash, bool *out,
                        struct err *e) MUST_USE;
bool state_recovery_clear(struct state *s, struct str user, struct err *e) MUST_USE;
bool state_recovery_count(struct state *s, struct str user, int64_t *out, struct err *e) MUST_USE;

/* ---- sessions ---- */
struct state_session {
    struct str hash;      /* of what the cookie holds, hex */
    struct str id;        /* a GUID, for lists */
    struct str principal; /* whose */
    int64_t created, last_seen, expires;
    struct str address, agent; /* where it was begun from */
    struct str method;         /* how: "password", a provider's name */
    int64_t proved;            /* when its person last showed who it is */
    bool pending;              /* a second factor is still to be shown */
};
bool state_session_put(struct state *s, const struct state_session *x, struct err *e) MUST_USE;
bool state_session_get(struct state *s, struct arena *a, struct str hash, struct state_session *out,
                       struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_session_list(struct state *s, struct arena *a, struct str principal,
                        struct state_session **out, size_t *n, struct err *e) MUST_USE; /* newest */
bool state_session_seen(struct state *s, struct str hash, int64_t now, struct err *e) MUST_USE;
/* Its person has shown who it is once more. */
bool state_session_proved(struct state *s, struct str id, int64_t now, struct err *e) MUST_USE;
/* The second factor was shown. id: of the session. */
bool state_session_complete(struct state *s, struct str id, int64_t now, struct err *e) MUST_USE;
/* Of a principal: the one with this id; with an empty id all but the one that is named by except
 * (which may be empty). *out_n: how many. */
bool state_session_delete(struct state *s, struct str principal, struct str id, struct str except,
                          int64_t *out_n, struct err *e) MUST_USE;
/* Those that nothing was heard of since idle_since, or that expired. */
bool state_session_prune(struct state *s, int64_t idle_since, int64_t now, struct err *e) MUST_USE;

/* ---- API keys ---- */
struct state_api_key {
    struct str id;   /* a GUID */
    struct str hash; /* of the key, hex: unique */
    struct str principal, name;
    struct str roles; /* JSON array as a principal's; empty: all of its owner's */
    int64_t created, expires, last_used; /* 0: never */
    struct str created_by;
};
bool state_api_key_put(struct state *s, const struct state_api_key *k, struct err *e) MUST_USE;
bool state_api_key_find(struct state *s, struct arena *a, struct str hash,
                        struct state_api_key *out, struct err *e) MUST_USE; /* ERR_NOT_FOUND */
bool state_api_key_list(struct state *s, struct arena *a, struct str principal,
                        struct state_api_key **out, size_t *n,
                        struct err *e) MUST_USE; /* by time */
bool state_api_key_used(struct state *s, struct str id, int64_t now, struct err *e) MUST_USE;
bool state_api_key_delete(struct state *s, struct str principal, struct str id, bool *out_was_there,
                          struct err *e) MUST_USE;

/* ---- sign-ins that failed, by user name or address ---- */
struct state_failure {
    struct str key;              /* "user NAME" or "address ADDRESS"; the user need not exist */
    int64_t failures, since;     /* since: of the first of them */
    int64_t locked_until, locks; /* locks: how often in a row */
};
/* All 0 when there is none. */
bool state_failure_get(struct state *s, struct arena *a, struct str key, struct state_failure *out,
                       struct err *e) MUST_USE;
bool state_failure_put(struct state *s, const struct state_failure *f, struct err *e) MUST_USE;
bool state_failure_delete(struct state *s, struct str key, struct err *e) MUST_USE;
/* Those that are older than before, and the oldest beyond max. */
bool state_failure_prune(struct state *s, int64_t before, int64_t max, struct err *e) MUST_USE;
