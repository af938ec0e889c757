/* What became of every record: sums in memory for /metrics, rows in VedetteIngestion for everybody.
 * Rows are written in the transaction of the records they count; those of refused requests wait for
 * the next commit. */
#include "store/lake/lake.h"
#include "store/store_priv.h"

enum { LEDGER_MAX_KEYS = 20000 };

struct ledger {
    struct lock lock;
    struct arena *a;
    struct map *by_key;
    VEC(struct store_count *) sums;
    VEC(struct store_count) pending;
};

struct ledger *ledger_new(void)
{
    struct ledger *l = xcalloc(1, sizeof(*l));
    lock_init(&l->lock, "ledger");
    l->a = arena_new(0);
    l->by_key = map_new(l->a, false);
    return l;
}

void ledger_free(struct ledger *l)
{
    if (l == NULL)
        return;
    arena_free(l->a);
    lock_fini(&l->lock);
    xfree(l);
}

static void merge(struct store_count *to, const struct store_count *c)
{
    to->requests += c->requests;
    to->received += c->received;
    to->stored += c->stored;
    to->rejected += c->rejected;
    to->filtered += c->filtered;
    to->bytes += c->bytes;
    to->billed += c->billed;
    to->held += c->held;
    to->nulled += c->nulled;
    to->truncated += c->truncated;
    to->dropped += c->dropped;
    to->times_replaced += c->times_replaced;
    if (c->last > to->last)
        to->last = c->last;
}

static void add_key_part(struct sbuf *b, struct str part)
{
    sbuf_add(b, part);
    sbuf_addc(b, '\0');
}

static struct store_count *sum_of(struct ledger *l, const struct store_count *c)
{
    AUTO(sbuf_fini) struct sbuf key = sbuf_make(1 << 20);
    add_key_part(&key, c->source);
    add_key_part(&key, c->stream);
    add_key_part(&key, c->table);
    add_key_part(&key, c->reason);
    struct store_count *sum = map_get(l->by_key, sbuf_str(&key));
    if (sum != NULL)
        return sum;
    sum = arena_new_of(l->a, struct store_count);
    sum->source = arena_str(l->a, c->source);
    sum->stream = arena_str(l->a, c->stream);
    sum->table = arena_str(l->a, c->table);
    sum->reason = arena_str(l->a, c->reason);
    map_put(l->by_key, arena_str(l->a, sbuf_str(&key)), sum);
    VEC_PUSH(l->a, &l->sums, sum);
    return sum;
}

/* Sources beyond the limit share one name, so that an outsider can't fill the memory with names. */
static struct store_count bounded(const struct ledger *l, const struct store_count *c)
{
    struct store_count b = *c;
    if (l->sums.n >= LEDGER_MAX_KEYS) {
        b.source = STR("(other)");
        b.stream = STR("(other)");
    }
    return b;
}

static void add_locked(struct ledger *l, const struct store_count *c)
{
    struct store_count b = bounded(l, c);
    merge(sum_of(l, &b), c);
}

void ledger_add(struct ledger *l, const struct store_count *c)
{
    lock_take(&l->lock);
    add_locked(l, c);
    lock_drop(&l->lock);
}

static void pend_locked(struct ledger *l, const struct store_count *c)
{
    struct store_count b = bounded(l, c);
    const struct store_count *sum = sum_of(l, &b); /* its texts live as long as the ledger */
    for (size_t i = 0; i < l->pending.n; i++) {
        if (l->pending.p[i].source.p == sum->source.p &&
            l->pending.p[i].reason.p == sum->reason.p) {
            merge(&l->pending.p[i], c);
            return;
        }
    }
    b = *c;
    b.source = sum->source;
    b.stream = sum->stream;
    b.table = sum->table;
    b.reason = sum->reason;
    VEC_PUSH(l->a, &l->pending, b);
}

void ledger_add_pending(struct ledger *l, const struct store_count *c)
{
    lock_take(&l->lock);
    add_locked(l, c);
    pend_locked(l, c);
    lock_drop(&l->lock);
}

