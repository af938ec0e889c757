/* ingest_logs: from a body to one durable group of rows, dead letters and counts. */
#include "ingest/foreign.h"
#include "ingest/ingest_priv.h"

enum { MAX_NEW_COLUMNS = 500, MAX_ODD_FIELDS = 1000 };
#define DEFAULT_BODY_BYTES ((size_t)1 << 20)
#define TRANSFORM_US INT64_C(20000000)
#define TRANSFORM_MEMORY ((size_t)256 << 20)

struct ingest *ingest_open(const struct ingest_options *o)
{
    struct ingest *in = xcalloc(1, sizeof(*in));
    in->store = o->store;
    in->clock = o->clock;
    in->limits = o->limits;
    struct ingest_limits *l = &in->limits;
    if (l->max_body_bytes == 0)
        l->max_body_bytes = DEFAULT_BODY_BYTES;
    if (l->max_records == 0)
        l->max_records = 100000;
    if (l->max_depth == 0)
        l->max_depth = 64;
    if (l->max_field_bytes == 0)
        l->max_field_bytes = (size_t)64 << 10;
    if (l->max_record_bytes == 0)
        l->max_record_bytes = l->max_body_bytes;
    if (l->max_raw_bytes == 0)
        l->max_raw_bytes = (size_t)32 << 10;
    if (l->max_past == 0)
        l->max_past = 2 * TICKS_PER_DAY;
    if (l->max_future == 0)
        l->max_future = TICKS_PER_DAY;
    if (l->transform_us == 0)
        l->transform_us = TRANSFORM_US;
    if (l->transform_memory_bytes == 0)
        l->transform_memory_bytes = TRANSFORM_MEMORY;
    return in;
}

void ingest_close(struct ingest *in)
{
    xfree(in);
}

void ingest_gate_set(struct ingest *in, const struct ingest_gate *g)
{
    in->gate = *g;
}

const struct ingest_limits *ingest_limits(const struct ingest *in)
{
    return &in->limits;
}

/* ---- one call ---- */

/* Of a flow, whose columns were declared: its table does not grow by what comes. */
static bool is_flow(const struct ingest_request *r)
{
    return r->flow.output.n > 0;
}

struct fresh_column { /* a property of an open table that has no column yet */
    struct str name;
    enum kql_type type;
};
struct target { /* a column, as a record's property meets it */
    struct kql_column col;
    bool service; /* the store fills it */
};
struct call {
    struct ingest *in;
    const struct ingest_request *r;
    struct arena *a;
    struct str table_name;
    struct kql_table table;
    struct target *targets; /* of all columns, schema first, then hidden */
    struct map *columns;    /* name → index + 1 */
    size_t *guess;          /* column of the i-th property of the record before */
    size_t n_guess;
    size_t time_at, stamp_at; /* TimeGenerated, Timestamp; SIZE_MAX: there is none */
    bool open, collect;       /* collect: unknown properties are noted in fresh */
    struct map *fresh;
    struct map *odd[STORE_FIELD_KINDS]; /* names of fields without a column, with a misfit */
    int64_t now;
    struct sbuf scratch;
    struct store_batch *rows, *dead, *more;
    struct kql_table dead_table;
    struct store_count ok;
    VEC(struct store_count) rejected;
};

/* Columns that the store fills itself; what a sender puts there is ignored without being counted.
 */
static bool is_service_column(struct str name)
{
    static const char *const names[] = {"TenantId",      "Type",        "_ItemId",
                                        "_TimeReceived", "_BilledSize", "_IsBillable",
                                        "_WorkspaceId"};
    for (size_t i = 0; i < COUNTOF(names); i++)
        if (str_eqz(name, names[i]))
            return true;
    return false;
}

