/* Shared by the files of this folder only. */
#pragma once
#include "base/thread.h"
#include "identity/identity.h"
#include "identity/providers.h"
#include "state/credentials.h"

enum { KEY_BYTES = 32 };
struct identity {
    struct state *state;
    struct clock *clock;
    struct store *store; /* may be NULL */
    int64_t lifetime;
    struct identity_people people; /* with the defaults filled in */
    uint8_t key[KEY_BYTES];
    char operator_token[IDENTITY_SECRET_CHARS + 1];
    struct identity_outbound outbound;
    struct oidc_cache *providers;
    char secrets_dir[4352];              /* where files of clients' secrets are; empty: nowhere */
    char tenant[37];                     /* of the first one */
    int64_t max_workspaces, max_tenants; /* 0: any number */
    struct access_settings *access;      /* access.c */
    struct lock changes; /* of workspaces come one after the other: each waits for the disk */
};

/* ---- secrets.c ---- */
bool key_load(const char *file, uint8_t out[KEY_BYTES], struct err *e);
void secret_new(char out[IDENTITY_SECRET_CHARS + 1]);
struct str secret_hash(struct arena *a, struct str secret); /* hex */
bool secret_equal(struct str x, struct str y);              /* in constant time for equal lengths */

/* HMAC-SHA-256 of text for one purpose by the key of this server, hex. */
struct str secret_mark(const struct identity *id, struct arena *a, const char *purpose,
                       struct str text);
/* Encrypts and authenticates what has to be read again, as hex; false: it is not ours. */
struct str secret_seal(const struct identity *id, struct arena *a, struct str plain);
bool secret_open(const struct identity *id, struct arena *a, struct str sealed,
                 struct str *out) MUST_USE;

/* ---- identity.c ---- */
/* A client id in its one form: GUIDs in lower case. */
struct str client_id_plain(struct arena *a, struct str s);
/* The tenant that a token is for. */
struct token_place {
    struct str home, tenant; /* of the principal; of the token */
    bool admitted;           /* it has business there */
};
/* wanted: id; empty: its home. */
bool token_place(struct identity *id, struct arena *a, const struct state_principal *p,
                 struct str wanted, struct token_place *out, struct err *e) MUST_USE;
/* An access token for the application, from now on. certificate: it proved itself with one. */
void token_make(struct identity *id, struct arena *a, const struct state_principal *p,
                const struct token_place *place, struct str audience, bool certificate,
                struct identity_token *out);

/* ---- credentials.c ---- */
bool credential_is_valid(const struct state_credential *c, int64_t now);
/* *out: is it one of the application's secrets that work? */
bool secret_matches(struct identity *id, struct arena *a, struct str application, struct str secret,
                    bool *out, struct err *e) MUST_USE;
/* A new secret in place of all that there are. */
bool secret_replace(struct identity *id, struct arena *a, struct str application,
                    struct str *out_secret, struct err *e) MUST_USE;
/* HMAC-SHA-256 of text for one purpose by the key of this server, hex. */
struct str secret_mark(const struct identity *id, struct arena *a, const char *purpose,
                       struct str text);
/* Encrypts and authenticates what has to be read again, as hex; false: it is not ours. */
struct str secret_seal(const struct identity *id, struct arena *a, struct str plain);
bool secret_open(const struct identity *id, struct arena *a, struct str sealed,
                 struct str *out) MUST_USE;

/* ---- identity.c ---- */
/* The caller that a principal is. Errors: ERR_UNAUTHENTICATED: there is none, or it is disabled. */
bool caller_load(struct identity *id, struct arena *a, struct str principal,
                 struct identity_caller *out, struct err *e) MUST_USE;
/* state_principal_get of a user or of an application. Errors: ERR_NOT_FOUND. */
bool principal_of_kind(struct identity *id, struct arena *a, struct str principal, const char *kind,
                       struct state_principal *out, struct err *e) MUST_USE;

/* ---- users.c ---- */
struct state_user;
struct str user_login(struct arena *a, struct str name); /* a name in the form that is compared */
/* Errors: ERR_NOT_FOUND, for people. */
bool user_load(struct identity *id, struct arena *a, struct str user, struct state_user *out,
               struct err *e) MUST_USE;
/* Ends all sessions but the one whose id is keep_session. */
bool user_set_password(struct identity *id, struct arena *a, struct str user, struct str hash,
                       bool must_change, struct str keep_session, struct err *e) MUST_USE;

/* ---- second_factor.c ---- */
/* Is it a code that was not used yet, or a recovery code? Both are used up. */
bool code_take(struct identity *id, struct arena *a, const struct state_user *u, struct str code,
               bool *out, struct err *e) MUST_USE;

/* A code of a user who is signed in: guesses are counted as those of a sign-in. Errors:
 * ERR_INVALID, ERR_BUSY, ERR_CONFLICT (there is no authenticator). */
bool code_prove(struct identity *id, struct arena *a, const struct state_user *u, struct str code,
                struct err *e) MUST_USE;

/* ---- passwords.c ---- */
/* Takes the memory and time that are set. */
bool password_hash(const struct identity *id, struct arena *a, struct str password, struct str *out,
                   struct err *e) MUST_USE;
