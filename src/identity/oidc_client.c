/* How this server proves to a token endpoint that it is the client (OpenID Connect Core 1.0,
 * section 9): with a secret, or with an assertion that it signs (private_key_jwt, RFC 7523). */
#include "base/ids.h"
#include "identity/identity_priv.h"
#include "identity/oidc_priv.h"
#include "text/base64.h"
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

enum { MAX_PAIR = 96 << 10, MAX_TOKEN = 64 << 10, LIFE_S = 300, COORDINATE = 32 };

static void bio_freep(BIO **b)
{
    BIO_free_all(*b);
}

static void md_ctx_freep(EVP_MD_CTX **c)
{
    EVP_MD_CTX_free(*c);
}

static void signature_freep(ECDSA_SIG **s)
{
    ECDSA_SIG_free(*s);
}

static void free_key(void *key)
{
    EVP_PKEY_free(key);
}

/* ---- the key, and its certificate ---- */

/* Nobody is there to type one in. */
static int no_passphrase(char *to, int n, int writing, void *arg)
{
    (void)to;
    (void)n;
    (void)writing;
    (void)arg;
    return 0;
}

/* The first certificate of the text; empty: there is none. */
static struct str certificate_of(struct str pem)
{
    const struct str begin = STR("-----BEGIN CERTIFICATE-----");
    const struct str end = STR("-----END CERTIFICATE-----");
    size_t from = 0, n = 0;
    if (!str_find(pem, begin, &from))
        return STR("");
    struct str rest = str_sub(pem, from, pem.n);
    return str_find(rest, end, &n) ? str_sub(rest, 0, n + end.n) : STR("");
}

bool oidc_client_key_read(struct arena *a, struct str pem, struct oidc_client_key *out,
                          struct err *e)
{
    AUTO(bio_freep) BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
    struct jwt_key k = {.algorithm = -1};
    *out = (struct oidc_client_key){0};
    k.key = b == NULL ? NULL : PEM_read_bio_PrivateKey(b, NULL, no_passphrase, NULL);
    ERR_clear_error();
    if (k.key == NULL)
        return err_set(e, ERR_INVALID,
                       "the client's key: a private key in PEM, without a passphrase, is expected");
    arena_defer(a, free_key, k.key);
    if (!jwt_key_is_usable(&k))
        return err_set(e, ERR_INVALID,
                       "the client's key: RSA with 2048 to 8192 bits, or EC P-256, is expected");
    out->key = k.key;
    struct str certificate = certificate_of(pem);
    if (certificate.n == 0)
        return true;
    if (!certificate_read(a, certificate, &out->certificate, e))
        return false;
    return EVP_PKEY_eq(out->certificate.key.key, k.key) == 1 ||
           err_set(e, ERR_INVALID, "the client's key: the certificate beside it is another key's");
}

/* ---- signing ---- */

/* Algorithms that the key can sign with, the best one first; returns how many. */
static size_t algorithms_of(const struct identity_provider *p, EVP_PKEY *key,
                            enum jwt_algorithm out[2])
{
    if (EVP_PKEY_get_base_id(key) == EVP_PKEY_EC) {
        out[0] = JWT_ES256;
        return 1;
    }
    out[0] = p->entra ? JWT_PS256 : JWT_RS256; /* what Entra ID wants, what everybody knows */
    out[1] = p->entra ? JWT_RS256 : JWT_PS256;
    return 2;
}

static bool choose(const struct identity_provider *p, const struct oidc_metadata *m, EVP_PKEY *key,
                   enum jwt_algorithm *out, struct err *e)
{
    enum jwt_algorithm able[2];
    size_t n = algorithms_of(p, key, able);
    for (size_t i = 0; i < n; i++)
        if (!m->lists_client_algorithms || m->client_algorithms[able[i]]) {
            *out = able[i];
            return true;
        }
    return err_set(e, ERR_INVALID,
                   "The provider '%.*s' takes no algorithm that goes with the client's key, as its "
                   "token_endpoint_auth_signing_alg_values_supported says.",
                   STR_ARG(p->name));
}

