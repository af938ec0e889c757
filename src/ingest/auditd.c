/* Records of Linux's audit daemon: "type=T msg=audit(SECONDS.MS:SERIAL): key=value …", a line each.
 * Source: "Audit event fields" of the audit project. */
#include "ingest/foreign.h"

enum { MAX_FIELDS = 1000 };

/* Up to the next blank outside of quotes; quotes around it are taken off. *s moves behind it. */
static struct str next_value(struct str *s)
{
    char quote = s->n > 0 && (s->p[0] == '"' || s->p[0] == '\'') ? s->p[0] : '\0';
    const char *end = quote != '\0' ? memchr(s->p + 1, quote, s->n - 1) : NULL;
    size_t n = 0;
    struct str out;
    if (end != NULL) {
        out = str_sub(*s, 1, (size_t)(end - s->p) - 1);
        *s = str_sub(*s, out.n + 2, s->n);
        return out;
    }
    while (n < s->n && s->p[n] != ' ' && s->p[n] != '\x1d')
        n++;
    out = str_sub(*s, 0, n);
    *s = str_sub(*s, n, s->n);
    return out;
}

static bool next_pair(struct str *s, struct str *key, struct str *value)
{
    while (s->n > 0) {
        size_t n = 0;
        /* The daemon writes what it looked up (names for ids) behind a group separator. */
        while (s->n > 0 && (s->p[0] == ' ' || s->p[0] == '\x1d'))
            *s = str_sub(*s, 1, s->n);
        while (n < s->n && s->p[n] != '=' && s->p[n] != ' ' && s->p[n] != '\x1d')
            n++;
        *key = str_sub(*s, 0, n);
        *s = str_sub(*s, n, s->n);
        if (s->n == 0 || s->p[0] != '=' || n == 0) {
            if (n == 0)
                *s = str_sub(*s, 1, s->n);
            continue; /* a word alone */
        }
        *s = str_sub(*s, 1, s->n);
        *value = next_value(s);
        return true;
    }
    return false;
}

/* audit(1551485405.594:7507) */
static bool read_stamp(struct str s, int64_t *ticks, int64_t *serial)
{
    size_t dot = 0, colon = 0;
    int64_t seconds = 0, ms = 0;
    if (!str_starts(s, STR("audit(")) || !str_find(s, STR("."), &dot) ||
        !str_find(s, STR(":"), &colon) || dot > colon)
        return false;
    struct str rest = str_sub(s, colon + 1, s.n);
    const char *end = rest.n > 0 ? memchr(rest.p, ')', rest.n) : NULL;
    if (end == NULL || !str_to_i64(str_sub(s, 6, dot - 6), &seconds) ||
        !str_to_i64(str_sub(s, dot + 1, colon - dot - 1), &ms) ||
        !str_to_i64(str_sub(rest, 0, (size_t)(end - rest.p)), serial) || seconds < 0 ||
        seconds >= INT64_C(253402300800) || ms < 0 || ms > 999)
        return false;
    *ticks = TICKS_UNIX_EPOCH + seconds * TICKS_PER_SECOND + ms * TICKS_PER_MS;
    return true;
}

/* A key that comes again gets a number: key#2. */
static struct str unique(struct arena *a, struct map *seen, struct str key)
{
    uintptr_t n = (uintptr_t)map_get(seen, key) + 1;
    map_put(seen, key, (void *)n);
    return n == 1 ? key : arena_fmt(a, "%.*s#%zu", STR_ARG(key), (size_t)n);
}

/* The columns of LinuxAuditLog: a field each; those of a program's message are fields, too. */
static void put_columns(struct foreign *f, struct str table, struct record_maker *m,
                        const struct json *fields)
{
    for (size_t i = 0; i < fields->n; i++) {
        struct str key, value, inner = fields->items[i].text;
        if (foreign_has_column(f, table, fields->keys[i]))
            record_value(m, arena_strz(m->a, fields->keys[i]), &fields->items[i]);
        while (str_eqz(fields->keys[i], "msg") && next_pair(&inner, &key, &value))
            if (foreign_has_column(f, table, key))
                record_text(m, arena_strz(m->a, key), value);
    }
}

static bool read_line(struct foreign *f, struct str line, struct err *why)
{
    struct str table = foreign_table(f);
    struct arena *a = foreign_arena(f);
    struct record_maker m = {.a = a}, fields = {.a = a};
    struct map *seen = map_new(a, false);
    struct str rest = line, key, value, type = STR_NONE, node = STR_NONE;
    int64_t ticks = 0, serial = 0;
    bool stamped = false;
    if (!utf8_valid(line, NULL))
        return err_set(why, ERR_SYNTAX, "the line is not UTF-8");
    while (next_pair(&rest, &key, &value)) {
        if (type.n == 0 && str_eqz(key, "node")) {
            node = value;
        } else if (type.n == 0 && str_eqz(key, "type")) {
            type = value;
        } else if (!stamped && str_eqz(key, "msg")) {
            stamped = read_stamp(value, &ticks, &serial);
        } else if (fields.keys.n < MAX_FIELDS) {
            struct json v = {.type = JSON_STRING, .text = value};
            record_value(&fields, arena_strz(a, unique(a, seen, key)), &v);
        } else {
            return err_set(why, ERR_LIMIT, "more than %d fields", MAX_FIELDS);
        }
    }
    if (type.n == 0 || !stamped)
        return err_set(why, ERR_SYNTAX, "no type=… msg=audit(seconds.milliseconds:serial)");
    record_time(&m, "TimeGenerated", ticks);
    record_text(&m, "Computer", node);
    record_text(&m, "RecordType", type);
    struct json object = record_done(&fields);
    if (str_eqz(table, "LinuxAuditLog")) {
        record_int(&m, "SerialNumber", serial);
        record_text(&m, "RawRecord", line);
        put_columns(f, table, &m, &object);
    } else {
        record_int(&m, "Serial", serial);
        record_value(&m, "Fields", &object);
    }
    struct json record = record_done(&m);
    foreign_put(f, table.n > 0 ? table : STR("LinuxAudit_CL"), &record);
    return true;
}

void auditd_read(struct foreign *f, struct str body)
{
    while (body.n > 0) {
        const char *nl = memchr(body.p, '\n', body.n);
        struct str line = str_sub(body, 0, nl != NULL ? (size_t)(nl - body.p) : body.n);
        struct err why = {0};
        body = str_sub(body, line.n + 1, body.n);
        line = str_trim(line);
        foreign_next(f);
        if (line.n > 0 && !read_line(f, line, &why))
            foreign_reject(f, line, &why);
    }
}
