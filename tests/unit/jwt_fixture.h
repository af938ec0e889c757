/* Keys, tokens and certificates of an issuer that tests make up. */
#pragma once
#include "identity/jwt_priv.h"
#include "text/base64.h"
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>

static inline struct str url64(struct arena *a, const void *p, size_t n)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    base64_encode(BASE64_URL, (struct str){p, n}, &b);
    return arena_str(a, sbuf_str(&b));
}

static inline struct str sign_rsa(struct arena *a, EVP_PKEY *key, bool pss, struct str text)
{
    unsigned char out[1024];
    size_t n = sizeof(out);
    EVP_PKEY_CTX *how = NULL;
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    CHECK(EVP_DigestSignInit(c, &how, EVP_sha256(), NULL, key) == 1);
    if (pss)
        CHECK(EVP_PKEY_CTX_set_rsa_padding(how, RSA_PKCS1_PSS_PADDING) == 1 &&
              EVP_PKEY_CTX_set_rsa_pss_saltlen(how, RSA_PSS_SALTLEN_DIGEST) == 1);
    CHECK(EVP_DigestSign(c, out, &n, (const unsigned char *)text.p, text.n) == 1);
    EVP_MD_CTX_free(c);
    return url64(a, out, n);
}

static inline struct str sign_ec(struct arena *a, EVP_PKEY *key, struct str text)
{
    unsigned char der[256], raw[64];
    const unsigned char *p = der;
    size_t n = sizeof(der);
    EVP_MD_CTX *c = EVP_MD_CTX_new();
    CHECK(EVP_DigestSignInit(c, NULL, EVP_sha256(), NULL, key) == 1 &&
          EVP_DigestSign(c, der, &n, (const unsigned char *)text.p, text.n) == 1);
    EVP_MD_CTX_free(c);
    ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &p, (long)n);
    CHECK(s != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(s), raw, 32) == 32 &&
          BN_bn2binpad(ECDSA_SIG_get0_s(s), raw + 32, 32) == 32);
    ECDSA_SIG_free(s);
    return url64(a, raw, sizeof(raw));
}

/* HMAC-SHA-256 with any bytes as the key: what an attacker does with a public key. */
static inline struct str sign_hmac(struct arena *a, struct str key, struct str text)
{
    unsigned char out[32];
    unsigned n = 0;
    CHECK(HMAC(EVP_sha256(), key.p, (int)key.n, (const unsigned char *)text.p, text.n, out, &n) !=
          NULL);
    return url64(a, out, n);
}

static inline struct str unsigned_part(struct arena *a, const char *header, const char *claims)
{
    struct str h = url64(a, header, strlen(header)), c = url64(a, claims, strlen(claims));
    return arena_fmt(a, "%.*s.%.*s", STR_ARG(h), STR_ARG(c));
}

static inline struct str with_signature(struct arena *a, struct str text, struct str signature)
{
    return arena_fmt(a, "%.*s.%.*s", STR_ARG(text), STR_ARG(signature));
}

static inline struct str bn64(struct arena *a, EVP_PKEY *key, const char *name, int bytes)
{
    BIGNUM *n = NULL;
    unsigned char raw[1024];
    CHECK(EVP_PKEY_get_bn_param(key, name, &n) == 1);
    int len = bytes > 0 ? bytes : BN_num_bytes(n);
    CHECK(BN_bn2binpad(n, raw, len) == len);
    BN_free(n);
    return url64(a, raw, (size_t)len);
}

static inline struct str rsa_jwk(struct arena *a, EVP_PKEY *key, const char *more)
{
    struct str n = bn64(a, key, OSSL_PKEY_PARAM_RSA_N, 0),
               e = bn64(a, key, OSSL_PKEY_PARAM_RSA_E, 0);
    return arena_fmt(a, "{\"kty\":\"RSA\",\"n\":\"%.*s\",\"e\":\"%.*s\"%s}", STR_ARG(n), STR_ARG(e),
                     more);
}

static inline struct str ec_jwk(struct arena *a, EVP_PKEY *key, const char *more)
{
    struct str x = bn64(a, key, OSSL_PKEY_PARAM_EC_PUB_X, 32);
    struct str y = bn64(a, key, OSSL_PKEY_PARAM_EC_PUB_Y, 32);
    return arena_fmt(a, "{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"%.*s\",\"y\":\"%.*s\"%s}",
                     STR_ARG(x), STR_ARG(y), more);
}

/* PEM of a certificate that key has signed itself, valid from now for so many days. */
static inline struct str certificate_of(struct arena *a, EVP_PKEY *key, int days)
{
    char *p = NULL;
    X509 *c = X509_new();
    ASN1_INTEGER_set(X509_get_serialNumber(c), 1);
    X509_gmtime_adj(X509_getm_notBefore(c), 0);
    X509_gmtime_adj(X509_getm_notAfter(c), 86400L * days);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                               (const unsigned char *)"sender", -1, -1, 0);
    CHECK(X509_set_pubkey(c, key) == 1 && X509_sign(c, key, EVP_sha256()) > 0);
    BIO *b = BIO_new(BIO_s_mem());
    CHECK(PEM_write_bio_X509(b, c) == 1);
    long n = BIO_get_mem_data(b, &p);
    struct str pem = arena_str(a, (struct str){p, (size_t)n});
    BIO_free(b);
    X509_free(c);
    return pem;
}
