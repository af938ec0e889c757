/* JSON records of a body, one by one, so that memory is that of one record. */
#include "ingest/foreign.h"

/* No record of these formats comes near it. */
enum { MAX_RECORD_BYTES = 4 << 20 };

enum { INSIDE_NOTHING, INSIDE_ARRAY, INSIDE_OBJECT };

struct documents documents_make(struct foreign *f, struct str body, const char *wrapper)
{
    struct documents d = {.f = f, .body = body, .wrapper = wrapper};
    d.json.max_depth = foreign_max_depth(f);
    d.json.lone_surrogates = true;
    return d;
}

static size_t skip_blanks(struct str s, size_t at)
{
    while (at < s.n && str_holds(STR(" \t\r\n"), s.p[at]))
        at++;
    return at;
}

bool documents_wrapper(struct str s, size_t at, const char *name, size_t *out)
{
    size_t n = strlen(name);
    if (at >= s.n || s.p[at] != '{')
        return false;
    at = skip_blanks(s, at + 1);
    if (at >= s.n || s.p[at] != '"' || !str_ieqz(str_sub(s, at + 1, n), name))
        return false;
    at += n + 1;
    if (at >= s.n || s.p[at] != '"')
        return false;
    at = skip_blanks(s, at + 1);
    if (at >= s.n || s.p[at] != ':')
        return false;
    at = skip_blanks(s, at + 1);
    *out = at + 1;
    return at < s.n && s.p[at] == '[';
}

/* Behind the array that an object wraps: the object's other members. */
static void skip_object(struct documents *d)
{
    int depth = 1;
    bool text = false;
    for (; d->at < d->body.n && depth > 0; d->at++) {
        char c = d->body.p[d->at];
        if (text && c == '\\')
            d->at++;
        else if (c == '"')
            text = !text;
        else if (!text && (c == '{' || c == '['))
            depth++;
        else if (!text && (c == '}' || c == ']'))
            depth--;
    }
    d->at = d->at < d->body.n ? d->at : d->body.n;
}

/* To where the next record begins; false: the end. */
static bool seek(struct documents *d)
{
    for (;;) {
        d->at = skip_blanks(d->body, d->at);
        size_t first = 0;
        if (d->at >= d->body.n)
            return false;
        char c = d->body.p[d->at];
        if (d->inside != INSIDE_NOTHING && c == ']') {
            d->at++;
            if (d->inside == INSIDE_OBJECT)
                skip_object(d);
            d->inside = INSIDE_NOTHING;
        } else if (d->inside != INSIDE_NOTHING && c == ',') {
            d->at++;
        } else if (d->inside == INSIDE_NOTHING && c == '[') {
            d->at++;
            d->inside = INSIDE_ARRAY;
        } else if (d->inside == INSIDE_NOTHING &&
                   documents_wrapper(d->body, d->at, d->wrapper, &first)) {
            d->at = first;
            d->inside = INSIDE_OBJECT;
        } else {
            return true;
        }
    }
}

static void give_up_line(struct documents *d, size_t from)
{
    const char *nl = memchr(d->body.p + from, '\n', d->body.n - from);
    d->at = nl != NULL ? (size_t)(nl - d->body.p) + 1 : d->body.n;
    d->raw = str_trim(str_sub(d->body, from, d->at - from));
    d->inside = INSIDE_NOTHING;
}

bool documents_next(struct documents *d, const struct json **out, struct err *why)
{
    *out = NULL;
    d->raw = STR_NONE;
    foreign_next(d->f);
    if (!seek(d)) {
        bool open = d->inside != INSIDE_NOTHING;
        d->inside = INSIDE_NOTHING;
        if (open)
            err_set(why, ERR_SYNTAX, "the array of records is cut off");
        return open;
    }
    size_t from = d->at;
    if (!json_parse_next(foreign_arena(d->f), d->body, &d->at, &d->json, &d->value, why)) {
        give_up_line(d, from);
        return true;
    }
    d->raw = str_sub(d->body, from, d->at - from);
    if (d->value.type != JSON_OBJECT)
        err_set(why, ERR_INVALID, "a record must be a JSON object");
    else if (d->raw.n > MAX_RECORD_BYTES)
        err_set(why, ERR_LIMIT, "the record has %zu bytes; the limit is %d", d->raw.n,
                MAX_RECORD_BYTES);
    else
        *out = &d->value;
    return true;
}
