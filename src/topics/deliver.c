/* Ranges of a partition become rows, dead letters and a position, exactly once: the range's bounds
 * are written down before it is stored, the position behind it afterwards. After a crash in between
 * the same range is read again and stored under the same id, which the store knows. */
#include "base/log.h"
#include "state/cursors.h"
#include "topics/topics_priv.h"

static struct str cursor_name(struct arena *a, const struct source *s, struct str topic,
                              int32_t partition)
{
    return arena_fmt(a, "%s/%.*s/%d", s->name, STR_ARG(topic), partition);
}

static bool cursor_write(const struct source *s, struct str topic, int32_t partition,
                         const struct kafka_position *at, struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_obj(&w);
    json_kv_int(&w, "next", at->next);
    if (at->until >= at->next)
        json_kv_int(&w, "until", at->until);
    json_obj_end(&w);
    return state_cursor_set(s->o.state, cursor_name(a, s, topic, partition), sbuf_str(&b), e);
}

bool deliver_find(void *self, struct str topic, int32_t partition, struct kafka_position *out,
                  struct err *e)
{
    const struct source *s = self;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct str name = cursor_name(a, s, topic, partition), text = STR("");
    struct json v;
    *out = (struct kafka_position){-1, -1};
    if (!state_cursor_get(s->o.state, a, name, &text, e))
        return false;
    if (text.n == 0)
        return true;
    if (!json_parse(a, text, NULL, &v, e)) {
        err_prefix(e, "cursor %.*s", STR_ARG(name));
        return false;
    }
    const struct json *next = json_get(&v, "next"), *until = json_get(&v, "until");
    if (next == NULL || next->type != JSON_INT)
        return err_set(e, ERR_INVALID, "cursor %.*s has no position", STR_ARG(name));
    out->next = next->i;
    if (until != NULL && until->type == JSON_INT)
        out->until = until->i;
    return true;
}

/* The table's name also when it is still to be made. */
static struct str table_of(const struct source *s, struct arena *a)
{
    struct str table = STR("");
    struct err e = {0};
    if (!ingest_stream_table(s->workspace, a, s->s->stream, &table, &e))
        LOG(LOG_DEBUG, "kafka", "the table is still to be made", log_s("table", table));
    return table;
}

/* Messages that never became records. */
static void account(const struct source *s, const char *reason, uint64_t n)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (n == 0)
        return;
    struct store_count c = {.source = str_from(s->name),
                            .stream = s->s->stream,
                            .table = table_of(s, a),
                            .reason = str_from(reason),
                            .received = n,
                            .rejected = n};
    store_account(s->workspace, &c, 1);
}

bool deliver_move(void *self, struct str topic, int32_t partition, int64_t next, uint64_t lost,
                  struct err *e)
{
    const struct source *s = self;
    struct kafka_position at = {next, -1};
    if (!cursor_write(s, topic, partition, &at, e))
        return false;
    account(s, "gone_at_broker", lost);
    return true;
}

/* ---- dead letters ---- */

static void put(struct store_batch *b, const struct kql_table *t, const char *column,
                struct kql_value v)
{
    for (size_t i = 0; i < t->schema.n; i++)
        if (str_eqz(t->schema.cols[i].name, column))
            store_batch_set(b, i, &v);
}

static void put_text(struct store_batch *b, const struct kql_table *t, const char *column,
                     struct str s)
{
    put(b, t, column, (struct kql_value){.type = KQL_STRING, .s = s});
}

static void put_long(struct store_batch *b, const struct kql_table *t, const char *column,
                     int64_t i)
{
    put(b, t, column, (struct kql_value){.type = KQL_LONG, .i = i});
}

/* Raw text may be anything; what a table holds is UTF-8. */
static struct str clean(struct arena *a, struct str s, size_t max)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    const char *end = s.p + s.n;
    for (const char *p = s.p; p < end;) {
        char bytes[4];
        size_t n = utf8_put(bytes, utf8_next(&p, end));
        if (b.n + n > max)
            break;
        sbuf_addmem(&b, bytes, n);
    }
    return arena_str(a, sbuf_str(&b));
}

struct burial {
    const struct source *s;
    const struct kafka_range *range;
    struct arena *a;
    struct str table; /* that the records were for */
    struct kql_table dead;
    struct store_batch *batch;
    VEC(struct store_count) counts;
};

static void count_letter(struct burial *d, const struct letter *l)
{
    struct store_count *c = NULL;
    for (size_t i = 0; i < d->counts.n; i++)
        if (str_eqz(d->counts.p[i].reason, l->reason))
            c = &d->counts.p[i];
    if (c == NULL) {
        struct store_count fresh = {.source = str_from(d->s->name),
                                    .stream = d->s->s->stream,
                                    .table = d->table,
                                    .reason = str_from(l->reason)};
        VEC_PUSH(d->a, &d->counts, fresh);
        c = &d->counts.p[d->counts.n - 1];
    }
    c->received++;
    c->rejected++;
    c->bytes += l->raw.n;
}

