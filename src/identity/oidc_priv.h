/* OpenID Connect: shared by the files of this folder only. */
#pragma once
#include "identity/jwt_priv.h"
#include "identity/providers.h"
#include <stdatomic.h>

enum {
    OIDC_MAX_DOCUMENT = 1 << 20, /* discovery, keys, answers of token endpoints */
    OIDC_KEYS_HOURS = 24,        /* documents are fetched again after so long */
    OIDC_REFRESH_MINUTES = 3,    /* for an unknown kid, at most so often */
    OIDC_RETRY_SECONDS = 5,      /* after a failure */
};

/* ---- oidc_metadata.c ---- */
/* What an issuer's documents say; shared, immutable. */
struct oidc_metadata {
    atomic_int refs;
    struct arena *a;
    struct str issuer, authorization_endpoint, token_endpoint, jwks_uri;
    struct str userinfo_endpoint, end_session_endpoint; /* may be empty */
    bool answers_name_issuer;                           /* RFC 9207 */
    bool secret_post_only; /* the token endpoint knows client_secret_post, not _basic */
    struct jwt_keys keys;
    int64_t fetched; /* ticks */
};
struct oidc_cache;
struct oidc_cache *oidc_cache_new(void);
void oidc_cache_free(struct oidc_cache *c); /* NULL is fine */
/* The provider's documents, from the cache or fetched. newer_than: refetched (at most every
 * OIDC_REFRESH_MINUTES) unless they are newer than that; 0: those that there are. The caller drops
 * them. Errors: ERR_FORBIDDEN (a host that is not listed), ERR_INVALID (they make no sense), those
 * of the network. */
const struct oidc_metadata *oidc_metadata_get(struct identity *id,
                                              const struct identity_provider *p, int64_t newer_than,
                                              struct err *e) MUST_USE;
void oidc_metadata_drop(const struct oidc_metadata *m); /* NULL is fine */
void oidc_metadata_dropp(const struct oidc_metadata **m);
/* GET or POST to an address of the provider's hosts; another status than 200 is *out_status. */
bool oidc_call(struct identity *id, const struct identity_provider *p,
               const struct identity_exchange *x, int *out_status, struct sbuf *out,
               struct err *e) MUST_USE;

/* ---- oidc_settings.c ---- */
bool provider_read(struct arena *a, const struct state_provider *row, struct identity_provider *out,
                   struct err *e) MUST_USE;
/* The client's secret; empty: it is a public one. Errors: ERR_IO, ERR_INVALID. */
bool provider_secret(struct identity *id, struct arena *a, const struct identity_provider *p,
                     struct str *out, struct err *e) MUST_USE;

/* ---- oidc_tokens.c ---- */
/* Does iss name the provider's issuer, or one of its further ones, for this tid? */
bool provider_is_issuer(struct arena *a, const struct identity_provider *p, const struct jwt *t,
                        bool access_token, struct str *out_issuer);
/* The signature, by a key of the issuer's; the documents are fetched again for an unknown kid. */
bool oidc_check_signature(struct identity *id, const struct identity_provider *p,
                          const struct jwt *t, struct err *e) MUST_USE;
/* An ID token in answer to our request. */
bool oidc_check_id_token(struct identity *id, struct arena *a, const struct identity_provider *p,
                         struct str token, struct str nonce, struct jwt *out,
                         struct err *e) MUST_USE;
/* "Bearer" tokens of other issuers. Errors: ERR_UNAUTHENTICATED. */
bool oidc_check_access_token(struct identity *id, struct arena *a, struct str token,
                             struct identity_caller *out, struct err *e) MUST_USE;

/* ---- oidc_sign_in.c ---- */
struct oidc_pair {
    const char *name;
    struct str value;
};
/* The address with these in its query; those with an empty value are left out. */
struct str oidc_address(struct arena *a, struct str url, const struct oidc_pair *pairs, size_t n);

/* ---- oidc_people.c ---- */
struct oidc_person {
    struct str issuer, subject; /* who it is */
    struct str name, login, email;
    bool application;
    struct str roles;    /* JSON array that the claims give */
    bool groups_missing; /* there are too many groups for the token */
};
/* Reads the claims by the provider's settings. Errors: ERR_FORBIDDEN: a tenant or domain that is
 * not let in; ERR_UNAUTHENTICATED: a claim that says who it is is missing. */
bool oidc_person_read(struct arena *a, const struct identity_provider *p, const struct json *claims,
                      struct oidc_person *out, struct err *e) MUST_USE;
/* The person's principal, made at the first time where that is allowed. sign_in: it signs in with a
 * browser, and the roles of the claims are those of the person from now on. Errors: ERR_FORBIDDEN:
 * unknown and not made, or disabled. */
bool oidc_person_find(struct identity *id, struct arena *a, const struct identity_provider *p,
                      const struct oidc_person *x, bool sign_in, struct state_principal *out,
                      struct err *e) MUST_USE;
/* Adds a JSON array of {"role", "workspace"}. What does not exist any more gives nothing, and is
 * logged. */
void mapped_grants_add(struct identity *id, struct arena *a, struct str roles,
                       struct identity_caller *c);
/* What the claims of the last sign-in give to a principal that a provider vouches for, beside what
 * it was given here. */
bool provider_grants_add(struct identity *id, struct arena *a, struct identity_caller *c,
                         struct err *e) MUST_USE;
