/* What applications prove themselves with: any number of secrets, each with its own end, and X.509
 * certificates whose private keys sign assertions (RFC 7523), as Microsoft's clients do. */
#pragma once
#include "identity/identity.h"
#include "state/credentials.h"

enum {
    IDENTITY_MAX_CREDENTIALS = 50,    /* of one application */
    IDENTITY_ASSERTION_SECONDS = 600, /* how long an assertion is valid at most: MSAL's own */
};

/* The application's secrets and certificates, oldest first, without what is secret; in a. Errors:
 * ERR_NOT_FOUND: there is no such application. */
bool identity_credentials(struct identity *id, struct arena *a, struct str application,
                          struct state_credential **out, size_t *n, struct err *e) MUST_USE;
/* One more secret; *out_secret is shown here once. expires: ticks, 0: never. Errors:
 * ERR_NOT_FOUND, ERR_INVALID (the name, an end that has passed), ERR_LIMIT. */
bool identity_secret_add(struct identity *id, struct arena *a, struct str application,
                         struct str name, int64_t expires, struct state_credential *out,
                         struct str *out_secret, struct err *e) MUST_USE;
/* One more certificate, PEM or Base64 of DER; the same one again is the one that is there. Errors:
 * as above, and for what is no certificate or has expired. */
bool identity_certificate_add(struct identity *id, struct arena *a, struct str application,
                              struct str name, struct str text, struct state_credential *out,
                              struct err *e) MUST_USE;
/* Errors: ERR_NOT_FOUND. */
bool identity_credential_delete(struct identity *id, struct arena *a, struct str application,
                                struct str credential, struct err *e) MUST_USE;

struct identity_assertion {
    struct str tenant;           /* id; empty: the home of who signs in */
    struct str text;             /* the JWT */
    struct str client_id;        /* as the form has it; may be empty */
    const struct str *audiences; /* how this server's token endpoint is called */
    size_t n_audiences;
    struct str remote; /* who presents it */
};
/* A token for audience in exchange for an assertion that one of the application's certificates has
 * signed. It may come again, from the same address, while it is valid: MSAL keeps the one that it
 * made for all scopes. Errors: ERR_UNAUTHENTICATED, with the reason where that helps nobody else.
 * *out_client_id is set as soon as it is known, also on false. */
bool identity_sign_in_assertion(struct identity *id, struct arena *a,
                                const struct identity_assertion *x, struct str audience,
                                struct str *out_client_id, struct identity_token *out,
                                struct err *e) MUST_USE;
