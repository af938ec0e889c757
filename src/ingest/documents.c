/* JSON documents of a body: one a line or one behind the other, each an object, an array of them,
 * or an object with one member that holds the array. */
#include "ingest/foreign.h"

struct documents documents_make(struct foreign *f, struct str body, const char *wrapper)
{
    struct documents d = {.body = body, .wrapper = wrapper, .a = arena_new(0)};
    d.json.max_depth = foreign_max_depth(f) + 2; /* the wrapper and its array */
    d.json.lone_surrogates = true;
    return d;
}

void documents_fini(struct documents *d)
{
    arena_free(d->a);
}

static void skip_line(struct documents *d, size_t from)
{
    const char *nl = memchr(d->body.p + from, '\n', d->body.n - from);
    d->at = nl != NULL ? (size_t)(nl - d->body.p) + 1 : d->body.n;
    d->raw = str_trim(str_sub(d->body, from, d->at - from));
}

/* The array of a document that wraps one. */
static const struct json *wrapped(const struct documents *d)
{
    if (d->one.type == JSON_ARRAY)
        return &d->one;
    for (size_t i = 0; d->wrapper != NULL && d->one.type == JSON_OBJECT && i < d->one.n; i++)
        if (str_ieqz(d->one.keys[i], d->wrapper) && d->one.items[i].type == JSON_ARRAY)
            return &d->one.items[i];
    return NULL;
}

static bool open_document(struct documents *d, struct err *why)
{
    size_t from = d->at;
    arena_reset(d->a);
    if (!json_parse_next(d->a, d->body, &d->at, &d->json, &d->one, why)) {
        skip_line(d, from);
        return false;
    }
    const struct json *list = wrapped(d);
    d->items = list != NULL ? list->items : &d->one;
    d->n = list != NULL ? list->n : 1;
    d->i = 0;
    return true;
}

bool documents_next(struct documents *d, const struct json **out, struct err *why)
{
    *out = NULL;
    d->raw = STR_NONE;
    while (d->i == d->n) {
        while (d->at < d->body.n && str_holds(STR(" \t\r\n"), d->body.p[d->at]))
            d->at++;
        if (d->at >= d->body.n)
            return false;
        if (!open_document(d, why)) {
            d->n = d->i = 0;
            return true;
        }
    }
    const struct json *v = &d->items[d->i++];
    if (v->type == JSON_OBJECT)
        *out = v;
    else
        err_set(why, ERR_INVALID, "a record must be a JSON object");
    return true;
}

struct str foreign_raw(struct foreign *f, const struct json *v)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(0);
    struct json_out w = json_out_make(&b);
    json_value(&w, v);
    return arena_str(foreign_call_arena(f), sbuf_str(&b));
}
