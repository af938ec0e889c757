/* Lists of sources in the configuration. */
#include "ingest/source_list.h"
#include "text/date.h"

#include "kql/functions.h"

bool source_wrong(const struct source_reading *r, const struct json *v, struct err *e,
                  const char *what, const char *expected)
{
    return err_at(e, ERR_INVALID, pos_in(r->text, v->off), "%s: %s expected", what, expected);
}

bool source_is_word(struct str s, size_t max)
{
    bool ok = s.n > 0 && s.n <= max;
    for (size_t i = 0; ok && i < s.n; i++) {
        char c = s.p[i];
        ok = (c >= '0' && c <= '9') || ((c | 32) >= 'a' && (c | 32) <= 'z') || c == '.' ||
             c == '_' || c == '-';
    }
    return ok;
}

bool source_is_text(struct str s)
{
    bool ok = s.n > 0 && s.n < 1024;
    for (size_t i = 0; ok && i < s.n; i++)
        ok = (unsigned char)s.p[i] >= 0x20 && s.p[i] != 0x7f;
    return ok;
}

bool source_read_span(struct source_reading *r, const struct json *v, const char *what,
                      int64_t least, int64_t most, int64_t *out, struct err *e)
{
    if (duration_parse_unit(json_text(v, STR("")), out) && *out >= least && *out <= most)
        return true;
    return source_wrong(r, v, e, what, "a time in bounds, such as 30s, 5m or 6h,");
}

bool source_read_count(struct source_reading *r, const struct json *v, const char *what,
                       int64_t most, int64_t *out, struct err *e)
{
    *out = v->type == JSON_INT ? v->i : 0;
    if (*out > 0 && *out <= most)
        return true;
    if (most == INT64_MAX)
        return source_wrong(r, v, e, what, "a whole number above 0");
    return source_wrong(r, v, e, what,
                        arena_fmt(r->a, "a whole number from 1 to %lld", (long long)most).p);
}

static bool unknown_key(const struct source_reading *r, const struct source_kind *kind,
                        const struct json *v, struct str name, struct err *e)
{
    struct suggest near = {.want = name};
    for (size_t i = 0; i < kind->n_keys; i++)
        suggest_offer(&near, str_from(kind->keys[i].name));
    err_at(e, ERR_INVALID, pos_in(r->text, v->off), "a source has no '%.*s'",
           (int)(name.n < 60 ? name.n : 60), name.p);
    if (near.best.n > 0)
        err_hint(e, "did you mean '%.*s'?", STR_ARG(near.best));
    return false;
}

static bool read_text(struct source_reading *r, const struct json *v, const struct source_key *key,
                      struct err *e)
{
    struct str s = json_text(v, STR(""));
    if (!source_is_text(s))
        return source_wrong(r, v, e, key->name, "a text");
    const char *text = arena_strz(r->a, s);
    memcpy((char *)r->source + key->text_at, &text, sizeof(text));
    return true;
}

static bool read_source(struct source_reading *r, const struct source_kind *kind, struct err *e)
{
    if (kind->begin != NULL)
        kind->begin(r->source);
    if (r->item->type != JSON_OBJECT)
        return source_wrong(r, r->item, e, kind->list, kind->shape);
    for (size_t i = 0; i < r->item->n; i++) {
        const struct json *v = &r->item->items[i];
        size_t k = 0;
        while (k < kind->n_keys && !str_eqz(r->item->keys[i], kind->keys[k].name))
            k++;
        if (k == kind->n_keys)
            return unknown_key(r, kind, v, r->item->keys[i], e);
        const struct source_key *key = &kind->keys[k];
        if (key->read != NULL ? !key->read(r, v, e) : !read_text(r, v, key, e))
            return false;
    }
    return kind->complete(r, e);
}

static struct str name_of(const struct source_kind *kind, const char *source)
{
    struct str name;
    memcpy(&name, source + kind->name_at, sizeof(name));
    return name;
}

bool source_list_read(struct arena *a, const struct json *list, struct str text,
                      const struct source_kind *kind, void **out, size_t *out_n, struct err *e)
{
    struct source_reading r = {.a = a, .text = text, .item = list};
    if (list->type != JSON_ARRAY || list->n > SOURCE_LIST_MOST)
        return source_wrong(&r, list, e, kind->list, "a list of at most 64");
    char *all = arena_alloc(a, kind->bytes * (list->n + 1));
    for (size_t i = 0; i < list->n; i++) {
        r.item = &list->items[i];
        r.source = all + i * kind->bytes;
        if (!read_source(&r, kind, e))
            return false;
        struct str name = name_of(kind, r.source);
        for (size_t k = 0; k < i; k++)
            if (str_ieq(name_of(kind, all + k * kind->bytes), name))
                return err_at(e, ERR_INVALID, pos_in(text, r.item->off),
                              "name: '%.*s' is there twice", STR_ARG(name));
    }
    *out = all;
    *out_n = list->n;
    return true;
}
