/* Shared by the files of this folder only. */
#pragma once
#include "identity/identity.h"

enum { KEY_BYTES = 32 };
struct identity {
    struct state *state;
    struct clock *clock;
    int64_t lifetime;
    uint8_t key[KEY_BYTES];
    char operator_token[IDENTITY_SECRET_CHARS + 1];
    char tenant[37];
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

/* ---- roles.c ---- */
/* Reads [{"role", "workspace"}]. */
bool grants_read(struct arena *a, struct str roles, struct identity_caller *out, struct err *e);
