/* Results: the database's own chunks are kept and cells are read from them; only guid and decimal
 * cells are made text. */
#include "base/ids.h"
#include "engine/duckdb/cfunc.h"
#include "engine/duckdb/duck_priv.h"
#include <inttypes.h>
#include <stdio.h>

struct rows_vec {
    const void *data;
    const uint64_t *valid;
    const struct str *text; /* guid and decimal columns */
};
struct rows_chunk {
    duckdb_data_chunk chunk;
    size_t first, n;
    struct rows_vec *vecs;
};
struct engine_rows {
    struct arena *arena;
    struct kql_schema schema;
    VEC(struct rows_chunk) chunks;
    size_t n_rows, bytes;
    bool truncated;
    const struct engine_rows *of; /* picked from these; else NULL */
    const size_t *at;
};

/* ---- guid and decimal ---- */
void duck_guid_text(duckdb_hugeint v, struct sbuf *out)
{
    struct guid g;
    uint64_t half[2] = {(uint64_t)v.upper ^ (uint64_t)1 << 63, v.lower};
    for (size_t i = 0; i < 16; i++)
        g.b[i] = (uint8_t)(half[i / 8] >> (56 - 8 * (i % 8)));
    char text[37];
    guid_format(g, text);
    sbuf_addz(out, text);
}

static const int64_t DECIMAL_ONE = 1000000000000000000;

static i128 as_int128(duckdb_hugeint v)
{
    return (i128)((u128)(uint64_t)v.upper << 64 | v.lower);
}

void duck_huge_text(duckdb_hugeint v, struct sbuf *out)
{
    i128 x = as_int128(v);
    u128 u = x < 0 ? -(u128)x : (u128)x;
    char digits[48];
    size_t at = sizeof(digits);
    do {
        digits[--at] = (char)('0' + (int)(u % 10));
        u /= 10;
    } while (u != 0);
    if (x < 0)
        digits[--at] = '-';
    sbuf_addmem(out, digits + at, sizeof(digits) - at);
}

void duck_decimal_text(duckdb_hugeint v, struct sbuf *out)
{
    i128 x = as_int128(v);
    u128 u = x < 0 ? -(u128)x : (u128)x;
    uint64_t frac = (uint64_t)(u % (uint64_t)DECIMAL_ONE);
    u128 whole = u / (uint64_t)DECIMAL_ONE;
    char digits[24];
    /* |x| < 2^127, so the whole part has at most 21 digits: two pieces */
    uint64_t low = (uint64_t)(whole % (uint64_t)DECIMAL_ONE);
    uint64_t high = (uint64_t)(whole / (uint64_t)DECIMAL_ONE);
    if (x < 0)
        sbuf_addc(out, '-');
    if (high)
        sbuf_addf(out, "%" PRIu64 "%018" PRIu64, high, low);
    else
        sbuf_addf(out, "%" PRIu64, low);
    if (frac == 0)
        return;
    int n = snprintf(digits, sizeof(digits), "%018" PRIu64, frac);
    while (n > 0 && digits[n - 1] == '0')
        n--;
    sbuf_addc(out, '.');
    sbuf_addmem(out, digits, (size_t)n);
}

/* Plain digits with an optional sign and point; digits beyond the 18th place are cut. */
bool duck_decimal_parse(struct str s, duckdb_hugeint *out)
{
    size_t i = 0;
    bool neg = s.n && s.p[0] == '-', any = false, point = false;
    if (s.n && (s.p[0] == '-' || s.p[0] == '+'))
        i = 1;
    u128 v = 0, limit = ((u128)1 << 126) / 10;
    int places = 0;
    for (; i < s.n; i++) {
        if (s.p[i] == '.' && !point) {
            point = true;
            continue;
        }
        if (s.p[i] < '0' || s.p[i] > '9')
            return false;
        any = true;
        if (point && places == 18)
            continue;
        if (v > limit)
            return false;
        v = v * 10 + (unsigned)(s.p[i] - '0');
        places += point;
    }
    for (; any && places < 18; places++) {
        if (v > limit)
            return false;
        v *= 10;
    }
    u128 r = neg ? -v : v;
    *out = (duckdb_hugeint){.lower = (uint64_t)r, .upper = (int64_t)(uint64_t)(r >> 64)};
    return any;
}

/* ---- taking a result ---- */
static bool valid_at(const uint64_t *m, size_t r)
{
    return !m || ((m[r >> 6] >> (r & 63)) & 1);
}

