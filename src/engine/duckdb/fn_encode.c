/* Hashes, Base64, URLs, byte sizes. */
#include <math.h>
#include <openssl/evp.h>
#include <stdio.h>

#include "engine/duckdb/fn.h"
#include "text/base64.h"
#include "text/json.h"

/* ---- digests ---- */
static void digest(struct cf_call *c, size_t r, const EVP_MD *md)
{
    unsigned char out[EVP_MAX_MD_SIZE];
    unsigned n = 0;
    struct str s = cf_str(c, 0, r);
    struct sbuf *b = cf_buf(c);
    if (EVP_Digest(s.n ? s.p : "", s.n, out, &n, md, NULL) != 1)
        return;
    hex_encode((struct str){(const char *)out, n}, b);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_md5(struct cf_call *c, size_t r)
{
    digest(c, r, EVP_md5());
}

static void fn_sha1(struct cf_call *c, size_t r)
{
    digest(c, r, EVP_sha1());
}

static void fn_sha256(struct cf_call *c, size_t r)
{
    digest(c, r, EVP_sha256());
}

/* ---- xxHash64, seed 0 (the algorithm's specification, version 0.1.1) ---- */
static const uint64_t P1 = 0x9E3779B185EBCA87u, P2 = 0xC2B2AE3D27D4EB4Fu, P3 = 0x165667B19E3779F9u,
                      P4 = 0x85EBCA77C2B2AE63u, P5 = 0x27D4EB2F165667C5u;

static uint64_t rotl(uint64_t x, int n)
{
    return x << n | x >> (64 - n);
}

static uint64_t read64(const char *p)
{
    uint64_t v;
    memcpy(&v, p, 8);
    return v;
}

static uint64_t round64(uint64_t acc, uint64_t lane)
{
    return rotl(acc + lane * P2, 31) * P1;
}

static uint64_t merge(uint64_t acc, uint64_t v)
{
    return (acc ^ round64(0, v)) * P1 + P4;
}

static uint64_t stripes(const char **p, const char *end)
{
    uint64_t a = P1 + P2, b = P2, c = 0, d = 0 - P1;
    while (end - *p >= 32) {
        a = round64(a, read64(*p));
        b = round64(b, read64(*p + 8));
        c = round64(c, read64(*p + 16));
        d = round64(d, read64(*p + 24));
        *p += 32;
    }
    uint64_t h = rotl(a, 1) + rotl(b, 7) + rotl(c, 12) + rotl(d, 18);
    return merge(merge(merge(merge(h, a), b), c), d);
}

static uint64_t xxh64(struct str s)
{
    const char *p = s.p, *end = s.p + s.n;
    uint64_t h = s.n >= 32 ? stripes(&p, end) : P5;
    h += s.n;
    for (; end - p >= 8; p += 8)
        h = rotl(h ^ round64(0, read64(p)), 27) * P1 + P4;
    if (end - p >= 4) {
        uint32_t v;
        memcpy(&v, p, 4);
        h = rotl(h ^ (uint64_t)v * P1, 23) * P2 + P3;
        p += 4;
    }
    for (; p < end; p++)
        h = rotl(h ^ (uint64_t)(unsigned char)*p * P5, 11) * P1;
    h = (h ^ h >> 33) * P2;
    h = (h ^ h >> 29) * P3;
    return h ^ h >> 32;
}

static void fn_hash(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r);
    cf_out_i64(c, r, (int64_t)xxh64(s.n ? s : STR("")));
}

/* ---- Base64 ---- */
static void fn_b64_encode(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    base64_encode(BASE64_STD, cf_str(c, 0, r), b);
    cf_out_str(c, r, sbuf_str(b));
}

/* Not Base64, or not UTF-8 inside: ''. */
static void fn_b64_decode(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    size_t bad;
    if (base64_decode(BASE64_STD, cf_str(c, 0, r), b) && utf8_valid(sbuf_str(b), &bad))
        cf_out_str(c, r, sbuf_str(b));
}

static void fn_b64_bytes(struct cf_call *c, size_t r)
{
    AUTO(sbuf_fini) struct sbuf raw = sbuf_make((size_t)64 << 20);
    struct sbuf *b = cf_buf(c);
    if (!base64_decode(BASE64_STD, cf_str(c, 0, r), &raw))
        return;
    struct str s = sbuf_str(&raw);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (size_t i = 0; i < s.n; i++)
        json_int(&w, (unsigned char)s.p[i]);
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- URLs ---- */
static void fn_url_encode(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r);
    struct sbuf *b = cf_buf(c);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char k = (unsigned char)s.p[i];
        bool plain = (k >= '0' && k <= '9') || ((k | 32) >= 'a' && (k | 32) <= 'z') ||
                     (k && strchr("-_.~", k));
        if (plain)
            sbuf_addc(b, (char)k);
        else
            sbuf_addf(b, "%%%02X", k);
    }
    cf_out_str(c, r, sbuf_str(b));
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 32);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static void fn_url_decode(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r);
    struct sbuf *b = cf_buf(c);
    for (size_t i = 0; i < s.n; i++) {
        int hi = i + 2 < s.n ? hex_digit(s.p[i + 1]) : -1;
        int lo = i + 2 < s.n ? hex_digit(s.p[i + 2]) : -1;
        if (s.p[i] == '%' && hi >= 0 && lo >= 0) {
            sbuf_addc(b, (char)(hi * 16 + lo));
            i += 2;
        } else {
            sbuf_addc(b, s.p[i] == '+' ? ' ' : s.p[i]);
        }
    }
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- format_bytes(size, precision, unit) ---- */
static void fn_format_bytes(struct cf_call *c, size_t r)
{
    static const char *const units[] = {"Bytes", "KB", "MB", "GB", "TB", "PB", "EB"};
    double v = cf_f64(c, 0, r);
    int64_t digits = cf_i64(c, 1, r);
    struct str unit = cf_str(c, 2, r);
    size_t u = 0;
    while (unit.n ? !str_ieqz(unit, units[u]) && u + 1 < COUNTOF(units)
                  : fabs(v) >= 1024 && u + 1 < COUNTOF(units)) {
        v /= 1024;
        u++;
    }
    digits = digits < 0 ? 0 : digits > 10 ? 10 : digits;
    char text[64];
    int n = snprintf(text, sizeof(text), "%.*f", (int)digits, v);
    while (digits && n > 1 && text[n - 1] == '0')
        n--;
    if (n > 1 && text[n - 1] == '.')
        n--;
    struct sbuf *b = cf_buf(c);
    sbuf_addf(b, "%.*s %s", n, text, units[u]);
    cf_out_str(c, r, sbuf_str(b));
}

const struct cf_scalar fn_encode_rows[] = {
    {.name = "vdf_md5", .sig = "s:s", .row = fn_md5},
    {.name = "vdf_sha1", .sig = "s:s", .row = fn_sha1},
    {.name = "vdf_sha256", .sig = "s:s", .row = fn_sha256},
    {.name = "vdf_hash", .sig = "s:l", .row = fn_hash},
    {.name = "vdf_base64_encode", .sig = "s:s", .row = fn_b64_encode},
    {.name = "vdf_base64_decode", .sig = "s:s", .row = fn_b64_decode},
    {.name = "vdf_base64_bytes", .sig = "s:j", .row = fn_b64_bytes},
    {.name = "vdf_url_encode", .sig = "s:s", .row = fn_url_encode},
    {.name = "vdf_url_decode", .sig = "s:s", .row = fn_url_decode},
    {.name = "vdf_format_bytes", .sig = "dls:s", .row = fn_format_bytes},
    {0},
};