/* A signature of ECDSA as tokens have it: two numbers of 32 bytes (RFC 7518, 3.4). */
static bool plain_numbers(const unsigned char *der, size_t n, unsigned char out[2 * COORDINATE])
{
    AUTO(signature_freep) ECDSA_SIG *s = d2i_ECDSA_SIG(NULL, &der, (long)n);
    return s != NULL && BN_bn2binpad(ECDSA_SIG_get0_r(s), out, COORDINATE) == COORDINATE &&
           BN_bn2binpad(ECDSA_SIG_get0_s(s), out + COORDINATE, COORDINATE) == COORDINATE;
}

static bool set_padding(EVP_PKEY_CTX *c, enum jwt_algorithm alg)
{
    if (alg != JWT_PS256)
        return true;
    return EVP_PKEY_CTX_set_rsa_padding(c, RSA_PKCS1_PSS_PADDING) == 1 &&
           EVP_PKEY_CTX_set_rsa_pss_saltlen(c, RSA_PSS_SALTLEN_DIGEST) == 1;
}

static bool sign(struct arena *a, EVP_PKEY *key, enum jwt_algorithm alg, struct str text,
                 struct str *out)
{
    AUTO(md_ctx_freep) EVP_MD_CTX *c = EVP_MD_CTX_new();
    EVP_PKEY_CTX *k = NULL;
    size_t n = 0;
    const unsigned char *bytes = (const unsigned char *)text.p;
    if (c == NULL || EVP_DigestSignInit(c, &k, EVP_sha256(), NULL, key) != 1 ||
        !set_padding(k, alg) || EVP_DigestSign(c, NULL, &n, bytes, text.n) != 1)
        return false;
    unsigned char *raw = arena_alloc(a, n);
    if (EVP_DigestSign(c, raw, &n, bytes, text.n) != 1)
        return false;
    *out = (struct str){(const char *)raw, n};
    if (alg != JWT_ES256)
        return true;
    unsigned char *numbers = arena_alloc(a, (size_t)2 * COORDINATE);
    *out = (struct str){(const char *)numbers, (size_t)2 * COORDINATE};
    return plain_numbers(raw, n, numbers);
}

static void add_header(struct sbuf *b, const struct identity_provider *p,
                       const struct oidc_client_key *k, enum jwt_algorithm alg)
{
    AUTO(sbuf_fini) struct sbuf json = sbuf_make(MAX_TOKEN);
    struct json_out w = json_out_make(&json);
    json_obj(&w);
    json_kv_z(&w, "alg", jwt_algorithm_name(alg));
    json_kv_z(&w, "typ", "JWT");
    if (p->client_key_id.n > 0)
        json_kv_str(&w, "kid", p->client_key_id);
    if (k->certificate.pem.n > 0) {
        json_kv_str(&w, "x5t#S256", k->certificate.x5t_s256);
        json_kv_str(&w, "x5t", k->certificate.x5t);
    }
    json_obj_end(&w);
    base64_encode(BASE64_URL, sbuf_str(&json), b);
}

static void add_claims(struct sbuf *b, const struct identity_provider *p, struct str audience,
                       int64_t now_s)
{
    char jti[37];
    AUTO(sbuf_fini) struct sbuf json = sbuf_make(MAX_TOKEN);
    struct json_out w = json_out_make(&json);
    guid_format(guid_new(), jti);
    json_obj(&w);
    json_kv_str(&w, "iss", p->client_id);
    json_kv_str(&w, "sub", p->client_id);
    json_kv_str(&w, "aud", audience);
    json_kv_z(&w, "jti", jti);
    json_kv_int(&w, "iat", now_s);
    json_kv_int(&w, "nbf", now_s);
    json_kv_int(&w, "exp", now_s + LIFE_S);
    json_obj_end(&w);
    base64_encode(BASE64_URL, sbuf_str(&json), b);
}

