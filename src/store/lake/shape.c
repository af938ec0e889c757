/* Shapes: which columns a part has, and how each is kept. Interned, since ten thousand parts have a
 * handful of them. In the manifest: a JSON array of [name, type], [name, type, "ticks"] or, of a
 * member of a dynamic column, [name, type, "member", column, path]. */
#include "store/lake/lake_priv.h"
#include "text/json.h"

enum { SHAPE_MAX_BYTES = 1 << 20 };

static struct str path_key(struct arena *a, struct str phys, struct str path)
{
    return arena_fmt(a, "%.*s\n%.*s", STR_ARG(phys), STR_ARG(path));
}

const struct lake_column *lake_shape_path(const struct lake_shape *s, struct str phys,
                                          struct str path)
{
    AUTO(arena_freep) struct arena *a = arena_new(1 << 20);
    return map_get(s->by_path, path_key(a, phys, path));
}

static const struct lake_shape *keep_locked(struct lake *l, struct str text,
                                            const struct lake_column *cols, size_t n)
{
    struct lake_shape *s = arena_new_of(l->a, struct lake_shape);
    s->text = arena_str(l->a, text);
    s->cols = arena_array(l->a, struct lake_column, n + 1);
    s->n = n;
    s->by_phys = map_new(l->a, false);
    s->by_path = map_new(l->a, false);
    for (size_t i = 0; i < n; i++) {
        s->cols[i] = cols[i];
        struct lake_column *c = &s->cols[i];
        c->phys = arena_str(l->a, cols[i].phys);
        c->of = arena_str(l->a, cols[i].of);
        c->path = arena_str(l->a, cols[i].path);
        if (c->of.n > 0)
            map_put(s->by_path, path_key(l->a, c->of, c->path), c);
        else
            map_put(s->by_phys, c->phys, c);
    }
    map_put(l->shapes, s->text, s);
    return s;
}

static bool read_column(const struct json *j, struct lake_column *out, struct err *e)
{
    bool ok = j->type == JSON_ARRAY && ((j->n >= 2 && j->n <= 3) || j->n == 5);
    out->phys = ok ? json_text(&j->items[0], STR_NONE) : STR_NONE;
    ok = ok && out->phys.n > 0 && kql_type_parse(json_text(&j->items[1], STR_NONE), &out->type);
    out->ticks = ok && j->n == 3;
    out->of = ok && j->n == 5 ? json_text(&j->items[3], STR_NONE) : STR_NONE;
    out->path = ok && j->n == 5 ? json_text(&j->items[4], STR_NONE) : STR_NONE;
    ok = ok && (j->n < 5 || (out->of.n > 0 && out->path.n > 0));
    return ok ? true : err_set(e, ERR_INVALID, "the manifest's columns of a part are damaged");
}

const struct lake_shape *lake_shape_parse(struct lake *l, struct str text, struct err *e)
{
    lock_take(&l->lock);
    const struct lake_shape *s = map_get(l->shapes, text);
    lock_drop(&l->lock);
    if (s != NULL)
        return s;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    struct json j;
    if (!json_parse(a, text, NULL, &j, e))
        return NULL;
    if (j.type != JSON_ARRAY) {
        err_set(e, ERR_INVALID, "the manifest's columns of a part are damaged");
        return NULL;
    }
    struct lake_column *cols = arena_array(a, struct lake_column, j.n + 1);
    for (size_t i = 0; i < j.n; i++)
        if (!read_column(&j.items[i], &cols[i], e))
            return NULL;
    lock_take(&l->lock);
    s = keep_locked(l, text, cols, j.n);
    lock_drop(&l->lock);
    return s;
}

const struct lake_shape *lake_shape_of(struct lake *l, const struct lake_column *cols, size_t n)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(SHAPE_MAX_BYTES);
    struct json_out o = json_out_make(&b);
    json_arr(&o);
    for (size_t i = 0; i < n; i++) {
        json_arr(&o);
        json_str(&o, cols[i].phys);
        json_z(&o, kql_type_name(cols[i].type));
        if (cols[i].ticks)
            json_z(&o, "ticks");
        if (cols[i].of.n > 0) {
            json_z(&o, "member");
            json_str(&o, cols[i].of);
            json_str(&o, cols[i].path);
        }
        json_arr_end(&o);
    }
    json_arr_end(&o);
    CHECK(sbuf_ok(&b)); /* a table has at most 500 columns with names of 128 characters */
    lock_take(&l->lock);
    const struct lake_shape *s = map_get(l->shapes, sbuf_str(&b));
    if (s == NULL)
        s = keep_locked(l, sbuf_str(&b), cols, n);
    lock_drop(&l->lock);
    return s;
}
