/* Logs of Zeek: text with a header that tells names and types, or JSON lines with the log's name in
 * _path. Sentinel has no table for them: each log gets a custom one, Zeek_<log>_CL. Source: Zeek's
 * documentation of the ASCII log writer. */
#include "ingest/foreign.h"
#include "text/date.h"

enum { MAX_COLUMNS = 500, MAX_NAME = 100 };

struct column {
    struct str name, type;
};
struct zeek {
    struct foreign *f;
    struct str path, separator, set_separator, empty, unset;
    struct column *columns; /* NULL: no header yet */
    size_t n, n_types;
};

/* ---- names ---- */

static struct str word(struct arena *a, struct str s)
{
    char *p = arena_alloc(a, MAX_NAME + 1);
    size_t n = s.n < MAX_NAME ? s.n : MAX_NAME;
    for (size_t i = 0; i < n; i++) {
        char c = s.p[i];
        bool good = (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z');
        p[i] = good ? c : '_';
    }
    return (struct str){p, n};
}

static struct str table_of(struct zeek *z, struct str path)
{
    struct str table = foreign_table(z->f);
    if (table.n > 0 || path.n == 0)
        return table;
    return arena_fmt(foreign_arena(z->f), "Zeek_%.*s_CL", STR_ARG(word(foreign_arena(z->f), path)));
}

/* ---- values ---- */

static int hex(char c)
{
    return c >= '0' && c <= '9'                     ? c - '0'
           : (c | 0x20) >= 'a' && (c | 0x20) <= 'f' ? (c | 0x20) - 'a' + 10
                                                    : -1;
}

/* \xHH of ASCII; other bytes stay as they are written, since alone they are no text. */
static struct str unescape(struct arena *a, struct str s)
{
    if (!str_holds(s, '\\'))
        return s;
    char *p = arena_alloc(a, s.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++) {
        bool code = s.p[i] == '\\' && i + 3 < s.n && s.p[i + 1] == 'x';
        int high = code ? hex(s.p[i + 2]) : -1, low = code ? hex(s.p[i + 3]) : -1;
        if (high >= 0 && high < 8 && low >= 0) {
            p[n++] = (char)(high * 16 + low);
            i += 3;
        } else {
            p[n++] = s.p[i];
        }
    }
    return (struct str){p, n};
}

/* One piece of text up to the separator; *s moves behind it. */
static struct str next_piece(struct str *s, struct str separator)
{
    size_t at = 0;
    struct str piece = *s;
    if (separator.n > 0 && str_find(*s, separator, &at)) {
        piece = str_sub(*s, 0, at);
        *s = str_sub(*s, at + separator.n, s->n);
    } else {
        *s = STR_NONE;
    }
    return piece;
}

/* With its digits where JSON writes it the same way; "5", "inf" and the like by value. */
static struct json real_of(struct arena *a, struct str text, double d)
{
    struct json v = {0};
    if (json_parse(a, text, NULL, &v, NULL) && v.type == JSON_REAL)
        return v;
    return (struct json){.type = JSON_REAL, .d = d};
}

static struct json scalar(struct arena *a, struct str type, struct str text)
{
    struct json v = {.type = JSON_STRING, .text = text};
    bool whole = str_eqz(type, "count") || str_eqz(type, "int") || str_eqz(type, "port");
    bool real = str_eqz(type, "double") || str_eqz(type, "interval") || str_eqz(type, "time");
    if (str_eqz(type, "bool") && (str_eqz(text, "T") || str_eqz(text, "F")))
        v.type = text.p[0] == 'T' ? JSON_TRUE : JSON_FALSE;
    else if (whole && str_to_i64(text, &v.i))
        v = (struct json){.type = JSON_INT, .text = text, .i = v.i, .d = (double)v.i};
    else if (real && str_to_f64(text, &v.d))
        v = real_of(a, text, v.d);
    else
        v.text = unescape(a, text);
    return v;
}

/* "set[string]": what is in the brackets; empty: no list. */
static struct str item_type(struct str type)
{
    const char *open = memchr(type.p, '[', type.n);
    return open == NULL || type.p[type.n - 1] != ']'
               ? STR_NONE
               : str_sub(type, (size_t)(open - type.p) + 1, type.n - (size_t)(open - type.p) - 2);
}

static struct json value_of(struct zeek *z, struct str type, struct str text)
{
    struct arena *a = foreign_arena(z->f);
    struct str inner = item_type(type);
    if (inner.n == 0)
        return scalar(a, type, str_eq(text, z->empty) ? STR("") : text);
    VEC(struct json) items = {0};
    while (text.n > 0 && !str_eq(text, z->empty)) {
        struct str piece = next_piece(&text, z->set_separator);
        struct json v = scalar(a, inner, piece);
        VEC_PUSH(a, &items, v);
    }
    return (struct json){.type = JSON_ARRAY, .n = items.n, .items = items.p};
}

/* Seconds since 1970 with up to six digits behind the point, exactly. */
static void put_time(struct record_maker *m, struct str text)
{
    int64_t seconds = 0, fraction = 0;
    size_t at = 0;
    struct str whole = text, rest = STR_NONE;
    if (str_find(text, STR("."), &at)) {
        whole = str_sub(text, 0, at);
        rest = str_sub(text, at + 1, 7);
    }
    if (!str_to_i64(whole, &seconds) || seconds < 0 || seconds >= INT64_C(253402300800))
        return;
    for (size_t i = 0; i < 7; i++)
        fraction = fraction * 10 +
                   (i < rest.n && rest.p[i] >= '0' && rest.p[i] <= '9' ? rest.p[i] - '0' : 0);
    record_time(m, "TimeGenerated", TICKS_UNIX_EPOCH + seconds * TICKS_PER_SECOND + fraction);
}

/* ---- text ---- */

static void take_columns(struct zeek *z, struct str s, bool types)
{
    struct arena *a = foreign_call_arena(z->f);
    size_t n = 0;
    if (z->columns == NULL)
        z->columns = arena_array(a, struct column, MAX_COLUMNS);
    while (s.n > 0 && n < MAX_COLUMNS) {
        struct str piece = next_piece(&s, z->separator);
        if (types)
            z->columns[n++].type = piece;
        else
            z->columns[n++].name = word(a, piece);
    }
    *(types ? &z->n_types : &z->n) = n;
}

static void take_header(struct zeek *z, struct str line)
{
    struct str rest = line, name;
    if (str_starts(line, STR("#separator "))) { /* a new log: a file may hold several */
        z->separator = unescape(foreign_call_arena(z->f), str_sub(line, 11, line.n));
        z->n = z->n_types = 0;
        return;
    }
    name = next_piece(&rest, z->separator);
    if (str_eqz(name, "#path"))
        z->path = rest;
    else if (str_eqz(name, "#set_separator"))
        z->set_separator = rest;
    else if (str_eqz(name, "#empty_field"))
        z->empty = rest;
    else if (str_eqz(name, "#unset_field"))
        z->unset = rest;
    else if (str_eqz(name, "#fields") || str_eqz(name, "#types"))
        take_columns(z, rest, str_eqz(name, "#types"));
}

static void read_text(struct zeek *z, struct str line)
{
    struct record_maker m = {.a = foreign_arena(z->f)};
    struct str rest = line, table = table_of(z, z->path);
    struct err why = {0};
    size_t i = 0;
    if (!utf8_valid(line, NULL))
        err_set(&why, ERR_SYNTAX, "the line is not UTF-8");
    else if (z->n == 0 || z->n != z->n_types || table.n == 0)
        err_set(&why, ERR_SYNTAX, "no header with #path, #fields and #types before the line");
    for (; why.code == ERR_OK && i < z->n && rest.p != NULL; i++) {
        const struct column *c = &z->columns[i];
        struct str text = next_piece(&rest, z->separator);
        if (str_eq(text, z->unset))
            continue;
        struct json v = value_of(z, c->type, text);
        record_value(&m, arena_strz(m.a, c->name), &v);
        if (str_eqz(c->name, "ts"))
            put_time(&m, text);
    }
    if (why.code == ERR_OK && (i < z->n || rest.p != NULL))
        err_set(&why, ERR_SYNTAX, "the line has %s fields than the header",
                i < z->n ? "fewer" : "more");
    struct json record = record_done(&m);
    if (why.code == ERR_OK)
        foreign_put(z->f, table, &record);
    else
        foreign_reject(z->f, line, &why);
}

/* ---- JSON ---- */

static void read_json(struct zeek *z, struct str line)
{
    struct json_opts o = {.max_depth = foreign_max_depth(z->f), .lone_surrogates = true};
    struct record_maker m = {.a = foreign_arena(z->f)};
    struct err why = {0};
    struct json v;
    if (json_parse(m.a, line, &o, &v, &why)) {
        struct str table = table_of(z, json_text(json_get(&v, "_path"), STR_NONE));
        const struct json *ts = json_get(&v, "ts");
        if (table.n == 0)
            err_set(&why, ERR_INVALID, "the record has no _path; name a table for it");
        for (size_t i = 0; table.n > 0 && i < v.n; i++)
            record_value(&m, arena_strz(m.a, word(m.a, v.keys[i])), &v.items[i]);
        if (ts != NULL && ts->type == JSON_STRING)
            record_value(&m, "TimeGenerated", ts);
        else if (ts != NULL)
            put_time(&m, ts->text);
        struct json record = record_done(&m);
        if (why.code == ERR_OK)
            foreign_put(z->f, table, &record);
    }
    if (why.code != ERR_OK)
        foreign_reject(z->f, line, &why);
}

void zeek_read(struct foreign *f, struct str body)
{
    struct zeek z = {.f = f, .separator = STR("\t"), .set_separator = STR(",")};
    z.empty = STR("(empty)");
    z.unset = STR("-");
    while (body.n > 0) {
        const char *nl = memchr(body.p, '\n', body.n);
        size_t n = nl != NULL ? (size_t)(nl - body.p) : body.n;
        struct str line = str_sub(body, 0, n > 0 && body.p[n - 1] == '\r' ? n - 1 : n);
        body = str_sub(body, n + 1, body.n);
        foreign_next(f);
        if (str_trim(line).n == 0)
            continue;
        if (line.p[0] == '#')
            take_header(&z, line);
        else if (line.p[0] == '{')
            read_json(&z, line);
        else
            read_text(&z, line);
    }
}