static bool load_table(struct call *c, struct err *e)
{
    if (!workspace_table_find(c->r->workspace, c->a, c->table_name, &c->table))
        return err_set(e, ERR_NOT_FOUND, "there is no table '%.*s'", STR_ARG(c->table_name));
    c->open = !is_flow(c->r) && workspace_table_is_open(c->r->workspace, c->table_name);
    c->columns = map_new(c->a, false);
    c->time_at = c->stamp_at = SIZE_MAX;
    size_t own = c->table.schema.n, n = own + c->table.hidden.n;
    c->targets = arena_array(c->a, struct target, n);
    for (size_t i = 0; i < n; i++) {
        struct kql_column col = i < own ? c->table.schema.cols[i] : c->table.hidden.cols[i - own];
        c->targets[i] = (struct target){col, is_service_column(col.name)};
        map_put(c->columns, col.name, (void *)(uintptr_t)(i + 1));
        if (str_eqz(col.name, "TimeGenerated") && col.type == KQL_DATETIME)
            c->time_at = i;
        if (str_eqz(col.name, "Timestamp"))
            c->stamp_at = i;
    }
    return true;
}

static size_t column_of(struct call *c, size_t position, struct str key)
{
    size_t guess = position < c->n_guess ? c->guess[position] : SIZE_MAX;
    if (guess != SIZE_MAX && str_eq(c->targets[guess].col.name, key))
        return guess;
    uintptr_t found = (uintptr_t)map_get(c->columns, key);
    size_t at = found == 0 ? SIZE_MAX : (size_t)found - 1;
    if (position < c->n_guess)
        c->guess[position] = at;
    return at;
}

/* Told when the call has succeeded, once for all of its records. */
static void note_odd(struct call *c, enum store_field_kind kind, struct str name)
{
    if (c->odd[kind] == NULL)
        c->odd[kind] = map_new(c->a, false);
    if (map_count(c->odd[kind]) < MAX_ODD_FIELDS && map_get(c->odd[kind], name) == NULL)
        map_put(c->odd[kind], arena_str(c->a, name), c);
}

static void tell_odd(const struct call *c)
{
    struct str name;
    void *value;
    for (size_t k = 0; k < STORE_FIELD_KINDS; k++)
        for (size_t i = 0; c->odd[k] != NULL && map_next(c->odd[k], &i, &name, &value);)
            store_field_note(c->r->workspace, c->table_name, name, (enum store_field_kind)k);
}

static void note_fresh(struct call *c, struct str key, const struct json *v)
{
    struct fresh_column *f = map_get(c->fresh, key);
    if (f == NULL && map_count(c->fresh) < MAX_NEW_COLUMNS) {
        f = arena_new_of(c->a, struct fresh_column);
        f->name = arena_str(c->a, key);
        map_put(c->fresh, f->name, f);
    }
    if (f != NULL)
        f->type = convert_widen(f->type, convert_infer(key, v));
}

static bool time_in_bounds(const struct call *c, int64_t t)
{
    const struct ingest_limits *l = &c->in->limits;
    if (c->r->keep_times)
        return true;
    return (l->max_past < 0 || t >= c->now - l->max_past) &&
           (l->max_future < 0 || t <= c->now + l->max_future);
}

static void cut_value(struct call *c, struct kql_value *v)
{
    if (!convert_cut(&v->s, c->in->limits.max_field_bytes))
        return;
    c->ok.truncated++;
    if (v->type != KQL_DYNAMIC)
        return;
    /* Half a document is not JSON: it is kept as a string, so that its text can still be searched.
     */
    AUTO(sbuf_fini) struct sbuf text = sbuf_make(0);
    json_escape(&text, v->s);
    sbuf_clear(&c->scratch);
    sbuf_add(&c->scratch, sbuf_str(&text));
    v->s = sbuf_str(&c->scratch);
}

