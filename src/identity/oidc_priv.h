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
    bool secret_post_only;        /* the token endpoint knows client_secret_post, not _basic */
    bool lists_client_algorithms; /* those of assertions that its token endpoint takes */
    bool client_algorithms[JWT_ALGORITHMS];
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

/* ---- oidc_client.c ---- */
#define OIDC_PRIVATE_KEY_JWT "private_key_jwt"
struct oidc_client_key {
    EVP_PKEY *key;                  /* RSA of 2048 to 8192 bits, or EC P-256 */
    struct certificate certificate; /* of the key; pem is empty where there is none */
};
/* Reads a private key in PEM, with or without its certificate beside it; a frees it. Errors:
 * ERR_INVALID, without a word of the key. */
bool oidc_client_key_read(struct arena *a, struct str pem, struct oidc_client_key *out,
                          struct err *e) MUST_USE;
/* An assertion of five minutes for the provider's token endpoint, with the certificate's
 * thumbprints (x5t#S256, x5t) and clientKeyId (kid) in its header. now: ticks. Errors: ERR_INVALID:
 * the provider takes no algorithm of such a key, or the certificate is missing or not valid. */
bool oidc_client_assertion(struct arena *a, const struct identity_provider *p,
                           const struct oidc_metadata *m, const struct oidc_client_key *k,
                           int64_t now, struct str *out, struct err *e) MUST_USE;
struct oidc_proof {           /* for a request to the token endpoint; what is empty is left out */
    struct str authorization; /* the header */
    struct str client_id, client_secret, assertion; /* of the form */
};
/* By the way of the provider's settings, or of its documents. Errors: ERR_IO, ERR_INVALID. */
bool oidc_client_prove(struct identity *id, struct arena *a, const struct identity_provider *p,
                       const struct oidc_metadata *m, struct oidc_proof *out,
                       struct err *e) MUST_USE;

/* ---- oidc_sign_in.c ---- */
void oidc_add_encoded(struct sbuf *b, struct str text); /* for addresses and forms */
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
    bool groups_missing; /* the token leaves out a claim that gives roles: too many groups */
};
/* Reads the claims by the provider's settings. Errors: ERR_FORBIDDEN: a tenant or domain that is
 * not let in; ERR_UNAUTHENTICATED: a claim that says who it is is missing. */
bool oidc_person_read(struct arena *a, const struct identity_provider *p, const struct json *claims,
                      struct oidc_person *out, struct err *e) MUST_USE;
/* A person whose groups the token leaves out would have fewer rights than it was given: refused,
 * unless the provider's settings say otherwise. Errors: ERR_FORBIDDEN. */
bool oidc_groups_check(const struct identity_provider *p, const struct oidc_person *x,
                       struct err *e) MUST_USE;
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