/* huge: a decimal that came as a whole number. */
static const struct str *make_text(struct engine_rows *rows, const struct rows_vec *v,
                                   enum kql_type type, bool huge, size_t n)
{
    struct str *out = arena_array(rows->arena, struct str, n);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(128);
    for (size_t r = 0; r < n; r++) {
        if (!valid_at(v->valid, r))
            continue;
        sbuf_clear(&b);
        duckdb_hugeint h = ((const duckdb_hugeint *)v->data)[r];
        if (type == KQL_GUID)
            duck_guid_text(h, &b);
        else if (huge)
            duck_huge_text(h, &b);
        else
            duck_decimal_text(h, &b);
        out[r] = arena_str(rows->arena, sbuf_str(&b));
    }
    return out;
}

static bool is_text(enum kql_type t)
{
    return t == KQL_STRING || t == KQL_DYNAMIC;
}

/* How many of a chunk's first n rows there is room for, and what they take. The row that passes the
 * limit comes whole. */
static size_t rows_within(const struct kql_schema *schema, const struct rows_vec *vecs, size_t n,
                          size_t room, size_t *out_bytes)
{
    size_t r = 0, fixed = 0;
    for (size_t i = 0; i < schema->n; i++)
        fixed += is_text(schema->cols[i].type) ? 0 : 8;
    for (*out_bytes = 0; r < n && *out_bytes < room; r++) {
        *out_bytes += fixed;
        for (size_t i = 0; i < schema->n; i++)
            if (is_text(schema->cols[i].type) && valid_at(vecs[i].valid, r))
                *out_bytes += cf_string_t((const duckdb_string_t *)vecs[i].data + r).n + 2;
    }
    return r;
}

static bool is_huge(duckdb_vector v)
{
    duckdb_logical_type t = duckdb_vector_get_column_type(v);
    bool huge = duckdb_get_type_id(t) == DUCKDB_TYPE_HUGEINT;
    duckdb_destroy_logical_type(&t);
    return huge;
}

static struct rows_vec *vecs_of(struct engine_rows *rows, duckdb_data_chunk chunk)
{
    struct rows_vec *vecs = arena_array(rows->arena, struct rows_vec, rows->schema.n);
    for (size_t i = 0; i < rows->schema.n; i++) {
        duckdb_vector v = duckdb_data_chunk_get_vector(chunk, i);
        vecs[i].data = duckdb_vector_get_data(v);
        vecs[i].valid = duckdb_vector_get_validity(v);
    }
    return vecs;
}

static void take_chunk(struct engine_rows *rows, duckdb_data_chunk chunk, struct rows_vec *vecs,
                       size_t n)
{
    struct rows_chunk k = {chunk, rows->n_rows, n, vecs};
    for (size_t i = 0; i < rows->schema.n; i++) {
        enum kql_type type = rows->schema.cols[i].type;
        if (type == KQL_GUID || type == KQL_DECIMAL)
            vecs[i].text =
                make_text(rows, &vecs[i], type, is_huge(duckdb_data_chunk_get_vector(chunk, i)), n);
    }
    VEC_PUSH(rows->arena, &rows->chunks, k);
    rows->n_rows += n;
}

static void copy_schema(struct engine_rows *rows, const struct kql_schema *schema)
{
    rows->schema.n = schema->n;
    rows->schema.cols = arena_array(rows->arena, struct kql_column, schema->n);
    for (size_t i = 0; i < schema->n; i++) {
        rows->schema.cols[i].name = arena_str(rows->arena, schema->cols[i].name);
        rows->schema.cols[i].type = schema->cols[i].type;
    }
}

static bool holds(duckdb_result *result, size_t i, enum kql_type type)
{
    duckdb_logical_type found = duckdb_column_logical_type(result, i);
    duckdb_logical_type wanted = duck_logical_type(type);
    duckdb_type id = duckdb_get_type_id(found);
    bool same = id == duckdb_get_type_id(wanted) &&
                (id != DUCKDB_TYPE_DECIMAL ||
                 (duckdb_decimal_scale(found) == 18 && duckdb_decimal_width(found) == 38));
    same = same || (id == DUCKDB_TYPE_HUGEINT && type == KQL_DECIMAL);
    duckdb_destroy_logical_type(&found);
    duckdb_destroy_logical_type(&wanted);
    return same;
}

/* Cells are read by the plan's types, so a statement that gives others would be read wrongly, and
 * past its end. */
