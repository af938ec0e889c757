/* Hashes: xxHash64 as long. */
#include "engine/duckdb/fn.h"

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

/* What is not text is hashed as Kusto holds it: eight bytes, the lowest first; a bool one. */
static uint64_t hash_i64(int64_t v)
{
    char bytes[8];
    memcpy(bytes, &v, sizeof(bytes));
    return xxh64((struct str){bytes, sizeof(bytes)});
}

static void fn_hash_text(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r);
    cf_out_i64(c, r, (int64_t)xxh64(s.n ? s : STR("")));
}

static void fn_hash_long(struct cf_call *c, size_t r)
{
    cf_out_i64(c, r, (int64_t)hash_i64(cf_i64(c, 0, r)));
}

static void fn_hash_int(struct cf_call *c, size_t r)
{
    cf_out_i64(c, r, (int64_t)hash_i64(cf_i32(c, 0, r)));
}

static void fn_hash_real(struct cf_call *c, size_t r)
{
    double d = cf_f64(c, 0, r);
    int64_t v;
    memcpy(&v, &d, sizeof(v));
    cf_out_i64(c, r, (int64_t)hash_i64(v));
}

static void fn_hash_bool(struct cf_call *c, size_t r)
{
    const char byte = (char)cf_bool(c, 0, r);
    cf_out_i64(c, r, (int64_t)xxh64((struct str){&byte, 1}));
}

/* A GUID or a decimal. */
static void fn_hash_i128(struct cf_call *c, size_t r)
{
    duckdb_hugeint v = cf_i128(c, 0, r);
    char bytes[16];
    memcpy(bytes, &v.lower, 8);
    memcpy(bytes + 8, &v.upper, 8);
    cf_out_i64(c, r, (int64_t)xxh64((struct str){bytes, sizeof(bytes)}));
}

/* Kusto does not say how it combines hashes. Here: the hash of all of them in a row. */
static void fn_hash_combine(struct cf_call *c, size_t r)
{
    char bytes[CF_MAX_ARGS * 8];
    for (size_t i = 0; i < c->n_args; i++) {
        int64_t v = cf_i64(c, i, r);
        memcpy(bytes + i * 8, &v, 8);
    }
    cf_out_i64(c, r, (int64_t)xxh64((struct str){bytes, c->n_args * 8}));
}

const struct cf_scalar fn_hash_rows[] = {
    {.name = "vdf_hash", .sig = "s:l", .row = fn_hash_text},
    {.name = "vdf_hash", .sig = "l:l", .row = fn_hash_long},
    {.name = "vdf_hash", .sig = "i:l", .row = fn_hash_int},
    {.name = "vdf_hash", .sig = "d:l", .row = fn_hash_real},
    {.name = "vdf_hash", .sig = "b:l", .row = fn_hash_bool},
    {.name = "vdf_hash", .sig = "g:l", .row = fn_hash_i128},
    {.name = "vdf_hash", .sig = "m:l", .row = fn_hash_i128},
    {.name = "vdf_hash", .sig = "h:l", .row = fn_hash_i128},
    {.name = "vdf_hash_combine", .sig = "l*:l", .row = fn_hash_combine},
    {0},
};
