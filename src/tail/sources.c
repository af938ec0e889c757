/* The list `sources` of the configuration. */
#include "ingest/source_list.h"
#include "tail/tail_priv.h"
#include "text/rx.h"
#include <limits.h>
#include <stdio.h>

static struct tail_source *of(const struct source_reading *r)
{
    return r->source;
}

static bool read_name(struct source_reading *r, const struct json *v, struct err *e)
{
    of(r)->name = json_text(v, STR(""));
    return source_is_word(of(r)->name, 64) ||
           source_wrong(r, v, e, "name", "up to 64 letters, digits, '.', '_' and '-'");
}

static bool read_path(struct source_reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    size_t at;
    bool upward = str_find(s, STR("/../"), &at) || str_ends(s, STR("/.."));
    while (s.n > 1 && s.p[s.n - 1] == '/')
        s.n--;
    if (s.n == 0 || s.n >= PATH_MAX || s.p[0] != '/' || upward || memchr(s.p, '\0', s.n) != NULL ||
        str_find(s, STR("//"), &at))
        return source_wrong(r, v, e, "path", "an absolute path without '..' and '//'");
    of(r)->path = arena_strz(r->a, s);
    return true;
}

static bool read_format(struct source_reading *r, const struct json *v, struct err *e)
{
    static const struct {
        const char *name;
        enum tail_format format;
    } formats[] = {
        {"ndjson", TAIL_NDJSON}, {"json", TAIL_JSON},        {"csv", TAIL_CSV},
        {"syslog", TAIL_SYSLOG}, {"cef", TAIL_CEF},          {"container", TAIL_CONTAINER},
        {"cri", TAIL_CONTAINER}, {"docker", TAIL_CONTAINER}, {"text", TAIL_TEXT}};
    struct str name = json_text(v, STR(""));
    for (size_t i = 0; i < COUNTOF(formats); i++)
        if (str_eqz(name, formats[i].name)) {
            of(r)->format = formats[i].format;
            return true;
        }
    if (ingest_format_find(name, &of(r)->foreign) && ingest_format_routes(of(r)->foreign)) {
        of(r)->format = TAIL_FOREIGN;
        return true;
    }
    return source_wrong(r, v, e, "format",
                        "ndjson, json, csv, text, syslog, cef, container, cri, docker, windows, "
                        "cloudtrail, vpcflow, guardduty, azure, zeek or auditd");
}

static bool read_mode(struct source_reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    of(r)->mode = str_eqz(s, "once") ? TAIL_ONCE : TAIL_FOLLOW;
    return str_eqz(s, "once") || str_eqz(s, "tail") ||
           source_wrong(r, v, e, "mode", "tail or once");
}

static bool read_start(struct source_reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    of(r)->from_end = str_eqz(s, "end");
    return of(r)->from_end || str_eqz(s, "beginning") ||
           source_wrong(r, v, e, "start", "beginning or end");
}

static bool read_table(struct source_reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    if (!source_is_word(s, 64))
        return source_wrong(r, v, e, "table", "a table's name");
    of(r)->stream = arena_fmt(r->a, "Custom-%.*s", STR_ARG(s));
    return true;
}

static bool read_short(struct source_reading *r, const struct json *v, const char *what,
                       struct str *out, struct err *e)
{
    *out = json_text(v, STR(""));
    return (out->n > 0 && out->n < 256) ||
           source_wrong(r, v, e, what, "a text of at most 255 bytes");
}

static bool read_stream(struct source_reading *r, const struct json *v, struct err *e)
{
    return read_short(r, v, "stream", &of(r)->stream, e);
}

static bool read_workspace(struct source_reading *r, const struct json *v, struct err *e)
{
    return read_short(r, v, "workspace", &of(r)->workspace, e);
}

static bool read_computer(struct source_reading *r, const struct json *v, struct err *e)
{
    return read_short(r, v, "computer", &of(r)->computer, e);
}

static bool read_bool(struct source_reading *r, const struct json *v, const char *what, bool *out,
                      struct err *e)
{
    *out = json_is_true(v);
    return v->type == JSON_TRUE || v->type == JSON_FALSE ||
           source_wrong(r, v, e, what, "true or false");
}

static bool read_links(struct source_reading *r, const struct json *v, struct err *e)
{
    return read_bool(r, v, "follow_links", &of(r)->follow_links, e);
}

static bool read_bounds(struct source_reading *r, const struct json *v, struct err *e)
{
    return read_bool(r, v, "bound_times", &of(r)->bound_times, e);
}

static bool read_separator(struct source_reading *r, const struct json *v, struct err *e)
{
    return csv_separator_read(json_text(v, STR("")), &of(r)->csv.separator) ||
           source_wrong(r, v, e, "separator", "one character of ASCII, or tab");
}

static bool read_columns(struct source_reading *r, const struct json *v, struct err *e)
{
    if (v->type != JSON_ARRAY || v->n == 0 || v->n > CSV_MAX_NAMES)
        return source_wrong(r, v, e, "columns", "a list of at most 500 names");
    of(r)->csv.columns = arena_array(r->a, struct str, v->n);
    for (size_t i = 0; i < v->n; i++) {
        of(r)->csv.columns[i] = json_text(&v->items[i], STR(""));
        if (of(r)->csv.columns[i].n == 0)
            return source_wrong(r, v, e, "columns", "a list of names");
    }
    of(r)->csv.n_columns = v->n;
    return true;
}

