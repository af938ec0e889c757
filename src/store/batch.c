/* Rows on their way to the writer: one growing buffer, cells in the order in which they were set.
 */
#include "store/store_priv.h"

enum { BATCH_MAX_BYTES = 1 << 30 };

static size_t find_column(const struct kql_table *t, const char *name, enum kql_type type)
{
    for (size_t i = 0; i < t->schema.n; i++)
        if (str_eqz(t->schema.cols[i].name, name) && t->schema.cols[i].type == type)
            return i;
    return SIZE_MAX;
}

struct store_batch *store_batch_new(const struct kql_table *t)
{
    struct store_batch *b = xcalloc(1, sizeof(*b));
    b->t = *t;
    b->time_at = find_column(t, "TimeGenerated", KQL_DATETIME);
    b->timestamp_at = find_column(t, "Timestamp", KQL_DATETIME);
    b->buf = sbuf_make(BATCH_MAX_BYTES);
    b->min_time = INT64_MAX;
    b->used = xcalloc((t->schema.n + t->hidden.n) / 64 + 1, sizeof(uint64_t));
    return b;
}

void store_batch_free(struct store_batch *b)
{
    if (b == NULL)
        return;
    sbuf_fini(&b->buf);
    xfree(b->used);
    xfree(b);
}

size_t store_batch_rows(const struct store_batch *b)
{
    return b->rows;
}

size_t store_batch_bytes(const struct store_batch *b)
{
    return b->buf.n;
}

bool batch_uses(const struct store_batch *b, size_t col)
{
    return (b->used[col / 64] >> (col % 64) & 1) != 0;
}

static const struct kql_column *column_of(const struct kql_table *t, size_t col)
{
    CHECK(col < t->schema.n + t->hidden.n);
    return col < t->schema.n ? &t->schema.cols[col] : &t->hidden.cols[col - t->schema.n];
}

static size_t digits(int64_t v)
{
    size_t n = v < 0 ? 2 : 1;
    for (uint64_t u = v < 0 ? 0 - (uint64_t)v : (uint64_t)v; u >= 10; u /= 10)
        n++;
    return n;
}

static bool is_text(enum kql_type t)
{
    return t == KQL_STRING || t == KQL_DYNAMIC || t == KQL_GUID || t == KQL_DECIMAL;
}

/* Bytes of the value as text, as Log Analytics counts billed size; datetime in its 28 characters,
 * real as 8. */
static size_t billed_size(const struct kql_value *v)
{
    if (is_text(v->type))
        return v->s.n;
    if (v->type == KQL_DATETIME)
        return 28;
    if (v->type == KQL_REAL)
        return 8;
    return v->type == KQL_BOOL ? 4 : digits(v->i);
}

/* The tag and the payload with one look at the room. */
static void put_cell(struct sbuf *buf, uint16_t tag, const struct kql_value *v)
{
    bool text = is_text(v->type);
    CHECK(!text || v->s.n <= UINT32_MAX);
    size_t fixed = sizeof(tag) + (text ? sizeof(uint32_t) : sizeof(int64_t));
    char *p = sbuf_extend(buf, fixed + (text ? v->s.n : 0));
    if (p == NULL)
        return;
    memcpy(p, &tag, sizeof(tag));
    p += sizeof(tag);
    if (text) {
        uint32_t n = (uint32_t)v->s.n;
        memcpy(p, &n, sizeof(n));
        if (n > 0)
            memcpy(p + sizeof(n), v->s.p, n);
    } else if (v->type == KQL_REAL) {
        memcpy(p, &v->d, sizeof(v->d));
    } else {
        int64_t i = v->type == KQL_BOOL ? v->b : v->i;
        memcpy(p, &i, sizeof(i));
    }
}

void store_batch_set(struct store_batch *b, size_t col, const struct kql_value *v)
{
    const struct kql_column *c = column_of(&b->t, col);
    CHECK(v->type == c->type);
    if (v->is_null || (v->type == KQL_STRING && v->s.n == 0))
        return;
    if (col == b->time_at) {
        b->row.has_time = true;
        b->row.time = v->i;
    } else if (col == b->timestamp_at) {
        b->row.has_timestamp = true;
        b->row.timestamp = v->i;
    } else {
        put_cell(&b->buf, (uint16_t)(col + 1), v);
    }
    b->used[col / 64] |= (uint64_t)1 << (col % 64);
    if (c->name.p[0] != '_')
        b->row.billed += (double)billed_size(v);
}

void store_batch_end_row(struct store_batch *b)
{
    uint16_t tag = 0;
    sbuf_addmem(&b->buf, &tag, sizeof(tag));
    sbuf_addmem(&b->buf, &b->row, sizeof(b->row));
    b->billed += b->row.billed;
    /* As append_batch does it. */
    if (b->row.has_time || b->row.has_timestamp) {
        int64_t time = b->row.has_time ? b->row.time : b->row.timestamp;
        b->min_time = time < b->min_time ? time : b->min_time;
    }
    memset(&b->row, 0, sizeof(b->row));
    b->rows++;
}

static void take(const struct store_batch *b, size_t *at, void *out, size_t n)
{
    CHECK(*at + n <= b->buf.n);
    memcpy(out, b->buf.p + *at, n);
    *at += n;
}

bool batch_next(const struct store_batch *b, size_t *at, struct cell *cell, struct row_end *end)
{
    uint16_t tag;
    take(b, at, &tag, sizeof(tag));
    if (tag == 0) {
        take(b, at, end, sizeof(*end));
        return false;
    }
    cell->col = (size_t)tag - 1;
    cell->type = column_of(&b->t, cell->col)->type;
    if (is_text(cell->type)) {
        uint32_t n;
        take(b, at, &n, sizeof(n));
        CHECK(*at + n <= b->buf.n);
        cell->s = (struct str){b->buf.p + *at, n};
        *at += n;
    } else if (cell->type == KQL_REAL) {
        take(b, at, &cell->d, sizeof(cell->d));
    } else {
        take(b, at, &cell->i, sizeof(cell->i));
    }
    return true;
}
