/* bag_remove_keys(): keys of the first level, and by JSON paths those further inside. */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"

enum { MAX_STEPS = 32, MAX_PATHS = 4096 };

struct path {
    struct str steps[MAX_STEPS];
    size_t n;
};

/* A path that points into an array removes nothing: as Kusto, only names count. */
static bool read_path(struct str text, struct path *out)
{
    int64_t index;
    bool is_path = text.n > 1 && text.p[0] == '$' && (text.p[1] == '.' || text.p[1] == '[');
    out->n = 1;
    out->steps[0] = text;
    if (!is_path)
        return true;
    text = str_sub(text, 1, text.n);
    for (out->n = 0; text.n > 0; out->n++)
        if (out->n == MAX_STEPS || !js_path_step(&text, &out->steps[out->n], &index) ||
            out->steps[out->n].p == NULL)
            return false;
    return out->n > 0;
}

struct paths {
    struct cf_call *c;
    const struct path **p;
    size_t n;
};

static struct paths read_paths(struct cf_call *c, struct str array)
{
    struct arena *a = cf_arena(c);
    size_t most = js_count(array);
    most = most < MAX_PATHS ? most : MAX_PATHS;
    struct paths all = {c, arena_array(a, const struct path *, most + 1), 0};
    struct js_iter it = js_begin(array);
    struct str item;
    while (all.n < most && js_next(&it, NULL, &item)) {
        struct path *path = arena_new_of(a, struct path);
        if (js_type(item) == JS_STRING && read_path(js_decode(a, item), path))
            all.p[all.n++] = path;
    }
    return all;
}

/* Writes the bag without what the paths name, of which the first `depth` steps led here. */
static void write_rest(const struct paths *paths, size_t depth, struct str bag, struct sbuf *out)
{
    struct js_iter it = js_begin(bag);
    struct str raw, v;
    bool any = false;
    sbuf_addc(out, '{');
    while (!cf_stops(paths->c) && js_next(&it, &raw, &v)) {
        struct paths inside = {paths->c, NULL, 0};
        struct str key = js_decode(cf_arena(paths->c), raw);
        bool gone = false;
        for (size_t i = 0; i < paths->n && !gone; i++) {
            const struct path *p = paths->p[i];
            if (!str_eq(p->steps[depth], key))
                continue;
            gone = p->n == depth + 1;
            if (inside.p == NULL)
                inside.p = arena_array(cf_arena(paths->c), const struct path *, paths->n);
            inside.p[inside.n++] = p;
        }
        if (gone)
            continue;
        sbuf_addz(out, any ? "," : "");
        sbuf_add(out, raw);
        sbuf_addc(out, ':');
        any = true;
        if (inside.n > 0 && js_type(v) == JS_OBJECT)
            write_rest(&inside, depth + 1, v, out);
        else
            sbuf_add(out, v);
    }
    sbuf_addc(out, '}');
}

static void row(struct cf_call *c, size_t r)
{
    struct str bag = cf_str(c, 0, r), keys = cf_str(c, 1, r);
    if (js_type(bag) != JS_OBJECT || js_type(keys) != JS_ARRAY)
        return;
    struct paths paths = read_paths(c, keys);
    struct sbuf *b = cf_buf(c);
    write_rest(&paths, 0, bag, b);
    cf_out_str(c, r, sbuf_str(b));
}

const struct cf_scalar fn_remove_rows[] = {
    {.name = "vdf_bag_remove_keys", .sig = "jj:j", .row = row},
    {0},
};
