/* libyaml's events to a struct json tree, with limits that hold against aliases, too. */
#include "text/yaml.h"
#include "text/yaml_priv.h"
#include <stdlib.h>
#include <yaml.h>

struct anchor {
    struct json value;
    size_t values; /* how many values an alias stands for */
};
struct reader {
    yaml_parser_t p;
    struct arena *a;
    struct err *e;
    struct str text;
    struct map *anchors;
    size_t max_depth, max_values, values;
    size_t at_char, at_byte; /* a cursor that turns libyaml's character index into bytes */
};

static bool read_node(struct reader *r, yaml_event_t *ev, size_t depth, struct json *out);

static uint32_t byte_offset(struct reader *r, const yaml_mark_t *m)
{
    if (m->index < r->at_char) {
        r->at_char = 0;
        r->at_byte = str_starts(r->text, STR("\xef\xbb\xbf")) ? 3 : 0;
    }
    while (r->at_char < m->index && r->at_byte < r->text.n) {
        do
            r->at_byte++;
        while (r->at_byte < r->text.n && ((unsigned char)r->text.p[r->at_byte] & 0xC0) == 0x80);
        r->at_char++;
    }
    return (uint32_t)r->at_byte;
}

static struct pos mark_pos(struct reader *r, const yaml_mark_t *m)
{
    return (struct pos){byte_offset(r, m), (uint32_t)m->line + 1, (uint32_t)m->column + 1};
}

static bool next_event(struct reader *r, yaml_event_t *ev)
{
    if (yaml_parser_parse(&r->p, ev))
        return true;
    struct pos at = mark_pos(r, &r->p.problem_mark);
    const char *problem = r->p.problem != NULL ? r->p.problem : "not YAML";
    if (r->p.context != NULL)
        return err_at(r->e, ERR_SYNTAX, at, "YAML: %s %s", problem, r->p.context);
    return err_at(r->e, ERR_SYNTAX, at, "YAML: %s", problem);
}

static bool count_values(struct reader *r, size_t n, const yaml_event_t *ev)
{
    r->values += n;
    if (r->values <= r->max_values)
        return true;
    return err_at(r->e, ERR_LIMIT, mark_pos(r, &ev->start_mark), "YAML: more than %zu values",
                  r->max_values);
}

static bool is_one_of(struct str s, const char *const *names, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (str_eqz(s, names[i]))
            return true;
    return false;
}

static bool plain_integer(struct str s, int64_t *out)
{
    struct str digits = s.n > 0 && s.p[0] == '-' ? str_sub(s, 1, s.n - 1) : s;
    if (digits.n == 0 || (digits.p[0] == '0' && digits.n > 1))
        return false;
    return str_to_i64(s, out);
}

static size_t digits_at(struct str s, size_t at)
{
    size_t n = 0;
    while (at + n < s.n && s.p[at + n] >= '0' && s.p[at + n] <= '9')
        n++;
    return n;
}

/* Exactly JSON's numbers with a fraction or an exponent, so that a tree can be written as JSON as
 * it is. */
static bool plain_fraction(struct str s, double *out)
{
    size_t at = s.n > 0 && s.p[0] == '-' ? 1 : 0;
    size_t whole = digits_at(s, at);
    if (whole == 0 || (whole > 1 && s.p[at] == '0'))
        return false;
    at += whole;
    if (at < s.n && s.p[at] == '.') {
        size_t n = digits_at(s, at + 1);
        if (n == 0)
            return false;
        at += 1 + n;
    }
    if (at < s.n && (s.p[at] == 'e' || s.p[at] == 'E')) {
        at += at + 1 < s.n && (s.p[at + 1] == '-' || s.p[at + 1] == '+') ? 2 : 1;
        size_t n = digits_at(s, at);
        if (n == 0)
            return false;
        at += n;
    }
    return at == s.n && str_to_f64(s, out);
}

static void resolve_plain(struct json *v)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"};
    static const char *const yes[] = {"true", "True", "TRUE"}, *const no[] = {"false", "False",
                                                                              "FALSE"};
    if (is_one_of(v->text, nulls, COUNTOF(nulls)))
        v->type = JSON_NULL;
    else if (is_one_of(v->text, yes, COUNTOF(yes)))
        v->type = JSON_TRUE;
    else if (is_one_of(v->text, no, COUNTOF(no)))
        v->type = JSON_FALSE;
    else if (plain_integer(v->text, &v->i)) {
        v->type = JSON_INT;
        v->d = (double)v->i;
    } else if (plain_fraction(v->text, &v->d))
        v->type = JSON_REAL;
}

bool yaml_plain_is_text(struct str s)
{
    struct json v = {.type = JSON_STRING, .text = s};
    resolve_plain(&v);
    return v.type == JSON_STRING;
}