void ledger_take_pending(struct ledger *l, struct arena *a, struct store_count **out, size_t *n)
{
    lock_take(&l->lock);
    *n = l->pending.n;
    *out = NULL;
    if (*n > 0) {
        *out = arena_array(a, struct store_count, *n);
        memcpy(*out, l->pending.p, *n * sizeof(**out));
        l->pending.n = 0;
    }
    lock_drop(&l->lock);
}

void ledger_put_back(struct ledger *l, const struct store_count *c, size_t n)
{
    lock_take(&l->lock);
    for (size_t i = 0; i < n; i++)
        pend_locked(l, &c[i]);
    lock_drop(&l->lock);
}

bool ledger_has_pending(struct ledger *l)
{
    lock_take(&l->lock);
    bool has = l->pending.n > 0;
    lock_drop(&l->lock);
    return has;
}

size_t ledger_list(struct ledger *l, struct arena *a, struct store_count **out)
{
    lock_take(&l->lock);
    size_t n = l->sums.n;
    *out = arena_array(a, struct store_count, n);
    for (size_t i = 0; i < n; i++)
        (*out)[i] = *l->sums.p[i];
    lock_drop(&l->lock);
    return n;
}

/* ---- as rows ---- */

struct count_column {
    const char *name;
    size_t at;
};
static const struct count_column text_columns[] = {
    {"Source", offsetof(struct store_count, source)},
    {"Stream", offsetof(struct store_count, stream)},
    {"TableName", offsetof(struct store_count, table)},
    {"Reason", offsetof(struct store_count, reason)},
};
static const struct count_column number_columns[] = {
    {"Requests", offsetof(struct store_count, requests)},
    {"Received", offsetof(struct store_count, received)},
    {"Stored", offsetof(struct store_count, stored)},
    {"Rejected", offsetof(struct store_count, rejected)},
    {"Filtered", offsetof(struct store_count, filtered)},
    {"HeldBack", offsetof(struct store_count, held)},
    {"Bytes", offsetof(struct store_count, bytes)},
    {"BilledBytes", offsetof(struct store_count, billed)},
    {"ConvertedToNull", offsetof(struct store_count, nulled)},
    {"TruncatedFields", offsetof(struct store_count, truncated)},
    {"DroppedFields", offsetof(struct store_count, dropped)},
    {"TimesReplaced", offsetof(struct store_count, times_replaced)},
};

static void set_row(struct store_batch *b, const struct table_def *d, const struct store_count *c)
{
    for (size_t i = 0; i < COUNTOF(text_columns); i++) {
        struct kql_value v = {.type = KQL_STRING};
        memcpy(&v.s, (const char *)c + text_columns[i].at, sizeof(v.s));
        store_batch_set(b, table_def_find(d, str_from(text_columns[i].name)), &v);
    }
    for (size_t i = 0; i < COUNTOF(number_columns); i++) {
        uint64_t n;
        memcpy(&n, (const char *)c + number_columns[i].at, sizeof(n));
        struct kql_value v = {.type = KQL_LONG, .i = (int64_t)n};
        store_batch_set(b, table_def_find(d, str_from(number_columns[i].name)), &v);
    }
    store_batch_end_row(b);
}

struct store_batch *ledger_batch(struct workspace *w, const struct store_count *c, size_t n)
{
    const struct table_def *d = schema_set_find(w->s->schemas, STR("VedetteIngestion"));
    CHECK(d != NULL);
    struct store_batch *b = store_batch_new(&d->t);
    for (size_t i = 0; i < n; i++)
        set_row(b, d, &c[i]);
    return b;
}

/* ---- sums of what is stored ---- */

static void load_row(struct ledger *l, const struct engine_rows *rows, size_t i, int64_t newest)
{
    struct store_count c = {.last = newest};
    for (size_t k = 0; k < COUNTOF(text_columns); k++) {
        struct str s = engine_rows_get(rows, i, k).s;
        memcpy((char *)&c + text_columns[k].at, &s, sizeof(s));
    }
    for (size_t k = 0; k < COUNTOF(number_columns); k++) {
        uint64_t n = (uint64_t)engine_rows_get(rows, i, COUNTOF(text_columns) + k).i;
        memcpy((char *)&c + number_columns[k].at, &n, sizeof(n));
    }
    ledger_add(l, &c);
}

