/* A browser's way through an identity provider and back: OpenID Connect's authorization code flow
 * with PKCE, and the end of sessions that began so. */
#pragma once
#include "identity/providers.h"
#include "identity/sessions.h"

#define IDENTITY_SSO_COOKIE "__Host-vedette-sso"
enum { IDENTITY_SSO_SECONDS = 600 }; /* how long it may take */

struct identity_departure {
    struct str location; /* where the browser is sent */
    struct str cookie;   /* value; sealed: it binds the answer to this browser */
};
/* next: a path of this server for afterwards; anything else becomes "/portal/". Errors:
 * ERR_NOT_FOUND (no such provider, or it is disabled), those of fetching its documents. */
bool identity_sso_begin(struct identity *id, struct arena *a, struct str provider,
                        struct str redirect_uri, struct str next, struct identity_departure *out,
                        struct err *e) MUST_USE;

struct identity_arrival { /* what the callback is asked with */
    struct str code, state, iss, error, error_description;
    struct str cookie, redirect_uri;
    struct identity_place place;
};
struct identity_arrived {
    struct identity_session session;
    struct str next;
    struct str who;      /* name; set as soon as it is known, also on failure */
    bool groups_missing; /* the token leaves out groups, which give no roles this time */
};
/* Errors: ERR_UNAUTHENTICATED, ERR_FORBIDDEN (known, but not let in), with words for people. */
bool identity_sso_finish(struct identity *id, struct arena *a, struct str provider,
                         const struct identity_arrival *x, struct identity_arrived *out,
                         struct err *e) MUST_USE;

/* Where a browser whose session is about to end goes to end it at the provider, too; empty:
 * nowhere. back: where it comes back to. */
bool identity_sso_leave(struct identity *id, struct arena *a, struct str session, struct str back,
                        struct str *out_location, struct err *e) MUST_USE;
/* A provider's server says that sessions have ended (OpenID Connect Back-Channel Logout 1.0).
 * *out_n: how many did here. Errors: ERR_INVALID: the token is not accepted. */
bool identity_sso_ended(struct identity *id, struct arena *a, struct str provider,
                        struct str logout_token, int64_t *out_n, struct err *e) MUST_USE;
/* A provider's page says so in a browser (OpenID Connect Front-Channel Logout 1.0): the sessions
 * here that are part of its session sid, of which only the provider and this server know. Browsers
 * send no cookie along, so nothing else tells whose it is. *out_from: for a
 * Content-Security-Policy, the addresses whose pages may have asked. Errors: ERR_NOT_FOUND (no such
 * provider), ERR_INVALID (iss or sid is missing). */
bool identity_sso_signed_out(struct identity *id, struct arena *a, struct str provider,
                             struct str iss, struct str sid, int64_t *out_n, struct str *out_from,
                             struct err *e) MUST_USE;