/* True when the property gave TimeGenerated. */
static bool set_property(struct call *c, size_t at, const struct json *value)
{
    const struct target *t = &c->targets[at];
    if (t->service)
        return false;
    struct kql_value v;
    enum convert_result result = convert_value(value, t->col.type, &c->scratch, &v);
    if (result == CONVERT_MISMATCH) {
        c->ok.nulled++;
        note_odd(c, STORE_FIELD_MISFIT, t->col.name);
    }
    if (result != CONVERT_OK)
        return false;
    if (at == c->time_at && !time_in_bounds(c, v.i))
        return false;
    if (t->col.type == KQL_STRING || t->col.type == KQL_DYNAMIC)
        cut_value(c, &v);
    store_batch_set(c->rows, at, &v);
    return at == c->time_at;
}

static void add_record(struct call *c, const struct json *record)
{
    bool timed = false, stamped = false;
    for (size_t i = 0; i < record->n; i++) {
        size_t at = column_of(c, i, record->keys[i]);
        if (at != SIZE_MAX) {
            timed |= set_property(c, at, &record->items[i]);
            stamped |= at == c->stamp_at;
        } else if (c->collect) {
            note_fresh(c, record->keys[i], &record->items[i]);
        } else if (!is_service_column(record->keys[i])) {
            c->ok.dropped++;
            note_odd(c, STORE_FIELD_UNKNOWN, record->keys[i]);
        }
    }
    c->ok.times_replaced += !timed && !stamped;
    store_batch_end_row(c->rows);
    c->ok.received++;
    c->ok.stored++;
}

/* ---- names with suffixes ---- */

static bool has_column(void *self, struct str name)
{
    const struct call *c = self;
    return map_get(c->columns, name) != NULL || (c->collect && map_get(c->fresh, name) != NULL);
}

static bool rename_record(struct call *c, struct reader *r, struct json *record, struct err *e)
{
    struct collector k = {&c->r->collector, &c->scratch, c, has_column};
    return !c->r->collector.on || collector_record(&k, r->a, record, e);
}

/* ---- dead letters ---- */

static struct store_count *rejected_for(struct call *c, const char *reason)
{
    for (size_t i = 0; i < c->rejected.n; i++)
        if (str_eqz(c->rejected.p[i].reason, reason))
            return &c->rejected.p[i];
    struct store_count count = {
        .source = c->r->source, .stream = c->r->stream, .table = c->table_name};
    count.reason = str_from(reason);
    VEC_PUSH(c->a, &c->rejected, count);
    return &c->rejected.p[c->rejected.n - 1];
}

static void dead_set(struct call *c, const char *column, enum kql_type type, struct str s,
                     int64_t i)
{
    for (size_t at = 0; at < c->dead_table.schema.n; at++) {
        if (str_eqz(c->dead_table.schema.cols[at].name, column)) {
            struct kql_value v = {.type = type, .s = s, .i = i};
            store_batch_set(c->dead, at, &v);
        }
    }
}

/* Raw text may be anything; what the table holds is UTF-8. */
static struct str clean_text(struct arena *a, struct str s)
{
    if (utf8_valid(s, NULL))
        return s;
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    for (const char *p = s.p; p < s.p + s.n;) {
        char buf[4];
        size_t n = utf8_put(buf, utf8_next(&p, s.p + s.n));
        sbuf_addmem(&b, buf, n);
    }
    return arena_str(a, sbuf_str(&b));
}

static bool bury(struct call *c, const struct record *rec, size_t index, struct err *e)
{
    if (c->dead == NULL) {
        if (!workspace_table_find(c->r->workspace, c->a, STR("VedetteDeadLetter"), &c->dead_table))
            return err_set(e, ERR_INTERNAL, "table VedetteDeadLetter is missing");
        c->dead = store_batch_new(&c->dead_table);
    }
    struct str raw = rec->raw;
    (void)convert_cut(&raw, c->in->limits.max_raw_bytes);
    dead_set(c, "Source", KQL_STRING, c->r->source, 0);
    dead_set(c, "Stream", KQL_STRING, c->r->stream, 0);
    dead_set(c, "TableName", KQL_STRING, c->table_name, 0);
    dead_set(c, "Reason", KQL_STRING, str_from(rec->reason), 0);
    dead_set(c, "Detail", KQL_STRING, str_from(rec->err.msg), 0);
    dead_set(c, "RecordIndex", KQL_LONG, STR_NONE, (int64_t)index);
    dead_set(c, "RawRecord", KQL_STRING, clean_text(c->a, raw), 0);
    dead_set(c, "RawBytes", KQL_LONG, STR_NONE, (int64_t)rec->raw.n);
    dead_set(c, "ClientRequestId", KQL_STRING, clean_text(c->a, c->r->client_request_id), 0);
    store_batch_end_row(c->dead);
    struct store_count *count = rejected_for(c, rec->reason);
    count->received++;
    count->rejected++;
    return true;
}

