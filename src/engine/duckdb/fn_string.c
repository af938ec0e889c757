/* Strings. Positions count code points. */
#include "engine/duckdb/fn.h"
#include "engine/duckdb/jscan.h"
#include "text/json.h"
#include <stdio.h>

static size_t count_cps(struct str s)
{
    size_t n = 0;
    for (size_t i = 0; i < s.n; i++)
        n += ((unsigned char)s.p[i] & 0xC0) != 0x80;
    return n;
}

/* Byte offset of code point cp. */
static size_t offset_of(struct str s, size_t cp)
{
    size_t i = 0;
    while (i < s.n && cp) {
        i++;
        while (i < s.n && ((unsigned char)s.p[i] & 0xC0) == 0x80)
            i++;
        cp--;
    }
    return i;
}

/* A start before the beginning leaves nothing of a piece with a length. */
static void fn_substring(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r);
    int64_t n = (int64_t)count_cps(s), from = cf_i64(c, 1, r);
    int64_t len = c->n_args > 2 ? cf_i64(c, 2, r) : n;
    if (from < 0)
        from += n;
    if (c->n_args > 2 && from < 0)
        len = 0;
    if (from < 0)
        from = 0;
    if (from >= n || len <= 0) {
        cf_out_str(c, r, STR_NONE);
        return;
    }
    size_t a = offset_of(s, (size_t)from);
    struct str rest = str_sub(s, a, s.n);
    cf_out_str(c, r, len >= n ? rest : str_sub(rest, 0, offset_of(rest, (size_t)len)));
}

static void fn_reverse(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r);
    struct sbuf *b = cf_buf(c);
    for (size_t end = s.n; end > 0;) {
        size_t at = end - 1;
        while (at > 0 && ((unsigned char)s.p[at] & 0xC0) == 0x80)
            at--;
        sbuf_addmem(b, s.p + at, end - at);
        end = at;
    }
    cf_out_str(c, r, sbuf_str(b));
}

/* The byte behind the first n code points from byte `at` on. */
static size_t end_of(struct str s, size_t at, int64_t n)
{
    struct str rest = str_sub(s, at, s.n);
    return n < 0 || n >= (int64_t)rest.n ? s.n : at + offset_of(rest, (size_t)n);
}

/* indexof(text, part, start, length, occurrence): absent -1; an empty part or a bad occurrence is
 * null. The length counts from where each occurrence is looked for, as the last but one example of
 * the documentation shows. */
static void fn_indexof(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r), k = cf_str(c, 1, r);
    int64_t start = cf_i64(c, 2, r), len = cf_i64(c, 3, r), want = cf_i64(c, 4, r);
    int64_t n = (int64_t)count_cps(s);
    if (k.n == 0 || want < 1 || len < -1)
        return;
    if (start < 0)
        start = start + n < 0 ? 0 : start + n;
    if (start > n) {
        cf_out_i64(c, r, -1);
        return;
    }
    size_t at = offset_of(s, (size_t)start);
    while (at + k.n <= s.n) {
        const char *p = memmem(s.p + at, end_of(s, at, len) - at, k.p, k.n);
        if (!p)
            break;
        at = (size_t)(p - s.p);
        if (--want == 0) {
            cf_out_i64(c, r, (int64_t)count_cps(str_sub(s, 0, at)));
            return;
        }
        at++;
    }
    cf_out_i64(c, r, -1);
}

static void fn_replace(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r), k = cf_str(c, 1, r), with = cf_str(c, 2, r);
    struct sbuf *b = cf_buf(c);
    size_t at = 0;
    while (k.n && at + k.n <= s.n) {
        const char *p = memmem(s.p + at, s.n - at, k.p, k.n);
        if (!p)
            break;
        sbuf_add(b, str_sub(s, at, (size_t)(p - s.p) - at));
        sbuf_add(b, with);
        at = (size_t)(p - s.p) + k.n;
    }
    sbuf_add(b, str_sub(s, at, s.n));
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_replace_strings(struct cf_call *c, size_t r)
{
    struct arena *a = cf_arena(c);
    struct str s = cf_str(c, 0, r);
    size_t n, k;
    struct str *from = js_items(a, cf_str(c, 1, r), NULL, &n);
    struct str *to = js_items(a, cf_str(c, 2, r), NULL, &k);
    if (n != k)
        return;
    for (size_t i = 0; i < n;
         i++) { /* what is no text is not looked for, or keeps what was found */
        from[i] = js_type(from[i]) == JS_STRING ? js_decode(a, from[i]) : STR_NONE;
        to[i] = js_type(to[i]) == JS_STRING ? js_decode(a, to[i]) : from[i];
    }
    struct sbuf *b = cf_buf(c);
    for (size_t at = 0; at < s.n;) { /* what was put in is not looked at again */
        size_t i = 0;
        while (i < n && (i % 1024 != 0 || !cf_stops(c)) &&
               (from[i].n == 0 || !str_starts(str_sub(s, at, s.n), from[i])))
            i++;
        if (i < n)
            sbuf_add(b, to[i]);
        else
            sbuf_addc(b, s.p[at]);
        at += i < n ? from[i].n : 1;
    }
    cf_out_str(c, r, sbuf_str(b));
}

