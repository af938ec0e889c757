/* Records of a body, one after the other, each in memory only while it is the current one. */
#include "ingest/ingest_priv.h"
#include "text/csv.h"

struct reader reader_make(const struct ingest_request *q, int64_t now,
                          const struct ingest_limits *l)
{
    struct reader r = {.format = q->format, .body = q->body, .syslog = &q->syslog, .now = now};
    r.separator = q->separator != 0 ? q->separator : ',';
    r.more = sbuf_make(0);
    r.a = arena_new(0);
    r.header_arena = arena_new(0);
    r.json.max_depth = l->max_depth;
    r.json.lone_surrogates = true;
    r.flat = json_flat_make(q->body, &r.json);
    if (str_starts(q->body, STR("\xef\xbb\xbf")))
        r.at = 3;
    return r;
}

void reader_fini(struct reader *r)
{
    arena_free(r->a);
    arena_free(r->header_arena);
    json_flat_fini(&r->flat);
    sbuf_fini(&r->more);
}

static void skip_blanks(struct reader *r)
{
    while (r->at < r->body.n && str_holds(STR(" \t\r\n"), r->body.p[r->at]))
        r->at++;
}

static char here(const struct reader *r)
{
    return r->at < r->body.n ? r->body.p[r->at] : '\0';
}

static bool malformed(struct reader *r, struct err *e, const char *what)
{
    return err_at(e, ERR_SYNTAX, pos_in(r->body, r->at),
                  "the body must be a JSON array of objects: %s", what);
}

static void reject(struct record *out, const char *reason, const struct err *why)
{
    out->ok = false;
    out->reason = reason;
    out->err = *why;
}

static void accept(struct record *out)
{
    if (out->value.type == JSON_OBJECT) {
        out->ok = true;
        return;
    }
    struct err e = {0};
    err_set(&e, ERR_INVALID, "a record must be a JSON object");
    reject(out, "not_an_object", &e);
}

/* ---- JSON array ---- */

static bool array_start(struct reader *r, struct err *e)
{
    r->started = true;
    skip_blanks(r);
    r->single = here(r) == '{';
    if (r->single)
        return true;
    if (here(r) != '[')
        return malformed(r, e, "'[' expected");
    r->at++;
    skip_blanks(r);
    if (here(r) == ']') {
        r->at++;
        r->ended = true;
    }
    return true;
}

static bool array_behind(struct reader *r, struct err *e)
{
    skip_blanks(r);
    r->ended = r->single || here(r) == ']';
    if (!r->ended && here(r) != ',')
        return malformed(r, e, "',' or ']' expected");
    if (!r->single && r->at < r->body.n)
        r->at++;
    skip_blanks(r);
    return true;
}

static bool array_next(struct reader *r, struct record *out, struct err *e)
{
    if (!r->started && !array_start(r, e))
        return false;
    if (r->ended) {
        skip_blanks(r);
        return r->at < r->body.n ? malformed(r, e, "text behind its end") : false;
    }
    size_t from = r->at;
    if (!json_flat_next(&r->flat, r->a, &r->at, r->body.n, &out->value) &&
        !json_parse_next(r->a, r->body, &r->at, &r->json, &out->value, e))
        return false;
    out->raw = str_sub(r->body, from, r->at - from);
    accept(out);
    return array_behind(r, e);
}

/* ---- NDJSON ---- */

/* The next line that is not blank, without blanks in front. */
static bool next_line(struct reader *r, struct str *out)
{
    skip_blanks(r);
    if (r->at >= r->body.n)
        return false;
    const char *from = r->body.p + r->at, *nl = memchr(from, '\n', r->body.n - r->at);
    size_t n = nl != NULL ? (size_t)(nl - from) : r->body.n - r->at;
    *out = (struct str){from, n};
    r->at += n;
    return true;
}

/* The line is one plain object and nothing else. */
static bool flat_line(struct reader *r, struct record *out)
{
    size_t at = (size_t)(out->raw.p - r->body.p), end = at + out->raw.n;
    return json_flat_next(&r->flat, r->a, &at, end, &out->value) && at == end;
}

