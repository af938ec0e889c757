/* People: users with a password, and a second factor if they like. A user is a principal as an
 * application is; what it may is in its roles. */
#pragma once
#include "identity/sessions.h"
#include "text/json.h"

enum { IDENTITY_PASSWORD_MIN = 12, IDENTITY_PASSWORD_MAX = 128, IDENTITY_RECOVERY_CODES = 10 };

struct identity_user {
    struct str id, name, display_name, email;
    struct str roles;  /* JSON array of {"role", "workspace"} */
    struct str tenant; /* its home, id */
    bool enabled, has_password, must_change_password, has_totp;
    int64_t recovery_codes;                                        /* that are left */
    int64_t created, password_changed, last_sign_in, locked_until; /* 0: never, not locked */
};
/* Errors of all that take an id: ERR_NOT_FOUND: there is no such user. */
bool identity_user_get(struct identity *id, struct arena *a, struct str user,
                       struct identity_user *out, struct err *e) MUST_USE;
/* By name, in any case. */
bool identity_user_find(struct identity *id, struct arena *a, struct str name,
                        struct identity_user *out, struct err *e) MUST_USE;
bool identity_user_list(struct identity *id, struct arena *a, struct identity_user **out, size_t *n,
                        struct err *e) MUST_USE; /* by name */

/* People who have a right ("incidents/write") in a workspace. */
struct identity_people_wish {
    struct str workspace; /* id */
    const char *right;
    struct str search; /* part of a name or an address, in any case; empty: all */
    size_t skip, top;  /* skip: 0, or next of the page before */
};
struct identity_person {
    struct str id, name, display_name, email;
    struct str login; /* as its identity provider has it, else the name */
};
struct identity_people_page {
    struct identity_person *people; /* by login; in the arena */
    size_t n;                       /* may be fewer than asked for though more follow */
    size_t next;                    /* 0: no more follow */
};
bool identity_people_find(struct identity *id, struct arena *a,
                          const struct identity_people_wish *x, struct identity_people_page *out,
                          struct err *e) MUST_USE;

struct identity_user_new {
    struct str name;                /* letters, digits and ._@+-, at most 64 */
    struct str display_name, email; /* may be empty */
    struct str roles;
    struct str tenant;   /* id; empty: the first one */
    struct str password; /* p NULL: none (signs in elsewhere); empty: a random one is made */
    bool must_change_password;
};
/* *out_password: the one that was made, else empty. Errors: ERR_INVALID, ERR_CONFLICT (the name is
 * taken). */
bool identity_user_create(struct identity *id, struct arena *a, const struct identity_user_new *x,
                          struct str *out_id, struct str *out_password, struct err *e) MUST_USE;
struct identity_user_change { /* NULL: as it is */
    const struct str *display_name, *email, *roles;
    const bool *enabled;
};
/* Whoever is disabled has no session any more. */
bool identity_user_change(struct identity *id, struct arena *a, struct str user,
                          const struct identity_user_change *x, struct err *e) MUST_USE;
bool identity_user_delete(struct identity *id, struct arena *a, struct str user,
                          struct err *e) MUST_USE;
/* A password given by an administrator (empty: a random one is made, *out_password), to be changed
 * at the next sign-in. Ends all sessions and a lock-out. */
bool identity_user_reset_password(struct identity *id, struct arena *a, struct str user,
                                  struct str password, struct str *out_password,
                                  struct err *e) MUST_USE;
bool identity_user_unlock(struct identity *id, struct arena *a, struct str user,
                          struct err *e) MUST_USE;
/* No second factor and no recovery codes any more; ends all sessions. */
bool identity_user_totp_reset(struct identity *id, struct arena *a, struct str user,
                              struct err *e) MUST_USE;

/* When there is no principal at all: makes a Tenant Administrator called "admin" with a random
 * password that must be changed. *out_password is empty when there was one. Call it before
 * identity_first_admin. */
bool identity_first_user(struct identity *id, struct arena *a, struct str *out_name,
                         struct str *out_password, struct err *e) MUST_USE;

/* ---- passwords ---- */
/* Is the password taken? Errors: ERR_INVALID, with a message for its user. */
bool identity_password_check(struct arena *a, struct str password, struct str name,
                             struct str email, struct err *e) MUST_USE;