/* ---- passes ---- */

static uint64_t request_bytes(const struct ingest_request *r)
{
    uint64_t n = is_flow(r) ? r->flow.sent.n : r->body.n;
    for (size_t i = 0; i < r->syslog.n_messages; i++)
        n += r->syslog.messages[i].text.n;
    return n;
}

static void restart(struct call *c)
{
    store_batch_free(c->rows);
    store_batch_free(c->dead);
    c->rows = store_batch_new(&c->table);
    c->dead = NULL;
    c->rejected.n = 0;
    c->ok = (struct store_count){
        .source = c->r->source, .stream = c->r->stream, .table = c->table_name, .requests = 1};
    c->ok.bytes = request_bytes(c->r);
    c->ok.received = c->ok.filtered = c->r->flow.filtered;
    c->ok.nulled = c->r->flow.nulled;
    c->ok.dropped = c->r->flow.dropped;
    for (size_t i = 0; i < c->r->syslog.n_messages; i++)
        c->ok.truncated += c->r->syslog.messages[i].cut;
}

static bool too_long(struct call *c, struct record *rec)
{
    if (!rec->ok || rec->raw.n <= c->in->limits.max_record_bytes)
        return false;
    rec->reason = "record_too_large";
    err_set(&rec->err, ERR_LIMIT, "the record has %zu bytes; the limit is %zu", rec->raw.n,
            c->in->limits.max_record_bytes);
    return true;
}

/* All records once. *out_n: how many were looked at, also on failure. */
static bool pass(struct call *c, size_t *out_n, struct err *e)
{
    struct reader reader = reader_make(c->r, c->now, &c->in->limits);
    struct err own = {0};
    struct record rec;
    bool ok = true;
    restart(c);
    while (ok && reader_next(&reader, &rec, &own)) {
        if (reader.n > c->in->limits.max_records)
            ok = err_set(&own, ERR_LIMIT, "more than %zu records in one call",
                         c->in->limits.max_records);
        else if (!rec.ok || too_long(c, &rec))
            ok = bury(c, &rec, reader.n - 1, &own);
        else if ((ok = rename_record(c, &reader, &rec.value, &own)))
            add_record(c, &rec.value);
    }
    for (size_t i = 0; ok && i < c->r->n_rejects; i++) {
        const struct ingest_reject *x = &c->r->rejects[i];
        struct record bad = {.raw = x->raw, .reason = x->reason, .err = x->err};
        ok = bury(c, &bad, x->index, &own);
    }
    *out_n = reader.n;
    reader_fini(&reader);
    if (own.code == ERR_OK)
        return true;
    if (e != NULL)
        *e = own;
    return false;
}

/* One by one after all together was refused: a name that can't be a column, or one column too many,
 * is a dropped property, not a lost record. */
static bool make_columns_singly(struct call *c, const struct kql_schema *more, struct err *e)
{
    for (size_t i = 0; i < more->n; i++) {
        struct kql_schema one = {&more->cols[i], 1};
        struct err why = {0};
        if (workspace_table_extend(c->r->workspace, c->table_name, &one, &why))
            continue;
        if (why.code != ERR_INVALID && why.code != ERR_LIMIT) {
            *e = why;
            return false;
        }
    }
    return true;
}

