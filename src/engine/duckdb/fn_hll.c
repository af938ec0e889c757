/* HyperLogLog values: few different hashes are kept as they are, many as registers. As dynamic they
 * are [precision, [hash, …]] or [precision, "registers in Base64"], so that they can be stored and
 * merged later. What is none of these is not valid and gives null. Source: P. Flajolet et al.,
 * "HyperLogLog" (2007), with 64-bit hashes; "hll() (aggregation function)" of the Kusto reference
 * for the accuracy levels. */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/base64.h"
#include "text/json.h"
#include <math.h>
#include <stdlib.h>

enum { FEW = 1024, LEAST_PRECISION = 12, MOST_PRECISION = 18, MAX_INTERSECT = 16 };

struct hll {
    int precision;    /* 0: empty, nothing decided yet */
    uint64_t *hashes; /* sorted; NULL once there are registers */
    size_t n;
    uint8_t *registers;
};

/* Levels 0 … 4 of the second argument. */
static int precision_of(int64_t level)
{
    static const int levels[] = {12, 14, 16, 17, 18};
    return levels[level >= 0 && level < (int64_t)COUNTOF(levels) ? level : 1];
}

static void hll_fini(struct hll *h)
{
    xfree(h->hashes);
    xfree(h->registers);
}

/* ---- adding ---- */
static void note(struct hll *h, uint64_t hash)
{
    uint64_t at = hash >> (64 - h->precision), rest = hash << h->precision;
    uint8_t rank =
        rest == 0 ? (uint8_t)(64 - h->precision + 1) : (uint8_t)(__builtin_clzll(rest) + 1);
    if (rank > h->registers[at])
        h->registers[at] = rank;
}

static void use_registers(struct hll *h)
{
    if (h->registers != NULL)
        return;
    h->registers = xcalloc((size_t)1 << h->precision, 1);
    for (size_t i = 0; i < h->n; i++)
        note(h, h->hashes[i]);
    xfree(h->hashes);
    h->hashes = NULL;
    h->n = 0;
}

