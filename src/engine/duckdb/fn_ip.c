/* IPv4 and IPv6. What is not an address gives null (false where Kusto says so). */
#include <stdio.h>

#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/ip.h"
#include "text/json.h"

static bool v4_net(struct str s, struct ip_net *out)
{
    return ip_net_parse(str_trim(s), out) && ip_is_v4(out->base) && out->prefix >= 96;
}

/* "::10.0.0.1" is the IPv4 address, its prefix one of IPv4. */
static bool v6_net(struct str s, struct ip_net *out)
{
    s = str_trim(s);
    struct str rest = str_sub(s, 2, s.n);
    if (str_starts(s, STR("::")) && str_holds(rest, '.') && !str_holds(rest, ':'))
        s = rest;
    return ip_net_parse(s, out);
}

static uint32_t v4_bits(struct ip a)
{
    return (uint32_t)a.b[12] << 24 | (uint32_t)a.b[13] << 16 | (uint32_t)a.b[14] << 8 | a.b[15];
}

/* Compares the first prefix bits; both sides' own prefixes count, too. */
static int compare_bits(struct ip a, struct ip b, unsigned prefix)
{
    for (unsigned i = 0; i < 16; i++) {
        unsigned bits = prefix > i * 8 ? prefix - i * 8 : 0;
        unsigned mask = bits >= 8 ? 0xFF : (0xFF00u >> bits) & 0xFF;
        int d = (int)(a.b[i] & mask) - (int)(b.b[i] & mask);
        if (d)
            return d < 0 ? -1 : 1;
    }
    return 0;
}

static unsigned smallest(unsigned a, unsigned b, unsigned c)
{
    a = a < b ? a : b;
    return a < c ? a : c;
}

static void fn_v4_compare(struct cf_call *c, size_t r)
{
    struct ip_net a, b;
    int64_t p = cf_i64(c, 2, r);
    if (p < 0 || p > 32 || !v4_net(cf_str(c, 0, r), &a) || !v4_net(cf_str(c, 1, r), &b))
        return;
    cf_out_i64(c, r, compare_bits(a.base, b.base, smallest(a.prefix, b.prefix, 96 + (unsigned)p)));
}

static void fn_v6_compare(struct cf_call *c, size_t r)
{
    struct ip_net a, b;
    int64_t p = cf_i64(c, 2, r);
    if (p < 0 || p > 128 || !v6_net(cf_str(c, 0, r), &a) || !v6_net(cf_str(c, 1, r), &b))
        return;
    cf_out_i64(c, r, compare_bits(a.base, b.base, smallest(a.prefix, b.prefix, (unsigned)p)));
}

/* An address, the bits of its own prefix alone, as a number. */
struct v4 {
    uint32_t bits;
    unsigned prefix; /* 0…32 */
};

static uint32_t v4_mask(unsigned prefix)
{
    return prefix == 0 ? 0 : UINT32_MAX << (32 - prefix);
}

static bool v4_read(struct str s, struct v4 *out)
{
    struct ip_net net;
    out->prefix = 32;
    if (ip_parse_v4(s, &out->bits))
        return true;
    if (!v4_net(s, &net))
        return false;
    *out = (struct v4){v4_bits(net.base), net.prefix - 96};
    return true;
}

static bool v4_within(struct v4 a, struct v4 range)
{
    return ((a.bits ^ range.bits) & v4_mask(range.prefix)) == 0;
}

static bool v4_in(struct str address, struct str range, bool *in)
{
    struct v4 a, n;
    if (!v4_read(address, &a) || !v4_read(range, &n))
        return false;
    *in = v4_within(a, n);
    return true;
}

/* A range that is constant is read once; one that is none gives null. */
struct v4_range {
    bool ok;
    struct v4 net;
};

static void *v4_range_new(const struct cf_const *args, size_t n)
{
    if (n < 2 || !args[1].known || args[1].is_null)
        return NULL;
    struct v4_range *k = xcalloc(1, sizeof *k);
    k->ok = v4_read(args[1].text, &k->net);
    return k;
}