static bool make_columns(struct call *c, struct err *e)
{
    struct kql_schema more = {arena_array(c->a, struct kql_column, map_count(c->fresh) + 1), 0};
    struct str key;
    void *value;
    for (size_t i = 0; map_next(c->fresh, &i, &key, &value);) {
        const struct fresh_column *f = value;
        more.cols[more.n++] =
            (struct kql_column){f->name, f->type == KQL_UNKNOWN ? KQL_STRING : f->type};
    }
    return (workspace_table_extend(c->r->workspace, c->table_name, &more, NULL) ||
            make_columns_singly(c, &more, e)) &&
           load_table(c, e);
}

static bool read_all(struct call *c, size_t *out_n, struct err *e)
{
    c->collect = c->open;
    c->fresh = map_new(c->a, false);
    if (!pass(c, out_n, e))
        return false;
    c->collect = false;
    if (map_count(c->fresh) == 0)
        return true;
    return make_columns(c, e) && pass(c, out_n, e);
}

/* ---- storing ---- */

static struct str dedup_id(struct call *c)
{
    const struct ingest_request *r = c->r;
    if (r->client_request_id.n == 0)
        return STR_NONE;
    /* The body is part of the name: a sender that uses one id for two bodies loses nothing. */
    struct str body = r->sent.n > 0 ? r->sent : r->body;
    if (is_flow(r))
        body = r->flow.sent; /* now() may make other rows of it */
    struct str id = arena_fmt(c->a, "%016llx%016llx%016llx%016llx",
                              (unsigned long long)str_hash(r->client_request_id),
                              (unsigned long long)str_hash(r->stream),
                              (unsigned long long)str_hash(body), (unsigned long long)body.n);
    if (r->flow.name.n == 0)
        return id;
    return arena_fmt(c->a, "%.*s%016llx", STR_ARG(id), (unsigned long long)str_hash(r->flow.name));
}

/* Records that were counted when they came are not counted as received again. */
static void release_held(struct store_count *k)
{
    k->held = -(int64_t)(k->stored + k->rejected + k->filtered);
    k->received = 0;
}

/* Rows that say what became of the sender's are the system's own. */
static void count_more(struct call *c, const struct store_batch *more)
{
    struct store_count count = {.source = STR("vedette"), .requests = 1};
    count.stream = count.table = c->r->flow.more_table;
    count.received = count.stored = store_batch_rows(more);
    VEC_PUSH(c->a, &c->rejected, count);
}

static bool store_rows(struct call *c, struct ingest_result *out, struct err *e)
{
    struct store_batch *batches[3] = {c->rows};
    size_t n = 1;
    if (c->dead != NULL)
        batches[n++] = c->dead;
    size_t own = c->rejected.n + 1; /* counts */
    struct store_batch *more = c->more;
    c->rows = c->dead = c->more = NULL;
    VEC_PUSH(c->a, &c->rejected, c->ok);
    if (more != NULL) {
        batches[n++] = more;
        count_more(c, more);
    }
    for (size_t i = 0; c->r->held && i < c->rejected.n; i++)
        release_held(&c->rejected.p[i]);
    struct store_append req = {.batches = batches, .n = n, .dedup = dedup_id(c)};
    req.counts = c->rejected.p;
    req.n_counts = c->rejected.n;
    req.again = c->r->again;
    req.beyond_cap = c->r->syslog.n_messages > 0;
    struct ingest_result result = {0};
    if (!store_append_counted(c->r->workspace, &req, &result.duplicate, e))
        return false;
    for (size_t i = 0; i < own; i++) {
        const struct store_count *k = &c->rejected.p[i];
        result.received += k->stored + k->rejected + k->filtered;
        result.stored += result.duplicate ? 0 : k->stored;
        result.rejected += k->rejected + (result.duplicate ? k->stored + k->filtered : 0);
        result.filtered += result.duplicate ? 0 : k->filtered;
    }
    result.nulled = c->ok.nulled;
    result.truncated = c->ok.truncated;
    result.dropped = c->ok.dropped;
    result.times_replaced = c->ok.times_replaced;
    *out = result;
    return true;
}

