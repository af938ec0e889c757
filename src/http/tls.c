/* The TLS files of a data directory: a local CA (EC P-256, ten years) and a server certificate
 * signed by it (397 days, the longest that common clients take), renewed when fewer than 30 days
 * are left. Or the operator's own pair. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "http/http.h"

enum { CA_DAYS = 3652, SERVER_DAYS = 397, RENEW_DAYS = 30, MAX_PEM = 256 * 1024 };
#define SECONDS_PER_DAY 86400L

static void key_freep(EVP_PKEY **k)
{
    EVP_PKEY_free(*k);
}

static void cert_freep(X509 **c)
{
    X509_free(*c);
}

static void bio_freep(BIO **b)
{
    BIO_free_all(*b);
}

static bool crypto_err(struct err *e, const char *what)
{
    char text[200] = "unknown reason";
    unsigned long code = ERR_get_error();
    if (code != 0)
        ERR_error_string_n(code, text, sizeof(text));
    ERR_clear_error();
    return err_set(e, ERR_INTERNAL, "%s: %s", what, text);
}

static bool path_in(const char *dir, const char *name, char *out, size_t n, struct err *e)
{
    int len = snprintf(out, n, "%s/%s", dir, name);
    return (len > 0 && (size_t)len < n) ||
           err_set(e, ERR_INVALID, "path too long: %s/%s", dir, name);
}

/* out: of MAX_PEM bytes. */
static bool read_text(const char *path, struct sbuf *out, struct err *e)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return err_errno(e, "cannot read", path);
    ssize_t got = 0;
    size_t n = 0;
    sbuf_clear(out);
    char *room = sbuf_extend(out, MAX_PEM); /* all at once: growing leaves a key's text behind */
    CHECK(room != NULL);
    while (n < MAX_PEM && (got = read(fd, room + n, MAX_PEM - n)) > 0)
        n += (size_t)got;
    close(fd);
    out->n = n;
    if (got < 0)
        return err_errno(e, "cannot read", path);
    return n < MAX_PEM || err_set(e, ERR_LIMIT, "%s is larger than %d bytes", path, MAX_PEM - 1);
}

/* Written beside and renamed, so that a crash leaves the old file or the new one. */
static bool write_text(const char *path, mode_t mode, struct str text, struct err *e)
{
    char tmp[4096];
    int len = snprintf(tmp, sizeof(tmp), "%s.new", path);
    if (len < 0 || (size_t)len >= sizeof(tmp))
        return err_set(e, ERR_INVALID, "path too long: %s", path);
    (void)unlink(tmp);
    int fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0)
        return err_errno(e, "cannot write", tmp);
    bool ok = write(fd, text.p, text.n) == (ssize_t)text.n && fsync(fd) == 0;
    ok = close(fd) == 0 && ok;
    if (!ok || rename(tmp, path) != 0)
        return err_errno(e, "cannot write", path);
    return true;
}

static bool write_bio(const char *path, mode_t mode, BIO *b, struct err *e)
{
    char *p = NULL;
    long n = BIO_get_mem_data(b, &p);
    return write_text(path, mode, (struct str){p, (size_t)n}, e);
}

static bool write_key(const char *path, EVP_PKEY *k, struct err *e)
{
    AUTO(bio_freep) BIO *b = BIO_new(BIO_s_mem());
    if (b == NULL || PEM_write_bio_PrivateKey(b, k, NULL, NULL, 0, NULL, NULL) != 1)
        return crypto_err(e, "cannot write a private key");
    return write_bio(path, 0600, b, e);
}

static EVP_PKEY *parse_key(struct str pem)
{
    AUTO(bio_freep) BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
    return b == NULL ? NULL : PEM_read_bio_PrivateKey(b, NULL, NULL, NULL);
}

static X509 *parse_cert(struct str pem)
{
    AUTO(bio_freep) BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
    return b == NULL ? NULL : PEM_read_bio_X509(b, NULL, NULL, NULL);
}

static bool add_ext(X509 *c, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, c, NULL, NULL, 0);
    X509_EXTENSION *x = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    bool ok = x != NULL && X509_add_ext(c, x, -1) == 1;
    X509_EXTENSION_free(x);
    return ok;
}

