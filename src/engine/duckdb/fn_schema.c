/* buildschema(): the types that dynamic values and their members have. Source: "buildschema()
 * (aggregation function)" of the Kusto reference. */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/json.h"

enum { MAX_DEPTH = 64, N_SCALARS = 6 };

static const char *const scalars[N_SCALARS] = {"long",   "double",   "bool",
                                               "string", "datetime", "timespan"};

struct schema {
    bool scalar[N_SCALARS];
    int order[N_SCALARS]; /* in which the scalars were met, from 1 on */
    int n_met;
    struct map *members;  /* of objects: key → struct schema; NULL: no object was met */
    struct schema *items; /* of arrays; NULL: no array was met */
};

static struct schema *new_schema(struct arena *a)
{
    return arena_new_of(a, struct schema);
}

static int scalar_of(struct str v)
{
    bool is_int;
    int64_t i;
    double d;
    switch (js_type(v)) {
    case JS_BOOL:
        return 2;
    case JS_NUMBER:
        return js_number(v, &is_int, &i, &d) && is_int ? 0 : 1;
    case JS_STRING:
        return 3;
    case JS_NONE:
    case JS_NULL:
    case JS_ARRAY:
    case JS_OBJECT:
        break;
    }
    return -1;
}

static void learn(struct arena *a, struct schema *s, struct str v, unsigned depth)
{
    struct js_iter it = js_begin(v);
    struct str raw, item;
    enum js_type t = js_type(v);
    if (depth == 0 || t == JS_NULL)
        return;
    if (t == JS_OBJECT) {
        if (s->members == NULL)
            s->members = map_new(a, false);
        while (js_next(&it, &raw, &item)) {
            struct str key = arena_str(a, js_decode(a, raw));
            struct schema *member = map_get(s->members, key);
            if (member == NULL) {
                member = new_schema(a);
                (void)map_put(s->members, key, member);
            }
            learn(a, member, item, depth - 1);
        }
    } else if (t == JS_ARRAY) {
        if (s->items == NULL)
            s->items = new_schema(a);
        while (js_next(&it, NULL, &item))
            learn(a, s->items, item, depth - 1);
    } else {
        int k = scalar_of(v);
        if (k >= 0 && !s->scalar[k]) {
            s->scalar[k] = true;
            s->order[k] = ++s->n_met;
        }
    }
}

static void write(struct json_out *w, const struct schema *s);

static void write_members(struct json_out *w, const struct schema *s)
{
    struct str key;
    void *member;
    json_obj(w);
    for (size_t i = 0; map_next(s->members, &i, &key, &member);) {
        json_key_str(w, key);
        write(w, member);
    }
    json_obj_end(w);
}

static void write(struct json_out *w, const struct schema *s)
{
    int n = s->n_met + (s->members != NULL) + (s->items != NULL);
    if (n != 1)
        json_arr(w);
    if (s->members != NULL)
        write_members(w, s);
    if (s->items != NULL) {
        json_obj(w);
        json_key(w, "`indexer`");
        write(w, s->items);
        json_obj_end(w);
    }
    for (int met = 1; met <= s->n_met; met++)
        for (size_t k = 0; k < N_SCALARS; k++)
            if (s->order[k] == met)
                json_z(w, scalars[k]);
    if (n != 1)
        json_arr_end(w);
}

static void fn_buildschema(struct cf_call *c, size_t r)
{
    struct cf_vec v;
    size_t first = 0, n = cf_list(c, 0, r, &first, &v);
    struct arena *a = cf_arena(c);
    struct schema *s = new_schema(a);
    bool any = false;
    for (size_t i = first; i < first + n; i++) {
        if (v.valid && !((v.valid[i >> 6] >> (i & 63)) & 1))
            continue;
        any = true;
        learn(a, s, cf_string_t((const duckdb_string_t *)v.data + i), MAX_DEPTH);
    }
    if (!any)
        return;
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    write(&w, s);
    cf_out_str(c, r, sbuf_str(b));
}

const struct cf_scalar fn_schema_rows[] = {
    {.name = "vdf_buildschema", .sig = "[j:j", .row = fn_buildschema},
    {0},
};
