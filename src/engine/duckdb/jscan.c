#include "engine/duckdb/jscan.h"
#include "text/json.h"

static size_t blanks(struct str t, size_t at)
{
    while (at < t.n && (t.p[at] == ' ' || t.p[at] == '\n' || t.p[at] == '\t' || t.p[at] == '\r'))
        at++;
    return at;
}

enum js_type js_type(struct str v)
{
    size_t at = blanks(v, 0);
    if (at >= v.n)
        return JS_NONE;
    switch (v.p[at]) {
    case '{':
        return JS_OBJECT;
    case '[':
        return JS_ARRAY;
    case '"':
        return JS_STRING;
    case 't':
    case 'f':
        return JS_BOOL;
    case 'n':
        return JS_NULL;
    default:
        return JS_NUMBER;
    }
}

/* Behind the string whose opening quote is at at. */
static size_t skip_string(struct str t, size_t at)
{
    for (at++; at < t.n; at++) {
        if (t.p[at] == '\\')
            at++;
        else if (t.p[at] == '"')
            return at + 1;
    }
    return t.n;
}

static size_t skip_nested(struct str t, size_t at)
{
    size_t depth = 0;
    while (at < t.n) {
        char c = t.p[at];
        if (c == '"') {
            at = skip_string(t, at);
            continue;
        }
        at++;
        if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && --depth == 0)
            return at;
    }
    return t.n;
}

static size_t skip_value(struct str t, size_t at)
{
    if (at >= t.n)
        return t.n;
    char c = t.p[at];
    if (c == '"')
        return skip_string(t, at);
    if (c == '{' || c == '[')
        return skip_nested(t, at);
    while (at < t.n && !strchr(",]} \n\t\r", t.p[at]))
        at++;
    return at;
}

struct js_iter js_begin(struct str v)
{
    size_t at = blanks(v, 0);
    struct js_iter it = {v, v.n, false};
    if (at < v.n && (v.p[at] == '{' || v.p[at] == '[')) {
        it.object = v.p[at] == '{';
        it.at = blanks(v, at + 1);
    }
    return it;
}

bool js_next(struct js_iter *it, struct str *raw_key, struct str *value)
{
    struct str t = it->text;
    if (it->at >= t.n || t.p[it->at] == ']' || t.p[it->at] == '}')
        return false;
    size_t at = it->at;
    if (it->object) {
        size_t end = skip_string(t, at);
        if (raw_key)
            *raw_key = str_sub(t, at, end - at);
        at = blanks(t, end);
        if (at < t.n && t.p[at] == ':')
            at = blanks(t, at + 1);
    }
    size_t end = skip_value(t, at);
    if (end == at)
        return false;
    *value = str_sub(t, at, end - at);
    at = blanks(t, end);
    if (at < t.n && t.p[at] == ',')
        at = blanks(t, at + 1);
    it->at = at;
    return true;
}

static bool key_is(struct str raw, struct str key)
{
    if (raw.n < 2)
        return false;
    struct str inner = {raw.p + 1, raw.n - 2};
    if (!memchr(inner.p, '\\', inner.n))
        return str_eq(inner, key);
    AUTO(arena_freep) struct arena *a = arena_new(raw.n * 8 + 4096);
    return str_eq(js_decode(a, raw), key);
}

/* Repeated keys: the last wins. */
bool js_get(struct str object, struct str key, struct str *out)
{
    struct js_iter it = js_begin(object);
    struct str k, v;
    bool found = false;
    if (!it.object)
        return false;
    while (js_next(&it, &k, &v)) {
        if (key_is(k, key)) {
            *out = v;
            found = true;
        }
    }
    return found;
}

size_t js_count(struct str v)
{
    struct js_iter it = js_begin(v);
    struct str item;
    size_t n = 0;
    while (js_next(&it, NULL, &item))
        n++;
    return n;
}

bool js_at(struct str array, int64_t index, struct str *out)
{
    if (js_type(array) != JS_ARRAY)
        return false;
    if (index < 0)
        index += (int64_t)js_count(array);
    if (index < 0)
        return false;
    struct js_iter it = js_begin(array);
    while (js_next(&it, NULL, out)) {
        if (index-- == 0)
            return true;
    }
    return false;
}

struct str *js_items(struct arena *a, struct str v, struct str **keys, size_t *n)
{
    *n = js_count(v);
    struct str *items = arena_try(a, sizeof(*items) * (*n + 1));
    struct str *k = arena_try(a, sizeof(*k) * (*n + 1));
    if (!items || !k) { /* the arena says that it is full */
        *n = 0;
        items = k = arena_array(a, struct str, 1);
    }
    struct js_iter it = js_begin(v);
    for (size_t i = 0; i < *n && js_next(&it, &k[i], &items[i]); i++)
        continue;
    if (keys)
        *keys = k;
    return items;
}

struct str js_decode(struct arena *a, struct str raw)
{
    if (raw.n < 2)
        return STR_NONE;
    struct str inner = {raw.p + 1, raw.n - 2};
    if (!memchr(inner.p, '\\', inner.n))
        return inner;
    struct json j;
    const struct json_opts lax = {.lone_surrogates = true};
    if (!json_parse(a, raw, &lax, &j, NULL))
        return inner;
    return j.text;
}

struct str js_quote(struct arena *a, struct str text)
{
    AUTO(sbuf_fini) struct sbuf b = sbuf_make(text.n * 6 + 16);
    json_escape(&b, text);
    return arena_str(a, sbuf_str(&b));
}

bool js_number(struct str v, bool *is_int, int64_t *i, double *d)
{
    v = str_trim(v);
    *is_int = str_to_i64(v, i);
    if (*is_int) {
        *d = (double)*i;
        return true;
    }
    return str_to_f64(v, d);
}

bool js_path_step(struct str *path, struct str *key, int64_t *index)
{
    size_t n = 0;
    struct str s = *path;
    *key = STR_NONE;
    if (s.p[0] == '[') {
        if (!str_find(s, STR("]"), &n))
            return false;
        struct str inside = str_trim(str_sub(s, 1, n - 1));
        *path = str_sub(s, n + 1, s.n);
        if (inside.n >= 2 && (inside.p[0] == '\'' || inside.p[0] == '"')) {
            *key = str_sub(inside, 1, inside.n - 2);
            return true;
        }
        return str_to_i64(inside, index);
    }
    if (s.p[0] == '.')
        s = str_sub(s, 1, s.n);
    while (n < s.n && s.p[n] != '.' && s.p[n] != '[')
        n++;
    *key = str_sub(s, 0, n);
    *path = str_sub(s, n, s.n);
    return n > 0;
}
