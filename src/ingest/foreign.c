/* From records of foreign formats to calls of ingest_logs, one a table. */
#include "ingest/foreign.h"
#include "ingest/ingest_priv.h"

struct format {
    const char *name;
    void (*read)(struct foreign *f, struct str body); /* NULL: not foreign */
    const char *table; /* where a body's dead letters are counted when it has no good record */
};
static const struct format formats[INGEST_N_FORMATS] = {
    [INGEST_JSON] = {"json", NULL, NULL},
    [INGEST_NDJSON] = {"ndjson", NULL, NULL},
    [INGEST_CSV] = {"csv", NULL, NULL},
    [INGEST_SYSLOG] = {"syslog", NULL, NULL},
    [INGEST_CEF] = {"cef", NULL, NULL},
    [INGEST_WINDOWS] = {"windows", windows_read, "Event"},
    [INGEST_CLOUDTRAIL] = {"cloudtrail", cloudtrail_read, "AWSCloudTrail"},
    [INGEST_VPCFLOW] = {"vpcflow", vpcflow_read, "AWSVPCFlow"},
    [INGEST_GUARDDUTY] = {"guardduty", guardduty_read, "AWSGuardDuty"},
    [INGEST_AZURE] = {"azure", azure_read, "AzureDiagnostics"},
    [INGEST_ZEEK] = {"zeek", zeek_read, "Zeek_CL"},
    [INGEST_AUDITD] = {"auditd", auditd_read, "LinuxAudit_CL"},
};

const char *ingest_format_name(enum ingest_format f)
{
    return formats[f].name;
}

bool ingest_format_find(struct str name, enum ingest_format *out)
{
    for (size_t i = 0; i < COUNTOF(formats); i++) {
        if (str_ieqz(name, formats[i].name)) {
            *out = (enum ingest_format)i;
            return true;
        }
    }
    return false;
}

bool ingest_format_routes(enum ingest_format f)
{
    return formats[f].read != NULL;
}

/* A body with more records that can't be read is of another format: it is refused as a whole. */
enum { MAX_REJECTS = 100000 };

struct target {
    struct str name;
    bool exists;
    struct map *columns;
    struct sbuf lines; /* NDJSON */
};
struct foreign {
    struct ingest *in;
    const struct ingest_request *r;
    struct arena *call, *record;
    struct str table;    /* of the request; empty: the record chooses */
    struct map *by_name; /* name → struct target */
    size_t n;            /* records so far */
    VEC(struct ingest_reject) rejects;
    bool hopeless; /* more of them than are kept */
};

struct arena *foreign_arena(struct foreign *f)
{
    return f->record;
}

struct arena *foreign_call_arena(struct foreign *f)
{
    return f->call;
}

void foreign_next(struct foreign *f)
{
    arena_reset(f->record);
}

size_t foreign_max_depth(const struct foreign *f)
{
    return f->in->limits.max_depth;
}

struct str foreign_table(const struct foreign *f)
{
    return f->table;
}

static struct target *target_of(struct foreign *f, struct str table)
{
    struct target *t = map_get(f->by_name, table);
    if (t != NULL)
        return t;
    t = arena_new_of(f->call, struct target);
    t->name = arena_str(f->call, table);
    t->lines = sbuf_make(0);
    t->columns = map_new(f->call, true);
    struct kql_table found;
    t->exists =
        f->r->workspace != NULL && workspace_table_find(f->r->workspace, f->call, t->name, &found);
    for (size_t i = 0; t->exists && i < found.schema.n; i++)
        map_put(t->columns, found.schema.cols[i].name, &found.schema.cols[i].name);
    map_put(f->by_name, t->name, t);
    return t;
}

const char *foreign_column(struct foreign *f, struct str table, struct str name)
{
    const struct str *column = map_get(target_of(f, table)->columns, name);
    return column == NULL ? NULL : arena_strz(f->record, *column);
}

bool foreign_has_column(struct foreign *f, struct str table, struct str name)
{
    const struct str *column = map_get(target_of(f, table)->columns, name);
    return column != NULL && str_eq(*column, name);
}

