/* The formats of externaldata: separated fields, lines, JSON with or without a mapping. */
#include "engine/external.h"
#include "engine/cell.h"
#include "text/csv.h"

enum { RECORD_MAX_BYTES = 512 << 20, MAPPING_MAX_STEPS = 32 };

enum kind { SEPARATED, TABBED, LINES, WHOLE, JSON, BINARY };
static const struct format {
    const char *name;
    enum kind kind;
    char separator;
} formats[] = {
    {"csv", SEPARATED, ','},   {"tsv", TABBED, '\t'},    {"tsve", TABBED, '\t'},
    {"psv", SEPARATED, '|'},   {"scsv", SEPARATED, ';'}, {"sohsv", SEPARATED, '\x01'},
    {"txt", LINES, 0},         {"raw", WHOLE, 0},        {"json", JSON, 0},
    {"multijson", JSON, 0},    {"singlejson", JSON, 0},  {"avro", BINARY, 0},
    {"apacheavro", BINARY, 0}, {"parquet", BINARY, 0},   {"orc", BINARY, 0},
    {"w3clogfile", BINARY, 0},
};

/* Where a column's value is: a field's number, or steps into a JSON record. */
struct source {
    bool mapped;
    int64_t ordinal; /* of separated fields; -1: none */
    struct str path; /* "$.a.b[0]"; empty: none */
    struct str constant;
    bool has_constant;
};
struct reader {
    const struct plan *p;
    struct arena *a; /* of the record being read */
    struct engine_appender *rows;
    struct source *sources; /* one a column */
    bool mapping;           /* the query has one */
    bool skip_first;
    struct str text;
    size_t at;
    struct err *e;
};

static struct str property(const struct plan *p, const char *name)
{
    for (size_t i = 0; i < p->program->n_args; i++)
        if (str_eqz(p->program->args[i].name, name))
            return p->program->args[i].text;
    return STR_NONE;
}

/* ---- which format ---- */
static const struct format *format_named(struct str name)
{
    for (size_t i = 0; i < COUNTOF(formats); i++)
        if (str_ieqz(name, formats[i].name))
            return &formats[i];
    return NULL;
}

/* By the end of the path, without ".gz" or ".zip" and without what follows '?' or ';'. */
static const struct format *format_of_address(struct str address)
{
    size_t end = 0;
    while (end < address.n && strchr("?;#", address.p[end]) == NULL)
        end++;
    struct str path = str_sub(address, 0, end);
    if (str_ends(path, STR(".gz")))
        path.n -= 3;
    else if (str_ends(path, STR(".zip")))
        path.n -= 4;
    size_t dot = path.n;
    while (dot > 0 && path.p[dot - 1] != '.' && path.p[dot - 1] != '/')
        dot--;
    const struct format *f = format_named(str_sub(path, dot, path.n - dot));
    return f != NULL ? f : format_named(STR("csv"));
}

static const struct format *format_of(const struct plan *p, struct str address, struct err *e)
{
    struct str name = property(p, "format");
    const struct format *f = name.n > 0 ? format_named(name) : format_of_address(address);
    if (f == NULL)
        err_set(e, ERR_INVALID, "externaldata: there is no format '%.*s'", STR_ARG(name));
    else if (f->kind == BINARY)
        err_set(e, ERR_UNSUPPORTED,
                "externaldata can't read %s: publish the file as CSV, text or JSON, plain or "
                "compressed (.gz, .zip)",
                f->name);
    return f != NULL && f->kind == BINARY ? NULL : f;
}

/* ---- mappings ---- */
static const struct json *member(const struct json *v, const char *name)
{
    for (size_t i = 0; v != NULL && v->type == JSON_OBJECT && i < v->n; i++)
        if (str_ieqz(v->keys[i], name))
            return &v->items[i];
    return NULL;
}

static size_t column_named(const struct plan *p, struct str name)
{
    size_t i = 0;
    while (i < p->cols.n && !str_eq(p->cols.p[i].name, name))
        i++;
    return i;
}

/* An entry's properties stand beside the column or, in the newer form, under "Properties". */
static const struct json *entry_property(const struct json *entry, const char *name)
{
    const struct json *v = member(member(entry, "properties"), name);
    return v != NULL ? v : member(entry, name);
}

