/* The list `sources` of the configuration. */
#include "kql/functions.h"
#include "tail/tail_priv.h"
#include <limits.h>
#include <stdio.h>

struct reading {
    struct arena *a;
    struct str text; /* of the configuration */
    const struct json *item;
    struct tail_source *s;
};
typedef bool read_fn(struct reading *r, const struct json *v, struct err *e);

static bool wrong(const struct reading *r, const struct json *v, struct err *e, const char *what,
                  const char *expected)
{
    return err_at(e, ERR_INVALID, pos_in(r->text, v->off), "%s: %s expected", what, expected);
}

static bool is_name(struct str s)
{
    bool ok = s.n > 0 && s.n <= 64;
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i];
        ok = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' ||
             c == '_' || c == '-';
    }
    return ok;
}

static bool read_name(struct reading *r, const struct json *v, struct err *e)
{
    r->s->name = json_text(v, STR(""));
    return is_name(r->s->name) ||
           wrong(r, v, e, "name", "up to 64 letters, digits, '.', '_' and '-'");
}

static bool read_path(struct reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    size_t at;
    bool upward = str_find(s, STR("/../"), &at) || str_ends(s, STR("/.."));
    while (s.n > 1 && s.p[s.n - 1] == '/')
        s.n--;
    if (s.n == 0 || s.n >= PATH_MAX || s.p[0] != '/' || upward || memchr(s.p, '\0', s.n) != NULL ||
        str_find(s, STR("//"), &at))
        return wrong(r, v, e, "path", "an absolute path without '..' and '//'");
    r->s->path = arena_strz(r->a, s);
    return true;
}

static bool read_format(struct reading *r, const struct json *v, struct err *e)
{
    static const struct {
        const char *name;
        enum tail_format format;
    } formats[] = {{"ndjson", TAIL_NDJSON}, {"json", TAIL_JSON},
                   {"csv", TAIL_CSV},       {"syslog", TAIL_SYSLOG},
                   {"cef", TAIL_CEF},       {"container", TAIL_CONTAINER},
                   {"cri", TAIL_CONTAINER}, {"docker", TAIL_CONTAINER}};
    struct str name = json_text(v, STR(""));
    for (size_t i = 0; i < COUNTOF(formats); i++)
        if (str_eqz(name, formats[i].name)) {
            r->s->format = formats[i].format;
            return true;
        }
    return wrong(r, v, e, "format", "ndjson, json, csv, syslog, cef, container, cri or docker");
}

static bool read_mode(struct reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    r->s->mode = str_eqz(s, "once") ? TAIL_ONCE : TAIL_FOLLOW;
    return str_eqz(s, "once") || str_eqz(s, "tail") || wrong(r, v, e, "mode", "tail or once");
}

static bool read_start(struct reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    r->s->from_end = str_eqz(s, "end");
    return r->s->from_end || str_eqz(s, "beginning") || wrong(r, v, e, "start", "beginning or end");
}

static bool read_table(struct reading *r, const struct json *v, struct err *e)
{
    struct str s = json_text(v, STR(""));
    if (!is_name(s))
        return wrong(r, v, e, "table", "a table's name");
    r->s->stream = arena_fmt(r->a, "Custom-%.*s", STR_ARG(s));
    return true;
}

static bool read_short(struct reading *r, const struct json *v, const char *what, struct str *out,
                       struct err *e)
{
    *out = json_text(v, STR(""));
    return (out->n > 0 && out->n < 256) || wrong(r, v, e, what, "a text of at most 255 bytes");
}

static bool read_stream(struct reading *r, const struct json *v, struct err *e)
{
    return read_short(r, v, "stream", &r->s->stream, e);
}

static bool read_workspace(struct reading *r, const struct json *v, struct err *e)
{
    return read_short(r, v, "workspace", &r->s->workspace, e);
}

static bool read_computer(struct reading *r, const struct json *v, struct err *e)
{
    return read_short(r, v, "computer", &r->s->computer, e);
}

static bool read_bool(struct reading *r, const struct json *v, const char *what, bool *out,
                      struct err *e)
{
    *out = json_is_true(v);
    return v->type == JSON_TRUE || v->type == JSON_FALSE || wrong(r, v, e, what, "true or false");
}

static bool read_links(struct reading *r, const struct json *v, struct err *e)
{
    return read_bool(r, v, "follow_links", &r->s->follow_links, e);
}

static bool read_bounds(struct reading *r, const struct json *v, struct err *e)
{
    return read_bool(r, v, "bound_times", &r->s->bound_times, e);
}

static bool read_separator(struct reading *r, const struct json *v, struct err *e)
{
    return csv_separator_read(json_text(v, STR("")), &r->s->csv.separator) ||
           wrong(r, v, e, "separator", "one character of ASCII, or tab");
}