static bool line_next(struct reader *r, struct record *out)
{
    if (!next_line(r, &out->raw))
        return false;
    out->raw = str_trim(out->raw);
    struct err why = {0};
    if (flat_line(r, out) || json_parse(r->a, out->raw, &r->json, &out->value, &why))
        accept(out);
    else
        reject(out, why.code == ERR_LIMIT ? "limit" : "malformed", &why);
    return true;
}

/* ---- CSV ---- */

static bool csv_header(struct reader *r, struct err *e)
{
    r->started = true;
    if (!csv_line_by(r->header_arena, r->body, &r->at, r->separator, &r->columns, &r->n_columns, e))
        return false;
    for (size_t i = 0; i < r->n_columns; i++)
        r->columns[i] = str_trim(r->columns[i]);
    return true;
}

static void csv_value(struct reader *r, struct record *out, const struct str *fields, size_t n)
{
    struct err why = {0};
    if (!utf8_valid(out->raw, NULL)) {
        err_set(&why, ERR_SYNTAX, "the line is not UTF-8");
        reject(out, "malformed", &why);
        return;
    }
    if (n != r->n_columns) {
        err_set(&why, ERR_SYNTAX, "the line has %zu fields, the first line has %zu", n,
                r->n_columns);
        reject(out, "malformed", &why);
        return;
    }
    out->value = (struct json){.type = JSON_OBJECT, .n = n, .keys = r->columns};
    out->value.items = arena_array(r->a, struct json, n);
    for (size_t i = 0; i < n; i++)
        out->value.items[i] = (struct json){.type = JSON_STRING, .text = fields[i]};
    out->ok = true;
}

static bool csv_next(struct reader *r, struct record *out, struct err *e)
{
    if (!r->started && !csv_header(r, e))
        return false;
    while (here(r) == '\n' || here(r) == '\r')
        r->at++;
    if (r->at >= r->body.n)
        return false;
    size_t from = r->at, n = 0;
    struct str *fields = NULL;
    struct err why = {0};
    bool ok = csv_line_by(r->a, r->body, &r->at, r->separator, &fields, &n, &why);
    if (!ok) { /* from here on quotes can't be trusted: one line is given up, the next is tried */
        const char *nl = memchr(r->body.p + from, '\n', r->body.n - from);
        r->at = nl != NULL ? (size_t)(nl - r->body.p) + 1 : r->body.n;
    }
    out->raw = str_trim(str_sub(r->body, from, r->at - from));
    if (ok)
        csv_value(r, out, fields, n);
    else
        reject(out, "malformed", &why);
    return true;
}

/* ---- syslog ---- */

static bool message_next(struct reader *r, struct record *out)
{
    struct ingest_message line = {.received = r->now};
    if (r->syslog->messages == NULL) {
        if (!next_line(r, &line.text))
            return false;
    } else if (r->n == r->syslog->n_messages) {
        return false;
    } else {
        line = r->syslog->messages[r->n];
        if (line.received == 0)
            line.received = r->now;
    }
    syslog_record(r, &line, r->format == INGEST_CEF, out);
    return true;
}

bool reader_next(struct reader *r, struct record *out, struct err *e)
{
    if (r->n > 0)
        arena_reset(r->a);
    memset(out, 0, sizeof(*out));
    if (e != NULL)
        memset(e, 0, sizeof(*e));
    bool more = false;
    switch (r->format) {
    case INGEST_JSON:
        more = array_next(r, out, e);
        break;
    case INGEST_NDJSON:
        more = line_next(r, out);
        break;
    case INGEST_CSV:
        more = csv_next(r, out, e);
        break;
    case INGEST_SYSLOG:
    case INGEST_CEF:
        more = message_next(r, out);
        break;
    case INGEST_WINDOWS:
    case INGEST_CLOUDTRAIL:
    case INGEST_VPCFLOW:
    case INGEST_GUARDDUTY:
    case INGEST_AZURE:
    case INGEST_ZEEK:
    case INGEST_AUDITD:
        UNREACHABLE(); /* foreign_logs turns them into NDJSON */
    }
    r->n += more;
    return more;
}
