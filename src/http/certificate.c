/* What a server's certificate says, for who looks after it. */
#include <time.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "base/clock.h"
#include "http/http.h"
#include "text/base64.h"

enum { MAX_NAME = 1024 };

static void cert_freep(X509 **c)
{
    X509_free(*c);
}

static void bio_freep(BIO **b)
{
    BIO_free_all(*b);
}

static struct str taken(struct arena *a, BIO *b)
{
    char *p = NULL;
    long n = BIO_get_mem_data(b, &p);
    return str_sub(arena_str(a, (struct str){p, n > 0 ? (size_t)n : 0}), 0, MAX_NAME);
}

static struct str name_text(struct arena *a, const X509_NAME *name)
{
    AUTO(bio_freep) BIO *b = BIO_new(BIO_s_mem());
    return b != NULL && X509_NAME_print_ex(b, name, 0, XN_FLAG_RFC2253) >= 0 ? taken(a, b)
                                                                             : STR("");
}

/* "DNS:localhost, IP Address:127.0.0.1" */
static struct str other_names(struct arena *a, const X509 *c)
{
    AUTO(bio_freep) BIO *b = BIO_new(BIO_s_mem());
    int at = X509_get_ext_by_NID(c, NID_subject_alt_name, -1);
    if (b == NULL || at < 0 || X509V3_EXT_print(b, X509_get_ext(c, at), 0, 0) != 1)
        return STR("");
    return taken(a, b);
}

static bool instant(const ASN1_TIME *t, int64_t *out)
{
    struct tm parts;
    if (ASN1_TIME_to_tm(t, &parts) != 1)
        return false;
    *out = TICKS_UNIX_EPOCH + (int64_t)timegm(&parts) * TICKS_PER_SECOND;
    return true;
}

static struct str fingerprint(struct arena *a, const X509 *c)
{
    unsigned char raw[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    AUTO(sbuf_fini) struct sbuf hex = sbuf_make(4 * EVP_MAX_MD_SIZE);
    if (X509_digest(c, EVP_sha256(), raw, &n) == 1)
        hex_encode((struct str){(const char *)raw, n}, &hex);
    return arena_str(a, sbuf_str(&hex));
}

bool http_certificate_read(struct arena *a, struct str pem, struct http_certificate *out,
                           struct err *e)
{
    AUTO(bio_freep) BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
    AUTO(cert_freep) X509 *c = b == NULL ? NULL : PEM_read_bio_X509(b, NULL, NULL, NULL);
    struct http_certificate found = {0};
    ERR_clear_error();
    if (c == NULL || !instant(X509_get0_notBefore(c), &found.from) ||
        !instant(X509_get0_notAfter(c), &found.until))
        return err_set(e, ERR_INVALID, "there is no PEM certificate that can be read");
    int seconds = 0;
    (void)ASN1_TIME_diff(&found.days_left, &seconds, NULL, X509_get0_notAfter(c));
    found.days_left -= seconds < 0; /* an hour ago is the day before */
    found.subject = name_text(a, X509_get_subject_name(c));
    found.issuer = name_text(a, X509_get_issuer_name(c));
    found.names = other_names(a, c);
    found.sha256 = fingerprint(a, c);
    ERR_clear_error();
    *out = found;
    return true;
}