static void fn_v4_in_range(struct cf_call *c)
{
    const struct v4_range *k = c->bound;
    bool nulls = cf_nulls_through(c), *out = c->out.data;
    struct v4 a, range = k != NULL ? k->net : (struct v4){0, 0};
    for (size_t r = 0; r < c->n; r++) {
        if (nulls && (cf_null(c, 0, r) || cf_null(c, 1, r)))
            continue;
        if (v4_read(cf_str(c, 0, r), &a) && (k != NULL ? k->ok : v4_read(cf_str(c, 1, r), &range)))
            out[r] = v4_within(a, range);
        else
            cf_out_null(c, r);
    }
}

static void fn_v6_in_range(struct cf_call *c, size_t r)
{
    struct ip_net a, n;
    if (v6_net(cf_str(c, 0, r), &a) && v6_net(cf_str(c, 1, r), &n))
        cf_out_bool(c, r, ip_in_net(a.base, n));
}

/* Ranges are texts or a JSON array of texts. */
static void fn_v4_in_any(struct cf_call *c, size_t r)
{
    struct str address = cf_str(c, 0, r);
    bool in = false, found = false;
    struct ip_net net;
    if (!v4_net(address, &net))
        return;
    for (size_t i = 1; i < c->n_args && !found; i++) {
        struct str v = cf_str(c, i, r), item;
        if (js_type(v) != JS_ARRAY) {
            found = v4_in(address, v, &in) && in;
            continue;
        }
        struct js_iter it = js_begin(v);
        while (!found && js_next(&it, NULL, &item))
            found = v4_in(address, js_decode(cf_arena(c), item), &in) && in;
    }
    cf_out_bool(c, r, found);
}

static void fn_v4_private(struct cf_call *c, size_t r)
{
    static const struct v4 nets[] = {{0x0A000000, 8}, {0xAC100000, 12}, {0xC0A80000, 16}};
    struct v4 a;
    if (!v4_read(cf_str(c, 0, r), &a))
        return;
    bool in = false;
    for (size_t i = 0; i < COUNTOF(nets); i++)
        in = in || (a.prefix >= nets[i].prefix && v4_within(a, nets[i]));
    cf_out_bool(c, r, in);
}

static void fn_v4_suffix(struct cf_call *c, size_t r)
{
    struct ip_net a;
    if (v4_net(cf_str(c, 0, r), &a))
        cf_out_i64(c, r, a.prefix - 96);
}

static void fn_parse_v4(struct cf_call *c, size_t r)
{
    struct v4 a;
    if (v4_read(cf_str(c, 0, r), &a))
        cf_out_i64(c, r, a.bits);
}

/* An address as text or as a number; the prefix cuts host bits. */
static void fn_format_v4(struct cf_call *c, size_t r)
{
    struct ip_net a;
    int64_t n, p = cf_i64(c, 1, r);
    uint32_t bits;
    if (p < 0 || p > 32)
        return;
    if (str_to_i64(cf_str(c, 0, r), &n) && n >= 0 && n <= UINT32_MAX)
        bits = (uint32_t)n;
    else if (v4_net(cf_str(c, 0, r), &a))
        bits = v4_bits(a.base);
    else
        return;
    bits &= p ? UINT32_MAX << (32 - p) : 0;
    char text[20];
    snprintf(text, sizeof(text), "%u.%u.%u.%u", bits >> 24, bits >> 16 & 255, bits >> 8 & 255,
             bits & 255);
    cf_out_str(c, r, str_from(text));
}

static void fn_parse_v4_mask(struct cf_call *c, size_t r)
{
    struct ip_net a;
    int64_t p = cf_i64(c, 1, r);
    if (p >= 0 && p <= 32 && v4_net(cf_str(c, 0, r), &a))
        cf_out_i64(c, r, v4_bits(a.base) & (p ? UINT32_MAX << (32 - p) : 0));
}