static void bury(struct burial *d, const struct letter *l)
{
    const struct kafka_range *r = d->range;
    size_t max_raw = ingest_limits(d->s->ingest)->max_raw_bytes;
    struct str where =
        arena_fmt(d->a, "%.*s/%d/%lld", STR_ARG(r->topic), r->partition, (long long)l->offset);
    struct str detail =
        arena_fmt(d->a, "topic %.*s, partition %d, offset %lld: %s", STR_ARG(r->topic),
                  r->partition, (long long)l->offset, l->err.msg);
    put_text(d->batch, &d->dead, "Source", str_from(d->s->name));
    put_text(d->batch, &d->dead, "Stream", d->s->s->stream);
    put_text(d->batch, &d->dead, "TableName", d->table);
    put_text(d->batch, &d->dead, "Reason", str_from(l->reason));
    put_text(d->batch, &d->dead, "Detail", clean(d->a, detail, detail.n));
    put_long(d->batch, &d->dead, "RecordIndex", (int64_t)l->index);
    put_text(d->batch, &d->dead, "RawRecord", clean(d->a, l->raw, max_raw));
    put_long(d->batch, &d->dead, "RawBytes", (int64_t)l->raw.n);
    put_text(d->batch, &d->dead, "ClientRequestId", where);
    store_batch_end_row(d->batch);
    count_letter(d, l);
}

static bool bury_all(const struct source *s, const struct kafka_range *r, const struct body *b,
                     struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct burial d = {.s = s, .range = r, .a = a};
    uint64_t bytes = 0;
    if (b->letters.n == 0)
        return true;
    d.table = table_of(s, a);
    if (!workspace_table_find(s->workspace, a, STR("VedetteDeadLetter"), &d.dead))
        return err_set(e, ERR_INTERNAL, "table VedetteDeadLetter is missing");
    d.batch = store_batch_new(&d.dead);
    for (size_t i = 0; i < b->letters.n; i++) {
        bury(&d, &b->letters.p[i]);
        bytes += b->letters.p[i].raw.n;
    }
    struct str name = cursor_name(a, s, r->topic, r->partition);
    struct store_append req = {.batches = &d.batch, .n = 1, .counts = d.counts.p, .again = true};
    req.n_counts = d.counts.n;
    req.dedup = arena_fmt(a, "dead %016llx %lld-%lld %zu %llu", (unsigned long long)str_hash(name),
                          (long long)r->messages[0].offset, (long long)r->messages[r->n - 1].offset,
                          b->letters.n, (unsigned long long)bytes);
    return store_append_counted(s->workspace, &req, NULL, e);
}

/* ---- rows ---- */

static enum ingest_format format_of(const struct source *s)
{
    switch (s->s->format) {
    case TOPICS_AZURE:
        return INGEST_AZURE;
    case TOPICS_SYSLOG:
        return INGEST_SYSLOG;
    case TOPICS_CEF:
        return INGEST_CEF;
    case TOPICS_JSON:
    case TOPICS_NDJSON:
    case TOPICS_RECORDS:
        break;
    }
    return INGEST_NDJSON;
}

static bool store_records(const struct source *s, const struct kafka_range *r, struct body *b,
                          struct err *e)
{
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct ingest_result result;
    if (b->lines.n == 0 && b->n_messages == 0)
        return true;
    if (!sbuf_ok(&b->lines))
        return err_set(e, ERR_LIMIT, "the messages of one range are too large");
    bool list = s->s->format == TOPICS_SYSLOG || s->s->format == TOPICS_CEF;
    struct str name = cursor_name(a, s, r->topic, r->partition);
    struct ingest_request q = {
        .workspace = s->workspace,
        .stream = s->s->by_category ? STR_NONE : s->s->stream,
        .format = format_of(s),
        .body = sbuf_str(&b->lines),
        .source = str_from(s->name),
        .client_request_id =
            arena_fmt(a, "%.*s/%lld-%lld", STR_ARG(name), (long long)r->messages[0].offset,
                      (long long)r->messages[r->n - 1].offset),
        .create_table = true,
        .keep_times = !s->s->bound_times,
        .syslog = {.messages = list ? b->messages : NULL, .n_messages = b->n_messages},
        .again = true,
    };
    return ingest_logs(s->ingest, &q, &result, e);
}

bool deliver_take(void *self, const struct kafka_range *r, struct err *e)
{
    struct source *s = self;
    struct body b;
    struct body_rules rules = s->rules;
    int64_t first = r->messages[0].offset, last = r->messages[r->n - 1].offset;
    struct kafka_position before = {first, last}, behind = {last + 1, -1};
    rules.now = clock_now(s->o.clock);
    body_make(&b, &rules, r->messages, r->n);
    bool ok = cursor_write(s, r->topic, r->partition, &before, e) && store_records(s, r, &b, e) &&
              bury_all(s, r, &b, e) && cursor_write(s, r->topic, r->partition, &behind, e);
    if (ok)
        account(s, "tombstone", b.tombstones);
    body_fini(&b);
    return ok;
}
