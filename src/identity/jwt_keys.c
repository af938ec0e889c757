/* Public keys that tokens are checked with: JWK sets, and the check itself by OpenSSL. */
#include "identity/jwt_priv.h"
#include "text/base64.h"
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

enum {
    MIN_RSA_BITS = 2048,
    MAX_RSA_BITS = 8192, /* more costs a check milliseconds */
    P256_BYTES = 32,
    P256_POINT = 1 + 2 * P256_BYTES,
};

static void free_key(void *key)
{
    EVP_PKEY_free(key);
}

static void bn_freep(BIGNUM **n)
{
    BN_free(*n);
}

static void build_freep(OSSL_PARAM_BLD **b)
{
    OSSL_PARAM_BLD_free(*b);
}

static void params_freep(OSSL_PARAM **p)
{
    OSSL_PARAM_free(*p);
}

static void context_freep(EVP_PKEY_CTX **c)
{
    EVP_PKEY_CTX_free(*c);
}

static void digest_freep(EVP_MD_CTX **c)
{
    EVP_MD_CTX_free(*c);
}

static void ecdsa_freep(ECDSA_SIG **s)
{
    ECDSA_SIG_free(*s);
}

static EVP_PKEY *key_from(const char *kind, OSSL_PARAM *params)
{
    EVP_PKEY *key = NULL;
    AUTO(context_freep) EVP_PKEY_CTX *c = EVP_PKEY_CTX_new_from_name(NULL, kind, NULL);
    if (params == NULL || c == NULL || EVP_PKEY_fromdata_init(c) != 1 ||
        EVP_PKEY_fromdata(c, &key, EVP_PKEY_PUBLIC_KEY, params) != 1)
        key = NULL;
    ERR_clear_error();
    return key;
}

static bool number(const struct json *jwk, const char *name, struct sbuf *out)
{
    return base64_decode(BASE64_URL, json_text(json_get(jwk, name), STR("")), out) && out->n > 0;
}

static EVP_PKEY *rsa_key(const struct json *jwk)
{
    AUTO(sbuf_fini) struct sbuf n = sbuf_make(MAX_RSA_BITS / 8 + 1), e = sbuf_make(8);
    if (!number(jwk, "n", &n) || !number(jwk, "e", &e))
        return NULL;
    AUTO(bn_freep) BIGNUM *bn = BN_bin2bn((const unsigned char *)n.p, (int)n.n, NULL);
    AUTO(bn_freep) BIGNUM *be = BN_bin2bn((const unsigned char *)e.p, (int)e.n, NULL);
    AUTO(build_freep) OSSL_PARAM_BLD *b = OSSL_PARAM_BLD_new();
    if (bn == NULL || be == NULL || b == NULL || !BN_is_odd(be) || BN_is_one(be) ||
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_N, bn) != 1 ||
        OSSL_PARAM_BLD_push_BN(b, OSSL_PKEY_PARAM_RSA_E, be) != 1)
        return NULL;
    AUTO(params_freep) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(b);
    return key_from("RSA", params);
}

static EVP_PKEY *p256_key(const struct json *jwk)
{
    AUTO(sbuf_fini) struct sbuf x = sbuf_make(P256_BYTES + 1), y = sbuf_make(P256_BYTES + 1);
    AUTO(sbuf_fini) struct sbuf point = sbuf_make(P256_POINT + 1);
    if (!str_eqz(json_text(json_get(jwk, "crv"), STR("")), "P-256") || !number(jwk, "x", &x) ||
        !number(jwk, "y", &y) || x.n != P256_BYTES || y.n != P256_BYTES)
        return NULL;
    sbuf_addc(&point, 4); /* uncompressed: both coordinates follow */
    sbuf_addmem(&point, x.p, x.n);
    sbuf_addmem(&point, y.p, y.n);
    char group[] = "prime256v1";
    OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, group, 0),
        OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point.p, point.n),
        OSSL_PARAM_construct_end()};
    return key_from("EC", params); /* fails for a point that is not on the curve */
}

static bool goes_with(enum jwt_algorithm alg, EVP_PKEY *key)
{
    switch (alg) {
    case JWT_RS256:
    case JWT_PS256:
        return EVP_PKEY_is_a(key, "RSA") == 1 && EVP_PKEY_get_bits(key) >= MIN_RSA_BITS &&
               EVP_PKEY_get_bits(key) <= MAX_RSA_BITS;
    case JWT_ES256:
        return EVP_PKEY_is_a(key, "EC") == 1 && EVP_PKEY_get_bits(key) == 8 * P256_BYTES;
    case JWT_ALGORITHMS:
        break;
    }
    return false;
}

bool jwt_key_is_usable(const struct jwt_key *k)
{
    return goes_with(JWT_RS256, k->key) || goes_with(JWT_ES256, k->key);
}

/* -1: any; -2: none of ours, the key is of no use. */
static int algorithm_of(const struct json *jwk)
{
    const struct json *v = json_get(jwk, "alg");
    if (v == NULL)
        return -1;
    for (int i = 0; i < JWT_ALGORITHMS; i++)
        if (str_eqz(json_text(v, STR("")), jwt_algorithm_name((enum jwt_algorithm)i)))
            return i;
    return -2;
}