/* hash empty: false, after as long as with one. */
bool password_matches(const struct identity *id, struct arena *a, struct str password,
                      struct str hash);
/* Was it made with other settings than today's? */
bool password_is_outdated(const struct identity *id, struct arena *a, struct str hash);
/* Random, for people to type: 20 characters of a to z and 2 to 7 in groups of five. */
struct str password_new(struct arena *a);

/* ---- api_keys.c ---- */
#define API_KEY_PREFIX "vdt_"
bool api_key_check(struct identity *id, struct arena *a, struct str key,
                   struct identity_caller *out, struct err *e) MUST_USE;

/* ---- lockout.c ---- */
struct attempt {
    struct str user, address; /* keys; address empty: not counted */
    int64_t retry_after;      /* ticks; > 0: refused without a look */
    bool locks;               /* should it fail, it locks */
};
/* Counts a failure before anything is looked at, so that many at once are no more than one after
 * the other. */
bool attempt_begin(struct identity *id, struct arena *a, struct str name, struct str address,
                   struct attempt *out, struct err *e) MUST_USE;
/* It was no failure: takes it back; with forget all that were counted of this user. */
bool attempt_succeed(struct identity *id, struct arena *a, const struct attempt *t, bool forget,
                     struct err *e) MUST_USE;

/* ---- totp.c ---- */
enum { TOTP_SECRET_BYTES = 20, TOTP_DIGITS = 6, TOTP_STEP_S = 30 };
/* The code of a step (RFC 6238 with HMAC-SHA-1). */
uint32_t totp_code(const uint8_t *secret, size_t n, int64_t step);
/* The newest step not before now-1 and not after now+1 whose code this is; < 0: none. */
int64_t totp_step_of(const uint8_t secret[TOTP_SECRET_BYTES], struct str code, int64_t now);
void base32_encode(struct str bytes, struct sbuf *out); /* RFC 4648, upper case, no padding */

/* ---- jwt.c ---- */
struct str jwt_sign(struct arena *a, const uint8_t key[KEY_BYTES], struct str payload);
/* Checks form and signature; *payload lives in a. */
bool jwt_verify(struct arena *a, const uint8_t key[KEY_BYTES], struct str token,
                struct str *payload);

/* ---- actions.c ---- */
/* One of its notActions is the action. */
bool identity_role_refuses(const struct identity_role *r, struct str action);

/* ---- assignments.c ---- */
/* To c->grants, which are in a. */
void grant_add(struct arena *a, struct identity_caller *c, const struct identity_grant *g);
/* By name or by id. Errors: ERR_NOT_FOUND. */
bool role_find(struct identity *id, struct arena *a, struct str which, struct identity_role *out,
               struct err *e) MUST_USE;
bool role_read(struct arena *a, const struct state_role *r, struct identity_role *out,
               struct err *e) MUST_USE;
/* Checks scope, role and condition, and completes the scope. Errors as identity_assign. */
bool assignment_check(struct identity *id, struct arena *a, struct state_assignment *x,
                      struct identity_scope *out, struct err *e) MUST_USE;

/* ---- access.c ---- */
struct access_settings;
bool access_open(struct identity *id, struct err *e) MUST_USE;
void access_close(struct access_settings *x); /* may be NULL */
/* After settings of workspaces came or went without identity_access_set and its like. */
bool access_reload(struct identity *id, struct err *e) MUST_USE;
/* Do roles that read everything read less than that in the workspace? */
bool access_is_restricted(const struct identity *id, struct str workspace);

/* ---- rights.c ---- */
/* Is path the scope, or below it? */
bool path_is_below(struct str path, struct str scope);
/* Does a grant that counts in one tenant count there? */
bool grant_counts(const struct identity_caller *c, const struct identity_grant *g,
                  const struct identity_target *t);
/* A rule that is true of the rows of any, or of all, of them; of no row when there are none. */
const struct kql_row_rule *rule_of(struct arena *a, enum kql_rows kind,
                                   const struct kql_row_rule *const *kids, size_t n);

/* ---- condition.c ---- */
/* Does it ask whether a table is protected? */
bool condition_asks_protection(const struct identity_condition *c);

/* ---- roles.c ---- */
/* Privileged Monitoring Data Reader, which reads protected tables. */
bool role_is_privileged_reader(const struct identity_role *r);

/* ---- tenants.c ---- */
/* Makes the first tenant if there is none; id->tenant is its id. */
bool tenants_open(struct identity *id, struct err *e) MUST_USE;
/* Tells the store of the tenant's daily cap. */
struct state_tenant;
void tenant_cap_apply(struct identity *id, const struct state_tenant *t);
/* How many workspaces those of a store_place.tenant are. */
size_t tenant_workspaces(struct identity *id, struct str key);

/* ---- delegations.c ---- */
/* Adds what was delegated to the principals to c->grants. */
bool delegated_grants_load(struct identity *id, struct arena *a, const struct str *principals,
                           size_t n, struct identity_caller *c, struct err *e) MUST_USE;