static bool read_scalar(struct reader *r, const yaml_event_t *ev, struct json *out)
{
    struct str s = {(const char *)ev->data.scalar.value, ev->data.scalar.length};
    if (memchr(s.p, 0, s.n) != NULL)
        return err_at(r->e, ERR_SYNTAX, mark_pos(r, &ev->start_mark),
                      "YAML: a NUL character in a scalar");
    out->type = JSON_STRING;
    out->text = arena_str(r->a, s);
    if (ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE)
        resolve_plain(out);
    return true;
}

static bool read_alias(struct reader *r, const yaml_event_t *ev, struct json *out)
{
    struct str name = str_from((const char *)ev->data.alias.anchor);
    const struct anchor *an = map_get(r->anchors, name);
    if (an == NULL)
        return err_at(r->e, ERR_SYNTAX, mark_pos(r, &ev->start_mark), "YAML: unknown alias '%.*s'",
                      STR_ARG(name));
    uint32_t off = out->off;
    *out = an->value;
    out->off = off;
    return count_values(r, an->values, ev);
}

static bool read_sequence(struct reader *r, size_t depth, struct json *out)
{
    VEC(struct json) items = {0};
    for (;;) {
        yaml_event_t ev;
        if (!next_event(r, &ev))
            return false;
        if (ev.type == YAML_SEQUENCE_END_EVENT) {
            yaml_event_delete(&ev);
            break;
        }
        struct json v = {0};
        v.off = byte_offset(r, &ev.start_mark);
        bool ok = read_node(r, &ev, depth + 1, &v);
        yaml_event_delete(&ev);
        if (!ok)
            return false;
        VEC_PUSH(r->a, &items, v);
    }
    out->type = JSON_ARRAY;
    out->items = items.p;
    out->n = items.n;
    return true;
}

/* One key of a mapping; *end is set when the mapping is over. */
static bool read_key(struct reader *r, struct map *seen, struct str *key, uint32_t *off, bool *end)
{
    yaml_event_t ev;
    if (!next_event(r, &ev))
        return false;
    struct pos at = mark_pos(r, &ev.start_mark);
    *off = at.off;
    *end = ev.type == YAML_MAPPING_END_EVENT;
    bool scalar = ev.type == YAML_SCALAR_EVENT;
    if (scalar)
        *key = arena_str(r->a,
                         (struct str){(const char *)ev.data.scalar.value, ev.data.scalar.length});
    yaml_event_delete(&ev);
    if (*end)
        return true;
    if (!scalar)
        return err_at(r->e, ERR_SYNTAX, at, "YAML: a mapping's key must be plain text");
    static char present;
    if (map_put(seen, *key, &present) != NULL)
        return err_at(r->e, ERR_SYNTAX, at, "YAML: key '%.*s' stands here twice", STR_ARG(*key));
    return true;
}

static bool read_mapping(struct reader *r, size_t depth, struct json *out)
{
    VEC(struct json) items = {0};
    VEC(struct str) keys = {0};
    struct map *seen = map_new(r->a, false);
    for (;;) {
        struct str key = STR_NONE;
        struct json v = {0};
        bool end = false;
        if (!read_key(r, seen, &key, &v.off, &end))
            return false;
        if (end)
            break;
        yaml_event_t ev;
        if (!next_event(r, &ev))
            return false;
        bool ok = read_node(r, &ev, depth + 1, &v);
        yaml_event_delete(&ev);
        if (!ok)
            return false;
        VEC_PUSH(r->a, &items, v);
        VEC_PUSH(r->a, &keys, key);
    }
    out->type = JSON_OBJECT;
    out->items = items.p;
    out->keys = keys.p;
    out->n = items.n;
    return true;
}

static const yaml_char_t *event_anchor(const yaml_event_t *ev)
{
    if (ev->type == YAML_SCALAR_EVENT)
        return ev->data.scalar.anchor;
    if (ev->type == YAML_SEQUENCE_START_EVENT)
        return ev->data.sequence_start.anchor;
    return ev->type == YAML_MAPPING_START_EVENT ? ev->data.mapping_start.anchor : NULL;
}

