/* The entities of an alert's Entities column: objects inside of one another, and references to them
 * by $id. */
#include "correlate/correlate_priv.h"

struct reading {
    struct arena *a;
    size_t max;
    struct entity_nodes *out;
    VEC(struct entity_node) v;
};

static void collect(struct reading *r, const struct json *v)
{
    if (v->type == JSON_OBJECT && json_get(v, "$ref") == NULL && json_get(v, "Type") != NULL &&
        r->v.n < r->max) {
        struct entity_node node = {v, json_text(json_get(v, "$id"), STR(""))};
        VEC_PUSH(r->a, &r->v, node);
        if (node.id.n > 0 && map_get(r->out->by_id, node.id) == NULL) {
            union {
                const struct json *in;
                void *out;
            } object = {.in = v};
            (void)map_put(r->out->by_id, node.id, object.out);
        }
    }
    for (size_t i = 0; (v->type == JSON_OBJECT || v->type == JSON_ARRAY) && i < v->n; i++)
        collect(r, &v->items[i]); /* as deep as the JSON reader lets it be */
}

void correlate_entities(struct arena *a, const struct json *column, size_t max,
                        struct entity_nodes *out)
{
    struct reading r = {.a = a, .max = max, .out = out};
    *out = (struct entity_nodes){.by_id = map_new(a, false)};
    if (column->type == JSON_ARRAY)
        collect(&r, column);
    out->p = r.v.p;
    out->n = r.v.n;
}

const struct json *entity_at(const struct entity_nodes *all, const struct json *v)
{
    if (v == NULL || v->type != JSON_OBJECT)
        return NULL;
    const struct json *ref = json_get(v, "$ref");
    return ref == NULL ? v : map_get(all->by_id, json_text(ref, STR("")));
}

/* ---- the parts of a key ---- */

static size_t find(struct str s, const char *what)
{
    size_t at = s.n;
    (void)str_find(s, str_from(what), &at);
    return at;
}

struct str key_type(struct str key)
{
    return str_sub(key, 0, find(key, "/"));
}

struct str key_identifier(struct str key)
{
    return str_sub(key, 0, find(key, ":"));
}

struct str key_value(struct str key)
{
    return str_sub(key, find(key, ":") + 1, key.n);
}
