/* AWS Signature Version 4 in a header. */
#include "s3/s3_priv.h"
#include "text/date.h"
#include <sodium.h>
#include <stdio.h>

enum { HASH = crypto_hash_sha256_BYTES };

static void hex(const unsigned char *bytes, char out[S3_HASH_HEX])
{
    (void)sodium_bin2hex(out, S3_HASH_HEX, bytes, HASH);
}

void s3_hash_hex(struct str bytes, char out[S3_HASH_HEX])
{
    unsigned char raw[HASH];
    CHECK(crypto_hash_sha256(raw, (const unsigned char *)bytes.p, bytes.n) == 0);
    hex(raw, out);
}

void s3_time(int64_t ticks, char out[S3_TIME_BYTES])
{
    struct civil c = civil_from_ticks(ticks);
    snprintf(out, S3_TIME_BYTES, "%04u%02u%02uT%02u%02u%02uZ", (unsigned)c.year % 10000,
             (unsigned)c.month % 100, (unsigned)c.day % 100, (unsigned)c.hour % 100,
             (unsigned)c.minute % 100, (unsigned)c.second % 100);
}

void s3_encode(struct sbuf *b, struct str s, bool keep_slash)
{
    for (size_t i = 0; i < s.n; i++) {
        unsigned char c = (unsigned char)s.p[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     c == '-' || c == '.' || c == '_' || c == '~' || (keep_slash && c == '/');
        if (plain)
            sbuf_addc(b, (char)c);
        else
            sbuf_addf(b, "%%%02X", c);
    }
}

void s3_query_text(struct sbuf *b, const struct s3_pair *query, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sbuf_addz(b, i > 0 ? "&" : "");
        s3_encode(b, str_from(query[i].name), false);
        sbuf_addc(b, '=');
        s3_encode(b, query[i].value, false);
    }
}

static void add_names(struct sbuf *b, const struct s3_signing *q)
{
    for (size_t i = 0; i < q->n_headers; i++) {
        sbuf_addz(b, i > 0 ? ";" : "");
        sbuf_addz(b, q->headers[i].name);
    }
}

static void canonical(const struct s3_signing *q, struct sbuf *b)
{
    sbuf_addf(b, "%s\n%s\n", q->method, q->path);
    s3_query_text(b, q->query, q->n_query);
    sbuf_addc(b, '\n');
    for (size_t i = 0; i < q->n_headers; i++) {
        struct str v = str_trim(q->headers[i].value);
        sbuf_addf(b, "%s:%.*s\n", q->headers[i].name, STR_ARG(v));
    }
    sbuf_addc(b, '\n');
    add_names(b, q);
    sbuf_addf(b, "\n%s", q->payload);
}

static void mac(const unsigned char *key, size_t n_key, struct str text, unsigned char out[HASH])
{
    crypto_auth_hmacsha256_state st;
    CHECK(crypto_auth_hmacsha256_init(&st, key, n_key) == 0);
    CHECK(crypto_auth_hmacsha256_update(&st, (const unsigned char *)text.p, text.n) == 0);
    CHECK(crypto_auth_hmacsha256_final(&st, out) == 0);
    sodium_memzero(&st, sizeof(st));
}

/* HMAC(HMAC(HMAC(HMAC("AWS4" secret, date), region), "s3"), "aws4_request") */
static void signing_key(const struct s3_signing *q, unsigned char key[HASH])
{
    AUTO(sbuf_fini) struct sbuf first = sbuf_make(0);
    struct str steps[] = {{q->time, 8}, str_from(q->region), STR("s3"), STR("aws4_request")};
    sbuf_addz(&first, "AWS4");
    sbuf_add(&first, q->secret_key);
    mac((const unsigned char *)sbuf_str(&first).p, first.n, steps[0], key);
    sodium_memzero(first.p, first.n);
    for (size_t i = 1; i < COUNTOF(steps); i++) {
        unsigned char next[HASH];
        mac(key, HASH, steps[i], next);
        memcpy(key, next, HASH);
    }
}

void s3_authorization(const struct s3_signing *q, struct sbuf *out)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    AUTO(sbuf_fini) struct sbuf to_sign = sbuf_make(0);
    unsigned char key[HASH], raw[HASH];
    char text[S3_HASH_HEX];
    canonical(q, &b);
    s3_hash_hex(sbuf_str(&b), text);
    sbuf_addf(&to_sign, "AWS4-HMAC-SHA256\n%s\n%.8s/%s/s3/aws4_request\n%s", q->time, q->time,
              q->region, text);
    signing_key(q, key);
    mac(key, HASH, sbuf_str(&to_sign), raw);
    hex(raw, text);
    sbuf_addf(out, "AWS4-HMAC-SHA256 Credential=%.*s/%.8s/%s/s3/aws4_request,SignedHeaders=",
              STR_ARG(q->access_key), q->time, q->region);
    add_names(out, q);
    sbuf_addf(out, ",Signature=%s", text);
    sodium_memzero(key, sizeof(key));
}