/* All eight groups of four digits. */
static void out_v6(struct cf_call *c, size_t r, struct ip a)
{
    struct sbuf *b = cf_buf(c);
    for (size_t i = 0; i < 16; i += 2)
        sbuf_addf(b, "%s%02x%02x", i ? ":" : "", a.b[i], a.b[i + 1]);
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_parse_v6_mask(struct cf_call *c, size_t r)
{
    struct ip_net a;
    int64_t p = cf_i64(c, 1, r);
    if (p < 0 || p > 128 || !v6_net(cf_str(c, 0, r), &a))
        return;
    for (int64_t bit = p; bit < 128; bit++)
        a.base.b[bit / 8] &= (uint8_t) ~(0x80U >> bit % 8);
    out_v6(c, r, a.base);
}

static void fn_parse_v6(struct cf_call *c, size_t r)
{
    struct ip_net a;
    if (v6_net(cf_str(c, 0, r), &a))
        out_v6(c, r, a.base);
}

static void fn_format_mask(struct cf_call *c, size_t r)
{
    struct ip_net a;
    int64_t n, p = cf_i64(c, 1, r);
    struct str text = cf_str(c, 0, r);
    if (p < 0 || p > 32)
        return;
    uint32_t bits = 0;
    if (str_to_i64(text, &n) && n >= 0 && n <= UINT32_MAX) {
        bits = (uint32_t)n;
    } else if (v4_net(text, &a)) {
        bits = v4_bits(a.base);
        p = p < (int64_t)a.prefix - 96 ? p : (int64_t)a.prefix - 96;
    } else {
        return;
    }
    bits &= p ? UINT32_MAX << (32 - p) : 0;
    sbuf_addf(cf_buf(c), "%u.%u.%u.%u/%d", bits >> 24, bits >> 16 & 255, bits >> 8 & 255,
              bits & 255, (int)p);
    cf_out_str(c, r, sbuf_str(&c->buf));
}

static void fn_v6_in_any(struct cf_call *c, size_t r)
{
    struct ip_net a, n;
    bool found = false;
    if (!v6_net(cf_str(c, 0, r), &a))
        return;
    for (size_t i = 1; i < c->n_args && !found; i++) {
        struct str v = cf_str(c, i, r), item = v;
        bool list = js_type(v) == JS_ARRAY;
        struct js_iter it = js_begin(v);
        for (bool more = !list || js_next(&it, NULL, &item); more && !found;
             more = list && js_next(&it, NULL, &item)) {
            struct str one = list ? js_decode(cf_arena(c), item) : item;
            found = v6_net(one, &n) && ip_in_net(a.base, n);
        }
    }
    cf_out_bool(c, r, found);
}

/* ---- addresses inside texts: has_ipv4("… 10.0.0.1 …", "10.0.0.1") ---- */

static bool is_word(char ch)
{
    return (ch >= '0' && ch <= '9') || (ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z');
}

/* The next address in the text that no letter, digit or dot adjoins. */
static bool next_address(struct str text, size_t *at, struct str *out)
{
    while (*at < text.n) {
        size_t from = *at;
        if (text.p[from] < '0' || text.p[from] > '9' || (from > 0 && is_word(text.p[from - 1]))) {
            (*at)++;
            continue;
        }
        size_t to = from;
        while (to < text.n && ((text.p[to] >= '0' && text.p[to] <= '9') || text.p[to] == '.'))
            to++;
        *at = to;
        struct str one = str_sub(text, from, to - from);
        while (one.n > 0 && one.p[one.n - 1] == '.')
            one = str_sub(one, 0, one.n - 1);
        struct ip ip;
        if ((to == text.n || !is_word(text.p[to])) && ip_parse(one, &ip) && ip_is_v4(ip)) {
            *out = one;
            return true;
        }
    }
    return false;
}

/* prefix "192.168." matches by text; an address by itself. */
static bool has_address(struct str text, struct str want, bool prefix)
{
    size_t at = 0;
    struct str one = STR_NONE;
    while (next_address(text, &at, &one))
        if (prefix ? str_starts(one, want) && (want.n == one.n || want.p[want.n - 1] == '.')
                   : str_eq(one, want))
            return true;
    return false;
}

static void has_any(struct cf_call *c, size_t r, bool prefix)
{
    struct str text = cf_str(c, 0, r);
    bool found = false;
    for (size_t i = 1; i < c->n_args && !found; i++) {
        struct str v = cf_str(c, i, r), item = STR_NONE;
        if (js_type(v) != JS_ARRAY) {
            found = v.n > 0 && has_address(text, v, prefix);
            continue;
        }
        struct js_iter it = js_begin(v);
        while (!found && js_next(&it, NULL, &item)) {
            struct str one = js_decode(cf_arena(c), item);
            found = one.n > 0 && has_address(text, one, prefix);
        }
    }
    cf_out_bool(c, r, found);
}

static void fn_has_any(struct cf_call *c, size_t r)
{
    has_any(c, r, false);
}

static void fn_has_any_prefix(struct cf_call *c, size_t r)
{
    has_any(c, r, true);
}

/* The fewest networks that cover all addresses from the first to the last. */
static void fn_v4_range_to_cidr(struct cf_call *c, size_t r)
{
    struct ip_net a, b;
    if (!v4_net(cf_str(c, 0, r), &a) || !v4_net(cf_str(c, 1, r), &b))
        return;
    uint64_t from = v4_bits(a.base), to = v4_bits(b.base);
    struct sbuf *out = cf_buf(c);
    struct json_out w = json_out_make(out);
    if (from > to)
        return;
    json_arr(&w);
    while (from <= to) {
        int size = from == 0 ? 32 : __builtin_ctzll(from);
        size = size > 32 ? 32 : size;
        while (((uint64_t)1 << size) > to - from + 1)
            size--;
        char text[40];
        snprintf(text, sizeof text, "%u.%u.%u.%u/%d", (unsigned)(from >> 24 & 255),
                 (unsigned)(from >> 16 & 255), (unsigned)(from >> 8 & 255), (unsigned)(from & 255),
                 32 - size);
        json_z(&w, text);
        from += (uint64_t)1 << size;
    }
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(out));
}

const struct cf_scalar fn_ip_rows[] = {
    {.name = "vdf_ipv4_range_to_cidr_list", .sig = "ss:j", .row = fn_v4_range_to_cidr},
    {.name = "vdf_format_ipv4_mask", .sig = "sl:s", .row = fn_format_mask},
    {.name = "vdf_ipv6_in_any", .sig = "s*:b", .row = fn_v6_in_any},
    {.name = "vdf_has_ipv4", .sig = "s*:b", .row = fn_has_any},
    {.name = "vdf_has_ipv4_prefix", .sig = "s*:b", .row = fn_has_any_prefix},
    {.name = "vdf_ipv4_compare", .sig = "ssl:l", .row = fn_v4_compare},
    {.name = "vdf_ipv4_in_range",
     .sig = "ss:b",
     .chunk = fn_v4_in_range,
     .prepare = v4_range_new,
     .release = xfree},
    {.name = "vdf_ipv4_in_any", .sig = "s*:b", .row = fn_v4_in_any},
    {.name = "vdf_ipv4_private", .sig = "s:b", .row = fn_v4_private},
    {.name = "vdf_ipv4_suffix", .sig = "s:l", .row = fn_v4_suffix},
    {.name = "vdf_parse_ipv4", .sig = "s:l", .row = fn_parse_v4},
    {.name = "vdf_format_ipv4", .sig = "sl:s", .row = fn_format_v4},
    {.name = "vdf_ipv6_compare", .sig = "ssl:l", .row = fn_v6_compare},
    {.name = "vdf_ipv6_in_range", .sig = "ss:b", .row = fn_v6_in_range},
    {.name = "vdf_parse_ipv4_mask", .sig = "sl:l", .row = fn_parse_v4_mask},
    {.name = "vdf_parse_ipv6_mask", .sig = "sl:s", .row = fn_parse_v6_mask},
    {.name = "vdf_parse_ipv6", .sig = "s:s", .row = fn_parse_v6},
    {0},
};
