/* JSON Web Tokens that others sign (RFC 7515, 7517, 7519), and X.509 certificates as keys of
 * applications. Shared by the files of this folder only.
 *
 * A token's header chooses nothing but one of the keys that the caller trusts: the algorithms are
 * RS256, PS256 and ES256, and each goes with one kind of key, so that a public key is never taken
 * for a shared secret. "jku", "x5u", "jwk" and "x5c" are not looked at. */
#pragma once
#include "base/base.h"
#include "text/json.h"
#include <openssl/evp.h>

enum {
    JWT_MAX_BYTES = 32 << 10, /* Entra ID lists up to 200 groups: some 12 KiB */
    JWT_MAX_KEYS = 100,       /* of one set */
    JWT_MAX_SKEW_S = 300,     /* between our clock and that of an issuer */
};

enum jwt_algorithm { JWT_RS256, JWT_PS256, JWT_ES256, JWT_ALGORITHMS };
const char *jwt_algorithm_name(enum jwt_algorithm alg);

struct jwt {
    enum jwt_algorithm alg;
    struct str kid, typ; /* empty: the header has none */
    struct json header, claims;
    struct str signed_part, signature; /* the latter as bytes */
};
/* Reads a token in compact form; the signature is not checked. Everything lives in a. Errors:
 * ERR_UNAUTHENTICATED: not three parts, longer than JWT_MAX_BYTES, not Base64url, names that occur
 * twice, another algorithm, "crit", an encrypted token. */
bool jwt_read(struct arena *a, struct str token, struct jwt *out, struct err *e) MUST_USE;
/* Is it three parts with dots between them, whose header names an algorithm of ours? For choosing
 * between kinds of tokens: nothing is checked. */
bool jwt_looks_foreign(struct arena *a, struct str token);

/* ---- keys ---- */
struct jwt_key {
    struct str kid; /* may be empty */
    struct str
        issuer;    /* Entra ID: whose tokens it signs, "{tenantid}" may be in it; may be empty */
    int algorithm; /* -1: any that goes with the key */
    EVP_PKEY *key; /* RSA of 2048 bits and more, or EC P-256 */
};
struct jwt_keys {
    struct jwt_key *items;
    size_t n;
};
/* The signing keys of a JWK set, in a, which frees them. Keys for encryption, of other kinds and
 * those that are too weak are left out; no key at all is fine. Errors: ERR_INVALID. */
bool jwt_keys_read(struct arena *a, struct str set, struct jwt_keys *out, struct err *e) MUST_USE;
/* Is it of a kind and size that some algorithm goes with? */
bool jwt_key_is_usable(const struct jwt_key *k);
/* Is t signed by k, with an algorithm that goes with it? */
bool jwt_signed_by(const struct jwt *t, const struct jwt_key *k);
/* The key that has signed t: one with its kid, or, when it names none, the only one that its
 * algorithm goes with. *out_known tells whether there is a key to try at all, so that another set
 * may be fetched when there is none. NULL: none has. */
const struct jwt_key *jwt_signer(const struct jwt *t, const struct jwt_keys *keys, bool *out_known);

/* ---- claims ---- */
struct jwt_expect {
    struct str issuer;           /* exactly */
    const struct str *audiences; /* one of them is needed */
    size_t n_audiences;
    int64_t now_s;      /* Unix seconds */
    int64_t max_life_s; /* "exp" is at most so far away; 0: as far as it likes */
    const char *who;    /* for messages: "The token", "The client assertion" */
};
/* iss, aud, exp, nbf, iat. Errors: ERR_UNAUTHENTICATED. */
bool jwt_check_claims(const struct jwt *t, const struct jwt_expect *x, struct err *e) MUST_USE;
struct str jwt_claim(const struct jwt *t, const char *name); /* a text; empty: absent */
/* Whole seconds of a NumericDate. */
bool jwt_claim_time(const struct jwt *t, const char *name, int64_t *out) MUST_USE;
/* Is text the claim, one of its elements, or (scp, scope) one of its words? */
bool jwt_holds_word(struct str words, struct str word); /* words with single blanks between */
bool jwt_claim_holds(const struct json *claim, struct str text);

/* ---- certificates ---- */
struct certificate {
    struct str pem;                /* of this one alone */
    struct str subject;            /* RFC 2253 */
    struct str sha1, sha256;       /* thumbprints, hex in lower case */
    struct str x5t, x5t_s256;      /* the same as headers of tokens name them, Base64url */
    int64_t not_before, not_after; /* ticks */
    struct jwt_key key;            /* without a kid */
};
/* The first certificate of a PEM text, or one as Base64 of its DER form; a frees its key. A private
 * key beside it is refused, so that nobody keeps one here. Errors: ERR_INVALID. */
bool certificate_read(struct arena *a, struct str text, struct certificate *out,
                      struct err *e) MUST_USE;