static bool read_columns(struct reading *r, const struct json *v, struct err *e)
{
    if (v->type != JSON_ARRAY || v->n == 0 || v->n > CSV_MAX_NAMES)
        return wrong(r, v, e, "columns", "a list of at most 500 names");
    r->s->csv.columns = arena_array(r->a, struct str, v->n);
    for (size_t i = 0; i < v->n; i++) {
        r->s->csv.columns[i] = json_text(&v->items[i], STR(""));
        if (r->s->csv.columns[i].n == 0)
            return wrong(r, v, e, "columns", "a list of names");
    }
    r->s->csv.n_columns = v->n;
    return true;
}

static bool read_map(struct reading *r, const struct json *v, struct err *e)
{
    if (v->type != JSON_OBJECT || v->n > CSV_MAX_NAMES)
        return wrong(r, v, e, "map", "'name in the file: column' lines, at most 500,");
    r->s->csv.map_from = arena_array(r->a, struct str, v->n + 1);
    r->s->csv.map_to = arena_array(r->a, struct str, v->n + 1);
    for (size_t i = 0; i < v->n; i++) {
        r->s->csv.map_from[i] = v->keys[i];
        r->s->csv.map_to[i] = json_text(&v->items[i], STR(""));
        if (r->s->csv.map_to[i].n == 0)
            return wrong(r, &v->items[i], e, "map", "a column's name");
    }
    r->s->csv.n_map = v->n;
    return true;
}

static const struct key {
    const char *name;
    read_fn *read;
} keys[] = {
    {"name", read_name},          {"path", read_path},
    {"format", read_format},      {"table", read_table},
    {"stream", read_stream},      {"workspace", read_workspace},
    {"mode", read_mode},          {"start", read_start},
    {"follow_links", read_links}, {"computer", read_computer},
    {"bound_times", read_bounds}, {"separator", read_separator},
    {"columns", read_columns},    {"map", read_map},
};

static bool unknown_key(const struct reading *r, const struct json *v, struct str name,
                        struct err *e)
{
    struct suggest near = {.want = name};
    for (size_t i = 0; i < COUNTOF(keys); i++)
        suggest_offer(&near, str_from(keys[i].name));
    err_at(e, ERR_INVALID, pos_in(r->text, v->off), "a source has no '%.*s'",
           (int)(name.n < 60 ? name.n : 60), name.p);
    if (near.best.n > 0)
        err_hint(e, "did you mean '%.*s'?", STR_ARG(near.best));
    return false;
}

static bool complete(struct reading *r, struct err *e)
{
    struct tail_source *s = r->s;
    if (s->stream.n == 0 && s->format == TAIL_CONTAINER)
        s->stream = STR("Microsoft-ContainerLogV2");
    if (s->stream.n == 0 && s->format == TAIL_SYSLOG)
        s->stream = STR("Microsoft-Syslog");
    if (s->stream.n == 0 && s->format == TAIL_CEF)
        s->stream = STR("Microsoft-CommonSecurityLog");
    if (s->name.n == 0)
        return wrong(r, r->item, e, "sources", "a name for each");
    if (s->path == NULL)
        return wrong(r, r->item, e, "path", "an absolute path");
    if (s->stream.n == 0)
        return wrong(r, r->item, e, "table", "a table's name");
    if (s->from_end && (s->mode == TAIL_ONCE || tail_is_whole(s->format)))
        return wrong(r, r->item, e, "start", "end goes with mode tail, a line a record,");
    return true;
}

static bool read_source(struct reading *r, struct err *e)
{
    r->s->csv.separator = ',';
    if (r->item->type != JSON_OBJECT)
        return wrong(r, r->item, e, "sources", "'name: …', 'path: …' for each");
    for (size_t i = 0; i < r->item->n; i++) {
        const struct json *v = &r->item->items[i];
        size_t k = 0;
        while (k < COUNTOF(keys) && !str_eqz(r->item->keys[i], keys[k].name))
            k++;
        if (k == COUNTOF(keys))
            return unknown_key(r, v, r->item->keys[i], e);
        if (!keys[k].read(r, v, e))
            return false;
    }
    return complete(r, e);
}

bool tail_sources_read(struct arena *a, const struct json *list, struct str text,
                       struct tail_source **out, size_t *out_n, struct err *e)
{
    struct tail_source *all = arena_array(a, struct tail_source, list->n + 1);
    struct reading r = {.a = a, .text = text, .item = list};
    if (list->type != JSON_ARRAY || list->n > TAIL_MAX_SOURCES)
        return wrong(&r, list, e, "sources", "a list of at most 64");
    for (size_t i = 0; i < list->n; i++) {
        r.item = &list->items[i];
        r.s = &all[i];
        if (!read_source(&r, e))
            return false;
        for (size_t k = 0; k < i; k++)
            if (str_ieq(all[k].name, all[i].name))
                return err_at(e, ERR_INVALID, pos_in(text, r.item->off),
                              "name: '%.*s' is there twice", STR_ARG(all[i].name));
    }
    *out = all;
    *out_n = list->n;
    return true;
}