static bool check_certificate(const struct identity_provider *p, const struct oidc_client_key *k,
                              int64_t now, struct err *e)
{
    if (k->certificate.pem.n == 0)
        return !p->entra || err_set(e, ERR_INVALID,
                                    "The client's key of the provider '%.*s' has no certificate "
                                    "beside it, by which Entra ID knows it.",
                                    STR_ARG(p->name));
    return (k->certificate.not_before <= now && now < k->certificate.not_after) ||
           err_set(e, ERR_INVALID,
                   "The client's certificate of the provider '%.*s' is not valid at this time.",
                   STR_ARG(p->name));
}

bool oidc_client_assertion(struct arena *a, const struct identity_provider *p,
                           const struct oidc_metadata *m, const struct oidc_client_key *k,
                           int64_t now, struct str *out, struct err *e)
{
    enum jwt_algorithm alg = JWT_RS256;
    struct str signature = STR("");
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(MAX_TOKEN);
    if (!check_certificate(p, k, now, e) || !choose(p, m, k->key, &alg, e))
        return false;
    add_header(&b, p, k, alg);
    sbuf_addc(&b, '.');
    add_claims(&b, p, m->token_endpoint, (now - TICKS_UNIX_EPOCH) / TICKS_PER_SECOND);
    bool ok = sign(a, k->key, alg, sbuf_str(&b), &signature);
    ERR_clear_error();
    if (!ok)
        return err_set(e, ERR_INTERNAL, "The client's key of the provider '%.*s' does not sign.",
                       STR_ARG(p->name));
    sbuf_addc(&b, '.');
    base64_encode(BASE64_URL, signature, &b);
    *out = arena_str(a, sbuf_str(&b));
    return sbuf_ok(&b) || err_set(e, ERR_LIMIT, "clientId: too long for a token");
}

/* ---- which way ---- */

static struct str basic(struct arena *a, struct str client, struct str secret)
{
    AUTO(sbuf_fini) struct sbuf both = sbuf_make(MAX_PAIR), b = sbuf_make(2 * MAX_PAIR);
    oidc_add_encoded(&both, client); /* RFC 6749 section 2.3.1 */
    sbuf_addc(&both, ':');
    oidc_add_encoded(&both, secret);
    sbuf_addz(&b, "Basic ");
    base64_encode(BASE64_STD, sbuf_str(&both), &b);
    return arena_str(a, sbuf_str(&b));
}

static bool prove_by_key(struct identity *id, struct arena *a, const struct identity_provider *p,
                         const struct oidc_metadata *m, struct str pem, struct oidc_proof *out,
                         struct err *e)
{
    struct oidc_client_key k = {0};
    out->client_id = p->client_id;
    return oidc_client_key_read(a, pem, &k, e) &&
           oidc_client_assertion(a, p, m, &k, clock_now(id->clock), &out->assertion, e);
}

bool oidc_client_prove(struct identity *id, struct arena *a, const struct identity_provider *p,
                       const struct oidc_metadata *m, struct oidc_proof *out, struct err *e)
{
    struct str secret = STR("");
    *out = (struct oidc_proof){STR(""), STR(""), STR(""), STR("")};
    if (!provider_secret(id, a, p, &secret, e))
        return false;
    if (str_eqz(p->client_auth, OIDC_PRIVATE_KEY_JWT))
        return prove_by_key(id, a, p, m, secret, out, e);
    bool public = secret.n == 0 || str_eqz(p->client_auth, "none");
    bool post = !public && (str_eqz(p->client_auth, "client_secret_post") ||
                            (p->client_auth.n == 0 && m->secret_post_only));
    if (public || post)
        out->client_id = p->client_id;
    if (post)
        out->client_secret = secret;
    else if (!public)
        out->authorization = basic(a, p->client_id, secret);
    return true;
}
