/* A chain of members and elements of a dynamic value at once: d.a.b[0]. The path is a JSON array of
 * keys and indexes, constant in the query. */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/json.h"
#include <math.h>

struct path {
    struct arena *a;
    struct js_step *steps;
    size_t n;
};

static void path_read(struct path *p, struct str text)
{
    struct str item = STR_NONE;
    p->steps = arena_array(p->a, struct js_step, js_count(text) + 1);
    for (struct js_iter it = js_begin(text); js_next(&it, NULL, &item); p->n++) {
        int64_t index;
        p->steps[p->n] = str_to_i64(item, &index) ? js_step_index(index)
                                                  : js_step_key(p->a, js_decode(p->a, item));
    }
}

static void *path_new(const struct cf_const *args, size_t n)
{
    if (n < 2 || !args[1].known || args[1].is_null)
        return NULL;
    struct path *p = xcalloc(1, sizeof *p);
    p->a = arena_new(args[1].text.n * 256 + 65536);
    path_read(p, arena_str(p->a, args[1].text));
    return p;
}

static void path_free(void *v)
{
    struct path *p = v;
    arena_free(p->a);
    xfree(p);
}

/* Follows the path from v; false: there is nothing, or null. */
static bool follow(struct cf_call *c, size_t r, struct str *v)
{
    struct path own = {0};
    const struct path *p = c->bound;
    if (p == NULL) {
        own.a = cf_arena(c);
        path_read(&own, cf_str(c, 1, r));
        p = &own;
    }
    return js_path(*v, p->steps, p->n, v) && js_type(*v) != JS_NULL;
}

static void out_value(struct cf_call *c, size_t r, struct str v)
{
    if (c->out_type == 'l') {
        if (js_type(v) == JS_ARRAY)
            cf_out_i64(c, r, (int64_t)js_count(v));
        return;
    }
    if (c->out_type == 's' && js_type(v) == JS_STRING)
        v = js_decode(cf_arena(c), v);
    cf_out_str(c, r, v);
}

static void fn_path(struct cf_call *c, size_t r)
{
    struct str v = cf_str(c, 0, r);
    if (follow(c, r, &v))
        out_value(c, r, v);
}

/* The value to be kept beside the column: of a string its text. */
static void fn_path_kept(struct cf_call *c, size_t r)
{
    struct str v = cf_str(c, 0, r);
    if (follow(c, r, &v))
        cf_out_str(c, r, js_type(v) == JS_STRING ? js_decode(cf_arena(c), v) : v);
}

static bool is_same(struct str v, struct sbuf *again)
{
    return sbuf_ok(again) && str_eq(v, sbuf_str(again));
}

/* Which column gives back the very same text: enum js_kept */
static void fn_path_kind(struct cf_call *c, size_t r)
{
    struct str v = cf_str(c, 0, r);
    if (!follow(c, r, &v))
        return;
    struct sbuf *b = cf_buf(c);
    bool is_int;
    int64_t i, kind = JS_KEPT_OTHER;
    double d;
    enum js_type t = js_type(v);
    if (t == JS_BOOL && (str_eqz(v, "true") || str_eqz(v, "false"))) {
        kind = JS_KEPT_BOOL;
    } else if (t == JS_STRING) {
        struct str text = js_decode(cf_arena(c), v);
        json_escape(b, text);
        kind = utf8_valid(text, NULL) && is_same(v, b) ? JS_KEPT_STRING : kind;
    } else if (t == JS_NUMBER && js_number(v, &is_int, &i, &d)) {
        if (is_int)
            sbuf_addi(b, i);
        else if (isfinite(d))
            real_format(d, b);
        kind = !is_same(v, b) ? kind : is_int ? JS_KEPT_LONG : JS_KEPT_REAL;
    }
    cf_out_i64(c, r, kind);
}

/* The same of parse_json(text). What is no JSON is a text, which has no members. */
static void fn_text_path(struct cf_call *c, size_t r)
{
    struct str v = cf_str(c, 0, r);
    if (!js_is_compact(v)) {
        struct json j;
        struct sbuf *b = cf_buf(c);
        const struct json_opts opts = {.max_depth = 200, .lone_surrogates = true};
        if (!json_parse(cf_arena(c), str_trim(v), &opts, &j, NULL))
            return;
        struct json_out w = json_out_make(b);
        json_value(&w, &j);
        v = sbuf_str(b);
    }
    if (follow(c, r, &v))
        out_value(c, r, v);
}

#define PATH_ROW(n, s, fn)                                                                         \
    {                                                                                              \
        .name = (n), .sig = (s), .row = (fn), .prepare = path_new, .release = path_free            \
    }
const struct cf_scalar fn_path_rows[] = {
    PATH_ROW("vdc_dyn_path", "js:j", fn_path),
    PATH_ROW("vdc_dyn_path_str", "js:s", fn_path),
    PATH_ROW("vdc_dyn_path_length", "js:l", fn_path),
    PATH_ROW("vdc_dyn_path_kept", "js:j", fn_path_kept),
    PATH_ROW("vdc_dyn_path_kind", "js:l", fn_path_kind),
    PATH_ROW("vdc_text_path", "ss:j", fn_text_path),
    PATH_ROW("vdc_text_path_str", "ss:s", fn_text_path),
    PATH_ROW("vdc_text_path_length", "ss:l", fn_text_path),
    {0},
};