static bool read_entry(struct reader *r, const struct json *entry)
{
    struct str name = json_text(member(entry, "column"), STR_NONE);
    size_t at = column_named(r->p, name);
    if (at == r->p->cols.n)
        return err_set(
            r->e, ERR_INVALID,
            "externaldata: the ingestion mapping names a column '%.*s' that is not there",
            STR_ARG(name));
    struct source *s = &r->sources[at];
    const struct json *ordinal = entry_property(entry, "ordinal");
    const struct json *constant = entry_property(entry, "constvalue");
    int64_t n = -1;
    if (ordinal != NULL && ordinal->type == JSON_INT)
        n = ordinal->i;
    else if (ordinal != NULL && ordinal->type == JSON_STRING && !str_to_i64(ordinal->text, &n))
        n = -1;
    *s = (struct source){.mapped = true, .ordinal = n};
    s->path = json_text(entry_property(entry, "path"), STR_NONE);
    s->has_constant = constant != NULL;
    s->constant = json_text(constant, STR_NONE);
    return true;
}

static bool read_mapping(struct reader *r, struct arena *a, struct str text)
{
    struct json list;
    struct err why = {0};
    r->mapping = text.n > 0;
    r->sources = arena_array(a, struct source, r->p->cols.n + 1);
    for (size_t i = 0; i < r->p->cols.n; i++)
        r->sources[i] = (struct source){.ordinal = (int64_t)i, .mapped = !r->mapping};
    if (!r->mapping)
        return true;
    if (!json_parse(a, text, NULL, &list, &why) || list.type != JSON_ARRAY)
        return err_set(r->e, ERR_INVALID, "externaldata: ingestionMapping must be a JSON array: %s",
                       why.msg);
    for (size_t i = 0; i < list.n; i++)
        if (!read_entry(r, &list.items[i]))
            return false;
    return true;
}

/* ---- rows ---- */
static void put(struct reader *r, size_t column, const struct json *v, bool text_only)
{
    struct kql_value cell = engine_cell(r->a, v, r->p->cols.p[column].type, text_only);
    engine_append_value(r->rows, column, &cell);
}

static void put_text(struct reader *r, size_t column, struct str text)
{
    struct json v = {.type = JSON_STRING, .text = text};
    put(r, column, &v, true);
}

static bool end_record(struct reader *r)
{
    arena_reset(r->a);
    return engine_append_end_row(r->rows, r->e);
}

static bool put_fields(struct reader *r, const struct str *fields, size_t n)
{
    if (r->skip_first) {
        r->skip_first = false;
        arena_reset(r->a);
        return true;
    }
    for (size_t i = 0; i < r->p->cols.n; i++) {
        const struct source *s = &r->sources[i];
        if (s->has_constant)
            put_text(r, i, s->constant);
        else if (s->mapped && s->ordinal >= 0 && (uint64_t)s->ordinal < n)
            put_text(r, i, fields[s->ordinal]);
    }
    return end_record(r);
}

static struct str next_line(struct reader *r)
{
    size_t from = r->at;
    while (r->at < r->text.n && r->text.p[r->at] != '\n')
        r->at++;
    size_t to = r->at > from && r->text.p[r->at - 1] == '\r' ? r->at - 1 : r->at;
    r->at++;
    return str_sub(r->text, from, to - from);
}

static bool read_lines(struct reader *r)
{
    while (r->at < r->text.n) {
        struct str line = next_line(r);
        if (!put_fields(r, &line, 1))
            return false;
    }
    return true;
}

static bool read_tabbed(struct reader *r)
{
    while (r->at < r->text.n) {
        struct str line = next_line(r);
        VEC(struct str) fields = {0};
        for (size_t from = 0, to = 0; from <= line.n; from = to + 1) {
            for (to = from; to < line.n && line.p[to] != '\t';)
                to++;
            VEC_PUSH(r->a, &fields, str_sub(line, from, to - from));
        }
        if (!put_fields(r, fields.p, fields.n))
            return false;
    }
    return true;
}

static bool read_separated(struct reader *r, char separator)
{
    while (r->at < r->text.n) {
        struct str *fields;
        size_t n, from = r->at;
        if (!csv_line_by(r->a, r->text, &r->at, separator, &fields, &n, r->e)) {
            err_prefix(r->e, "line %u", pos_in(r->text, from).line);
            return false;
        }
        bool blank = n == 1 && fields[0].n == 0;
        if (!blank && !put_fields(r, fields, n))
            return false;
    }
    return true;
}

