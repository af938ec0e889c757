/* Shared by the files of this folder only. */
#pragma once
#include "base/thread.h"
#include "identity/identity.h"

enum { KEY_BYTES = 32 };
struct identity {
    struct state *state;
    struct clock *clock;
    struct store *store; /* may be NULL */
    int64_t lifetime;
    uint8_t key[KEY_BYTES];
    char operator_token[IDENTITY_SECRET_CHARS + 1];
    char tenant[37];                     /* of the first one */
    int64_t max_workspaces, max_tenants; /* 0: any number */
    struct lock changes; /* of workspaces come one after the other: each waits for the disk */
};

/* ---- secrets.c ---- */
bool key_load(const char *file, uint8_t out[KEY_BYTES], struct err *e);
void secret_new(char out[IDENTITY_SECRET_CHARS + 1]);
struct str secret_hash(struct arena *a, struct str secret); /* hex */
bool secret_equal(struct str x, struct str y);              /* in constant time for equal lengths */

/* ---- jwt.c ---- */
struct str jwt_sign(struct arena *a, const uint8_t key[KEY_BYTES], struct str payload);
/* Checks form and signature; *payload lives in a. */
bool jwt_verify(struct arena *a, const uint8_t key[KEY_BYTES], struct str token,
                struct str *payload);

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

/* ---- roles.c ---- */
/* Reads [{"role", "workspace"}]. */
bool grants_read(struct arena *a, struct str roles, struct identity_caller *out, struct err *e);