static size_t place(const struct hll *h, uint64_t hash)
{
    size_t low = 0, high = h->n;
    while (low < high) {
        size_t middle = (low + high) / 2;
        if (h->hashes[middle] < hash)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static void add(struct hll *h, uint64_t hash)
{
    if (h->registers != NULL) {
        note(h, hash);
        return;
    }
    size_t at = place(h, hash);
    if (at < h->n && h->hashes[at] == hash)
        return;
    if (h->n == FEW) {
        use_registers(h);
        note(h, hash);
        return;
    }
    if ((h->n & (h->n - 1)) == 0) /* room doubles */
        h->hashes = xrealloc(h->hashes, (h->n == 0 ? 1 : h->n * 2) * sizeof(*h->hashes));
    memmove(h->hashes + at + 1, h->hashes + at, (h->n - at) * sizeof(*h->hashes));
    h->hashes[at] = hash;
    h->n++;
}

/* Registers of a finer value, folded to the precision of a coarser one. */
static void fold(struct hll *to, const struct hll *from)
{
    int spare = from->precision - to->precision;
    for (size_t i = 0; i < (size_t)1 << from->precision; i++) {
        if (from->registers[i] == 0)
            continue;
        size_t low = i & (((size_t)1 << spare) - 1);
        int rank = low == 0 ? from->registers[i] + spare
                            : spare - (63 - __builtin_clzll((unsigned long long)low));
        if ((uint8_t)rank > to->registers[i >> spare])
            to->registers[i >> spare] = (uint8_t)rank;
    }
}

static void coarsen(struct hll *h, int precision)
{
    if (h->registers != NULL && h->precision > precision) {
        struct hll to = {.precision = precision, .registers = xcalloc((size_t)1 << precision, 1)};
        fold(&to, h);
        xfree(h->registers);
        h->registers = to.registers;
    }
    h->precision = precision;
}

static void merge(struct hll *to, const struct hll *from)
{
    if (from->precision == 0)
        return;
    if (to->precision == 0)
        to->precision = from->precision;
    if (from->precision < to->precision)
        coarsen(to, from->precision);
    if (from->registers == NULL) {
        for (size_t i = 0; i < from->n; i++)
            add(to, from->hashes[i]);
        return;
    }
    use_registers(to);
    fold(to, from);
}

static double estimate(const struct hll *h)
{
    if (h->registers == NULL)
        return (double)h->n;
    double m = (double)((size_t)1 << h->precision), sum = 0, zeros = 0;
    for (size_t i = 0; i < (size_t)1 << h->precision; i++) {
        sum += ldexp(1, -h->registers[i]);
        zeros += h->registers[i] == 0;
    }
    double raw = 0.7213 / (1 + 1.079 / m) * m * m / sum;
    return raw <= 2.5 * m && zeros > 0 ? m * log(m / zeros) : raw;
}

/* ---- as dynamic ---- */
static void write(const struct hll *h, struct sbuf *b)
{
    struct json_out w = json_out_make(b);
    json_arr(&w);
    json_int(&w, h->precision);
    if (h->registers == NULL) {
        json_arr(&w);
        for (size_t i = 0; i < h->n; i++)
            json_int(&w, (int64_t)h->hashes[i]);
        json_arr_end(&w);
    } else {
        AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
        base64_encode(BASE64_STD,
                      (struct str){(const char *)h->registers, (size_t)1 << h->precision}, &text);
        json_str(&w, sbuf_str(&text));
    }
    json_arr_end(&w);
}

static bool read_hashes(struct str list, struct hll *out)
{
    struct js_iter it = js_begin(list);
    struct str item;
    bool is_int;
    int64_t i;
    double d;
    while (js_next(&it, NULL, &item)) {
        if (!js_number(item, &is_int, &i, &d) || !is_int || out->n > FEW)
            return false;
        add(out, (uint64_t)i);
    }
    return true;
}

static bool read_registers(struct str raw, struct hll *out)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf bytes = sbuf_make((size_t)1 << MOST_PRECISION);
    if (!base64_decode(BASE64_STD, js_decode(a, raw), &bytes))
        return false;
    struct str v = sbuf_str(&bytes);
    if (v.n != (size_t)1 << out->precision)
        return false;
    out->registers = xcalloc(v.n, 1);
    memcpy(out->registers, v.p, v.n);
    for (size_t i = 0; i < v.n; i++)
        if (out->registers[i] > 64 - out->precision + 1)
            return false;
    return true;
}

/* out must be freed also when this fails. */
static bool read(struct str v, struct hll *out)
{
    struct js_iter it = js_begin(v);
    struct str first, second, more;
    bool is_int;
    int64_t precision;
    double d;
    *out = (struct hll){0};
    if (js_type(v) != JS_ARRAY || !js_next(&it, NULL, &first) || !js_next(&it, NULL, &second) ||
        js_next(&it, NULL, &more) || !js_number(first, &is_int, &precision, &d) || !is_int ||
        precision < LEAST_PRECISION || precision > MOST_PRECISION)
        return false;
    out->precision = (int)precision;
    return js_type(second) == JS_ARRAY    ? read_hashes(second, out)
           : js_type(second) == JS_STRING ? read_registers(second, out)
                                          : false;
}

/* ---- aggregates ---- */
static void hll_update(void *state, struct cf_call *c, size_t r)
{
    struct hll *h = state;
    if (h->precision == 0)
        h->precision = precision_of(cf_i64(c, 1, r));
    add(h, (uint64_t)cf_i64(c, 0, r));
}

static void merge_update(void *state, struct cf_call *c, size_t r)
{
    struct hll h;
    if (read(cf_str(c, 0, r), &h))
        merge(state, &h);
    hll_fini(&h);
}

static void hll_combine(void *target, const void *source)
{
    merge(target, source);
}

static void hll_finalize(void *state, struct cf_call *c, size_t r)
{
    const struct hll *h = state;
    if (h->precision == 0)
        return;
    struct sbuf *b = cf_buf(c);
    write(h, b);
    cf_out_str(c, r, sbuf_str(b));
}

static void hll_destroy(void *state)
{
    hll_fini(state);
}

static size_t hll_bytes(const void *state)
{
    const struct hll *h = state;
    if (h->registers != NULL)
        return (size_t)1 << h->precision;
    return 2 * h->n * sizeof(*h->hashes);
}

/* ---- functions ---- */
static void fn_merge(struct cf_call *c, size_t r)
{
    struct hll all = {0}, one;
    bool ok = true;
    for (size_t i = 0; ok && i < c->n_args; i++) {
        ok = read(cf_str(c, i, r), &one);
        if (ok)
            merge(&all, &one);
        hll_fini(&one);
    }
    if (ok)
        hll_finalize(&all, c, r);
    hll_fini(&all);
}

static void fn_dcount(struct cf_call *c, size_t r)
{
    struct hll h;
    if (read(cf_str(c, 0, r), &h))
        cf_out_i64(c, r, llround(estimate(&h)));
    hll_fini(&h);
}

static void fn_isvalid(struct cf_call *c, size_t r)
{
    struct hll h;
    cf_out_bool(c, r, !cf_null(c, 0, r) && read(cf_str(c, 0, r), &h));
    if (!cf_null(c, 0, r))
        hll_fini(&h);
}

static bool in_all(const struct hll *h, size_t n, uint64_t hash)
{
    for (size_t i = 1; i < n; i++) {
        size_t at = place(&h[i], hash);
        if (at == h[i].n || h[i].hashes[at] != hash)
            return false;
    }
    return true;
}

/* With registers: the sizes of unions, added and taken away in turn. */
static double by_unions(const struct hll *h, size_t n)
{
    double sum = 0;
    for (size_t set = 1; set < (size_t)1 << n; set++) {
        struct hll u = {0};
        for (size_t i = 0; i < n; i++)
            if (set >> i & 1)
                merge(&u, &h[i]);
        sum += (__builtin_popcountll(set) & 1 ? 1 : -1) * estimate(&u);
        hll_fini(&u);
    }
    return sum > 0 ? sum : 0;
}

static double intersection(const struct hll *h, size_t n)
{
    bool few = true;
    for (size_t i = 0; i < n; i++)
        few = few && h[i].registers == NULL;
    if (!few)
        return by_unions(h, n);
    double common = 0;
    for (size_t i = 0; i < h[0].n; i++)
        common += in_all(h, n, h[0].hashes[i]);
    return common;
}

static void fn_intersect(struct cf_call *c, size_t r)
{
    struct hll h[MAX_INTERSECT] = {0};
    bool ok = c->n_args <= MAX_INTERSECT;
    for (size_t i = 0; ok && i < c->n_args; i++)
        ok = read(cf_str(c, i, r), &h[i]);
    if (ok)
        cf_out_i64(c, r, llround(intersection(h, c->n_args)));
    for (size_t i = 0; i < c->n_args && i < MAX_INTERSECT; i++)
        hll_fini(&h[i]);
}

const struct cf_scalar fn_hll_rows[] = {
    {.name = "vdf_dcount_hll", .sig = "j:l", .row = fn_dcount},
    {.name = "vdf_hll_intersect", .sig = "j*:l", .row = fn_intersect},
    {.name = "vdf_hll_isvalid", .sig = "j:b", .flags = CF_NULLS, .row = fn_isvalid},
    {.name = "vdf_hll_merge", .sig = "j*:j", .row = fn_merge},
    {0},
};

const struct cf_aggregate fn_hll_aggregates[] = {
    {.name = "vd_hll",
     .sig = "ll:j",
     .state_size = sizeof(struct hll),
     .update = hll_update,
     .combine = hll_combine,
     .finalize = hll_finalize,
     .destroy = hll_destroy,
     .bytes = hll_bytes},
    {.name = "vd_hll_merge",
     .sig = "j:j",
     .state_size = sizeof(struct hll),
     .update = merge_update,
     .combine = hll_combine,
     .finalize = hll_finalize,
     .destroy = hll_destroy,
     .bytes = hll_bytes},
    {0},
};
