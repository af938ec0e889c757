/* Bytes of a connection. Sockets are non-blocking; a TLS handshake happens inside of reads. */
#include <errno.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>

#include "net/net_priv.h"

struct net_tls {
    SSL_CTX *ctx;
};
struct net_stream {
    int fd;
    SSL *ssl;
};

static bool tls_fail(struct err *e, const char *what)
{
    char text[200] = "unknown reason";
    unsigned long code = ERR_get_error();
    if (code != 0)
        ERR_error_string_n(code, text, sizeof(text));
    ERR_clear_error();
    return err_set(e, ERR_INVALID, "%s: %s", what, text);
}

static void bio_freep(BIO **b)
{
    BIO_free_all(*b);
}

static bool use_chain(SSL_CTX *ctx, struct str pem, struct err *e)
{
    AUTO(bio_freep) BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509 *leaf = b != NULL ? PEM_read_bio_X509(b, NULL, NULL, NULL) : NULL;
    bool ok = leaf != NULL && SSL_CTX_use_certificate(ctx, leaf) == 1;
    X509_free(leaf);
    if (!ok)
        return tls_fail(e, "the certificate cannot be used");
    X509 *more;
    while ((more = PEM_read_bio_X509(b, NULL, NULL, NULL)) != NULL)
        if (SSL_CTX_add0_chain_cert(ctx, more) != 1) {
            X509_free(more);
            return tls_fail(e, "the certificate's chain cannot be used");
        }
    ERR_clear_error(); /* the end of the text is an error to it */
    return true;
}

static bool use_key(SSL_CTX *ctx, struct str pem, struct err *e)
{
    AUTO(bio_freep) BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
    EVP_PKEY *k = b != NULL ? PEM_read_bio_PrivateKey(b, NULL, NULL, NULL) : NULL;
    bool ok = k != NULL && SSL_CTX_use_PrivateKey(ctx, k) == 1 && SSL_CTX_check_private_key(ctx);
    EVP_PKEY_free(k);
    return ok || tls_fail(e, "the private key cannot be used");
}

static bool demand_certificates(SSL_CTX *ctx, struct str pem, struct err *e)
{
    AUTO(bio_freep) BIO *b = BIO_new_mem_buf(pem.p, (int)pem.n);
    X509_STORE *known = SSL_CTX_get_cert_store(ctx);
    size_t n = 0;
    X509 *ca;
    while (b != NULL && (ca = PEM_read_bio_X509(b, NULL, NULL, NULL)) != NULL) {
        n += X509_STORE_add_cert(known, ca) == 1 && SSL_CTX_add_client_CA(ctx, ca) == 1;
        X509_free(ca);
    }
    if (n == 0)
        return tls_fail(e, "there is no PEM certificate of a CA for senders");
    ERR_clear_error();
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
    return true;
}

struct net_tls *net_tls_new(const struct net_options *o, struct err *e)
{
    struct net_tls *t = xcalloc(1, sizeof(*t));
    t->ctx = SSL_CTX_new(TLS_server_method());
    bool ok = t->ctx != NULL || tls_fail(e, "TLS cannot be set up");
    ok = ok && (SSL_CTX_set_min_proto_version(t->ctx, TLS1_2_VERSION) == 1 ||
                tls_fail(e, "TLS 1.2 cannot be demanded"));
    ok = ok && use_chain(t->ctx, o->cert_pem, e) && use_key(t->ctx, o->key_pem, e);
    if (ok && o->client_ca_pem.n > 0)
        ok = demand_certificates(t->ctx, o->client_ca_pem, e);
    if (ok)
        return t;
    net_tls_free(t);
    return NULL;
}

void net_tls_free(struct net_tls *t)
{
    if (t == NULL)
        return;
    SSL_CTX_free(t->ctx);
    xfree(t);
}

struct net_stream *net_stream_new(int fd, struct net_tls *t)
{
    struct net_stream *s = xcalloc(1, sizeof(*s));
    s->fd = fd;
    if (t == NULL)
        return s;
    s->ssl = SSL_new(t->ctx);
    if (s->ssl == NULL || SSL_set_fd(s->ssl, fd) != 1) {
        ERR_clear_error();
        net_stream_free(s);
        return NULL;
    }
    SSL_set_accept_state(s->ssl);
    return s;
}

void net_stream_free(struct net_stream *s)
{
    if (s == NULL)
        return;
    if (s->ssl != NULL) {
        if (!SSL_in_init(s->ssl))
            (void)SSL_shutdown(s->ssl);
        SSL_free(s->ssl);
        ERR_clear_error();
    }
    close(s->fd);
    xfree(s);
}

static enum net_read read_tls(struct net_stream *s, char *buf, size_t n, size_t *out_n)
{
    ERR_clear_error();
    int got = SSL_read_ex(s->ssl, buf, n, out_n);
    if (got == 1)
        return NET_READ_SOME;
    int why = SSL_get_error(s->ssl, got);
    ERR_clear_error();
    switch (why) {
    case SSL_ERROR_WANT_READ:
        return NET_READ_WAIT;
    case SSL_ERROR_WANT_WRITE:
        return NET_READ_WAIT_WRITE;
    case SSL_ERROR_ZERO_RETURN:
        return NET_READ_END;
    default:
        return NET_READ_BROKEN;
    }
}

enum net_read net_stream_read(struct net_stream *s, char *buf, size_t n, size_t *out_n)
{
    *out_n = 0;
    if (s->ssl != NULL)
        return read_tls(s, buf, n, out_n);
    ssize_t got = read(s->fd, buf, n);
    if (got > 0) {
        *out_n = (size_t)got;
        return NET_READ_SOME;
    }
    if (got == 0)
        return NET_READ_END;
    return errno == EAGAIN || errno == EINTR ? NET_READ_WAIT : NET_READ_BROKEN;
}

bool net_stream_handshaking(const struct net_stream *s)
{
    return s->ssl != NULL && SSL_in_init(s->ssl);
}

int net_stream_fd(const struct net_stream *s)
{
    return s->fd;
}