static bool types_hold(duckdb_result *result, const struct kql_schema *schema, struct err *e)
{
    bool none = schema->n == 0; /* SQL has no rows without columns: one stands in */
    if (!none && duckdb_column_count(result) != schema->n)
        return err_set(e, ERR_INTERNAL, "the engine gave %llu columns where %zu are expected",
                       (unsigned long long)duckdb_column_count(result), schema->n);
    for (size_t i = 0; i < schema->n; i++)
        if (!holds(result, i, schema->cols[i].type))
            return err_set(e, ERR_INTERNAL, "the engine gave column '%.*s' as type %d, not as %s",
                           STR_ARG(schema->cols[i].name), (int)duckdb_column_type(result, i),
                           kql_type_name(schema->cols[i].type));
    return true;
}

struct engine_rows *duck_rows_take(duckdb_result *result, const struct kql_schema *schema,
                                   size_t max_rows, size_t max_bytes, struct err *e)
{
    if (!types_hold(result, schema, e))
        return NULL;
    struct engine_rows *rows = xcalloc(1, sizeof(*rows));
    rows->arena = arena_new(0);
    copy_schema(rows, schema);
    for (;;) {
        duckdb_data_chunk chunk = duckdb_fetch_chunk(*result);
        if (!chunk)
            break;
        size_t all = duckdb_data_chunk_get_size(chunk), bytes = 0;
        size_t n = max_rows && max_rows - rows->n_rows < all ? max_rows - rows->n_rows : all;
        struct rows_vec *vecs = vecs_of(rows, chunk);
        n = rows_within(schema, vecs, n, max_bytes ? max_bytes - rows->bytes : SIZE_MAX, &bytes);
        rows->truncated = n < all;
        if (n == 0) {
            duckdb_destroy_data_chunk(&chunk);
            break;
        }
        rows->bytes =
            max_bytes && rows->bytes + bytes > max_bytes ? max_bytes : rows->bytes + bytes;
        take_chunk(rows, chunk, vecs, n);
    }
    return rows;
}

void engine_rows_free(struct engine_rows *r)
{
    if (!r)
        return;
    for (size_t i = 0; i < r->chunks.n; i++)
        duckdb_destroy_data_chunk(&r->chunks.p[i].chunk);
    arena_free(r->arena);
    xfree(r);
}

void engine_rows_freep(struct engine_rows **r)
{
    engine_rows_free(*r);
    *r = NULL;
}

struct engine_rows *engine_rows_pick(struct arena *a, const struct engine_rows *r, const size_t *at,
                                     size_t n, size_t n_cols)
{
    struct engine_rows *p = arena_new_of(a, struct engine_rows);
    CHECK(n_cols <= r->schema.n);
    *p = (struct engine_rows){.schema = {r->schema.cols, n_cols}, .n_rows = n, .of = r, .at = at};
    return p;
}

/* ---- reading ---- */
size_t engine_rows_count(const struct engine_rows *r)
{
    return r->n_rows;
}

bool engine_rows_truncated(const struct engine_rows *r)
{
    return r->truncated;
}

const struct kql_schema *engine_rows_schema(const struct engine_rows *r)
{
    return &r->schema;
}

static const struct rows_chunk *find_chunk(const struct engine_rows *r, size_t row)
{
    size_t lo = 0, hi = r->chunks.n;
    while (hi - lo > 1) {
        size_t mid = lo + (hi - lo) / 2;
        if (r->chunks.p[mid].first <= row)
            lo = mid;
        else
            hi = mid;
    }
    return &r->chunks.p[lo];
}

struct kql_value engine_rows_get(const struct engine_rows *r, size_t row, size_t col)
{
    CHECK(row < r->n_rows && col < r->schema.n);
    if (r->of != NULL)
        return engine_rows_get(r->of, r->at[row], col);
    const struct rows_chunk *k = find_chunk(r, row);
    const struct rows_vec *v = &k->vecs[col];
    size_t at = row - k->first;
    struct kql_value out = {.type = r->schema.cols[col].type};
    if (!valid_at(v->valid, at)) {
        out.is_null = out.type != KQL_STRING;
        return out;
    }
    switch (out.type) {
    case KQL_BOOL:
        out.b = ((const bool *)v->data)[at];
        break;
    case KQL_INT:
        out.i = ((const int32_t *)v->data)[at];
        break;
    case KQL_LONG:
    case KQL_DATETIME:
    case KQL_TIMESPAN:
        out.i = ((const int64_t *)v->data)[at];
        break;
    case KQL_REAL:
        out.d = ((const double *)v->data)[at];
        break;
    case KQL_GUID:
    case KQL_DECIMAL:
        out.s = v->text[at];
        break;
    case KQL_STRING:
    case KQL_DYNAMIC:
    case KQL_UNKNOWN:
    case KQL_N_TYPES:
        out.s = cf_string_t((const duckdb_string_t *)v->data + at);
        break;
    }
    return out;
}