/* split(text, delimiter [, index]): an index gives a list of that one part, or null. */
static void fn_split(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r), d = cf_str(c, 1, r);
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    int64_t want = c->n_args > 2 ? cf_i64(c, 2, r) : -1, i = 0, written = 0;
    json_arr(&w);
    for (size_t at = 0;; i++) {
        const char *p = d.n && at + d.n <= s.n ? memmem(s.p + at, s.n - at, d.p, d.n) : NULL;
        size_t end = p ? (size_t)(p - s.p) : s.n;
        if (c->n_args == 2 || i == want) {
            json_str(&w, str_sub(s, at, end - at));
            written++;
        }
        if (!p)
            break;
        at = end + d.n;
    }
    json_arr_end(&w);
    if (written)
        cf_out_str(c, r, sbuf_str(b));
}

/* split(text, delimiter)[index]: the part as a JSON string, or as text; null or '' past the end. */
static void fn_split_at(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r), d = cf_str(c, 1, r);
    int64_t left = cf_i64(c, 2, r);
    for (;; left--) {
        const char *p = d.n == 0 || s.n < d.n ? NULL
                        : d.n == 1            ? memchr(s.p, d.p[0], s.n)
                                              : memmem(s.p, s.n, d.p, d.n);
        if (left == 0 || p == NULL) {
            s.n = p != NULL ? (size_t)(p - s.p) : s.n;
            break;
        }
        s = str_sub(s, (size_t)(p - s.p) + d.n, s.n);
    }
    if (left != 0)
        return;
    if (c->out_type == 'j') {
        struct sbuf *b = cf_buf(c);
        json_escape(b, s);
        s = sbuf_str(b);
    }
    cf_out_str(c, r, s);
}

static void fn_strrep(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r), d = cf_str(c, 2, r);
    int64_t n = cf_i64(c, 1, r);
    struct sbuf *b = cf_buf(c);
    for (int64_t i = 0; i < n && i < 1024; i++) {
        if (i)
            sbuf_add(b, d);
        sbuf_add(b, s);
    }
    cf_out_str(c, r, sbuf_str(b));
}

/* translate(from, to, text): the n-th character of from becomes the n-th of to; a short list
 * repeats its last. */
static void fn_translate(struct cf_call *c, size_t r)
{
    struct str from = cf_str(c, 0, r), to = cf_str(c, 1, r), s = cf_str(c, 2, r);
    struct sbuf *b = cf_buf(c);
    const char *p = s.p, *end = s.p + s.n;
    while (p < end) {
        const char *start = p, *f = from.p;
        uint32_t cp = utf8_next(&p, end);
        if (cf_stops(c))
            return;
        size_t at = 0;
        bool found = false;
        for (; f < from.p + from.n && !found; at += !found)
            found = utf8_next(&f, from.p + from.n) == cp;
        if (!found) {
            sbuf_addmem(b, start, (size_t)(p - start));
            continue;
        }
        size_t n = count_cps(to), o = offset_of(to, at < n ? at : n ? n - 1 : 0);
        struct str rest = str_sub(to, o, to.n);
        sbuf_add(b, str_sub(rest, 0, offset_of(rest, 1)));
    }
    cf_out_str(c, r, sbuf_str(b));
}

static void out_hex(struct cf_call *c, size_t r, uint64_t v)
{
    char text[80];
    int64_t width = cf_i64(c, 1, r);
    width = width < 0 ? 0 : width > 64 ? 64 : width;
    snprintf(text, sizeof(text), "%0*llx", (int)width, (unsigned long long)v);
    cf_out_str(c, r, str_from(text));
}

