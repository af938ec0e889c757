/* Reaching into dynamic values, and making them. Misses are null. */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/json.h"

static void out_member(struct cf_call *c, size_t r, bool found, struct str v)
{
    if (found && js_type(v) != JS_NULL)
        cf_out_str(c, r, v);
}

static void fn_key(struct cf_call *c, size_t r)
{
    struct str v = STR_NONE;
    out_member(c, r, js_get(cf_str(c, 0, r), cf_str(c, 1, r), &v), v);
}

static void fn_at(struct cf_call *c, size_t r)
{
    struct str v = STR_NONE;
    out_member(c, r, js_at(cf_str(c, 0, r), cf_i64(c, 1, r), &v), v);
}

static void fn_get(struct cf_call *c, size_t r)
{
    struct str v = STR_NONE, k = cf_str(c, 1, r);
    bool is_int;
    int64_t i;
    double d;
    if (js_type(k) == JS_STRING)
        out_member(c, r, js_get(cf_str(c, 0, r), js_decode(cf_arena(c), k), &v), v);
    else if (js_type(k) == JS_NUMBER && js_number(k, &is_int, &i, &d) && is_int)
        out_member(c, r, js_at(cf_str(c, 0, r), i, &v), v);
}

static void fn_type(struct cf_call *c, size_t r)
{
    static const char *const names[] = {"null",   "null",  "bool",      "long",
                                        "string", "array", "dictionary"};
    if (cf_null(c, 0, r)) {
        cf_out_str(c, r, STR("null"));
        return;
    }
    struct str v = cf_str(c, 0, r);
    enum js_type t = js_type(v);
    bool is_int = true;
    int64_t i;
    double d;
    if (t == JS_NUMBER && js_number(v, &is_int, &i, &d) && !is_int)
        cf_out_str(c, r, STR("double"));
    else
        cf_out_str(c, r, str_from(names[t]));
}

/* parse_json(): text that is not JSON becomes a JSON string; '' and null become null. */
static void fn_parse_json(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r);
    struct str t = str_trim(s);
    struct json j;
    const struct json_opts opts = {.max_depth = 200, .lone_surrogates = true};
    struct sbuf *b = cf_buf(c);
    if (t.n == 0)
        return;
    if (t.n == s.n && js_is_compact(s)) {
        if (js_type(s) != JS_NULL)
            cf_out_str(c, r, s);
        return;
    }
    if (!json_parse(cf_arena(c), t, &opts, &j, NULL)) {
        json_escape(b, s);
        cf_out_str(c, r, sbuf_str(b));
        return;
    }
    if (j.type == JSON_NULL)
        return;
    struct json_out w = json_out_make(b);
    json_value(&w, &j);
    cf_out_str(c, r, sbuf_str(b));
}

/* A text as a dynamic column takes it: '' is null. */
static void fn_text_dyn(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r);
    struct sbuf *b = cf_buf(c);
    if (s.n == 0)
        return;
    if (!json_from_text(s, b))
        json_escape(b, s);
    cf_out_str(c, r, sbuf_str(b));
}

/* ---- mv-expand ---- */
static void expand_bag(struct cf_call *c, size_t r, struct str v, bool as_array)
{
    size_t n;
    struct str *keys, *items = js_items(cf_arena(c), v, &keys, &n);
    for (size_t i = 0; i < n; i++)
        items[i] = arena_fmt(cf_arena(c), as_array ? "[%.*s,%.*s]" : "{%.*s:%.*s}",
                             STR_ARG(keys[i]), STR_ARG(items[i]));
    cf_out_list(c, r, items, NULL, n);
}

static void fn_expand(struct cf_call *c, size_t r)
{
    struct str none = STR_NONE;
    const bool missing = false;
    if (cf_null(c, 0, r)) {
        cf_out_list(c, r, &none, &missing, 1);
        return;
    }
    struct str v = cf_str(c, 0, r);
    enum js_type t = js_type(v);
    if (t == JS_OBJECT) {
        expand_bag(c, r, v, cf_bool(c, 1, r));
    } else if (t == JS_ARRAY) {
        size_t n;
        struct str *items = js_items(cf_arena(c), v, NULL, &n);
        bool *valid = arena_array(cf_arena(c), bool, n + 1);
        for (size_t i = 0; i < n; i++)
            valid[i] = js_type(items[i]) != JS_NULL;
        cf_out_list(c, r, items, valid, n);
    } else {
        cf_out_list(c, r, &v, NULL, 1);
    }
}

/* ---- membership ---- */
static bool same_number(struct str a, struct str b)
{
    bool ia, ib;
    int64_t x, y;
    double d, f;
    if (js_type(a) != JS_NUMBER || js_type(b) != JS_NUMBER)
        return false;
    if (!js_number(a, &ia, &x, &d) || !js_number(b, &ib, &y, &f))
        return false;
    return ia && ib ? x == y : d >= f && d <= f;
}

static bool in_dyn(struct str needle, struct str hay)
{
    if (js_type(hay) != JS_ARRAY)
        return str_eq(needle, hay) || same_number(needle, hay);
    struct js_iter it = js_begin(hay);
    struct str v;
    while (js_next(&it, NULL, &v)) {
        if (str_eq(needle, v) || same_number(needle, v))
            return true;
    }
    return false;
}

static void fn_in_dyn(struct cf_call *c, size_t r)
{
    cf_out_bool(c, r, in_dyn(cf_str(c, 0, r), cf_str(c, 1, r)));
}

/* The items of an array as strings; a scalar is one item. */
static void fn_strings(struct cf_call *c, size_t r)
{
    struct arena *a = cf_arena(c);
    struct str v = cf_null(c, 0, r) ? STR("[]") : cf_str(c, 0, r);
    size_t n = 1;
    struct str *items = js_type(v) == JS_ARRAY ? js_items(a, v, NULL, &n) : &v;
    for (size_t i = 0; i < n; i++) {
        if (js_type(items[i]) == JS_STRING)
            items[i] = js_decode(a, items[i]);
    }
    cf_out_list(c, r, items, NULL, n);
}

const struct cf_scalar fn_dyn_rows[] = {
    {.name = "vdc_dyn_key", .sig = "js:j", .row = fn_key},
    {.name = "vdc_dyn_at", .sig = "jl:j", .row = fn_at},
    {.name = "vdc_dyn_get", .sig = "jj:j", .row = fn_get},
    {.name = "vdc_dyn_type", .sig = "j:s", .flags = CF_NULLS, .row = fn_type},
    {.name = "vdc_parse_json", .sig = "s:j", .row = fn_parse_json},
    {.name = "vdc_text_dyn", .sig = "s:j", .row = fn_text_dyn},
    {.name = "vdc_expand", .sig = "jb:[j", .flags = CF_NULLS, .row = fn_expand},
    {.name = "vdc_in_dyn", .sig = "jj:b", .row = fn_in_dyn},
    {.name = "vdc_dyn_strings", .sig = "j:[s", .flags = CF_NULLS, .row = fn_strings},
    {0},
};