bool foreign_table_exists(struct foreign *f, struct str table)
{
    return target_of(f, table)->exists;
}

void foreign_put(struct foreign *f, struct str table, const struct json *record)
{
    struct target *t = target_of(f, table);
    struct json_out w = json_out_make(&t->lines);
    json_value(&w, record);
    sbuf_addc(&t->lines, '\n');
    f->n++;
}

void foreign_reject(struct foreign *f, struct str raw, const struct err *why)
{
    struct ingest_reject x = {.raw = raw, .err = *why, .index = f->n++};
    x.reason = why->code == ERR_LIMIT ? "limit" : "malformed";
    if (f->rejects.n < MAX_REJECTS)
        VEC_PUSH(f->call, &f->rejects, x);
    else
        f->hopeless = true;
}

/* ---- storing ---- */

static void add_result(struct ingest_result *sum, const struct ingest_result *x)
{
    sum->received += x->received;
    sum->stored += x->stored;
    sum->rejected += x->rejected;
    sum->nulled += x->nulled;
    sum->truncated += x->truncated;
    sum->dropped += x->dropped;
    sum->times_replaced += x->times_replaced;
    sum->duplicate |= x->duplicate;
}

/* Whole lines of s within the limits of one call: columns that are made of others can make a body
 * longer than the one that came. */
static size_t part_of(const struct foreign *f, struct str s)
{
    const struct ingest_limits *l = &f->in->limits;
    size_t end = 0;
    for (size_t lines = 0; end < s.n && lines < l->max_records; lines++) {
        const char *nl = memchr(s.p + end, '\n', s.n - end);
        size_t next = (size_t)(nl - s.p) + 1;
        if (end > 0 && next > l->max_body_bytes)
            break;
        end = next;
    }
    return end;
}

static bool store_part(struct foreign *f, struct str table, struct str part,
                       struct ingest_result *sum, struct err *e)
{
    bool custom = str_ends(table, STR("_CL"));
    struct ingest_request r = *f->r;
    struct ingest_result one = {0};
    r.format = INGEST_NDJSON;
    r.stream = f->r->stream.n > 0
                   ? f->r->stream
                   : arena_fmt(f->call, "%s-%.*s", custom ? "Custom" : "Microsoft", STR_ARG(table));
    r.body = part;
    if (part.n == 0 && r.client_request_id.n > 0) /* the body names a request, too: ours is gone */
        r.client_request_id = arena_fmt(f->call, "%.*s-%016llx", STR_ARG(r.client_request_id),
                                        (unsigned long long)str_hash(f->r->body));
    r.rejects = f->rejects.p;
    r.n_rejects = f->rejects.n;
    if (!ingest_logs(f->in, &r, &one, e))
        return false;
    f->rejects.n = 0; /* they are dead letters of one table */
    add_result(sum, &one);
    return true;
}

static bool store_target(struct foreign *f, struct target *t, struct ingest_result *sum,
                         struct err *e)
{
    if (!sbuf_ok(&t->lines))
        return err_set(e, ERR_LIMIT, "the records of the body take too much memory");
    struct str rest = sbuf_str(&t->lines);
    while (rest.n > 0) {
        size_t n = part_of(f, rest);
        if (!store_part(f, t->name, str_sub(rest, 0, n), sum, e))
            return false;
        rest = str_sub(rest, n, rest.n);
    }
    return true;
}

static bool refuse(struct foreign *f, struct err *e)
{
    struct store_count count = {.source = f->r->source, .requests = 1, .reason = STR("malformed")};
    count.table = f->table.n > 0 ? f->table : str_from(formats[f->r->format].table);
    count.stream = f->r->stream.n > 0 ? f->r->stream : STR("(unknown)");
    count.received = count.rejected = f->n;
    count.bytes = f->r->body.n;
    store_account(f->r->workspace, &count, 1);
    return err_set(e, ERR_SYNTAX, "more than %d records are none of format %s", MAX_REJECTS,
                   formats[f->r->format].name);
}