/* What was held back when the program ended is gone: it waited in its memory. */
static void close_held(struct ledger *l)
{
    lock_take(&l->lock);
    size_t n = l->sums.n; /* those that are added here hold nothing */
    for (size_t i = 0; i < n; i++) {
        const struct store_count *s = l->sums.p[i];
        if (s->held <= 0)
            continue;
        struct store_count lost = {.source = s->source, .stream = s->stream, .table = s->table};
        lost.held = -s->held;
        lost.rejected = (uint64_t)s->held;
        lost.reason = STR("lost_in_memory");
        /* Those that became something else are negative under their own reasons. */
        for (size_t k = 0; k < n; k++) {
            const struct store_count *o = l->sums.p[k];
            if (o->held < 0 && str_eq(o->source, s->source) && str_eq(o->stream, s->stream) &&
                str_eq(o->table, s->table)) {
                lost.held -= o->held;
                lost.rejected -= (uint64_t)-o->held;
            }
        }
        if (lost.rejected == 0)
            continue;
        add_locked(l, &lost);
        pend_locked(l, &lost);
    }
    lock_drop(&l->lock);
}

bool ledger_load(struct workspace *w, struct err *e)
{
    lock_take(&w->lock);
    const struct ws_table *t = ws_table_find_locked(w, STR("VedetteIngestion"));
    CHECK(t != NULL);
    struct str phys = t->phys;
    lock_drop(&w->lock);
    if (phys.n == 0)
        return true;
    struct kql_column cols[COUNTOF(text_columns) + COUNTOF(number_columns) + 1];
    size_t n = 0;
    AUTO(sbuf_fini) struct sbuf sql = sbuf_make(1 << 16);
    sbuf_addz(&sql, "SELECT ");
    struct str none = STR_NONE;
    const struct engine_source *src = workspace_source(w);
    for (size_t i = 0; i < COUNTOF(text_columns); i++) {
        struct str name = str_from(text_columns[i].name);
        cols[n++] = (struct kql_column){name, KQL_STRING};
        if (!src->column(src->self, none, STR("VedetteIngestion"), name, KQL_STRING, &sql, e))
            return false;
        sbuf_addz(&sql, ", ");
    }
    for (size_t i = 0; i < COUNTOF(number_columns); i++) {
        struct str name = str_from(number_columns[i].name);
        cols[n++] = (struct kql_column){name, KQL_LONG};
        sbuf_addz(&sql, "CAST(coalesce(sum(");
        if (!src->column(src->self, none, STR("VedetteIngestion"), name, KQL_LONG, &sql, e))
            return false;
        sbuf_addz(&sql, "), 0) AS BIGINT), ");
    }
    cols[n++] = (struct kql_column){STR("newest"), KQL_DATETIME};
    sbuf_addz(&sql, "max(\"_TimeReceived\") FROM ");
    if (!lake_bring(w, STR("VedetteIngestion"), e) ||
        !src->from_item(src->self, none, STR("VedetteIngestion"), NULL, &sql, e))
        return false;
    sbuf_addz(&sql, " GROUP BY 1, 2, 3, 4");
    struct kql_schema schema = {cols, n};
    struct engine_rows *rows = NULL;
    if (!engine_conn_query(w->conn, sbuf_str(&sql), &schema, &rows, e))
        return false;
    for (size_t i = 0; i < engine_rows_count(rows); i++) {
        struct kql_value newest = engine_rows_get(rows, i, n - 1);
        load_row(w->ledger, rows, i, newest.i);
        if (newest.i > w->last_received)
            w->last_received = newest.i;
    }
    engine_rows_free(rows);
    close_held(w->ledger);
    return true;
}

void store_account(struct workspace *w, const struct store_count *counts, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ledger_add_pending(w->ledger, &counts[i]);
}

size_t store_counts(struct workspace *w, struct arena *a, struct store_count **out)
{
    return ledger_list(w->ledger, a, out);
}