/* ---- JSON ---- */
/* The next step of a path at *at: ".name", "['name']", "[3]". False: the path ends or is odd. */
static bool path_step(struct str path, size_t *at, struct str *name, int64_t *index)
{
    *index = -1;
    if (*at >= path.n)
        return false;
    size_t from = *at + 1, to = from;
    if (path.p[*at] == '.') {
        while (to < path.n && path.p[to] != '.' && path.p[to] != '[')
            to++;
        *name = str_sub(path, from, to - from);
        *at = to;
        return name->n > 0;
    }
    if (path.p[*at] != '[')
        return false;
    while (to < path.n && path.p[to] != ']')
        to++;
    *at = to + 1;
    struct str inner = str_sub(path, from, to - from);
    bool quoted = inner.n >= 2 && (inner.p[0] == '\'' || inner.p[0] == '"');
    *name = quoted ? str_sub(inner, 1, inner.n - 2) : STR_NONE;
    return quoted || (str_to_i64(inner, index) && *index >= 0);
}

static const struct json *follow(const struct json *v, struct str path)
{
    size_t at = str_starts(path, STR("$")) ? 1 : 0, steps = 0;
    struct str name;
    int64_t index;
    while (v != NULL && at < path.n && steps++ < MAPPING_MAX_STEPS) {
        if (!path_step(path, &at, &name, &index))
            return NULL;
        if (index >= 0)
            v = v->type == JSON_ARRAY && (uint64_t)index < v->n ? &v->items[index] : NULL;
        else
            v = json_get_str(v, name);
    }
    return v;
}

static bool put_object(struct reader *r, const struct json *v)
{
    if (r->skip_first) {
        r->skip_first = false;
        return true;
    }
    for (size_t i = 0; i < r->p->cols.n; i++) {
        const struct source *s = &r->sources[i];
        const struct json *found = NULL;
        if (s->has_constant)
            put_text(r, i, s->constant);
        else if (r->mapping)
            found = s->mapped && s->path.n > 0 ? follow(v, s->path) : NULL;
        else
            found = json_get_str(v, r->p->cols.p[i].name);
        if (found != NULL)
            put(r, i, found, false);
    }
    return engine_append_end_row(r->rows, r->e);
}

static bool read_json(struct reader *r)
{
    while (str_trim(str_sub(r->text, r->at, r->text.n)).n > 0) {
        struct json v;
        uint32_t line = pos_in(r->text, r->at).line;
        if (!json_parse_next(r->a, r->text, &r->at, NULL, &v, r->e)) {
            err_prefix(r->e, "line %u", r->e->pos.line);
            return false;
        }
        bool list = v.type == JSON_ARRAY;
        for (size_t i = 0; i < (list ? v.n : 1); i++) {
            const struct json *record = list ? &v.items[i] : &v;
            if (record->type != JSON_OBJECT)
                return err_set(r->e, ERR_SYNTAX, "line %u: a record must be an object", line);
            if (!put_object(r, record))
                return false;
        }
        arena_reset(r->a);
    }
    return true;
}

bool external_append(const struct plan *p, struct str address, struct str text,
                     struct engine_appender *rows, struct err *e)
{
    AUTO(arena_freep) struct arena *kept = arena_new(0);
    AUTO(arena_freep) struct arena *a = arena_new(RECORD_MAX_BYTES);
    struct reader r = {.p = p, .a = a, .rows = rows, .text = text, .e = e};
    const struct format *f = format_of(p, address, e);
    if (f == NULL || !read_mapping(&r, kept, property(p, "ingestionMapping")))
        return false;
    r.skip_first = str_eqz(property(p, "ignoreFirstRecord"), "true");
    if (str_starts(text, STR("\xEF\xBB\xBF")))
        r.at = 3;
    switch (f->kind) {
    case SEPARATED:
        return read_separated(&r, f->separator);
    case TABBED:
        return read_tabbed(&r);
    case LINES:
        return read_lines(&r);
    case WHOLE:
        return put_fields(&r, &text, 1);
    case JSON:
        return read_json(&r);
    case BINARY:
        break;
    }
    UNREACHABLE();
}
