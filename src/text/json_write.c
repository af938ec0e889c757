/* The JSON writer: the only place that puts quotes and commas. */
#include "text/json.h"

#include <math.h>

enum { LEVELS = 128 };

struct json_out json_out_make(struct sbuf *b)
{
    return (struct json_out){.b = b};
}

/* Before every value and key: the comma, unless this is the first in its container. */
static void begin(struct json_out *w)
{
    if (w->after_key) {
        w->after_key = false;
        return;
    }
    if (w->depth == 0)
        return;
    uint64_t bit = (uint64_t)1 << (w->depth % 64);
    if ((w->comma[w->depth / 64] & bit) != 0)
        sbuf_addc(w->b, ',');
    w->comma[w->depth / 64] |= bit;
}

static void open(struct json_out *w, char c)
{
    begin(w);
    CHECK(w->depth < LEVELS - 1);
    w->depth++;
    w->comma[w->depth / 64] &= ~((uint64_t)1 << (w->depth % 64));
    sbuf_addc(w->b, c);
}

static void close(struct json_out *w, char c)
{
    CHECK(w->depth > 0 && !w->after_key);
    w->depth--;
    sbuf_addc(w->b, c);
}

void json_obj(struct json_out *w)
{
    open(w, '{');
}

void json_obj_end(struct json_out *w)
{
    close(w, '}');
}

void json_arr(struct json_out *w)
{
    open(w, '[');
}

void json_arr_end(struct json_out *w)
{
    close(w, ']');
}

void json_key_str(struct json_out *w, struct str key)
{
    CHECK(w->depth > 0 && !w->after_key);
    begin(w);
    json_escape(w->b, key);
    sbuf_addc(w->b, ':');
    w->after_key = true;
}

void json_key(struct json_out *w, const char *key)
{
    json_key_str(w, str_from(key));
}

/* Whether one of 8 bytes is a control character, a quote, a backslash or above 0x7E: each test
 * leaves the top bit of such a byte, and of others only where a lower byte is one. */
static bool any_special(uint64_t w)
{
    const uint64_t each = 0x0101010101010101ULL, top = 0x8080808080808080ULL;
    uint64_t quote = w ^ each * '"', slash = w ^ each * '\\', del = w ^ each * 0x7F;
    return ((w | (w - each * 0x20) | (quote - each) | (slash - each) | (del - each)) & top) != 0;
}

static const char *plain_run(const char *p, const char *end)
{
    for (uint64_t w; (size_t)(end - p) >= sizeof w; p += sizeof w) {
        memcpy(&w, p, sizeof w);
        if (any_special(w))
            break;
    }
    while (p < end) {
        unsigned char c = (unsigned char)*p;
        if (c < 0x20 || c >= 0x7F || c == '"' || c == '\\')
            break;
        p++;
    }
    return p;
}

static void escape_one(struct sbuf *b, uint32_t cp)
{
    static const char letters[] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r', ['"'] = '"'};
    char letter = cp < sizeof(letters) ? letters[cp] : '\0';
    if (cp == '\\')
        letter = '\\';
    if (letter != '\0') {
        sbuf_addmem(b, (char[]){'\\', letter}, 2);
    } else if (cp < 0x20) {
        sbuf_addf(b, "\\u%04x", (unsigned)cp);
    } else {
        char utf8[4];
        sbuf_addmem(b, utf8, utf8_put(utf8, cp));
    }
}

void json_escape(struct sbuf *b, struct str s)
{
    const char *p = s.p;
    const char *end = s.n == 0 ? p : p + s.n;
    sbuf_addc(b, '"');
    while (p < end) {
        const char *run = plain_run(p, end);
        sbuf_addmem(b, p, (size_t)(run - p));
        p = run;
        if (p < end)
            escape_one(b, utf8_next(&p, end));
    }
    sbuf_addc(b, '"');
}

void json_str(struct json_out *w, struct str v)
{
    begin(w);
    json_escape(w->b, v);
}

void json_z(struct json_out *w, const char *v)
{
    json_str(w, str_from(v));
}

void json_int(struct json_out *w, int64_t v)
{
    begin(w);
    sbuf_addi(w->b, v);
}

void json_real(struct json_out *w, double v)
{
    begin(w);
    if (isnan(v))
        sbuf_addz(w->b, "\"NaN\"");
    else if (isinf(v))
        sbuf_addz(w->b, v > 0 ? "\"Infinity\"" : "\"-Infinity\"");
    else
        real_format(v, w->b);
}

void json_bool(struct json_out *w, bool v)
{
    begin(w);
    sbuf_addz(w->b, v ? "true" : "false");
}

void json_null(struct json_out *w)
{
    begin(w);
    sbuf_addz(w->b, "null");
}

void json_raw(struct json_out *w, struct str json_text)
{
    begin(w);
    sbuf_add(w->b, json_text);
}

void json_value(struct json_out *w, const struct json *v)
{
    bool object = v->type == JSON_OBJECT;
    switch (v->type) {
    case JSON_NULL:
        json_null(w);
        return;
    case JSON_FALSE:
    case JSON_TRUE:
        json_bool(w, v->type == JSON_TRUE);
        return;
    case JSON_INT:
        json_int(w, v->i);
        return;
    case JSON_REAL: /* as it was written, if it was: no digit is lost */
        if (v->text.n > 0)
            json_raw(w, v->text);
        else
            json_real(w, v->d);
        return;
    case JSON_STRING:
        json_str(w, v->text);
        return;
    case JSON_ARRAY:
    case JSON_OBJECT:
        if (v->text.n == 0)
            break;
        json_raw(w, v->text);
        return;
    }
    open(w, object ? '{' : '[');
    for (size_t i = 0; i < v->n; i++) {
        if (object)
            json_key_str(w, v->keys[i]);
        json_value(w, &v->items[i]);
    }
    close(w, object ? '}' : ']');
}

void json_kv_str(struct json_out *w, const char *key, struct str v)
{
    json_key(w, key);
    json_str(w, v);
}

void json_kv_z(struct json_out *w, const char *key, const char *v)
{
    json_key(w, key);
    json_z(w, v);
}

void json_kv_int(struct json_out *w, const char *key, int64_t v)
{
    json_key(w, key);
    json_int(w, v);
}

void json_kv_real(struct json_out *w, const char *key, double v)
{
    json_key(w, key);
    json_real(w, v);
}

void json_kv_bool(struct json_out *w, const char *key, bool v)
{
    json_key(w, key);
    json_bool(w, v);
}

void json_kv_null(struct json_out *w, const char *key)
{
    json_key(w, key);
    json_null(w);
}

bool json_from_text(struct str text, struct sbuf *out)
{
    struct json j;
    struct str t = str_trim(text);
    if (t.n < 2 || (t.p[0] != '{' && t.p[0] != '['))
        return false;
    AUTO(arena_freep) struct arena *a = arena_new(0);
    if (!json_parse(a, t, NULL, &j, NULL))
        return false;
    struct json_out w = json_out_make(out);
    json_value(&w, &j);
    return true;
}