static bool read_map(struct source_reading *r, const struct json *v, struct err *e)
{
    if (v->type != JSON_OBJECT || v->n > CSV_MAX_NAMES)
        return source_wrong(r, v, e, "map", "'name in the file: column' lines, at most 500,");
    of(r)->csv.map_from = arena_array(r->a, struct str, v->n + 1);
    of(r)->csv.map_to = arena_array(r->a, struct str, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        of(r)->csv.map_from[i] = v->keys[i];
        of(r)->csv.map_to[i] = json_text(&v->items[i], STR(""));
        if (of(r)->csv.map_to[i].n == 0)
            return source_wrong(r, &v->items[i], e, "map", "a column's name");
    }
    of(r)->csv.n_map = v->n;
    return true;
}

static void free_pattern(void *x)
{
    rx_free(x);
}

static bool read_first_line(struct source_reading *r, const struct json *v, struct err *e)
{
    struct str pattern = json_text(v, STR(""));
    struct err why = {0};
    if (pattern.n == 0 || !rx_check(pattern, &why))
        return source_wrong(r, v, e, "multiline",
                            arena_fmt(r->a,
                                      "a regular expression for the first line of an event%s%s",
                                      why.msg[0] != '\0' ? ": " : "", why.msg)
                                .p);
    struct rx *x = rx_new(pattern);
    arena_defer(r->a, free_pattern, x);
    of(r)->first_line = x;
    return true;
}

static bool read_event_lines(struct source_reading *r, const struct json *v, struct err *e)
{
    return source_read_count(r, v, "multiline_lines", 100000, &of(r)->event_lines, e);
}

static bool read_event_bytes(struct source_reading *r, const struct json *v, struct err *e)
{
    return source_read_count(r, v, "multiline_bytes", 1 << 20, &of(r)->event_bytes, e);
}

static bool read_event_wait(struct source_reading *r, const struct json *v, struct err *e)
{
    return source_read_span(r, v, "multiline_wait", TICKS_PER_SECOND, TICKS_PER_HOUR,
                            &of(r)->event_wait, e);
}

static const struct source_key keys[] = {
    {"name", read_name, 0},
    {"path", read_path, 0},
    {"format", read_format, 0},
    {"table", read_table, 0},
    {"stream", read_stream, 0},
    {"workspace", read_workspace, 0},
    {"mode", read_mode, 0},
    {"start", read_start, 0},
    {"follow_links", read_links, 0},
    {"computer", read_computer, 0},
    {"bound_times", read_bounds, 0},
    {"separator", read_separator, 0},
    {"columns", read_columns, 0},
    {"map", read_map, 0},
    {"multiline", read_first_line, 0},
    {"multiline_lines", read_event_lines, 0},
    {"multiline_bytes", read_event_bytes, 0},
    {"multiline_wait", read_event_wait, 0},
};

static bool complete(struct source_reading *r, struct err *e)
{
    struct tail_source *s = of(r);
    if (s->mode == TAIL_MODE_OF_FORMAT) /* CloudTrail's files are one object without line end */
        s->mode =
            s->format == TAIL_FOREIGN && s->foreign == INGEST_CLOUDTRAIL ? TAIL_ONCE : TAIL_FOLLOW;
    if (s->stream.n == 0 && s->format == TAIL_CONTAINER)
        s->stream = STR("Microsoft-ContainerLogV2");
    if (s->stream.n == 0 && s->format == TAIL_SYSLOG)
        s->stream = STR("Microsoft-Syslog");
    if (s->stream.n == 0 && s->format == TAIL_CEF)
        s->stream = STR("Microsoft-CommonSecurityLog");
    if (s->name.n == 0)
        return source_wrong(r, r->item, e, "sources", "a name for each");
    if (s->path == NULL)
        return source_wrong(r, r->item, e, "path", "an absolute path");
    if (s->stream.n == 0 && s->format != TAIL_FOREIGN)
        return source_wrong(r, r->item, e, "table", "a table's name");
    if (s->from_end && (s->mode == TAIL_ONCE || tail_is_whole(s)))
        return source_wrong(r, r->item, e, "start", "end goes with mode tail, a line a record,");
    if (s->first_line != NULL && s->format != TAIL_TEXT && s->format != TAIL_SYSLOG)
        return source_wrong(r, r->item, e, "multiline", "format text or syslog with it");
    return true;
}

static void begin(void *source)
{
    struct tail_source *s = source;
    s->csv.separator = ',';
    s->event_lines = 500;
    s->event_bytes = 64 << 10;
    s->event_wait = 5 * TICKS_PER_SECOND;
}

static const struct source_kind kind = {
    .list = "sources",
    .shape = "'name: …', 'path: …' for each",
    .bytes = sizeof(struct tail_source),
    .name_at = offsetof(struct tail_source, name),
    .keys = keys,
    .n_keys = COUNTOF(keys),
    .begin = begin,
    .complete = complete,
};

bool tail_sources_read(struct arena *a, const struct json *list, struct str text,
                       struct tail_source **out, size_t *out_n, struct err *e)
{
    void *all = NULL;
    if (!source_list_read(a, list, text, &kind, &all, out_n, e))
        return false;
    *out = all;
    return true;
}