static void fn_tohex(struct cf_call *c, size_t r)
{
    out_hex(c, r, (uint64_t)cf_i64(c, 0, r));
}

static void fn_tohex_int(struct cf_call *c, size_t r)
{
    out_hex(c, r, (uint32_t)cf_i32(c, 0, r));
}

static void fn_isascii(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r);
    bool ok = true;
    for (size_t i = 0; i < s.n; i++)
        ok = ok && (unsigned char)s.p[i] < 0x80;
    cf_out_bool(c, r, ok);
}

static void fn_strcat_array(struct cf_call *c, size_t r)
{
    struct arena *a = cf_arena(c);
    struct sbuf *b = cf_buf(c);
    size_t n;
    struct str *items = js_items(a, cf_str(c, 0, r), NULL, &n);
    for (size_t i = 0; i < n; i++) {
        if (i)
            sbuf_add(b, cf_str(c, 1, r));
        if (js_type(items[i]) == JS_STRING)
            sbuf_add(b, js_decode(a, items[i]));
        else if (js_type(items[i]) != JS_NULL)
            sbuf_add(b, items[i]);
    }
    cf_out_str(c, r, sbuf_str(b));
}

static void fn_codepoints(struct cf_call *c, size_t r)
{
    struct str s = cf_str(c, 0, r);
    struct sbuf *b = cf_buf(c);
    struct json_out w = json_out_make(b);
    json_arr(&w);
    for (const char *p = s.p, *end = s.p + s.n; p < end;)
        json_int(&w, utf8_next(&p, end));
    json_arr_end(&w);
    cf_out_str(c, r, sbuf_str(b));
}

static void add_codepoints(struct sbuf *b, struct str v)
{
    int64_t cp;
    char u[4];
    if (js_type(v) == JS_ARRAY) {
        struct js_iter it = js_begin(v);
        struct str item;
        while (js_next(&it, NULL, &item)) {
            if (str_to_i64(item, &cp) && cp >= 0 && cp <= 0x10FFFF)
                sbuf_addmem(b, u, utf8_put(u, (uint32_t)cp));
        }
    } else if (str_to_i64(v, &cp) && cp >= 0 && cp <= 0x10FFFF) {
        sbuf_addmem(b, u, utf8_put(u, (uint32_t)cp));
    }
}

static void fn_from_codepoints(struct cf_call *c, size_t r)
{
    struct sbuf *b = cf_buf(c);
    for (size_t i = 0; i < c->n_args; i++)
        add_codepoints(b, cf_str(c, i, r));
    cf_out_str(c, r, sbuf_str(b));
}

const struct cf_scalar fn_string_rows[] = {
    {.name = "vdf_substring", .sig = "sl:s", .row = fn_substring},
    {.name = "vdf_substring", .sig = "sll:s", .row = fn_substring},
    {.name = "vdf_reverse", .sig = "s:s", .row = fn_reverse},
    {.name = "vdf_indexof", .sig = "sslll:l", .row = fn_indexof},
    {.name = "vdf_replace", .sig = "sss:s", .row = fn_replace},
    {.name = "vdf_replace_strings", .sig = "sjj:s", .row = fn_replace_strings},
    {.name = "vdf_split", .sig = "ss:j", .row = fn_split},
    {.name = "vdf_split", .sig = "ssl:j", .row = fn_split},
    {.name = "vdf_split_at", .sig = "ssl:j", .row = fn_split_at},
    {.name = "vdf_split_at_str", .sig = "ssl:s", .row = fn_split_at},
    {.name = "vdf_strrep", .sig = "sls:s", .row = fn_strrep},
    {.name = "vdf_translate", .sig = "sss:s", .row = fn_translate},
    {.name = "vdf_tohex", .sig = "ll:s", .row = fn_tohex},
    {.name = "vdf_tohex", .sig = "il:s", .row = fn_tohex_int},
    {.name = "vdf_isascii", .sig = "s:b", .row = fn_isascii},
    {.name = "vdf_strcat_array", .sig = "js:s", .row = fn_strcat_array},
    {.name = "vdf_codepoints", .sig = "s:j", .row = fn_codepoints},
    {.name = "vdf_from_codepoints", .sig = "j*:s", .row = fn_from_codepoints},
    {0},
};