static bool read_key(struct arena *a, const struct json *jwk, struct jwt_key *out)
{
    struct str kind = json_text(json_get(jwk, "kty"), STR(""));
    struct str use = json_text(json_get(jwk, "use"), STR("sig"));
    int alg = algorithm_of(jwk);
    if (alg == -2 || !str_eqz(use, "sig"))
        return false;
    EVP_PKEY *key = str_eqz(kind, "RSA")  ? rsa_key(jwk)
                    : str_eqz(kind, "EC") ? p256_key(jwk)
                                          : NULL;
    if (key == NULL)
        return false;
    arena_defer(a, free_key, key);
    *out = (struct jwt_key){arena_str(a, json_text(json_get(jwk, "kid"), STR(""))),
                            arena_str(a, json_text(json_get(jwk, "issuer"), STR(""))), alg, key};
    return jwt_key_is_usable(out);
}

bool jwt_keys_read(struct arena *a, struct str set, struct jwt_keys *out, struct err *e)
{
    struct json v = {0};
    struct jwt_keys found = {0};
    if (!json_parse(a, set, NULL, &v, e))
        return false;
    const struct json *list = json_get(&v, "keys");
    if (list == NULL || list->type != JSON_ARRAY || list->n > JWT_MAX_KEYS)
        return err_set(e, ERR_INVALID, "keys: an array of at most %d keys expected", JWT_MAX_KEYS);
    found.items = arena_array(a, struct jwt_key, list->n > 0 ? list->n : 1);
    for (size_t i = 0; i < list->n; i++)
        found.n += read_key(a, &list->items[i], &found.items[found.n]) ? 1 : 0;
    *out = found;
    return true;
}

/* ---- checking ---- */

/* ES256 has the two numbers side by side, OpenSSL wants them as ASN.1. The result is OpenSSL's. */
static int p256_signature(struct str raw, unsigned char **out)
{
    if (raw.n != (size_t)2 * P256_BYTES)
        return -1;
    const unsigned char *p = (const unsigned char *)raw.p;
    AUTO(ecdsa_freep) ECDSA_SIG *s = ECDSA_SIG_new();
    BIGNUM *r = BN_bin2bn(p, P256_BYTES, NULL), *t = BN_bin2bn(p + P256_BYTES, P256_BYTES, NULL);
    if (s == NULL || r == NULL || t == NULL || ECDSA_SIG_set0(s, r, t) != 1) {
        BN_free(r);
        BN_free(t);
        return -1;
    }
    return i2d_ECDSA_SIG(s, out);
}

static bool check(EVP_MD_CTX *c, enum jwt_algorithm alg, EVP_PKEY *key, struct str signature,
                  struct str text)
{
    EVP_PKEY_CTX *how = NULL; /* the digest context's */
    if (c == NULL || EVP_DigestVerifyInit(c, &how, EVP_sha256(), NULL, key) != 1)
        return false;
    if (alg == JWT_PS256 && (EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) != 1 ||
                             EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) != 1 ||
                             EVP_PKEY_CTX_set_rsa_mgf1_md(how, EVP_sha256()) != 1))
        return false;
    return EVP_DigestVerify(c, (const unsigned char *)signature.p, signature.n,
                            (const unsigned char *)text.p, text.n) == 1;
}

bool jwt_signed_by(const struct jwt *t, const struct jwt_key *k)
{
    struct str signature = t->signature;
    unsigned char *packed = NULL;
    if (!goes_with(t->alg, k->key) || (k->algorithm >= 0 && k->algorithm != (int)t->alg))
        return false;
    if (t->alg == JWT_ES256) {
        int n = p256_signature(signature, &packed);
        signature = (struct str){(const char *)packed, n > 0 ? (size_t)n : 0};
    }
    AUTO(digest_freep) EVP_MD_CTX *c = EVP_MD_CTX_new();
    bool good = signature.n > 0 && check(c, t->alg, k->key, signature, t->signed_part);
    OPENSSL_free(packed);
    ERR_clear_error();
    return good;
}

static bool may_try(const struct jwt *t, const struct jwt_key *k)
{
    return goes_with(t->alg, k->key) && (k->algorithm < 0 || k->algorithm == (int)t->alg) &&
           (t->kid.n == 0 || str_eq(t->kid, k->kid));
}

const struct jwt_key *jwt_signer(const struct jwt *t, const struct jwt_keys *keys, bool *out_known)
{
    size_t n = 0;
    const struct jwt_key *signer = NULL;
    for (size_t i = 0; i < keys->n; i++)
        n += may_try(t, &keys->items[i]) ? 1 : 0;
    *out_known = n == 1 || (n > 1 && t->kid.n > 0);
    for (size_t i = 0; *out_known && signer == NULL && i < keys->n; i++)
        if (may_try(t, &keys->items[i]) && jwt_signed_by(t, &keys->items[i]))
            signer = &keys->items[i];
    return signer;
}
