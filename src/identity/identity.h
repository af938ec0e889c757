/* Who calls: applications with a client id and a secret, the tokens that they get for it (OAuth 2.0
 * client credentials, RFC 6749 section 4.4), and what their roles allow. People are in users.h,
 * what stands for somebody who has signed in in sessions.h.
 *
 * Tokens are JWTs signed with HMAC-SHA-256 by a key that never leaves the data folder; only this
 * server can check them. Secrets are random and long, so a fast hash keeps them: there is nothing
 * to guess. */
#pragma once
#include "base/clock.h"
#include "identity/rights.h"
#include "state/principals.h"

struct identity;          /* shared by threads */
struct identity_outbound; /* providers.h */
/* Of people who sign in; 0 is the default of each. */
struct identity_people {
    size_t password_memory;    /* bytes of one Argon2id hash; 64 MiB */
    unsigned password_passes;  /* over that memory; 3 */
    int64_t session_idle;      /* a session ends after so long without a request; 30 minutes */
    int64_t session_lifetime;  /* and after so long in any case; 12 hours */
    unsigned lockout_failures; /* wrong ones of a user within lockout_window; 5 */
    unsigned lockout_address;  /* the same from one address; 50 */
    int64_t lockout_window;    /* ticks; 15 minutes */
    int64_t lockout_delay;     /* the first; each next one is twice as long; 1 minute */
    int64_t api_key_lifetime;  /* the longest that a key may ask for; 365 days */
    bool second_factor;        /* is demanded of everybody */
    int64_t proof_lifetime;    /* how long a proof of who one is counts; 10 minutes */
    int64_t preferences_max;   /* that one person may keep; 200 */
    int64_t preference_bytes;  /* of one; 64 KiB */
};
struct identity_options {
    struct state *state; /* borrowed */
    struct clock *clock; /* borrowed */
    struct store *store; /* borrowed: whose workspaces scopes name; NULL: any name will do */
    const char
        *key_file;    /* made with mode 0600 when it is not there; NULL: a key for this process */
    int64_t lifetime; /* of a token, ticks; 0 = one hour */
    const struct identity_outbound *outbound; /* copied; NULL: issuers can't be reached */
    const char *secrets_dir; /* with files that hold clients' secrets; NULL: none */
    struct identity_people people;
};
struct identity *identity_open(const struct identity_options *o, struct err *e) MUST_USE;
void identity_close(struct identity *id);
/* The id of the first directory (the "tenant" of Entra's URLs); made once. Others: tenants.h. */
struct str identity_tenant(const struct identity *id);

enum identity_kind { IDENTITY_APPLICATION, IDENTITY_USER, IDENTITY_OPERATOR };
struct identity_session;
struct identity_caller {
    struct str id, name; /* of the principal */
    enum identity_kind kind;
    struct str tenant; /* its home, id; empty: the server's own operator */
    const struct identity *in;
    struct str key;                         /* id of the API key that it used; empty: none */
    const struct identity_session *session; /* of the browser that it used; NULL: none */
    const struct identity_caller *within;   /* what this one may not is refused, too; or NULL */
    struct identity_grant *grants;          /* rights.h */
    size_t n_grants;
};
/* Has c the right ("logs/write", "query/read", "incidents/write" …; actions.c) in the workspace
 * (id)? workspace empty: in any, or, for what concerns a tenant or the whole server, there. */
bool identity_allows(const struct identity_caller *c, const char *right, struct str workspace);

/* ---- applications ---- */
enum { IDENTITY_SECRET_CHARS = 43 };
/* Makes one, with a new secret that is shown here once. roles: as identity_roles_set has them.
 * Everything lives in a. Errors: ERR_INVALID. */
struct identity_app {
    struct str name, roles;
    struct str tenant; /* id; empty: the first one */
};
bool identity_app_make(struct identity *id, struct arena *a, const struct identity_app *x,
                       struct str *out_client_id, struct str *out_secret, struct err *e) MUST_USE;
/* One of the first tenant. */
bool identity_app_create(struct identity *id, struct arena *a, struct str name, struct str roles,
                         struct str *out_client_id, struct str *out_secret, struct err *e) MUST_USE;
/* A new secret; all old ones stop working, tokens run out by themselves. */
bool identity_app_new_secret(struct identity *id, struct arena *a, struct str client_id,
                             struct str *out_secret, struct err *e) MUST_USE;
/* When there is no application at all: makes a Tenant Administrator called "administrator".
 * *out_client_id is empty when there was one. */
bool identity_first_admin(struct identity *id, struct arena *a, struct str *out_client_id,
                          struct str *out_secret, struct err *e) MUST_USE;

/* ---- shared keys of a workspace, with which the Data Collector API signs ---- */
/* Derived from the token key and a number that renewing counts up: nothing secret is stored. */
enum identity_shared_key { IDENTITY_PRIMARY_KEY, IDENTITY_SECONDARY_KEY, IDENTITY_SHARED_KEYS };
/* *out: 64 bytes in Base64, in a. */
bool identity_shared_key(struct identity *id, struct arena *a, struct str workspace,
                         enum identity_shared_key which, struct str *out, struct err *e) MUST_USE;
/* New ones; the old ones stop working. */
bool identity_shared_keys_renew(struct identity *id, struct str workspace, struct err *e) MUST_USE;
/* Is signature the Base64 of HMAC-SHA-256 of text by one of the keys? Errors: ERR_FORBIDDEN; those
 * of the control database. */
bool identity_shared_key_signed(struct identity *id, struct str workspace, struct str text,
                                struct str signature, struct err *e) MUST_USE;

/* ---- tokens ---- */
struct identity_token {
    struct str text, name;   /* name: of the application, in the arena */
    struct str tenant;       /* its home */
    int64_t issued, expires; /* ticks */
};
struct identity_sign_in {
    struct str tenant; /* id; empty: the home of who signs in */
    struct str client_id, secret, audience;
};
/* Errors: ERR_UNAUTHENTICATED, the same for an unknown id, a wrong secret, a disabled one, and one
 * that has no business in the tenant: it is neither its home nor delegated to it. */
bool identity_sign_in(struct identity *id, struct arena *a, const struct identity_sign_in *x,
                      struct identity_token *out, struct err *e) MUST_USE;
/* Checks "Authorization: Bearer …" and loads the caller. Errors: ERR_UNAUTHENTICATED (missing,
 * malformed, expired, foreign, unknown or disabled application). */
bool identity_check(struct identity *id, struct arena *a, struct str authorization,
                    struct identity_caller *out, struct err *e) MUST_USE;
/* The caller that a principal is, with what it was given; lives in a. Errors: ERR_UNAUTHENTICATED:
 * there is none, or it is disabled. */
bool identity_caller_load(struct identity *id, struct arena *a, struct str principal,
                          struct identity_caller *out, struct err *e) MUST_USE;
#define IDENTITY_OPERATOR_ID "operator"
/* A token of this process for its own command line: a Tenant Administrator, valid until
 * identity_close. */
struct str identity_operator_token(struct identity *id);