static bool read_node(struct reader *r, yaml_event_t *ev, size_t depth, struct json *out)
{
    size_t before = r->values;
    bool ok = false;
    if (depth > r->max_depth)
        return err_at(r->e, ERR_LIMIT, mark_pos(r, &ev->start_mark),
                      "YAML: nested deeper than %zu levels", r->max_depth);
    if (!count_values(r, 1, ev))
        return false;
    if (ev->type == YAML_SCALAR_EVENT)
        ok = read_scalar(r, ev, out);
    else if (ev->type == YAML_ALIAS_EVENT)
        ok = read_alias(r, ev, out);
    else if (ev->type == YAML_SEQUENCE_START_EVENT)
        ok = read_sequence(r, depth, out);
    else if (ev->type == YAML_MAPPING_START_EVENT)
        ok = read_mapping(r, depth, out);
    else
        ok =
            err_at(r->e, ERR_SYNTAX, mark_pos(r, &ev->start_mark), "YAML: a value is missing here");
    const yaml_char_t *anchor = event_anchor(ev);
    if (ok && anchor != NULL) {
        struct anchor *an = arena_new_of(r->a, struct anchor);
        an->value = *out;
        an->values = r->values - before;
        map_put(r->anchors, arena_str(r->a, str_from((const char *)anchor)), an);
    }
    return ok;
}

/* Reads one event and insists on its kind. */
static bool expect_event(struct reader *r, yaml_event_type_t want, const char *what)
{
    yaml_event_t ev;
    if (!next_event(r, &ev))
        return false;
    bool ok = ev.type == want;
    if (!ok)
        err_at(r->e, ERR_SYNTAX, mark_pos(r, &ev.start_mark), "YAML: %s", what);
    yaml_event_delete(&ev);
    return ok;
}

static bool read_document(struct reader *r, struct json *out)
{
    yaml_event_t ev;
    if (!expect_event(r, YAML_STREAM_START_EVENT, "not a stream") ||
        !expect_event(r, YAML_DOCUMENT_START_EVENT, "the document is empty") || !next_event(r, &ev))
        return false;
    out->off = byte_offset(r, &ev.start_mark);
    bool ok = read_node(r, &ev, 1, out);
    yaml_event_delete(&ev);
    return ok && expect_event(r, YAML_DOCUMENT_END_EVENT, "the document does not end here") &&
           expect_event(r, YAML_STREAM_END_EVENT, "a second document begins; one is allowed");
}

/* All documents of the stream as an array. */
static bool read_stream(struct reader *r, struct json *out)
{
    VEC(struct json) items = {0};
    if (!expect_event(r, YAML_STREAM_START_EVENT, "not a stream"))
        return false;
    for (;;) {
        yaml_event_t ev;
        struct json v = {0};
        if (!next_event(r, &ev))
            return false;
        bool end = ev.type == YAML_STREAM_END_EVENT;
        yaml_event_delete(&ev);
        if (end)
            break;
        r->anchors = map_new(r->a, false);
        if (!next_event(r, &ev))
            return false;
        v.off = byte_offset(r, &ev.start_mark);
        bool ok = read_node(r, &ev, 1, &v);
        yaml_event_delete(&ev);
        if (!ok || !expect_event(r, YAML_DOCUMENT_END_EVENT, "the document does not end here"))
            return false;
        VEC_PUSH(r->a, &items, v);
    }
    *out = (struct json){.type = JSON_ARRAY, .items = items.p, .n = items.n};
    return true;
}

static bool parse(struct arena *a, struct str text, const struct yaml_opts *opts, bool stream,
                  struct json *out, struct err *e)
{
    struct reader r = {.a = a, .e = e, .text = text};
    r.max_depth = opts != NULL && opts->max_depth != 0 ? opts->max_depth : 64;
    r.max_values = opts != NULL && opts->max_values != 0 ? opts->max_values : (size_t)1 << 20;
    r.at_byte = str_starts(text, STR("\xef\xbb\xbf")) ? 3 : 0;
    r.anchors = map_new(a, false);
    if (text.n >= UINT32_MAX)
        return err_set(e, ERR_LIMIT, "YAML: the text is larger than 4 GiB");
    if (!yaml_parser_initialize(&r.p))
        return err_set(e, ERR_INTERNAL, "YAML: no parser");
    yaml_parser_set_encoding(&r.p, YAML_UTF8_ENCODING);
    /* With its encoding set, libyaml takes a byte order mark for text. */
    yaml_parser_set_input_string(&r.p, (const unsigned char *)text.p + r.at_byte,
                                 text.n - r.at_byte);
    struct json v = {0};
    bool ok = stream ? read_stream(&r, &v) : read_document(&r, &v);
    yaml_parser_delete(&r.p);
    if (ok)
        *out = v;
    return ok;
}

bool yaml_parse(struct arena *a, struct str text, const struct yaml_opts *opts, struct json *out,
                struct err *e)
{
    return parse(a, text, opts, false, out, e);
}

bool yaml_parse_stream(struct arena *a, struct str text, const struct yaml_opts *opts,
                       struct json *out, struct err *e)
{
    return parse(a, text, opts, true, out, e);
}
