/* Shared by the files of this folder only. */
#pragma once
#include "identity/identity.h"
#include "identity/providers.h"
#include "state/credentials.h"

enum { KEY_BYTES = 32 };
struct identity {
    struct state *state;
    struct clock *clock;
    struct store *store; /* may be NULL */
    int64_t lifetime;
    uint8_t key[KEY_BYTES];
    char operator_token[IDENTITY_SECRET_CHARS + 1];
    char tenant[37];
    struct identity_outbound outbound;
    struct oidc_cache *providers;
    char secrets_dir[4352]; /* where files of clients' secrets are; empty: nowhere */
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
/* An access token for the application, from now on. certificate: it proved itself with one. */
void token_make(struct identity *id, struct arena *a, const struct state_principal *p,
                struct str audience, bool certificate, struct identity_token *out);

/* ---- credentials.c ---- */
bool credential_is_valid(const struct state_credential *c, int64_t now);
/* *out: is it one of the application's secrets that work? */
bool secret_matches(struct identity *id, struct arena *a, struct str application, struct str secret,
                    bool *out, struct err *e) MUST_USE;
/* A new secret in place of all that there are. */
bool secret_replace(struct identity *id, struct arena *a, struct str application,
                    struct str *out_secret, struct err *e) MUST_USE;

/* ---- jwt.c ---- */
struct str jwt_sign(struct arena *a, const uint8_t key[KEY_BYTES], struct str payload);
/* Checks form and signature; *payload lives in a. */
bool jwt_verify(struct arena *a, const uint8_t key[KEY_BYTES], struct str token,
                struct str *payload);

/* ---- actions.c ---- */
/* One of its notActions is the action. */
bool identity_role_refuses(const struct identity_role *r, struct str action);

/* ---- assignments.c ---- */
bool role_read(struct arena *a, const struct state_role *r, struct identity_role *out,
               struct err *e) MUST_USE;
/* Checks scope, role and condition, and completes the scope. Errors as identity_assign. */
bool assignment_check(struct identity *id, struct arena *a, struct state_assignment *x,
                      struct identity_scope *out, struct err *e) MUST_USE;