static bool store_all(struct foreign *f, struct ingest_result *sum, struct err *e)
{
    struct str name;
    void *value;
    if (f->hopeless)
        return refuse(f, e);
    for (size_t i = 0; map_next(f->by_name, &i, &name, &value);)
        if (!store_target(f, value, sum, e))
            return false;
    if (f->rejects.n == 0)
        return true;
    struct str table = f->table.n > 0 ? f->table : str_from(formats[f->r->format].table);
    return store_part(f, table, STR(""), sum, e);
}

/* The table that the request's stream means. An unknown one, and a body that is too large, are
 * ingest_logs' to refuse and to count. */
static bool start(struct foreign *f, struct err *e)
{
    const struct ingest_request *r = f->r;
    struct ingest_result none = {0};
    struct ingest_request probe = *r;
    probe.format = INGEST_NDJSON;
    if (r->stream.n == 0 && r->body.n > f->in->limits.max_body_bytes)
        probe.stream = arena_fmt(f->call, "Microsoft-%s", formats[r->format].table);
    if (r->body.n > f->in->limits.max_body_bytes)
        return ingest_logs(f->in, &probe, &none, e);
    if (r->stream.n == 0 || ingest_stream_table(r->workspace, f->call, r->stream, &f->table, e))
        return true;
    if (r->create_table && f->table.n > 0)
        return true;
    probe.body = STR("");
    return ingest_logs(f->in, &probe, &none, e);
}

struct foreign *foreign_new(struct ingest *in, const struct ingest_request *r)
{
    struct foreign *f = xcalloc(1, sizeof(*f));
    f->in = in;
    f->r = r;
    f->call = arena_new(0);
    f->record = arena_new(0);
    f->by_name = map_new(f->call, false);
    return f;
}

void foreign_free(struct foreign *f)
{
    struct str name;
    void *value;
    for (size_t i = 0; map_next(f->by_name, &i, &name, &value);)
        sbuf_fini(&((struct target *)value)->lines);
    arena_free(f->record);
    arena_free(f->call);
    xfree(f);
}

void foreign_read(struct foreign *f)
{
    struct str body = f->r->body, bom = STR("\xef\xbb\xbf");
    formats[f->r->format].read(f, str_starts(body, bom) ? str_sub(body, 3, body.n) : body);
}

bool foreign_lines(struct foreign *f, size_t *i, struct str *out_table, struct str *out_lines)
{
    void *value;
    if (!map_next(f->by_name, i, out_table, &value))
        return false;
    *out_lines = sbuf_str(&((struct target *)value)->lines);
    return true;
}

size_t foreign_rejects(const struct foreign *f, const struct ingest_reject **out)
{
    *out = f->rejects.p;
    return f->rejects.n;
}

bool foreign_logs(struct ingest *in, const struct ingest_request *r, struct ingest_result *out,
                  struct err *e)
{
    struct foreign *f = foreign_new(in, r);
    struct ingest_result sum = {0};
    bool ok = start(f, e);
    if (ok) {
        foreign_read(f);
        ok = store_all(f, &sum, e);
    }
    foreign_free(f);
    if (ok)
        *out = sum;
    return ok;
}

/* ---- records ---- */

void record_value(struct record_maker *m, const char *column, const struct json *v)
{
    if (v == NULL || v->type == JSON_NULL)
        return;
    VEC_PUSH(m->a, &m->keys, str_from(column));
    VEC_PUSH(m->a, &m->items, *v);
}

void record_json_text(struct record_maker *m, const char *column, const struct json *v)
{
    if (v == NULL || (v->type != JSON_OBJECT && v->type != JSON_ARRAY)) {
        record_value(m, column, v);
        return;
    }
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    record_text(m, column, arena_str(m->a, sbuf_str(&b)));
}

void record_fields(struct record_maker *m, const struct json *record, const struct field_map *map,
                   size_t n)
{
    for (size_t i = 0; i < n; i++)
        record_json_text(m, map[i].column, json_path(record, map[i].path));
}