/* By its user, who knows the old one; ends all sessions but keep (which may be NULL). Errors:
 * ERR_INVALID; ERR_UNAUTHENTICATED with the kinds of identity_user_sign_in. */
bool identity_password_change(struct identity *id, struct arena *a, struct str user, struct str old,
                              struct str password, const struct identity_session *keep,
                              struct err *e) MUST_USE;

/* A user who is signed in shows the password once more; the session is fresh then. Errors:
 * ERR_UNAUTHENTICATED with the kinds of identity_user_sign_in; ERR_CONFLICT: there is none here. */
bool identity_password_prove(struct identity *id, struct arena *a, const struct identity_session *s,
                             struct str password, struct err *e) MUST_USE;

/* ---- the second factor ---- */
/* Of whom the user's tenant, or the server, demands one. *out: is it demanded of this caller? */
bool identity_second_factor_demanded(struct identity *id, struct arena *a,
                                     const struct identity_caller *c, bool *out,
                                     struct err *e) MUST_USE;
/* body: {"secondFactor": "optional" | "required" | "roles", "roles"?: [names or ids]}. Errors:
 * ERR_INVALID. */
bool identity_sign_in_policy_set(struct identity *id, struct arena *a, struct str tenant,
                                 const struct json *body, struct str who, struct err *e) MUST_USE;
/* The same with "server" (what the setting second_factor says), "changed" and "changedBy". */
bool identity_sign_in_policy_json(struct identity *id, struct arena *a, struct str tenant,
                                  struct json_out *o, struct err *e) MUST_USE;
/* The second factor of the session was shown, or enrolled. */
bool identity_session_complete(struct identity *id, const struct identity_session *s,
                               struct err *e) MUST_USE;
/* A session that waits for a code gets it. Errors: ERR_INVALID (it is wrong), ERR_BUSY (too many
 * wrong ones), ERR_CONFLICT (it waits for none). */
bool identity_session_show_code(struct identity *id, struct arena *a,
                                const struct identity_session *s, struct str code,
                                struct err *e) MUST_USE;
/* A new secret that is not asked for yet: in Base32, and as an otpauth:// URI (for a QR code).
 * Errors: ERR_CONFLICT: there is a confirmed one. */
bool identity_totp_begin(struct identity *id, struct arena *a, struct str user,
                         struct str *out_secret, struct str *out_uri, struct err *e) MUST_USE;
/* A code of the new secret: it is asked for from now on. codes: IDENTITY_RECOVERY_CODES of them,
 * which are shown here once. Errors: ERR_INVALID (the code is wrong), ERR_CONFLICT (nothing was
 * begun). */
bool identity_totp_confirm(struct identity *id, struct arena *a, struct str user, struct str code,
                           struct str *codes, struct err *e) MUST_USE;
/* By its user, with a code or a recovery code. */
bool identity_totp_remove(struct identity *id, struct arena *a, struct str user, struct str code,
                          struct err *e) MUST_USE;
/* New recovery codes in place of the old ones, with a code. */
bool identity_recovery_renew(struct identity *id, struct arena *a, struct str user, struct str code,
                             struct str *codes, struct err *e) MUST_USE;

/* ---- signing in ---- */
struct identity_user_sign_in {
    struct str name, password;
    struct str code; /* one-time code or recovery code; empty: none */
    struct identity_place place;
};
/* Answers of a sign-in that was refused, as err.kind. */
#define IDENTITY_WRONG "AuthenticationFailed" /* name, password, or a disabled user: all alike */
#define IDENTITY_CODE_REQUIRED "CodeRequired" /* the password is right */
#define IDENTITY_CODE_WRONG "CodeInvalid"     /* or used before */
#define IDENTITY_LOCKED "LockedOut"
struct identity_refusal {
    int64_t retry_after; /* ticks; of a lock-out */
    bool locked;         /* this one was the failure too many: the next is locked out */
    struct str user;     /* id of the user, if there is one: for the audit, not for the answer */
};
/* Takes as long for a user that does not exist. Errors: ERR_UNAUTHENTICATED with kind and
 * *out_why. */
bool identity_user_sign_in(struct identity *id, struct arena *a,
                           const struct identity_user_sign_in *x, struct identity_session *out,
                           struct identity_refusal *out_why, struct err *e) MUST_USE;
