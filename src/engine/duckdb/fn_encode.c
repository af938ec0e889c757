/* Base64, URLs, byte sizes, packed and Punycode texts. */
#include <math.h>
#include <stdio.h>

#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/base64.h"
#include "text/deflate.h"
#include "text/json.h"
#include "text/punycode.h"

/* ---- Base64 ---- */
/* Unlike base64_decode, Kusto wants the padding. */
static bool decode(struct str text, struct sbuf *out)
{
    return text.n % 4 == 0 && base64_decode(BASE64_STD, text, out);
}

/* Not Base64, or not UTF-8 inside: ''. */
static void fn_b64_decode(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    size_t bad;
    if (decode(cf_str(c, 0, r), b) && utf8_valid(sbuf_str(b), &bad))
        cf_out_str(c, r, sbuf_str(b));
}

static void fn_b64_bytes(struct cf_call *c, size_t r)
{
    AUTO(sbuf_fini) struct sbuf raw = sbuf_make((size_t)64 << 20);
    struct sbuf *b = cf_buf(c);
    if (!decode(cf_str(c, 0, r), &raw))
        return;
    struct str s = sbuf_str(&raw);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (size_t i = 0; i < s.n; i++)
        json_int(&w, (unsigned char)s.p[i]);
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_b64_from_array(struct cf_call *c, size_t r)
{
    AUTO(sbuf_fini) struct sbuf raw = sbuf_make((size_t)64 << 20);
    struct str array = cf_str(c, 0, r), item;
    if (js_type(array) != JS_ARRAY)
        return;
    struct js_iter it = js_begin(array);
    while (js_next(&it, NULL, &item)) {
        bool is_int;
        int64_t i;
        double d;
        if (!js_number(item, &is_int, &i, &d) || !is_int || i < 0 || i > 255)
            return;
        sbuf_addc(&raw, (char)i);
    }
    struct sbuf *b = cf_buf(c);
    base64_encode(BASE64_STD, sbuf_str(&raw), b);
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- GUIDs: the first three groups have their lowest byte first ---- */
enum { GUID_BYTES = 16 };
static const unsigned char guid_order[GUID_BYTES] = {3, 2, 1,  0,  5,  4,  7,  6,
                                                     8, 9, 10, 11, 12, 13, 14, 15};

static void fn_b64_from_guid(struct cf_call *c, size_t r)
{
    duckdb_hugeint v = cf_i128(c, 0, r);
    uint64_t upper = (uint64_t)v.upper ^ ((uint64_t)1 << 63);
    char bytes[GUID_BYTES];
    for (size_t i = 0; i < GUID_BYTES; i++) {
        unsigned at = guid_order[i];
        bytes[i] = (char)((at < 8 ? upper >> (56 - 8 * at) : v.lower >> (120 - 8 * at)) & 255);
    }
    struct sbuf *b = cf_buf(c);
    base64_encode(BASE64_STD, (struct str){bytes, GUID_BYTES}, b);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_b64_guid(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    uint64_t half[2] = {0, 0};
    if (!decode(cf_str(c, 0, r), b) || b->n != GUID_BYTES)
        return;
    for (size_t i = 0; i < GUID_BYTES; i++) {
        unsigned at = guid_order[i];
        half[at / 8] |= (uint64_t)(unsigned char)b->p[i] << (56 - 8 * (at % 8));
    }
    cf_out_i128(
        c, r,
        (duckdb_hugeint){.lower = half[1], .upper = (int64_t)(half[0] ^ ((uint64_t)1 << 63))});
}

/* ---- packed texts ---- */
enum { UNPACKED_MAX = 32 << 20 }; /* of one value: a small text can unpack to a thousand times it */

static void pack(struct cf_call *c, size_t r, enum deflate_kind kind)
{
    AUTO(sbuf_fini) struct sbuf raw = sbuf_make((size_t)256 << 20);
    struct sbuf *b = cf_buf(c);
    deflate_bytes(kind, cf_str(c, 0, r), &raw);
    base64_encode(BASE64_STD, sbuf_str(&raw), b);
    if (sbuf_ok(&raw) && sbuf_ok(b))
        cf_out_str(c, r, sbuf_str(b));
}

static void unpack(struct cf_call *c, size_t r, enum deflate_kind kind)
{
    AUTO(sbuf_fini) struct sbuf raw = sbuf_make(UNPACKED_MAX);
    struct sbuf *b = cf_buf(c);
    size_t bad;
    if (decode(cf_str(c, 0, r), b) && inflate_bytes(kind, sbuf_str(b), &raw) &&
        utf8_valid(sbuf_str(&raw), &bad))
        cf_out_str(c, r, sbuf_str(&raw));
}

static void fn_pack_gzip(struct cf_call *c, size_t r)
{
    pack(c, r, DEFLATE_GZIP);
}

static void fn_pack_zlib(struct cf_call *c, size_t r)
{
    pack(c, r, DEFLATE_ZLIB);
}

static void fn_unpack_gzip(struct cf_call *c, size_t r)
{
    unpack(c, r, DEFLATE_GZIP);
}

static void fn_unpack_zlib(struct cf_call *c, size_t r)
{
    unpack(c, r, DEFLATE_ZLIB);
}

/* ---- Punycode ---- */
static void recode(struct cf_call *c, size_t r, bool (*fn)(struct str, struct sbuf *))
{
    struct sbuf *b = cf_buf(c);
    if (fn(cf_str(c, 0, r), b))
        cf_out_str(c, r, sbuf_str(b));
}

static void fn_punycode_encode(struct cf_call *c, size_t r)
{
    recode(c, r, punycode_encode);
}

static void fn_punycode_decode(struct cf_call *c, size_t r)
{
    recode(c, r, punycode_decode);
}

static void fn_punycode_encode_host(struct cf_call *c, size_t r)
{
    recode(c, r, punycode_encode_host);
}

static void fn_punycode_decode_host(struct cf_call *c, size_t r)
{
    recode(c, r, punycode_decode_host);
}

/* ---- URLs ---- */
static void url_encode(struct cf_call *c, size_t r, const char *kept, const char *blank)
{
    struct str s = cf_str(c, 0, r);
    struct sbuf *b = cf_buf(c);
    for (size_t i = 0; i < s.n; i++) {
        unsigned char k = (unsigned char)s.p[i];
        bool plain = (k >= '0' && k <= '9') || ((k | 32) >= 'a' && (k | 32) <= 'z') ||
                     (k && strchr(kept, k));
        if (plain)
            sbuf_addc(b, (char)k);
        else if (k == ' ')
            sbuf_addz(b, blank);
        else
            sbuf_addf(b, "%%%02x", k);
    }
    cf_out_str(c, r, sbuf_str(b));
}

/* As a form's field: a blank is a plus sign. */
static void fn_url_encode(struct cf_call *c, size_t r)
{
    url_encode(c, r, "-_.!*()", "+");
}

static void fn_url_encode_part(struct cf_call *c, size_t r)
{
    url_encode(c, r, "-_.!*()", "%20");
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
    {.name = "vdf_base64_decode", .sig = "s:s", .row = fn_b64_decode},
    {.name = "vdf_base64_bytes", .sig = "s:j", .row = fn_b64_bytes},
    {.name = "vdf_base64_from_array", .sig = "j:s", .row = fn_b64_from_array},
    {.name = "vdf_base64_from_guid", .sig = "g:s", .row = fn_b64_from_guid},
    {.name = "vdf_base64_guid", .sig = "s:g", .row = fn_b64_guid},
    {.name = "vdf_pack_gzip", .sig = "s:s", .row = fn_pack_gzip},
    {.name = "vdf_pack_zlib", .sig = "s:s", .row = fn_pack_zlib},
    {.name = "vdf_unpack_gzip", .sig = "s:s", .row = fn_unpack_gzip},
    {.name = "vdf_unpack_zlib", .sig = "s:s", .row = fn_unpack_zlib},
    {.name = "vdf_punycode_encode", .sig = "s:s", .row = fn_punycode_encode},
    {.name = "vdf_punycode_decode", .sig = "s:s", .row = fn_punycode_decode},
    {.name = "vdf_punycode_encode_host", .sig = "s:s", .row = fn_punycode_encode_host},
    {.name = "vdf_punycode_decode_host", .sig = "s:s", .row = fn_punycode_decode_host},
    {.name = "vdf_url_encode", .sig = "s:s", .row = fn_url_encode},
    {.name = "vdf_url_encode_part", .sig = "s:s", .row = fn_url_encode_part},
    {.name = "vdf_url_decode", .sig = "s:s", .row = fn_url_decode},
    {.name = "vdf_format_bytes", .sig = "dls:s", .row = fn_format_bytes},
    {0},
};