static const char *refusal_word(enum err_code code)
{
    switch ((int)code) {
    case ERR_NOT_FOUND:
        return "unknown_stream";
    case ERR_TOO_LARGE:
        return "body_too_large";
    case ERR_LIMIT:
        return "limit";
    case ERR_INVALID:
    case ERR_SYNTAX:
        return "malformed";
    default:
        return "storage";
    }
}

/* One record when nobody could count them. */
void ingest_count_refusal(const struct ingest_request *r, struct str table, size_t n,
                          enum err_code code)
{
    struct store_count count = {.source = r->source, .table = table, .requests = 1};
    count.stream = code == ERR_NOT_FOUND ? STR("(unknown)") : r->stream;
    count.table = code == ERR_NOT_FOUND ? STR_NONE : table;
    count.reason = str_from(refusal_word(code));
    n = r->flow.read > 0 ? r->flow.read : n;
    count.received = count.rejected = n > 0 ? n : 1;
    count.bytes = request_bytes(r);
    if (r->held) {
        count.rejected = r->syslog.n_messages;
        release_held(&count);
    }
    store_account(r->workspace, &count, 1);
}

static bool find_target(struct call *c, struct err *e)
{
    const struct ingest_request *r = c->r;
    size_t n = is_flow(r) ? r->flow.sent.n : r->body.n;
    if (n > c->in->limits.max_body_bytes)
        return err_set(e, ERR_TOO_LARGE,
                       "Maximum allowed content length: %zu bytes. The body has %zu bytes.",
                       c->in->limits.max_body_bytes, n);
    struct str stream = is_flow(r) ? r->flow.output : r->stream;
    if (!ingest_stream_table(r->workspace, c->a, stream, &c->table_name, e)) {
        if (!r->create_table || c->table_name.n == 0)
            return false;
        struct kql_schema none = {NULL, 0};
        if (!workspace_table_define(r->workspace, c->table_name, &none, e))
            return false;
    }
    return load_table(c, e);
}

bool ingest_is_final(enum err_code code)
{
    return code == ERR_SYNTAX || code == ERR_LIMIT || code == ERR_TOO_LARGE || code == ERR_INVALID;
}

bool ingest_logs(struct ingest *in, const struct ingest_request *r, struct ingest_result *out,
                 struct err *e)
{
    enum { GUESSES = 256 };
    if (ingest_format_routes(r->format))
        return foreign_logs(in, r, out, e);
    bool taken_well = false;
    if (in->gate.take != NULL && !is_flow(r) &&
        in->gate.take(in->gate.self, in, r, out, &taken_well, e))
        return taken_well;
    struct err own = {0};
    size_t n = 0;
    struct call c = {.in = in, .r = r, .a = arena_new(0), .now = clock_now(in->clock)};
    c.scratch = sbuf_make(0);
    c.more = r->flow.more;
    c.guess = arena_array(c.a, size_t, GUESSES);
    c.n_guess = GUESSES;
    for (size_t i = 0; i < GUESSES; i++)
        c.guess[i] = SIZE_MAX;
    bool readable = find_target(&c, &own) && read_all(&c, &n, &own);
    bool comes_again = r->again && (own.code == ERR_BUSY || own.code == ERR_IO);
    if (!readable && !comes_again)
        ingest_count_refusal(r, c.table_name, n + (own.code == ERR_SYNTAX), own.code);
    bool ok = readable && store_rows(&c, out, &own);
    if (ok)
        tell_odd(&c);
    store_batch_free(c.rows);
    store_batch_free(c.dead);
    store_batch_free(c.more);
    sbuf_fini(&c.scratch);
    arena_free(c.a);
    if (!ok && e != NULL)
        *e = own;
    return ok;
}
