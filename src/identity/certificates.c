/* X.509 certificates as keys of applications. Who registers one vouches for it, so no chain is
 * followed: what counts is its key, its thumbprints and its times. */
#include "base/clock.h"
#include "identity/jwt_priv.h"
#include "text/base64.h"
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

enum { MAX_TEXT = 64 << 10, MAX_SUBJECT = 500 };

static void free_key(void *key)
{
    EVP_PKEY_free(key);
}

static void cert_freep(X509 **c)
{
    X509_free(*c);
}

static void bio_freep(BIO **b)
{
    BIO_free_all(*b);
}

static X509 *parse(struct str text)
{
    const struct str begin = STR("-----BEGIN ");
    size_t at = 0;
    if (str_find(text, begin, &at)) {
        AUTO(bio_freep) BIO *b = BIO_new_mem_buf(text.p, (int)text.n);
        return b == NULL ? NULL : PEM_read_bio_X509(b, NULL, NULL, NULL);
    }
    AUTO(sbuf_fini) struct sbuf der = sbuf_make(MAX_TEXT);
    if (!base64_decode(BASE64_STD, str_trim(text), &der) || der.n == 0)
        return NULL;
    const unsigned char *p = (const unsigned char *)der.p;
    X509 *c = d2i_X509(NULL, &p, (long)der.n);
    if (c != NULL && p != (const unsigned char *)der.p + der.n) {
        X509_free(c);
        return NULL;
    }
    return c;
}

static struct str bio_text(struct arena *a, BIO *b)
{
    char *p = NULL;
    long n = BIO_get_mem_data(b, &p);
    return arena_str(a, (struct str){p, n > 0 ? (size_t)n : 0});
}

static bool thumbprint(struct arena *a, const X509 *c, const EVP_MD *kind, struct str *hex,
                       struct str *url)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    if (X509_digest(c, kind, raw, &n) != 1)
        return false;
    AUTO(sbuf_fini) struct sbuf h = sbuf_make(256), u = sbuf_make(256);
    struct str bytes = {(const char *)raw, n};
    hex_encode(bytes, &h);
    base64_encode(BASE64_URL, bytes, &u);
    *hex = arena_str(a, sbuf_str(&h));
    *url = arena_str(a, sbuf_str(&u));
    return true;
}

static bool ticks(const ASN1_TIME *t, int64_t *out)
{
    int days = 0, seconds = 0;
    ASN1_TIME *epoch = ASN1_TIME_set(NULL, 0);
    bool ok = epoch != NULL && ASN1_TIME_diff(&days, &seconds, epoch, t) == 1;
    ASN1_TIME_free(epoch);
    *out = TICKS_UNIX_EPOCH + days * TICKS_PER_DAY + seconds * TICKS_PER_SECOND;
    return ok;
}

static bool read_texts(struct arena *a, X509 *c, struct certificate *out)
{
    AUTO(bio_freep) BIO *pem = BIO_new(BIO_s_mem());
    AUTO(bio_freep) BIO *name = BIO_new(BIO_s_mem());
    if (pem == NULL || name == NULL || PEM_write_bio_X509(pem, c) != 1 ||
        X509_NAME_print_ex(name, X509_get_subject_name(c), 0, XN_FLAG_RFC2253) < 0)
        return false;
    out->pem = bio_text(a, pem);
    out->subject = str_sub(bio_text(a, name), 0, MAX_SUBJECT);
    return thumbprint(a, c, EVP_sha1(), &out->sha1, &out->x5t) &&
           thumbprint(a, c, EVP_sha256(), &out->sha256, &out->x5t_s256) &&
           ticks(X509_get0_notBefore(c), &out->not_before) &&
           ticks(X509_get0_notAfter(c), &out->not_after);
}

bool certificate_read(struct arena *a, struct str text, struct certificate *out, struct err *e)
{
    size_t at = 0;
    struct certificate found = {.key = {.algorithm = -1}};
    if (text.n > MAX_TEXT)
        return err_set(e, ERR_INVALID, "certificate: longer than %d bytes", MAX_TEXT);
    if (str_find(text, STR("PRIVATE KEY-----"), &at))
        return err_set(e, ERR_INVALID,
                       "certificate: there is a private key in it; send the certificate alone and "
                       "take the key for known to others");
    AUTO(cert_freep) X509 *c = parse(text);
    ERR_clear_error();
    if (c == NULL)
        return err_set(e, ERR_INVALID,
                       "certificate: an X.509 certificate in PEM, or Base64 of its DER form, is "
                       "expected");
    found.key.key = X509_get_pubkey(c);
    if (found.key.key != NULL)
        arena_defer(a, free_key, found.key.key);
    if (found.key.key == NULL || !read_texts(a, c, &found)) {
        ERR_clear_error();
        return err_set(e, ERR_INVALID, "certificate: its key or its times can't be read");
    }
    if (!jwt_key_is_usable(&found.key))
        return err_set(e, ERR_INVALID,
                       "certificate: a key of RSA with 2048 to 8192 bits, or of EC P-256, is "
                       "expected");
    *out = found;
    return true;
}