/* Serial, times, subject and key; not yet extensions and signature. */
static X509 *cert_base(EVP_PKEY *key, const char *cn, long days)
{
    X509 *c = X509_new();
    BIGNUM *serial = BN_new();
    bool ok = c != NULL && serial != NULL &&
              BN_rand(serial, 127, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
              BN_to_ASN1_INTEGER(serial, X509_get_serialNumber(c)) != NULL &&
              X509_set_version(c, 2) == 1 &&
              X509_gmtime_adj(X509_getm_notBefore(c), -3600) != NULL &&
              X509_gmtime_adj(X509_getm_notAfter(c), days * SECONDS_PER_DAY) != NULL &&
              X509_set_pubkey(c, key) == 1 &&
              X509_NAME_add_entry_by_txt(X509_get_subject_name(c), "CN", MBSTRING_UTF8,
                                         (const unsigned char *)cn, -1, -1, 0) == 1;
    BN_free(serial);
    if (ok)
        return c;
    X509_free(c);
    return NULL;
}

static bool write_cert(const char *path, X509 *c, X509 *chain, struct err *e)
{
    AUTO(bio_freep) BIO *b = BIO_new(BIO_s_mem());
    if (b == NULL || PEM_write_bio_X509(b, c) != 1 ||
        (chain != NULL && PEM_write_bio_X509(b, chain) != 1))
        return crypto_err(e, "cannot write a certificate");
    return write_bio(path, 0644, b, e);
}

static bool make_ca(const char *key_path, const char *cert_path, struct err *e)
{
    AUTO(key_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    if (key == NULL)
        return crypto_err(e, "cannot make a CA key");
    char host[128] = "localhost";
    (void)gethostname(host, sizeof(host) - 1);
    char cn[64];
    (void)snprintf(cn, sizeof(cn), "Vedette local CA %.40s", host);
    AUTO(cert_freep) X509 *c = cert_base(key, cn, CA_DAYS);
    if (c == NULL || X509_set_issuer_name(c, X509_get_subject_name(c)) != 1 ||
        !add_ext(c, c, NID_basic_constraints, "critical,CA:TRUE,pathlen:0") ||
        !add_ext(c, c, NID_key_usage, "critical,keyCertSign,cRLSign") ||
        !add_ext(c, c, NID_subject_key_identifier, "hash") || X509_sign(c, key, EVP_sha256()) == 0)
        return crypto_err(e, "cannot make the CA certificate");
    return write_key(key_path, key, e) && write_cert(cert_path, c, NULL, e);
}

struct names {
    char host[256];
    const char *extra;
};

static bool is_address(const char *name)
{
    ASN1_OCTET_STRING *ip = a2i_IPADDRESS(name);
    ASN1_OCTET_STRING_free(ip);
    return ip != NULL;
}

static void alt_names(const struct names *n, struct sbuf *out)
{
    sbuf_addz(out, "DNS:localhost,IP:127.0.0.1,IP:::1");
    if (n->host[0] != '\0' && strcmp(n->host, "localhost") != 0)
        sbuf_addf(out, ",DNS:%s", n->host);
    if (n->extra != NULL && n->extra[0] != '\0')
        sbuf_addf(out, ",%s:%s", is_address(n->extra) ? "IP" : "DNS", n->extra);
}

static bool name_is_plain(const char *s)
{
    for (; *s != '\0'; s++) {
        bool ok = (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                  (*s >= '0' && *s <= '9') || *s == '.' || *s == '-' || *s == ':' || *s == '_' ||
                  *s == '*';
        if (!ok)
            return false;
    }
    return true;
}

static bool make_server(const struct names *names, X509 *ca, EVP_PKEY *ca_key, const char *key_path,
                        const char *cert_path, struct err *e)
{
    AUTO(sbuf_fini) struct sbuf san = sbuf_make(2048);
    alt_names(names, &san);
    sbuf_addc(&san, '\0');
    AUTO(key_freep) EVP_PKEY *key = EVP_EC_gen("P-256");
    if (key == NULL)
        return crypto_err(e, "cannot make a server key");
    AUTO(cert_freep) X509 *c = cert_base(key, "localhost", SERVER_DAYS);
    if (c == NULL || X509_set_issuer_name(c, X509_get_subject_name(ca)) != 1 ||
        !add_ext(c, ca, NID_basic_constraints, "critical,CA:FALSE") ||
        !add_ext(c, ca, NID_key_usage, "critical,digitalSignature") ||
        !add_ext(c, ca, NID_ext_key_usage, "serverAuth") ||
        !add_ext(c, ca, NID_subject_alt_name, sbuf_str(&san).p) ||
        !add_ext(c, ca, NID_subject_key_identifier, "hash") ||
        !add_ext(c, ca, NID_authority_key_identifier, "keyid:always") ||
        X509_sign(c, ca_key, EVP_sha256()) == 0)
        return crypto_err(e, "cannot make the server certificate");
    return write_key(key_path, key, e) && write_cert(cert_path, c, ca, e);
}

static bool has_name(X509 *c, const char *name)
{
    if (name == NULL || name[0] == '\0')
        return true;
    if (is_address(name))
        return X509_check_ip_asc(c, name, 0) == 1;
    return X509_check_host(c, name, 0, 0, NULL) == 1;
}

static bool days_left(X509 *c, int *out)
{
    int seconds = 0;
    return ASN1_TIME_diff(out, &seconds, NULL, X509_get0_notAfter(c)) == 1;
}

/* Is the certificate on disk still the one to use: readable, ours, long enough, with all names. */
static bool still_good(const struct names *names, X509 *ca, struct str cert_pem, struct str key_pem)
{
    AUTO(cert_freep) X509 *c = parse_cert(cert_pem);
    AUTO(key_freep) EVP_PKEY *k = parse_key(key_pem);
    int days = 0;
    bool good = c != NULL && k != NULL && X509_check_private_key(c, k) == 1 &&
                X509_verify(c, X509_get0_pubkey(ca)) == 1 && days_left(c, &days) &&
                days >= RENEW_DAYS && has_name(c, names->host) && has_name(c, names->extra);
    ERR_clear_error();
    return good;
}

static bool load_own(const struct http_tls_files *f, struct sbuf *cert_pem, struct sbuf *key_pem,
                     struct err *e)
{
    if (f->cert_file == NULL || f->key_file == NULL)
        return err_set(
            e, ERR_INVALID,
            "a certificate and a key must be given together (tls.cert_file, tls.key_file)");
    if (!read_text(f->cert_file, cert_pem, e) || !read_text(f->key_file, key_pem, e))
        return false;
    AUTO(cert_freep) X509 *c = parse_cert(sbuf_str(cert_pem));
    AUTO(key_freep) EVP_PKEY *k = parse_key(sbuf_str(key_pem));
    ERR_clear_error();
    if (c == NULL)
        return err_set(e, ERR_INVALID, "%s holds no PEM certificate", f->cert_file);
    if (k == NULL)
        return err_set(e, ERR_INVALID, "%s holds no PEM private key without a password",
                       f->key_file);
    if (X509_check_private_key(c, k) != 1)
        return err_set(e, ERR_INVALID, "the key in %s does not belong to the certificate in %s",
                       f->key_file, f->cert_file);
    int days = 0;
    if (!days_left(c, &days) || days < 0)
        return err_set(e, ERR_INVALID, "the certificate in %s has expired", f->cert_file);
    return true;
}

struct tls_paths {
    char ca_key[4096], ca[4096], key[4096], cert[4096];
};

static bool fill_paths(const char *dir, struct tls_paths *p, struct err *e)
{
    return path_in(dir, "ca-key.pem", p->ca_key, sizeof(p->ca_key), e) &&
           path_in(dir, "ca.pem", p->ca, sizeof(p->ca), e) &&
           path_in(dir, "server-key.pem", p->key, sizeof(p->key), e) &&
           path_in(dir, "server.pem", p->cert, sizeof(p->cert), e);
}

static bool renew(const struct names *names, const struct tls_paths *p, X509 *ca, struct err *e)
{
    AUTO(sbuf_wipe) struct sbuf pem = sbuf_make(MAX_PEM);
    if (!read_text(p->ca_key, &pem, e))
        return false;
    AUTO(key_freep) EVP_PKEY *ca_key = parse_key(sbuf_str(&pem));
    if (ca_key == NULL || X509_check_private_key(ca, ca_key) != 1) {
        ERR_clear_error();
        return err_set(e, ERR_INVALID,
                       "%s does not belong to %s; delete both to make a new local CA", p->ca_key,
                       p->ca);
    }
    return make_server(names, ca, ca_key, p->key, p->cert, e);
}

static bool load_local(const struct http_tls_files *f, struct sbuf *cert_pem, struct sbuf *key_pem,
                       bool *renewed, struct err *e)
{
    struct tls_paths p;
    struct names names = {.extra = f->extra_name};
    if (!fill_paths(f->dir, &p, e))
        return false;
    if (mkdir(f->dir, 0700) != 0 && errno != EEXIST)
        return err_errno(e, "cannot make", f->dir);
    if (gethostname(names.host, sizeof(names.host) - 1) != 0 || !name_is_plain(names.host))
        names.host[0] = '\0';
    if (names.extra != NULL && !name_is_plain(names.extra))
        return err_set(e, ERR_INVALID, "'%s' is not a host name or an address", names.extra);
    if (access(p.ca, F_OK) != 0 && !make_ca(p.ca_key, p.ca, e))
        return false;
    if (!read_text(p.ca, cert_pem, e))
        return false;
    AUTO(cert_freep) X509 *ca = parse_cert(sbuf_str(cert_pem));
    if (ca == NULL)
        return err_set(e, ERR_INVALID, "%s holds no PEM certificate", p.ca);
    if (access(p.cert, F_OK) == 0 && access(p.key, F_OK) == 0 && read_text(p.cert, cert_pem, e) &&
        read_text(p.key, key_pem, e) &&
        still_good(&names, ca, sbuf_str(cert_pem), sbuf_str(key_pem)))
        return true;
    *renewed = true;
    return renew(&names, &p, ca, e) && read_text(p.cert, cert_pem, e) &&
           read_text(p.key, key_pem, e);
}

bool http_tls_load(const struct http_tls_files *f, struct sbuf *cert_pem, struct sbuf *key_pem,
                   bool *renewed, struct err *e)
{
    *renewed = false;
    *cert_pem = sbuf_make(MAX_PEM);
    *key_pem = sbuf_make(MAX_PEM);
    bool ok = f->cert_file != NULL || f->key_file != NULL
                  ? load_own(f, cert_pem, key_pem, e)
                  : load_local(f, cert_pem, key_pem, renewed, e);
    if (!ok) {
        sbuf_fini(cert_pem);
        sbuf_wipe(key_pem);
    }
    return ok;
}
